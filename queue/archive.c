/*
 * archive.c - archive/DAY/ID.SHA256: what a provider sent, byte for byte
 *
 * A name stands below DAY only for a file that is whole and on the disk, and
 * whose digest is that of the bytes which came.
 */
#include "queue/archive_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_NAME	"new"
#define COPY_BYTES	65536	/* at a time; of the thread that does it */

struct archive {
	int		 folder_fd;	/* borrowed */
	int		 new_fd;
	EVP_MD		*sha256;
	const struct archive_io *io;
};

const struct archive_io archive_disk = { pwrite, fsync, renameat };

/* What is told of an original */

void
original_pack(struct text *text, uint64_t bytes,
    const unsigned char digest[ARCHIVE_DIGEST_BYTES],
    const struct mends *mends)
{
	pack_u64(text, bytes);
	pack_bytes(text, slice_of(digest, ARCHIVE_DIGEST_BYTES));
	mends_pack(text, mends);
}

int
original_unpack(struct slice packed, struct original *original_out)
{
	struct unpack u = unpack_of(packed);
	struct original original = { .bytes = unpack_u64(&u) };
	struct slice digest = unpack_bytes(&u, ARCHIVE_DIGEST_BYTES);

	original.unmend = unmend_of(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	memcpy(original.digest, digest.at, ARCHIVE_DIGEST_BYTES);
	*original_out = original;
	return 0;
}

/* The folder */

static int
open_new(struct archive *archive)
{
	unsigned most = UINT32_MAX;

	if (mkdirat(archive->folder_fd, NEW_NAME, 0700) < 0 &&
	    errno != EEXIST)
		return -errno;
	archive->new_fd = archive_folder(archive->folder_fd, NEW_NAME);
	return archive->new_fd < 0 ? archive->new_fd :
	    archive_empty(archive->new_fd, &most);
}

int
archive_open(int folder_fd, const struct archive_io *io,
    struct archive **archive_out)
{
	struct archive *archive = calloc(1, sizeof(*archive));
	int r;

	if (archive == NULL)
		return -ENOMEM;
	archive->folder_fd = folder_fd;
	archive->new_fd = -1;
	archive->io = io == NULL ? &archive_disk : io;
	archive->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	r = archive->sha256 == NULL ? -ENOMEM : open_new(archive);
	if (r < 0) {
		archive_close(archive);
		return r;
	}
	*archive_out = archive;
	return 0;
}

void
archive_close(struct archive *archive)
{
	if (archive == NULL)
		return;
	if (archive->new_fd >= 0)
		(void)close(archive->new_fd);
	EVP_MD_free(archive->sha256);
	free(archive);
}

/* One original */

/* While it is written. */
struct copy {
	const struct archive *archive;
	int		 from_fd, to_fd;
	uint64_t	 bytes;		/* written */
	struct unmend	 unmend;
	EVP_MD_CTX	*digest;
	char		 in[COPY_BYTES], out[COPY_BYTES + 1];
};

static int
write_all(struct copy *copy, size_t count)
{
	const char *at = copy->out;

	if (EVP_DigestUpdate(copy->digest, at, count) != 1)
		return -ENOMEM;
	while (count > 0) {
		ssize_t n = copy->archive->io->write(copy->to_fd, at, count,
		    (off_t)copy->bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -EIO : -errno;
		at += n;
		count -= (size_t)n;
		copy->bytes += (uint64_t)n;
	}
	return 0;
}

/* All that stands in from_fd. */
static int
copy_all(struct copy *copy)
{
	off_t at = 0;
	ssize_t n = 1;
	int r = 0;

	while (r == 0 && n > 0) {
		n = pread(copy->from_fd, copy->in, sizeof(copy->in), at);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return -errno;
		at += n;
		r = write_all(copy, unmend_take(&copy->unmend,
		    slice_of(copy->in, (size_t)n), copy->out));
	}
	return r < 0 ? r : write_all(copy, unmend_end(&copy->unmend,
	    copy->out));
}

/* Is that what was sent? */
static int
prove(struct copy *copy, const struct original *original)
{
	unsigned char digest[ARCHIVE_DIGEST_BYTES];

	if (EVP_DigestFinal_ex(copy->digest, digest, NULL) != 1)
		return -ENOMEM;
	return copy->bytes == original->bytes && memcmp(digest,
	    original->digest, sizeof(digest)) == 0 ? 0 : -EBADMSG;
}

static int
write_new(const struct archive *archive, const char *name, int fd,
    const struct original *original)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	int r = -ENOMEM;

	if (copy == NULL)
		return -ENOMEM;
	copy->archive = archive;
	copy->from_fd = fd;
	copy->unmend = original->unmend;
	copy->digest = EVP_MD_CTX_new();
	copy->to_fd = openat(archive->new_fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (copy->to_fd < 0)
		r = -errno;
	else if (copy->digest != NULL && EVP_DigestInit_ex2(copy->digest,
	    archive->sha256, NULL) == 1)
		r = copy_all(copy);
	if (r == 0)
		r = prove(copy, original);
	if (r == 0 && archive->io->sync(copy->to_fd) < 0)
		r = -errno;
	if (copy->to_fd >= 0)
		(void)close(copy->to_fd);
	EVP_MD_CTX_free(copy->digest);
	free(copy);
	return r;
}

/*
 * The folder of its day, durable: who finds it made cannot know whether who
 * made it has come so far.
 */
static int
open_day(const struct archive *archive, const struct message_id *id)
{
	char day[ARCHIVE_DAY_SIZE];

	archive_day(message_id_utc_ms(id), day);
	if (mkdirat(archive->folder_fd, day, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (archive->io->sync(archive->folder_fd) < 0)
		return -errno;
	return archive_folder(archive->folder_fd, day);
}

static int
give_name(const struct archive *archive, const struct message_id *id,
    const char *name)
{
	int day_fd = open_day(archive, id), r = 0;

	if (day_fd < 0)
		return day_fd;
	if (archive->io->rename(archive->new_fd, name, day_fd, name) < 0) {
		r = -errno;
	} else if (archive->io->sync(day_fd) < 0) {
		r = -errno;
		(void)unlinkat(day_fd, name, 0);
	}
	(void)close(day_fd);
	return r;
}

int
archive_put(struct archive *archive, const struct message_id *id, int fd,
    const struct original *original)
{
	struct archive_name own = { .id = *id, .has_digest = true };
	char name[ARCHIVE_NAME_SIZE];
	int r;

	memcpy(own.digest, original->digest, sizeof(own.digest));
	archive_name_write(&own, name);
	r = write_new(archive, name, fd, original);
	if (r == 0)
		r = give_name(archive, id, name);
	/* should it stay, the next life finds it in new/ */
	if (r < 0)
		(void)unlinkat(archive->new_fd, name, 0);
	return r;
}

int
archive_drop(struct archive *archive, const struct archive_name *name)
{
	char path[ARCHIVE_PATH_SIZE];

	archive_path(name, path);
	return unlinkat(archive->folder_fd, path, 0) < 0 && errno != ENOENT ?
	    -errno : 0;
}
