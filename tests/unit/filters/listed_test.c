/*
 * listed_test.c - what the lists in DNS say of who sent a message
 */
#include "filters/listed.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define TRUSTED	"198.51.100.0/24 2001:db8:1::/48"

static struct dns_lists lists;

static struct listed *
begin(const char *text, const struct envelope *env)
{
	struct listed *listed = NULL;
	struct slice where;

	ck_assert_ptr_null(dns_lists_read(slice_str(text), &lists, &where));
	ck_assert_int_eq(listed_new(&lists, TRUSTED, env, NULL, &listed), 0);
	return listed;
}

/* Of what a provider brought from who knows where, too. */
START_TEST(lists_of_domains_are_asked_about_links)
{
	const struct links links = { .count = 2,
	    .domain = { "a.example", "b.example" } };
	struct envelope env = { .source = SOURCE_FETCH, .login = SLICE("ann") };
	struct listed_found found;
	struct verdict verdict;
	struct listed *listed;
	struct slice where;
	const struct slice record = SLICE("\x7f\0\1\2");
	const struct dns_answer yes = { .found = DNS_FOUND,
	    .records = &record, .count = 1 };

	ck_assert_ptr_null(dns_lists_read(slice_str("host h.example refuse; "
	    "link l.example domains hold; other o.example domains"), &lists,
	    &where));
	ck_assert_int_eq(listed_new(&lists, TRUSTED, &env, &links, &listed),
	    0);
	ck_assert_str_eq(listed_wants(listed, 0)->name, "a.example.l.example");
	ck_assert_str_eq(listed_wants(listed, 1)->name, "a.example.o.example");
	ck_assert_str_eq(listed_wants(listed, 2)->name, "b.example.l.example");
	ck_assert_uint_eq(listed_list(listed, 2), 1);
	listed_answer(listed, 2, &yes);
	listed_give_up(listed);
	listed_end(listed, &found);
	listed_free(listed);
	listed_judge(&found, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_str_eq(verdict.reason, "b.example is on the list link");
	ck_assert_str_eq(verdict.lines[0].value,
	    "link lists b.example (127.0.1.2); other: no answer");
	/* what people write is their own */
	env.source = SOURCE_SMTP;
	env.peer = slice_str("192.0.2.9");
	ck_assert_int_eq(listed_new(&lists, TRUSTED, &env, &links, &listed),
	    0);
	ck_assert_ptr_null(listed);
}
END_TEST

START_TEST(a_message_asks_no_more_than_said)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("192.0.2.9") };
	struct links links = { .count = LINKS_MOST };
	TEXT_AUTO text = TEXT_INIT(4000);
	struct listed *listed;
	struct slice where;
	unsigned count = 0;

	for (unsigned i = 0; i < LINKS_MOST; i++)
		(void)snprintf(links.domain[i], DNS_NAME_SIZE, "d%u.example",
		    i);
	for (char c = 'a'; c < 'a' + DNS_LISTS_MOST; c++)
		text_addf(&text, "%c %c.example domains; ", c, c);
	ck_assert_ptr_null(dns_lists_read(text_slice(&text), &lists, &where));
	ck_assert_int_eq(listed_new(&lists, TRUSTED, &env, &links, &listed),
	    0);
	for (unsigned i = 0; i < LISTED_PARTS; i++)
		count += listed_wants(listed, i) != NULL;
	ck_assert_uint_eq(count, LISTED_PARTS);
	listed_free(listed);
}
END_TEST

static const struct {
	enum envelope_source	 source;
	const char		*peer, *login, *hop;
	const char		*asked;	/* of a.example; NULL: nothing */
} hosts[] = {
	{ SOURCE_SMTP, "192.0.2.9", "", "", "9.2.0.192.a.example" },
	/* the provider itself is never asked about */
	{ SOURCE_FETCH, "192.0.2.9", "ann", "203.0.113.5",
	    "5.113.0.203.a.example" },
	{ SOURCE_FETCH, "192.0.2.9", "ann", "", NULL },
	{ SOURCE_UPSTREAM, "192.0.2.9", "", "203.0.113.5",
	    "5.113.0.203.a.example" },
	{ SOURCE_UPSTREAM, "192.0.2.9", "", "10.1.2.3", NULL },
	/* nor are people, the office, nor whom the postmaster trusts */
	{ SOURCE_SMTP, "192.0.2.9", "ann", "", NULL },
	{ SOURCE_LMTP, "192.0.2.9", "", "", NULL },
	{ SOURCE_OWN, "", "", "", NULL },
	{ SOURCE_SMTP, "127.0.0.1", "", "", NULL },
	{ SOURCE_SMTP, "::1", "", "", NULL },
	{ SOURCE_SMTP, "192.168.7.7", "", "", NULL },
	{ SOURCE_SMTP, "fe80::1", "", "", NULL },
	{ SOURCE_SMTP, "198.51.100.9", "", "", NULL },
	{ SOURCE_SMTP, "2001:db8:1::9", "", "", NULL },
	{ SOURCE_FETCH, "192.0.2.9", "ann", "198.51.100.9", NULL },
};

START_TEST(only_a_stranger_is_asked_about)
{
	const struct envelope env = {
		.source = hosts[_i].source,
		.peer = slice_str(hosts[_i].peer),
		.login = slice_str(hosts[_i].login),
		.hop = { .peer = slice_str(hosts[_i].hop) },
	};
	struct listed *listed = begin("a a.example; b b.example", &env);

	ck_assert_int_eq(listed != NULL, hosts[_i].asked != NULL);
	if (listed == NULL)
		return;
	ck_assert_str_eq(listed_wants(listed, 0)->name, hosts[_i].asked);
	ck_assert_uint_eq(listed_list(listed, 1), 1);
	ck_assert_ptr_null(listed_wants(listed, 2));
	ck_assert(!listed_is_decided(listed));
	listed_free(listed);
}
END_TEST

START_TEST(without_lists_nobody_is_asked)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("192.0.2.9") };

	ck_assert_ptr_null(begin("", &env));
}
END_TEST

/* What the lists "a", "b", ... answer: a last byte, or one of these. */
#define NO	0
#define LATER	256
#define OTHER	257	/* an address that is none of 127/8 */
#define REFUSES	258

static void
answer(struct listed *listed, unsigned part, int what)
{
	static const char other[] = { (char)192, 0, 2, 1 };
	static const char refuses[] = { 127, (char)255, (char)255, (char)254 };
	char bytes[4] = { 127, 0, 0, (char)what };
	struct slice record = slice_of(what == OTHER ? other :
	    what == REFUSES ? refuses : bytes, 4);
	const struct dns_answer said = {
		.found = what == NO ? DNS_NOTHING : what == LATER ?
		    DNS_LATER : DNS_FOUND,
		.records = &record, .count = 1,
	};

	listed_answer(listed, part, &said);
}

static const struct {
	const char		*lists;
	int			 answers[3];
	enum verdict_action	 action;
	const char		*reason, *line;
} cases[] = {
	{ "a a.example refuse", { 2 }, VERDICT_REFUSE,
	    "192.0.2.9 is on the list a", "a lists 192.0.2.9 (127.0.0.2)" },
	{ "a a.example", { 2 }, VERDICT_ACCEPT, "",
	    "a lists 192.0.2.9 (127.0.0.2)" },
	{ "a a.example refuse", { NO }, VERDICT_ACCEPT, "", "a: not listed" },
	{ "a a.example mark; b b.example hold", { 2, 3 }, VERDICT_HOLD,
	    "192.0.2.9 is on the list b",
	    "a lists 192.0.2.9 (127.0.0.2); b lists 192.0.2.9 (127.0.0.3)" },
	{ "a a.example refuse; w w.example allow", { 2, 4 }, VERDICT_ACCEPT,
	    "", "a lists 192.0.2.9 (127.0.0.2); "
	    "w (allow) lists 192.0.2.9 (127.0.0.4)" },
	{ "w w.example allow; a a.example refuse", { NO, 2 }, VERDICT_REFUSE,
	    "192.0.2.9 is on the list a",
	    "a lists 192.0.2.9 (127.0.0.2); w: not listed" },
	/* no answer, no service and nonsense list nobody */
	{ "a a.example refuse; b b.example refuse; c c.example refuse",
	    { LATER, REFUSES, OTHER }, VERDICT_ACCEPT, "", "a: no answer; "
	    "b: it refuses us (127.255.255.254); "
	    "c: it is broken, and not used" },
};

START_TEST(what_lists_say_is_told_and_done)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("192.0.2.9") };
	struct listed *listed = begin(cases[_i].lists, &env);
	struct listed_found found;
	struct verdict verdict;

	for (unsigned i = 0; i < lists.count; i++)
		answer(listed, i, cases[_i].answers[i]);
	ck_assert(listed_is_decided(listed));
	listed_end(listed, &found);
	listed_free(listed);
	listed_judge(&found, &verdict);
	ck_assert_int_eq(verdict.action, cases[_i].action);
	ck_assert_str_eq(verdict.reason, cases[_i].reason);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_str_eq(verdict.lines[0].name, LISTED_LINE);
	ck_assert_str_eq(verdict.lines[0].value, cases[_i].line);
	ck_assert_int_eq(listed_is(&found, slice_str("A")),
	    strstr(cases[_i].line, "a lists") != NULL);
	ck_assert(!listed_is(&found, slice_str("other")));
}
END_TEST

START_TEST(a_list_that_is_left_out_says_nothing_and_is_not_waited_for)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("192.0.2.9") };
	struct listed *listed = begin("a a.example refuse; b b.example", &env);
	struct listed_found found;
	struct verdict verdict;

	answer(listed, 0, 2);
	listed_skip(listed, 0, LISTED_BROKEN);
	listed_give_up(listed);
	ck_assert(listed_is_decided(listed));
	listed_end(listed, &found);
	listed_free(listed);
	listed_judge(&found, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_str_eq(verdict.lines[0].value,
	    "a: it is broken, and not used; b: no answer");
}
END_TEST

/* However long names are, the line is one; what lists it comes first. */
START_TEST(the_line_has_its_limit)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("2001:db8:2:3:4:5:6:7") };
	TEXT_AUTO text = TEXT_INIT(4000);
	struct listed_found found;
	struct verdict verdict;
	struct listed *listed;

	for (char c = 'a'; c < 'a' + DNS_LISTS_MOST; c++)
		text_addf(&text, "%c1234567890123456789012345678901 "
		    "%c.example; ", c, c);
	text_add_byte(&text, '\0');
	listed = begin(text.at, &env);
	for (unsigned i = 0; i < DNS_LISTS_MOST; i++)
		answer(listed, i, i < 3 ? NO : 2);
	listed_end(listed, &found);
	listed_free(listed);
	listed_judge(&found, &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_uint_le(strlen(verdict.lines[0].value), VERDICT_VALUE_MAX);
	ck_assert_ptr_eq(strstr(verdict.lines[0].value, "d1"),
	    verdict.lines[0].value);
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/listed");
	TCase *tests = tcase_create("listed");

	tcase_add_loop_test(tests, only_a_stranger_is_asked_about, 0,
	    COUNT(hosts));
	tcase_add_test(tests, without_lists_nobody_is_asked);
	tcase_add_test(tests, lists_of_domains_are_asked_about_links);
	tcase_add_test(tests, a_message_asks_no_more_than_said);
	tcase_add_loop_test(tests, what_lists_say_is_told_and_done, 0,
	    COUNT(cases));
	tcase_add_test(tests,
	    a_list_that_is_left_out_says_nothing_and_is_not_waited_for);
	tcase_add_test(tests, the_line_has_its_limit);
	suite_add_tcase(suite, tests);
	return suite;
}
