/*
 * model_test.c - what the spam classifier has learnt, in memory of a fixed size
 */
#include "filters/spam/model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filters/spam/reasons.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define BITS	SPAM_BITS_LEAST

static unsigned char *memory;
static size_t memory_bytes;

static void
make_memory(void)
{
	memory_bytes = spam_model_bytes(BITS);
	memory = aligned_alloc(4096, memory_bytes);
	ck_assert(memory != NULL);
	memset(memory, 0, memory_bytes);
	spam_model_make(memory, BITS, 1000);
}

static void
free_memory(void)
{
	free(memory);
}

static struct spam_model
open_it(void)
{
	struct spam_model model = { 0 };

	ck_assert_int_eq(spam_model_open(memory, memory_bytes, &model), 0);
	return model;
}

#define SEEN	50

/*
 * The n-th message of a class: what all messages have, what its class has, and
 * what only it has.
 */
static void
features_of(bool is_spam, uint32_t n, uint32_t *hashes)
{
	for (uint32_t i = 0; i < SEEN; i++) {
		uint32_t thing = i < 20 ? i : i < 35 ? 100 + i +
		    (is_spam ? 1000 : 0) : 5000 + n * SEEN + i;

		hashes[i] = (thing + 1) * 2654435761u;
	}
}

static void
learn(struct spam_model *model, unsigned count)
{
	uint32_t hashes[SEEN];

	for (uint32_t n = 0; n < count * 2; n++) {
		features_of(n % 2 == 0, n, hashes);
		(void)spam_model_learn(model, hashes, SEEN, n % 2 == 0,
		    SPAM_RATE_CLICKS, 2000 + n);
	}
}

START_TEST(an_empty_model_knows_nothing)
{
	struct spam_model model = open_it();
	struct spam_standing standing;
	uint32_t hashes[SEEN];

	features_of(true, 1, hashes);
	ck_assert(fabs(spam_model_score(&model, hashes, SEEN)) < 1e-9);
	ck_assert_int_eq(spam_model_class(&model, 100), SPAM_UNTRAINED);
	spam_model_standing(&model, &standing);
	ck_assert(!standing.trained && !standing.calibrated);
	ck_assert_int_eq(standing.since_utc, 1000);
}
END_TEST

START_TEST(it_has_no_say_before_some_hundreds_of_each_class)
{
	struct spam_model model = open_it();

	learn(&model, SPAM_LEARNT_LEAST - 1);
	ck_assert_int_eq(spam_model_class(&model, 100), SPAM_UNTRAINED);
	learn(&model, 1);
	ck_assert_int_eq(spam_model_class(&model, 100), SPAM_SPAM);
}
END_TEST

START_TEST(it_tells_apart_what_it_has_learnt)
{
	struct spam_model model = open_it();
	struct spam_standing standing;
	uint32_t hashes[SEEN];
	double score;

	learn(&model, 1000);
	features_of(true, 90001, hashes);
	score = spam_model_score(&model, hashes, SEEN);
	ck_assert_int_eq(spam_model_class(&model, score), SPAM_SPAM);
	ck_assert(spam_model_probability(&model, score) > 0.95);
	features_of(false, 90002, hashes);
	score = spam_model_score(&model, hashes, SEEN);
	ck_assert_int_eq(spam_model_class(&model, score), SPAM_WANTED);
	ck_assert(spam_model_probability(&model, score) < 0.05);
	spam_model_standing(&model, &standing);
	ck_assert(standing.trained && standing.calibrated);
	ck_assert_uint_eq(standing.wanted, 1000);
	ck_assert_uint_eq(standing.spam, 1000);
	ck_assert_int_eq(standing.last_utc, 2000 + 1999);
}
END_TEST

/* y - p, its square, and the step: the recipe, by hand. */
START_TEST(a_lesson_is_a_step_of_adagrad)
{
	struct spam_model model = open_it();
	const uint32_t hash = 77u << 20;
	double p, weight;

	(void)spam_model_learn(&model, &hash, 1, true, 0.005, 1);
	weight = 0.005 * 0.5 / sqrt(0.25 + 1e-6);
	ck_assert_double_eq_tol(spam_model_weight(&model, hash), weight, 1e-7);
	p = 1 / (1 + exp(-weight));
	(void)spam_model_learn(&model, &hash, 1, false, 0.005, 1);
	weight += 0.005 * -p / sqrt(0.25 + p * p + 1e-6);
	ck_assert_double_eq_tol(spam_model_weight(&model, hash), weight, 1e-7);
}
END_TEST

/* One wanted message in a thousand may lie above the cut, of the last ones. */
START_TEST(the_cut_comes_from_wanted_mail)
{
	struct spam_model model = open_it();
	struct spam_standing before, after;
	uint32_t hashes[SEEN];

	learn(&model, 2000);
	spam_model_standing(&model, &before);
	/* what looks like spam was wanted, again and again */
	for (uint32_t n = 0; n < 10; n++) {
		features_of(true, 70000 + n, hashes);
		(void)spam_model_learn(&model, hashes, SEEN, false,
		    SPAM_RATE_CLICKS, 1);
	}
	spam_model_standing(&model, &after);
	ck_assert(after.cut > before.cut);
}
END_TEST

START_TEST(what_is_learnt_stays_in_the_memory)
{
	struct spam_model model = open_it(), again;
	uint32_t hashes[SEEN];
	double score;

	learn(&model, 400);
	features_of(true, 90001, hashes);
	score = spam_model_score(&model, hashes, SEEN);
	again = open_it();
	ck_assert(fabs(spam_model_score(&again, hashes, SEEN) - score) < 1e-9);
}
END_TEST

/* Where a byte is spoilt, by what, and what is to be said of it. */
static const struct {
	const char	*what;
	size_t		 at, bytes;	/* at SIZE_MAX: the last weight */
	unsigned char	 value;
	int		 want;
} faults[] = {
	{ "magic", 0, 1, 0, -EBADMSG },
	{ "newer version", 4, 1, 9, -ENOTSUP },
	{ "no version", 4, 1, 0, -EBADMSG },
	{ "places", 8, 1, BITS + 1, -EBADMSG },
	{ "too many places", 8, 1, 200, -EBADMSG },
	{ "fewer learnt than scores", 16, 16, 0, -EBADMSG },
	{ "ring", 48, 4, 0xff, -EBADMSG },
	{ "ring count", 52, 4, 0x7f, -EBADMSG },
	{ "cut", 64, 4, 0xff, -EBADMSG },
	{ "slope", 68, 4, 0x7f, -EBADMSG },
	{ "offset", 72, 4, 0x7f, -EBADMSG },
	{ "a score", 76, 4, 0x7f, -EBADMSG },
	{ "a weight", SIZE_MAX, 4, 0xff, -EBADMSG },
};

START_TEST(a_broken_model_is_refused)
{
	struct spam_model model = open_it(), none = { 0 };
	size_t at = faults[_i].at;

	learn(&model, 2000);
	ck_assert_int_eq(spam_model_open(memory, memory_bytes, &model), 0);
	memset(memory + (at == SIZE_MAX ? memory_bytes - 8 : at),
	    faults[_i].value, faults[_i].bytes);
	ck_assert_msg(spam_model_open(memory, memory_bytes, &none) ==
	    faults[_i].want, "%s", faults[_i].what);
	ck_assert(none.head == NULL);
}
END_TEST

START_TEST(a_model_that_is_cut_is_refused)
{
	struct spam_model none;

	ck_assert_int_eq(spam_model_open(memory, memory_bytes - 4096, &none),
	    -EBADMSG);
	ck_assert_int_eq(spam_model_open(memory, 10, &none), -EBADMSG);
	ck_assert_uint_eq(spam_model_bytes(SPAM_BITS_LEAST - 1), 0);
	ck_assert_uint_eq(spam_model_bytes(SPAM_BITS_MOST + 1), 0);
}
END_TEST

static void
learn_message(struct spam_model *model, struct spam_features *f,
    const char *message, bool is_spam)
{
	ck_assert_int_eq(spam_features_read(f, slice_str(message)), 0);
	(void)spam_model_learn(model, spam_features_hashes(f),
	    spam_features_count(f), is_spam, SPAM_RATE_CLICKS, 1);
}

static bool
is_among(const struct spam_reason *reasons, size_t count, const char *words)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(reasons[i].words, words) == 0)
			return true;
	return false;
}

START_TEST(reasons_are_words_people_can_read)
{
	static const char spam[] = "Subject: lottery\nFrom: Bob\n\nprize\n";
	static const char wanted[] = "Subject: report\nFrom: Bob\n\nmeeting\n";
	struct spam_model model = open_it();
	struct spam_features *f = spam_features_new();
	struct spam_reasons reasons;

	ck_assert(f != NULL && words_open() == 0);
	for (unsigned i = 0; i < 20; i++) {
		learn_message(&model, f, spam, true);
		learn_message(&model, f, wanted, false);
	}
	ck_assert_int_eq(spam_features_read(f,
	    slice_str("Subject: lottery\nFrom: Bob\n\nmeeting\n")), 0);
	ck_assert_int_eq(spam_reasons_find(&model, f, &reasons), 0);
	ck_assert(is_among(reasons.spam, reasons.spam_count,
	    "subject: lottery"));
	ck_assert(is_among(reasons.wanted, reasons.wanted_count, "meeting"));
	ck_assert(!is_among(reasons.spam, reasons.spam_count, "meeting"));
	ck_assert(reasons.spam[0].weight > 0 && reasons.wanted[0].weight < 0);
	for (size_t i = 1; i < reasons.spam_count; i++)
		ck_assert(reasons.spam[i].weight <= reasons.spam[i - 1].weight);
	spam_features_free(f);
	words_close();
}
END_TEST

/* What the other model knows already needs no step. */
START_TEST(beside_another_it_learns_what_that_did_not_know)
{
	struct spam_model model = open_it();
	uint32_t known[SEEN], news[SEEN];
	double score;

	features_of(true, 1, known);
	features_of(true, 2, news);
	(void)spam_model_learn(&model, known, SEEN, true, SPAM_RATE_CLICKS, 1);
	score = spam_model_score(&model, known, SEEN);
	ck_assert(fabs(spam_model_learn_beside(&model, 20, known, SEEN, true,
	    SPAM_RATE_CLICKS, 1) - score - 20) < 1e-6);
	ck_assert(fabs(spam_model_score(&model, known, SEEN) - score) < 1e-3);
	/* where that is wrong it is a whole one */
	score = spam_model_score(&model, news, SEEN);
	(void)spam_model_learn_beside(&model, -20, news, SEEN, true,
	    SPAM_RATE_CLICKS, 1);
	ck_assert(spam_model_score(&model, news, SEEN) > score + 0.05);
}
END_TEST

START_TEST(what_is_taken_back_does_not_count)
{
	struct spam_model model = open_it();
	struct spam_standing standing;
	uint32_t hashes[SEEN];
	double score;

	features_of(true, 1, hashes);
	(void)spam_model_learn(&model, hashes, SEEN, true, SPAM_RATE_CLICKS, 1);
	score = spam_model_score(&model, hashes, SEEN);
	spam_model_take_back(&model, 0, hashes, SEEN, true, SPAM_RATE_CLICKS);
	ck_assert(spam_model_score(&model, hashes, SEEN) < score / 2);
	(void)spam_model_learn(&model, hashes, SEEN, false, SPAM_RATE_CLICKS,
	    1);
	ck_assert(spam_model_score(&model, hashes, SEEN) < 0);
	spam_model_standing(&model, &standing);
	ck_assert_uint_eq(standing.spam, 0);
	ck_assert_uint_eq(standing.wanted, 1);
	/* more than was ever learnt: it is a model all the same */
	learn(&model, SPAM_LEARNT_LEAST + 5);
	for (unsigned i = 0; i < SPAM_LEARNT_LEAST + 10; i++) {
		spam_model_take_back(&model, 0, hashes, SEEN, false,
		    SPAM_RATE_CLICKS);
		spam_model_take_back(&model, 0, hashes, SEEN, true,
		    SPAM_RATE_CLICKS);
	}
	spam_model_standing(&model, &standing);
	ck_assert_uint_eq(standing.spam + standing.wanted, 0);
	(void)open_it();
}
END_TEST

START_TEST(its_owner_can_mark_it)
{
	struct spam_model model = open_it(), other = { 0 };

	ck_assert_uint_eq(spam_model_mark(&model), 0);
	spam_model_set_mark(&model, UINT64_MAX - 5);
	learn(&model, 3);
	ck_assert_int_eq(spam_model_look(memory, memory_bytes, &other), 0);
	ck_assert_uint_eq(spam_model_mark(&other), UINT64_MAX - 5);
	ck_assert_int_eq(spam_model_look(memory, memory_bytes - 8, &other),
	    -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("model");
	TCase *t = tcase_create("learning");

	tcase_add_checked_fixture(t, make_memory, free_memory);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, an_empty_model_knows_nothing);
	tcase_add_test(t, it_has_no_say_before_some_hundreds_of_each_class);
	tcase_add_test(t, it_tells_apart_what_it_has_learnt);
	tcase_add_test(t, a_lesson_is_a_step_of_adagrad);
	tcase_add_test(t, the_cut_comes_from_wanted_mail);
	tcase_add_test(t, what_is_learnt_stays_in_the_memory);
	tcase_add_loop_test(t, a_broken_model_is_refused, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, a_model_that_is_cut_is_refused);
	tcase_add_test(t, reasons_are_words_people_can_read);
	tcase_add_test(t, beside_another_it_learns_what_that_did_not_know);
	tcase_add_test(t, what_is_taken_back_does_not_count);
	tcase_add_test(t, its_owner_can_mark_it);
	suite_add_tcase(suite, t);
	return suite;
}
