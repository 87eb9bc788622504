/*
 * admin_oauth.c - the keeper's answers about providers, consent and proxies
 *
 * No secret is ever in an answer: what is told of a grant is when it was given
 * and how long it is good.
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "policy/fetch_accounts.h"
#include "policy/grants.h"
#include "policy/providers.h"

enum { SET_PROVIDER, SET_CLIENT_ID, SET_SECRET, SET_TOKEN_URL,
    SET_DEVICE_URL, SET_AUTHORIZE_URL, SET_SCOPE };
enum { WAY_ADDRESS, WAY_LABEL, WAY_OAUTH, WAY_PROXY, WAY_PROXY_USER,
    WAY_PROXY_PASSWORD };

/* How the office is registered with providers */

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static int
add_client(void *arg, const struct oauth_client *client)
{
	struct listing *listing = arg;
	struct text *rows = listing->rows;

	pack_slice(rows, slice_str(client->name));
	pack_slice(rows, slice_str(client->client_id));
	pack_slice(rows, slice_str(client->token_url));
	pack_slice(rows, slice_str(client->device_url));
	pack_slice(rows, slice_str(client->authorize_url));
	pack_slice(rows, slice_str(client->scope));
	listing->work->rows++;
	return 0;
}

enum admin_status
admin_oauth_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };

	return admin_status_of(policy_client_each(policy, add_client,
	    &listing));
}

/* Which argument a member of struct oauth_client came from. */
static unsigned
arg_of(const char *field)
{
	static const char *const fields[] = {
		[SET_PROVIDER] = "name", [SET_CLIENT_ID] = "client_id",
		[SET_SECRET] = "client_secret", [SET_TOKEN_URL] = "token_url",
		[SET_DEVICE_URL] = "device_url",
		[SET_AUTHORIZE_URL] = "authorize_url", [SET_SCOPE] = "scope",
	};

	for (unsigned i = 0; field != NULL &&
	    i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i], field) == 0)
			return i;
	return ADMIN_NO_FIELD;
}

enum admin_status
admin_oauth_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct oauth_client c = { 0 };
	struct listing listing = { work, rows };
	const char *field = NULL;
	int r = policy_client_get(policy, work->args[SET_PROVIDER], &c);

	if (r < 0 && r != -ENOENT)
		return admin_status_of(r);
	if (!admin_copy(work, SET_PROVIDER, c.name, sizeof(c.name)) ||
	    !admin_copy(work, SET_CLIENT_ID, c.client_id,
	    sizeof(c.client_id)) ||
	    !admin_copy(work, SET_TOKEN_URL, c.token_url,
	    sizeof(c.token_url)) ||
	    !admin_copy(work, SET_DEVICE_URL, c.device_url,
	    sizeof(c.device_url)) ||
	    !admin_copy(work, SET_AUTHORIZE_URL, c.authorize_url,
	    sizeof(c.authorize_url)) ||
	    !admin_copy(work, SET_SCOPE, c.scope, sizeof(c.scope)))
		return ADMIN_UNFIT;
	if (work->seal_key == NULL)
		return ADMIN_FAILED;
	r = policy_client_set(policy, work->seal_key, &c,
	    work->args[SET_SECRET], work->now_utc_ms, &field);
	if (r < 0) {
		work->field = arg_of(field);
		return admin_status_of(r);
	}
	(void)add_client(&listing, &c);
	return ADMIN_OK;
}

enum admin_status
admin_oauth_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	struct oauth_client c;
	int r = policy_client_get(policy, work->args[SET_PROVIDER], &c);

	if (r == 0)
		r = policy_client_remove(policy, work->args[SET_PROVIDER]);
	if (r == 0)
		(void)add_client(&listing, &c);
	else
		work->field = SET_PROVIDER;
	/* mailboxes are collected with it */
	return r == -EBUSY ? ADMIN_REFUSED : admin_status_of(r);
}

/* The way to one mailbox */

/* How the provider wants to be shown a token; with one of ours it says so. */
static enum fetch_mechanism
mechanism_of(struct slice provider)
{
	const struct mail_provider *known = provider_find(provider);

	return known == NULL || known->mechanism == FETCH_AUTO ?
	    FETCH_XOAUTH2 : known->mechanism;
}

/* From now on with that provider's consent, in place of a password. */
static int
set_oauth(struct policy *policy, struct admin_work *work,
    struct fetch_account *f)
{
	const char *field = NULL;
	int r;

	work->field = WAY_OAUTH;
	if (f->tls == FETCH_TLS_NONE)
		return -EINVAL;
	r = policy_grant_for(policy, f->id, work->args[WAY_OAUTH]);
	if (r == 0 && !fetch_is_oauth(f)) {
		f->mechanism = mechanism_of(work->args[WAY_OAUTH]);
		r = policy_fetch_set(policy, work->seal_key, f,
		    slice_of(NULL, 0), &field);
	}
	if (r == 0)
		work->field = ADMIN_NO_FIELD;
	return r;
}

static int
set_proxy(struct policy *policy, struct admin_work *work,
    const struct fetch_account *f)
{
	struct fetch_proxy proxy;
	int r = -EINVAL;

	work->field = WAY_PROXY;
	if (!fetch_proxy_read(work->args[WAY_PROXY], &proxy))
		return r;
	/* who has taken over a session would see the password that is kept */
	if (work->asker != 0 && f->tls == FETCH_TLS_NONE &&
	    proxy.kind != PROXY_NONE)
		return r;
	proxy.by_owner = work->asker != 0;
	if (admin_copy(work, WAY_PROXY_USER, proxy.user,
	    sizeof(proxy.user)) && admin_copy(work, WAY_PROXY_PASSWORD,
	    proxy.password, sizeof(proxy.password)))
		r = policy_proxy_set(policy, work->seal_key, f->id, &proxy);
	OPENSSL_cleanse(&proxy, sizeof(proxy));
	if (r == 0)
		work->field = ADMIN_NO_FIELD;
	return r;
}

static int
add_way(struct policy *policy, struct admin_work *work,
    const struct fetch_account *f, struct text *rows)
{
	TEXT_AUTO text = TEXT_INIT(PROXY_HOST_SIZE + 32);
	struct grant_state state = { 0 };
	struct fetch_proxy proxy;
	int r = policy_proxy_get(policy, NULL, f->id, &proxy);

	if (r == 0 && fetch_is_oauth(f))
		r = policy_grant_state(policy, f->id, &state);
	if (r < 0 && r != -ENOENT)
		return r;
	fetch_proxy_write(&proxy, &text);
	pack_u64(rows, f->id);
	pack_slice(rows, slice_str(f->owner_address));
	pack_slice(rows, slice_str(f->label));
	pack_slice(rows, slice_str(fetch_is_oauth(f) ? state.name : ""));
	pack_slice(rows, slice_str(!fetch_is_oauth(f) ? "" :
	    state.has_consent ? "yes" : "no"));
	pack_i64(rows, state.granted_utc_ms);
	pack_i64(rows, state.until_utc_ms);
	pack_slice(rows, text_slice(&text));
	pack_slice(rows, slice_str(state.gives_codes ? "yes" : "no"));
	work->rows++;
	return text_failed(&text) ? -ENOMEM : 0;
}

enum admin_status
admin_fetch_way(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct fetch_account f;
	bool changes = work->given[WAY_OAUTH] || work->given[WAY_PROXY];
	int r = admin_find_fetch(policy, work, &f);

	if (r < 0)
		return admin_status_of(r);
	if (!work->given[WAY_PROXY] && (work->given[WAY_PROXY_USER] ||
	    work->given[WAY_PROXY_PASSWORD])) {
		work->field = WAY_PROXY;
		return ADMIN_UNFIT;
	}
	if (changes && work->seal_key == NULL)
		return ADMIN_FAILED;
	if (work->given[WAY_OAUTH])
		r = set_oauth(policy, work, &f);
	if (r == 0 && work->given[WAY_PROXY])
		r = set_proxy(policy, work, &f);
	/* what was set stays set: the schedule is told whatever follows */
	work->fetches_changed = changes;
	if (r == 0)
		r = policy_fetch_get(policy, f.id, &f);
	if (r == 0)
		r = add_way(policy, work, &f, rows);
	return admin_status_of(r);
}
