/*
 * header.c - the header fields of a message
 */
#include "lib/message/header.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The first line of `s` with its LF, or all of it. */
static struct slice
line_first(struct slice s)
{
	size_t lf = slice_find(s, '\n');

	return lf == SIZE_MAX ? s : slice_first(s, lf + 1);
}

/* `line` without the LF or CRLF at its end. */
static struct slice
line_bare(struct slice line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 5322 3.6.8: ftext */
static bool
is_ftext(char c)
{
	return c > 0x20 && c < 0x7f && c != ':';
}

/*
 * How many bytes of `s` can be in a name, eight at a time: the highest bit of
 * each byte of `none` says that it cannot.  What stands behind the first such
 * byte may be wrong (it is carried into), and is not looked at.
 */
static size_t
name_bytes(struct slice s)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t word, colons, none;
	size_t len = 0;

	for (; s.len - len >= sizeof(word); len += sizeof(word)) {
		memcpy(&word, s.at + len, sizeof(word));
		word = le64toh(word);
		colons = word ^ ones * ':';
		none = ((word - ones * '!') & ~word) | (word + ones) | word |
		    ((colons - ones) & ~colons);
		none &= ones << 7;
		if (none != 0)
			return len + (size_t)__builtin_ctzll(none) / 8;
	}
	while (len < s.len && is_ftext(s.at[len]))
		len++;
	return len;
}

/* The field name at the start of `line`, which may go on with others, and where
 * its colon stands. */
static inline bool
field_name(struct slice line, struct slice *name_out, size_t *colon_out)
{
	size_t len = name_bytes(line), colon;

	/* RFC 5322 4.5: blanks before the colon were once allowed */
	for (colon = len; colon < line.len && is_wsp(line.at[colon]); colon++)
		;
	if (len == 0 || colon == line.len || line.at[colon] != ':')
		return false;
	*name_out = slice_first(line, len);
	*colon_out = colon;
	return true;
}

/* The next field, and where its colon stands. */
static inline bool
next_field(struct slice *rest, struct slice *name_out, struct slice *whole_out,
    size_t *colon_out)
{
	const char *end = rest->at + rest->len, *at;

	/* no line end can be in what comes before the colon */
	if (!field_name(*rest, name_out, colon_out))
		return false;
	at = rest->at + *colon_out;
	do {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at == NULL ? end : at + 1;
	} while (at < end && is_wsp(*at));
	*whole_out = slice_of(rest->at, (size_t)(at - rest->at));
	*rest = slice_of(at, (size_t)(end - at));
	return true;
}

bool
header_next(struct slice *rest, struct header_field *field_out)
{
	size_t colon;

	if (!next_field(rest, &field_out->name, &field_out->whole, &colon))
		return false;
	field_out->value = line_bare(slice_after(field_out->whole, colon + 1));
	return true;
}

bool
header_pass(struct slice *rest, struct slice *name_out,
    struct slice *whole_out)
{
	size_t colon;

	return next_field(rest, name_out, whole_out, &colon);
}

bool
header_skip_mbox(struct slice *rest)
{
	struct slice name;
	size_t colon;

	/* nearly all headers begin with another byte */
	if (rest->len == 0 || ((rest->at[0] | 0x20) != 'f' &&
	    rest->at[0] != '>'))
		return false;
	if ((!slice_has_prefix(*rest, "From ") &&
	    !slice_has_prefix(*rest, ">From ")) ||
	    field_name(*rest, &name, &colon))
		return false;
	*rest = slice_after(*rest, line_first(*rest).len);
	return true;
}

size_t
header_bytes(struct slice message)
{
	struct slice rest = message, line;
	struct header_field field;

	while (header_next(&rest, &field))
		;
	line = line_first(rest);
	if (line_bare(line).len == 0)
		rest = slice_after(rest, line.len);
	return message.len - rest.len;
}

bool
header_find(struct slice block, const char *name,
    struct header_field *field_out)
{
	struct header_field field;
	size_t len = strlen(name);

	while (header_next(&block, &field)) {
		if (field.name.len != len || !slice_is_word(field.name, name))
			continue;
		*field_out = field;
		return true;
	}
	return false;
}

size_t
header_count(struct slice block, const char *name)
{
	struct header_field field;
	size_t n = 0;

	while (header_next(&block, &field))
		n += slice_is_word(field.name, name);
	return n;
}

/* Add the bytes of a line, as many as there is room for. */
static void
add_line(struct text *text, struct slice line)
{
	size_t room = text->limit - text->len;
	char *to = text_space(text, line.len < room ? line.len : room);

	for (size_t i = 0; to != NULL && i < line.len && i < room; i++) {
		char c = line.at[i];

		to[i] = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
	}
	text->failed = text->failed || line.len > room;
}

void
header_unfold(struct text *text, struct slice value)
{
	struct slice s = slice_trim(value), line;

	while (s.len > 0) {
		line = line_first(s);
		s = slice_after(s, line.len);
		/* only a line end before a blank is folding; others stay one */
		if (s.len > 0 && is_wsp(s.at[0]))
			line = line_bare(line);
		add_line(text, line);
	}
}
