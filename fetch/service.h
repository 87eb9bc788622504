/*
 * service.h - what is said between the schedule, those who collect, and others
 *
 * The schedule role (one, no secrets, no network) knows which remote mailboxes
 * there are and when each is due; it has a fetch process started for an owner
 * and tells it what to collect.  A fetch process (instance: the owner's account
 * number) holds that owner's credentials only.
 */
#ifndef POSTROOM_FETCH_SERVICE_H
#define POSTROOM_FETCH_SERVICE_H

#include "lib/base/pack.h"

#define FETCH_WORDS_MOST	512

enum fetch_kind {
	/* schedule -> fetch: u64 fetch account, u8 what (fetch_task), u32 of
	 * how many messages FETCH_DOCTOR reads the header (0: as usual); reply
	 * when it is over: packed outcome */
	FETCH_TASK = 600,
	/* fetch -> schedule, news: u64 fetch account, packed progress */
	FETCH_PROGRESS,
	/* console -> schedule: u16 request number, u64 asker, slice packed
	 * arguments -> packed answer (admin.h), as KEEPER_ADMIN */
	SCHEDULE_ADMIN,
	/* keeper -> schedule, news: nothing; the accounts have changed */
	SCHEDULE_CHANGED,
	/* keeper -> schedule, news: u64 account, slice its address, u32 the
	 * most, u8 of recipients, u8 within a day: it would send more */
	SCHEDULE_SENDS_MUCH,
	/* door -> schedule: u64 account; its owner reads mail now -> u8 what
	 * is collected on reading is being collected; ask again */
	SCHEDULE_READS,
	/* schedule -> fetch, news: u64 fetch account; the line has closed:
	 * finish what has been asked for, and end with FETCH_END_LINE */
	FETCH_PAUSE,
	/* schedule -> fetch, news: u64 bytes a second that each collection may
	 * carry; BUCKET_FREE: no limit */
	FETCH_SHARE,
	/* fetch -> schedule, news: u64 fetch account, line_counts_pack(); what
	 * was carried and saved since the last such, before an outcome always */
	FETCH_CARRIED,
	/* schedule -> fetch: consent_ask_pack(); reply at once:
	 * consent_state_pack() (consent.h) */
	FETCH_CONSENT,
	/* schedule -> fetch: u64 fetch account, u64 mark; watch its INBOX from
	 * there on, until FETCH_UNWATCH; reply when it is over: packed outcome */
	FETCH_WATCH_INBOX,
	/* schedule -> fetch, news: u64 fetch account */
	FETCH_UNWATCH,
	/* fetch -> schedule, news: u64 fetch account; its INBOX has more */
	FETCH_NEWS,
	/* relay -> schedule, news: line_counts_pack(); what it has carried
	 * since the last such */
	SCHEDULE_RELAYED,
	/* queue -> schedule, news: u64 account, u32 count (HELD_PAGE at the
	 * most), each as held_replied_pack(): what came of its answer about held
	 * mail; of none nothing could be read */
	SCHEDULE_REPLIED,
	/* keeper -> schedule, news: u64 account, slice target, u8 the account
	 * has a copy, i64 since (ms since 1970, UTC): its owner has set that
	 * forward, and is to be told (KEEPER_FORWARD_TOLD) */
	SCHEDULE_FORWARDED,
	/* queue -> schedule, news: nothing; mail is late that has no way out:
	 * the postmaster is to be told */
	SCHEDULE_WAYLESS
};

enum resolver_kind {
	/* fetch, relay -> resolver: slice host; reply: u8 found (enum names_found),
	 * slice addresses (names.h), slice those of them that are this
	 * machine's (here.h) */
	RESOLVER_ADDRESSES = 500,
	/* fetch, judge -> resolver: slice name; reply: u8 found, u8 secure (1:
	 * DNSSEC says so), u32 how many, so many slices: the texts of its TXT
	 * records.  What is bogus is "later", as all that fails. */
	RESOLVER_TEXT,
	/* judge, relay -> resolver: u8 kind (enum names_kind), slice name; reply: as
	 * RESOLVER_TEXT has it, with records as names.h has them.  The relay's
	 * NAMES_ROUTES are secure where DNSSEC says so; nothing else is. */
	RESOLVER_RECORDS,
	/* relay -> resolver: slice host, u32 port; reply: u8 found, slice base,
	 * u32 how many, so many slices: names_ask_proofs().  Where DNSSEC does
	 * not come through nobody has any. */
	RESOLVER_PROOFS
};

enum door_kind {
	/*
	 * fetch -> door, with a descriptor: one end of a socket pair, at whose
	 * other end the provider is the SMTP client now (RFC 2645).  u64 fetch
	 * account, slice its numeric address, slice TLS words; reply when that
	 * session is over: packed turned
	 */
	DOOR_TURN = 620,
	/* keeper -> door, news: an address may be somebody else's now */
	DOOR_WHOSE_CHANGED,
	/* keeper -> door, news: block_pack() (blocks.h), as often as there is
	 * one; until 0: it is forgiven */
	DOOR_BLOCKED,
	/* console -> door: nothing; reply: packed door_status */
	DOOR_STATUS,
	/* keeper -> door, news: all devices, as devices_unpack() has them */
	DOOR_DEVICES,
	/* keeper -> door, news: u8 there are gateway domains (gateway.h) */
	DOOR_GATEWAYS
};

/* Who is connected. */
struct door_status {
	uint32_t	connected;	/* all of them */
	uint32_t	logged_in;	/* of these */
	uint32_t	parked;		/* of these: they idle, and no process
					   is kept for them */
};

/* As bytes, and back; 0 or -EBADMSG. */
void	door_status_pack(struct text *, const struct door_status *);
int	door_status_unpack(struct slice, struct door_status *status_out);

enum fetch_task {
	FETCH_COLLECT,
	FETCH_TRY,		/* log in, count what waits, take nothing */
	FETCH_WATCH,		/* wait for new mail: FETCH_WATCH_INBOX */
	FETCH_EVERYTHING,	/* collect, and what waits for the night, too */
	FETCH_DOCTOR,		/* look at headers, say what it is like */
	FETCH_TASK_COUNT
};

/* How a collection ended. */
enum fetch_end {
	FETCH_END_DONE,
	FETCH_END_UNREACHABLE,	/* no such host, nobody answers, no line */
	FETCH_END_TIMED_OUT,	/* it fell silent, or sent too slowly */
	FETCH_END_NO_TLS,
	FETCH_END_TLS,
	FETCH_END_DISTRUSTED,	/* its certificate */
	FETCH_END_REFUSED,	/* name or password is wrong */
	FETCH_END_BUSY,		/* locked, in use, "try later" (RFC 3206) */
	FETCH_END_MECHANISM,	/* it does not offer that way of logging in */
	FETCH_END_NONSENSE,	/* what it said is not POP3 */
	FETCH_END_INCONSISTENT,	/* it speaks POP3, but out of step, without
				   end, or not as it lists */
	FETCH_END_CLOSED,	/* it hung up half-way */
	FETCH_END_PAUSED,	/* the hub takes nothing now: disk, queue */
	FETCH_END_UNSAID,	/* what of the old mail is taken is not said */
	FETCH_END_LINE,		/* the line is closed, or its bytes are spent */
	FETCH_END_DAY,		/* a mailbox gives no more within a day */
	FETCH_END_LOCAL,	/* a fault of ours; the log has it */
	FETCH_END_NOT_OFFERED,	/* it knows no ETRN, or ATRN */
	FETCH_END_NOT_ALLOWED,	/* not for these names, or not for us */
	FETCH_END_WANTS_LOGIN,	/* before it is asked (RFC 2645 4) */
	FETCH_END_CONSENT,	/* the owner is to consent at the provider */
	FETCH_END_CLIENT,	/* it does not know us: client id, secret */
	FETCH_END_INNER,	/* people may not name a host of the office */
	FETCH_END_COUNT
};

struct fetch_outcome {
	enum fetch_end	end;
	uint64_t	listed, listed_bytes;	/* what is in the mailbox */
	uint64_t	waiting, waiting_bytes;	/* of it, not here yet */
	uint64_t	taken, taken_bytes;	/* stored here now */
	uint64_t	held;		/* of them, for the postmaster */
	uint64_t	deleted;	/* asked of the server, and granted */
	uint64_t	too_large;	/* left there, above the largest size */
	uint64_t	left;		/* could not be taken: tried again */
	/* by rules before a download: left there, and put off */
	uint64_t	skipped, skipped_bytes;
	uint64_t	deferred, deferred_bytes;
	uint64_t	asked;		/* names whose mail it sends by SMTP, or
					   could be asked for */
	uint64_t	mark;		/* INBOX can be watched from there on; 0:
					   it cannot */
	bool		deletions_stopped;	/* a restored ledger */
	bool		has_print;	/* of the certificate it showed */
	unsigned char	print[32];
	bool		server_said;	/* `words`; else the library, or we */
	struct slice	words;
	struct slice	report;		/* FETCH_DOCTOR: rows of diagnosis.h */
};

/* It brings mail here; else it only looks. */
static inline bool
fetch_task_collects(enum fetch_task task)
{
	return task == FETCH_COLLECT || task == FETCH_EVERYTHING;
}

enum fetch_stage { FETCH_STAGE_WAITING, FETCH_STAGE_CONNECTING,
    FETCH_STAGE_LISTING, FETCH_STAGE_TAKING, FETCH_STAGE_DELETING,
    FETCH_STAGE_OVER, FETCH_STAGE_COUNT };

struct fetch_progress {
	enum fetch_stage stage;
	uint64_t	 done, of;		/* messages */
	uint64_t	 done_bytes, of_bytes;
};

/* What became of a session in which the provider was the client. */
struct fetch_turned {
	bool		 has_begun;	/* else there was no room for it */
	bool		 has_quit;	/* it said QUIT */
	uint64_t	 taken, taken_bytes;	/* answered with 250 */
	uint64_t	 held;		/* of them, for the postmaster */
	uint64_t	 left;		/* sent whole, and not taken */
};

/* As bytes, and back; 0 or -EBADMSG.  `words` points into what is read. */
void	fetch_outcome_pack(struct text *, const struct fetch_outcome *);
int	fetch_outcome_unpack(struct unpack *,
	    struct fetch_outcome *outcome_out);
void	fetch_progress_pack(struct text *, const struct fetch_progress *);
int	fetch_progress_unpack(struct unpack *,
	    struct fetch_progress *progress_out);
void	fetch_turned_pack(struct text *, const struct fetch_turned *);
int	fetch_turned_unpack(struct unpack *, struct fetch_turned *turned_out);

/* "done", "unreachable", ...: for JSON and the log. */
const char	*fetch_end_code(enum fetch_end);
/* The end of that code; FETCH_END_COUNT: none. */
enum fetch_end	 fetch_end_of(struct slice code);

#endif
