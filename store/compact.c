/*
 * compact.c - getting the room of deleted letters back, a step at a time
 *
 * A step copies some living letters of one sealed segment behind the newest
 * one, syncs them and moves their rows, all in one FULL commit; so it may stop,
 * or the machine may, behind any step.  When no row is left in the segment it
 * is marked emptied, FULL; only a later step unlinks the file.  Views go on
 * reading: they look up a letter's place each time.
 *
 * A segment with a letter that cannot be read, or passed while some row made no
 * sense, is kept for repair and never unlinked.
 */
#include <errno.h>
#include <stdlib.h>

#include "store/account_inside.h"

/* What a step may do in some 10 ms, its sync apart. */
#define STEP_ROWS	1024
#define STEP_BYTES	(256 * 1024)

/* Unlink the file of a segment that has no letters any more. */
static int
finish(struct account *account, uint32_t number)
{
	int r;

	r = letters_drop(account->letters, number);
	if (r == 0)
		r = segments_forget(account->index, number);
	if (r < 0)
		return account_undo(account, r);
	/* if this is lost, the file is found gone the next time */
	r = account_commit_open(account);
	return r < 0 ? r : 1;
}

static int
move(struct account *account, const struct letter_row *row)
{
	struct record record;
	struct place place;
	int r;

	r = account_read_row(account, row, &record);
	if (r == -EBADMSG || r == -EIO) {
		account->is_kept = true;
		return 0;
	}
	if (r == 0)
		r = account_append(account, &record, &place);
	if (r == 0)
		r = index_move(account->index, row, &record, &place);
	return r;
}

/* Move letters of `rows` until the step is full.  1: some were, 0: none. */
static int
move_some(struct account *account, const struct letter_row *rows, int count)
{
	size_t bytes = 0;
	int r = 0;

	/* as far as it comes; the rest is for the next step */
	for (int i = 0; r == 0 && i < count && bytes < STEP_BYTES; i++) {
		if (rows[i].place.segment == 0)
			account->is_kept = true;
		if (rows[i].place.segment == account->compacting) {
			r = move(account, &rows[i]);
			bytes += rows[i].place.bytes;
		}
		if (r == 0)
			account->compacted = rows[i].letter;
	}
	return r < 0 ? r : bytes > 0;
}

/* 1: what was done is to be committed FULL, 0: nothing was, or -errno. */
static int
step(struct account *account, struct letter_row *rows)
{
	uint64_t after = account->compacted;
	int count, r;

	count = segments_letters(account->index, &after, STEP_ROWS, rows);
	if (count < 0)
		return count;
	if (count > 0)
		return move_some(account, rows, count);
	r = segments_set(account->index, account->compacting,
	    account->is_kept ? SEGMENT_KEPT : SEGMENT_EMPTIED);
	if (r == 0)
		account->compacting = 0;
	return r < 0 ? r : 1;
}

static int
compact(struct account *account)
{
	struct letter_row *rows = calloc(STEP_ROWS, sizeof(*rows));
	int r;

	if (rows == NULL)
		return -ENOMEM;
	r = step(account, rows);
	free(rows);
	if (r < 0)
		(void)account_undo(account, r);
	else if (r > 0)
		r = account_commit_full(account);
	if (r == 0)
		return 1;
	account->compacting = 0;	/* begin again, another time */
	return r;
}

int
account_compact(struct account *account)
{
	enum segment_state state;
	uint32_t number;
	int r;

	r = account_commit_open(account);
	if (r < 0)
		return r;
	if (account->compacting != 0)
		return compact(account);
	r = segments_worst(account->index, &number, &state);
	if (r <= 0)
		return r;
	if (state == SEGMENT_EMPTIED)
		return finish(account, number);
	account->compacting = number;
	account->compacted = 0;
	account->is_kept = false;
	return compact(account);
}
