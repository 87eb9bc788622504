/*
 * kept_file.c - a small file beside policy.db that is written as a whole
 */
#include "policy/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_SIZE	32

static int
write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = slice_after(bytes, (size_t)n);
	}
	return 0;
}

int
kept_save(int folder_fd, const char *name, struct slice bytes)
{
	char new_name[NAME_SIZE];
	int fd, r;

	(void)snprintf(new_name, sizeof(new_name), "%s.new", name);
	fd = openat(folder_fd, new_name, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(folder_fd, new_name, folder_fd, name) < 0)
		r = -errno;
	if (r == 0 && fsync(folder_fd) < 0)
		r = -errno;
	return r;
}

int
kept_load(int folder_fd, const char *name, size_t most, char **bytes_out,
    size_t *len_out)
{
	char *bytes;
	ssize_t n;
	int fd, r = 0;

	fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0) {
		*bytes_out = NULL;
		*len_out = 0;
		return 0;
	}
	bytes = malloc(most);
	n = bytes == NULL ? -1 : pread(fd, bytes, most, 0);
	if (n < 0) {
		r = bytes == NULL ? -ENOMEM : -errno;
		free(bytes);
	} else {
		*bytes_out = bytes;
		*len_out = (size_t)n;
	}
	(void)close(fd);
	return r;
}
