/*
 * thread_test.c - what joins letters to a conversation
 */
#include <string.h>

#include "lib/message/thread.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*subject, *base;
	bool		 is_reply;
} subjects[] = {
	{ "", "", false },
	{ " Test", "Test", false },
	{ "Re: Test", "Test", true },
	{ "rE : Test", "Test", true },
	{ "Fw: FWD: Re: Test", "Test", true },
	{ "Re[2]: Test", "Test", true },
	{ "Re [2]:Test", "Test", true },
	{ "Test (fwd)", "Test", true },
	{ "Test (Fwd) (fwd)  ", "Test", true },
	{ "[list] Test", "Test", false },
	{ "[a] [b]Re: [c] Test", "Test", true },
	{ "[list]", "[list]", false },
	{ "[a][b]", "[b]", false },
	{ "Re: [list]", "[list]", true },
	{ "[Fwd: Test]", "Test", true },
	{ "[fwd: Re: [x] Test (fwd) ]", "Test", true },
	{ "[fwd: Test", "[fwd: Test", false },
	/* RFC 5256 2.1: of subj-blob no brackets in it */
	{ "[a[b]] Re: x", "[a[b]] Re: x", false },
	{ "Regards: you", "Regards: you", false },
	{ "Re", "Re", false },
	{ "Ref: x", "Ref: x", false },
	{ "Re:", "", true },
	{ "a \t b\r\n\tc", "a b c", false },
	{ "=?utf-8?q?Re:_caf=C3=A9?=", "caf\303\251", true },
};

/* RFC 5256 2.1 */
START_TEST(a_base_subject_is_what_is_left)
{
	TEXT_AUTO text = TEXT_INIT(1000);
	bool is_reply = false;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(thread_base_subject(&text,
	    slice_str(subjects[_i].subject), &is_reply), 0);
	words_close();
	ck_assert_msg(slice_is_str(text_slice(&text), subjects[_i].base),
	    "%.*s", SLICE_FMT(text_slice(&text)));
	ck_assert_int_eq(is_reply, subjects[_i].is_reply);
}
END_TEST

static const struct {
	const char	*value, *ids;	/* with a bar behind each */
} ids[] = {
	{ "", "" },
	{ " <a@b.test>\r\n\t<c@d.test>", "a@b.test|c@d.test|" },
	/* RFC 5256 3, 1.A: these are the same */
	{ "<01KF8JCEOCBS0045PS@xxx.yyy.com> <\"01KF8JCEOCBS0045PS\"@"
	    "xxx.yyy.com>",
	    "01KF8JCEOCBS0045PS@xxx.yyy.com|01KF8JCEOCBS0045PS@xxx.yyy.com|" },
	{ "Message of Monday <x> from <a@b.test>", "a@b.test|" },
	{ "<\"a>b\"@c.test>", "a>b@c.test|" },
	{ "<a<b@c.test>", "b@c.test|" },
	{ "<a@b.test", "" },
	{ "<@b.test> <> < a@b.\r\n test >", "a@b.test|" },
	{ "a@b.test", "" },
};

START_TEST(message_ids_are_read_as_they_are_compared)
{
	struct slice rest = slice_str(ids[_i].value);
	TEXT_AUTO all = TEXT_INIT(1000);

	while (thread_id_next(&rest, &all))
		text_add_byte(&all, '|');
	ck_assert_msg(slice_is_str(text_slice(&all), ids[_i].ids), "%.*s",
	    SLICE_FMT(text_slice(&all)));
}
END_TEST

START_TEST(long_values_take_no_time)
{
	static const char *const pieces[] = {
		"[a]", "<", "<\"", "<a@b", "(fwd)", "Re: ", "\"<\"", "[fwd:"
	};
	TEXT_AUTO value = TEXT_INIT(8 << 20);
	TEXT_AUTO text = TEXT_INIT(8 << 20);
	struct slice rest;
	uint64_t began = cpu_ms();
	bool is_reply;

	for (unsigned i = 0; i < 300000; i++)
		text_add_str(&value, pieces[_i]);
	ck_assert_int_eq(thread_base_subject(&text, text_slice(&value),
	    &is_reply), 0);
	rest = text_slice(&value);
	while (thread_id_next(&rest, &text))
		;
	ck_assert_uint_lt(cpu_ms() - began, 2000);
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("thread");
	TCase *t = tcase_create("thread");

	tcase_add_loop_test(t, a_base_subject_is_what_is_left, 0,
	    COUNT(subjects));
	tcase_add_loop_test(t, message_ids_are_read_as_they_are_compared, 0,
	    COUNT(ids));
	tcase_add_loop_test(t, long_values_take_no_time, 0, 8);
	suite_add_tcase(s, t);
	return s;
}
