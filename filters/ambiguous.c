/*
 * ambiguous.c - what of a message other programs may read in another way
 */
#include "filters/ambiguous.h"

#include <string.h>

#include "lib/message/header.h"
#include "lib/message/mime_param.h"

#define JUNK_BYTES	65536	/* before the first field, that readers pass */
#define FIELD_NAME_MOST	128	/* bytes; the longest registered has 40 */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the next `key` stands that a "=" or "*" follows; or SIZE_MAX. */
static size_t
param_find(struct slice s, const char *key)
{
	size_t len = strlen(key);

	for (size_t at = 1; at + len < s.len; at++) {
		struct slice rest;

		if (strchr("; \t\r\n),", s.at[at - 1]) == NULL ||
		    !slice_has_prefix(slice_after(s, at), key))
			continue;
		rest = slice_after(s, at + len);
		while (rest.len > 0 && is_blank(rest.at[0]))
			rest = slice_after(rest, 1);
		if (rest.len > 0 && (rest.at[0] == '=' || rest.at[0] == '*'))
			return at;
	}
	return SIZE_MAX;
}

bool
ambiguous_param(struct slice *rest, const char *key, struct slice *place_out)
{
	size_t at = param_find(*rest, key), end;

	if (at == SIZE_MAX)
		return false;
	*place_out = slice_after(*rest, at);
	end = param_find(*place_out, key);
	*place_out = slice_first(*place_out, end);
	*rest = slice_after(*rest, at + place_out->len - 1);
	return true;
}

/* No reader can take the value of this parameter for another one. */
static bool
is_plain_param(struct slice value, const char *key)
{
	struct slice place;

	return !ambiguous_param(&value, key, &place) ||
	    (place.at[strlen(key)] != '*' &&
	    !ambiguous_param(&value, key, &place));
}

/* RFC 2045 6.1: nothing is to be undone. */
static bool
is_identity(struct slice encoding)
{
	struct slice word, subtype;

	return mime_type_cut(&encoding, &word, &subtype) &&
	    (slice_is_word(word, "7bit") || slice_is_word(word, "8bit") ||
	    slice_is_word(word, "binary"));
}

static bool
is_message(const struct mime_part *part)
{
	return mime_is(part, "message", "rfc822") ||
	    mime_is(part, "message", "global");
}

/* What its fields say twice, or as they may not. */
static const char *
ambiguous_fields(const struct mime_part *part)
{
	bool is_parts = mime_is(part, "multipart", NULL), has_type = false;
	struct slice rest = mime_header(part), type = { NULL, 0 }, place, value;
	struct header_field field;

	(void)header_skip_mbox(&rest);
	while (header_next(&rest, &field)) {
		if (slice_is_word(field.name, "Content-Transfer-Encoding") &&
		    (is_parts || is_message(part)) &&
		    !is_identity(field.value))
			return "parts of it are encoded";
		if (!slice_is_word(field.name, "Content-Type"))
			continue;
		if (has_type && !slice_is_nocase(type,
		    slice_trim(field.value)))
			return "a part in it has two types";
		has_type = true;
		type = slice_trim(field.value);
		value = field.value;
		if (!is_parts && ambiguous_param(&value, "boundary", &place))
			return "a part in it may have parts";
		if (!is_plain_param(field.value, "boundary"))
			return "a part in it has two boundaries";
	}
	return NULL;
}

/* A line in `body` looks like a boundary. */
static bool
has_dashes(struct slice body)
{
	return slice_has_prefix(body, "--") ||
	    slice_find_str(body, "\n--") != SIZE_MAX;
}

/*
 * The header ends at a line that is no field, and who passes over such a line
 * finds a field behind it that says what the part is.
 */
static bool
header_goes_on(const struct mime_part *part)
{
	struct slice rest = mime_header(part), line;
	struct header_field field;

	(void)header_skip_mbox(&rest);
	while (header_next(&rest, &field))
		;
	if (rest.len > 0)
		return false;	/* the empty line */
	rest = slice_first(mime_body(part), mime_default_limits.header_bytes);
	while (slice_cut(&rest, '\n', &line) && slice_trim(line).len > 0)
		if (slice_has_prefix(line, "Content-"))
			return true;
	return false;
}

const char *
ambiguous_part(const struct mime_part *part)
{
	const char *why = ambiguous_fields(part);

	if (why != NULL)
		return why;
	if (mime_child(part) == NULL) {
		if (is_message(part))
			return "a message inside it is encoded";
		if (mime_is(part, "message", "partial"))
			return "it is a piece of a message";
		if (mime_is(part, "multipart", NULL) &&
		    has_dashes(mime_body(part)))
			return "its parts cannot be told apart";
	}
	return header_goes_on(part) ? "text stands in a header" : NULL;
}

/* "begin 644 name": a mode of three or four digits, and a name. */
static bool
is_uuencode(struct slice s)
{
	size_t digits = 0;

	if (!slice_has_prefix(s, "begin "))
		return false;
	s = slice_after(s, 6);
	while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '7')
		digits++;
	s = slice_after(s, digits);
	return digits >= 3 && digits <= 4 && s.len > 1 && s.at[0] == ' ' &&
	    !is_blank(s.at[1]);
}

/* Nothing of this line stands before `before` ends. */
static bool
is_line_start(struct slice before)
{
	return before.len == 0 || slice_has_suffix(before, "\n") ||
	    slice_has_suffix(before, "\r");
}

/* What begins with the "begin" that `s` starts with. */
static enum ambiguous_file
file_at(struct slice before, struct slice s)
{
	if (slice_has_suffix(before, "=y"))
		return is_line_start(slice_first(before, before.len - 2)) &&
		    slice_has_prefix(s, "begin ") ? AMBIGUOUS_OTHER :
		    AMBIGUOUS_NONE;
	if (!is_line_start(before))
		return AMBIGUOUS_NONE;
	if (slice_has_prefix(s, "begin-base64 "))
		return AMBIGUOUS_OTHER;
	return is_uuencode(s) ? AMBIGUOUS_UUENCODE : AMBIGUOUS_NONE;
}

enum ambiguous_file
ambiguous_file(struct slice text)
{
	enum ambiguous_file file = AMBIGUOUS_NONE, found;
	struct slice rest = text;
	size_t at;

	while ((at = slice_find_str(rest, "begin")) != SIZE_MAX) {
		rest = slice_after(rest, at);
		found = file_at(slice_first(text, text.len - rest.len), rest);
		file = found > file ? found : file;
		rest = slice_after(rest, 5);
	}
	return file;
}

/* The line begins with what can be a header field (RFC 5322 2.2). */
static bool
may_be_field(struct slice line)
{
	size_t colon = slice_find(slice_first(line, FIELD_NAME_MOST), ':');

	return colon != SIZE_MAX && colon > 0 &&
	    slice_is_printable_ascii(slice_first(line, colon)) &&
	    slice_find(slice_first(line, colon), ' ') == SIZE_MAX;
}

struct slice
ambiguous_mail(struct slice bytes)
{
	struct slice rest = bytes, mail = { NULL, 0 }, line = { NULL, 0 };

	while (rest.len > 0) {
		struct slice at = rest;

		if (!slice_cut(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		if (slice_trim(line).len == 0)
			mail.at = NULL;
		else if (mail.at == NULL && may_be_field(line))
			mail = at;
		if (mail.at != NULL && slice_has_prefix(line, "Content-T"))
			return mail;
		if (mail.at == NULL && bytes.len - rest.len > JUNK_BYTES)
			break;
	}
	return slice_of(NULL, 0);
}

struct slice
ambiguous_message(struct slice bytes)
{
	struct slice rest = slice_first(bytes, JUNK_BYTES), line;

	do {
		const char *at = rest.at;

		if (may_be_field(slice_first(rest, slice_find(rest, '\n'))))
			return slice_after(bytes, (size_t)(at - bytes.at));
	} while (slice_cut(&rest, '\n', &line));
	return slice_of(NULL, 0);
}

/* Without its last line, which is the boundary. */
static struct slice
before_boundary(struct slice s)
{
	size_t len = s.len;

	while (len > 0 && (s.at[len - 1] == '\n' || s.at[len - 1] == '\r'))
		len--;
	while (len > 0 && s.at[len - 1] != '\n')
		len--;
	return slice_first(s, len);
}

struct slice
ambiguous_outside(const struct mime_part *part, bool is_behind)
{
	const struct mime_part *child = mime_child(part), *next;
	struct slice body = mime_body(part);

	if (child == NULL || !mime_is(part, "multipart", NULL))
		return slice_of(NULL, 0);
	if (!is_behind)
		return ambiguous_mail(before_boundary(slice_first(body,
		    mime_header_start(child) - mime_body_start(part))));
	while ((next = mime_next(child)) != NULL)
		child = next;
	return ambiguous_mail(slice_after(body,
	    mime_end(child) - mime_body_start(part)));
}
