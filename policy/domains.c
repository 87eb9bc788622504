/*
 * domains.c - policy.db: the domains that people here have their addresses in
 */
#include "policy/domains.h"

#include <errno.h>

#include "lib/base/db.h"
#include "lib/message/path.h"
#include "policy/tables.h"

/* 0, or -EINVAL: it is the domain of no address. */
static int
normal(struct slice typed, struct text *text, struct slice *name_out)
{
	if (typed.len == 0 || typed.at[0] == '[' ||
	    address_normal(text, slice_str("x"), typed) < 0)
		return -EINVAL;
	*name_out = slice_after(text_slice(text), 2);
	return 0;
}

static int
domain_row(struct db_query *q, struct policy_domain *domain_out)
{
	struct policy_domain domain = { .name = "" };
	struct slice name = db_blob(q, 1, PATH_DOMAIN_MAX);
	int r = slice_cstr(name, domain.name, sizeof(domain.name));

	domain.is_shared = db_u64(q, 0, 1) != 0;
	domain.created_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	domain.accounts = db_u64(q, 0, INT64_MAX);
	if (db_row(q) < 0 || r < 0)
		return -EUCLEAN;
	*domain_out = domain;
	return 0;
}

int
policy_domain_get(struct policy *p, struct slice typed,
    struct policy_domain *domain_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, DOMAIN_GET_NAMED);
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct slice name;
	int r = normal(typed, &text, &name);

	if (r < 0)
		return r;
	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return domain_row(&q, domain_out);
}

int
policy_domain_share(struct policy *p, struct slice typed, bool is_shared)
{
	struct policy_domain domain;
	struct db_query q;
	int r = policy_domain_get(p, typed, &domain);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, DOMAIN_SHARE);
	db_put_u64(&q, is_shared);
	db_put_blob(&q, slice_str(domain.name));
	return policy_finish(p, db_run(&q));
}

int
policy_domain_new(struct policy *p, struct slice typed, bool is_shared,
    int64_t now_utc_ms)
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct policy_domain domain;
	struct slice name;
	struct db_query q;
	int r = normal(typed, &text, &name);

	if (r == 0)
		r = policy_domain_get(p, name, &domain);
	if (r != -ENOENT)
		return r < 0 ? r : -EEXIST;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, DOMAIN_NEW);
	db_put_blob(&q, name);
	db_put_i64(&q, now_utc_ms);
	db_put_u64(&q, is_shared);
	return policy_finish(p, db_run(&q));
}

int
policy_domain_each(struct policy *p, policy_domain_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, DOMAIN_EACH);
	struct policy_domain domain;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = domain_row(&q, &domain);
		if (r == 0)
			r = fn(arg, &domain);
		if (r != 0)
			return r;
	}
	return r;
}

int
policy_domain_is_shared(struct policy *p, uint64_t domain,
    bool *is_shared_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, DOMAIN_IS_SHARED);
	int r;
	bool is_shared;

	db_put_u64(&q, domain);
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -ENOENT;
	is_shared = db_u64(&q, 0, 1) != 0;
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*is_shared_out = is_shared;
	return 0;
}
