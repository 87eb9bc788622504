/*
 * check_test.c - damage is found, and nothing is called damage that is not
 */
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "queue/check.h"
#include "queue/segment.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define DAY_MS	(24 * 60 * 60 * 1000)

static struct stage stage;
static struct queue_check_counts counts;
static struct queue_finding found;	/* the last */
static unsigned faults, notes;

static void
set_up(void)
{
	clock_set(1000000, (int64_t)time(NULL) * 1000);
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static void
note(void *arg, const struct queue_finding *finding)
{
	(void)arg;
	found = *finding;
	if (finding->is_fault)
		faults++;
	else
		notes++;
}

static void
check(unsigned want_faults)
{
	struct queue_check *check;

	faults = notes = 0;
	ck_assert_int_eq(queue_check_open(stage.scratch.fd, note, NULL,
	    &check), 0);
	ck_assert_int_eq(queue_check_run(check, &counts), want_faults > 0);
	queue_check_close(check);
	ck_assert_uint_eq(faults, want_faults);
}

/* One fault, and which. */
static void
finds(enum queue_found what)
{
	check(1);
	ck_assert_int_eq(found.what, what);
}

static void
receive_big(void)
{
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1,
	    VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
}

/* Change one byte of a file below the folder. */
static void
flip(const char *path, off_t at)
{
	int fd = openat(stage.scratch.fd, path, O_RDWR | O_CLOEXEC);
	char byte;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte = (char)(byte ^ 1);
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

/* The id of the only transit received, and its files. */
static struct message_id
first_id(void)
{
	return TAILQ_FIRST(&stage.conductor->received)->env.id;
}

static const char *
kept_path(const struct message_id *id)
{
	static char path[64];
	char name[MESSAGE_ID_CHARS + 1];

	message_id_write(id, name);
	(void)snprintf(path, sizeof(path), "kept/%s", name);
	return path;
}

static const char *
big_path(const struct message_id *id)
{
	static char path[64];
	char name[MESSAGE_ID_CHARS + 1];

	message_id_write(id, name);
	(void)snprintf(path, sizeof(path), "big/%s/%s",
	    name + MESSAGE_ID_CHARS - 2, name);
	return path;
}

/* Set aside what has been received; the id of the first. */
static struct message_id
set_aside(void)
{
	struct message_id id = first_id();

	clock_set(clock_ms() + 60000, clock_utc_ms());
	keep_relieve(stage.conductor);
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	return id;
}

static void
on_done(void *arg, int status)
{
	(void)arg;
	ck_assert_int_eq(status, 0);
}

START_TEST(a_folder_where_no_hub_ran_is_told_as_such)
{
	struct scratch empty = scratch_new();
	struct queue_check *check;

	ck_assert_int_eq(queue_check_open(empty.fd, note, NULL, &check),
	    -ENOENT);
	scratch_drop(&empty);
}
END_TEST

START_TEST(a_lost_database_is_damage)
{
	struct queue_check *check;

	stage_receive(&stage, 'a', true);
	stage_close(&stage);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "queue.db", 0), 0);
	ck_assert_int_eq(queue_check_open(stage.scratch.fd, note, NULL,
	    &check), -EUCLEAN);
}
END_TEST

/* Every page of it: zeroes, or noise; and its length. */
START_TEST(a_damaged_ledger_is_told_as_such)
{
	char page[4096] = { 0 };
	off_t size, at = (off_t)_i * (off_t)sizeof(page);
	int fd;

	stage_receive(&stage, 'a', true);
	stage_close(&stage);
	check(0);
	fd = openat(stage.scratch.fd, "ledger.db", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	size = lseek(fd, 0, SEEK_END);
	ck_assert_int_gt(size, 0);
	if (at >= size)		/* there are not so many */
		ck_assert_int_eq(ftruncate(fd, size - 4096), 0);
	else
		ck_assert_int_eq(pwrite(fd, page, sizeof(page), at),
		    (ssize_t)sizeof(page));
	(void)close(fd);
	finds(FOUND_LEDGER);
}
END_TEST

START_TEST(all_is_well_beside_a_running_hub)
{
	stage_receive(&stage, 'a', true);
	receive_big();
	(void)set_aside();
	stage_receive(&stage, 'b', false);
	conductor_account_up(stage.conductor, STAGE_ANN);
	check(0);
	ck_assert_uint_eq(counts.records, 3);
	ck_assert_uint_eq(counts.kept, 2);
	ck_assert_uint_eq(counts.big, 1);
	ck_assert_uint_eq(notes, 0);
	stage_close(&stage);
	check(0);
}
END_TEST

START_TEST(a_torn_record_at_the_end_is_no_fault)
{
	uint64_t last;

	stage_receive(&stage, 'a', false);
	stage_receive(&stage, 'b', false);
	last = TAILQ_LAST(&stage.conductor->received, transits)->position;
	stage_close(&stage);
	flip("journal/0000.seg", (off_t)segment_offset(last) + 50);
	check(0);
	ck_assert_uint_eq(counts.records, 1);
}
END_TEST

START_TEST(a_damaged_record_before_a_good_one_is_found)
{
	uint64_t second;

	stage_receive(&stage, 'a', false);
	stage_receive(&stage, 'b', false);
	second = TAILQ_LAST(&stage.conductor->received, transits)->position;
	stage_receive(&stage, 'c', false);
	stage_receive(&stage, 'd', false);
	stage_close(&stage);
	flip("journal/0000.seg", (off_t)segment_offset(second) + 4 * _i);
	finds(FOUND_GAP);
	ck_assert_uint_eq(found.segment, 0);
	ck_assert_uint_eq(found.from, segment_offset(second));
	ck_assert_uint_gt(found.to, found.from);
	ck_assert_uint_eq(counts.records, 3);
}
END_TEST

START_TEST(a_damaged_segment_head_is_found)
{
	stage_receive(&stage, 'a', false);
	stage_close(&stage);
	flip("journal/0000.seg", 20);
	finds(FOUND_HEAD);
}
END_TEST

/* Its checksum is right, but nobody could deliver it. */
START_TEST(a_record_that_makes_no_sense_is_found)
{
	struct message_id id = { "senseless" };
	uint64_t position;

	ck_assert_int_eq(journal_append(stage.conductor->journal,
	    JOURNAL_MESSAGE, &id, slice_str("head"), slice_str("bytes"),
	    on_done, NULL, &position), 0);
	stage_run(&stage, 100);
	finds(FOUND_RECORD);
	ck_assert_int_eq(message_id_order(&found.id, &id), 0);
}
END_TEST

START_TEST(a_byte_of_a_kept_file_is_missed)
{
	struct message_id id;

	stage_receive(&stage, 'a', false);
	id = set_aside();
	flip(kept_path(&id), 60);
	finds(FOUND_KEPT_DAMAGED);
	ck_assert_int_eq(message_id_order(&found.id, &id), 0);
}
END_TEST

START_TEST(a_kept_file_that_is_gone_is_missed)
{
	struct message_id id;

	stage_receive(&stage, 'a', false);
	id = set_aside();
	ck_assert_int_eq(unlinkat(stage.scratch.fd, kept_path(&id), 0), 0);
	finds(FOUND_KEPT_MISSING);
}
END_TEST

START_TEST(a_kept_file_without_a_row_is_found_once_it_is_old)
{
	struct message_id id;

	stage_receive(&stage, 'a', false);
	id = set_aside();
	ck_assert_int_eq(rows_delete(stage.conductor->rows, &id, 1), 0);
	check(0);		/* its row may be about to come */
	clock_set(clock_ms(), clock_utc_ms() + 120000);
	finds(FOUND_KEPT_NO_ROW);
}
END_TEST

START_TEST(a_big_file_that_is_gone_is_missed)
{
	struct message_id id;

	receive_big();
	id = first_id();
	ck_assert_int_eq(unlinkat(stage.scratch.fd, big_path(&id), 0), 0);
	finds(FOUND_RECORD_BIG);
	(void)set_aside();
	check(2);		/* the record stands in its segment still */
	ck_assert_int_eq(found.what, FOUND_KEPT_BIG);
}
END_TEST

START_TEST(a_cut_big_file_is_found)
{
	struct message_id id;
	int fd;

	receive_big();
	id = first_id();
	ck_assert_int_eq(fchmodat(stage.scratch.fd, big_path(&id), 0600,
	    0), 0);
	fd = openat(stage.scratch.fd, big_path(&id), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, BIG_BYTES), 0);
	(void)close(fd);
	finds(FOUND_RECORD_BIG);
}
END_TEST

START_TEST(a_changed_byte_of_a_big_file_is_found)
{
	struct message_id id;

	receive_big();
	id = first_id();
	ck_assert_int_eq(fchmodat(stage.scratch.fd, big_path(&id), 0600,
	    0), 0);
	flip(big_path(&id), 70000);
	finds(FOUND_RECORD_BIG);
}
END_TEST

START_TEST(a_big_file_that_was_settled_and_deleted_is_not_missed)
{
	struct message_id id;

	receive_big();
	id = first_id();
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, big_path(&id), 0), 0);
	finds(FOUND_RECORD_BIG);	/* ann refers to it */
	conductor_big_unref(stage.conductor, STAGE_ANN, &id);
	check(0);
}
END_TEST

START_TEST(a_big_file_that_nobody_knows_is_noted_a_day_later)
{
	struct message_id id = { "nobody's" };
	struct big_writer *writer;

	ck_assert_int_eq(big_begin(stage.conductor->big, &id, &writer), 0);
	big_end(writer);
	check(0);
	ck_assert_uint_eq(notes, 0);
	clock_set(clock_ms(), clock_utc_ms() + DAY_MS + 60000);
	check(0);
	ck_assert_uint_eq(notes, 1);
	ck_assert_int_eq(found.what, FOUND_BIG_UNKNOWN);
}
END_TEST

/* The file of a message that was cut, and its row. */
static void
keep_half(uint64_t number, const char *bytes, uint64_t length)
{
	struct ledger_half half = { .number = number, .account = 5,
	    .row = (uint32_t)number, .uidl_len = 3, .uidl = "7.1",
	    .bytes = 1000000, .length = length };
	uint64_t replaced;
	char path[32];
	int fd;

	half.uidl[2] = (char)('0' + number);
	(void)snprintf(path, sizeof(path), "half/%u", (unsigned)number);
	fd = openat(stage.scratch.fd, path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, strlen(bytes)),
	    (ssize_t)strlen(bytes));
	(void)close(fd);
	ck_assert_ptr_nonnull(SHA256((const unsigned char *)bytes, length,
	    half.digest));
	ck_assert_int_eq(ledger_half_put(stage.conductor->ledger, &half,
	    &replaced), 0);
}

START_TEST(half_a_message_that_is_damaged_is_noted)
{
	keep_half(1, "the beginning of it, and a little more", 20);
	keep_half(2, "another", 7);
	check(0);
	ck_assert_uint_eq(notes, 0);
	flip("half/1", 30);		/* behind what its row says */
	check(0);
	ck_assert_uint_eq(notes, 0);
	flip("half/1", 3);
	check(0);
	ck_assert_uint_eq(notes, 1);
	ck_assert_int_eq(found.what, FOUND_HALF);
	ck_assert_uint_eq(found.number, 1);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "half/2", 0), 0);
	check(0);
	ck_assert_uint_eq(notes, 2);
	ck_assert_int_eq(halves_drop(stage.conductor->halves, 1), 0);
	ck_assert_int_eq(halves_drop(stage.conductor->halves, 2), 0);
	check(0);
	ck_assert_uint_eq(notes, 0);
}
END_TEST

START_TEST(one_of_the_archive_that_cannot_be_had_is_found)
{
	struct message_id id = { { 0 } };
	char name[MESSAGE_ID_CHARS + 1], path[64];
	int fd;

	ck_assert_int_eq(message_id_new(&id, 1795348800000), 0);
	message_id_write(&id, name);
	ck_assert_int_eq(mkdirat(stage.scratch.fd, "archive/2026-11-22", 0700),
	    0);
	(void)snprintf(path, sizeof(path), "archive/2026-11-22/%s", name);
	fd = openat(stage.scratch.fd, path, O_CREAT | O_WRONLY, 0400);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	check(0);
	ck_assert_int_eq(renameat(stage.scratch.fd, "archive/2026-11-22",
	    stage.scratch.fd, "archive/2026-11-21"), 0);
	check(1);
	ck_assert_int_eq(found.what, FOUND_ARCHIVE);
	ck_assert_int_eq(message_id_order(&found.id, &id), 0);
}
END_TEST

#define EMPTY	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* An original of no bytes, called so. */
static int
archive_one(const char *suffix, struct message_id *id_out)
{
	struct message_id id = { { 0 } };
	char name[MESSAGE_ID_CHARS + 1], path[128];
	int fd;

	ck_assert_int_eq(message_id_new(&id, 1795348800000), 0);
	message_id_write(&id, name);
	ck_assert(mkdirat(stage.scratch.fd, "archive/2026-11-22", 0700) == 0 ||
	    errno == EEXIST);
	(void)snprintf(path, sizeof(path), "archive/2026-11-22/%s%s", name,
	    suffix);
	fd = openat(stage.scratch.fd, path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	*id_out = id;
	return fd;
}

START_TEST(one_of_the_archive_whose_bytes_have_changed_is_found)
{
	struct message_id id;
	int fd = archive_one("." EMPTY, &id);

	check(0);
	ck_assert_uint_eq(notes, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	check(1);
	ck_assert_int_eq(found.what, FOUND_ARCHIVE_CHANGED);
	ck_assert_int_eq(message_id_order(&found.id, &id), 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	check(0);
	(void)close(fd);
}
END_TEST

START_TEST(those_of_the_archive_without_a_digest_are_counted)
{
	struct message_id id;

	(void)close(archive_one("", &id));
	(void)close(archive_one("." EMPTY, &id));
	(void)close(archive_one("", &id));
	check(0);
	ck_assert_uint_eq(notes, 1);
	ck_assert_int_eq(found.what, FOUND_ARCHIVE_PLAIN);
	ck_assert(!found.is_fault);
	ck_assert_uint_eq(found.number, 2);
}
END_TEST

START_TEST(a_letter_in_a_big_file_is_looked_up)
{
	struct message_id id, none = { "none" };
	struct queue_check *check;

	receive_big();
	id = first_id();
	ck_assert_int_eq(queue_check_open(stage.scratch.fd, note, NULL,
	    &check), 0);
	ck_assert_int_eq(queue_check_letter(check, &id, BIG_BYTES + 1), 0);
	ck_assert_int_eq(queue_check_letter(check, &id, BIG_BYTES), -EBADMSG);
	ck_assert_int_eq(queue_check_letter(check, &none, 1), -ENOENT);
	queue_check_close(check);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("check");
	TCase *tcase = tcase_create("check");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_folder_where_no_hub_ran_is_told_as_such);
	tcase_add_test(tcase, a_lost_database_is_damage);
	tcase_add_loop_test(tcase, a_damaged_ledger_is_told_as_such, 0, 20);
	tcase_add_test(tcase, all_is_well_beside_a_running_hub);
	tcase_add_test(tcase, a_torn_record_at_the_end_is_no_fault);
	tcase_add_loop_test(tcase,
	    a_damaged_record_before_a_good_one_is_found, 0, 12);
	tcase_add_test(tcase, a_damaged_segment_head_is_found);
	tcase_add_test(tcase, a_record_that_makes_no_sense_is_found);
	tcase_add_test(tcase, a_byte_of_a_kept_file_is_missed);
	tcase_add_test(tcase, a_kept_file_that_is_gone_is_missed);
	tcase_add_test(tcase,
	    a_kept_file_without_a_row_is_found_once_it_is_old);
	tcase_add_test(tcase, a_big_file_that_is_gone_is_missed);
	tcase_add_test(tcase, a_cut_big_file_is_found);
	tcase_add_test(tcase, a_changed_byte_of_a_big_file_is_found);
	tcase_add_test(tcase,
	    a_big_file_that_was_settled_and_deleted_is_not_missed);
	tcase_add_test(tcase,
	    a_big_file_that_nobody_knows_is_noted_a_day_later);
	tcase_add_test(tcase, half_a_message_that_is_damaged_is_noted);
	tcase_add_test(tcase, one_of_the_archive_that_cannot_be_had_is_found);
	tcase_add_test(tcase,
	    one_of_the_archive_whose_bytes_have_changed_is_found);
	tcase_add_test(tcase,
	    those_of_the_archive_without_a_digest_are_counted);
	tcase_add_test(tcase, a_letter_in_a_big_file_is_looked_up);
	suite_add_tcase(suite, tcase);
	return suite;
}
