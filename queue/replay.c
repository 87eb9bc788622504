/*
 * replay.c - reading the journal back
 *
 * Two passes.  The first reads the record that begins each segment: an ABANDON
 * record stands nowhere else, and says where the segments before it end.  The
 * second reads each segment into memory, up to its end or the first record that
 * is not right.
 */
#include "queue/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "queue/abandon.h"

/* A segment's head and the longest record that may follow it here. */
#define FIRST_BYTES	(SEGMENT_HEAD_BYTES + RECORD_HEAD_BYTES + ABANDON_BYTES)

struct reading {
	struct slots		*slots;
	journal_replay_fn	*fn;
	void			*arg;
	unsigned		 count;
	struct slot		*used[JOURNAL_MOST_SEGMENTS];
	struct abandon		 abandon;
	char			 first[FIRST_BYTES];
};

/* As many bytes as there are, up to `len`. */
static int
read_at(int fd, char *to, size_t len, uint32_t at, struct slice *bytes_out)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, to + got, len - got,
		    (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*bytes_out = slice_of(to, got);
	return 0;
}

/* Close what the record abandons where it was last known to be good. */
static void
heed_abandon(struct reading *reading)
{
	for (unsigned i = 0; i < reading->abandon.range_count; i++) {
		struct abandon_range *range = &reading->abandon.range[i];
		struct slot *slot = slots_find(reading->slots,
		    range->generation);

		if (slot != NULL && range->offset < slot->end &&
		    range->offset >= SEGMENT_HEAD_BYTES)
			slots_break(reading->slots, slot, range->offset);
	}
}

static int
read_abandon(struct reading *reading, const struct slot *slot)
{
	uint32_t offset = SEGMENT_HEAD_BYTES;
	struct journal_record record;
	struct slice bytes;
	int r;

	r = read_at(slot->fd, reading->first, FIRST_BYTES, 0, &bytes);
	if (r < 0)
		return r;
	if (!segment_record_next(&slot->head, bytes, &offset, &record) ||
	    record.kind != JOURNAL_ABANDON)
		return 0;
	r = abandon_unpack(record.head, &reading->abandon);
	if (r < 0)
		return r;
	heed_abandon(reading);
	return 0;
}

static int
read_records(struct reading *reading, struct slot *slot, struct slice bytes)
{
	uint32_t offset = SEGMENT_HEAD_BYTES;
	struct journal_record record;
	int r = 0;

	while (r == 0 && offset < slot->end &&
	    segment_record_next(&slot->head, bytes, &offset, &record))
		if (record.kind == JOURNAL_MESSAGE &&
		    record.position >= reading->slots->settled)
			r = reading->fn(reading->arg, &record);
	if (r == 0 && offset < slot->end)
		slot->end = offset;
	return r;
}

static int
read_segment(struct reading *reading, struct slot *slot)
{
	struct slice bytes;
	char *buffer;
	int r;

	if (slot->end <= SEGMENT_HEAD_BYTES)
		return 0;
	buffer = malloc(slot->end);
	if (buffer == NULL)
		return -ENOMEM;
	r = read_at(slot->fd, buffer, slot->end, 0, &bytes);
	if (r == 0)
		r = read_records(reading, slot, bytes);
	free(buffer);
	return r;
}

int
replay(struct slots *slots, journal_replay_fn *fn, void *arg)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int r = 0;

	if (reading == NULL)
		return -ENOMEM;
	reading->slots = slots;
	reading->fn = fn;
	reading->arg = arg;
	reading->count = slots_used(slots, reading->used);
	for (unsigned i = 0; r == 0 && i < reading->count; i++)
		r = read_abandon(reading, reading->used[i]);
	for (unsigned i = 0; r == 0 && i < reading->count; i++)
		r = read_segment(reading, reading->used[i]);
	free(reading);
	return r;
}

int
replay_one(struct slots *slots, uint64_t position, struct text *buffer,
    struct journal_record *record_out)
{
	uint32_t generation = segment_generation(position);
	struct slot *slot = slots_find(slots, generation);
	uint32_t offset = segment_offset(position), none = 0;
	struct journal_record record;
	char fixed[RECORD_HEAD_BYTES];
	struct slice bytes;
	uint64_t size;
	char *at;
	int r;

	if (slot == NULL)
		slot = slots_left(slots, generation);
	if (slot == NULL || slot->fd < 0)
		return -ENOENT;
	if (offset > slot->size - RECORD_HEAD_BYTES)
		return -EBADMSG;
	r = read_at(slot->fd, fixed, sizeof(fixed), offset, &bytes);
	if (r < 0)
		return r;
	if (!segment_record_size(&slot->head, bytes, &size) ||
	    size > slot->size - offset)
		return -EBADMSG;
	text_clear(buffer);
	at = text_space(buffer, (size_t)size);
	if (at == NULL)
		return -ENOBUFS;
	r = read_at(slot->fd, at, (size_t)size, offset, &bytes);
	if (r < 0)
		return r;
	if (!segment_record_next(&slot->head, bytes, &none, &record))
		return -EBADMSG;
	record.position = position;
	*record_out = record;
	return 0;
}
