/*
 * big.h - big/XX/ID: a message over 128 KiB, one file for the whole office
 *
 * XX are the last two characters of the id.  The file is written and digested
 * as the bytes come, then read-only for ever; accounts get descriptors of it.
 * It must be durable before the journal record that names it: big_sync().
 */
#ifndef POSTROOM_QUEUE_BIG_H
#define POSTROOM_QUEUE_BIG_H

#include "lib/base/id.h"

#define BIG_DIGEST_BYTES	32	/* SHA-256 */
#define BIG_SWEEP_SECONDS	(24 * 60 * 60)	/* younger ones may be coming */

struct big;			/* opaque; the folder */
struct big_writer;		/* opaque; one file that is coming in */

/*
 * Open the folder (borrowed); the 1,024 below it are made as they are needed.
 * To be called before the role is confined: it fetches the digest.
 * 0 or -ENOMEM.
 */
int	big_folder_open(int folder_fd, struct big **big_out);
void	big_folder_close(struct big *);

/* Begin file `id`.  0, -EEXIST, -ENOSPC, -ENOMEM, or as the system says. */
int	big_begin(struct big *, const struct message_id *,
	    struct big_writer **writer_out);
/*
 * The next bytes.  0, or -ENOSPC, -EIO ...: what was fed stays, but the file is
 * of no use any more; abort it.
 */
int	big_feed(struct big_writer *, struct slice);
/* No more comes: the file becomes read-only.  Once. */
int	big_finish(struct big_writer *, uint64_t *bytes_out,
	    unsigned char digest_out[BIG_DIGEST_BYTES]);
/* A file that is finished, and what is known of it. */
struct big_made {
	struct big_writer *writer;
	struct message_id id;
	uint64_t	 bytes;
	char		 last[2];	/* of them */
	unsigned char	 digest[BIG_DIGEST_BYTES];
};

/* What these bytes digest to; may be called in any thread.  0 or -ENOMEM. */
int	big_digest(const struct big *, struct slice,
	    unsigned char digest_out[BIG_DIGEST_BYTES]);
/* Make file and name durable.  Blocks: to be called in the sync thread. */
int	big_sync(struct big_writer *);
/* What has been fed so far: its digest, and more may follow.  0 or -ENOMEM. */
int	big_digest_so_far(const struct big_writer *,
	    unsigned char digest_out[BIG_DIGEST_BYTES]);
/* A second name for it, in that folder.  0 or -errno; not durable yet. */
int	big_link(const struct big_writer *, int folder_fd, const char *name);
/*
 * Begin one that is to take the name of that other.  Until then it has a name
 * that no message has, in the same folder: the wall lets nothing go from folder
 * to folder.  As big_begin().
 */
int	big_begin_beside(const struct big_writer *,
	    struct big_writer **writer_out);
/*
 * Such a one, finished, takes the name; what had it is gone, and *old_inout is
 * the new one's writer.  0, or -errno: both are as they were.  big_sync() makes
 * that durable.
 */
int	big_replace(struct big_writer **old_inout, struct big_writer *);
/* Its descriptor, for journal_append(); others get one from big_open(). */
int	big_fd(const struct big_writer *);
/* Close it; the file stays.  NULL is fine. */
void	big_end(struct big_writer *);
/* Close and remove it.  NULL is fine. */
void	big_abort(struct big_writer *);

/* A read-only descriptor of file `id`.  0, -ENOENT, -EMFILE, ... */
int	big_open(struct big *, const struct message_id *, int *fd_out);
/* Remove it; one that is not there is no error. */
int	big_drop(struct big *, const struct message_id *);

/*
 * At start: remove files older than BIG_SWEEP_SECONDS that nobody knows.
 * `is_known` answers for one id: 0, -ENOENT (remove), or an error, which ends
 * the sweep.
 */
typedef int	big_known_fn(void *arg, const struct message_id *);
int	big_sweep(struct big *, int64_t now_utc_ms, big_known_fn *is_known,
	    void *arg, unsigned *removed_out);

#endif
