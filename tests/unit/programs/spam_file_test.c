/*
 * spam_file_test.c - the file of a spam model, mapped
 */
#include "programs/spam_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define BITS	SPAM_BITS_PERSON

static char folder[64];
static int folder_fd;

static void
make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/postroom-spam-XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void
remove_folder(void)
{
	(void)unlinkat(folder_fd, SPAM_FILE_NAME, 0);
	(void)close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Learn something that is spam; a second one cannot at the same time. */
static void
teach(bool is_first)
{
	const uint32_t hashes[] = { 5u << 10, 6u << 20, 7u << 28 };
	struct spam_file file = { 0 }, other = { 0 };
	int fd = -1, other_fd = -1;
	bool is_new = !is_first;

	ck_assert_int_eq(spam_file_learn(folder_fd, BITS, 77, &file, &fd,
	    &is_new), 0);
	ck_assert(is_new == is_first);
	ck_assert_int_eq(spam_file_learn(folder_fd, BITS, 77, &other,
	    &other_fd, &is_new), -EWOULDBLOCK);
	(void)spam_model_learn(&file.model, hashes, 3, true,
	    SPAM_RATE_CURATED, 78);
	spam_file_close(&file);
	ck_assert(file.map == NULL);
	(void)close(fd);
}

static int
open_model(void)
{
	int fd = openat(folder_fd, SPAM_FILE_NAME, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(what_is_learnt_is_seen_by_who_reads)
{
	struct spam_standing standing;
	struct spam_file file = { 0 };
	struct stat st;
	int fd;

	teach(true);
	fd = open_model();
	ck_assert_int_eq(spam_file_map(fd, SPAM_TO_ASK, &file), 0);
	teach(false);
	spam_model_standing(&file.model, &standing);
	ck_assert_uint_eq(standing.spam, 2);
	ck_assert_int_eq(standing.since_utc, 77);
	/* it is nobody else's */
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	/* a disk that fills up later cannot end who writes the mapping */
	ck_assert_int_ge(st.st_blocks * 512, st.st_size);
	spam_file_close(&file);
	(void)close(fd);
}
END_TEST

static const struct {
	off_t	at;
	char	byte;
	int	want;
} faults[] = {
	{ 0, 'x', -EBADMSG },		/* no model */
	{ 4, 9, -ENOTSUP },		/* a newer version's */
	{ -1, 0, -EBADMSG },		/* cut */
};

START_TEST(a_file_that_is_no_model_is_refused)
{
	struct spam_file file = { 0 };
	bool is_new;
	int fd, lock = -1;

	teach(true);
	fd = open_model();
	if (faults[_i].at < 0)
		ck_assert_int_eq(ftruncate(fd, 9000), 0);
	else
		ck_assert_int_eq(pwrite(fd, &faults[_i].byte, 1,
		    faults[_i].at), 1);
	ck_assert_int_eq(spam_file_map(fd, SPAM_TO_ASK, &file), faults[_i].want);
	ck_assert_int_eq(spam_file_learn(folder_fd, BITS, 77, &file, &lock,
	    &is_new), faults[_i].want);
	ck_assert(file.map == NULL);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_that_was_cut_while_it_is_open_is_known)
{
	struct spam_file file = { 0 };
	int fd;

	teach(true);
	fd = open_model();
	ck_assert_int_eq(spam_file_map(fd, SPAM_TO_LOOK, &file), 0);
	ck_assert(spam_file_is_whole(fd, &file));
	ck_assert_int_eq(ftruncate(fd, (off_t)file.bytes - 1), 0);
	ck_assert(!spam_file_is_whole(fd, &file));
	ck_assert(!spam_file_is_whole(-1, &file));
	spam_file_close(&file);
	(void)close(fd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("spam_file");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, make_folder, remove_folder);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_learnt_is_seen_by_who_reads);
	tcase_add_loop_test(t, a_file_that_is_no_model_is_refused, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, a_file_that_was_cut_while_it_is_open_is_known);
	suite_add_tcase(suite, t);
	return suite;
}
