/*
 * ledger.h - queue/ledger.db: every remote message ever seen (DESIGN.md 3)
 *
 * A collected message's journal record is its entry; this is a projection of
 * the journal that a listing of 100,000 messages is held against in memory.
 * A collector tells a listing, and hears what to take, to look at and to
 * delete.  What stays true: an entry is STORED only for a record that is
 * durable; whatever is in doubt is taken again and never deleted; after a
 * restore nothing is deleted until a person says so.
 *
 * An entry is STORED, then DELETING (DELE was sent), then GONE once a whole
 * listing no longer shows it.  LEFT was never wanted; LOST was vouched for and
 * is not in its mailbox: it is taken again.
 *
 * `from` names the channel that a listing belongs to.  Unless said otherwise
 * functions return 0 or: -ESRCH (no such listing of that channel), -EBUSY (it
 * is another's), -EBADMSG (a breach), -EAGAIN (no room: try later), or what the
 * database says: try later.
 */
#ifndef POSTROOM_QUEUE_LEDGER_H
#define POSTROOM_QUEUE_LEDGER_H

#include "lib/base/loop.h"
#include "lib/message/envelope.h"
#include "queue/service.h"

#define LEDGER_HUB_BYTES	16
#define LEDGER_WORDS_MOST	200	/* why deletion is stopped */

struct ledger;			/* opaque; see ledger_inside.h */

/*
 * Open ledger.db in `folder_fd` (borrowed), making it when it is not there.
 *  0         *ledger_out is set.
 * -EPROTO    made by a newer Postroom; *needs_out is the format it has.
 * -EXDEV     it belongs to another hub id.
 * -EUCLEAN   damaged, or no ledger.db of ours.
 */
int	ledger_open(int folder_fd, const unsigned char hub_id[LEDGER_HUB_BYTES],
	    struct loop *, struct ledger **ledger_out, unsigned *needs_out);
/*
 * The same beside its owner: only ledger_synced(), ledger_has() and
 * ledger_half_at().
 */
int	ledger_open_reading(int folder_fd, struct ledger **ledger_out,
	    unsigned *needs_out);
/*
 * The same once every page of it was looked at, as opening alone sees only some.
 * 0, -ENOENT, -ENODATA (a hub had only begun to make it), -EUCLEAN or -errno.
 */
int	ledger_open_judged(int folder_fd, struct ledger **ledger_out);
/* Write what waits, sync, close.  NULL is fine. */
void	ledger_close(struct ledger *);

/* The highest journal position of an entry, or 0. */
uint64_t ledger_highest(const struct ledger *);
/* Every record below this has its entry, durable. */
uint64_t ledger_synced(const struct ledger *);

/* What the rest of the queue says when both are open. */
struct ledger_beside {
	bool		had_ledger;	/* there was one when queue.db was */
	uint64_t	recycled;	/* below it no record is left */
	uint32_t	newest;		/* generation that the rest has seen */
};
/* Was something restored?  Stops deletions if so; 0 or -errno. */
int	ledger_compare(struct ledger *, const struct ledger_beside *);
/*
 * The index of `owner` has settled only up to `index_at`, where the queue has
 * known `believed`: what was settled between is lost.  FULL.
 */
int	ledger_lost(struct ledger *, uint64_t owner, uint64_t index_at,
	    uint64_t believed);
/* Deletions are stopped.  Why, in words; NULL: they are not. */
const char *ledger_restored(const struct ledger *);
/* A person says that all is well; *was_out: they were stopped.  FULL. */
int	ledger_resume(struct ledger *, bool *was_out);

/* At start: a record that stands; then all of them have been told.  FULL. */
int	ledger_replay(struct ledger *, const struct envelope *, bool is_held,
	    uint64_t position);
int	ledger_replayed(struct ledger *);
/* All below `position` has its entry, durable when this returns 0: FULL. */
int	ledger_sync(struct ledger *, uint64_t position);
/* A sync failed: open it anew, in another process. */
bool	ledger_is_broken(const struct ledger *);
/* May something be removed for its age now?  (clock_jump.h) */
bool	ledger_trusts_clock(struct ledger *);
/* From time to time: the clocks. */
void	ledger_look(struct ledger *);

/* A listing (service.h says what each means) */

/* Folders of one fetch account: the names of all fit a listing's budget. */
#define LEDGER_FOLDERS_MOST 1000

/* Whose a fetch account is: owner 0 when that is not known yet. */
struct ledger_owned {
	uint64_t	account, owner;
	bool		is_domain;	/* its mail is for many (DomainPOP) */
};
int	ledger_owner(struct ledger *, uint64_t account,
	    struct ledger_owned *owned_out);
/* The keeper has said so; NORMAL. */
int	ledger_own(struct ledger *, const struct ledger_owned *);
/*
 * The number that stands for that folder of a fetch account from now on,
 * wherever an account is named; given (NORMAL) when it has none.  It has the
 * owner of the account, which must be known.  0, -ESRCH (it is not),
 * -EDQUOT (LEDGER_FOLDERS_MOST), -EINVAL (a name empty, or too long).
 */
int	ledger_folder(struct ledger *, uint64_t account, struct slice name,
	    uint64_t *number_out);

/*
 * Another program has collected these before: they are known, and stay where
 * they are.  `count` slices, UIDLs as a listing has them, of the account or of a
 * folder of it; what is known already is passed over.  FULL.  -EBADMSG: one is
 * empty or longer than UIDL_MOST_BYTES.
 */
int	ledger_seed(struct ledger *, uint64_t account, struct slice folder,
	    uint32_t count, struct unpack *u);

struct ledger_begin {
	uint64_t	account;	/* the fetch account, or its folder */
	uint64_t	owner;		/* of the channel, and so of that */
	bool		has_uidl;
	int32_t		delete_after_days;	/* -1: never */
	bool		is_mirror;	/* delete what its owner deletes here */
	bool		is_domain;	/* its mail is for many, says who asks */
};
/*
 * -EINPROGRESS: whose that account is, is not known yet, or the ledger has it
 * otherwise whether its mail is for many.  Ask the keeper, then
 * say ledger_confirm() if it is the owner's, or ledger_end(); until then rows
 * are heard and nothing else.  Nothing of it is kept before that.
 */
int	ledger_begin(struct ledger *, const void *from,
	    const struct ledger_begin *, bool *may_delete_out,
	    bool *is_first_out);
int	ledger_confirm(struct ledger *, const void *from, uint64_t account,
	    bool *may_delete_out, bool *is_first_out);
/*
 * Packed rows, all that is left in `u`; `count` of them.  -E2BIG: more than
 * LISTING_MOST rows or LISTING_UIDLS_MOST bytes; any fault but a breach ends
 * the listing.
 */
int	ledger_rows(struct ledger *, const void *from, uint64_t account,
	    uint32_t count, struct unpack *u);

/*
 * What takes long runs in turns of the loop and is answered by `done`, once,
 * perhaps before the function that asked returns 0; not when that returns less,
 * nor when the channel is lost.  Until then that listing may only be ended.
 * The counts are those of a decision.
 */
typedef void	ledger_done_fn(void *from, uint64_t serial, int r,
		    const struct listing_counts *);
struct ledger_asked {
	void		*from;
	uint64_t	 serial;	/* his number for it */
	ledger_done_fn	*done;
};
int	ledger_decide(struct ledger *, const struct ledger_asked *,
	    uint64_t account, uint64_t largest_bytes);
int	ledger_leave(struct ledger *, const struct ledger_asked *,
	    uint64_t account, uint32_t count, struct unpack *u);

/* A row that a page follows; number 0: none. */
struct ledger_after {
	uint64_t	bytes;
	uint32_t	number;
};
/*
 * Adds u8 order, u32 count and the rows to `text`.  What is to be taken comes
 * in order of size, but after LEDGER_CUT_MOST collections of it in a row that
 * did not come to the end, once in order of number.
 */
#define LEDGER_CUT_MOST	3
int	ledger_page(struct ledger *, const void *from, uint64_t account,
	    enum listing_part, const struct ledger_after *, struct text *text);
int	ledger_digests(struct ledger *, const void *from, uint64_t account,
	    uint32_t count, struct unpack *u);
/* -EAGAIN: one of them is not to be deleted (any more); nothing is noted. */
int	ledger_deleting(struct ledger *, const void *from, uint64_t account,
	    uint32_t count, struct unpack *u);
/*
 * These are not downloaded now, and with `are_large` what is too large neither:
 * `spared_out` counts those of which that was not said before.  Two without
 * UIDL that are of one size count as one.  NORMAL.
 */
int	ledger_spare(struct ledger *, const void *from, uint64_t account,
	    bool are_large, uint32_t count, struct unpack *u,
	    struct listing_spared *spared_out);
void	ledger_end(struct ledger *, const void *from, uint64_t account);
/* The channel is gone with all its listings; NULL: everybody's. */
void	ledger_asker_lost(struct ledger *, const void *from);

/* A submission */

/* A row on its way from submission to receipt; see ledger_inside.h. */
struct ledger_taken;

/*
 * `fetched` is submitted by `from`.  `uidl` and listed_bytes of the row are
 * valid as long as the taken row.
 *  0        *taken_out is set.
 * -EBADMSG  no such row was listed: a breach.
 * -ESRCH    the listing is gone, or the row is not to be taken now.
 * -EEXIST   the very same message is here already, as *id_out, and counts as
 *           this row from now on (FULL).
 */
int	ledger_take(struct ledger *, const void *from, const struct fetched *,
	    struct ledger_taken **taken_out, struct message_id *id_out);
/*
 * How large the row is listed that `fetched` names, which is to be taken.  0,
 * -EBADMSG or -ESRCH, as ledger_take().
 */
int	ledger_row_bytes(struct ledger *, const void *from,
	    const struct fetched *, uint64_t *bytes_out);
struct slice ledger_taken_uidl(const struct ledger_taken *);
/* Is it of an account whose mail is for many? */
bool	ledger_taken_is_domain(const struct ledger_taken *);
/* Its folder, copied; 0 or -errno. */
int	ledger_taken_folder(struct ledger *, const struct ledger_taken *,
	    struct arena *, struct slice *name_out);
/*
 * DomainPOP: leave out of `env` those recipients who have it already.
 *  0        somebody is left.
 *  1        nobody is, but it is one copy more than they explain: nobody was
 *           left out, and it is to be held.
 * -EEXIST   nobody is: it is here as *id_out, and the row counts as known from
 *           now on, as `env->id` (FULL).  Ends `taken`.
 * -EAGAIN   a copy of it is on its way just now.
 */
int	ledger_unclaimed(struct ledger *, struct ledger_taken *taken,
	    struct envelope *env, struct message_id *id_out);
uint64_t ledger_taken_bytes(const struct ledger_taken *);
/* The id it had when it was lost: a copy that survived keeps it.  Or NULL. */
const struct message_id *ledger_taken_id(const struct ledger_taken *);
/* It is not lost after all.  Ends `taken` if 0. */
int	ledger_found(struct ledger *, struct ledger_taken *);
/* It was not received: it may be taken again.  Ends `taken`; NULL is fine. */
void	ledger_untake(struct ledger *, struct ledger_taken *);
/*
 * It was received there; written soon (NORMAL).  Ends `taken`.  What is held for
 * a person has reached nobody, whoever holds it: another copy of it is delivered.
 */
void	ledger_stored(struct ledger *, struct ledger_taken *,
	    const struct envelope *, bool is_held, uint64_t position);
/*
 * DomainPOP: a rule sends it to the one recipient that `env` has now.
 *  0        he has it not.
 * -EEXIST   he has it, from another copy: as ledger_unclaimed().
 */
int	ledger_redirected(struct ledger *, struct ledger_taken *taken,
	    const struct envelope *env, struct message_id *id_out);
/*
 * A person has released it to the recipients of `env`: they have it from that
 * journal position on.  FULL.
 */
int	ledger_released(struct ledger *, const struct envelope *,
	    uint64_t position);

/*
 * `owner` has deleted these for good.  Where one is STORED, came for nobody else
 * and from an account whose last listing was told is_mirror, the next one with
 * that finds it due; the others are none of its business.  FULL where there is
 * something to note.
 */
int	ledger_expunged(struct ledger *, uint64_t owner,
	    const struct message_id *ids, size_t count);
/*
 * `owner` (0: the postmaster) wants the messages themselves of which the note of
 * that id is here, whatever rules say: the id that the note shows
 * (NOTE_CODE_BYTES), or that of the note as a message.  FULL.  How many there
 * are, and the fetch accounts that have them, or:
 * -EINVAL   it is no id.
 * -ENOENT   there is no such note (any more), or it is somebody else's.
 */
#define LEDGER_BODIES_MOST	16
int	ledger_want_body(struct ledger *, uint64_t owner, struct slice which,
	    uint64_t accounts_out[LEDGER_BODIES_MOST]);
/* 0 if message `id` has an entry, else -ENOENT; or -errno. */
int	ledger_has(struct ledger *, const struct message_id *id);

#endif
