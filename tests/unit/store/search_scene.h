/*
 * search_scene.h - an account with letters that are indexed
 */
#ifndef POSTROOM_TESTS_STORE_SEARCH_SCENE_H
#define POSTROOM_TESTS_STORE_SEARCH_SCENE_H

#include <stdlib.h>

#include "lib/message/words.h"
#include "store/search_inside.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LETTER_BYTES	(100 * 1024)
#define LETTERS_MOST	400

static struct box box;
static struct text bodies[LETTERS_MOST];	/* of letter n, from 0 */
static uint32_t count;
static uint64_t state;				/* of the numbers */

/* A number below that; the same ones in each run. */
static inline uint32_t
number(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

/* An empty account. */
static inline void
set_up(void)
{
	ck_assert_int_eq(words_open(), 0);
	box = box_new();
	count = 0;
	state = 2027;
}

/* And the end of it. */
static inline void
tear_down(void)
{
	box_drop(&box);
	for (uint32_t i = 0; i < count; i++)
		text_free(&bodies[i]);
	words_close();
}

/* Of the next letter, to be filled. */
static inline struct text *
new_body(void)
{
	struct text *body = &bodies[count++];

	ck_assert_uint_lt(count, LETTERS_MOST);
	*body = (struct text)TEXT_INIT(2 * LETTER_BYTES);
	return body;
}

static const char trace[] = "Return-Path: <Jürgen@example.org>\r\n";

/* Letter n, into INBOX; account_commit() is the caller's. */
static inline void
deliver(uint32_t n)
{
	struct delivery delivery = {
		.id = box_id(n + 1), .position = n + 1,
		.mailbox = MAILBOX_INBOX, .received_at_utc_ms = 1,
		.trace = slice_str(trace), .body = text_slice(&bodies[n]),
		.body_bytes = bodies[n].len
	};
	bool was_there;

	ck_assert_int_eq(account_deliver(box.account, &delivery, &was_there),
	    0);
}

/* Steps until there is nothing to do; how many. */
static inline unsigned
index_all(void)
{
	unsigned steps = 0;
	int r;

	while ((r = search_step(box.account)) == SEARCH_MORE)
		steps++;
	ck_assert_int_eq(r, SEARCH_DONE);
	return steps;
}

/* The account's number of letter n. */
static inline uint64_t *
numbers(void)
{
	uint64_t *all = calloc(count, sizeof(*all));
	struct selected *selected;

	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	ck_assert_uint_eq(selected_count(selected), count);
	for (uint32_t i = 0; i < count; i++)
		all[i] = selected_at(selected, i)->letter;
	selected_close(selected);
	return all;
}

/* What the index says of a text; its number goes to *number_out. */
static inline struct search_query *
ask(const char *text, int *number_out)
{
	struct search_query *query = search_query_new(box.account);

	ck_assert_ptr_nonnull(query);
	*number_out = search_query_add(query, slice_str(text));
	while (search_query_step(query))
		;
	return query;
}

/* Letters with a word of their own, until there are so many. */
static inline void
deliver_plain(uint32_t upto)
{
	while (count < upto) {
		text_addf(new_body(), "Subject: letter%u of many\r\n\r\n"
		    "every letter has its word: w%uw\r\n", count, count);
		deliver(count - 1);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
}

/* How many letters the index excludes for `text`. */
static inline unsigned
excluded(const char *text)
{
	uint64_t *letters = numbers();
	unsigned out = 0;
	int n;
	struct search_query *query = ask(text, &n);

	for (uint32_t i = 0; i < count; i++)
		out += search_query_excludes(query, n, letters[i]);
	search_query_free(query);
	free(letters);
	return out;
}

#endif
