/*
 * notice_test.c - what people read, word by word, in both languages
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/notice.h"
#include "filters/held_words.h"
#include "lib/base/zone.h"
#include "lib/message/compose.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

#define AT(minutes)	(1795326600000 + (minutes) * INT64_C(60000))

static const struct notice_mailbox failing[2] = {
	{ .label = SLICE("office"), .host = SLICE("pop.provider.example"),
	  .since_utc_ms = AT(0), .success_utc_ms = AT(-10),
	  .end = FETCH_END_REFUSED, .server_said = true,
	  .words = SLICE("invalid login") },
	{ .label = SLICE("it's mine"), .host = SLICE("mail.other.example"),
	  .since_utc_ms = AT(5), .end = FETCH_END_UNREACHABLE,
	  .words = SLICE("connection refused") },
};

static const struct notice_mailbox working = {
	.label = SLICE("office"), .host = SLICE("pop.provider.example"),
	.since_utc_ms = AT(0), .success_utc_ms = AT(90)
};

static const struct notice_mailbox ending = {
	.label = SLICE("office"), .host = SLICE("imap.provider.example"),
	.ends_utc_ms = AT(7 * 24 * 60)
};

static const struct notice_row causes[] = {
	{ .cause = SAY_STAGE_TAKING, .in = 12345678901, .out = 12345678 },
	{ .cause = SAY_STAGE_LISTING, .in = 2345678, .out = 345678 },
};

static const struct notice_row accounts[] = {
	{ .name = SLICE("ann@office.test"), .in = 12000000000, .out = 980 },
	{ .name = SLICE("caf\303\251@office.test"), .in = 348024579,
	  .out = 12690376 },
};

static const struct notice_figures figures = {
	.year = 2026, .month = 3, .in = 12348024579, .out = 12691356,
	.budget = 20000000000, .skipped = 1000000, .shared = 2000000000,
	.compressed = 300000000, .deferred = 40000000,
	.causes = causes, .cause_count = 2,
	.accounts = accounts, .account_count = 2
};

static const struct notice_held held[] = {
	{ .id = "06gywnjy02nf1qp7", .since_utc_ms = AT(0),
	  .ends_utc_ms = AT(30 * 24 * 60), .from = SLICE("Zoe <zoe@far.test>"),
	  .subject = SLICE("caf\303\251"), .reason = SLICE("it looks like spam"),
	  .score = SLICE("yes, 0.998"),
	  .link = "https://hub.office.test/held/0123" },
	{ .id = "06gywnjy02nf1qp8", .since_utc_ms = AT(5),
	  .from = SLICE("x@far.test"), .subject = SLICE("\033[2Jred"),
	  .reason = SLICE("a program is attached") },
};

static const struct notice notices[] = {
	{ .kind = NOTICE_FAILING, .address = SLICE("ann@office.test"),
	  .mailboxes = failing, .mailbox_count = 1 },
	{ .kind = NOTICE_FAILING, .address = SLICE("ann@office.test"),
	  .mailboxes = failing, .mailbox_count = 2 },
	{ .kind = NOTICE_WORKING, .address = SLICE("ann@office.test"),
	  .mailboxes = &working, .mailbox_count = 1 },
	{ .kind = NOTICE_GRANT_EXPIRES, .address = SLICE("ann@office.test"),
	  .mailboxes = &ending, .mailbox_count = 1 },
	{ .kind = NOTICE_LINE_REPORT, .figures = &figures },
	{ .kind = NOTICE_HELD, .held = held, .held_count = 1 },
	{ .kind = NOTICE_HELD, .held = held, .held_count = 2,
	  .held_more = 3 },
	{ .kind = NOTICE_FORWARDED, .address = SLICE("ann@home.test"),
	  .keeps = true, .since_utc_ms = AT(0) },
	{ .kind = NOTICE_FORWARDED, .address = SLICE("\033[2J@home.test"),
	  .since_utc_ms = AT(0) },
	{ .kind = NOTICE_NO_WAY },
};

static const struct {
	const char	*subject;
	const char	*body;
} wanted[][LANGUAGE_COUNT] = {
#include "tests/unit/fetch/notice_words.def"
};

/* Into C strings. */
static void
write_it(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	notice_write(notice, language, subject, body);
	ck_assert(!text_failed(subject));
	ck_assert(!text_failed(body));
	text_add_byte(subject, '\0');
	text_add_byte(body, '\0');
	ck_assert(!text_failed(subject));
	ck_assert(!text_failed(body));
}

START_TEST(this_is_what_they_read)
{
	const struct notice *notice = &notices[_i / LANGUAGE_COUNT];
	enum language language = (enum language)(_i % LANGUAGE_COUNT);
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);

	ck_assert_int_eq(zone_open("Asia/Jakarta"), 0);
	write_it(notice, language, &subject, &body);
	ck_assert_str_eq(subject.at,
	    wanted[_i / LANGUAGE_COUNT][language].subject);
	ck_assert_str_eq(body.at, wanted[_i / LANGUAGE_COUNT][language].body);
}
END_TEST

/* The figures of a budget that was kept to the byte, and of none. */
START_TEST(a_line_without_budget_says_nothing_of_one)
{
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);
	struct notice_figures free_line = figures;
	struct notice notice = notices[4];

	free_line.budget = 0;
	free_line.account_count = 0;
	notice.figures = &free_line;
	write_it(&notice, LANGUAGE_EN, &subject, &body);
	ck_assert_ptr_null(strstr(body.at, "budget"));
	ck_assert_ptr_null(strstr(body.at, "By account"));
}
END_TEST

START_TEST(of_many_the_first_are_named_and_the_others_counted)
{
	struct notice_mailbox many[NOTICE_MOST];
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);
	struct notice notice = notices[0];

	for (size_t i = 0; i < NOTICE_MOST; i++)
		many[i] = failing[0];
	notice.mailboxes = many;
	notice.mailbox_count = NOTICE_MOST + 3;
	write_it(&notice, LANGUAGE_EN, &subject, &body);
	ck_assert_str_eq(subject.at,
	    "13 of your remote mailboxes cannot be collected");
	ck_assert_ptr_nonnull(strstr(body.at, "\n  and 3 more.\n"));
}
END_TEST

/* A label is data, in a sentence and in a command. */
static const struct {
	const char	*label, *subject, *command;
} labels[] = {
	{ "x\r\nBcc: eve@evil.test",
	  "Your remote mailbox \"x\\x0D\\x0ABcc: eve@evil.test\" cannot be "
	  "collected",
	  "--label 'x\\x0D\\x0ABcc: eve@evil.test'\n" },
	{ "$(rm -rf /)'; true", "Your remote mailbox \"$(rm -rf /)'; true\" "
	  "cannot be collected", "--label '$(rm -rf /)'\\''; true'\n" },
	{ "%s%n", "Your remote mailbox \"%s%n\" cannot be collected",
	  "--label %s%n\n" },
	{ "caf\303\251", "Your remote mailbox \"caf\303\251\" cannot be "
	  "collected", "--label 'caf\303\251'\n" },
	{ "caf\351", "Your remote mailbox \"caf\\xE9\" cannot be collected",
	  "--label 'caf\\xE9'\n" },
	{ "a\342\200\256b\342\201\246c\342\200\250d\330\234",
	  "Your remote mailbox \"abcd\" cannot be collected",
	  "--label abcd\n" },
	{ "a\302\205b", "Your remote mailbox \"a\\xC2\\x85b\" cannot be "
	  "collected", "--label 'a\\xC2\\x85b'\n" },
};

START_TEST(a_name_breaks_neither_a_sentence_nor_a_command)
{
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);
	struct notice_mailbox mailbox = failing[0];
	struct notice notice = notices[0];

	mailbox.label = slice_str(labels[_i].label);
	notice.mailboxes = &mailbox;
	write_it(&notice, LANGUAGE_EN, &subject, &body);
	ck_assert_str_eq(subject.at, labels[_i].subject);
	ck_assert_ptr_nonnull(strstr(body.at, labels[_i].command));
}
END_TEST

/* Whatever comes from outside, however long: it is a small message. */
START_TEST(whatever_it_is_about_it_can_be_sent)
{
	char label[64], host[255], words[FETCH_WORDS_MOST], address[255];
	struct notice_mailbox many[NOTICE_MOST];
	TEXT_AUTO message = TEXT_INIT(128 * 1024);
	struct compose compose = {
		.at_utc_ms = AT(0), .hostname = SLICE("mx.office.test"),
		.from = SLICE("postmaster@office.test"),
		.to = SLICE("ann@office.test")
	};
	static const char kinds[] = { '\377', '\0', '\'', 'x', '\n' };
	struct notice notice = { .kind = (enum notice_kind)(_i / 5),
	    .mailboxes = many, .mailbox_count = 99 };

	memset(label, kinds[_i % 5], sizeof(label));
	memset(host, kinds[_i % 5], sizeof(host));
	memset(words, kinds[_i % 5], sizeof(words));
	memset(address, kinds[_i % 5], sizeof(address));
	notice.address = slice_of(address, sizeof(address));
	for (size_t i = 0; i < NOTICE_MOST; i++)
		many[i] = (struct notice_mailbox){
			.label = slice_of(label, sizeof(label)),
			.host = slice_of(host, sizeof(host)),
			.end = FETCH_END_NO_TLS, .server_said = true,
			.words = slice_of(words, sizeof(words)),
			.since_utc_ms = AT(0), .success_utc_ms = AT(0),
			.ends_utc_ms = AT(0)
		};
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
		TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);

		notice_write(&notice, (enum language)i, &subject, &body);
		ck_assert(!text_failed(&subject));
		ck_assert(!text_failed(&body));
		compose.subject = text_slice(&subject);
		compose.body = text_slice(&body);
		text_clear(&message);
		ck_assert_int_eq(compose_write(&message, &compose), 0);
		ck_assert(!text_failed(&message));
	}
}
END_TEST

/* HELD_PAGE of the longest, each with a link, are a small message, too. */
START_TEST(the_longest_digest_can_be_sent)
{
	static const char kinds[] = "x\"";	/* a verdict has no controls */
	static char words[900], link[406];
	struct notice_held many[HELD_PAGE];
	const struct notice notice = { .kind = NOTICE_HELD, .held = many,
	    .held_count = HELD_PAGE, .held_more = 1000000 };
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);

	memset(words, kinds[_i], sizeof(words));
	memset(link, 'l', sizeof(link) - 1);
	for (size_t i = 0; i < HELD_PAGE; i++)
		many[i] = (struct notice_held){ .id = "06gywnjy02nf1qp7",
		    .since_utc_ms = AT(0), .ends_utc_ms = AT(0),
		    .from = { words, 256 }, .subject = { words, 256 },
		    .reason = { words, 512 }, .score = { words, 900 },
		    .link = link };
	notice_write(&notice, LANGUAGE_ID, &subject, &body);
	ck_assert(!text_failed(&subject) && !text_failed(&body));
}
END_TEST

static const struct held_replied replied[] = {
	{ .number = 482193, .status = HOLD_OK, .subject = SLICE("a\033b") },
	{ .number = 482194, .status = HOLD_OK, .is_spam = true },
	{ .number = 482195, .status = HOLD_NONE },
	{ .number = 482196, .status = HOLD_KEPT },
	{ .number = 482197, .status = HOLD_DAMAGED },
	{ .number = 482198, .status = HOLD_LATER },
};

#define REPLIED	(sizeof(replied) / sizeof(replied[0]))

START_TEST(each_number_of_an_answer_is_told_what_came_of_it)
{
	const struct notice notice = { .kind = NOTICE_REPLIED,
	    .replied = replied, .replied_count = _i < LANGUAGE_COUNT ?
	    REPLIED : 0 };
	enum language language = (enum language)(_i % LANGUAGE_COUNT);
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);
	char number[16];

	write_it(&notice, language, &subject, &body);
	for (size_t i = 0; i < REPLIED; i++) {
		(void)snprintf(number, sizeof(number), ": %u\n",
		    replied[i].number);
		ck_assert_int_eq(strstr(body.at, number) != NULL,
		    _i < LANGUAGE_COUNT);
	}
	if (_i >= LANGUAGE_COUNT) {
		ck_assert_ptr_nonnull(strstr(body.at, say(language,
		    SAY_NOTICE_REPLIED_UNREAD)));
		return;
	}
	ck_assert_ptr_nonnull(strstr(body.at, "a\\x1Bb\n"));
	ck_assert_ptr_nonnull(strstr(body.at, say(language,
	    SAY_NOTICE_REPLIED_TAKEN)));
	ck_assert_ptr_nonnull(strstr(body.at, say(language,
	    SAY_NOTICE_REPLIED_SPAM)));
}
END_TEST

/* Quoted by whatever program, it asks for nothing. */
START_TEST(no_line_of_ours_is_one_of_an_answer)
{
	static const struct notice_held one = { .id = "06gywnjy02nf1qp7",
	    .number = 482193, .link = "https://hub.office.test/held/0123" };
	const struct notice all[] = {
		{ .kind = NOTICE_HELD, .held = &one, .held_count = 1,
		  .takes_reply = true },
		{ .kind = NOTICE_REPLIED, .replied = replied,
		  .replied_count = REPLIED },
		{ .kind = NOTICE_REPLIED },
	};
	TEXT_AUTO subject = TEXT_INIT(NOTICE_SUBJECT_BYTES);
	TEXT_AUTO body = TEXT_INIT(NOTICE_BODY_BYTES);
	struct held_words words;

	notice_write(&all[_i / LANGUAGE_COUNT],
	    (enum language)(_i % LANGUAGE_COUNT), &subject, &body);
	ck_assert(_i >= LANGUAGE_COUNT ||
	    slice_find_str(text_slice(&body), ": 482193\n") != SIZE_MAX);
	/* however its lines are broken, and joined */
	for (size_t width = 0; width < 200; width++) {
		for (size_t i = 0, at = 0; i < body.len; i++) {
			if (body.at[i] == '\n' && width > 0)
				body.at[i] = ' ';
			if (body.at[i] == ' ' && i - at >= width &&
			    width > 0) {
				body.at[i] = '\n';
				at = i;
			}
		}
		held_words_of_text(text_slice(&body), &words);
		ck_assert_uint_eq(words.count, 0);
	}
}
END_TEST

/* Nobody is told to use what only the postmaster has. */
START_TEST(every_end_has_words_for_its_owner)
{
	for (int i = 0; i < FETCH_END_COUNT; i++) {
		const char *words = say(LANGUAGE_EN,
		    notice_end((enum fetch_end)i));

		ck_assert(words[0] != '\0');
		ck_assert_ptr_null(strchr(words, '%'));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/notice");
	TCase *tests = tcase_create("words");

	tcase_add_loop_test(tests, this_is_what_they_read, 0,
	    (int)(sizeof(wanted) / sizeof(wanted[0])) * LANGUAGE_COUNT);
	tcase_add_test(tests, a_line_without_budget_says_nothing_of_one);
	tcase_add_test(tests,
	    of_many_the_first_are_named_and_the_others_counted);
	tcase_add_loop_test(tests, a_name_breaks_neither_a_sentence_nor_a_command,
	    0, sizeof(labels) / sizeof(labels[0]));
	tcase_add_loop_test(tests, whatever_it_is_about_it_can_be_sent, 0,
	    NOTICE_LINE_REPORT * 5);
	tcase_add_loop_test(tests, the_longest_digest_can_be_sent, 0, 2);
	tcase_add_loop_test(tests,
	    each_number_of_an_answer_is_told_what_came_of_it, 0,
	    2 * LANGUAGE_COUNT);
	tcase_add_loop_test(tests, no_line_of_ours_is_one_of_an_answer, 0,
	    3 * LANGUAGE_COUNT);
	tcase_add_test(tests, every_end_has_words_for_its_owner);
	suite_add_tcase(suite, tests);
	return suite;
}
