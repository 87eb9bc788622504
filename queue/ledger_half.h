/*
 * ledger_half.h - what has come of big messages that were cut, as ledger.db has
 * it
 *
 * A row names a file of half/ (half.h), the message of a listing that it is the
 * beginning of, and how much of it is good: so many bytes with that digest, as
 * they came over the wire.  There are few, and all are in memory.
 */
#ifndef POSTROOM_QUEUE_LEDGER_HALF_H
#define POSTROOM_QUEUE_LEDGER_HALF_H

#include "lib/base/slice.h"
#include "lib/message/envelope.h"

/* Of the whole hub: more cut at a time is a line that is out of order. */
#define LEDGER_HALVES_MOST	64
#define LEDGER_HALF_UIDL	32	/* bytes; IMAP: "4294967295.4294967295" */

struct ledger;

struct ledger_half {
	uint64_t	number;		/* its file's name */
	uint64_t	account;	/* the fetch account, or its folder */
	uint32_t	row;		/* the message's number in a listing */
	size_t		uidl_len;
	char		uidl[LEDGER_HALF_UIDL];
	uint64_t	bytes;		/* the whole message, as listed */
	uint64_t	length;		/* of it, here */
	unsigned char	digest[FETCHED_DIGEST_BYTES];	/* SHA-256 of these */
	int64_t		changed_utc_ms;
	bool		is_stale;	/* a listing does not want it any more */
};

/*
 * What row `number` of that listing is: fills in account, row, uidl and bytes.
 * 0, -ESRCH (no such listing of `from`, or not to be taken), -EINVAL (it has no
 * size, or no UIDL that fits: none is kept of it).
 */
int	ledger_half_key(struct ledger *, const void *from, uint64_t listing,
	    uint32_t number, struct ledger_half *key_out);
/* What is kept of that message, or NULL; until the next change. */
const struct ledger_half *ledger_half_find(const struct ledger *,
	    uint64_t account, uint32_t row, struct slice uidl);
/* The one at that place, or NULL: there are no more. */
const struct ledger_half *ledger_half_at(const struct ledger *, size_t place);
/* A number that none has had in this life. */
uint64_t ledger_half_number(struct ledger *);
/*
 * Note it (NORMAL).  It takes the place of what was kept of that message:
 * *replaced_out is the number of that, or 0.  0, -ENOSPC (LEDGER_HALVES_MOST),
 * or what the database says.
 */
int	ledger_half_put(struct ledger *, const struct ledger_half *,
	    uint64_t *replaced_out);
/*
 * The first fetch account above that number of which something is kept, of a
 * folder of it too: 1, 0 (none) or -errno.
 */
int	ledger_halves_after(struct ledger *, uint64_t account,
	    uint64_t *account_out);
/* That one is no more: all of it is stale.  How many were not before. */
unsigned ledger_halves_unwanted(struct ledger *, uint64_t account);
/* Forget it; one that is not there is no error.  0 or -errno. */
int	ledger_half_drop(struct ledger *, uint64_t number);

#endif
