/*
 * role_judge.c - the judge: every filter, then the postmaster's rules
 *
 * Holds nothing but the messages it is asked about (judge_case.h).  Fails by
 * ending: the queue then asks the next judge, and says "try again" to the
 * sender when a message has ended two.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "filters/rule_read.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "lib/message/words.h"
#include "programs/judge_bodies.h"
#include "programs/judge_case.h"
#include "programs/roles.h"
#include "programs/rules_bundle.h"
#include "programs/spam_file.h"

#define RECYCLE_AFTER	20000	/* messages: what a library leaks ends too */

struct judge {
	struct process	*process;
	struct ipc	*queue;
	struct rules	*rules;
	struct judge_cases *cases;
	struct judge_bodies *bodies;
	struct judge_lists *lists;	/* or NULL */
	struct judge_people *people;
	struct spam_file spam_file;
	struct spam_judge spam;
	uint64_t	 judged;
	bool		 retiring;
};

static int	on_message(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule judge_rules[] = {
{ JUDGE_MESSAGE, "JUDGE", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_message },
{ JUDGE_SAME_BODY, "SAME_BODY", FROM(ROLE_QUEUE), IPC_REQUEST, 2, 0,
    on_same_body },
{ 0 }
};

struct judge_bodies *
judge_bodies_of(void *arg)
{
	const struct process *process = arg;
	const struct judge *judge = process->state;

	return judge->bodies;
}

static void
answer(void *arg, uint64_t serial, const struct verdict *verdict)
{
	struct judge *judge = arg;
	TEXT_AUTO body = TEXT_INIT(VERDICT_PACKED_MAX);

	verdict_pack(&body, verdict);
	if (judge->queue != NULL && ipc_reply(judge->queue, serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the queue does not take a verdict");
	if (++judge->judged >= RECYCLE_AFTER && !judge->retiring) {
		judge->retiring = true;
		process_retire(judge->process);
	}
}

static int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	const struct judge *judge = process->state;

	(void)from;
	return judge_cases_take(judge->cases, message);
}

static struct virus_policy
virus_policy_of(const struct config *config)
{
	struct virus_policy policy = virus_default_policy;
	const struct {
		enum scan_result	 result;
		const char		*word;
	} rows[] = {
		{ SCAN_VIRUS, config->scan_virus },
		{ SCAN_ENCRYPTED, config->scan_encrypted },
		{ SCAN_BROKEN, config->scan_broken },
		{ SCAN_TOO_MUCH, config->scan_limit },
		{ SCAN_TOO_LONG, config->scan_timeout },
		{ SCAN_UNSCANNABLE, config->scan_unscannable },
		{ SCAN_NOT_SCANNED, config->scan_failed },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		policy.action[rows[i].result] =
		    verdict_action_of(slice_str(rows[i].word));
	policy.macros = verdict_action_of(slice_str(config->scan_macros));
	return policy;
}

static struct rspamd_policy
rspamd_policy_of(const struct config *config)
{
	enum spam_action action = spam_action_of(slice_str(
	    config->rspamd_action));

	return (struct rspamd_policy){
		.action = action == SPAM_ACTION_HOLD ? VERDICT_HOLD :
		    VERDICT_MARK,
		.folder = action == SPAM_ACTION_JUNK ? SPAM_FOLDER : NULL,
		.failed = verdict_action_of(slice_str(config->rspamd_failed)),
	};
}

static int
open_cases(struct judge *judge)
{
	const struct config *config = &judge->process->config;
	const struct judge_cases_options options = {
		.judge = {
			.hops = config->hops, .rules = judge->rules,
			.host = config->hostname,
			.language = language_of(config->language),
			.virus = virus_policy_of(config),
			.spam = &judge->spam,
			.dmarc = dmarc_action_of(slice_str(
			    config->dmarc_action)),
			.arc_trusted = config->arc_trusted,
			.rspamd = rspamd_policy_of(config),
		},
		.scans = config_scans(config),
		.scan_ms = SCAN_TIMES * (uint64_t)config->scan_seconds * 1000,
		.identifies = config->identity,
		.lists = judge->lists,
		.people = judge->people,
		.asks_rspamd = config->rspamd[0] != '\0',
		.rspamd_ms = (uint64_t)config->rspamd_seconds * 1000,
		.tools = judge_bodies_tools(judge->bodies),
		.told = answer, .arg = judge,
	};

	return judge_cases_open(&options, &judge->cases);
}

/* One that somebody has cut meanwhile is as none, and never read again. */
static bool
spam_is_there(void *arg)
{
	struct judge *judge = arg;

	if (spam_file_is_whole(judge->process->spam_fd, &judge->spam_file))
		return true;
	log_say("the spam model is not used any more: its file was cut");
	judge->spam.model = NULL;
	spam_file_close(&judge->spam_file);
	return false;
}

/* A model that cannot be used is as none: mail goes on. */
static int
open_spam(struct judge *judge)
{
	struct process *process = judge->process;
	int r;

	judge->spam.action = spam_action_of(slice_str(
	    process->config.spam_action));
	judge->spam.features = spam_features_new();
	if (judge->spam.features == NULL)
		return -ENOMEM;
	if (process->spam_fd < 0 || judge->spam.action == SPAM_ACTION_OFF)
		return 0;
	r = spam_file_map(process->spam_fd, SPAM_TO_ASK, &judge->spam_file);
	judge->spam.is_there = spam_is_there;
	judge->spam.arg = judge;
	if (r == 0)
		judge->spam.model = &judge->spam_file.model;
	else
		log_say("the spam model is not used: %s", r == -ENOTSUP ?
		    "a newer Postroom made it" : r == -EBADMSG ?
		    "it is damaged" : strerror(-r));
	return 0;
}

/*
 * Character tables are loaded lazily by iconv, patterns are compiled to code,
 * jansson draws the seed of its tables from a file: now or never.
 */
static int
judge_open(struct process *process)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	TEXT_AUTO faults = TEXT_INIT(8192);
	int r;

	if (judge == NULL)
		return -ENOMEM;
	judge->process = process;
	process->state = judge;
	json_object_seed(0);
	r = rules_from_bundle(process->rules, &judge->rules, &faults);
	if (r < 0) {	/* the parent has read them before: it is our fault */
		log_say("the rules cannot be read");
		rules_log(&faults);
	}
	if (r == 0)	/* for what is told of what a rule removes */
		r = zone_open(process->config.time_zone);
	if (r == 0)
		r = open_spam(judge);
	if (r == 0)
		r = judge_bodies_open(&judge->bodies);
	if (r == 0)
		r = judge_people_open(&judge->people);
	if (r == 0 && process->config.dns_lists[0] != '\0')
		r = judge_lists_open(process->config.dns_lists,
		    process->config.trusted_hosts, &judge->lists);
	if (r == 0)
		r = open_cases(judge);
	return r < 0 ? r : words_open();
}

static int
judge_start(struct process *process)
{
	struct judge *judge = process->state;

	return judge_cases_start(judge->cases, process->loop);
}

static int
judge_peer(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;

	if (ipc_peer(ipc) == ROLE_SCAN) {
		judge_cases_scanner(judge->cases, ipc);
	} else if (ipc_peer(ipc) == ROLE_RESOLVER) {
		judge_bodies_resolver(judge->bodies, ipc);
		judge_cases_resolver(judge->cases, ipc);
	} else if (ipc_peer(ipc) == ROLE_KEEPER) {
		judge_people_keeper(judge->people, ipc);
	} else {
		judge->queue = ipc;
	}
	return 0;
}

static void
judge_lost(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;

	judge_cases_lost(judge->cases, ipc);
	if (ipc_peer(ipc) == ROLE_RESOLVER)
		judge_bodies_resolver(judge->bodies, NULL);
	if (ipc_peer(ipc) == ROLE_KEEPER)
		judge_people_keeper(judge->people, NULL);
	if (judge->queue != ipc)
		return;
	/* who asked is gone, and with him his questions */
	judge->queue = NULL;
	judge_bodies_forget(judge->bodies);
	judge_cases_forget(judge->cases);
}

static void
judge_stop(struct process *process)
{
	loop_stop(process->loop);
}

const struct role_code judge_code = {
	.role = ROLE_JUDGE, .rules = judge_rules, .open = judge_open,
	.start = judge_start, .peer = judge_peer, .lost = judge_lost,
	.stop = judge_stop,
};
