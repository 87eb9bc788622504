/*
 * find.c - does a text contain another, letter case aside?
 *
 * The window keeps as many bytes of what was read as a match may have begun
 * with.
 */
#include "lib/message/find.h"

#include <errno.h>
#include <string.h>

#include <utf8proc.h>

#include "lib/message/find_raw.h"

#define STEP		(16 * 1024)	/* bytes folded at once */
#define CHARACTERS	32	/* of a decomposition; Unicode has 18 at most */
#define GROWTH		12	/* bytes that one byte of UTF-8 may become */

/* A byte in each of the eight places of a number. */
#define EACH(byte)	(UINT64_C(0x0101010101010101) * (byte))

/*
 * Eight bytes of ASCII at once: in `begun` the high bit of those from 'a' on is
 * set, in `over` that of those behind 'z'.
 */
static void
fold_eight(char *to, const char *from)
{
	uint64_t eight, begun, over;

	memcpy(&eight, from, 8);
	begun = eight + EACH(0x80 - 'a');
	over = eight + EACH(0x80 - 'z' - 1);
	eight ^= (begun & ~over & EACH(0x80)) >> 2;
	memcpy(to, &eight, 8);
}

/* Add ASCII, of which only small letters change. */
static void
fold_ascii(struct text *text, struct slice s)
{
	char *to = text_space(text, s.len);
	size_t n = 0;

	if (to == NULL)
		return;
	for (; n + 8 <= s.len; n += 8)
		fold_eight(to + n, s.at + n);
	for (; n < s.len; n++) {
		char c = s.at[n];

		to[n] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
	}
}

/* Bytes of ASCII that begin `s`. */
static size_t
ascii_bytes(struct slice s)
{
	size_t n = 0;
	uint64_t eight;

	for (; n + 8 <= s.len; n += 8) {
		memcpy(&eight, s.at + n, 8);
		if ((eight & EACH(0x80)) != 0)
			break;
	}
	while (n < s.len && (unsigned char)s.at[n] < 0x80)
		n++;
	return n;
}

/* RFC 5051 2: the title case, and its decomposition until there is none */
static void
fold_character(struct text *text, utf8proc_int32_t c)
{
	utf8proc_int32_t all[CHARACTERS];
	utf8proc_uint8_t bytes[4];
	int last = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(utf8proc_totitle(c), all,
	    CHARACTERS, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last);

	if (n <= 0 || n > CHARACTERS) {
		all[0] = c;
		n = 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		text_add(text, slice_of(bytes,
		    (size_t)utf8proc_encode_char(all[i], bytes)));
}

void
find_fold(struct text *text, struct slice s)
{
	while (s.len > 0 && !text_failed(text)) {
		size_t ascii = ascii_bytes(s);
		utf8proc_ssize_t n;
		utf8proc_int32_t c;

		fold_ascii(text, slice_first(s, ascii));
		s = slice_after(s, ascii);
		if (s.len == 0)
			return;
		n = utf8proc_iterate((const utf8proc_uint8_t *)s.at,
		    (utf8proc_ssize_t)(s.len < 4 ? s.len : 4), &c);
		if (n <= 0) {		/* no UTF-8: it means itself */
			text_add(text, slice_first(s, 1));
			n = 1;
		} else {
			fold_character(text, c);
		}
		s = slice_after(s, (size_t)n);
	}
}

int
finder_begin(struct finder *f, struct slice what)
{
	const struct finder fresh = {
		.needle = TEXT_INIT(FIND_MOST * GROWTH),
		.window = TEXT_INIT(GROWTH * (FIND_MOST + STEP)),
	};

	*f = fresh;
	if (what.len > FIND_MOST)
		return -E2BIG;
	find_fold(&f->needle, what);
	if (text_failed(&f->needle)) {
		finder_end(f);
		return -ENOMEM;
	}
	f->found = f->needle.len == 0;
	return 0;
}

bool
finder_word(const struct finder *f, struct slice *word_out)
{
	return find_raw_word(text_slice(&f->needle), word_out);
}

void
finder_again(struct finder *f)
{
	text_clear(&f->window);
	f->found = f->needle.len == 0;
}

void
finder_break(struct finder *f)
{
	text_clear(&f->window);
}

struct slice
find_step(struct slice *rest)
{
	struct slice step = slice_first(*rest, STEP);

	/* a character of UTF-8 has three bytes behind its first at the most */
	for (unsigned back = 0; back < 3 && step.len < rest->len; back++) {
		if (((unsigned char)rest->at[step.len] & 0xc0) != 0x80)
			break;
		step.len--;
	}
	*rest = slice_after(*rest, step.len);
	return step;
}

/* Keep what a match may have begun with. */
static void
slide(struct finder *f)
{
	size_t keep = f->needle.len - 1;

	if (f->window.len > keep)
		text_consume(&f->window, f->window.len - keep);
}

/* The window has more in it than at the last look. */
static int
look(struct finder *f)
{
	if (text_failed(&f->window))
		return -ENOMEM;
	f->found = f->window.len > 0 && memmem(f->window.at, f->window.len,
	    f->needle.at, f->needle.len) != NULL;
	return f->found;
}

int
finder_add_folded(struct finder *f, struct slice folded_step)
{
	if (f->found)
		return 1;
	slide(f);
	text_add(&f->window, folded_step);
	return look(f);
}

int
finder_add(struct finder *f, struct slice piece)
{
	int r = f->found;

	while (piece.len > 0 && r == 0) {
		slide(f);
		find_fold(&f->window, find_step(&piece));
		r = look(f);
	}
	return r;
}

void
finder_end(struct finder *f)
{
	text_free(&f->needle);
	text_free(&f->window);
}
