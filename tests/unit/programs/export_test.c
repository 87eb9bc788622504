/*
 * export_test.c - what is exported goes where it is meant to, and nowhere else
 *
 * The owner of the target puts there what he likes beforehand.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "programs/export.h"
#include "tests/unit/queue/scratch.h"

#define VALIDITY	7
#define LETTER		"Subject: a\r\n\r\nhello\r\n"
#define MAILDIR_NAME	"0000000001.V7.postroom,S=18"

static struct scratch folder;
static struct cli cli;
static struct transfer transfer;

static void
set_up(void)
{
	folder = scratch_new();
	cli = (struct cli){ .json = true };
	transfer = (struct transfer){ .cli = &cli,
	    .notes = TEXT_INIT(65536) };
	ck_assert_int_eq(mkdirat(folder.fd, "target", 0700), 0);
	ck_assert_int_eq(mkdirat(folder.fd, "other", 0700), 0);
}

static void
tear_down(void)
{
	text_free(&transfer.notes);
	scratch_drop(&folder);
}

static struct export
export_of(const struct export_form *form)
{
	struct export export = { .transfer = &transfer, .form = form,
	    .path = "target", .fd = openat(folder.fd, "target",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	ck_assert_int_ge(export.fd, 0);
	return export;
}

/* A folder with one letter.  0 or -errno. */
static int
write_folder(const struct export_form *form, const char *name,
    const char *keywords)
{
	const struct export_message message = { .bytes = SLICE(LETTER),
	    .keywords = slice_str(keywords), .uid = 1 };
	struct export export = export_of(form);
	int r = form->begin(&export, slice_str(name), VALIDITY);

	if (r == 0)
		r = form->add(&export, &message);
	if (r == 0)
		r = form->end(&export);
	form->close(&export);
	(void)close(export.fd);
	return r;
}

static void
make_folder(const char *path)
{
	ck_assert_int_eq(mkdirat(folder.fd, path, 0700), 0);
}

static void
make_file(const char *path)
{
	int fd = openat(folder.fd, path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "kept", 4), 4);
	ck_assert_int_eq(close(fd), 0);
}

static bool
is_there(const char *path)
{
	return faccessat(folder.fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* How many bytes it has; -1: it is not there. */
static int
bytes_of(const char *path)
{
	struct stat st;

	return fstatat(folder.fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 :
	    (int)st.st_size;
}

static const char *const subfolders[] = { "cur", "new", "tmp" };

START_TEST(a_link_in_the_place_of_a_subfolder_is_not_followed)
{
	char path[64];

	make_folder("target/.Work");
	(void)snprintf(path, sizeof(path), "target/.Work/%s", subfolders[_i]);
	ck_assert_int_eq(symlinkat("../../other", folder.fd, path), 0);
	ck_assert_int_eq(write_folder(&export_maildir, "Work", ""), -ENOTDIR);
	/* a folder of which nothing was made can be removed */
	ck_assert_int_eq(unlinkat(folder.fd, "other", AT_REMOVEDIR), 0);
	make_folder("other");
}
END_TEST

/* Where a file is written under another name first. */
static const struct {
	const struct export_form *form;
	const char	*first, *then;
	const char	*keywords;
} files[] = {
	{ &export_maildir, "target/.Work/tmp/" MAILDIR_NAME,
	    "target/.Work/cur/" MAILDIR_NAME ":2,", "" },
	{ &export_maildir, "target/.Work/dovecot-keywords.new",
	    "target/.Work/dovecot-keywords", "one" },
	{ &export_mbox, "target/.Work.part", "target/Work", "" },
};

/* The folders that such a file is in. */
static void
make_place(const struct export_form *form)
{
	make_file("other/file");
	if (form == &export_maildir) {
		make_folder("target/.Work");
		make_folder("target/.Work/tmp");
	}
}

START_TEST(nothing_that_stands_there_is_written_into)
{
	make_place(files[_i].form);
	ck_assert_int_eq(linkat(folder.fd, "other/file", folder.fd,
	    files[_i].first, 0), 0);
	ck_assert_int_eq(write_folder(files[_i].form, "Work",
	    files[_i].keywords), 0);
	ck_assert_int_eq(bytes_of("other/file"), 4);
	ck_assert_int_gt(bytes_of(files[_i].then), 0);
	ck_assert(!is_there(files[_i].first));
}
END_TEST

/* It would never be opened: nobody reads it. */
START_TEST(a_fifo_is_waited_for_by_nobody)
{
	make_place(files[_i].form);
	ck_assert_int_eq(mkfifoat(folder.fd, files[_i].first, 0600), 0);
	ck_assert_int_eq(write_folder(files[_i].form, "Work",
	    files[_i].keywords), 0);
	ck_assert_int_gt(bytes_of(files[_i].then), 0);
}
END_TEST

#define LIST	"target/.Work/dovecot-keywords"

/* What root alone may read is not copied into a file of the owner's. */
START_TEST(a_list_of_keywords_is_a_file_of_its_own)
{
	make_place(&export_maildir);
	switch (_i) {
	case 0:
		ck_assert_int_eq(linkat(folder.fd, "other/file", folder.fd,
		    LIST, 0), 0);
		break;
	case 1:
		ck_assert_int_eq(symlinkat("../../other/file", folder.fd,
		    LIST), 0);
		break;
	default:
		ck_assert_int_eq(mkfifoat(folder.fd, LIST, 0600), 0);
		break;
	}
	ck_assert_int_eq(write_folder(&export_maildir, "Work", "one"),
	    _i == 1 ? -ELOOP : -EEXIST);
	ck_assert_int_eq(bytes_of("other/file"), 4);
}
END_TEST

/* There are 26 letters for keywords: whoever has more is told so. */
START_TEST(keywords_without_a_letter_are_named)
{
	TEXT_AUTO words = TEXT_INIT(4096);

	for (int i = 0; i < 27; i++)
		text_addf(&words, "%sword-%d", i == 0 ? "" : " ", i);
	text_add_byte(&words, '\0');
	ck_assert_int_eq(write_folder(&export_maildir, "Work", words.at), 0);
	ck_assert_uint_ne(slice_find_str(text_slice(&transfer.notes),
	    "{\"where\": \"" MAILDIR_NAME "\""), SIZE_MAX);
	ck_assert_int_gt(bytes_of("target/.Work/cur/" MAILDIR_NAME
	    ":2,abcdefghijklmnopqrstuvwxyz"), 0);
}
END_TEST

/* Letters that say of themselves what a mail program would note. */
static const struct {
	const char	*bytes;		/* with CRLF */
	const char	*read;		/* what import takes */
} letters[] = {
	{ "A: b\r\n\r\nx\r\n", "A: b\n\nx\n" },
	{ "X-Mozilla-Status: 0009\r\nX-IMAP: 1 2\r\n\r\nx\r\n",
	    "X-Mozilla-Status: 0009\nX-IMAP: 1 2\n\nx\n" },
	{ "Status: RO\r\nX-Status: AFTD\r\nX-Keywords: one\r\n\r\nx\r\n",
	    "Status: RO\nX-Status: AFTD\nX-Keywords: one\n\nx\n" },
	/* no header at all; its first line is none's continuation */
	{ "hello\r\n", "hello\n" },
	{ " one two\r\nA: b\r\n", "\n one two\nA: b\n" },
};

START_TEST(an_mbox_believes_no_sender)
{
	const struct export_message message = { .uid = 1,
	    .bytes = slice_str(letters[_i].bytes), .marks = MARK_FLAGGED };
	TEXT_AUTO text = TEXT_INIT(4096);
	TEXT_AUTO keywords = TEXT_INIT(4096);
	struct export export = export_of(&export_mbox);
	struct mbox_message read_out;
	char bytes[4096];
	ssize_t n;
	int fd;

	ck_assert_int_eq(export_mbox.begin(&export, slice_str("Work"), 7), 0);
	ck_assert_int_eq(export_mbox.add(&export, &message), 0);
	ck_assert_int_eq(export_mbox.end(&export), 0);
	(void)close(export.fd);
	fd = openat(folder.fd, "target/Work", O_RDONLY | O_CLOEXEC);
	n = read(fd, bytes, sizeof(bytes));
	ck_assert_int_gt(n, 0);
	(void)close(fd);
	mbox_read(slice_of(bytes, (size_t)n), MBOX_RD, &read_out, &text,
	    &keywords);
	ck_assert(slice_is_str(text_slice(&text), letters[_i].read));
	ck_assert_uint_eq(read_out.marks, MARK_FLAGGED);
	ck_assert_uint_eq(keywords.len, 0);
	ck_assert(!read_out.is_gone);
	ck_assert(!read_out.is_internal);
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(tests, test, 0, \
	sizeof(rows) / sizeof((rows)[0]))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/export");
	TCase *tests = tcase_create("export");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	LOOP(a_link_in_the_place_of_a_subfolder_is_not_followed, subfolders);
	LOOP(nothing_that_stands_there_is_written_into, files);
	LOOP(a_fifo_is_waited_for_by_nobody, files);
	tcase_add_loop_test(tests, a_list_of_keywords_is_a_file_of_its_own, 0,
	    3);
	LOOP(an_mbox_believes_no_sender, letters);
	tcase_add_test(tests, keywords_without_a_letter_are_named);
	suite_add_tcase(suite, tests);
	return suite;
}
