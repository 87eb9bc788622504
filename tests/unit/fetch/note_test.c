/*
 * note_test.c - what is kept here of a message that is not downloaded
 */
#include <errno.h>
#include <string.h>

#include "fetch/note.h"
#include "lib/message/envelope.h"
#include "lib/message/header.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define NOW_MS	1795000000000	/* Wed, 18 Nov 2026 11:06:40 +0000 */

static struct arena		*arena;
static struct before_rules	 rules;
static struct note_of		 of;
static struct note		*note;
static struct shape		*shape;		/* of the message; or NULL */
static const char		*shown;		/* its text; or NULL */

static const unsigned char digest[DIGEST_BYTES] = { 0x01, 0x23, 0x45, 0x67,
    0x89, 0xab, 0xcd, 0xef, 0x01 };

static void
begin(void)
{
	struct before_fault fault;

	ck_assert_int_eq(words_open(), 0);
	arena = arena_new(BEFORE_ARENA);
	ck_assert_ptr_nonnull(arena);
	ck_assert_int_eq(before_rules_read(arena,
	    slice_str("size > 5M -> delete"), &rules, &fault), 0);
	note = NULL;
	shape = NULL;
	shown = NULL;
	of = (struct note_of){
		.language = language_of("en"),
		.header = SLICE("From: Bob <bob@example.com>\r\n"
		    "To: ann@example.org\r\nSubject: The plan\r\n"
		    "Date: Fri, 20 Nov 2026 10:00:00 +0700\r\n\r\n"),
		.bytes = 6000000, .header_digest = digest,
		.to = SLICE("me@example.org"), .rule = &rules.rules[0],
		.now_utc_ms = NOW_MS
	};
}

static void
end(void)
{
	note_free(note);
	arena_free(arena);
	words_close();
}

/* The note, made of `of`, without the one before it. */
static struct slice
made(void)
{
	note_free(note);
	note = NULL;
	ck_assert_int_eq(note_new(&of, &note), 0);
	if (shape != NULL)
		note_shape(note, shape);
	if (shown != NULL)
		note_add(note, slice_str(shown));
	ck_assert_int_eq(note_end(note, shown != NULL), 0);
	ck_assert(!text_failed(&note->bytes));
	return text_slice(&note->bytes);
}

static bool
says(struct slice message, const char *words)
{
	return slice_find_str(message, words) != SIZE_MAX;
}

/* The value of that field in the note's own header. */
static struct slice
field(struct slice message, const char *name)
{
	struct header_field found;

	ck_assert_msg(header_find(message, name, &found), "no %s", name);
	return slice_trim(found.value);
}

/* RFC 5322 3.6, RFC 3834 5 */
START_TEST(it_is_a_message_with_the_fields_of_the_other)
{
	struct slice message = made();

	ck_assert(slice_is_str(field(message, "From"),
	    "Bob <bob@example.com>"));
	ck_assert(slice_is_str(field(message, "To"), "me@example.org"));
	ck_assert(slice_is_str(field(message, "Subject"),
	    "[Not downloaded] The plan"));
	ck_assert(slice_is_str(field(message, "Date"),
	    "Fri, 20 Nov 2026 03:00:00 +0000"));
	ck_assert(slice_is_str(field(message, "Auto-Submitted"),
	    "auto-generated"));
	ck_assert(says(message, "size: 6.0 MB\r\n"));
	ck_assert(says(message, "rule: size > 5MiB -> delete\r\n"));
	ck_assert_uint_eq(note->mark, FETCHED_NOTE);
	ck_assert(!note->utf8);
}
END_TEST

START_TEST(one_that_stands_for_a_message_says_how_to_have_it)
{
	struct slice message;

	of.is_placed = true;
	message = made();
	ck_assert_uint_eq(note->mark, FETCHED_PLACE);
	ck_assert(slice_is_str(field(message, "Subject"),
	    "[Not downloaded yet] The plan"));
	ck_assert(says(message, "postroom fetch body 0123456789abcdef\r\n"));
	ck_assert(says(message, "ID: 0123456789abcdef\r\n") ||
	    says(message, "id: 0123456789abcdef\r\n"));
	of.language = language_of("id");
	message = made();
	ck_assert(slice_is_str(field(message, "Subject"),
	    "[Belum diunduh] The plan"));
}
END_TEST

/* What a message lacks is made up for, so that the note can be read. */
START_TEST(a_message_that_says_little_has_a_note_all_the_same)
{
	struct slice message;

	of.header = slice_str("X: y\r\n\r\n");
	of.bytes = 0;
	message = made();
	ck_assert(slice_is_str(field(message, "From"), "me@example.org"));
	ck_assert(slice_is_str(field(message, "Subject"),
	    "[Not downloaded]"));
	ck_assert(slice_is_str(field(message, "Date"),
	    "Wed, 18 Nov 2026 11:06:40 +0000"));
	ck_assert(says(message, "size: ?\r\n"));
	of.header = slice_str("Date: yesterday\r\n\r\n");
	ck_assert(slice_is_str(field(made(), "Date"),
	    "Wed, 18 Nov 2026 11:06:40 +0000"));
}
END_TEST

static const struct {
	const char	*subject, *kept;
	bool		 utf8;
} subjects[] = {
	/* RFC 2047: it stays as it stands, and the body has it decoded */
	{ "=?utf-8?q?caf=C3=A9?=", "=?utf-8?q?caf=C3=A9?=", false },
	{ "caf\xc3\xa9", "caf\xc3\xa9", true },
	/* no UTF-8: marked, and then there is no 8-bit character in it */
	{ "caf\xe9", "caf?", false },
	{ "caf\xe9s", "caf?s", false },
	{ "a\x01" "b\x7f" "c", "a?b?c", false },
	/* RFC 5322 2.2.3: a folded line is one */
	{ "one\r\n two\r\n\tthree", "one two three", false },
};

START_TEST(a_field_is_one_line_of_characters)
{
	TEXT_AUTO header = TEXT_INIT(4096);
	TEXT_AUTO kept = TEXT_INIT(4096);
	struct slice message;

	text_addf(&header, "Subject: %s\r\n\r\n", subjects[_i].subject);
	text_addf(&kept, "[Not downloaded] %s", subjects[_i].kept);
	of.header = text_slice(&header);
	message = made();
	ck_assert_msg(slice_is(field(message, "Subject"), text_slice(&kept)),
	    "%.*s", SLICE_FMT(message));
	ck_assert_int_eq(note->utf8, subjects[_i].utf8);
	if (_i == 0)
		ck_assert(says(message, "subject: caf\xc3\xa9\r\n"));
}
END_TEST

/* RFC 5322 2.1.1: 998 characters of a line; no character is cut in two */
START_TEST(a_field_without_end_is_cut_at_a_character)
{
	TEXT_AUTO header = TEXT_INIT(1 << 20);
	struct slice message, line;

	text_add_str(&header, "Subject: ");
	if (_i % 2 == 1)
		text_add_byte(&header, 'x');
	for (unsigned i = 0; i < 50000; i++)
		text_add_str(&header, _i < 2 ? "\xc3\xa9" : "\xf0\x9f\x93\xa7");
	text_add_str(&header, "\r\n\r\n");
	of.header = text_slice(&header);
	message = made();
	ck_assert_uint_le(message.len, NOTE_MOST);
	ck_assert(note->utf8);
	ck_assert(slice_is_utf8(message));
	while (slice_cut(&message, '\n', &line))
		ck_assert_uint_le(line.len, 999);
}
END_TEST

/* Of all fields at once, as long as they can be, there is still a note. */
START_TEST(the_longest_note_has_room)
{
	TEXT_AUTO header = TEXT_INIT(1 << 20);
	static const char *const names[] = { "From", "To", "Subject", "Date" };

	for (size_t i = 0; i < 4; i++) {
		text_addf(&header, "%s: ", names[i]);
		for (unsigned n = 0; n < 20000; n++)
			text_add_str(&header, "\xc3\xa9");
		text_add_str(&header, "\r\n");
	}
	text_add_str(&header, "\r\n");
	of.header = text_slice(&header);
	of.is_placed = true;
	ck_assert_uint_le(made().len, NOTE_MOST);
}
END_TEST

static struct shape pdf_and_text = { .text = { .section = "1",
    .charset = "iso-8859-1", .encoding = "quoted-printable", .bytes = 12 } };

START_TEST(it_says_what_is_attached)
{
	pdf_and_text.names = (struct text)TEXT_INIT(SHAPE_NAMES_BYTES);
	text_add_str(&pdf_and_text.names, "plan.pdf, caf\xc3\xa9.jpg");
	of.is_placed = true;
	shape = &pdf_and_text;
	ck_assert(says(made(), "attachments: plan.pdf, caf\xc3\xa9.jpg\r\n"));
	ck_assert(slice_is_str(field(made(), "Content-Type"),
	    "text/plain; charset=utf-8"));
	of.language = language_of("id");
	ck_assert(says(made(), "lampiran: plan.pdf, "));
	text_free(&pdf_and_text.names);
}
END_TEST

/* RFC 2046 5.1: two parts; of the second nothing is changed */
START_TEST(its_text_comes_with_it_as_it_was_sent)
{
	struct slice message;

	pdf_and_text.names = (struct text)TEXT_INIT(SHAPE_NAMES_BYTES);
	of.is_placed = true;
	shape = &pdf_and_text;
	shown = "Caf=E9 at 8.\r\n";
	message = made();
	ck_assert_str_eq(note_section(note), "1");
	ck_assert(slice_has_prefix(field(message, "Content-Type"),
	    "multipart/mixed; boundary=\"note-"));
	ck_assert(says(message, "Content-Type: text/plain; "
	    "charset=\"iso-8859-1\"\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "Content-Disposition: inline\r\n\r\nCaf=E9 at 8.\r\n\r\n--note-"));
	ck_assert(says(message, "The text of the message follows"));
	ck_assert_uint_eq(slice_find_str(message, "attachments:"), SIZE_MAX);
}
END_TEST

/* What would end its part, or is long, stays with the message. */
START_TEST(a_text_that_has_no_place_is_left_out)
{
	TEXT_AUTO fake = TEXT_INIT(1024);

	pdf_and_text.names = (struct text)TEXT_INIT(SHAPE_NAMES_BYTES);
	shape = &pdf_and_text;
	text_add_str(&fake, "--note-");
	for (unsigned i = 0; i < 16; i++)
		text_addf(&fake, "%02x", digest[i]);
	text_add_str(&fake, "--\r\n");
	text_add_byte(&fake, '\0');
	shown = fake.at;
	ck_assert(slice_is_str(field(made(), "Content-Type"),
	    "text/plain; charset=utf-8"));
	shown = NULL;
	pdf_and_text.text.bytes = NOTE_TEXT_MOST + 1;
	(void)made();
	ck_assert_ptr_null(note_section(note));
	pdf_and_text.text.bytes = NOTE_TEXT_MOST;
	(void)made();
	ck_assert_ptr_nonnull(note_section(note));
	pdf_and_text.text.bytes = 12;
}
END_TEST

/* POP3 has nothing but the header */
START_TEST(a_message_that_is_one_file_has_its_name)
{
	of.header = slice_str("From: Bob <bob@example.com>\r\n"
	    "Content-Type: application/pdf; name=\"old.pdf\"\r\n"
	    "Content-Disposition: attachment;\r\n"
	    " filename*=utf-8''caf%C3%A9.pdf\r\n\r\n");
	ck_assert(says(made(), "attachments: caf\xc3\xa9.pdf\r\n"));
	of.header = slice_str("Content-Type: text/plain; name=\"=?utf-8?q?a=0Db?=\"\r\n\r\n");
	ck_assert(says(made(), "attachments: a b\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("note");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, it_is_a_message_with_the_fields_of_the_other);
	tcase_add_test(all, one_that_stands_for_a_message_says_how_to_have_it);
	tcase_add_test(all, a_message_that_says_little_has_a_note_all_the_same);
	tcase_add_loop_test(all, a_field_is_one_line_of_characters, 0,
	    (int)(sizeof(subjects) / sizeof(*subjects)));
	tcase_add_loop_test(all, a_field_without_end_is_cut_at_a_character, 0,
	    4);
	tcase_add_test(all, the_longest_note_has_room);
	tcase_add_test(all, it_says_what_is_attached);
	tcase_add_test(all, its_text_comes_with_it_as_it_was_sent);
	tcase_add_test(all, a_text_that_has_no_place_is_left_out);
	tcase_add_test(all, a_message_that_is_one_file_has_its_name);
	suite_add_tcase(suite, all);
	return suite;
}
