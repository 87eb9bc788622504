/*
 * hub.c - the hub's id: which installation every file belongs to
 */
#include "policy/hub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES	(2 * HUB_ID_BYTES + 1)	/* hexadecimal, line feed */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hub_id_read(int data_fd, unsigned char id_out[HUB_ID_BYTES])
{
	unsigned char id[HUB_ID_BYTES];
	char line[LINE_BYTES];
	ssize_t n;
	int fd;

	fd = openat(data_fd, HUB_ID_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	n = read(fd, line, sizeof(line));
	(void)close(fd);
	if (n != LINE_BYTES || line[LINE_BYTES - 1] != '\n')
		return -EUCLEAN;
	for (size_t i = 0; i < HUB_ID_BYTES; i++) {
		int high = digit(line[2 * i]), low = digit(line[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EUCLEAN;
		id[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(id_out, id, HUB_ID_BYTES);
	return 0;
}

int
hub_id_write(int data_fd, const unsigned char id[HUB_ID_BYTES])
{
	char line[LINE_BYTES + 1];
	int fd, r = 0;

	for (size_t i = 0; i < HUB_ID_BYTES; i++)
		(void)snprintf(line + 2 * i, 4, "%02x\n", id[i]);
	fd = openat(data_fd, HUB_ID_FILE, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0444);
	if (fd < 0)
		return -errno;
	if (write(fd, line, LINE_BYTES) != LINE_BYTES)
		r = -EIO;
	else if (fsync(fd) < 0 || fsync(data_fd) < 0)
		r = -errno;
	(void)close(fd);
	if (r < 0)
		(void)unlinkat(data_fd, HUB_ID_FILE, 0);
	return r;
}
