/*
 * walk.c - every letter that an account's segments hold, without its index
 *
 * A segment is read through one window that always holds a whole record, the
 * longest there may be; so a header that lies about nothing but its length costs
 * no memory.  Bytes that are no record are passed over one by one, for the
 * magic of the next.
 */
#include "store/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER		"letters"
#define NAME_BYTES	16
#define RECORD_MOST	(RECORD_HEADER_BYTES + TRACE_MOST_BYTES + BODY_MOST_BYTES)
#define WINDOW_BYTES	((size_t)1024 * 1024)	/* more than two of them */
#define SECTOR_BYTES	4096	/* passed over where the disk cannot read */
#define UNREADABLE_MOST	64	/* of them in a segment; a try takes seconds */
#define SEGMENT_NUMBER_MOST INT32_MAX	/* as the index has them */

struct walk {
	const unsigned char *hub_id;
	walk_fn		*fn;
	void		*arg;
	char		*window;	/* WINDOW_BYTES */
	uint64_t	 from;		/* where in the file it begins */
	size_t		 held;		/* bytes in it */
	bool		 is_last;	/* the file ends with it */
	int		 fd;
	uint32_t	 segment;
	bool		 is_readable;
};

static int
tell(struct walk *walk, enum walked_what what, uint64_t offset, uint64_t bytes,
    const struct record *record)
{
	struct walked walked = {
		.what = what,
		.segment = walk->segment,
		.offset = offset,
		.bytes = bytes,
		.is_readable = walk->is_readable,
	};

	if (record != NULL)
		walked.record = *record;
	return walk->fn(walk->arg, &walked);
}

/* Fill the window from `offset` on.  0, or -errno: not a byte can be read. */
static int
fill(struct walk *walk, uint64_t offset)
{
	ssize_t n = 1;

	walk->from = offset;
	walk->held = 0;
	while (walk->held < WINDOW_BYTES && n != 0) {
		n = pread(walk->fd, walk->window + walk->held,
		    WINDOW_BYTES - walk->held, (off_t)(offset + walk->held));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && walk->held == 0)
			return -errno;
		/* what can be read before a bad sector is walked first */
		if (n < 0)
			break;
		walk->held += (size_t)n;
	}
	walk->is_last = n == 0;
	return 0;
}

/*
 * The bytes at `offset`: as many as a record may have, or as can be read.
 * 0 or -errno, as the disk says.
 */
static int
look_at(struct walk *walk, uint64_t offset, struct slice *bytes_out)
{
	size_t at = (size_t)(offset - walk->from);
	int r;

	if (at > walk->held ||
	    (!walk->is_last && walk->held - at < RECORD_MOST)) {
		r = fill(walk, offset);
		if (r < 0)
			return r;
		at = 0;
	}
	*bytes_out = slice_of(walk->window + at, walk->held - at);
	return 0;
}

/* Where in `bytes`, behind the first, a header may begin; or their end. */
static size_t
next_header(struct slice bytes)
{
	static const char magic[] = { 'P', 'R', 'l', '1' };
	const char *found = bytes.len < 2 ? NULL : memmem(bytes.at + 1,
	    bytes.len - 1, magic, sizeof(magic));

	if (found != NULL)
		return (size_t)(found - bytes.at);
	/* the magic may begin in the last bytes of the window */
	return bytes.len > sizeof(magic) ? bytes.len - sizeof(magic) + 1 :
	    bytes.len;
}

/* What was passed over since `*gap`, if anything. */
static int
end_gap(struct walk *walk, uint64_t *gap, uint64_t offset)
{
	uint64_t from = *gap;

	*gap = offset;
	return from == offset ? 0 : tell(walk, WALKED_GAP, from, offset - from,
	    NULL);
}

/* A record begins here by its header: tell of it; *used_out is its end. */
static int
walk_record(struct walk *walk, uint64_t offset, struct slice bytes,
    size_t length, const struct record *head, size_t *used_out)
{
	struct record record;
	size_t used, next;
	struct record other;

	*used_out = length;
	if (record_parse(bytes, &record, &used) == 0)
		return tell(walk, WALKED_LETTER, offset, length, &record);
	/* one that a crash cut short has the next one in its bytes */
	next = RECORD_HEADER_BYTES;
	while (next < length && next < bytes.len) {
		struct slice rest = slice_of(bytes.at + next, bytes.len - next);

		if (record_head(rest, &other, &used) == 0)
			break;
		next += next_header(rest);
	}
	if (next < *used_out)
		*used_out = next;
	return tell(walk, WALKED_DAMAGED, offset, length, head);
}

/* What cannot be read is passed over.  0, or as fn() says. */
static int
pass_over(struct walk *walk, uint64_t *offset)
{
	uint64_t from = *offset;

	*offset = (from / SECTOR_BYTES + 1) * SECTOR_BYTES;
	walk->held = 0;
	walk->is_last = false;
	return tell(walk, WALKED_UNREADABLE, from, *offset - from, NULL);
}

/* One step of walk_records().  0, or as fn() says. */
static int
walk_on(struct walk *walk, struct slice bytes, uint64_t *offset, uint64_t *gap)
{
	struct record head;
	size_t length, used;
	int r;

	if (record_head(bytes, &head, &length) < 0) {
		*offset += next_header(bytes);
		return 0;
	}
	r = end_gap(walk, gap, *offset);
	if (r == 0)
		r = walk_record(walk, *offset, bytes, length, &head, &used);
	if (r != 0)
		return r;
	*offset += used;
	*gap = *offset;
	return 0;
}

/* All behind the head of the segment that is open, of `size` bytes. */
static int
walk_records(struct walk *walk, uint64_t size)
{
	uint64_t offset = SEGMENT_HEADER_BYTES, gap = offset;
	unsigned unreadable = 0;
	struct slice bytes;
	int r = 0;

	while (r == 0 && offset < size) {
		if (look_at(walk, offset, &bytes) == 0) {
			if (bytes.len == 0)
				break;
			r = walk_on(walk, bytes, &offset, &gap);
			continue;
		}
		r = end_gap(walk, &gap, offset);
		if (r == 0)
			r = pass_over(walk, &offset);
		gap = offset;
		if (++unreadable == UNREADABLE_MOST)
			return r;
	}
	return r != 0 ? r : end_gap(walk, &gap, offset);
}

/* Whose segment is it?  0, or as fn() says. */
static int
judge_head(struct walk *walk, bool *is_ours_out)
{
	struct slice head;
	int r = look_at(walk, 0, &head);

	*is_ours_out = true;
	if (r < 0)
		return tell(walk, WALKED_HEAD, 0, SEGMENT_HEADER_BYTES, NULL);
	/* the hub's id stands behind magic, version and number */
	r = segment_header_check(head, walk->hub_id != NULL ||
	    head.len < SEGMENT_HEADER_BYTES ? walk->hub_id :
	    (const unsigned char *)head.at + 16, walk->segment);
	walk->is_readable = r == 0;
	if (r == -EXDEV || r == -EPROTO) {
		*is_ours_out = false;
		return tell(walk, WALKED_FOREIGN, 0, 0, NULL);
	}
	return r == 0 ? 0 : tell(walk, WALKED_HEAD, 0, SEGMENT_HEADER_BYTES,
	    NULL);
}

static int
walk_segment(struct walk *walk, int letters_fd, uint32_t number)
{
	char name[NAME_BYTES];
	struct stat st;
	bool is_ours;
	int r;

	(void)snprintf(name, sizeof(name), "%04u.seg", number);
	walk->segment = number;
	walk->is_readable = false;
	walk->from = walk->held = 0;
	walk->is_last = false;
	walk->fd = openat(letters_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (walk->fd < 0 && errno == ENOENT)
		return 0;	/* compacted meanwhile */
	if (walk->fd < 0 || fstat(walk->fd, &st) < 0 ||
	    !S_ISREG(st.st_mode)) {
		r = tell(walk, WALKED_UNREADABLE, 0, 0, NULL);
	} else {
		r = judge_head(walk, &is_ours);
		if (r == 0 && is_ours)
			r = walk_records(walk, (uint64_t)st.st_size);
	}
	if (walk->fd >= 0)
		(void)close(walk->fd);
	return r;
}

/* "0007.seg" is 7; 0: no segment's name. */
static uint32_t
number_of(const char *name)
{
	struct slice rest = slice_str(name), digits;
	char again[NAME_BYTES];
	uint64_t n;

	if (!slice_cut(&rest, '.', &digits) ||
	    slice_u64(digits, SEGMENT_NUMBER_MOST, &n) < 0)
		return 0;
	(void)snprintf(again, sizeof(again), "%04u.seg", (uint32_t)n);
	return strcmp(again, name) == 0 ? (uint32_t)n : 0;
}

static int
order_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* The numbers of all segments there are, in order. */
static int
list(DIR *folder, uint32_t **numbers_out, size_t *count_out)
{
	const struct dirent *entry;
	uint32_t *numbers = NULL, *grown;
	size_t count = 0, room = 0;
	uint32_t number;

	while (errno = 0, (entry = readdir(folder)) != NULL) {
		number = number_of(entry->d_name);
		if (number == 0)
			continue;
		if (count == room) {
			room = room == 0 ? 64 : room * 2;
			grown = reallocarray(numbers, room, sizeof(*numbers));
			if (grown == NULL) {
				free(numbers);
				return -ENOMEM;
			}
			numbers = grown;
		}
		numbers[count++] = number;
	}
	if (errno != 0) {
		int r = -errno;

		free(numbers);
		return r;
	}
	if (count > 0)
		qsort(numbers, count, sizeof(*numbers), order_numbers);
	*numbers_out = numbers;
	*count_out = count;
	return 0;
}

static int
walk_all(struct walk *walk, DIR *folder)
{
	uint32_t *numbers = NULL;
	size_t count = 0;
	int r = list(folder, &numbers, &count);

	if (r == 0) {
		walk->window = malloc(WINDOW_BYTES);
		r = walk->window == NULL ? -ENOMEM : 0;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = walk_segment(walk, dirfd(folder), numbers[i]);
	free(walk->window);
	free(numbers);
	return r;
}

int
letters_walk(int folder_fd, const unsigned char *hub_id, walk_fn *fn, void *arg)
{
	struct walk walk = { .hub_id = hub_id, .fn = fn, .arg = arg };
	int fd = openat(folder_fd, FOLDER, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	DIR *folder;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	folder = fdopendir(fd);
	if (folder == NULL) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	r = walk_all(&walk, folder);
	(void)closedir(folder);
	return r;
}

int
letters_mend_head(int folder_fd, const unsigned char hub_id[HUB_ID_BYTES],
    uint32_t number)
{
	unsigned char head[SEGMENT_HEADER_BYTES];
	char path[sizeof(FOLDER) + NAME_BYTES];
	ssize_t n;
	int fd, r = 0;

	(void)snprintf(path, sizeof(path), FOLDER "/%04u.seg", number);
	fd = openat(folder_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	segment_header_write(hub_id, number, head);
	n = pwrite(fd, head, sizeof(head), 0);
	if (n < 0 || fdatasync(fd) < 0)
		r = -errno;
	else if ((size_t)n != sizeof(head))
		r = -EIO;
	(void)close(fd);
	return r;
}
