/*
 * spam_test.c - the verdict of the spam classifier on a message
 */
#include "filters/spam/spam.h"

#include <stdlib.h>
#include <string.h>

#include "filters/judge.h"
#include "filters/rule_read.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define BITS	SPAM_BITS_LEAST

static const char spam[] = "From: win@bulk.example\r\nSubject: lottery prize\r\n"
    "\r\nYou have won the jackpot\r\n";
static const char wanted[] = "From: bob@firm.example\r\nSubject: minutes\r\n"
    "\r\nThe report of the meeting\r\n";

static void *memory;
static struct spam_model model;
static struct spam_judge judge;

/* Learn a message so often. */
static void
teach(const char *message, bool is_spam, unsigned times)
{
	ck_assert_int_eq(spam_features_read(judge.features,
	    slice_str(message)), 0);
	while (times-- > 0)
		(void)spam_model_learn(&model,
		    spam_features_hashes(judge.features),
		    spam_features_count(judge.features), is_spam,
		    SPAM_RATE_CURATED, 1);
}

static void
make_judge(void)
{
	size_t bytes = spam_model_bytes(BITS);

	ck_assert_int_eq(words_open(), 0);
	memory = aligned_alloc(4096, bytes);
	ck_assert(memory != NULL);
	memset(memory, 0, bytes);
	spam_model_make(memory, BITS, 1);
	ck_assert_int_eq(spam_model_open(memory, bytes, &model), 0);
	judge = (struct spam_judge){
		.model = &model, .features = spam_features_new(),
		.action = SPAM_ACTION_MARK,
	};
	ck_assert(judge.features != NULL);
}

static void
teach_enough(void)
{
	/* in turns, as mail comes */
	for (unsigned i = 0; i < 20; i++) {
		teach(spam, true, SPAM_LEARNT_LEAST / 10);
		teach(wanted, false, SPAM_LEARNT_LEAST / 10);
	}
}

static void
free_judge(void)
{
	spam_features_free(judge.features);
	free(memory);
	words_close();
}

START_TEST(before_it_has_learnt_it_says_nothing)
{
	struct verdict verdict;

	teach(spam, true, 1);
	ck_assert_int_eq(spam_judge(&judge, slice_str(spam), &verdict), 0);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.line_count, 0);
	judge.model = NULL;
	ck_assert_int_eq(spam_judge(&judge, slice_str(spam), &verdict), 0);
	ck_assert_uint_eq(verdict.line_count, 0);
}
END_TEST

static const struct {
	const char		*word;
	enum verdict_action	 action;
	const char		*folder;
	unsigned		 lines;
} actions[] = {
	{ "off", VERDICT_ACCEPT, "", 0 },
	{ "mark", VERDICT_MARK, "", 1 },
	{ "junk", VERDICT_MARK, "Junk", 1 },
	{ "hold", VERDICT_HOLD, "", 1 },
};

START_TEST(spam_becomes_what_is_set)
{
	struct verdict verdict;

	teach_enough();
	judge.action = spam_action_of(slice_str(actions[_i].word));
	ck_assert_int_eq(spam_judge(&judge, slice_str(spam), &verdict), 0);
	ck_assert_int_eq(verdict.action, actions[_i].action);
	ck_assert_str_eq(verdict.folder, actions[_i].folder);
	ck_assert_uint_eq(verdict.line_count, actions[_i].lines);
	if (verdict.line_count > 0) {
		ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Spam");
		ck_assert(strncmp(verdict.lines[0].value, "spam, ", 6) == 0);
		ck_assert(strstr(verdict.reason, "it is spam") != NULL);
	}
}
END_TEST

START_TEST(what_is_wanted_gets_a_line_and_nothing_else)
{
	struct verdict verdict;

	teach_enough();
	judge.action = SPAM_ACTION_HOLD;
	ck_assert_int_eq(spam_judge(&judge, slice_str(wanted), &verdict), 0);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert(strncmp(verdict.lines[0].value, "wanted, ", 8) == 0);
}
END_TEST

static const struct {
	enum envelope_source	 source;
	const char		*login;
	bool			 is_judged;
} sources[] = {
	{ SOURCE_SMTP, "", true },
	{ SOURCE_LMTP, "", true },
	{ SOURCE_FETCH, "ann", true },		/* her name at the provider */
	{ SOURCE_UPSTREAM, "", true },
	{ SOURCE_SMTP, "ann@office.test", false },
	{ SOURCE_OWN, "", false },
};

START_TEST(our_own_people_are_not_judged)
{
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct judge_options options = { .hops = 50, .spam = &judge };
	const struct envelope env = {
		.source = sources[_i].source, .bytes = sizeof(spam) - 1,
		.login = slice_str(sources[_i].login),
	};
	struct judging judging;

	teach_enough();
	judge_begin(arena, slice_str(spam), &env, &options, &judging);
	ck_assert_int_eq(judge_end(&judging, &options), 0);
	ck_assert_int_eq(judging.verdict.action, sources[_i].is_judged ?
	    VERDICT_MARK : VERDICT_ACCEPT);
}
END_TEST

START_TEST(the_folder_of_a_rule_comes_before_ours)
{
	TEXT_AUTO faults = TEXT_INIT(4096);
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct rule_file file = { slice_str("a.rule"), slice_str(
	    "rule \"1\" { size > 0; do mark folder \"Bulk\" }") };
	struct judge_options options = { .hops = 50, .spam = &judge };
	const struct envelope env = { .bytes = sizeof(spam) - 1 };
	struct rules *rules = NULL;
	struct judging judging;

	teach_enough();
	judge.action = SPAM_ACTION_JUNK;
	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	options.rules = rules;
	judge_begin(arena, slice_str(spam), &env, &options, &judging);
	ck_assert_int_eq(judge_end(&judging, &options), 0);
	ck_assert_str_eq(judging.verdict.folder, "Bulk");
	/* and who reads it is told all the same */
	ck_assert_str_eq(judging.verdict.lines[judging.verdict.line_count -
	    1].name, "X-Postroom-Spam");
	rules_free(rules);
}
END_TEST

static bool
is_not_there(void *arg)
{
	++*(unsigned *)arg;
	return false;
}

START_TEST(a_model_that_is_gone_is_not_read)
{
	struct verdict verdict;
	unsigned asked = 0;

	teach_enough();
	judge.is_there = is_not_there;
	judge.arg = &asked;
	ck_assert_int_eq(spam_judge(&judge, slice_str(spam), &verdict), 0);
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(verdict.line_count, 0);
	judge.is_there = NULL;
	ck_assert_int_eq(spam_judge(&judge, slice_str(spam), &verdict), 0);
	ck_assert_uint_eq(verdict.line_count, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("spam");
	TCase *t = tcase_create("verdicts");

	tcase_add_checked_fixture(t, make_judge, free_judge);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, before_it_has_learnt_it_says_nothing);
	tcase_add_loop_test(t, spam_becomes_what_is_set, 0,
	    sizeof(actions) / sizeof(actions[0]));
	tcase_add_test(t, what_is_wanted_gets_a_line_and_nothing_else);
	tcase_add_loop_test(t, our_own_people_are_not_judged, 0,
	    sizeof(sources) / sizeof(sources[0]));
	tcase_add_test(t, the_folder_of_a_rule_comes_before_ours);
	tcase_add_test(t, a_model_that_is_gone_is_not_read);
	suite_add_tcase(suite, t);
	return suite;
}
