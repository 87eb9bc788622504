/*
 * maildir_test.c - names of files and lists of a Maildir say what they say
 */
#include "lib/message/maildir.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*file, *unique;
	unsigned	 marks;
	uint32_t	 keywords;
} names[] = {
	{ "17.a.host", "17.a.host", 0, 0 },
	{ "17.a.host:2,", "17.a.host", 0, 0 },
	{ "17.a,S=12,W=13:2,DFRST", "17.a,S=12,W=13", MARK_SEEN |
	    MARK_ANSWERED | MARK_FLAGGED | MARK_DRAFT | MARK_DELETED, 0 },
	{ "17.a:2,Sacz", "17.a", MARK_SEEN, 1u | 1u << 2 | 1u << 25 },
	/* P: passed on; experimental flags; where no colon can be */
	{ "17.a:2,PS", "17.a", MARK_SEEN, 0 },
	{ "17.a:1,S", "17.a:1,S", 0, 0 },
	{ "17.a;2,S", "17.a", MARK_SEEN, 0 },
	{ "17.a!2,F", "17.a", MARK_FLAGGED, 0 },
	{ ":2,", "", 0, 0 },
};

START_TEST(a_name_has_flags_and_keywords)
{
	struct maildir_name name = maildir_name(slice_str(names[_i].file));

	ck_assert(slice_is_str(name.unique, names[_i].unique));
	ck_assert_uint_eq(name.marks, names[_i].marks);
	ck_assert_uint_eq(name.keywords, names[_i].keywords);
}
END_TEST

START_TEST(keywords_have_names)
{
	TEXT_AUTO words = TEXT_INIT(4096);
	struct slice found[MAILDIR_KEYWORDS];

	maildir_keywords(slice_str("0 $Junk\n2 Later\r\n25 z\n26 beyond\n"
	    "x y\nnothing\n3"), found);
	ck_assert(slice_is_str(found[0], "$Junk"));
	ck_assert_uint_eq(found[1].len, 0);
	ck_assert(slice_is_str(found[2], "Later"));
	ck_assert(slice_is_str(found[25], "z"));
	maildir_add_keywords(&words, 1u | 1u << 1 | 1u << 2, found);
	ck_assert(slice_is_str(text_slice(&words), "$Junk Later"));
}
END_TEST

START_TEST(the_list_of_uids_has_the_order)
{
	struct slice rest = slice_str("3 V17 N9 Gabc\n"
	    "2 :1.a.host:2,S\n5 W123 P:x :2.b,S=1\nx\n7 3.c\n8 \n9 :4.d");
	static const struct {
		uint32_t	 uid;
		const char	*file;
	} rows[] = { { 2, "1.a.host:2,S" }, { 5, "2.b,S=1" }, { 7, "3.c" },
	    { 9, "4.d" } };
	struct slice file;
	uint32_t uid;

	for (size_t i = 0; i < 4; i++) {
		ck_assert(maildir_uid(&rest, &uid, &file));
		ck_assert_uint_eq(uid, rows[i].uid);
		ck_assert(slice_is_str(file, rows[i].file));
	}
	ck_assert(!maildir_uid(&rest, &uid, &file));
}
END_TEST

START_TEST(subscriptions_are_in_two_versions)
{
	struct slice old = slice_str("Work\nWork.Old\r\n\n");
	struct slice new = slice_str("V\t2\n\nWork\nWork\tOld\n"), name;
	bool tabs = false;

	ck_assert(maildir_subscription(&old, &tabs, &name));
	ck_assert(slice_is_str(name, "Work"));
	ck_assert(maildir_subscription(&old, &tabs, &name));
	ck_assert(slice_is_str(name, "Work.Old"));
	ck_assert(!maildir_subscription(&old, &tabs, &name));
	ck_assert(!tabs);
	ck_assert(maildir_subscription(&new, &tabs, &name));
	ck_assert(tabs);
	ck_assert(maildir_subscription(&new, &tabs, &name));
	ck_assert(slice_is_str(name, "Work\tOld"));
	ck_assert(!maildir_subscription(&new, &tabs, &name));
}
END_TEST

static const struct {
	const char	*name, *file;
} folders[] = {
	{ "Work", "Work" },
	{ "Work/Old/a", "Work.Old.a" },
	{ "a.b", "a\\2eb" },
	{ "a_b", "a_b" },
	{ "a/b", "a.b" },
	{ "..", "\\2e\\2e" },
	{ "a\\2eb", "a\\5c2eb" },
	{ "v1.0/\\", "v1\\2e0.\\5c" },
};

START_TEST(a_folder_has_a_name_of_its_own)
{
	TEXT_AUTO file = TEXT_INIT(256);

	maildir_add_folder(&file, slice_str(folders[_i].name));
	ck_assert(slice_is_str(text_slice(&file), folders[_i].file));
	/* levels are told apart before it is taken back */
	for (size_t i = 0; i < file.len; i++)
		if (file.at[i] == '.')
			file.at[i] = '/';
	maildir_unescape(&file);
	ck_assert(slice_is_str(text_slice(&file), folders[_i].name));
}
END_TEST

START_TEST(other_backslashes_stay)
{
	TEXT_AUTO name = TEXT_INIT(256);

	text_add_str(&name, "\\2Ea\\2f\\2\\zz\\5C2e\\");
	maildir_unescape(&name);
	ck_assert(slice_is_str(text_slice(&name), ".a\\2f\\2\\zz\\2e\\"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/maildir");
	TCase *tests = tcase_create("maildir");

	tcase_add_loop_test(tests, a_name_has_flags_and_keywords, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, keywords_have_names);
	tcase_add_test(tests, the_list_of_uids_has_the_order);
	tcase_add_test(tests, subscriptions_are_in_two_versions);
	tcase_add_loop_test(tests, a_folder_has_a_name_of_its_own, 0,
	    sizeof(folders) / sizeof(folders[0]));
	tcase_add_test(tests, other_backslashes_stay);
	suite_add_tcase(suite, tests);
	return suite;
}
