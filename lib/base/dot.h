/*
 * dot.h - the end of a message on the wire (RFC 5321 4.5.2)
 *
 * The one reader of message bytes that come through SMTP and LMTP: CRLF.CRLF
 * ends DATA and nothing that merely looks like it does (HARDENING A01); a
 * doubled dot at the start of a line loses one.  Line ends are judged here, for
 * BDAT too: a bare CR, a bare LF or a NUL is noted, and either left for the
 * caller to refuse or, for listed devices, made CRLF and 0x80; theirs may end
 * with LF.LF, which nobody else is heard in.
 *
 * Nothing is buffered.  What comes out are runs of bytes that point into the
 * input or into constants.
 */
#ifndef POSTROOM_BASE_DOT_H
#define POSTROOM_BASE_DOT_H

#include "lib/base/slice.h"

/* What the message held that it may not hold. */
#define DOT_BARE_CR	0x01u
#define DOT_BARE_LF	0x02u
#define DOT_NUL		0x04u

enum dot_at {
	DOT_AT_LINE,		/* at the start of a line */
	DOT_AT_DOT,		/* after a dot that began a line */
	DOT_AT_DOT_CR,		/* after such a dot and CR */
	DOT_AT_TEXT,		/* inside a line */
	DOT_AT_CR,		/* after a CR inside a line */
	DOT_AT_END		/* the end has been read */
};

struct dot_reader {
	enum dot_at	at;
	unsigned	breaches;	/* DOT_ bits met so far */
	bool		counts;		/* BDAT: a dot is text, there is no end */
	bool		normalises;	/* mends breaches as it goes */
	bool		is_lenient;	/* the same, and a bare LF ends lines and
					   the message, as CRLF does */
	uint64_t	added;		/* bytes that mending has added */
	unsigned	mend;		/* the DOT_ bit of what the run that came
					   out last stands for; 0: it came so */
};

enum dot_is {
	DOT_MORE,		/* the input is used up */
	DOT_RUN,		/* *run_out holds message bytes */
	DOT_END			/* the message is whole */
};

/* A reader at the start of a message. */
struct dot_reader dot_reader_of(bool counts, bool normalises);

/*
 * Take the next run of message bytes off `*input`.  After END what is left of
 * the input is no part of the message.
 */
enum dot_is	dot_take(struct dot_reader *, struct slice *input,
		    struct slice *run_out);
/*
 * A counted message is over: a CR that stands last is bare.  Returns what is to
 * be added to mend that, mostly nothing.
 */
struct slice	dot_finish(struct dot_reader *);

#endif
