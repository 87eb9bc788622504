/*
 * envelope.h - what is known of a message besides its bytes
 *
 * Typed once at the door (or by fetch), then carried in this form through the
 * judge, the journal and every delivery: nobody parses it from text again
 * (RFC 5321 3.3, RFC 3461 for the DSN parameters).
 *
 * Ownership: slices and the recipient array belong to whoever filled the
 * envelope; envelope_unpack() puts them into its arena and the packed bytes.
 */
#ifndef POSTROOM_MESSAGE_ENVELOPE_H
#define POSTROOM_MESSAGE_ENVELOPE_H

#include "lib/base/arena.h"
#include "lib/base/id.h"
#include "lib/base/pack.h"

/* A packed envelope is at most this many bytes: one message between roles. */
#define ENVELOPE_MAX_BYTES	(128 * 1024)

enum envelope_source {
	SOURCE_SMTP,		/* from the network, RFC 5321 */
	SOURCE_LMTP,		/* from the network, RFC 2033 */
	SOURCE_FETCH,		/* collected from a remote mailbox */
	SOURCE_OWN,		/* made by the hub itself */
	SOURCE_COUNT
};

enum envelope_body {		/* RFC 6152, RFC 3030 */
	BODY_7BIT,
	BODY_8BITMIME,
	BODY_BINARYMIME,
	BODY_COUNT
};

enum envelope_ret {		/* RFC 3461 4.3 */
	RET_UNSAID,
	RET_FULL,
	RET_HDRS,
	RET_COUNT
};

/* RFC 3461 4.1; no bit: NOTIFY was not given */
#define NOTIFY_NEVER	0x01
#define NOTIFY_SUCCESS	0x02
#define NOTIFY_FAILURE	0x04
#define NOTIFY_DELAY	0x08

struct recipient {
	struct slice	address;	/* local@domain as it was given */
	uint64_t	account;	/* whose mailbox; never 0 once accepted */
	uint8_t		notify;		/* NOTIFY_ bits */
	struct slice	orcpt;		/* RFC 3461 4.2, decoded; or empty */
};

#define FETCHED_DIGEST_BYTES	32	/* SHA-256 */
#define FETCHED_LABEL_MOST	256	/* bytes; policy/ allows fewer */
/*
 * In `mended`, beside the DOT_ bits: it came out shorter than it was listed, so
 * it may be cut; what stands at the provider is not to be deleted.
 */
#define FETCHED_SHORT		0x80u
#define FETCHED_UIDL_MOST	512	/* RFC 1939 7 says 70 */

/*
 * What a collected message was at its provider: the entry of the fetch ledger
 * (DESIGN.md 3).  Digests are of the message as it is stored: dots undone, line
 * ends mended.
 */
struct fetched {
	uint64_t	account;	/* fetch account; 0: it was not collected */
	struct slice	label;		/* of that, for people */
	uint32_t	number;		/* in the listing that took it */
	struct slice	uidl;		/* given by the queue; may be empty */
	uint64_t	listed_bytes;	/* given by the queue */
	unsigned char	header_digest[FETCHED_DIGEST_BYTES];
	unsigned char	digest[FETCHED_DIGEST_BYTES];
	uint8_t		mended;		/* DOT_ bits (dot.h): what was changed */
};

struct envelope {
	struct message_id	 id;	/* given by the queue */
	enum envelope_source	 source;
	int64_t			 received_at_utc_ms;
	struct slice		 sender;	/* empty: the null path <> */
	struct slice		 helo;		/* what the client called itself;
						   fetched: the provider's host */
	struct slice		 peer;		/* its address, as text */
	struct slice		 login;		/* who was logged in, or empty;
						   fetched: at the provider */
	struct slice		 tls;		/* version and cipher, or empty */
	enum envelope_body	 body;
	bool			 utf8;		/* SMTPUTF8 was asked for */
	enum envelope_ret	 ret;
	struct slice		 envid;		/* RFC 3461 4.4, decoded */
	uint64_t		 bytes;		/* size of the message */
	struct fetched		 fetched;	/* only of SOURCE_FETCH */
	struct recipient	*recipients;
	size_t			 recipient_count;
};

/* Add the packed envelope to `text`; the text fails when it does not fit. */
void	envelope_pack(struct text *, const struct envelope *);

/*
 * Read a packed envelope that is all of `packed`.  Slices point into `packed`,
 * the recipients live in the arena.
 *
 *  0        *envelope_out is set.
 * -EBADMSG  `packed` is no envelope.
 * -ENOBUFS  the arena's budget is spent.
 */
int	envelope_unpack(struct arena *, struct slice packed,
	    struct envelope *envelope_out);

#endif
