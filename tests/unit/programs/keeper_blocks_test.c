/*
 * keeper_blocks_test.c - who is forgiven is told whether it will last
 */
#include "programs/keeper_blocks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/blocks_file.h"
#include "tests/unit/unit.h"

#define NET	"192.0.2.1"

static char folder[64];
static struct process process;
static struct keeper keeper;

static void
set_up(void)
{
	strcpy(folder, "/tmp/keeper_blocks_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	process = (struct process){ .folder_fd = open(folder,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	ck_assert_int_ge(process.folder_fd, 0);
	keeper = (struct keeper){ .process = &process,
	    .blocks = blocks_new() };
	LIST_INIT(&keeper.doors);
	ck_assert_ptr_nonnull(keeper.blocks);
}

static void
tear_down(void)
{
	blocks_free(keeper.blocks);
	(void)unlinkat(process.folder_fd, BLOCKS_FILE, 0);
	close(process.folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Else it would be kept out again after a restart, and who asked not know. */
START_TEST(what_cannot_be_saved_is_not_said_to_be_done)
{
	int folder_fd = process.folder_fd;

	ck_assert_int_eq(keeper_tell_forgiven(&keeper, NET), 0);
	ck_assert_int_eq(faccessat(folder_fd, BLOCKS_FILE, F_OK, 0), 0);
	process.folder_fd = -1;		/* nothing can be written there */
	ck_assert_int_lt(keeper_tell_forgiven(&keeper, NET), 0);
	process.folder_fd = folder_fd;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/keeper_blocks");
	TCase *tests = tcase_create("keeper_blocks");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_cannot_be_saved_is_not_said_to_be_done);
	suite_add_tcase(suite, tests);
	return suite;
}
