/*
 * queue_channels_test.c - which judge is asked about the next message
 */
#include "programs/queue_inside.h"
#include "tests/unit/unit.h"

static struct queue queue;

/* Two judges: how many questions they have, and for how long no answer. */
static const struct {
	unsigned	asked[2];
	uint64_t	silent_ms[2];
	unsigned	chosen;
} rows[] = {
	{ { 0, 0 }, { 0, 0 }, 0 },
	{ { 1, 0 }, { 0, 0 }, 1 },
	{ { 1, 2 }, { 0, 0 }, 0 },
	/* one of them is long about a message: no other is to wait for that */
	{ { 1, 5 }, { 60000, 0 }, 1 },
	{ { 5, 1 }, { 0, 60000 }, 0 },
	/* but it waits for DNS perhaps, and then it has time for more */
	{ { 1, 10 }, { 60000, 0 }, 0 },
	{ { 10, 1 }, { 0, 60000 }, 1 },
	/* a judge without questions is not slow */
	{ { 0, 1 }, { 60000, 0 }, 0 },
	/* nobody answers */
	{ { 2, 1 }, { 60000, 90000 }, 1 },
};

START_TEST(the_judge_that_answers_is_asked)
{
	struct judge_channel *judge;

	queue.judge_count = 2;
	for (unsigned i = 0; i < 2; i++)
		queue.judges[i].progress = (struct progress){
			.asked = rows[_i].asked[i],
			/* an hour ahead: the machine that tests may be slow */
			.since_ms = clock_ms() - rows[_i].silent_ms[i] +
			    (rows[_i].silent_ms[i] == 0 ? 3600000 : 0),
		};
	judge = queue_choose_judge(&queue);
	ck_assert_ptr_eq(judge, &queue.judges[rows[_i].chosen]);
}
END_TEST

START_TEST(without_a_judge_nobody_is_asked)
{
	queue.judge_count = 0;
	ck_assert_ptr_null(queue_choose_judge(&queue));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/queue_channels");
	TCase *test = tcase_create("queue_channels");

	tcase_add_loop_test(test, the_judge_that_answers_is_asked, 0,
	    sizeof(rows) / sizeof(*rows));
	tcase_add_test(test, without_a_judge_nobody_is_asked);
	suite_add_tcase(suite, test);
	return suite;
}
