/*
 * retry_times_test.c - what may stand in outbound_domains, and what is wrong with it
 */
#include "policy/retry_times.h"

#include "lib/base/text.h"
#include "tests/unit/unit.h"

static struct retry_times list[RETRY_DOMAINS];
static size_t count;
static struct slice where;

static const char *
read_words(const char *words)
{
	count = 77;
	where = slice_of(NULL, 0);
	return retry_times_read(slice_str(words), list, &count, &where);
}

START_TEST(what_differs_is_read_and_nothing_else)
{
	ck_assert_ptr_null(read_words(" far.test first 1m  retry 5m;"
	    ".bank.test delay 0s days 2d slow 2h slow-after 1d tries 9 ; "));
	ck_assert_uint_eq(count, 2);
	ck_assert(slice_is_str(list[0].domain, "far.test"));
	ck_assert_uint_eq(list[0].value[RETRY_FIRST], 60);
	ck_assert_uint_eq(list[0].value[RETRY_RETRY], 300);
	ck_assert(!list[0].given[RETRY_DAYS] && !list[0].given[RETRY_DELAY]);
	ck_assert(slice_is_str(list[1].domain, ".bank.test"));
	ck_assert(list[1].given[RETRY_DELAY]);
	ck_assert_uint_eq(list[1].value[RETRY_DELAY], 0);
	ck_assert_uint_eq(list[1].value[RETRY_DAYS], 2);
	ck_assert_uint_eq(list[1].value[RETRY_SLOW], 7200);
	ck_assert_uint_eq(list[1].value[RETRY_SLOW_AFTER], 86400);
	ck_assert_uint_eq(list[1].value[RETRY_TRIES], 9);
	ck_assert_ptr_null(read_words(""));
	ck_assert_uint_eq(count, 0);
}
END_TEST

static const struct {
	const char	*words, *where;
} faults[] = {
	{ "far.test", "far.test" },
	{ "far.test first", "far.test first" },
	{ "far.test first 1m; b..test retry 5m", "b..test retry 5m" },
	{ ". first 1m", ". first 1m" },
	{ "far.test second 1m", "far.test second 1m" },
	{ "far.test first 1m first 2m", "far.test first 1m first 2m" },
	{ "far.test first 0s", "far.test first 0s" },
	{ "far.test days 61d", "far.test days 61d" },
	{ "far.test tries 1m", "far.test tries 1m" },
	{ "far.test first 1m; FAR.test retry 1m", "FAR.test retry 1m" },
	{ ";far.test first 1m", "" },
};

START_TEST(what_is_wrong_is_told_with_its_entry)
{
	ck_assert_ptr_nonnull(read_words(faults[_i].words));
	ck_assert_uint_eq(count, 77);
	ck_assert_msg(slice_is_str(where, faults[_i].where), "%.*s",
	    SLICE_FMT(where));
}
END_TEST

START_TEST(there_are_so_many_and_no_more)
{
	TEXT_AUTO words = TEXT_INIT(8192);

	for (unsigned i = 0; i < RETRY_DOMAINS; i++)
		text_addf(&words, "d%u.test days 1d;", i);
	ck_assert_ptr_null(retry_times_read(text_slice(&words), list, &count,
	    &where));
	ck_assert_uint_eq(count, RETRY_DOMAINS);
	text_add_str(&words, "more.test days 1d");
	ck_assert_ptr_nonnull(retry_times_read(text_slice(&words), list,
	    &count, &where));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/retry_times");
	TCase *tcase = tcase_create("retry_times");

	tcase_add_test(tcase, what_differs_is_read_and_nothing_else);
	tcase_add_loop_test(tcase, what_is_wrong_is_told_with_its_entry, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, there_are_so_many_and_no_more);
	suite_add_tcase(suite, tcase);
	return suite;
}
