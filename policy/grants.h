/*
 * grants.h - what people have consented to: OAuth clients, grants and proxies
 *
 * Rows of policy.db beside the fetch accounts.  The postmaster registers one
 * client with each provider; a grant is what the owner of a remote mailbox has
 * consented to: a refresh token.  It is sealed, as passwords are, and leaves
 * the keeper for the process that collects for that owner only; access tokens
 * are never here.
 *
 * Two refresh tokens are kept: the newest, and the one before it.  A provider
 * that gives a new one with each use may take the old one back when the new one
 * is used for the first time.  So a new one is stored, durably, before anything
 * that came with it is used; and the one before stays until another comes, so
 * that who lost power in between is still known by one of them.
 */
#ifndef POSTROOM_POLICY_GRANTS_H
#define POSTROOM_POLICY_GRANTS_H

#include "lib/base/pack.h"
#include "policy/accounts.h"
#include "policy/seal.h"

#define GRANT_TOKEN_SIZE	4097	/* SEAL_MOST_BYTES and a NUL */
#define GRANT_NAME_SIZE		33	/* of a provider: a-z 0-9 - */
#define GRANT_CLIENT_SIZE	257
#define GRANT_SECRET_SIZE	513
#define GRANT_URL_SIZE		513
#define GRANT_SCOPE_SIZE	513
#define GRANT_CLIENTS_MOST	64

#define PROXY_HOST_SIZE		256
#define PROXY_LOGIN_SIZE	257	/* of its name, and of its password */

/* What the postmaster has registered with a provider. */
struct oauth_client {
	char		name[GRANT_NAME_SIZE];	/* of the provider */
	char		client_id[GRANT_CLIENT_SIZE];
	/* "": as the table of providers has them */
	char		token_url[GRANT_URL_SIZE];
	char		device_url[GRANT_URL_SIZE];
	char		authorize_url[GRANT_URL_SIZE];
	char		scope[GRANT_SCOPE_SIZE];
};

/* All that is needed to ask for a token for one remote mailbox. */
struct grant {
	char		name[GRANT_NAME_SIZE];
	char		client_id[GRANT_CLIENT_SIZE];
	char		client_secret[GRANT_SECRET_SIZE];	/* or "" */
	char		token_url[GRANT_URL_SIZE];
	char		device_url[GRANT_URL_SIZE];	/* "": no such way */
	char		authorize_url[GRANT_URL_SIZE];	/* "": no such way */
	char		scope[GRANT_SCOPE_SIZE];
	char		refresh[GRANT_TOKEN_SIZE];	/* "": no consent yet */
	char		before[GRANT_TOKEN_SIZE];	/* "": none */
};

/* How a grant does, for people; there are no secrets in it. */
struct grant_state {
	char		name[GRANT_NAME_SIZE];
	bool		has_consent;
	bool		gives_codes;	/* to be typed: RFC 8628 */
	int64_t		granted_utc_ms;		/* 0: not yet */
	int64_t		until_utc_ms;		/* 0: nobody knows */
};

enum proxy_kind { PROXY_NONE, PROXY_SOCKS5, PROXY_SOCKS5H, PROXY_HTTP,
    PROXY_COUNT };

struct fetch_proxy {
	enum proxy_kind	kind;
	char		host[PROXY_HOST_SIZE];
	uint16_t	port;
	bool		by_owner;	/* the owner named it: people_hosts.h */
	char		user[PROXY_LOGIN_SIZE];	/* "": it wants no login */
	char		password[PROXY_LOGIN_SIZE];
};

/*
 * Register a client, or change it; an empty secret stays as it was.  0, -EINVAL
 * (*field_out names the argument at fault) or -EDQUOT (GRANT_CLIENTS_MOST).
 */
int	policy_client_set(struct policy *, const struct seal_key *,
	    const struct oauth_client *, struct slice secret,
	    int64_t now_utc_ms, const char **field_out);
/* 0, -ENOENT, or -EBUSY: mailboxes are collected with it. */
int	policy_client_remove(struct policy *, struct slice name);
int	policy_client_get(struct policy *, struct slice name,
	    struct oauth_client *client_out);
typedef int policy_client_fn(void *arg, const struct oauth_client *);
int	policy_client_each(struct policy *, policy_client_fn *, void *arg);

/*
 * From now on that fetch account is collected with a grant of that provider;
 * of another one than before it has no consent yet.  0, or -ENOENT: no such
 * client.
 */
int	policy_grant_for(struct policy *, uint64_t fetch, struct slice name);
/*
 * All of it; wipe it.  0, -ENOENT (it has none), -EBADMSG (sealed with another
 * key), or -EINVAL: the client names no token endpoint.
 */
int	policy_grant_open(struct policy *, const struct seal_key *,
	    uint64_t fetch, struct grant *grant_out);
/*
 * A new refresh token; durable when this returns 0.  `until_utc_ms`: 0, nobody
 * knows.  `consented`: by a person, so that the one before it is of no use.
 */
int	policy_grant_save(struct policy *, const struct seal_key *,
	    uint64_t fetch, struct slice refresh, bool consented,
	    int64_t now_utc_ms, int64_t until_utc_ms);
/* 0, or -ENOENT. */
int	policy_grant_state(struct policy *, uint64_t fetch,
	    struct grant_state *state_out);

/*
 * How urgent it is that its owner consents again: 0, not yet, or nobody knows;
 * from then on it grows: within 14 days, 3 days, one day; it is over.
 */
unsigned grant_urgency(int64_t until_utc_ms, int64_t now_utc_ms);

/*
 * "socks5://HOST:PORT", "socks5h://...", "http://..." or "none".  False: it is
 * neither.  A name and password do not stand in it: they are never arguments.
 */
bool	fetch_proxy_read(struct slice, struct fetch_proxy *proxy_out);
void	fetch_proxy_write(const struct fetch_proxy *, struct text *);
/*
 * Set, or with PROXY_NONE take away.  0 or -EINVAL.  With an empty user the
 * proxy wants no login.
 */
int	policy_proxy_set(struct policy *, const struct seal_key *,
	    uint64_t fetch, const struct fetch_proxy *);
/* 0, PROXY_NONE too, or -EBADMSG.  Without a key there is no password. */
int	policy_proxy_get(struct policy *, const struct seal_key *,
	    uint64_t fetch, struct fetch_proxy *proxy_out);

/* As bytes, and back: 0 or -EBADMSG. */
void	grant_pack(struct text *, const struct grant *);
int	grant_unpack(struct unpack *, struct grant *grant_out);
void	fetch_proxy_pack(struct text *, const struct fetch_proxy *);
int	fetch_proxy_unpack(struct unpack *, struct fetch_proxy *proxy_out);

#endif
