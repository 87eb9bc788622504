/*
 * archive_inside.h - what archive.c, archive_name.c and archive_days.c share
 */
#ifndef POSTROOM_QUEUE_ARCHIVE_INSIDE_H
#define POSTROOM_QUEUE_ARCHIVE_INSIDE_H

#include "queue/archive.h"

/* A folder below another, to read; its descriptor, or -errno. */
int	archive_folder(int folder_fd, const char *name);
/*
 * Remove the files in a folder; `*most` is how many may be, and is counted
 * down.  0 or -errno.
 */
int	archive_empty(int folder_fd, unsigned *most);
/* "ID.SHA256", or "ID" of one without. */
void	archive_name_write(const struct archive_name *,
	    char text_out[ARCHIVE_NAME_SIZE]);
/* 0, or -EINVAL: archive_name_write() never made it. */
int	archive_name_read(const char *text, struct archive_name *name_out);

#endif
