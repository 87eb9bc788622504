/*
 * trail_days.c - the lines of the trail, day by day
 */
#include "queue/trail_days.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
read_day(int folder_fd, const char *name, trail_days_fn *fn, void *arg)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	if (file == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r == -ENOENT ? 0 : r;	/* its days are over */
	}
	while (r == 0 && (len = getline(&line, &size, file)) > 0)
		r = fn(arg, slice_of(line, (size_t)len));
	if (r == 0 && ferror(file))
		r = -EIO;
	free(line);
	(void)fclose(file);
	return r;
}

static int
is_day_file(const struct dirent *entry)
{
	return entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
	    strlen(entry->d_name) == 10;
}

int
trail_days_each(int folder_fd, const char *from, trail_days_fn *fn, void *arg)
{
	struct dirent **day;
	int count, r = 0;

	count = scandirat(folder_fd, ".", &day, is_day_file, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (r == 0 && (from == NULL ||
		    strcmp(day[i]->d_name, from) >= 0))
			r = read_day(folder_fd, day[i]->d_name, fn, arg);
		free(day[i]);
	}
	free(day);
	return r;
}
