/*
 * journal_fuzz.c - whatever a segment holds, replay reads only what is there
 *
 * The input is the image of a segment.  It is read as it is; then once more
 * behind a head that is right, with the checksum of its first records put
 * right, so that what lies behind the checksums is reached too.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/crc32c.h"
#include "queue/abandon.h"
#include "queue/segment.h"

#define CRC_AT	36	/* in a record's head */

/* The harness, by libFuzzer's name and contract. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
is_within(struct slice part, struct slice all)
{
	return part.len == 0 || (part.at >= all.at &&
	    part.len <= (size_t)(all.at + all.len - part.at));
}

static void
read_record(const struct journal_record *record, struct slice image)
{
	struct abandon *abandon;

	if (!is_within(record->head, image) ||
	    !is_within(record->bytes, image))
		abort();
	if (record->kind != JOURNAL_ABANDON)
		return;
	abandon = calloc(1, sizeof(*abandon));
	if (abandon != NULL)
		(void)abandon_unpack(record->head, abandon);
	free(abandon);
}

static void
read_image(const struct segment_head *head, struct slice image,
    uint32_t offset)
{
	struct journal_record record;
	uint32_t before = offset;

	while (segment_record_next(head, image, &offset, &record)) {
		if (offset <= before || record.position !=
		    segment_position(head->generation, before))
			abort();
		read_record(&record, image);
		before = offset;
	}
}

/* Put right what a mutation cannot guess, as long as lengths make sense. */
static void
mend(const struct segment_head *head, char *image, size_t len)
{
	size_t at = 0;
	uint64_t size;

	while (len - at >= RECORD_HEAD_BYTES) {
		struct slice rest = slice_of(image + at, len - at);
		uint32_t generation = htole32(head->generation), sum;

		memcpy(image + at + 4, &generation, sizeof(generation));
		if (!segment_record_size(head, rest, &size) || size > rest.len)
			return;
		sum = crc32c(head->salt, slice_first(rest, CRC_AT));
		sum = htole32(crc32c(sum, slice_after(slice_first(rest,
		    (size_t)size), RECORD_HEAD_BYTES)));
		memcpy(image + at + CRC_AT, &sum, sizeof(sum));
		size = (size + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
		if (size > len - at)
			return;
		at += (size_t)size;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct segment_head head;
	struct slice image = slice_of(data, len);
	char *copy;

	if (segment_head_read(image, &head) == 0)
		read_image(&head, image, SEGMENT_HEAD_BYTES);
	/* an own block, so that a byte read past its end is noticed */
	copy = malloc(len + 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, len);
	head = (struct segment_head){ .generation = 1, .salt = 2 };
	mend(&head, copy, len);
	read_image(&head, slice_of(copy, len), 0);
	free(copy);
	return 0;
}
