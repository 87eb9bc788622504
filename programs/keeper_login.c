/*
 * keeper_login.c - is that the password of this account?
 *
 * The hash is made in a pool; the loop goes on answering meanwhile.  The answer
 * to a wrong password waits its delay here, on a timer, and costs nobody a
 * thread.
 *
 * Passwords are wiped with the attempt that brought them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/keeper_inside.h"

#define LOGINS_HASHING	128	/* some seconds of work for the pool */
#define LOGINS_WAITING	4096	/* on their timers: one a connection */
#define PASSWORD_BYTES	1024
#define USER_BYTES	512
#define SAID_BYTES	4096	/* three lines of SCRAM, which are short */

/* One attempt to log in. */
struct attempt {
	struct errand	 errand;
	struct timer	*timer;
	char		 user[USER_BYTES];	/* as typed */
	char		 counted[USER_BYTES];	/* whom wrong ones count for */
	char		 peer[64];
	char		 password[PASSWORD_BYTES];
	size_t		 password_len;
	bool		 has_account;
	struct policy_account account;
	struct password_secret secret;
	bool		 is_right;
	unsigned char	 signature[SCRAM_KEY_BYTES];	/* for SCRAM */
	size_t		 said_len;	/* 0: not by SCRAM */
	char		 said[];
};

static void
attempt_free(struct attempt *attempt)
{
	attempt->errand.keeper->logins--;
	timer_free(attempt->timer);
	OPENSSL_cleanse(attempt, sizeof(*attempt) + attempt->said_len);
	free(attempt);
}

static void
attempt_answer(struct attempt *attempt, enum keeper_who who)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct keeper_welcome answer = {
		.who = who,
		.account = who == KEEPER_WELCOME ? attempt->account.id : 0,
		.address = who == KEEPER_WELCOME ?
		    slice_str(attempt->account.address) : slice_of(NULL, 0),
		.signature = who == KEEPER_WELCOME && attempt->said_len > 0 ?
		    slice_of(attempt->signature, SCRAM_KEY_BYTES) :
		    slice_of(NULL, 0)
	};

	if (who == KEEPER_WELCOME && keeper_stamp_of(&attempt->secret,
	    &answer.stamp) < 0)
		answer = (struct keeper_welcome){ .who = KEEPER_ASK_LATER };
	keeper_login_say(&body, &answer);
	keeper_errand_answer(&attempt->errand, &body);
	attempt_free(attempt);
}

static struct slice
attempt_password(const struct attempt *attempt)
{
	return slice_of(attempt->password, attempt->password_len);
}

/* In the pool: the slow part. */
static void
compare(void *arg)
{
	struct attempt *attempt = arg;

	attempt->is_right = attempt->said_len == 0 ?
	    password_is(attempt_password(attempt),
	    attempt->has_account ? attempt->secret.hash : NULL) :
	    scram_is(attempt->has_account ? attempt->secret.scram : "",
	    slice_of(attempt->said, attempt->said_len),
	    attempt_password(attempt), attempt->signature);
}

static void
welcome(struct attempt *attempt)
{
	struct keeper *keeper = attempt->errand.keeper;

	login_delay_right(keeper->delays, slice_str(attempt->peer),
	    slice_str(attempt->counted), clock_ms());
	/* a proof is good once only */
	if (attempt->said_len == 0)
		login_cache_add(keeper->cache, attempt->account.id,
		    attempt->secret.hash, attempt_password(attempt),
		    clock_ms());
	attempt_answer(attempt, KEEPER_WELCOME);
}

static void
on_compared(void *arg)
{
	struct attempt *attempt = arg;
	struct keeper *keeper = attempt->errand.keeper;

	keeper->hashing--;
	if (attempt->is_right && attempt->has_account) {
		welcome(attempt);
		return;
	}
	login_delay_wrong(keeper->delays, slice_str(attempt->peer),
	    slice_str(attempt->counted), clock_ms());
	attempt_answer(attempt, KEEPER_STRANGER);
}

/* Its delay is over: look at the password now. */
static void
on_turn(void *arg)
{
	struct attempt *attempt = arg;
	struct keeper *keeper = attempt->errand.keeper;
	int r;

	r = policy_login(keeper->policy, slice_str(attempt->user),
	    &attempt->account, &attempt->secret);
	if (r < 0 && r != -ENOENT && r != -ENOTUNIQ) {
		attempt_answer(attempt, KEEPER_ASK_LATER);
		return;
	}
	attempt->has_account = r == 0;
	if (keeper->hashing >= LOGINS_HASHING ||
	    pool_run(keeper->pool, compare, on_compared, attempt) < 0)
		attempt_answer(attempt, KEEPER_ASK_LATER);
	else
		keeper->hashing++;
}

/* Found right a moment ago: no delay and no hash, whatever strangers do. */
static bool
is_cached(struct attempt *attempt)
{
	struct keeper *keeper = attempt->errand.keeper;

	return attempt->said_len == 0 &&
	    policy_login(keeper->policy, slice_str(attempt->user),
	    &attempt->account, &attempt->secret) == 0 &&
	    login_cache_has(keeper->cache, attempt->account.id,
	    attempt->secret.hash, attempt_password(attempt), clock_ms());
}

/* 0, -EINVAL (no account can have such a name or password) or -ENOMEM. */
static int
attempt_new(struct keeper *keeper, const struct keeper_login *login,
    struct attempt **attempt_out)
{
	struct attempt *attempt;
	int r = -EINVAL;

	if (login->said.len > SAID_BYTES)
		return -EINVAL;
	attempt = calloc(1, sizeof(*attempt) + login->said.len);
	if (attempt == NULL)
		return -ENOMEM;
	attempt->errand.keeper = keeper;
	attempt->timer = timer_new(keeper->process->loop, on_turn, attempt);
	if (attempt->timer == NULL)
		r = -ENOMEM;
	if (attempt->timer == NULL ||
	    slice_cstr(login->user, attempt->user, USER_BYTES) < 0 ||
	    slice_cstr(login->peer, attempt->peer,
	    sizeof(attempt->peer)) < 0 ||
	    login->password.len > PASSWORD_BYTES) {
		timer_free(attempt->timer);
		free(attempt);
		return r;
	}
	memcpy(attempt->password, login->password.at, login->password.len);
	attempt->password_len = login->password.len;
	attempt->said_len = login->said.len;
	if (attempt->said_len > 0)
		memcpy(attempt->said, login->said.at, attempt->said_len);
	keeper->logins++;
	*attempt_out = attempt;
	return 0;
}

/* However a name is typed, its account is guessed at once only. */
static void
find_counted(struct attempt *attempt)
{
	struct policy_account account;
	struct slice name = slice_str(attempt->user);

	if (policy_account_find(attempt->errand.keeper->policy, name,
	    &account) == 0)
		name = slice_str(account.address);
	(void)slice_cstr(name, attempt->counted, sizeof(attempt->counted));
}

/* A name or password no account can have, or too many at a time. */
static void
refuse_login(struct ipc *from, uint64_t serial, enum keeper_who who)
{
	TEXT_AUTO body = TEXT_INIT(64);
	const struct keeper_welcome answer = { .who = who };

	keeper_login_say(&body, &answer);
	(void)ipc_reply(from, serial, text_slice(&body), NULL, 0);
}

int
keeper_on_login(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	struct keeper_login login;
	struct attempt *attempt;
	int r;

	r = keeper_login_asked(message->body, &login);
	if (r < 0)
		return r;
	if (keeper->logins >= LOGINS_WAITING) {
		refuse_login(from, message->serial, KEEPER_ASK_LATER);
		return 0;
	}
	r = attempt_new(keeper, &login, &attempt);
	if (r < 0) {
		refuse_login(from, message->serial, r == -EINVAL ?
		    KEEPER_STRANGER : KEEPER_ASK_LATER);
		return 0;
	}
	keeper_errand_begin(&attempt->errand, keeper, from, message->serial);
	find_counted(attempt);
	if (is_cached(attempt)) {
		welcome(attempt);
		return 0;
	}
	timer_set(attempt->timer, login_delay_ms(keeper->delays,
	    slice_str(attempt->peer), slice_str(attempt->counted),
	    clock_ms()));
	return 0;
}
