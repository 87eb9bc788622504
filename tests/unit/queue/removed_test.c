/*
 * removed_test.c - what a rule takes out of a message waits, whole
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "queue/hold.h"
#include "queue/removed.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define BIG	(BIG_BYTES + 4096 * 3)
#define NOTE	"see " EDITS_ORIGINAL "\r\n"
#define NOTE_BYTES	(sizeof(NOTE) - 1)
#define DAY_MS	INT64_C(86400000)

static struct stage stage;
static struct edits edits;
static bool fails;		/* the next sync of the journal */

/* What is held, as the postmaster is told. */
static struct held {
	struct message_id id;
	unsigned	 count;
	uint64_t	 bytes;
	bool		 is_quarantined, is_personal;
	int64_t		 ends_utc_ms;
	char		 reason[256];
} held;

static int
sync_data(int fd)
{
	if (!fails)
		return fdatasync(fd);
	fails = false;
	errno = EIO;
	return -1;
}

static const struct journal_io failing = { pwritev, sync_data, fsync };

static void
set_up(void)
{
	fails = false;
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage.options.quarantine_days = 30;
	stage.options.journal_io = &failing;
	stage_open(&stage);
	memset(&edits, 0, sizeof(edits));
	stage.edits = &edits;
	conductor_account_up(stage.conductor, STAGE_ANN);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static int
note_held(void *arg, const struct hold_row *row)
{
	(void)arg;
	held.count++;
	held.id = row->id;
	held.bytes = row->bytes;
	held.is_quarantined = row->is_quarantined;
	held.is_personal = row->is_personal;
	held.ends_utc_ms = row->ends_utc_ms;
	(void)slice_cstr(row->reason, held.reason, sizeof(held.reason));
	return 0;
}

static void
look(void)
{
	memset(&held, 0, sizeof(held));
	ck_assert_int_eq(conductor_hold_each(stage.conductor, HOLD_ANY, NULL,
	    10, note_held, NULL), 0);
}

static void
remove_part(uint64_t at, uint64_t bytes)
{
	ck_assert_int_eq(edits_add_part(&edits, at, bytes, slice_str(NOTE)),
	    0);
}

/* The n-th answer there was so far. */
static unsigned
answer(size_t n)
{
	if (stage_count(&stage, STAGE_ANSWER) <= n)
		stage_wait(&stage, STAGE_ANSWER, 1);
	return stage_call(&stage, STAGE_ANSWER, n)->code;
}

static const struct stage_call *
delivered(size_t n)
{
	if (stage_count(&stage, STAGE_DELIVER) <= n)
		stage_wait(&stage, STAGE_DELIVER, 1);
	return stage_call(&stage, STAGE_DELIVER, n);
}

/* What begins the letter that was delivered n-th. */
static void
read_letter(size_t n, char *to, size_t len)
{
	const struct transit *transit;
	const struct copy *copy = delivered(n)->ticket;

	transit = copy->transit;
	ck_assert_int_ge(transit->fd, 0);
	ck_assert_int_eq(pread(transit->fd, to, len, 0), (ssize_t)len);
}

static void
release(void)
{
	look();
	ck_assert_uint_eq(held.count, 1);
	ck_assert_int_eq(conductor_hold_release(stage.conductor, &held.id,
	    slice_str("boss"), 0, slice_of(NULL, 0)), 0);
}

START_TEST(the_whole_message_is_held_when_a_part_is_removed)
{
	struct message_id id;

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(answer(0), 250);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	ck_assert_uint_eq(delivered(0)->bytes, 80 + NOTE_BYTES);
	look();
	ck_assert_uint_eq(held.count, 1);
	ck_assert_uint_eq(held.bytes, 100);
	ck_assert(held.is_quarantined);
	ck_assert_int_ne(message_id_order(&held.id, &id), 0);
	ck_assert_msg(strstr(held.reason, "original of a message with an "
	    "attachment removed") != NULL, "%s", held.reason);
}
END_TEST

START_TEST(the_note_names_it)
{
	char letter[256] = { 0 }, name[MESSAGE_ID_CHARS + 1];

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(0, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	read_letter(0, letter, NOTE_BYTES);
	look();
	message_id_write(&held.id, name);
	ck_assert(strncmp(letter, "see ", 4) == 0);
	ck_assert(strncmp(letter + 4, name, MESSAGE_ID_CHARS) == 0);
}
END_TEST

START_TEST(what_is_released_is_what_came)
{
	char whole[100], want[100];

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(delivered(0)->bytes, 80 + NOTE_BYTES);
	release();
	ck_assert_uint_eq(delivered(1)->bytes, 100);
	read_letter(1, whole, sizeof(whole));
	memset(want, 'm', sizeof(want));
	ck_assert(memcmp(whole, want, sizeof(want)) == 0);
	look();
	ck_assert_uint_eq(held.count, 0);
}
END_TEST

/* Lines in the hub's name are in neither. */
START_TEST(other_edits_are_made_in_both)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	ck_assert_int_eq(edits_add(&edits, 0, 10, slice_of(NULL, 0)), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(delivered(0)->bytes, 70 + NOTE_BYTES);
	release();
	ck_assert_uint_eq(delivered(1)->bytes, 90);
}
END_TEST

START_TEST(a_big_one_is_held_whole_too)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG, BIG, false), 0);
	remove_part(4096, BIG - 8192);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(delivered(0)->bytes, 8192 + NOTE_BYTES);
	ck_assert_uint_eq(stage_files(&stage, "big"), 2);
	release();
	ck_assert_uint_eq(delivered(1)->bytes, BIG);
	ck_assert_int_eq(delivered(1)->first, 'B');
}
END_TEST

START_TEST(it_is_for_the_postmaster_alone)
{
	struct held_news news;

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(answer(0), 250);
	look();
	ck_assert(!held.is_personal);
	ck_assert_int_eq(conductor_hold_share(stage.conductor, &held.id,
	    STAGE_ANN, false), -ENOENT);
	ck_assert_int_eq(conductor_held_news(stage.conductor, 0, &news,
	    note_held, NULL), 0);
	ck_assert_uint_eq(news.count, 0);
}
END_TEST

START_TEST(it_ends_as_what_is_held_does)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(answer(0), 250);
	look();
	ck_assert_int_eq(held.ends_utc_ms, 1795000000000 + 30 * DAY_MS);
	clock_set(1000000, 1795000000000 + 30 * DAY_MS + 1);
	conductor_hold_look(stage.conductor);
	look();
	ck_assert_uint_eq(held.count, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

START_TEST(a_letter_that_is_held_itself_is_held_beside_it)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_HOLD);
	ck_assert_uint_eq(answer(0), 250);
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	look();
	ck_assert_uint_eq(held.count, 2);
}
END_TEST

/* Whenever this ends: a record of the letter means that the row stands. */
START_TEST(a_letter_is_never_received_without_it)
{
	uint64_t next = journal_next(stage.conductor->journal);
	struct journal_figures figures = { .records = 0 };

	look();
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage_judge(&stage, 0, VERDICT_MARK);
	for (unsigned i = 0; i < 4000 && figures.records == 0; i++) {
		/* nothing is written of the one before the other is held */
		ck_assert(held.count == 1 ||
		    journal_next(stage.conductor->journal) == next);
		stage_run(&stage, 1);
		journal_figures(stage.conductor->journal, &figures);
		look();
	}
	ck_assert_uint_eq(figures.records, 1);
	ck_assert_uint_eq(held.count, 1);
}
END_TEST

START_TEST(without_its_file_the_letter_is_put_off)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	(void)close(stage.conductor->kept_fd);
	stage.conductor->kept_fd = -1;
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(answer(0), 451);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	look();
	ck_assert_uint_eq(held.count, 0);
}
END_TEST

/* It was held before: whoever sends it again has one held of each. */
START_TEST(with_a_letter_that_was_not_received_it_goes)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	fails = true;
	stage_judge(&stage, 0, VERDICT_MARK);
	ck_assert_uint_eq(answer(0), 451);
	look();
	ck_assert_uint_eq(held.count, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

START_TEST(nothing_is_held_for_a_letter_that_goes_nowhere)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	remove_part(40, 20);
	stage.redirect = "eve@office.test";
	stage.whose_fault = 0;
	stage_judge(&stage, 0, VERDICT_MARK);
	/* who it goes to cannot be said: nothing is kept of it */
	stage_whose(&stage, 0, -EIO, 0);
	ck_assert_uint_eq(answer(0), 451);
	look();
	ck_assert_uint_eq(held.count, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("removed");
	TCase *tests = tcase_create("removed");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests,
	    the_whole_message_is_held_when_a_part_is_removed);
	tcase_add_test(tests, the_note_names_it);
	tcase_add_test(tests, what_is_released_is_what_came);
	tcase_add_test(tests, other_edits_are_made_in_both);
	tcase_add_test(tests, a_big_one_is_held_whole_too);
	tcase_add_test(tests, it_is_for_the_postmaster_alone);
	tcase_add_test(tests, it_ends_as_what_is_held_does);
	tcase_add_test(tests, a_letter_that_is_held_itself_is_held_beside_it);
	tcase_add_test(tests, a_letter_is_never_received_without_it);
	tcase_add_test(tests, without_its_file_the_letter_is_put_off);
	tcase_add_test(tests, with_a_letter_that_was_not_received_it_goes);
	tcase_add_test(tests,
	    nothing_is_held_for_a_letter_that_goes_nowhere);
	suite_add_tcase(suite, tests);
	return suite;
}
