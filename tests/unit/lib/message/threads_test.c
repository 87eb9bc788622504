/*
 * threads_test.c - letters put together to conversations
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/threads.h"
#include "tests/unit/unit.h"

#define BUDGET	(64 * 1024 * 1024)
#define MOST	16

static const struct hash_key key = { { 1, 2 } };

struct letter {
	int		 day;
	const char	*id, *reply, *references, *subject;
	bool		 is_reply;
};

static void
tell(struct threads *threads, const uint32_t *numbers, struct text *told)
{
	int r;

	while ((r = threads_step(threads, 1000)) > 0)
		;
	ck_assert_int_eq(r, 0);
	/* however little is asked for at a time */
	while (threads_tell(threads, told, numbers, 1))
		;
	ck_assert(!text_failed(told));
}

static void
thread(enum threads_how how, const struct letter *letters, struct text *told)
{
	struct threads *threads = threads_new(how, MOST, BUDGET, &key);
	uint32_t numbers[MOST];

	ck_assert_ptr_nonnull(threads);
	for (uint32_t i = 0; i < MOST; i++) {
		struct threads_letter letter = {
			.sent = letters[i].day,
			.message_id = slice_str(letters[i].id),
			.in_reply_to = slice_str(letters[i].reply),
			.references = slice_str(letters[i].references),
			.subject = slice_str(letters[i].subject),
			.is_reply = letters[i].is_reply,
		};

		numbers[i] = i + 1;
		if (letters[i].day == 0)
			break;
		ck_assert_int_eq(threads_add(threads, &letter), 0);
	}
	tell(threads, numbers, told);
	threads_free(threads);
}

/* Conversations by what letters refer to; RFC 5256 3, REFERENCES. */
static const struct {
	struct letter	 letters[MOST];
	const char	*told;
} by_reference[] = {
	{ { { 0 } }, "" },
	{ { { 1, "", "", "", "", false } }, "(1)" },
	/* (1) (A): a chain, the first the parent of the second */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false },
	    { 3, "<c@t>", "", "<a@t> <b@t>", "", false } }, "(1 2 3)" },
	/* the order in the mailbox does not matter */
	{ { { 3, "<c@t>", "", "<a@t> <b@t>", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false },
	    { 1, "<a@t>", "", "", "", false } }, "(3 2 1)" },
	/* of In-Reply-To the first id, where there are no References */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "yours of Monday <a@t> <x@t>", "none", "", false } },
	    "(1 2)" },
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "", "", "", false },
	    { 3, "<c@t>", "<a@t>", "<b@t>", "", false } }, "(1)(2 3)" },
	/* quotes that are not needed */
	{ { { 1, "<\"a\"@t>", "", "", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false } }, "(1 2)" },
	/* two letters with one id: the first has it */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<a@t>", "", "", "", false },
	    { 3, "<c@t>", "", "<a@t>", "", false } }, "(1 3)(2)" },
	/* brothers, and the example of RFC 5256 4 */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false },
	    { 3, "<c@t>", "", "<a@t> <b@t>", "", false },
	    { 4, "<d@t>", "", "<a@t> <b@t> <c@t>", "", false },
	    { 5, "<e@t>", "", "<a@t> <b@t>", "", false },
	    { 6, "<f@t>", "", "<b@t> <e@t>", "", false },
	    { 7, "<g@t>", "", "<f@t>", "", false } },
	    "(1 2 (3 4)(5 6 7))" },
	/* brothers by date, and where that is the same by number */
	{ { { 9, "<a@t>", "", "", "", false },
	    { 5, "<b@t>", "", "<a@t>", "", false },
	    { 4, "<c@t>", "", "<a@t>", "", false },
	    { 4, "<d@t>", "", "<a@t>", "", false } }, "(1 (3)(4)(2))" },
	/* (1) (B): its own word counts more than that of others */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "", "", "", false },
	    { 4, "<d@t>", "", "<a@t> <c@t>", "", false },
	    { 3, "<c@t>", "", "<b@t>", "", false } }, "(1)(2 4 3)" },
	{ { { 1, "<a@t>", "", "", "", false },
	    { 4, "<d@t>", "", "<a@t> <c@t>", "", false },
	    { 3, "<c@t>", "", "", "", false } }, "(1)(3 2)" },
	/* what others say of a parent does not change one that is known */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false },
	    { 3, "<c@t>", "", "<x@t> <b@t>", "", false } }, "(1 2 3)" },
	/* no circles */
	{ { { 1, "<a@t>", "", "<a@t>", "", false } }, "(1)" },
	{ { { 1, "<a@t>", "", "<b@t>", "", false },
	    { 2, "<b@t>", "", "<a@t>", "", false } }, "(2 1)" },
	{ { { 1, "<a@t>", "", "<b@t> <c@t>", "", false },
	    { 2, "<b@t>", "", "<c@t> <a@t>", "", false },
	    { 3, "<c@t>", "", "<a@t> <b@t>", "", false } }, "(2 3 1)" },
	/* (3): a dummy below something gives its children to that */
	{ { { 1, "<a@t>", "", "", "", false },
	    { 2, "<c@t>", "", "<a@t> <x@t>", "", false },
	    { 3, "<d@t>", "", "<a@t> <x@t> <y@t>", "", false } },
	    "(1 (2)(3))" },
	/* one in the root with one child goes, with two it stays */
	{ { { 1, "<b@t>", "", "<x@t> <y@t>", "", false } }, "(1)" },
	{ { { 2, "<b@t>", "", "<x@t>", "", false },
	    { 1, "<c@t>", "", "<x@t> <y@t>", "", false },
	    { 3, "<d@t>", "", "<c@t>", "", false } }, "((2 3)(1))" },
	/* (4): a dummy is as old as its first child */
	{ { { 3, "<b@t>", "", "<x@t>", "", false },
	    { 5, "<c@t>", "", "<x@t>", "", false },
	    { 4, "<d@t>", "", "", "", false },
	    { 2, "<e@t>", "", "", "", false } }, "(4)((1)(2))(3)" },
	/* (5): one subject and no reply are brothers */
	{ { { 1, "", "", "", "s", false }, { 2, "", "", "", "s", false },
	    { 3, "", "", "", "s", false } }, "((1)(2)(3))" },
	/* a reply is below what it may reply to */
	{ { { 1, "", "", "", "s", true }, { 2, "", "", "", "s", false },
	    { 3, "", "", "", "s", true } }, "(2 (1)(3))" },
	/* replies alone are brothers */
	{ { { 1, "", "", "", "s", true }, { 2, "", "", "", "s", true } },
	    "((1)(2))" },
	/* no subject is no common subject */
	{ { { 1, "", "", "", "", false }, { 2, "", "", "", "", true } },
	    "(1)(2)" },
	/* two dummies: their children are brothers */
	{ { { 1, "<b@t>", "", "<x@t>", "s", true },
	    { 4, "<c@t>", "", "<x@t>", "s", true },
	    { 2, "<d@t>", "", "<y@t>", "s", true },
	    { 3, "<e@t>", "", "<y@t>", "s", true } }, "((1)(3)(4)(2))" },
	/* a dummy and a letter: that is a child, reply or not */
	{ { { 2, "<b@t>", "", "<x@t>", "s", true },
	    { 3, "<c@t>", "", "<x@t>", "s", true },
	    { 1, "<d@t>", "", "", "s", false } }, "((3)(1)(2))" },
	/* the subject of a dummy is that of its first child */
	{ { { 2, "<b@t>", "", "<x@t>", "other", true },
	    { 1, "<c@t>", "", "<x@t>", "s", true },
	    { 3, "<d@t>", "", "", "s", false } }, "((2)(1)(3))" },
	/* a conversation joins with all that is below it */
	{ { { 1, "<a@t>", "", "", "s", false },
	    { 2, "<b@t>", "", "<a@t>", "x", true },
	    { 3, "<c@t>", "", "", "s", true },
	    { 4, "<d@t>", "", "<c@t>", "y", true } }, "(1 (2)(3 4))" },
};

START_TEST(letters_stand_below_what_they_refer_to)
{
	TEXT_AUTO told = TEXT_INIT(10000);

	thread(THREADS_REFERENCES, by_reference[_i].letters, &told);
	ck_assert_msg(slice_is_str(text_slice(&told), by_reference[_i].told),
	    "%.*s and not %s", SLICE_FMT(text_slice(&told)),
	    by_reference[_i].told);
}
END_TEST

/* RFC 5256 3, ORDEREDSUBJECT */
static const struct {
	struct letter	 letters[MOST];
	const char	*told;
} by_subject[] = {
	{ { { 0 } }, "" },
	{ { { 1, "<a@t>", "", "", "s", false },
	    { 2, "<b@t>", "", "<a@t>", "r", false } }, "(1)(2)" },
	{ { { 2, "", "", "", "s", false }, { 1, "", "", "", "s", true } },
	    "(2 1)" },
	/* there are no grandchildren; conversations are by their first */
	{ { { 4, "", "", "", "s", false }, { 5, "", "", "", "s", false },
	    { 1, "", "", "", "r", false }, { 3, "", "", "", "s", false },
	    { 2, "", "", "", "q", false }, { 9, "", "", "", "r", false } },
	    "(3 6)(5)(4 (1)(2))" },
	/* no subject is a subject here */
	{ { { 1, "", "", "", "", false }, { 2, "", "", "", "", false } },
	    "(1 2)" },
};

START_TEST(letters_of_one_subject_stand_below_the_first)
{
	TEXT_AUTO told = TEXT_INIT(10000);

	thread(THREADS_ORDEREDSUBJECT, by_subject[_i].letters, &told);
	ck_assert_msg(slice_is_str(text_slice(&told), by_subject[_i].told),
	    "%.*s and not %s", SLICE_FMT(text_slice(&told)),
	    by_subject[_i].told);
}
END_TEST

#define DEEP	100000

static void
add_deep(struct threads *threads, unsigned n, const char *references)
{
	struct threads_letter letter = { .sent = n };
	char id[32];

	(void)snprintf(id, sizeof(id), "<%u@t>", n);
	letter.message_id = slice_str(id);
	letter.references = slice_str(references);
	ck_assert_int_eq(threads_add(threads, &letter), 0);
}

static void
expect_chain(struct threads *threads, bool descends)
{
	TEXT_AUTO told = TEXT_INIT(16 * DEEP);
	TEXT_AUTO want = TEXT_INIT(16 * DEEP);
	uint32_t *numbers = calloc(DEEP, sizeof(*numbers));

	ck_assert_ptr_nonnull(numbers);
	for (uint32_t i = 0; i < DEEP; i++) {
		numbers[i] = i + 1;
		text_addf(&want, "%s%u", i == 0 ? "(" : " ",
		    descends ? DEEP - i : i + 1);
	}
	text_add_byte(&want, ')');
	tell(threads, numbers, &told);
	ck_assert(slice_is(text_slice(&told), text_slice(&want)));
	free(numbers);
}

START_TEST(a_chain_of_a_hundred_thousand_letters_is_told)
{
	bool descends = _i == 1;
	struct threads *threads = threads_new(THREADS_REFERENCES, DEEP, BUDGET,
	    &key);
	char before[32];

	for (unsigned i = 0; i < DEEP; i++) {
		unsigned n = descends ? DEEP - i : i + 1;

		(void)snprintf(before, sizeof(before), "<%u@t>", n - 1);
		add_deep(threads, n, before);
	}
	expect_chain(threads, descends);
	threads_free(threads);
}
END_TEST

START_TEST(references_that_go_in_circles_take_no_time)
{
	struct threads *threads = threads_new(THREADS_REFERENCES, DEEP, BUDGET,
	    &key);
	uint32_t *numbers = calloc(DEEP, sizeof(*numbers));
	TEXT_AUTO references = TEXT_INIT(100000);
	TEXT_AUTO told = TEXT_INIT(16 * DEEP);
	uint64_t began = cpu_ms();
	char before[32];

	ck_assert_ptr_nonnull(numbers);
	for (unsigned n = 1; n <= 50000; n++) {
		(void)snprintf(before, sizeof(before), "<%u@t>", n - 1);
		add_deep(threads, n, n == 1 ? "" : before);
	}
	/* each link is refused after a walk to the top */
	while (references.len < 64 * 1024)
		text_add_str(&references, "<49999@t> <1@t> ");
	text_add_byte(&references, '\0');
	for (unsigned n = 50001; n <= 50100; n++)
		add_deep(threads, n, references.at);
	tell(threads, numbers, &told);
	ck_assert_uint_lt(cpu_ms() - began, 20000);
	free(numbers);
	threads_free(threads);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	struct threads *threads;
	struct threads_letter letter = { .subject = slice_str("a subject") };
	TEXT_AUTO references = TEXT_INIT(100000);
	int r = 0;

	ck_assert_ptr_null(threads_new(THREADS_REFERENCES, 100000, 1000000,
	    &key));
	threads = threads_new(THREADS_REFERENCES, 1000, 1000000, &key);
	ck_assert_ptr_nonnull(threads);
	for (unsigned i = 0; r == 0 && i < 1000; i++) {
		text_clear(&references);
		for (unsigned j = 0; j < 1000; j++)
			text_addf(&references, "<%u.%u@t>", i, j);
		letter.references = text_slice(&references);
		r = threads_add(threads, &letter);
	}
	ck_assert_int_eq(r, -ENOBUFS);
	threads_free(threads);
	threads = threads_new(THREADS_REFERENCES, 1, 1000000, &key);
	letter.references = slice_of(NULL, 0);
	ck_assert_int_eq(threads_add(threads, &letter), 0);
	ck_assert_int_eq(threads_add(threads, &letter), -ENOBUFS);
	threads_free(threads);
	threads_free(NULL);
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("threads");
	TCase *t = tcase_create("threads");

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, letters_stand_below_what_they_refer_to, 0,
	    COUNT(by_reference));
	tcase_add_loop_test(t, letters_of_one_subject_stand_below_the_first, 0,
	    COUNT(by_subject));
	tcase_add_loop_test(t, a_chain_of_a_hundred_thousand_letters_is_told,
	    0, 2);
	tcase_add_test(t, references_that_go_in_circles_take_no_time);
	tcase_add_test(t, what_does_not_fit_is_refused);
	suite_add_tcase(s, t);
	return s;
}
