/*
 * smarthosts.c - policy.db: the hosts by which some people's mail leaves
 */
#include "policy/smarthosts.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/host.h"
#include "lib/message/path.h"
#include "policy/fetch_accounts.h"
#include "policy/tables.h"
#include "policy/ways.h"

#define CONTEXT_BYTES	(ADDRESS_SIZE + 16)

int
smarthost_host(struct slice typed, struct smarthost *smarthost)
{
	size_t colon = slice_find_last(typed, ':');
	char host[SMARTHOST_HOST_SIZE], normal[FETCH_HOST_SIZE];
	struct slice name = slice_first(typed, colon);
	uint64_t port;

	if (colon == SIZE_MAX || slice_u64(slice_after(typed, colon + 1),
	    UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	/* without brackets the last part of it would be the port */
	if (slice_find(name, ':') != SIZE_MAX && name.at[0] != '[')
		return -EINVAL;
	if (slice_cstr(name, host, sizeof(host)) < 0 ||
	    !fetch_host_normal(host, normal))
		return -EINVAL;
	(void)slice_cstr(slice_str(normal), smarthost->host,
	    sizeof(smarthost->host));
	smarthost->port = (uint16_t)port;
	return 0;
}

/* May it be said to a host?  Nobody logs in without a password. */
static bool
is_fit(const struct smarthost *smarthost, struct slice secret)
{
	struct slice user = slice_str(smarthost->user);

	if (smarthost->name[0] == '\0' || smarthost->host[0] == '\0' ||
	    smarthost->port == 0 ||
	    (unsigned)smarthost->tls >= SMARTHOST_TLS_COUNT)
		return false;
	return user.len == 0 ? secret.len == 0 :
	    fetch_is_line(user, SMARTHOST_USER_SIZE - 1) &&
	    fetch_is_secret(secret);
}

static void
add_context(struct text *context, struct slice name)
{
	text_add_str(context, "smarthost ");
	text_add(context, name);
}

/* Is there room for that name beside the others? */
static int
check_room(struct policy *p, struct slice name)
{
	DB_QUERY_AUTO q = db_ask(p->db, SMARTHOST_COUNT);
	uint64_t count, bytes;
	int r;

	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	count = db_u64(&q, 0, INT64_MAX);
	bytes = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	if (r < 0)
		return r;
	return count >= SMARTHOSTS_MOST ||
	    bytes + name.len > SMARTHOST_NAMES_MOST ? -EDQUOT : 0;
}

static int
put_row(struct policy *p, const struct smarthost *smarthost,
    struct slice sealed)
{
	struct db_query q = db_ask(p->db, SMARTHOST_PUT);

	db_put_blob(&q, slice_str(smarthost->name));
	db_put_u64(&q, smarthost->account);
	db_put_blob(&q, slice_str(smarthost->host));
	db_put_u64(&q, smarthost->port);
	db_put_u64(&q, (uint64_t)smarthost->tls);
	db_put_blob(&q, slice_str(smarthost->user));
	db_put_u64(&q, smarthost->by_owner);
	db_put_i64(&q, smarthost->changed_utc_ms);
	db_put_blob(&q, sealed);
	return db_run(&q);
}

int
policy_smarthost_put(struct policy *p, const struct seal_key *key,
    const struct smarthost *smarthost, struct slice secret)
{
	TEXT_AUTO sealed = TEXT_INIT(SMARTHOST_SECRET_SIZE + SEAL_MORE_BYTES);
	TEXT_AUTO context = TEXT_INIT(CONTEXT_BYTES);
	int r;

	if (!is_fit(smarthost, secret))
		return -EINVAL;
	add_context(&context, slice_str(smarthost->name));
	r = check_room(p, slice_str(smarthost->name));
	if (r == 0 && secret.len > 0)
		r = key == NULL ? -EIO : seal(key, text_slice(&context),
		    secret, &sealed);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, put_row(p, smarthost, text_slice(&sealed)));
}

int
policy_smarthost_remove(struct policy *p, struct slice name)
{
	struct smarthost before;
	struct db_query q;
	int r = policy_smarthost_get(p, name, &before);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, SMARTHOST_REMOVE);
	db_put_blob(&q, name);
	return policy_finish(p, db_run(&q));
}

static int
read_row(struct db_query *q, struct smarthost *smarthost_out)
{
	struct smarthost s = { .name = "" };
	struct slice name = db_blob(q, 1, sizeof(s.name) - 1), host, user;

	s.account = db_u64(q, 0, INT64_MAX);
	host = db_blob(q, 1, sizeof(s.host) - 1);
	s.port = (uint16_t)db_u64(q, 1, UINT16_MAX);
	s.tls = (enum smarthost_tls)db_u64(q, 0, SMARTHOST_TLS_COUNT - 1);
	user = db_blob(q, 0, sizeof(s.user) - 1);
	s.by_owner = db_u64(q, 0, 1) == 1;
	s.changed_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	if (db_row(q) < 0 ||
	    slice_cstr(name, s.name, sizeof(s.name)) < 0 ||
	    slice_cstr(host, s.host, sizeof(s.host)) < 0 ||
	    slice_cstr(user, s.user, sizeof(s.user)) < 0 ||
	    (user.len > 0 && !fetch_is_line(user, SMARTHOST_USER_SIZE - 1)))
		return -EUCLEAN;
	*smarthost_out = s;
	return 0;
}

int
policy_smarthost_get(struct policy *p, struct slice name,
    struct smarthost *smarthost_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, SMARTHOST_GET);
	int r;

	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_row(&q, smarthost_out);
}

int
policy_smarthost_has(struct policy *p, uint64_t account, struct slice sender,
    bool *has_out)
{
	TEXT_AUTO own = TEXT_INIT(ADDRESS_SIZE);
	struct smarthost smarthost;
	struct slice address;
	int r = -ENOENT;

	*has_out = false;
	if (sender.len == 0 || !way_own_address(sender, &own))
		return 0;
	address = text_slice(&own);
	if (account != 0)
		r = policy_smarthost_get(p, address, &smarthost);
	if (r == 0 && smarthost.account != account)
		r = -ENOENT;
	if (r == -ENOENT)
		r = policy_smarthost_get(p, slice_after(address,
		    slice_find_last(address, '@') + 1), &smarthost);
	*has_out = r == 0;
	return r == -ENOENT ? 0 : r;
}

int
policy_smarthost_secret(struct policy *p, const struct seal_key *key,
    struct slice name, char secret_out[SMARTHOST_SECRET_SIZE])
{
	DB_QUERY_AUTO q = db_ask(p->db, SMARTHOST_GET_SEAL);
	TEXT_AUTO secret = TEXT_INIT(SMARTHOST_SECRET_SIZE);
	TEXT_AUTO context = TEXT_INIT(CONTEXT_BYTES);
	struct slice sealed;
	int r;

	/* room at once: growing would leave the secret in freed memory */
	if (text_space(&secret, SMARTHOST_SECRET_SIZE) == NULL)
		return -ENOMEM;
	text_clear(&secret);
	add_context(&context, name);
	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sealed = db_blob(&q, 0, SMARTHOST_SECRET_SIZE - 1 + SEAL_MORE_BYTES);
	r = db_row(&q);
	if (r == 0 && sealed.len > 0)
		r = unseal(key, text_slice(&context), sealed, &secret);
	if (r == 0)
		r = slice_cstr(text_slice(&secret), secret_out,
		    SMARTHOST_SECRET_SIZE);
	OPENSSL_cleanse(secret.at, SMARTHOST_SECRET_SIZE);
	return r;
}

int
policy_smarthost_each(struct policy *p, policy_smarthost_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, SMARTHOST_EACH);
	struct smarthost smarthost;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = read_row(&q, &smarthost);
		if (r == 0)
			r = fn(arg, &smarthost);
		if (r != 0)
			return r;
	}
	return r;
}

struct packing {
	struct text	*rows;
	uint32_t	 count;
};

static int
pack_row(void *arg, const struct smarthost *smarthost)
{
	struct packing *packing = arg;

	way_pack(packing->rows, &(struct way){ slice_str(smarthost->name),
	    smarthost->account });
	packing->count++;
	return 0;
}

int
policy_smarthosts_pack(struct policy *p, struct text *text)
{
	TEXT_AUTO rows = TEXT_INIT(SMARTHOST_NAMES_MOST +
	    SMARTHOSTS_MOST * 16);
	struct packing packing = { .rows = &rows };
	int r = policy_smarthost_each(p, pack_row, &packing);

	if (r < 0)
		return r;
	pack_u32(text, packing.count);
	text_add(text, text_slice(&rows));
	return text_failed(&rows) || text_failed(text) ? -ENOMEM : 0;
}
