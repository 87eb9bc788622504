/*
 * structure.c - what BODYSTRUCTURE says of a message
 */
#include "fetch/imap/structure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/message/mime_param.h"

#define PARAMS_MOST	64	/* of one part; each walk looks at all */
#define PARAM_BYTES	4096	/* of them, written as a field */
#define NAME_BYTES	200	/* of one; the rest is cut off */

/* Where the fields of a part stand (body-type-1part). */
enum {
	AT_TYPE, AT_SUBTYPE, AT_PARAMS, AT_ID, AT_DESCRIPTION, AT_ENCODING,
	AT_OCTETS,
	/* behind what a text or a message has more */
	AT_LEAST
};

struct reading {
	struct shape	*shape;
	unsigned	 parts;
	unsigned	 names, more;	/* told; and not */
};

/* Field `n` of a part, or NULL. */
static const struct imap_value *
field(const struct imap_value *part, unsigned n)
{
	uint32_t i = 1;

	for (; n > 0 && i < part->span; n--)
		i += part[i].span;
	return i < part->span ? &part[i] : NULL;
}

static bool
is_word(const struct imap_value *value, const char *word)
{
	return value != NULL && imap_is_text(value) &&
	    slice_is_word(value->text, word);
}

/* Parameters */

/* ("name" "value" ...) as a field has them, so that RFC 2231 is read as ever. */
static void
add_params(struct text *text, const struct imap_value *list)
{
	uint32_t i = 1, value;
	unsigned count = 0;

	if (list == NULL || list->kind != IMAP_LIST)
		return;
	for (; i < list->span && count < PARAMS_MOST; i = value +
	    list[value].span, count++) {
		value = i + list[i].span;
		if (value >= list->span)
			return;
		if (!imap_is_text(&list[i]) || !imap_is_text(&list[value]))
			continue;
		text_add_str(text, "; ");
		text_add(text, list[i].text);
		text_add_str(text, "=\"");
		for (size_t n = 0; n < list[value].text.len; n++) {
			char c = list[value].text.at[n];

			if (c == '"' || c == '\\')
				text_add_byte(text, '\\');
			text_add_byte(text, c);
		}
		text_add_byte(text, '"');
	}
}

/* A parameter as UTF-8; false: there is none. */
static bool
param(const struct imap_value *list, const char *name, struct text *value)
{
	TEXT_AUTO all = TEXT_INIT(PARAM_BYTES);

	add_params(&all, list);
	/* one that is cut is read as far as it goes */
	return mime_param(text_slice(&all), name, PARAMS_MOST, value) == 0 &&
	    value->len > 0;
}

/* One part */

/* Its disposition: ("attachment" (...)), or NULL. */
static const struct imap_value *
disposition(const struct imap_value *part)
{
	/* text: lines; message: envelope, body, lines; then MD5 */
	unsigned more = is_word(field(part, AT_TYPE), "text") ? 1 :
	    is_word(field(part, AT_TYPE), "message") &&
	    (is_word(field(part, AT_SUBTYPE), "rfc822") ||
	    is_word(field(part, AT_SUBTYPE), "global")) ? 3 : 0;
	const struct imap_value *found = field(part, AT_LEAST + more + 1);

	return found != NULL && found->kind == IMAP_LIST && found->span > 1 ?
	    found : NULL;
}

static bool
name_of(const struct imap_value *part, struct text *name)
{
	const struct imap_value *found = disposition(part);

	return (found != NULL && param(field(found, 1), "filename", name)) ||
	    param(field(part, AT_PARAMS), "name", name);
}

/* "type/subtype" of one without a name. */
static void
add_type(const struct imap_value *part, struct text *name)
{
	for (unsigned n = AT_TYPE; n <= AT_SUBTYPE; n++) {
		const struct imap_value *word = field(part, n);

		if (n == AT_SUBTYPE)
			text_add_byte(name, '/');
		if (word != NULL && imap_is_text(word))
			text_add(name, word->text);
	}
}

static void
add_name(struct reading *reading, struct slice name)
{
	struct text *names = &reading->shape->names;
	struct slice cut = slice_first(name, NAME_BYTES);

	if (reading->names == SHAPE_NAMES_MOST ||
	    names->len + cut.len + 16 > names->limit) {
		reading->more++;
		return;
	}
	for (unsigned i = 0; i < 3 && !slice_is_utf8(cut); i++)
		cut = slice_first(cut, cut.len - (cut.len > 0));
	if (reading->names++ > 0)
		text_add_str(names, ", ");
	for (size_t i = 0; i < cut.len; i++) {
		unsigned char c = (unsigned char)cut.at[i];

		text_add_byte(names, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

/* Kept as a word, if it is one that may stand in a field. */
static bool
keep_word(struct slice word, char out[SHAPE_WORD_SIZE])
{
	static const char marks[] = "!#$%&'*+-.^_`{|}~";

	for (size_t i = 0; i < word.len; i++)
		if (memchr(marks, word.at[i], sizeof(marks) - 1) == NULL &&
		    !(word.at[i] >= '0' && word.at[i] <= '9') &&
		    !(word.at[i] >= 'a' && word.at[i] <= 'z') &&
		    !(word.at[i] >= 'A' && word.at[i] <= 'Z'))
			return false;
	return slice_cstr(word, out, SHAPE_WORD_SIZE) == 0;
}

/* RFC 2045 6.1: those that any message may have. */
static bool
is_sent_so(const struct imap_value *encoding)
{
	return is_word(encoding, "7bit") || is_word(encoding, "8bit") ||
	    is_word(encoding, "quoted-printable") ||
	    is_word(encoding, "base64");
}

/* It is the text that people read, unless there is a better one. */
static void
take_text(struct reading *reading, const struct imap_value *part,
    const char *section, bool is_html)
{
	const struct imap_value *octets = field(part, AT_OCTETS);
	struct shape_text *kept = &reading->shape->text, text = {
	    .is_html = is_html };
	TEXT_AUTO charset = TEXT_INIT(SHAPE_WORD_SIZE);

	if ((kept->section[0] != '\0' && (!kept->is_html || is_html)) ||
	    section[0] == '\0' || octets == NULL ||
	    !imap_is_number(octets, UINT32_MAX, &text.bytes) ||
	    !is_sent_so(field(part, AT_ENCODING)) ||
	    !keep_word(field(part, AT_ENCODING)->text, text.encoding))
		return;
	(void)param(field(part, AT_PARAMS), "charset", &charset);
	if (!keep_word(text_slice(&charset), text.charset) ||
	    slice_cstr(slice_str(section), text.section,
	    sizeof(text.section)) < 0)
		return;
	*kept = text;
}

static void
read_part(struct reading *reading, const struct imap_value *part,
    const char *section)
{
	const struct imap_value *shown = disposition(part);
	TEXT_AUTO name = TEXT_INIT(PARAM_BYTES);
	bool is_attached = shown != NULL &&
	    is_word(field(shown, 0), "attachment");
	bool is_plain = is_word(field(part, AT_SUBTYPE), "plain");
	bool is_html = is_word(field(part, AT_SUBTYPE), "html");
	bool has_name = name_of(part, &name);

	if (is_word(field(part, AT_TYPE), "text") && !is_attached &&
	    !has_name && (is_plain || is_html)) {
		take_text(reading, part, section, is_html);
		return;
	}
	/* a picture that the text shows has no name and is none */
	if (!has_name && !is_attached &&
	    !is_word(field(part, AT_TYPE), "message"))
		return;
	if (!has_name)
		add_type(part, &name);
	add_name(reading, text_slice(&name));
}

/* All of them */

/* "1.2" of the second part in part 1; empty: it is too deep. */
static void
section_below(const char *section, unsigned n, char below[SHAPE_SECTION_SIZE])
{
	int len = snprintf(below, SHAPE_SECTION_SIZE, "%s%s%u", section,
	    section[0] == '\0' ? "" : ".", n);

	if (len < 0 || len >= SHAPE_SECTION_SIZE)
		below[0] = '\0';
}

static void
read_body(struct reading *reading, const struct imap_value *body,
    const char *section, unsigned depth)
{
	char below[SHAPE_SECTION_SIZE];
	uint32_t i = 1;

	if (body->span < 2 || depth > STRUCTURE_DEPTH ||
	    ++reading->parts > STRUCTURE_PARTS)
		return;
	if (body[1].kind != IMAP_LIST) {
		read_part(reading, body, section[0] == '\0' ? "1" : section);
		return;
	}
	for (unsigned n = 1; i < body->span && body[i].kind == IMAP_LIST;
	    n++, i += body[i].span) {
		section_below(section, n, below);
		if (below[0] != '\0')
			read_body(reading, &body[i], below, depth + 1);
	}
}

int
imap_structure_read(const struct imap_value *value, struct shape *shape_out)
{
	struct reading reading = { .shape = shape_out };

	*shape_out = (struct shape){ .names = TEXT_INIT(SHAPE_NAMES_BYTES) };
	if (value->kind != IMAP_LIST || value->span < 2)
		return -EBADMSG;
	read_body(&reading, value, "", 0);
	if (reading.more > 0)
		text_addf(&shape_out->names, "%s+%u",
		    reading.names == 0 ? "" : ", ", reading.more);
	return 0;
}
