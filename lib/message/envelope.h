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
	SOURCE_UPSTREAM,	/* SMTP from our provider's servers: ETRN, ATRN */
	SOURCE_COUNT
};

/*
 * Somebody has taken it on already, so nobody is there to be told no: what
 * would be refused is held.
 */
bool	envelope_is_taken_on(enum envelope_source);

/* Why somebody may send without a login, if so. */
enum envelope_trust {
	TRUST_NOBODY,		/* a login, or nothing, says who it is */
	TRUST_DEVICE,		/* its address: one of policy/devices.h */
	TRUST_NETWORK,		/* the same: a trusted network */
	TRUST_COUNT
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

/*
 * In place of an account, from the door to the queue, which asks the keeper who is
 * meant (queue/expanding.h): beside the first, the number of a group.
 */
#define ACCOUNT_GROUP	(UINT64_C(1) << 62)	/* an alias or a list */
#define ACCOUNT_LIST	(UINT64_C(1) << 61)	/* and that it is a list */
#define ACCOUNT_BOUNCE	(UINT64_C(1) << 60)	/* a sender we have rewritten */
/* An answer about held mail: of one of ours, who has logged in (held_words.h). */
#define ACCOUNT_REPLY	(UINT64_C(1) << 59)
#define ENVELOPE_REPLY_LOCAL	"postmaster+held"	/* its local part */
#define ACCOUNT_NOBODYS	(ACCOUNT_GROUP | ACCOUNT_LIST | ACCOUNT_BOUNCE)

/* How a message has come to a recipient whom its sender did not name. */
#define RECIPIENT_VIA		0x01	/* by another address of ours */
#define RECIPIENT_BY_LIST	0x02	/* which is a list */
#define RECIPIENT_SENT_ON	0x04	/* it leaves, whoever has sent it */
#define RECIPIENT_BY_ALL	0x07

struct recipient {
	struct slice	address;	/* local@domain as it was given */
	uint64_t	account;	/* whose mailbox; 0, once accepted: it leaves
					   for another host */
	uint8_t		notify;		/* NOTIFY_ bits */
	struct slice	orcpt;		/* RFC 3461 4.2, decoded; or empty */
	uint8_t		by;		/* RECIPIENT_ bits; 0: named */
	/* only if `by` is not 0: */
	struct slice	via;		/* alias, list, or who has it sent on */
	struct slice	sender;		/* in place of the message's; or empty */
	uint64_t	on_behalf;	/* the account that has it sent on; 0:
					   an alias or a list does */
};

#define FETCHED_DIGEST_BYTES	32	/* SHA-256 */
#define FETCHED_LABEL_MOST	256	/* bytes; policy/ allows fewer */
/*
 * In `mended`, beside the DOT_ bits: it came out shorter than it was listed, so
 * it may be cut; what stands at the provider is not to be deleted.
 */
#define FETCHED_SHORT		0x80u
/*
 * In `mended`, too: it is no message but a note of one, which a rule says is not
 * wanted; that is to be deleted once the note is stored.
 */
#define FETCHED_NOTE		0x40u
/* The same of one that stays there until it is taken after all. */
#define FETCHED_PLACE		0x20u
#define FETCHED_UIDL_MOST	512	/* RFC 1939 7 says 70 */
#define FETCHED_FOLDER_MOST	1000	/* bytes of a remote folder's name */
#define FETCHED_INTO_MOST	255	/* of the one here (account.h) */
#define FETCHED_KEYWORDS_MOST	1024	/* all of them, a space between */
#define FETCHED_WORDS_MOST	2048	/* of an explanation */

/* Flags it had there, RFC 9051 2.3.2. */
#define FETCHED_SEEN		0x01u
#define FETCHED_ANSWERED	0x02u
#define FETCHED_FLAGGED		0x04u
#define FETCHED_DRAFT		0x08u
#define FETCHED_FLAGS		0x0fu

/*
 * What a collected message was at its provider: the entry of the fetch ledger
 * (DESIGN.md 3).  Digests are of the message as it is stored: dots undone, line
 * ends mended.
 */
struct fetched {
	uint64_t	account;	/* fetch account; 0: it was not collected */
	struct slice	label;		/* of that, for people */
	uint64_t	listing;	/* QUEUE_LISTING_BEGIN gave it */
	uint32_t	number;		/* in the listing that took it */
	struct slice	folder;		/* given by the queue: the remote one's
					   name, UTF-8; POP3: empty */
	struct slice	uidl;		/* given by the queue; may be empty;
					   IMAP: "UIDVALIDITY.UID" */
	uint64_t	listed_bytes;	/* given by the queue */
	unsigned char	header_digest[FETCHED_DIGEST_BYTES];
	unsigned char	digest[FETCHED_DIGEST_BYTES];
	uint8_t		mended;		/* DOT_ bits (dot.h): what was changed */
	struct slice	into;		/* folder here; empty: INBOX */
	uint8_t		flags;		/* FETCHED_SEEN, ... */
	struct slice	keywords;	/* atoms, a space between */
	int64_t		arrived_utc_ms;	/* INTERNALDATE; 0: not known */
	/*
	 * DomainPOP: what all copies of it share, so that a recipient gets one;
	 * how they were found, in lines for people; and, where nobody was, why it
	 * waits for the postmaster.
	 */
	bool		by_envelope;	/* an envelope header says whose it is */
	bool		has_identity;
	unsigned char	identity[FETCHED_DIGEST_BYTES];
	struct slice	found;
	struct slice	hold;
};

/*
 * Where it entered our provider's care: the last hop that somebody we trust has
 * written down (filters/trusted_hop.h).  What lies behind it may be forged.
 */
struct trusted_hop {
	struct slice	peer;		/* address as text; empty: not known */
	struct slice	helo;		/* what it called itself; may be empty */
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
	enum envelope_trust	 trust;		/* not NOBODY: that it is who
						   `login` says is our word */
	uint64_t		 sender_account;	/* whose submission it is; 0:
						   nobody's */
	struct slice		 tls;		/* version and cipher, or empty */
	enum envelope_body	 body;
	bool			 utf8;		/* SMTPUTF8 was asked for */
	enum envelope_ret	 ret;
	struct slice		 envid;		/* RFC 3461 4.4, decoded */
	uint64_t		 bytes;		/* size of the message */
	struct fetched		 fetched;	/* only of SOURCE_FETCH */
	/* FETCH and UPSTREAM; read by the judge from the message, not packed */
	struct trusted_hop	 hop;
	struct recipient	*recipients;
	size_t			 recipient_count;
};

/* Some recipient of it leaves for another host. */
bool	envelope_leaves(const struct envelope *);
/*
 * Its source may send to other hosts: ourselves, a person who has logged in to
 * submit it, and who is known by the address.  Nothing else ever leaves, whatever
 * its recipients say, but to whom somebody here has it sent on.
 */
bool	envelope_may_leave(const struct envelope *);

/* Some recipient's account is nobody's: it has yet to be asked who is meant. */
bool	envelope_is_open(const struct envelope *);
/* A person's answer about what is held for them; it goes to no mailbox. */
bool	envelope_is_reply(const struct envelope *);
/* To this address, in any domain of ours, such answers go. */
bool	envelope_is_reply_address(struct slice address);
/* Who is told of what becomes of it for this recipient, as which it leaves. */
struct slice	envelope_sender_of(const struct envelope *,
	    const struct recipient *);

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
