/*
 * door_room_test.c - who finds room in the door, and for whom some is kept
 */
#include "programs/door.h"
#include "tests/unit/unit.h"

#define MANY	1000000		/* connections by the configuration: no limit */

static const struct {
	unsigned	connections;	/* by the configuration */
	unsigned	descriptors;
	unsigned	visits, bridges, resting, pages;
	bool		may_come, may_stay, may_read_pages;
} rooms[] = {
	/* by number: 3/4 may stay, 1/4 may be pages */
	{ 100, MANY,	 0,  0,  0,  0,	true, true, true },
	{ 100, MANY,	24, 74, 74, 24,	true, true, true },
	{ 100, MANY,	25, 74, 74, 25,	true, true, false },
	{ 100, MANY,	25, 75, 75, 25,	false, false, false },
	{ 100, MANY,	99,  0,  0,  0,	true, true, true },
	{ 100, MANY,   100,  0,  0,  0,	false, true, true },
	/* by descriptors: four for each that is served */
	{ MANY, 400,	99,  0,  0, 24,	true, true, true },
	{ MANY, 400,   100,  0,  0, 25,	false, true, false },
	{ MANY, 400,	25, 74,  0,  0,	true, true, true },
	{ MANY, 400,	24, 75,  0,  0,	true, false, true },
	/* and one for each that rests */
	{ MANY, 400,	 0, 299, 299,  0,	true, true, true },
	{ MANY, 400,	 0, 300, 300,  0,	true, false, true },
	{ MANY, 400,	 0, 396, 396,  0,	true, false, true },
	{ MANY, 400,	 0, 397, 397,  0,	false, false, true },
	{ MANY, 400,	40, 236, 236,  0,	true, true, true },
	{ MANY, 400,	40, 237, 237,  0,	false, true, true },
	/* awake again they need what they needed before */
	{ MANY, 400,	 0, 200, 134,  0,	false, false, true },
	{ MANY, 400,	 0, 200, 167,  0,	true, true, true },
	/* whatever the limits, there is one page */
	{ 1, 4,		 0,  0,  0,  0,	true, true, true },
	{ 1, 4,		 1,  0,  0,  1,	false, true, false },
};

START_TEST(a_session_that_rests_takes_the_room_of_its_connection_only)
{
	struct process process = { .config.connections =
	    rooms[_i].connections };
	const struct door door = {
		.process = &process, .descriptors = rooms[_i].descriptors,
		.visit_count = rooms[_i].visits,
		.bridge_count = rooms[_i].bridges,
		.resting_count = rooms[_i].resting,
		.https_count = rooms[_i].pages,
	};

	ck_assert_int_eq(door_may_come(&door), rooms[_i].may_come);
	ck_assert_int_eq(door_may_stay(&door), rooms[_i].may_stay);
	ck_assert_int_eq(door_may_read_pages(&door),
	    rooms[_i].may_read_pages);
}
END_TEST

START_TEST(the_door_has_descriptors)
{
	ck_assert_uint_ge(door_descriptors(), 4);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_room");
	TCase *tcase = tcase_create("door_room");

	tcase_add_loop_test(tcase,
	    a_session_that_rests_takes_the_room_of_its_connection_only, 0,
	    sizeof(rooms) / sizeof(rooms[0]));
	tcase_add_test(tcase, the_door_has_descriptors);
	suite_add_tcase(suite, tcase);
	return suite;
}
