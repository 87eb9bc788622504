/*
 * half_test.c - what has come of a big message is there when it is cut
 */
#include "queue/half.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <sys/stat.h>

#include "queue/big.h"
#include "tests/unit/queue/ledger_taking.h"

#define BYTES	(4u << 20)	/* of a message */
#define MOST	(8u << 20)	/* of all that is kept */

static const struct message_id ids[] = { { "idnumber-1" }, { "idnumber-2" },
    { "idnumber-3" } };
static const struct remote remotes[] = { { BYTES, "7.1" }, { BYTES, "7.2" },
    { BYTES, "7.3" }, { 0, NULL } };

static struct pool *threads;
static struct big *big;
static struct halves *halves;
static int folder_fd;
static char content[BYTES];

static int
folder(const char *name)
{
	int fd;

	(void)mkdirat(scratch.fd, name, 0700);
	fd = openat(scratch.fd, name, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
halves_up(uint64_t most)
{
	threads = pool_new(loop, 2);
	ck_assert_int_eq(halves_open(folder_fd, ledger, threads, most,
	    &halves), 0);
}

/* As a process that ends in good order. */
static void
halves_down(void)
{
	pool_free(threads);
	halves_closing(halves);
	halves_close(halves);
	halves = NULL;
}

static void
setup(void)
{
	set_up();
	folder_fd = folder("half");
	ck_assert_int_eq(big_folder_open(folder("big"), &big), 0);
	halves_up(MOST);
	for (size_t i = 0; i < BYTES; i++)
		content[i] = (char)('a' + i % 26);
	ck_assert_int_eq(begin_days(true, -1), 0);
	for (uint32_t n = 0; remotes[n].bytes != 0; n++)
		row(n + 1, remotes[n].bytes, remotes[n].uidl);
	(void)decide_largest(BYTES);
}

static void
teardown(void)
{
	if (halves != NULL)
		halves_down();
	big_folder_close(big);
	tear_down();
}

static pthread_barrier_t both;
static unsigned met;

static void
meet(void *arg)
{
	(void)arg;
	(void)pthread_barrier_wait(&both);
}

static void
on_met(void *arg)
{
	if (++met == 2)
		loop_stop(arg);
}

/* Both threads have done what they had to do, however slow the disk is. */
static void
wait_threads(void)
{
	met = 0;
	ck_assert_int_eq(pthread_barrier_init(&both, NULL, 2), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pool_run(threads, meet, on_met, loop), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(pthread_barrier_destroy(&both), 0);
}

static void
run_loop(unsigned ms)
{
	struct timer *timer = timer_new(loop, stop, loop);

	wait_threads();
	timer_set(timer, ms);
	ck_assert_int_eq(loop_run(loop), 0);
	timer_free(timer);
}

static struct ledger_half
key_of(uint32_t number)
{
	struct ledger_half key;

	ck_assert_int_eq(ledger_half_key(ledger, &channel, ACCOUNT, number,
	    &key), 0);
	return key;
}

/* A message that comes in. */
struct coming {
	struct big_writer	*writer;
	struct half		*half;
	uint64_t		 bytes;
};

static struct coming
come(uint32_t number)
{
	struct ledger_half key = key_of(number);
	struct coming coming = { .bytes = 0 };

	ck_assert_int_eq(big_begin(big, &ids[number - 1], &coming.writer), 0);
	coming.half = half_begin(halves, &key);
	ck_assert_ptr_nonnull(coming.half);
	return coming;
}

static void
feed(struct coming *coming, size_t bytes)
{
	struct slice s = slice_of(content + coming->bytes, bytes);

	ck_assert_int_eq(big_feed(coming->writer, s), 0);
	coming->bytes += bytes;
	half_grown(coming->half, coming->writer, coming->bytes,
	    s.at[s.len - 1]);
}

/* The line is cut. */
static void
cut(struct coming *coming)
{
	half_cut(coming->half, coming->writer, coming->bytes,
	    content[coming->bytes - 1]);
	big_abort(coming->writer);
	run_loop(50);
}

/* So much of that message is there, and it is what came; 0: nothing. */
static void
is_there(uint32_t number, uint64_t length)
{
	struct ledger_half key = key_of(number), half;
	unsigned char digest[32];
	char bytes[65536];
	int fd, r = halves_hand_out(halves, &key, &half, &fd);

	ck_assert_int_eq(r, length == 0 ? -ENOENT : 0);
	if (length == 0)
		return;
	ck_assert_uint_eq(half.length, length);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	ck_assert_ptr_nonnull(SHA256((unsigned char *)content, length,
	    digest));
	ck_assert_mem_eq(half.digest, digest, sizeof(digest));
	for (uint64_t at = 0; at < length;) {
		ssize_t n = pread(fd, bytes, length - at < sizeof(bytes) ?
		    length - at : sizeof(bytes), (off_t)at);

		ck_assert_int_gt(n, 0);
		ck_assert_mem_eq(bytes, content + at, (size_t)n);
		at += (uint64_t)n;
	}
	(void)close(fd);
}

static unsigned
files(void)
{
	char name[32];
	unsigned count = 0;

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		count += faccessat(folder_fd, name, F_OK, 0) == 0;
	}
	return count;
}

START_TEST(what_has_come_is_kept_when_it_is_cut)
{
	struct coming coming = come(1);
	struct stat st;

	feed(&coming, 700000);
	is_there(1, 0);
	cut(&coming);
	is_there(1, 700000);
	is_there(2, 0);
	ck_assert_uint_eq(files(), 1);
	/* the big file itself is gone */
	ck_assert_int_eq(fstatat(folder_fd, "1", &st, 0), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	/* another life has it, too */
	halves_down();
	end();
	reopen();
	halves_up(MOST);
	ck_assert_uint_eq(ledger_half_at(ledger, 0)->length, 700000);
}
END_TEST

START_TEST(a_life_that_ends_at_once_leaves_what_was_synced)
{
	struct coming coming = come(1);

	feed(&coming, 1100000);
	run_loop(50);
	is_there(1, 1100000);
	feed(&coming, 1100000);		/* too soon for a sync */
	run_loop(50);
	is_there(1, 1100000);
	later(2000);
	feed(&coming, 1);
	run_loop(50);
	feed(&coming, 500000);		/* is lost: no sync since */
	halves_close(halves);		/* no word of an end */
	halves = NULL;
	pool_free(threads);
	halves_up(MOST);
	is_there(1, 2200001);
	big_abort(coming.writer);
}
END_TEST

START_TEST(an_end_in_good_order_keeps_the_last_byte)
{
	struct coming coming = come(1);

	later(2000);
	feed(&coming, 1500000);		/* this sync tells nobody of its end */
	feed(&coming, 300000);
	pool_free(threads);
	halves_closing(halves);
	half_cut(coming.half, coming.writer, coming.bytes, 'x');
	big_abort(coming.writer);
	halves_close(halves);
	halves_up(MOST);
	is_there(1, 1800000);
}
END_TEST

START_TEST(little_is_not_kept_nor_half_a_line_end)
{
	struct coming coming = come(1), other = come(2);

	feed(&coming, HALF_LEAST_BYTES - 1);
	cut(&coming);
	is_there(1, 0);
	content[599999] = '\r';
	feed(&other, 600000);
	cut(&other);
	is_there(2, 0);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(more_takes_the_place_of_less_and_never_the_other_way)
{
	struct coming coming = come(1);

	feed(&coming, 800000);
	cut(&coming);
	coming = come(1);
	feed(&coming, 500000);		/* while it is read again */
	cut(&coming);
	is_there(1, 800000);
	coming = come(1);
	feed(&coming, 900000);
	cut(&coming);
	is_there(1, 900000);
	ck_assert_uint_eq(files(), 1);
}
END_TEST

START_TEST(what_is_of_no_use_is_not_kept)
{
	struct coming coming = come(1), other = come(2);

	later(2000);
	feed(&coming, 1200000);		/* a sync is under way */
	half_forget(coming.half);
	big_abort(coming.writer);
	run_loop(50);
	is_there(1, 0);
	/* mended: what was synced before that stays */
	feed(&other, 1200000);
	run_loop(50);
	half_end(other.half);
	big_abort(other.writer);
	run_loop(50);
	is_there(2, 1200000);
	ck_assert_uint_eq(files(), 1);
}
END_TEST

START_TEST(a_file_that_is_shorter_or_missing_is_thrown_away)
{
	struct coming coming = come(1), other = come(2);
	int fd;

	feed(&coming, 700000);
	feed(&other, 700000);
	cut(&coming);
	cut(&other);
	fd = openat(folder_fd, "1", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 699999), 0);
	(void)close(fd);
	ck_assert_int_eq(unlinkat(folder_fd, "2", 0), 0);
	is_there(1, 0);
	is_there(2, 0);
	ck_assert_ptr_null(ledger_half_at(ledger, 0));
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(the_oldest_go_where_all_are_too_much)
{
	for (uint32_t n = 1; n <= 3; n++) {
		struct coming coming = come(n);

		feed(&coming, 3000000);
		cut(&coming);
		later(1000);
	}
	is_there(1, 0);
	is_there(2, 3000000);
	is_there(3, 3000000);
	ck_assert_uint_eq(files(), 2);
	/* a disk that is short of room has one go at a time */
	halves_look(halves, true);
	is_there(2, 0);
	is_there(3, 3000000);
	halves_look(halves, false);
	is_there(3, 3000000);
}
END_TEST

START_TEST(one_that_is_larger_than_all_may_be_is_not_kept)
{
	struct coming coming;

	halves_down();
	halves_up(1000000);
	coming = come(1);
	feed(&coming, 1200000);
	cut(&coming);
	is_there(1, 0);
	ck_assert_uint_eq(files(), 0);
	halves_down();
	halves_up(0);
	coming.half = half_begin(halves, &(struct ledger_half){ .bytes = 1 });
	ck_assert_ptr_null(coming.half);
}
END_TEST

START_TEST(after_a_week_it_is_not_wanted_any_more)
{
	struct coming coming = come(1);

	feed(&coming, 700000);
	cut(&coming);
	later((int64_t)HALF_DAYS * DAY - 1000);
	halves_look(halves, false);
	is_there(1, 700000);
	later(2000);
	halves_look(halves, false);
	is_there(1, 0);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

/* HARDENING F24: a listing says what a message is, and that it is there */
static const struct {
	struct remote	rows[3];
	bool		is_kept;
} listings[] = {
	{ { { BYTES, "7.1" }, { 0, NULL } }, true },
	{ { { BYTES - 1, "7.1" }, { 0, NULL } }, false },
	{ { { BYTES, "8.1" }, { 0, NULL } }, false },
	{ { { 0, NULL } }, false },
};

START_TEST(a_listing_tells_whether_it_is_wanted)
{
	struct coming coming = come(1);

	feed(&coming, 700000);
	cut(&coming);
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	for (uint32_t n = 0; listings[_i].rows[n].bytes != 0; n++)
		row(n + 1, listings[_i].rows[n].bytes, listings[_i].rows[n].uidl);
	(void)decide_largest(BYTES);
	end();
	halves_look(halves, false);
	ck_assert_uint_eq(files(), listings[_i].is_kept);
	ck_assert_int_eq(ledger_half_at(ledger, 0) != NULL,
	    listings[_i].is_kept);
}
END_TEST

START_TEST(what_is_stored_is_not_wanted_any_more)
{
	struct coming coming = come(1);
	struct ledger_taken *taken;

	feed(&coming, 700000);
	cut(&coming);
	ck_assert_int_eq(take(1, 'a', 'A', &taken), 0);
	receive(taken);
	ck_assert_int_eq(ledger_flush(ledger), 0);
	end();
	halves_look(halves, false);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(only_a_name_that_says_what_it_is_has_a_half)
{
	struct ledger_half key;

	ck_assert_int_eq(ledger_half_key(ledger, &other_channel, ACCOUNT, 1,
	    &key), -ESRCH);
	ck_assert_int_eq(ledger_half_key(ledger, &channel, ACCOUNT, 9, &key),
	    -ESRCH);
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	row(1, BYTES, "a-UIDL-of-POP3-that-is-longer-than-32");
	row(2, BYTES, "");
	(void)decide_largest(BYTES);
	ck_assert_int_eq(ledger_half_key(ledger, &channel, ACCOUNT, 1, &key),
	    -EINVAL);
	ck_assert_int_eq(ledger_half_key(ledger, &channel, ACCOUNT, 2, &key),
	    -EINVAL);
}
END_TEST

START_TEST(files_that_no_row_knows_are_removed)
{
	int fd = openat(folder_fd, "77", O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_uint_eq(files(), 1);
	halves_down();
	halves_up(MOST);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/half");
	TCase *tests = tcase_create("half");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_has_come_is_kept_when_it_is_cut);
	tcase_add_test(tests, a_life_that_ends_at_once_leaves_what_was_synced);
	tcase_add_test(tests, an_end_in_good_order_keeps_the_last_byte);
	tcase_add_test(tests, little_is_not_kept_nor_half_a_line_end);
	tcase_add_test(tests,
	    more_takes_the_place_of_less_and_never_the_other_way);
	tcase_add_test(tests, what_is_of_no_use_is_not_kept);
	tcase_add_test(tests,
	    a_file_that_is_shorter_or_missing_is_thrown_away);
	tcase_add_test(tests, the_oldest_go_where_all_are_too_much);
	tcase_add_test(tests, one_that_is_larger_than_all_may_be_is_not_kept);
	tcase_add_test(tests, after_a_week_it_is_not_wanted_any_more);
	tcase_add_loop_test(tests, a_listing_tells_whether_it_is_wanted, 0,
	    ROWS(listings));
	tcase_add_test(tests, what_is_stored_is_not_wanted_any_more);
	tcase_add_test(tests, only_a_name_that_says_what_it_is_has_a_half);
	tcase_add_test(tests, files_that_no_row_knows_are_removed);
	suite_add_tcase(suite, tests);
	return suite;
}
