/*
 * ledger_inside.h - the objects of the ledger
 *
 * ledger.c opens, syncs and knows of restores, ledger_listing.c hears listings,
 * ledger_take.c follows a row from its submission to its entry.  Decisions are
 * made in memory: ledger_table.c holds a listing's rows and the entries of its
 * account, ledger_page.c tells what came of it, ledger_kin.c sorts them,
 * ledger_match.c finds what is known by its UIDL, ledger_weigh.c by its header,
 * ledger_decide.c decides the rest, ledger_leave.c leaves; ledger_job.c runs all
 * that in short turns.
 * ledger_folders.c numbers the folders of a remote mailbox, ledger_claims.c
 * knows which recipient has which of a domain's messages; ledger_seed.c takes
 * over what another program has collected; ledger_spare.c remembers what has been
 * counted as not carried; ledger_follow.c finds what went from folder to folder;
 * ledger_half.c knows what has come of messages that were
 * cut.
 */
#ifndef POSTROOM_QUEUE_LEDGER_INSIDE_H
#define POSTROOM_QUEUE_LEDGER_INSIDE_H

#define HASH_NONFATAL_OOM 1
#include <sys/queue.h>
#include <uthash.h>

#include "queue/clock_jump.h"
#include "queue/ledger.h"
#include "queue/ledger_half.h"
#include "queue/ledger_sql.h"

#define NO_CLASS	UINT32_MAX

/* A row of a listing; numbers grow.  32 bytes: many may be in memory. */
struct row {
	uint64_t	bytes;
	uint32_t	number;
	uint32_t	uidl_at;	/* in listing.uidls */
	uint32_t	uidl_class;	/* of equal UIDLs; or NO_CLASS */
	uint32_t	entry;		/* that it stands for, + 1; 0: none */
	uint32_t	header;		/* in digests, + 1; 0: none */
	uint16_t	uidl_len;
	unsigned	part : 3;	/* enum row_part */
	unsigned	why : 3;	/* enum row_why */
	unsigned	looked : 2;	/* enum row_looked */
	unsigned	doubt : 1;
};

/* An entry of the account: those not GONE by seq, then what came since. */
struct entry {
	int64_t		seq;
	uint64_t	bytes;
	int64_t		stored_utc_ms;
	uint32_t	uidl_class;
	uint32_t	header;		/* in digests, + 1; 0: none, unread */
	unsigned	state : 3;	/* enum ledger_state */
	unsigned	has_header : 1;
	unsigned	has_id : 1;
	unsigned	is_short : 1;	/* never to be deleted; of one that is
					   LEFT: it came too large */
	unsigned	is_unwanted : 1;	/* its owner has deleted it */
	unsigned	is_placed : 1;	/* a note stands for it until it is
					   taken after all */
	unsigned	is_wanted : 1;	/* the same, and it is wanted now */
	unsigned	is_note : 1;	/* of what is not wanted: to be deleted
					   as soon as it may be */
	unsigned	stands : 1;	/* a row stands for it */
};

/* What column `short` says of it. */
static inline void
entry_mark(struct entry *entry, int64_t mark)
{
	entry->is_short = mark == MARK_SHORT;
	entry->is_note = mark == MARK_NOTE;
	entry->is_placed = mark == MARK_PLACE || mark == MARK_WANTED;
	entry->is_wanted = mark == MARK_WANTED;
}

struct digest {
	unsigned char	bytes[FETCHED_DIGEST_BYTES];
};

/* A row or an entry among others of its kind. */
struct kin {
	uint64_t	key;
	uint32_t	index;
	uint16_t	rank;		/* before the index */
	bool		is_entry;	/* behind the rows of its kind */
};

/* What differs though the key is the same; <0, 0, >0. */
struct listing;
typedef int	kin_tie_fn(const struct listing *, const struct kin *,
		    const struct kin *);

/* What is being sorted, and how far that is. */
struct kins {
	struct kin	*at, *spare;
	size_t		 count, size;
	size_t		 width, lo, i, j, k;
};

/* The end of the range [from, ...) of equal kin. */
size_t	kins_group(const struct listing *, size_t from, kin_tie_fn *);
/* For kin whose key says all. */
int	kins_alike(const struct listing *, const struct kin *,
	    const struct kin *);
/* Room for `most`, none in it.  0 or -ENOMEM. */
int	kins_begin(struct kins *, size_t most);
void	kins_add(struct kins *, uint64_t key, uint32_t index, bool is_entry,
	    unsigned rank);
/* Sort; 1, or 0 when the turn is over before. */
int	kins_sort(struct listing *, kin_tie_fn *);
void	kins_free(struct kins *);

/*
 * A step of a job: 1 it is done, 0 to be called again in another turn, or a
 * negative errno.  It begins with listing.cursor 0 and counts there.
 */
struct ledger;
typedef int	ledger_step_fn(struct ledger *, struct listing *);

/* What a step may spend in one turn: about 5 ms, in nanoseconds. */
#define TURN_COST	INT64_C(5000000)
#define COST_ROW	INT64_C(20)	/* look at a row */
#define COST_KIN	INT64_C(25)	/* move one while sorting */
#define COST_READ	INT64_C(2500)	/* a row of ledger.db */
#define COST_WRITE	INT64_C(12000)
#define READ_MOST	1000		/* of one statement */
/* A short look at every row in one go: what comes next waits for its turn. */
#define PASS_COST(listing)	((int64_t)(listing)->row_count * 2)

/* A listing under way. */
struct listing {
	uint64_t	 account;
	const void	*from;		/* NULL: it has ended, a job runs on */
	uint64_t	 owner;		/* of the channel */
	bool		 is_waiting;	/* for whose the account is: rows are
					   all that is heard */
	bool		 is_domain;
	uint64_t	 family;	/* the fetch account of this folder; 0: it is
					   none, or that is not asked yet */
	bool		 is_settled;	/* its beginning is over */
	unsigned	 elsewhere;	/* rows that are looked at for that */
	uint64_t	 serial;	/* of all listings */
	bool		 has_uidl;
	int32_t		 delete_after_days;
	bool		 is_mirror;	/* what is unwanted is due */
	bool		 is_whole;	/* told whole, and matched */
	bool		 is_decided;
	bool		 settles;	/* the account's beginning, once all
					   that is left has been looked at */
	bool		 is_moved;	/* its UIDLs were given anew (F25) */
	bool		 is_stale;	/* stored since it was last asked what
					   is to be deleted */
	bool		 has_gone;	/* what is not in it is GONE */
	bool		 is_asked;	/* what of it is to be taken */
	enum listing_order order;	/* in which that is told */
	bool		 is_overtaken;	/* entries were lost meanwhile: nothing
					   of it is deleted */
	struct row	*rows;
	size_t		 row_count, row_size;
	char		*uidls;
	size_t		 uidl_bytes, uidl_size;
	struct entry	*entries;
	size_t		 entry_count, entry_size;
	size_t		 loaded;	/* of them: ordered by seq */
	struct digest	*digests;
	size_t		 digest_count, digest_size;
	bool		 has_headers;	/* of entries: read */
	uint8_t		*classes;	/* decide.c, while sorting new ones */

	/* the job */
	TAILQ_ENTRY(listing) next_job;
	ledger_step_fn *const *step;	/* NULL: none */
	bool		 is_full;	/* its end is durable */
	uint64_t	 undone;	/* ledger.undone when it last wrote */
	unsigned	 writes;	/* since its last commit */
	struct ledger_asked asked;	/* done NULL: nobody waits */
	int64_t		 cost;		/* what is left of this turn */
	size_t		 cursor;
	int64_t		 last_seq;
	struct kins	 kins;
	uint64_t	 largest;
	enum row_why	 weighing;
	bool		 is_in_gone;	/* looks among what is GONE */
	bool		 knows_one;	/* of its UIDLs */
	bool		 expects_one;	/* an entry, STORED or LEFT */
	uint32_t	*ranges;	/* to leave: from, to */
	size_t		 range_count;
	uint64_t	 left, left_bytes;	/* of these, by this job */
	UT_hash_handle	 hh;
};

/* What has come of a big message that was cut; see ledger_half.h. */
struct halves_known {
	struct ledger_half rows[LEDGER_HALVES_MOST];
	size_t		 count;
	uint64_t	 last_number;
};

/* A remote mailbox of which collections in a row were cut. */
struct cut {
	uint64_t	account;
	unsigned	times;
	UT_hash_handle	hh;
};

/* A folder, some rows of which were put off; the highest number there was. */
struct put_off {
	uint64_t	account;
	uint32_t	number;
	UT_hash_handle	hh;
};

struct ledger_taken {
	TAILQ_ENTRY(ledger_taken) next;
	uint64_t	 account;	/* or the number of its folder */
	bool		 is_domain;
	bool		 is_alone;	/* all recipients are its owner */
	bool		 has_identity;
	unsigned char	 identity[FETCHED_DIGEST_BYTES];
	uint64_t	*claimants;	/* accounts, once received; or NULL */
	size_t		 claimant_count;
	uint32_t	 number;
	uint64_t	 serial;	/* of its listing */
	uint64_t	 bytes;		/* as listed */
	bool		 has_id;	/* it was lost */
	enum ledger_mark mark;
	int64_t		 entry;		/* that one */
	/* once it is received */
	struct message_id id;
	uint64_t	 owner;
	uint64_t	 position;
	int64_t		 stored_utc_ms;
	unsigned char	 header[FETCHED_DIGEST_BYTES];
	unsigned char	 digest[FETCHED_DIGEST_BYTES];
	size_t		 uidl_len;
	char		 uidl[];
};
TAILQ_HEAD(ledger_takens, ledger_taken);

struct ledger {
	struct db	*db;
	struct timer	*timer;		/* writes what waits */
	struct timer	*job_timer;
	TAILQ_HEAD(, listing) jobs;
	struct listing	*listings;
	struct cut	*cuts;
	struct put_off	*put_off;
	struct halves_known halves;
	uint64_t	 last_serial;
	uint64_t	 undone;	/* transactions taken back */
	struct ledger_takens under_way;	/* submitted, not received */
	struct ledger_takens waiting;	/* received, not written */
	struct clock_jump clock;
	uint64_t	 inode;
	int64_t		 born_ns;	/* 0: the file system does not say */
	bool		 is_new;	/* made by this very open */
	bool		 is_same_file;
	uint64_t	 highest, synced;
	char		 restored[LEDGER_WORDS_MOST + 1];	/* "": no */
};

/* ledger.c: commit when all went well, else take it back. */
int	ledger_finish(struct ledger *, int r, bool full);
/* Run statement `number` with up to six integers. */
int	ledger_run(struct ledger *, enum ledger_statement number,
	    const int64_t *values, size_t count);
/* ledger_take.c: write what was received.  0 or -errno: it still waits. */
int	ledger_flush(struct ledger *);
/* The entry of one that was received, in the transaction under way. */
int	ledger_put(struct ledger *, const struct ledger_taken *);
void	ledger_taken_free(struct ledger_taken *);	/* NULL is fine */
/*
 * As it would be once that message was received; in no list.  0 or -errno, and
 * NULL.
 */
int	ledger_taken_of(struct ledger *, const struct envelope *, bool is_held,
	    uint64_t position, struct ledger_taken **taken_out);
/* Its entry is written; its row is known from now on.  Ends `taken`. */
int	ledger_note_known(struct ledger *, struct ledger_taken *);
/*
 * ledger_folders.c: as ledger_folder(), whoever the owner is; in a transaction
 * of its own where a number is given.
 */
int	ledger_folder_give(struct ledger *, uint64_t account, struct slice name,
	    uint64_t *number_out);
/* The fetch account of a folder, or 0: that is none.  0 or -errno. */
int	ledger_folder_family(struct ledger *, uint64_t number,
	    uint64_t *account_out);
/*
 * ledger_follow.c: may a row be one that was in another folder of the same
 * mailbox?  1, 0 or -errno.
 */
int	ledger_may_follow(struct ledger *, struct listing *,
	    const struct row *);
/* The listing is over: what it has put off is not put off again. */
void	ledger_note_put_off(struct ledger *, const struct listing *);
/* Forget what was. */
void	ledger_put_off_free(struct ledger *);
/* What of an entry a listing knows: seq, bytes, state, ... of a query. */
int	ledger_entry_read(struct db_query *, struct entry *entry_out);
/* ledger_claims.c: who has received it.  0 or -ENOMEM. */
int	ledger_claimants(struct ledger_taken *, const struct envelope *,
	    bool is_held);
/* They have it, in the transaction under way. */
int	ledger_claim(struct ledger *, const struct ledger_taken *);

/*
 * ledger_listing.c: the listing of `account`.  -ESRCH: it is not of `from`;
 * -EBADMSG: it has not answered yet what was asked last.
 */
int	ledger_listing_of(struct ledger *, const void *from, uint64_t account,
	    struct listing **listing_out);
/* The same of one that has been told whole. */
int	ledger_decided_listing(struct ledger *, const void *from,
	    uint64_t account, struct listing **listing_out);
/* It is over: forget it.  Nobody is answered. */
void	ledger_forget(struct ledger *, struct listing *);

/* ledger_page.c: it is over; was all of it taken that was to be? */
void	ledger_note_cut(struct ledger *, const struct listing *);
/* Forget what is known of cuts. */
void	ledger_cuts_free(struct ledger *);

/* ledger_half.c: read them at the beginning.  0 or -errno. */
int	ledger_halves_load(struct ledger *);
/* That listing is over: halves of what it does not want taken are stale. */
void	ledger_halves_compare(struct ledger *, const struct listing *);

/* ledger_table.c: 0 or -ENOMEM. */
int	listing_add_row(struct listing *, uint32_t number, uint64_t bytes,
	    struct slice uidl);
int	listing_add_entry(struct listing *, const struct entry *,
	    uint32_t *index_out);
int	listing_add_digest(struct listing *, struct slice bytes,
	    uint32_t *header_out);
/* The row of that number, or NULL; the first row from that number on. */
struct row *listing_row(const struct listing *, uint32_t number);
size_t	listing_from(const struct listing *, uint32_t number);
struct slice listing_uidl(const struct listing *, const struct row *);
/* The entry of `seq` among those that were loaded, or NULL. */
struct entry *listing_loaded(const struct listing *, int64_t seq);
/* From now on `row` stands for that entry. */
void	listing_stand(struct listing *, struct row *, uint32_t index);
void	listing_free(struct listing *);

/* ledger_job.c: begin.  What fails ends the listing. */
void	ledger_job(struct ledger *, struct listing *,
	    ledger_step_fn *const *steps, bool full);
/* It ends before: what was asked is answered so. */
void	ledger_job_drop(struct ledger *, struct listing *);
void	ledger_job_time(void *ledger);
/* `n` more writes, in a transaction: 0 or -errno. */
int	ledger_job_write(struct ledger *, struct listing *);

/* Steps of jobs, in the order in which they come. */
ledger_step_fn	match_uidls_begin, match_uidls_sort, match_classes, match_load,
		match_begin, match_sort, match_rows, match_moved;
ledger_step_fn	weigh_uidl_begin, weigh_uidl_sort, weigh_uidl_rows,
		weigh_uidl_rest, weigh_headers, weigh_moved_begin,
		weigh_same_begin, weigh_sort, weigh_rows, weigh_left,
		weigh_elsewhere;

#define MATCH_STEPS							\
	match_uidls_begin, match_uidls_sort, match_classes, match_load,	\
	match_begin, match_sort, match_rows, match_moved
#define WEIGH_STEPS							\
	weigh_uidl_begin, weigh_uidl_sort, weigh_uidl_rows,		\
	weigh_uidl_rest, weigh_headers, weigh_moved_begin, weigh_sort,	\
	weigh_rows, weigh_same_begin, weigh_sort, weigh_rows, weigh_left, \
	weigh_elsewhere

/* ledger_decide.c: it is over, or will be once what is GONE is written. */
void	ledger_end_listing(struct ledger *, struct listing *);
/* Its beginning is settled, unless something is to be looked at first. */
int	ledger_settle_beginning(struct ledger *, struct listing *);
/* Which of the known ones are to be deleted now. */
void	ledger_note_due(struct ledger *, struct listing *);

#endif
