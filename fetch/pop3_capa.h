/*
 * pop3_capa.h - what a POP3 server says it can, from its greeting and CAPA
 *
 * Fed with the lines that were said while the conversation was opened.  After
 * STLS only what came after it counts: what was said in clear may have been
 * anybody's (RFC 2595 4, HARDENING F48).
 */
#ifndef POSTROOM_FETCH_POP3_CAPA_H
#define POSTROOM_FETCH_POP3_CAPA_H

#include "lib/base/slice.h"

/* RFC 2449 6, RFC 5034 */
#define POP3_CAPA_USER	0x01u
#define POP3_CAPA_PIPELINING	0x02u
#define POP3_CAPA_PLAIN	0x04u
#define POP3_CAPA_LOGIN	0x08u
#define POP3_CAPA_CRAM_MD5	0x10u

struct pop3_capa {
	bool		greeted;	/* the first line has come */
	bool		has_apop;	/* with a timestamp (RFC 1939 7) */
	bool		is_known;	/* CAPA was answered to its end */
	unsigned	has;		/* POP3_CAPA_ bits; 0 if it was not */
	bool		listing;	/* inside an answer */
	unsigned	listed;		/* in it, so far */
};

/* Zeroed, it stands before the greeting.  One line, without its end. */
void	pop3_capa_line(struct pop3_capa *, struct slice line);

#endif
