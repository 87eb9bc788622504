/*
 * selected_rows.c - what the rows say of the letters in a view
 *
 * Letters that came one after the other have numbers that do, too: their rows
 * are one walk.  A statement never stays open over a turn of the loop.
 */
#include <errno.h>

#include "lib/message/structure.h"
#include "store/selected_inside.h"

#define GAP_MOST	8	/* rows walked over rather than asked anew */
#define LATELY_MOST	2000	/* rows that are asked for by their number */
#define VANISHED_STEP	5000	/* rows of what has gone: some 5 ms */

struct walk {
	struct selected	*selected;
	unsigned	 wanted;
	selected_facts_fn *fn;
	void		*arg;
	struct db_query	 q;
	uint64_t	 letter;	/* of the row at hand; 0: none is */
};

/* The end of the run of letters from `n` that one walk can read. */
static size_t
run_end(const struct selected *selected, size_t n, size_t end)
{
	const struct selected_letter *letters = selected->letters;

	for (n++; n < end; n++)
		if (letters[n].letter <= letters[n - 1].letter ||
		    letters[n].letter - letters[n - 1].letter > GAP_MOST)
			break;
	return n;
}

/* When the entry was put there; 0 when it is gone, or of long ago. */
static int64_t
saved_at(const struct selected *selected, size_t n)
{
	DB_QUERY_AUTO	q = db_ask(selected->account->index->db, SQL_SAVED);

	db_put_u64(&q, ENTRY_FIRST(selected->mailbox) |
	    selected->letters[n].uid);
	return db_next(&q) > 0 ? db_i64(&q, 0, INT64_MAX) : 0;
}

/* The next row, if it is not at hand: walk->letter. */
static int
next_row(struct walk *walk)
{
	int r = db_next(&walk->q);

	walk->letter = r > 0 ? db_u64(&walk->q, 1, INT64_MAX) : UINT64_MAX;
	return r < 0 ? r : 0;
}

/* The same, when it is that of its structure alone. */
static int
tell_structure(struct walk *walk, size_t n)
{
	struct letter_facts facts = {
		.structure = db_blob(&walk->q, 1, STRUCTURE_MOST),
	};

	return walk->fn(walk->arg, n, db_row(&walk->q) < 0 ? NULL : &facts);
}

/* The row at hand is that of letter `n`. */
static int
tell_row(struct walk *walk, size_t n)
{
	struct letter_facts facts = { 0 };
	struct letter_row row;

	if ((walk->wanted & FACTS_NO_ROW) != 0)
		return tell_structure(walk, n);
	if (index_row(&walk->q, &row) < 0)
		return walk->fn(walk->arg, n, NULL);
	facts.bytes = row.trace_bytes + row.body_bytes +
	    (row.lacks_crlf ? 2 : 0);
	facts.trace_bytes = row.trace_bytes;
	facts.body_bytes = row.body_bytes;
	facts.lacks_crlf = row.lacks_crlf;
	facts.is_big = row.is_big;
	facts.id = row.id;
	facts.action = row.action;
	facts.received_at_utc_ms = row.received_at_utc_ms;
	if ((walk->wanted & FACTS_SAVED) != 0)
		facts.saved_at_utc_ms = saved_at(walk->selected, n);
	if ((walk->wanted & FACTS_STRUCTURE) != 0 && !db_is_null(&walk->q))
		facts.structure = db_blob(&walk->q, 1, STRUCTURE_MOST);
	if ((walk->wanted & FACTS_TEXT) != 0)
		facts.unreadable = account_read_bytes(walk->selected->account,
		    &row, &facts.text);
	return walk->fn(walk->arg, n, &facts);
}

static enum index_sql
statement_of(unsigned wanted)
{
	if ((wanted & FACTS_NO_ROW) != 0)
		return SQL_STRUCTURES;
	return (wanted & FACTS_STRUCTURE) != 0 ? SQL_FACTS_STRUCTURE :
	    SQL_FACTS;
}

static int
walk_run(struct walk *walk, size_t from, size_t end)
{
	const struct selected_letter *letters = walk->selected->letters;
	int r = 0;

	walk->q = db_ask(walk->selected->account->index->db,
	    statement_of(walk->wanted));
	walk->letter = 0;
	db_put_u64(&walk->q, letters[from].letter);
	db_put_u64(&walk->q, letters[end - 1].letter);
	for (size_t n = from; r == 0 && n < end; n++) {
		while (r == 0 && walk->letter < letters[n].letter)
			r = next_row(walk);
		if (r == 0)
			r = walk->letter == letters[n].letter ?
			    tell_row(walk, n) : walk->fn(walk->arg, n, NULL);
	}
	db_end(&walk->q);
	return r;
}

int
selected_facts(struct selected *selected, size_t from, size_t count,
    unsigned wanted, selected_facts_fn *fn, void *arg)
{
	struct walk walk = { selected, wanted, fn, arg, { 0 }, 0 };
	size_t end;
	int r = 0;

	if (count > SELECTED_STEP)
		return -E2BIG;
	if (from > selected->count || count > selected->count - from)
		return -EINVAL;
	if (selected->account->failed)
		return -EIO;
	for (size_t n = from; r == 0 && n < from + count; n = end) {
		end = run_end(selected, n, from + count);
		r = walk_run(&walk, n, end);
	}
	return r;
}

int
selected_read(struct selected *selected, size_t n,
    struct letter_bytes *bytes_out)
{
	return n >= selected->count ? -EINVAL :
	    account_read_held(selected->account, selected->letters[n].letter,
	    bytes_out);
}

int
selected_put_structure(struct selected *selected, size_t n,
    struct slice packed)
{
	struct account *account = selected->account;
	struct db_query q;
	int r;

	if (n >= selected->count || packed.len == 0 ||
	    packed.len > STRUCTURE_MOST)
		return -EINVAL;
	r = db_begin(account->index->db);
	if (r < 0)
		return r;
	q = db_ask(account->index->db, SQL_STRUCTURE_NEW);
	db_put_u64(&q, selected->letters[n].letter);
	db_put_blob(&q, packed);
	r = db_run(&q);
	if (r == 0)
		account->wants_sync = true;	/* and with it a commit */
	return r;
}

/* How many entries there are, `first` to `last`; none when that is before. */
static int
count_entries(struct index *index, uint64_t first, uint64_t last,
    size_t *count_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_RECENT);
	int		r;

	db_put_u64(&q, first);
	db_put_u64(&q, last);
	r = db_next(&q);
	if (r < 0)
		return r;
	*count_out = r > 0 ? (size_t)db_u64(&q, 0, UINT32_MAX) : 0;
	return db_row(&q);
}

int
selected_count_recent(struct account *account, uint32_t mailbox,
    const struct selected *selected, size_t *count_out)
{
	const struct mailbox *found = index_mailbox(account->index, mailbox);
	size_t told = 0;
	uint64_t first;
	int r;

	if (found == NULL)
		return -ENOENT;
	first = found->recent;
	if (selected != NULL && selected->mailbox == mailbox) {
		told = selected->recent;
		if (first < selected->uidnext)
			first = selected->uidnext;
	}
	r = count_entries(account->index, ENTRY_FIRST(mailbox) + first,
	    ENTRY_FIRST(mailbox) + found->uids_kept.next - 1, count_out);
	if (r == 0)
		*count_out += told;
	return r;
}

/*
 * Have few rows a number above `since`?  They are asked for by that; else all
 * rows are walked through.
 */
static int
are_few(struct index *index, uint64_t since)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_VANISHED_COUNT);
	int		r;

	db_put_u64(&q, since);
	db_put_u64(&q, LATELY_MOST);
	r = db_next(&q);
	return r < 0 ? r : r > 0 &&
	    db_u64(&q, 0, LATELY_MOST) < LATELY_MOST;
}

/* The row at hand: 1 unless `fn` ends it. */
static int
tell_vanished(struct db_query *q, uint64_t since, uint64_t *from,
    selected_vanished_fn *fn, void *arg)
{
	uint32_t first = INDEX_UID(db_u64(q, 0, INT64_MAX));
	uint32_t last = INDEX_UID(db_u64(q, 0, INT64_MAX));
	uint64_t modseq = db_u64(q, 0, INT64_MAX);
	int r;

	*from = (uint64_t)first + 1;
	if (db_row(q) < 0 || first == 0 || last < first || modseq <= since)
		return 1;
	r = fn(arg, first, last);
	return r < 0 ? r : 1;
}

int
selected_vanished(struct selected *selected, uint64_t since, uint64_t *from,
    selected_vanished_fn *fn, void *arg)
{
	struct index *index = selected->account->index;
	struct db_query q;
	size_t rows = 0;
	int r, few;

	if (since > INT64_MAX)
		since = INT64_MAX;
	if (*from > UINT32_MAX)
		return 0;
	few = are_few(index, since);
	if (few < 0)
		return few;
	q = db_ask(index->db, few ? SQL_VANISHED_LATELY : SQL_VANISHED);
	db_put_u64(&q, ENTRY_FIRST(selected->mailbox) | *from);
	db_put_u64(&q, ENTRY_LAST(selected->mailbox));
	if (few)
		db_put_u64(&q, since);
	for (r = 1; r > 0 && rows < VANISHED_STEP; rows++) {
		r = db_next(&q);
		if (r > 0)
			r = tell_vanished(&q, since, from, fn, arg);
	}
	db_end(&q);
	return r;
}
