/*
 * ledger_inside.h - the objects of the ledger
 *
 * ledger.c opens, syncs and knows of restores, ledger_listing.c hears listings,
 * ledger_decide.c decides, ledger_take.c follows a row from its submission to
 * its entry.
 */
#ifndef POSTROOM_QUEUE_LEDGER_INSIDE_H
#define POSTROOM_QUEUE_LEDGER_INSIDE_H

#define HASH_NONFATAL_OOM 1
#include <sys/queue.h>
#include <uthash.h>

#include "queue/clock_jump.h"
#include "queue/ledger.h"
#include "queue/ledger_sql.h"

/* A listing under way; its rows are in the temporary table. */
struct listing {
	uint64_t	 account;
	const void	*from;
	uint64_t	 serial;	/* of all listings */
	bool		 has_uidl;
	int32_t		 delete_after_days;
	bool		 is_whole;	/* told whole, and matched */
	bool		 is_decided;
	bool		 settles;	/* the account's beginning, once all
					   that is left has been looked at */
	bool		 is_moved;	/* its UIDLs were given anew (F25) */
	bool		 is_stale;	/* stored since it was last asked what
					   is to be deleted */
	bool		 has_gone;	/* what is not in it is GONE */
	uint32_t	 last_number;
	uint64_t	 rows;
	UT_hash_handle	 hh;
};

struct ledger_taken {
	TAILQ_ENTRY(ledger_taken) next;
	uint64_t	 account;
	uint32_t	 number;
	uint64_t	 serial;	/* of its listing */
	uint64_t	 bytes;		/* as listed */
	bool		 has_id;	/* it was lost */
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
	struct listing	*listings;
	uint64_t	 last_serial;
	uint64_t	 rows;		/* of all listings */
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

/* Commit when all went well, else take it back. */
int	ledger_finish(struct ledger *, int r, bool full);
/* Run statement `number` with up to four integers. */
int	ledger_run(struct ledger *, enum ledger_statement number,
	    const int64_t *values, size_t count);
/* Statement `number` about this listing alone. */
int	ledger_run_of(struct ledger *, const struct listing *,
	    enum ledger_statement number);
/* 1 when the statement finds a row, 0 when not, or -errno. */
int	ledger_any(struct ledger *, const struct listing *,
	    enum ledger_statement number);
/* The listing of `account`, if it is of `from`: 0, -ESRCH. */
int	ledger_listing_of(struct ledger *, const void *from, uint64_t account,
	    struct listing **listing_out);
/* ledger_take.c: write what was received.  0 or -errno: it still waits. */
int	ledger_flush(struct ledger *);
/* ledger_decide.c: what is known as it stands; in a transaction, once. */
int	ledger_match(struct ledger *, struct listing *);
/* Its beginning is settled, unless something is to be looked at first. */
int	ledger_settle_beginning(struct ledger *, struct listing *);
/* What stands nowhere is GONE, once nothing is in doubt. */
int	ledger_note_gone(struct ledger *, struct listing *);
/* Which of the known ones are to be deleted now. */
int	ledger_note_due(struct ledger *, struct listing *);

#endif
