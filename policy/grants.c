/*
 * grants.c - what people have consented to: OAuth clients, grants and proxies
 */
#include "policy/grants.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/db.h"
#include "lib/base/host.h"
#include "policy/fetch_accounts.h"
#include "policy/providers.h"
#include "policy/tables.h"

#define CONTEXT_SIZE	64	/* "oauth client ..." */
#define DAY_MS		INT64_C(86400000)
#define SEALED_MOST	(SEAL_MOST_BYTES + SEAL_MORE_BYTES)

/* What is said of an endpoint or a client can end no line, and no field. */
static bool
is_words(const char *string, bool may_be_empty)
{
	struct slice s = slice_str(string);

	return (s.len > 0 || may_be_empty) && slice_is_printable_ascii(s);
}

static bool
is_url(const char *string)
{
	struct slice s = slice_str(string);

	return s.len == 0 || (slice_has_prefix(s, "https://") &&
	    slice_is_printable_ascii(s) && slice_find(s, ' ') == SIZE_MAX);
}

/* "google", "office-365": it stands in commands and in contexts of seals. */
static bool
is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && name[n] == '\0';
}

/* Secrets */

static struct slice
context_of(const char *what, uint64_t id, char buffer[CONTEXT_SIZE])
{
	(void)snprintf(buffer, CONTEXT_SIZE, "%s %" PRIu64, what, id);
	return slice_str(buffer);
}

static struct slice
context_of_client(const char *name, char buffer[CONTEXT_SIZE])
{
	(void)snprintf(buffer, CONTEXT_SIZE, "oauth client %s", name);
	return slice_str(buffer);
}

/* Unseal what is not empty into `buffer`, with a NUL behind it. */
static int
open_secret(const struct seal_key *key, struct slice context,
    struct slice sealed, char *buffer, size_t size)
{
	TEXT_AUTO secret = TEXT_INIT(SEAL_MOST_BYTES);
	int r;

	buffer[0] = '\0';
	if (sealed.len == 0)
		return 0;
	/* room at once: growing would leave the secret in freed memory */
	if (text_space(&secret, SEAL_MOST_BYTES) == NULL)
		return -ENOMEM;
	text_clear(&secret);
	r = unseal(key, context, sealed, &secret);
	if (r == 0 && slice_cstr(text_slice(&secret), buffer, size) < 0)
		r = -EBADMSG;
	OPENSSL_cleanse(secret.at, secret.size);
	return r;
}

/* Clients */

static const char *
client_fault(const struct oauth_client *client)
{
	const struct mail_provider *known =
	    provider_find(slice_str(client->name));

	if (!is_name(client->name))
		return "name";
	if (!is_words(client->client_id, false))
		return "client_id";
	/* who is not known here says where to ask, and what for */
	if (!is_url(client->token_url) || (client->token_url[0] == '\0' &&
	    (known == NULL || known->token_url == NULL)))
		return "token_url";
	if (!is_url(client->device_url))
		return "device_url";
	if (!is_url(client->authorize_url))
		return "authorize_url";
	return is_words(client->scope, true) ? NULL : "scope";
}

static int
client_row(struct db_query *q, struct oauth_client *client_out)
{
	struct oauth_client c;
	const struct {
		char	*at;
		size_t	 size;
	} columns[] = {
		{ c.name, sizeof(c.name) },
		{ c.client_id, sizeof(c.client_id) },
		{ c.token_url, sizeof(c.token_url) },
		{ c.device_url, sizeof(c.device_url) },
		{ c.authorize_url, sizeof(c.authorize_url) },
		{ c.scope, sizeof(c.scope) },
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (slice_cstr(db_blob(q, 0, columns[i].size - 1),
		    columns[i].at, columns[i].size) < 0)
			return -EUCLEAN;
	if (db_row(q) < 0 || client_fault(&c) != NULL)
		return -EUCLEAN;
	*client_out = c;
	return 0;
}

int
policy_client_get(struct policy *p, struct slice name,
    struct oauth_client *client_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, CLIENT_GET);
	int r;

	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return client_row(&q, client_out);
}

int
policy_client_each(struct policy *p, policy_client_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, CLIENT_EACH);
	struct oauth_client client;
	int r;

	while ((r = db_next(&q)) == 1) {
		r = client_row(&q, &client);
		if (r == 0)
			r = fn(arg, &client);
		if (r != 0)
			return r;
	}
	return r;
}

/* The one number that the query selects, 0 too. */
static int
count_of(struct db_query *q, uint64_t *count_out)
{
	int r = db_next(q);

	if (r == 1) {
		*count_out = db_u64(q, 0, INT64_MAX);
		r = db_row(q);
	} else if (r == 0) {
		r = -EUCLEAN;
	}
	db_end(q);
	return r;
}

static int
client_put(struct policy *p, const struct seal_key *key,
    const struct oauth_client *c, struct slice secret, int64_t now_utc_ms)
{
	TEXT_AUTO sealed = TEXT_INIT(SEALED_MOST);
	char context[CONTEXT_SIZE];
	struct db_query q = db_ask(p->db, CLIENT_PUT);
	int r;

	db_put_blob(&q, slice_str(c->name));
	db_put_blob(&q, slice_str(c->client_id));
	db_put_blob(&q, slice_str(c->token_url));
	db_put_blob(&q, slice_str(c->device_url));
	db_put_blob(&q, slice_str(c->authorize_url));
	db_put_blob(&q, slice_str(c->scope));
	db_put_i64(&q, now_utc_ms);
	r = db_run(&q);
	if (r < 0 || secret.len == 0)
		return r;
	r = seal(key, context_of_client(c->name, context), secret, &sealed);
	if (r < 0)
		return r;
	q = db_ask(p->db, CLIENT_SEAL);
	db_put_blob(&q, text_slice(&sealed));
	db_put_blob(&q, slice_str(c->name));
	return db_run(&q);
}

int
policy_client_set(struct policy *p, const struct seal_key *key,
    const struct oauth_client *client, struct slice secret,
    int64_t now_utc_ms, const char **field_out)
{
	struct db_query q = db_ask(p->db, CLIENT_COUNT);
	struct oauth_client before;
	uint64_t count = 0;
	int r = count_of(&q, &count);

	*field_out = client_fault(client);
	if (*field_out == NULL && (secret.len >= GRANT_SECRET_SIZE ||
	    !slice_is_printable_ascii(secret)))
		*field_out = "client_secret";
	if (r < 0 || *field_out != NULL)
		return r < 0 ? r : -EINVAL;
	r = policy_client_get(p, slice_str(client->name), &before);
	if (r == -ENOENT)
		r = count >= GRANT_CLIENTS_MOST ? -EDQUOT : 0;
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, client_put(p, key, client, secret,
	    now_utc_ms));
}

int
policy_client_remove(struct policy *p, struct slice name)
{
	struct oauth_client before;
	struct db_query q;
	uint64_t uses = 0;
	int r = policy_client_get(p, name, &before);

	if (r < 0)
		return r;
	q = db_ask(p->db, CLIENT_USES);
	db_put_blob(&q, name);
	r = count_of(&q, &uses);
	if (r == 0 && uses > 0)
		r = -EBUSY;
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, CLIENT_REMOVE);
	db_put_blob(&q, name);
	return policy_finish(p, db_run(&q));
}

/* Grants */

int
policy_grant_for(struct policy *p, uint64_t fetch, struct slice name)
{
	struct oauth_client client;
	struct db_query q;
	int r = policy_client_get(p, name, &client);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, GRANT_FOR);
	db_put_u64(&q, fetch);
	db_put_blob(&q, name);
	return policy_finish(p, db_run(&q));
}

/* What the client says goes before what the table knows. */
static void
choose(char *out, size_t size, const char *said, const char *known)
{
	(void)snprintf(out, size, "%s", said[0] != '\0' ? said :
	    known == NULL ? "" : known);
}

static int
fill_client(const struct oauth_client *c, enum fetch_protocol protocol,
    struct grant *g)
{
	static const struct mail_provider unknown;
	const struct mail_provider *known = provider_find(slice_str(c->name));

	if (known == NULL)
		known = &unknown;
	(void)snprintf(g->name, sizeof(g->name), "%s", c->name);
	(void)snprintf(g->client_id, sizeof(g->client_id), "%s",
	    c->client_id);
	choose(g->token_url, sizeof(g->token_url), c->token_url,
	    known->token_url);
	/* endpoints of its own: the table's are somebody else's */
	choose(g->device_url, sizeof(g->device_url), c->device_url,
	    c->token_url[0] != '\0' ? NULL : known->device_url);
	choose(g->authorize_url, sizeof(g->authorize_url), c->authorize_url,
	    c->token_url[0] != '\0' ? NULL : known->authorize_url);
	choose(g->scope, sizeof(g->scope), c->scope,
	    protocol == FETCH_IMAP ? known->imap_scope : known->pop3_scope);
	return g->token_url[0] == '\0' ? -EINVAL : 0;
}

static int
open_client(struct policy *p, const struct seal_key *key, struct slice name,
    enum fetch_protocol protocol, struct grant *g)
{
	DB_QUERY_AUTO q = db_ask(p->db, CLIENT_GET_SEAL);
	char context[CONTEXT_SIZE];
	struct oauth_client client;
	struct slice sealed;
	int r = policy_client_get(p, name, &client);

	if (r < 0)
		return r;
	db_put_blob(&q, name);
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -ENOENT;
	sealed = db_blob(&q, 0, SEALED_MOST);
	r = db_row(&q);
	if (r == 0)
		r = open_secret(key, context_of_client(client.name, context),
		    sealed, g->client_secret, sizeof(g->client_secret));
	return r < 0 ? r : fill_client(&client, protocol, g);
}

/* The columns of GRANT_GET; slices are good until the query ends. */
struct grant_row {
	struct slice	client, sealed, before;
	int64_t		granted_utc_ms, until_utc_ms;
};

static int
grant_row(struct db_query *q, uint64_t fetch, struct grant_row *row_out)
{
	int r;

	if (fetch == 0 || fetch > INT64_MAX)
		return -ENOENT;
	db_put_u64(q, fetch);
	r = db_next(q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	row_out->client = db_blob(q, 1, GRANT_NAME_SIZE - 1);
	row_out->sealed = db_blob(q, 0, SEALED_MOST);
	row_out->before = db_blob(q, 0, SEALED_MOST);
	row_out->granted_utc_ms = db_i64(q, 0, INT64_MAX);
	row_out->until_utc_ms = db_i64(q, 0, INT64_MAX);
	return db_row(q);
}

int
policy_grant_open(struct policy *p, const struct seal_key *key,
    uint64_t fetch, struct grant *grant_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, GRANT_GET);
	char context[CONTEXT_SIZE];
	struct fetch_account account;
	struct grant_row row;
	struct grant g = { 0 };
	int r = grant_row(&q, fetch, &row);

	if (r == 0)
		r = policy_fetch_get(p, fetch, &account);
	if (r == 0)
		r = open_client(p, key, row.client, account.protocol, &g);
	(void)context_of("grant", fetch, context);
	if (r == 0)
		r = open_secret(key, slice_str(context), row.sealed,
		    g.refresh, sizeof(g.refresh));
	if (r == 0)
		r = open_secret(key, slice_str(context), row.before,
		    g.before, sizeof(g.before));
	if (r == 0)
		*grant_out = g;
	OPENSSL_cleanse(&g, sizeof(g));
	return r;
}

/* It is the one that is there already. */
static int
is_same(struct policy *p, const struct seal_key *key, uint64_t fetch,
    struct slice refresh, bool *same_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, GRANT_GET);
	char context[CONTEXT_SIZE], now[GRANT_TOKEN_SIZE];
	struct grant_row row;
	int r = grant_row(&q, fetch, &row);

	if (r < 0)
		return r;
	r = open_secret(key, context_of("grant", fetch, context), row.sealed,
	    now, sizeof(now));
	*same_out = r == 0 && slice_is_secret(refresh, slice_str(now));
	OPENSSL_cleanse(now, sizeof(now));
	/* what cannot be read is put away all the same */
	return r == -EBADMSG ? 0 : r;
}

static int
grant_put(struct policy *p, const struct seal_key *key, uint64_t fetch,
    struct slice refresh, bool consented, int64_t now_utc_ms,
    int64_t until_utc_ms)
{
	TEXT_AUTO sealed = TEXT_INIT(SEALED_MOST);
	char context[CONTEXT_SIZE];
	struct db_query q;
	int r = seal(key, context_of("grant", fetch, context), refresh,
	    &sealed);

	if (r < 0)
		return r;
	q = db_ask(p->db, consented ? GRANT_CONSENT : GRANT_ROTATE);
	db_put_blob(&q, text_slice(&sealed));
	db_put_i64(&q, until_utc_ms);
	if (consented)
		db_put_i64(&q, now_utc_ms);
	db_put_u64(&q, fetch);
	r = db_run(&q);
	if (r < 0 || !consented)
		return r;
	/* the schedule sees that it is worth another try */
	q = db_ask(p->db, FETCH_TOUCH);
	db_put_u64(&q, fetch);
	return db_run(&q);
}

static int
until_put(struct policy *p, uint64_t fetch, int64_t until_utc_ms)
{
	struct db_query q = db_ask(p->db, GRANT_UNTIL);

	db_put_i64(&q, until_utc_ms);
	db_put_u64(&q, fetch);
	return db_run(&q);
}

int
policy_grant_save(struct policy *p, const struct seal_key *key,
    uint64_t fetch, struct slice refresh, bool consented, int64_t now_utc_ms,
    int64_t until_utc_ms)
{
	bool same = false;
	int r;

	if (refresh.len == 0 || refresh.len >= GRANT_TOKEN_SIZE ||
	    until_utc_ms < 0)
		return -EINVAL;
	r = is_same(p, key, fetch, refresh, &same);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	/* the one before stays: it is not this one */
	r = same && !consented ? until_put(p, fetch, until_utc_ms) :
	    grant_put(p, key, fetch, refresh, consented, now_utc_ms,
	    until_utc_ms);
	return policy_finish(p, r);
}

int
policy_grant_state(struct policy *p, uint64_t fetch,
    struct grant_state *state_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, GRANT_GET);
	struct oauth_client client;
	struct grant_row row;
	struct grant g = { 0 };
	int r = grant_row(&q, fetch, &row);

	if (r < 0)
		return r;
	state_out->has_consent = row.sealed.len > 0;
	state_out->granted_utc_ms = row.granted_utc_ms;
	state_out->until_utc_ms = row.until_utc_ms;
	if (slice_cstr(row.client, state_out->name,
	    sizeof(state_out->name)) < 0)
		return -EUCLEAN;
	r = policy_client_get(p, row.client, &client);
	if (r == 0)
		(void)fill_client(&client, FETCH_POP3, &g);
	state_out->gives_codes = g.device_url[0] != '\0';
	return r;
}

unsigned
grant_urgency(int64_t until_utc_ms, int64_t now_utc_ms)
{
	static const int64_t days[] = { 14, 3, 1, 0 };
	unsigned urgency = 0;

	while (until_utc_ms != 0 &&
	    urgency < sizeof(days) / sizeof(days[0]) &&
	    until_utc_ms - now_utc_ms <= days[urgency] * DAY_MS)
		urgency++;
	return urgency;
}

int
policy_grants_sweep(struct policy *p)
{
	struct db_query q = db_ask(p->db, GRANT_SWEEP);
	int r = db_run(&q);

	if (r < 0)
		return r;
	q = db_ask(p->db, PROXY_SWEEP);
	return db_run(&q);
}

/* As bytes */

void
grant_pack(struct text *text, const struct grant *g)
{
	pack_slice(text, slice_str(g->name));
	pack_slice(text, slice_str(g->client_id));
	pack_slice(text, slice_str(g->client_secret));
	pack_slice(text, slice_str(g->token_url));
	pack_slice(text, slice_str(g->device_url));
	pack_slice(text, slice_str(g->authorize_url));
	pack_slice(text, slice_str(g->scope));
	pack_slice(text, slice_str(g->refresh));
	pack_slice(text, slice_str(g->before));
}

int
grant_unpack(struct unpack *u, struct grant *grant_out)
{
	struct grant *g = grant_out;
	const struct {
		char	*at;
		size_t	 size;
	} members[] = {
		{ g->name, sizeof(g->name) },
		{ g->client_id, sizeof(g->client_id) },
		{ g->client_secret, sizeof(g->client_secret) },
		{ g->token_url, sizeof(g->token_url) },
		{ g->device_url, sizeof(g->device_url) },
		{ g->authorize_url, sizeof(g->authorize_url) },
		{ g->scope, sizeof(g->scope) },
		{ g->refresh, sizeof(g->refresh) },
		{ g->before, sizeof(g->before) },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (slice_cstr(unpack_slice(u), members[i].at,
		    members[i].size) < 0)
			u->bad = true;
	return u->bad ? -EBADMSG : 0;
}
