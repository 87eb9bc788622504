/*
 * role_schedule_scene.h - the schedule role between a keeper, a console and a
 * process that collects
 *
 * Each of them is a channel that a test holds.  What the keeper has and says
 * stands in the variables at the top; what it was told, too.  Included once a
 * test program.
 */
#ifndef TESTS_ROLE_SCHEDULE_SCENE_H
#define TESTS_ROLE_SCHEDULE_SCENE_H

#include <stdio.h>
#include <string.h>

#include "fetch/line.h"
#include "fetch/service.h"
#include "policy/keeper.h"
#include "policy/line_book.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

static struct play play;
static struct ipc *keeper, *console, *fetcher;
static unsigned listings;	/* pages asked for */
static unsigned mailboxes;	/* that the keeper has */
static unsigned tasks;
static uint64_t task_serial;
static struct text answers;	/* the last answer to the console */
static unsigned answer_count;
static uint64_t month_bytes;	/* that stand there */
static unsigned months_asked, writes;
static bool writes_well;
static struct line_counts written;
static uint64_t written_account, health_of, share, paused;
static struct fetch_health health;
static int64_t grant_until;	/* of mailbox 2 */
static bool may;		/* a person */
static unsigned mays;		/* asked for */

/* The keeper: two on a page. */
static int
on_due(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t above = unpack_u64(&u);
	uint64_t upto = above + 2 < mailboxes ? above + 2 : mailboxes;
	TEXT_AUTO body = TEXT_INIT(4096);

	(void)arg;
	ck_assert(unpack_is_done(&u));
	listings++;
	pack_u8(&body, upto < mailboxes);
	pack_u32(&body, (uint32_t)(upto - above));
	for (uint64_t id = above + 1; id <= upto; id++) {
		const struct fetch_due due = {
			.id = id, .owner = 40 + id, .enabled = true,
			.owner_address = SLICE("ann@example.org"),
			.label = slice_of(&"abcdefgh"[id - 1], 1),
			.host = SLICE("pop.example.net"),
			.grant_until_utc_ms = id == 2 ? grant_until : 0,
			.when.on_read = id == 5
		};

		fetch_due_pack(&body, &due);
	}
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* The process: its one mailbox is to be collected. */
static int
on_task(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	ck_assert_uint_eq(unpack_u64(&u), 1);
	ck_assert_uint_eq(unpack_u8(&u), FETCH_COLLECT);
	ck_assert_uint_eq(unpack_u32(&u), 0);
	ck_assert(unpack_is_done(&u));
	tasks++;
	task_serial = message->serial;
	return 0;
}

/* What stands for this month; the schedule asks once. */
static int
on_month(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(16);

	(void)arg;
	months_asked++;
	pack_u64(&body, month_bytes);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* What is written of the line. */
static int
on_add(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(16);
	uint32_t count;

	(void)arg;
	ck_assert(line_is_month(unpack_u32(&u)));
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count; i++) {
		struct line_counts counts;

		written_account = unpack_u64(&u);
		counts = line_counts_unpack(&u);
		if (writes_well)
			line_counts_add(&written, &counts);
	}
	ck_assert(unpack_is_done(&u));
	writes++;
	pack_u8(&body, writes_well);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* May this person collect? */
static int
on_may(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(16);
	uint64_t account;

	(void)arg;
	ck_assert_int_eq(keeper_account_asked(message->body, &account), 0);
	ck_assert_uint_eq(account, 41);
	mays++;
	keeper_may_say(&body, may);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* What is noted of a mailbox. */
static int
on_health(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	health_of = unpack_u64(&u);
	fetch_health_unpack(&u, &health);
	ck_assert(unpack_is_done(&u));
	return 0;
}

/* Its share of the line. */
static int
on_share(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	share = unpack_u64(&u);
	ck_assert(unpack_is_done(&u));
	return 0;
}

/* It is to stop for now. */
static int
on_pause(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	paused = unpack_u64(&u);
	ck_assert(unpack_is_done(&u));
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_FETCH_DUE, "DUE", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_due },
{ KEEPER_LINE_CARRIED, "MONTH", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0,
    on_month },
{ KEEPER_LINE_ADD, "ADD", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_add },
{ KEEPER_MAY_FETCH, "MAY", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_may },
{ KEEPER_FETCH_HEALTH, "HEALTH", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0,
    on_health },
{ 0 }
};
static const struct ipc_rule fetch_rules[] = {
{ FETCH_TASK, "TASK", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_task },
{ FETCH_SHARE, "SHARE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_share },
{ FETCH_PAUSE, "PAUSE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_pause },
{ 0 }
};

/* The console hears an answer. */
static inline void
on_answer(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	answer_count++;
	if (status < 0)
		return;
	text_clear(&answers);
	text_add(&answers, message->body);
}

/* A hub with five mailboxes whose line has these windows and limits. */
static inline void
setup_line(const char *windows, uint64_t rate, uint64_t budget)
{
	struct config *config = &play.process.config;

	memset(&play, 0, sizeof(play));
	memset(&written, 0, sizeof(written));
	memset(&health, 0, sizeof(health));
	listings = tasks = answer_count = months_asked = writes = 0;
	written_account = health_of = share = paused = month_bytes = 0;
	grant_until = 0;
	mays = 0;
	may = writes_well = true;
	mailboxes = 5;
	ck_assert_int_eq(slice_cstr(slice_str(windows), config->line_windows,
	    sizeof(config->line_windows)), 0);
	config->line_bytes_per_second = rate;
	config->line_month_bytes = budget;
	config->line_month_day = 1;
	config->line_warn_percent = 80;
	answers = (struct text)TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	play.process.config.fetch_minutes = 10;
	play.process.config.fetch_connections = 8;
	play.process.config.fetch_per_host = 2;
	play.process.config.fetch_tell_seconds = 86400;
	play_begin(&play, &schedule_code);
	keeper = play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
	console = play_peer(&play, ROLE_CONSOLE, 0, NULL, NULL);
	fetcher = NULL;
	play_run(&play, 20);
	ck_assert_uint_eq(listings, 3);
	ck_assert_uint_eq(months_asked, 1);
}

/* And all ends. */
static inline void
teardown(void)
{
	play_end(&play);
	ipc_free(keeper);
	ipc_free(console);
	ipc_free(fetcher);
	text_free(&answers);
}

#define ARGS_MOST	3	/* that these tests give */

/* Arguments that are "" are not given; the answer comes later. */
static inline void
ask_args(uint64_t asker, const char *name, const char *const args[ARGS_MOST])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO packed = TEXT_INIT(1024);
	TEXT_AUTO body = TEXT_INIT(2048);

	ck_assert_ptr_nonnull(request);
	for (unsigned i = 0; request->args[i].name != NULL; i++) {
		bool given = i < ARGS_MOST && args[i][0] != '\0';

		pack_u8(&packed, given);
		if (given)
			pack_slice(&packed, slice_str(args[i]));
	}
	keeper_admin_ask(&body, request, asker, text_slice(&packed));
	ck_assert_int_eq(ipc_ask(console, SCHEDULE_ADMIN, text_slice(&body),
	    NULL, 0, on_answer, NULL), 0);
}

/* The same, with at most two. */
static inline void
ask_as(uint64_t asker, const char *name, const char *first,
    const char *second)
{
	const char *const args[ARGS_MOST] = { first, second, "" };

	ask_args(asker, name, args);
}

/* The postmaster asks. */
static inline void
ask(const char *name, const char *first, const char *second)
{
	ask_as(0, name, first, second);
}

/* The rows of the last answer, whose status must be this. */
static inline struct unpack
answered(enum admin_status status, uint32_t *rows_out)
{
	struct unpack u = unpack_of(text_slice(&answers));

	ck_assert_uint_eq(answer_count, 1);
	answer_count = 0;
	ck_assert_uint_eq(unpack_u8(&u), status);
	(void)unpack_u8(&u);
	*rows_out = unpack_u32(&u);
	ck_assert(!u.bad);
	return u;
}

/* The postmaster wants this mailbox of ann collected: the run. */
static inline uint64_t
begin_run(const char *label)
{
	struct unpack u;
	uint64_t run;
	uint32_t rows;

	ask("fetch now", "ann@example.org", label);
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	run = unpack_u64(&u);
	ck_assert_uint_eq(unpack_u64(&u), 1);
	ck_assert(slice_is_str(unpack_slice(&u), "ann@example.org"));
	ck_assert(slice_is_str(unpack_slice(&u), label));
	ck_assert_uint_eq(unpack_u64(&u), 1);
	ck_assert(unpack_is_done(&u));
	return run;
}

/* The process has done its task, and it ended so. */
static inline void
say_outcome(enum fetch_end end, uint64_t taken)
{
	const struct fetch_outcome outcome = {
		.end = end, .taken = taken,
		.server_said = true, .words = SLICE("hello"),
		.has_print = true, .print = { 0xab }
	};
	TEXT_AUTO body = TEXT_INIT(1024);

	fetch_outcome_pack(&body, &outcome);
	ck_assert_int_eq(ipc_reply(fetcher, task_serial, text_slice(&body),
	    NULL, 0), 0);
}

/* The process is at this mailbox's third message of nine. */
static inline void
say_progress(uint64_t id)
{
	const struct fetch_progress progress = { FETCH_STAGE_TAKING, 3, 9, 0,
	    0 };
	TEXT_AUTO body = TEXT_INIT(128);

	pack_u64(&body, id);
	fetch_progress_pack(&body, &progress);
	ck_assert_int_eq(ipc_send(fetcher, FETCH_PROGRESS, text_slice(&body),
	    NULL, 0), 0);
}

/* The postmaster asks what is new since `seen`. */
static inline void
ask_progress(uint64_t run, const char *seen)
{
	char number[32];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)run);
	ask("fetch progress", number, seen);
}

/* A run has begun, and its process has it. */
static inline void
collect_now(void)
{
	begin_run("a");
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);
}

#endif
