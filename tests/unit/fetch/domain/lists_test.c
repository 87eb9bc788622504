/*
 * lists_test.c - which list a message came through, in the words of many programs
 */
#include "fetch/domain/lists.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*header, *address;
	bool		 is_list;
	unsigned	 named;
} cases[] = {
/* RFC 2369, RFC 2919 */
{ "List-Post: <mailto:staff@lists.test?subject=x> (Staff)\r\n",
  "staff@lists.test", true, 1 },
{ "List-Post: NO (posting not allowed)\r\n", "no@lists.test", false, 0 },
{ "List-Id: Staff <staff.lists.test>\r\n", "staff@lists.test", true, 0 },
{ "List-Id: staff.lists.test\r\n", "STAFF@lists.test", true, 0 },
{ "List-Id: <staff.lists.test>\r\n", "staff.lists@test", true, 0 },
{ "List-Id: <staff.lists.test>\r\n", "xstaff@lists.test", false, 0 },
/* what was written before those */
{ "X-Mailing-List: <staff@lists.test> archive/latest/12\r\n",
  "staff@lists.test", true, 1 },
{ "X-BeenThere: staff@lists.test\r\n", "staff@lists.test", true, 1 },
{ "Mailing-List: list staff@lists.test; contact staff-owner@lists.test\r\n",
  "staff@lists.test", true, 2 },
{ "Delivered-To: mailing list staff@lists.test\r\n", "staff@lists.test", true,
  1 },
{ "Delivered-To: staff@lists.test\r\n", "staff@lists.test", false, 0 },
/* the address it sends as */
{ "Return-Path: <staff-bounces@lists.test>\r\n", "staff@lists.test", true, 0 },
{ "Return-Path: <staff-bounces+ann=office.test@lists.test>\r\n",
  "staff@lists.test", true, 0 },
{ "Return-Path: <staff-return-12-ann=office.test@lists.test>\r\n",
  "staff@lists.test", true, 0 },
{ "Sender: owner-staff@lists.test\r\n", "staff@lists.test", true, 0 },
{ "Errors-To: staff-admin@lists.test\r\n", "staff@lists.test", true, 0 },
{ "Resent-Sender: staff-request@lists.test\r\n", "staff@lists.test", true, 0 },
{ "Received: from a by b.test id 7\r\n\t(envelope-from "
  "<owner-staff@lists.test>); x\r\n", "staff@lists.test", true, 0 },
{ "Received: from a (envelope-from joe@lists.test) by b.test; x\r\n",
  "joe@lists.test", false, 0 },
/* the same site, another host; but not another site, nor another name */
{ "Sender: staff-owner@lists.club.test\r\n", "staff@club.test", true, 0 },
{ "Sender: staff-owner@lists.test\r\n", "staff@club.test", false, 0 },
{ "Sender: staff-owner@lists.test\r\n", "other@lists.test", false, 0 },
/* a person */
{ "Return-Path: <joe@lists.test>\r\n", "joe@lists.test", false, 0 },
{ "Sender: joe-ownership@lists.test\r\n", "joe@lists.test", false, 0 },
{ "Sender: -owner@lists.test\r\n", "@lists.test", false, 0 },
{ "Sender: owner-@lists.test\r\n", "owner-@lists.test", false, 0 },
{ "Sender: broken\r\nList-Id: <a b>\r\nX-BeenThere: \xff@\r\n", "a@b", false,
  0 },
{ "", "staff@lists.test", false, 0 },
};

START_TEST(programs_say_it_in_many_ways)
{
	ARENA_AUTO arena = arena_new(65536);
	struct domain_lists lists;

	ck_assert_int_eq(domain_lists_read(arena, slice_str(cases[_i].header),
	    &lists), 0);
	ck_assert_msg(domain_lists_has(&lists, slice_str(cases[_i].address)) ==
	    cases[_i].is_list, "%s", cases[_i].header);
	ck_assert_uint_eq(lists.named, cases[_i].named);
}
END_TEST

START_TEST(a_thousand_of_them_are_as_many_as_fit)
{
	ARENA_AUTO arena = arena_new(65536);
	TEXT_AUTO header = TEXT_INIT(65536);
	struct domain_lists lists;

	for (unsigned i = 0; i < 1000; i++)
		text_addf(&header, "X-BeenThere: l%u@lists.test\r\n", i);
	ck_assert_int_eq(domain_lists_read(arena, text_slice(&header), &lists),
	    0);
	ck_assert_uint_eq(lists.count, DOMAIN_LISTS_MOST);
	ck_assert(domain_lists_has(&lists, slice_str("l0@lists.test")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/domain/lists");
	TCase *tests = tcase_create("lists");

	tcase_add_loop_test(tests, programs_say_it_in_many_ways, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, a_thousand_of_them_are_as_many_as_fit);
	suite_add_tcase(suite, tests);
	return suite;
}
