/*
 * mail_files_test.c - the messages in files that somebody has named
 */
#include "programs/mail_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

static char folder[64];

static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const char *bytes)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(bytes, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/postroom-files-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(mkdir(path_of("cur"), 0700), 0);
	write_file("cur/one", "Subject: one\n\nx\n");
	write_file("box", "From ann@a.test Sat Nov 21 10:00:00 2026\n"
	    "Subject: two\n\nx\n\n"
	    "From ann@a.test Sat Nov 21 10:00:00 2026\n"
	    "Subject: three\n\n>From here\n");
	write_file("empty", "");
	ck_assert_int_eq(symlink("cur/one", path_of("link")), 0);
}

static void
teardown(void)
{
	static const char *const names[] = { "cur/one", "box", "empty",
	    "link", "cur" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(remove(path_of(names[i])), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* What was met; a walk ends with 7 after `most` messages. */
struct met {
	struct text	text;
	unsigned	count, most;
};

static int
meet(void *arg, const struct mail_file *file)
{
	struct met *met = arg;

	text_addf(&met->text, "%s %u %.*s|", strrchr(file->path, '/') + 1,
	    file->number, SLICE_FMT(file->message));
	return ++met->count == met->most ? 7 : 0;
}

static bool
has(const struct met *met, const char *words)
{
	return slice_find_str(text_slice(&met->text), words) !=
	    SIZE_MAX;
}

START_TEST(a_folder_is_all_its_files_and_of_an_mbox_all_messages)
{
	struct met met = { .text = TEXT_INIT(4096) };
	uint64_t passed = 0;

	ck_assert_int_eq(mail_files_walk(folder, "hub.test", meet, &met,
	    &passed), 0);
	ck_assert_uint_eq(met.count, 3);
	ck_assert_uint_eq(passed, 1);	/* the empty one; a link is no file */
	ck_assert(has(&met, "one 0 Subject: one"));
	ck_assert(has(&met, "box 1 Subject: two"));
	ck_assert(has(&met, "box 2 Subject: three\n\nFrom here"));
	text_free(&met.text);
}
END_TEST

START_TEST(who_is_handed_a_message_can_end_the_walk)
{
	struct met met = { .text = TEXT_INIT(4096), .most = 1 };
	uint64_t passed = 0;

	ck_assert_int_eq(mail_files_walk(path_of("box"), "hub.test", meet,
	    &met, &passed), 7);
	ck_assert_uint_eq(met.count, 1);
	text_free(&met.text);
}
END_TEST

START_TEST(a_link_is_followed_where_it_is_named)
{
	struct met met = { .text = TEXT_INIT(4096) };
	uint64_t passed = 0;

	ck_assert_int_eq(mail_files_walk(path_of("link"), "hub.test", meet,
	    &met, &passed), 0);
	ck_assert_uint_eq(met.count, 1);
	ck_assert_int_eq(mail_files_walk(path_of("none"), "hub.test", meet,
	    &met, &passed), -ENOENT);
	text_free(&met.text);
}
END_TEST

START_TEST(what_the_hub_wrote_on_top_is_left_out)
{
	struct met met = { .text = TEXT_INIT(4096) };
	uint64_t passed = 0;

	write_file("cur/one", "Return-Path: <ann@a.test>\r\n"
	    "Delivered-To: me@b.test\r\n"
	    "Received: from a ([192.0.2.1])\r\n\tby hub.test (Postroom) "
	    "with ESMTP id 1\r\n\tfor <me@b.test>;\r\n"
	    "\tSat, 21 Nov 2026 10:00:00 +0000\r\n"
	    "Subject: one\r\n\r\nx\r\n");
	ck_assert_int_eq(mail_files_walk(path_of("cur"), "hub.test", meet,
	    &met, &passed), 0);
	ck_assert(has(&met, "one 0 Subject: one"));
	text_free(&met.text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mail_files");
	TCase *t = tcase_create("walk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t,
	    a_folder_is_all_its_files_and_of_an_mbox_all_messages);
	tcase_add_test(t, who_is_handed_a_message_can_end_the_walk);
	tcase_add_test(t, a_link_is_followed_where_it_is_named);
	tcase_add_test(t, what_the_hub_wrote_on_top_is_left_out);
	suite_add_tcase(suite, t);
	return suite;
}
