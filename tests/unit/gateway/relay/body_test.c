/*
 * body_test.c - a message as it goes out behind DATA
 */
#include "gateway/relay/body.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct {
	struct slice	stored, sent;
} bodies[] = {
	{ SLICE(""), SLICE(".\r\n") },
	{ SLICE("A: b\r\n\r\nhi\r\n"), SLICE("A: b\r\n\r\nhi\r\n.\r\n") },
	{ SLICE("no end"), SLICE("no end\r\n.\r\n") },
	{ SLICE(".\r\n"), SLICE("..\r\n.\r\n") },
	{ SLICE("a\r\n.\r\n..b\r\n"), SLICE("a\r\n..\r\n...b\r\n.\r\n") },
	/* HARDENING A02: what could pass for an end elsewhere */
	{ SLICE("a\n.\nb\r\n"), SLICE("a\r\n..\r\nb\r\n.\r\n") },
	{ SLICE("a\r.\rb\r\n"), SLICE("a\r\n..\r\nb\r\n.\r\n") },
	{ SLICE("a\n.\r\nb"), SLICE("a\r\n..\r\nb\r\n.\r\n") },
	{ SLICE("a\r\n.\nb"), SLICE("a\r\n..\r\nb\r\n.\r\n") },
	{ SLICE("a\r\n.\rb"), SLICE("a\r\n..\r\nb\r\n.\r\n") },
	{ SLICE("a\r\r\n.\r\n"), SLICE("a\r\n\r\n..\r\n.\r\n") },
	{ SLICE("a\r"), SLICE("a\r\n.\r\n") },
	{ SLICE("a\0b\r\n"), SLICE("a\x80" "b\r\n.\r\n") },
};

/* In pieces of every size it comes out the same. */
START_TEST(no_message_has_more_than_one_end)
{
	struct slice stored = bodies[_i].stored, sent = bodies[_i].sent;

	for (size_t size = 1; size <= stored.len + 1; size++) {
		TEXT_AUTO out = TEXT_INIT(4096);
		struct relay_body body;

		relay_body_begin(&body, false);
		for (size_t at = 0; at < stored.len; at += size)
			relay_body_add(&body, slice_first(slice_after(stored,
			    at), size), &out);
		relay_body_end(&body, &out);
		ck_assert_msg(slice_is(text_slice(&out), sent),
		    "pieces of %zu: %.*s", size, SLICE_FMT(text_slice(&out)));
	}
}
END_TEST

/* RFC 5321 4.5.3.1.6; the dot that is doubled is no part of the text */
START_TEST(a_long_line_is_folded)
{
	char stored[3000];

	memset(stored, '.', sizeof(stored));
	for (size_t size = 1; size <= sizeof(stored); size += 331) {
		TEXT_AUTO out = TEXT_INIT(8192);
		struct relay_body body;
		struct slice rest, line;
		size_t dots = 0;

		relay_body_begin(&body, false);
		for (size_t at = 0; at < sizeof(stored); at += size)
			relay_body_add(&body, slice_first(slice_of(stored +
			    at, sizeof(stored) - at), size), &out);
		relay_body_end(&body, &out);
		rest = text_slice(&out);
		while (slice_cut(&rest, '\n', &line)) {
			ck_assert_uint_le(line.len, RELAY_LINE_MOST + 2);
			for (size_t i = 0; i < line.len; i++)
				dots += line.at[i] == '.';
		}
		/* one more for the doubled one, and one for the end */
		ck_assert_uint_eq(dots, sizeof(stored) + 2);
	}
}
END_TEST

/* RFC 3030: its bytes are counted, so no dot is doubled and none ends it */
START_TEST(what_is_counted_has_no_dots_of_ours)
{
	static const struct slice stored = SLICE("a\n.\r.\r\n..b\r\n.c");
	TEXT_AUTO out = TEXT_INIT(4096);
	struct relay_body body;

	relay_body_begin(&body, true);
	for (size_t at = 0; at < stored.len; at++)
		relay_body_add(&body, slice_of(stored.at + at, 1), &out);
	relay_body_end(&body, &out);
	ck_assert(slice_is_str(text_slice(&out),
	    "a\r\n.\r\n.\r\n..b\r\n.c\r\n"));
}
END_TEST

START_TEST(a_line_of_998_stays_whole)
{
	char stored[RELAY_LINE_MOST + 2];
	TEXT_AUTO out = TEXT_INIT(4096);
	struct relay_body body;

	memset(stored, 'x', RELAY_LINE_MOST);
	memcpy(stored + RELAY_LINE_MOST, "\r\n", 2);
	relay_body_begin(&body, false);
	for (size_t at = 0; at < sizeof(stored); at++)
		relay_body_add(&body, slice_of(stored + at, 1), &out);
	relay_body_end(&body, &out);
	ck_assert_uint_eq(out.len, sizeof(stored) + 3);
	ck_assert_mem_eq(out.at, stored, sizeof(stored));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("relay/body");
	TCase *tests = tcase_create("body");

	tcase_add_loop_test(tests, no_message_has_more_than_one_end, 0,
	    sizeof(bodies) / sizeof(*bodies));
	tcase_add_test(tests, a_long_line_is_folded);
	tcase_add_test(tests, what_is_counted_has_no_dots_of_ours);
	tcase_add_test(tests, a_line_of_998_stays_whole);
	suite_add_tcase(suite, tests);
	return suite;
}
