/*
 * learn_test.c - a postmaster's correction that becomes a rule
 */
#include <errno.h>

#include "fetch/domain/learn.h"
#include "tests/unit/fetch/domain/scene.h"
#include "tests/unit/unit.h"

#define OFFICE	"domain office.test\nmailbox box@pop.test\n"
#define BY	"Received: from a by mx.pop.test for "

static const struct {
	const char	*rules, *header;
	const char	*learned;	/* NULL: nothing to know it by */
} cases[] = {
	{ OFFICE "envelope-header Delivered-To",
	    "Delivered-To: dian@office.test\nFrom: r@s.test\n",
	    "address dian@office.test -> ben@office.test" },
	/* it may be the mailbox itself: everything would be ben's */
	{ OFFICE "envelope-header Delivered-To",
	    "Delivered-To: all@pop.test\nFrom: r@s.test\n", NULL },
	{ OFFICE, BY "<dian@office.test>; d\nTo: x@y.test\n",
	    "address dian@office.test -> ben@office.test" },
	{ OFFICE, "List-Id: T <t.l.test>\nTo: t@l.test\nCc: ann@office.test\n",
	    "list t.l.test -> ben@office.test" },
	{ OFFICE, "List-Post: <mailto:t@l.test>\nTo: t@l.test\n",
	    "address t@l.test -> ben@office.test" },
	{ OFFICE, "Sender: owner-t@l.test\nTo: t@l.test\n"
	    "Cc: ann@office.test\n",
	    "address t@l.test -> ben@office.test" },
	/* the list's address stands nowhere: nothing to know the next by */
	{ OFFICE, "List-Post: <mailto:t@l.test>\nTo: ann@office.test\n",
	    NULL },
	{ OFFICE, "From: r@s.test\nTo: dian@office.test, x@y.test\n",
	    "address dian@office.test -> ben@office.test" },
	{ OFFICE, "From: r@s.test\nTo: old@y.test\n",
	    "address old@y.test -> ben@office.test" },
	/* Bcc: the sender wrote to itself */
	{ OFFICE, "From: R <r@s.test>\nTo: r@s.test\n",
	    "from r@s.test -> ben@office.test" },
	{ OFFICE, "From: r@s.test\nTo: a@y.test, b@y.test\n",
	    "from r@s.test -> ben@office.test" },
	{ OFFICE, "From: r@s.test\nTo: undisclosed-recipients:;\n",
	    "from r@s.test -> ben@office.test" },
	{ OFFICE, "Subject: nothing else\n", NULL },
	{ OFFICE "route equals x@y.test -> drop", "From: r@s.test\n"
	    "To: x@y.test\n", NULL },
	{ OFFICE "headers to", "From: r@s.test\n" BY "<citra@office.test>; d\n"
	    "To: ann@office.test\n", NULL },
};

START_TEST(what_is_learned_is_found_the_next_time)
{
	const struct domain_learned *learned = NULL;
	TEXT_AUTO text = TEXT_INIT(1024);
	struct domain_fault fault;
	int r;

	scene_begin(cases[_i].rules);
	scene_decide(slice_str(cases[_i].header));
	ck_assert_int_ne(scene_decision.hold, DOMAIN_FOUND);
	r = domain_learn(scene_arena, &scene_rules, &scene_candidates,
	    scene_answers, &scene_decision, slice_str("Ben@office.test"),
	    &learned, &fault);
	if (cases[_i].learned == NULL) {
		ck_assert_int_eq(r, -ENOENT);
		ck_assert_uint_eq(scene_rules.learned_count, 0);
	} else {
		ck_assert_int_eq(r, 0);
		domain_learned_write(&text, learned);
		ck_assert_msg(slice_is_str(text_slice(&text),
		    cases[_i].learned), "%.*s", SLICE_FMT(text_slice(&text)));
		scene_decide(slice_str(cases[_i].header));
		ck_assert_uint_eq(scene_decision.owner_count, 1);
		ck_assert_uint_eq(scene_decision.owners[0].account, 2);
	}
	scene_end();
}
END_TEST

START_TEST(a_person_who_is_no_address_is_refused)
{
	const struct domain_learned *learned = NULL;
	struct domain_fault fault;

	scene_begin(OFFICE);
	scene_decide(slice_str("To: x@y.test\n"));
	ck_assert_int_eq(domain_learn(scene_arena, &scene_rules,
	    &scene_candidates, scene_answers, &scene_decision,
	    slice_str("ben"), &learned, &fault), -EINVAL);
	ck_assert_int_eq(fault.want, SAY_WANT_ADDRESS);
	ck_assert_uint_eq(scene_rules.learned_count, 0);
	scene_end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("domain learn");
	TCase *tests = tcase_create("learn");

	tcase_add_loop_test(tests, what_is_learned_is_found_the_next_time, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, a_person_who_is_no_address_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
