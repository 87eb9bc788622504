/*
 * big_test.c - big files are written once, digested, and swept when unknown
 */
#include "queue/big.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/loop.h"
#include "tests/unit/queue/scratch.h"

static struct scratch scratch;
static struct big *big;
static const struct message_id id = { "idnumber-1" };
static const struct message_id other = { "idnumber-2" };

static void
setup(void)
{
	scratch = scratch_new();
	ck_assert_int_eq(big_folder_open(scratch.fd, &big), 0);
}

static void
teardown(void)
{
	big_folder_close(big);
	scratch_drop(&scratch);
}

/* FIPS 180-2 B.1: SHA-256 of "abc" */
static const unsigned char abc_digest[BIG_DIGEST_BYTES] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
	0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
	0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
	0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static void
write_abc(const struct message_id *name)
{
	unsigned char digest[BIG_DIGEST_BYTES];
	struct big_writer *writer;
	uint64_t bytes = 0;

	ck_assert_int_eq(big_begin(big, name, &writer), 0);
	ck_assert_int_eq(big_feed(writer, slice_str("a")), 0);
	ck_assert_int_eq(big_feed(writer, slice_str("")), 0);
	ck_assert_int_eq(big_feed(writer, slice_str("bc")), 0);
	ck_assert_int_eq(big_finish(writer, &bytes, digest), 0);
	ck_assert_uint_eq(bytes, 3);
	ck_assert_mem_eq(digest, abc_digest, BIG_DIGEST_BYTES);
	ck_assert_int_eq(big_sync(writer), 0);
	ck_assert_int_ge(big_fd(writer), 0);
	big_end(writer);
}

START_TEST(a_big_file_holds_what_was_fed_and_its_digest)
{
	struct big_writer *writer;
	char back[8], path[3 + MESSAGE_ID_CHARS + 1] = "..";
	struct stat st;
	int fd;

	write_abc(&id);
	ck_assert_int_eq(big_open(big, &id, &fd), 0);
	ck_assert_int_eq(read(fd, back, sizeof(back)), 3);
	ck_assert_mem_eq(back, "abc", 3);
	ck_assert_int_eq(write(fd, "x", 1), -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0440);
	close(fd);
	/* the folder is the last two characters */
	message_id_write(&id, path + 3);
	memcpy(path, path + 3 + MESSAGE_ID_CHARS - 2, 2);
	path[2] = '/';
	ck_assert_int_eq(faccessat(scratch.fd, path, F_OK, 0), 0);
	ck_assert_int_eq(big_begin(big, &id, &writer), -EEXIST);
	ck_assert_int_eq(big_drop(big, &id), 0);
	ck_assert_int_eq(big_drop(big, &id), 0);
	ck_assert_int_eq(big_open(big, &id, &fd), -ENOENT);
}
END_TEST

START_TEST(an_aborted_file_is_gone)
{
	struct big_writer *writer;
	int fd;

	ck_assert_int_eq(big_begin(big, &id, &writer), 0);
	ck_assert_int_eq(big_feed(writer, slice_str("abc")), 0);
	big_abort(writer);
	ck_assert_int_eq(big_open(big, &id, &fd), -ENOENT);
	big_abort(NULL);
	big_end(NULL);
}
END_TEST

START_TEST(a_file_takes_the_name_of_another_in_its_folder)
{
	unsigned char digest[BIG_DIGEST_BYTES];
	struct big_writer *writer, *beside;
	char back[8];
	uint64_t bytes;
	int fd;

	ck_assert_int_eq(big_begin(big, &id, &writer), 0);
	ck_assert_int_eq(big_feed(writer, slice_str("old")), 0);
	ck_assert_int_eq(big_begin_beside(writer, &beside), 0);
	ck_assert_int_eq(big_feed(beside, slice_str("abc")), 0);
	ck_assert_int_eq(big_finish(beside, &bytes, digest), 0);
	ck_assert_int_eq(big_replace(&writer, beside), 0);
	ck_assert_ptr_eq(writer, beside);
	ck_assert_int_eq(big_sync(writer), 0);
	ck_assert_int_eq(big_open(big, &id, &fd), 0);
	ck_assert_int_eq(read(fd, back, sizeof(back)), 3);
	ck_assert_mem_eq(back, "abc", 3);
	close(fd);
	/* it is called so from now on, and no other file is left */
	big_abort(writer);
	ck_assert_int_eq(big_open(big, &id, &fd), -ENOENT);
	ck_assert_int_eq(big_begin(big, &id, &writer), 0);
	ck_assert_int_eq(big_begin_beside(writer, &beside), 0);
	big_abort(beside);
	big_abort(writer);
}
END_TEST

static int
knows_id(void *arg, const struct message_id *asked)
{
	(void)arg;
	return message_id_order(asked, &id) == 0 ? 0 : -ENOENT;
}

START_TEST(the_sweep_takes_old_files_that_nobody_knows)
{
	int64_t now, day = INT64_C(86400000);
	unsigned removed = 0;
	int fd;

	write_abc(&id);
	write_abc(&other);
	now = clock_utc_ms();
	ck_assert_int_eq(big_sweep(big, now, knows_id, NULL, &removed), 0);
	ck_assert_uint_eq(removed, 0);
	ck_assert_int_eq(big_sweep(big, now + day + 2000, knows_id, NULL,
	    &removed), 0);
	ck_assert_uint_eq(removed, 1);
	ck_assert_int_eq(big_open(big, &other, &fd), -ENOENT);
	ck_assert_int_eq(big_open(big, &id, &fd), 0);
	close(fd);
}
END_TEST

START_TEST(a_folder_is_made_with_its_first_file)
{
	char folder[3], name[MESSAGE_ID_CHARS + 1];
	unsigned removed = 1;

	message_id_write(&id, name);
	memcpy(folder, name + MESSAGE_ID_CHARS - 2, 3);
	ck_assert_int_ne(faccessat(scratch.fd, folder, F_OK, 0), 0);
	ck_assert_int_eq(big_sweep(big, clock_utc_ms(), knows_id, NULL,
	    &removed), 0);
	ck_assert_uint_eq(removed, 0);
	write_abc(&id);
	ck_assert_int_eq(faccessat(scratch.fd, folder, F_OK, 0), 0);
	/* one that was lost is made again */
	ck_assert_int_eq(big_drop(big, &id), 0);
	ck_assert_int_eq(unlinkat(scratch.fd, folder, AT_REMOVEDIR), 0);
	write_abc(&id);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/big");
	TCase *tcase = tcase_create("big");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_big_file_holds_what_was_fed_and_its_digest);
	tcase_add_test(tcase, an_aborted_file_is_gone);
	tcase_add_test(tcase, a_file_takes_the_name_of_another_in_its_folder);
	tcase_add_test(tcase, the_sweep_takes_old_files_that_nobody_knows);
	tcase_add_test(tcase, a_folder_is_made_with_its_first_file);
	suite_add_tcase(suite, tcase);
	return suite;
}
