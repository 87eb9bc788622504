/*
 * collect_test.c - a collection takes what is there, deletes what is due
 *
 * What may have been cut on its way is collect_doubt_test.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/dot.h"
#include "lib/message/date.h"
#include "tests/unit/fetch/collect_scene.h"

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
	ck_assert_uint_le(scene->remote->most_at_once,
	    PROTOCOL_WINDOW);
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

/* HARDENING F16, F41 */
START_TEST(a_list_without_end_is_not_read_without_end)
{
	struct scene *scene = scene_new();
	TEXT_AUTO list = TEXT_INIT(64 << 20);

	text_add_str(&list, _i == 2 ? "-ERR no\r\n" : "+OK\r\n");
	scene->remote->list = scene->remote->uidl = "+OK\r\n.\r\n";
	scene->ledger->only_counts = true;
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
	scene->account.mirror = true;
	scene->ledger->may_delete = _i == 0;
	scene->ledger->has_due = true;
	for (unsigned i = 0; i < 3000; i++)
		remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_int_eq(scene->ledger->days, 30);
	ck_assert(scene->ledger->is_mirror);
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
	scene->account.mirror = true;
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
	ck_assert(!scene->ledger->is_mirror);
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
	timer_set(scene->guard, 120000);
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
	scene_rest(scene);
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
	tcase_add_test(tests,
	    what_is_to_be_taken_is_not_deleted_for_coming_late);
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
