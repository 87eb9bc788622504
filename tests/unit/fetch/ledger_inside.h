/*
 * ledger_inside.h - the queue of a test, for its own files
 */
#ifndef TESTS_UNIT_FETCH_LEDGER_INSIDE_H
#define TESTS_UNIT_FETCH_LEDGER_INSIDE_H

#include "tests/unit/fetch/ledger.h"

/* The row of that number, or NULL. */
struct row	*ledger_row(struct ledger *, uint32_t number);
/* Answer, unless the test has closed the other end. */
void		 ledger_reply(struct ledger *, uint64_t serial,
		    const struct text *body);
/* Answer with what of it is counted once. */
void		 ledger_reply_spared(struct ledger *, uint64_t serial,
		    const struct listing_spared *);
/*
 * What is said behind the listing's number.  While a LEAVE is noted nothing
 * may be asked of the listing.
 */
struct unpack	 ledger_body_of(const struct ledger *, struct ipc_message *);

/* ledger_listing.c: any QUEUE_LISTING_ but SEED. */
int	ledger_on_listing(void *ledger, struct ipc *, struct ipc_message *);

#endif
