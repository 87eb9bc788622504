/*
 * kept_test.c - a kept message is whole or not there
 */
#include "queue/kept.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/queue/scratch.h"

static struct scratch scratch;
static const struct message_id id = { "idnumber-1" };
static const struct message_id other = { "idnumber-2" };
static const struct slice head = SLICE("envelope and verdict");
static const struct slice bytes = SLICE("Subject: x\r\n\r\nhello\r\n");

static void
setup(void)
{
	scratch = scratch_new();
}

static void
teardown(void)
{
	scratch_drop(&scratch);
}

START_TEST(a_kept_message_reads_back_as_written)
{
	TEXT_AUTO buffer = TEXT_INIT(4096);
	TEXT_AUTO small = TEXT_INIT(10);
	struct slice h, b;

	ck_assert_int_eq(kept_write(scratch.fd, &id, bytes, head), 0);
	ck_assert_int_eq(kept_write(scratch.fd, &id, head, bytes), 0);
	ck_assert_int_eq(kept_read(scratch.fd, &id, &buffer, &h, &b), 0);
	ck_assert(slice_is(h, head));
	ck_assert(slice_is(b, bytes));
	ck_assert_int_eq(kept_read(scratch.fd, &id, &small, &h, &b),
	    -ENOBUFS);
	ck_assert_int_eq(kept_read(scratch.fd, &other, &buffer, &h, &b),
	    -ENOENT);
	ck_assert_int_eq(kept_drop(scratch.fd, &id), 0);
	ck_assert_int_eq(kept_drop(scratch.fd, &id), 0);
	ck_assert_int_eq(kept_read(scratch.fd, &id, &buffer, &h, &b),
	    -ENOENT);
}
END_TEST

/* Every bit of the file, and every length it may be cut to. */
START_TEST(a_damaged_file_is_never_believed)
{
	TEXT_AUTO buffer = TEXT_INIT(4096);
	char name[MESSAGE_ID_CHARS + 1], image[256], bad;
	struct slice h, b;
	ssize_t len;
	int fd, r;

	ck_assert_int_eq(kept_write(scratch.fd, &id, head, bytes), 0);
	message_id_write(&id, name);
	fd = openat(scratch.fd, name, O_RDWR);
	len = read(fd, image, sizeof(image));
	ck_assert_int_gt(len, 38);
	for (ssize_t at = 0; at < len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bad = (char)(image[at] ^ 1 << bit);
			ck_assert_int_eq(pwrite(fd, &bad, 1, at), 1);
			r = kept_read(scratch.fd, &id, &buffer, &h, &b);
			/* 8 to 11 hold the version */
			ck_assert(r == -EBADMSG ||
			    (r == -EPROTO && at >= 8 && at < 12));
		}
		ck_assert_int_eq(pwrite(fd, image + at, 1, at), 1);
	}
	while (len-- > 0) {
		ck_assert_int_eq(ftruncate(fd, len), 0);
		ck_assert_int_eq(kept_read(scratch.fd, &id, &buffer, &h, &b),
		    -EBADMSG);
	}
	close(fd);
}
END_TEST

START_TEST(a_file_under_a_wrong_name_is_not_believed)
{
	TEXT_AUTO buffer = TEXT_INIT(4096);
	char name[MESSAGE_ID_CHARS + 1], wrong[MESSAGE_ID_CHARS + 1];
	struct slice h, b;

	ck_assert_int_eq(kept_write(scratch.fd, &id, head, bytes), 0);
	message_id_write(&id, name);
	message_id_write(&other, wrong);
	ck_assert_int_eq(renameat(scratch.fd, name, scratch.fd, wrong), 0);
	ck_assert_int_eq(kept_read(scratch.fd, &other, &buffer, &h, &b),
	    -EBADMSG);
}
END_TEST

static int
knows_id(void *arg, const struct message_id *asked)
{
	(void)arg;
	return message_id_order(asked, &id) == 0 ? 0 : -ENOENT;
}

static int
fails(void *arg, const struct message_id *asked)
{
	(void)arg;
	(void)asked;
	return -EIO;
}

START_TEST(the_sweep_takes_what_no_row_knows)
{
	char name[MESSAGE_ID_CHARS + 5];
	unsigned removed = 99;

	ck_assert_int_eq(kept_write(scratch.fd, &id, head, bytes), 0);
	ck_assert_int_eq(kept_write(scratch.fd, &other, head, bytes), 0);
	message_id_write(&id, name);
	memcpy(name + MESSAGE_ID_CHARS, ".new", 5);
	close(openat(scratch.fd, name, O_CREAT | O_WRONLY, 0600));
	close(openat(scratch.fd, "not ours.new", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(kept_sweep(scratch.fd, fails, NULL, &removed), -EIO);
	ck_assert_uint_eq(removed, 99);
	ck_assert_int_eq(kept_sweep(scratch.fd, knows_id, NULL, &removed), 0);
	ck_assert_uint_ge(removed, 1);
	ck_assert_int_eq(faccessat(scratch.fd, name, F_OK, 0), -1);
	name[MESSAGE_ID_CHARS] = '\0';
	ck_assert_int_eq(faccessat(scratch.fd, name, F_OK, 0), 0);
	message_id_write(&other, name);
	ck_assert_int_eq(faccessat(scratch.fd, name, F_OK, 0), -1);
	ck_assert_int_eq(faccessat(scratch.fd, "not ours.new", F_OK, 0), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/kept");
	TCase *tcase = tcase_create("kept");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_kept_message_reads_back_as_written);
	tcase_add_test(tcase, a_damaged_file_is_never_believed);
	tcase_add_test(tcase, a_file_under_a_wrong_name_is_not_believed);
	tcase_add_test(tcase, the_sweep_takes_what_no_row_knows);
	suite_add_tcase(suite, tcase);
	return suite;
}
