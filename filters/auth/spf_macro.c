/*
 * spf_macro.c - macros in domain names and explanations
 *
 * One reader cuts a string into pieces; what checks and what expands both walk
 * over its pieces, so nothing is expanded that was not checked.
 */
#include "filters/auth/spf_macro.h"

#include <ctype.h>
#include <string.h>

#define PARTS_MOST	128	/* labels: a name of 255 bytes has no more */

struct piece {
	char		letter;		/* '\0': `bytes` as they stand */
	struct slice	bytes;
	unsigned	keep;		/* parts from the right; 0: all */
	bool		is_reversed;
	bool		is_escaped;	/* the letter was an upper-case one */
	struct slice	delimiters;	/* empty: "." */
};

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* "%{" is taken: letter, transformers, delimiters, "}". */
static bool
read_braces(struct slice *rest, struct piece *piece)
{
	struct slice body;

	if (!slice_cut(rest, '}', &body) || body.len == 0 ||
	    !isalpha((unsigned char)body.at[0]))
		return false;
	piece->letter = (char)tolower((unsigned char)body.at[0]);
	piece->is_escaped = isupper((unsigned char)body.at[0]);
	body = slice_after(body, 1);
	if (body.len > 0 && isdigit((unsigned char)body.at[0])) {
		for (; body.len > 0 && isdigit((unsigned char)body.at[0]);
		    body = slice_after(body, 1))
			if (piece->keep < PARTS_MOST)
				piece->keep = piece->keep * 10 +
				    (unsigned)(body.at[0] - '0');
		if (piece->keep == 0)	/* 7.3: it must not be zero */
			return false;
	}
	if (body.len > 0 && tolower((unsigned char)body.at[0]) == 'r') {
		piece->is_reversed = true;
		body = slice_after(body, 1);
	}
	piece->delimiters = body;
	for (size_t i = 0; i < body.len; i++)
		if (!is_one_of(body.at[i], ".-+,/_="))
			return false;
	return true;
}

/* Cut the next piece off; false: it is none. */
static bool
next_piece(struct slice *rest, struct piece *piece_out)
{
	struct piece piece = { .letter = '\0' };
	size_t literal = slice_find(*rest, '%');
	char c;

	if (literal != 0) {
		piece.bytes = slice_first(*rest, literal);
		*rest = slice_after(*rest, piece.bytes.len);
		*piece_out = piece;
		return true;
	}
	if (rest->len < 2)
		return false;
	c = rest->at[1];
	*rest = slice_after(*rest, 2);
	if (c == '{') {
		if (!read_braces(rest, &piece))
			return false;
	} else if (c == '%') {
		piece.bytes = slice_str("%");
	} else if (c == '_') {
		piece.bytes = slice_str(" ");
	} else if (c == '-') {
		piece.bytes = slice_str("%20");
	} else {
		return false;
	}
	*piece_out = piece;
	return true;
}

bool
spf_macro_is_string(struct slice s, bool is_text)
{
	const char *letters = is_text ? "slodipvhcrt" : "slodipvh";
	struct piece piece;

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < (is_text ? ' ' : '!') ||
		    (unsigned char)s.at[i] > '~')
			return false;
	while (s.len > 0)
		if (!next_piece(&s, &piece) || (piece.letter != '\0' &&
		    !is_one_of(piece.letter, letters)))
			return false;
	return true;
}

/* RFC 7208 7.1: letters, digits and dashes, not all of them digits */
static bool
is_top_label(struct slice s)
{
	bool has_other = false;

	if (s.len == 0 || s.at[0] == '-' || s.at[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (!isalnum(c) && c != '-')
			return false;
		has_other = has_other || !isdigit(c);
	}
	return has_other;
}

bool
spf_macro_is_domain(struct slice s)
{
	struct piece piece = { .letter = '\0' };
	struct slice rest = s, last = { NULL, 0 };
	size_t dot;

	if (s.len == 0 || !spf_macro_is_string(s, false))
		return false;
	while (rest.len > 0) {
		last = rest;
		if (!next_piece(&rest, &piece))
			return false;
	}
	if (last.at[0] == '%')
		return true;
	if (last.at[last.len - 1] == '.')
		last = slice_first(last, last.len - 1);
	dot = slice_find_last(last, '.');
	return dot != SIZE_MAX && is_top_label(slice_after(last, dot + 1));
}

bool
spf_macro_wants_name(struct slice s)
{
	struct piece piece;

	while (s.len > 0 && next_piece(&s, &piece))
		if (piece.letter == 'p')
			return true;
	return false;
}

static struct slice
value_of(const struct spf_macros *macros, char letter)
{
	switch (letter) {
	case 's': return macros->sender;
	case 'l': return macros->local;
	case 'o': return macros->sender_domain;
	case 'd': return macros->domain;
	case 'i': return macros->dotted;
	case 'p': return macros->validated;
	case 'v': return macros->family;
	case 'h': return macros->helo;
	case 'c': return macros->readable;
	case 'r': return macros->host;
	default:  return macros->time;
	}
}

static bool
is_delimiter(const struct piece *piece, char c)
{
	if (piece->delimiters.len == 0)
		return c == '.';
	return slice_find(piece->delimiters, c) != SIZE_MAX;
}

/* The parts of it; what is more than PARTS_MOST stays in the last. */
static size_t
split(const struct piece *piece, struct slice value,
    struct slice parts[PARTS_MOST])
{
	size_t count = 0, from = 0;

	for (size_t i = 0; i < value.len && count < PARTS_MOST - 1; i++)
		if (is_delimiter(piece, value.at[i])) {
			parts[count++] = slice_of(value.at + from, i - from);
			from = i + 1;
		}
	parts[count++] = slice_after(value, from);
	return count;
}

/* 7.3: what is not unreserved is written as in a URL (RFC 3986 2.1, 2.3) */
static void
add_value(struct text *text, struct slice value, bool is_escaped)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if (!is_escaped || (c < 0x80 && isalnum(c)) ||
		    is_one_of((char)c, "-._~"))
			text_add_byte(text, (char)c);
		else
			text_addf(text, "%%%02X", (unsigned)c);
	}
}

static void
add_parts(struct text *text, const struct piece *piece, struct slice value)
{
	struct slice parts[PARTS_MOST];
	size_t count = split(piece, value, parts), first = 0;

	if (piece->keep > 0 && piece->keep < count)
		first = count - piece->keep;
	for (size_t i = first; i < count; i++) {
		/* reversed first, then the right ones are kept (7.3) */
		size_t which = piece->is_reversed ? count - 1 - i : i;

		if (i > first)
			text_add_byte(text, '.');
		add_value(text, parts[which], piece->is_escaped);
	}
}

void
spf_macro_expand(struct text *text, struct slice s,
    const struct spf_macros *macros)
{
	struct piece piece;

	while (s.len > 0 && next_piece(&s, &piece))
		if (piece.letter == '\0')
			text_add(text, piece.bytes);
		else
			add_parts(text, &piece, value_of(macros,
			    piece.letter));
}
