/*
 * archive.h - archive/DAY/ID.SHA256: what a provider sent, byte for byte
 *
 * Where the rules of a domain's mailbox say so, each message collected there is
 * kept here as it came, before anything judges it: line ends and NULs that had
 * to be mended for the stored message are as they were.  Whatever becomes of
 * the message - delivered, held, not needed because a copy is here - its file
 * stays until it is too old.
 *
 * The file is durable before the message is received, and so before it may be
 * deleted where it was.  What was not received has no file, but for one that a
 * hub left behind that ended just then: such a message may be here twice.
 *
 * DAY is that of the id, in UTC; a file is written in new/ and given its name
 * when it is whole.  The name ends in the digest of its bytes, which no copy and
 * no backup can part from them, and which sha256sum(1) can be asked to compare;
 * a file of an earlier Postroom has none.
 */
#ifndef POSTROOM_QUEUE_ARCHIVE_H
#define POSTROOM_QUEUE_ARCHIVE_H

#include <sys/types.h>

#include "lib/base/id.h"
#include "lib/base/mends.h"

#define ARCHIVE_DIGEST_BYTES	32	/* SHA-256 */
#define ARCHIVE_DAY_SIZE	11	/* "2026-11-22", NUL */
#define ARCHIVE_HEX_SIZE	(2 * ARCHIVE_DIGEST_BYTES + 1)
/* "ID.SHA256", NUL; and behind "2026-11-22/". */
#define ARCHIVE_NAME_SIZE	(MESSAGE_ID_CHARS + 1 + ARCHIVE_HEX_SIZE)
#define ARCHIVE_PATH_SIZE	(ARCHIVE_DAY_SIZE + ARCHIVE_NAME_SIZE)
/* Removed in one turn of the loop, for their age: some ms of a disk. */
#define ARCHIVE_EXPIRED_MOST	64

/* What one is called. */
struct archive_name {
	struct message_id id;
	bool		has_digest;	/* false: made before there was one */
	unsigned char	digest[ARCHIVE_DIGEST_BYTES];	/* SHA-256 */
};

/* A message as it came, told by the stored one. */
struct original {
	uint64_t	bytes;
	unsigned char	digest[ARCHIVE_DIGEST_BYTES];	/* of these */
	struct unmend	unmend;		/* borrows what was read */
};

/* As bytes, with its mends. */
void	original_pack(struct text *, uint64_t bytes,
	    const unsigned char digest[ARCHIVE_DIGEST_BYTES],
	    const struct mends *);
/* And back: 0 or -EBADMSG. */
int	original_unpack(struct slice, struct original *original_out);

/* How files are written; tests put failures between. */
struct archive_io {
	ssize_t	(*write)(int fd, const void *, size_t, off_t at);
	int	(*sync)(int fd);
	int	(*rename)(int from_fd, const char *, int to_fd, const char *);
};
extern const struct archive_io archive_disk;

struct archive;			/* opaque; the folder */

/*
 * Open the folder (borrowed).  What an earlier life left in new/ goes.  To be
 * called before the role is confined: it fetches the digest.  `io` NULL:
 * archive_disk.  0, -ENOMEM, or -errno as the system says.
 */
int	archive_open(int folder_fd, const struct archive_io *io,
	    struct archive **archive_out);
/* NULL is fine. */
void	archive_close(struct archive *);

/*
 * Write the original of the message that stands in `fd`, durable with its name.
 * Blocks; may be called in any thread.  0; -EBADMSG: what comes out is not what
 * was sent; or -ENOSPC, -EIO, ...  After an error nothing stands there.
 */
int	archive_put(struct archive *, const struct message_id *, int fd,
	    const struct original *);
/* It was not received after all.  0 (also: it is not there) or -errno. */
int	archive_drop(struct archive *, const struct archive_name *);

/* The folder itself */

/*
 * Remove some of what is older than `days` days, ARCHIVE_EXPIRED_MOST files at
 * the most.  1: there may be more; 0; or -errno.
 */
int	archive_expire(int folder_fd, int64_t now_utc_ms, unsigned days);

/* "2026-11-22". */
void	archive_day(int64_t utc_ms, char day_out[ARCHIVE_DAY_SIZE]);

/* One file. */
struct archived {
	struct archive_name name;
	int64_t		at_utc_ms;	/* of its id */
	uint64_t	bytes;
	bool		is_odd;		/* no file as they are, or it stands in
					   the folder of another day */
};

/* Not 0: enough. */
typedef int archive_fn(void *arg, const struct archived *);

/*
 * All of them from `first_utc_ms` on, by day and name.  0, what `fn` said,
 * -ENOMEM, or -errno; a folder or file that goes meanwhile is no error.
 */
int	archive_each(int folder_fd, int64_t first_utc_ms, archive_fn *, void *);
/*
 * The one of that id; it reads the names of its whole day.  0, -ENOENT, -ENOMEM,
 * or -errno.
 */
int	archive_find(int folder_fd, const struct message_id *,
	    struct archived *archived_out);
/* A descriptor to read it.  0, -ENOENT, or -errno. */
int	archive_read(int folder_fd, const struct archive_name *, int *fd_out);
/*
 * Are these the bytes that were sent?  Reads all of the file; where it is to be
 * read next is left alone.  0: they are, or the name has no digest; -EBADMSG:
 * they have changed; -ENOMEM; or -errno.
 */
int	archive_prove(int fd, const struct archive_name *);
/* Its digest in hexadecimal; "" where it has none. */
void	archive_hex(const struct archive_name *,
	    char hex_out[ARCHIVE_HEX_SIZE]);
/* Where it is: "2026-11-22/ID.SHA256". */
void	archive_path(const struct archive_name *,
	    char path_out[ARCHIVE_PATH_SIZE]);

#endif
