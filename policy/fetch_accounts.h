/*
 * fetch_accounts.h - the remote mailboxes that people collect from (MultiPOP),
 * and the providers that are asked to send what they hold (ETRN, ATRN)
 *
 * Rows of policy.db.  A fetch account belongs to one account here, its owner;
 * its label is unique among that owner's.  The password is sealed (seal.h) with
 * the number of the row as its context and leaves the keeper for one process
 * only: the one that collects for that owner.
 *
 * Numbers are never given twice.  Changes are durable when 0 is returned.
 */
#ifndef POSTROOM_POLICY_FETCH_ACCOUNTS_H
#define POSTROOM_POLICY_FETCH_ACCOUNTS_H

#include "lib/base/pack.h"
#include "policy/accounts.h"
#include "policy/seal.h"

#define FETCH_LABEL_SIZE	65	/* bytes with their NUL, UTF-8 */
#define FETCH_HOST_SIZE		256
#define FETCH_USER_SIZE		321
#define FETCH_SECRET_SIZE	1025
#define FETCH_FOLDERS_SIZE	1001
#define FETCH_QUEUE_SIZE	513	/* an ATRN line of 512 is filled by it */
#define FETCH_PIN_BYTES		32	/* SHA-256 of the certificate (DER) */
#define FETCH_MOST_OF_OWNER	50	/* their settings fit one message */
#define FETCH_DAYS_MOST		3650	/* of old mail, and before deleting */
#define FETCH_KEEP		(-1)	/* delete_after_days: never */

/*
 * How it is collected: RFC 1939; RFC 9051; RFC 1985, and then the provider
 * connects to us; RFC 2645, and then it sends on the same connection.
 */
enum fetch_protocol { FETCH_POP3, FETCH_IMAP, FETCH_ETRN, FETCH_ATRN,
    FETCH_PROTOCOL_COUNT };
enum fetch_tls { FETCH_TLS_NONE, FETCH_TLS_STARTTLS, FETCH_TLS_IMPLICIT,
    FETCH_TLS_COUNT };
/* auto: USER and PASS, or what the server wants instead. */
enum fetch_mechanism { FETCH_AUTO, FETCH_PLAIN, FETCH_LOGIN, FETCH_CRAM_MD5,
    FETCH_APOP,
    FETCH_XOAUTH2, FETCH_OAUTHBEARER,	/* with a grant: grants.h */
    FETCH_MECHANISM_COUNT };
/* What is taken of the mail that was there before the account was added. */
enum fetch_from {
	FETCH_FROM_UNSAID,	/* nobody has said yet: nothing is collected */
	FETCH_FROM_ALL,
	FETCH_FROM_NEW,		/* nothing of it */
	FETCH_FROM_DAYS,	/* of the last from_days days */
	FETCH_FROM_COUNT
};

struct fetch_account {
	uint64_t		id;
	uint64_t		owner;
	char			owner_address[ADDRESS_SIZE];
	char			label[FETCH_LABEL_SIZE];
	enum fetch_protocol	protocol;
	char			host[FETCH_HOST_SIZE];
	uint16_t		port;
	enum fetch_tls		tls;
	char			user[FETCH_USER_SIZE];	/* "": ETRN, no login */
	enum fetch_mechanism	mechanism;
	bool			has_pin;
	unsigned char		pin[FETCH_PIN_BYTES];
	enum fetch_from		from;
	unsigned		from_days;	/* 1..DAYS_MOST; or 0 */
	int			delete_after_days;	/* 0: once safe; KEEP */
	uint64_t		largest_bytes;	/* 0: message_bytes of the hub */
	/* of IMAP: fetch/imap/choice.h */
	char			folders[FETCH_FOLDERS_SIZE];
	/* of ETRN and ATRN: "office.test,@branch.test,#spool" */
	char			queue[FETCH_QUEUE_SIZE];
	bool			enabled;
	bool			mirror;	/* delete what its owner deletes here */
	/* host and port are the owner's word, not the postmaster's:
	 * people_hosts.h */
	bool			by_owner;
	int64_t			created_utc_ms;
	uint64_t		changes;	/* how often it was set since */
};

/*
 * What may be said to a host: some bytes of UTF-8 without a control character;
 * what can stand behind PASS.  And the one form of a host: a name in lower-case
 * A-labels, or an address.
 */
bool	fetch_is_line(struct slice, size_t most);
bool	fetch_is_secret(struct slice);
bool	fetch_host_normal(const char *typed, char host_out[FETCH_HOST_SIZE]);

/* It logs in with an access token: it has no password, but a grant. */
bool	fetch_is_oauth(const struct fetch_account *);

/*
 * `fetch->id` is given here, and an empty label is the host.  Where nobody logs
 * in (ETRN without a user), or with a grant, the secret is empty.  The host is kept
 * in lower-case A-labels, or as inet_ntop(3) writes an address.  0, -EINVAL
 * (*field_out names the member that is not fit, as in the command line), -ENOENT
 * (no such owner), -EEXIST (the label is taken) or -EDQUOT
 * (FETCH_MOST_OF_OWNER); *field_out is NULL when no member is to blame.
 */
int	policy_fetch_add(struct policy *, const struct seal_key *,
	    const struct fetch_account *, struct slice secret,
	    int64_t now_utc_ms, uint64_t *id_out, const char **field_out);
/*
 * Replace all of row `fetch->id` but its owner; an empty secret stays as it
 * was.  As above, -ENOENT: no such fetch account.
 */
int	policy_fetch_set(struct policy *, const struct seal_key *,
	    const struct fetch_account *, struct slice secret,
	    const char **field_out);
/* 0 or -ENOENT, and below. */
int	policy_fetch_remove(struct policy *, uint64_t id);
int	policy_fetch_get(struct policy *, uint64_t id,
	    struct fetch_account *fetch_out);
int	policy_fetch_find(struct policy *, uint64_t owner, struct slice label,
	    struct fetch_account *fetch_out);
/*
 * In order of number, those above `above`; owner 0: everybody's.  Stops when
 * `fn` is not 0, and answers that.
 */
typedef int policy_fetch_fn(void *arg, const struct fetch_account *);
int	policy_fetch_each(struct policy *, uint64_t owner, uint64_t above,
	    policy_fetch_fn *, void *arg);
/*
 * The password, with a NUL behind it; to be wiped.  0, -ENOENT, or -EBADMSG (it
 * was sealed with another key).
 */
int	policy_fetch_secret(struct policy *, const struct seal_key *,
	    uint64_t id, char secret_out[FETCH_SECRET_SIZE]);

/* All but the times and owner_address, packed; with the secret behind it. */
void	fetch_account_pack(struct text *, const struct fetch_account *,
	    struct slice secret);
/* 0 or -EBADMSG; the secret points into what is read. */
int	fetch_account_unpack(struct unpack *,
	    struct fetch_account *fetch_out, struct slice *secret_out);

#endif
