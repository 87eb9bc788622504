/*
 * index_delete.c - a letter goes that no mailbox shows, then its big file
 *
 * What became an orphan (index_expunge.c) goes once no view holds it.  A big
 * file without letters is noted until the queue was told.  Each stage is a row,
 * so that a crash between two of them forgets nothing.
 */
#include <errno.h>

#include "store/index_inside.h"

/* 1: a letter refers to the big file, 0: none does. */
static int
big_is_used(struct index *index, const struct message_id *big)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_BIG_USED);

	db_put_blob(&q, slice_of(big->bytes, MESSAGE_ID_BYTES));
	return db_next(&q);
}

int
index_unref_note(struct index *index, const struct message_id *big)
{
	struct db_query q = db_ask(index->db, SQL_UNREF_NEW);

	index->has_unrefs = true;
	db_put_blob(&q, slice_of(big->bytes, MESSAGE_ID_BYTES));
	return db_run(&q);
}

static int
drop_one(struct index *index, uint64_t letter)
{
	struct letter_row row = { 0 };
	int r;

	r = index_letter(index, letter, &row);
	if (r == 0)
		r = index_dead(index, row.place.segment, row.place.bytes);
	if (r < 0 && r != -ENOENT && r != -EUCLEAN)
		return r;
	r = index_run_1(index, SQL_LETTER_DELETE, letter);
	if (r == 0)
		r = index_run_1(index, SQL_STRUCTURE_DELETE, letter);
	if (r == 0)
		r = index_run_1(index, SQL_LESSON_DELETE, letter);
	if (r == 0 && row.is_big)
		r = index_run_1(index, SQL_MOVED_DELETE, letter);
	if (r == 0)
		r = index_run_1(index, SQL_ORPHAN_DELETE, letter);
	if (r < 0 || !row.is_big)
		return r;
	r = big_is_used(index, &row.big);
	if (r != 0)
		return r < 0 ? r : 0;
	return index_unref_note(index, &row.big);
}

/* The orphan after `*letter`: 1, or 0 when there is none. */
static int
orphan_next(struct index *index, uint64_t *letter)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_ORPHAN_NEXT);
	int		r;

	db_put_u64(&q, *letter);
	r = db_next(&q);
	if (r <= 0)
		return r;
	*letter = db_u64(&q, 1, INT64_MAX);
	return db_row(&q) < 0 ? -EUCLEAN : 1;
}

int
index_drop(struct index *index, size_t most, index_held_fn *is_held, void *arg)
{
	uint64_t letter = 0;
	bool some_held = false;
	int r;

	if (!index->has_orphans)
		return 0;
	r = db_begin(index->db);
	while (r == 0 && (r = orphan_next(index, &letter)) > 0) {
		r = 0;
		if (is_held != NULL && is_held(arg, letter))
			some_held = true;
		else if (most-- == 0)
			return 1;
		else
			r = drop_one(index, letter);
	}
	if (r == 0)
		index->has_orphans = some_held;
	return r;
}

int
index_unref_forget(struct index *index, const struct message_id *big)
{
	struct db_query q = db_ask(index->db, SQL_UNREF_DELETE);

	db_put_blob(&q, slice_of(big->bytes, MESSAGE_ID_BYTES));
	return db_run(&q);
}

/* One big file that is noted: 1, or 0 when there is none. */
static int
unref_next(struct index *index, struct message_id *big_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_UNREF_NEXT);
	int		r = db_next(&q);

	if (r <= 0)
		return r;
	*big_out = index_message_id(db_blob(&q, MESSAGE_ID_BYTES,
	    MESSAGE_ID_BYTES));
	return db_row(&q) < 0 ? -EUCLEAN : 1;
}

int
index_unref(struct index *index, account_unref_fn *fn, void *arg)
{
	struct message_id big;
	int r;

	if (!index->has_unrefs)
		return 0;
	r = db_begin(index->db);
	while (r == 0 && (r = unref_next(index, &big)) > 0) {
		if (fn(arg, &big) < 0)
			return 0;	/* nor can it be told of the others */
		r = index_unref_forget(index, &big);
	}
	if (r == 0)
		index->has_unrefs = false;
	return r;
}

