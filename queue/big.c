/*
 * big.c - big/XX/ID: a message over 128 KiB, one file for the whole office
 */
#include "queue/big.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_CHARS	2
#define FOLDERS		1024	/* ten bits of the id, its random part */
#define PATH_BYTES	(FOLDER_CHARS + 1 + MESSAGE_ID_CHARS + 1)

struct big {
	int	 folder_fd;	/* borrowed */
	EVP_MD	*sha256;	/* fetched once: an implicit fetch is slow */
	/* folders whose name is durable; threads of the pool say so */
	atomic_bool is_durable[FOLDERS];
};

struct big_writer {
	struct big	*big;
	EVP_MD_CTX	*digest;
	int		 fd;
	int		 folder_fd;	/* of XX */
	unsigned	 folder;	/* its number */
	uint64_t	 bytes;
	char		 path[PATH_BYTES];
};

/* "XX/ID" */
static void
big_path(const struct message_id *id, char path_out[PATH_BYTES])
{
	char *name = path_out + FOLDER_CHARS + 1;

	message_id_write(id, name);
	memcpy(path_out, name + MESSAGE_ID_CHARS - FOLDER_CHARS, FOLDER_CHARS);
	path_out[FOLDER_CHARS] = '/';
}

/* The number of the folder of that id. */
static unsigned
folder_number(const struct message_id *id)
{
	return ((unsigned)id->bytes[MESSAGE_ID_BYTES - 2] << 8 |
	    id->bytes[MESSAGE_ID_BYTES - 1]) % FOLDERS;
}

/* Folder `number` as the ids say it. */
static void
folder_name(unsigned number, char name_out[FOLDER_CHARS + 1])
{
	struct message_id id = { { 0 } };
	char text[MESSAGE_ID_CHARS + 1];

	id.bytes[MESSAGE_ID_BYTES - 2] = (unsigned char)(number >> 8);
	id.bytes[MESSAGE_ID_BYTES - 1] = (unsigned char)number;
	message_id_write(&id, text);
	memcpy(name_out, text + MESSAGE_ID_CHARS - FOLDER_CHARS,
	    FOLDER_CHARS + 1);
}

int
big_folder_open(int folder_fd, struct big **big_out)
{
	struct big *big = calloc(1, sizeof(*big));

	if (big == NULL)
		return -ENOMEM;
	big->folder_fd = folder_fd;
	big->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (big->sha256 == NULL) {
		big_folder_close(big);
		return -ENOMEM;
	}
	*big_out = big;
	return 0;
}

void
big_folder_close(struct big *big)
{
	if (big == NULL)
		return;
	EVP_MD_free(big->sha256);
	free(big);
}

/* Writing */

/* Made if it is not there yet.  A descriptor, or -errno. */
static int
open_folder(struct big *big, const char *name, unsigned number)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(big->folder_fd, name, flags);

	if (fd < 0 && errno == ENOENT) {
		/* whoever took it away has taken that, too */
		atomic_store(&big->is_durable[number], false);
		if (mkdirat(big->folder_fd, name, 0700) < 0 &&
		    errno != EEXIST)
			return -errno;
		fd = openat(big->folder_fd, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

static int
writer_open(struct big_writer *writer, const struct message_id *id)
{
	char folder[FOLDER_CHARS + 1] = { 0 };

	big_path(id, writer->path);
	writer->folder = folder_number(id);
	memcpy(folder, writer->path, FOLDER_CHARS);
	writer->digest = EVP_MD_CTX_new();
	if (writer->digest == NULL || EVP_DigestInit_ex2(writer->digest,
	    writer->big->sha256, NULL) != 1)
		return -ENOMEM;
	writer->folder_fd = open_folder(writer->big, folder, writer->folder);
	if (writer->folder_fd < 0)
		return writer->folder_fd;
	writer->fd = openat(writer->folder_fd,
	    writer->path + FOLDER_CHARS + 1,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return writer->fd < 0 ? -errno : 0;
}

int
big_begin(struct big *big, const struct message_id *id,
    struct big_writer **writer_out)
{
	struct big_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (writer == NULL)
		return -ENOMEM;
	writer->big = big;
	writer->fd = writer->folder_fd = -1;
	r = writer_open(writer, id);
	if (r < 0) {
		big_end(writer);
		return r;
	}
	*writer_out = writer;
	return 0;
}

int
big_feed(struct big_writer *writer, struct slice bytes)
{
	if (EVP_DigestUpdate(writer->digest, bytes.at, bytes.len) != 1)
		return -ENOMEM;
	while (bytes.len > 0) {
		ssize_t put = write(writer->fd, bytes.at, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		writer->bytes += (size_t)put;
		bytes = slice_after(bytes, (size_t)put);
	}
	return 0;
}

int
big_finish(struct big_writer *writer, uint64_t *bytes_out,
    unsigned char digest_out[BIG_DIGEST_BYTES])
{
	if (fchmod(writer->fd, 0440) < 0)
		return -errno;
	if (EVP_DigestFinal_ex(writer->digest, digest_out, NULL) != 1)
		return -ENOMEM;
	*bytes_out = writer->bytes;
	return 0;
}

int
big_digest_so_far(const struct big_writer *writer,
    unsigned char digest_out[BIG_DIGEST_BYTES])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (copy != NULL && EVP_MD_CTX_copy_ex(copy, writer->digest) == 1 &&
	    EVP_DigestFinal_ex(copy, digest_out, NULL) == 1)
		r = 0;
	EVP_MD_CTX_free(copy);
	return r;
}

int
big_link(const struct big_writer *writer, int folder_fd, const char *name)
{
	return linkat(writer->folder_fd, writer->path + FOLDER_CHARS + 1,
	    folder_fd, name, 0) < 0 ? -errno : 0;
}

int
big_digest(const struct big *big, struct slice bytes,
    unsigned char digest_out[BIG_DIGEST_BYTES])
{
	return EVP_Digest(bytes.at, bytes.len, digest_out, NULL, big->sha256,
	    NULL) == 1 ? 0 : -ENOMEM;
}

/*
 * Whoever made the folder may not have come so far: each syncs its name until
 * somebody has.
 */
static int
sync_folder(struct big_writer *writer)
{
	atomic_bool *is_durable = &writer->big->is_durable[writer->folder];

	if (atomic_load(is_durable))
		return 0;
	if (fsync(writer->big->folder_fd) < 0)
		return -errno;
	atomic_store(is_durable, true);
	return 0;
}

int
big_sync(struct big_writer *writer)
{
	if (fsync(writer->fd) < 0 || fsync(writer->folder_fd) < 0)
		return -errno;
	return sync_folder(writer);
}

int
big_begin_beside(const struct big_writer *other,
    struct big_writer **writer_out)
{
	struct message_id beside;

	if (message_id_read(slice_str(other->path + FOLDER_CHARS + 1),
	    &beside) < 0)
		return -EINVAL;
	beside.bytes[0] ^= 0x80;	/* its time: thousands of years on */
	return big_begin(other->big, &beside, writer_out);
}

int
big_replace(struct big_writer **old_inout, struct big_writer *writer)
{
	struct big_writer *old = *old_inout;

	if (renameat(writer->folder_fd, writer->path + FOLDER_CHARS + 1,
	    old->folder_fd, old->path + FOLDER_CHARS + 1) < 0)
		return -errno;
	memcpy(writer->path, old->path, PATH_BYTES);
	big_end(old);
	*old_inout = writer;
	return 0;
}

int
big_fd(const struct big_writer *writer)
{
	return writer->fd;
}

void
big_end(struct big_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0)
		(void)close(writer->fd);
	if (writer->folder_fd >= 0)
		(void)close(writer->folder_fd);
	EVP_MD_CTX_free(writer->digest);
	free(writer);
}

void
big_abort(struct big_writer *writer)
{
	if (writer == NULL)
		return;
	/* should it stay, the sweep finds it */
	(void)unlinkat(writer->folder_fd, writer->path + FOLDER_CHARS + 1, 0);
	big_end(writer);
}

/* Reading and removing */

int
big_open(struct big *big, const struct message_id *id, int *fd_out)
{
	char path[PATH_BYTES];
	int fd;

	big_path(id, path);
	fd = openat(big->folder_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

int
big_drop(struct big *big, const struct message_id *id)
{
	char path[PATH_BYTES];

	big_path(id, path);
	if (unlinkat(big->folder_fd, path, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

struct sweep {
	int64_t		 before;	/* seconds UTC */
	big_known_fn	*is_known;
	void		*arg;
	unsigned	 removed;
};

/* One file of one folder. */
static int
sweep_file(struct sweep *sweep, int folder_fd, const char *name)
{
	struct message_id id;
	struct stat st;
	int r;

	if (message_id_read(slice_str(name), &id) < 0)
		return 0;
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_mtim.tv_sec > sweep->before)
		return 0;
	r = sweep->is_known(sweep->arg, &id);
	if (r != -ENOENT)
		return r;
	if (unlinkat(folder_fd, name, 0) < 0)
		return -errno;
	sweep->removed++;
	return 0;
}

static int
sweep_folder(struct sweep *sweep, int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r == -ENOENT ? 0 : r;	/* none was needed yet */
	}
	while (r == 0 && (entry = readdir(folder)) != NULL)
		r = sweep_file(sweep, fd, entry->d_name);
	(void)closedir(folder);
	return r;
}

int
big_sweep(struct big *big, int64_t now_utc_ms, big_known_fn *is_known,
    void *arg, unsigned *removed_out)
{
	struct sweep sweep = { .before = now_utc_ms / 1000 - BIG_SWEEP_SECONDS,
	    .is_known = is_known, .arg = arg };
	char name[FOLDER_CHARS + 1];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < FOLDERS; i++) {
		folder_name(i, name);
		r = sweep_folder(&sweep, big->folder_fd, name);
	}
	if (r == 0)
		*removed_out = sweep.removed;
	return r;
}
