/*
 * letters.c - the bytes of an account's letters: append-only segments
 *
 * At most one segment has bytes that are not synced: the one appended to.
 */
#include "store/letters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FOLDER		"letters"
#define NAME_BYTES	16
#define READERS		8	/* segments kept open for reading */
/* Who reads one record behind the other gets so many bytes in one call: a dozen
 * usual letters, which stay in the cache until they are told. */
#define AHEAD_BYTES	((size_t)64 * 1024)

struct reader {
	uint32_t	 number;	/* 0: free */
	int		 fd;
	uint64_t	 used_at;	/* the least is closed for another */
};

struct letters {
	struct letters_options options;
	int		 folder_fd;	/* letters/ */
	int		 fd;		/* segment appended to, or -1 */
	uint32_t	 number;	/* of it, or of the last there was */
	uint64_t	 end;		/* where its next record goes */
	bool		 is_dirty;	/* appended to since its last sync */
	bool		 is_new;	/* its name is not durable yet */
	bool		 failed;	/* a sync failed: for good */
	struct reader	 readers[READERS];
	uint64_t	 clock;		/* counts uses of readers */
	char		*buffer;	/* part of a segment */
	size_t		 buffer_bytes;	/* its size */
	uint32_t	 held;		/* segment it is of; 0: none */
	uint64_t	 held_at;	/* offset it begins with */
	size_t		 held_bytes;
	struct place	 place;		/* read last; .bytes 0: none was */
	struct record	 record;	/* in the buffer */
};

static void
name_of(uint32_t number, char name_out[NAME_BYTES])
{
	(void)snprintf(name_out, NAME_BYTES, "%04u.seg", number);
}

/* pread() of all `bytes`; fewer only at the end of the file. */
static ssize_t
read_all(int fd, char *at, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(fd, at + done, bytes - done,
		    (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Open segment `number` and see that it is one of ours.  A descriptor. */
static int
segment_open(const struct letters *letters, uint32_t number, int flags)
{
	char name[NAME_BYTES], header[SEGMENT_HEADER_BYTES];
	ssize_t n;
	int fd, r;

	name_of(number, name);
	fd = openat(letters->folder_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read_all(fd, header, sizeof(header), 0);
	/* a bad sector there is damage like any other */
	r = n < 0 ? -EBADMSG : segment_header_check(
	    slice_of(header, (size_t)n), letters->options.hub_id, number);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

/* Go on in the newest segment, if all it has is vouched for. */
static int
go_on(struct letters *letters)
{
	struct stat st;
	int fd;

	letters->number = letters->options.last;
	if (letters->number == 0)
		return 0;
	fd = segment_open(letters, letters->number, O_RDWR);
	if (fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE)
		return fd;
	if (fd < 0)
		return 0;	/* what stands there is for check to tell */
	if (fstat(fd, &st) < 0 || st.st_size < 0 ||
	    (uint64_t)st.st_size != letters->options.last_bytes) {
		(void)close(fd);
		return 0;
	}
	letters->fd = fd;
	letters->end = (uint64_t)st.st_size;
	return 0;
}

static int
folder_open(int parent_fd, bool only_reading)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent_fd, FOLDER, flags);

	if (fd >= 0 || errno != ENOENT || only_reading)
		return fd < 0 ? -errno : fd;
	if (mkdirat(parent_fd, FOLDER, 0700) < 0 || fsync(parent_fd) < 0)
		return -errno;
	fd = openat(parent_fd, FOLDER, flags);
	return fd < 0 ? -errno : fd;
}

int
letters_open(int folder_fd, const struct letters_options *options,
    struct letters **letters_out, uint32_t *first_out)
{
	struct letters *letters = calloc(1, sizeof(*letters));
	int r;

	if (letters == NULL)
		return -ENOMEM;
	letters->options = *options;
	letters->fd = -1;
	letters->folder_fd = folder_open(folder_fd, options->only_reading);
	r = letters->folder_fd < 0 ? letters->folder_fd : 0;
	if (r == 0 && !options->only_reading)
		r = go_on(letters);
	if (r < 0) {
		letters_close(letters);
		return r;
	}
	*first_out = letters->number + (letters->fd < 0);
	*letters_out = letters;
	return 0;
}

void
letters_close(struct letters *letters)
{
	if (letters == NULL)
		return;
	for (size_t i = 0; i < READERS; i++)
		if (letters->readers[i].number != 0)
			(void)close(letters->readers[i].fd);
	if (letters->fd >= 0)
		(void)close(letters->fd);
	if (letters->folder_fd >= 0)
		(void)close(letters->folder_fd);
	free(letters->buffer);
	free(letters);
}

/* Write the bytes of `iov` at `offset`, however many calls it takes. */
static int
write_all(int fd, struct iovec *iov, int count, uint64_t offset)
{
	while (count > 0) {
		ssize_t n = pwritev(fd, iov, count, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EDQUOT || errno == EFBIG))
			return -ENOSPC;	/* a full disk by another name */
		if (n < 0)
			return -errno;
		offset += (uint64_t)n;
		for (; count > 0 && (size_t)n >= iov->iov_len; iov++, count--)
			n -= (ssize_t)iov->iov_len;
		if (count > 0) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Begin the next segment; a number that a crash left in use is passed over. */
static int
segment_begin(struct letters *letters)
{
	unsigned char header[SEGMENT_HEADER_BYTES];
	struct iovec iov = { header, sizeof(header) };
	char name[NAME_BYTES];
	uint32_t number = letters->number;
	int fd, r;

	do {
		if (number == UINT32_MAX)
			return -EOVERFLOW;
		name_of(++number, name);
		fd = openat(letters->folder_fd, name, O_RDWR | O_CREAT |
		    O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return -errno;
	segment_header_write(letters->options.hub_id, number, header);
	r = write_all(fd, &iov, 1, 0);
	if (r < 0) {
		(void)unlinkat(letters->folder_fd, name, 0);
		(void)close(fd);
		return r;
	}
	letters->fd = fd;
	letters->number = number;
	letters->end = sizeof(header);
	letters->is_dirty = letters->is_new = true;
	return 0;
}

/* Have a segment with room for `bytes`; one record always fits a new one. */
static int
make_room(struct letters *letters, size_t bytes)
{
	uint64_t size;
	int r;

	if (letters->fd < 0)
		return segment_begin(letters);
	if (letters->end == SEGMENT_HEADER_BYTES ||
	    letters->end + bytes <= letters->options.segment_bytes)
		return 0;
	r = letters_sync(letters, letters->number, &size);
	if (r < 0)
		return r;
	(void)close(letters->fd);
	letters->fd = -1;
	return segment_begin(letters);
}

int
letters_append(struct letters *letters, const struct record *record,
    struct place *place_out)
{
	unsigned char header[RECORD_HEADER_BYTES];
	struct iovec iov[] = {
		{ header, sizeof(header) },
		{ (char *)(uintptr_t)record->trace.at, record->trace.len },
		{ (char *)(uintptr_t)record->body.at, record->body.len },
	};
	size_t bytes;
	int r;

	if (letters->failed)
		return -EIO;
	if (letters->options.only_reading)
		return -EROFS;
	if (record->trace.len > TRACE_MOST_BYTES ||
	    record->body.len > BODY_MOST_BYTES ||
	    record->body_bytes > LETTER_MOST_BYTES)
		return -EMSGSIZE;
	bytes = sizeof(header) + record->trace.len + record->body.len;
	r = make_room(letters, bytes);
	if (r < 0)
		return r;
	record_header_write(record, header);
	letters->is_dirty = true;
	r = write_all(letters->fd, iov, 3, letters->end);
	if (r < 0) {
		/* only tidiness: the next record is written over it */
		(void)!ftruncate(letters->fd, (off_t)letters->end);
		return r;
	}
	place_out->segment = letters->number;
	place_out->offset = letters->end;
	place_out->bytes = (uint32_t)bytes;
	letters->end += bytes;
	return 0;
}

/* A descriptor to read segment `number`; it stays ours. */
static int
reader_of(struct letters *letters, uint32_t number)
{
	struct reader *oldest = letters->readers;
	int fd;

	if (number == letters->number && letters->fd >= 0)
		return letters->fd;
	for (size_t i = 0; i < READERS; i++) {
		struct reader *reader = &letters->readers[i];

		if (reader->number == number && number != 0) {
			reader->used_at = ++letters->clock;
			return reader->fd;
		}
		if (reader->used_at < oldest->used_at)
			oldest = reader;
	}
	fd = segment_open(letters, number, O_RDONLY);
	if (fd < 0)
		return fd;
	if (oldest->number != 0)
		(void)close(oldest->fd);
	*oldest = (struct reader){ number, fd, ++letters->clock };
	return fd;
}

int
letters_sync(struct letters *letters, uint32_t number, uint64_t *bytes_out)
{
	bool is_current = number == letters->number && letters->fd >= 0;
	struct stat st;
	int fd;

	if (letters->failed)
		return -EIO;
	if (is_current && !letters->is_dirty) {
		*bytes_out = letters->end;
		return 0;
	}
	fd = reader_of(letters, number);
	if (fd < 0)
		return fd;
	if (fdatasync(fd) < 0 || fstat(fd, &st) < 0 ||
	    (is_current && letters->is_new && fsync(letters->folder_fd) < 0)) {
		letters->failed = true;
		return -EIO;
	}
	if (is_current)
		letters->is_dirty = letters->is_new = false;
	*bytes_out = is_current ? letters->end : (uint64_t)st.st_size;
	return 0;
}

/* Room for a record, and for all smaller ones to come. */
static int
buffer_for(struct letters *letters, size_t bytes)
{
	char *buffer;

	if (bytes <= letters->buffer_bytes)
		return 0;
	bytes = (bytes + 16383) / 16384 * 16384;
	buffer = realloc(letters->buffer, bytes);
	if (buffer == NULL)
		return -ENOMEM;
	letters->buffer = buffer;
	letters->buffer_bytes = bytes;
	return 0;
}

static bool
is_same_place(const struct place *a, const struct place *b)
{
	return a->segment == b->segment && a->offset == b->offset &&
	    a->bytes == b->bytes;
}

/* Read `bytes` from the place on into the buffer, fewer at the file's end. */
static int
hold(struct letters *letters, const struct place *place, size_t bytes)
{
	ssize_t n;
	int fd, r;

	letters->held = 0;
	fd = reader_of(letters, place->segment);
	if (fd == -ENOENT || fd == -ELOOP || fd == -EXDEV || fd == -EPROTO)
		return -EBADMSG;
	if (fd < 0)
		return fd;
	r = buffer_for(letters, bytes);
	if (r < 0)
		return r;
	n = read_all(fd, letters->buffer, bytes, place->offset);
	if (n < 0)
		return (int)n;
	letters->held = place->segment;
	letters->held_at = place->offset;
	letters->held_bytes = (size_t)n;
	return 0;
}

static bool
is_held(const struct letters *letters, const struct place *place)
{
	return letters->held != 0 && letters->held == place->segment &&
	    place->offset >= letters->held_at &&
	    place->offset + place->bytes <=
	    letters->held_at + letters->held_bytes;
}

/* See that the record is whole, as far as the buffer holds it. */
static int
parse_held(struct letters *letters, const struct place *place)
{
	size_t at = (size_t)(place->offset - letters->held_at), used;
	size_t bytes = letters->held_bytes - at;
	int r;

	r = record_parse(slice_of(letters->buffer + at,
	    bytes < place->bytes ? bytes : place->bytes),
	    &letters->record, &used);
	if (r < 0)
		return r;
	return used == place->bytes ? 0 : -EBADMSG;
}

/* Read the record; `before` is the one that was read before it. */
static int
read_record(struct letters *letters, const struct place *place,
    const struct place *before)
{
	bool goes_on = before->segment == place->segment &&
	    before->offset + before->bytes == place->offset;
	int r;

	if (place->bytes < RECORD_HEADER_BYTES || place->bytes >
	    RECORD_HEADER_BYTES + TRACE_MOST_BYTES + BODY_MOST_BYTES ||
	    place->offset > (uint64_t)INT64_MAX - place->bytes)
		return -EBADMSG;
	/* what was read ahead may have been written since */
	if (is_held(letters, place) && parse_held(letters, place) == 0)
		return 0;
	r = hold(letters, place, goes_on && place->bytes < AHEAD_BYTES ?
	    AHEAD_BYTES : place->bytes);
	/* a bad sector behind it is another letter's */
	if (r < 0 && r != -EBADMSG && r != -ENOMEM)
		r = hold(letters, place, place->bytes);
	return r < 0 ? r : parse_held(letters, place);
}

/* A record never changes: who reads one in pieces has it read once. */
int
letters_read(struct letters *letters, const struct place *place,
    struct record *record_out)
{
	struct place before = letters->place;
	int r = 0;

	if (before.bytes == 0 || !is_same_place(&before, place)) {
		letters->place = (struct place){ 0 };
		r = read_record(letters, place, &before);
	}
	if (r < 0)
		return r;
	letters->place = *place;
	*record_out = letters->record;
	return 0;
}

int
letters_drop(struct letters *letters, uint32_t number)
{
	char name[NAME_BYTES];

	if (number == 0 || number == letters->number)
		return -EINVAL;
	if (letters->place.segment == number)
		letters->place = (struct place){ 0 };
	if (letters->held == number)
		letters->held = 0;
	for (size_t i = 0; i < READERS; i++) {
		struct reader *reader = &letters->readers[i];

		if (reader->number != number)
			continue;
		(void)close(reader->fd);
		*reader = (struct reader){ 0 };
	}
	name_of(number, name);
	if (unlinkat(letters->folder_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}
