/*
 * pop3_reply.h - what a POP3 server says on one line, and what it means
 *
 * Parsers of single lines, without state; nothing is copied.
 */
#ifndef POSTROOM_FETCH_POP3_REPLY_H
#define POSTROOM_FETCH_POP3_REPLY_H

#include "fetch/service.h"
#include "lib/base/slice.h"

/* RFC 1939 3: "+OK" or "-ERR", then words. */
struct pop3_status {
	bool		ok;
	struct slice	words;	/* trimmed, with their code in brackets */
};

/* 0, or -EBADMSG: it is no status line. */
int	pop3_status_read(struct slice line, struct pop3_status *status_out);

/* A row of LIST or UIDL: a message number and what stands behind it. */
struct pop3_row {
	uint32_t	number;	/* 1 or more */
	struct slice	rest;	/* trimmed; may be empty */
};

/* 0, or -EBADMSG: there is no number. */
int	pop3_row_read(struct slice line, struct pop3_row *row_out);
/*
 * The size behind the number in a row of LIST; 0, which is "unknown", for what
 * is none: negative, 2^63 and more, words (HARDENING F15).
 */
uint64_t pop3_row_bytes(struct slice rest);

/*
 * What -ERR with these words means for the collection (RFC 2449 8, RFC 3206).
 * Without a code that we know: REFUSED if it answered a login and the words do
 * not say that it is for now only, INCONSISTENT otherwise.
 */
enum fetch_end	pop3_refusal(struct slice words, bool at_login);

#endif
