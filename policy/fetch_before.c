/*
 * fetch_before.c - rules before a download, kept beside their fetch account
 */
#include "policy/fetch_before.h"

#include <errno.h>

#include "policy/tables.h"

int
policy_fetch_before_put(struct policy *p, uint64_t fetch, struct slice rules)
{
	struct db_query q;
	int r;

	if (rules.len > BEFORE_TEXT_MOST)
		return -EINVAL;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, BEFORE_SWEEP);
	r = db_run(&q);
	if (r == 0) {
		q = db_ask(p->db, BEFORE_PUT);
		db_put_u64(&q, fetch);
		db_put_blob(&q, rules);
		r = db_run(&q);
	}
	if (r == 0 && db_changed(p->db) == 0)
		r = -ENOENT;
	return policy_finish(p, r);
}

int
policy_fetch_before_get(struct policy *p, uint64_t fetch, struct text *rules)
{
	DB_QUERY_AUTO q = db_ask(p->db, BEFORE_GET);
	struct slice found;
	int r;

	if (fetch > INT64_MAX)
		return 0;
	db_put_u64(&q, fetch);
	r = db_next(&q);
	if (r <= 0)
		return r;
	found = db_blob(&q, 0, BEFORE_TEXT_MOST);
	r = db_row(&q);
	if (r < 0)
		return r;
	text_add(rules, found);
	return text_failed(rules) ? -ENOMEM : 0;
}
