/*
 * index_expunge.c - entries go from mailboxes, many at once
 *
 * Letters that go together mostly came together: their rows stand side by side.
 * So rows are looked at in walks, and of those that go, what has nothing between
 * is one statement; first the entries, then the letters they showed.
 *
 * An entry that is expunged leaves its number in a tombstone.  A letter without
 * entries is an orphan until no view holds it; with the last one of a message
 * that is noted, until the queue was told (expunged.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "store/index_inside.h"

#define GAP_MOST	8	/* rows walked over rather than asked anew */

/* An entry on its way out. */
struct leaving {
	uint64_t	 entry;
	uint64_t	 letter;	/* that it shows; 0: nobody knows */
	uint32_t	 flags;
	bool		 is_there;
	bool		 is_next;	/* nothing stands between the one
					   before it and this one */
};

/* A letter, and how many of its entries go. */
struct released {
	uint64_t	 letter;
	int64_t		 times;
	uint64_t	 bytes;		/* as IMAP has sizes; 0 when there is
					   no such letter, or a damaged row */
	struct message_id id;
	bool		 is_there;
	bool		 is_damaged;	/* what its row says of that */
	bool		 is_orphan;	/* no entry is left */
	bool		 is_next;	/* as above */
};

int
index_bury(struct index *index, uint64_t first, uint64_t last, uint64_t modseq)
{
	struct db_query q = db_ask(index->db, SQL_TOMBSTONE_NEW);

	db_put_u64(&q, first);
	db_put_u64(&q, last);
	db_put_u64(&q, modseq);
	return db_run(&q);
}

/* Entries */

/* What `count` entries show, which do not lie far from each other. */
static int
walk_entries(struct index *index, struct leaving *all, size_t count)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_LEAVING);
	bool		is_next = false;
	size_t		i = 0;
	int		r;

	db_put_u64(&q, all[0].entry);
	db_put_u64(&q, all[count - 1].entry);
	while ((r = db_next(&q)) > 0) {
		uint64_t entry = db_u64(&q, 0, INT64_MAX);

		while (i < count && all[i].entry < entry)
			i++;
		if (i == count || all[i].entry != entry) {
			is_next = false;
			continue;
		}
		all[i].letter = db_u64(&q, 0, INT64_MAX);
		all[i].flags = (uint32_t)db_u64(&q, 0, UINT32_MAX);
		all[i].is_there = true;
		all[i].is_next = is_next;
		is_next = true;
	}
	return r;
}

/* Those of `entries` that are there: 0 or -errno. */
static int
find_entries(struct index *index, const uint64_t *entries, size_t count,
    struct leaving *all, size_t *count_out)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < count; i++)
		all[i] = (struct leaving){ .entry = entries[i] };
	for (size_t i = 0, end; r == 0 && i < count; i = end) {
		for (end = i + 1; end < count && entries[end] -
		    entries[end - 1] <= GAP_MOST; end++)
			;
		r = walk_entries(index, &all[i], end - i);
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].is_there)
			all[kept++] = all[i];
	*count_out = kept;
	return r;
}

static int
delete_entries(struct index *index, const struct leaving *all, size_t count)
{
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < count; i = end) {
		for (end = i + 1; end < count && all[end].is_next; end++)
			;
		r = index_run_2(index, SQL_ENTRIES_DELETE, all[i].entry,
		    all[end - 1].entry);
	}
	return r;
}

static int
bury_entries(struct index *index, const struct leaving *all, size_t count,
    uint64_t modseq)
{
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < count; i = end) {
		for (end = i + 1; end < count && all[end].entry ==
		    all[end - 1].entry + 1; end++)
			;
		r = index_bury(index, all[i].entry, all[end - 1].entry,
		    modseq);
	}
	return r;
}

/* Letters */

static int
order_letters(const void *a, const void *b)
{
	const struct released *left = a, *right = b;

	return left->letter < right->letter ? -1 :
	    left->letter > right->letter;
}

/* The letters that entries show, ascending, each once. */
static size_t
letters_of(const struct leaving *all, size_t count, struct released *letters)
{
	size_t known = 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		if (all[i].letter != 0)
			letters[known++] = (struct released){
				.letter = all[i].letter, .times = 1,
			};
	qsort(letters, known, sizeof(*letters), order_letters);
	for (size_t i = 0; i < known; i++)
		if (kept > 0 && letters[kept - 1].letter == letters[i].letter)
			letters[kept - 1].times++;
		else
			letters[kept++] = letters[i];
	return kept;
}

/* The row at hand is that of the letter. */
static void
read_letter(struct db_query *q, struct released *letter)
{
	int64_t entries = db_i64(q, 0, INT64_MAX);
	uint64_t trace_bytes, body_bytes;
	bool lacks_crlf, is_big;

	letter->is_there = true;
	letter->is_orphan = entries <= letter->times;
	letter->id = index_message_id(db_blob(q, MESSAGE_ID_BYTES,
	    MESSAGE_ID_BYTES));
	trace_bytes = db_u64(q, 0, TRACE_MOST_BYTES);
	body_bytes = db_u64(q, 0, LETTER_MOST_BYTES);
	lacks_crlf = db_u64(q, 0, 1) != 0;
	is_big = db_u64(q, 0, 1) != 0;
	letter->is_damaged = db_row(q) < 0 ||
	    (!is_big && body_bytes > BODY_MOST_BYTES);
	letter->bytes = letter->is_damaged ? 0 : trace_bytes + body_bytes +
	    (lacks_crlf ? 2 : 0);
}

static int
walk_letters(struct index *index, struct released *letters, size_t count)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_RELEASED);
	bool		is_next = false;
	size_t		i = 0;
	int		r;

	db_put_u64(&q, letters[0].letter);
	db_put_u64(&q, letters[count - 1].letter);
	while ((r = db_next(&q)) > 0) {
		uint64_t letter = db_u64(&q, 0, INT64_MAX);

		while (i < count && letters[i].letter < letter)
			i++;
		if (i == count || letters[i].letter != letter) {
			is_next = false;
			continue;
		}
		read_letter(&q, &letters[i]);
		letters[i].is_next = is_next;
		is_next = true;
	}
	return r;
}

/* Letters first to last have `times` entries less; some have none left. */
static int
release_run(struct index *index, uint64_t first, uint64_t last, int64_t times,
    bool makes_orphans)
{
	struct db_query q = db_ask(index->db, SQL_LETTERS_RELEASE);
	int r;

	db_put_i64(&q, times);
	db_put_u64(&q, first);
	db_put_u64(&q, last);
	r = db_run(&q);
	if (r < 0 || !makes_orphans)
		return r;
	index->has_orphans = index->has_expunged = true;
	q = db_ask(index->db, SQL_EXPUNGED_NEW);
	db_put_u64(&q, first);
	db_put_u64(&q, last);
	db_put_u64(&q, MESSAGE_ID_BYTES);
	r = db_run(&q);
	return r < 0 ? r : index_run_2(index, SQL_ORPHANS_NEW, first, last);
}

/* Those of the letters that are there: 0 or -errno. */
static int
find_letters(struct index *index, struct released *letters, size_t count,
    size_t *count_out)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < count; i = end) {
		for (end = i + 1; end < count && letters[end].letter -
		    letters[end - 1].letter <= GAP_MOST; end++)
			;
		r = walk_letters(index, &letters[i], end - i);
	}
	for (size_t i = 0; i < count; i++)
		if (letters[i].is_there)
			letters[kept++] = letters[i];
	*count_out = kept;
	return r;
}

static int
release_letters(struct index *index, const struct released *letters,
    size_t count)
{
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < count; i = end) {
		bool makes_orphans = letters[i].is_orphan;

		for (end = i + 1; end < count && letters[end].is_next &&
		    letters[end].times == letters[i].times; end++)
			makes_orphans = makes_orphans || letters[end].is_orphan;
		r = release_run(index, letters[i].letter,
		    letters[end - 1].letter, letters[i].times, makes_orphans);
	}
	return r;
}

static void
tally_out(struct index *index, const struct leaving *entry,
    const struct released *letter, uint64_t modseq)
{
	struct mailbox *mailbox = index_mailbox(index,
	    INDEX_MAILBOX(entry->entry));

	if (mailbox == NULL)
		return;
	tally_remove(mailbox, entry->flags, letter == NULL ? 0 :
	    letter->bytes, modseq);
	mailbox->is_doubtful = mailbox->is_doubtful ||
	    (letter != NULL && letter->is_damaged);
}

/* Both */

/* NULL: it has no row.  `last` was the one before, whose neighbour it may be. */
static const struct released *
find_letter(const struct released *letters, size_t count,
    const struct released *last, uint64_t letter)
{
	const struct released wanted = { .letter = letter };

	if (last != NULL && last + 1 < letters + count &&
	    last[1].letter == letter)
		return last + 1;
	return bsearch(&wanted, letters, count, sizeof(*letters),
	    order_letters);
}

/* `ids`, if it is there, is told the messages whose rows make sense. */
static int
remove_found(struct index *index, const struct leaving *all, size_t count,
    uint64_t modseq, struct message_id *ids, size_t *known_out)
{
	struct released *letters = calloc(count + 1, sizeof(*letters));
	const struct released *letter = NULL;
	size_t letter_count, known = 0;
	int r;

	if (letters == NULL)
		return -ENOMEM;
	letter_count = letters_of(all, count, letters);
	r = find_letters(index, letters, letter_count, &letter_count);
	if (r == 0)
		r = delete_entries(index, all, count);
	if (r == 0)
		r = release_letters(index, letters, letter_count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		letter = find_letter(letters, letter_count, letter,
		    all[i].letter);
		tally_out(index, &all[i], letter, modseq);
		if (ids != NULL && letter != NULL && !letter->is_damaged)
			ids[known++] = letter->id;
	}
	free(letters);
	*known_out = known;
	return r;
}

int
index_remove(struct index *index, const uint64_t *entries, size_t count)
{
	struct leaving *all = calloc(count + 1, sizeof(*all));
	size_t known;
	int r = all == NULL ? -ENOMEM :
	    find_entries(index, entries, count, all, &count);

	if (r == 0)
		r = remove_found(index, all, count, 0, NULL, &known);
	free(all);
	return r;
}

int
index_expunge(struct index *index, const uint64_t *entries, size_t count,
    struct message_id *ids_out, size_t *known_out)
{
	struct leaving *all = calloc(count + 1, sizeof(*all));
	uint64_t modseq;
	size_t known;
	int r = all == NULL ? -ENOMEM : db_begin(index->db);

	if (r == 0)
		r = index_take_modseq(index, &modseq);
	if (r == 0)
		r = find_entries(index, entries, count, all, &count);
	if (r == 0)
		r = remove_found(index, all, count, modseq, ids_out, &known);
	if (r == 0)
		r = bury_entries(index, all, count, modseq);
	free(all);
	if (r == 0 && known_out != NULL)
		*known_out = known;
	return r;
}
