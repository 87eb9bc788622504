/*
 * check_archive.c - what is in the archive is had by its name, and is what was
 * sent
 *
 * All of it is read: its name has the digest.  A file that goes meanwhile was
 * too old.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "queue/archive.h"
#include "queue/check_inside.h"

struct looking {
	struct queue_check *check;
	int		 folder_fd;	/* of the archive */
	uint64_t	 plain;		/* without a digest */
};

static int
prove(const struct looking *looking, const struct archive_name *name)
{
	int fd, r = archive_read(looking->folder_fd, name, &fd);

	if (r < 0)
		return r;
	r = archive_prove(fd, name);
	(void)close(fd);
	return r;
}

static int
look(void *arg, const struct archived *archived)
{
	struct looking *looking = arg;
	int r;

	looking->check->counts.archived++;
	if (archived->is_odd) {
		check_tell(looking->check, FOUND_ARCHIVE, &archived->name.id);
		return 0;
	}
	looking->plain += !archived->name.has_digest;
	r = prove(looking, &archived->name);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT)
		check_tell(looking->check, r == -EBADMSG ?
		    FOUND_ARCHIVE_CHANGED : FOUND_ARCHIVE_READ,
		    &archived->name.id);
	return 0;
}

int
check_archive(struct queue_check *check)
{
	struct queue_finding plain = { .what = FOUND_ARCHIVE_PLAIN };
	struct looking looking = { .check = check };
	int r;

	looking.folder_fd = openat(check->folder_fd, "archive",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* one from before there was such a folder has none */
	if (looking.folder_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = archive_each(looking.folder_fd, 0, look, &looking);
	(void)close(looking.folder_fd);
	plain.number = looking.plain;
	if (r == 0 && looking.plain > 0)
		check_tell_at(check, &plain);
	return r;
}
