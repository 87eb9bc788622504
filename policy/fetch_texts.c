/*
 * fetch_texts.c - a text of rules that is kept beside a fetch account
 */
#include "policy/fetch_texts.h"

#include <errno.h>

int
fetch_text_put(struct policy *p, const struct fetch_text *kind,
    uint64_t fetch, struct slice text)
{
	struct db_query q;
	int r;

	if (text.len > kind->most)
		return -EINVAL;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, kind->sweep);
	r = db_run(&q);
	if (r == 0) {
		q = db_ask(p->db, kind->put);
		db_put_u64(&q, fetch);
		db_put_blob(&q, text);
		r = db_run(&q);
	}
	if (r == 0 && db_changed(p->db) == 0)
		r = -ENOENT;
	return policy_finish(p, r);
}

int
fetch_text_get(struct policy *p, const struct fetch_text *kind,
    uint64_t fetch, struct text *text)
{
	DB_QUERY_AUTO q = db_ask(p->db, kind->get);
	struct slice found;
	int r;

	if (fetch == 0 || fetch > INT64_MAX)
		return -ENOENT;
	db_put_u64(&q, fetch);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	found = db_blob(&q, 0, kind->most);
	r = db_row(&q);
	if (r < 0)
		return r;
	text_add(text, found);
	return text_failed(text) ? -ENOMEM : 0;
}
