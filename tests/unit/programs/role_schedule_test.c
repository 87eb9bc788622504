/*
 * role_schedule_test.c - the schedule role: who it asks, who it answers
 */
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

static int
on_task(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	ck_assert_uint_eq(unpack_u64(&u), 1);
	ck_assert_uint_eq(unpack_u8(&u), FETCH_COLLECT);
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

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	answer_count++;
	if (status < 0)
		return;
	text_clear(&answers);
	text_add(&answers, message->body);
}

static void
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

static void
setup(void)
{
	setup_line("", LINE_RATE_FREE, LINE_BUDGET_FREE);
}

static void
setup_thin(void)
{
	setup_line("never", 8192, 1000000);
}

static void
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
static void
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

static void
ask_as(uint64_t asker, const char *name, const char *first,
    const char *second)
{
	const char *const args[ARGS_MOST] = { first, second, "" };

	ask_args(asker, name, args);
}

static void
ask(const char *name, const char *first, const char *second)
{
	ask_as(0, name, first, second);
}

/* The rows of the last answer, whose status must be this. */
static struct unpack
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

static uint64_t
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

static void
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

static void
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

static void
ask_progress(uint64_t run, const char *seen)
{
	char number[32];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)run);
	ask("fetch progress", number, seen);
}

/* Each time the keeper is asked anew. */
START_TEST(a_person_is_answered_when_the_keeper_says_that_they_may)
{
	uint32_t rows;

	ask_as(41, "fetch now", "", "a");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(mays, 1);
	may = false;
	ask_as(41, "fetch health", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ck_assert_uint_eq(mays, 2);
}
END_TEST

static void
on_collecting(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	if (status < 0)
		return;
	u = unpack_of(message->body);
	*(int *)arg = unpack_bool(&u);
	ck_assert(unpack_is_done(&u));
}

START_TEST(the_door_hears_whether_to_wait_for_who_reads)
{
	struct ipc *door = play_peer(&play, ROLE_DOOR, 0, NULL, NULL);
	TEXT_AUTO body = TEXT_INIT(16);
	int collecting = -1;

	pack_u64(&body, 41);
	ck_assert_int_eq(ipc_ask(door, SCHEDULE_READS, text_slice(&body),
	    NULL, 0, on_collecting, &collecting), 0);
	play_run(&play, 20);
	ck_assert_int_eq(collecting, 0);	/* mailbox 1 is not on reading */
	text_clear(&body);
	pack_u64(&body, 45);
	ck_assert_int_eq(ipc_ask(door, SCHEDULE_READS, text_slice(&body),
	    NULL, 0, on_collecting, &collecting), 0);
	play_run(&play, 20);
	ck_assert_int_eq(collecting, 1);
	ck_assert_uint_eq(play.wanted, 45);
	ipc_free(door);
}
END_TEST

START_TEST(what_only_the_postmaster_may_ask_is_refused_to_a_person)
{
	uint32_t rows;

	ask_as(41, "line open", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ask("line open", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
}
END_TEST

START_TEST(a_person_hears_later_while_the_keeper_is_away)
{
	uint32_t rows;

	ipc_free(keeper);
	keeper = NULL;
	play_run(&play, 20);
	ask_as(41, "fetch health", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_LATER, &rows);
}
END_TEST

START_TEST(a_run_goes_from_the_console_to_the_process_and_back)
{
	uint64_t run = begin_run("a");
	struct unpack u;
	uint32_t rows;

	ck_assert_uint_eq(play.wants, 1);
	ck_assert_uint_eq(play.wanted, 41);
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);

	ask_progress(run, "1");		/* nothing is new yet */
	play_run(&play, 50);
	ck_assert_uint_eq(answer_count, 0);
	say_progress(1);
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(unpack_u64(&u), 1);
	(void)unpack_slice(&u);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "taking"));
	ck_assert_uint_eq(unpack_u64(&u), 3);
	ck_assert_uint_eq(unpack_u64(&u), 9);

	say_outcome(FETCH_END_DONE, 9);
	play_run(&play, 20);
	ask_progress(run, "2");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	(void)unpack_u64(&u);
	(void)unpack_slice(&u);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "over"));
	for (unsigned i = 0; i < 4; i++)
		(void)unpack_u64(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "done"));
	ck_assert_uint_eq(unpack_u64(&u), 9);
	for (unsigned i = 0; i < 12; i++)	/* to `asked` */
		(void)unpack_u64(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "no"));
	ck_assert(slice_is_str(unpack_slice(&u), "yes"));	/* by_server */
	ck_assert(slice_is_str(unpack_slice(&u), "hello"));
	ck_assert(slice_has_prefix(unpack_slice(&u), "ab00"));
	ck_assert_uint_eq(unpack_u64(&u), 3);
	ck_assert(unpack_is_done(&u));
}
END_TEST

/* The line */

static void
say_carried(uint64_t id, uint64_t bytes)
{
	struct line_counts counts = { .carried[LINE_MAIL].received = bytes };
	TEXT_AUTO body = TEXT_INIT(512);

	pack_u64(&body, id);
	line_counts_pack(&body, &counts);
	ck_assert_int_eq(ipc_send(fetcher, FETCH_CARRIED, text_slice(&body),
	    NULL, 0), 0);
}

static void
collect_now(void)
{
	begin_run("a");
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);
}

START_TEST(what_is_carried_is_written_when_a_collection_ends)
{
	collect_now();
	say_carried(1, 1000);
	say_carried(1, 234);
	play_run(&play, 50);
	ck_assert_uint_eq(writes, 0);		/* not each time */
	say_outcome(FETCH_END_TIMED_OUT, 0);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(written_account, 1);
	ck_assert_uint_eq(written.carried[LINE_MAIL].received, 1234);
	ck_assert_uint_eq(line_counts_carried(&written), 1234);
	ck_assert_uint_eq(health_of, 1);
	ck_assert_str_eq(health.result, "timed-out");
	ck_assert_str_eq(health.words, "hello");
	ck_assert(health.server_said);
	ck_assert_uint_eq(health.faults, 1);
	ck_assert_uint_eq(health.refusals, 0);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
}
END_TEST

START_TEST(what_could_not_be_written_is_written_with_the_next)
{
	writes_well = false;
	collect_now();
	say_carried(1, 1000);
	say_outcome(FETCH_END_DONE, 1);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(line_counts_carried(&written), 0);
	writes_well = true;
	/* the next keeper is told */
	ipc_free(keeper);
	play_run(&play, 20);
	keeper = play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(&play, 1200);
	ck_assert_uint_eq(line_counts_carried(&written), 1000);
}
END_TEST

START_TEST(what_is_carried_for_nothing_we_know_is_counted_for_none)
{
	collect_now();
	written_account = 77;
	say_carried(5, 99);
	say_outcome(FETCH_END_DONE, 1);
	play_run(&play, 1200);
	ck_assert_uint_eq(line_counts_carried(&written), 99);
	ck_assert_uint_eq(written_account, 0);
}
END_TEST

/* One row: state, why, ..., and the last two: carried, budget. */
static void
line_is(const char *state, const char *why, uint64_t bytes)
{
	struct unpack u;
	uint32_t rows;

	ask("line status", "", "");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert(slice_is_str(unpack_slice(&u), state));
	ck_assert(slice_is_str(unpack_slice(&u), why));
	(void)unpack_slice(&u);			/* by_hand, window */
	(void)unpack_slice(&u);
	(void)unpack_u64(&u);
	(void)unpack_i64(&u);
	ck_assert_uint_eq(unpack_u64(&u), 8192);
	for (unsigned i = 0; i < 3; i++)
		(void)unpack_u64(&u);
	ck_assert_uint_eq(unpack_u64(&u), bytes);
	ck_assert_uint_eq(unpack_u64(&u), 1000000);
	ck_assert(unpack_is_done(&u));
}

START_TEST(the_line_is_opened_by_hand_and_closes_when_it_is_spent)
{
	uint32_t rows;

	line_is("closed", "window", 0);
	collect_now();				/* the postmaster may */
	ck_assert_uint_eq(share, 8192);
	line_is("closed", "window", 0);
	ask("line open", "20", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	line_is("open", "", 0);
	ask("line open", "1441", "");
	play_run(&play, 20);
	(void)answered(ADMIN_UNFIT, &rows);
	ask("line open", "0", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	say_carried(1, 1000000);
	play_run(&play, 20);
	line_is("closed", "spent", 1000000);
	ck_assert_uint_eq(paused, 0);		/* it is the postmaster's */
}
END_TEST

START_TEST(progress_without_news_is_answered_with_none)
{
	uint64_t run = begin_run("a");
	struct unpack u;
	uint32_t rows;

	ask_progress(run, "1");
	play_run(&play, 150);
	ck_assert_uint_eq(answer_count, 0);
	play_run(&play, 250);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 0);
	ck_assert(unpack_is_done(&u));
	ask_progress(run + 1, "0");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
}
END_TEST

START_TEST(a_mailbox_added_this_moment_is_found)
{
	uint32_t rows;

	ask("fetch test", "ann@example.org", "f");
	mailboxes = 6;		/* before the keeper could tell */
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(play.wanted, 46);
	ask("fetch test", "ann@example.org", "g");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	ask("fetch test", "ann@example.org", "");
	play_run(&play, 20);
	(void)answered(ADMIN_NOT_UNIQUE, &rows);
}
END_TEST

/* The first step of it, as `fetch consent` takes it. */
static void
ask_consent(uint64_t asker, const char *address, const char *label)
{
	const char *const args[ARGS_MOST] = { address, label, "device" };

	ask_args(asker, "fetch consent", args);
}

START_TEST(consent_for_a_mailbox_added_this_moment_begins)
{
	struct unpack u;
	uint32_t rows;

	ask_consent(0, "ann@example.org", "f");
	mailboxes = 6;		/* before the keeper could tell */
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(unpack_u64(&u), 6);
	ck_assert(slice_is_str(unpack_slice(&u), "ann@example.org"));
	ck_assert(slice_is_str(unpack_slice(&u), "f"));
	ck_assert(slice_is_str(unpack_slice(&u), "starting"));
	ck_assert_uint_eq(play.wanted, 46);
	ck_assert_uint_eq(listings, 6);
}
END_TEST

START_TEST(consent_for_a_mailbox_that_is_not_there_is_refused)
{
	uint32_t rows;

	ask_consent(0, "ann@example.org", "g");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	ck_assert_uint_eq(listings, 6);
	ask_consent(41, "", "b");		/* it is another's */
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	may = false;
	ask_consent(41, "", "a");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ck_assert_uint_eq(play.wants, 0);
}
END_TEST

START_TEST(the_list_is_asked_for_again_when_it_has_changed)
{
	struct unpack u;
	uint32_t rows;

	mailboxes = 2;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
		    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 20);
	ck_assert_uint_ge(listings, 4);
	ask("fetch health", "", "");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 2);
	ck_assert_uint_eq(unpack_u64(&u), 1);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "a"));
	ck_assert_int_eq(unpack_i64(&u), 0);	/* not yet */
	ck_assert_int_gt(unpack_i64(&u), clock_utc_ms());
	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert(slice_is_str(unpack_slice(&u), "no"));	/* by_server */
	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert_uint_eq(unpack_u64(&u), 0);
	for (unsigned i = 0; i < 4; i++)	/* success ... waiting_bytes */
		ck_assert_uint_eq(unpack_u64(&u), 0);
	ck_assert_uint_eq(unpack_u64(&u), 2);
	ck_assert(!u.bad);
}
END_TEST

/* Of a mailbox nothing came of yet: its health says no result. */
START_TEST(that_a_consent_ends_is_told_and_noted)
{
	grant_until = clock_utc_ms() + INT64_C(2) * 24 * 3600 * 1000;
	ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
	    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 50);
	ck_assert_uint_eq(health_of, 2);
	ck_assert_uint_eq(health.grant_told, 2);
	ck_assert_str_eq(health.result, "");
	health_of = 0;
	ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
	    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 50);
	ck_assert_uint_eq(health_of, 0);
}
END_TEST

START_TEST(a_process_that_was_leaving_is_asked_for_again)
{
	uint64_t run = begin_run("a");
	uint32_t rows;

	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);
	ipc_free(fetcher);
	play_run(&play, 20);
	ck_assert_uint_eq(play.wants, 2);
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 2);
	say_progress(1);
	play_run(&play, 20);
	ipc_free(fetcher);		/* this one died at its work */
	fetcher = NULL;
	play_run(&play, 20);
	ck_assert_uint_eq(play.wants, 2);
	ask_progress(run, "2");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_to_the_parent)
{
	(void)begin_run("a");
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_int_eq(ipc_reply(fetcher, task_serial,
	    slice_str("nonsense"), NULL, 0), 0);
	play_run(&play, 20);
	ck_assert_uint_eq(play.breaches, 1);
}
END_TEST

START_TEST(news_of_what_it_was_not_given_changes_nothing)
{
	uint64_t run = begin_run("a");
	uint32_t rows;

	fetcher = play_peer(&play, ROLE_FETCH, 45, fetch_rules, NULL);
	say_progress(1);		/* of another owner's mailbox */
	play_run(&play, 20);
	ck_assert_uint_eq(play.breaches, 0);
	ask_progress(run, "1");
	play_run(&play, 400);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 0);
}
END_TEST

START_TEST(a_console_that_leaves_is_not_answered)
{
	uint64_t run = begin_run("a");

	ask_progress(run, "1");
	play_run(&play, 20);
	ipc_free(console);
	console = NULL;
	play_run(&play, 400);
	ck_assert_uint_eq(play.breaches, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_schedule");
	TCase *thin, *tc = tcase_create("role");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    a_run_goes_from_the_console_to_the_process_and_back);
	tcase_add_test(tc,
	    a_person_is_answered_when_the_keeper_says_that_they_may);
	tcase_add_test(tc,
	    what_only_the_postmaster_may_ask_is_refused_to_a_person);
	tcase_add_test(tc, a_person_hears_later_while_the_keeper_is_away);
	tcase_add_test(tc, the_door_hears_whether_to_wait_for_who_reads);
	tcase_add_test(tc, progress_without_news_is_answered_with_none);
	tcase_add_test(tc,
	    what_is_carried_is_written_when_a_collection_ends);
	tcase_add_test(tc,
	    what_could_not_be_written_is_written_with_the_next);
	tcase_add_test(tc,
	    what_is_carried_for_nothing_we_know_is_counted_for_none);
	tcase_add_test(tc, a_mailbox_added_this_moment_is_found);
	tcase_add_test(tc, consent_for_a_mailbox_added_this_moment_begins);
	tcase_add_test(tc,
	    consent_for_a_mailbox_that_is_not_there_is_refused);
	tcase_add_test(tc, the_list_is_asked_for_again_when_it_has_changed);
	tcase_add_test(tc, that_a_consent_ends_is_told_and_noted);
	tcase_add_test(tc, a_process_that_was_leaving_is_asked_for_again);
	tcase_add_test(tc, what_cannot_be_read_is_told_to_the_parent);
	tcase_add_test(tc, news_of_what_it_was_not_given_changes_nothing);
	tcase_add_test(tc, a_console_that_leaves_is_not_answered);
	thin = tcase_create("thin");
	tcase_add_checked_fixture(thin, setup_thin, teardown);
	tcase_add_test(thin,
	    the_line_is_opened_by_hand_and_closes_when_it_is_spent);
	suite_add_tcase(suite, thin);
	suite_add_tcase(suite, tc);
	return suite;
}
