/*
 * mends.c - what was mended in a message, so that it can be undone
 *
 * Places that came as they are between two mended ones are counted, and written
 * as so many empty bits when the second is met: behind the last nothing is said.
 */
#include "lib/base/mends.h"

#include <string.h>

#include "lib/base/dot.h"

static const char lf[] = "\n", nul[] = "\0";

static void
add_bit(struct mends *mends, bool bit)
{
	struct text *bits = &mends->bits;

	if (mends->count % 8 == 0)
		text_add_byte(bits, '\0');
	if (text_failed(bits))
		return;
	if (bit)
		bits->at[bits->len - 1] = (char)((unsigned char)
		    bits->at[bits->len - 1] | 0x80u >> mends->count % 8);
	mends->count++;
}

/* A place that was mended; a line end was one of two things. */
static void
add_mended(struct mends *mends, unsigned mend)
{
	if (mends->count == 0)
		mends->before = mends->since;
	for (; mends->count > 0 && mends->since > 0; mends->since--)
		add_bit(mends, false);
	mends->since = 0;
	add_bit(mends, true);
	if (mend != DOT_NUL)
		add_bit(mends, mend == DOT_BARE_CR);
}

static uint64_t
places_of(struct slice s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += s.at[i] == '\n' || s.at[i] == '\x80';
	return count;
}

struct slice
mends_add(struct mends *mends, struct slice run, unsigned mend)
{
	if (mend == 0) {
		mends->since += places_of(run);
		return run;
	}
	add_mended(mends, mend);
	if (mend == DOT_NUL)
		return slice_of(nul, 1);
	/* the CR may have gone out before */
	return mend == DOT_BARE_LF ? slice_of(lf, 1) :
	    slice_first(run, run.len - 1);
}

void
mends_clear(struct mends *mends)
{
	mends->before = mends->since = mends->count = 0;
	text_clear(&mends->bits);
}

void
mends_free(struct mends *mends)
{
	text_free(&mends->bits);
}

void
mends_pack(struct text *text, const struct mends *mends)
{
	pack_u64(text, mends->before);
	pack_slice(text, text_slice(&mends->bits));
}

/* Undoing */

struct unmend
unmend_of(struct unpack *u)
{
	struct unmend unmend = { .before = unpack_u64(u) };

	unmend.bits = unpack_slice(u);
	return unmend;
}

/* Behind the last of them everything is as it came. */
static bool
next_bit(struct unmend *unmend)
{
	uint64_t at = unmend->at;

	if (at / 8 >= unmend->bits.len)
		return false;
	unmend->at++;
	return ((unsigned char)unmend->bits.at[at / 8] & 0x80u >> at % 8) != 0;
}

static bool
is_mended(struct unmend *unmend)
{
	if (unmend->before > 0) {
		unmend->before--;
		return false;
	}
	return next_bit(unmend);
}

/* An LF, and the CR before it if one is held.  How many bytes these were. */
static size_t
line_end(struct unmend *unmend, char *out)
{
	bool had_cr = unmend->holds_cr;

	unmend->holds_cr = false;
	if (!is_mended(unmend)) {
		if (had_cr)
			out[0] = '\r';
		out[had_cr] = '\n';
		return 1u + had_cr;
	}
	out[0] = next_bit(unmend) ? '\r' : '\n';
	return 1;
}

size_t
unmend_take(struct unmend *unmend, struct slice s, char *out)
{
	size_t n = 0;

	if (unmend->bits.len == 0) {
		if (s.len > 0)
			memcpy(out, s.at, s.len);
		return s.len;
	}
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\n') {
			n += line_end(unmend, out + n);
			continue;
		}
		n += unmend_end(unmend, out + n);
		if (s.at[i] == '\r')
			unmend->holds_cr = true;
		else if (s.at[i] == '\x80' && is_mended(unmend))
			out[n++] = '\0';
		else
			out[n++] = s.at[i];
	}
	return n;
}

size_t
unmend_end(struct unmend *unmend, char *out)
{
	if (!unmend->holds_cr)
		return 0;
	unmend->holds_cr = false;
	out[0] = '\r';
	return 1;
}
