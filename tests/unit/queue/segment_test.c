/*
 * segment_test.c - heads and records read back as written, or not at all
 */
#include "queue/segment.h"

#include <errno.h>
#include <string.h>

#include "lib/base/crc32c.h"
#include "queue/abandon.h"
#include "tests/unit/unit.h"

static const struct segment_head sample = {
	.generation = 7, .salt = 0x12345678, .hub_id = "the test's hub",
	.settled = (uint64_t)6 << 32 | 4096,
};

START_TEST(a_head_reads_back_as_written)
{
	unsigned char block[SEGMENT_HEAD_BYTES];
	struct segment_head head;

	segment_head_write(&sample, block);
	ck_assert_int_eq(segment_head_read(slice_of(block, sizeof(block)),
	    &head), 0);
	ck_assert_uint_eq(head.generation, sample.generation);
	ck_assert_uint_eq(head.salt, sample.salt);
	ck_assert_uint_eq(head.settled, sample.settled);
	ck_assert_mem_eq(head.hub_id, sample.hub_id, JOURNAL_HUB_BYTES);
}
END_TEST

START_TEST(a_head_with_any_bit_flipped_is_no_head)
{
	unsigned char block[SEGMENT_HEAD_BYTES];
	struct segment_head head;

	segment_head_write(&sample, block);
	for (size_t bit = 0; bit < 48 * 8; bit++) {
		block[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert_int_eq(segment_head_read(slice_of(block,
		    sizeof(block)), &head), -EBADMSG);
		block[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t len = 1; len < 48; len++)
		ck_assert_int_eq(segment_head_read(slice_of(block, len),
		    &head), -EBADMSG);
}
END_TEST

START_TEST(a_block_of_zeroes_was_never_begun)
{
	static const unsigned char block[SEGMENT_HEAD_BYTES];
	struct segment_head head;

	ck_assert_int_eq(segment_head_read(slice_of(block, sizeof(block)),
	    &head), -ENOENT);
	ck_assert_int_eq(segment_head_read(slice_of(NULL, 0), &head),
	    -ENOENT);
}
END_TEST

START_TEST(a_head_of_a_newer_version_is_refused)
{
	unsigned char block[SEGMENT_HEAD_BYTES];
	struct segment_head head;
	uint32_t sum;

	segment_head_write(&sample, block);
	block[8] = SEGMENT_VERSION + 1;
	sum = crc32c(0, slice_of(block, 44));
	for (size_t i = 0; i < 4; i++)
		block[44 + i] = (unsigned char)(sum >> 8 * i);
	ck_assert_int_eq(segment_head_read(slice_of(block, sizeof(block)),
	    &head), -EPROTO);
}
END_TEST

/* A record of the sample segment at offset 0 of `image`. */
static size_t
put_record(char *image, struct slice head, struct slice bytes)
{
	static const struct message_id id = { "message-id" };

	segment_record_write(&sample, JOURNAL_MESSAGE, &id, head, bytes,
	    (unsigned char *)image);
	memcpy(image + RECORD_HEAD_BYTES, head.at, head.len);
	memcpy(image + RECORD_HEAD_BYTES + head.len, bytes.at, bytes.len);
	return (size_t)segment_record_bytes(head, bytes);
}

static const struct {
	struct slice	head, bytes;
} contents[] = {
	{ SLICE(""), SLICE("") },
	{ SLICE("h"), SLICE("") },
	{ SLICE(""), SLICE("message") },
	{ SLICE("envelope"), SLICE("Subject: x\r\n\r\ny\r\n") },
};

START_TEST(a_record_reads_back_as_written)
{
	char image[256] = { 0 };
	struct journal_record record;
	uint32_t offset = 0;
	size_t size = put_record(image, contents[_i].head, contents[_i].bytes);

	ck_assert_uint_eq(size % RECORD_ALIGN, 0);
	ck_assert(segment_record_next(&sample, slice_of(image, sizeof(image)),
	    &offset, &record));
	ck_assert_uint_eq(offset, size);
	ck_assert_int_eq(record.kind, JOURNAL_MESSAGE);
	ck_assert(slice_is(record.head, contents[_i].head));
	ck_assert(slice_is(record.bytes, contents[_i].bytes));
	ck_assert_uint_eq(record.position, (uint64_t)7 << 32);
	ck_assert(!segment_record_next(&sample, slice_of(image,
	    sizeof(image)), &offset, &record));
	ck_assert_uint_eq(offset, size);
}
END_TEST

START_TEST(a_record_of_another_salt_or_generation_is_none)
{
	char image[256] = { 0 };
	struct segment_head other = sample;
	struct journal_record record;
	uint32_t offset = 0;

	put_record(image, contents[3].head, contents[3].bytes);
	other.salt++;
	ck_assert(!segment_record_next(&other, slice_of(image, sizeof(image)),
	    &offset, &record));
	other = sample;
	other.generation++;
	ck_assert(!segment_record_next(&other, slice_of(image, sizeof(image)),
	    &offset, &record));
}
END_TEST

START_TEST(what_is_abandoned_reads_back)
{
	static struct abandon abandon, read;
	static const struct message_id id = { "message-id" };
	TEXT_AUTO packed = TEXT_INIT(ABANDON_BYTES);

	abandon_clear(&abandon);
	ck_assert(abandon_is_empty(&abandon));
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS + 1; i++)
		abandon_from(&abandon, i, 4096 + i * 8);
	for (unsigned i = 0; i < ABANDON_IDS + 1; i++)
		abandon_name(&abandon, &id);
	abandon_pack(&abandon, &packed);
	ck_assert(!text_failed(&packed));
	ck_assert_uint_eq(packed.len, ABANDON_BYTES);
	ck_assert_int_eq(abandon_unpack(text_slice(&packed), &read), 0);
	ck_assert_uint_eq(read.range_count, JOURNAL_MOST_SEGMENTS);
	ck_assert_uint_eq(read.range[9].generation, 9);
	ck_assert_uint_eq(read.range[9].offset, 4096 + 72);
	ck_assert_uint_eq(read.id_count, ABANDON_IDS);
	ck_assert_int_eq(message_id_order(&read.id[999], &id), 0);
	abandon_settled(&read, segment_position(254, 4096 + 254 * 8));
	ck_assert_uint_eq(read.range_count, 1);
	ck_assert_uint_eq(read.range[0].generation, 255);
	for (size_t len = 0; len < packed.len; len += 7)
		ck_assert_int_eq(abandon_unpack(slice_first(
		    text_slice(&packed), len), &read), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/segment");
	TCase *tcase = tcase_create("segment");

	tcase_add_test(tcase, a_head_reads_back_as_written);
	tcase_add_test(tcase, a_head_with_any_bit_flipped_is_no_head);
	tcase_add_test(tcase, a_block_of_zeroes_was_never_begun);
	tcase_add_test(tcase, a_head_of_a_newer_version_is_refused);
	tcase_add_loop_test(tcase, a_record_reads_back_as_written, 0,
	    (int)(sizeof(contents) / sizeof(contents[0])));
	tcase_add_test(tcase, a_record_of_another_salt_or_generation_is_none);
	tcase_add_test(tcase, what_is_abandoned_reads_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
