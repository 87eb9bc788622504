/*
 * memfd_test.c - a file in memory that nobody can change any more
 */
#include "lib/base/memfd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/unit.h"

START_TEST(it_holds_the_bytes)
{
	char got[8];
	int fd = memfd_of("bytes", slice_str("letter"));

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)pread(fd, got, sizeof(got), 0), 6);
	ck_assert_mem_eq(got, "letter", 6);
	ck_assert(memfd_is_sealed(fd));
	(void)close(fd);
}
END_TEST

START_TEST(nobody_can_change_it)
{
	int fd = memfd_of("bytes", slice_str("letter"));

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)pwrite(fd, "L", 1, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(ftruncate(fd, 9), -1);
	ck_assert_ptr_eq(mmap(NULL, 6, PROT_WRITE, MAP_SHARED, fd, 0),
	    MAP_FAILED);
	(void)close(fd);
}
END_TEST

START_TEST(it_may_be_empty)
{
	int fd = memfd_of("bytes", slice_of(NULL, 0));

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_END), 0);
	(void)close(fd);
}
END_TEST

START_TEST(what_is_not_sealed_is_told)
{
	int fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert(!memfd_is_sealed(fd));
	ck_assert(!memfd_is_sealed(-1));
	(void)close(fd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/memfd");
	TCase *tests = tcase_create("memfd");

	tcase_add_test(tests, it_holds_the_bytes);
	tcase_add_test(tests, nobody_can_change_it);
	tcase_add_test(tests, it_may_be_empty);
	tcase_add_test(tests, what_is_not_sealed_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
