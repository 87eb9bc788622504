/*
 * big_map.h - a big file of the queue, read beside its owner
 *
 * It was made once and is never written again (big.h), so it can be mapped.
 */
#ifndef POSTROOM_QUEUE_BIG_MAP_H
#define POSTROOM_QUEUE_BIG_MAP_H

#include "lib/base/id.h"

/*
 * Map big/XX/ID below the queue's folder, of `bytes` bytes.
 * 0, -ENOENT, -EBADMSG (it has another size), or -errno.
 */
int	big_map(int queue_fd, const struct message_id *, uint64_t bytes,
	    struct slice *bytes_out);
/* Fine when it is empty, which it is then. */
void	big_unmap(struct slice *);

#endif
