/*
 * blocks_file.h - who is kept out of SMTP, over a restart
 *
 * One file beside policy.db (kept_file.h).  In it stand the times of a clock on
 * the wall, since the other one begins anew with the machine.
 */
#ifndef POSTROOM_POLICY_BLOCKS_FILE_H
#define POSTROOM_POLICY_BLOCKS_FILE_H

#include "policy/blocks.h"

#define BLOCKS_FILE	"blocks"

/* The bytes of such a file. */
void	blocks_write(struct text *, const struct blocks *, uint64_t now_ms,
	    int64_t now_utc_ms);
/*
 * What stands there is put into `blocks`, none for longer than a block can
 * last; how often whose time is over was out counts on.  0, or -EBADMSG: it is
 * no such file, and what was right in it is taken.
 */
int	blocks_read(struct blocks *, struct slice bytes, uint64_t now_ms,
	    int64_t now_utc_ms);

/* The same with the file in that folder.  0, -errno, -EBADMSG. */
int	blocks_save(const struct blocks *, int folder_fd);
int	blocks_load(struct blocks *, int folder_fd);

#endif
