/*
 * sort_key_test.c - what letters are put in order by
 */
#include <string.h>

#include "lib/message/sort_key.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*header;
	enum sort_key	 key;
	const char	*want;
} keys[] = {
	/* RFC 5256 3: the addr-mailbox of the first address */
	{ "From: Ann <ann.lee@a.test>, ben@a.test\r\n", SORT_FROM,
	    "ANN.LEE" },
	{ "To: b@a.test\r\nTo: c@a.test\r\n", SORT_TO, "B" },
	{ "Cc: \"d e\"@a.test\r\n", SORT_CC, "D E" },
	{ "From:\r\n", SORT_FROM, "" },
	{ "X: y\r\n", SORT_FROM, "" },
	/* RFC 9051 7.5.2: a group begins with its name as a mailbox */
	{ "To: all of us: a@a.test;\r\n", SORT_TO, "ALL OF US" },
	/* RFC 5957 3 */
	{ "From: ann@a.test (Ann)\r\n", SORT_DISPLAYFROM, "ANN" },
	{ "From: \"Lee, Ann\" <a@a.test>\r\n", SORT_DISPLAYFROM, "LEE, ANN" },
	{ "From: =?utf-8?b?w4ltaWxl?= <a@a.test>\r\n", SORT_DISPLAYFROM,
	    "E\314\201MILE" },
	{ "From: <a@a.test>\r\n", SORT_DISPLAYFROM, "A@A.TEST" },
	{ "To: us:;\r\n", SORT_DISPLAYTO, "US" },
	{ "To: \"\" <x@a.test>\r\n", SORT_DISPLAYTO, "X@A.TEST" },
	{ "X: y\r\n", SORT_DISPLAYTO, "" },
	/* RFC 5256 2.1 */
	{ "Subject: Re: [x] Fwd: one\r\n", SORT_SUBJECT, "ONE" },
	{ "Subject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n", SORT_SUBJECT,
	    "E\314\201TE\314\201" },
	{ "Subject: a\r\n b\r\n", SORT_SUBJECT, "A B" },
	{ "Subject: \"quoted\" \\ {1}\r\n", SORT_SUBJECT,
	    "\"QUOTED\" \\ {1}" },
	{ "Subject: caf\351\r\n", SORT_SUBJECT, "CAFE\314\201" },
	{ "X: y\r\n", SORT_SUBJECT, "" },
};

static void
make(struct slice message, struct text *packed, struct structure *structure)
{
	ck_assert_int_eq(structure_make(message, packed), 0);
	ck_assert_int_eq(structure_open(text_slice(packed), structure), 0);
}

START_TEST(a_key_is_what_two_letters_are_compared_by)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO key = TEXT_INIT(SORT_KEY_MOST);
	struct structure structure;
	bool is_reply;

	ck_assert_int_eq(words_open(), 0);
	make(slice_str(keys[_i].header), &packed, &structure);
	ck_assert_int_eq(sort_key_add(&key, &structure, keys[_i].key,
	    &is_reply), 0);
	words_close();
	ck_assert_msg(slice_is_str(text_slice(&key), keys[_i].want), "%.*s",
	    SLICE_FMT(text_slice(&key)));
}
END_TEST

START_TEST(a_subject_says_that_it_is_a_reply)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO key = TEXT_INIT(SORT_KEY_MOST);
	struct structure structure;
	bool is_reply = false;

	make(slice_str("Subject: Re: a\r\nFrom: re: b\r\n"), &packed,
	    &structure);
	ck_assert_int_eq(sort_key_add(&key, &structure, SORT_SUBJECT,
	    &is_reply), 0);
	ck_assert(is_reply);
	text_clear(&key);
	ck_assert_int_eq(sort_key_add(&key, &structure, SORT_FROM, &is_reply),
	    0);
	ck_assert(!is_reply);
}
END_TEST

START_TEST(a_long_field_counts_as_far_as_the_limit)
{
	static const char *const fields[] = {
		"Subject: ", "From: \"", "To: \"", "Cc: "
	};
	TEXT_AUTO message = TEXT_INIT(400000);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO key = TEXT_INIT(SORT_KEY_MOST);
	struct structure structure;
	bool is_reply;

	text_add_str(&message, fields[_i]);
	for (unsigned i = 0; i < 60000; i++)
		text_add_str(&message, "\303\251");
	if (strchr(fields[_i], '"') != NULL)
		text_add_byte(&message, '"');
	text_add_str(&message, "<a@a.test>\r\n");
	make(text_slice(&message), &packed, &structure);
	for (enum sort_key kind = SORT_CC; kind <= SORT_DISPLAYTO; kind++) {
		text_clear(&key);
		ck_assert_int_eq(sort_key_add(&key, &structure, kind,
		    &is_reply), 0);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("sort_key");
	TCase *t = tcase_create("sort_key");

	tcase_add_loop_test(t, a_key_is_what_two_letters_are_compared_by, 0,
	    (int)(sizeof(keys) / sizeof(*keys)));
	tcase_add_test(t, a_subject_says_that_it_is_a_reply);
	tcase_add_loop_test(t, a_long_field_counts_as_far_as_the_limit, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
