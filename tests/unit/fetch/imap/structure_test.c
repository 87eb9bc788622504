/*
 * structure_test.c - what BODYSTRUCTURE says of a message
 */
#include "fetch/imap/structure.h"

#include <errno.h>
#include <stdlib.h>

#include "fetch/imap/items.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct imap_reader *reader;
static struct shape shape;

static void
begin(void)
{
	ck_assert_int_eq(words_open(), 0);
	reader = calloc(1, sizeof(*reader));
	ck_assert_ptr_nonnull(reader);
}

static void
end(void)
{
	text_free(&shape.names);
	free(reader);
	words_close();
}

/* "* 1 FETCH (UID 5 BODYSTRUCTURE ...)" as it comes; how it was read. */
static int
read_it(const char *structure)
{
	TEXT_AUTO line = TEXT_INIT(4 << 20);
	struct imap_items items;
	struct slice input, run;

	text_addf(&line, "* 1 FETCH (UID 5 BODYSTRUCTURE %s)\r\n", structure);
	input = text_slice(&line);
	ck_assert_int_eq(imap_take(reader, &input, &run), IMAP_REPLY);
	ck_assert_int_eq(imap_items_read(&reader->reply, &items), 0);
	ck_assert_uint_eq(items.uid, 5);
	ck_assert_ptr_nonnull(items.structure);
	text_free(&shape.names);
	return imap_structure_read(items.structure, &shape);
}

#define PLAIN	"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL " \
		"\"7BIT\" 1152 23)"
#define HTML	"(\"text\" \"html\" (\"charset\" \"iso-8859-1\") NIL NIL " \
		"\"quoted-printable\" 4000 80 NIL NIL NIL NIL)"
#define PDF	"(\"application\" \"pdf\" (\"name\" \"old.pdf\") NIL NIL " \
		"\"base64\" 900000 NIL (\"attachment\" (\"filename\" " \
		"\"plan.pdf\" \"size\" \"650000\")) NIL NIL)"
#define LETTER	"(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 342 (NIL NIL " \
		"NIL NIL NIL NIL NIL NIL NIL NIL) " PLAIN " 12 NIL " \
		"(\"attachment\" (\"filename\" \"note.eml\")) NIL)"
#define PICTURE	"(\"image\" \"png\" NIL \"<1@x>\" NIL \"base64\" 90 NIL " \
		"(\"inline\" NIL) NIL NIL)"

static const struct {
	const char	*structure;
	const char	*names, *section;
	bool		 is_html;
	const char	*charset, *encoding;
	uint64_t	 bytes;
} structures[] = {
	/* RFC 9051 7.5.2: its own example */
	{ "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" "
	  "2279 48)", "", "1", false, "US-ASCII", "7BIT", 2279 },
	{ "(" PLAIN PDF " \"mixed\")",
	  "plan.pdf", "1", false, "utf-8", "7BIT", 1152 },
	/* plain before HTML, wherever they stand */
	{ "((" PLAIN HTML " \"alternative\" (\"boundary\" \"x\") NIL NIL)" PDF
	  " \"mixed\")", "plan.pdf", "1.1", false, "utf-8", "7BIT", 1152 },
	{ "(" HTML PLAIN " \"alternative\")",
	  "", "2", false, "utf-8", "7BIT", 1152 },
	{ "((" HTML PICTURE " \"related\")" PDF LETTER " \"mixed\")",
	  "plan.pdf, note.eml", "1.1", true, "iso-8859-1",
	  "quoted-printable", 4000 },
	/* a message in it is an attachment, its text is not ours */
	{ "(" LETTER " \"mixed\")", "note.eml", "", false, "", "", 0 },
	/* a text that is attached is no text to be read */
	{ "(\"text\" \"plain\" (\"name\" \"log.txt\") NIL NIL \"8bit\" 70 2)",
	  "log.txt", "", false, "", "", 0 },
	{ "(\"text\" \"plain\" NIL NIL NIL \"8bit\" 70 2 NIL (\"ATTACHMENT\" "
	  "NIL))", "text/plain", "", false, "", "", 0 },
	{ "(\"application\" \"zip\" NIL NIL NIL \"base64\" 70 NIL "
	  "(\"attachment\" NIL))", "application/zip", "", false, "", "", 0 },
	/* RFC 2231, and RFC 2047 where it may not be */
	{ "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 70 NIL "
	  "(\"attachment\" (\"filename*\" \"utf-8''caf%C3%A9.pdf\")))",
	  "caf\xc3\xa9.pdf", "", false, "", "", 0 },
	{ "(\"application\" \"pdf\" (\"name\" \"=?utf-8?q?caf=C3=A9.pdf?=\") "
	  "NIL NIL \"base64\" 70)", "caf\xc3\xa9.pdf", "", false, "", "", 0 },
	/* a name in quotes, and one of two lines */
	{ "(\"a\" \"b\" (\"name\" \"x \\\"y\\\" \\\\z\") NIL NIL \"base64\" "
	  "70)", "x \"y\" \\z", "", false, "", "", 0 },
	{ "(\"a\" \"b\" (\"name\" \"=?utf-8?q?x=0Ay?=\") NIL NIL "
	  "\"base64\" 70)", "x y", "", false, "", "", 0 },
	/* RFC 2045 6.1: binary is not sent in another message */
	{ "(\"text\" \"plain\" NIL NIL NIL \"binary\" 70 2)",
	  "", "", false, "", "", 0 },
	{ "(\"text\" \"plain\" (\"charset\" \"x; y\") NIL NIL \"8bit\" 70 2)",
	  "", "", false, "", "", 0 },
	{ "(\"text\" \"plain\" NIL NIL NIL NIL 70 2)",
	  "", "", false, "", "", 0 },
	/* what makes no sense is passed over */
	{ "(\"text\")", "", "", false, "", "", 0 },
	{ "(\"text\" (\"plain\") 7 NIL () \"8bit\" \"many\" 2)",
	  "", "", false, "", "", 0 },
	{ "(NIL NIL NIL NIL NIL NIL NIL NIL (NIL NIL))",
	  "", "", false, "", "", 0 },
	{ "(((())))", "", "", false, "", "", 0 },
};

START_TEST(it_says_what_is_attached_and_where_the_text_is)
{
	ck_assert_int_eq(read_it(structures[_i].structure), 0);
	ck_assert_msg(slice_is_str(text_slice(&shape.names),
	    structures[_i].names), "%.*s", SLICE_FMT(text_slice(&shape.names)));
	ck_assert_str_eq(shape.text.section, structures[_i].section);
	ck_assert_int_eq(shape.text.is_html, structures[_i].is_html);
	ck_assert_str_eq(shape.text.charset, structures[_i].charset);
	ck_assert_str_eq(shape.text.encoding, structures[_i].encoding);
	ck_assert_uint_eq(shape.text.bytes, structures[_i].bytes);
}
END_TEST

START_TEST(what_is_no_structure_is_none)
{
	static const char *const none[] = { "NIL", "5", "\"text\"", "()" };

	ck_assert_int_eq(read_it(none[_i]), -EBADMSG);
	ck_assert_uint_eq(shape.names.len, 0);
	ck_assert_str_eq(shape.text.section, "");
}
END_TEST

/* HARDENING F17: however much there is, it has an end. */
START_TEST(of_many_attachments_some_are_named_and_all_are_counted)
{
	TEXT_AUTO all = TEXT_INIT(1 << 20);

	text_add_byte(&all, '(');
	for (unsigned i = 0; i < 100; i++)
		text_addf(&all, "(\"a\" \"b\" (\"name\" \"%u.jpg\") NIL NIL "
		    "\"base64\" 70)", i);
	text_add_str(&all, " \"mixed\")");
	text_add_byte(&all, '\0');
	ck_assert_int_eq(read_it(all.at), 0);
	ck_assert_uint_ne(slice_find_str(text_slice(&shape.names),
	    "0.jpg, 1.jpg, "), SIZE_MAX);
	ck_assert_uint_ne(slice_find_str(text_slice(&shape.names),
	    "19.jpg, +80"), SIZE_MAX);
	text_clear(&all);
	text_add_str(&all, "(\"a\" \"b\" (\"name\" \"");
	for (unsigned i = 0; i < 1000; i++)
		text_add_str(&all, "\xc3\xa9");
	text_add_str(&all, "\") NIL NIL \"base64\" 70)");
	text_add_byte(&all, '\0');
	ck_assert_int_eq(read_it(all.at), 0);
	ck_assert_uint_le(shape.names.len, 200);
	ck_assert_uint_gt(shape.names.len, 100);
	ck_assert(slice_is_utf8(text_slice(&shape.names)));
}
END_TEST

START_TEST(what_is_deeper_than_mail_is_not_looked_at)
{
	TEXT_AUTO all = TEXT_INIT(1 << 20);
	unsigned depth = _i == 0 ? STRUCTURE_DEPTH : STRUCTURE_DEPTH + 1;

	for (unsigned i = 0; i < depth; i++)
		text_add_byte(&all, '(');
	text_add_str(&all, PLAIN);
	for (unsigned i = 0; i < depth; i++)
		text_add_str(&all, " \"mixed\")");
	text_add_byte(&all, '\0');
	ck_assert_int_eq(read_it(all.at), 0);
	if (_i == 0)
		ck_assert_str_eq(shape.text.section, "1.1.1.1.1.1.1.1.1.1");
	else
		ck_assert_str_eq(shape.text.section, "");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/imap/structure");
	TCase *tests = tcase_create("structure");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_loop_test(tests,
	    it_says_what_is_attached_and_where_the_text_is, 0,
	    (int)(sizeof(structures) / sizeof(*structures)));
	tcase_add_loop_test(tests, what_is_no_structure_is_none, 0, 4);
	tcase_add_test(tests,
	    of_many_attachments_some_are_named_and_all_are_counted);
	tcase_add_loop_test(tests, what_is_deeper_than_mail_is_not_looked_at,
	    0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
