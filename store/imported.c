/*
 * imported.c - what was brought into this account from elsewhere
 */
#include "store/imported.h"

#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"

int
imported_has(struct account *account, struct slice key)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_IMPORTED);

	db_put_blob(&q, key);
	return db_next(&q);
}

int
imported_note(struct account *account, struct slice key)
{
	struct db_query q;
	int r = imported_has(account, key);

	if (r != 0)
		return r < 0 ? r : -EEXIST;
	q = db_ask(account->index->db, SQL_IMPORTED_NEW);
	db_put_blob(&q, key);
	return db_run(&q);
}
