/*
 * collect_test.c - an IMAP account is collected folder by folder, and only what
 * is whole is taken
 */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/envelope.h"
#include "tests/unit/fetch/imap/scene.h"

START_TEST(what_is_there_is_taken_as_it_is)
{
	struct scene *scene = scene_new();
	const struct ledger_mail *mail = scene->ledger->mail;

	server_mail(scene->inbox, slice_str(LETTER))->flags =
	    "\\Seen \\Flagged $Work";
	server_mail(scene->inbox, slice_str(""));
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->ledger->mail_count, 2);
	ck_assert(slice_is_str(text_slice(&mail[0].bytes), LETTER));
	ck_assert_uint_eq(mail[0].number, 10);
	ck_assert_uint_eq(mail[0].flags, FETCHED_SEEN | FETCHED_FLAGGED);
	ck_assert_str_eq(mail[0].keywords, "$Work");
	ck_assert_int_eq(mail[0].arrived_utc_ms, 837596665000);
	ck_assert_str_eq(mail[0].into, "");
	ck_assert_str_eq(scene->ledger->rows[0].uidl, "901.10");
	ck_assert_uint_eq(mail[1].flags, 0);
	ck_assert_uint_eq(mail[1].bytes.len, 0);
	/* nothing is deleted, so nothing is opened for writing */
	ck_assert_uint_eq(server_heard(scene->server, "EXAMINE"), 1);
	ck_assert_uint_eq(server_heard(scene->server, "UID STORE"), 0);
	ck_assert(scene->server->has_logged_out);
	scene_free(scene);
}
END_TEST

START_TEST(folders_come_one_after_another_each_with_its_name)
{
	struct scene *scene = scene_new();
	const struct ledger_mail *mail = scene->ledger->mail;
	struct server *server = scene->server;

	server_mail(scene->inbox, slice_str(LETTER));
	server_mail(server_folder(server, "\"Alt &AOQ-/2\"", "\\HasNoChildren"),
	    slice_str("A: b\r\n\r\nold\r\n"));
	server_mail(server_folder(server, "Gesendet", "\\Sent"),
	    slice_str("A: b\r\n\r\nsent\r\n"));
	(void)server_folder(server, "None", "\\Noselect");
	(void)server_folder(server, "Everything", "\\All");
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->mail_count, 3);
	ck_assert_str_eq(mail[0].into, "");
	ck_assert_str_eq(mail[1].into, "Alt \xc3\xa4/2");
	ck_assert_str_eq(mail[2].into, "Sent");
	ck_assert_uint_eq(scene->outcome.listed, 3);
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->ledger->folders, 3);
	ck_assert_uint_eq(server_heard(server, "EXAMINE"), 3);
	scene_free(scene);
}
END_TEST

/* HARDENING F41: a name is data; one that is none is passed by */
START_TEST(hostile_names_do_no_harm)
{
	struct scene *scene = scene_new();
	struct server *server = scene->server;

	server_mail(server_folder(server, "\"../../etc/passwd\"", ""),
	    slice_str("A: b\r\n\r\nx\r\n"));
	(void)server_folder(server, "\"a\x01" "b\"", "");
	(void)server_folder(server, "\"&AGE-\"", "");
	server_folder(server, "closed", "")->is_closed = true;
	server_mail(scene->inbox, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "name that is none");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_str_eq(scene->ledger->mail[1].into, "__/__/etc/passwd");
	scene_free(scene);
}
END_TEST

START_TEST(thousands_are_asked_for_in_a_window)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 3000; i++)
		server_mail(scene->inbox, slice_str(LETTER));
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3000);
	ck_assert_uint_eq(scene->outcome.deleted, 3000);
	ck_assert_uint_gt(scene->server->most_texts, 50);
	ck_assert_uint_le(scene->server->most_texts, PROTOCOL_WINDOW);
	for (unsigned i = 0; i < 3000; i++)
		ck_assert(scene->inbox->mail[i].is_gone);
	scene_free(scene);
}
END_TEST

/* CAPABILITY twice, AUTHENTICATE, LIST, and the folder with its listing */
START_TEST(before_the_first_text_there_are_five_round_trips)
{
	struct scene *scene = scene_new();

	scene->server->capability = "IMAP4rev1 SASL-IR AUTH=PLAIN ID";
	server_mail(scene->inbox, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(server_heard(scene->server, "ID ("), 1);
	ck_assert_uint_eq(server_heard(scene->server, "LIST"), 1);
	ck_assert_uint_eq(scene->server->flights, 5);
	scene_free(scene);
}
END_TEST

START_TEST(where_nothing_is_the_listing_may_be_refused)
{
	struct scene *scene = scene_new();

	scene->server->empty_is_bad = true;
	server_mail(server_folder(scene->server, "more", ""),
	    slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 1);
	scene_free(scene);
}
END_TEST

/* RFC 9051 5.5: what a listing is about is known before it comes */
START_TEST(a_listing_of_a_folder_that_is_not_open_is_none)
{
	struct scene *scene = scene_new();

	scene->server->opens_late = true;
	server_mail(scene->inbox, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "that it has not opened");
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert_uint_eq(scene->outcome.listed, 0);
	scene_free(scene);
}
END_TEST

/* RFC 9051 5.5: Dovecot gives the next texts before it ends a command */
START_TEST(texts_may_come_before_their_commands_end)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 300; i++)
		server_mail(scene->inbox, slice_str(LETTER));
	scene->inbox->mail[7].is_unreadable = true;
	scene->server->is_hasty = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 299);
	ck_assert_uint_eq(scene->outcome.left, 1);
	for (unsigned i = 0; i < 299; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number,
		    (i < 7 ? i + 1 : i + 2) * 10);
	scene_free(scene);
}
END_TEST

/* RFC 4315: without it EXPUNGE would take what others have marked */
START_TEST(without_uidplus_nothing_is_expunged)
{
	struct scene *scene = scene_new();

	server_mail(scene->inbox, slice_str(LETTER));
	scene->server->capability = "IMAP4rev1";
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(scene->inbox->mail[0].is_deleted);
	ck_assert(!scene->inbox->mail[0].is_gone);
	ck_assert_uint_eq(server_heard(scene->server, "LOGIN \"someone\""), 1);
	ck_assert_uint_eq(server_heard(scene->server, "EXPUNGE"), 0);
	ck_assert_uint_eq(server_heard(scene->server, "CLOSE"), 0);
	scene_free(scene);
}
END_TEST

static const struct {
	const char	*greeting, *capability, *login;
	enum fetch_end	 end;
	const char	*words;
} logins[] = {
	{ NULL, NULL, "NO [AUTHENTICATIONFAILED] wrong", FETCH_END_REFUSED,
	    "wrong" },
	{ NULL, NULL, "NO [UNAVAILABLE] not now", FETCH_END_BUSY, "not now" },
	{ NULL, NULL, "NO [INUSE] locked", FETCH_END_BUSY, "locked" },
	{ NULL, "IMAP4rev1 LOGINDISABLED", NULL, FETCH_END_MECHANISM, "" },
	{ "* BYE [UNAVAILABLE] too many", NULL, NULL, FETCH_END_BUSY,
	    "too many" },
	{ "HTTP/1.1 200 OK", NULL, NULL, FETCH_END_NONSENSE, "" },
	{ "+OK POP3", NULL, NULL, FETCH_END_NONSENSE, "" },
};

START_TEST(a_login_ends_as_the_server_says)
{
	struct scene *scene = scene_new();

	if (logins[_i].greeting != NULL)
		scene->server->greeting = logins[_i].greeting;
	if (logins[_i].capability != NULL)
		scene->server->capability = logins[_i].capability;
	if (logins[_i].login != NULL)
		scene->server->login = logins[_i].login;
	scene_run(scene);
	ended(scene, logins[_i].end, logins[_i].words);
	ck_assert_uint_eq(scene->server->conversations, 1);
	scene_free(scene);
}
END_TEST

static const struct {
	const char	*what;
	int		 literal_off;
	const char	*literal, *fetch_end;
	uint32_t	 wrong_uid;
	size_t		 cut_after;
	unsigned	 bye_after, taken;
	enum fetch_end	 end;
} broken[] = {
	/* HARDENING F23 */
	{ "a literal too short", -5, NULL, NULL, 0, 0, 0, 0,
	    FETCH_END_INCONSISTENT },
	{ "a literal too long", 5, NULL, NULL, 0, 0, 0, 0,
	    FETCH_END_INCONSISTENT },
	{ "a literal of 2^32", 0, "4294967296", NULL, 0, 0, 0, 0,
	    FETCH_END_INCONSISTENT },
	{ "a negative literal", 0, "-1", NULL, 0, 0, 0, 0,
	    FETCH_END_INCONSISTENT },
	{ "another message", 0, NULL, NULL, 99, 0, 0, 0,
	    FETCH_END_INCONSISTENT },
	/* F10: in the header, in the body, at the last byte */
	{ "cut in the header", 0, NULL, NULL, 0, 10, 0, 0, FETCH_END_CLOSED },
	{ "cut in the body", 0, NULL, NULL, 0, 60, 0, 0, FETCH_END_CLOSED },
	{ "cut behind the literal", 0, NULL, NULL, 0, sizeof(LETTER) - 1, 0, 0,
	    FETCH_END_CLOSED },
	{ "cut in the second", 0, NULL, NULL, 0, sizeof(LETTER) + 9, 0, 1,
	    FETCH_END_CLOSED },
	/* F40 */
	{ "BYE half-way", 0, NULL, NULL, 0, 0, 2, 2, FETCH_END_CLOSED },
};

START_TEST(what_breaks_off_is_not_stored)
{
	struct scene *scene = scene_new();
	struct server *server = scene->server;

	for (unsigned i = 0; i < 3; i++)
		server_mail(scene->inbox, slice_str(LETTER));
	server->literal_off = broken[_i].literal_off;
	server->literal = broken[_i].literal;
	server->fetch_end = broken[_i].fetch_end;
	server->wrong_uid = broken[_i].wrong_uid;
	server->cut_after = broken[_i].cut_after;
	server->bye_after = broken[_i].bye_after;
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, broken[_i].end, "");
	ck_assert_uint_eq(scene->outcome.taken, broken[_i].taken);
	ck_assert_uint_eq(scene->ledger->mail_count, broken[_i].taken);
	ck_assert_uint_eq(server_heard(server, "UID STORE"), 0);
	scene_free(scene);
}
END_TEST

static const struct {
	const char	*noise;
	unsigned	 times;
	bool		 goes_on;
} noises[] = {
	/* F40: what nobody asked for is passed over, up to a limit */
	{ "* 5 EXISTS", 1000, true },
	{ "* 1 FETCH (FLAGS (\\Seen))", 1000, true },
	{ "* 1 FETCH (UID 7 FLAGS ())", 1000, true },
	{ "* 2 EXPUNGE", 3, true },
	{ "* OK [ALERT] look", 3, true },
	{ "* XYZ (a (b \"c\"))", 3, true },
	{ "* 5 EXISTS", 800000, false },
	{ "* 1 FETCH (UID 10 BODY[] {1}\r\nx)", 1, false },
	{ "P99 OK done", 1, false },
	{ "+ more", 1, false },
};

START_TEST(what_nobody_asked_for_is_passed_over)
{
	struct scene *scene = scene_new();

	server_mail(scene->inbox, slice_str(LETTER));
	scene->server->noise = noises[_i].noise;
	scene->server->noise_times = noises[_i].times;
	scene_run(scene);
	ended(scene, noises[_i].goes_on ? FETCH_END_DONE :
	    FETCH_END_INCONSISTENT, "");
	ck_assert_uint_eq(scene->ledger->mail_count, noises[_i].goes_on);
	scene_free(scene);
}
END_TEST

/* HARDENING F02 */
START_TEST(silence_has_an_end)
{
	struct scene *scene = scene_new();

	scene->server->is_mute = true;
	scene->options.silence_ms = 300;
	scene_run(scene);
	ended(scene, FETCH_END_TIMED_OUT, "");
	scene_free(scene);
}
END_TEST

/* RFC 9051 2.3.1.1: where UIDs mean nothing the header is who it is */
START_TEST(without_uidvalidity_the_header_is_who_it_is)
{
	struct scene *scene = scene_new();

	scene->inbox->uidvalidity = 0;
	server_mail(scene->inbox, slice_str(LETTER));
	scene->ledger->wants_look = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(!scene->ledger->has_uidl);
	ck_assert_str_eq(scene->ledger->rows[0].uidl, "");
	ck_assert_uint_eq(scene->ledger->rows[0].known, 1);
	ck_assert_mem_eq(scene->ledger->rows[0].digest,
	    scene->ledger->mail[0].header_digest, FETCHED_DIGEST_BYTES);
	scene_free(scene);
}
END_TEST

/* What is here already */

#define SIGNED	"DKIM-Signature: v=1; d=example.com\r\nSubject: n\r\n\r\n"

/* Message 10 may be here, and message 11 is none of that. */
static struct scene *
shared_scene(struct text *large, const char *line)
{
	struct scene *scene = scene_new();

	text_add_str(large, SIGNED);
	while (large->len < 40000)
		text_add_str(large, line);
	ck_assert(!text_failed(large));
	server_mail(scene->inbox, text_slice(large));
	server_mail(scene->inbox, slice_str(LETTER));
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	return scene;
}

/* Wherever it is cut, be it in the middle of every other line end. */
START_TEST(some_of_a_body_is_shown_from_a_place_nobody_knows_before)
{
	TEXT_AUTO large = TEXT_INIT(65536), text = TEXT_INIT(65536);
	struct scene *scene = shared_scene(&large, _i % 2 == 0 ? "x\r\n" :
	    "line of it\r\n");
	const struct shared_sample *sample = &scene->ledger->shown[0].sample;
	unsigned char digest[32];

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->shown_count, 1);
	ck_assert_uint_ge(sample->at, strlen(SIGNED));
	ck_assert_uint_eq(sample->bytes, SHARED_SAMPLE_LEAST);
	ck_assert_uint_le(sample->at + sample->bytes, large.len);
	for (uint64_t i = sample->at; i < sample->at + sample->bytes; i++)
		if (large.at[i] != '\r' && large.at[i] != '\n')
			text_add_byte(&text, large.at[i]);
	ck_assert_ptr_nonnull(SHA256((const unsigned char *)text.at, text.len,
	    digest));
	ck_assert_mem_eq(sample->digest, digest, sizeof(digest));
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F10: another place than was asked for is one that it has chosen. */
START_TEST(a_sample_that_is_not_what_was_asked_for_is_not_shown)
{
	static const enum server_partial partials[] = { PARTIAL_IGNORED,
	    PARTIAL_OTHER, PARTIAL_SHORT, PARTIAL_REFUSED };
	TEXT_AUTO large = TEXT_INIT(65536);
	struct scene *scene = shared_scene(&large, "line of it\r\n");

	scene->server->partial = partials[_i];
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->shown_count, 0);
	ck_assert_uint_eq(scene->ledger->mail_count, 2);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 1);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/imap/collect");
	TCase *tests = tcase_create("collect");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_is_there_is_taken_as_it_is);
	tcase_add_test(tests,
	    folders_come_one_after_another_each_with_its_name);
	tcase_add_test(tests, hostile_names_do_no_harm);
	tcase_add_test(tests, thousands_are_asked_for_in_a_window);
	tcase_add_test(tests,
	    before_the_first_text_there_are_five_round_trips);
	tcase_add_test(tests, where_nothing_is_the_listing_may_be_refused);
	tcase_add_test(tests,
	    a_listing_of_a_folder_that_is_not_open_is_none);
	tcase_add_test(tests, texts_may_come_before_their_commands_end);
	tcase_add_test(tests, without_uidplus_nothing_is_expunged);
	tcase_add_loop_test(tests, a_login_ends_as_the_server_says, 0,
	    ROWS(logins));
	tcase_add_loop_test(tests, what_breaks_off_is_not_stored, 0,
	    ROWS(broken));
	tcase_add_loop_test(tests, what_nobody_asked_for_is_passed_over, 0,
	    ROWS(noises));
	tcase_add_test(tests, silence_has_an_end);
	tcase_add_test(tests, without_uidvalidity_the_header_is_who_it_is);
	tcase_add_loop_test(tests,
	    some_of_a_body_is_shown_from_a_place_nobody_knows_before, 0, 20);
	tcase_add_loop_test(tests,
	    a_sample_that_is_not_what_was_asked_for_is_not_shown, 0, 4);
	suite_add_tcase(suite, tests);
	return suite;
}
