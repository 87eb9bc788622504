/*
 * greylist_file.c - who has sent whom mail before, over a restart
 */
#include "policy/greylist.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/loop.h"
#include "policy/kept_file.h"

/* Of one: its texts, their lengths, a byte and a time. */
#define ONE_BYTES	(BLOCK_NET_SIZE + 2 * GREY_TEXT + 3 * 4 + 1 + 8)
#define FILE_BYTES	(64 + \
	(GREY_WAITING_MOST + GREY_KNOWN_MOST) * (size_t)ONE_BYTES)

int
greylist_save(const struct greylist *list, int folder_fd)
{
	TEXT_AUTO bytes = TEXT_INIT(FILE_BYTES);

	greylist_write(&bytes, list);
	return text_failed(&bytes) ? -ENOMEM :
	    kept_save(folder_fd, GREYLIST_FILE, text_slice(&bytes));
}

int
greylist_load(struct greylist *list, int folder_fd)
{
	char *bytes;
	size_t len;
	int r = kept_load(folder_fd, GREYLIST_FILE, FILE_BYTES, &bytes, &len);

	if (r < 0 || bytes == NULL)
		return r;
	r = greylist_read(list, slice_of(bytes, len), clock_utc_ms());
	free(bytes);
	return r;
}
