/*
 * spam_file.c - the file of a spam model, mapped
 *
 * A model is made under another name, so that one that is there is whole.
 */
#include "programs/spam_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKING_NAME	SPAM_FILE_NAME ".new"
#define READ_BYTES	((size_t)256 * 1024)

/* Read all of it, so that what cannot be read is an errno.  0 or -errno. */
static int
read_through(int fd, size_t bytes)
{
	char *buffer = malloc(READ_BYTES);
	size_t at = 0;
	int r = buffer == NULL ? -ENOMEM : 0;

	while (r == 0 && at < bytes) {
		ssize_t n = pread(fd, buffer, READ_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			r = n < 0 ? -errno : -EBADMSG;
		else
			at += (size_t)n;
	}
	free(buffer);
	return r;
}

int
spam_file_map(int fd, enum spam_use use, struct spam_file *file_out)
{
	struct spam_file file = { 0 };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (size_t)st.st_size > spam_model_bytes(SPAM_BITS_MOST))
		return -EBADMSG;
	file.bytes = (size_t)st.st_size;
	if (use != SPAM_TO_LOOK ||
	    file.bytes <= spam_model_bytes(SPAM_BITS_PERSON))
		r = read_through(fd, file.bytes);
	else
		r = 0;
	if (r < 0)
		return r;
	file.map = mmap(NULL, file.bytes, use == SPAM_TO_LEARN ?
	    PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (file.map == MAP_FAILED)
		return -errno;
	r = use == SPAM_TO_LOOK ?
	    spam_model_look(file.map, file.bytes, &file.model) :
	    spam_model_open(file.map, file.bytes, &file.model);
	if (r < 0) {
		(void)munmap(file.map, file.bytes);
		return r;
	}
	/* all of it was looked at; what is used comes back */
	if (use != SPAM_TO_LOOK)
		(void)madvise(file.map, file.bytes, MADV_DONTNEED);
	*file_out = file;
	return 0;
}

/*
 * An empty model under the other name.  It has all its room from the start: a
 * disk that is full must not show while the mapping is written, which would end
 * us by a signal.  0 or -errno.
 */
static int
make_at(int fd, unsigned bits, int64_t now_utc)
{
	size_t bytes = spam_model_bytes(bits);
	void *map;
	int r;

	if (ftruncate(fd, 0) < 0)
		return -errno;
	r = posix_fallocate(fd, 0, (off_t)bytes);
	if (r != 0)
		return -r;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	spam_model_make(map, bits, now_utc);
	(void)munmap(map, bytes);
	return fsync(fd) < 0 ? -errno : 0;
}

/* Is what is locked still under that name, and no model that is in use? */
static bool
is_making(int folder_fd, int fd)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && fstatat(folder_fd, MAKING_NAME, &named,
	    AT_SYMLINK_NOFOLLOW) == 0 && locked.st_ino == named.st_ino;
}

static int
make(int folder_fd, unsigned bits, int64_t now_utc)
{
	int fd = openat(folder_fd, MAKING_NAME, O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = -errno;
	else if (!is_making(folder_fd, fd))	/* somebody was quicker */
		r = -EWOULDBLOCK;
	else
		r = make_at(fd, bits, now_utc);
	if (r == 0 && renameat(folder_fd, MAKING_NAME, folder_fd,
	    SPAM_FILE_NAME) < 0)
		r = -errno;
	if (r < 0 && r != -EWOULDBLOCK)	/* what is half made takes no room */
		(void)unlinkat(folder_fd, MAKING_NAME, 0);
	(void)close(fd);
	return r;
}

static int
open_it(int folder_fd, int *fd_out)
{
	int fd = openat(folder_fd, SPAM_FILE_NAME, O_RDWR | O_CLOEXEC |
	    O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

int
spam_file_learn(int folder_fd, unsigned bits, int64_t now_utc,
    struct spam_file *file_out, int *fd_out, bool *is_new_out)
{
	bool is_new = false;
	int fd = -1, r;

	r = open_it(folder_fd, &fd);
	if (r == -ENOENT) {
		is_new = true;
		r = make(folder_fd, bits, now_utc);
		if (r == 0)
			r = open_it(folder_fd, &fd);
	}
	if (r < 0)
		return r;
	r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno :
	    spam_file_map(fd, SPAM_TO_LEARN, file_out);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	*fd_out = fd;
	*is_new_out = is_new;
	return 0;
}

bool
spam_file_is_whole(int fd, const struct spam_file *file)
{
	char last;

	/* a judge may not ask for the size of a file */
	return file->bytes > 0 && pread(fd, &last, 1,
	    (off_t)file->bytes - 1) == 1;
}

void
spam_file_close(struct spam_file *file)
{
	if (file->map != NULL)
		(void)munmap(file->map, file->bytes);
	*file = (struct spam_file){ 0 };
}
