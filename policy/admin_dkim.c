/*
 * admin_dkim.c - the keeper's answers about keys that sign (dkim add, list,
 * remove)
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/message/path.h"

enum { ARG_DOMAIN, ARG_SELECTOR, ARG_ALGORITHM };

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

/* Add DKIM_ROW. */
static int
add_row(void *arg, const struct signing_key *key)
{
	struct listing *listing = arg;
	TEXT_AUTO name = TEXT_INIT(512);

	if (listing->work->rows == ADMIN_ROWS)
		return -E2BIG;
	text_addf(&name, "%s._domainkey.%s", key->selector, key->domain);
	pack_slice(listing->rows, slice_str(key->domain));
	pack_slice(listing->rows, slice_str(key->selector));
	pack_slice(listing->rows, slice_str(signing_algorithm_word(
	    key->algorithm)));
	pack_i64(listing->rows, key->created_utc_ms);
	pack_slice(listing->rows, text_slice(&name));
	pack_slice(listing->rows, slice_str(key->record));
	listing->work->rows++;
	return 0;
}

/* The domain in normal form, and the selector.  False: one is at fault. */
static bool
read_name(struct admin_work *work, char *domain, size_t size, char *selector,
    size_t selector_size)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_SIZE);

	work->field = ARG_DOMAIN;
	if (address_normal(&normal, slice_str("x"),
	    work->args[ARG_DOMAIN]) < 0 ||
	    slice_cstr(slice_after(text_slice(&normal), 2), domain, size) < 0)
		return false;
	work->field = ADMIN_NO_FIELD;
	return admin_copy(work, ARG_SELECTOR, selector, selector_size);
}

enum admin_status
admin_dkim_make(struct admin_work *work)
{
	work->signing.algorithm =
	    signing_algorithm_of(work->args[ARG_ALGORITHM]);
	if (work->signing.algorithm == DKIM_ALGORITHM_NONE) {
		work->field = ARG_ALGORITHM;
		return ADMIN_UNFIT;
	}
	return signing_key_make(&work->signing, &work->signing_secret) < 0 ?
	    ADMIN_FAILED : ADMIN_OK;
}

enum admin_status
admin_dkim_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	struct signing_key *key = &work->signing;
	int r;

	if (!read_name(work, key->domain, sizeof(key->domain), key->selector,
	    sizeof(key->selector)))
		return ADMIN_UNFIT;
	if (work->seal_key == NULL)
		return ADMIN_FAILED;
	key->created_utc_ms = work->now_utc_ms;
	r = policy_signing_add(policy, work->seal_key, key,
	    &work->signing_secret);
	OPENSSL_cleanse(&work->signing_secret, sizeof(work->signing_secret));
	if (r == -EINVAL || r == -EEXIST)
		work->field = ARG_SELECTOR;
	else if (r == -ENOENT)
		work->field = ARG_DOMAIN;
	return r == 0 ? admin_status_of(add_row(&listing, key)) :
	    admin_status_of(r);
}

enum admin_status
admin_dkim_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };

	return admin_status_of(policy_signing_each(policy, add_row,
	    &listing));
}

enum admin_status
admin_dkim_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	char domain[256], selector[SIGNING_SELECTOR_SIZE];
	struct signing_key key;
	int r;

	if (!read_name(work, domain, sizeof(domain), selector,
	    sizeof(selector)))
		return ADMIN_UNFIT;
	r = policy_signing_get(policy, slice_str(domain), slice_str(selector),
	    &key);
	if (r == 0)
		r = policy_signing_remove(policy, slice_str(domain),
		    slice_str(selector));
	if (r < 0) {
		work->field = ARG_SELECTOR;
		return admin_status_of(r);
	}
	return admin_status_of(add_row(&listing, &key));
}
