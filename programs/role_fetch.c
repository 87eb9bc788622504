/*
 * role_fetch.c - who collects for one owner, all their remote mailboxes
 *
 * A task walks the same steps each time: the channels it needs are there, the
 * keeper gives settings and password, the resolver gives addresses, and the
 * collection (collect.h) runs to its end, which is the answer; or the provider
 * is asked to send (etrn.h), and with ATRN the door is there for that.  It is
 * one thing because each step may end it, or begin it anew.
 *
 * A password is here from the keeper's answer until no conversation logs in: it
 * may take another conversation, which logs in again.  The collection, its
 * conversation (talk.h) and libcurl each hold a copy and wipe it at their end;
 * the message it came in is wiped as soon as it was read.  Only the passwords of
 * this owner are ever here.
 *
 * Fails by ending: what is stored is stored, what was not deleted stays at the
 * provider, and the schedule has it tried again.  With nothing to do it ends
 * after a while.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "fetch/collect.h"
#include "fetch/etrn.h"
#include "lib/base/log.h"
#include "lib/base/names.h"
#include "lib/message/words.h"
#include "policy/keeper.h"
#include "programs/fetch_way.h"
#include "programs/roles.h"

#define PEERS_MS	10000	/* for the channels to come */
#define ASKING_MS	30000	/* keeper and resolver: longer than NAMES_MOST_MS */
#define WAY_MS		90000	/* proxy, login server twice, keeper */
#define IDLE_MS		30000	/* with nothing to do */
#define BILL_MS		5000	/* between news of what is carried */

struct fetch_role;

/* A task on its way. */
struct errand {
	LIST_ENTRY(errand)	 next;
	struct fetch_role	*role;
	struct ipc		*asker;		/* NULL: gone */
	uint64_t		 serial;
	uint64_t		 id;
	enum fetch_task		 task;
	uint64_t		 mark;		/* FETCH_WATCH: from there on */
	struct timer		*timer;		/* of all before the collection */
	bool			 is_asking;	/* its time runs */
	bool			 has_settings;	/* and the password */
	bool			 has_rules;	/* or knows that there are none */
	char			*rules;		/* its mail is for many; or NULL */
	char			*before;	/* a download; or NULL */
	char			 language[LANGUAGE_SIZE];	/* of the owner */
	struct fetch_way	*way;		/* to the provider, or NULL */
	bool			 has_way;	/* it has been found: */
	struct talk_proxy	 proxy;
	const char		*token;		/* the way's; or NULL */
	bool			 is_fresh;	/* the token was not used yet */
	struct ipc		*asked;		/* keeper or resolver, or NULL */
	struct ipc		*queue;		/* which the collection uses */
	struct fetch_account	 account;
	char			 password[FETCH_SECRET_SIZE];
	struct collect		*collect;	/* or */
	struct etrn		*etrn;
	struct line_bill	 bill;
	uint64_t		 billed_ms;	/* told last */
	bool			 is_pausing;	/* the line has closed */
};

struct fetch_role {
	struct process		*process;
	struct talk_hall	*hall;
	struct fetch_ways	*ways;
	struct ipc		*keeper, *queue, *resolver, *door;
	LIST_HEAD(, errand)	 errands;
	struct timer		*idle_timer;
	struct calendar		 night;
	bool			 is_retiring;
};

static int	on_task(void *, struct ipc *, struct ipc_message *);
static int	on_consent(void *, struct ipc *, struct ipc_message *);
static int	on_pause(void *, struct ipc *, struct ipc_message *);
static int	on_watch(void *, struct ipc *, struct ipc_message *);
static int	on_unwatch(void *, struct ipc *, struct ipc_message *);
static int	on_share(void *, struct ipc *, struct ipc_message *);
static void	errand_go(struct errand *);

static const struct ipc_rule fetch_rules[] = {
{ FETCH_TASK, "TASK", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_task },
{ FETCH_PAUSE, "PAUSE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_pause },
{ FETCH_WATCH_INBOX, "WATCH", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_watch },
{ FETCH_UNWATCH, "UNWATCH", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_unwatch },
{ FETCH_SHARE, "SHARE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_share },
{ FETCH_CONSENT, "CONSENT", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_consent },
{ 0 }
};

/* Ends */

static void
errand_free(struct errand *errand)
{
	struct fetch_role *role = errand->role;

	if (errand->asked != NULL)
		ipc_forget(errand->asked, errand);
	if (errand->collect != NULL)
		collect_free(errand->collect);
	etrn_free(errand->etrn);
	fetch_way_free(errand->way);
	timer_free(errand->timer);
	LIST_REMOVE(errand, next);
	free(errand->rules);
	free(errand->before);
	OPENSSL_cleanse(errand, sizeof(*errand));
	free(errand);
	if (LIST_EMPTY(&role->errands))
		timer_set(role->idle_timer, IDLE_MS);
}

/* What the line has carried for it since this was told last. */
static void
tell_carried(struct errand *errand)
{
	TEXT_AUTO body = TEXT_INIT(LINE_COUNTS_BYTES + 16);
	struct line_counts news;

	errand->billed_ms = clock_ms();
	if (errand->asker == NULL || !line_bill_news(&errand->bill, &news))
		return;
	pack_u64(&body, errand->id);
	line_counts_pack(&body, &news);
	if (text_failed(&body) || ipc_send(errand->asker, FETCH_CARRIED,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the schedule does not hear what was carried");
}

static void
errand_end(struct errand *errand, const struct fetch_outcome *outcome)
{
	TEXT_AUTO body = TEXT_INIT(FETCH_WORDS_MOST + 256);

	fetch_outcome_pack(&body, outcome);
	tell_carried(errand);
	if (errand->asker != NULL && (text_failed(&body) ||
	    ipc_reply(errand->asker, errand->serial, text_slice(&body), NULL,
	    0) < 0))
		log_say("the schedule does not take an outcome");
	errand_free(errand);
}

/* Over before it began. */
static void
errand_fail(struct errand *errand, enum fetch_end end, const char *words)
{
	const struct fetch_outcome outcome = {
		.end = end, .words = slice_str(words)
	};

	if (end == FETCH_END_LOCAL)
		log_say("fetch account %llu: %s",
		    (unsigned long long)errand->id, words);
	errand_end(errand, &outcome);
}

/* The collection */

static void
tell_progress(void *arg, const struct fetch_progress *progress)
{
	struct errand *errand = arg;
	TEXT_AUTO body = TEXT_INIT(64);

	/* a watch has none */
	if (errand->asker == NULL || errand->task == FETCH_WATCH)
		return;
	if (clock_ms() - errand->billed_ms >= BILL_MS)
		tell_carried(errand);
	pack_u64(&body, errand->id);
	fetch_progress_pack(&body, progress);
	/* it is news: the next one, or the outcome, says as much */
	if (!text_failed(&body))
		(void)ipc_send(errand->asker, FETCH_PROGRESS,
		    text_slice(&body), NULL, 0);
}

/* What is watched has something new. */
static void
tell_news(void *arg)
{
	struct errand *errand = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	tell_carried(errand);
	pack_u64(&body, errand->id);
	if (errand->asker != NULL && (text_failed(&body) ||
	    ipc_send(errand->asker, FETCH_NEWS, text_slice(&body), NULL, 0) <
	    0))
		log_say("the schedule does not hear of new mail");
}

/* Begin once more, with another token. */
static void
collect_again(struct errand *errand)
{
	collect_free(errand->collect);
	errand->collect = NULL;
	etrn_free(errand->etrn);
	errand->etrn = NULL;
	fetch_way_free(errand->way);
	errand->way = NULL;
	errand->has_way = errand->is_asking = false;
	errand->token = NULL;
	errand_go(errand);
}

/*
 * HARDENING F47: a token that was held may have been taken back before its
 * time.  One that was asked for just now and refused is the provider's no.
 */
static void
on_over(void *arg, const struct fetch_outcome *outcome)
{
	struct errand *errand = arg;
	bool is_refused = errand->token != NULL &&
	    outcome->end == FETCH_END_REFUSED;

	if (is_refused)
		fetch_ways_refused(errand->role->ways, errand->id);
	if (is_refused && !errand->is_fresh && outcome->listed == 0)
		collect_again(errand);
	else
		errand_end(errand, outcome);
}

static void
collect_from(struct errand *errand, const char *addresses)
{
	struct fetch_role *role = errand->role;
	const struct collect_options options = {
		.account = &errand->account,
		.password = errand->token != NULL ? errand->token :
		    errand->password,
		.proxy = &errand->proxy, .addresses = addresses, .task = errand->task,
		.rules = errand->rules, .keeper = role->keeper,
		.before = errand->before, .language = errand->language,
		.night = role->night,
		.message_bytes = role->process->config.message_bytes,
		.bill = &errand->bill, .mark = errand->mark
	};
	const struct collect_events events = {
		.arg = errand, .progress = tell_progress, .over = on_over,
		.news = tell_news
	};
	int r;

	if (role->queue == NULL || role->keeper == NULL) {
		errand_go(errand);	/* lost meanwhile */
		return;
	}
	timer_stop(errand->timer);
	errand->queue = role->queue;
	r = collect_start(role->hall, role->process->loop, role->queue,
	    &options, &events, &errand->collect);
	OPENSSL_cleanse(errand->password, sizeof(errand->password));
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else if (errand->is_pausing)
		collect_pause(errand->collect);
}

static bool
is_on_demand(const struct errand *errand)
{
	return errand->account.protocol == FETCH_ETRN ||
	    errand->account.protocol == FETCH_ATRN;
}

/* The provider sends what it holds, now that it is asked. */
static void
ask_for_mail(struct errand *errand, const char *addresses)
{
	struct fetch_role *role = errand->role;
	const struct etrn_options options = {
		.account = &errand->account,
		.password = errand->token != NULL ? errand->token :
		    errand->password,
		.proxy = &errand->proxy, .addresses = addresses,
		.called = role->process->config.hostname,
		.task = errand->task, .bill = &errand->bill
	};
	const struct etrn_events events = {
		.arg = errand, .progress = tell_progress, .over = on_over
	};
	int r;

	timer_stop(errand->timer);
	r = etrn_start(role->hall, role->process->loop, role->door, &options,
	    &events, &errand->etrn);
	OPENSSL_cleanse(errand->password, sizeof(errand->password));
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else if (errand->is_pausing)
		etrn_pause(errand->etrn);
}

/* All that what is known of it so far needs. */
static bool
has_channels(const struct errand *errand)
{
	const struct fetch_role *role = errand->role;

	return role->keeper != NULL && role->resolver != NULL &&
	    role->queue != NULL && (role->door != NULL ||
	    !errand->has_settings || errand->account.protocol != FETCH_ATRN);
}

/* With everything at hand, if that is still so. */
static void
begin(struct errand *errand, const char *addresses)
{
	if (!is_on_demand(errand))
		collect_from(errand, addresses);
	else if (has_channels(errand))
		ask_for_mail(errand, addresses);
	else
		errand_go(errand);
}

/* The steps before it */

/*
 * An answer has come: 0, and it goes on; else the channel was lost with the
 * question, which starts over when there is another, or the errand has ended.
 */
static int
answered(struct errand *errand, int status)
{
	errand->asked = NULL;
	if (status == -ECONNRESET)
		errand_go(errand);
	else if (status < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-status));
	return status;
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct unpack u;
	char addresses[NAMES_TEXT_SIZE];
	unsigned found;

	if (answered(errand, status) < 0)
		return;
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	if (slice_cstr(unpack_slice(&u), addresses, sizeof(addresses)) < 0 ||
	    !unpack_is_done(&u))
		errand_fail(errand, FETCH_END_LOCAL,
		    "the resolver's answer cannot be read");
	else if (found == NAMES_NONE)
		errand_fail(errand, FETCH_END_UNREACHABLE,
		    "there is no host of that name");
	else if (found == NAMES_LATER)
		errand_fail(errand, FETCH_END_UNREACHABLE,
		    "the name could not be looked up now");
	else
		begin(errand, addresses);
}

static void
ask_resolver(struct errand *errand)
{
	TEXT_AUTO body = TEXT_INIT(FETCH_HOST_SIZE + 8);
	struct ipc *resolver = errand->role->resolver;
	int r = -ENOMEM;

	if (resolver == NULL) {		/* lost meanwhile */
		errand_go(errand);
		return;
	}
	pack_slice(&body, slice_str(errand->account.host));
	if (!text_failed(&body))
		r = ipc_ask(resolver, RESOLVER_ADDRESSES, text_slice(&body),
		    NULL, 0, on_addresses, errand);
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		errand->asked = resolver;
}

/* What looks the host's name up: we, or the proxy. */
static void
find_host(struct errand *errand)
{
	if (errand->proxy.kind == TALK_PROXY_SOCKS5H ||
	    errand->proxy.kind == TALK_PROXY_HTTP)
		begin(errand, "");
	else
		ask_resolver(errand);
}

static void
on_way(void *arg, const struct fetch_way_found *found)
{
	struct errand *errand = arg;
	TEXT_AUTO words = TEXT_INIT(FETCH_WORDS_MOST + 1);

	if (found->end != FETCH_END_DONE) {
		text_add(&words, slice_first(found->words, FETCH_WORDS_MOST));
		text_add_byte(&words, '\0');
		errand_fail(errand, found->end, text_failed(&words) ? "" :
		    words.at);
		return;
	}
	if (fetch_is_oauth(&errand->account) && found->token == NULL) {
		errand_fail(errand, FETCH_END_CLIENT,
		    "no provider is named whose consent it is");
		return;
	}
	errand->has_way = true;
	errand->proxy = found->proxy;
	errand->token = found->token;
	errand->is_fresh = found->is_fresh;
	find_host(errand);
}

/* Who carries the connection, and with what token: fetch_way.h. */
static void
find_way(struct errand *errand)
{
	int r = fetch_way_find(errand->role->ways, errand->id, on_way, errand,
	    &errand->way);

	if (r == -ENOTCONN)	/* lost meanwhile */
		errand_go(errand);
	else if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		timer_set(errand->timer, WAY_MS);
}

/* 0, -ENOENT (there is no such account any more), -EBADMSG. */
static int
take_settings(struct errand *errand, struct slice body)
{
	struct unpack u = unpack_of(body);
	bool exists = unpack_bool(&u);
	struct slice secret;
	int r;

	if (body.len == 0)
		return -EKEYREJECTED;
	if (!exists)
		return unpack_is_done(&u) ? -ENOENT : -EBADMSG;
	r = fetch_account_unpack(&u, &errand->account, &secret);
	if (r < 0)
		return r;
	if (slice_cstr(unpack_slice(&u), errand->account.owner_address,
	    sizeof(errand->account.owner_address)) < 0 ||
	    !unpack_is_done(&u) || errand->account.id != errand->id)
		return -EBADMSG;
	return slice_cstr(secret, errand->password,
	    sizeof(errand->password)) < 0 ? -EBADMSG : 0;
}

static bool
copy_rules(struct slice rules, char **copy_out)
{
	free(*copy_out);
	*copy_out = strndup(rules.len == 0 ? "" : rules.at, rules.len);
	return *copy_out != NULL;
}

/* Its rules, or that it has none; then on. */
static void
on_rules(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct unpack u;
	struct slice rules, before;
	bool is_domain;

	if (answered(errand, status) < 0)
		return;
	u = unpack_of(message->body);
	is_domain = unpack_bool(&u);
	rules = unpack_slice(&u);
	before = unpack_slice(&u);
	if (slice_cstr(unpack_slice(&u), errand->language,
	    sizeof(errand->language)) < 0 || !unpack_is_done(&u)) {
		errand_fail(errand, FETCH_END_LOCAL,
		    "its rules cannot be read now");
		return;
	}
	if ((is_domain && !copy_rules(rules, &errand->rules)) ||
	    (before.len > 0 && !copy_rules(before, &errand->before))) {
		errand_fail(errand, FETCH_END_LOCAL, strerror(ENOMEM));
		return;
	}
	errand->has_rules = true;
	find_way(errand);
}

static void
ask_rules(struct errand *errand)
{
	TEXT_AUTO body = TEXT_INIT(16);
	struct ipc *keeper = errand->role->keeper;
	int r = -ENOMEM;

	if (keeper == NULL) {		/* lost meanwhile */
		errand_go(errand);
		return;
	}
	pack_u64(&body, errand->id);
	if (!text_failed(&body))
		r = ipc_ask(keeper, KEEPER_FETCH_RULES, text_slice(&body),
		    NULL, 0, on_rules, errand);
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		errand->asked = keeper;
}

static void
on_settings(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	int r;

	if (answered(errand, status) < 0)
		return;
	r = take_settings(errand, message->body);
	/* the password does not stay where messages come in */
	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	errand->has_settings = r == 0;
	if (r == 0)
		ask_rules(errand);
	else
		errand_fail(errand, FETCH_END_LOCAL, r == -ENOENT ?
		    "there is no such fetch account any more" :
		    r == -EKEYREJECTED ? "its settings cannot be read, or "
		    "its password was sealed with another key" :
		    "the keeper's answer cannot be read");
}

/*
 * On from where it is, if all are there; else it waits for them.  Its time is
 * set once: who dies on a question is not asked without end.
 */
static void
errand_go(struct errand *errand)
{
	struct fetch_role *role = errand->role;
	TEXT_AUTO body = TEXT_INIT(16);
	int r = -ENOMEM;

	if (!has_channels(errand))
		return;
	if (!errand->is_asking)
		timer_set(errand->timer, ASKING_MS);
	errand->is_asking = true;
	if (errand->has_settings) {
		if (!errand->has_rules)
			ask_rules(errand);
		else if (errand->has_way)
			find_host(errand);
		else if (errand->way == NULL)
			find_way(errand);
		return;
	}
	pack_u64(&body, errand->id);
	if (!text_failed(&body))
		r = ipc_ask(role->keeper, KEEPER_FETCH_OPEN,
		    text_slice(&body), NULL, 0, on_settings, errand);
	if (r < 0) {
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
		return;
	}
	errand->asked = role->keeper;
}

static void
on_errand_time(void *arg)
{
	struct errand *errand = arg;

	errand_fail(errand, FETCH_END_LOCAL, errand->asked != NULL ?
	    "keeper or resolver do not answer" :
	    "keeper, queue, resolver and door are not all there");
}

static struct errand *
errand_new(struct fetch_role *role, struct ipc *asker, uint64_t serial,
    uint64_t id, enum fetch_task task)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->timer = timer_new(role->process->loop, on_errand_time, errand);
	if (errand->timer == NULL) {
		free(errand);
		return NULL;
	}
	errand->role = role;
	errand->asker = asker;
	errand->serial = serial;
	errand->id = id;
	errand->task = task;
	LIST_INSERT_HEAD(&role->errands, errand, next);
	timer_stop(role->idle_timer);
	timer_set(errand->timer, PEERS_MS);
	return errand;
}

/* A mailbox may be watched and collected from at one time. */
static struct errand *
errand_find(const struct fetch_role *role, uint64_t id, bool watches)
{
	struct errand *errand;

	LIST_FOREACH(errand, &role->errands, next)
		if (errand->id == id &&
		    (errand->task == FETCH_WATCH) == watches)
			return errand;
	return NULL;
}

/* Without memory for more than these words. */
static void
refuse(struct ipc *from, uint64_t serial)
{
	const struct fetch_outcome outcome = {
		.end = FETCH_END_LOCAL, .words = SLICE("memory is out")
	};
	TEXT_AUTO body = TEXT_INIT(256);

	fetch_outcome_pack(&body, &outcome);
	if (text_failed(&body) || ipc_reply(from, serial, text_slice(&body),
	    NULL, 0) < 0)
		log_say("the schedule does not take an outcome");
}

static int
on_task(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct fetch_progress begun = {
		.stage = FETCH_STAGE_CONNECTING
	};
	struct process *process = arg;
	struct fetch_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	enum fetch_task task = unpack_enum(&u, FETCH_TASK_COUNT);
	struct errand *errand = errand_find(role, id, false);

	if (!unpack_is_done(&u) || task == FETCH_WATCH || (errand != NULL && errand->asker == from))
		return -EBADMSG;
	if (role->is_retiring)
		return 0;	/* the channel ends: who asks asks the next */
	if (errand != NULL && errand->task == FETCH_TRY) {
		errand_free(errand);	/* what is asked now may be more */
		errand = NULL;
	}
	if (errand != NULL) {	/* of an earlier schedule: now it is yours */
		errand->asker = from;
		errand->serial = message->serial;
		tell_progress(errand, &begun);
		return 0;
	}
	errand = errand_new(role, from, message->serial, id, task);
	if (errand == NULL) {
		refuse(from, message->serial);
		return 0;
	}
	tell_progress(errand, &begun);
	errand_go(errand);
	return 0;
}

static int
on_watch(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct fetch_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u), mark = unpack_u64(&u);
	struct errand *errand = errand_find(role, id, true);

	if (!unpack_is_done(&u) || errand != NULL)
		return -EBADMSG;
	if (role->is_retiring)
		return 0;	/* the channel ends */
	errand = errand_new(role, from, message->serial, id, FETCH_WATCH);
	if (errand == NULL) {
		refuse(from, message->serial);
		return 0;
	}
	errand->mark = mark;
	errand_go(errand);
	return 0;
}

/* One that is over has crossed this. */
static int
on_unwatch(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct fetch_outcome outcome = { .end = FETCH_END_DONE };
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	struct errand *errand;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	errand = errand_find(process->state, id, true);
	if (errand != NULL && errand->asker == from)
		errand_end(errand, &outcome);
	return 0;
}

/* A person consents, or looks how that stands: fetch_way.c. */
static int
on_consent(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct fetch_role *role = process->state;
	TEXT_AUTO body = TEXT_INIT(16384);
	int r;

	if (role->is_retiring)
		return 0;	/* the channel ends: who asks asks the next */
	r = fetch_ways_consent(role->ways, message->body, &body);
	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	if (r < 0)
		return r;
	if (text_failed(&body) || ipc_reply(from, message->serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the schedule does not take how a consent stands");
	return 0;
}

/* The line has closed for it; one that is over has crossed this. */
static int
on_pause(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	struct errand *errand;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	errand = errand_find(process->state, id, false);
	if (errand == NULL || errand->asker != from || errand->is_pausing)
		return 0;
	errand->is_pausing = true;
	if (errand->collect != NULL)
		collect_pause(errand->collect);
	if (errand->etrn != NULL)
		etrn_pause(errand->etrn);
	return 0;
}

static int
on_share(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct fetch_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t bytes_per_second = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u) || bytes_per_second == 0)
		return -EBADMSG;
	talk_hall_share(role->hall, bytes_per_second);
	return 0;
}

/* The role */

static void
fetch_if_idle(struct process *process)
{
	struct fetch_role *role = process->state;

	if (role->is_retiring || !LIST_EMPTY(&role->errands) ||
	    fetch_ways_is_busy(role->ways))
		return;
	role->is_retiring = true;
	process_retire(process);
}

static void
on_idle_time(void *arg)
{
	struct fetch_role *role = arg;

	/* a consent may be under way: then again */
	timer_set(role->idle_timer, IDLE_MS);
	fetch_if_idle(role->process);
}

/* What libcurl and OpenSSL read from files: now or never. */
static int
fetch_open(struct process *process)
{
	int r = talk_global_open();

	(void)process;
	/* jansson draws the seed of its tables from a file */
	json_object_seed(0);
	/* names in headers have charsets, whose tables are files */
	return r < 0 ? r : words_open();
}

static int
fetch_start(struct process *process)
{
	struct fetch_role *role = calloc(1, sizeof(*role));
	const char *fault = NULL;

	if (role == NULL)
		return -ENOMEM;
	process->state = role;
	role->process = process;
	LIST_INIT(&role->errands);
	config_night(&process->config, &role->night);
	role->idle_timer = timer_new(process->loop, on_idle_time, role);
	if (role->idle_timer == NULL)
		return -ENOMEM;
	role->hall = talk_hall_new(process->loop, process->trust, &fault);
	if (role->hall == NULL && fault == NULL)
		return -ENOMEM;
	if (role->hall == NULL) {
		log_say("the certificates that are trusted: %s", fault);
		return -EINVAL;
	}
	role->ways = fetch_ways_new(process->loop, role->hall);
	if (role->ways == NULL)
		return -ENOMEM;
	timer_set(role->idle_timer, IDLE_MS);
	return 0;
}

static int
fetch_peer(struct process *process, struct ipc *ipc)
{
	struct fetch_role *role = process->state;
	struct errand *errand, *following;

	if (ipc_peer(ipc) == ROLE_KEEPER)
		role->keeper = ipc;
	else if (ipc_peer(ipc) == ROLE_QUEUE)
		role->queue = ipc;
	else if (ipc_peer(ipc) == ROLE_RESOLVER)
		role->resolver = ipc;
	else if (ipc_peer(ipc) == ROLE_DOOR)
		role->door = ipc;
	fetch_ways_peers(role->ways, role->keeper, role->resolver);
	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->asked == NULL && errand->collect == NULL &&
		    errand->etrn == NULL)
			errand_go(errand);
	}
	return 0;
}

/* What is under way with it ends; what has not begun waits for the next. */
static void
lose_queue(struct fetch_role *role, const struct ipc *ipc)
{
	struct errand *errand, *following;

	if (role->queue == ipc)
		role->queue = NULL;
	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->collect != NULL && errand->queue == ipc)
			collect_queue_lost(errand->collect);
	}
}

/* Who is here cannot be asked any more. */
static void
lose_keeper(struct fetch_role *role)
{
	struct errand *errand, *following;

	role->keeper = NULL;
	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->collect != NULL)
			collect_keeper_lost(errand->collect);
	}
}

/* Who is served by it hears that as its answer. */
static void
lose_door(struct fetch_role *role)
{
	struct errand *errand;

	role->door = NULL;
	LIST_FOREACH(errand, &role->errands, next)
		if (errand->etrn != NULL)
			etrn_door_lost(errand->etrn);
}

/* What is being collected is collected; the rest is for who hears of it. */
static void
lose_asker(struct fetch_role *role, const struct ipc *ipc)
{
	struct errand *errand, *following;

	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->asker != ipc)
			continue;
		errand->asker = NULL;
		if (errand->task == FETCH_TRY ||
		    errand->task == FETCH_WATCH)
			errand_free(errand);
	}
}

static void
fetch_lost(struct process *process, struct ipc *ipc)
{
	struct fetch_role *role = process->state;

	/* what was asked of it is answered with -ECONNRESET after this */
	if (role->keeper == ipc)
		lose_keeper(role);
	else if (role->resolver == ipc)
		role->resolver = NULL;
	else if (role->door == ipc)
		lose_door(role);
	else if (ipc_peer(ipc) == ROLE_QUEUE)
		lose_queue(role, ipc);
	else if (ipc_peer(ipc) == ROLE_SCHEDULE)
		lose_asker(role, ipc);
	fetch_ways_peers(role->ways, role->keeper, role->resolver);
}

static void
fetch_stop(struct process *process)
{
	struct fetch_role *role = process->state;
	struct errand *errand;

	while ((errand = LIST_FIRST(&role->errands)) != NULL)
		errand_free(errand);
	fetch_ways_free(role->ways);
	role->ways = NULL;
	talk_hall_free(role->hall);
	role->hall = NULL;
	loop_stop(process->loop);
}

const struct role_code fetch_code = {
	.role = ROLE_FETCH, .rules = fetch_rules, .open = fetch_open,
	.start = fetch_start, .peer = fetch_peer, .lost = fetch_lost,
	.stop = fetch_stop, .if_idle = fetch_if_idle,
};
