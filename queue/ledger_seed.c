/*
 * ledger_seed.c - what another program has collected before us
 *
 * Who moves in brings the UIDLs along that the old collector has kept.  They
 * become entries that were never wanted here: the line carries nothing twice.
 */
#include <errno.h>

#include "queue/ledger_inside.h"

static int
put(struct ledger *ledger, uint64_t number, struct slice uidl)
{
	struct db_query query = db_ask(ledger->db, LEDGER_SEED);

	db_put_u64(&query, number);
	db_put_blob(&query, uidl);
	db_put_i64(&query, SEED_BYTES);
	db_put_i64(&query, clock_utc_ms());
	return db_run(&query);
}

static int
put_all(struct ledger *ledger, uint64_t number, uint32_t count,
    struct unpack *u)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct slice uidl = unpack_slice(u);

		if (u->bad || uidl.len == 0 || uidl.len > UIDL_MOST_BYTES)
			return -EBADMSG;
		r = put(ledger, number, uidl);
	}
	return r == 0 && !unpack_is_done(u) ? -EBADMSG : r;
}

int
ledger_seed(struct ledger *ledger, uint64_t account, struct slice folder,
    uint32_t count, struct unpack *u)
{
	uint64_t number = account;
	int r = 0;

	if (account == 0 || account > INT64_MAX)
		return -EBADMSG;
	if (folder.len > 0)
		r = ledger_folder_give(ledger, account, folder, &number);
	if (r == 0)
		r = ledger_flush(ledger);
	if (r == 0)
		r = db_begin(ledger->db);
	if (r < 0)
		return r;
	return ledger_finish(ledger, put_all(ledger, number, count, u), true);
}
