/*
 * record_test.c - how a letter stands in a segment
 */
#include "store/record.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static const unsigned char hub[HUB_ID_BYTES] = "hub";

static const struct record sample = {
	.id = { "0123456789" },
	.action = 0xfffffffe,
	.mailbox = 1,
	.position = 0x123456789abcdef,
	.received_at_utc_ms = -1,
	.body_bytes = 12,
	.lacks_crlf = true,
	.trace = SLICE("Received: x\r\n"),
	.body = SLICE("Hello\r\nworld"),
};

static struct slice
write_sample(char bytes[256])
{
	unsigned char header[RECORD_HEADER_BYTES] = "";
	size_t len = sizeof(header);

	record_header_write(&sample, header);
	memcpy(bytes, header, len);
	memcpy(bytes + len, sample.trace.at, sample.trace.len);
	len += sample.trace.len;
	memcpy(bytes + len, sample.body.at, sample.body.len);
	return slice_of(bytes, len + sample.body.len);
}

START_TEST(a_record_is_read_as_it_was_written)
{
	char bytes[256];
	struct slice all = write_sample(bytes);
	struct record record;
	size_t used;

	all.len += 20;		/* more stands behind it */
	memset(bytes + all.len - 20, 'x', 20);
	ck_assert_int_eq(record_parse(all, &record, &used), 0);
	ck_assert_uint_eq(used, all.len - 20);
	ck_assert_int_eq(message_id_order(&record.id, &sample.id), 0);
	ck_assert_uint_eq(record.action, sample.action);
	ck_assert_uint_eq(record.mailbox, sample.mailbox);
	ck_assert_uint_eq(record.position, sample.position);
	ck_assert_int_eq(record.received_at_utc_ms,
	    sample.received_at_utc_ms);
	ck_assert_uint_eq(record.body_bytes, sample.body_bytes);
	ck_assert(!record.is_big);
	ck_assert(record.lacks_crlf);
	ck_assert(slice_is(record.trace, sample.trace));
	ck_assert(slice_is(record.body, sample.body));
}
END_TEST

START_TEST(a_turned_bit_anywhere_is_found)
{
	char bytes[256];
	struct slice all = write_sample(bytes);
	struct record record;
	size_t used;

	for (size_t bit = 0; bit < all.len * 8; bit++) {
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert_int_eq(record_parse(all, &record, &used), -EBADMSG);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	ck_assert_int_eq(record_parse(all, &record, &used), 0);
}
END_TEST

START_TEST(part_of_a_record_is_none)
{
	char bytes[256];
	struct slice all = write_sample(bytes);
	struct record record;
	size_t used;

	for (size_t len = 0; len < all.len; len++)
		ck_assert_int_eq(record_parse(slice_first(all, len), &record,
		    &used), -EBADMSG);
}
END_TEST

/* Lengths we never write, under a good checksum. */
static const struct record lies[] = {
	{ .body_bytes = BODY_MOST_BYTES + 1 },
	{ .body_bytes = UINT64_MAX },
	{ .body_bytes = UINT64_MAX, .is_big = true },
	{ .body_bytes = 1 },
};

START_TEST(a_length_is_not_believed_for_its_checksum)
{
	unsigned char header[RECORD_HEADER_BYTES] = "";
	struct record record;
	size_t used;

	record_header_write(&lies[_i], header);
	ck_assert_int_eq(record_parse(slice_of(header, sizeof(header)),
	    &record, &used), -EBADMSG);
}
END_TEST

START_TEST(a_segment_header_is_of_one_hub_and_number)
{
	unsigned char header[SEGMENT_HEADER_BYTES] = "";
	unsigned char other[HUB_ID_BYTES] = "x";
	struct slice all = slice_of(header, sizeof(header));

	segment_header_write(hub, 7, header);
	ck_assert_int_eq(segment_header_check(all, hub, 7), 0);
	ck_assert_int_eq(segment_header_check(all, hub, 8), -EBADMSG);
	ck_assert_int_eq(segment_header_check(all, other, 7), -EXDEV);
	for (size_t i = 0; i < sizeof(header); i++) {
		header[i] ^= 0x10;
		ck_assert_int_eq(segment_header_check(all, hub, 7), -EBADMSG);
		header[i] ^= 0x10;
		ck_assert_int_eq(segment_header_check(slice_first(all, i),
		    hub, 7), -EBADMSG);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, a_record_is_read_as_it_was_written);
	tcase_add_test(tcase, a_turned_bit_anywhere_is_found);
	tcase_add_test(tcase, part_of_a_record_is_none);
	tcase_add_loop_test(tcase, a_length_is_not_believed_for_its_checksum,
	    0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(tcase, a_segment_header_is_of_one_hub_and_number);
	suite_add_tcase(suite, tcase);
	return suite;
}
