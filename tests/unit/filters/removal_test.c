/*
 * removal_test.c - a note stands where a part was, and all else as it was
 */
#include "filters/removal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/rule_judge.h"
#include "filters/rule_read.h"
#include "lib/base/zone.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define NOTE_TYPE	"Content-Type: text/plain; charset=utf-8\r\n" \
	"Content-Transfer-Encoding: quoted-printable\r\n" \
	"Content-Disposition: inline\r\n\r\n"
#define EXE	"Content-Type: application/x-msdownload; name=a.exe\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA"
/* One program goes, wherever it is. */
#define RULE	"rule \"programs\" { attachment name /\\.exe$/i\n" \
	"do remove attachment }\n"

static struct recipient recipients[] = {
	{ .address = SLICE("bob@office.test") },
};

static struct findings findings;

static void
judge(const char *written, struct slice message, struct verdict *verdict)
{
	const struct envelope envelope = {
		.source = SOURCE_SMTP, .sender = SLICE("ann@partner.test"),
		.recipients = recipients, .recipient_count = 1,
		.received_at_utc_ms = 1795000000000,
	};
	struct rule_file file = { slice_str("a.rule"), slice_str(written) };
	ARENA_AUTO arena = arena_new(8 << 20);
	TEXT_AUTO faults = TEXT_INIT(1000);
	const struct mime_part *root = NULL;
	struct rules *rules = NULL;
	enum mime_limit limit;

	ck_assert_msg(rules_read(&file, 1, &rules, &faults) == 0, "%.*s",
	    SLICE_FMT(text_slice(&faults)));
	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(mime_parse(arena, message, &mime_default_limits,
	    &root, &limit), 0);
	ck_assert_int_eq(rules_judge(rules, message, root, &envelope,
	    &findings, NULL, LANGUAGE_EN, arena, verdict), 0);
	words_close();
	rules_free(rules);
}

/* The message as its edits make it, with a NUL behind it. */
static void
edit(const struct verdict *verdict, struct slice message, struct text *to)
{
	struct edits_piece piece;
	uint64_t bytes;

	text_clear(to);
	ck_assert_int_eq(edits_bytes(&verdict->edits, message.len, &bytes), 0);
	for (unsigned n = 0; edits_piece(&verdict->edits, message.len, n,
	    &piece); n++)
		text_add(to, piece.text.len > 0 ? piece.text :
		    slice_first(slice_after(message, piece.at),
		    (size_t)piece.bytes));
	ck_assert_uint_eq(to->len, bytes);
	text_add_byte(to, '\0');
	ck_assert(!text_failed(to));
}

static void
set_up(void)
{
	findings_init(&findings);
}

/* What stands before and behind the note; the message is `a`, EXE, `b`. */
static const struct {
	const char	*before, *part, *behind;
} shapes[] = {
	/* one of two parts */
	{ "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "preamble\r\n--b\r\n\r\ntext\r\n--b\r\n", EXE,
	    "\r\n--b--\r\nepilogue\r\n" },
	/* its last boundary never comes */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", EXE,
	    "" },
	/* nor does that of the inner one */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\n"
	    "\r\ntext\r\n--c\r\n", EXE, "\r\n--b\r\n\r\nmore\r\n--b--\r\n" },
	/* lines end as they do in collected mail */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n",
	    EXE, "\n--b\n\nmore\n--b--\n" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\n--b\n", EXE,
	    "\r\n--b--\n" },
	/* in a message inside the message */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n"
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n", EXE,
	    "\r\n--c--\r\n--b--\r\n" },
	/* a digest's parts are messages unless they say what they are */
	{ "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n", EXE,
	    "\r\n--b--\r\n" },
	/* nothing is in it */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: a/b; name=a.exe\r\n\r\n", "--b--\r\n" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: a/b; name=a.exe\r\n", "--b--\r\n" },
	/* quoted-printable, and a name that is encoded */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Disposition: attachment; filename*=utf-8''%61.exe\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nMZ=90",
	    "\r\n--b--\r\n" },
	/* with all that is in it */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: message/rfc822; name=a.exe\r\n\r\nSubject: c\r\n"
	    "\r\ntext", "\r\n--b--\r\n" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: multipart/mixed; boundary=c; name=a.exe\r\n\r\n"
	    "--c\r\n" EXE "\r\n--c--\r\nhidden", "\r\n--b--\r\n" },
};

START_TEST(a_part_goes_and_nothing_else_changes)
{
	TEXT_AUTO message = TEXT_INIT(10000), edited = TEXT_INIT(20000);
	const char *before = shapes[_i].before, *behind = shapes[_i].behind;
	struct verdict verdict;
	size_t note;

	text_addf(&message, "%s%s%s", before, shapes[_i].part, behind);
	judge(RULE, text_slice(&message), &verdict);
	ck_assert_msg(verdict.action == VERDICT_MARK, "%s", verdict.reason);
	edit(&verdict, text_slice(&message), &edited);
	ck_assert(strncmp(edited.at, before, strlen(before)) == 0);
	note = strlen(before);
	ck_assert(strncmp(edited.at + note, NOTE_TYPE, strlen(NOTE_TYPE)) ==
	    0);
	ck_assert(strstr(edited.at + note, "\r\n    name: a.exe\r\n") !=
	    NULL);
	ck_assert(strstr(edited.at + note, "\r\n    rule: programs\r\n") !=
	    NULL);
	/* its last line names the message as it came */
	ck_assert_str_eq(strstr(edited.at + note, "\r\n    " EDITS_ORIGINAL
	    "\r\n") + strlen("\r\n    " EDITS_ORIGINAL "\r\n"), behind);
	/* and what is left has nothing for the rule any more */
	judge(RULE, slice_str(edited.at), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
}
END_TEST

/* A message that is one file: its other fields stay. */
static const struct {
	const char	*message, *header;
} wholes[] = {
	{ "Subject: a\r\nContent-Type: application/x-msdownload;\r\n"
	    "\tname=a.exe\r\nMIME-Version: 1.0\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "content-disposition: attachment\r\nTo: b@c.test\r\n\r\nTVqQ\r\n",
	    "Subject: a\r\nMIME-Version: 1.0\r\nTo: b@c.test\r\n" NOTE_TYPE },
	{ "From ann@x Mon Jan  1 00:00:00 2024\r\nContent-Type: a/b; name=a.exe\r\n\r\nTVqQ",
	    "From ann@x Mon Jan  1 00:00:00 2024\r\n" NOTE_TYPE },
	{ "Content-Type: a/b; name=a.exe\n\nTVqQ", NOTE_TYPE },
	{ "Subject: a\r\nContent-Type: a/b; name=a.exe\r\n", "Subject: a\r\n"
	    NOTE_TYPE },
	{ "Subject: a\r\nContent-Type: multipart/mixed; boundary=b; "
	    "name=a.exe\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n",
	    "Subject: a\r\n" NOTE_TYPE },
	{ "Subject: a\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Content-Type: a/b; name=a.exe\r\nSubject: b\r\n\r\nTVqQ\r\n",
	    "Subject: a\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: b\r\n" NOTE_TYPE },
};

START_TEST(of_a_whole_message_the_fields_that_describe_it_go_too)
{
	TEXT_AUTO edited = TEXT_INIT(20000);
	struct slice message = slice_str(wholes[_i].message);
	struct verdict verdict;

	judge(RULE, message, &verdict);
	ck_assert_msg(verdict.action == VERDICT_MARK, "%s", verdict.reason);
	edit(&verdict, message, &edited);
	ck_assert_msg(strncmp(edited.at, wholes[_i].header,
	    strlen(wholes[_i].header)) == 0, "%s", edited.at);
	ck_assert_ptr_null(strstr(edited.at, "TVqQ"));
	judge(RULE, slice_str(edited.at), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
}
END_TEST

#define MIXED	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"

/* Where another reader may see other parts nothing is certain. */
static const char *const held[] = {
	/* two boundaries */
	"Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n--b\r\n"
	    EXE "\r\n--c\r\n" EXE "\r\n--b--\r\n",
	/* parts that are encoded */
	"Content-Transfer-Encoding: base64\r\n" MIXED "--b\r\n" EXE
	    "\r\n--b--\r\n",
	/* a part in front of the parts */
	MIXED EXE "\r\n--b\r\n\r\ntext\r\n--b\r\n" EXE "\r\n--b--\r\n",
	/* or behind them */
	MIXED "--b\r\n" EXE "\r\n--b--\r\n" EXE "\r\n",
	/* two types */
	MIXED "--b\r\nContent-Type: text/plain\r\n" EXE "\r\n--b--\r\n",
	/* a header that goes on */
	MIXED "--b\r\nthis is no field\r\n" EXE "\r\n--b\r\n" EXE
	    "\r\n--b--\r\n",
	/* a file in a text */
	MIXED "--b\r\n" EXE "\r\n--b\r\n\r\nbegin 644 b.exe\r\n#0V%T\r\n"
	    "`\r\nend\r\n--b--\r\n",
	/* a message that is encoded, whatever is in there */
	MIXED "--b\r\n" EXE "\r\n--b\r\nContent-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nQTog\r\n--b--\r\n",
};

START_TEST(what_is_not_certain_is_held_whole)
{
	struct verdict verdict;

	judge(RULE, slice_str(held[_i]), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_uint_eq(verdict.edits.count, 0);
	ck_assert_msg(strstr(verdict.reason, "\"programs\" could not be "
	    "examined") != NULL, "%s", verdict.reason);
	ck_assert_uint_eq(verdict.hit_count, 1);
	ck_assert_int_eq(verdict.hits[0].action, VERDICT_HOLD);
	ck_assert(!verdict.hits[0].removes);
	for (size_t i = 0; i < verdict.line_count; i++)
		ck_assert_str_ne(verdict.lines[i].name, EDITS_LINE);
}
END_TEST

/* Its own text, a name of the sender's: none of it does anything. */
START_TEST(a_name_cannot_do_anything_in_the_note)
{
	static const char message[] = "Content-Type: a/b; name*=utf-8''"
	    "%E2%80%AEgpj%0D%0A--b%0A%00%22%1B%5B2J" EDITS_ORIGINAL "."
	    "exe\r\n\r\nMZ";
	TEXT_AUTO edited = TEXT_INIT(20000);
	struct verdict verdict;

	judge(RULE, slice_str(message), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_MARK);
	edit(&verdict, slice_str(message), &edited);
	ck_assert_ptr_nonnull(strstr(edited.at, "name: ?gpj"));
	ck_assert_ptr_null(strstr(edited.at, "\n--b"));
	ck_assert_ptr_null(strchr(edited.at, '\033'));
	/* the one place for the number is the last line */
	ck_assert_str_eq(strstr(edited.at, EDITS_ORIGINAL), EDITS_ORIGINAL
	    "\r\n");
	ck_assert_uint_eq(verdict.line_count, 1);
}
END_TEST

START_TEST(a_long_name_is_cut_between_characters)
{
	TEXT_AUTO message = TEXT_INIT(20000), edited = TEXT_INIT(20000);
	struct verdict verdict;

	text_add_str(&message, "Content-Type: a/b; name=\"");
	for (unsigned i = 0; i < 200; i++)
		text_add_str(&message, "\303\251");
	text_add_str(&message, ".exe\"\r\n\r\nMZ");
	judge(RULE, text_slice(&message), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_MARK);
	edit(&verdict, text_slice(&message), &edited);
	ck_assert_uint_lt(edited.len, 2500);
	ck_assert_ptr_nonnull(strstr(verdict.lines[0].value, "\303\251\" ("));
}
END_TEST

START_TEST(a_signature_that_breaks_is_told)
{
	static const char message[] = "Content-Type: multipart/signed; "
	    "boundary=b\r\n\r\n--b\r\n" EXE "\r\n--b--\r\n";
	TEXT_AUTO edited = TEXT_INIT(20000);
	struct verdict verdict;

	judge(RULE, slice_str(message), &verdict);
	edit(&verdict, slice_str(message), &edited);
	ck_assert_ptr_nonnull(strstr(edited.at, "had signed or encrypted"));
}
END_TEST

START_TEST(the_line_says_what_went_and_by_which_rule)
{
	static const char message[] = MIXED "--b\r\n" EXE "\r\n--b\r\n"
	    "Content-Type: a/c; name=c.exe\r\n\r\n12345\r\n--b--\r\n";
	struct verdict verdict;

	judge(RULE, slice_str(message), &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_str_eq(verdict.lines[0].name, EDITS_LINE);
	ck_assert_str_eq(verdict.lines[0].value, "attachment \"a.exe\" "
	    "(application/x-msdownload, 12 bytes, rule \"programs\"), "
	    "attachment \"c.exe\" (a/c, 5 bytes, rule \"programs\")");
	ck_assert_str_eq(verdict.reason,
	    "an attachment was removed (rule \"programs\")");
	ck_assert(edits_take_parts(&verdict.edits));
	ck_assert_int_eq(verdict.hits[0].action, VERDICT_MARK);
	ck_assert(verdict.hits[0].removes);
}
END_TEST

#define THREE	MIXED "--b\r\nContent-Type: a/one; name=1.exe\r\n\r\n1\r\n" \
	"--b\r\nContent-Type: a/two; name=2.exe\r\n\r\n2\r\n" \
	"--b\r\nContent-Type: a/two; name=3.txt\r\n\r\n3\r\n--b--\r\n"

/* Which of 1, 2, 3 go. */
static const struct {
	const char	*tests, *gone;
} choices[] = {
	{ "attachment name /exe/", "12" },
	{ "attachment type a/two", "23" },
	{ "attachment type a/*", "123" },
	{ "attachment type /one/", "1" },
	/* what both say yes to */
	{ "attachment name /exe/; attachment type a/two", "2" },
	/* or what each does */
	{ "attachment name /txt/; attachment type a/one", "13" },
	{ "any { attachment name /txt/; attachment type a/one }", "13" },
	{ "any { attachment name /txt/; attachment name /1/ }\n"
	    "attachment type a/two", "3" },
	/* what a not turns round names none */
	{ "attachment name /exe/; not attachment name /zip/", "12" },
	{ "size > 1; attachment name /2/; sender @partner.test", "2" },
};

START_TEST(those_go_that_the_tests_are_about)
{
	TEXT_AUTO rule = TEXT_INIT(1000), edited = TEXT_INIT(20000);
	struct verdict verdict;

	text_addf(&rule, "rule \"r\" { %s; do remove attachment }%c",
	    choices[_i].tests, '\0');
	judge(rule.at, slice_str(THREE), &verdict);
	ck_assert_msg(verdict.action == VERDICT_MARK, "%s", verdict.reason);
	edit(&verdict, slice_str(THREE), &edited);
	for (char n = '1'; n <= '3'; n++) {
		const char body[] = { '\n', n, '\r', '\n', '\0' };

		ck_assert_int_eq(strstr(edited.at, body) == NULL,
		    strchr(choices[_i].gone, n) != NULL);
	}
}
END_TEST

START_TEST(a_rule_in_shadow_removes_nothing)
{
	struct verdict verdict;

	judge("rule \"r\" { shadow; attachment name /exe/\n"
	    "do remove attachment }", slice_str(THREE), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.edits.count, 0);
	ck_assert_uint_eq(verdict.hit_count, 1);
}
END_TEST

#define ZIP	"Content-Type: application/zip; name=a.zip\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\nUEsDBAoAAAAA"
#define PICTURE	"Content-Type: image/gif; name=a.gif\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\n"
#define GIF	"R0lGODlhAQABAAAA"
#define BESIDE(header, body)	MIXED "--b\r\n" header "\r\n" body "\r\n" \
	"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4\r\n" \
	"--b--\r\n"
#define BASE64	"Content-Transfer-Encoding: base64\r\n"
#define QUOTED	"Content-Transfer-Encoding: quoted-printable\r\n"

static const struct {
	const char		*message;
	enum verdict_action	 done;
} scans[] = {
	{ MIXED "--b\r\n\r\ntext\r\n--b\r\n" ZIP "\r\n--b--\r\n",
	    VERDICT_MARK },
	{ MIXED "--b\r\n" ZIP "\r\n--b\r\n" PICTURE GIF "\r\n--b--\r\n",
	    VERDICT_MARK },
	/* an archive behind the picture */
	{ MIXED "--b\r\n" ZIP "\r\n--b\r\n" PICTURE GIF "UEsDBAoAAAAA"
	    "\r\n--b--\r\n", VERDICT_HOLD },
	{ MIXED "--b\r\n" ZIP "\r\n--b\r\n" ZIP "\r\n--b--\r\n",
	    VERDICT_HOLD },
	/* beside a clean file: an archive that says it is a text (ARJ) */
	{ BESIDE(BASE64, "YOoiAB4GAQAQAAI="), VERDICT_HOLD },
	{ BESIDE("Content-Type: text/html\r\n" BASE64, "YOoiAB4GAQAQAAI="),
	    VERDICT_HOLD },
	{ BESIDE(QUOTED, "`=EA=22=00=1E=06"), VERDICT_HOLD },
	/* one that has something in front of it */
	{ BESIDE(BASE64, "eApQSwMECgAA"), VERDICT_HOLD },
	{ BESIDE(QUOTED, "x=0APK=03=04"), VERDICT_HOLD },
	/* a document as XML, and a file that has no name */
	{ BESIDE("Content-Type: text/xml\r\n", "<?xml ?>"), VERDICT_HOLD },
	{ BESIDE("Content-Type: a/b\r\n", "x"), VERDICT_HOLD },
	/* the letter, as people write it, and nothing */
	{ BESIDE(BASE64, "SGFsbyDigJQgYW5uDQoNCmluaSB0ZWtzbnlhDQo="),
	    VERDICT_MARK },
	{ BESIDE("Content-Type: text/html\r\n" QUOTED, "<p>Halo =E9"),
	    VERDICT_MARK },
	{ BESIDE("Content-Type: a/b\r\n", ""), VERDICT_MARK },
};

START_TEST(what_the_scanner_saw_is_where_alone_it_can_be)
{
	struct verdict verdict;

	packed_add(&findings.scan.packed, slice_str("dir/a.exe"));
	findings.scan.packed.macros = PACKED_MACROS;
	judge("rule \"r\" { attachment inside /exe/; do remove attachment }",
	    slice_str(scans[_i].message), &verdict);
	ck_assert_msg(verdict.action == scans[_i].done, "%s",
	    verdict.reason);
	judge("rule \"r\" { macro found; do remove attachment }",
	    slice_str(scans[_i].message), &verdict);
	ck_assert_int_eq(verdict.action, scans[_i].done);
}
END_TEST

/* What stands outside of its parts spends the memory for its texts. */
START_TEST(what_spends_the_memory_of_the_rules_is_held)
{
	TEXT_AUTO message = TEXT_INIT(8 << 20);
	struct verdict verdict;

	text_add_str(&message, MIXED);
	for (unsigned i = 0; i < 30; i++) {
		text_addf(&message, "--b\r\nContent-Type: multipart/mixed; "
		    "boundary=c%u\r\n\r\nContent-Type: multipart/mixed; "
		    "boundary=d\r\n\r\n", i);
		for (unsigned n = 0; n < 4900; n++)
			text_add_str(&message, "--d\r\n\r\n");
		text_addf(&message, "--c%u\r\n\r\nx\r\n--c%u--\r\n", i, i);
	}
	for (unsigned n = 0; n < 2000; n++)
		text_add_str(&message, "--b\r\n\r\n");
	text_add_str(&message, "--b\r\n" EXE "\r\n--b--\r\n");
	ck_assert(!text_failed(&message));
	judge(RULE, text_slice(&message), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_uint_eq(verdict.edits.count, 0);
	ck_assert_msg(strstr(verdict.reason, "could not be examined") != NULL,
	    "%s", verdict.reason);
}
END_TEST

/* A note each: there is room for so much text, and for so many parts. */
START_TEST(more_than_fit_are_held)
{
	static const struct {
		const char	*name;
		unsigned	 count;
	} of[] = { { "a", REMOVALS_MOST + 1 }, { "a234567890123456789012345678"
	    "901234567890123456789012345678901234567890123456789012345678901"
	    "23456789012345678901234", REMOVALS_MOST } };
	TEXT_AUTO message = TEXT_INIT(100000);
	struct verdict verdict;

	text_add_str(&message, MIXED);
	for (unsigned i = 0; i < of[_i].count; i++)
		text_addf(&message, "--b\r\nContent-Type: a/b; name=\"%s.exe\""
		    "\r\n\r\nMZ\r\n", of[_i].name);
	judge(RULE, text_slice(&message), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_uint_eq(verdict.edits.count, 0);
	ck_assert_int_eq(verdict.hits[0].action, VERDICT_HOLD);
	ck_assert(!verdict.hits[0].removes);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/removal");
	TCase *all = tcase_create("removal");

	tcase_add_checked_fixture(all, set_up, NULL);
	tcase_add_loop_test(all, a_part_goes_and_nothing_else_changes, 0,
	    COUNT(shapes));
	tcase_add_loop_test(all,
	    of_a_whole_message_the_fields_that_describe_it_go_too, 0,
	    COUNT(wholes));
	tcase_add_loop_test(all, what_is_not_certain_is_held_whole, 0,
	    COUNT(held));
	tcase_add_test(all, a_name_cannot_do_anything_in_the_note);
	tcase_add_test(all, a_long_name_is_cut_between_characters);
	tcase_add_test(all, a_signature_that_breaks_is_told);
	tcase_add_test(all, the_line_says_what_went_and_by_which_rule);
	tcase_add_loop_test(all, those_go_that_the_tests_are_about, 0,
	    COUNT(choices));
	tcase_add_test(all, a_rule_in_shadow_removes_nothing);
	tcase_add_loop_test(all, what_the_scanner_saw_is_where_alone_it_can_be,
	    0, COUNT(scans));
	tcase_add_test(all, what_spends_the_memory_of_the_rules_is_held);
	tcase_add_loop_test(all, more_than_fit_are_held, 0, 2);
	suite_add_tcase(suite, all);
	return suite;
}
