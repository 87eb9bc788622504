/*
 * frame_test.c - where an answer ends, in a stream of IMAP responses
 */
#include "gateway/imap/frame.h"

#include <string.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*stream;
	size_t		 answer;	/* bytes of it */
	bool		 is_ok;
} streams[] = {
	{ "a OK done\r\n", 11, true },
	{ "a NO [NOPERM] no\r\na OK\r\n", 18, false },
	{ "* 1 EXISTS\r\na OK done\r\nb OK\r\n", 23, true },
	/* a literal is no line, whatever stands in it */
	{ "* 1 FETCH (BODY[] {11}\r\na OK done\r\n)\r\na OK all\r\n", 48, true },
	{ "* 1 FETCH (BINARY[1] ~{6}\r\na NO\r\n)\r\na BAD no\r\n", 46,
	  false },
	{ "* 1 FETCH (BODY[] {0}\r\n)\r\na OK all\r\n", 36, true },
	/* a tag that only begins so, and one in the middle */
	{ "ab OK x\r\n* a OK y\r\na OK z\r\n", 27, true },
	{ "+ idling\r\na OK z\r\n", 18, true },
	{ "* X {1}{2}\r\nzz\r\na OK z\r\n", 24, true },
};

static void
pass(size_t n, size_t step)
{
	struct slice all = slice_str(streams[n].stream), piece;
	struct imapd_frame frame = { 0 };
	enum imapd_framed framed = IMAPD_FRAME_NEEDS_MORE;
	size_t at = 0, come = 0;

	while (framed != IMAPD_FRAME_END) {
		framed = imapd_frame_take(&frame, slice_of(all.at + at,
		    come - at), slice_str("a"), &piece);
		if (framed == IMAPD_FRAME_NEEDS_MORE) {
			ck_assert_uint_lt(come, all.len);
			come = come + step < all.len ? come + step : all.len;
			continue;
		}
		ck_assert_uint_gt(piece.len, 0);
		ck_assert_ptr_eq(piece.at, all.at + at);
		at += piece.len;
	}
	ck_assert_uint_eq(at, streams[n].answer);
	ck_assert_int_eq(frame.is_ok, streams[n].is_ok);
}

/* RFC 9051 2.2.2, 4.3 */
START_TEST(an_answer_ends_with_its_tag_however_its_bytes_come)
{
	for (size_t step = 1; step < 64; step++)
		pass((size_t)_i, step);
}
END_TEST

Suite *
unit_suite(void)
{
	TCase *tcase = tcase_create("frame");
	Suite *suite = suite_create("frame");

	tcase_add_loop_test(tcase,
	    an_answer_ends_with_its_tag_however_its_bytes_come, 0,
	    sizeof(streams) / sizeof(streams[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
