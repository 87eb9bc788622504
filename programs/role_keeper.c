/*
 * role_keeper.c - the keeper: accounts, passwords, whose an address is; and
 * what remote mailboxes there are (keeper_fetch.c)
 *
 * Password hashes are made in a pool; the loop goes on answering meanwhile.
 * Who logs in is keeper_login.c's.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/fetch_domains.h"
#include "policy/keeper.h"
#include "programs/keeper_fetch.h"
#include "programs/keeper_inside.h"
#include "programs/keeper_way.h"
#include "programs/keeper_line.h"
#include "programs/roles.h"
#include "programs/switchboard.h"

#define HASH_THREADS	2	/* 20 ms of one core each; 16 MiB each */

/* One request of the console that needs a password hashed. */
struct admin_errand {
	struct errand	 errand;
	struct text	 packed;	/* the arguments, ours */
	struct admin_work work;
	enum admin_status status;
};

static void	tell_accounts(struct keeper *);
static int	on_whose(void *, struct ipc *, struct ipc_message *);
static int	on_named(void *, struct ipc *, struct ipc_message *);
static int	on_admin(void *, struct ipc *, struct ipc_message *);
static int	on_account(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_due(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_open(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_owner(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_rules(void *, struct ipc *, struct ipc_message *);
static int	on_find(void *, struct ipc *, struct ipc_message *);
static int	on_person(void *, struct ipc *, struct ipc_message *);
static int	on_may_fetch(void *, struct ipc *, struct ipc_message *);
static int	on_line_add(void *, struct ipc *, struct ipc_message *);
static int	on_line_carried(void *, struct ipc *, struct ipc_message *);
static int	on_line_report(void *, struct ipc *, struct ipc_message *);
static int	on_line_reported(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_health(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_way(void *, struct ipc *, struct ipc_message *);
static int	on_grant_save(void *, struct ipc *, struct ipc_message *);

#define DOOR	FROM(ROLE_DOOR)
#define CONSOLE	FROM(ROLE_CONSOLE)
#define QUEUE	FROM(ROLE_QUEUE)
#define SCHEDULE FROM(ROLE_SCHEDULE)
#define FETCH	FROM(ROLE_FETCH)

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_WHOSE,	  "WHOSE",   DOOR | QUEUE | SCHEDULE, IPC_REQUEST, 0, 0, on_whose },
{ KEEPER_LOGIN,	  "LOGIN",   DOOR | CONSOLE, IPC_REQUEST, 0, 0, keeper_on_login },
{ KEEPER_ADMIN,	  "ADMIN",   CONSOLE,	   IPC_REQUEST, 0, 0, on_admin },
{ KEEPER_ACCOUNT, "ACCOUNT", DOOR | QUEUE | SCHEDULE, IPC_REQUEST, 0, 0, on_account },
{ KEEPER_FETCH_DUE, "DUE",   SCHEDULE,	   IPC_REQUEST, 0, 0, on_fetch_due },
{ KEEPER_FETCH_OPEN, "OPEN", FETCH,	   IPC_REQUEST, 0, 0, on_fetch_open },
{ KEEPER_FETCH_WAY, "WAY",   FETCH,	   IPC_REQUEST, 0, 0, on_fetch_way },
{ KEEPER_GRANT_SAVE, "GRANT", FETCH,	   IPC_REQUEST, 0, 0, on_grant_save },
{ KEEPER_FETCH_OWNER, "OWNER", QUEUE,	   IPC_REQUEST, 0, 0, on_fetch_owner },
{ KEEPER_FETCH_RULES, "RULES", FETCH,	   IPC_REQUEST, 0, 0, on_fetch_rules },
{ KEEPER_FIND,	  "FIND",    FETCH,	   IPC_REQUEST, 0, 0, on_find },
{ KEEPER_LINE_ADD, "CARRIED", SCHEDULE,	   IPC_REQUEST, 0, 0, on_line_add },
{ KEEPER_LINE_CARRIED, "MONTH", SCHEDULE,  IPC_REQUEST, 0, 0, on_line_carried },
{ KEEPER_LINE_REPORT, "REPORT", SCHEDULE,  IPC_REQUEST, 0, 0, on_line_report },
{ KEEPER_LINE_REPORTED, "REPORTED", SCHEDULE, IPC_NEWS, 0, 0, on_line_reported },
{ KEEPER_FETCH_HEALTH, "HEALTH", SCHEDULE, IPC_NEWS,	0, 0, on_fetch_health },
{ KEEPER_PERSON,  "PERSON",  CONSOLE,	   IPC_REQUEST, 0, 0, on_person },
{ KEEPER_MAY_FETCH, "MAY",   SCHEDULE,	   IPC_REQUEST, 0, 0, on_may_fetch },
{ KEEPER_NAMED,	  "NAMED",   CONSOLE,	   IPC_REQUEST, 0, 0, on_named },
{ 0 }
};

void
keeper_errand_begin(struct errand *errand, struct keeper *keeper,
    struct ipc *from, uint64_t serial)
{
	errand->keeper = keeper;
	errand->from = from;
	errand->serial = serial;
	LIST_INSERT_HEAD(&keeper->errands, errand, next);
}

void
keeper_errand_answer(struct errand *errand, const struct text *body)
{
	LIST_REMOVE(errand, next);
	if (errand->from != NULL && ipc_reply(errand->from, errand->serial,
	    text_slice(body), NULL, 0) < 0)
		log_say("an answer could not be given");
}

static int
on_whose(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(64);
	struct keeper_whose answer = { WHOSE_UNKNOWN, 0 };
	struct slice address;
	int r;

	r = keeper_whose_asked(message->body, &address);
	if (r < 0)
		return r;
	r = whose_cache_ask(keeper->whose, keeper->policy, address,
	    &answer.whose, &answer.account);
	if (r < 0)
		log_say("policy.db cannot be read: %s", strerror(-r));
	else
		keeper_whose_say(&body, &answer);
	/* an empty body is no answer: the door says "try again" */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_named(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(64);
	struct keeper_named answer = { ADMIN_OK, 0 };
	struct policy_account account;
	struct slice user;
	int r;

	r = keeper_whose_asked(message->body, &user);
	if (r < 0)
		return r;
	r = policy_account_find(keeper->policy, user, &account);
	if (r == -ENOENT)
		answer.status = ADMIN_NO_SUCH;
	else if (r == -ENOTUNIQ)
		answer.status = ADMIN_NOT_UNIQUE;
	else if (r == 0)
		answer.account = account.id;
	else
		log_say("policy.db cannot be read: %s", strerror(-r));
	if (r == 0 || answer.status != ADMIN_OK)
		keeper_named_say(&body, &answer);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_account(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(1024);
	struct keeper_account answer = { 0 };
	struct policy_account account;
	uint64_t id;
	int r;

	r = keeper_account_asked(message->body, &id);
	if (r < 0)
		return r;
	r = policy_account_get(keeper->policy, id, &account);
	if (r == 0) {
		answer.exists = true;
		answer.address = slice_str(account.address);
		answer.language = slice_str(account.language);
	}
	if (r == 0 || r == -ENOENT)
		keeper_account_say(&body, &answer);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

/* Changes with the password, and tells nothing about it. */
static int
stamp_of(const char *hash, uint64_t *stamp_out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(hash, strlen(hash), digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return -EIO;
	memcpy(stamp_out, digest, sizeof(*stamp_out));
	return 0;
}

static int
on_person(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(1024);
	struct keeper_person answer = { 0 };
	struct policy_account account;
	char hash[PASSWORD_HASH_SIZE];
	uint64_t id;
	int r;

	r = keeper_account_asked(message->body, &id);
	if (r < 0)
		return r;
	r = policy_account_get(keeper->policy, id, &account);
	if (r == 0)
		r = policy_login(keeper->policy, slice_str(account.address),
		    &account, hash);
	if (r == 0)
		r = stamp_of(hash, &answer.stamp);
	if (r == 0) {
		answer.exists = true;
		answer.address = slice_str(account.address);
		answer.language = slice_str(account.language);
		answer.may_fetch = policy_may_fetch(&account,
		    keeper->process->config.people_fetch);
	}
	if (r == 0 || r == -ENOENT)
		keeper_person_say(&body, &answer);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

/* May `asker` have remote mailboxes?  Nobody may who is not there. */
static int
may_fetch(struct keeper *keeper, uint64_t asker, bool *may_out)
{
	struct policy_account account;
	int r = asker == 0 ? -ENOENT :
	    policy_account_get(keeper->policy, asker, &account);

	if (r < 0 && r != -ENOENT)
		return r;
	*may_out = r == 0 && policy_may_fetch(&account,
	    keeper->process->config.people_fetch);
	return 0;
}

static int
on_may_fetch(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(16);
	uint64_t id;
	bool may = false;
	int r = keeper_account_asked(message->body, &id);

	if (r < 0)
		return r;
	r = may_fetch(keeper, id, &may);
	if (r == 0)
		keeper_may_say(&body, may);
	else
		log_say("policy.db cannot be read: %s", strerror(-r));
	/* an empty body is no answer: the schedule says "later" */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

/* ---- fetch accounts ---------------------------------------------------- */

static int
on_fetch_due(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r = keeper_fetch_due(keeper->policy, message->body, &body);

	if (r < 0)
		return r;
	/* an empty body is no answer: the schedule asks again later */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_fetch_open(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(KEEPER_FETCH_BYTES);
	int r = keeper_fetch_open(keeper->policy, &keeper->seal_key,
	    ipc_instance(from), message->body, &body);

	if (r < 0)
		return r;
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	if (body.at != NULL)
		OPENSSL_cleanse(body.at, body.size);
	return 0;
}

static int
on_fetch_owner(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(16);
	int r = keeper_fetch_owner(keeper->policy, message->body, &body);

	if (r < 0)
		return r;
	/* an empty body is no answer: the collector is told "later" */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_fetch_rules(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(DOMAIN_TEXT_MOST + 16);
	int r = keeper_fetch_rules(keeper_of(arg)->policy,
	    ipc_instance(from), message->body, &body);

	if (r < 0)
		return r;
	/* an empty body is no answer: the collector tries again later */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_find(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r = keeper_find(keeper_of(arg)->policy, ipc_instance(from),
	    message->body, &body);

	if (r < 0)
		return r;
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

/* ---- the line ---------------------------------------------------------- */

static int
on_line_add(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(16);
	int r = keeper_line_add(keeper->policy, message->body, &body);

	if (r < 0)
		return r;
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_line_carried(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(16);
	int r = keeper_line_carried(keeper->policy, message->body, &body);

	if (r < 0)
		return r;
	/* an empty body is no answer: the schedule asks again later */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_line_report(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r = keeper_line_report(keeper->policy, message->body, &body);

	if (r < 0)
		return r;
	/* an empty body is no answer: the schedule asks again later */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_line_reported(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)from;
	return keeper_line_reported(keeper_of(arg)->policy, message->body);
}

static int
on_fetch_health(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)from;
	return keeper_fetch_health(keeper_of(arg)->policy, message->body);
}

/* The schedule asks for all of them when it comes, if it is not there now. */
static void
tell_schedule(struct keeper *keeper)
{
	if (keeper->schedule != NULL && ipc_send(keeper->schedule,
	    SCHEDULE_CHANGED, slice_of(NULL, 0), NULL, 0) < 0)
		log_say("the schedule was not told of changed fetch accounts");
}

static int
on_fetch_way(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(KEEPER_WAY_BYTES);
	int r = keeper_fetch_way(keeper->policy, &keeper->seal_key,
	    ipc_instance(from), message->body, &body);

	if (r < 0)
		return r;
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	if (body.at != NULL)
		OPENSSL_cleanse(body.at, body.size);
	return 0;
}

static int
on_grant_save(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	TEXT_AUTO body = TEXT_INIT(16);
	bool is_news = false;
	int r = keeper_grant_save(keeper->policy, &keeper->seal_key,
	    ipc_instance(from), message->body, clock_utc_ms(), &body,
	    &is_news);

	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	if (r < 0)
		return r;
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	if (is_news)
		tell_schedule(keeper);
	return 0;
}

/* ---- what the console asks --------------------------------------------- */

static void
admin_hash_work(void *arg)
{
	struct admin_errand *errand = arg;

	errand->status = admin_hash(&errand->work);
}

static void
on_admin_hashed(void *arg)
{
	struct admin_errand *errand = arg;
	struct keeper *keeper = errand->errand.keeper;
	TEXT_AUTO answer = TEXT_INIT(ADMIN_ANSWER_BYTES);

	admin_end(&errand->work, errand->status, keeper->policy, &answer);
	whose_cache_clear(keeper->whose);
	tell_accounts(keeper);	/* before anybody can log in to a new one */
	if (errand->work.fetches_changed)
		tell_schedule(keeper);
	if (text_failed(&answer)) {
		text_clear(&answer);
		admin_refuse(&answer, ADMIN_FAILED);
	}
	keeper_errand_answer(&errand->errand, &answer);
	if (errand->packed.at != NULL)
		OPENSSL_cleanse(errand->packed.at, errand->packed.len);
	text_free(&errand->packed);
	free(errand);
}

static int
on_admin(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	const struct admin_request *request;
	struct admin_errand *errand;
	struct slice packed;
	uint64_t asker;
	bool may = false;
	int r;

	r = keeper_admin_asked(message->body, &request, &asker, &packed);
	if (r < 0)
		return r;
	errand = calloc(1, sizeof(*errand));
	if (errand == NULL)
		return -ENOMEM;
	errand->packed.limit = IPC_MAX_BYTES;
	text_add(&errand->packed, packed);
	r = text_failed(&errand->packed) ? -ENOMEM : admin_begin(&errand->work,
	    request, text_slice(&errand->packed), clock_utc_ms());
	if (r < 0) {
		text_free(&errand->packed);
		free(errand);
		return r;
	}
	errand->work.asker = asker;
	errand->work.seal_key = &keeper->seal_key;
	keeper_errand_begin(&errand->errand, keeper, from, message->serial);
	if (may_fetch(keeper, asker, &may) < 0) {
		errand->status = ADMIN_FAILED;
		on_admin_hashed(errand);
	} else if (!admin_may(request, asker, may)) {
		errand->status = ADMIN_REFUSED;
		on_admin_hashed(errand);
	} else if (pool_run(keeper->pool, admin_hash_work, on_admin_hashed,
	    errand) < 0) {
		errand->status = ADMIN_LATER;
		on_admin_hashed(errand);
	}
	return 0;
}

/* ---- the role ---------------------------------------------------------- */

/* Fetch every algorithm the pool will need while files can be opened. */
static int
keeper_open(struct process *process)
{
	(void)process;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return -EIO;
	(void)password_is(slice_str("warm up"), NULL);
	return 0;
}

/* How far account numbers go: nobody is given a mailbox beyond. */
static void
tell_accounts(struct keeper *keeper)
{
	TEXT_AUTO body = TEXT_INIT(16);
	uint64_t highest;
	int r;

	r = policy_highest(keeper->policy, &highest);
	if (r < 0) {
		log_say("policy.db cannot be read: %s", strerror(-r));
		return;
	}
	pack_u64(&body, highest);
	(void)ipc_send(keeper->process->parent, ROLE_ACCOUNTS,
	    text_slice(&body), NULL, 0);
}

/* A wrong key is noticed now, not when a remote password is needed. */
static int
take_seal_key(struct process *process, struct keeper *keeper)
{
	const char *path = process->config.seal_key;
	int r;

	r = seal_key_take(process->seal_key, &keeper->seal_key);
	OPENSSL_cleanse((void *)(uintptr_t)process->seal_key.at,
	    process->seal_key.len);
	if (r < 0) {
		log_say("seal_key %s: is no key of %d bytes", path,
		    SEAL_KEY_BYTES);
		return r;
	}
	r = policy_seal_check(keeper->policy, &keeper->seal_key);
	if (r == -EBADMSG)
		log_say("seal_key %s: is not the key this hub's secrets are "
		    "sealed with", path);
	return r;
}

static int
keeper_start(struct process *process)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	unsigned needs = 0;
	int r;

	if (keeper == NULL)
		return -ENOMEM;
	process->state = keeper;
	keeper->process = process;
	LIST_INIT(&keeper->errands);
	keeper->pool = pool_new(process->loop, HASH_THREADS);
	keeper->delays = login_delay_new();
	keeper->cache = login_cache_new();
	keeper->whose = whose_cache_new();
	if (keeper->pool == NULL || keeper->delays == NULL ||
	    keeper->cache == NULL || keeper->whose == NULL)
		return -ENOMEM;
	r = policy_open(process->folder_fd, false, &keeper->policy, &needs);
	if (r == -EPROTO)
		log_say("policy.db was written by a newer Postroom: format %u "
		    "is needed", needs);
	if (r < 0)
		return r;
	if (memcmp(policy_hub_id(keeper->policy), process->hub_id,
	    HUB_ID_BYTES) != 0) {
		log_say("policy.db belongs to another hub");
		return -EXDEV;
	}
	r = take_seal_key(process, keeper);
	if (r == 0)
		r = policy_health_sweep(keeper->policy);
	if (r == 0)
		tell_accounts(keeper);
	return r;
}

static int
keeper_peer(struct process *process, struct ipc *ipc)
{
	struct keeper *keeper = process->state;

	if (ipc_peer(ipc) == ROLE_SCHEDULE)
		keeper->schedule = ipc;
	return 0;
}

static void
keeper_lost(struct process *process, struct ipc *ipc)
{
	struct keeper *keeper = process->state;
	struct errand *errand;

	if (keeper->schedule == ipc)
		keeper->schedule = NULL;
	LIST_FOREACH(errand, &keeper->errands, next)
		if (errand->from == ipc)
			errand->from = NULL;
}

static void
keeper_stop(struct process *process)
{
	struct keeper *keeper = process->state;

	if (keeper != NULL) {
		pool_free(keeper->pool);
		policy_close(keeper->policy);
	}
	_exit(0);
}

const struct role_code keeper_code = {
	.role = ROLE_KEEPER, .rules = keeper_rules, .open = keeper_open,
	.start = keeper_start, .peer = keeper_peer, .lost = keeper_lost,
	.stop = keeper_stop,
};
