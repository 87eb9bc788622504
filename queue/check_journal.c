/*
 * check_journal.c - every record that counts can be read and has its bytes
 *
 * As replay.c reads the journal, but read-only and past what is damaged: a
 * record that is not right with a good one behind it was acknowledged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/abandon.h"
#include "queue/check_inside.h"
#include "queue/rows_outbound.h"
#include "queue/segment.h"

/* One segment, as it was when it was read. */
struct image {
	unsigned		 number;
	struct segment_head	 head;
	struct slice		 bytes;	/* owned */
};

struct reading {
	struct queue_check	*check;
	uint64_t		 settled;	/* the highest head says so */
	struct abandon		 abandon;	/* of the record in hand */
	struct abandon_range	 end[JOURNAL_MOST_SEGMENTS];
	unsigned		 end_count;
};

static void
image_free(struct image *image)
{
	free((char *)(uintptr_t)image->bytes.at);
	image->bytes = slice_of(NULL, 0);
}

static int
read_all(int fd, char *to, size_t len, size_t *got_out)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, to + got, len - got, (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*got_out = got;
	return 0;
}

/* Up to `most` bytes of file NNNN.seg.  0, -ENOENT, -errno. */
static int
read_file(const struct queue_check *check, unsigned number, size_t most,
    struct image *image)
{
	char name[16], *bytes;
	struct stat st;
	size_t len;
	int fd, r;

	(void)snprintf(name, sizeof(name), "%04u.seg", number);
	fd = openat(check->journal_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : 0;
	len = r < 0 || st.st_size < 0 ? 0 : (size_t)st.st_size;
	if (len > JOURNAL_MOST_BYTES)
		len = JOURNAL_MOST_BYTES;
	len = len < most ? len : most;
	bytes = malloc(len + 1);
	if (r == 0)
		r = bytes == NULL ? -ENOMEM : read_all(fd, bytes, len, &len);
	(void)close(fd);
	if (r < 0) {
		free(bytes);
		return r;
	}
	*image = (struct image){ .number = number,
	    .bytes = slice_of(bytes, len) };
	return 0;
}

/* The same, and its head: -EBADMSG when that stays damaged. */
static int
read_segment(const struct queue_check *check, unsigned number, size_t most,
    struct image *image)
{
	int r = 0;

	for (int i = 0; i < CHECK_LOOKS; i++) {
		r = read_file(check, number, most, image);
		if (r < 0)
			return r;
		r = segment_head_read(image->bytes, &image->head);
		if (r != -EBADMSG)
			break;
		image_free(image);	/* it may just be written */
		(void)usleep(CHECK_PAUSE_US);
	}
	if (r < 0)
		image_free(image);
	return r;
}

/* What the first records say: where segments end that a sync failed in. */
static void
heed_first(struct reading *reading, const struct image *image)
{
	uint32_t offset = SEGMENT_HEAD_BYTES;
	struct journal_record record;

	if (image->head.settled > reading->settled)
		reading->settled = image->head.settled;
	if (!segment_record_next(&image->head, image->bytes, &offset,
	    &record) || record.kind != JOURNAL_ABANDON ||
	    abandon_unpack(record.head, &reading->abandon) < 0)
		return;
	for (unsigned i = 0; i < reading->abandon.range_count &&
	    reading->end_count < JOURNAL_MOST_SEGMENTS; i++)
		reading->end[reading->end_count++] =
		    reading->abandon.range[i];
}

static uint32_t
end_of(const struct reading *reading, const struct image *image)
{
	uint32_t end = (uint32_t)image->bytes.len;

	for (unsigned i = 0; i < reading->end_count; i++)
		if (reading->end[i].generation == image->head.generation &&
		    reading->end[i].offset < end)
			end = reading->end[i].offset;
	return end;
}

/* One record */

struct wanting {
	const struct transit	*transit;
	uint64_t		 position;
	size_t			 settled;	/* of its recipients */
};

static int
count_settled(void *arg, uint64_t account, uint64_t position)
{
	struct wanting *wanting = arg;
	const struct envelope *env = &wanting->transit->env;

	for (size_t i = 0; i < env->recipient_count; i++)
		wanting->settled += env->recipients[i].account == account &&
		    position >= wanting->position;
	return 0;
}

/* Its big file must be there: for a recipient, a reader, or a person. */
static bool
needs_big(const struct queue_check *check, const struct transit *transit,
    uint64_t position)
{
	struct wanting wanting = { .transit = transit, .position = position };
	uint64_t below;

	/* those who leave have rows of their own, or have got it */
	if (rows_outbound_is_taken(check->rows, &transit->env.id,
	    position) == 0)
		for (size_t i = 0; i < transit->env.recipient_count; i++)
			wanting.settled +=
			    transit->env.recipients[i].account == 0;
	return rows_settled_below(check->rows, &below) < 0 ||
	    rows_settled_each(check->rows, count_settled, &wanting) < 0 ||
	    rows_outbound_has(check->rows, &transit->env.id) != -ENOENT ||
	    (position >= below &&
	    wanting.settled < transit->env.recipient_count &&
	    rows_is_ended(check->rows, &transit->env.id, position) < 0) ||
	    rows_big_is_known(check->rows, &transit->env.id) != -ENOENT ||
	    rows_is_kept(check->rows, &transit->env.id) != -ENOENT;
}

/*
 * What is above the position that the ledger has synced may not be written
 * yet: the next start puts it there out of the journal.
 */
static int
check_entry(struct queue_check *check, const struct transit *transit,
    uint64_t position)
{
	int r;

	if (transit->env.source != SOURCE_FETCH)
		return 0;
	r = check->ledger == NULL ? -ENOENT :
	    position >= ledger_synced(check->ledger) ? 0 :
	    ledger_has(check->ledger, &transit->env.id);
	if (r == -ENOENT)
		check_tell(check, FOUND_RECORD_LEDGER, &transit->env.id);
	return r == -ENOENT ? 0 : r;
}

/* The next start sends it from this record: it is not settled. */
static bool
is_leaving(const struct queue_check *check,
    const struct journal_record *record)
{
	uint64_t below;

	return rows_settled_below(check->rows, &below) == 0 &&
	    record->position >= below &&
	    rows_outbound_has(check->rows, &record->id) == 0;
}

static int
check_record(struct queue_check *check, const struct image *image,
    const struct journal_record *record)
{
	const struct queue_finding senseless = { FOUND_RECORD, true,
	    record->id, image->number, segment_offset(record->position), 0, 0 };
	struct transit *transit;
	int r = 0;

	check->counts.records++;
	if (!check_head(&record->id, record->head, record->bytes, &transit)) {
		check_tell_at(check, &senseless);
		return 0;
	}
	if (transit->is_big) {
		r = id_list_add(&check->standing, &record->id);
		if (r == 0 && check_big(check, transit) < 0 &&
		    needs_big(check, transit, record->position))
			check_tell(check, FOUND_RECORD_BIG, &record->id);
	}
	if (r == 0 && is_leaving(check, record))
		r = id_list_add(&check->leaving, &record->id);
	if (r == 0)
		r = check_entry(check, transit, record->position);
	transit_free(transit);
	return r;
}

/* One segment */

/* The next good record from `offset` on, however far; false: none. */
static bool
find_record(const struct image *image, uint32_t end, uint32_t *offset)
{
	struct journal_record record;
	uint32_t behind;

	for (; *offset + RECORD_HEAD_BYTES <= end; *offset += RECORD_ALIGN) {
		behind = *offset;
		if (segment_record_next(&image->head, image->bytes, &behind,
		    &record))
			return true;
	}
	return false;
}

/* Where the first damage with good records behind it is; or 0. */
static uint32_t
first_gap(const struct reading *reading, const struct image *image)
{
	uint32_t offset = SEGMENT_HEAD_BYTES, end = end_of(reading, image);
	struct journal_record record;
	uint32_t at;

	while (offset < end && segment_record_next(&image->head, image->bytes,
	    &offset, &record))
		;
	at = offset;
	return find_record(image, end, &offset) ? at : 0;
}

/* What is damaged in `image` may be half written: read it again. */
static int
read_again(struct reading *reading, struct image *image)
{
	uint32_t generation = image->head.generation;

	for (int i = 1; i < CHECK_LOOKS; i++) {
		unsigned number = image->number;
		int r;

		if (first_gap(reading, image) == 0)
			return 0;
		image_free(image);
		(void)usleep(CHECK_PAUSE_US);
		r = read_segment(reading->check, number, SIZE_MAX, image);
		if (r < 0)
			return r;
		if (image->head.generation != generation) {
			image_free(image);
			return -ENOENT;		/* settled, and used again */
		}
	}
	return 0;
}

static void
tell_place(struct queue_check *check, enum queue_found what, unsigned number,
    uint32_t from, uint32_t to)
{
	const struct queue_finding finding = { .what = what, .is_fault = true,
	    .segment = number, .from = from, .to = to };

	check_tell_at(check, &finding);
}

static int
check_records(struct reading *reading, const struct image *image)
{
	uint32_t offset = SEGMENT_HEAD_BYTES, end = end_of(reading, image);
	struct queue_check *check = reading->check;
	struct journal_record record;
	int r = 0;

	while (r == 0 && offset < end) {
		uint32_t at = offset;

		if (segment_record_next(&image->head, image->bytes, &offset,
		    &record)) {
			if (record.kind == JOURNAL_MESSAGE &&
			    record.position >= reading->settled)
				r = check_record(check, image, &record);
			continue;
		}
		if (!find_record(image, end, &offset))
			break;		/* the end, or a torn tail */
		if (segment_position(image->head.generation, offset) >
		    reading->settled)
			tell_place(check, FOUND_GAP, image->number, at,
			    offset);
	}
	return r;
}

static int
check_segment(struct reading *reading, unsigned number)
{
	struct image image;
	int r;

	r = read_segment(reading->check, number, SIZE_MAX, &image);
	if (r == 0)
		r = read_again(reading, &image);
	if (r < 0)
		return r;
	r = check_records(reading, &image);
	image_free(&image);
	return r;
}

int
check_journal(struct queue_check *check)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct image image;
	int r = 0;

	if (reading == NULL)
		return -ENOMEM;
	reading->check = check;
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		if (read_segment(check, i, SEGMENT_HEAD_BYTES +
		    RECORD_HEAD_BYTES + ABANDON_BYTES, &image) == 0) {
			heed_first(reading, &image);
			image_free(&image);
		}
	for (unsigned i = 0; r == 0 && i < JOURNAL_MOST_SEGMENTS; i++) {
		r = check_segment(reading, i);
		if (r == -EBADMSG)
			tell_place(check, FOUND_HEAD, i, 0, 0);
		if (r == -EBADMSG || r == -ENOENT)
			r = 0;		/* none, or never begun */
	}
	free(reading);
	return r;
}
