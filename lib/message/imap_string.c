/*
 * imap_string.c - strings as IMAP writes them
 */
#include "lib/message/imap_string.h"

#include <errno.h>
#include <string.h>

#include "lib/message/header.h"

static bool
is_break(char c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

static bool
is_special(char c)
{
	return c == '"' || c == '\\';
}

/* Add `s` without line breaks and with a "\" before quoted-specials. */
static void
add_safe(struct text *text, struct slice s, bool quoted)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (quoted && is_special(c))
			text_add_byte(text, '\\');
		text_add_byte(text, is_break(c) ? ' ' : c);
	}
}

void
imap_string(struct text *text, struct slice s)
{
	bool literal = false, plain = true;

	for (size_t i = 0; i < s.len; i++) {
		literal = literal || (unsigned char)s.at[i] >= 0x80;
		plain = plain && !is_special(s.at[i]) && !is_break(s.at[i]);
	}
	if (literal) {
		text_addf(text, "{%zu}\r\n", s.len);
		add_safe(text, s, false);
		return;
	}
	text_add_byte(text, '"');
	if (plain)
		text_add(text, s);
	else
		add_safe(text, s, true);
	text_add_byte(text, '"');
}

/* It stands on one line and needs no rewriting. */
static bool
is_one_line(struct slice s)
{
	return memchr(s.at, '\r', s.len) == NULL &&
	    memchr(s.at, '\n', s.len) == NULL;
}

void
imap_string_unfold(struct text *text, struct slice value)
{
	TEXT_AUTO line = TEXT_INIT(value.len);

	value = slice_trim(value);
	if (value.len == 0 || is_one_line(value)) {
		imap_string(text, value);
		return;
	}
	header_unfold(&line, value);
	if (text_failed(&line))
		text->failed = true;	/* memory was out */
	else
		imap_string(text, text_slice(&line));
}

/* The rest of a literal, behind its "{". */
static int
read_literal(struct slice *rest, struct text *text)
{
	struct slice s = *rest, number;
	uint64_t len;

	if (!slice_cut(&s, '}', &number) ||
	    slice_u64(number, SIZE_MAX / 2, &len) < 0 ||
	    !slice_has_prefix(s, "\r\n") || s.len - 2 < len)
		return -EINVAL;
	s = slice_after(s, 2);
	text_add(text, slice_first(s, len));
	*rest = slice_after(s, len);
	return 1;
}

int
imap_string_read(struct slice *rest, struct text *text)
{
	struct slice s = slice_after(*rest, 1);
	size_t i;

	if (slice_has_prefix(*rest, "NIL")) {
		*rest = slice_after(*rest, 3);
		return 0;
	}
	if (slice_has_prefix(*rest, "{")) {
		*rest = s;
		return read_literal(rest, text);
	}
	if (!slice_has_prefix(*rest, "\""))
		return -EINVAL;
	for (i = 0; i < s.len && s.at[i] != '"'; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len)
			i++;
		text_add_byte(text, s.at[i]);
	}
	if (i == s.len)
		return -EINVAL;
	*rest = slice_after(s, i + 1);
	return 1;
}
