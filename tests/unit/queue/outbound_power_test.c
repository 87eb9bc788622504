/*
 * outbound_power_test.c - what leaves, and the power is cut
 *
 * Our fsync and fdatasync stand before libc's, for SQLite too: of queue.db and its
 * log nothing is there after a cut but what they have made durable.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "queue/outbound_desk.h"
#include "tests/unit/queue/outbound_stage.h"

#define ROWS_MOST	(8u << 20)

/* queue.db and its log, as synced last. */
static struct {
	size_t	len;
	char	bytes[ROWS_MOST];
} durable[2];
static const char *const names[2] = { "/queue.db", "/queue.db-wal" };
static bool is_cut, is_killed;
/* A thread syncs, too: what is read later is what was durable later. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* What the end of a killed process would do is not done, either. */
static bool
is_void(void)
{
	return is_cut || (is_killed && stage.conductor != NULL &&
	    stage.conductor->closing);
}

/* If it is one of them, its bytes are durable from now on. */
static void
note_sync(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	for (size_t i = 0; !is_void() && n > 0 && i < 2; i++) {
		if (!slice_has_suffix(slice_of(path, (size_t)n), names[i]))
			continue;
		n = pread(fd, durable[i].bytes, ROWS_MOST, 0);
		ck_assert_int_ge(n, 0);
		ck_assert_uint_lt((size_t)n, ROWS_MOST);
		durable[i].len = (size_t)n;
		return;
	}
}

static int
sync_by(long number, int fd)
{
	ck_assert_int_eq(pthread_mutex_lock(&one_at_a_time), 0);
	note_sync(fd);
	ck_assert_int_eq(pthread_mutex_unlock(&one_at_a_time), 0);
	return (int)syscall(number, fd);
}

int
fsync(int fd)
{
	return sync_by(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_by(SYS_fdatasync, fd);
}

/* What the end of our process would do is not done. */
static void
cut_power(void)
{
	is_cut = true;
	stage_close(&stage);
	stage_forget(&stage);
	(void)unlinkat(stage.scratch.fd, "queue.db-shm", 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(stage.scratch.fd, names[i] + 1, O_WRONLY |
		    O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, durable[i].bytes, durable[i].len),
		    (ssize_t)durable[i].len);
		(void)close(fd);
	}
	is_cut = false;
	stage_open(&stage);
}

static void
set_up_here(void)
{
	is_cut = is_killed = false;
	set_up();
}

static uint32_t
act(enum desk_act act, size_t n)
{
	const struct desk_which which = { .has_id = true,
	    .id = stage_call(&stage, STAGE_JUDGE, n)->id };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	ck_assert_int_eq(conductor_desk_act(stage.conductor, act,
	    slice_str("postmaster"), &which, slice_str(""), &place, &done), 0);
	return done.changed;
}

START_TEST(what_was_taken_and_not_sent_is_there)
{
	const char *const to[] = { "yan@far.test", "zoe@other.test" };

	submit(to, 2, false);
	cut_power();
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
}
END_TEST

/* Its file stands, its rows are gone: it is the record's once more. */
START_TEST(what_was_set_aside_is_there_once)
{
	submit_one("zoe@far.test");
	set_aside();
	cut_power();
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
	answer(0, RELAY_DONE, 250, true);
	cut_power();
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* It has a file for somebody here: its record is not looked at again. */
START_TEST(what_is_kept_for_somebody_here_leaves_all_the_same)
{
	const char *const to = "zoe@far.test";

	submit(&to, 1, true);
	set_clock(2 * MINUTE_MS);
	keep_relieve(stage.conductor);
	for (unsigned i = 0; i < 4000 &&
	    !TAILQ_EMPTY(&stage.conductor->received); i++)
		stage_run(&stage, 1);
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	cut_power();
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
}
END_TEST

/* Whoever of them has it, of which the relay was told, does not get it again. */
START_TEST(of_one_that_some_have_the_others_get_it)
{
	const char *const to[] = { "xen@far.test", "yan@other.test",
	    "zoe@third.test" };

	submit(to, 3, false);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	syncs_later = true;
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_LATER, 451, true);
	for (unsigned i = 0; stage.noted < 2 && i < 1000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.noted, 2);
	cut_power();
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
}
END_TEST

/* What the postmaster was told is so. */
START_TEST(what_the_postmaster_has_said_stands)
{
	static const struct {
		enum desk_act		act;
		enum outbound_state	state;
		unsigned		count;
	} acts[] = {
		{ DESK_HOLD, OUTBOUND_HELD, 1 },
		{ DESK_BOUNCE, OUTBOUND_FAILED, 1 },
		{ DESK_REMOVE, OUTBOUND_WAITING, 0 },
	};

	submit_one("zoe@far.test");
	ck_assert_uint_eq(act(acts[_i].act, 0), 1);
	cut_power();
	ck_assert_uint_eq(rows_in(acts[_i].state), acts[_i].count);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

/* A hub at work, whatever happens to it */

#define PEOPLE_MOST	1024	/* each of them gets one message */
#define STEPS		400
#define HOSTS		3	/* and one conversation for each recipient */

static struct {
	unsigned	count;
	bool		was_taken[PEOPLE_MOST];	/* there was a 250 for it */
	unsigned	sent[PEOPLE_MOST];
	/* we were killed, and the relay knows it yet */
	bool		is_known[PEOPLE_MOST];
	bool		is_durable[PEOPLE_MOST]; /* it is not sent again */
	/* what hosts have taken and the relay may not forget yet, in order */
	unsigned	untold[PEOPLE_MOST];
	size_t		untold_count;
	unsigned	noted;			/* of stage.noted */
} work;

/* The relay was told, in the order of the results. */
static void
hear_noted(void)
{
	size_t n = stage.noted - work.noted;

	ck_assert_uint_le(n, work.untold_count);
	for (size_t i = 0; i < n; i++)
		work.is_durable[work.untold[i]] = true;
	work.untold_count -= n;
	memmove(work.untold, work.untold + n,
	    work.untold_count * sizeof(work.untold[0]));
	work.noted = stage.noted;
}

static void
send_some(void)
{
	char to[1 + HOSTS][64];
	const char *list[HOSTS];
	size_t count = 1 + (size_t)rand() % HOSTS;
	const struct stage_call *said;

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(to[i], sizeof(to[i]), "u%u@d%u.test",
		    work.count + i, i);
		list[i] = to[i];
	}
	submit(list, count, rand() % 4 == 0);
	said = stage_call(&stage, STAGE_ANSWER,
	    stage_count(&stage, STAGE_ANSWER) - 1);
	for (size_t i = 0; i < count; i++)
		work.was_taken[work.count++] = said->code == 250;
}

/* Some host says something; false: none is asked anything. */
static bool
answer_one(bool takes_all)
{
	size_t count = tries(), n = count, from = count == 0 ? 0 :
	    (size_t)rand() % count;
	unsigned who;
	int took;

	for (size_t i = 0; i < count && n == count; i++)
		if (!stage_call(&stage, STAGE_RELAY,
		    (from + i) % count)->is_done)
			n = (from + i) % count;
	if (n == count)
		return false;
	stage_call(&stage, STAGE_RELAY, n)->is_done = true;
	took = sscanf(stage_call(&stage, STAGE_RELAY, n)->words,
	    "%*s u%u@", &who);
	ck_assert_int_eq(took, 1);
	ck_assert_msg(!work.is_durable[who], "u%u gets it twice", who);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, n)->first, 'A');
	hear_noted();
	if (!takes_all && !work.is_known[who] && rand() % 3 == 0) {
		answer(n, RELAY_LATER, 451, true);
		/* of what is not final the relay hears at once */
		ck_assert_uint_gt(stage.noted, work.noted);
		work.noted++;
		hear_noted();
		return true;
	}
	work.sent[who] += !work.is_known[who];
	work.is_known[who] = false;
	work.untold[work.untold_count++] = who;
	answer(n, RELAY_DONE, 250, true);
	hear_noted();
	return true;
}

static void
ann_reads(void)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	for (size_t i = 0; i < stage_count(&stage, STAGE_DELIVER); i++)
		if (!stage_call(&stage, STAGE_DELIVER, i)->is_done)
			stage_deliver(&stage, i, 0);
	deliver_settle_all(stage.conductor);
	for (size_t i = 0; i < stage_count(&stage, STAGE_SETTLE); i++)
		if (!stage_call(&stage, STAGE_SETTLE, i)->is_done)
			stage_settle(&stage, i, 0);
}

/* As cut_power(), but the next one finds what was durable before. */
static void
kill_us(void)
{
	is_killed = true;
	stage_kill(&stage);
	is_killed = false;
}

enum end { END_POWER, END_KILL, END_WELL, END_COUNT };

static void
begin_again(enum end how)
{
	hear_noted();
	/* an end of ours leaves what was committed, and the relay the rest */
	for (size_t i = 0; how != END_POWER && i < work.untold_count; i++) {
		work.is_durable[work.untold[i]] = how == END_WELL;
		work.is_known[work.untold[i]] = how == END_KILL;
	}
	work.untold_count = 0;
	if (how == END_POWER)
		cut_power();
	else if (how == END_KILL)
		kill_us();
	else
		stage_restart(&stage);
	work.noted = stage.noted;
	if (how == END_POWER)
		memset(work.is_known, 0, sizeof(work.is_known));
}

static void
do_something(void)
{
	switch (rand() % 16) {
	case 0:
	case 1:
		begin_again((enum end)(rand() % END_COUNT));
		break;
	case 2:
		set_clock(now_ms + 6 * MINUTE_MS);
		keep_look(stage.conductor);
		break;
	case 3:
		ann_reads();
		break;
	case 4:
	case 5:
		stage_run(&stage, 30);
		break;
	case 6:
		relay_up();
		break;
	case 7:
		set_clock(now_ms + MINUTE_MS);
		keep_relieve(stage.conductor);
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		(void)answer_one(false);
		break;
	default:
		send_some();
		break;
	}
	hear_noted();
}

/* Nothing that was taken is lost, and nothing durable is sent again. */
START_TEST(whatever_happens_each_gets_it_once)
{
	memset(&work, 0, sizeof(work));
	srand((unsigned)_i + 1);
	stage_close(&stage);
	stage.options.segment_bytes = JOURNAL_LEAST_BYTES;
	stage_open(&stage);
	syncs_later = true;
	for (unsigned i = 0; i < STEPS; i++)
		do_something();
	begin_again((enum end)(_i % END_COUNT));
	for (unsigned i = 0; i < 4; i++) {
		set_clock(now_ms + HOUR_MS);
		relay_up();
		while (answer_one(true))
			stage_run(&stage, 0);
		stage_run(&stage, 30);
		ann_reads();
		keep_look(stage.conductor);
	}
	for (unsigned i = 0; work.untold_count > 0 && i < 4000; i++) {
		stage_run(&stage, 1);
		hear_noted();
	}
	for (unsigned i = 0; i < work.count; i++)
		if (work.was_taken[i])
			ck_assert_msg(work.sent[i] > 0, "u%u is lost", i);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 0);
	ck_assert_uint_eq(outbound_standing(stage.conductor), UINT64_MAX);
	begin_again(END_POWER);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/outbound_power");
	TCase *tests = tcase_create("outbound_power");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up_here, tear_down);
	tcase_add_test(tests, what_was_taken_and_not_sent_is_there);
	tcase_add_test(tests, what_was_set_aside_is_there_once);
	tcase_add_test(tests,
	    what_is_kept_for_somebody_here_leaves_all_the_same);
	tcase_add_test(tests, of_one_that_some_have_the_others_get_it);
	tcase_add_loop_test(tests, what_the_postmaster_has_said_stands, 0, 3);
	tcase_add_loop_test(tests, whatever_happens_each_gets_it_once, 0, 8);
	suite_add_tcase(suite, tests);
	return suite;
}
