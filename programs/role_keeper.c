/*
 * role_keeper.c - the keeper: who asks it what, and the changes people make
 *
 * Password hashes are made in a pool; the loop goes on answering meanwhile.
 * What is answered at once is keeper_answers.c's, who logs in keeper_login.c's.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/gateways.h"
#include "policy/keeper.h"
#include "policy/forwards.h"
#include "policy/devices.h"
#include "policy/senders.h"
#include "policy/smarthosts.h"
#include "programs/keeper_blocks.h"
#include "programs/keeper_fetch.h"
#include "programs/keeper_grey.h"
#include "programs/keeper_inside.h"
#include "programs/keeper_line.h"
#include "programs/roles.h"
#include "programs/switchboard.h"
#include "queue/service.h"

#define HASH_THREADS	2	/* 20 ms of one core each; 16 MiB each */

/* One request of the console that needs a password hashed. */
struct admin_errand {
	struct errand	 errand;
	struct text	 packed;	/* the arguments, ours */
	struct admin_work work;
	enum admin_status status;
};

static void	tell_accounts(struct keeper *);
static int	on_admin(void *, struct ipc *, struct ipc_message *);
static int	on_line_reported(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_health(void *, struct ipc *, struct ipc_message *);
static int	on_forward_told(void *, struct ipc *, struct ipc_message *);
static int	on_fetch_session(void *, struct ipc *, struct ipc_message *);

#define DOOR	FROM(ROLE_DOOR)
#define CONSOLE	FROM(ROLE_CONSOLE)
#define QUEUE	FROM(ROLE_QUEUE)
#define SCHEDULE FROM(ROLE_SCHEDULE)
#define FETCH	FROM(ROLE_FETCH)
#define MAILBOX	FROM(ROLE_MAILBOX)
#define JUDGE	FROM(ROLE_JUDGE)
#define RELAY	FROM(ROLE_RELAY)

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_WHOSE,	  "WHOSE",   DOOR | QUEUE | SCHEDULE, IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_LOGIN,	  "LOGIN",   DOOR | CONSOLE, IPC_REQUEST, 0, 0, keeper_on_login },
{ KEEPER_SALT,	  "SALT",    DOOR,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_ADMIN,	  "ADMIN",   CONSOLE,	   IPC_REQUEST, 0, 0, on_admin },
{ KEEPER_ACCOUNT, "ACCOUNT", DOOR | QUEUE | SCHEDULE, IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_DUE, "DUE",   SCHEDULE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_OPEN, "OPEN", FETCH,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_WAY, "WAY",   FETCH,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_SESSION, "SESSION", FETCH,  IPC_NEWS,	0, 0, on_fetch_session },
{ KEEPER_GRANT_SAVE, "GRANT", FETCH,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_OWNER, "OWNER", QUEUE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FETCH_RULES, "RULES", FETCH,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FIND,	  "FIND",    FETCH,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_LINE_ADD, "CARRIED", SCHEDULE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_LINE_CARRIED, "MONTH", SCHEDULE,  IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_LINE_REPORT, "REPORT", SCHEDULE,  IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_LINE_REPORTED, "REPORTED", SCHEDULE, IPC_NEWS, 0, 0, on_line_reported },
{ KEEPER_FETCH_HEALTH, "HEALTH", SCHEDULE, IPC_NEWS,	0, 0, on_fetch_health },
{ KEEPER_PERSON,  "PERSON",  CONSOLE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_MAY_FETCH, "MAY",   SCHEDULE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_NAMED,	  "NAMED",   CONSOLE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_SHARES_SET, "SHARES_SET", MAILBOX, IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_SHARES,  "SHARES",  MAILBOX,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_WHO,	  "WHO",     MAILBOX,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_EARNED,  "EARNED",  DOOR,	   IPC_NEWS,	0, 0, keeper_on_earned },
{ KEEPER_GREY,	  "GREY",    DOOR,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_SENDER,  "SENDER",  DOOR,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_SIGN,	  "SIGN",    JUDGE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_SEALER,  "SEALER",  JUDGE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_OWNED,	  "OWNED",   JUDGE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_WISHES,  "WISHES",  QUEUE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_RCPT,	  "RCPT",    DOOR,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_EXPAND,  "EXPAND",  QUEUE,	   IPC_REQUEST, 0, 0, keeper_on_asked },
{ KEEPER_FORWARD_TOLD, "FORWARD_TOLD", SCHEDULE, IPC_NEWS, 0, 0, on_forward_told },
{ KEEPER_SMARTHOST, "SMARTHOST", RELAY,	   IPC_REQUEST, 0, 0, keeper_on_asked },
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

static int
on_forward_told(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)from;
	return keeper_forward_told(keeper_of(arg), message->body);
}

static int
on_fetch_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	int r = keeper_fetch_session(keeper->policy, keeper->sessions,
	    ipc_instance(from), message->body);

	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	return r;
}

void
keeper_tell_schedule(struct keeper *keeper)
{
	if (keeper->schedule != NULL && ipc_send(keeper->schedule,
	    SCHEDULE_CHANGED, slice_of(NULL, 0), NULL, 0) < 0)
		log_say("the schedule was not told of changed fetch accounts");
}

/*
 * Whether anybody keeps a list of senders, and has mail sent on: else it need not
 * ask for them.
 */
static void
tell_queue(struct keeper *keeper)
{
	TEXT_AUTO body = TEXT_INIT(8);
	bool has = true, has_forwards = true;
	int r;

	if (keeper->queue == NULL)
		return;		/* it is told when it comes */
	r = policy_has_senders(keeper->policy, &has);
	if (r == 0)
		r = policy_has_forwards(keeper->policy, &has_forwards);
	if (r < 0)
		log_say("policy.db cannot be read: %s", strerror(-r));
	pack_u8(&body, has);
	pack_u8(&body, has_forwards);
	if (ipc_send(keeper->queue, QUEUE_SENDERS, text_slice(&body), NULL,
	    0) < 0)
		process_accuse(keeper->process, keeper->queue,
		    "does not take news");
}

/* Whose mail leaves by a smarthost of its own. */
static void
tell_ways(struct keeper *keeper)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r;

	if (keeper->queue == NULL)
		return;		/* it is told when it comes */
	r = policy_smarthosts_pack(keeper->policy, &body);
	/* it would send by the wrong one, or not at all */
	if (r < 0)
		log_say("policy.db cannot be read: %s", strerror(-r));
	if (r < 0 || ipc_send(keeper->queue, QUEUE_WAYS, text_slice(&body),
	    NULL, 0) < 0)
		process_accuse(keeper->process, keeper->queue,
		    "does not take news");
}

/* The queue has the gateway domains; doors, whether there are any. */
static void
tell_gateways(struct keeper *keeper, struct ipc *door)
{
	TEXT_AUTO table = TEXT_INIT(GATEWAYS_BYTES);
	TEXT_AUTO any = TEXT_INIT(8);
	size_t count = 0;
	int r = policy_gateways_pack(keeper->policy, &table, &count);

	if (r < 0) {
		log_say("policy.db cannot be read: %s", strerror(-r));
		return;
	}
	pack_u8(&any, count > 0);
	if (door != NULL && ipc_send(door, DOOR_GATEWAYS, text_slice(&any),
	    NULL, 0) < 0)
		process_accuse(keeper->process, door, "does not take news");
	if (door == NULL && keeper->queue != NULL && ipc_send(keeper->queue,
	    QUEUE_GATEWAYS, text_slice(&table), NULL, 0) < 0)
		process_accuse(keeper->process, keeper->queue,
		    "does not take news");
}

/* Devices, to one door or to all. */
static void
tell_devices(struct keeper *keeper, struct ipc *only)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	const struct keeper_door *door;
	int r = policy_devices_pack(keeper->policy, &body);

	if (r < 0)
		log_say("policy.db cannot be read: %s", strerror(-r));
	/* a door that does not know would let in who was taken away */
	LIST_FOREACH(door, &keeper->doors, next)
		if ((only == NULL || only == door->ipc) && (r < 0 ||
		    ipc_send(door->ipc, DOOR_DEVICES, text_slice(&body),
		    NULL, 0) < 0))
			process_accuse(keeper->process, door->ipc,
			    "does not take news");
}

static void
gateways_changed(struct keeper *keeper)
{
	const struct keeper_door *door;

	tell_gateways(keeper, NULL);
	LIST_FOREACH(door, &keeper->doors, next)
		tell_gateways(keeper, door->ipc);
}

/*
 * Whose an address is may have changed: nobody goes by what he remembers.  A
 * door that cannot be told would, and has to go.
 */
static void
forget_whose(struct keeper *keeper)
{
	const struct keeper_door *door;

	whose_cache_clear(keeper->whose);
	LIST_FOREACH(door, &keeper->doors, next)
		if (ipc_send(door->ipc, DOOR_WHOSE_CHANGED,
		    slice_of(NULL, 0), NULL, 0) < 0)
			process_accuse(keeper->process, door->ipc,
			    "does not take news");
}

/* What the console asks */

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
	int r = 0;

	admin_end(&errand->work, errand->status, keeper->policy, &answer);
	forget_whose(keeper);
	tell_accounts(keeper);	/* before anybody can log in to a new one */
	if (errand->work.fetches_changed)
		keeper_tell_schedule(keeper);
	if (errand->work.senders_changed)
		tell_queue(keeper);
	if (errand->work.forward_of != 0)
		keeper_forward_changed(keeper, errand->work.forward_of);
	if (errand->work.smarthosts_changed)
		tell_ways(keeper);
	if (errand->work.devices_changed || errand->work.smarthosts_changed)
		tell_devices(keeper, NULL);
	if (errand->work.gateways_changed)
		gateways_changed(keeper);
	if (errand->work.forgiven[0] != '\0')
		r = keeper_tell_forgiven(keeper, errand->work.forgiven);
	/* not saved it would be kept out again after a restart */
	if (r < 0 || text_failed(&answer)) {
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
	errand->work.blocks = keeper->blocks;
	errand->work.greylist = keeper->greylist;
	keeper_errand_begin(&errand->errand, keeper, from, message->serial);
	if (keeper_may_fetch(keeper, asker, &may) < 0) {
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

/* The role */

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
	LIST_INIT(&keeper->doors);
	keeper->pool = pool_new(process->loop, HASH_THREADS);
	keeper->delays = login_delay_new();
	keeper->cache = login_cache_new();
	keeper->whose = whose_cache_new();
	keeper->sessions = session_cache_new();
	keeper->blocks = blocks_new();
	keeper->greylist = greylist_new();
	keeper->sent = send_rate_new();
	if (keeper->pool == NULL || keeper->delays == NULL ||
	    keeper->cache == NULL || keeper->whose == NULL ||
	    keeper->sessions == NULL || keeper->blocks == NULL ||
	    keeper->greylist == NULL || keeper->sent == NULL)
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
		r = keeper_blocks_open(keeper);
	if (r == 0)
		r = keeper_grey_open(keeper);
	if (r == 0)
		tell_accounts(keeper);
	return r;
}

static int
add_door(struct keeper *keeper, struct ipc *ipc)
{
	struct keeper_door *door = malloc(sizeof(*door));

	if (door == NULL)
		return -ENOMEM;
	door->ipc = ipc;
	LIST_INSERT_HEAD(&keeper->doors, door, next);
	keeper_tell_blocks(keeper, ipc);
	tell_devices(keeper, ipc);
	tell_gateways(keeper, ipc);
	return 0;
}

static int
keeper_peer(struct process *process, struct ipc *ipc)
{
	struct keeper *keeper = process->state;

	if (ipc_peer(ipc) == ROLE_SCHEDULE) {
		keeper->schedule = ipc;
		keeper_tell_forwards(keeper);
	}
	if (ipc_peer(ipc) == ROLE_QUEUE) {
		keeper->queue = ipc;
		tell_queue(keeper);
		tell_ways(keeper);
		tell_gateways(keeper, NULL);
	}
	return ipc_peer(ipc) == ROLE_DOOR ? add_door(keeper, ipc) : 0;
}

static void
lose_door(struct keeper *keeper, const struct ipc *ipc)
{
	struct keeper_door *door;

	LIST_FOREACH(door, &keeper->doors, next)
		if (door->ipc == ipc) {
			LIST_REMOVE(door, next);
			free(door);
			return;
		}
}

static void
keeper_lost(struct process *process, struct ipc *ipc)
{
	struct keeper *keeper = process->state;
	struct errand *errand;

	if (keeper->schedule == ipc)
		keeper->schedule = NULL;
	if (keeper->queue == ipc)
		keeper->queue = NULL;
	if (ipc_peer(ipc) == ROLE_DOOR)
		lose_door(keeper, ipc);
	LIST_FOREACH(errand, &keeper->errands, next)
		if (errand->from == ipc)
			errand->from = NULL;
}

static void
keeper_stop(struct process *process)
{
	struct keeper *keeper = process->state;

	if (keeper != NULL) {
		keeper_blocks_close(keeper);
		keeper_grey_close(keeper);
		pool_free(keeper->pool);
		policy_close(keeper->policy);
		session_cache_free(keeper->sessions);
	}
	_exit(0);
}

const struct role_code keeper_code = {
	.role = ROLE_KEEPER, .rules = keeper_rules, .open = keeper_open,
	.start = keeper_start, .peer = keeper_peer, .lost = keeper_lost,
	.stop = keeper_stop,
};
