/*
 * dot.c - the end of a message on the wire (RFC 5321 4.5.2)
 *
 * A state per place in a line that matters.  Only a dot that begins a line, and
 * a CR behind it, are held back until the next byte is known, and the state
 * says which; everything else goes out in the run it stands in.
 */
#include "lib/base/dot.h"

#include <stdint.h>
#include <string.h>

#define EACH(byte)	(UINT64_MAX / 255 * (byte))

static const char crlf[] = "\r\n";

struct dot_reader
dot_reader_of(bool counts, bool normalises)
{
	return (struct dot_reader){
	    .counts = counts, .normalises = normalises
	};
}

/* Is one of the eight bytes at `at` a CR, or below it? */
static bool
has_low(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return ((word - EACH('\r' + 1)) & ~word & EACH(0x80)) != 0;
}

/*
 * How many bytes of `s` stand before the first CR, LF or NUL.  One look for all
 * three, as many a line is too short for the call of a function to pay.
 */
static size_t
plain_bytes(struct slice s)
{
	size_t n = 0, end;

	while (n < s.len) {
		while (s.len - n >= 8 && !has_low(s.at + n))
			n += 8;
		for (end = s.len - n < 8 ? s.len : n + 8; n < end; n++)
			if (s.at[n] == '\r' || s.at[n] == '\n' ||
			    s.at[n] == '\0')
				return n;
	}
	return n;
}

/*
 * Go on inside a line: how many bytes of `s` are plain text, or text up to and
 * with a CR.  0: what comes next is a bare LF or a NUL.
 */
static size_t
text_span(struct dot_reader *dot, struct slice s)
{
	size_t n = plain_bytes(s);

	if (n == s.len || s.at[n] != '\r')
		return n;
	dot->at = DOT_AT_CR;
	return n + 1;
}

/* A byte that may not stand there has come; what goes out instead of it. */
static struct slice
mend(struct dot_reader *dot, const char *byte)
{
	bool nul = *byte == '\0';

	dot->breaches |= nul ? DOT_NUL : DOT_BARE_LF;
	if (!dot->normalises)
		return slice_of(byte, 1);
	dot->mend = nul ? DOT_NUL : DOT_BARE_LF;
	dot->added += !nul;
	if (!nul && dot->is_lenient)
		dot->at = DOT_AT_LINE;
	return nul ? slice_of("\x80", 1) : slice_of(crlf, 2);
}

/* A CR was not followed by LF; it has gone out already. */
static struct slice
mend_cr(struct dot_reader *dot)
{
	dot->breaches |= DOT_BARE_CR;
	dot->at = DOT_AT_TEXT;
	dot->added += dot->normalises;
	dot->mend = dot->normalises ? DOT_BARE_CR : 0;
	return dot->normalises ? slice_of(crlf + 1, 1) : slice_of(NULL, 0);
}

/*
 * After a dot that began a line, which never goes out itself: it was doubled,
 * or it is the end.  True when the reader has found out what to do next.
 */
static enum dot_is
after_dot(struct dot_reader *dot, struct slice *input, struct slice *run_out)
{
	char next = input->at[0];

	if (dot->at == DOT_AT_DOT && next == '\n' && dot->is_lenient) {
		*input = slice_after(*input, 1);
		dot->at = DOT_AT_END;
		return DOT_END;
	}
	if (dot->at == DOT_AT_DOT && next == '\r') {
		*input = slice_after(*input, 1);
		dot->at = DOT_AT_DOT_CR;
		return DOT_MORE;
	}
	if (dot->at == DOT_AT_DOT) {
		dot->at = DOT_AT_TEXT;
		return DOT_MORE;
	}
	if (next == '\n') {
		*input = slice_after(*input, 1);
		dot->at = DOT_AT_END;
		return DOT_END;
	}
	/* the CR that was held back is bare */
	(void)mend_cr(dot);
	*run_out = slice_of(crlf, dot->normalises ? 2 : 1);
	return DOT_RUN;
}

/*
 * Measure the run that begins `s`: `*run_out` is what goes out, and the return
 * value what it takes of `s`.
 */
static size_t
run_measure(struct dot_reader *dot, struct slice s, struct slice *run_out)
{
	size_t n = 0, span;

	while (n < s.len) {
		if (dot->at == DOT_AT_CR && s.at[n] == '\n') {
			dot->at = DOT_AT_LINE;
			n++;
			continue;
		}
		if (dot->at == DOT_AT_CR && dot->normalises && n > 0)
			break;
		if (dot->at == DOT_AT_CR) {
			*run_out = mend_cr(dot);
			if (run_out->len > 0)
				return 0;
		}
		if (dot->at == DOT_AT_LINE && s.at[n] == '.' && !dot->counts)
			break;
		dot->at = DOT_AT_TEXT;
		span = text_span(dot, slice_after(s, n));
		if (span > 0) {
			n += span;
			continue;
		}
		if (n > 0 && dot->normalises)
			break;
		*run_out = mend(dot, s.at + n);
		if (dot->normalises)
			return 1;
		n++;
	}
	*run_out = slice_first(s, n);
	return n;
}

enum dot_is
dot_take(struct dot_reader *dot, struct slice *input, struct slice *run_out)
{
	enum dot_is is;
	struct slice run;

	dot->mend = 0;
	if (dot->at == DOT_AT_END)
		return DOT_END;
	while (input->len > 0) {
		if (dot->at == DOT_AT_DOT || dot->at == DOT_AT_DOT_CR) {
			is = after_dot(dot, input, run_out);
			if (is != DOT_MORE)
				return is;
			continue;
		}
		if (dot->at == DOT_AT_LINE && input->at[0] == '.' &&
		    !dot->counts) {
			*input = slice_after(*input, 1);
			dot->at = DOT_AT_DOT;
			continue;
		}
		*input = slice_after(*input, run_measure(dot, *input, &run));
		*run_out = run;
		return DOT_RUN;
	}
	return DOT_MORE;
}

struct slice
dot_finish(struct dot_reader *dot)
{
	return dot->at == DOT_AT_CR ? mend_cr(dot) : slice_of(NULL, 0);
}
