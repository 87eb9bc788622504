/*
 * collect.c - the life of one collection: how it begins, and how it ends
 *
 * There is one way out: collect_break() hangs up, the answers to what was
 * submitted are waited for, and then over() tells what came of it.  So what is
 * counted as taken is stored, and nothing that is stored is told as left.
 *
 * What cannot be passed by in one conversation is passed by in another; of the
 * one before nothing is left then (conversation.c).
 */
#include "fetch/collect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "policy/grants.h"

/* All addresses of a host together; a TCP connection takes 3 s at the worst. */
#define CONNECT_MS	30000
#define OPEN_MS		60000	/* TLS, greeting, CAPA, SASL */
#define SILENCE_MS	60000
#define LEAST_BYTES_PER_SECOND 100
#define QUIT_MS		10000	/* for the answer; the work is done already */
#define PROGRESS_MS	100
/* A server may not have noticed yet that we hung up. */
#define AGAIN_MS	3000
#define AGAIN_LATER	3	/* times that, if it still had not */

static const struct protocol *const protocols[FETCH_PROTOCOL_COUNT] = {
	[FETCH_POP3] = &protocol_pop3, [FETCH_IMAP] = &protocol_imap,
};

static bool
is_word(const char *string)
{
	for (; *string != '\0'; string++)
		if ((unsigned char)*string < 0x20 || *string == 0x7f)
			return false;
	return true;
}

static bool
is_fit(const struct collect_options *options)
{
	const struct fetch_account *account = options->account;

	return account != NULL && options->password != NULL &&
	    options->addresses != NULL && options->task < FETCH_TASK_COUNT &&
	    account->protocol < FETCH_PROTOCOL_COUNT &&
	    protocols[account->protocol] != NULL &&
	    (options->task != FETCH_WATCH ||
	    account->protocol == FETCH_IMAP) &&
	    account->id != 0 && account->owner != 0 && account->port != 0 &&
	    account->tls < FETCH_TLS_COUNT &&
	    account->mechanism < FETCH_MECHANISM_COUNT &&
	    account->from < FETCH_FROM_COUNT && account->user[0] != '\0' &&
	    is_word(account->user) && is_word(options->password) &&
	    strlen(options->password) < (fetch_is_oauth(account) ?
	    GRANT_TOKEN_SIZE : FETCH_SECRET_SIZE);
}

static void
limits_default(struct collect_options *limits)
{
	limits->account = NULL;
	limits->password = limits->addresses = NULL;
	limits->rules = limits->before = limits->language = NULL;
	limits->proxy = NULL;
	limits->session = NULL;
	limits->keeper = NULL;
	if (limits->connect_ms == 0)
		limits->connect_ms = CONNECT_MS;
	if (limits->open_ms == 0)
		limits->open_ms = OPEN_MS;
	if (limits->silence_ms == 0)
		limits->silence_ms = SILENCE_MS;
	if (limits->least_bytes_per_second == 0)
		limits->least_bytes_per_second = LEAST_BYTES_PER_SECOND;
	if (limits->again_ms == 0)
		limits->again_ms = AGAIN_MS;
}

static void
tell_over(struct collect *collect)
{
	password_wipe(collect);
	collect->outcome.words = slice_str(collect->words);
	collect->events.over(collect->events.arg, &collect->outcome);
}

/* Another conversation, for what waits behind where the last one ended. */
static void
begin_again(struct collect *collect)
{
	collect->waits_again = false;
	if (conversation_begin(collect) == 0)
		return;
	collect_note(collect, FETCH_END_LOCAL, false,
	    slice_str("out of memory"));
	tell_over(collect);
}

/*
 * How the conversation ended: is there to be another?  Then how it ended is
 * forgotten.
 */
static bool
goes_on(struct collect *collect)
{
	struct fetch_outcome *outcome = &collect->outcome;
	const struct conversation *ended = collect->conversation;
	/* that was what ended it, and nothing else */
	bool is_cut = outcome->end == FETCH_END_INCONSISTENT &&
	    !collect->wiped.is_wiped &&
	    (collect->passed_count > ended->passed_before ||
	    collect->is_wary != ended->was_wary ||
	    collect->is_whole_only != ended->was_whole_only);
	/* the server holds the mailbox for the last one still */
	bool is_early = outcome->end == FETCH_END_BUSY && collect->agains > 0;

	if (!is_cut && !is_early)
		return false;
	outcome->end = FETCH_END_DONE;
	outcome->server_said = false;
	collect->words[0] = '\0';
	if (is_early && collect->agains > 1)
		return false;	/* what was had is had */
	collect->agains = is_cut ? 1 : 2;
	return true;
}

/* The wait for the answer to QUIT is over, or everything is. */
static void
on_over(void *arg)
{
	struct collect *collect = arg;
	uint64_t ms = collect->limits.again_ms;

	if (collect->waits_again) {
		begin_again(collect);
		return;
	}
	if (!conversation_is_over(collect)) {
		/* HARDENING F32 */
		collect_break(collect, FETCH_END_DONE,
		    "it did not answer QUIT");
		return;
	}
	if (parcels_pending(collect) > 0)
		return;		/* collect_settle() comes again */
	collect->waits_again = goes_on(collect);
	conversation_free(collect);
	if (collect->waits_again)
		timer_set(collect->over, collect->agains == 1 ? ms :
		    ms * AGAIN_LATER);
	else
		tell_over(collect);
}

/* The collection */

static int
allocate(struct collect *collect, const struct collect_options *options)
{
	int r = 0;

	collect->password = strdup(options->password);
	collect->addresses = strdup(options->addresses);
	collect->over = timer_new(collect->loop, on_over, collect);
	if (collect->password == NULL || collect->addresses == NULL ||
	    collect->over == NULL ||
	    digest_open(&collect->whole) < 0 ||
	    digest_open(&collect->header) < 0 ||
	    digest_open(&collect->note) < 0)
		return -ENOMEM;
	if (options->task == FETCH_DOCTOR)
		return checkup_open(collect, options->rules,
		    options->messages, options->keeper);
	if (options->before != NULL)
		r = before_open(collect, slice_str(options->before),
		    &options->night, options->task == FETCH_EVERYTHING,
		    options->language);
	return r < 0 || options->rules == NULL ? r : address_open(collect,
	    slice_str(options->rules), options->keeper);
}

int
collect_start(struct talk_hall *hall, struct loop *loop, struct ipc *queue,
    const struct collect_options *options, const struct collect_events *events,
    struct collect **collect_out)
{
	struct collect *collect;
	int r;

	if (!is_fit(options))
		return -EINVAL;
	collect = calloc(1, sizeof(*collect));
	if (collect == NULL)
		return -ENOMEM;
	collect->hall = hall;
	collect->loop = loop;
	collect->queue = queue;
	collect->limits = *options;
	collect->bill = options->bill;
	collect->session = options->session;
	collect->events = *events;
	collect->account = *options->account;
	/* but for what waits for the night, they are the same */
	collect->task = options->task == FETCH_EVERYTHING ? FETCH_COLLECT :
	    options->task;
	collect->proxy = options->proxy;
	collect->protocol = protocols[options->account->protocol];
	LIST_INIT(&collect->requests);
	limits_default(&collect->limits);
	r = allocate(collect, options);
	if (r == 0)
		r = conversation_begin(collect);
	if (r < 0) {
		collect_free(collect);
		return r;
	}
	*collect_out = collect;
	collect_stage(collect, FETCH_STAGE_CONNECTING);
	return 0;
}

void
collect_free(struct collect *collect)
{
	if (collect == NULL)
		return;
	conversation_free(collect);
	timer_free(collect->over);
	digest_close(&collect->whole);
	digest_close(&collect->header);
	digest_close(&collect->note);
	if (collect->password != NULL)
		explicit_bzero(collect->password, strlen(collect->password));
	free(collect->password);
	free(collect->addresses);
	address_close(collect);
	before_close(collect);
	checkup_close(collect);
	free(collect);
}

void
collect_keeper_lost(struct collect *collect)
{
	address_keeper_lost(collect);
	checkup_keeper_lost(collect);
}

void
collect_pause(struct collect *collect)
{
	struct slice words = slice_str("the line has closed");

	collect->is_pausing = true;
	if (!conversation_is_open(collect))
		collect_note(collect, FETCH_END_LINE, false, words);
	else if (collect->stage == FETCH_STAGE_CONNECTING)
		collect_end(collect, FETCH_END_LINE, false, words);
	else if (collect->stage == FETCH_STAGE_LISTING)
		collect_bye(collect, FETCH_END_LINE, false, words);
	else
		take_close(collect, words);
}

void
collect_queue_lost(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;

	collect->queue = NULL;
	if (conversation == NULL)
		return;
	address_forget(collect);
	queue_forget(collect);
	/* they may be stored or not: the next listing shows it */
	collect->outcome.left += conversation->submissions.unanswered;
	conversation->submissions.unanswered = 0;
	collect_break(collect, FETCH_END_PAUSED, "the queue is not there");
	collect_settle(collect);
}

/* Ends */

void
collect_note(struct collect *collect, enum fetch_end end, bool server_said,
    struct slice words)
{
	if (collect->outcome.end != FETCH_END_DONE)
		return;
	collect->outcome.end = end;
	collect->outcome.server_said = server_said;
	words_keep(collect, words, server_said);
}

void
collect_end(struct collect *collect, enum fetch_end end, bool server_said,
    struct slice words)
{
	struct conversation *conversation = collect->conversation;
	struct fetch_outcome *outcome = &collect->outcome;

	if (conversation_is_over(collect))
		return;
	collect_note(collect, end, server_said, words);
	conversation->step = CONVERSATION_OVER;
	if (conversation->talk != NULL && talk_print(conversation->talk,
	    outcome->print))
		outcome->has_print = true;
	collect->protocol->stop(collect);
	talk_free(conversation->talk);
	conversation->talk = NULL;
	timer_stop(collect->over);
	take_cut(collect);
	collect_settle(collect);
}

void
collect_break(struct collect *collect, enum fetch_end end, const char *words)
{
	collect_end(collect, end, false, slice_str(words));
}

/* What still comes of what was asked for is heard, and goes nowhere. */
void
collect_bye(struct collect *collect, enum fetch_end end, bool server_said,
    struct slice words)
{
	struct conversation *conversation = collect->conversation;

	if (!conversation_is_open(collect))
		return;
	collect_note(collect, end, server_said, words);
	incoming_leave(collect);
	if (conversation->held_for != 0) {
		conversation->held_for = 0;
		collect->protocol->hold(collect, false);
	}
	collect_quit(collect);
}

static void
on_quit(void *arg, uint32_t number, bool ok, struct slice words)
{
	(void)number;
	/* HARDENING F33: some were not removed; the next listing shows which */
	collect_end(arg, FETCH_END_DONE, !ok, ok ? slice_of(NULL, 0) : words);
}

static const struct heard heard_quit = { .status = on_quit };

void
collect_quit(struct collect *collect)
{
	uint64_t ms = collect->limits.silence_ms;

	password_wipe(collect);
	collect->conversation->step = CONVERSATION_LEAVING;
	collect->protocol->leave(collect, &heard_quit);
	/* over is what comes when nothing else does */
	timer_set(collect->over, ms < QUIT_MS ? ms : QUIT_MS);
}

void
collect_settle(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;

	if (conversation == NULL || conversation->step != CONVERSATION_OVER ||
	    parcels_pending(collect) > 0 ||
	    timer_is_set(collect->over))
		return;
	collect->stage = FETCH_STAGE_OVER;
	timer_set(collect->over, 0);
}

static void
progress_tell(struct collect *collect)
{
	const struct fetch_progress progress = {
		.stage = collect->stage,
		.done = collect->outcome.taken,
		.of = collect->outcome.waiting,
		.done_bytes = collect->outcome.taken_bytes,
		.of_bytes = collect->outcome.waiting_bytes
	};

	collect->progress_ms = clock_ms();
	if (collect->events.progress != NULL)
		collect->events.progress(collect->events.arg, &progress);
}

void
collect_stage(struct collect *collect, enum fetch_stage stage)
{
	static const enum line_cause causes[FETCH_STAGE_COUNT] = {
		[FETCH_STAGE_LISTING] = LINE_LISTING,
		[FETCH_STAGE_TAKING] = LINE_MAIL,
	};

	collect->stage = stage;
	line_bill_for(collect->bill, causes[stage]);
	progress_tell(collect);
}

void
collect_progress(struct collect *collect)
{
	if (clock_ms() - collect->progress_ms >= PROGRESS_MS)
		progress_tell(collect);
}

uint64_t
collect_largest(const struct collect *collect)
{
	uint64_t own = collect->account.largest_bytes;
	uint64_t hub = collect->limits.message_bytes;

	return own == 0 || own > hub ? hub : own;
}

void
collect_pass_by(struct collect *collect, uint32_t number, uint64_t listed)
{
	if (collect->passed_count < COLLECT_PASSED_MOST)
		collect->passed[collect->passed_count++] = (struct passed){
		    collect->conversation->listing.id,
		    { .number = number, .bytes = listed }
		};
}

bool
collect_is_passed(const struct collect *collect, const struct listed *row)
{
	uint64_t listing = collect->conversation->listing.id;

	for (unsigned i = 0; i < collect->passed_count; i++) {
		const struct passed *passed = &collect->passed[i];

		if (passed->listing == listing &&
		    passed->row.number == row->number &&
		    passed->row.bytes == row->bytes)
			return true;
	}
	return false;
}
