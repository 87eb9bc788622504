/*
 * accounts.c - policy.db: whose an address is, and who may log in
 */
#include "policy/accounts.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/db.h"
#include "lib/message/envelope.h"
#include "lib/message/path.h"
#include "policy/domains.h"
#include "policy/groups_inside.h"
#include "policy/seal.h"
#include "policy/tables.h"

/* 1 and the hub's id, 0 when it has none yet, or -errno. */
static int
hub_get(struct policy *p)
{
	DB_QUERY_AUTO q = db_ask(p->db, GET_HUB);
	struct slice id;
	int r = db_next(&q);

	if (r != 1)
		return r;
	id = db_blob(&q, HUB_ID_BYTES, HUB_ID_BYTES);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	memcpy(p->hub_id, id.at, HUB_ID_BYTES);
	return 1;
}

int
policy_finish(struct policy *p, int r)
{
	if (r == 0)
		r = db_commit(p->db, true);
	if (r < 0)
		db_rollback(p->db);
	return r;
}

static int
hub_make(struct policy *p)
{
	struct db_query q;
	int r;

	if (getrandom(p->hub_id, HUB_ID_BYTES, 0) != HUB_ID_BYTES)
		return -EIO;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, PUT_HUB);
	db_put_blob(&q, slice_of(p->hub_id, HUB_ID_BYTES));
	return policy_finish(p, db_run(&q));
}

int
policy_open(int folder_fd, bool only_reading, struct policy **policy_out,
    unsigned *needs_out)
{
	struct policy *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return -ENOMEM;
	r = db_open(folder_fd, POLICY_FILE, &policy_format, only_reading, &p->db,
	    needs_out);
	if (r == 0)
		r = hub_get(p);
	if (r == 0)
		r = only_reading ? -EUCLEAN : hub_make(p);
	if (r < 0) {
		policy_close(p);
		return r;
	}
	*policy_out = p;
	return 0;
}

void
policy_close(struct policy *p)
{
	if (p == NULL)
		return;
	db_close(p->db);
	free(p);
}

const unsigned char *
policy_hub_id(const struct policy *p)
{
	return p->hub_id;
}

int
policy_number(struct db_query *q, uint64_t *number_out)
{
	int r = db_next(q);

	if (r == 1) {
		uint64_t n = db_u64(q, 1, INT64_MAX);

		r = db_row(q) < 0 ? -EUCLEAN : 1;
		if (r == 1)
			*number_out = n;
	}
	db_end(q);
	return r;
}

static int
domain_find(struct policy *p, struct slice name, uint64_t *domain_out)
{
	struct db_query q = db_ask(p->db, FIND_DOMAIN);

	db_put_blob(&q, name);
	return policy_number(&q, domain_out);
}

static int
local_find(struct policy *p, enum statement which, uint64_t domain,
    struct slice local, uint64_t *account_out)
{
	struct db_query q = db_ask(p->db, which);

	db_put_u64(&q, domain);
	db_put_blob(&q, local);
	return policy_number(&q, account_out);
}

static int
postmaster_find(struct policy *p, uint64_t *account_out)
{
	struct db_query q = db_ask(p->db, POSTMASTERS);

	db_put_blob(&q, slice_str("postmaster"));
	return policy_number(&q, account_out);
}

int
policy_postmaster(struct policy *p, uint64_t *account_out)
{
	int r = postmaster_find(p, account_out);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

/* The account or group of this name in this domain: 1, 0 or -errno. */
static int
name_find(struct policy *p, uint64_t domain, struct slice local,
    uint64_t *account_out)
{
	int r = local_find(p, WHOSE, domain, local, account_out);

	if (r == 0) {
		r = local_find(p, WHOSE_GROUP, domain, local, account_out);
		if (r == 1)
			*account_out |= ACCOUNT_GROUP;
	}
	return r;
}

/* team-bounces@ and the like: who looks after the list of that name. */
static int
owner_find(struct policy *p, uint64_t domain, struct slice local,
    uint64_t *account_out)
{
	static const char *const ends[] = { "-bounces", "-owner", "-request" };
	uint64_t list = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (slice_has_suffix(local, ends[i]))
			r = local_find(p, WHOSE_GROUP, domain,
			    slice_first(local, local.len - strlen(ends[i])),
			    &list);
	if (r <= 0 || (list & ACCOUNT_LIST) == 0)
		return r < 0 ? r : 0;
	{
		struct db_query q = db_ask(p->db, LIST_OWNER);

		db_put_u64(&q, list & ~ACCOUNT_NOBODYS);
		r = policy_number(&q, account_out);
	}
	return r == 0 ? postmaster_find(p, account_out) : r;
}

int
policy_whose(struct policy *p, struct slice address, enum whose *whose_out,
    uint64_t *account_out)
{
	size_t at = slice_find_last(address, '@'), plus;
	struct slice local = slice_first(address, at);
	uint64_t domain = 0, account = 0;
	bool is_shared = false;
	int r;

	if (at != SIZE_MAX) {
		r = domain_find(p, slice_after(address, at + 1), &domain);
		if (r < 0)
			return r;
	}
	if (domain == 0 && (at != SIZE_MAX ||
	    !slice_is_word(address, "postmaster"))) {
		*whose_out = WHOSE_FOREIGN;
		*account_out = 0;
		return 0;
	}
	r = domain == 0 ? 0 : name_find(p, domain, local, &account);
	plus = slice_find(local, '+');
	if (r == 0 && domain != 0 && plus != SIZE_MAX && plus > 0) {
		local = slice_first(local, plus);
		r = name_find(p, domain, local, &account);
	}
	if (r == 0 && domain != 0)
		r = owner_find(p, domain, local, &account);
	if (r == 0 && slice_is_word(local, "postmaster"))
		r = postmaster_find(p, &account);
	if (r < 0)
		return r;
	if (r == 0 && domain != 0) {
		int fault = policy_domain_is_shared(p, domain, &is_shared);

		if (fault < 0)
			return fault;
	}
	*whose_out = r == 1 ? WHOSE_OURS :
	    is_shared ? WHOSE_SHARED : WHOSE_UNKNOWN;
	*account_out = r == 1 ? account : 0;
	return 0;
}

/* Read the row that ACCOUNT_COLUMNS names.  `secret` may be NULL. */
static int
account_row(struct db_query *q, struct policy_account *account_out,
    struct password_secret *secret)
{
	struct policy_account a = { 0 };
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	struct slice name, language, hash, scram;

	a.id = db_u64(q, 1, INT64_MAX);
	text_add(&address, db_blob(q, 1, PATH_LOCAL_MAX));
	text_add_byte(&address, '@');
	text_add(&address, db_blob(q, 1, PATH_DOMAIN_MAX));
	name = db_blob(q, 0, ACCOUNT_NAME_SIZE - 1);
	language = db_blob(q, 1, LANGUAGE_SIZE - 1);
	a.fetch = (enum account_fetch)db_u64(q, 0, ACCOUNT_FETCH_COUNT - 1);
	a.created_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	a.is_public = db_u64(q, 0, 1) != 0;
	a.recall_minutes = (unsigned)db_u64(q, 0, RECALL_MINUTES_MOST);
	a.may_forward = db_u64(q, 0, 1) != 0;
	hash = db_blob(q, 0, PASSWORD_HASH_SIZE - 1);
	scram = db_blob(q, 0, PASSWORD_SCRAM_SIZE - 1);
	if (text_failed(&address))
		return -ENOMEM;
	if (db_row(q) < 0 ||
	    slice_cstr(text_slice(&address), a.address, ADDRESS_SIZE) < 0 ||
	    slice_cstr(name, a.name, sizeof(a.name)) < 0 ||
	    slice_cstr(language, a.language, sizeof(a.language)) < 0)
		return -EUCLEAN;
	if (secret != NULL &&
	    (slice_cstr(hash, secret->hash, PASSWORD_HASH_SIZE) < 0 ||
	    slice_cstr(scram, secret->scram, PASSWORD_SCRAM_SIZE) < 0))
		return -EUCLEAN;
	*account_out = a;
	return 0;
}

/* The only row of `q`.  0, -ENOENT or -ENOTUNIQ. */
static int
account_only(struct db_query *q, struct policy_account *account_out,
    struct password_secret *secret_out)
{
	struct password_secret secret;
	struct policy_account a;
	int r = db_next(q);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = account_row(q, &a, &secret);
	if (r < 0)
		return r;
	r = db_next(q);
	if (r != 0)
		return r < 0 ? r : -ENOTUNIQ;
	*account_out = a;
	if (secret_out != NULL)
		*secret_out = secret;
	return 0;
}

/* `typed` in normal form, or -EINVAL. */
static int
normal(struct slice typed, struct text *text)
{
	struct path path;

	if (address_parse(typed, true, &path) < 0 || path.domain.len == 0)
		return -EINVAL;
	return address_normal(text, path.local, path.domain);
}

static int
find(struct policy *p, struct slice user, struct policy_account *account_out,
    struct password_secret *secret_out)
{
	DB_QUERY_AUTO q = { 0 };
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct slice address, local;

	user = slice_trim(user);
	if (slice_find(user, '@') == SIZE_MAX) {
		/* some domain, to have the local part in normal form */
		if (user.len > PATH_LOCAL_MAX ||
		    address_normal(&text, user, slice_str("x")) < 0)
			return -ENOENT;
		address = text_slice(&text);
		q = db_ask(p->db, BY_LOCAL);
		db_put_blob(&q, slice_first(address,
		    slice_find_last(address, '@')));
		return account_only(&q, account_out, secret_out);
	}
	if (normal(user, &text) < 0)
		return -ENOENT;
	address = text_slice(&text);
	local = slice_first(address, slice_find_last(address, '@'));
	q = db_ask(p->db, BY_ADDRESS);
	db_put_blob(&q, local);
	db_put_blob(&q, slice_after(address, local.len + 1));
	return account_only(&q, account_out, secret_out);
}

int
policy_account_find(struct policy *p, struct slice user,
    struct policy_account *account_out)
{
	return find(p, user, account_out, NULL);
}

int
policy_login(struct policy *p, struct slice user,
    struct policy_account *account_out, struct password_secret *secret_out)
{
	struct password_secret secret;
	struct policy_account account;
	int r = find(p, user, &account, &secret);

	if (r == 0 && account.is_public)
		r = -ENOENT;
	if (r < 0)
		return r;
	*account_out = account;
	*secret_out = secret;
	return 0;
}

/* Add the domain of ours, if there is one only. */
static int
add_only_domain(struct policy *p, struct text *text)
{
	DB_QUERY_AUTO q = db_ask(p->db, DOMAINS);
	TEXT_AUTO name = TEXT_INIT(PATH_DOMAIN_MAX);
	int r = db_next(&q);

	if (r != 1)
		return r;
	text_add(&name, db_blob(&q, 1, PATH_DOMAIN_MAX));
	if (db_row(&q) < 0)
		return -EUCLEAN;
	r = db_next(&q);
	if (r == 0) {
		text_add_byte(text, '@');
		text_add(text, text_slice(&name));
	}
	return r < 0 ? r : 0;
}

int
policy_name_normal(struct policy *p, struct slice user, struct text *text)
{
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	int r = 0;

	user = slice_trim(user);
	text_add(&address, user);
	if (slice_find(user, '@') == SIZE_MAX)
		r = add_only_domain(p, &address);
	if (r < 0)
		return r;
	/* what cannot be the name of an account stays as it is */
	if (text_failed(&address) || normal(text_slice(&address), text) < 0)
		text_add(text, user);
	return text_failed(text) ? -ENOMEM : 0;
}

int
policy_account_get(struct policy *p, uint64_t id,
    struct policy_account *account_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, BY_ID);

	if (id == 0 || id > INT64_MAX)
		return -ENOENT;
	db_put_u64(&q, id);
	return account_only(&q, account_out, NULL);
}

/* A name that can stand in a header and on a screen. */
static bool
name_is_fit(const char *name)
{
	struct slice s = slice_str(name);

	if (s.len >= ACCOUNT_NAME_SIZE || !slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}

static bool
language_is_fit(const char *language)
{
	return strcmp(language, "en") == 0 || strcmp(language, "id") == 0;
}

/* Put the row of `a`, whose address is normal, in the open transaction. */
static int
account_put(struct policy *p, const struct policy_account *a,
    const struct password_secret *secret, int64_t now_utc_ms)
{
	struct slice address = slice_str(a->address);
	struct slice local = slice_first(address,
	    slice_find_last(address, '@'));
	uint64_t domain = 0, taken;
	struct db_query q;
	int r = domain_find(p, slice_after(address, local.len + 1), &domain);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = name_find(p, domain, local, &taken);
	if (r != 0)
		return r < 0 ? r : -EEXIST;
	q = db_ask(p->db, PUT_ACCOUNT);
	db_put_blob(&q, local);
	db_put_u64(&q, domain);
	db_put_blob(&q, slice_str(a->name));
	db_put_blob(&q, slice_str(a->language));
	db_put_blob(&q, slice_str(secret->hash));
	db_put_blob(&q, slice_str(secret->scram));
	db_put_i64(&q, now_utc_ms);
	return db_run(&q);
}

static int
set_public(struct policy *p, struct slice address)
{
	struct policy_account a;
	struct db_query q;
	int r = policy_account_find(p, address, &a);

	if (r < 0)
		return r;
	q = db_ask(p->db, SET_PUBLIC);
	db_put_u64(&q, a.id);
	return db_run(&q);
}

int
policy_account_add(struct policy *p, const struct policy_account *account,
    const struct password_secret *secret, int64_t now_utc_ms,
    struct policy_account *account_out)
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct policy_account a = *account;
	int r = normal(slice_str(account->address), &text);

	if (r < 0 || !name_is_fit(a.name) || !language_is_fit(a.language))
		return -EINVAL;
	r = slice_cstr(text_slice(&text), a.address, sizeof(a.address));
	if (r < 0)
		return -EINVAL;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	r = account_put(p, &a, secret, now_utc_ms);
	if (r == 0 && account->is_public)
		r = set_public(p, slice_str(a.address));
	r = policy_finish(p, r);
	if (r < 0)
		return r;
	return policy_account_find(p, slice_str(a.address), account_out);
}

int
policy_public_add(struct policy *p, const struct policy_account *account,
    int64_t now_utc_ms, struct policy_account *account_out)
{
	const struct password_secret none = { .hash = "" };
	struct policy_account a = *account;

	a.is_public = true;
	return policy_account_add(p, &a, &none, now_utc_ms, account_out);
}

/* Run "UPDATE ... SET column = first[, second] WHERE id". */
static int
column_set(struct policy *p, enum statement which, const char *first,
    const char *second, uint64_t id)
{
	struct db_query q = db_ask(p->db, which);

	db_put_blob(&q, slice_str(first));
	if (second != NULL)
		db_put_blob(&q, slice_str(second));
	db_put_u64(&q, id);
	return db_run(&q);
}

/* The same of a number. */
static int
number_set(struct policy *p, enum statement which, unsigned number,
    uint64_t id)
{
	struct db_query q = db_ask(p->db, which);

	db_put_u64(&q, number);
	db_put_u64(&q, id);
	return db_run(&q);
}

/* Who may not any more does not go on doing it. */
static int
set_forwards(struct policy *p, bool may, uint64_t id)
{
	struct db_query q;
	int r = number_set(p, SET_FORWARDS, may, id);

	if (r < 0 || may)
		return r;
	q = db_ask(p->db, FORWARD_OWNERS_GONE);
	db_put_u64(&q, id);
	return db_run(&q);
}

bool
policy_may_fetch(const struct policy_account *account, bool people_fetch)
{
	return account->fetch == ACCOUNT_FETCH_DEFAULT ? people_fetch :
	    account->fetch == ACCOUNT_FETCH_YES;
}

int
policy_account_set(struct policy *p, uint64_t id,
    const struct policy_change *change)
{
	struct policy_account a;
	int r = policy_account_get(p, id, &a);

	if (r < 0)
		return r;
	if ((change->name != NULL && !name_is_fit(change->name)) ||
	    (change->language != NULL &&
	    !language_is_fit(change->language)) ||
	    (change->recall_minutes != NULL &&
	    *change->recall_minutes > RECALL_MINUTES_MOST))
		return -EINVAL;
	r = db_begin(p->db);
	if (r == 0 && change->name != NULL)
		r = column_set(p, SET_NAME, change->name, NULL, id);
	if (r == 0 && change->language != NULL)
		r = column_set(p, SET_LANGUAGE, change->language, NULL, id);
	if (r == 0 && change->secret != NULL)
		r = column_set(p, SET_SECRET, change->secret->hash,
		    change->secret->scram, id);
	if (r == 0 && change->fetch != NULL)
		r = number_set(p, SET_FETCH, *change->fetch, id);
	if (r == 0 && change->recall_minutes != NULL)
		r = number_set(p, SET_RECALL, *change->recall_minutes, id);
	if (r == 0 && change->may_forward != NULL)
		r = set_forwards(p, *change->may_forward, id);
	return policy_finish(p, r);
}

/* -EPERM when `id` is the only account called postmaster. */
static int
postmaster_keep(struct policy *p, uint64_t id)
{
	DB_QUERY_AUTO q = db_ask(p->db, POSTMASTERS);
	unsigned postmasters = 0;
	bool is_one = false;
	int r;

	db_put_blob(&q, slice_str("postmaster"));
	while ((r = db_next(&q)) == 1) {
		is_one = is_one || db_u64(&q, 1, INT64_MAX) == id;
		postmasters++;
	}
	if (r < 0)
		return r;
	return is_one && postmasters == 1 ? -EPERM : 0;
}

static int
account_drop(struct policy *p, const struct policy_account *account,
    int64_t now_utc_ms)
{
	struct db_query q = db_ask(p->db, REMOVE);
	uint64_t id = account->id;
	int r;

	db_put_i64(&q, now_utc_ms);
	db_put_u64(&q, id);
	r = db_run(&q);
	if (r == 0)
		r = policy_target_gone(p, slice_str(account->address));
	if (r < 0)
		return r;
	q = db_ask(p->db, FORWARD_REMOVE);
	db_put_u64(&q, id);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(p->db, SMARTHOST_GONE);
	db_put_u64(&q, id);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(p->db, DEVICE_GONE);
	db_put_u64(&q, id);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(p->db, REMOVE_FETCHES);
	db_put_u64(&q, id);
	r = db_run(&q);
	return r < 0 ? r : policy_grants_sweep(p);
}

int
policy_account_remove(struct policy *p, uint64_t id, int64_t now_utc_ms)
{
	struct policy_account a;
	int r = policy_account_get(p, id, &a);

	if (r == 0)
		r = postmaster_keep(p, id);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, account_drop(p, &a, now_utc_ms));
}

int
policy_account_each(struct policy *p, policy_account_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, EACH);
	struct policy_account a;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = account_row(&q, &a, NULL);
		if (r == 0)
			r = fn(arg, &a);
		if (r != 0)
			return r;
	}
	return r;
}

int
policy_highest(struct policy *p, uint64_t *account_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, HIGHEST);
	int r = db_next(&q);
	uint64_t highest;

	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	highest = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	if (r == 0)
		*account_out = highest;
	return r;
}

/* The hub's id, sealed: what a key must open to be the right one. */
static int
seal_remember(struct policy *p, const struct seal_key *key)
{
	TEXT_AUTO sealed = TEXT_INIT(HUB_ID_BYTES + SEAL_MORE_BYTES);
	struct db_query q;
	int r;

	r = seal(key, slice_str("hub"), slice_of(p->hub_id, HUB_ID_BYTES),
	    &sealed);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, PUT_SEAL);
	db_put_blob(&q, text_slice(&sealed));
	return policy_finish(p, db_run(&q));
}

int
policy_seal_check(struct policy *p, const struct seal_key *key)
{
	TEXT_AUTO opened = TEXT_INIT(HUB_ID_BYTES);
	DB_QUERY_AUTO q = db_ask(p->db, GET_SEAL);
	int r = db_next(&q);

	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	if (db_is_null(&q)) {
		db_end(&q);
		return seal_remember(p, key);
	}
	r = unseal(key, slice_str("hub"), db_blob(&q, 1,
	    HUB_ID_BYTES + SEAL_MORE_BYTES), &opened);
	if (r == 0 && !slice_is(text_slice(&opened),
	    slice_of(p->hub_id, HUB_ID_BYTES)))
		r = -EBADMSG;
	return r;
}

int
policy_domain_add(struct policy *p, struct slice name, int64_t now_utc_ms)
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	uint64_t domain;
	struct db_query q;
	int r;

	if (name.len == 0 || name.at[0] == '[' ||
	    address_normal(&text, slice_str("x"), name) < 0)
		return -EINVAL;
	name = slice_after(text_slice(&text), 2);
	r = domain_find(p, name, &domain);
	if (r != 0)
		return r < 0 ? r : 0;
	/* another host has it: gateways.h */
	q = db_ask(p->db, GATEWAY_IS);
	db_put_blob(&q, name);
	r = policy_number(&q, &domain);
	if (r != 0)
		return r < 0 ? r : -EEXIST;
	r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, PUT_DOMAIN);
	db_put_blob(&q, name);
	db_put_i64(&q, now_utc_ms);
	return policy_finish(p, db_run(&q));
}
