/*
 * index.c - the rows of one account: which letters there are, and where
 */
#include "store/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/loop.h"
#include "store/index_inside.h"
#include "store/lessons.h"

/* RFC 7162 3.1: 63 bits */
#define MODSEQ_MOST	((uint64_t)INT64_MAX - 1)

int
index_run_2(struct index *index, enum index_sql sql, uint64_t first,
    uint64_t second)
{
	struct db_query q = db_ask(index->db, sql);

	db_put_u64(&q, first);
	db_put_u64(&q, second);
	return db_run(&q);
}

int
index_run_1(struct index *index, enum index_sql sql, uint64_t n)
{
	struct db_query q = db_ask(index->db, sql);

	db_put_u64(&q, n);
	return db_run(&q);
}

/* Sequences */

/*
 * Have a block of `sequence` reserved, from its next number on, by statement
 * `sql` (with row `id`, if it has one).
 */
static int
reserve(struct index *index, struct sequence *sequence, uint64_t most,
    enum index_sql sql, uint32_t id)
{
	/* one above the last number is still a good end of a block */
	uint64_t reserved = most - sequence->next < index->uid_block ?
	    most + 1 : sequence->next + index->uid_block;
	struct db_query q = db_ask(index->db, sql);
	int r;

	db_put_u64(&q, reserved);
	if (id != 0)
		db_put_u64(&q, id);
	r = db_run(&q);
	if (r < 0)
		return r;
	sequence->reserved = reserved;
	index->marks.must_be_full = true;
	return 0;
}

/* The next number of `sequence`; the next block when this one is spent. */
static int
take(struct index *index, struct sequence *sequence, uint64_t most,
    enum index_sql sql, uint32_t id, uint64_t *n_out)
{
	int r = 0;

	if (sequence->next > most)
		return -EOVERFLOW;
	if (sequence->next >= sequence->reserved)
		r = reserve(index, sequence, most, sql, id);
	if (r == 0)
		*n_out = sequence->next++;
	return r;
}

int
index_take_modseq(struct index *index, uint64_t *modseq_out)
{
	return take(index, &index->marks.modseqs, MODSEQ_MOST,
	    SQL_META_MODSEQ, 0, modseq_out);
}

/* A block of this life is more than half spent. */
static bool
is_low(const struct index *index, const struct sequence *sequence,
    uint64_t most)
{
	return sequence->next <= most &&
	    sequence->reserved - sequence->next < index->uid_block / 2;
}

/* A mailbox that has had no letter in this life has no block to renew. */
static bool
is_mailbox_low(const struct index *index, const struct mailbox *mailbox)
{
	return !mailbox->is_deleted &&
	    (mailbox->uids.next < mailbox->uids.reserved ||
	    mailbox->uids.next != mailbox->uids_kept.next) &&
	    is_low(index, &mailbox->uids, UINT32_MAX);
}

bool
index_is_low(const struct index *index)
{
	bool any = is_low(index, &index->marks.modseqs, MODSEQ_MOST);

	for (size_t i = 0; !any && i < index->mailbox_count; i++)
		any = is_mailbox_low(index, &index->mailboxes[i]);
	return any;
}

int
index_reserve(struct index *index)
{
	int r;

	if (!index_is_low(index))
		return 0;
	r = db_begin(index->db);
	if (r == 0 && is_low(index, &index->marks.modseqs, MODSEQ_MOST))
		r = reserve(index, &index->marks.modseqs, MODSEQ_MOST,
		    SQL_META_MODSEQ, 0);
	for (size_t i = 0; r == 0 && i < index->mailbox_count; i++) {
		struct mailbox *mailbox = &index->mailboxes[i];

		if (is_mailbox_low(index, mailbox))
			r = reserve(index, &mailbox->uids, UINT32_MAX,
			    SQL_MAILBOX_UIDS, mailbox->id);
	}
	return r;
}

int
index_take_uid(struct index *index, struct mailbox *mailbox, uint64_t *uid_out)
{
	return take(index, &mailbox->uids, UINT32_MAX, SQL_MAILBOX_UIDS,
	    mailbox->id, uid_out);
}

/* Opening */

/* An empty account's numbers; UIDVALIDITY is the time (RFC 9051 2.3.1.1). */
static int
meta_new(struct index *index, const unsigned char hub_id[HUB_ID_BYTES])
{
	uint64_t uidvalidity = (uint64_t)time(NULL) & UINT32_MAX;
	struct db_query q;
	int r;

	r = db_begin(index->db);
	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_META_NEW);
	db_put_blob(&q, slice_of(hub_id, HUB_ID_BYTES));
	db_put_u64(&q, uidvalidity);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_MAILBOX_NEW);
	db_put_u64(&q, MAILBOX_INBOX);
	db_put_blob(&q, (struct slice)SLICE("INBOX"));
	db_put_u64(&q, uidvalidity);
	r = db_run(&q);
	return r < 0 ? r : db_commit(index->db, true);
}

/*
 * *closed_out is the reserved number the last clean close gave back.
 * 0, -ENOENT (an empty account), -EXDEV or -EUCLEAN.
 */
static int
meta_load(struct index *index, const unsigned char hub_id[HUB_ID_BYTES],
    uint64_t *closed_out)
{
	DB_QUERY_AUTO	 q = db_ask(index->db, SQL_META);
	struct marks	*marks = &index->marks;
	struct slice	 theirs;
	int		 r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	theirs = db_blob(&q, HUB_ID_BYTES, HUB_ID_BYTES);
	marks->settled_to = db_u64(&q, 0, INT64_MAX);
	marks->pruned_below = db_u64(&q, 0, INT64_MAX);
	marks->modseqs.reserved = db_u64(&q, 1, MODSEQ_MOST + 1);
	marks->modseqs.next = marks->modseqs.reserved;
	(void)db_u64(&q, 0, UINT32_MAX);	/* UIDVALIDITY */
	marks->mailbox_last = (uint32_t)db_u64(&q, 1, MAILBOX_MOST);
	*closed_out = db_u64(&q, 0, MODSEQ_MOST + 1);
	marks->is_furnished = db_u64(&q, 0, 1) != 0;
	marks->modseq_floor = db_u64(&q, 0, MODSEQ_MOST);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	return memcmp(theirs.at, hub_id, HUB_ID_BYTES) == 0 ? 0 : -EXDEV;
}

/* The highest UID that `sql` finds in the mailbox, 0 if there is none. */
static int
highest(struct index *index, enum index_sql sql, uint32_t mailbox,
    uint64_t *uid_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, sql);
	uint64_t	entry;
	int		r;

	db_put_u64(&q, ENTRY_FIRST(mailbox));
	db_put_u64(&q, ENTRY_LAST(mailbox));
	r = db_next(&q);
	if (r < 0)
		return r;
	*uid_out = 0;
	if (r == 0)
		return 0;
	entry = db_u64(&q, ENTRY_FIRST(mailbox), ENTRY_LAST(mailbox));
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*uid_out = INDEX_UID(entry);
	return 0;
}

/*
 * After a crash: some of the numbers between the last one that has an entry and
 * the end of the block may have been given and lost.  Commits are lost from
 * the end only, so one tombstone covers them all.
 */
static int
mailbox_recover(struct index *index, struct mailbox *mailbox)
{
	uint64_t last, buried, modseq = 0;
	int r;

	r = highest(index, SQL_UID_LAST, mailbox->id, &last);
	if (r == 0)
		r = highest(index, SQL_UID_BURIED, mailbox->id, &buried);
	if (r < 0)
		return r;
	if (last < buried)
		last = buried;
	/* one at or above the end is a damaged row, for check to tell */
	if (last + 1 >= mailbox->uids.reserved)
		return 0;
	r = db_begin(index->db);
	if (r == 0)
		r = index_take_modseq(index, &modseq);
	if (r < 0)
		return r;
	tally_touch(mailbox, modseq);
	return index_bury(index, ENTRY_FIRST(mailbox->id) | (last + 1),
	    ENTRY_FIRST(mailbox->id) | (mailbox->uids.reserved - 1), modseq);
}

/*
 * After a crash: flags that were changed may have been lost, and clients may
 * have seen both them and the numbers of those changes.  So no mailbox is behind
 * such a number, and no letter counts as older than this moment: whoever asks
 * what has changed is told the flags of all letters once more (RFC 7162: too
 * much may be told, too little never).
 */
static int
modseqs_recover(struct index *index, uint64_t closed)
{
	uint64_t reserved = index->marks.modseqs.reserved, modseq;
	int r;

	if (reserved == closed || reserved <= 1)
		return 0;
	r = db_begin(index->db);
	if (r == 0)
		r = index_take_modseq(index, &modseq);
	if (r == 0)
		r = index_run_1(index, SQL_META_FLOOR, modseq);
	if (r < 0)
		return r;
	index->marks.modseq_floor = modseq;
	for (size_t i = 0; i < index->mailbox_count; i++)
		tally_touch(&index->mailboxes[i], modseq);
	return 0;
}

static int
load(struct index *index, const struct account_options *options)
{
	uint64_t closed = 0;
	int r;

	r = meta_load(index, options->hub_id, &closed);
	if (r == -ENOENT) {
		r = meta_new(index, options->hub_id);
		if (r == 0)
			r = meta_load(index, options->hub_id, &closed);
	}
	if (r == 0)
		r = mailboxes_load(index);
	if (r == 0)
		r = modseqs_recover(index, closed);
	for (size_t i = 0; r == 0 && i < index->mailbox_count; i++)
		r = mailbox_recover(index, &index->mailboxes[i]);
	if (r < 0)
		return r;
	return index_end(index, index->marks.must_be_full ? INDEX_FULL :
	    INDEX_NORMAL);
}

int
index_open(int folder_fd, const struct account_options *options,
    struct index **index_out, unsigned *needs_out)
{
	struct index *index = calloc(1, sizeof(*index));
	int r;

	if (index == NULL)
		return -ENOMEM;
	index->uid_block = options->uid_block;
	index->has_orphans = index->has_unrefs = true;
	index->has_expunged = index->has_doomed = true;
	index->has_lessons = true;
	r = db_open(folder_fd, INDEX_FILE, &index_format, false, &index->db,
	    needs_out);
	if (r == 0)
		r = load(index, options);
	if (r < 0) {
		(void)index_close(index, false);
		return r;
	}
	*index_out = index;
	return 0;
}

/* Nobody has seen the numbers that are left in the blocks. */
static int
give_numbers_back(struct index *index)
{
	int r = db_begin(index->db);

	if (r == 0)
		r = index_run_1(index, SQL_META_CLOSE,
		    index->marks.modseqs.next);
	for (size_t i = 0; r == 0 && i < index->mailbox_count; i++)
		r = index_run_2(index, SQL_MAILBOX_UIDS,
		    index->mailboxes[i].uids.next, index->mailboxes[i].id);
	return r < 0 ? r : index_end(index, INDEX_FULL);
}

int
index_close(struct index *index, bool give_back)
{
	int r = 0;

	if (index == NULL)
		return 0;
	if (give_back)
		r = give_numbers_back(index);
	db_close(index->db);
	free(index->mailboxes);
	free(index);
	return r;
}

int
index_end(struct index *index, enum index_how how)
{
	int r = 0;

	if (how == INDEX_NORMAL && index->marks.must_be_full)
		r = -EINVAL;
	else if (how != INDEX_UNDO)
		r = tallies_write(index, how == INDEX_FULL);
	if (how != INDEX_UNDO && r == 0)
		r = db_commit(index->db, how == INDEX_FULL);
	if (how != INDEX_UNDO && r == 0) {
		index->marks.must_be_full = false;
		index->marks_kept = index->marks;
		mailboxes_keep(index, how == INDEX_FULL);
		return 0;
	}
	db_rollback(index->db);
	index->marks = index->marks_kept;
	mailboxes_undo(index);
	index->has_orphans = index->has_unrefs = true;
	index->has_expunged = index->has_doomed = true;
	index->has_lessons = true;
	return r;
}

/* Letters */

struct message_id
index_message_id(struct slice s)
{
	struct message_id id = { { 0 } };

	if (s.len == MESSAGE_ID_BYTES)
		memcpy(id.bytes, s.at, MESSAGE_ID_BYTES);
	return id;
}

int
index_row(struct db_query *q, struct letter_row *row_out)
{
	struct letter_row row = { 0 };
	uint64_t body_most;

	row.letter = db_u64(q, 1, INT64_MAX);
	row.place.segment = (uint32_t)db_u64(q, 1, SEGMENT_MOST);
	row.place.offset = db_u64(q, SEGMENT_HEADER_BYTES, INT64_MAX / 2);
	row.trace_bytes = (uint32_t)db_u64(q, 0, TRACE_MOST_BYTES);
	row.body_bytes = db_u64(q, 0, LETTER_MOST_BYTES);
	row.id = index_message_id(db_blob(q, MESSAGE_ID_BYTES,
	    MESSAGE_ID_BYTES));
	row.action = (uint32_t)db_u64(q, 0, UINT32_MAX);
	row.received_at_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	row.lacks_crlf = db_u64(q, 0, 1) != 0;
	row.is_big = !db_is_null(q);
	if (row.is_big)
		row.big = index_message_id(db_blob(q, MESSAGE_ID_BYTES,
		    MESSAGE_ID_BYTES));
	body_most = row.is_big ? LETTER_MOST_BYTES : BODY_MOST_BYTES;
	if (db_row(q) < 0 || row.body_bytes > body_most)
		return -EUCLEAN;
	row.place.bytes = (uint32_t)(RECORD_HEADER_BYTES + row.trace_bytes +
	    (row.is_big ? 0 : row.body_bytes));
	*row_out = row;
	return 0;
}

int
index_letter(struct index *index, uint64_t letter, struct letter_row *row_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_LETTER);
	int		r;

	db_put_u64(&q, letter);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return index_row(&q, row_out);
}

static int
delivered_as(struct index *index, const struct message_id *id,
    uint32_t action, uint64_t *letter_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_DELIVERED);
	int		r;

	db_put_blob(&q, slice_of(id->bytes, MESSAGE_ID_BYTES));
	db_put_u64(&q, action);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*letter_out = db_u64(&q, 0, INT64_MAX);
	return db_row(&q);
}

int
index_find(struct index *index, const struct message_id *id, uint32_t action,
    struct letter_row *row_out)
{
	struct letter_row row;
	uint64_t letter;
	int r;

	/* a delivery follows: one transaction for both */
	r = db_begin(index->db);
	if (r < 0)
		return r;
	r = delivered_as(index, id, action, &letter);
	if (r < 0)
		return r;
	r = index_letter(index, letter, &row);
	if (r == -ENOENT) {
		row = (struct letter_row){ 0 };
		r = 0;
	}
	if (r == 0)
		*row_out = row;
	return r;
}

static int
letter_new(struct index *index, uint64_t letter, const struct record *record,
    const struct place *place)
{
	struct slice id = slice_of(record->id.bytes, MESSAGE_ID_BYTES);
	struct db_query q = db_ask(index->db, SQL_LETTER_NEW);

	db_put_u64(&q, letter);
	db_put_u64(&q, place->segment);
	db_put_u64(&q, place->offset);
	db_put_u64(&q, record->trace.len);
	db_put_u64(&q, record->body_bytes);
	db_put_blob(&q, id);
	db_put_u64(&q, record->action);
	db_put_i64(&q, record->received_at_utc_ms);
	db_put_u64(&q, record->lacks_crlf);
	if (record->is_big)
		db_put_blob(&q, id);
	else
		db_put_null(&q);
	return db_run(&q);
}

static int
entry_new(struct index *index, const struct record *record, uint64_t uid,
    uint64_t letter)
{
	struct db_query q = db_ask(index->db, SQL_ENTRY_NEW);

	db_put_u64(&q, ENTRY_FIRST(record->mailbox) | uid);
	db_put_u64(&q, letter);
	db_put_u64(&q, record->flags);
	db_put_u64(&q, letter);	/* its number is its modseq */
	db_put_blob(&q, record->keywords);
	db_put_i64(&q, clock_utc_ms());
	return db_run(&q);
}

static int
delivered_new(struct index *index, const struct record *record,
    uint64_t letter)
{
	struct db_query q = db_ask(index->db, SQL_DELIVERED_NEW);

	db_put_blob(&q, slice_of(record->id.bytes, MESSAGE_ID_BYTES));
	db_put_u64(&q, record->action);
	db_put_u64(&q, record->position);
	db_put_u64(&q, letter);
	return db_run(&q);
}

/* The segment has a row before any letter says it stands there. */
static int
segment_known(struct index *index, uint32_t segment)
{
	int r;

	if (segment == index->marks.segment)
		return 0;
	r = index_run_1(index, SQL_SEGMENT_NEW, segment);
	if (r == 0)
		index->marks.segment = segment;
	return r;
}

static int
structure_new(struct index *index, uint64_t letter, struct slice packed)
{
	struct db_query q = db_ask(index->db, SQL_STRUCTURE_NEW);

	db_put_u64(&q, letter);
	db_put_blob(&q, packed);
	return db_run(&q);
}

/* A MOVE that is tried again finds it by this name, if it has one. */
static int
moved_new(struct index *index, uint64_t letter, const struct message_id *name)
{
	static const struct message_id none;
	struct db_query q;

	if (message_id_order(name, &none) == 0)
		return 0;
	q = db_ask(index->db, SQL_MOVED_NEW);
	db_put_blob(&q, slice_of(name->bytes, MESSAGE_ID_BYTES));
	db_put_u64(&q, letter);
	return db_run(&q);
}

/* The rows of a letter, but for the key of its delivery. */
static int
add_letter(struct index *index, struct mailbox *mailbox,
    const struct record *record, const struct place *place,
    uint64_t *letter_out)
{
	uint64_t letter, uid;
	int r;

	r = segment_known(index, place->segment);
	if (r == 0)
		r = index_take_modseq(index, &letter);
	if (r == 0)
		r = index_take_uid(index, mailbox, &uid);
	if (r == 0)
		r = letter_new(index, letter, record, place);
	if (r == 0)
		r = entry_new(index, record, uid, letter);
	if (r == 0 && record->structure.len > 0)
		r = structure_new(index, letter, record->structure);
	if (r == 0 && record->is_big)
		r = index_unref_forget(index, &record->id);
	if (r == 0 && record->is_big)
		r = moved_new(index, letter, &record->moved);
	if (r < 0)
		return r;
	tally_add(mailbox, record->flags, record->trace.len +
	    record->body_bytes + (record->lacks_crlf ? 2 : 0), letter);
	*letter_out = letter;
	return 0;
}

static int
add_rows(struct index *index, struct mailbox *mailbox,
    const struct record *record, const struct place *place)
{
	uint64_t letter;
	int r;

	r = add_letter(index, mailbox, record, place, &letter);
	if (r == 0)
		r = delivered_new(index, record, letter);
	if (r == 0 && (record->is_wanted || record->is_spam))
		r = lessons_note(index, letter, letter, record->is_spam ?
		    LESSON_SPAM : LESSON_WANTED);
	if (r == 0 && index->has_expunged)
		r = index_expunged_forget(index, &record->id);
	return r;
}

int
index_append(struct index *index, struct mailbox *mailbox,
    const struct record *record, const struct place *place)
{
	uint64_t letter;

	return add_letter(index, mailbox, record, place, &letter);
}

int
index_waste(struct index *index, const struct place *place)
{
	int r = segment_known(index, place->segment);

	return r < 0 ? r : index_dead(index, place->segment, place->bytes);
}

int
index_add(struct index *index, const struct record *record,
    const struct place *place)
{
	struct mailbox *mailbox = index_mailbox(index, record->mailbox);
	struct marks marks = index->marks;
	struct mailbox before;
	int r;

	if (mailbox == NULL)
		return -ENOENT;
	before = *mailbox;
	r = db_part(index->db);
	if (r < 0)
		return r;
	r = add_rows(index, mailbox, record, place);
	if (r == 0)
		r = db_part_keep(index->db);
	if (r == 0)
		return index->marks.must_be_full;
	db_part_undo(index->db);
	index->marks = marks;
	*mailbox = before;
	return r;
}

int
index_dead(struct index *index, uint32_t segment, uint64_t bytes)
{
	return index_run_2(index, SQL_SEGMENT_DEAD, bytes, segment);
}

static int
move_rows(struct index *index, const struct letter_row *row,
    const struct record *record, const struct place *place)
{
	struct db_query q;
	int r;

	r = segment_known(index, place->segment);
	if (r == 0)
		r = index_dead(index, row->place.segment, row->place.bytes);
	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_LETTER_MOVE);
	db_put_u64(&q, place->segment);
	db_put_u64(&q, place->offset);
	db_put_u64(&q, record->trace.len);
	db_put_u64(&q, record->body_bytes);
	db_put_u64(&q, row->letter);
	r = db_run(&q);
	if (r < 0)
		return r;
	return tally_resize(index, row->letter, row->trace_bytes +
	    row->body_bytes, record->trace.len + record->body_bytes);
}

int
index_move(struct index *index, const struct letter_row *row,
    const struct record *record, const struct place *place)
{
	struct marks marks = index->marks;
	int r = db_part(index->db);

	if (r < 0)
		return r;
	r = move_rows(index, row, record, place);
	if (r == 0)
		r = db_part_keep(index->db);
	if (r == 0)
		return 0;
	db_part_undo(index->db);
	index->marks = marks;
	return r;
}

int
index_list(struct index *index, uint32_t mailbox, index_entry_fn *fn,
    void *arg)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_ENTRIES);
	int		r;

	db_put_u64(&q, ENTRY_FIRST(mailbox));
	db_put_u64(&q, ENTRY_LAST(mailbox));
	while ((r = db_next(&q)) > 0) {
		struct letter_row row;
		uint64_t entry, letter;
		bool makes_sense;

		entry = db_u64(&q, ENTRY_FIRST(mailbox), ENTRY_LAST(mailbox));
		letter = db_u64(&q, 0, INT64_MAX);
		makes_sense = index_row(&q, &row) == 0;
		r = fn(arg, entry, letter, makes_sense ? &row : NULL);
		if (r != 0)
			return r;
	}
	return r;
}

/* Settling */

int
index_settle(struct index *index, uint64_t upto, uint64_t prune_below,
    uint64_t *settled_out)
{
	struct marks *marks = &index->marks;
	uint64_t settled_to = upto > marks->settled_to ? upto :
	    marks->settled_to;
	int r = 0;

	if (settled_to >= INT64_MAX)
		return -ERANGE;
	/* what is not settled will be delivered again: its keys stay */
	if (prune_below > settled_to + 1)
		prune_below = settled_to + 1;
	if (prune_below < marks->pruned_below)
		prune_below = marks->pruned_below;
	if (settled_to != marks->settled_to ||
	    prune_below != marks->pruned_below) {
		r = db_begin(index->db);
		if (r == 0)
			r = index_run_2(index, SQL_META_SETTLED, settled_to,
			    prune_below);
		if (r == 0 && prune_below != marks->pruned_below)
			r = index_run_1(index, SQL_DELIVERED_PRUNE,
			    prune_below);
		if (r < 0)
			return r;
		marks->settled_to = settled_to;
		marks->pruned_below = prune_below;
	}
	*settled_out = settled_to;
	return 0;
}
