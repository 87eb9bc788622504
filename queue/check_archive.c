/*
 * check_archive.c - what is in the archive can be had by its name
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "queue/archive.h"
#include "queue/check_inside.h"

static int
look(void *arg, const struct archived *archived)
{
	if (archived->is_odd)
		check_tell(arg, FOUND_ARCHIVE, &archived->id);
	return 0;
}

int
check_archive(struct queue_check *check)
{
	int fd = openat(check->folder_fd, "archive",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	/* one from before there was such a folder has none */
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = archive_each(fd, 0, look, check);
	(void)close(fd);
	return r;
}
