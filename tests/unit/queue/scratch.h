/*
 * scratch.h - a folder for one test, gone after it
 */
#ifndef TESTS_UNIT_QUEUE_SCRATCH_H
#define TESTS_UNIT_QUEUE_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/unit.h"

struct scratch {
	char	path[64];
	int	fd;
};

/* For nftw(). */
static inline int
scratch_remove(const char *path, const struct stat *st, int type,
    struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* A new empty folder. */
static inline struct scratch
scratch_new(void)
{
	struct scratch scratch = { "/tmp/postroom-unit-XXXXXX", -1 };

	ck_assert_ptr_nonnull(mkdtemp(scratch.path));
	scratch.fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(scratch.fd, 0);
	return scratch;
}

/* Remove it with all that is in it. */
static inline void
scratch_drop(struct scratch *scratch)
{
	(void)close(scratch->fd);
	ck_assert_int_eq(nftw(scratch->path, scratch_remove, 8,
	    FTW_DEPTH | FTW_PHYS), 0);
}

#endif
