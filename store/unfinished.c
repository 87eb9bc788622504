/*
 * unfinished.c - entries that are there, and may be taken back
 *
 * The row that names a step is in one commit with its entries, and goes in the
 * commit that finishes all of them.
 */
#include "store/unfinished.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/selected_inside.h"

int
unfinished_note(struct index *index, struct unfinished *steps, uint64_t first,
    uint64_t last)
{
	uint64_t *grown = reallocarray(steps->firsts, steps->count + 1,
	    sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	steps->firsts = grown;
	grown[steps->count] = first;
	return index_run_2(index, SQL_UNFINISHED_NEW, first, last);
}

void
unfinished_keep(struct unfinished *steps)
{
	steps->count++;
}

int
unfinished_finish(struct index *index, const struct unfinished *steps)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < steps->count; i++)
		r = index_run_1(index, SQL_FINISHED, steps->firsts[i]);
	return r;
}

/* The row of an unfinished step that begins at `first` or above: 1, or 0. */
static int
next_unfinished(struct index *index, uint64_t *first, uint64_t *last_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_UNFINISHED);
	int		r;

	db_put_u64(&q, *first);
	r = db_next(&q);
	if (r <= 0)
		return r;
	*first = db_u64(&q, 1, INT64_MAX);
	*last_out = db_u64(&q, *first, INT64_MAX);
	return db_row(&q) < 0 ? -EUCLEAN : 1;
}

static int
entries_in(struct index *index, uint64_t first, uint64_t last,
    uint64_t *entries, size_t *count_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_DOOMED_ENTRIES);
	size_t		count = 0;
	int		r = 0;

	db_put_u64(&q, first);
	db_put_u64(&q, last);
	db_put_u64(&q, SELECTED_STEP);
	while (count < SELECTED_STEP && (r = db_next(&q)) > 0)
		entries[count++] = db_u64(&q, first, last);
	*count_out = count;
	return r < 0 ? r : 0;
}

/* The entries of one step, as far as they are still there. */
static int
take_back(struct account *account, uint64_t first, uint64_t last)
{
	struct index *index = account->index;
	uint64_t entries[SELECTED_STEP];
	size_t count;
	int r;

	r = entries_in(index, first, last, entries, &count);
	if (r == 0)
		r = index_expunge(index, entries, count, NULL, NULL);
	if (r == 0)
		r = index_run_1(index, SQL_FINISHED, first);
	if (r < 0)
		return account_undo(account, r);
	r = account_commit_full(account);
	if (r == 0)
		selected_mark_gone(account, entries, count, true);
	return r;
}

int
unfinished_in(struct index *index, uint32_t mailbox)
{
	uint64_t first = ENTRY_FIRST(mailbox), last;
	int r = next_unfinished(index, &first, &last);

	return r <= 0 ? r : first <= ENTRY_LAST(mailbox);
}

int
unfinished_recover(struct account *account)
{
	uint64_t first = 1, last;
	int r;

	while ((r = next_unfinished(account->index, &first, &last)) > 0) {
		r = take_back(account, first, last);
		if (r < 0)
			return r;
	}
	return r;
}

void
unfinished_take_back(struct account *account, const struct unfinished *steps)
{
	struct unfinished *given_up = &account->given_up;
	uint64_t *grown;

	if (steps->count == 0)
		return;
	grown = reallocarray(given_up->firsts, given_up->count + steps->count,
	    sizeof(*grown));
	if (grown == NULL)
		return;
	memcpy(grown + given_up->count, steps->firsts,
	    steps->count * sizeof(*grown));
	given_up->firsts = grown;
	given_up->count += steps->count;
	if (account->untidy != NULL)
		account->untidy(account->untidy_arg);
}

int
unfinished_tidy(struct account *account)
{
	struct unfinished *given_up = &account->given_up;
	uint64_t wanted, first, last;
	int r;

	if (given_up->count == 0)
		return 0;
	wanted = first = given_up->firsts[given_up->count - 1];
	r = next_unfinished(account->index, &first, &last);
	if (r > 0 && first == wanted)
		r = take_back(account, first, last);
	if (r < 0)
		return r;
	given_up->count--;
	return 1;
}

void
unfinished_free(struct unfinished *steps)
{
	free(steps->firsts);
}
