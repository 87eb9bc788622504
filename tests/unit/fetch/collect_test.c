/*
 * collect_test.c - a collection takes what is whole, and nothing else
 *
 * A server in a thread (remote.c) at one end, the queue (ledger.c) at the
 * other.  It is one thing because every test needs both of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "lib/base/dot.h"
#include "lib/message/date.h"
#include "tests/unit/fetch/ledger.h"
#include "tests/unit/fetch/remote.h"
#include "tests/unit/unit.h"

#define LETTER	"Return-Path: <bob@example.com>\r\n" \
		"Subject: hello\r\n\r\nBody\r\n.dot\r\n"

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct remote	*remote;
	struct ledger	*ledger;
	struct fetch_account account;
	struct collect_options options;
	struct collect	*collect;
	struct timer	*guard;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
	bool		 over;
	unsigned	 told;		/* progress */
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
	/* news to the queue are still under way */
	timer_set(scene->guard, 20);
}

static void
on_progress(void *arg, const struct fetch_progress *progress)
{
	struct scene *scene = arg;

	ck_assert_uint_le(progress->done, progress->of);
	/* nobody logs in once more */
	if (progress->stage == FETCH_STAGE_DELETING)
		ck_assert_int_eq(scene->collect->password[0], '\0');
	scene->told++;
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
	scene->remote = remote_new();
	scene->ledger = ledger_new(scene->loop);
	scene->guard = timer_new(scene->loop, on_guard, scene);
	scene->account = (struct fetch_account){
		.id = 7, .owner = 3, .owner_address = "me@example.org",
		.label = "old mail", .host = "pop.example.net",
		.user = "someone", .tls = FETCH_TLS_NONE,
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
scene_start(struct scene *scene)
{
	const struct collect_events events = { scene, on_progress, on_over };

	remote_start(scene->remote);
	scene->account.port = scene->remote->port;
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    0);
}

/* All of it; what is granted is given back or taken at the end. */
static void
scene_run(struct scene *scene)
{
	scene_start(scene);
	timer_set(scene->guard, 20000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert_msg(scene->over, "it does not end");
	remote_stop(scene->remote);
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
	remote_free(scene->remote);
	free(scene);
}

/* It ended so, with these words in what was said. */
static void
ended(const struct scene *scene, enum fetch_end end, const char *words)
{
	ck_assert_msg(scene->outcome.end == end, "it ended %d: %s",
	    scene->outcome.end, scene->words);
	ck_assert_msg(strstr(scene->words, words) != NULL, "it said %s",
	    scene->words);
}

static bool
heard(const struct scene *scene, const char *command)
{
	return slice_find_str(text_slice(&scene->remote->heard), command) !=
	    SIZE_MAX;
}

/* Where message `number` stands in what was submitted. */
static unsigned
place_of(const struct scene *scene, uint32_t number)
{
	unsigned n = 0;

	while (scene->ledger->mail[n].number != number)
		ck_assert_uint_lt(++n, scene->ledger->mail_count);
	return n;
}

static struct slice
mail_of(const struct scene *scene, unsigned n)
{
	return text_slice(&scene->ledger->mail[n].bytes);
}

/* RFC 1939 5, 7 */
START_TEST(what_is_there_is_taken_as_it_is)
{
	struct scene *scene = scene_new();
	const struct ledger_mail *mail = scene->ledger->mail;

	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str("Subject: \xc3\xa9\r\n\r\nx\r\n"));
	remote_add(scene->remote, slice_str(""));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.listed, 3);
	ck_assert_uint_eq(scene->outcome.waiting, 3);
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->outcome.taken_bytes, sizeof(LETTER) - 1 + 18);
	ck_assert_uint_eq(scene->outcome.deleted, 0);
	ck_assert_uint_eq(scene->outcome.left, 0);
	ck_assert_uint_eq(scene->ledger->mail_count, 3);
	ck_assert(slice_is_str(mail_of(scene, 0), LETTER));
	ck_assert_str_eq(mail[0].sender, "bob@example.com");
	ck_assert(!mail[0].utf8);
	ck_assert_uint_eq(mail[0].mended, 0);
	ck_assert_str_eq(mail[1].sender, "");
	ck_assert(mail[1].utf8);
	ck_assert(slice_is_str(mail_of(scene, 2), ""));
	ck_assert(scene->ledger->has_uidl && scene->ledger->ended);
	ck_assert_str_eq(scene->ledger->rows[1].uidl, "u2");
	ck_assert(scene->remote->has_quit && scene->remote->deleted == 0);
	ck_assert_uint_eq(scene->remote->conversations, 1);
	ck_assert_uint_gt(scene->told, 2);
	scene_free(scene);
}
END_TEST

/* RFC 2449 6.6 */
START_TEST(commands_are_pipelined_only_where_that_is_offered)
{
	struct scene *scene = scene_new();

	if (_i == 0)
		scene->remote->capa = "USER\r\nUIDL\r\n";
	else if (_i == 1)
		scene->remote->capa = NULL;
	for (unsigned i = 0; i < 100; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene->ledger->may_delete = true;
	scene->account.delete_after_days = 0;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 100);
	ck_assert_uint_eq(scene->outcome.deleted, 100);
	ck_assert_uint_eq(scene->remote->deleted, 100);
	if (_i < 2)
		ck_assert_uint_eq(scene->remote->most_at_once, 1);
	else
		ck_assert_uint_ge(scene->remote->most_at_once, 90);
	ck_assert_uint_le(scene->remote->most_at_once, 256);
	for (unsigned i = 0; i < 100; i++)
		ck_assert(scene->ledger->rows[i].deleting);
	scene_free(scene);
}
END_TEST

static const struct {
	const char	*greeting, *capa, *user, *pass;
	enum fetch_end	 end;
	const char	*words, *heard;
	unsigned	 conversations;
} logins[] = {
	{ NULL, "USER\r\nPIPELINING\r\n", NULL, "-ERR [AUTH] wrong",
	    FETCH_END_REFUSED, "[AUTH] wrong", "PASS secret words\n", 1 },
	{ NULL, NULL, NULL, "-ERR no", FETCH_END_REFUSED, "no", "PASS", 1 },
	{ NULL, NULL, "-ERR who", NULL, FETCH_END_REFUSED, "who", "USER", 1 },
	{ NULL, NULL, NULL, "-ERR [IN-USE] wait", FETCH_END_BUSY, "", "", 1 },
	{ NULL, NULL, NULL, "-ERR [SYS/TEMP] ill", FETCH_END_BUSY, "", "", 1 },
	{ NULL, NULL, NULL, "-ERR [LOGIN-DELAY] x", FETCH_END_BUSY, "", "",
	    1 },
	{ NULL, NULL, NULL, "-ERR [SYS/PERM] x", FETCH_END_REFUSED, "", "",
	    1 },
	{ NULL, NULL, NULL, "-ERR maildrop already locked", FETCH_END_BUSY,
	    "locked", "", 1 },
	{ NULL, "UIDL\r\n", NULL, NULL, FETCH_END_MECHANISM, "", "", 1 },
	{ "+OK <1.2@host>", NULL, NULL, NULL, FETCH_END_DONE, "",
	    "APOP someone ", 2 },
	{ "hello", NULL, NULL, NULL, FETCH_END_NONSENSE, "", "", 1 },
	{ NULL, NULL, "what?", NULL, FETCH_END_NONSENSE, "what?", "", 1 },
	{ NULL, NULL, NULL, "what?", FETCH_END_INCONSISTENT, "what?", "", 1 },
	{ NULL, NULL, NULL, "-ERR Authentication failed. Please check your "
	    "password and try again.", FETCH_END_REFUSED, "", "", 1 },
	{ NULL, NULL, NULL, "-ERR [AUTH] a\xc2\x9b" "b\xe2\x80\xae"
	    "c\xe2\x81\xa6" "d", FETCH_END_REFUSED, "abcd", "", 1 },
	{ NULL, NULL, NULL, "-ERR no: PASS Secret Words", FETCH_END_REFUSED,
	    "held the password", "", 1 },
	{ NULL, NULL, NULL, "-ERR AHNvbWVvbmUAc2VjcmV0IHdvcmRz",
	    FETCH_END_REFUSED, "held the password", "", 1 },
	{ NULL, NULL, "-ERR who is someone?", NULL, FETCH_END_REFUSED,
	    "held the user name", "", 1 },
	{ "-ERR [IN-USE] come later", NULL, NULL, NULL, FETCH_END_BUSY, "",
	    "", 1 },
};

/* HARDENING F05, F42; RFC 3206, RFC 2449 8 */
START_TEST(a_login_ends_as_the_server_says)
{
	struct scene *scene = scene_new();

	if (logins[_i].greeting != NULL)
		scene->remote->greeting = logins[_i].greeting;
	scene->remote->capa = logins[_i].capa;
	scene->remote->user = logins[_i].user;
	scene->remote->pass = logins[_i].pass;
	scene_run(scene);
	ended(scene, logins[_i].end, logins[_i].words);
	/* what is ours is never told as the server's */
	ck_assert(scene->outcome.server_said ==
	    (logins[_i].end != FETCH_END_DONE &&
	    strstr(scene->words, "known here") == NULL));
	ck_assert(heard(scene, logins[_i].heard));
	ck_assert_uint_eq(scene->remote->conversations,
	    logins[_i].conversations);
	scene_free(scene);
}
END_TEST

/* HARDENING F15, F28, F29 */
START_TEST(a_listing_without_sense_does_no_harm)
{
	struct scene *scene = scene_new();
	const struct row *rows = scene->ledger->rows;
	TEXT_AUTO uidl = TEXT_INIT(8192);

	for (unsigned i = 0; i < 8; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene->remote->list = "+OK\r\n1 -5\r\n2 9223372036854775808\r\n"
	    "2 77\r\nx 1\r\n4 99999999999999999999999\r\n3 12\r\n"
	    "5 \r\n6 7 and more\r\n0 4\r\n-1 4\r\n99999999999 1\r\n.\r\n";
	text_add_str(&uidl, "+OK\r\n1 ../a b\r\n4\r\n");
	text_add_str(&uidl, "5 ");
	for (unsigned i = 0; i < 513; i++)
		text_add_byte(&uidl, 'q');
	text_add_str(&uidl, "\r\n5 again\r\n7 \xff\r\n8 ");
	for (unsigned i = 0; i < 3000; i++)
		text_add_byte(&uidl, 'q');
	text_add_str(&uidl, "\r\n.\r\n");
	text_add_byte(&uidl, '\0');
	scene->remote->uidl = uidl.at;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->count, 6);
	ck_assert_uint_eq(rows[0].number, 1);
	ck_assert_uint_eq(rows[0].bytes, 0);
	ck_assert_str_eq(rows[0].uidl, "../a b");
	ck_assert_uint_eq(rows[1].number, 2);
	ck_assert_uint_eq(rows[1].bytes, 0);
	ck_assert_str_eq(rows[2].uidl, "");
	ck_assert_uint_eq(rows[2].number, 4);
	ck_assert(strncmp(rows[3].uidl, "sha256:", 7) == 0);
	ck_assert_uint_eq(strlen(rows[3].uidl), 7 + 64);
	ck_assert_uint_eq(rows[4].number, 6);
	ck_assert_uint_eq(rows[4].bytes, 7);
	ck_assert_uint_eq(rows[5].number, 7);
	ck_assert_str_eq(rows[5].uidl, "\xff");
	ck_assert_uint_eq(scene->outcome.taken, 6);
	scene_free(scene);
}
END_TEST

/* RFC 1939 7: UIDL is optional (HARDENING F24) */
START_TEST(without_uidl_the_header_is_who_it_is)
{
	static const char *const letters[] = {
		LETTER,
		"Subject: only a header\r\n",		/* F22 */
		"Subject: bare\n\n.x\r\n",		/* F19 */
		"\r\nno header\r\n",
	};
	struct scene *scene = scene_new();
	const struct row *rows = scene->ledger->rows;

	scene->remote->uidl = "-ERR what\r\n";
	scene->ledger->wants_look = true;
	for (unsigned i = 0; i < 4; i++)
		remote_add(scene->remote, slice_str(letters[i]));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(!scene->ledger->has_uidl);
	ck_assert_uint_eq(scene->ledger->decides, 2);
	ck_assert_uint_eq(scene->ledger->mail_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(rows[i].known, 1);
		ck_assert_mem_eq(rows[i].digest,
		    scene->ledger->mail[i].header_digest,
		    FETCHED_DIGEST_BYTES);
	}
	ck_assert_uint_eq(scene->ledger->mail[2].mended, DOT_BARE_LF);
	ck_assert(slice_is_str(mail_of(scene, 2),
	    "Subject: bare\r\n\r\n.x\r\n"));
	scene_free(scene);
}
END_TEST

START_TEST(a_header_that_cannot_be_had_is_told_as_such)
{
	struct scene *scene = scene_new();

	scene->remote->top = "-ERR no TOP";
	scene->ledger->wants_look = true;
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->rows[0].known, 2);
	ck_assert_uint_eq(scene->outcome.taken, 1);
	scene_free(scene);
}
END_TEST

static const struct {
	enum fetch_from	from;
	unsigned	taken;
	enum fetch_end	end;
	const char	*list;
} beginnings[] = {
	{ FETCH_FROM_ALL, 3, FETCH_END_DONE, NULL },
	{ FETCH_FROM_NEW, 0, FETCH_END_DONE, NULL },
	{ FETCH_FROM_DAYS, 2, FETCH_END_DONE, NULL },
	{ FETCH_FROM_DAYS, 2, FETCH_END_DONE, "-ERR no\r\n" },
	{ FETCH_FROM_UNSAID, 0, FETCH_END_UNSAID, NULL },
};

START_TEST(the_first_collection_takes_of_the_old_what_was_said)
{
	struct scene *scene = scene_new();
	TEXT_AUTO letter = TEXT_INIT(1000);

	scene->account.from = beginnings[_i].from;
	scene->remote->list = beginnings[_i].list;
	scene->account.from_days = 5;
	scene->ledger->is_first = true;
	/* the newest Received counts, not what its sender says */
	text_add_str(&letter, "Received: by x; ");
	(void)date_write(&letter, clock_utc_ms() - 86400000, 0);
	text_add_str(&letter, "\r\nReceived: by x;\r\n\tMon, 1 Jan 2001 "
	    "00:00:00 +0000\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\n");
	remote_add(scene->remote, slice_str(
	    "Date: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nold\r\n"));
	remote_add(scene->remote, slice_str("Subject: no date\r\n\r\n"));
	remote_add(scene->remote, text_slice(&letter));
	scene_run(scene);
	ended(scene, beginnings[_i].end, "");
	ck_assert_uint_eq(scene->outcome.taken, beginnings[_i].taken);
	ck_assert(scene->ledger->settled ==
	    (beginnings[_i].end == FETCH_END_DONE));
	ck_assert(scene->remote->has_quit);
	scene_free(scene);
}
END_TEST

START_TEST(after_fifty_old_ones_nothing_older_is_looked_at)
{
	struct scene *scene = scene_new();

	scene->account.from = FETCH_FROM_DAYS;
	scene->account.from_days = 5;
	scene->ledger->is_first = true;
	for (unsigned i = 0; i < 2000; i++)
		remote_add(scene->remote, slice_str(
		    "Date: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nold\r\n"));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert(scene->ledger->rows[0].left);
	ck_assert(heard(scene, "TOP 2000 0\n"));
	ck_assert(!heard(scene, "TOP 1000 0\n"));
	scene_free(scene);
}
END_TEST

/* HARDENING F10, F12 */
START_TEST(what_breaks_off_is_not_stored)
{
	static const size_t before_end[] = { 0, 1, 2, 3, 4, 5, 10, 40, 70 };
	const size_t n = sizeof(before_end) / sizeof(*before_end);
	struct scene *scene = scene_new();
	/* two of them, each as RETR says it: one dot doubled */
	size_t one = strlen("+OK here it is\r\n") + sizeof(LETTER) + 3;
	size_t at = 2 * one - before_end[(size_t)_i % n];
	bool whole = before_end[(size_t)_i % n] == 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	if ((size_t)_i < n)
		scene->remote->cut_after = at;
	else
		scene->remote->mute_after = at;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, (size_t)_i < n ? FETCH_END_CLOSED : FETCH_END_TIMED_OUT,
	    "");
	ck_assert_uint_eq(scene->outcome.taken, whole ? 2 : 1);
	ck_assert_uint_eq(scene->ledger->mail_count, whole ? 2 : 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F13, F14 */
START_TEST(what_a_bare_dot_cut_is_kept_on_both_sides)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->is_slow = true;
	mail = remote_add(scene->remote,
	    slice_str("Subject: x\r\n\r\na\r\n.\r\nthe rest\r\n.\r\n"));
	mail->is_raw = true;
	mail->listed = "50000";
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "the rest");
	ck_assert(scene->outcome.server_said);
	ck_assert_uint_eq(scene->ledger->mail_count, 1);
	ck_assert(slice_is_str(mail_of(scene, 0), "Subject: x\r\n\r\na\r\n"));
	ck_assert_uint_eq(scene->ledger->mail[0].mended, FETCHED_SHORT);
	ck_assert_uint_eq(scene->outcome.taken, 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F13: a whole answer too many, and each stands for another */
START_TEST(answers_out_of_step_are_not_stored)
{
	static const char forged[] = LETTER ".\r\n+OK\r\nA: b\r\n\r\n.\r\n";
	struct scene *scene = scene_new();
	char *bytes = malloc(8000);

	memset(bytes, 'x', 8000);
	memcpy(bytes, "\r\n", 2);
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(forged))->is_raw = true;
	scene->remote->mail[2].listed = "72";
	for (unsigned i = 0; i < 5; i++) {
		remote_add(scene->remote, slice_of(bytes, 1000 + 700 * i));
		memcpy(bytes + 998 + 700 * i, "\r\n", 2);
	}
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "");
	for (unsigned i = 0; i < scene->ledger->mail_count; i++)
		ck_assert_uint_le(scene->ledger->mail[i].number, 2);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
	free(bytes);
}
END_TEST

/* HARDENING F14 */
START_TEST(what_is_shorter_than_listed_is_fetched_twice)
{
	struct scene *scene = scene_new();
	unsigned flagged = 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < 6; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed =
		    i < 5 ? "5000" : NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	/* one is tried again; then it is the listing that is wrong */
	ck_assert_uint_eq(scene->remote->retrs, 6 + 1);
	ck_assert_uint_eq(scene->outcome.taken, 6);
	ck_assert_uint_eq(scene->ledger->mail_count, 6);
	for (unsigned i = 0; i < 6; i++)
		flagged += scene->ledger->mail[i].mended == FETCHED_SHORT;
	ck_assert_uint_eq(flagged, 5);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
	ck_assert_uint_eq(scene->remote->deleted, 1);
	ck_assert(heard(scene, "DELE 6\n"));
	scene_free(scene);
}
END_TEST

#define REAL	"Subject: real\r\n\r\nprecious\r\n"

/* What a server sends that does not double dots, its own end behind. */
static const struct { const char *wire, *listed; } cuts[] = {
	{ "Subject: x\r\n\r\nhe\nllo\r\n.\r\nthe rest\r\n.\r\n", "39" },
	{ "Subject: x\r\n\r\nhe\nllo\r\n.\r\nthe rest\r\n.\r\n", "0" },
	{ "Subject: evil\r\n\r\nbare\nLF\r\n.\r\n+OK\r\nFrom: boss\r\n"
	    "\r\npay\nnow\r\n.\r\n", "64" },
	{ "Subject: evil\r\n\r\na\r\n.\r\n-ERR go away\r\n.\r\n", "41" },
	/* cut where it is as long as its size with one byte a line end */
	{ "Subject: x\r\n\r\na\r\nb\r\n.\r\n\r\n.\r\n", "16" },
};

/* HARDENING F13, F14: it is never deleted, and the next stays what it is. */
START_TEST(a_lone_dot_neither_cuts_nor_forges_without_a_trace)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	mail = remote_add(scene->remote, slice_str(cuts[_i].wire));
	mail->is_raw = true;
	mail->listed = cuts[_i].listed;
	remote_add(scene->remote, slice_str(REAL));
	remote_add(scene->remote, slice_str(REAL));
	scene_run(scene);
	ck_assert_int_ne(scene->outcome.end, FETCH_END_DONE);
	ck_assert_uint_eq(scene->ledger->mail_count, 1);
	ck_assert_uint_eq(scene->ledger->mail[0].number, 1);
	ck_assert((scene->ledger->mail[0].mended & FETCHED_SHORT) != 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* What is wrong with a server that estimates does not hide a cut. */
START_TEST(where_sizes_are_estimated_each_answer_waits_for_the_next)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;
	unsigned n = _i == 0 ? 100 : 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < n; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed = "100";
	mail = remote_add(scene->remote, slice_str(cuts[2].wire));
	mail->is_raw = true;
	mail->listed = "104";
	if (_i == 1)
		remote_add(scene->remote, slice_str(REAL));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "");
	ck_assert_uint_eq(scene->ledger->mail_count, n + 1);
	for (unsigned i = 0; i <= n; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert(((scene->ledger->mail[i].mended & FETCHED_SHORT) !=
		    0) == (i == n));
	}
	ck_assert_uint_eq(scene->remote->most_retrs, 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* None is blocked, nor takes a conversation for each 64 of them. */
START_TEST(what_cannot_be_had_twice_is_taken_once)
{
	struct scene *scene = scene_new();
	bool first_is_exact = _i > 1;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < 200; i++) {
		struct remote_mail *mail = remote_add(scene->remote,
		    slice_str(LETTER));

		if (first_is_exact && i == 0)
			continue;
		mail->listed = "5000";
		mail->is_once = _i % 2 == 0;
		mail->varies = _i % 2 == 1;
	}
	scene->options.silence_ms = 3000;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	/* a window of them was under way: what came behind it is left */
	if (_i == 2)
		ck_assert_uint_ge(scene->outcome.taken, 2);
	else
		ck_assert_uint_eq(scene->outcome.taken, 200);
	ck_assert_uint_eq(scene->remote->deleted, first_is_exact);
	scene_free(scene);
}
END_TEST

/* A page of what is to be taken, while it deletes. */
START_TEST(what_is_to_be_taken_is_not_deleted_for_coming_late)
{
	struct scene *scene = scene_new();
	unsigned stored = 0;
	char first_late[32];

	(void)snprintf(first_late, sizeof(first_late), "DELE %u\n",
	    LISTING_PAGE + 1);
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->late_page = 2;
	for (unsigned i = 0; i < LISTING_PAGE + 5; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene->options.silence_ms = 3000;
	scene_run(scene);
	ended(scene, FETCH_END_PAUSED, "disk is full");
	for (unsigned i = 0; i < LISTING_PAGE + 5; i++)
		stored += scene->ledger->rows[i].taken;
	ck_assert_uint_gt(stored, 0);
	ck_assert_uint_eq(scene->remote->deleted, stored);
	ck_assert(!heard(scene, first_late));
	scene_free(scene);
}
END_TEST

/* HARDENING F15, F21: it is not carried twice for that. */
START_TEST(what_has_no_listed_size_is_fetched_once)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 60; i++)
		remote_add(scene->remote, i == 2 ? slice_of(NULL, 0) :
		    slice_str(LETTER))->listed = _i == 0 || i == 30 ? "0" :
		    NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->remote->retrs, 60);
	ck_assert_uint_eq(scene->ledger->mail_count, 60);
	for (unsigned i = 0; i < 60; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert_uint_eq(scene->ledger->mail[i].mended, 0);
	}
	scene_free(scene);
}
END_TEST

/* HARDENING F13: one size was right, and then one is not. */
START_TEST(while_there_is_a_doubt_nothing_is_submitted)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 40; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed =
		    i == 5 ? "60" : NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->mail_count, 40);
	for (unsigned i = 0; i < 40; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
	ck_assert_uint_eq(scene->remote->retrs, 41);
	ck_assert_uint_gt(scene->remote->most_retrs, 10);
	scene_free(scene);
}
END_TEST

/* HARDENING F16, F41 */
START_TEST(a_list_without_end_is_not_read_without_end)
{
	struct scene *scene = scene_new();
	TEXT_AUTO list = TEXT_INIT(64 << 20);

	text_add_str(&list, _i == 2 ? "-ERR no\r\n" : "+OK\r\n");
	scene->remote->list = scene->remote->uidl = "+OK\r\n.\r\n";
	scene->ledger->only_counts = true;
	scene->options.silence_ms = 5000;
	if (_i < 2) {
		for (unsigned i = 0; i < 30u << 20; i += 64)
			text_add_str(&list, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		text_add_byte(&list, '\0');
		*(_i == 0 ? &scene->remote->list : &scene->remote->uidl) =
		    list.at;
	} else {
		text_clear(&list);
		text_add_str(&list, "+OK\r\n");
		for (unsigned i = 1; i <= LISTING_MOST + 5000; i++)
			text_addf(&list, "%u u%u\r\n", i, i);
		text_add_str(&list, ".\r\n");
		text_add_byte(&list, '\0');
		scene->remote->list = "-ERR no\r\n";
		scene->remote->uidl = list.at;
	}
	ck_assert(!text_failed(&list));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, _i == 2 ? "more messages" :
	    "without end");
	ck_assert_uint_le(scene->ledger->rows_told, LISTING_MOST);
	scene_free(scene);
}
END_TEST

/* The server has not noticed that the last one is over. */
START_TEST(what_is_in_use_by_the_last_one_is_waited_for)
{
	struct scene *scene = scene_new();
	char *bytes = malloc(1 << 20);

	memset(bytes, 'x', 1 << 20);
	memcpy(bytes + (1 << 20) - 2, "\r\n", 2);
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_of(bytes, 1 << 20))->listed = "10";
	remote_add(scene->remote, slice_str(LETTER));
	scene->account.largest_bytes = 300000;
	scene->remote->in_use = 1 + (unsigned)_i;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->remote->conversations, 3);
	ck_assert_uint_eq(scene->outcome.taken, _i == 0 ? 2 : 1);
	scene_free(scene);
	free(bytes);
}
END_TEST

static const char *const sizes[] = { "0", "10", NULL, "400000" };

/* HARDENING F15, F16, F17: sizes that lie, a line of a megabyte */
START_TEST(big_messages_come_whole_whatever_their_size_was_said_to_be)
{
	struct scene *scene = scene_new();
	const struct ledger_mail *mail = scene->ledger->mail;
	unsigned n;
	char *bytes = malloc(1 << 20);

	memset(bytes, 'x', 1 << 20);
	memcpy(bytes, "Return-Path: <bob@example.com>\r\n\r\n", 34);
	memcpy(bytes + (1 << 20) - 2, "\r\n", 2);
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_of(bytes, 1 << 20))->listed =
	    sizes[_i];
	remote_add(scene->remote, slice_of(bytes, 200000));
	remote_add(scene->remote, slice_str(LETTER));
	scene->options.silence_ms = 2000;
	scene->ledger->wants_look = true;
	scene->remote->mail[3].bytes = slice_of(bytes + (1 << 20) - 200000,
	    200000);
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->mail_count, 4);
	n = place_of(scene, 2);
	ck_assert(slice_is(mail_of(scene, n), slice_of(bytes, 1 << 20)));
	ck_assert(mail[n].is_big);
	ck_assert_str_eq(mail[n].sender, "bob@example.com");
	ck_assert_mem_eq(scene->ledger->rows[1].digest,
	    mail[n].header_digest, FETCHED_DIGEST_BYTES);
	ck_assert(mail[place_of(scene, 3)].is_big);
	ck_assert(!mail[place_of(scene, 4)].is_big);
	scene_free(scene);
	free(bytes);
}
END_TEST

/* HARDENING F16 */
START_TEST(what_is_too_large_after_all_is_cut_and_passed_by)
{
	struct scene *scene = scene_new();
	char *bytes = malloc(1 << 20);

	memset(bytes, 'x', 1 << 20);
	memcpy(bytes + (1 << 20) - 2, "\r\n", 2);
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_of(bytes, 1 << 20))->listed = "10";
	remote_add(scene->remote, slice_str(LETTER));
	scene->account.largest_bytes = 300000;
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->remote->conversations, 2);
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->outcome.too_large, 1);
	ck_assert_uint_eq(scene->ledger->mail_count, 2);
	ck_assert(heard(scene, "DELE 1\nDELE 3\n"));
	ck_assert_uint_eq(scene->remote->deleted, 2);
	/* the ledger knows it: no other listing asks for it */
	ck_assert(scene->ledger->rows[1].left);
	ck_assert(!scene->ledger->rows[0].left && !scene->ledger->rows[2].left);
	scene_free(scene);
	free(bytes);
}
END_TEST

/* The ledger gives up while a window of RETRs is under way. */
START_TEST(what_comes_on_the_way_out_goes_nowhere)
{
	struct scene *scene = scene_new();
	char *bytes = malloc(1 << 20);

	memset(bytes, 'x', 1 << 20);
	memcpy(bytes + (1 << 20) - 2, "\r\n", 2);
	for (unsigned i = 1; i < LISTING_PAGE; i++)
		remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_of(bytes, 1 << 20));
	scene->ledger->fails_page = 2;
	scene->options.silence_ms = 5000;
	scene_run(scene);
	ended(scene, FETCH_END_PAUSED, "ledger cannot be written");
	ck_assert(!scene->outcome.server_said);
	ck_assert(scene->remote->has_quit);
	ck_assert_uint_eq(scene->outcome.taken, scene->ledger->mail_count);
	ck_assert_uint_eq(scene->outcome.taken + scene->outcome.left,
	    LISTING_PAGE);
	ck_assert_uint_gt(scene->outcome.left, 0);
	ck_assert_uint_le(scene->ledger->big_count, 1);
	scene_free(scene);
	free(bytes);
}
END_TEST

/* Whatever words come with it. */
START_TEST(what_is_held_is_counted)
{
	struct scene *scene = scene_new();

	scene->ledger->holds = _i == 1;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->outcome.held, _i == 1 ? 2 : 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F38, F54 */
START_TEST(a_full_disk_pauses_and_deletes_nothing_that_is_not_stored)
{
	struct scene *scene = scene_new();

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < 20; i++)
		remote_add(scene->remote, slice_str(LETTER));
	if (_i == 0)
		scene->ledger->space = 100;	/* not for one */
	else if (_i == 1)
		scene->ledger->space = 5000;	/* for a few at once */
	else
		scene->ledger->code = 452;
	scene_run(scene);
	ended(scene, _i == 1 ? FETCH_END_DONE : FETCH_END_PAUSED,
	    _i == 1 ? "" : "disk is full");
	ck_assert_uint_eq(scene->outcome.taken, _i == 1 ? 20 : 0);
	ck_assert_uint_eq(scene->remote->deleted, _i == 1 ? 20 : 0);
	ck_assert(scene->remote->has_quit);
	scene_free(scene);
}
END_TEST

START_TEST(what_the_queue_refuses_stays_there)
{
	struct scene *scene = scene_new();

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->code = 550;
	for (unsigned i = 0; i < 20; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.left, 20);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F29, F30 */
START_TEST(what_the_server_refuses_does_not_stop_the_rest)
{
	struct scene *scene = scene_new();

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->remote->dele = "-ERR no";
	for (unsigned i = 0; i < 5; i++)
		remote_add(scene->remote, slice_str(LETTER))->is_gone =
		    i == 2;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 4);
	ck_assert_uint_eq(scene->outcome.left, 1);
	ck_assert_uint_eq(scene->outcome.deleted, 0);
	ck_assert_uint_eq(scene->remote->deleted, 4);
	ck_assert(!heard(scene, "DELE 3\n"));
	scene_free(scene);
}
END_TEST

START_TEST(what_is_due_is_deleted_and_only_if_that_may_be)
{
	struct scene *scene = scene_new();

	scene->account.delete_after_days = 30;
	scene->ledger->may_delete = _i == 0;
	scene->ledger->has_due = true;
	for (unsigned i = 0; i < 3000; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_int_eq(scene->ledger->days, 30);
	ck_assert_uint_eq(scene->outcome.deleted, _i == 0 ? 3000 : 0);
	ck_assert_uint_eq(scene->remote->deleted, _i == 0 ? 3000 : 0);
	ck_assert(scene->outcome.deletions_stopped == (_i != 0));
	scene_free(scene);
}
END_TEST

static const struct { const char *quit, *words; } quits[] = {
	{ "", "did not answer" },
	{ "-ERR some not removed", "some not removed" },
	{ "-ERR secret words are known", "held the password" },
};

/* HARDENING F32, F33 */
START_TEST(quit_without_an_answer_is_an_end_all_the_same)
{
	struct scene *scene = scene_new();

	scene->remote->quit = quits[_i].quit;
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, quits[_i].words);
	ck_assert_uint_eq(scene->outcome.taken, 1);
	scene_free(scene);
}
END_TEST

START_TEST(a_try_counts_and_touches_nothing)
{
	struct scene *scene = scene_new();

	scene->options.task = FETCH_TRY;
	scene->account.from = FETCH_FROM_UNSAID;
	scene->account.delete_after_days = 0;
	scene->ledger->is_first = scene->ledger->may_delete = true;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.waiting, 2);
	ck_assert_uint_eq(scene->outcome.waiting_bytes,
	    2 * (sizeof(LETTER) - 1));
	ck_assert_uint_eq(scene->remote->retrs, 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	ck_assert_int_eq(scene->ledger->days, FETCH_KEEP);
	ck_assert(!scene->ledger->settled && scene->remote->has_quit);
	scene_free(scene);
}
END_TEST

static const struct { enum listing_status begins; enum fetch_end end; }
statuses[] = {
	{ LISTING_BUSY, FETCH_END_BUSY },
	{ LISTING_LATER, FETCH_END_PAUSED },
	{ LISTING_NONE, FETCH_END_LOCAL },
};

/* HARDENING F42 */
START_TEST(a_listing_that_is_not_taken_ends_it)
{
	struct scene *scene = scene_new();

	scene->ledger->begins = statuses[_i].begins;
	for (unsigned i = 0; i < 3000; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, statuses[_i].end, "");
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert(scene->remote->has_quit);
	scene_free(scene);
}
END_TEST

/* HARDENING F37 */
START_TEST(a_queue_that_dies_ends_it)
{
	struct scene *scene = scene_new();

	scene->ledger->is_slow = true;
	for (unsigned i = 0; i < 4000; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_start(scene);
	while (scene->ledger->mail_count < 100) {
		timer_set(scene->guard, 1);
		ck_assert_int_eq(loop_run(scene->loop), 0);
	}
	if (_i == 0)
		collect_queue_lost(scene->collect);
	ipc_free(scene->ledger->near);
	scene->ledger->near = NULL;
	if (_i == 1 && scene->collect != NULL)
		collect_queue_lost(scene->collect);
	timer_set(scene->guard, 2000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert(scene->over);
	ended(scene, FETCH_END_PAUSED, "queue");
	remote_stop(scene->remote);
	scene_free(scene);
}
END_TEST

/* At any moment; nothing is called afterwards. */
START_TEST(it_may_be_freed_while_it_is_under_way)
{
	struct scene *scene = scene_new();

	scene->ledger->is_slow = true;
	for (unsigned i = 0; i < 1000; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_start(scene);
	timer_set(scene->guard, (uint64_t)_i);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	if (!scene->over) {
		collect_free(scene->collect);
		scene->collect = NULL;
	}
	timer_set(scene->guard, 30);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	remote_stop(scene->remote);
	ck_assert_uint_eq(scene->ledger->granted, 0);
	scene_free(scene);
}
END_TEST

START_TEST(many_messages_are_taken_in_their_order)
{
	struct scene *scene = scene_new();
	char *bytes = malloc(6144);

	memset(bytes, 'x', 6144);
	for (unsigned i = 0; i < 6144; i += 64)
		memcpy(bytes + i, "\r\n.", 3);
	memcpy(bytes + 6142, "\r\n", 2);
	memcpy(bytes, "a: b\r\n", 6);
	for (unsigned i = 0; i < 3000; i++)
		remote_add(scene->remote, slice_of(bytes, 6144));
	scene->ledger->is_slow = true;
	scene->options.silence_ms = 5000;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3000);
	ck_assert_uint_eq(scene->ledger->pages, 2);
	for (unsigned i = 0; i < 3000; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert(slice_is(mail_of(scene, i), slice_of(bytes, 6144)));
	}
	scene_free(scene);
	free(bytes);
}
END_TEST

/* Rows of a table as runs of a loop test. */
#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

START_TEST(the_smallest_are_asked_for_first)
{
	static const size_t large[] = { 60000, 20000, 300, 200, 40000 };
	static const uint32_t order[] = { 3, 4, 2, 5, 1 };
	struct scene *scene = scene_new();
	char *bytes = malloc(60000);

	/* wherever it ends, it is with a line */
	for (unsigned i = 0; i < 60000; i += 2)
		memcpy(bytes + i, "\r\n", 2);
	memcpy(bytes, "a: b", 4);
	for (unsigned i = 0; i < ROWS(large); i++)
		remote_add(scene->remote, slice_of(bytes, large[i]));
	scene->ledger->by_size = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, ROWS(large));
	for (unsigned i = 0; i < ROWS(order); i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, order[i]);
	scene_free(scene);
	free(bytes);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/collect");
	TCase *tests = tcase_create("collect");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_is_there_is_taken_as_it_is);
	tcase_add_loop_test(tests,
	    commands_are_pipelined_only_where_that_is_offered, 0, 3);
	tcase_add_loop_test(tests, a_login_ends_as_the_server_says, 0,
	    ROWS(logins));
	tcase_add_test(tests, a_listing_without_sense_does_no_harm);
	tcase_add_test(tests, without_uidl_the_header_is_who_it_is);
	tcase_add_test(tests, a_header_that_cannot_be_had_is_told_as_such);
	tcase_add_loop_test(tests,
	    the_first_collection_takes_of_the_old_what_was_said, 0,
	    ROWS(beginnings));
	tcase_add_test(tests, after_fifty_old_ones_nothing_older_is_looked_at);
	tcase_add_loop_test(tests, what_breaks_off_is_not_stored, 0, 18);
	tcase_add_test(tests, what_a_bare_dot_cut_is_kept_on_both_sides);
	tcase_add_test(tests, answers_out_of_step_are_not_stored);
	tcase_add_test(tests, what_is_shorter_than_listed_is_fetched_twice);
	tcase_add_loop_test(tests,
	    a_lone_dot_neither_cuts_nor_forges_without_a_trace, 0, ROWS(cuts));
	tcase_add_loop_test(tests,
	    where_sizes_are_estimated_each_answer_waits_for_the_next, 0, 2);
	tcase_add_loop_test(tests, what_cannot_be_had_twice_is_taken_once, 0,
	    4);
	tcase_add_test(tests,
	    what_is_to_be_taken_is_not_deleted_for_coming_late);
	tcase_add_loop_test(tests, what_has_no_listed_size_is_fetched_once, 0,
	    2);
	tcase_add_test(tests, while_there_is_a_doubt_nothing_is_submitted);
	tcase_add_loop_test(tests, a_list_without_end_is_not_read_without_end,
	    0, 3);
	tcase_add_loop_test(tests,
	    what_is_in_use_by_the_last_one_is_waited_for, 0, 2);
	tcase_add_loop_test(tests,
	    big_messages_come_whole_whatever_their_size_was_said_to_be, 0,
	    ROWS(sizes));
	tcase_add_test(tests, what_is_too_large_after_all_is_cut_and_passed_by);
	tcase_add_test(tests, what_comes_on_the_way_out_goes_nowhere);
	tcase_add_loop_test(tests, what_is_held_is_counted, 0, 2);
	tcase_add_loop_test(tests,
	    a_full_disk_pauses_and_deletes_nothing_that_is_not_stored, 0, 3);
	tcase_add_test(tests, what_the_queue_refuses_stays_there);
	tcase_add_test(tests, what_the_server_refuses_does_not_stop_the_rest);
	tcase_add_loop_test(tests,
	    what_is_due_is_deleted_and_only_if_that_may_be, 0, 2);
	tcase_add_loop_test(tests,
	    quit_without_an_answer_is_an_end_all_the_same, 0, ROWS(quits));
	tcase_add_test(tests, a_try_counts_and_touches_nothing);
	tcase_add_loop_test(tests, a_listing_that_is_not_taken_ends_it, 0,
	    ROWS(statuses));
	tcase_add_loop_test(tests, a_queue_that_dies_ends_it, 0, 2);
	tcase_add_loop_test(tests, it_may_be_freed_while_it_is_under_way, 0,
	    40);
	tcase_add_test(tests, many_messages_are_taken_in_their_order);
	tcase_add_test(tests, the_smallest_are_asked_for_first);
	suite_add_tcase(suite, tests);
	return suite;
}
