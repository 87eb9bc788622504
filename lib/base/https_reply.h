/*
 * https_reply.h - the answer of an HTTP/1.1 server, taken apart as it comes
 *
 * For one answer on one connection (RFC 9112).  What is not sure about where
 * the body ends is no answer: two lengths, a length beside a coding, a coding
 * that is not "chunked".  Does no I/O.
 */
#ifndef POSTROOM_BASE_HTTPS_REPLY_H
#define POSTROOM_BASE_HTTPS_REPLY_H

#include "lib/base/lines.h"
#include "lib/base/text.h"

#define HTTPS_LINE_MOST		8192	/* of a field; RFC 9110 5.4 asks 8000 */
#define HTTPS_HEAD_MOST		(64u * 1024)	/* fields of all heads */

enum https_part {
	HTTPS_STATUS,		/* the status line comes next */
	HTTPS_FIELDS,
	HTTPS_LENGTH,		/* a body of so many bytes */
	HTTPS_UNTIL_END,	/* a body that the connection's end ends */
	HTTPS_CHUNK_SIZE,
	HTTPS_CHUNK,
	HTTPS_CHUNK_END,
	HTTPS_TRAILER,
	HTTPS_WHOLE		/* all of it is here */
};

struct https_reply {
	unsigned	 status;	/* 100..599; 0: not there yet */
	unsigned	 retry_after;	/* seconds that it asks for; 0: none */
	bool		 is_plain;	/* it says that it is text/plain */
	struct text	 body;
	/* how far it is */
	enum https_part	 part;
	struct line_reader lines;
	struct text	 in;		/* the line that is not whole yet */
	size_t		 head_bytes;
	bool		 has_length, is_chunked;
	uint64_t	 left;		/* of the body, or of the chunk */
};

/* An answer that has not begun, whose body may have `body_most` bytes. */
void	https_reply_open(struct https_reply *, size_t body_most);
/* Wipe and free what it holds. */
void	https_reply_close(struct https_reply *);
/*
 * These bytes have come.  0: more is to come; 1: it is whole, and what follows
 * is no part of it; -EBADMSG: no answer of HTTP/1.1; -E2BIG: too long.
 */
int	https_reply_take(struct https_reply *, struct slice);
/* The connection has ended: 1, it is whole; -EBADMSG, it was cut. */
int	https_reply_end(struct https_reply *);

#endif
