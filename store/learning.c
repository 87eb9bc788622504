/*
 * learning.c - the lessons of an account, one by one, for a model that learns
 */
#include "store/learning.h"

#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"

bool
learning_is_due(const struct account *account)
{
	return account->index->has_lessons;
}

static int
read_due(struct index *index, struct lesson_due *due_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_LESSON_DUE);
	struct lesson_due due;
	int		r = db_next(&q);

	if (r <= 0)
		return r;
	due.letter = db_u64(&q, 1, INT64_MAX);
	due.is_spam = db_u64(&q, 0, 1) != 0;
	due.is_opposite = db_u64(&q, 0, 2) != 0;
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*due_out = due;
	return 1;
}

int
learning_next(struct account *account, struct lesson_due *due_out)
{
	/* nothing is learnt that could still be undone */
	int r = account_commit_open(account);

	if (r == 0)
		r = read_due(account->index, due_out);
	if (r == 0)
		account->index->has_lessons = false;
	return r;
}

int
learning_kept(struct account *account, uint64_t *letter_out)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_LESSON_KEPT);
	uint64_t	letter;
	int		r;

	db_put_u64(&q, ENTRY_FIRST(MAILBOX_INBOX));
	db_put_u64(&q, ENTRY_LAST(MAILBOX_INBOX));
	r = db_next(&q);
	if (r <= 0)
		return r;
	letter = db_u64(&q, 1, INT64_MAX);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*letter_out = letter;
	return 1;
}

int
learning_read(struct account *account, uint64_t letter,
    struct letter_bytes *bytes_out)
{
	struct letter_row row;
	int r = index_letter(account->index, letter, &row);

	return r < 0 ? r : account_read_bytes(account, &row, bytes_out);
}

int
learning_done(struct account *account, const struct lesson_due *due,
    uint64_t kept)
{
	int r = account_commit_open(account);

	if (r == 0)
		r = db_begin(account->index->db);
	if (r < 0)
		return r;
	r = index_run_2(account->index, SQL_LESSON_TAUGHT,
	    due->is_spam ? 2 : 1, due->letter);
	if (r == 0 && kept != 0)
		r = index_run_1(account->index, SQL_LESSON_KEPT_NEW, kept);
	return r < 0 ? account_undo(account, r) :
	    account_commit_open(account);
}

int
learning_anew(struct account *account)
{
	struct db_query q;
	int r = account_commit_open(account);

	if (r == 0)
		r = db_begin(account->index->db);
	if (r < 0)
		return r;
	q = db_ask(account->index->db, SQL_LESSONS_ANEW);
	r = db_run(&q);
	if (r < 0)
		return account_undo(account, r);
	account->index->has_lessons = true;
	return account_commit_open(account);
}
