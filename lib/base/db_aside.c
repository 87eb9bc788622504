/*
 * db_aside.c - a database that was made again, and the damaged one it replaces
 */
#include "lib/base/db_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_SIZE	(DB_ASIDE_SIZE + 4)	/* NAME-wal */

int
db_aside_settle(int work_fd, const char *name, int folder_fd)
{
	struct stat folder;
	int fd = openat(work_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(folder_fd, &folder) < 0 || fsync(fd) < 0 ||
	    (geteuid() == 0 && fchown(fd, folder.st_uid, folder.st_gid) < 0))
		r = -errno;
	(void)close(fd);
	return r;
}

int
db_aside_link(int folder_fd, const char *name, char aside_out[DB_ASIDE_SIZE])
{
	time_t now = time(NULL);
	struct tm tm;
	int r;

	do {
		char date[24];

		(void)gmtime_r(&now, &tm);
		(void)strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
		(void)snprintf(aside_out, DB_ASIDE_SIZE, "%.30s.damaged-%s",
		    name, date);
		r = linkat(folder_fd, name, folder_fd, aside_out, 0) < 0 ?
		    -errno : 1;
		now++;
	} while (r == -EEXIST);
	if (r != -ENOENT)
		return r;
	/* never the name of an earlier one */
	(void)snprintf(aside_out, DB_ASIDE_SIZE, "%.30s.damaged", name);
	return 0;
}

int
db_aside_log(int folder_fd, const char *name, const char *aside)
{
	char log[LOG_SIZE], shared[LOG_SIZE], kept[LOG_SIZE];

	(void)snprintf(log, sizeof(log), "%s-wal", name);
	(void)snprintf(shared, sizeof(shared), "%s-shm", name);
	(void)snprintf(kept, sizeof(kept), "%s-wal", aside);
	if (renameat(folder_fd, log, folder_fd, kept) < 0 && errno != ENOENT)
		return -errno;
	if (unlinkat(folder_fd, shared, 0) < 0 && errno != ENOENT)
		return -errno;
	return fsync(folder_fd) < 0 ? -errno : 0;
}

void
db_aside_undo(int folder_fd, const char *name, const char *aside)
{
	char log[LOG_SIZE], kept[LOG_SIZE];

	(void)snprintf(log, sizeof(log), "%s-wal", name);
	(void)snprintf(kept, sizeof(kept), "%s-wal", aside);
	(void)renameat(folder_fd, kept, folder_fd, log);
	(void)unlinkat(folder_fd, aside, 0);
}
