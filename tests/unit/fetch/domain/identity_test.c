/*
 * identity_test.c - is this another copy of a message that came before?
 */
#include <errno.h>
#include <string.h>

#include "fetch/domain/identity.h"
#include "tests/unit/unit.h"

static struct identity id;

static void
begin(void)
{
	ck_assert_int_eq(identity_open(&id), 0);
}

static void
end(void)
{
	identity_close(&id);
}

/* The identity of a message that comes in pieces of `step` bytes. */
static int
of(const char *message, size_t step, unsigned char out[DIGEST_BYTES])
{
	struct slice rest = slice_str(message);

	identity_begin(&id);
	while (rest.len > 0) {
		identity_add(&id, slice_first(rest, step));
		rest = slice_after(rest, step);
	}
	return identity_end(&id, out);
}

#define HEADER	"Message-ID: <1@a>\r\nDate: now\r\nFrom: a@b\r\n" \
		"Subject: s t\r\nTo: x@y\r\nCc: z@y\r\n"
#define FIRST	"Received: one\r\n" HEADER "\r\nbody\r\n\r\nmore\r\n"

static const struct {
	const char	*message;
	bool		 same;		/* as FIRST */
} copies[] = {
	{ FIRST, true },
	/* trace fields and envelope headers differ between copies */
	{ "Delivered-To: b\r\nReceived: two\r\n" HEADER "X-UIDL: 7\r\n"
	    "\r\nbody\r\n\r\nmore\r\n", true },
	/* line ends, folding, empty lines at the end, order, letter case */
	{ "Received: one\n" "Message-id: <1@a>\nDate: now\nFrom: a@b\n"
	    "Subject: s\n t\nCc: z@y\nTo:  x@y \n\nbody\n\nmore", true },
	{ HEADER "\r\nbody\r\n\r\nmore\r\n\r\n\r\n", true },
	/* what makes it another message */
	{ HEADER "\r\nbody\r\n\r\nmore\r\n-- \r\nlist\r\n", false },
	{ HEADER "\r\nbody\r\nmore\r\n", false },
	{ HEADER "\r\nbody\r\n\r\nmore \r\n", false },
	{ HEADER "\r\nbo\rdy\r\n\r\nmore\r\n", false },
	{ HEADER "\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ HEADER "To: w@y\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ "Message-ID: <2@a>\r\nDate: now\r\nFrom: a@b\r\nSubject: s t\r\n"
	    "To: x@y\r\nCc: z@y\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ "Message-ID: <1@a>\r\nDate: now\r\nFrom: a@b\r\nSubject: s\r\n"
	    "To: x@y\r\nCc: z@y\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ HEADER, false },
	/* the same bytes that are to be read in another way, or answered
	 * elsewhere: who has seen a message can send such a one ahead of it */
	{ HEADER "Content-Type: text/html\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ HEADER "Content-Transfer-Encoding: base64\r\n"
	    "\r\nbody\r\n\r\nmore\r\n", false },
	{ HEADER "Reply-To: c@d\r\n\r\nbody\r\n\r\nmore\r\n", false },
	{ HEADER "Sender: c@d\r\n\r\nbody\r\n\r\nmore\r\n", false },
};

START_TEST(copies_are_the_same_and_other_messages_are_not)
{
	unsigned char first[DIGEST_BYTES], other[DIGEST_BYTES];

	ck_assert_int_eq(of(FIRST, 1000, first), 0);
	for (size_t step = 1; step < 40; step++) {
		ck_assert_int_eq(of(copies[_i].message, step, other), 0);
		ck_assert_int_eq(memcmp(first, other, DIGEST_BYTES) == 0,
		    copies[_i].same);
	}
}
END_TEST

START_TEST(without_message_id_and_date_there_is_no_identity)
{
	unsigned char out[DIGEST_BYTES];

	ck_assert_int_eq(of("From: meter@a\r\n\r\nok\r\n", 9, out), -ENOENT);
	ck_assert_int_eq(of("Message-ID: <>\r\nDate:\r\n\r\nok\r\n", 9, out),
	    -ENOENT);
	ck_assert_int_eq(of("Date: d\r\n\r\nok\r\n", 9, out), 0);
	ck_assert_int_eq(of("Message-ID: <1@a>\r\n\r\nok\r\n", 9, out), 0);
	ck_assert_int_eq(of("Date: d", 9, out), 0);
	ck_assert_int_eq(of("", 9, out), -ENOENT);
	/* in the body they are words */
	ck_assert_int_eq(of("A: b\r\n\r\nDate: d\r\n", 9, out), -ENOENT);
}
END_TEST

START_TEST(memory_is_bounded_by_the_longest_header)
{
	static char line[1000];
	unsigned char one[DIGEST_BYTES], two[DIGEST_BYTES];

	memset(line, 'x', sizeof(line));
	for (int run = 0; run < 2; run++) {
		identity_begin(&id);
		identity_add(&id, slice_str("Date: d\r\nX: "));
		for (int i = 0; i < 4000; i++) {
			identity_add(&id, slice_of(line, sizeof(line)));
			ck_assert_uint_le(id.header.len,
			    IDENTITY_HEADER_BYTES);
		}
		ck_assert_int_eq(identity_end(&id, run == 0 ? one : two), 0);
	}
	ck_assert_int_eq(memcmp(one, two, DIGEST_BYTES), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("domain identity");
	TCase *tests = tcase_create("identity");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_loop_test(tests, copies_are_the_same_and_other_messages_are_not,
	    0, sizeof(copies) / sizeof(copies[0]));
	tcase_add_test(tests,
	    without_message_id_and_date_there_is_no_identity);
	tcase_add_test(tests, memory_is_bounded_by_the_longest_header);
	suite_add_tcase(suite, tests);
	return suite;
}
