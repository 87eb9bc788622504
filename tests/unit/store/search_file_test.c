/*
 * search_file_test.c - the life of search.db: made, gone on with, damaged, swept
 */
#include "store/search.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "tests/unit/store/search_scene.h"

START_TEST(few_letters_are_not_worth_a_file)
{
	deliver_plain(SEARCH_TAIL_LETTERS - 1);
	ck_assert_uint_eq(index_all(), 0);
	ck_assert_ptr_null(search_query_new(box.account));
	deliver_plain(SEARCH_TAIL_LETTERS);
	ck_assert_uint_gt(index_all(), 0);
	ck_assert_uint_eq(excluded("w7w"), count - 1);
}
END_TEST

/* Nor is what came since. */
START_TEST(what_came_since_is_to_be_read)
{
	deliver_plain(70);
	(void)index_all();
	deliver_plain(100);
	ck_assert_uint_eq(index_all(), 0);
	ck_assert_uint_eq(excluded("w7w"), 69);
	ck_assert_uint_eq(excluded("w99w"), 70);
	deliver_plain(140);
	(void)index_all();
	ck_assert_uint_eq(excluded("w99w"), 139);
}
END_TEST

START_TEST(another_life_goes_on_where_this_one_stopped)
{
	struct search_figures figures;

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(excluded("w7w"), 69);
	ck_assert_uint_eq(index_all(), 0);
	deliver_plain(150);
	ck_assert_int_eq(search_step(box.account), SEARCH_MORE);
	account_rest(box.account);
	ck_assert_uint_ge(excluded("w7w"), 69);
	box_close(&box);	/* in the middle */
	box_open(&box);
	(void)index_all();
	ck_assert_uint_eq(excluded("w149w"), 149);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 150);
}
END_TEST

START_TEST(rows_stay_few)
{
	struct search_figures figures;

	for (uint32_t n = 64; n < LETTERS_MOST - 64; n += 64) {
		deliver_plain(n);
		(void)index_all();
	}
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, count);
	ck_assert_uint_le(figures.blocks, 3);
	ck_assert_uint_eq(excluded("w7w"), count - 1);
}
END_TEST

static void
overwrite(const char *name, off_t at, const void *bytes, size_t len)
{
	int fd = openat(box.scratch.fd, name, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

/* Whatever is done to it, what is excluded stays right, and it comes back. */
START_TEST(a_damaged_file_is_made_anew)
{
	char junk[4096 * 3];
	uint64_t *letters;

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	memset(junk, 'w', sizeof(junk));
	overwrite(SEARCH_FILE, _i * 1024, junk, sizeof(junk));
	box_open(&box);
	letters = numbers();
	for (uint32_t i = 0; i < count; i++) {
		struct search_query *query = search_query_new(box.account);
		char word[16];
		int n;

		if (query == NULL)
			break;
		(void)snprintf(word, sizeof(word), "w%uw", i);
		search_query_free(query);
		query = ask(word, &n);
		ck_assert(!search_query_excludes(query, n, letters[i]));
		search_query_free(query);
	}
	free(letters);
	clock_set(clock_ms(), 1);
	while (search_step(box.account) != SEARCH_DONE)
		;
	clock_set(clock_ms() + SEARCH_AGAIN_MS, 1);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
}
END_TEST

/* Somebody has it locked, or no file can be opened: that passes. */
START_TEST(what_passes_costs_no_index)
{
	struct search_figures figures;
	char path[PATH_MAX];
	sqlite3 *other;
	int r;

	deliver_plain(70);
	(void)index_all();
	(void)snprintf(path, sizeof(path), "%s/" SEARCH_FILE,
	    box.scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	deliver_plain(150);
	clock_set(clock_ms(), 1);
	while ((r = search_step(box.account)) == SEARCH_MORE)
		;
	ck_assert_int_eq(r, -EBUSY);
	ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	/* what it knew it knows, and the next try is in a while */
	ck_assert_int_eq(search_step(box.account), SEARCH_DONE);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 70);
	clock_set(clock_ms() + SEARCH_AGAIN_MS, 1);
	(void)index_all();
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 150);
	ck_assert_uint_eq(excluded("w149w"), 149);
	ck_assert(search_fault_passes(-ENOMEM));
	ck_assert(!search_fault_passes(-EUCLEAN));
	ck_assert(!search_fault_passes(-EIO));
}
END_TEST

START_TEST(check_tells_of_a_damaged_file)
{
	char junk[4096];

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	ck_assert_int_eq(box_faults(&box), 0);
	memset(junk, 'w', sizeof(junk));
	overwrite(SEARCH_FILE, 4096 * 2 + 2048, junk, 1024);
	ck_assert_int_eq(box_faults(&box), 1);
	ck_assert_int_eq(unlinkat(box.scratch.fd, SEARCH_FILE, 0), 0);
	ck_assert_int_eq(box_faults(&box), 0);
	box_open(&box);
}
END_TEST

/* A copy of index.db was put back: its numbers are given again. */
START_TEST(an_index_of_another_time_is_another)
{
	char copy[200], command[500];

	deliver_plain(70);
	box_close(&box);
	(void)snprintf(copy, sizeof(copy), "%s/copy", box.scratch.path);
	(void)snprintf(command, sizeof(command), "%s/index.db",
	    box.scratch.path);
	ck_assert_int_eq(link(command, copy), 0);
	box_open(&box);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
	box_close(&box);
	/* the same bytes, in another file */
	{
		char bytes[4096];
		int from = open(copy, O_RDONLY), to;
		ssize_t n;

		ck_assert_int_eq(unlink(command), 0);
		to = open(command, O_WRONLY | O_CREAT, 0600);
		ck_assert(from >= 0 && to >= 0);
		while ((n = read(from, bytes, sizeof(bytes))) > 0)
			ck_assert_int_eq(write(to, bytes, (size_t)n), n);
		ck_assert_int_eq(close(from) + close(to), 0);
	}
	box_open(&box);
	ck_assert_uint_eq(excluded("w7w"), 0);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
}
END_TEST

START_TEST(letters_that_went_are_forgotten)
{
	struct search_figures figures;
	size_t doomed[150];
	struct view *view;

	deliver_plain(200);
	(void)index_all();
	for (size_t i = 0; i < 150; i++)
		doomed[i] = i;
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, doomed, 150), 0);
	account_view_close(box.account, view);
	for (int i = 0; i < 4; i++)
		(void)index_all();
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 50);
	ck_assert_uint_eq(figures.blocks, 1);
}
END_TEST

/* Letters that fill rows, and are gone when the next ones come. */
START_TEST(what_comes_and_goes_does_not_pile_up)
{
	struct search_figures figures;
	size_t doomed[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct view *view;

	deliver_plain(60);
	(void)index_all();
	while (count < 300) {
		for (int i = 0; i < 8; i++) {
			struct text *body = new_body();

			text_add_str(body, "Subject: words\r\n\r\n");
			while (body->len < LETTER_BYTES / 2)
				text_addf(body, "w%xw%x\r\n", number(1u << 31),
				    number(1u << 31));
			deliver(count - 1);
		}
		ck_assert_int_eq(account_commit(box.account), 0);
		(void)index_all();
		view = box_view(&box);
		ck_assert_int_eq(account_expunge(box.account, view, doomed, 8),
		    0);
		account_view_close(box.account, view);
	}
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_lt(figures.letters, 140);
	ck_assert_uint_lt(figures.bytes, 4u << 20);
}
END_TEST

/* Nor while it is never at rest: what waits is read, and has gone by then. */
START_TEST(what_never_stops_does_not_pile_up)
{
	const struct search *search = box.account->search;
	size_t doomed[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct search_figures figures;
	uint64_t gone = 0;

	while (count < 390) {
		struct text *body = new_body();

		text_add_str(body, "Subject: words\r\n\r\n");
		while (body->len < LETTER_BYTES / 2)
			text_addf(body, "w%xw%x\r\n", number(1u << 31),
			    number(1u << 31));
		deliver(count - 1);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
	do {
		struct view *view;

		ck_assert_int_eq(search_step(box.account), SEARCH_MORE);
		for (; gone + 8 <= search->reached; gone += 8) {
			view = box_view(&box);
			ck_assert_int_eq(account_expunge(box.account, view,
			    doomed, 8), 0);
			account_view_close(box.account, view);
		}
	} while (search->is_building);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_lt(figures.letters, 140);
	ck_assert_uint_lt(figures.bytes, 6u << 20);
}
END_TEST

/* Its file is asked for, and read in steps. */
START_TEST(a_big_letter_is_known_by_its_words)
{
	struct message_id id = box_id(1000), wanted;
	TEXT_AUTO big = TEXT_INIT(BIG_BYTES * 4);
	struct search_figures figures;
	int n, fd = memfd_create("big", MFD_CLOEXEC);
	struct search_query *query;
	unsigned asked = 0;
	bool was_there;

	deliver_plain(63);
	text_add_str(&big, "Subject: big\r\n\r\n");
	while (big.len < BIG_BYTES * 2)
		text_add_str(&big, "elephants are big\r\n");
	ck_assert_int_eq(write(fd, big.at, big.len), (ssize_t)big.len);
	for (uint32_t i = 0; i < 2; i++) {
		struct delivery delivery = {
			.id = id, .action = i, .position = 70 + i,
			.mailbox = MAILBOX_INBOX, .received_at_utc_ms = 1,
			.trace = slice_str(trace), .is_big = true,
			.body_bytes = big.len
		};

		ck_assert_int_eq(account_deliver(box.account, &delivery,
		    &was_there), 0);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
	while ((n = search_step(box.account)) != SEARCH_DONE) {
		ck_assert(n == SEARCH_MORE || n == SEARCH_WANTS_BIG);
		if (n == SEARCH_MORE)
			continue;
		wanted = search_big(box.account);
		ck_assert_int_eq(message_id_order(&wanted, &id), 0);
		/* the second cannot be had */
		search_take_big(box.account, asked++ == 0 ? dup(fd) : -1);
	}
	ck_assert_uint_eq(asked, 2);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 65);
	query = ask("elephants", &n);
	ck_assert(!search_query_excludes(query, n, figures.upto - 1));
	ck_assert(!search_query_excludes(query, n, figures.upto));
	search_query_free(query);
	query = ask("giraffes", &n);
	ck_assert(search_query_excludes(query, n, figures.upto - 1));
	ck_assert(!search_query_excludes(query, n, figures.upto));
	search_query_free(query);
}
END_TEST

/* A text that has nothing a word could have. */
START_TEST(signs_alone_are_not_looked_up)
{
	struct search_query *query;

	deliver_plain(70);
	(void)index_all();
	query = search_query_new(box.account);
	ck_assert_int_eq(search_query_add(query, slice_str("")), -1);
	ck_assert_int_eq(search_query_add(query, slice_str(" --- ")), -1);
	for (int i = 0; i < SEARCH_QUERY_MOST; i++)
		ck_assert_int_eq(search_query_add(query, slice_str("x")), i);
	ck_assert_int_eq(search_query_add(query, slice_str("x")), -1);
	search_query_free(query);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/search_file");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	/* first: its steps need a clock that goes on, and others stop it */
	tcase_add_test(tcase, what_never_stops_does_not_pile_up);
	tcase_add_test(tcase, few_letters_are_not_worth_a_file);
	tcase_add_test(tcase, what_came_since_is_to_be_read);
	tcase_add_test(tcase, another_life_goes_on_where_this_one_stopped);
	tcase_add_test(tcase, rows_stay_few);
	tcase_add_loop_test(tcase, a_damaged_file_is_made_anew, 0, 16);
	tcase_add_test(tcase, what_passes_costs_no_index);
	tcase_add_test(tcase, check_tells_of_a_damaged_file);
	tcase_add_test(tcase, an_index_of_another_time_is_another);
	tcase_add_test(tcase, letters_that_went_are_forgotten);
	tcase_add_test(tcase, what_comes_and_goes_does_not_pile_up);
	tcase_add_test(tcase, a_big_letter_is_known_by_its_words);
	tcase_add_test(tcase, signs_alone_are_not_looked_up);
	suite_add_tcase(suite, tcase);
	return suite;
}
