/*
 * role_relay.c - the relay: what leaves for other hosts, and what they say
 *
 * The queue asks it to send one message to one destination (relay_job.h).  A
 * queue that ends does not end what is under way: a host may be about to say that
 * it has the message.  What comes of that is kept for the next queue, which asks
 * for the same again; so its end sends nothing twice.  A result is kept until
 * the queue has noted it, for it may end before that.
 *
 * Fails by ending: what was not answered is tried again by the queue.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "gateway/relay/memo.h"
#include "gateway/relay/relay.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "programs/relay_line.h"
#include "programs/relay_reports.h"
#include "programs/roles.h"

#define ERRANDS_MOST	256	/* the queue has fewer at work */
#define ORPHAN_MS	(15u * 60 * 1000)	/* a queue is back in seconds */
#define SMTP_PORT	25	/* RFC 5321 2.3.8 */
#define STOP_WAIT_MS	5000	/* for hosts that have a message whole */

/* One message, at work or over and not told. */
struct errand {
	LIST_ENTRY(errand) next;
	struct relay_role *role;
	struct ipc	*from;		/* NULL: that queue is gone */
	uint64_t	 serial;
	struct relay	*relay;
	struct text	 result;	/* it is over; empty: not yet */
	uint64_t	 number;	/* of the result */
	uint64_t	 since_ms;	/* over, with nobody to tell */
};

/* A connection that its host has made, and the queue that hears of its end. */
struct turn {
	LIST_ENTRY(turn) next;
	struct ipc	*from;		/* NULL: that queue is gone */
	uint64_t	 serial;
	uint64_t	 number;
};

struct relay_role {
	struct process	*process;
	struct talk_hall *hall;
	struct relay_links *links;
	struct relay_line *line;
	struct ipc	*queue, *resolver, *keeper, *schedule;
	struct relay_setting setting;
	struct relay_memo memo;
	void		*policies;	/* sts_cache.h */
	struct relay_reports *reports;	/* or NULL */
	char		 smarthost[256];
	char		*password;	/* there */
	LIST_HEAD(, errand) errands;
	LIST_HEAD(, turn) turns;
	unsigned	 count;
	unsigned	 running;	/* of them; the others are over */
	uint64_t	 last;		/* number */
	struct timer	*stopping;	/* set: this process ends */
	bool		 is_stopping;
};

static int	on_send(void *, struct ipc *, struct ipc_message *);

static int	on_noted(void *, struct ipc *, struct ipc_message *);
static int	on_turn(void *, struct ipc *, struct ipc_message *);
static int	on_turn_done(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule relay_rules[] = {
{ RELAY_SEND, "SEND", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_send },
{ RELAY_NOTED, "NOTED", FROM(ROLE_QUEUE), IPC_NEWS, 0, 0, on_noted },
{ RELAY_TURN, "TURN", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_turn },
{ RELAY_TURN_OVER, "TURN_OVER", FROM(ROLE_QUEUE), IPC_NEWS, 0, 0, on_turn_done },
{ 0 }
};

static void
errand_free(struct errand *errand)
{
	LIST_REMOVE(errand, next);
	errand->role->count--;
	relay_free(errand->relay);
	text_free(&errand->result);
	free(errand);
}

static void
say(struct ipc *to, uint64_t serial, struct slice result)
{
	if (ipc_reply(to, serial, result, NULL, 0) < 0)
		log_say("the queue does not hear what came of a message");
}

/* Nothing is waited for any more. */
static void
end_if_idle(struct relay_role *role)
{
	const struct errand *errand;

	LIST_FOREACH(errand, &role->errands, next)
		if (errand->from != NULL && errand->result.len == 0 &&
		    relay_is_at_end(errand->relay))
			return;
	loop_stop(role->process->loop);
}

static void
on_relayed(void *arg, struct slice packed_result)
{
	struct errand *errand = arg;
	struct relay_role *role = errand->role;

	relay_line_running(role->line, --role->running);
	errand->result.limit = packed_result.len;
	text_add(&errand->result, packed_result);
	errand->since_ms = clock_ms();
	if (errand->from != NULL)
		say(errand->from, errand->serial, packed_result);
	if (text_failed(&errand->result))
		errand_free(errand);	/* it may be sent again */
	if (role->is_stopping)
		end_if_idle(role);
}

/* Those that no queue has asked for again. */
static void
sweep(struct relay_role *role)
{
	struct errand *errand, *following;

	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->from == NULL && errand->result.len > 0 &&
		    clock_ms() - errand->since_ms >= ORPHAN_MS)
			errand_free(errand);
	}
}

/*
 * An earlier queue has asked the same, or this one could not note what it was
 * told; true: it is this one's now.
 */
static bool
adopt(struct relay_role *role, struct ipc *from,
    const struct ipc_message *message)
{
	struct errand *errand;

	LIST_FOREACH(errand, &role->errands, next) {
		if ((errand->from != NULL && errand->result.len == 0) ||
		    !relay_job_is_same(relay_asked(errand->relay),
		    message->body))
			continue;
		errand->from = from;
		errand->serial = message->serial;
		if (errand->result.len > 0)
			say(from, message->serial,
			    text_slice(&errand->result));
		return true;
	}
	return false;
}

static int
on_noted(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct relay_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t number = unpack_u64(&u);
	struct errand *errand;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	LIST_FOREACH(errand, &role->errands, next)
		if (errand->number == number && errand->from == from &&
		    errand->result.len > 0) {
			errand_free(errand);
			break;
		}
	return 0;
}

/* It cannot be begun: the queue waits a while. */
static void
put_off(struct ipc *from, uint64_t serial)
{
	TEXT_AUTO packed = TEXT_INIT(64);
	const struct relay_result result = { .count = 0 };

	relay_result_pack(&packed, &result);
	say(from, serial, text_slice(&packed));
}

static int
on_send(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct relay_role *role = process->state;
	struct errand *errand;
	int r;

	sweep(role);
	if (adopt(role, from, message))
		return 0;
	errand = role->count < ERRANDS_MOST && !role->is_stopping ?
	    calloc(1, sizeof(*errand)) : NULL;
	if (errand == NULL) {
		put_off(from, message->serial);
		return 0;
	}
	errand->role = role;
	errand->from = from;
	errand->serial = message->serial;
	errand->number = ++role->last;
	r = relay_start(&role->setting, role->resolver, role->keeper,
	    message->body, ipc_take_fd(message, 0), &(struct relay_events){
		.arg = errand, .number = errand->number,
		.over = on_relayed }, &errand->relay);
	if (r < 0) {
		free(errand);
		if (r == -EBADMSG)
			return r;
		put_off(from, message->serial);
		return 0;
	}
	LIST_INSERT_HEAD(&role->errands, errand, next);
	role->count++;
	relay_line_running(role->line, ++role->running);
	return 0;
}

/* Turns */

static void
on_turn_over(void *arg, uint64_t number)
{
	struct relay_role *role = arg;
	struct turn *turn;

	LIST_FOREACH(turn, &role->turns, next)
		if (turn->number == number)
			break;
	if (turn == NULL)
		return;
	if (turn->from != NULL)
		say(turn->from, turn->serial, slice_of("", 0));
	LIST_REMOVE(turn, next);
	free(turn);
}

static int
on_turn(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct relay_role *role = process->state;
	struct relay_turn asked;
	struct turn *turn;
	int fd, r = relay_turn_unpack(message->body, &asked);

	if (r < 0)
		return r;
	fd = ipc_take_fd(message, 0);
	turn = calloc(1, sizeof(*turn));
	if (turn == NULL || role->is_stopping || relay_links_turn(role->links,
	    &asked, fd) < 0) {
		(void)close(fd);
		free(turn);
		say(from, message->serial, slice_of("", 0));
		return 0;
	}
	turn->from = from;
	turn->serial = message->serial;
	turn->number = asked.number;
	LIST_INSERT_HEAD(&role->turns, turn, next);
	return 0;
}

static int
on_turn_done(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct relay_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t number = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	relay_links_turn_done(role->links, number);
	return 0;
}

/* What is on them comes to its end; the next queue knows nothing of them. */
static void
lose_turns(struct relay_role *role, const struct ipc *queue)
{
	struct turn *turn, *following;

	for (turn = LIST_FIRST(&role->turns); turn != NULL;
	    turn = following) {
		following = LIST_NEXT(turn, next);
		if (turn->from != queue)
			continue;
		turn->from = NULL;
		relay_links_turn_done(role->links, turn->number);
	}
}

/* Beginning */

/* What libcurl and OpenSSL read from files: now or never. */
static int
relay_open(struct process *process)
{
	int r = talk_global_open();

	return r == 0 ? zone_open(process->config.time_zone) : r;
}

static bool
is_ours(void *arg, uint16_t port)
{
	const struct config *config = arg;

	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].service == SERVICE_SMTP &&
		    config->listeners[i].port == port)
			return true;
	return false;
}

/* "mail.isp.test:587", as the configuration has let it pass. */
static void
set_smarthost(struct relay_role *role)
{
	static const enum talk_tls tls[] = {
		[LISTENER_CLEAR] = TALK_CLEAR,
		[LISTENER_STARTTLS] = TALK_STARTTLS,
		[LISTENER_IMPLICIT] = TALK_IMPLICIT,
	};
	const struct config *config = &role->process->config;
	struct relay_setting *setting = &role->setting;
	struct slice rest = slice_str(config->smarthost);
	size_t colon = slice_find_last(rest, ':');
	uint64_t port = 25;

	setting->smarthost = role->smarthost;
	if (rest.len == 0 || colon == SIZE_MAX ||
	    slice_u64(slice_after(rest, colon + 1), 65535, &port) < 0 ||
	    slice_cstr(slice_first(rest, colon), role->smarthost,
	    sizeof(role->smarthost)) < 0)
		role->smarthost[0] = '\0';
	setting->smarthost_port = (uint16_t)port;
	setting->smarthost_tls = tls[config_smarthost_tls(config)];
	if (config->smarthost_user[0] != '\0') {
		setting->user = config->smarthost_user;
		setting->password = role->password;
	}
}

/* The password as its file has it, without the end of the line. */
static int
take_password(struct relay_role *role)
{
	struct slice secret = role->process->smarthost_password, line;

	if (slice_cut(&secret, '\n', &line))
		secret = line;
	if (secret.len > 0 && secret.at[secret.len - 1] == '\r')
		secret.len--;
	role->password = calloc(1, secret.len + 1);
	if (role->password == NULL)
		return -ENOMEM;
	return slice_cstr(secret, role->password, secret.len + 1);
}

static void
on_policy_failed(void *arg, const char *domain, enum tls_result result,
    const char *why, struct slice words)
{
	const struct relay_role *role = arg;

	if (role->setting.counts != NULL && result != TLS_WENT_WELL)
		tls_counts_add(role->setting.counts, &(struct tls_session){
		    .period = tls_period_of(role->setting.count_seconds,
		    clock_utc_ms()), .domain = slice_str(domain),
		    .policy = TLS_POLICY_STS, .result = result });
	log_say("%s has a policy for its mail (MTA-STS) that cannot be had: "
	    "%s%s%.*s", domain, why, words.len > 0 ? ": " : "",
	    SLICE_FMT(words));
}

static void
on_policy_tested(const char *domain, const char *host)
{
	log_say("%s tests a policy for its mail (MTA-STS) that does not allow "
	    "its host %s", domain, host);
}

/* In the file, or where there is none (-1), until this process ends. */
static void *
map_table(int fd, size_t bytes)
{
	void *table = MAP_FAILED;

	if (fd >= 0)
		table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	return table == MAP_FAILED ? calloc(1, bytes) : table;
}

/* How TLS goes is counted, if anybody may be told. */
static int
open_reports(struct relay_role *role)
{
	struct process *process = role->process;
	void *table;

	if (process->config.tls_report_from[0] == '\0')
		return 0;
	table = map_table(process->reports_fd, TLS_COUNTS_BYTES);
	if (table == NULL)
		return -ENOMEM;
	role->setting.counts = tls_counts_in(table);
	role->setting.count_seconds = process->config.tls_report_seconds;
	role->reports = relay_reports_new(&process->config,
	    &(struct tls_reporting_setting){
		.hall = role->hall, .loop = process->loop,
		.counts = role->setting.counts,
		.line = relay_links_counts(role->links),
		.inner_hosts = role->setting.stays_here ? NULL :
		    process->config.people_fetch_hosts });
	return role->reports == NULL ? -ENOMEM : 0;
}

static int
open_policies(struct relay_role *role)
{
	struct process *process = role->process;

	if (!process->config.outbound_sts)
		return 0;
	role->policies = map_table(process->policies_fd, STS_CACHE_BYTES);
	if (role->policies == NULL)
		return -ENOMEM;
	role->setting.policies = sts_cache_in(role->policies);
	role->setting.is_tested = on_policy_tested;
	role->setting.fetches = sts_fetches_new(&(struct sts_setting){
		.hall = role->hall, .loop = process->loop,
		.cache = role->setting.policies,
		.port = (uint16_t)process->config.outbound_sts_port,
		.inner_hosts = role->setting.stays_here ? NULL :
		    process->config.people_fetch_hosts,
		.counts = relay_links_counts(role->links),
		.failed = on_policy_failed, .arg = role });
	return role->setting.fetches == NULL ? -ENOMEM : 0;
}

static int
relay_role_start(struct process *process)
{
	struct relay_role *role = calloc(1, sizeof(*role));
	const char *fault = NULL;
	int r;

	if (role == NULL)
		return -ENOMEM;
	process->state = role;
	role->process = process;
	LIST_INIT(&role->errands);
	LIST_INIT(&role->turns);
	role->hall = talk_hall_new(process->loop, process->trust, &fault);
	if (role->hall == NULL && fault != NULL)
		log_say("the certificates that are trusted: %s", fault);
	if (role->hall == NULL)
		return fault != NULL ? -EINVAL : -ENOMEM;
	role->links = relay_links_new(role->hall, process->loop);
	role->line = role->links == NULL ? NULL : relay_line_new(
	    process->loop, role->hall, role->links,
	    config_send_rate(&process->config));
	if (role->line == NULL)
		return -ENOMEM;
	relay_links_on_turn(role->links, process->config.hostname,
	    on_turn_over, role);
	r = take_password(role);
	if (r < 0) {
		log_say("the password of the smarthost: %s", strerror(-r));
		return r;
	}
	role->setting = (struct relay_setting){
		.links = role->links, .loop = process->loop,
		.called = process->config.hostname,
		.port = (uint16_t)process->config.outbound_port,
		/* no host that DNS names listens anywhere else */
		.stays_here = process->config.outbound_port != SMTP_PORT,
		.waits = &relay_waits, .is_ours = is_ours,
		.memo = &role->memo,
		.people_hosts = process->config.people_fetch_hosts,
		.arg = &process->config
	};
	set_smarthost(role);
	r = open_reports(role);
	return r == 0 ? open_policies(role) : r;
}

static int
relay_peer(struct process *process, struct ipc *ipc)
{
	struct relay_role *role = process->state;

	if (ipc_peer(ipc) == ROLE_QUEUE)
		relay_reports_queue(role->reports, role->queue = ipc);
	else if (ipc_peer(ipc) == ROLE_RESOLVER)
		relay_reports_resolver(role->reports, role->resolver = ipc);
	else if (ipc_peer(ipc) == ROLE_KEEPER)
		role->keeper = ipc;
	else if (ipc_peer(ipc) == ROLE_SCHEDULE)
		relay_line_schedule(role->line, role->schedule = ipc);
	else
		return -EPERM;
	return 0;
}

static void
relay_lost(struct process *process, struct ipc *ipc)
{
	struct relay_role *role = process->state;
	struct errand *errand;

	if (role->resolver == ipc)
		relay_reports_resolver(role->reports, role->resolver = NULL);
	if (role->keeper == ipc)
		role->keeper = NULL;
	if (role->queue == ipc)
		relay_reports_queue(role->reports, role->queue = NULL);
	if (role->schedule == ipc)
		relay_line_schedule(role->line, role->schedule = NULL);
	LIST_FOREACH(errand, &role->errands, next) {
		relay_peer_lost(errand->relay, ipc);
		if (errand->from == ipc)
			errand->from = NULL;
	}
	lose_turns(role, ipc);
}

static void
on_stop_time(void *arg)
{
	struct relay_role *role = arg;

	loop_stop(role->process->loop);
}

/* A host that has a message whole says in a moment whether it takes it. */
static void
relay_stop(struct process *process)
{
	struct relay_role *role = process->state;

	role->is_stopping = true;
	role->stopping = timer_new(process->loop, on_stop_time, role);
	if (role->stopping == NULL) {
		loop_stop(process->loop);
		return;
	}
	timer_set(role->stopping, STOP_WAIT_MS);
	end_if_idle(role);
}

const struct role_code relay_code = {
	.role = ROLE_RELAY, .rules = relay_rules, .open = relay_open,
	.start = relay_role_start, .peer = relay_peer, .lost = relay_lost,
	.stop = relay_stop,
};
