/*
 * space.c - room on the disk: a ballast, an admission stop, a transit budget
 *
 * The disk is asked each time (fstatvfs costs a microsecond), so room that
 * somebody frees is noticed at once.
 */
#include "queue/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "queue/journal.h"
#include "store/account.h"

static const char ballast[] = "ballast";

struct space {
	int			 folder_fd;	/* borrowed */
	struct space_options	 options;
	uint64_t		 granted;
	uint64_t		 granted_records;	/* in the journal */
};

int
space_open(int folder_fd, const struct space_options *options,
    struct space **space_out)
{
	struct space *space = calloc(1, sizeof(*space));

	if (space == NULL)
		return -ENOMEM;
	space->folder_fd = folder_fd;
	space->options = *options;
	*space_out = space;
	return 0;
}

void
space_close(struct space *space)
{
	free(space);
}

int
space_free(const struct space *space, uint64_t *bytes_out)
{
	struct statvfs st;

	if (fstatvfs(space->folder_fd, &st) < 0)
		return -errno;
	*bytes_out = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}

/* The ballast, while it is given up, is for those who make room. */
static uint64_t
least_free(const struct space *space)
{
	return space->options.free_bytes + (space_has_ballast(space) ? 0 :
	    space->options.ballast_bytes);
}

int
space_is_short(const struct space *space, bool *short_out)
{
	uint64_t bytes = 0;
	int r = space_free(space, &bytes);

	if (r == 0)
		*short_out = bytes < least_free(space);
	return r;
}

int
space_is_full(const struct space *space, bool *full_out)
{
	uint64_t bytes = 0;
	int r = space_free(space, &bytes);

	if (r == 0)
		*full_out = bytes < space->options.ballast_bytes / 2;
	return r;
}

/* What a message of `bytes` takes in the journal. */
static uint64_t
record_bytes(uint64_t bytes)
{
	return SPACE_RECORD_BYTES + (bytes > BIG_BYTES ? 0 : bytes);
}

/* `more` on top of `used` stays within `most`. */
static bool
fits(uint64_t used, uint64_t more, uint64_t most)
{
	return used <= most && more <= most - used;
}

/* What the journal can take now. */
static uint64_t
journal_room(const struct space *space)
{
	struct journal_figures figures;

	if (space->options.journal == NULL)
		return UINT64_MAX;
	journal_figures(space->options.journal, &figures);
	return figures.bytes_free;
}

int
space_grant(struct space *space, uint64_t bytes)
{
	uint64_t record = record_bytes(bytes), left = 0;
	int r;

	if (!fits(space->granted, bytes, space->options.transit_bytes) ||
	    !fits(space->granted_records, record, journal_room(space)))
		return -ENOSPC;
	r = space_free(space, &left);
	if (r < 0)
		return r;
	/* what was granted before may be written still */
	if (left < least_free(space) || !fits(space->granted, bytes,
	    left - least_free(space)))
		return -ENOSPC;
	space->granted += bytes;
	space->granted_records += record;
	return 0;
}

/*
 * Who needs more asks again, and gives all back at once: which share of the
 * records that was cannot be told, so each byte gives back as much as another.
 */
void
space_release(struct space *space, uint64_t bytes)
{
	double share;

	if (bytes >= space->granted) {
		space->granted = space->granted_records = 0;
		return;
	}
	share = (double)bytes / (double)space->granted;
	space->granted -= bytes;
	space->granted_records -= (uint64_t)(share *
	    (double)space->granted_records);
}

uint64_t
space_granted(const struct space *space)
{
	return space->granted;
}

/* The ballast */

bool
space_has_ballast(const struct space *space)
{
	struct stat st;

	if (space->options.ballast_bytes == 0)
		return true;
	/* st_blocks counts 512 bytes each: a hole is no ballast */
	return fstatat(space->folder_fd, ballast, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == space->options.ballast_bytes &&
	    (uint64_t)st.st_blocks * 512 >= space->options.ballast_bytes;
}

int
space_release_ballast(struct space *space)
{
	if (unlinkat(space->folder_fd, ballast, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int
make_ballast(const struct space *space)
{
	int fd = openat(space->folder_fd, ballast,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	/* glibc writes where the file system cannot reserve */
	r = -posix_fallocate(fd, 0, (off_t)space->options.ballast_bytes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(space->folder_fd, ballast, 0);
	return r;
}

int
space_restore_ballast(struct space *space)
{
	uint64_t left = 0, ballast_bytes = space->options.ballast_bytes;
	int r;

	if (space_has_ballast(space))
		return 0;
	r = space_release_ballast(space);	/* of another size, or torn */
	if (r == 0)
		r = space_free(space, &left);
	if (r < 0)
		return r;
	if (!fits(ballast_bytes, space->options.free_bytes, left))
		return -ENOSPC;
	return make_ballast(space);
}
