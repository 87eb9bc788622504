/*
 * received_test.c - for whom a hop took a message
 */
#include "lib/message/received.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*value, *behind_for, *by;
} values[] = {
	{ "from a (b [192.0.2.1]) by c.test (Postfix) with ESMTP id 7\r\n"
	    "\tfor <ann@office.test>; Mon, 5 Jan", "<ann@office.test>",
	    "c.test" },
	{ "by c.test for ann@office.test;d", "ann@office.test", "c.test" },
	{ "from a by c.test for <a@b>, <c@d>; d", "<a@b>, <c@d>", "c.test" },
	{ "from a by c.test for <a@b> (single-drop); d", "<a@b>", "c.test" },
	{ "from a by c.test for <a@b> from <x@y>; d", "<a@b>", "c.test" },
	{ "from a by c.test; for <a@b>", "", "c.test" },
	{ "from a (for <a@b>) by c.test", "", "c.test" },
	{ "from a (for <a@b> by c.test", "", "" },
	{ "from for by c.test", "", "c.test" },
	{ "(qmail 5 invoked by alias); d", "", "" },
	{ "FROM a BY c.test FOR <a@b>", "<a@b>", "c.test" },
	{ "for", "", "" },
	{ "", "", "" },
};

/* RFC 5321 4.4 */
START_TEST(for_and_by_are_read)
{
	struct received received;

	received_read(slice_str(values[_i].value), &received);
	ck_assert_msg(slice_is_str(received.address, values[_i].behind_for),
	    "%.*s", SLICE_FMT(received.address));
	ck_assert_msg(slice_is_str(received.by, values[_i].by), "%.*s",
	    SLICE_FMT(received.by));
}
END_TEST

START_TEST(hosts_of_one_site_are_told)
{
	static const struct {
		const char *a, *b;
		bool same;
	} hosts[] = {
		{ "mx.pop.test", "store.POP.test", true },
		{ "pop.test", "mx.pop.test", true },
		{ "mx.pop.test", "mx.top.test", false },
		{ "mx.a.co.id", "mx.b.co.id", false },
		{ "mx.a.co.id", "s.a.co.id", true },
		{ "localhost", "localhost", true },
		{ "", "", false },
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_int_eq(received_same_site(slice_str(hosts[i].a),
		    slice_str(hosts[i].b)), hosts[i].same);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("received");
	TCase *tests = tcase_create("received");

	tcase_add_loop_test(tests, for_and_by_are_read, 0,
	    sizeof(values) / sizeof(values[0]));
	tcase_add_test(tests, hosts_of_one_site_are_told);
	suite_add_tcase(suite, tests);
	return suite;
}
