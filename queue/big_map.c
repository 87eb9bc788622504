/*
 * big_map.c - a big file of the queue, read beside its owner
 */
#include "queue/big_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
map_file(int fd, uint64_t bytes, struct slice *bytes_out)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || (uint64_t)st.st_size != bytes)
		return -EBADMSG;
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*bytes_out = slice_of(map, (size_t)bytes);
	return 0;
}

int
big_map(int queue_fd, const struct message_id *id, uint64_t bytes,
    struct slice *bytes_out)
{
	char name[MESSAGE_ID_CHARS + 1], path[MESSAGE_ID_CHARS + 12];
	int fd, r;

	message_id_write(id, name);
	(void)snprintf(path, sizeof(path), "big/%s/%s",
	    name + MESSAGE_ID_CHARS - 2, name);
	fd = openat(queue_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = map_file(fd, bytes, bytes_out);
	(void)close(fd);
	return r;
}

void
big_unmap(struct slice *bytes)
{
	if (bytes->at != NULL)
		(void)munmap((void *)(uintptr_t)bytes->at, bytes->len);
	*bytes = slice_of(NULL, 0);
}
