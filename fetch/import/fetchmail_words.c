/*
 * fetchmail_words.c - the words of a .fetchmailrc
 *
 * Free form: blanks, line ends and the marks : ; , separate words, # begins a
 * comment, quotes of both kinds hold words together, and a backslash writes
 * what else could not be typed.  What fetchmail 6.4 makes of it is made of it
 * here, also where its manual says less.
 */
#include "fetch/import/fetchmail_words.h"

#include <errno.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static bool
is_mark(char c)
{
	return c == ':' || c == ';' || c == ',' || c == '=';
}

/* Skip blanks, marks (but not "=": it maps names) and comments. */
static void
skip(struct import_at *at, struct slice *rest)
{
	while (rest->len > 0) {
		char c = rest->at[0];
		size_t end;

		if (c == '#') {
			end = slice_find(*rest, '\n');
			*rest = slice_after(*rest, end == SIZE_MAX ?
			    rest->len : end);
			continue;
		}
		if (!is_blank(c) && (!is_mark(c) || c == '='))
			return;
		at->line += c == '\n';
		*rest = slice_after(*rest, 1);
	}
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Up to `most` digits of `base`; their value modulo 256. */
static char
take_digits(struct slice *rest, int base, unsigned most)
{
	int n = 0;

	while (most-- > 0 && rest->len > 0 && digit_of(rest->at[0]) < base) {
		n = n * base + digit_of(rest->at[0]);
		*rest = slice_after(*rest, 1);
	}
	return (char)(n & 0xff);
}

/* What stands behind a backslash; false: nothing comes of it. */
static bool
take_escape(struct slice *rest, char *byte_out)
{
	static const struct { char name, byte; } known[] = {
		{ 'n', '\n' }, { 't', '\t' }, { 'b', '\b' }, { 'r', '\r' },
	};
	char c = rest->at[0];

	if (c == '0') {			/* \0oo */
		*byte_out = take_digits(rest, 8, 3);
		return true;
	}
	if (c >= '1' && c <= '9') {
		*byte_out = take_digits(rest, 10, 3);
		return true;
	}
	*rest = slice_after(*rest, 1);
	if (c == 'x' || c == 'X') {
		*byte_out = take_digits(rest, 16, 2);
		return true;
	}
	*byte_out = c;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].name == c)
			*byte_out = known[i].byte;
	return c != '\n';		/* joins two lines */
}

/* `raw` without its escapes; one without any stays where it is. */
static int
undo_escapes(struct arena *arena, struct slice raw, struct slice *text_out)
{
	char *bytes;
	size_t len = 0;

	if (slice_find(raw, '\\') == SIZE_MAX) {
		*text_out = raw;
		return 0;
	}
	bytes = arena_alloc(arena, raw.len);
	if (bytes == NULL)
		return -ENOBUFS;
	while (raw.len > 0) {
		char c = raw.at[0];

		raw = slice_after(raw, 1);
		if (c != '\\' || raw.len == 0 || take_escape(&raw, &c))
			bytes[len++] = c;
	}
	*text_out = slice_of(bytes, len);
	return 0;
}

/* Bytes of a word that is not quoted. */
static size_t
plain_len(struct slice s)
{
	size_t n = 0;

	while (n < s.len && !is_blank(s.at[n]) && !is_mark(s.at[n]))
		n++;
	return n == 0 ? 1 : n;		/* "=" */
}

int
rc_value_take(struct import_at *at, struct slice *rest,
    struct rc_word *word_out)
{
	struct rc_word word = { .quoted = false };
	struct slice inside, raw;
	size_t end = SIZE_MAX;
	int r;

	skip(at, rest);
	if (rest->len == 0)
		return 0;
	word.line = at->line;
	inside = slice_after(*rest, 1);
	if (rest->at[0] == '"' || rest->at[0] == '\'')
		end = slice_find(inside, rest->at[0]);
	/* one that does not end is no quote, as fetchmail sees it */
	word.quoted = end != SIZE_MAX;
	raw = word.quoted ? slice_first(inside, end) :
	    slice_first(*rest, plain_len(*rest));
	*rest = slice_after(*rest, raw.len + (word.quoted ? 2 : 0));
	for (size_t i = 0; i < raw.len; i++)
		at->line += raw.at[i] == '\n';
	r = undo_escapes(at->import->arena, raw, &word.text);
	if (r < 0)
		return r;
	*word_out = word;
	return 1;
}

int
rc_word_take(struct import_at *at, struct slice *rest,
    struct rc_word *word_out)
{
	static const char *const noise[] = { "and", "with", "has", "wants",
	    "options" };
	bool is_noise;
	int r;

	do {
		r = rc_value_take(at, rest, word_out);
		is_noise = false;
		for (size_t i = 0; r == 1 && !word_out->quoted &&
		    i < sizeof(noise) / sizeof(noise[0]); i++)
			is_noise |= slice_is_word(word_out->text, noise[i]);
	} while (is_noise);
	return r;
}
