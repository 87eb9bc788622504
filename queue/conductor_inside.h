/*
 * conductor_inside.h - the objects of the conductor
 *
 * incoming.c makes room and takes big files in (half.c keeps what was cut),
 * arrive.c brings a message to
 * its receipt, deliver.c from there into the mailboxes and to its settling,
 * keep.c sets aside what must outlive the journal; conductor.c opens and
 * closes, conductor_replay.c brings back what the journal holds.  collected.c
 * is what is different about collected mail, redirect.c about redirected mail;
 * expanding.c asks who gets what is for an alias or a list, or is sent on;
 * editing.c makes the changes that a judge wants, removed.c keeps what they take
 * away;
 * outbound.c and its neighbours send what leaves for other hosts, fate.c and its
 * own tell who sent it what became of it, receipt.c also what was delivered here.
 * hold.c is what a person does with what is held, recall.c what a sender does with
 * what waits for that.  bodies.c knows what is here
 * of signed mail; coming.c, sharing.c and composing.c take a second copy of it
 * from here.  archiving.c keeps what a provider has sent, before all that.
 * saving.c writes what a person saves, which walks no road.
 */
#ifndef POSTROOM_QUEUE_CONDUCTOR_INSIDE_H
#define POSTROOM_QUEUE_CONDUCTOR_INSIDE_H

#define HASH_NONFATAL_OOM 1
#include <sys/queue.h>
#include <uthash.h>

#include "filters/verdict.h"
#include "lib/message/envelope.h"
#include "queue/archive.h"
#include "queue/big.h"
#include "queue/bodies.h"
#include "queue/conductor.h"
#include "queue/half.h"
#include "queue/journal.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/rows.h"
#include "queue/space.h"
#include "queue/trail.h"

#define LOOK_AGAIN_MS	250	/* at the disk, while it is short of room */
#define HEAD_MAX_BYTES	(ENVELOPE_MAX_BYTES + VERDICT_PACKED_MAX + 128)

/* One recipient's share of a message; done once it is settled. */
enum copy_state {
	COPY_WAITING,		/* to be sent to its mailbox */
	COPY_SENT,		/* the mailbox has not answered */
	COPY_DELIVERED,		/* committed there, not settled */
	COPY_SETTLING,		/* and part of the settling under way */
	COPY_STUCK		/* its bytes cannot be read: in no queue */
};

/* Of a copy whose sender wants to hear that it was delivered: receipt.h */
enum copy_receipt {
	RECEIPT_NONE,
	RECEIPT_OWED,
	RECEIPT_TOLD
};

struct copy {
	TAILQ_ENTRY(copy) next;		/* of its account, by position */
	struct transit	*transit;
	struct account_queue *account;
	struct recipient *rcpt;
	enum copy_state	 state;
	bool		 is_told;	/* told in the trail as delivered */
	bool		 is_referred;	/* big: queue.db says so, to be sent */
	bool		 is_done;	/* settled: in no queue any more */
	enum copy_receipt receipt;	/* settled only when it is not owed */
};

/* A message from submission to settling. */
struct transit {
	TAILQ_ENTRY(transit) next;	/* arriving, or received by position */
	struct conductor *conductor;
	struct arena	*arena;		/* holds env, copies */
	struct slice	 packed_env;
	struct slice	 packed_verdict;
	struct slice	 wishes;	/* of whom it is for: wishes.h */
	void		(*go_on)(struct transit *);	/* once they are known */
	struct envelope	 env;
	struct asker	 asker;
	uint64_t	 granted;
	uint64_t	 position;	/* 0: not in the journal (any more) */
	struct big_writer *writer;	/* big, until the receipt */
	struct ledger_taken *taken;	/* collected, until the receipt */
	unsigned char	 digest[BIG_DIGEST_BYTES];
	bool		 is_big;
	bool		 lacks_crlf;
	bool		 is_kept;	/* its file is in kept/ */
	bool		 is_held;	/* it will be: nobody is sent one */
	int64_t		 recall_until_utc_ms;	/* until then, if not 0: recall.h */
	bool		 is_stuck;	/* told: its bytes cannot be read */
	struct slice	 spam;		/* those say so: u64 account each */
	bool		 leaves;	/* some go to other hosts, and have no
					   row yet: outbound.h */
	struct slice	 told;		/* a notice: rows of which it tells and
					   that are still there: fate.h */
	const char	*held_for;	/* why, unless the verdict says it */
	const char	*shared;	/* collected: what was not fetched */
	bool		 has_original;	/* that is in the archive */
	struct archive_name original;	/* under this name */
	struct keeping	*keeping;	/* its file is being written */
	struct editing	*editing;	/* it is: editing.h */
	struct removed	*removed;	/* it had more: removed.h */
	bool		 is_expanding;	/* it is asked who gets it: expanding.h */
	bool		 at_judge;
	unsigned	 judge_tries;
	int		 fd;		/* of the bytes, or -1: load it */
	char		*bytes;		/* small, until its receipt; or NULL */
	struct copy	*copies;	/* NULL: nobody was given one */
	size_t		 copy_count;
	size_t		 unsettled;	/* of copies */
	size_t		 undelivered;
	int		 sync_status;	/* of the big file */
	uint64_t	 received_ms;	/* monotonic */
};

/* A list of them. */
TAILQ_HEAD(transits, transit);

/* What waits for one account, in order of position. */
struct account_queue {
	uint64_t	 account;
	struct conductor *conductor;
	TAILQ_HEAD(copy_list, copy) copies;
	struct copy	*to_send;	/* the first COPY_WAITING, or NULL */
	size_t		 sent;		/* COPY_SENT among them */
	size_t		 delivered;	/* COPY_DELIVERED and on */
	uint64_t	 settled_to;	/* what its mailbox has confirmed */
	bool		 up;		/* its mailbox is connected */
	bool		 wanted;	/* and asked for */
	bool		 settling;
	uint64_t	 pause_ms;	/* back-off after a fault; 0: none */
	struct timer	*again;
	UT_hash_handle	 hh;
};

/* A big file that is coming in. */
struct incoming {
	uint64_t	 ticket;
	void		*from;
	struct message_id id;
	struct big_writer *writer;
	struct half	*half;		/* it may be kept; or NULL */
	uint64_t	 bytes;		/* so far */
	char		 last[2];	/* of them: does it end in CRLF? */
	bool		 ended;
	bool		 is_finished;	/* and digested: it was made here */
	bool		 is_saving;	/* saving.h */
	uint64_t	 granted;	/* for it alone, of such a one */
	unsigned char	 digest[BIG_DIGEST_BYTES];
	int		 fault;
	UT_hash_handle	 hh;
};

/* Room promised to somebody for what he has not submitted yet. */
struct grant {
	void		*from;
	uint64_t	 bytes;		/* all his together */
	UT_hash_handle	 hh;
};

struct conductor {
	struct conductor_options options;
	struct conductor_ports	 ports;
	struct loop		*loop;
	struct pool		*pool;		/* one thread: the journal's */
	struct pool		*big_pool;	/* syncs big files, many at once */
	int			 folder_fd;	/* borrowed */
	int			 journal_fd, kept_fd, big_fd, trail_fd;
	int			 half_fd, archive_fd;
	struct journal		*journal;
	struct rows		*rows;
	struct ledger		*ledger;
	struct big		*big;
	struct halves		*halves;
	struct archive		*archive;
	struct trail		*trail;
	struct rule_hits	*rule_hits;	/* or NULL: not counted */
	bool			 rule_hits_failed;	/* and it was told */
	struct space		*space;
	struct message_id	 last_id;
	uint64_t		 last_ticket;
	struct incoming		*incoming;
	struct grant		*grants;
	struct transits		 arriving;	/* not received yet */
	struct transits		 received;	/* in order of position */
	struct transits		 set_aside;	/* kept: no place in journal */
	size_t			 moving;	/* of received and set_aside */
	size_t			 open_files;	/* of transits */
	size_t			 open_most;	/* above it: closed, loaded again */
	size_t			 holds;		/* of received: is_held */
	size_t			 keepings;	/* files being written */
	size_t			 leaving;	/* transits of which `leaves` */
	struct outbound		*outbound;
	struct fates		*fates;
	size_t			 untold;	/* of received: with `told` */
	struct account_queue	*accounts;
	struct timer		*settle_timer;
	struct timer		*keep_timer;
	uint64_t		 looked_ms;	/* when it last ran */
	uint64_t		 settled;	/* told to the journal */
	uint64_t		 dropped_ms;	/* last look at big files due */
	uint64_t		 held_ms;	/* and at holds that are over */
	struct bodies		 bodies;	/* to be noted */
	LIST_HEAD(, sharing)	 sharings;
	TAILQ_HEAD(, coming)	 coming;
	unsigned		 coming_count;
	struct timer		*coming_timer;	/* or NULL */
	struct timer		*recall_timer;	/* the same */
	int64_t			 recall_next_utc_ms;	/* 0: nobody waits */
	TAILQ_HEAD(, archiving)	 archivings;	/* as they were handed in */
	LIST_HEAD(, saving)	 savings;	/* whole, not durable yet */
	uint64_t		 expired_ms;	/* next look at old ones */
	uint64_t		 count_received, count_delivered, count_refused;
	unsigned		 guesses;	/* numbers that nothing has */
	uint64_t		 guessed_ms;	/* since then (replying.c) */
	bool			 has_senders;	/* somebody keeps a list */
	bool			 has_forwards;	/* somebody has mail sent on */
	bool			 closing;
};

/* conductor_replay.c: at start, once everything is open.  0 or -errno. */
int	conductor_replay(struct conductor *);
/* A transit with its arena and a copy of the packed envelope; NULL: memory. */
struct transit *transit_new(struct conductor *, struct slice packed_env);
/* Give back everything it holds; NULL is fine. */
void	transit_free(struct transit *);
/* What the journal was given is not needed any more; its descriptor is. */
void	transit_drop_copy(struct transit *);
/* Close its bytes; they can be loaded again after the receipt. */
void	transit_close_bytes(struct transit *);
/* That account says that it is spam.  0 or -ENOMEM; and has it said so? */
int	transit_note_spam(struct transit *, uint64_t account);
bool	transit_is_spam(const struct transit *, uint64_t account);
/* Its bytes, for its mailbox: from journal, kept/ or big/.  0 or -errno. */
int	transit_load(struct transit *);
/* The record's head, and back into a transit.  0 or -EBADMSG, -ENOMEM. */
void	head_pack(struct text *, const struct transit *);
int	head_unpack(struct conductor *, struct slice head,
	    struct transit **transit_out);
/* Trail line about this message. */
void	conductor_trail(struct conductor *, const struct transit *,
	    enum trail_word, const struct recipient *, const char *detail);

/* arrive.c: tell the asker, if he is still there. */
void	conductor_answer(struct conductor *, const struct asker *,
	    unsigned code, const char *status, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));

/* What is known of a submission beside its envelope. */
struct arrive_known {
	const char	*shared;	/* how it was put together here; or NULL */
	const struct archive_name *original;	/* in the archive; or NULL */
};
/* arrive.c: conductor_submit(), of what has been here before; NULL: it is new. */
int	arrive_submit(struct conductor *, const struct asker *,
	    uint64_t granted, struct slice packed_env, int memfd,
	    uint64_t ticket, const struct arrive_known *);
/* arrive.c: the verdict stands: to the receipt. */
void	arrive_go_on(struct transit *);
/* It goes no further: give back what it holds. */
void	arrive_drop(struct transit *);
/* "Try again": it goes no further. */
void	arrive_put_off(struct transit *, unsigned code, const char *status,
	    const char *words);
/* The envelope as it is now, packed again.  0, -EBADMSG, -ENOBUFS. */
int	arrive_repack(struct transit *);

/* redirect.c: its verdict sends it to somebody else: whose is that address? */
void	redirect_begin(struct transit *, const struct verdict *);

/* incoming.c: the big file of this ticket, or NULL. */
struct incoming *incoming_find(struct conductor *, uint64_t ticket);
/* One that was made here, whole; its writer too if 0.  0 or -ENOMEM. */
int	incoming_adopt(struct conductor *, void *from,
	    const struct big_made *, uint64_t *ticket_out);
/* Forget it; its file goes too unless the writer was taken out. */
void	incoming_free(struct conductor *, struct incoming *);
/*
 * Room for so many bytes, as conductor_grant() gives it; what it says is up to
 * the caller.  0, -EDQUOT (he has all that one may have), -ENOMEM, or what
 * space.h says.
 */
int	grant_give(struct conductor *, const struct asker *, uint64_t bytes);
/*
 * `from` uses a grant, or will give it back: how much of it he has.  A door
 * may bring one from an earlier life of this role, which is none.
 */
uint64_t grant_take(struct conductor *, void *from, uint64_t bytes);
/* `from` is gone: give back his grants, drop his files.  NULL: everybody's. */
void	incoming_lost(struct conductor *, void *from);

/* 0, or -ENOENT: nobody needs that big file (any more); or a negative errno. */
int	conductor_big_is_known(struct conductor *, const struct message_id *);

/* It waits for a person: nobody is sent a copy. */
static inline bool
verdict_is_held(const struct verdict *verdict)
{
	return verdict->action == VERDICT_HOLD ||
	    verdict->action == VERDICT_QUARANTINE;
}

/* hold.c: that is a matter of whom it is for, not of the postmaster alone. */
bool	hold_is_personal(const struct envelope *, const struct verdict *);

/* deliver.c: received or replayed: give every recipient his copy. */
/* -ENOMEM: nobody was given one. */
int	deliver_begin(struct transit *);
/* Only to those whose account `wants` says so (replay). */
int	deliver_begin_some(struct transit *,
	    bool (*wants)(void *arg, const struct recipient *), void *arg);
/*
 * Its bytes cannot be read (`error`: -EBADMSG, -ENOENT), which no waiting
 * mends: the others go on without it.
 */
void	deliver_stuck(struct transit *, int error);
/* Every copy is settled: it is forgotten. */
void	deliver_end(struct transit *);
/* Tell the journal how far everything is settled now. */
void	deliver_advance(struct conductor *);
void	deliver_settle_all(struct conductor *);
/* End: forget accounts and their copies. */
void	deliver_close(struct conductor *);

/*
 * keep.c: hold it for a person; give its place in the journal up then.  Until
 * that is done no account is settled past it.  Those who have got it already
 * keep it; no copy of it may be with a mailbox.
 */
void	keep_hold(struct transit *);
/* Bring back what waits in kept/ (at start). */
int	keep_open(struct conductor *);
/*
 * One message of kept/, for those whom its row names.  0, -ENOENT, -EBADMSG
 * (its file is missing, damaged), ...
 */
int	keep_load(struct conductor *, const struct message_id *,
	    struct transit **transit_out);
/* The same for those it is held for: that account, or ROWS_HELD_ALL; perhaps none. */
int	keep_load_held(struct conductor *, const struct message_id *,
	    uint64_t account, struct transit **transit_out);
/* Its row says that it waits: deliver it.  After an error at the next start. */
int	keep_return(struct transit *);
/* The bytes of one that was set aside are damaged: hold its row.  0, -errno */
int	keep_hold_row(struct transit *);
/* A kept message has been settled for this recipient. */
void	keep_copy_settled(struct transit *, const struct recipient *);
/* The journal is full: set aside what is unsettled longest. */
void	keep_relieve(struct conductor *);
/* From time to time: the same if it is nearly full, and holds that failed. */
void	keep_look(struct conductor *);
/* End: forget what is being written. */
void	keep_close(struct conductor *);

#endif
