/*
 * mail_files.c - the messages in files that somebody has named
 */
#include "programs/mail_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/message/header.h"
#include "lib/message/mbox.h"
#include "queue/stamp.h"

#define DEPTH_MOST	16	/* folders in folders: Maildir++ has two */
#define MESSAGE_MOST	(64u << 20)	/* bytes of one in an mbox */
#define KEYWORDS_MOST	65536

struct walk {
	const char	*hostname;
	mail_files_fn	*fn;
	void		*arg;
	uint64_t	*passed;
};

static int
take_message(const struct walk *walk, const char *path, unsigned number,
    struct slice bytes)
{
	struct slice message = stamp_skip(bytes, walk->hostname), rest = bytes;
	struct header_field field;

	if (!header_next(&rest, &field)) {
		++*walk->passed;
		return 0;
	}
	return walk->fn(walk->arg, &(struct mail_file){
	    .path = path, .number = number,
	    .message = message,
	    .on_top = slice_first(bytes, bytes.len - message.len) });
}

static int
take_mbox(const struct walk *walk, const char *path, struct slice bytes)
{
	TEXT_AUTO message = TEXT_INIT(MESSAGE_MOST);
	TEXT_AUTO keywords = TEXT_INIT(KEYWORDS_MOST);
	struct mbox_message one;
	unsigned number = 0;
	int r = 0;

	while (r == 0 && bytes.len > 0) {
		size_t scanned = 0, end;

		if (!mbox_end(bytes, true, &scanned, &end))
			end = bytes.len;
		text_clear(&message);
		text_clear(&keywords);
		mbox_read(slice_first(bytes, end), MBOX_RD, &one, &message,
		    &keywords);
		number++;
		if (!one.is_internal && !one.is_gone)
			r = take_message(walk, path, number,
			    text_slice(&message));
		bytes = slice_after(bytes, end);
	}
	return r;
}

static int
take_file(const struct walk *walk, int fd, const struct stat *st,
    const char *path)
{
	size_t len = (size_t)st->st_size;
	void *map = NULL;
	struct slice bytes;
	int r;

	if (len > 0)
		map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	bytes = slice_of(map, len);
	r = mbox_begins(slice_first(bytes, MBOX_FROM_MOST)) ?
	    take_mbox(walk, path, bytes) : take_message(walk, path, 0, bytes);
	if (map != NULL)
		munmap(map, len);
	return r;
}

static int	walk_at(const struct walk *, int above, const char *name,
		    const char *path, unsigned depth);

/* All files of the folder `fd`, which ends with it, in any order. */
static int
walk_folder(const struct walk *walk, int fd, const char *path, unsigned depth)
{
	DIR *dir = depth < DEPTH_MOST ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (dir == NULL) {
		r = depth < DEPTH_MOST ? -errno : -ELOOP;
		close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		TEXT_AUTO below = TEXT_INIT(PATH_MAX * DEPTH_MOST);

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		text_addf(&below, "%s/%s", path, entry->d_name);
		text_add_byte(&below, '\0');
		r = text_failed(&below) ? -ENOMEM : walk_at(walk, fd,
		    entry->d_name, below.at, depth + 1);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(dir);
	return r;
}

/*
 * A file or folder; a link is followed only where a person has named it.  One
 * that goes meanwhile (somebody reads this mail) is passed over: who has to
 * begin anew meets the first half twice.
 */
static int
walk_at(const struct walk *walk, int above, const char *name,
    const char *path, unsigned depth)
{
	int fd = openat(above, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    (depth > 0 ? O_NOFOLLOW : 0));
	struct stat st;
	int r = 0;

	if (fd < 0)
		return depth > 0 && (errno == ELOOP || errno == ENOENT) ? 0 :
		    -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		return walk_folder(walk, fd, path, depth);
	else if (S_ISREG(st.st_mode))
		r = take_file(walk, fd, &st, path);
	close(fd);
	return r;
}

int
mail_files_walk(const char *path, const char *hostname, mail_files_fn *fn,
    void *arg, uint64_t *passed)
{
	const struct walk walk = { hostname, fn, arg, passed };

	return walk_at(&walk, AT_FDCWD, path, path, 0);
}
