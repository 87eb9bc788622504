/*
 * cli_fetch_words_test.c - what came of collecting mail is said in plain words
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "programs/cli_fetch.h"
#include "tests/unit/unit.h"

#define NOW	1795300000	/* 2026-11-21 22:26:40 UTC */

static const struct {
	uint64_t	 n;
	const char	*english, *indonesian;
} numbers[] = {
	{ 0, "0 messages", "0 surat" },
	{ 1, "1 message", "1 surat" },
	{ 999, "999 messages", "999 surat" },
	{ 1234, "1,234 messages", "1.234 surat" },
	{ 1000000, "1,000,000 messages", "1.000.000 surat" },
	{ UINT64_MAX, "18,446,744,073,709,551,615 messages",
	  "18.446.744.073.709.551.615 surat" },
};

START_TEST(numbers_are_grouped)
{
	char words[AMOUNT_SIZE];

	amount_messages(LANGUAGE_EN, numbers[_i].n, words);
	ck_assert_str_eq(words, numbers[_i].english);
	amount_messages(LANGUAGE_ID, numbers[_i].n, words);
	ck_assert_str_eq(words, numbers[_i].indonesian);
}
END_TEST

static const struct {
	uint64_t	 bytes;
	const char	*words;
} sizes[] = {
	{ 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" },
	{ 3449999, "3.4 MB" }, { 9999999, "9.9 MB" }, { 56000000, "56 MB" },
	{ 999999999, "999 MB" }, { 1000000000, "1.0 GB" },
	{ UINT64_MAX, "18446 PB" },
};

START_TEST(sizes_have_a_unit)
{
	char words[AMOUNT_SIZE];

	amount_bytes(LANGUAGE_EN, sizes[_i].bytes, words);
	ck_assert_str_eq(words, sizes[_i].words);
}
END_TEST

/* A row that is over, with this result and these words. */
static json_t *
row_of(const char *result, const char *words)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "address",
	    "ann@office.test", "label", "pop", "state", "over", "result",
	    result, "words", words, "taken", (json_int_t)0, "waiting",
	    (json_int_t)0);
}

typedef void words_fn(struct text *, enum language, const json_t *, int64_t);

static char *
words_of(words_fn *fn, json_t *row)
{
	static char buffer[8192];
	TEXT_AUTO words = TEXT_INIT(sizeof(buffer));

	fn(&words, LANGUAGE_EN, row, NOW);
	ck_assert_int_eq(slice_cstr(text_slice(&words), buffer,
	    sizeof(buffer)), 0);
	json_decref(row);
	return buffer;
}

START_TEST(every_end_has_words_of_its_own)
{
	char *words = words_of(words_failure, row_of(fetch_end_code(
	    (enum fetch_end)_i), "-ERR bad\033[31m"));
	char first[8192];

	ck_assert_ptr_null(strchr(words, '\033'));
	ck_assert_uint_gt(strlen(words), 4);
	(void)snprintf(first, sizeof(first), "%s", words);
	for (unsigned other = 0; other < FETCH_END_COUNT; other++)
		if (other != (unsigned)_i)
			ck_assert_str_ne(words_of(words_failure, row_of(
			    fetch_end_code((enum fetch_end)other),
			    "-ERR bad\033[31m")), first);
}
END_TEST

START_TEST(the_server_is_quoted)
{
	json_t *row = row_of("refused", "-ERR no\033");

	json_object_set_new(row, "by_server", json_string("yes"));
	ck_assert_ptr_nonnull(strstr(words_of(words_failure, row),
	    "The server said: \"-ERR no?\""));
	ck_assert_ptr_null(strstr(words_of(words_failure,
	    row_of("refused", "")), "said"));
}
END_TEST

/* Whatever the end is. */
START_TEST(what_is_ours_is_not_said_to_be_the_servers)
{
	json_t *row = row_of(fetch_end_code((enum fetch_end)_i), "our words");
	const char *words;

	json_object_set_new(row, "by_server", json_string("no"));
	words = words_of(words_failure, row);
	ck_assert_ptr_null(strstr(words, "server said"));
	ck_assert_ptr_nonnull(strstr(words, "(our words)"));
}
END_TEST

START_TEST(an_expired_certificate_names_pin_and_clock)
{
	json_t *row = row_of("distrusted", "certificate has expired");
	char *words;

	json_object_set_new(row, "print", json_string("abcd"));
	words = words_of(words_failure, row);
	ck_assert_ptr_nonnull(strstr(words, "--pin abcd"));
	ck_assert_ptr_nonnull(strstr(words, "2026-11-21 22:26"));
	words = words_of(words_failure, row_of("distrusted",
	    "self-signed certificate"));
	ck_assert_ptr_null(strstr(words, "clock"));
	ck_assert_ptr_null(strstr(words, "--pin"));
}
END_TEST

START_TEST(a_collection_is_one_line)
{
	json_t *row = row_of("done", "");

	ck_assert_str_eq(words_of(words_collected, row_of("done", "")),
	    "ann@office.test, pop: nothing new.");
	json_object_set_new(row, "taken", json_integer(1234));
	json_object_set_new(row, "taken_bytes", json_integer(3400000));
	json_object_set_new(row, "held", json_integer(1));
	json_object_set_new(row, "left", json_integer(2));
	ck_assert_str_eq(words_of(words_collected, row),
	    "ann@office.test, pop: 1,234 messages collected (3.4 MB); 1 message"
	    " held for the postmaster; 2 messages could not be taken now, tried"
	    " again next time.");
	row = row_of("closed", "");
	json_object_set_new(row, "taken", json_integer(5));
	ck_assert_str_eq(words_of(words_collected, row),
	    "ann@office.test, pop: 5 messages collected (0 B). The server hung "
	    "up half-way; it is tried again.");
}
END_TEST

START_TEST(a_test_says_what_waits)
{
	json_t *row = row_of("done", "");

	json_object_set_new(row, "waiting", json_integer(1234));
	json_object_set_new(row, "waiting_bytes", json_integer(56000000));
	ck_assert_str_eq(words_of(words_tested, row), "ann@office.test, pop: "
	    "The login works; 1,234 messages, 56 MB are waiting.");
	ck_assert_str_eq(words_of(words_tested, row_of("done", "")),
	    "ann@office.test, pop: The login works; nothing is waiting.");
	ck_assert_ptr_nonnull(strstr(words_of(words_tested,
	    row_of("no-tls", "")), "TLS"));
}
END_TEST

/* A hub of another age may say what we do not know. */
START_TEST(an_unknown_end_is_no_success)
{
	json_t *row = row_of("eaten by a dog", "woof");

	ck_assert_int_eq(row_end(row), FETCH_END_COUNT);
	ck_assert_ptr_nonnull(strstr(words_of(words_collected, row), "woof"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/cli_fetch_words");
	TCase *tests = tcase_create("cli_fetch_words");

	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_loop_test(tests, numbers_are_grouped, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(tests, sizes_have_a_unit, 0,
	    sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tests, every_end_has_words_of_its_own, 0,
	    FETCH_END_COUNT);
	tcase_add_test(tests, the_server_is_quoted);
	tcase_add_loop_test(tests, what_is_ours_is_not_said_to_be_the_servers,
	    0, FETCH_END_COUNT);
	tcase_add_test(tests, an_expired_certificate_names_pin_and_clock);
	tcase_add_test(tests, a_collection_is_one_line);
	tcase_add_test(tests, a_test_says_what_waits);
	tcase_add_test(tests, an_unknown_end_is_no_success);
	suite_add_tcase(suite, tests);
	return suite;
}
