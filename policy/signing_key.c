/*
 * signing_key.c - the keys with which a domain signs, in policy.db
 */
#include "policy/signing_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/host.h"
#include "policy/tables.h"

#define CONTEXT_SIZE	400	/* "dkim SELECTOR DOMAIN" */
#define SEALED_MOST	(SIGNING_DER_BYTES + SEAL_MORE_BYTES)

static struct slice
context_of(const struct signing_key *key, char buffer[CONTEXT_SIZE])
{
	(void)snprintf(buffer, CONTEXT_SIZE, "dkim %s %s", key->selector,
	    key->domain);
	return slice_str(buffer);
}

/* One label: whoever moves a key writes its name by hand. */
static bool
is_selector(const char *selector)
{
	struct slice s = slice_str(selector);

	return host_is_name(s) && slice_find(s, '.') == SIZE_MAX &&
	    s.len < SIGNING_SELECTOR_SIZE;
}

static int
find_domain(struct policy *p, const char *name, uint64_t *id_out)
{
	struct db_query q = db_ask(p->db, FIND_DOMAIN);
	int r;

	db_put_blob(&q, slice_str(name));
	r = policy_number(&q, id_out);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

static int
put(struct policy *p, const struct seal_key *seal_key,
    const struct signing_key *key, const struct signing_secret *secret,
    uint64_t domain)
{
	TEXT_AUTO sealed = TEXT_INIT(SEALED_MOST);
	char context[CONTEXT_SIZE];
	struct db_query q;
	int r = seal(seal_key, context_of(key, context),
	    slice_of(secret->der, secret->len), &sealed);

	if (r < 0)
		return r;
	q = db_ask(p->db, SIGNING_PUT);
	db_put_u64(&q, domain);
	db_put_blob(&q, slice_str(key->selector));
	db_put_u64(&q, key->algorithm);
	db_put_blob(&q, slice_str(key->record));
	db_put_i64(&q, key->created_utc_ms);
	db_put_blob(&q, text_slice(&sealed));
	return db_run(&q);
}

int
policy_signing_add(struct policy *p, const struct seal_key *seal_key,
    const struct signing_key *key, const struct signing_secret *secret)
{
	struct signing_key before;
	uint64_t domain;
	int r;

	if (!is_selector(key->selector))
		return -EINVAL;
	r = find_domain(p, key->domain, &domain);
	if (r < 0)
		return r;
	r = policy_signing_get(p, slice_str(key->domain),
	    slice_str(key->selector), &before);
	if (r == 0)
		return -EEXIST;
	if (r != -ENOENT)
		return r;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, put(p, seal_key, key, secret, domain));
}

/* SIGNING_COLUMNS.  0 or -EUCLEAN. */
static int
read_row(struct db_query *q, struct signing_key *key_out)
{
	struct signing_key key = { .algorithm = DKIM_ALGORITHM_NONE };
	struct slice domain = db_blob(q, 1, sizeof(key.domain) - 1);
	struct slice selector = db_blob(q, 1, sizeof(key.selector) - 1);
	struct slice record;

	key.algorithm = (enum dkim_algorithm)db_u64(q, DKIM_RSA_SHA256,
	    DKIM_ED25519_SHA256);
	record = db_blob(q, 1, sizeof(key.record) - 1);
	key.created_utc_ms = db_i64(q, 0, INT64_MAX);
	if (slice_cstr(domain, key.domain, sizeof(key.domain)) < 0 ||
	    slice_cstr(selector, key.selector, sizeof(key.selector)) < 0 ||
	    slice_cstr(record, key.record, sizeof(key.record)) < 0 ||
	    signing_algorithm_word(key.algorithm)[0] == '\0')
		return -EUCLEAN;
	*key_out = key;
	return db_row(q);
}

int
policy_signing_get(struct policy *p, struct slice domain,
    struct slice selector, struct signing_key *key_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, SIGNING_GET);
	int r;

	db_put_blob(&q, domain);
	db_put_blob(&q, selector);
	r = db_next(&q);
	return r == 1 ? read_row(&q, key_out) : r < 0 ? r : -ENOENT;
}

int
policy_signing_remove(struct policy *p, struct slice domain,
    struct slice selector)
{
	struct signing_key before;
	struct db_query q;
	int r = policy_signing_get(p, domain, selector, &before);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, SIGNING_REMOVE);
	db_put_blob(&q, domain);
	db_put_blob(&q, selector);
	return policy_finish(p, db_run(&q));
}

int
policy_signing_each(struct policy *p, policy_signing_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, SIGNING_EACH);
	struct signing_key key;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = read_row(&q, &key);
		if (r == 0)
			r = fn(arg, &key);
		if (r != 0)
			return r;
	}
	return r;
}

int
policy_signing_for(struct policy *p, struct slice domain,
    struct signing_key keys_out[SIGNING_MOST], unsigned *count_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, SIGNING_FOR);
	unsigned count = 0;
	int r;

	db_put_blob(&q, domain);
	while ((r = db_next(&q)) == 1 && count < SIGNING_MOST) {
		r = read_row(&q, &keys_out[count]);
		if (r < 0)
			return r;
		/* the newest of a kind comes first */
		if (count == 0 ||
		    keys_out[0].algorithm != keys_out[count].algorithm)
			count++;
	}
	if (r < 0)
		return r;
	*count_out = count;
	return 0;
}

int
policy_signing_open(struct policy *p, const struct seal_key *seal_key,
    const struct signing_key *key, struct signing_secret *secret)
{
	DB_QUERY_AUTO q = db_ask(p->db, SIGNING_GET_SEAL);
	TEXT_AUTO opened = TEXT_INIT(SIGNING_DER_BYTES);
	char context[CONTEXT_SIZE];
	struct slice sealed;
	int r;

	db_put_blob(&q, slice_str(key->domain));
	db_put_blob(&q, slice_str(key->selector));
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -ENOENT;
	sealed = db_blob(&q, 1, SEALED_MOST);
	/* room at once: growing would leave the secret in freed memory */
	if (text_space(&opened, SIGNING_DER_BYTES) == NULL)
		return -ENOMEM;
	text_clear(&opened);
	r = unseal(seal_key, context_of(key, context), sealed, &opened);
	if (r == 0) {
		memcpy(secret->der, opened.at, opened.len);
		secret->len = opened.len;
	}
	OPENSSL_cleanse(opened.at, opened.size);
	return r;
}
