/*
 * accounts.h - policy.db: whose an address is, and who may log in
 *
 * The keeper is its only writer.  Addresses in it are in the one form of
 * address_normal().  A number, once given to an account, is never given to
 * another: removing marks the row, the mail folder stays until the postmaster
 * takes it away.  The file is made with its hub id, which every database and
 * segment of this hub carries.
 *
 * Every change is durable when its function returns 0.  Errors beside those
 * named: what db.h says.
 */
#ifndef POSTROOM_POLICY_ACCOUNTS_H
#define POSTROOM_POLICY_ACCOUNTS_H

#include "lib/base/text.h"
#include "policy/password.h"

#define HUB_ID_BYTES		16
#define ADDRESS_SIZE		324	/* 64 "@" 255, and a NUL */
#define ACCOUNT_NAME_SIZE	129	/* a person's name, and a NUL */
#define LANGUAGE_SIZE		8
#define POLICY_FILE		"policy.db"
#define RECALL_MINUTES_MOST	1440

struct policy;			/* opaque; see accounts.c */

enum whose {
	WHOSE_OURS,		/* an account here */
	WHOSE_UNKNOWN,		/* our domain, but nobody has that name */
	WHOSE_FOREIGN,		/* not our domain */
	WHOSE_SHARED,		/* nobody's here; our provider has it, too */
	WHOSE_CLOSED,		/* a list that this sender may not write to */
	WHOSE_FORGED,		/* no sender that we have rewritten (srs.h) */
	WHOSE_GATEWAY,		/* it is for the host of a gateway domain */
	WHOSE_COUNT
};

/* May they have remote mailboxes of their own collected from? */
enum account_fetch {
	ACCOUNT_FETCH_DEFAULT,	/* as people_fetch says, for all */
	ACCOUNT_FETCH_YES,
	ACCOUNT_FETCH_NO,
	ACCOUNT_FETCH_COUNT
};

struct policy_account {
	uint64_t	id;		/* from 1 */
	char		address[ADDRESS_SIZE];
	char		name[ACCOUNT_NAME_SIZE];	/* may be empty */
	char		language[LANGUAGE_SIZE];	/* en, id */
	enum account_fetch fetch;
	unsigned	recall_minutes;	/* to take back what they send; 0: none */
	bool		may_forward;	/* their own mail, to addresses elsewhere */
	int64_t		created_utc_ms;
	bool		is_public;	/* nobody logs in to it: for folders
					   that many use (shares.h) */
};

/* The one answer; `people_fetch` as in the configuration. */
bool	policy_may_fetch(const struct policy_account *, bool people_fetch);

/*
 * Open policy.db in `folder_fd` (borrowed), making it when it is not there
 * unless `only_reading`.  0 or as db_open().
 */
int	policy_open(int folder_fd, bool only_reading,
	    struct policy **policy_out, unsigned *needs_out);
void	policy_close(struct policy *);
/* HUB_ID_BYTES of them, valid while it is open. */
const unsigned char *policy_hub_id(const struct policy *);

/* The highest account number ever given, or 0.  0 or a negative errno. */
int	policy_highest(struct policy *, uint64_t *account_out);
/*
 * Is this the key that secrets in here are sealed with?  The first key that is
 * shown is remembered (as a seal, not as itself).  0, or -EBADMSG: another one.
 */
struct seal_key;
int	policy_seal_check(struct policy *, const struct seal_key *);

/*
 * Whose is `address`, in normal form (or the bare word "postmaster", RFC 5321
 * 4.5.1)?  ann+anything@ reaches ann; postmaster@ any domain of ours reaches
 * an account of that name.  *account_out is 0 unless it is ours; of an alias or a
 * list it is its number with ACCOUNT_GROUP and ACCOUNT_LIST (envelope.h), of
 * team-bounces@, team-owner@ and team-request@ the account of who looks after the
 * list team@.  Never CLOSED nor FORGED, which the keeper alone says.
 */
int	policy_whose(struct policy *, struct slice address,
	    enum whose *whose_out, uint64_t *account_out);

/*
 * Who is `user`, as typed at a login or on the command line: an address, or a
 * local part that only one account has.  0, -ENOENT, or -ENOTUNIQ (more than
 * one account has that local part).
 */
int	policy_account_find(struct policy *, struct slice user,
	    struct policy_account *account_out);
int	policy_account_get(struct policy *, uint64_t id,
	    struct policy_account *account_out);
/* The same with what proves their password; -ENOENT for a public one. */
int	policy_login(struct policy *, struct slice user,
	    struct policy_account *account_out,
	    struct password_secret *secret_out);
/*
 * Add `user`, as typed at a login, in the one form that all ways to type this
 * name have, whether anybody has it or not.  0 or a negative errno.
 */
int	policy_name_normal(struct policy *, struct slice user,
	    struct text *text);

/*
 * A new account for account->address (as typed), name and language.
 * 0, -EINVAL (address, name or language is not fit), -ENOENT (the domain is
 * not ours) or -EEXIST.  account_out has the address in normal form.
 */
int	policy_account_add(struct policy *, const struct policy_account *,
	    const struct password_secret *, int64_t now_utc_ms,
	    struct policy_account *account_out);
/* The same, public and without a password. */
int	policy_public_add(struct policy *, const struct policy_account *,
	    int64_t now_utc_ms, struct policy_account *account_out);
/* What to change; NULL leaves it. */
struct policy_change {
	const char			*name;
	const char			*language;
	const struct password_secret	*secret;
	const enum account_fetch	*fetch;
	const unsigned			*recall_minutes;
	const bool			*may_forward;	/* no: theirs ends */
};
/* 0, -ENOENT or -EINVAL. */
int	policy_account_set(struct policy *, uint64_t id,
	    const struct policy_change *);
/* 0, -ENOENT, or -EPERM: the last postmaster stays (RFC 5321 4.5.1). */
int	policy_account_remove(struct policy *, uint64_t id, int64_t now_utc_ms);
/* Tell each account in order of address; stops when `fn` is not 0. */
typedef int policy_account_fn(void *arg, const struct policy_account *);
int	policy_account_each(struct policy *, policy_account_fn *, void *arg);

/*
 * A domain of ours.  0 (also when it was there), -EINVAL, or -EEXIST: it is a
 * gateway's (gateways.h).
 */
int	policy_domain_add(struct policy *, struct slice name,
	    int64_t now_utc_ms);

#endif
