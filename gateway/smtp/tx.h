/*
 * tx.h - one mail transaction, from MAIL to its end (RFC 5321 3.3)
 *
 * "MAIL was given" means that the object exists, "RCPT was given" that it has a
 * recipient.  Every ending, good or bad, is tx_end(): it frees the memory, the
 * message and the space that was granted.
 */
#ifndef POSTROOM_GATEWAY_SMTP_TX_H
#define POSTROOM_GATEWAY_SMTP_TX_H

#include "gateway/smtp/body.h"
#include "lib/base/dot.h"

/* What a recipient adds to a packed envelope besides its text. */
#define TX_RECIPIENT_BYTES	18

struct tx {
	struct arena	*arena;
	struct envelope	 env;
	struct body	*body;
	struct dot_reader dot;		/* judges the message as it comes */
	bool		 in_data;	/* 354 was said, the end is not read */
	bool		 leaves;	/* by a host of its sender's own */
	bool		 submitted;	/* the queue has it and has not said */
	unsigned	 room;		/* recipients there may be */
	unsigned	 accepted;	/* RCPT commands answered 250 */
	unsigned	 put_off;	/* greylisted: 451 */
	uint64_t	 announced;	/* SIZE; 0: it was not said */
	unsigned	 chunks;	/* BDAT commands taken */
	size_t		 packed_bytes;	/* of the envelope so far */
	uint64_t	 moved_ms;	/* space was granted, or a chunk came */
};

/*
 * A transaction that begins with what is known of the session; `tx->env` is to
 * be filled in further before tx_begun().  NULL when memory is out.
 */
struct tx	*tx_new(const struct envelope *known, unsigned room);
/* The sender is known.  0, or -E2BIG when the envelope is too large already. */
int		 tx_begun(struct tx *);
/*
 * Add a recipient; its slices must live as long as the transaction.  An account
 * that is in it already stays there once, under the address that came first.
 * 0, -EDQUOT (as many as there may be) or -ENOBUFS (the envelope is full).
 */
int		 tx_add(struct tx *, const struct recipient *);
/* The message has begun to come in chunks. */
bool		 tx_has_chunks(const struct tx *);
/* End it and forget it; NULL inside is fine. */
void		 tx_end(struct tx **);

#endif
