/*
 * admin_scene.h - a policy.db, and requests to it as lines of JSON
 *
 * For the tests that ask as the console does.  `asker` is who asks.
 */
#ifndef POSTROOM_TESTS_UNIT_POLICY_ADMIN_SCENE_H
#define POSTROOM_TESTS_UNIT_POLICY_ADMIN_SCENE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/admin_json.h"
#include "policy/seal.h"
#include "tests/unit/unit.h"

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static bool		 fetches_changed;	/* by the last request */
static uint64_t		 asker;			/* 0: the postmaster's machine */

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };

/* A policy.db with a domain in it. */
static inline void
setup(void)
{
	unsigned needs;

	asker = 0;
	strcpy(folder, "/tmp/admin_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
}

/* It is gone. */
static inline void
teardown(void)
{
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

/* The whole way of one line, but for the sockets. */
static inline void
answer_to(const char *line, struct text *answer)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	text_clear(answer);
	ck_assert_int_eq(admin_read_own(slice_str(line), asker == 0 ?
	    slice_of(NULL, 0) : slice_str("ann@office.test"), &request,
	    &packed, &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed),
	    1795300000000), 0);
	work.asker = asker;
	work.seal_key = &key;
	admin_end(&work, admin_hash(&work), policy, &rows);
	fetches_changed = work.fetches_changed;
	ck_assert_int_eq(admin_answer_write(request, text_slice(&rows),
	    LANGUAGE_EN, answer), 0);
	text_add_byte(answer, '\0');
}

#define ADD(address, password) "{\"request\": \"account add\", \"args\": " \
	"{\"address\": \"" address "\", \"password\": \"" password "\"}}"

#define FETCH(verb, args) "{\"request\": \"fetch " verb "\", \"args\": " \
	"{\"address\": \"ann\"" args "}}"
#define WITH(name, value) ", \"" name "\": \"" value "\""
#define GOOD	WITH("host", "pop.example.com") WITH("user", "ann") \
	WITH("password", "a remote one")

#endif
