/*
 * kept.c - kept/ID: a message that must outlive its journal segment
 *
 *	magic (8), version (u32), CRC32C (u32), id (10), head's length (u32),
 *	message's length (u64); then the head and the message
 *
 * The checksum is over all that follows it.
 */
#include "queue/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/crc32c.h"
#include "lib/base/pack.h"

#define KEPT_VERSION	1
#define KEPT_FIXED	38	/* bytes before the head */
#define KEPT_SUMMED	16	/* where the checksum's part begins */
#define NAME_BYTES	(MESSAGE_ID_CHARS + 5)	/* ID.new */

static const char magic[8] = "PostrmK\n";

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define FD_AUTO	__attribute__((cleanup(fd_close))) int

static void
kept_name(const struct message_id *id, const char *end,
    char name_out[NAME_BYTES])
{
	message_id_write(id, name_out);
	memcpy(name_out + MESSAGE_ID_CHARS, end, strlen(end) + 1);
}

/* The fixed part, with the checksum of everything behind it. */
static void
pack_fixed(struct text *fixed, const struct message_id *id, struct slice head,
    struct slice bytes)
{
	TEXT_AUTO summed = TEXT_INIT(KEPT_FIXED);
	uint32_t sum;

	pack_bytes(&summed, slice_of(id->bytes, MESSAGE_ID_BYTES));
	pack_u32(&summed, (uint32_t)head.len);
	pack_u64(&summed, bytes.len);
	sum = crc32c(0, text_slice(&summed));
	sum = crc32c(crc32c(sum, head), bytes);
	pack_bytes(fixed, slice_of(magic, sizeof(magic)));
	pack_u32(fixed, KEPT_VERSION);
	pack_u32(fixed, sum);
	pack_bytes(fixed, text_slice(&summed));
	fixed->failed = fixed->failed || text_failed(&summed);
}

static int
write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t put = write(fd, s.at, s.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		s = slice_after(s, (size_t)put);
	}
	return 0;
}

static int
write_file(int fd, const struct message_id *id, struct slice head,
    struct slice bytes)
{
	TEXT_AUTO fixed = TEXT_INIT(256);
	int r;

	pack_fixed(&fixed, id, head, bytes);
	if (text_failed(&fixed))
		return -ENOMEM;
	r = write_all(fd, text_slice(&fixed));
	if (r == 0)
		r = write_all(fd, head);
	if (r == 0)
		r = write_all(fd, bytes);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int
kept_write(int folder_fd, const struct message_id *id, struct slice head,
    struct slice bytes)
{
	char name[NAME_BYTES], beside[NAME_BYTES];
	FD_AUTO fd = -1;
	int r;

	if (head.len > UINT32_MAX)
		return -EMSGSIZE;
	kept_name(id, "", name);
	kept_name(id, ".new", beside);
	fd = openat(folder_fd, beside,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_file(fd, id, head, bytes);
	if (r == 0 && renameat(folder_fd, beside, folder_fd, name) < 0)
		r = -errno;
	if (r < 0)
		goto undo;
	if (fsync(folder_fd) < 0) {
		r = -errno;
		(void)unlinkat(folder_fd, name, 0);
	}
	return r;
undo:
	(void)unlinkat(folder_fd, beside, 0);
	return r;
}

/* The whole file into `buffer`. */
static int
read_file(int fd, struct text *buffer)
{
	struct stat st;
	size_t got = 0;
	char *at;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	text_clear(buffer);
	at = text_space(buffer, (size_t)st.st_size);
	if (at == NULL)
		return -ENOBUFS;
	while (got < (size_t)st.st_size) {
		ssize_t n = pread(fd, at + got, (size_t)st.st_size - got,
		    (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -EBADMSG : -errno;
		got += (size_t)n;
	}
	return 0;
}

/* Believe the file: its checksum, its name, its lengths. */
static int
judge_file(struct slice file, const struct message_id *id,
    struct slice *head_out, struct slice *bytes_out)
{
	struct unpack u = unpack_of(file);
	struct slice start, name, head, bytes;
	uint32_t version, sum;
	uint64_t head_len, bytes_len;

	start = unpack_bytes(&u, sizeof(magic));
	version = unpack_u32(&u);
	sum = unpack_u32(&u);
	if (u.bad || memcmp(start.at, magic, sizeof(magic)) != 0)
		return -EBADMSG;
	if (version != KEPT_VERSION)
		return version > KEPT_VERSION ? -EPROTO : -EBADMSG;
	if (crc32c(0, slice_after(file, KEPT_SUMMED)) != sum)
		return -EBADMSG;
	name = unpack_bytes(&u, MESSAGE_ID_BYTES);
	head_len = unpack_u32(&u);
	bytes_len = unpack_u64(&u);
	head = unpack_bytes(&u, head_len);
	bytes = u.rest;
	if (u.bad || bytes.len != bytes_len ||
	    !slice_is(name, slice_of(id->bytes, MESSAGE_ID_BYTES)))
		return -EBADMSG;
	*head_out = head;
	*bytes_out = bytes;
	return 0;
}

int
kept_read(int folder_fd, const struct message_id *id, struct text *buffer,
    struct slice *head_out, struct slice *bytes_out)
{
	char name[NAME_BYTES];
	FD_AUTO fd = -1;
	int r;

	kept_name(id, "", name);
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_file(fd, buffer);
	if (r < 0)
		return r;
	return judge_file(text_slice(buffer), id, head_out, bytes_out);
}

bool
kept_has(int folder_fd, const struct message_id *id)
{
	char name[NAME_BYTES];
	FD_AUTO fd = -1;

	kept_name(id, "", name);
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0;
}

int
kept_drop(int folder_fd, const struct message_id *id)
{
	char name[NAME_BYTES];

	kept_name(id, "", name);
	if (unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* 0: keep the file `name`; -ENOENT: it may go. */
static int
is_wanted(struct slice name, kept_known_fn *is_known, void *arg)
{
	struct message_id id;

	if (slice_has_suffix(name, ".new"))
		name = slice_first(name, name.len - 4);
	else if (message_id_read(name, &id) == 0)
		return is_known(arg, &id);
	/* ours, not written to its end; or not ours, and then it stays */
	return message_id_read(name, &id) == 0 ? -ENOENT : 0;
}

int
kept_sweep(int folder_fd, kept_known_fn *is_known, void *arg,
    unsigned *removed_out)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned removed = 0;
	int r = 0;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(folder)) != NULL) {
		r = is_wanted(slice_str(entry->d_name), is_known, arg);
		if (r != -ENOENT)
			continue;
		r = unlinkat(folder_fd, entry->d_name, 0) < 0 ? -errno : 0;
		removed += r == 0;
	}
	(void)closedir(folder);
	if (r == 0)
		*removed_out = removed;
	return r;
}
