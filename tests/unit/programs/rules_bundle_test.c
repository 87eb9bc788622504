/*
 * rules_bundle_test.c - the postmaster's rule files, on their way to the judges
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "programs/rules_bundle.h"
#include "tests/unit/queue/scratch.h"

static struct scratch folder;
static struct text faults;

static void
set_up(void)
{
	folder = scratch_new();
	faults = (struct text)TEXT_INIT(4096);
}

static void
tear_down(void)
{
	text_free(&faults);
	scratch_drop(&folder);
}

static void
put(const char *name, struct slice bytes)
{
	int fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(the_rule_files_of_a_folder_come_out_in_order)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	struct rules *rules = NULL;

	put("b.rule", slice_str("rule \"2\" { size > 0; stop }"));
	put("a.rule", slice_str("rule \"1\" { size > 0; stop }"));
	put("empty.rule", slice_str(""));
	put(".hidden.rule", slice_str("no rule"));
	put("a.rule~", slice_str("no rule"));
	ck_assert_int_eq(rules_gather(folder.path, &bundle, &faults), 0);
	ck_assert_int_eq(rules_from_bundle(text_slice(&bundle), &rules,
	    &faults), 0);
	ck_assert_uint_eq(rules->count, 2);
	ck_assert(slice_is_str(rules->rules[0].name, "1"));
	ck_assert(slice_is_str(rules->rules[1].name, "2"));
	ck_assert_uint_eq(faults.len, 0);
	rules_free(rules);
}
END_TEST

START_TEST(what_somebody_names_is_a_file_or_a_folder)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	TEXT_AUTO other = TEXT_INIT(RULES_BUNDLE_BYTES);
	TEXT_AUTO path = TEXT_INIT(4096);
	struct slice name = slice_str("a.rule");

	put("a.rule", slice_str("rule \"1\" {\n\tsize > 0\n\tstop }"));
	put("b.new", slice_str("one\n"));
	ck_assert_int_eq(rules_gather_named(folder.path, &bundle, &faults), 0);
	ck_assert(slice_is_str(rules_bundle_line(text_slice(&bundle), name,
	    2), "size > 0"));
	ck_assert(slice_is_str(rules_bundle_line(text_slice(&bundle), name,
	    3), "stop }"));
	ck_assert_uint_eq(rules_bundle_line(text_slice(&bundle), name,
	    4).len, 0);
	ck_assert_uint_eq(rules_bundle_line(text_slice(&bundle),
	    slice_str("b.new"), 1).len, 0);
	text_addf(&path, "%s/b.new", folder.path);
	text_add_byte(&path, '\0');
	name = slice_str(path.at);
	ck_assert_int_eq(rules_gather_named(path.at, &other, &faults), 0);
	ck_assert(slice_is_str(rules_bundle_line(text_slice(&other), name,
	    1), "one"));
	ck_assert_uint_eq(faults.len, 0);
	ck_assert_int_eq(rules_gather_named("/nowhere/a.rule", &other,
	    &faults), -ENOENT);
	ck_assert(slice_has_prefix(text_slice(&faults), "/nowhere/a.rule: "));
}
END_TEST

/* A typo, or a disk that is mounted late: without them mail would pass. */
START_TEST(a_folder_that_is_not_there_is_a_fault)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);

	ck_assert_int_eq(rules_gather("/nowhere/rules", &bundle, &faults),
	    -ENOENT);
	ck_assert_uint_eq(bundle.len, 0);
	ck_assert(slice_has_prefix(text_slice(&faults), "/nowhere/rules: "));
}
END_TEST

START_TEST(files_that_are_too_large_together_are_said_so_once)
{
	TEXT_AUTO bundle = TEXT_INIT(100);
	const char *rule = "rule \"1\" { size > 0; stop }";

	put("a.rule", slice_str(rule));
	put("b.rule", slice_str(rule));
	put("c.rule", slice_str(rule));
	put("d.rule", slice_str(rule));
	ck_assert_int_eq(rules_gather(folder.path, &bundle, &faults),
	    -ENOSPC);
	ck_assert_uint_ne(slice_find_str(text_slice(&faults),
	    "all rule files together have more than 100 bytes\n"), SIZE_MAX);
	ck_assert_uint_eq(slice_find_str(text_slice(&faults), ".rule"),
	    SIZE_MAX);
	ck_assert_uint_eq(slice_find(text_slice(&faults), '\n'),
	    faults.len - 1);
}
END_TEST

START_TEST(one_file_that_is_too_large_is_named)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	int fd;

	put("a.rule", slice_str(""));
	put("b.rule", slice_str(""));
	fd = openat(folder.fd, "b.rule", O_WRONLY);
	ck_assert_int_eq(ftruncate(fd, RULE_FILE_BYTES_MOST + 1), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(rules_gather(folder.path, &bundle, &faults),
	    -EFBIG);
	ck_assert_uint_ne(slice_find_str(text_slice(&faults), "/b.rule: "),
	    SIZE_MAX);
}
END_TEST

START_TEST(a_bundle_that_is_cut_is_none)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	struct rules *rules = NULL;

	put("a.rule", slice_str("rule \"1\" { size > 0; stop }"));
	ck_assert_int_eq(rules_gather(folder.path, &bundle, &faults), 0);
	for (size_t n = 1; n < bundle.len; n++) {
		ck_assert_int_eq(rules_from_bundle(slice_first(
		    text_slice(&bundle), n), &rules, &faults), -EBADMSG);
		ck_assert_ptr_null(rules);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/rules_bundle");
	TCase *tests = tcase_create("rules_bundle");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_rule_files_of_a_folder_come_out_in_order);
	tcase_add_test(tests, a_folder_that_is_not_there_is_a_fault);
	tcase_add_test(tests,
	    files_that_are_too_large_together_are_said_so_once);
	tcase_add_test(tests, one_file_that_is_too_large_is_named);
	tcase_add_test(tests, a_bundle_that_is_cut_is_none);
	tcase_add_test(tests, what_somebody_names_is_a_file_or_a_folder);
	suite_add_tcase(suite, tests);
	return suite;
}
