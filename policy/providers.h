/*
 * providers.h - what is known of the big mail providers
 *
 * A table of public facts, each with where it is said: where their servers are,
 * how one logs in, what they put up with, and what deleting does there.  What
 * nobody confirms is not in it: 0, NULL or DELE_UNSAID.  It is advice for who
 * adds a remote mailbox; what an owner says goes before it.
 */
#ifndef POSTROOM_POLICY_PROVIDERS_H
#define POSTROOM_POLICY_PROVIDERS_H

#include "lib/base/slice.h"
#include "policy/fetch_accounts.h"

#define PROVIDER_DOMAINS	12

/* What becomes of a message when POP3's DELE is granted (RFC 1939 5). */
enum provider_dele {
	DELE_UNSAID,
	DELE_DELETES,
	/* what the owner has chosen there: kept, archived, or in the bin */
	DELE_AS_SET_THERE,
	DELE_COUNT
};

struct provider_server {
	const char	*host;		/* NULL: there is none */
	uint16_t	 port;		/* TLS from the first byte */
};

struct mail_provider {
	const char	*name;		/* as in "--oauth google" */
	const char	*title;		/* for people */
	const char	*domains[PROVIDER_DOMAINS + 1];	/* of addresses */
	struct provider_server pop3, imap;
	bool		 app_password;	/* the usual password is refused */
	/* OAuth; mechanism is FETCH_AUTO where there is none */
	enum fetch_mechanism mechanism;
	bool		 pop3_oauth;	/* POP3 takes tokens, too */
	const char	*authorize_url, *token_url;
	const char	*device_url;	/* NULL: not for mail */
	const char	*pop3_scope, *imap_scope;
	/* what it puts up with of one mailbox; 0: it does not say */
	unsigned	 imap_connections;
	unsigned	 pop3_minutes;	/* between two logins */
	uint64_t	 pop3_daily_bytes, imap_daily_bytes;
	enum provider_dele dele;
	/* put before the user's name: mail of the last days, whoever took it */
	const char	*recent_prefix;
};

extern const struct mail_provider mail_providers[];	/* ends with no name */

/* The row of that name; of the domain of that address; or NULL. */
const struct mail_provider *provider_find(struct slice name);
const struct mail_provider *provider_of_address(struct slice address);
/* The row whose POP3 or IMAP server is `host`, or NULL. */
const struct mail_provider *provider_of_host(struct slice host);

/*
 * What the server `host` puts up with; 0: nothing is known.  Where it serves both
 * protocols what is less holds.
 */
struct provider_limits {
	unsigned	connections;	/* at one time */
	unsigned	every_minutes;	/* at the most often */
	uint64_t	daily_bytes;	/* of one mailbox */
};
struct provider_limits provider_limits(struct slice host);

#endif
