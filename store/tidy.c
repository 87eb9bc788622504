/*
 * tidy.c - what an account does beside what is asked of it
 *
 * Others are told what a commit has changed; flags are synced a second later.
 * What a person has deleted goes, a step at a time, and so does what came for a
 * command that was broken off.
 *
 * A deleted mailbox is a row that says so (folders_change.c), and a letter
 * without entries is one as well.  Both are durable before anybody was told that
 * it is done, so what is left to do survives any crash, and each step here may
 * be a NORMAL commit.
 */
#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"
#include "store/search_inside.h"
#include "store/selected_inside.h"
#include "store/unfinished.h"

#define STEP_ROWS	500	/* entries or letters: some 5 ms */

/* A mailbox that is doomed: 1, or 0 when there is none. */
static int
doomed(struct index *index, uint32_t *mailbox_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_DOOMED);
	int		r = db_next(&q);

	if (r <= 0)
		return r;
	*mailbox_out = (uint32_t)db_u64(&q, 1, MAILBOX_MOST);
	return db_row(&q) < 0 ? -EUCLEAN : 1;
}

static int
first_entries(struct index *index, uint32_t mailbox,
    uint64_t entries[STEP_ROWS], size_t *count_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_DOOMED_ENTRIES);
	size_t		count = 0;
	int		r;

	db_put_u64(&q, ENTRY_FIRST(mailbox));
	db_put_u64(&q, ENTRY_LAST(mailbox));
	db_put_u64(&q, STEP_ROWS);
	while (count < STEP_ROWS && (r = db_next(&q)) > 0)
		entries[count++] = db_u64(&q, ENTRY_FIRST(mailbox),
		    ENTRY_LAST(mailbox));
	*count_out = count;
	return count < STEP_ROWS && r < 0 ? r : 0;
}

/* All that is left of it are tombstones, which nobody can ask for. */
static int
forget(struct index *index, uint32_t mailbox)
{
	int r = index_run_2(index, SQL_DOOMED_TOMBSTONES,
	    ENTRY_FIRST(mailbox), ENTRY_LAST(mailbox));

	return r < 0 ? r : index_run_1(index, SQL_DOOMED_GONE, mailbox);
}

/* 1: something was done, 0: no mailbox is doomed. */
static int
empty_doomed(struct index *index)
{
	uint64_t entries[STEP_ROWS];
	uint32_t mailbox = 0;
	size_t count;
	int r;

	if (!index->has_doomed)
		return 0;
	r = doomed(index, &mailbox);
	if (r <= 0) {
		index->has_doomed = r < 0;
		return r;
	}
	r = first_entries(index, mailbox, entries, &count);
	if (r == 0)
		r = db_begin(index->db);
	if (r == 0 && count == 0)
		r = forget(index, mailbox);
	else if (r == 0)
		r = index_remove(index, entries, count);
	return r < 0 ? r : 1;
}

int
account_tidy(struct account *account)
{
	int r, has_more;

	r = account_commit_open(account);
	if (r == 0)
		r = unfinished_tidy(account);
	if (r != 0)
		return r;
	has_more = empty_doomed(account->index);
	if (has_more < 0)
		return account_undo(account, has_more);
	r = account_drop_orphans(account, STEP_ROWS, INDEX_NORMAL);
	return r < 0 ? r : r > 0 || has_more > 0;
}

void
account_rest(struct account *account)
{
	db_rest(account->index->db);
	search_rest(account->search);
	selected_rest(account);
}

void
account_on_change(struct account *account, account_change_fn *fn, void *arg)
{
	account->change = fn;
	account->change_arg = arg;
}

void
account_tell_changes(struct account *account)
{
	struct index *index = account->index;

	if (!index->has_news)
		return;
	index->has_news = false;
	for (size_t i = 0; i < index->mailbox_count; i++) {
		struct mailbox *mailbox = &index->mailboxes[i];

		if (mailbox->has_news && account->change != NULL)
			account->change(account->change_arg, mailbox->id,
			    mailbox->tally_kept.modseq);
		mailbox->has_news = false;
	}
}

void
account_on_untidy(struct account *account, account_untidy_fn *fn, void *arg)
{
	account->untidy = fn;
	account->untidy_arg = arg;
}

bool
account_wants_sync(const struct account *account)
{
	return account->wants_sync || index_is_low(account->index);
}

int
account_sync(struct account *account)
{
	return account_wants_sync(account) ? account_commit_full(account) : 0;
}
