/*
 * rebuild_test.c - without queue.db nothing is swept away, and it is made again
 */
#include "queue/rebuild.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/check.h"
#include "queue/rows_outbound.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define PAGE		4096
#define SPOILINGS	40

static struct stage stage;
static struct message_id in_mailbox;	/* the big file of a letter of ann's */
static uint64_t settled_to;		/* her account */
static struct rebuild_counts counts;

static void
quiet(void)
{
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
}

static void
judge_last(enum verdict_action action)
{
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1, action);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	quiet();
}

/* One big letter in ann's mailbox, settled; of the journal nothing is left. */
static void
deliver_big(void)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	judge_last(VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_DELIVER, 1);
	in_mailbox = stage_call(&stage, STAGE_DELIVER, 0)->id;
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_wait(&stage, STAGE_SETTLE, 1);
	settled_to = stage_call(&stage, STAGE_SETTLE, 0)->upto;
	stage_settle(&stage, 0, 0);
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
}

/* Held and quarantined for two, a big one held, one set aside. */
static void
fill_kept(void)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'h', 100, true), 0);
	judge_last(VERDICT_HOLD);
	ck_assert_int_eq(stage_submit(&stage, &stage, 'q', 100, true), 0);
	judge_last(VERDICT_QUARANTINE);
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 2,
	    BIG_BYTES + 2, false), 0);
	judge_last(VERDICT_HOLD);
	stage_receive(&stage, 'w', true);
	clock_set(clock_ms() + 60000, clock_utc_ms());
	keep_relieve(stage.conductor);
	quiet();
	ck_assert_uint_eq(stage_files(&stage, "kept"), 4);
	ck_assert_uint_eq(stage_files(&stage, "big"), 2);
}

static void
set_up(void)
{
	clock_set(1000000, INT64_C(1795348800000));
	memset(&counts, 0, sizeof(counts));
	stage_new(&stage);
	stage_open(&stage);
	deliver_big();
	fill_kept();
	stage_close(&stage);
	stage_forget(&stage);
	/* files that nobody refers to would be swept away now */
	clock_set(1000000, INT64_C(4102444800000));
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* What the conductor says of such a folder. */
static int
open_hub(void)
{
	const struct conductor_ports ports = { .arg = &stage };
	int r = conductor_open(stage.scratch.fd, &stage.options, &ports,
	    stage.loop, &stage.conductor);

	if (r == 0)
		stage_close(&stage);
	return r;
}

static bool
is_there(const char *name)
{
	return faccessat(stage.scratch.fd, name, F_OK,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

static void
rebuild(void)
{
	struct queue_rebuild *again;

	ck_assert_int_eq(queue_rebuild_open(stage.scratch.fd,
	    stage.options.hub_id, &again), 0);
	ck_assert_int_eq(queue_rebuild_account(again, STAGE_ANN, settled_to),
	    0);
	ck_assert_int_eq(queue_rebuild_big(again, STAGE_ANN, &in_mailbox), 0);
	ck_assert_int_eq(queue_rebuild_end(again, &counts), 0);
	queue_rebuild_close(again);
	ck_assert(!is_there("rebuild"));
	ck_assert_int_eq(queue_rebuild_is_needed(stage.scratch.fd), 0);
}

static void
hear(void *arg, const struct queue_finding *finding)
{
	(void)arg;
	ck_abort_msg("found %d", (int)finding->what);
}

/* Nothing is missing, nobody is sent anything again, and check finds so. */
static void
all_is_there(size_t held, size_t quarantined, size_t waiting)
{
	struct queue_check_counts checked;
	struct queue_check *check;
	struct rows_counts now;

	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 5);
	ck_assert_int_eq(rows_counts(stage.conductor->rows, &now), 0);
	ck_assert_uint_eq(now.held, held);
	ck_assert_uint_eq(now.quarantined, quarantined);
	ck_assert_uint_eq(now.waiting, waiting);
	ck_assert_uint_eq(now.big, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 4);
	ck_assert_uint_eq(stage_files(&stage, "big"), 2);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), waiting);
	ck_assert_int_eq(queue_check_open(stage.scratch.fd, hear, NULL,
	    &check), 0);
	ck_assert_int_eq(queue_check_run(check, &checked), 0);
	queue_check_close(check);
	ck_assert_uint_eq(checked.kept, 4);
}

/* It has ledger.db again, new, and nothing is deleted at providers. */
START_TEST(a_damaged_ledger_is_set_aside_and_begun_anew)
{
	char page[4096] = { 0 }, aside[DB_ASIDE_SIZE] = "";
	int fd;

	ck_assert_int_eq(queue_ledger_aside(stage.scratch.fd, aside), 0);
	ck_assert_str_eq(aside, "");
	fd = openat(stage.scratch.fd, "ledger.db", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, page, sizeof(page), _i * 4096),
	    (ssize_t)sizeof(page));
	(void)close(fd);
	ck_assert_int_eq(queue_ledger_aside(stage.scratch.fd, aside), 1);
	ck_assert(is_there(aside));
	ck_assert(!is_there("ledger.db") && !is_there("ledger.db-wal"));
	ck_assert_int_eq(queue_ledger_aside(stage.scratch.fd, aside), 0);
	stage_open(&stage);
	ck_assert_ptr_nonnull(ledger_restored(stage.conductor->ledger));
	stage_close(&stage);
	ck_assert(is_there("ledger.db"));
}
END_TEST

static void
make_empty(const char *name)
{
	int fd = openat(stage.scratch.fd, name, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

/* What its log still has of it is not to go when the hub starts. */
START_TEST(a_ledger_without_a_byte_but_with_a_log_is_damaged)
{
	char aside[DB_ASIDE_SIZE] = "";
	int fd;

	make_empty("ledger.db");
	fd = openat(stage.scratch.fd, "ledger.db-wal", O_WRONLY | O_CREAT |
	    O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "log", 3), 3);
	(void)close(fd);
	ck_assert_int_eq(queue_ledger_aside(stage.scratch.fd, aside), 1);
	ck_assert(is_there(aside));
	ck_assert(!is_there("ledger.db") && !is_there("ledger.db-wal"));
}
END_TEST

/* A hub that was killed when it made ledger.db: nothing was in it yet. */
START_TEST(a_ledger_that_was_only_begun_is_no_damage)
{
	char path[64], aside[DB_ASIDE_SIZE] = "";
	struct queue_check_counts checked;
	struct queue_check *check;
	sqlite3 *lite;

	ck_assert_int_eq(unlinkat(stage.scratch.fd, "ledger.db", 0), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/ledger.db",
	    stage.scratch.fd);
	if (_i == 0) {
		make_empty("ledger.db");
	} else {
		ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
		ck_assert_int_eq(sqlite3_exec(lite,
		    "PRAGMA journal_mode=WAL", NULL, NULL, NULL), SQLITE_OK);
		ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
	}
	ck_assert_int_eq(queue_ledger_aside(stage.scratch.fd, aside), 0);
	ck_assert(is_there("ledger.db"));
	ck_assert_int_eq(queue_check_open(stage.scratch.fd, hear, NULL,
	    &check), 0);
	ck_assert_int_eq(queue_check_run(check, &checked), 0);
	queue_check_close(check);
	stage_open(&stage);
	ck_assert_ptr_nonnull(ledger_restored(stage.conductor->ledger));
	stage_close(&stage);
}
END_TEST

/* Spoilings */

static off_t
size_of_rows(void)
{
	struct stat st;

	ck_assert_int_eq(fstatat(stage.scratch.fd, "queue.db", &st, 0), 0);
	return st.st_size;
}

static void
write_rows(const void *bytes, size_t count, off_t at)
{
	int fd = openat(stage.scratch.fd, "queue.db", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, count, at), (ssize_t)count);
	(void)close(fd);
}

static void
cut_rows(off_t bytes)
{
	int fd = openat(stage.scratch.fd, "queue.db", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, bytes), 0);
	(void)close(fd);
}

/*
 * 0 missing, 1 empty, 2 to 4 cut, 5 and 6 another head, then each page: of
 * zeroes, and of noise.  False: there is no such page.
 */
static bool
spoil(int n)
{
	char page[PAGE] = "SQLite format 3";
	off_t size = size_of_rows();

	if (n == 0) {
		ck_assert_int_eq(unlinkat(stage.scratch.fd, "queue.db", 0), 0);
	} else if (n < 5) {
		cut_rows(n == 1 ? 0 : n == 2 ? 100 : n == 3 ? PAGE :
		    size / 2 / PAGE * PAGE);
	} else if (n < 7) {
		write_rows(page, n == 5 ? 16 : 100, n == 5 ? 16 : 0);
	} else {
		off_t at = (off_t)(n - 7) / 2 * PAGE;

		memset(page, 0, sizeof(page));
		for (size_t i = 0; n % 2 == 0 && i < sizeof(page); i++)
			page[i] = (char)(i * 167 + 13);
		if (at >= size)
			return false;
		write_rows(page, sizeof(page), at);
	}
	return true;
}

/* A page of an index is made again by it too; one that is free is no matter. */
START_TEST(however_it_is_spoilt_nothing_is_lost)
{
	bool is_needed;

	if (!spoil(_i))
		return;
	is_needed = queue_rebuild_is_needed(stage.scratch.fd) == 1;
	ck_assert(is_needed || _i >= 7);
	if (is_needed) {
		struct queue_check *check;

		ck_assert_int_eq(queue_check_open(stage.scratch.fd, hear, NULL,
		    &check), -EUCLEAN);
		/* whether the hub starts with it or not: nothing goes */
		if (_i < 5)
			ck_assert_int_eq(open_hub(), -EUCLEAN);
		ck_assert_uint_eq(stage_files(&stage, "kept"), 4);
		ck_assert_uint_eq(stage_files(&stage, "big"), 2);
		rebuild();
		ck_assert_uint_eq(counts.kept + counts.held, 4);
		ck_assert_int_eq(counts.aside[0] != '\0', _i != 0);
		ck_assert(_i == 0 || is_there(counts.aside));
	}
	all_is_there(counts.kept == 4 || !is_needed ? 2 : 3, 1,
	    counts.kept == 4 || !is_needed);
}
END_TEST

START_TEST(what_is_well_is_left_alone)
{
	struct scratch empty = scratch_new();

	ck_assert_int_eq(queue_rebuild_is_needed(stage.scratch.fd), 0);
	ck_assert_int_eq(queue_rows_are_missing(stage.scratch.fd), 0);
	ck_assert_int_eq(queue_rebuild_is_needed(empty.fd), 0);
	ck_assert_int_eq(queue_rows_are_missing(empty.fd), 0);
	scratch_drop(&empty);
	all_is_there(2, 1, 1);
}
END_TEST

/* What the old one still says is believed. */
START_TEST(what_can_be_read_of_the_old_one_is_as_it_was)
{
	rebuild();
	ck_assert_uint_eq(counts.kept, 4);
	ck_assert_uint_eq(counts.held, 0);
	all_is_there(2, 1, 1);
}
END_TEST

START_TEST(a_kept_file_that_is_damaged_is_not_swept_away)
{
	char path[64], name[MESSAGE_ID_CHARS + 1];
	int fd = openat(stage.scratch.fd, "kept", O_RDONLY | O_DIRECTORY);
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL)
		if (strlen(entry->d_name) == MESSAGE_ID_CHARS)
			memcpy(name, entry->d_name, sizeof(name));
	(void)closedir(folder);
	(void)snprintf(path, sizeof(path), "kept/%s", name);
	fd = openat(stage.scratch.fd, path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "x", 1, 60), 1);
	(void)close(fd);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "queue.db", 0), 0);
	rebuild();
	ck_assert_uint_eq(counts.held, 3);
	ck_assert_uint_eq(counts.damaged, 1);
	stage_open(&stage);
	(void)snprintf(path, sizeof(path), "kept/%s.damaged", name);
	ck_assert(is_there(path));
	/* its record may still stand in the journal: then it is there anew */
	ck_assert_uint_ge(stage_files(&stage, "kept"), 4);
}
END_TEST

/* Whoever is not told in full leaves all as it was. */
START_TEST(one_that_is_not_ended_changes_nothing)
{
	struct queue_rebuild *again;

	ck_assert_int_eq(queue_rebuild_open(stage.scratch.fd,
	    stage.options.hub_id, &again), 0);
	ck_assert_int_eq(queue_rebuild_account(again, STAGE_ANN, settled_to),
	    0);
	queue_rebuild_close(again);
	all_is_there(2, 1, 1);
	stage_close(&stage);
	stage_forget(&stage);
	/* what it left is in nobody's way */
	rebuild();
	all_is_there(2, 1, 1);
}
END_TEST

/* A message that is leaving, in place of one that is kept */

#define FAR_COUNT	100

static int
find_held(void *arg, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t count)
{
	(void)recipients;
	(void)count;
	*(struct message_id *)arg = message->id;
	return 1;
}

/* As it waits for a hundred people elsewhere, of a third of whom it is late. */
static struct message_id
let_leave(void)
{
	struct rows_outbound row = { .domain = SLICE("far.test"),
	    .since_utc_ms = 1 };
	struct message_id id = { .bytes = { 0 } };
	struct rows *rows;
	unsigned needs;

	ck_assert_int_eq(rows_open(stage.scratch.fd, stage.options.hub_id,
	    &rows, &needs), 0);
	ck_assert_int_eq(rows_kept_each(rows, find_held, &id), 1);
	ck_assert_int_eq(rows_delete(rows, &id, 1), 0);
	row.id = id;
	for (unsigned i = 0; i < FAR_COUNT; i++) {
		char address[256];

		(void)snprintf(address, sizeof(address),
		    "far%03u%0150u@far.test", i, i);
		row.address = slice_str(address);
		row.state = OUTBOUND_WAITING;
		ck_assert_int_eq(rows_outbound_take(rows, &id, 1, &row, 1), 0);
		if (i % 3 == 0)
			ck_assert_int_eq(rows_outbound_told(rows, &id,
			    OUTBOUND_WAITING, &row.address, 1), 0);
		row.state = i % 2 == 0 ? OUTBOUND_WAITING : OUTBOUND_HELD;
		ck_assert_int_eq(rows_outbound_tried(rows, &row, 1), 0);
	}
	rows_close(rows);
	return id;
}

struct far {
	unsigned	count, told, held;
};

static int
on_far(void *arg, const struct rows_outbound *row)
{
	struct far *far = arg;

	far->count++;
	far->told += row->is_told;
	far->held += row->state == OUTBOUND_HELD;
	return 0;
}

/* Spoil the page on which that one stands. */
static void
spoil_page_of(const char *address)
{
	static char bytes[1024 * PAGE];
	static const char zeroes[PAGE] = { 0 };
	int fd = openat(stage.scratch.fd, "queue.db", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, bytes, sizeof(bytes));
	const char *at = n <= 0 ? NULL : memmem(bytes, (size_t)n, address,
	    strlen(address));

	(void)close(fd);
	ck_assert_ptr_nonnull(at);
	write_rows(zeroes, PAGE, (off_t)((at - bytes) / PAGE * PAGE));
}

/* Those whose rows cannot be read are not dropped: all of it is held. */
START_TEST(of_a_message_that_leaves_all_rows_are_kept_or_all_held)
{
	struct message_id id = let_leave();
	struct far far = { .count = 0 };
	struct rows *rows;
	unsigned needs;

	if (_i == 1)
		spoil_page_of("far060");
	rebuild();
	ck_assert_uint_eq(counts.kept, 3);
	ck_assert_uint_eq(counts.held, (unsigned)_i);
	ck_assert_int_eq(rows_open(stage.scratch.fd, stage.options.hub_id,
	    &rows, &needs), 0);
	ck_assert_int_eq(rows_outbound_of(rows, &id, on_far, &far), 0);
	ck_assert_int_eq(rows_is_kept(rows, &id), _i == 0 ? -ENOENT : 0);
	/* released, it leaves: nothing says that it has done so already */
	ck_assert_int_eq(rows_outbound_is_taken(rows, &id, 2),
	    _i == 0 ? 0 : -ENOENT);
	rows_close(rows);
	ck_assert_uint_eq(far.count, _i == 0 ? FAR_COUNT : 0);
	ck_assert_uint_eq(far.told, _i == 0 ? (FAR_COUNT + 2) / 3 : 0);
	ck_assert_uint_eq(far.held, _i == 0 ? FAR_COUNT / 2 : 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/rebuild");
	TCase *tests = tcase_create("rebuild");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, however_it_is_spoilt_nothing_is_lost, 0,
	    SPOILINGS);
	tcase_add_test(tests, what_is_well_is_left_alone);
	tcase_add_test(tests, what_can_be_read_of_the_old_one_is_as_it_was);
	tcase_add_test(tests, a_kept_file_that_is_damaged_is_not_swept_away);
	tcase_add_test(tests, one_that_is_not_ended_changes_nothing);
	tcase_add_loop_test(tests, a_ledger_that_was_only_begun_is_no_damage,
	    0, 2);
	tcase_add_test(tests,
	    a_ledger_without_a_byte_but_with_a_log_is_damaged);
	tcase_add_loop_test(tests,
	    a_damaged_ledger_is_set_aside_and_begun_anew, 0, 3);
	tcase_add_loop_test(tests,
	    of_a_message_that_leaves_all_rows_are_kept_or_all_held, 0, 2);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}
