/*
 * service.h - what is asked of the queue role, and what it answers
 */
#ifndef POSTROOM_QUEUE_SERVICE_H
#define POSTROOM_QUEUE_SERVICE_H

#include "lib/base/id.h"
#include "lib/base/pack.h"

enum queue_kind {
	/* door -> queue: u64 bytes; reply: packed answer (250 grants them).
	 * GRANT, RELEASE and SUBMIT are as well for the schedule and the
	 * relay, whose submissions, and nobody else's, are SOURCE_OWN. */
	QUEUE_GRANT = 400,
	/* door -> queue, news: u64 bytes given back */
	QUEUE_RELEASE,
	/* door -> queue: u32 count, GRANTS_MOST at the most: room for so many
	 * messages of BIG_BYTES that it expects; reply as QUEUE_GRANT, for all
	 * of it or none */
	QUEUE_GRANTS,
	/* door -> queue: nothing; reply: packed answer, u64 ticket and, with
	 * 250, one descriptor: the writing end of a pipe into a big file */
	QUEUE_BIG,
	/* door -> queue, news: u64 ticket; its pipe was closed half-way; of a
	 * mailbox: it does not want the file */
	QUEUE_ABANDON_BIG,
	/* door -> queue, 1 descriptor (sealed bytes): u64 granted, packed
	 * envelope; reply: packed answer; code 0: say nothing, hang up */
	QUEUE_SUBMIT,
	/* door -> queue: u64 granted, u64 ticket, packed envelope; reply as
	 * QUEUE_SUBMIT.  The pipe was closed before. */
	QUEUE_SUBMIT_BIG,
	/* fetch -> queue: u64 listing, u32 number, which is to be taken;
	 * reply: packed answer: 250 show its header (QUEUE_SHARED), or
	 * QUEUE_FETCH_IT.  It waits where one like it is just coming for
	 * somebody else. */
	QUEUE_HELD,
	/* fetch -> queue, 1 descriptor (sealed: the header of a message, with
	 * its empty line): shared_sample_pack(), packed envelope as for
	 * QUEUE_SUBMIT, `bytes` as listed and without the digest of all; reply
	 * as QUEUE_SUBMIT, or QUEUE_FETCH_IT, or where it comes back
	 * QUEUE_IT_IS with a descriptor to read it and shared_made_pack() */
	QUEUE_SHARED,
	/* mailbox -> queue: id; reply: i64 status and, with 0, a read-only
	 * descriptor of the big file */
	QUEUE_OPEN_BIG,
	/* mailbox -> queue, news: id; no letter here refers to it any more */
	QUEUE_UNREF_BIG,
	/* mailbox -> queue, news: session_step_pack() */
	QUEUE_STEP,
	/* mailbox -> queue: u32 count, each an id, EXPUNGED_PAGE at the most:
	 * a person has deleted these for good here; i64 status: 0 it is noted,
	 * durable, where it matters */
	QUEUE_EXPUNGED,
	/* console -> queue: nothing; reply: packed queue_status */
	QUEUE_STATUS,
	/*
	 * A listing: fetch tells what is in a remote mailbox, the queue says
	 * what of it to take, to look at, to delete.  One at a time for each
	 * fetch account; it ends with its channel.  GRANT, BIG, SUBMIT and so
	 * on are as for the door; a submission of SOURCE_FETCH names a number
	 * that was to be taken and its answer 250 means STORED.
	 */
	/* fetch -> queue: u64 fetch account, slice folder (UTF-8, as the server
	 * names it; POP3: empty), u8 has_uidl, i32 delete after days (-1: never),
	 * u8 delete what a person deletes here, u8 its mail is for many (DomainPOP;
	 * the keeper has the last word) -> u8 enum listing_status, u8 may
	 * delete now, u8 is the first one of this account and folder, u64
	 * listing: what all that follows names it by.  That is the account's
	 * number where the folder is empty, and ROWS may follow at once then,
	 * nothing else: the answer may have to wait for the keeper, who knows
	 * whose it is.  One of somebody else is a breach, one of nobody is
	 * answered NONE. */
	QUEUE_LISTING_BEGIN,
	/* fetch -> queue: u64 listing, u32 count, each u32 number, u64
	 * bytes, slice uidl; numbers grow -> u8 listing_status */
	QUEUE_LISTING_ROWS,
	/* fetch -> queue: u64 listing, u64 largest bytes -> u8
	 * listing_status, packed listing_counts.  All rows have been told;
	 * decide, again after DIGESTS or LEAVE. */
	QUEUE_LISTING_DECIDE,
	/* fetch -> queue: u64 listing, u8 enum listing_part, after which row:
	 * u64 bytes, u32 number (0: from the first) -> u8 listing_status, u8
	 * enum listing_order, u32 count, each u32 number, u64 bytes, u8 enum
	 * listing_note, u64 how much of it is (of
	 * what was cut: QUEUE_BIG_OF), in that order; less than LISTING_PAGE of
	 * them: that was all */
	QUEUE_LISTING_PAGE,
	/* fetch -> queue: u64 listing, u32 count, each u32 number, u8
	 * known, 32 bytes: SHA-256 of the header as TOP n 0 gave it (not known:
	 * it could not be had) -> u8 listing_status */
	QUEUE_LISTING_DIGESTS,
	/* fetch -> queue: u64 listing, u32 count, each u32 number, u32
	 * upto -> u8 listing_status, packed listing_spared (those that were
	 * not LEFT before).  These are old and never wanted: they stay where
	 * they are.  Durable with the answer; `count` 0 says that nothing
	 * (more) is to be left: the account's beginning is settled.  All rows
	 * have been told.  Where there are no UIDLs those left become part of
	 * LISTING_LOOK, and the beginning is settled once they were looked at:
	 * until then the account is new at the next listing, too.  One that
	 * was to be taken and came too large may be left after the decision:
	 * from then on it counts as too large.  Where there are no UIDLs say its
	 * DIGESTS before that. */
	QUEUE_LISTING_LEAVE,
	/* fetch -> queue: u64 listing, u32 count, each u32 number: DELE
	 * is about to be sent -> u8 listing_status */
	QUEUE_LISTING_DELETING,
	/* fetch -> queue: u64 listing, u8 those too large as well, u32 count
	 * (SPARED_PAGE at the most), each u32 number, u8 enum spared, u64 bytes
	 * of it that were carried: the rest of these is not downloaded now ->
	 * u8 listing_status, packed listing_spared: those of which that had
	 * not been said before.  After DECIDE, and not during a LEAVE. */
	QUEUE_LISTING_SPARED,
	/* fetch -> queue, news: u64 listing; it is over */
	QUEUE_LISTING_END,
	/* console -> queue: u64 fetch account, slice folder (or empty), u32
	 * count, UIDLs as slices, LISTING_PAGE at the most: another program has
	 * collected these -> u8 listing_status, durable with it */
	QUEUE_LISTING_SEED,
	/* console -> queue: nothing -> u8 0 or 1: remote deletion was stopped
	 * because this hub was restored, and goes on now */
	QUEUE_FETCH_RESUME,
	/* mailbox -> queue, news, the first on a channel: u64 the journal
	 * position its index has settled; less than the queue knows of says
	 * that the account was restored */
	QUEUE_ACCOUNT_AT,
	/*
	 * What waits for a person.  Each answer begins with a u8 hold_status;
	 * the rest is there with HOLD_OK only.
	 */
	/* console -> queue: u8 hold_which, id above which (all zeroes: from
	 * the first) -> u32 count, each as hold_row_pack(); less than
	 * HOLD_PAGE of them: that was all */
	QUEUE_HOLD_LIST,
	/* console -> queue: id -> as hold_row_pack(), slice text: the first
	 * HOLD_SHOWN_BYTES of the message as it came */
	QUEUE_HOLD_SHOW,
	/* console -> queue: id, slice who asks, slice address (empty: to its
	 * recipients) */
	QUEUE_HOLD_RELEASE,
	/* console -> queue: id, slice who asks */
	QUEUE_HOLD_DELETE,
	/* schedule -> queue: u64 account above which -> u8 hold_status, and if
	 * HOLD_OK: u64 account (0: none), u32 how many more, u32 count, each as
	 * hold_row_pack(), with its link: what is held for it that it was not told of */
	QUEUE_HELD_NEWS,
	/* schedule -> queue, news: u64 account, u32 count (HELD_PAGE at the
	 * most), ids: it knows of these */
	QUEUE_HELD_TOLD,
	/* door -> queue: u64 account -> u8 something that was received is on
	 * its way to that mailbox, and not committed there */
	QUEUE_DELIVERING,
	/* fetch -> queue: u64 listing, u32 number, u8 wants what is kept of it;
	 * as QUEUE_BIG for that message, and behind the ticket: u64 length of
	 * what is kept (0: nothing), 32 bytes digest of that, and a second,
	 * read-only descriptor of it.  What comes through the pipe are the bytes
	 * of the wire, from the first on, and are kept if the message is cut. */
	QUEUE_BIG_OF,
	/* fetch -> queue: u64 ticket; from here on they are not: no more of it
	 * is to be kept -> nothing.  The pipe waits for the answer. */
	QUEUE_BIG_MENDED,
	/* fetch -> queue, news: u64 listing, u32 number, u64 ticket or 0; what
	 * is kept of it is of no use, and what comes of it there neither */
	QUEUE_HALF_DROP,
	/* console -> queue: u64 who asks (an account; 0: the postmaster), slice
	 * id of a note: the message itself is wanted (ledger_want_body) -> u8
	 * body_status, u32 how many, so many u64 fetch accounts */
	QUEUE_BODY,
	/* fetch -> queue, 2 descriptors (sealed: the bytes; what they were as
	 * they came, original_pack()): as QUEUE_SUBMIT; the message is in the
	 * archive before it is received (archive.h) */
	QUEUE_SUBMIT_ARCHIVED,
	/* fetch -> queue, 1 descriptor (the second of those): as
	 * QUEUE_SUBMIT_BIG */
	QUEUE_SUBMIT_BIG_ARCHIVED,
	/* mailbox -> queue: u64 bytes of a big message that a person saves; i64
	 * status (-EDQUOT: others that are being saved here take all the room
	 * that one account may have, -ENOSPC) and, with 0, u64 ticket, id of
	 * the letter, one descriptor: the writing end of a pipe into its file */
	QUEUE_SAVE_BIG,
	/* mailbox -> queue: u64 ticket, whose pipe was closed before; i64 status,
	 * u64 bytes of the file: it is durable, and counted as this account's
	 * as if it had been delivered */
	QUEUE_SAVED_BIG,
	/*
	 * What people ask of what is held for them; each answer begins with a
	 * u8 hold_status as above.
	 */
	/* console -> queue: u64 account, id below which (all ones: from the
	 * newest) -> u32 count, each as hold_row_pack(); less than HOLD_PAGE
	 * of them: that was all */
	QUEUE_HELD_LIST,
	/* console -> queue: u64 account and id, or zeroes and slice link, which
	 * names both -> u64 account, as hold_row_pack(), slice text: as
	 * QUEUE_HOLD_SHOW, of what they may take */
	QUEUE_HELD_SHOW,
	/* console -> queue: the same -> u64 account: it is on its way there,
	 * and nowhere else */
	QUEUE_HELD_TAKE,
	/* the same: it is put into Junk there, for its person says that it is
	 * spam */
	QUEUE_HELD_SPAM,
	/* keeper -> queue, news: u8 somebody keeps a list of senders, u8
	 * somebody has mail sent on; until that is said somebody may */
	QUEUE_SENDERS,
	/*
	 * Mail that waits to leave (desk_wire.h); each is asked with
	 * desk_ask_pack() and answered with a u8 desk_status, and with DESK_OK:
	 */
	/* console -> queue: -> u8 there are more, their place, u32 count
	 * (DESK_PAGE at the most), each as desk_row_pack() */
	QUEUE_DESK_LIST,
	/* console -> queue: of one -> u8 enum source, and slices: peer, From,
	 * subject, ENVID */
	QUEUE_DESK_FILE,
	/* console -> queue: -> u32 changed, u32 being sent right now, u8 there
	 * are more, their place: ask on behind it */
	QUEUE_DESK_ACT,
	/* keeper -> queue, news: whose mail leaves by a smarthost of its own, as
	 * ways_unpack() has it; until that is said nothing leaves */
	QUEUE_WAYS,
	/* schedule -> queue, news: line_state_pack(); the line stands so from
	 * now on */
	QUEUE_LINE,
	/* console -> queue: u64 account (0: the postmaster), id above which ->
	 * u8 desk_status, u32 count, each recall_row_pack(); less than DESK_PAGE
	 * of them: that was all (recall.h, desk_wire.h) */
	QUEUE_RECALL_LIST,
	/* console -> queue: u64 account, slice who asks, id -> u8 desk_status */
	QUEUE_RECALL_TAKE,
	/* keeper -> queue, news: the gateway domains, as gateways_unpack() has
	 * them; until that is said nothing leaves */
	QUEUE_GATEWAYS,
	/* door -> queue: etrn_asked_pack(); reply: packed answer */
	QUEUE_ETRN,
	/* door -> queue, with one end of a socket pair, at whose other end the
	 * client becomes the server (RFC 2645): atrn_asked_pack(); reply:
	 * packed answer, with 250 the relay has that end */
	QUEUE_ATRN
};

/*
 * The id that a note shows: so much of the digest of its message's header, in
 * hexadecimal; equal headers share it.
 */
#define NOTE_CODE_BYTES	8

enum body_status { BODY_WANTED, BODY_NONE, BODY_UNFIT, BODY_LATER,
    BODY_STATUS_COUNT };

enum hold_status {
	HOLD_OK,
	HOLD_NONE,		/* no such message is held */
	HOLD_LATER,		/* it is just being set aside; or the disk */
	HOLD_DAMAGED,		/* its bytes cannot be read */
	HOLD_NO_ACCOUNT,	/* that address is nobody's here */
	HOLD_FORGED,		/* that link is none of ours */
	HOLD_OVER,		/* its time is */
	HOLD_KEPT,		/* only the postmaster may have it delivered */
	HOLD_STATUS_COUNT
};

enum hold_which { HOLD_ANY, HOLD_HELD, HOLD_QUARANTINED, HOLD_WHICH_COUNT };

/* Rows of 1,600 bytes, six times as many in JSON at worst: fits an answer. */
#define HOLD_PAGE		25
#define HELD_PAGE		30	/* told in one mail: some 33 KB of it */
#define HOLD_SHOWN_BYTES	(48 * 1024)	/* the same */

#define EXPUNGED_PAGE		256
#define GRANTS_MOST		16

/* RFC 1985 5: that one, "@" those below it, too; our queues "#" are domains. */
enum etrn_kind { ETRN_ONE, ETRN_BELOW, ETRN_QUEUE, ETRN_KIND_COUNT };

/* A client asks for the mail of a gateway domain. */
struct etrn_asked {
	enum etrn_kind	kind;
	struct slice	name;		/* in the form of gateway_name() */
	uint64_t	account;	/* who has logged in, or 0 */
	struct slice	peer;		/* numeric address */
};
/* As bytes, and back: 0 or -EBADMSG. */
void	etrn_asked_pack(struct text *, const struct etrn_asked *);
int	etrn_asked_unpack(struct slice, struct etrn_asked *asked_out);

#define ATRN_NAMES_MOST		16

/* A client takes the mail of its gateway domains on its own connection. */
struct atrn_asked {
	uint64_t	account;	/* who has logged in */
	struct slice	names[ATRN_NAMES_MOST];	/* as gateway_name() has them */
	size_t		count;		/* 0: all that are its */
	struct slice	peer;		/* numeric address */
	struct slice	tls;		/* "TLSv1.3 ...", or empty */
};
/* As bytes, and back: 0 or -EBADMSG. */
void	atrn_asked_pack(struct text *, const struct atrn_asked *);
int	atrn_asked_unpack(struct slice, struct atrn_asked *asked_out);

enum listing_status {
	LISTING_OK,
	LISTING_BUSY,		/* another collection of it is under way */
	LISTING_NONE,		/* there is no such listing (any more) */
	LISTING_LATER,		/* disk, memory, room: try again later */
	LISTING_TOO_MANY,	/* more than is ever heard of one remote
				   mailbox; nothing of it is kept */
	LISTING_STATUS_COUNT
};

enum listing_part {
	LISTING_TAKE,		/* fetch it */
	LISTING_LOOK,		/* say the digest of its header first */
	LISTING_DELETE,		/* it is safe here, and its time has come */
	LISTING_PART_COUNT
};

/* Is a note here that stands for the message (FETCHED_PLACE)? */
enum listing_note {
	LISTING_NOTE_NONE,
	LISTING_NOTE_HERE,
	LISTING_NOTE_WANTED,	/* the message itself is wanted now */
	LISTING_NOTE_COUNT
};

/* In what order the rows of a part are given. */
enum listing_order {
	LISTING_BY_NUMBER,	/* as they came to the remote mailbox */
	LISTING_BY_SIZE,	/* the smallest first: see listing_rank() */
	LISTING_ORDER_COUNT
};

/*
 * What is this small is gone in a second on any line: of such it is worth more
 * that they come in their own order, as they answer each other.
 */
#define LISTING_SMALL_BYTES	16384

/* Where a row stands, before its number. */
uint64_t listing_rank(enum listing_order, uint64_t bytes);

/* Why a message is not downloaded now. */
enum spared {
	SPARED_SKIPPED,		/* it is left, deleted, or too large */
	SPARED_DEFERRED,	/* it waits for its hour */
	SPARED_COUNT
};
#define SPARED_PAGE	500	/* rows of one message: some ms of writing */

/* Counted once for each message, however often it is listed. */
struct listing_spared {
	struct {
		uint64_t	messages, bytes;
	} of[SPARED_COUNT];
};

#define LISTING_PAGE	2000	/* rows of one message */
#define UIDL_MOST_BYTES	512	/* RFC 1939 says 70; the rest is digested */
#define LISTING_MOST	200000	/* rows of one listing: some 40 MB with their
				   entries; above it: TOO_MANY */
#define LISTING_UIDLS_MOST (16u * 1024 * 1024)	/* bytes of its UIDLs; RFC 1939
				   7 says at most 70 each */
#define LISTING_SMALL	5000	/* rows: one that has no more is never put off
				   because of others (ledger_listing.c) */

struct listing_counts {
	uint64_t	listed, listed_bytes;
	uint64_t	take, take_bytes;
	uint64_t	look;
	uint64_t	remove;		/* part LISTING_DELETE */
	uint64_t	known;		/* here already and staying there, or
					   never wanted */
	uint64_t	too_large;	/* by its size, or left after a
					   decision: it came larger */
	uint64_t	left, left_bytes;	/* just now; not in its bytes */
};

/* An answer, beside SMTP's reply codes: it is not taken from here. */
#define QUEUE_FETCH_IT	354
/* It is put together, and yours to submit, with room for it granted. */
#define QUEUE_IT_IS	355
/*
 * Smaller messages are never taken from here: their header, which has to be
 * fetched first, is a third of what would be saved.
 */
#define SHARED_LEAST_BYTES	16384
/* Of a header; those of lists and of many hops have 20 KiB. */
#define SHARED_HEADER_BYTES	65536
/*
 * Of the body that whoever has the header says he has: so much of it must be the
 * same.  A signed header is no secret (bounces, archives, whoever asks for it),
 * and shown alone it would be given a body that its owner never had.  IMAP is
 * asked for the least, at a place that nobody knows before; POP3 for its first
 * lines, of which the most counts.
 */
#define SHARED_SAMPLE_LEAST	1024
#define SHARED_SAMPLE_MOST	2048
#define SHARED_DIGEST_BYTES	32
#define SHARED_AT_ONCE	32	/* QUEUE_SHARED of one collector; of more each
				   is QUEUE_FETCH_IT */

struct shared_sample {
	bool		comes_back;	/* a domain's: for whom it is, all of
					   it says */
	uint64_t	at;		/* in the whole message, of its body */
	uint64_t	bytes;
	/* SHA-256 of them without CR and LF, which a cut may have mended */
	unsigned char	digest[SHARED_DIGEST_BYTES];
};
/* As bytes, and back: what follows is left in it.  0 or -EBADMSG. */
void	shared_sample_pack(struct text *, const struct shared_sample *);
int	shared_sample_unpack(struct unpack *,
	    struct shared_sample *sample_out);

/* What was put together. */
struct shared_made {
	uint64_t	bytes;
	uint64_t	ticket;		/* of its big file; 0: the descriptor is
					   a sealed memory file */
	unsigned char	digest[SHARED_DIGEST_BYTES];	/* of all of it */
};

/* As bytes, and back; 0 or -EBADMSG. */
void	shared_made_pack(struct text *, const struct shared_made *);
int	shared_made_unpack(struct unpack *, struct shared_made *made_out);

/* As bytes, and back. */
void	listing_counts_pack(struct text *, const struct listing_counts *);
/* 0 or -EBADMSG. */
int	listing_counts_unpack(struct unpack *,
	    struct listing_counts *counts_out);
void	listing_spared_pack(struct text *, const struct listing_spared *);
int	listing_spared_unpack(struct unpack *,
	    struct listing_spared *spared_out);

/* What the door tells its client. */
struct queue_answer {
	uint16_t	code;		/* an SMTP reply code; 0: hang up */
	struct slice	status;		/* "2.0.0" */
	struct slice	words;		/* one line */
	bool		held;		/* taken, and waits for a person */
	bool		known;		/* it was here already */
};

/* An answer as bytes, and back; 0 or -EBADMSG. */
void	answer_pack(struct text *, const struct queue_answer *);
int	answer_unpack(struct unpack *, struct queue_answer *answer_out);

/* Why no new mail is taken. */
enum queue_bar {
	BAR_NONE,		/* it is */
	BAR_DISK,		/* less is free than has to be */
	BAR_DISK_UNKNOWN,	/* it cannot be asked */
	BAR_JOURNAL,		/* what it holds is not settled yet */
	BAR_COUNT
};
/* In words: a clause. */
const char *queue_bar_words(enum queue_bar);

struct queue_status {
	uint64_t	received;	/* since the start */
	uint64_t	delivered;
	uint64_t	refused;	/* by a judge */
	uint64_t	moving;		/* received and not yet settled */
	uint64_t	waiting;	/* of them: a mailbox cannot take it now */
	uint64_t	held, quarantined;	/* wait for a person */
	uint64_t	segments_used, segments_free, segments_broken;
	uint64_t	free_bytes;	/* on the disk */
	enum queue_bar	bar;		/* is new mail taken? */
	bool		deletes;	/* remote mail: not after a restore */
	uint64_t	messages_sent, messages_received;	/* between roles */
	/* recipients of other hosts, and since when the oldest is (0: none) */
	uint64_t	leaving_waiting, leaving_held, leaving_failed;
	int64_t		leaving_since_utc_ms;
};

/* What is held: for the console, and for the text of `hold show`. */
struct hold_row {
	struct message_id	 id;
	bool			 is_quarantined;
	int64_t			 since_utc_ms;
	struct slice		 reason;	/* a sentence */
	struct slice		 from, subject;	/* as the judge read them */
	struct slice		 sender;	/* empty: the null path <> */
	struct slice		 recipients;	/* addresses, ", " between */
	struct slice		 source;	/* "smtp: PEER", "fetch: LABEL" */
	uint64_t		 bytes;
	bool			 is_damaged;	/* only the row could be read */
	struct slice		 score;		/* of the spam filter; or empty */
	int64_t			 ends_utc_ms;	/* then it is deleted; 0: never */
	bool			 is_personal;	/* its recipients are told of it */
	struct slice		 told;		/* those of them who know, as they */
	bool			 may_take;	/* they may have it delivered */
	struct slice		 link;		/* to it, of one of them; or empty */
	struct slice		 author;	/* address (written.h); or empty */
	uint32_t		 number;	/* with the link: held_link_number() */
};

/* A row as bytes, and back; 0 or -EBADMSG. */
void	hold_row_pack(struct text *, const struct hold_row *);
int	hold_row_unpack(struct unpack *, struct hold_row *row_out);

/* What came of one number in an answer to such a mail. */
struct held_replied {
	uint32_t		 number;
	bool			 is_spam;	/* it was said to be */
	enum hold_status	 status;
	struct slice		 subject;	/* of the message; or empty */
};
/* As bytes, and back; 0 or -EBADMSG. */
void	held_replied_pack(struct text *, const struct held_replied *);
int	held_replied_unpack(struct unpack *,
	    struct held_replied *replied_out);

/* The status as bytes, and back; 0 or -EBADMSG. */
void	queue_status_pack(struct text *, const struct queue_status *);
int	queue_status_unpack(struct slice, struct queue_status *status_out);

#endif
