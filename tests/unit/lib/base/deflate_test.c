/*
 * deflate_test.c - what is compressed comes out as it went in, and no faster
 * than there is room for
 */
#include <errno.h>
#include <string.h>

#include "lib/base/deflate.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

/* A stream that gives `piece` bytes at a time. */
struct stream {
	struct slice	rest;
	size_t		piece;
};

static int
give(void *arg, char *bytes, size_t size)
{
	struct stream *stream = arg;
	struct slice s = slice_first(stream->rest,
	    stream->piece < size ? stream->piece : size);

	if (s.len == 0)
		return -EAGAIN;
	memcpy(bytes, s.at, s.len);
	stream->rest = slice_after(stream->rest, s.len);
	return (int)s.len;
}

static void
pack_some(struct text *packed, size_t bytes)
{
	TEXT_AUTO plain = TEXT_INIT(bytes);
	struct deflate *deflate;

	for (size_t i = 0; i < bytes; i++)
		text_add_byte(&plain, (char)(i % 7));
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &deflate), 0);
	ck_assert_int_eq(deflate_write(deflate, text_slice(&plain), packed),
	    0);
	deflate_free(deflate);
}

/* HARDENING A39: 4 MiB that were a few KiB come in pieces of the room */
START_TEST(what_swells_comes_as_there_is_room)
{
	static const size_t pieces[] = { 1, 100, 1 << 20 };
	TEXT_AUTO packed = TEXT_INIT(1 << 20);
	char room[1000];
	struct deflate *deflate;
	struct stream stream;
	size_t sum = 0, wrong = 0;
	int n;

	pack_some(&packed, 4 << 20);
	ck_assert_uint_lt(packed.len, 64 << 10);
	stream = (struct stream){ text_slice(&packed), pieces[_i] };
	/* the first bytes have been read already */
	ck_assert_int_eq(deflate_new(slice_first(stream.rest, 10), &deflate),
	    0);
	stream.rest = slice_after(stream.rest, 10);
	while ((n = deflate_read(deflate, give, &stream, room,
	    sizeof(room))) > 0)
		for (int i = 0; i < n; i++)
			wrong += room[i] != (char)(sum++ % 7);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(n, -EAGAIN);
	ck_assert_uint_eq(sum, 4 << 20);
	ck_assert_uint_eq(deflate_counts(deflate).received, 4 << 20);
	ck_assert_uint_eq(deflate_counts(deflate).received_packed,
	    packed.len);
	ck_assert_uint_eq(deflate_counts(deflate).sent, 0);
	deflate_free(deflate);
}
END_TEST

START_TEST(what_is_no_deflate_is_refused)
{
	struct stream stream = { SLICE("* OK this is not compressed"), 100 };
	struct deflate *deflate;
	char room[100];

	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &deflate), 0);
	ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
	    sizeof(room)), -EBADMSG);
	deflate_free(deflate);
}
END_TEST

/* RFC 1951 3.2.4: stored blocks of no byte, one after the other */
START_TEST(empty_blocks_without_end_are_refused)
{
	static char blocks[5 * 30000];
	struct stream stream = { { blocks, sizeof(blocks) }, 4000 };
	struct deflate *deflate;
	char room[100];
	int n;

	for (size_t i = 0; i < sizeof(blocks); i += 5)
		memcpy(blocks + i, "\0\0\0\xff\xff", 5);
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &deflate), 0);
	/* a thousand, a byte, a thousand: as somebody may flush */
	stream.rest.len = 5000;
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
		    sizeof(room)), -EAGAIN);
		stream.rest = slice_of("\0\1\0\xfe\xffx", 6);
		ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
		    sizeof(room)), 1);
		stream.rest = slice_of(blocks, 5000);
	}
	stream.rest = slice_of(blocks, sizeof(blocks));
	n = deflate_read(deflate, give, &stream, room, sizeof(room));
	ck_assert_int_eq(n, -EBADMSG);
	/* it did not have to be read to its end */
	ck_assert_uint_gt(stream.rest.len, 0);
	deflate_free(deflate);
}
END_TEST

/* RFC 1951 3.2.4: a last block, stored, of one byte; and one behind it */
START_TEST(behind_its_end_nothing_may_come)
{
	static const char bytes[] = "\x01\x01\x00\xfe\xffxy";
	struct stream stream = { { bytes, 6 }, 100 };
	struct deflate *deflate;
	char room[100];

	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &deflate), 0);
	ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
	    sizeof(room)), 1);
	ck_assert_int_eq(room[0], 'x');
	ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
	    sizeof(room)), -EAGAIN);
	stream.rest = slice_of(bytes + 6, 1);
	ck_assert_int_eq(deflate_read(deflate, give, &stream, room,
	    sizeof(room)), -EBADMSG);
	deflate_free(deflate);
}
END_TEST

/* Every other piece after a rest, on both sides, and read all the same. */
START_TEST(a_rest_changes_nothing_of_what_is_said)
{
	static const char *const lines[] = { "a1 NOOP\r\n", "a2 NOOP\r\n",
	    "a3 UID FETCH 1:* FLAGS\r\n", "a4 UID FETCH 1:* FLAGS\r\n" };
	struct deflate *here, *there;
	char room[100];
	struct slice rest;

	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &here), 0);
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &there), 0);
	deflate_rest(there);		/* before anything was said */
	for (size_t i = 0; i < 400; i++) {
		TEXT_AUTO packed = TEXT_INIT(1000);
		const char *line = lines[i % 4];
		int n;

		if (i % 3 == 0)
			deflate_rest(here);
		if (i % 2 == 0)
			deflate_rest(there);
		ck_assert_int_eq(deflate_write(here, slice_str(line),
		    &packed), 0);
		rest = text_slice(&packed);
		n = deflate_unpack(there, &rest, room, sizeof(room));
		ck_assert(n > 0 && slice_is_str(slice_of(room, (size_t)n),
		    line));
		ck_assert_uint_eq(rest.len, 0);
		ck_assert_int_eq(deflate_unpack(there, &rest, room,
		    sizeof(room)), 0);
	}
	ck_assert_uint_eq(deflate_counts(there).received,
	    deflate_counts(here).sent);
	ck_assert_uint_eq(deflate_counts(there).received_packed,
	    deflate_counts(here).sent_packed);
	deflate_free(here);
	deflate_free(there);
}
END_TEST

/* In the midst of a block nothing can be given back, and nothing is lost. */
START_TEST(a_rest_in_the_midst_of_a_block_is_none)
{
	TEXT_AUTO packed = TEXT_INIT(1 << 16);
	struct deflate *there;
	struct slice rest;
	char room[100];
	size_t sum = 0, wrong = 0;

	pack_some(&packed, 100000);
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &there), 0);
	for (size_t at = 0; at < packed.len; at++) {
		int n;

		rest = slice_of(packed.at + at, 1);
		while ((n = deflate_unpack(there, &rest, room,
		    sizeof(room))) > 0) {
			for (int i = 0; i < n; i++)
				wrong += room[i] != (char)(sum++ % 7);
			deflate_rest(there);
		}
		ck_assert_int_eq(n, 0);
		deflate_rest(there);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(sum, 100000);
	deflate_free(there);
}
END_TEST

/* 500 of them at work fit in 60 MiB, and at rest in as many KiB. */
START_TEST(one_takes_little_and_next_to_nothing_at_rest)
{
	TEXT_AUTO packed = TEXT_INIT(1 << 20);
	struct deflate *here, *there;
	char room[4000];
	struct slice rest;
	size_t before, used;

	if (!HEAP_IS_KNOWN)
		return;
	before = heap_bytes();
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &here), 0);
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &there), 0);
	memset(room, 'x', sizeof(room));
	ck_assert_int_eq(deflate_write(here, slice_of(room, 2000), &packed),
	    0);
	rest = text_slice(&packed);
	ck_assert_int_eq(deflate_unpack(there, &rest, room, sizeof(room)),
	    2000);
	text_free(&packed);
	used = heap_bytes() - before;
	ck_assert_uint_lt(used, (size_t)2 * 120 * 1024);
	deflate_rest(here);
	deflate_rest(there);
	used = heap_bytes() - before;
	ck_assert_uint_lt(used, 3500);
	deflate_free(here);
	deflate_free(there);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("deflate");
	TCase *tcase = tcase_create("deflate");

	tcase_add_loop_test(tcase, what_swells_comes_as_there_is_room, 0, 3);
	tcase_add_test(tcase, what_is_no_deflate_is_refused);
	tcase_add_test(tcase, empty_blocks_without_end_are_refused);
	tcase_add_test(tcase, behind_its_end_nothing_may_come);
	tcase_add_test(tcase, a_rest_changes_nothing_of_what_is_said);
	tcase_add_test(tcase, a_rest_in_the_midst_of_a_block_is_none);
	tcase_add_test(tcase, one_takes_little_and_next_to_nothing_at_rest);
	suite_add_tcase(suite, tcase);
	return suite;
}
