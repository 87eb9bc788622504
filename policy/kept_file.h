/*
 * kept_file.h - a small file beside policy.db that is written as a whole
 *
 * What the keeper has learnt of strangers stands in such files.  Each is written
 * anew, synced and then put in place of the old one.
 */
#ifndef POSTROOM_POLICY_KEPT_FILE_H
#define POSTROOM_POLICY_KEPT_FILE_H

#include "lib/base/slice.h"

/* It is on the disk: 0.  Or -errno: that one or the old one is there. */
int	kept_save(int folder_fd, const char *name, struct slice bytes);
/*
 * Its first `most` bytes, to be freed; NULL when there is no such file.  0 or
 * -errno.
 */
int	kept_load(int folder_fd, const char *name, size_t most,
	    char **bytes_out, size_t *len_out);

#endif
