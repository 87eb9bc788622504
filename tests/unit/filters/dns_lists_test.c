/*
 * dns_lists_test.c - lists of addresses that are published in DNS
 */
#include "filters/dns_lists.h"

#include <string.h>

#include "tests/unit/unit.h"

#define EVERY	"a a.example; b b.example; c c.example; d d.example; " \
		"e e.example; f f.example; g g.example; h h.example; " \
		"i i.example; j j.example; k k.example; l l.example"

static const struct {
	const char	*text;
	unsigned	 count;
} rights[] = {
	{ "", 0 },
	{ " ; ", 0 },
	{ "zen zen.example", 1 },
	{ "zen zen.example;", 1 },
	{ "Zen Zen.Example 127.0.0.2-127.0.0.11 127.0.0.30 refuse; "
	    "wl list.example allow", 2 },
	{ "m m.example bits 14 hold", 1 },
	{ "m m.example block mark 127.0.0.2", 1 },
	{ EVERY, DNS_LISTS_MOST },
};

START_TEST(lists_are_read)
{
	struct dns_lists lists = { .count = 77 };
	struct slice where;

	ck_assert_ptr_null(dns_lists_read(slice_str(rights[_i].text), &lists,
	    &where));
	ck_assert_uint_eq(lists.count, rights[_i].count);
}
END_TEST

START_TEST(each_word_of_a_list_is_meant)
{
	struct dns_lists lists;
	struct slice where;

	ck_assert_ptr_null(dns_lists_read(slice_str(rights[4].text), &lists,
	    &where));
	ck_assert_str_eq(lists.list[0].name, "zen");
	ck_assert_str_eq(lists.list[0].zone, "zen.example");
	ck_assert_uint_eq(lists.list[0].range_count, 2);
	ck_assert_uint_eq(lists.list[0].ranges[0].from, 0x7f000002);
	ck_assert_uint_eq(lists.list[0].ranges[0].to, 0x7f00000b);
	ck_assert_int_eq(lists.list[0].action, VERDICT_REFUSE);
	ck_assert(!lists.list[0].allows && lists.list[1].allows);
	ck_assert_int_eq(lists.list[1].action, VERDICT_ACCEPT);
}
END_TEST

static const struct {
	const char	*text, *where, *why;
} wrongs[] = {
	{ "ok ok.example; no!", "no!", "no name of a list" },
	{ "none none.example", "none", "no name of a list" },
	{ "-a a.example", "-a", "no name of a list" },
	{ "zen", "zen", "without a zone" },
	{ "zen 192.0.2.1", "192.0.2.1", "no zone" },
	{ "zen zen.example reject", "reject", "is none of" },
	{ "zen zen.example quarantine", "quarantine", "is none of" },
	{ "zen zen.example 127.0.0", "127.0.0", "no answer" },
	{ "zen zen.example 127.0.0.9-127.0.0.2", "127.0.0.9-127.0.0.2",
	    "upward" },
	{ "zen zen.example 10.0.0.1", "10.0.0.1", "begin with 127" },
	{ "zen zen.example bits", "bits", "from 1 to 255" },
	{ "zen zen.example bits 256", "256", "from 1 to 255" },
	{ "wl wl.example allow refuse", "refuse", "what it allows" },
	{ "wl wl.example allow domains", "domains", "anybody can write" },
	{ "a a.example; A b.example", "A b.example", "another list" },
	{ "a a.example 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 "
	    "127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.9", "127.0.0.9",
	    "too many" },
	{ EVERY "; m m.example", "m m.example", "too many" },
};

START_TEST(what_is_wrong_in_a_list_is_pointed_at)
{
	struct dns_lists lists = { .count = 77 };
	struct slice where = { NULL, 0 };
	const char *why = dns_lists_read(slice_str(wrongs[_i].text), &lists,
	    &where);

	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, wrongs[_i].why) != NULL, "%s", why);
	ck_assert_msg(slice_is_str(where, wrongs[_i].where), "%.*s",
	    SLICE_FMT(where));
	ck_assert_uint_eq(lists.count, 77);
}
END_TEST

static struct dns_list
list_of(const char *text)
{
	struct dns_lists lists;
	struct slice where;

	ck_assert_ptr_null(dns_lists_read(slice_str(text), &lists, &where));
	return lists.list[0];
}

static const struct {
	const char	*address, *name;
} questions[] = {
	/* 2.1 */
	{ "192.0.2.99", "99.2.0.192.bad.example" },
	/* 2.4 */
	{ "2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0."
	    "2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bad.example" },
	/* 5 */
	{ "::ffff:127.0.0.2", "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bad.example" },
	{ "mail.example", NULL },
	{ "", NULL },
};

START_TEST(an_address_is_asked_about_the_other_way_round)
{
	struct dns_list list = list_of("bad bad.example");
	struct dns_question question;
	bool asks = dns_list_asks(&list, slice_str(questions[_i].address),
	    &question);

	ck_assert_int_eq(asks, questions[_i].name != NULL);
	if (!asks)
		return;
	ck_assert_int_eq(question.kind, DNS_A);
	ck_assert_str_eq(question.name, questions[_i].name);
}
END_TEST

/* The longest zone behind the longest address is still a name. */
START_TEST(every_zone_that_is_taken_has_room_in_a_question)
{
	struct dns_list list = list_of("a a.example");
	struct dns_question question;

	memset(list.zone, 'z', DNS_LIST_ZONE_MOST);
	ck_assert(dns_list_asks(&list, slice_str("2001:db8::1"), &question));
	ck_assert_uint_eq(strlen(question.name), 64 + DNS_LIST_ZONE_MOST);
}
END_TEST

static const struct {
	const char		*list;
	const char		*answers;	/* of 4 bytes each */
	size_t			 count;
	enum listed_result	 result;
	uint32_t		 address;
} says[] = {
	{ "a a.example", "\x7f\0\0\2", 1, LISTED_YES, 0x7f000002 },
	{ "a a.example", "\x7f\0\5\1", 1, LISTED_YES, 0x7f000501 },
	{ "a a.example 127.0.0.2-127.0.0.4", "\x7f\0\0\4", 1, LISTED_YES,
	    0x7f000004 },
	{ "a a.example 127.0.0.2-127.0.0.4", "\x7f\0\0\5", 1, LISTED_NO, 0 },
	{ "a a.example 127.0.0.9", "\x7f\0\0\2\x7f\0\0\x9", 2, LISTED_YES,
	    0x7f000009 },
	{ "a a.example bits 12", "\x7f\0\0\x6", 1, LISTED_YES, 0x7f000006 },
	{ "a a.example bits 12", "\x7f\0\0\x3", 1, LISTED_NO, 0 },
	/* words of a list about us are no listing, whatever is configured */
	{ "a a.example 127.0.0.0-127.255.255.255", "\x7f\xff\xff\xfe", 1,
	    LISTED_REFUSED, 0x7ffffffe },
	{ "a a.example", "\x7f\xff\xff\xfc", 1, LISTED_REFUSED, 0x7ffffffc },
	{ "a a.example bits 1", "\x7f\0\0\1", 1, LISTED_REFUSED, 0x7f000001 },
	{ "a a.example", "\x7f\0\0\xff", 1, LISTED_REFUSED, 0x7f0000ff },
	{ "a a.example", "\x7f\0\0\2\x7f\xff\xff\xff", 2, LISTED_REFUSED,
	    0x7fffffff },
	/* a zone that is for sale */
	{ "a a.example", "\xc0\0\2\1", 1, LISTED_BROKEN, 0xc0000201 },
	{ "a a.example", "", 0, LISTED_NO, 0 },
};

START_TEST(an_answer_means_what_is_configured_and_no_more)
{
	struct dns_list list = list_of(says[_i].list);
	struct slice records[2] = {
		slice_of(says[_i].answers, 4),
		slice_of(says[_i].answers + 4, 4)
	};
	struct dns_answer answer = { .found = says[_i].count == 0 ?
	    DNS_NOTHING : DNS_FOUND, .records = records,
	    .count = says[_i].count };
	uint32_t address = 0;

	ck_assert_int_eq(dns_list_says(&list, &answer, &address),
	    says[_i].result);
	ck_assert_uint_eq(address, says[_i].address);
	answer.found = DNS_LATER;
	ck_assert_int_eq(dns_list_says(&list, &answer, &address),
	    LISTED_SILENT);
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/dns_lists");
	TCase *tests = tcase_create("dns_lists");

	tcase_add_loop_test(tests, lists_are_read, 0, COUNT(rights));
	tcase_add_test(tests, each_word_of_a_list_is_meant);
	tcase_add_loop_test(tests, what_is_wrong_in_a_list_is_pointed_at, 0,
	    COUNT(wrongs));
	tcase_add_loop_test(tests,
	    an_address_is_asked_about_the_other_way_round, 0,
	    COUNT(questions));
	tcase_add_test(tests, every_zone_that_is_taken_has_room_in_a_question);
	tcase_add_loop_test(tests,
	    an_answer_means_what_is_configured_and_no_more, 0, COUNT(says));
	suite_add_tcase(suite, tests);
	return suite;
}
