/*
 * texts.c - what of a message rules can be about, as people read it
 *
 * A part whose header can be read in more than one way is read in each: mail
 * programs differ, and the sender knows which one the reader has.
 */
#include "filters/texts.h"

#include <errno.h>
#include <stdlib.h>

#include "filters/ambiguous.h"
#include "filters/leaves.h"
#include "filters/magic.h"
#include "lib/message/charset.h"
#include "lib/message/header.h"
#include "lib/message/html.h"
#include "lib/message/mime_param.h"
#include "lib/message/words.h"

#define NAME_BYTES	1024	/* of a file name: file systems take 255 */
#define OUTSIDE_MOST	4	/* as in leaves.c */
/* So much of an encoded part is MAGIC_BYTES at least: "=4D", line ends. */
#define ENCODED_BYTES	(MAGIC_BYTES * 4)

const struct texts_limits texts_default_limits = {
	/* PATTERN_TEXT_MOST; people's texts are a hundredth of it */
	.one_bytes = 1024 * 1024,
	/* a long HTML letter with its plain form, in each way of reading */
	.all_bytes = 8 * 1024 * 1024,
	/* 5,000 parts with two names, 1,000 fields in two forms */
	.count = 12000,
};

struct reader {
	const struct texts_limits	*limits;
	struct arena			*arena;
	struct texts			*texts;
	struct texts_one		*last[TEXTS_KINDS];
	const struct mime_part		*part;	/* that is read just now */
	unsigned			 wanted;
	bool				 odd;
	bool				 is_html;	/* what is added */
};

static bool
is_wanted(const struct reader *r, enum texts_kind kind)
{
	return r->wanted >> kind & 1;
}

/* The first reason stands. */
static void
unread(struct reader *r, enum texts_kind kind, const char *why)
{
	if (r->texts->unread[kind] == NULL)
		r->texts->unread[kind] = why;
}

/* So it is with all that stands in parts. */
static void
unread_parts(struct reader *r, const char *why)
{
	for (unsigned k = TEXTS_BODY; k < TEXTS_KINDS; k++)
		unread(r, k, why);
}

/* How much of a text may still be read. */
static size_t
bytes_left(const struct reader *r)
{
	size_t left = r->limits->all_bytes - r->texts->bytes;

	return left < r->limits->one_bytes ? left : r->limits->one_bytes;
}

static size_t
name_bytes_left(const struct reader *r)
{
	size_t left = bytes_left(r);

	return left < NAME_BYTES ? left : NAME_BYTES;
}

/* Count a text of so many bytes, or say that it is too much. */
static bool
take_room(struct reader *r, enum texts_kind kind, size_t bytes)
{
	if (r->texts->count == r->limits->count) {
		unread(r, kind, "there are too many texts in it");
		return false;
	}
	if (bytes > r->limits->all_bytes - r->texts->bytes) {
		unread(r, kind, "there is too much text in it");
		return false;
	}
	r->texts->count++;
	r->texts->bytes += bytes;
	return true;
}

/* Keep `whole`, whose first `before` bytes are no part of the text. */
static void
add(struct reader *r, enum texts_kind kind, struct slice name,
    const struct text *whole, size_t before)
{
	struct texts_one *one;

	if (text_failed(whole))
		unread(r, kind, "a text in it is too long");
	if (!take_room(r, kind, whole->len))
		return;
	one = arena_alloc(r->arena, sizeof(*one));
	if (one == NULL ||
	    arena_copy(r->arena, text_slice(whole), &one->whole) < 0) {
		unread(r, kind, "memory is out");
		return;
	}
	one->name = name;
	one->part = r->part;
	one->is_html = r->is_html;
	one->text = slice_after(one->whole, before);
	if (r->last[kind] == NULL)
		r->texts->first[kind] = one;
	else
		r->last[kind]->next = one;
	r->last[kind] = one;
}

static void
add_field(struct reader *r, const struct header_field *field)
{
	TEXT_AUTO decoded = TEXT_INIT(bytes_left(r));
	TEXT_AUTO plain = TEXT_INIT(bytes_left(r));
	TEXT_AUTO raw = TEXT_INIT(bytes_left(r));
	size_t before = field->name.len + 2;

	text_add(&decoded, field->name);
	text_add_str(&decoded, ": ");
	text_add(&raw, text_slice(&decoded));
	words_decode(&decoded, field->value);
	header_unfold(&plain, field->value);
	words_convert(&raw, slice_of(NULL, 0), text_slice(&plain));
	raw.failed = raw.failed || plain.failed;
	if (!words_read_all(text_slice(&plain)))
		unread(r, TEXTS_HEADER, "the charset of a field is not read");
	/* not even the name fitted: there is no value to stand behind it */
	if (decoded.len < before || raw.len < before) {
		unread(r, TEXTS_HEADER, "there is too much text in it");
		return;
	}
	add(r, TEXTS_HEADER, field->name, &decoded, before);
	if (!slice_is(text_slice(&decoded), text_slice(&raw)))
		add(r, TEXTS_HEADER, field->name, &raw, before);
}

/* Cut off a line that is no field; false: it is empty, or there is none. */
static bool
skip_line(struct slice *rest)
{
	struct slice line;

	if (!slice_cut(rest, '\n', &line)) {
		line = *rest;
		*rest = slice_of(NULL, 0);
	}
	return line.len > 0 && !slice_is_str(line, "\r");
}

/* A line that is no field ends the header for some programs, not for all. */
static void
read_fields(struct reader *r, struct slice message)
{
	size_t most = mime_default_limits.header_bytes;
	struct slice rest = message;
	struct header_field field;
	bool is_field;

	while ((is_field = header_next(&rest, &field)) || skip_line(&rest)) {
		if (message.len - rest.len > most) {
			unread(r, TEXTS_HEADER, "its header is too long");
			return;
		}
		if (is_field)
			add_field(r, &field);
	}
}

/* Add one text of the body, and if it is HTML its words. */
static void
add_body(struct reader *r, bool is_html, const struct text *text)
{
	const struct slice none = slice_of(NULL, 0);
	TEXT_AUTO words = TEXT_INIT(0);

	r->is_html = is_html;
	add(r, TEXTS_BODY, none, text, 0);
	r->is_html = false;
	if (!is_html || (r->wanted & TEXTS_AS_WRITTEN) != 0)
		return;
	words.limit = bytes_left(r);
	if (!html_words(&words, text_slice(text)))
		unread(r, TEXTS_BODY, "a drawing may hide words in it");
	words.failed = words.failed || text->failed;
	add(r, TEXTS_BODY, none, &words, 0);
}

/* Add `bytes` in `charset` in each way that a program may read it. */
static void
add_charset(struct reader *r, bool is_html, struct slice charset,
    struct slice bytes, bool was_cut)
{
	unsigned ways = charset_ways(charset, bytes);

	for (unsigned way = 0; way < ways; way++) {
		TEXT_AUTO text = TEXT_INIT(bytes_left(r));

		charset_lines(&text, charset, way, bytes);
		text.failed = text.failed || was_cut;
		add_body(r, is_html, &text);
	}
}

static void
add_bodies(struct reader *r, bool is_html, struct slice charset,
    struct slice bytes, bool was_cut)
{
	if (was_cut)
		unread_parts(r, "a text in it is too long");
	if (ambiguous_file(bytes) != AMBIGUOUS_NONE)
		unread_parts(r, "a file stands in a text");
	if (!is_wanted(r, TEXTS_BODY))
		return;
	add_charset(r, is_html, charset, bytes, was_cut);
	/* a browser believes the mark of UTF-16 before what it is told */
	if ((slice_has_prefix(bytes, "\xff\xfe") ||
	    slice_has_prefix(bytes, "\xfe\xff")) &&
	    !charset_is_wide(charset))
		add_charset(r, is_html, slice_str("utf-16"), bytes, was_cut);
}

/* Undo a transfer encoding; `buffer` has room for all of `body`. */
static struct slice
decode(enum mime_encoding encoding, struct slice body, char *buffer)
{
	switch (encoding) {
	case MIME_BASE64:
		return slice_of(buffer, leaf_base64(body, buffer));
	case MIME_QUOTED_PRINTABLE:
		return slice_of(buffer, leaf_quoted_printable(body, buffer));
	default:
		return body;
	}
}

/* The charset of a part, if there is one and we read it. */
static void
read_charset(struct reader *r, const struct mime_part *part,
    struct text *charset)
{
	struct slice header = mime_header(part), place, value = { NULL, 0 };
	struct header_field field;

	if (mime_type_param(part, "charset", charset) == -E2BIG)
		unread(r, TEXTS_BODY, "a part has too many parameters");
	if (!charset_is_read(text_slice(charset)))
		unread(r, TEXTS_BODY, "the charset of a text is not read");
	(void)header_skip_mbox(&header);
	if (header_find(header, "Content-Type", &field))
		value = field.value;
	if (ambiguous_param(&value, "charset", &place) &&
	    ambiguous_param(&value, "charset", &place))
		unread(r, TEXTS_BODY, "a text in it has two charsets");
}

static void
read_body(struct reader *r, const struct mime_part *part)
{
	static const enum mime_encoding ways[] = {
		MIME_BINARY, MIME_BASE64, MIME_QUOTED_PRINTABLE
	};
	TEXT_AUTO charset = TEXT_INIT(NAME_BYTES);
	enum mime_encoding encoding = mime_encoding(part);
	struct slice body = mime_body(part);
	/* line ends and escapes take up to two thirds; no text needs more */
	size_t most = bytes_left(r) * 3 + 3;
	bool any = r->odd || encoding == MIME_UNKNOWN;
	bool is_html = any || slice_is_word(mime_subtype(part), "html") ||
	    slice_has_suffix(mime_subtype(part), "+xml") ||
	    slice_is_word(mime_subtype(part), "enriched");
	char *buffer;

	read_charset(r, part, &charset);
	buffer = malloc((body.len < most ? body.len : most) + 1);
	if (buffer == NULL) {
		unread_parts(r, "memory is out");
		return;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (any || ways[i] == encoding ||
		    (i == 0 && encoding < MIME_BINARY))
			add_bodies(r, is_html, text_slice(&charset),
			    decode(ways[i], slice_first(body, most), buffer),
			    body.len > most);
	free(buffer);
}

/* RFC 2231, RFC 2047: every charset in the parameter is one that we read. */
static void
check_name(struct reader *r, struct slice params, const char *key)
{
	TEXT_AUTO raw = TEXT_INIT(NAME_BYTES);
	struct slice charset = { NULL, 0 };

	if (mime_param_raw(params, key, mime_default_limits.params, &raw,
	    &charset) == 0 && (!words_reads(charset) ||
	    !words_read_all(text_slice(&raw))))
		unread(r, TEXTS_NAME, "the charset of a name is not read");
}

/* Add what parameter `key` of `params` is; false if there is no such name. */
static bool
add_param(struct reader *r, struct slice params, const char *key)
{
	TEXT_AUTO name = TEXT_INIT(name_bytes_left(r));
	int e = mime_param(params, key, mime_default_limits.params, &name);

	if (e == -E2BIG)
		unread(r, TEXTS_NAME, "a part has too many parameters");
	else if (e == -ENOMEM)
		unread(r, TEXTS_NAME, "memory is out");
	if (e == 0 && is_wanted(r, TEXTS_NAME)) {
		check_name(r, params, key);
		add(r, TEXTS_NAME, slice_of(NULL, 0), &name, 0);
	}
	return e == 0 || e == -E2BIG;
}

/* One of several that stand for the same; pieces have been joined before. */
static void
add_place(struct reader *r, struct slice place, const char *key)
{
	TEXT_AUTO params = TEXT_INIT(place.len + 1);

	text_add_byte(&params, ';');
	text_add(&params, place);
	if (text_failed(&params))
		unread(r, TEXTS_NAME, "memory is out");
	else
		(void)add_param(r, text_slice(&params), key);
}

/*
 * Add what parameter `key` of `value` names: as mime_param.h reads it, and if
 * it is there more than once each by itself, as readers without RFC 2231 and
 * those that take the last one do.  False if there is no such name.
 */
static bool
add_name(struct reader *r, struct slice value, const char *key)
{
	struct slice rest, place, type, subtype;
	bool named;

	if (!mime_type_cut(&value, &type, &subtype))
		return false;
	named = add_param(r, value, key);
	rest = value;
	if (!ambiguous_param(&rest, key, &place) ||
	    !ambiguous_param(&rest, key, &place))
		return named;
	rest = value;
	for (unsigned n = 0; ambiguous_param(&rest, key, &place); n++)
		if (n == mime_default_limits.params)
			return named;	/* and it has been said */
		else if (slice_find(slice_first(place, slice_find(place,
		    '=')), '*') == SIZE_MAX || !named)
			add_place(r, place, key);
	return named;
}

/*
 * Add the names a part is given, all of them: programs differ about which one
 * counts.  *attached_out: its header says that it is a file.
 */
static bool
read_names(struct reader *r, const struct mime_part *part, bool *attached_out)
{
	struct slice rest = mime_header(part), type, subtype, value;
	struct header_field field;
	bool named = false, attached = false;

	/* mime.h has read on behind it */
	(void)header_skip_mbox(&rest);
	while (header_next(&rest, &field)) {
		if (slice_is_word(field.name, "Content-Type"))
			named = add_name(r, field.value, "name") || named;
		if (!slice_is_word(field.name, "Content-Disposition"))
			continue;
		named = add_name(r, field.value, "filename") || named;
		value = field.value;
		attached = attached || (mime_type_cut(&value, &type,
		    &subtype) && slice_is_word(type, "attachment"));
	}
	*attached_out = attached;
	return named;
}

static void
add_type(struct reader *r, const struct mime_part *part)
{
	TEXT_AUTO raw = TEXT_INIT(NAME_BYTES);
	TEXT_AUTO type = TEXT_INIT(name_bytes_left(r));

	text_add(&raw, mime_type(part));
	text_add_byte(&raw, '/');
	text_add(&raw, mime_subtype(part));
	words_convert(&type, slice_of(NULL, 0), text_slice(&raw));
	type.failed = type.failed || raw.failed;
	add(r, TEXTS_TYPE, slice_of(NULL, 0), &type, 0);
}

/* Add what a part is by its first bytes, in each way that it is read. */
static void
read_real(struct reader *r, const struct mime_part *part)
{
	static const enum mime_encoding ways[] = {
		MIME_BINARY, MIME_BASE64, MIME_QUOTED_PRINTABLE
	};
	enum mime_encoding encoding = mime_encoding(part);
	bool any = r->odd || encoding == MIME_UNKNOWN;
	struct slice begin = slice_first(mime_body(part), ENCODED_BYTES);
	char *buffer = malloc(begin.len + 1);

	if (buffer == NULL) {
		unread(r, TEXTS_REAL, "memory is out");
		return;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		TEXT_AUTO text = TEXT_INIT(name_bytes_left(r));
		struct slice file;
		const char *type;

		if (!any && ways[i] != encoding &&
		    (i != 0 || encoding > MIME_BINARY))
			continue;
		file = decode(ways[i], begin, buffer);
		type = magic_type(file);
		if (type != NULL) {
			text_add_str(&text, type);
			add(r, TEXTS_REAL, slice_of(NULL, 0), &text, 0);
		} else if (begin.len < mime_body(part).len &&
		    file.len < MAGIC_BYTES) {
			unread(r, TEXTS_REAL, "a part begins with junk");
		}
	}
	free(buffer);
}

static void
read_part(struct reader *r, const struct mime_part *part)
{
	bool is_parts = mime_is(part, "multipart", NULL);
	/* with no part in it, it is shown as text if at all */
	bool is_text = mime_is(part, "text", NULL) || is_parts ||
	    mime_is(part, "message", NULL);
	bool attached, named = read_names(r, part, &attached);
	const char *why = ambiguous_part(part);

	if (why != NULL)
		unread_parts(r, why);
	if (is_parts && mime_child(part) != NULL)
		return;
	if (is_wanted(r, TEXTS_TYPE) && (named || attached || !is_text))
		add_type(r, part);
	/* a message in it is its parts, and they have their turn */
	if (mime_child(part) != NULL)
		return;
	if (is_wanted(r, TEXTS_REAL))
		read_real(r, part);
	if (is_text && !attached)
		read_body(r, part);
}

static void	read_tree(struct reader *, const struct mime_part *root,
		    unsigned outside);

/* What other readers take for parts of this multipart; mostly nothing. */
static void
read_outside(struct reader *r, const struct mime_part *part, unsigned outside)
{
	const struct mime_part *root;
	enum mime_limit limit;

	for (int is_behind = 0; is_behind < 2; is_behind++) {
		struct slice mail = ambiguous_outside(part, is_behind != 0);

		if (mail.len == 0)
			continue;
		if (outside == OUTSIDE_MOST || mime_parse(r->arena, mail,
		    &mime_default_limits, &root, &limit) < 0)
			unread_parts(r, "parts of it stand outside of it");
		else
			read_tree(r, root, outside + 1);
	}
}

static void
read_tree(struct reader *r, const struct mime_part *root, unsigned outside)
{
	const struct mime_part *part;

	r->odd = r->odd || mime_is_odd(root);
	for (part = root; part != NULL; part = mime_after(part)) {
		r->part = part;
		read_part(r, part);
		read_outside(r, part, outside);
	}
}

void
texts_read(struct slice message, const struct mime_part *root,
    unsigned wanted, const struct texts_limits *limits, struct arena *arena,
    struct texts *texts_out)
{
	struct reader r = {
		.limits = limits, .arena = arena, .texts = texts_out,
		.wanted = wanted,
	};

	*texts_out = (struct texts){ 0 };
	if (is_wanted(&r, TEXTS_HEADER))
		read_fields(&r, message);
	if ((wanted & ~(1u << TEXTS_HEADER)) == 0)
		return;
	if (root == NULL) {
		unread_parts(&r, "its parts could not be read");
		return;
	}
	read_tree(&r, root, 0);
}
