/*
 * compose_test.c - what the hub writes is mail, whatever it has to say
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/structure.h"
#include "lib/message/addresses.h"
#include "lib/message/compose.h"
#include "lib/message/header.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define ROUNDS		3000
#define BODY_MOST	600
#define KIB		1024

static const struct compose usual = {
	.at_utc_ms = 1795326697000, .zone_minutes = 420,
	.id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } },
	.hostname = SLICE("mx.office.test"), .from_name = SLICE("Postroom"),
	.from = SLICE("postmaster@office.test"), .to = SLICE("ann@office.test"),
	.subject = SLICE("A remote mailbox works again"),
	.body = SLICE("All is well.\n\n  caf\303\251 = 1\n")
};

/* It, as a C string. */
static void
write_it(struct text *text, const struct compose *letter)
{
	ck_assert_int_eq(compose_write(text, letter), 0);
	text_add_byte(text, '\0');
	ck_assert(!text_failed(text));
	text->len--;
}

START_TEST(the_whole_message_is_this)
{
	TEXT_AUTO text = TEXT_INIT(4 * KIB);

	write_it(&text, &usual);
	ck_assert_str_eq(text.at,
	    "Date: Sun, 22 Nov 2026 12:51:37 +0700\r\n"
	    "From: Postroom <postmaster@office.test>\r\n"
	    "To: ann@office.test\r\n"
	    "Subject: A remote mailbox works again\r\n"
	    "Message-ID: <041061050r3gg28a@mx.office.test>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "All is well.\r\n"
	    "\r\n"
	    "  caf=C3=A9 =3D 1\r\n");
}
END_TEST

static const struct {
	const char	*subject;
	const char	*field;
} subjects[] = {
	{ "short", "Subject: short\r\n" },
	/* RFC 5322 2.2.3: a fold stands before a blank that was there */
	{ "a subject that has so many words in it that one line of a header "
	  "cannot hold them",
	  "Subject: a subject that has so many words in it that one line of a "
	  "header\r\n cannot hold them\r\n" },
	/* RFC 2047 */
	{ "caf\303\251", "Subject: =?utf-8?Q?caf=C3=A9?=\r\n" },
	{ "what is =?utf-8?Q?this?=",
	  "Subject: =?utf-8?Q?what_is_=3D=3Futf-8=3FQ=3Fthis=3F=3D?=\r\n" },
	{ "two  blanks", "Subject: =?utf-8?Q?two__blanks?=\r\n" },
	/* RFC 2047 5: a character is not broken between two words */
	{ "\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245\346"
	  "\227\245\346\227\245",
	  "Subject: =?utf-8?Q?=E6=97=A5=E6=97=A5=E6=97=A5=E6=97=A5=E6=97=A5?="
	  "\r\n =?utf-8?Q?=E6=97=A5=E6=97=A5?=\r\n" },
};

START_TEST(a_subject_is_folded_and_encoded_where_it_must_be)
{
	TEXT_AUTO text = TEXT_INIT(4 * KIB);
	struct compose letter = usual;

	letter.subject = slice_str(subjects[_i].subject);
	write_it(&text, &letter);
	ck_assert_ptr_nonnull(strstr(text.at, subjects[_i].field));
}
END_TEST

static const struct {
	const char	*name;
	const char	*field;
} names[] = {
	{ "", "From: postmaster@office.test\r\n" },
	{ "The hub", "From: The hub <postmaster@office.test>\r\n" },
	/* RFC 5322 3.2.3: what no atom has would be syntax */
	{ "hub@office, you", "From: =?utf-8?Q?hub=40office=2C_you?= "
	  "<postmaster@office.test>\r\n" },
	{ "\" <x@y.test>", "From: =?utf-8?Q?=22_=3Cx=40y=2Etest=3E?= "
	  "<postmaster@office.test>\r\n" },
};

START_TEST(a_name_is_no_syntax)
{
	TEXT_AUTO text = TEXT_INIT(4 * KIB);
	struct compose letter = usual;

	letter.from_name = slice_str(names[_i].name);
	write_it(&text, &letter);
	ck_assert_ptr_nonnull(strstr(text.at, names[_i].field));
}
END_TEST

static const struct {
	const char	*body;
	const char	*coded;
} bodies[] = {
	{ "", "" },
	{ "no end", "no end\r\n" },
	{ "blank \ntab\t\n", "blank=20\r\ntab=09\r\n" },
	/* RFC 2049 3 */
	{ ".\nFrom x\nFrome\n .\n", "=2E\r\n=46rom x\r\nFrome\r\n .\r\n" },
	/* RFC 2045 6.7 (5): 76 characters with the "=" */
	{ "0123456789012345678901234567890123456789012345678901234567890123456789"
	  "01234567",
	  "0123456789012345678901234567890123456789012345678901234567890123456789"
	  "01234=\r\n567\r\n" },
};

START_TEST(a_body_is_quoted_printable)
{
	TEXT_AUTO text = TEXT_INIT(4 * KIB);
	struct compose letter = usual;
	const char *end;

	letter.body = slice_str(bodies[_i].body);
	write_it(&text, &letter);
	end = strstr(text.at, "\r\n\r\n");
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end + 4, bodies[_i].coded);
}
END_TEST

/* HARDENING A74: no value ends its line, and none is bent until it fits. */
static const struct {
	size_t		at;
	struct slice	value;
} unfit[] = {
#define AT(field)	offsetof(struct compose, field)
	{ AT(subject), SLICE("x\r\nBcc: eve@evil.test") },
	{ AT(subject), SLICE("x\nBcc: eve@evil.test") },
	{ AT(subject), SLICE("x\ry") },
	{ AT(subject), SLICE("x\0y") },
	{ AT(subject), SLICE("x\177") },
	{ AT(subject), SLICE("x\377") },
	{ AT(subject), SLICE("") },
	{ AT(subject), SLICE("  ") },
	{ AT(from_name), SLICE("x\r\nBcc: eve@evil.test") },
	{ AT(from_name), SLICE("x\0") },
	{ AT(from), SLICE("postmaster") },
	{ AT(from), SLICE("") },
	{ AT(from), SLICE(" postmaster@office.test") },
	{ AT(to), SLICE("ann@office.test\r\nBcc: eve@evil.test") },
	{ AT(to), SLICE("\"a\r\nb\"@office.test") },
	{ AT(to), SLICE("\"a\tb\"@office.test") },
	{ AT(to), SLICE("ann@office.test, eve@evil.test") },
	{ AT(to), SLICE("<ann@office.test>") },
	{ AT(hostname), SLICE("") },
	{ AT(hostname), SLICE("mx>\r\nX: y") },
	{ AT(hostname), SLICE("mx office") },
	{ AT(body), SLICE("a\r\nb") },
	{ AT(body), SLICE("a\0b") },
	{ AT(body), SLICE("a\033[2J") },
	{ AT(body), SLICE("caf\351") },
#undef AT
};

START_TEST(what_would_break_a_message_is_refused)
{
	TEXT_AUTO text = TEXT_INIT(4 * KIB);
	struct compose letter = usual;

	memcpy((char *)&letter + unfit[_i].at, &unfit[_i].value,
	    sizeof(unfit[_i].value));
	ck_assert_int_eq(compose_write(&text, &letter), -EINVAL);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(what_is_too_long_or_never_was_is_refused)
{
	char many[COMPOSE_SUBJECT_MOST + 1];
	TEXT_AUTO text = TEXT_INIT(4 * KIB);
	struct compose letter = usual;

	memset(many, 'x', sizeof(many));
	letter.subject = slice_of(many, sizeof(many));
	ck_assert_int_eq(compose_write(&text, &letter), -EINVAL);
	letter.subject.len--;
	ck_assert_int_eq(compose_write(&text, &letter), 0);
	letter = usual;
	letter.from_name = slice_of(many, COMPOSE_NAME_MOST + 1);
	ck_assert_int_eq(compose_write(&text, &letter), -EINVAL);
	letter = usual;
	letter.at_utc_ms = -86400000;
	ck_assert_int_eq(compose_write(&text, &letter), -EINVAL);
	letter = usual;
	letter.zone_minutes = 1440;
	ck_assert_int_eq(compose_write(&text, &letter), -EINVAL);
}
END_TEST

START_TEST(what_does_not_fit_is_known)
{
	for (size_t most = 0; most < 350; most += 7) {
		TEXT_AUTO text = TEXT_INIT(most);

		ck_assert_int_eq(compose_write(&text, &usual), 0);
		ck_assert(text_failed(&text));
	}
}
END_TEST

/* Whatever is said */

/* Characters, some of them special, now and then a byte that is none. */
static struct slice
chance(char *buffer, size_t most, bool is_body)
{
	static const char *const parts[] = {
		"a", "B", "7", " ", "  ", "=", "=?utf-8?Q?x?=", "?=", ".",
		"From ", ",", "<", ">", "\"", "\\", "(", ")", ":", ";", "@",
		"\303\251", "\342\202\254", "\360\237\230\200", "word",
		"\n", "\n.\n", " \n", "\t", "\n--\n", "\r", "\r\n", "\177",
		"\377", "\1"
	};
	/* the last ones are never fit; the ones before in a body only */
	size_t kinds = rand() % 8 == 0 ? 34 : is_body ? 29 : 24;
	size_t len = 0, goal = (size_t)rand() % most;

	while (len < goal) {
		const char *part = parts[(size_t)rand() % kinds];

		if (len + strlen(part) > most)
			break;
		memcpy(buffer + len, part, strlen(part));
		len += strlen(part);
	}
	return slice_of(buffer, len);
}

static bool
is_plain(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.at[i] < 0x20 || line.at[i] == 0x7f) &&
		    line.at[i] != '\t')
			return false;
	return true;
}

/* Every line is short, ends in CRLF and is ASCII without controls but TAB. */
static void
check_lines(struct slice message)
{
	struct slice line;

	while (slice_cut(&message, '\n', &line)) {
		ck_assert_uint_ge(line.len, 1);
		ck_assert_int_eq(line.at[--line.len], '\r');
		ck_assert_uint_le(line.len, 76);
		ck_assert(is_plain(line));
	}
	ck_assert_uint_eq(message.len, 0);
}

static void
check_fields(struct slice message)
{
	static const char *const wanted[] = {
		"Date", "From", "To", "Subject", "Message-ID",
		"Auto-Submitted", "MIME-Version", "Content-Type",
		"Content-Transfer-Encoding"
	};
	struct slice block = slice_first(message, header_bytes(message));
	struct header_field field;
	size_t count = 0;

	ck_assert(slice_has_suffix(block, "\r\n\r\n"));
	while (header_next(&block, &field)) {
		ck_assert_uint_lt(count, sizeof(wanted) / sizeof(*wanted));
		ck_assert(slice_is_str(field.name, wanted[count++]));
	}
	ck_assert_uint_eq(count, sizeof(wanted) / sizeof(*wanted));
}

/* A reader gets what was said. */
static void
check_values(struct slice message, const struct compose *letter)
{
	struct slice block = slice_first(message, header_bytes(message));
	TEXT_AUTO words = TEXT_INIT(4 * KIB);
	TEXT_AUTO name = TEXT_INIT(4 * KIB);
	struct address_list list;
	struct header_field field;
	struct address address;

	ck_assert(header_find(block, "Subject", &field));
	words_decode(&words, field.value);
	ck_assert(slice_is(slice_trim(text_slice(&words)),
	    slice_trim(letter->subject)));
	ck_assert(header_find(block, "From", &field));
	addresses_begin(&list, field.value);
	ck_assert(addresses_next(&list, &address));
	ck_assert_int_eq(address.kind, ADDRESS_MAILBOX);
	ck_assert(!address.odd);
	ck_assert(slice_is_str(address.local, "postmaster"));
	if (letter->from_name.len > 0)
		words_decode(&name, address.name);
	ck_assert(slice_is(slice_trim(text_slice(&name)),
	    slice_trim(letter->from_name)));
	ck_assert(!addresses_next(&list, &address));
}

/* Undo quoted-printable: the body has to come out, with CRLF. */
static void
check_body(struct slice message, struct slice body)
{
	struct slice coded = slice_after(message, header_bytes(message));
	TEXT_AUTO back = TEXT_INIT(16 * KIB);
	TEXT_AUTO want = TEXT_INIT(16 * KIB);

	for (size_t i = 0; i < coded.len; i++) {
		char hex[3] = { 0 };

		if (coded.at[i] != '=') {
			text_add_byte(&back, coded.at[i]);
			continue;
		}
		memcpy(hex, coded.at + i + 1, 2);
		i += 2;
		if (hex[0] != '\r')
			text_add_byte(&back, (char)strtol(hex, NULL, 16));
	}
	for (size_t i = 0; i < body.len; i++) {
		if (body.at[i] == '\n')
			text_add_byte(&want, '\r');
		text_add_byte(&want, body.at[i]);
	}
	if (body.len > 0 && body.at[body.len - 1] != '\n')
		text_add_str(&want, "\r\n");
	ck_assert(slice_is(text_slice(&back), text_slice(&want)));
}

static void
check_judge(struct slice message)
{
	ARENA_AUTO arena = arena_new(KIB * KIB);
	const struct mime_part *root;
	struct verdict verdict;

	structure_judge(arena, message, &mime_default_limits, &verdict,
	    &root);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_ptr_nonnull(root);
	ck_assert(!mime_is_odd(root));
}

START_TEST(whatever_is_said_it_is_mail_or_refused)
{
	char subject[200], name[100], body[BODY_MOST];
	unsigned written = 0;

	ck_assert_int_eq(words_open(), 0);
	srand(20261122);
	for (unsigned i = 0; i < ROUNDS; i++) {
		TEXT_AUTO text = TEXT_INIT(16 * KIB);
		struct compose letter = usual;

		letter.subject = chance(subject, sizeof(subject), false);
		letter.from_name = chance(name, sizeof(name), false);
		letter.body = chance(body, sizeof(body), true);
		if (compose_write(&text, &letter) < 0) {
			ck_assert_uint_eq(text.len, 0);
			continue;
		}
		written++;
		ck_assert(!text_failed(&text));
		check_lines(text_slice(&text));
		check_fields(text_slice(&text));
		check_values(text_slice(&text), &letter);
		check_body(text_slice(&text), letter.body);
		check_judge(text_slice(&text));
	}
	ck_assert_uint_gt(written, ROUNDS / 2);
	words_close();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/compose");
	TCase *tests = tcase_create("compose");

	tcase_set_timeout(tests, 60);	/* thousands of letters */
	tcase_add_test(tests, the_whole_message_is_this);
	tcase_add_loop_test(tests,
	    a_subject_is_folded_and_encoded_where_it_must_be, 0,
	    sizeof(subjects) / sizeof(subjects[0]));
	tcase_add_loop_test(tests, a_name_is_no_syntax, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_loop_test(tests, a_body_is_quoted_printable, 0,
	    sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_loop_test(tests, what_would_break_a_message_is_refused, 0,
	    sizeof(unfit) / sizeof(unfit[0]));
	tcase_add_test(tests, what_is_too_long_or_never_was_is_refused);
	tcase_add_test(tests, what_does_not_fit_is_known);
	tcase_add_test(tests, whatever_is_said_it_is_mail_or_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
