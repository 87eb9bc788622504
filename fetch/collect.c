/*
 * collect.c - the life of one collection: how it begins, and how it ends
 *
 * There is one way out: collect_break() hangs up, the answers to what was
 * submitted are waited for, and then over() tells what came of it.  So what is
 * counted as taken is stored, and nothing that is stored is told as left.
 */
#include "fetch/collect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"

/* All addresses of a host together; a TCP connection takes 3 s at the worst. */
#define CONNECT_MS	30000
#define OPEN_MS		60000	/* TLS, greeting, CAPA, SASL */
#define SILENCE_MS	60000
#define LEAST_BYTES_PER_SECOND 100
#define PROGRESS_MS	100

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
	    account->id != 0 && account->owner != 0 && account->port != 0 &&
	    account->tls < FETCH_TLS_COUNT &&
	    account->mechanism < FETCH_MECHANISM_COUNT &&
	    account->from < FETCH_FROM_COUNT && account->user[0] != '\0' &&
	    is_word(account->user) && is_word(options->password) &&
	    strlen(options->password) < FETCH_SECRET_SIZE;
}

static void
limits_default(struct collect_options *limits)
{
	limits->account = NULL;
	limits->password = limits->addresses = NULL;
	if (limits->connect_ms == 0)
		limits->connect_ms = CONNECT_MS;
	if (limits->open_ms == 0)
		limits->open_ms = OPEN_MS;
	if (limits->silence_ms == 0)
		limits->silence_ms = SILENCE_MS;
	if (limits->least_bytes_per_second == 0)
		limits->least_bytes_per_second = LEAST_BYTES_PER_SECOND;
}

/* The listing is over at the queue, and nothing of it is awaited. */
static void
listing_end(struct collect *collect)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, collect->account.id);
	collect_tell(collect, QUEUE_LISTING_END, &body);
	collect->listing_is_open = false;
	collect_forget(collect);
}

/*
 * Another conversation, for what stands behind a message that cannot be passed
 * by in this one.  What was taken is counted on.
 */
static bool
begin_again(struct collect *collect)
{
	if (!collect->again || collect->queue == NULL)
		return false;
	collect->again = false;
	take_reset(collect);
	listing_end(collect);
	pop3_free(collect->pop3);
	collect->pop3 = NULL;
	text_free(&collect->listing.page);
	text_free(&collect->look.digests);
	text_free(&collect->look.leave);
	free(collect->listing.rows);
	collect->listing = (struct listing){ 0 };
	collect->look = (struct look){ 0 };
	free(collect->deletions.kept);
	collect->deletions = (struct deletions){ 0 };
	collect->held_for = 0;
	collect->reconnected = collect->leaving = collect->ended = false;
	collect->outcome.end = FETCH_END_DONE;
	if (login_begin(collect) == 0) {
		collect->words[0] = '\0';
		return true;
	}
	collect->ended = true;
	collect_note(collect, FETCH_END_LOCAL, slice_str("out of memory"));
	return false;
}

/* The wait for the answer to QUIT is over, or everything is. */
static void
on_over(void *arg)
{
	struct collect *collect = arg;

	if (!collect->ended) {
		/* HARDENING F32 */
		collect_break(collect, FETCH_END_DONE,
		    slice_str("it did not answer QUIT"));
		return;
	}
	if (begin_again(collect))
		return;
	take_free(collect);
	listing_end(collect);
	collect->told = true;
	collect->outcome.words = slice_str(collect->words);
	collect->events.over(collect->events.arg, &collect->outcome);
}

static int
allocate(struct collect *collect, const struct collect_options *options)
{
	collect->password = strdup(options->password);
	collect->addresses = strdup(options->addresses);
	collect->page.rows = calloc(LISTING_PAGE,
	    sizeof(*collect->page.rows));
	collect->over = timer_new(collect->loop, on_over, collect);
	if (collect->password == NULL || collect->addresses == NULL ||
	    collect->page.rows == NULL || collect->over == NULL ||
	    print_open(&collect->all) < 0 ||
	    print_open(&collect->header) < 0)
		return -ENOMEM;
	return take_open(collect);
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
	collect->events = *events;
	collect->account = *options->account;
	collect->task = options->task;
	collect->take.pipe = -1;
	LIST_INIT(&collect->asks);
	LIST_INIT(&collect->take.after);
	limits_default(&collect->limits);
	r = allocate(collect, options);
	if (r == 0)
		r = login_begin(collect);
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
	take_free(collect);
	if (collect->listing_is_open)
		listing_end(collect);
	collect_forget(collect);
	pop3_free(collect->pop3);
	talk_free(collect->talk);
	timer_free(collect->over);
	text_free(&collect->listing.page);
	text_free(&collect->look.digests);
	text_free(&collect->look.leave);
	text_free(&collect->take.envelope);
	free(collect->take.body);
	free(collect->listing.rows);
	free(collect->page.rows);
	free(collect->deletions.kept);
	print_close(&collect->all);
	print_close(&collect->header);
	if (collect->password != NULL)
		explicit_bzero(collect->password, strlen(collect->password));
	free(collect->password);
	free(collect->addresses);
	free(collect);
}

void
collect_queue_lost(struct collect *collect)
{
	collect->queue = NULL;
	collect_forget(collect);
	/* they may be stored or not: the next listing shows it */
	collect->outcome.left += collect->take.unanswered;
	collect->take.unanswered = 0;
	collect_break(collect, FETCH_END_PAUSED,
	    slice_str("the queue is not there"));
	collect_settle(collect);
}

/* The server's words, for people: one line, in characters. */
static void
words_keep(struct collect *collect, struct slice words)
{
	bool is_text;
	size_t len = 0;

	words = slice_first(slice_trim(words), FETCH_WORDS_MOST);
	/* a cut may fall into a character */
	for (unsigned i = 0; i < 3 && !slice_is_utf8(words); i++)
		words = slice_first(words, words.len - (words.len > 0));
	is_text = slice_is_utf8(words);
	while (len < words.len && words.at[len] != '\r' &&
	    words.at[len] != '\n') {
		unsigned char c = (unsigned char)words.at[len];

		if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_text))
			c = '?';
		collect->words[len++] = (char)c;
	}
	collect->words[len] = '\0';
}

void
collect_note(struct collect *collect, enum fetch_end end, struct slice words)
{
	if (collect->outcome.end != FETCH_END_DONE)
		return;
	collect->outcome.end = end;
	words_keep(collect, words);
}

void
collect_break(struct collect *collect, enum fetch_end end, struct slice words)
{
	struct fetch_outcome *outcome = &collect->outcome;

	if (collect->ended)
		return;
	collect_note(collect, end, words);
	collect->ended = true;
	collect->turn = NULL;
	if (collect->talk != NULL && talk_print(collect->talk,
	    outcome->print))
		outcome->has_print = true;
	if (collect->pop3 != NULL)
		pop3_stop(collect->pop3);
	talk_free(collect->talk);
	collect->talk = NULL;
	timer_stop(collect->over);
	take_cut(collect);
	collect_settle(collect);
}

void
collect_bye(struct collect *collect, enum fetch_end end, struct slice words)
{
	if (collect->ended || collect->leaving)
		return;
	collect_note(collect, end, words);
	if (collect->held_for != 0) {
		collect->held_for = 0;
		pop3_hold(collect->pop3, false);
	}
	step_quit(collect);
}

void
collect_settle(struct collect *collect)
{
	if (!collect->ended || collect->told ||
	    collect->take.unanswered > 0 || timer_is_set(collect->over))
		return;
	collect->stage = FETCH_STAGE_OVER;
	timer_set(collect->over, 0);
}

void
collect_hold(struct collect *collect, unsigned why, bool held)
{
	unsigned held_for = held ? collect->held_for | why :
	    collect->held_for & ~why;

	if (collect->ended || collect->leaving ||
	    held_for == collect->held_for)
		return;
	collect->held_for = held_for;
	pop3_hold(collect->pop3, held_for != 0);
}

static void
progress_tell(struct collect *collect)
{
	const struct fetch_progress progress = {
		.stage = collect->stage,
		.done = collect->outcome.taken,
		.of = collect->counts.take,
		.done_bytes = collect->outcome.taken_bytes,
		.of_bytes = collect->counts.take_bytes
	};

	collect->progress_ms = clock_ms();
	if (collect->events.progress != NULL)
		collect->events.progress(collect->events.arg, &progress);
}

void
collect_stage(struct collect *collect, enum fetch_stage stage)
{
	collect->stage = stage;
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
