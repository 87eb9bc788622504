/*
 * removal.c - a note in place of a part of a message
 */
#include "filters/removal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/leaves.h"
#include "lib/base/harmless.h"
#include "lib/base/zone.h"
#include "lib/message/compose.h"
#include "lib/message/header.h"
#include "lib/message/mime_param.h"

#define NAME_READ	1024	/* bytes of a file name; of them shown: */
#define NAME_SHOWN	120
#define TYPE_SHOWN	80
#define NOTE_BYTES	4096
#define LINE_BYTES	800	/* VERDICT_VALUE_MAX, with "and 31 more" */

/* As long as EDITS_ORIGINAL, which quoted-printable would write otherwise. */
#define NUMBER		"originals-number"

static const char fields[] =
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "Content-Disposition: inline\r\n";

/* What is known of a part. */
struct about {
	char		name[NAME_SHOWN + 1];	/* "": it has none */
	char		type[TYPE_SHOWN + 1];
	uint64_t	bytes;			/* decoded */
	bool		is_signed;		/* so that others can check */
};

/* One line of it, at most `most` bytes and whole characters. */
static void
shorten(struct slice s, size_t most, char *to)
{
	TEXT_AUTO text = TEXT_INIT(NAME_READ * 4);
	size_t len;

	harmless_add(&text, s);
	len = text.len;
	if (len > most)
		for (len = most; len > 0 &&
		    ((unsigned char)text.at[len] & 0xc0) == 0x80; )
			len--;
	for (size_t i = 0; i < len; i++)
		to[i] = text.at[i] == '\n' || text.at[i] == '\t' ? ' ' :
		    text.at[i] == '"' ? '\'' : text.at[i];
	to[len] = '\0';
}

/* What the disposition calls it, or else its type. */
static void
read_name(const struct mime_part *part, char *name_out)
{
	TEXT_AUTO name = TEXT_INIT(NAME_READ);
	struct slice header = mime_header(part), value = { NULL, 0 };
	struct slice word, subtype;
	struct header_field field;
	int r = -ENOENT;

	(void)header_skip_mbox(&header);
	if (header_find(header, "Content-Disposition", &field))
		value = field.value;
	if (mime_type_cut(&value, &word, &subtype))
		r = mime_param(value, "filename", mime_default_limits.params,
		    &name);
	if (r == -ENOENT)
		(void)mime_type_param(part, "name", &name);
	shorten(text_slice(&name), NAME_SHOWN, name_out);
}

/* 0 or -ENOMEM */
static int
read_size(const struct mime_part *part, uint64_t *bytes_out)
{
	struct slice body = mime_body(part);
	char *buffer;

	*bytes_out = body.len;
	if (body.len == 0 || mime_child(part) != NULL ||
	    (mime_encoding(part) != MIME_BASE64 &&
	    mime_encoding(part) != MIME_QUOTED_PRINTABLE))
		return 0;
	buffer = malloc(body.len);
	if (buffer == NULL)
		return -ENOMEM;
	*bytes_out = mime_encoding(part) == MIME_BASE64 ?
	    leaf_base64(body, buffer) : leaf_quoted_printable(body, buffer);
	free(buffer);
	return 0;
}

static int
read_about(const struct mime_part *part, struct about *about_out)
{
	TEXT_AUTO type = TEXT_INIT(NAME_READ * 2);
	struct about about = { .bytes = 0 };

	read_name(part, about.name);
	text_add(&type, mime_type(part));
	text_add_byte(&type, '/');
	text_add(&type, mime_subtype(part));
	shorten(text_slice(&type), TYPE_SHOWN, about.type);
	for (const struct mime_part *p = part; p != NULL; p = mime_parent(p))
		about.is_signed = about.is_signed ||
		    mime_is(p, "multipart", "signed") ||
		    mime_is(p, "multipart", "encrypted");
	*about_out = about;
	return read_size(part, &about_out->bytes);
}

/* For people; the number of the original ends it. */
static void
write_note(struct text *note, const struct about *about,
    const struct removal *removal, enum language language, int64_t at_utc_ms)
{
	text_say(note, language, REMOVED_TITLE);
	text_addf(note, "\n\n    %s: %s\n    %s: %s\n    %s: ",
	    say(language, SAY_REMOVED_NAME), about->name[0] != '\0' ?
	    about->name : say(language, SAY_REMOVED_NO_NAME),
	    say(language, SAY_REMOVED_TYPE), about->type,
	    say(language, SAY_NOTE_SIZE));
	text_say(note, language, REMOVED_BYTES,
	    (unsigned long long)about->bytes);
	text_addf(note, "\n    %s: %.*s\n    %s: ",
	    say(language, SAY_NOTE_RULE), SLICE_FMT(removal->rule),
	    say(language, SAY_REMOVED_WHEN));
	zone_write(note, at_utc_ms);
	text_add_str(note, "\n\n");
	if (about->is_signed) {
		text_say(note, language, REMOVED_SIGNED);
		text_add_str(note, "\n\n");
	}
	text_say(note, language, REMOVED_ORIGINAL);
	text_add_str(note, "\n\n    " NUMBER "\n");
}

/* As a part: `text_out` has its fields, the empty line and the note. */
static int
write_part(struct text *text, const struct about *about,
    const struct removal *removal, enum language language, int64_t at_utc_ms)
{
	TEXT_AUTO note = TEXT_INIT(NOTE_BYTES);
	const size_t end = strlen(NUMBER "\r\n");

	write_note(&note, about, removal, language, at_utc_ms);
	text_add_str(text, fields);
	text_add_str(text, "\r\n");
	compose_body(text, text_slice(&note));
	if (text_failed(&note) || text_failed(text))
		return -ENOMEM;
	memcpy(text->at + text->len - end, EDITS_ORIGINAL,
	    strlen(EDITS_ORIGINAL));
	return 0;
}

/* Its header is that of a message, which has other fields too. */
static bool
is_message(const struct mime_part *part)
{
	const struct mime_part *parent = mime_parent(part);

	return parent == NULL || !mime_is(parent, "multipart", NULL);
}

/* Cut out of the header what describes the body; *end_out: its last field's. */
static int
cut_fields(struct slice message, const struct mime_part *part,
    struct edits *edits, size_t *end_out)
{
	struct slice rest = mime_header(part);
	struct header_field field;
	int r = 0;

	(void)header_skip_mbox(&rest);
	while (r == 0 && header_next(&rest, &field))
		if (slice_has_prefix(field.name, "Content-"))
			r = edits_add_part(edits, (uint64_t)(field.whole.at -
			    message.at), field.whole.len, slice_of(NULL, 0));
	*end_out = mime_body_start(part) - rest.len;
	return r;
}

static int
edit_one(struct slice message, const struct mime_part *part,
    struct slice text, struct edits *edits)
{
	size_t from = mime_header_start(part);
	int r = 0;

	if (is_message(part))
		r = cut_fields(message, part, edits, &from);
	if (r < 0)
		return r;
	/* a line of its own, whatever the sender left out */
	if (from > 0 && message.at[from - 1] != '\n')
		return -EINVAL;
	return edits_add_part(edits, from, mime_end(part) - from, text);
}

/* It stands inside another one, or comes twice. */
static bool
goes_with_another(const struct removal *list, size_t count, size_t n)
{
	const struct mime_part *part = list[n].part;

	for (size_t i = 0; i < n; i++)
		if (list[i].part == part)
			return true;
	while ((part = mime_parent(part)) != NULL)
		for (size_t i = 0; i < count; i++)
			if (list[i].part == part)
				return true;
	return false;
}

/* True: there was room for it. */
static bool
tell(struct text *line, const struct about *about,
    const struct removal *removal)
{
	TEXT_AUTO one = TEXT_INIT(NAME_READ);

	text_addf(&one, "%s" EDITS_LINE_PART "\"%s\" (%s, %llu bytes, rule "
	    "\"%.*s\")", line->len > 0 ? ", " : "", about->name, about->type,
	    (unsigned long long)about->bytes, SLICE_FMT(removal->rule));
	if (text_failed(&one) || line->len + one.len > LINE_BYTES)
		return false;
	text_add(line, text_slice(&one));
	return true;
}

int
removals_edit(struct slice message, const struct removal *list, size_t count,
    enum language language, int64_t at_utc_ms, struct edits *edits_out,
    struct text *line)
{
	struct edits edits = { .count = 0 };
	unsigned untold = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		TEXT_AUTO text = TEXT_INIT(NOTE_BYTES * 4);
		struct about about;

		if (goes_with_another(list, count, i))
			continue;
		r = read_about(list[i].part, &about);
		if (r == 0)
			r = write_part(&text, &about, &list[i], language,
			    at_utc_ms);
		if (r == 0)
			r = edit_one(message, list[i].part,
			    text_slice(&text), &edits);
		untold += r == 0 && !tell(line, &about, &list[i]);
	}
	if (r < 0)
		return r;
	if (untold > 0)
		text_addf(line, ", and %u more", untold);
	*edits_out = edits;
	return 0;
}
