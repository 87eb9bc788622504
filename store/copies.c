/*
 * copies.c - copies of an account's index, which repair begins with
 */
#include "store/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/db_copy.h"
#include "store/account_inside.h"
#include "store/index_inside.h"

#define NEW_NAME	"new"

static const char *const names[COPIES_MOST] = { "index.1", "index.2" };

const char *
copies_path(unsigned generation)
{
	static const char *const paths[COPIES_MOST] = {
		COPIES_FOLDER "/index.1", COPIES_FOLDER "/index.2"
	};

	return paths[generation - 1];
}

int
copies_age(int folder_fd, unsigned generation, int64_t now_utc_ms,
    int64_t *seconds_out)
{
	struct stat st;
	int64_t age;

	if (fstatat(folder_fd, copies_path(generation), &st,
	    AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	age = now_utc_ms / 1000 - st.st_mtim.tv_sec;
	*seconds_out = age < 0 ? INT64_MAX : age;
	return 0;
}

int
copies_judge(int folder_fd, unsigned generation)
{
	int fd = openat(folder_fd, COPIES_FOLDER, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = db_copy_judge(fd, names[generation - 1]);
	(void)close(fd);
	return r;
}

bool
account_wants_copy(struct account *account, int64_t now_utc_ms)
{
	uint64_t modseq = account->index->marks.modseqs.next;
	bool is_at_rest = modseq == account->copy_modseq;
	int64_t age = INT64_MAX;

	account->copy_modseq = modseq;
	if (account->copy != NULL)
		return true;
	if (copies_age(account->folder_fd, 1, now_utc_ms, &age) < 0)
		age = INT64_MAX;
	if (age == INT64_MAX)	/* a new account need not have one at once */
		return is_at_rest;
	return age >= (is_at_rest ? COPIES_SECONDS : COPIES_LATE_SECONDS);
}

static int
open_folder(const struct account *account)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(account->folder_fd, COPIES_FOLDER, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (mkdirat(account->folder_fd, COPIES_FOLDER, 0700) < 0 ||
	    fsync(account->folder_fd) < 0)
		return -errno;
	fd = openat(account->folder_fd, COPIES_FOLDER, flags);
	return fd < 0 ? -errno : fd;
}

/* All letters of the copy are vouched for: what stands behind them is newer. */
static int
begin(struct account *account)
{
	int r = account_commit_full(account), fd;

	if (r < 0)
		return r;
	fd = open_folder(account);
	if (fd < 0)
		return fd;
	r = db_copy_new(account->index->db, fd, NEW_NAME, &account->copy);
	(void)close(fd);
	return r < 0 ? r : 1;
}

/* The newest becomes the one before; a crash in between leaves that one. */
static int
take_name(const struct account *account)
{
	int fd = open_folder(account), r = 0;

	if (fd < 0)
		return fd;
	if (renameat(fd, names[0], fd, names[1]) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0 && (renameat(fd, NEW_NAME, fd, names[0]) < 0 ||
	    fsync(fd) < 0))
		r = -errno;
	(void)close(fd);
	return r;
}

static int
end(struct account *account)
{
	int r;

	/* no row of it may be durable before its bytes are */
	r = account_commit_full(account);
	if (r == 0)
		r = take_name(account);
	copies_stop(account);
	return r;
}

int
account_copy(struct account *account)
{
	int r;

	if (account->copy == NULL)
		return begin(account);
	r = account_commit_open(account);
	if (r == 0)
		r = db_copy_step(account->copy);
	if (r == 0)
		return end(account);
	if (r < 0)
		copies_stop(account);
	return r;
}

void
copies_stop(struct account *account)
{
	db_copy_free(account->copy);
	account->copy = NULL;
}
