/*
 * index_delete.c - how an entry goes, then its letter, then its big file
 *
 * An entry that is expunged leaves its number in a tombstone.  A letter without
 * entries is an orphan until no view holds it; with the last one of a message
 * that is noted, until the queue was told (expunged.c).  A big file without letters is
 * noted until the queue was told.  Each stage is a row, so that a crash between
 * two of them forgets nothing.
 */
#include <errno.h>

#include "store/index_inside.h"

int
index_bury(struct index *index, uint64_t first, uint64_t last, uint64_t modseq)
{
	struct db_query q = db_ask(index->db, SQL_TOMBSTONE_NEW);

	db_put_u64(&q, first);
	db_put_u64(&q, last);
	db_put_u64(&q, modseq);
	return db_run(&q);
}

/* Delete one entry; *letter_out is what it showed, 0 when that is not known. */
static int
entry_delete(struct index *index, uint64_t entry, uint64_t *letter_out,
    unsigned *flags_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_ENTRY_DELETE);
	int		r;

	db_put_u64(&q, entry);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*letter_out = db_u64(&q, 0, INT64_MAX);
	*flags_out = (unsigned)db_u64(&q, 0, UINT32_MAX);
	return 0;
}

/*
 * The letter has one entry less; without any it is an orphan.  *bytes_out is
 * its size, 0 when there is no such letter; *makes_sense_out: its row does.
 */
static int
letter_release(struct index *index, uint64_t letter, uint64_t *bytes_out,
    bool *makes_sense_out)
{
	DB_QUERY_AUTO		q = db_ask(index->db, SQL_LETTER_RELEASE);
	struct letter_row	row = { 0 };
	int64_t			left;
	int			r;

	db_put_u64(&q, letter);
	r = db_next(&q);
	if (r <= 0)
		return r;
	left = db_i64(&q, 0, INT64_MAX);
	*makes_sense_out = index_row(&q, &row) == 0;
	*bytes_out = row.trace_bytes + row.body_bytes +
	    (row.lacks_crlf ? 2 : 0);
	db_end(&q);
	if (left > 0)
		return 0;
	index->has_orphans = index->has_expunged = true;
	r = index_run_2(index, SQL_EXPUNGED_NEW, letter, MESSAGE_ID_BYTES);
	return r < 0 ? r : index_run_1(index, SQL_ORPHAN_NEW, letter);
}

int
index_remove(struct index *index, uint64_t entry, uint64_t modseq)
{
	struct mailbox *mailbox = index_mailbox(index, INDEX_MAILBOX(entry));
	uint64_t letter, bytes = 0;
	bool makes_sense = true;
	unsigned flags;
	int r;

	r = entry_delete(index, entry, &letter, &flags);
	if (r == 0 && letter != 0)
		r = letter_release(index, letter, &bytes, &makes_sense);
	if (r < 0 || mailbox == NULL)
		return r;
	tally_remove(mailbox, flags, bytes, modseq);
	mailbox->is_doubtful = mailbox->is_doubtful || !makes_sense;
	return 0;
}

int
index_expunge(struct index *index, const uint64_t *entries, size_t count)
{
	uint64_t modseq, first = 0, last = 0;
	int r;

	r = db_begin(index->db);
	if (r == 0)
		r = index_take_modseq(index, &modseq);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = index_remove(index, entries[i], modseq);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r == 0 && first != 0 && entries[i] != last + 1) {
			r = index_bury(index, first, last, modseq);
			first = 0;
		}
		if (first == 0)
			first = entries[i];
		last = entries[i];
	}
	if (r == 0 && first != 0)
		r = index_bury(index, first, last, modseq);
	return r;
}

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

