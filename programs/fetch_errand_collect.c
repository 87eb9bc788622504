/*
 * fetch_errand_collect.c - the work of an errand that takes or watches mail
 */
#include "fetch/collect.h"
#include "lib/base/log.h"
#include "programs/fetch_errand.h"

/* What is watched has something new. */
static void
tell_news(void *arg)
{
	struct errand *errand = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	errand_tell_carried(errand);
	pack_u64(&body, errand->id);
	if (errand->asker != NULL && (text_failed(&body) ||
	    ipc_send(errand->asker, FETCH_NEWS, text_slice(&body), NULL, 0) <
	    0))
		log_say("the schedule does not hear of new mail");
}

static int
start(struct errand *errand, const char *addresses)
{
	struct fetch_role *role = errand->role;
	const struct collect_options options = {
		.account = &errand->account,
		.password = errand->token != NULL ? errand->token :
		    errand->password,
		.proxy = &errand->proxy, .addresses = addresses,
		.task = errand->task, .rules = errand->rules,
		.keeper = role->keeper, .before = errand->before,
		.language = errand->language, .night = role->night,
		.message_bytes = role->process->config.message_bytes,
		.bill = &errand->bill,
		.session = errand_session(errand), .mark = errand->mark,
		.messages = errand->messages
	};
	const struct collect_events events = {
		.arg = errand, .progress = errand_progress,
		.over = errand_over, .news = tell_news
	};
	struct collect *collect;
	int r;

	r = collect_start(role->hall, role->process->loop, role->queue,
	    &options, &events, &collect);
	if (r < 0)
		return r;
	errand->queue = role->queue;
	errand->keeper = role->keeper;
	errand->run = collect;
	return 0;
}

static void
pause_it(struct errand *errand)
{
	collect_pause(errand->run);
}

/* What is under way with the queue ends; the keeper is not asked any more. */
static void
lost(struct errand *errand, const struct ipc *ipc)
{
	if (errand->keeper == ipc)
		collect_keeper_lost(errand->run);
	else if (errand->queue == ipc)
		collect_queue_lost(errand->run);
}

static void
free_it(struct errand *errand)
{
	collect_free(errand->run);
}

const struct errand_work errand_collecting = {
	.start = start, .pause = pause_it, .lost = lost, .free = free_it
};
