/*
 * hub_test.c - the hub's id is made once and read back, or refused
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/hub.h"
#include "tests/unit/unit.h"

static char	folder[64];
static int	folder_fd;

static const unsigned char id[HUB_ID_BYTES] = {
	0x00, 0x01, 0x7f, 0x80, 0xff, 0x10, 0xab, 0xcd,
	0xef, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde
};
#define LINE	"00017f80ff10abcdef123456789abcde\n"

static void
setup(void)
{
	strcpy(folder, "/tmp/hub_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void
teardown(void)
{
	(void)unlinkat(folder_fd, HUB_ID_FILE, 0);
	(void)unlinkat(folder_fd, "other", 0);
	(void)close(folder_fd);
	(void)rmdir(folder);
}

static void
put(const char *name, const char *bytes)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, strlen(bytes)),
	    (ssize_t)strlen(bytes));
	(void)close(fd);
}

START_TEST(it_is_made_once_and_read_back)
{
	unsigned char got[HUB_ID_BYTES];
	struct stat st;

	ck_assert_int_eq(hub_id_read(folder_fd, got), -ENOENT);
	ck_assert_int_eq(hub_id_write(folder_fd, id), 0);
	ck_assert_int_eq(hub_id_read(folder_fd, got), 0);
	ck_assert_mem_eq(got, id, HUB_ID_BYTES);
	ck_assert_int_eq(hub_id_write(folder_fd, id), -EEXIST);
	/* nobody changes it by mistake, and every role may know it */
	ck_assert_int_eq(fstatat(folder_fd, HUB_ID_FILE, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0222, 0);
	ck_assert_int_eq(st.st_size, 2 * HUB_ID_BYTES + 1);
}
END_TEST

static const char *const lines[] = {
	"", "\n", "00017f80ff10abcdef123456789abcde",
	"00017f80ff10abcdef123456789abcd\n",
	"00017f80ff10abcdef123456789abcdeX",
	"00017f80ff10abcdef123456789abcdg\n",
	"00017F80FF10ABCDEF123456789ABCDE\n",
	"00 17f80ff10abcdef123456789abcde\n",
};

START_TEST(what_is_no_id_is_refused)
{
	unsigned char got[HUB_ID_BYTES] = { 77 };

	put(HUB_ID_FILE, lines[_i]);
	ck_assert_int_eq(hub_id_read(folder_fd, got), -EUCLEAN);
	ck_assert_uint_eq(got[0], 77);
}
END_TEST

/* A75: whoever can write the folder leads us nowhere else */
START_TEST(a_link_in_its_place_is_not_followed)
{
	unsigned char got[HUB_ID_BYTES];

	put("other", LINE);
	ck_assert_int_eq(symlinkat("other", folder_fd, HUB_ID_FILE), 0);
	ck_assert_int_eq(hub_id_read(folder_fd, got), -ELOOP);
	ck_assert_int_eq(hub_id_write(folder_fd, id), -EEXIST);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("hub");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, it_is_made_once_and_read_back);
	tcase_add_loop_test(all, what_is_no_id_is_refused, 0,
	    (int)(sizeof(lines) / sizeof(*lines)));
	tcase_add_test(all, a_link_in_its_place_is_not_followed);
	suite_add_tcase(suite, all);
	return suite;
}
