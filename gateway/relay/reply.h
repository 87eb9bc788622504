/*
 * reply.h - what an SMTP server says, as the relay hears it (RFC 5321 4.2)
 *
 * A reply may have many lines; what is kept of it is one, printable and no
 * longer than 512 bytes, whatever the server says (HARDENING A08).  More lines
 * than any server has, a line that is none or a code that changes on the way are
 * no reply, and end the conversation.
 */
#ifndef POSTROOM_GATEWAY_RELAY_REPLY_H
#define POSTROOM_GATEWAY_RELAY_REPLY_H

#include "lib/base/lines.h"
#include "queue/relay_job.h"

/* RFC 5321 4.5.3.1.5 says 512; of servers with long words none has 2 KiB. */
#define RELAY_LINE_BYTES	2048
#define RELAY_LINES_MOST	100

/* A whole reply. */
struct relay_said {
	unsigned	code;
	char		status[RELAY_STATUS_MOST];	/* "5.1.1", or "" */
	char		words[RELAY_WORDS_MOST + 1];
};

/* Zeroed, it waits for a first line. */
struct relay_hearing {
	struct line_reader	reader;
	unsigned		lines;		/* of this reply */
	size_t			len;		/* of its words */
	struct relay_said	said;
};

enum relay_heard {
	RELAY_MORE,		/* it has not come whole: call again with more
				   behind what is left */
	RELAY_WHOLE,		/* *said_out is it; what is left is the next */
	RELAY_NONSENSE		/* that is no reply */
};

/* Take the next reply off `*input`. */
enum relay_heard relay_hear(struct relay_hearing *, struct slice *input,
		    struct relay_said *said_out);

/* Printable words of ours or theirs, cut to fit. */
void	relay_words(struct slice, char words_out[RELAY_WORDS_MOST + 1]);

/* What EHLO offers. */
struct relay_offer {
	bool		has_pipelining, has_8bit, has_utf8, has_dsn, has_size;
	bool		has_chunking;
	bool		is_logged_in;	/* it has said 235 */
	uint64_t	size;		/* the largest message; 0: any */
};
/* One more line that has come while it was opened. */
void	relay_offer_line(struct relay_offer *, struct slice line);

#endif
