/*
 * domain_rules_test.c - how the mail of a whole domain is told apart: its settings
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "policy/domain_rules.h"
#include "tests/unit/unit.h"

static struct arena		*arena;
static struct domain_rules	 rules;
static struct domain_fault	 fault;

static void
begin(void)
{
	arena = arena_new(DOMAIN_RULES_ARENA);
	ck_assert_ptr_nonnull(arena);
	ck_assert_int_eq(domain_rules_new(arena, &rules), 0);
}

static void
end(void)
{
	arena_free(arena);
}

static int
set(const char *option, const char *value)
{
	fault = (struct domain_fault){ "none", 77, SAY_DONE };
	return domain_rules_set(arena, &rules, slice_str(option),
	    slice_str(value), &fault);
}

static const char whole[] =
    "domain office.test\n"
    "mailbox box@provider.test\n"
    "archive yes\n"
    "envelope-header Delivered-To:mbox-\n"
    "envelope-header X-Original-To\n"
    "envelope-header X-Rcpt-To::@pop.test\n"
    "envelope-depth any\n"
    "headers received,to,cc,subject\n"
    "skip-received 2\n"
    "match-names office@provider.test\n"
    "replace-domain pop.test\n"
    "strip mbox-\n"
    "route contains sales@ -> copy ann@office.test,ben@office.test\n"
    "route not-contains @office.test -> drop\n"
    "learn address x@old.test -> ann@office.test\n"
    "learn list traders.lists.test -> ben@office.test\n"
    "learn from rita@partner.test -> ann@office.test\n";

START_TEST(the_text_form_reads_back_as_it_was_written)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);

	ck_assert_int_eq(domain_rules_read(arena, slice_str(whole), &rules,
	    &fault), 0);
	ck_assert_uint_eq(rules.envelope_depth, UINT_MAX);
	ck_assert(rules.archive);
	ck_assert(slice_is_str(rules.envelopes[2].tail, "@pop.test"));
	ck_assert_uint_eq(rules.routes[0].copy_to.count, 2);
	ck_assert_uint_eq(rules.routes[1].copy_to.count, 0);
	domain_rules_write(&text, &rules);
	ck_assert(slice_is_str(text_slice(&text), whole));
}
END_TEST

START_TEST(what_nobody_has_set_reads_back_too)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);
	TEXT_AUTO again = TEXT_INIT(DOMAIN_TEXT_MOST);

	domain_rules_write(&text, &rules);
	ck_assert_int_eq(domain_rules_read(arena, text_slice(&text), &rules,
	    &fault), 0);
	domain_rules_write(&again, &rules);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
	ck_assert_uint_eq(rules.header_count, 8);
	ck_assert_uint_eq(rules.envelope_count, 0);
	ck_assert_uint_eq(rules.envelope_depth, 1);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);

	ck_assert_int_eq(domain_rules_read(arena, slice_str(whole), &rules,
	    &fault), 0);
	domain_rules_write(&text, &rules);
	ck_assert(slice_is_str(text_slice(&text), whole));
	/* one bad line makes the whole of it bad */
	ck_assert_int_eq(domain_rules_read(arena, slice_str(
	    "domain office.test\nskip-received x\n"), &rules, &fault),
	    -EINVAL);
	ck_assert_uint_eq(fault.line, 2);
}
END_TEST

static const struct {
	const char	*option, *value;
	enum sentence	 want;
} faults[] = {
	{ "domain", "office test", SAY_WANT_DOMAIN },
	{ "domain", "", SAY_UNFIT },
	{ "mailbox", "box", SAY_WANT_ADDRESS },
	{ "envelope-header", "Delivered To", SAY_WANT_ENVELOPE_HEADER },
	{ "envelope-header", ":mbox-", SAY_WANT_ENVELOPE_HEADER },
	{ "envelope-header", "A:b:c:d", SAY_WANT_ENVELOPE_HEADER },
	{ "envelope-depth", "51", SAY_WANT_HOPS },
	{ "envelope-depth", "-1", SAY_WANT_HOPS },
	{ "headers", "to,,cc", SAY_WANT_HEADERS },
	{ "headers", "to,To", SAY_WANT_HEADERS },
	{ "headers", "to cc", SAY_WANT_HEADERS },
	{ "headers", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", SAY_WANT_HEADERS },
	{ "skip-received", "many", SAY_WANT_HOPS },
	{ "archive", "maybe", SAY_WANT_ARCHIVE },
	{ "match-names", "maybe", SAY_WANT_MATCH_NAMES },
	{ "replace-domain", "a b", SAY_WANT_REPLACE_DOMAIN },
	{ "strip", "a b", SAY_WANT_STRIP },
	{ "route", "contains sales@", SAY_WANT_ROUTE },
	{ "route", "holds sales@ -> drop", SAY_WANT_ROUTE },
	{ "route", "contains -> drop", SAY_WANT_ROUTE },
	{ "route", "contains sales@ -> drop it", SAY_WANT_ROUTE },
	{ "route", "not not-contains x -> drop", SAY_WANT_ROUTE },
	{ "route", "contains sales@ -> relay", SAY_WANT_ROUTE },
	{ "route", "contains sales@ -> copy", SAY_WANT_ADDRESS },
	{ "route", "contains sales@ -> copy ann", SAY_WANT_ADDRESS },
	{ "learn", "address x -> ann@office.test", SAY_WANT_LEARN },
	{ "learn", "subject x -> ann@office.test", SAY_WANT_LEARN },
	{ "learn", "list a b -> ann@office.test", SAY_WANT_LEARN },
	{ "learn", "list a -> ann", SAY_WANT_ADDRESS },
	{ "strip", "a\x01", SAY_UNFIT },
	{ "strip", "a\nroute", SAY_UNFIT },
	{ "strip", "\xff", SAY_UNFIT },
	{ "hosts", "x", SAY_WANT_OPTION },
};

START_TEST(what_is_not_fit_is_refused_and_named)
{
	TEXT_AUTO before = TEXT_INIT(DOMAIN_TEXT_MOST);
	TEXT_AUTO after = TEXT_INIT(DOMAIN_TEXT_MOST);

	domain_rules_write(&before, &rules);
	ck_assert_int_eq(set(faults[_i].option, faults[_i].value), -EINVAL);
	ck_assert_int_eq(fault.want, faults[_i].want);
	if (faults[_i].want == SAY_WANT_OPTION)
		ck_assert_ptr_null(fault.option);
	else
		ck_assert_str_eq(fault.option, faults[_i].option);
	domain_rules_write(&after, &rules);
	ck_assert(slice_is(text_slice(&before), text_slice(&after)));
}
END_TEST

START_TEST(a_fault_in_a_text_says_its_line)
{
	ck_assert_int_eq(domain_rules_read(arena,
	    slice_str("domain office.test\n\nskip-received 99\n"), &rules,
	    &fault), -EINVAL);
	ck_assert_uint_eq(fault.line, 3);
	ck_assert_str_eq(fault.option, "skip-received");
}
END_TEST

START_TEST(values_are_kept_in_the_form_they_are_compared_in)
{
	TEXT_AUTO text = TEXT_INIT(1024);

	ck_assert_int_eq(set("domain", "B\303\274cher.Test"), 0);
	ck_assert(slice_is_str(rules.domain, "xn--bcher-kva.test"));
	ck_assert_int_eq(set("strip", "MBOX-"), 0);
	ck_assert(slice_is_str(rules.strip, "mbox-"));
	ck_assert_int_eq(set("route",
	    "not equals Info@Office.Test -> copy ANN@Office.test"), 0);
	domain_route_write(&text, &rules.routes[0]);
	ck_assert(slice_is_str(text_slice(&text),
	    "not-equals info@office.test -> copy ann@office.test"));
}
END_TEST

START_TEST(none_takes_away_what_repeats)
{
	ck_assert_int_eq(set("envelope-header", "Delivered-To"), 0);
	ck_assert_int_eq(set("route", "equals a@b.test -> drop"), 0);
	ck_assert_int_eq(set("learn", "list a -> ann@office.test"), 0);
	ck_assert_int_eq(set("envelope-header", "none"), 0);
	ck_assert_int_eq(set("route", "none"), 0);
	ck_assert_int_eq(set("learn", "none"), 0);
	ck_assert_uint_eq(rules.envelope_count + rules.route_count +
	    rules.learned_count, 0);
}
END_TEST

START_TEST(what_is_learned_again_replaces_what_was)
{
	ck_assert_int_eq(set("learn", "list A.b -> ann@office.test"), 0);
	ck_assert_int_eq(set("learn", "list c.d -> ann@office.test"), 0);
	ck_assert_int_eq(set("learn", "list a.B -> ben@office.test"), 0);
	ck_assert_uint_eq(rules.learned_count, 2);
	ck_assert(slice_is_str(rules.learned[0].to.address[0],
	    "ben@office.test"));
	ck_assert(slice_is_str(rules.learned[1].key, "c.d"));
}
END_TEST

START_TEST(there_are_only_so_many_of_each)
{
	for (int i = 0; i < DOMAIN_ENVELOPES_MOST; i++)
		ck_assert_int_eq(set("envelope-header", "A"), 0);
	ck_assert_int_eq(set("envelope-header", "A"), -EINVAL);
	ck_assert_int_eq(fault.want, SAY_WANT_FEWER);
	for (int i = 0; i < DOMAIN_ROUTES_MOST; i++)
		ck_assert_int_eq(set("route", "equals a -> drop"), 0);
	ck_assert_int_eq(set("route", "equals a -> drop"), -EINVAL);
	ck_assert_int_eq(fault.want, SAY_WANT_FEWER);
	for (int i = 0; i < DOMAIN_LEARNED_MOST; i++) {
		TEXT_AUTO line = TEXT_INIT(100);

		text_addf(&line, "list l%d -> a@b.test", i);
		ck_assert_int_eq(domain_rules_set(arena, &rules,
		    slice_str("learn"), text_slice(&line), &fault), 0);
	}
	ck_assert_int_eq(set("learn", "list more -> a@b.test"), -EINVAL);
	ck_assert_int_eq(fault.want, SAY_WANT_FEWER);
	ck_assert_int_eq(set("learn", "list l7 -> c@d.test"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("domain rules");
	TCase *tests = tcase_create("rules");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, the_text_form_reads_back_as_it_was_written);
	tcase_add_test(tests, what_nobody_has_set_reads_back_too);
	tcase_add_test(tests, what_is_written_is_read_again);
	tcase_add_loop_test(tests, what_is_not_fit_is_refused_and_named, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, a_fault_in_a_text_says_its_line);
	tcase_add_test(tests,
	    values_are_kept_in_the_form_they_are_compared_in);
	tcase_add_test(tests, none_takes_away_what_repeats);
	tcase_add_test(tests, what_is_learned_again_replaces_what_was);
	tcase_add_test(tests, there_are_only_so_many_of_each);
	suite_add_tcase(suite, tests);
	return suite;
}
