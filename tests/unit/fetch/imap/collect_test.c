/*
 * collect_test.c - an IMAP account is collected folder by folder, and only what
 * is whole is taken
 */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "lib/message/envelope.h"
#include "tests/unit/fetch/imap/server.h"
#include "tests/unit/fetch/ledger.h"
#include "tests/unit/unit.h"

#define LETTER	"Return-Path: <bob@example.com>\r\n" \
		"Subject: hello\r\n\r\nBody)\r\n.dot\r\nP5 OK done\r\n"

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct server	*server;
	struct server_folder *inbox;
	struct ledger	*ledger;
	struct fetch_account account;
	struct collect_options options;
	struct collect	*collect;
	struct timer	*guard;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
	bool		 over;
	struct timer	*pausing;	/* or NULL */
	void		(*progress)(void *arg, const struct fetch_progress *);
};

static void
on_over(void *arg, const struct fetch_outcome *outcome)
{
	struct scene *scene = arg;

	ck_assert(!scene->over);
	scene->over = true;
	scene->outcome = *outcome;
	ck_assert_int_eq(slice_cstr(outcome->words, scene->words,
	    sizeof(scene->words)), 0);
	ck_assert_int_eq(scene->collect->password[0], '\0');
	collect_free(scene->collect);
	scene->collect = NULL;
	timer_set(scene->guard, 20);
}

static void
on_guard(void *arg)
{
	struct scene *scene = arg;

	loop_stop(scene->loop);
}

static struct scene *
scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const char *fault;

	ck_assert_ptr_nonnull(scene);
	ck_assert_int_eq(talk_global_open(), 0);
	scene->loop = loop_new();
	scene->hall = talk_hall_new(scene->loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	scene->server = server_new();
	scene->inbox = &scene->server->folders[0];
	scene->ledger = ledger_new(scene->loop);
	scene->guard = timer_new(scene->loop, on_guard, scene);
	scene->account = (struct fetch_account){
		.id = 7, .owner = 3, .owner_address = "me@example.org",
		.label = "old mail", .host = "pop.example.net",
		.user = "someone", .tls = FETCH_TLS_NONE,
		.protocol = FETCH_IMAP, .folders = "all",
		.mechanism = FETCH_AUTO, .from = FETCH_FROM_ALL,
		.delete_after_days = FETCH_KEEP, .enabled = true
	};
	scene->options = (struct collect_options){
		.account = &scene->account, .password = "secret words",
		.addresses = "127.0.0.1", .task = FETCH_COLLECT,
		.message_bytes = 32 << 20, .silence_ms = 300,
		.connect_ms = 2000, .open_ms = 2000, .again_ms = 20
	};
	return scene;
}

static void
scene_run(struct scene *scene)
{
	const struct collect_events events = {
		.arg = scene, .over = on_over, .progress = scene->progress
	};

	server_start(scene->server);
	scene->account.port = scene->server->port;
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    0);
	timer_set(scene->guard, 20000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert_msg(scene->over, "it does not end");
	server_stop(scene->server);
	ck_assert_uint_eq(scene->ledger->granted, 0);
}

static void
scene_free(struct scene *scene)
{
	collect_free(scene->collect);
	timer_free(scene->guard);
	ledger_free(scene->ledger);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	server_free(scene->server);
	free(scene);
}

static void
ended(const struct scene *scene, enum fetch_end end, const char *words)
{
	ck_assert_msg(scene->outcome.end == end &&
	    slice_find_str(slice_str(scene->words), words) != SIZE_MAX,
	    "ended as %s: %s; heard:\n%.*s",
	    fetch_end_code(scene->outcome.end), scene->words,
	    SLICE_FMT(text_slice(&scene->server->heard)));
}

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

START_TEST(a_thousand_are_asked_for_in_a_window)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 1000; i++)
		server_mail(scene->inbox, slice_str(LETTER));
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 1000);
	ck_assert_uint_eq(scene->outcome.deleted, 1000);
	ck_assert_uint_gt(scene->server->most_texts, 50);
	ck_assert_uint_le(scene->server->most_texts, 256);
	for (unsigned i = 0; i < 1000; i++)
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

/* --- what has come already ---------------------------------------------- */

#define LARGE_BYTES	(1500 * 1000)
#define HALF_BYTES	(700 * 1000 + 1)

/* A large message: lines of all kinds of bytes, but for those to be mended. */
static void
make_large(struct text *text)
{
	text_add_str(text, LETTER);
	for (unsigned line = 0; text->len < LARGE_BYTES; line++)
		text_addf(text, "line %u of it, \xff\xfe, and some more\r\n",
		    line);
	ck_assert(!text_failed(text));
}

/* Message 10 is large, and its beginning is kept. */
static struct scene *
half_scene(struct text *large)
{
	struct scene *scene = scene_new();

	make_large(large);
	server_mail(scene->inbox, text_slice(large));
	server_mail(scene->inbox, slice_str(LETTER));
	scene->ledger->half_of = 10;
	scene->ledger->half = slice_first(text_slice(large), HALF_BYTES);
	scene->options.silence_ms = 5000;
	return scene;
}

/* It is here as it is there; the other one as well. */
static void
came_whole(const struct scene *scene, const struct text *large)
{
	const struct ledger *ledger = scene->ledger;
	unsigned at = ledger->mail[0].number == 10 ? 0 : 1;
	unsigned char digest[32];

	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(ledger->mail_count, 2);
	ck_assert(slice_is(text_slice(&ledger->mail[at].bytes),
	    text_slice(large)));
	ck_assert_uint_eq(ledger->mail[at].mended, 0);
	ck_assert_ptr_nonnull(SHA256((const unsigned char *)large->at,
	    large->len, digest));
	ck_assert_mem_eq(ledger->mail[at].digest, digest, sizeof(digest));
}

/* RFC 9051 6.4.5: BODY.PEEK[]<origin.count> */
START_TEST(the_rest_of_a_message_is_all_that_is_asked_for)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	scene_run(scene);
	came_whole(scene, &large);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[]<700001."), 1);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 0);
	ck_assert_uint_lt(scene->server->sent, LARGE_BYTES - HALF_BYTES +
	    1024);
	ck_assert_uint_eq(scene->server->conversations, 1);
	ck_assert_uint_eq(scene->ledger->halves_dropped, 0);
	scene_free(scene);
}
END_TEST

static const struct {
	enum server_partial	partial;
	bool			is_damaged;
	const char		*listed;	/* NULL: its size */
	bool			is_dropped;	/* what was kept */
} over_again[] = {
	{ PARTIAL_IGNORED, false, NULL, false },
	{ PARTIAL_OTHER, false, NULL, false },
	{ PARTIAL_SHORT, false, NULL, true },
	{ PARTIAL_REFUSED, false, NULL, false },
	{ PARTIAL_RIGHT, true, NULL, true },
	/* it is longer than it is listed */
	{ PARTIAL_RIGHT, false, "1400000", true },
};

/* HARDENING F10: whatever does not fit, the message is had whole, once */
START_TEST(what_does_not_fit_is_fetched_whole)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	scene->server->partial = over_again[_i].partial;
	scene->ledger->half_is_damaged = over_again[_i].is_damaged;
	scene->inbox->mail[0].listed = over_again[_i].listed;
	scene_run(scene);
	came_whole(scene, &large);
	ck_assert_uint_eq(scene->server->conversations, 2);
	ck_assert_uint_eq(scene->ledger->halves_dropped,
	    over_again[_i].is_dropped);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 1);
	scene_free(scene);
}
END_TEST

/* --- what is here already ------------------------------------------------ */

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

/* The line closes as soon as a byte of the message is asked for. */
static void
on_taking(void *arg, const struct fetch_progress *progress)
{
	struct scene *scene = arg;

	if (progress->stage == FETCH_STAGE_TAKING)
		timer_set(scene->pausing, 0);
}

static void
on_pausing(void *arg)
{
	struct scene *scene = arg;

	if (scene->collect == NULL)
		return;
	if (scene->ledger->big_count == 0)
		timer_set(scene->pausing, 0);	/* it has not begun */
	else
		collect_pause(scene->collect);
}

START_TEST(a_line_that_closes_cuts_what_can_be_resumed)
{
	TEXT_AUTO large = TEXT_INIT(8 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	/* more than is finished when the line closes */
	while (large.len < 4 * LARGE_BYTES)
		text_add_str(&large, "a line more, and so on\r\n");
	scene->inbox->mail[0].bytes = text_slice(&large);
	scene->ledger->half.at = large.at;
	scene->pausing = timer_new(scene->loop, on_pausing, scene);
	scene->progress = on_taking;
	scene_run(scene);
	ended(scene, FETCH_END_LINE, "the line has closed");
	ck_assert_uint_eq(scene->ledger->abandoned, 1);
	ck_assert_uint_eq(scene->ledger->halves_dropped, 0);
	ck_assert_uint_le(scene->outcome.taken, 1);
	timer_free(scene->pausing);
	scene_free(scene);
}
END_TEST

/* What is mended has other places than on the wire: no more of it is kept. */
START_TEST(the_queue_knows_before_a_mended_byte_comes)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	large.at[HALF_BYTES + 300000] = '\n';
	/* so that bytes wait for room in the pipe, and others behind them */
	scene->ledger->pipe_bytes = 4096;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->ledger->mended, 1);
	ck_assert_uint_le(scene->ledger->before_mended, HALF_BYTES + 300000);
	ck_assert_uint_eq(scene->server->conversations, 1);
	scene_free(scene);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

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
	tcase_add_test(tests, a_thousand_are_asked_for_in_a_window);
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
	tcase_add_test(tests, the_rest_of_a_message_is_all_that_is_asked_for);
	tcase_add_loop_test(tests, what_does_not_fit_is_fetched_whole, 0,
	    ROWS(over_again));
	tcase_add_test(tests, a_line_that_closes_cuts_what_can_be_resumed);
	tcase_add_test(tests, the_queue_knows_before_a_mended_byte_comes);
	suite_add_tcase(suite, tests);
	return suite;
}
