/*
 * as_sent_test.c - what is told of a message makes it what it was
 */
#include "fetch/as_sent.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/dot.h"
#include "lib/base/memfd.h"
#include "queue/archive.h"
#include "tests/unit/unit.h"

#define MOST	4096

static struct as_sent sent;
static struct digest digest;

static void
set_up(void)
{
	ck_assert_int_eq(as_sent_open(&sent, MOST), 0);
	ck_assert_int_eq(digest_open(&digest), 0);
}

static void
tear_down(void)
{
	as_sent_close(&sent);
	digest_close(&digest);
}

/* A message comes; what is told of it, mapped. */
static struct slice
tell(struct slice wire)
{
	struct dot_reader dot = dot_reader_of(true, true);
	struct slice run;
	struct stat st;
	void *map;
	int fd = -1;

	as_sent_begin(&sent);
	while (dot_take(&dot, &wire, &run) == DOT_RUN)
		as_sent_add(&sent, run, dot.mend);
	ck_assert_int_eq(as_sent_end(&sent, &fd), 0);
	ck_assert(memfd_is_sealed(fd));
	ck_assert_int_eq(fstat(fd, &st), 0);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	(void)close(fd);
	return slice_of(map, (size_t)st.st_size);
}

/* The second is not told with what was mended in the first. */
START_TEST(each_message_is_told_by_itself)
{
	static const struct slice wires[] = {
		SLICE("a\nb\0c\rd\r\n"), SLICE("fine\r\n"), SLICE(""),
	};

	for (size_t i = 0; i < 3; i++) {
		unsigned char wanted[DIGEST_BYTES];
		struct slice told = tell(wires[i]);
		struct original original;

		ck_assert_int_eq(original_unpack(told, &original), 0);
		ck_assert_uint_eq(original.bytes, wires[i].len);
		ck_assert_int_eq(digest_of(&digest, wires[i], wanted), 0);
		ck_assert_mem_eq(original.digest, wanted, DIGEST_BYTES);
		ck_assert_uint_eq(original.unmend.bits.len, i == 0);
		ck_assert_int_eq(munmap((char *)(uintptr_t)told.at, told.len),
		    0);
	}
}
END_TEST

START_TEST(of_one_that_is_larger_than_said_nothing_is_told)
{
	int fd = -1;

	as_sent_begin(&sent);
	for (size_t i = 0; i < 16 * MOST; i++)
		as_sent_add(&sent, slice_str("\r\n"), DOT_BARE_LF);
	ck_assert_int_eq(as_sent_end(&sent, &fd), -ENOMEM);
	ck_assert_int_eq(fd, -1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/as_sent");
	TCase *tests = tcase_create("as_sent");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, each_message_is_told_by_itself);
	tcase_add_test(tests, of_one_that_is_larger_than_said_nothing_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
