/*
 * mends.h - what was mended in a message, so that it can be undone
 *
 * A dot reader that normalises (dot.h) makes a bare CR or LF CRLF and a NUL
 * 0x80.  In what comes out there is a place at every LF and every 0x80, and of
 * each it is enough to know how it had come.  That is one bit for a place that
 * was so, with a second for the LF of a line end: from the first that was mended
 * to the last.  A message without a fault has none; the worst has a bit for each
 * byte as it came out, so these are never more than an eighth of it.
 *
 * What is told by somebody else may be anything: whoever undoes mends proves
 * what comes of it by a digest.
 */
#ifndef POSTROOM_BASE_MENDS_H
#define POSTROOM_BASE_MENDS_H

#include "lib/base/pack.h"

/* The most that the mends of so many bytes can be, packed. */
#define MENDS_MOST(bytes)	((bytes) / 8 + 64)

struct mends {
	uint64_t	before;		/* places before the first mended one */
	uint64_t	since;		/* behind the last, all as they came */
	uint64_t	count;		/* of the bits */
	struct text	bits;		/* from its top bit down, byte by byte */
};

/* Of a message whose bytes come out of a dot reader: none yet. */
#define MENDS_INIT(most_bytes)	{ .bits = { .limit = (most_bytes) } }

/*
 * A run has come out, `mend` being that of its reader.  The run as it came is
 * given back; it points into `run` or a constant.  What does not fit marks
 * mends->bits failed.
 */
struct slice	mends_add(struct mends *, struct slice run, unsigned mend);
/* Forget all of it: another message begins. */
void		mends_clear(struct mends *);
/* Give the memory back. */
void		mends_free(struct mends *);
/* As bytes. */
void		mends_pack(struct text *, const struct mends *);

/* Their undoing, from the first byte of the message on. */
struct unmend {
	uint64_t	before;
	struct slice	bits;		/* borrowed */
	uint64_t	at;		/* of the bits, read */
	bool		holds_cr;	/* not known yet whether it had come */
};

/* What mends_pack() wrote; the rest stays in the reader, bad if it is none. */
struct unmend	unmend_of(struct unpack *);
/*
 * The next bytes as they came: into `out`, one byte more than there are in `s`
 * at the most.  How many they are.
 */
size_t		unmend_take(struct unmend *, struct slice s, char *out);
/* The message is over: what was held back, one byte at the most. */
size_t		unmend_end(struct unmend *, char *out);

#endif
