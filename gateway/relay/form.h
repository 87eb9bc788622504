/*
 * form.h - the form in which a host can take a message (RFC 6152 3)
 *
 * A host without 8BITMIME is sent no byte above 127 in any body: a text that has
 * some becomes quoted-printable, or base64 where most of it would be escapes, and
 * any other part base64; multiparts and messages in messages stay as they are but
 * for what they claim, and their parts are looked at one by one.  So is, for
 * every host, a part with a NUL, or a line of more than 998 octets, which would be
 * cut (RFC 5321 4.5.3.1.6); a long header line is folded where it has a blank.
 * What a receiver decodes is what was stored.
 *
 * Not changed are header fields that hold bytes above 127: who wrote them wanted
 * SMTPUTF8, and without it nothing says what they mean.  A DKIM signature over a
 * body that was changed here does not hold any more, nor does that of a
 * multipart/signed (RFC 6376 5.3); nothing else is touched to keep it.
 */
#ifndef POSTROOM_GATEWAY_RELAY_FORM_H
#define POSTROOM_GATEWAY_RELAY_FORM_H

#include "lib/message/encode.h"

#define FORM_LINE_MOST	998	/* octets, without the CRLF */
#define FORM_ROOM_BYTES	(256 * 1024)	/* of a piece that was encoded */

/* What a message has that not every host can take. */
struct relay_form_facts {
	bool	header_8bit, body_8bit, long_line, nul;
};
void	relay_form_look(struct slice message, struct relay_form_facts *facts_out);

enum form_how {
	FORM_WORDS,		/* ours */
	FORM_COPY,
	FORM_ASK,		/* between parts: '?' for what is not ASCII */
	FORM_DROP,		/* base64: what is no ASCII means nothing */
	FORM_QUOTED,
	FORM_QUOTED_AGAIN,
	FORM_BASE64
};

struct relay_form_span {
	enum form_how	 how;
	struct slice	 bytes;
};

/* A message as it goes out; zeroed, it is empty. */
struct relay_form {
	struct relay_form_span *spans;
	size_t		  count, room;
};

/*
 * `message` behind `trace`, both borrowed; `seven`: for a host without 8BITMIME.
 * 0, -ENOMEM, or -ENOTSUP: such a host cannot be given it.
 */
int	relay_form_make(struct slice trace, struct slice message,
	    const struct relay_form_facts *, bool seven, struct relay_form *form_out);
void	relay_form_free(struct relay_form *);

/* One that is being read; zeroed, it stands before the first byte. */
struct relay_form_reader {
	size_t		 span, at;
	struct encoder	 encoder;
};

/*
 * The next piece: bytes of the message, or what they became, in `room`; it may be
 * empty.  False: there is none.
 */
bool	relay_form_read(struct relay_form_reader *, const struct relay_form *, struct text *room,
	    struct slice *piece_out);
/* How many bytes it has in all, before dots are doubled. */
uint64_t relay_form_bytes(const struct relay_form *);

#endif
