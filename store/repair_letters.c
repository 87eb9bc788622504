/*
 * repair_letters.c - the rows of an index and the records of the segments agree
 *
 * First each row looks for its letter: where it says, then anywhere under its
 * name (compaction moved it, or it was written again), then under another name
 * where it says, for the name in the row may be what was damaged.  Then each
 * record that no row has asked for is a letter that the copy does not know yet,
 * or one that was deleted before: those stand before the mark, up to which the
 * copy vouched for everything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/mailboxes.h"
#include "store/repair_inside.h"
#include "store/segments.h"

#define BATCH_ROWS	512
#define FORGET_ENTRIES	64	/* at a time; few letters have two */

/* The walk */

/* `at`, with room for one more of `bytes` than `count`; NULL: no memory. */
static void *
grown(void *at, size_t *room, size_t count, size_t bytes)
{
	size_t more = count + count / 2 + 64;
	void *bigger;

	if (count < *room)
		return at;
	bigger = reallocarray(at, more, bytes);
	if (bigger != NULL)
		*room = more;
	return bigger;
}

struct walking {
	struct repair	*repair;
	size_t		 segment_room, hurt_room;
	uint32_t	 head;		/* segment with a damaged head, or 0 */
};

static int
add_segment(struct walking *walking, uint32_t segment)
{
	struct repair *repair = walking->repair;
	size_t count = repair->segment_count;
	uint32_t *segments;

	if (count > 0 && repair->segments[count - 1] == segment)
		return 0;
	segments = grown(repair->segments, &walking->segment_room, count,
	    sizeof(*segments));
	if (segments == NULL)
		return -ENOMEM;
	repair->segments = segments;
	segments[repair->segment_count++] = segment;
	return 0;
}

static int
add_hurt(struct walking *walking, const struct walked *walked)
{
	struct repair *repair = walking->repair;
	struct place *hurt = grown(repair->hurt, &walking->hurt_room,
	    repair->hurt_count, sizeof(*hurt));

	if (hurt == NULL)
		return -ENOMEM;
	repair->hurt = hurt;
	hurt[repair->hurt_count++] = (struct place){
		.segment = walked->segment, .offset = walked->offset
	};
	return 0;
}

static int
add_found(struct walking *walking, const struct walked *walked)
{
	const struct record *record = &walked->record;
	struct repair *repair = walking->repair;
	struct found *found;
	int r;

	/* a good letter: so the segment is one, and its head can be mended */
	if (walking->head == walked->segment) {
		walking->head = 0;
		r = letters_mend_head(repair->folder_fd,
		    repair->options->hub_id, walked->segment);
		if (r < 0)
			return r;
		repair->is_head_mended = true;
		repair_tell(repair, REPAIR_HEAD, walked->segment);
	}
	found = grown(repair->found, &repair->found_room,
	    repair->found_count, sizeof(*found));
	if (found == NULL)
		return -ENOMEM;
	repair->found = found;
	found[repair->found_count++] = (struct found){
		.id = record->id,
		.action = record->action,
		.mailbox = record->mailbox,
		.place = { walked->segment, walked->offset,
		    (uint32_t)walked->bytes },
		.trace_bytes = (uint32_t)record->trace.len,
		.body_bytes = record->body_bytes,
		.position = record->position,
		.received_at_utc_ms = record->received_at_utc_ms,
		.is_big = record->is_big,
		.lacks_crlf = record->lacks_crlf,
	};
	return 0;
}

static int
on_walked(void *arg, const struct walked *walked)
{
	struct walking *walking = arg;
	int r = walked->what == WALKED_FOREIGN ? -EXDEV :
	    add_segment(walking, walked->segment);

	if (r < 0)
		return r;
	switch (walked->what) {
	case WALKED_LETTER:
		return add_found(walking, walked);
	case WALKED_HEAD:
		walking->head = walked->segment;
		return 0;
	case WALKED_DAMAGED:
	case WALKED_GAP:
	case WALKED_UNREADABLE:
		return add_hurt(walking, walked);
	case WALKED_FOREIGN:
		break;
	}
	return -EXDEV;
}

static int
order_keys(const struct found *a, const struct found *b)
{
	int order = message_id_order(&a->id, &b->id);

	if (order != 0)
		return order;
	return a->action < b->action ? -1 : a->action > b->action;
}

/* By key; of one key in the order of the walk. */
static int
order_found(const void *a, const void *b)
{
	const struct found *left = *(struct found *const *)a;
	const struct found *right = *(struct found *const *)b;
	int order = order_keys(left, right);

	return order != 0 ? order : left < right ? -1 : left > right;
}

int
repair_walk(struct repair *repair)
{
	struct walking walking = { .repair = repair };
	int r = letters_walk(repair->folder_fd, repair->options->hub_id,
	    on_walked, &walking);

	if (r < 0)
		return r;
	repair->by_key = calloc(repair->found_count + 1,
	    sizeof(*repair->by_key));
	if (repair->by_key == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < repair->found_count; i++)
		repair->by_key[i] = &repair->found[i];
	qsort(repair->by_key, repair->found_count, sizeof(*repair->by_key),
	    order_found);
	return 0;
}

/* Looking up */

/* The first of by_key with that key or a higher one. */
static size_t
first_of(const struct repair *repair, const struct found *key)
{
	size_t low = 0, high = repair->found_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order_keys(repair->by_key[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
order_places(const struct place *a, const struct place *b)
{
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The record that begins there, or NULL. */
static struct found *
found_at(const struct repair *repair, const struct place *place)
{
	size_t low = 0, high = repair->found_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = order_places(&repair->found[middle].place, place);

		if (order == 0)
			return &repair->found[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * All records of the row's key are spoken for.  The one that stands where the
 * row says, or else the last one; NULL when there is none.
 */
static struct found *
claim(const struct repair *repair, const struct letter_row *row)
{
	const struct found key = { .id = row->id, .action = row->action };
	struct found *best = NULL;
	bool is_there = false;

	for (size_t i = first_of(repair, &key); i < repair->found_count &&
	    order_keys(repair->by_key[i], &key) == 0; i++) {
		struct found *found = repair->by_key[i];

		found->is_claimed = true;
		if (is_there)
			continue;
		best = found;
		is_there = order_places(&found->place, &row->place) == 0 &&
		    found->place.bytes == row->place.bytes &&
		    found->is_big == row->is_big &&
		    found->trace_bytes == row->trace_bytes &&
		    found->body_bytes == row->body_bytes;
	}
	return best;
}

/* Rows */

static struct record
record_of(const struct found *found)
{
	return (struct record){
		.id = found->id,
		.action = found->action,
		.mailbox = found->mailbox,
		.position = found->position,
		.received_at_utc_ms = found->received_at_utc_ms,
		.body_bytes = found->body_bytes,
		.is_big = found->is_big,
		.lacks_crlf = found->lacks_crlf,
		/* only their length is of interest here */
		.trace = { NULL, found->trace_bytes },
	};
}

static int
note_damaged(struct repair *repair, const struct letter_row *row)
{
	struct damaged *damaged = grown(repair->damaged,
	    &repair->damaged_room, repair->damaged_count, sizeof(*damaged));

	if (damaged == NULL)
		return -ENOMEM;
	repair->damaged = damaged;
	damaged[repair->damaged_count++] = (struct damaged){
		.id = row->id, .action = row->action
	};
	return 0;
}

static bool
has_number(const uint32_t *numbers, size_t count, uint32_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers[middle] == number)
			return true;
		if (numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/*
 * The copy has a letter of a segment that is not there, and that the index did
 * not have any more either: it was deleted since, and the room given back.
 */
static bool
was_compacted(const struct repair *repair, const struct letter_row *row)
{
	const struct evidence *evidence = &repair->evidence;

	return repair->base == BASE_COPY && row->place.segment != 0 &&
	    evidence->has_segments && !has_number(repair->segments,
	    repair->segment_count, row->place.segment) &&
	    !has_number(evidence->segments, evidence->segment_count,
	    row->place.segment);
}

/* Its entries go, as if a person had said so; and so did one. */
static int
forget_letter(struct repair *repair, struct index *index,
    const struct letter_row *row)
{
	uint64_t entries[FORGET_ENTRIES];
	size_t count;
	int r;

	do {
		struct db_query q = db_ask(index->db, SQL_ENTRIES_OF);

		count = 0;
		db_put_u64(&q, row->letter);
		while (count < FORGET_ENTRIES && (r = db_next(&q)) > 0)
			entries[count++] = db_u64(&q, 0, INT64_MAX);
		db_end(&q);
		r = count == 0 ? 0 : index_expunge(index, entries, count, NULL,
		    NULL);
	} while (r == 0 && count == FORGET_ENTRIES);
	repair->gone++;
	return r;
}

static int
mend_row(struct repair *repair, struct index *index,
    const struct letter_row *row)
{
	struct record record;
	struct found *found = claim(repair, row);

	if (found == NULL)
		return was_compacted(repair, row) ?
		    forget_letter(repair, index, row) : 0;
	if (order_places(&found->place, &row->place) == 0 &&
	    found->place.bytes == row->place.bytes)
		return 0;
	record = record_of(found);
	repair->moved++;
	return index_move(index, row, &record, &found->place);
}

/* What the record says is what its row says. */
static int
adopt(struct repair *repair, struct index *index, const struct letter_row *row,
    struct found *found)
{
	struct record record = record_of(found);
	struct db_query q = db_ask(index->db, SQL_LETTER_IS);

	found->is_claimed = true;
	db_put_blob(&q, slice_of(found->id.bytes, MESSAGE_ID_BYTES));
	db_put_u64(&q, found->action);
	db_put_i64(&q, found->received_at_utc_ms);
	db_put_u64(&q, found->lacks_crlf);
	if (found->is_big)
		db_put_blob(&q, slice_of(found->id.bytes, MESSAGE_ID_BYTES));
	else
		db_put_null(&q);
	db_put_u64(&q, row->letter);
	repair->moved++;
	return db_run(&q) < 0 ? -EUCLEAN : index_move(index, row, &record,
	    &found->place);
}

/* Once every row has claimed its own: those that found nothing. */
static int
mend_lost(struct repair *repair, struct index *index,
    const struct letter_row *row)
{
	const struct found key = { .id = row->id, .action = row->action };
	struct found *found;
	size_t at = first_of(repair, &key);

	if (row->place.segment != 0 && at < repair->found_count &&
	    order_keys(repair->by_key[at], &key) == 0)
		return 0;
	found = row->place.segment == 0 ? NULL :
	    found_at(repair, &row->place);
	if (found != NULL && !found->is_claimed)
		return adopt(repair, index, row, found);
	return was_compacted(repair, row) ? 0 : note_damaged(repair, row);
}

typedef int row_fn(struct repair *, struct index *, const struct letter_row *);

static int
each_row(struct repair *repair, struct index *index, row_fn *fn)
{
	struct letter_row *rows = calloc(BATCH_ROWS, sizeof(*rows));
	uint64_t after = 0;
	int count = 0, r = rows == NULL ? -ENOMEM : 0;

	while (r == 0 && (count = segments_letters(index, &after, BATCH_ROWS,
	    rows)) > 0)
		for (int i = 0; r == 0 && i < count; i++)
			r = fn(repair, index, &rows[i]);
	free(rows);
	return r < 0 ? r : count;
}

/* Letters that no row has */

/* Where it is to go; *is_known_out: it is where it was delivered to. */
static int
choose_mailbox(const struct repair *repair, struct index *index,
    uint32_t delivered_to, uint32_t *mailbox_out, bool *is_known_out)
{
	const struct evidence *evidence = &repair->evidence;
	struct slice name = SLICE(RECOVERED);
	bool is_made;
	int r;

	*is_known_out = true;
	*mailbox_out = delivered_to;
	/* numbers of an index made from nothing are others, but for INBOX */
	if (delivered_to == MAILBOX_INBOX || (repair->base != BASE_NOTHING &&
	    index_mailbox(index, delivered_to) != NULL))
		return 0;
	*is_known_out = false;
	for (size_t i = 0; i < evidence->mailbox_count; i++)
		if (evidence->mailboxes[i].mailbox == delivered_to) {
			name = slice_str(evidence->mailboxes[i].name);
			*is_known_out = true;
		}
	r = mailboxes_need(index, name, mailbox_out, &is_made);
	if (r == -EINVAL) {
		*is_known_out = false;
		r = mailboxes_need(index, (struct slice)SLICE(RECOVERED),
		    mailbox_out, &is_made);
	}
	if (r == -EDQUOT) {
		*mailbox_out = MAILBOX_INBOX;
		r = 0;
	}
	return r;
}

/* 1: it is newer than the copy, 0: the copy knows that it was deleted. */
static int
is_newer(const struct repair *repair, struct index *index,
    const struct found *found)
{
	struct letter_row row;
	int r;

	if (repair->base == BASE_NOTHING)
		return 1;
	if (order_places(&found->place, &repair->mark) < 0)
		return 0;
	r = index_find(index, &found->id, found->action, &row);
	return r == -ENOENT ? 1 : r < 0 ? r : 0;
}

static int
add_letter(struct repair *repair, struct index *index,
    const struct found *found)
{
	struct record record = record_of(found);
	bool is_known = false;
	int r = is_newer(repair, index, found);

	if (r <= 0)
		return r;
	r = choose_mailbox(repair, index, found->mailbox, &record.mailbox,
	    &is_known);
	if (r < 0)
		return r;
	/* a person put it there, not a delivery: it has no key */
	r = found->position == 0 ? index_append(index,
	    index_mailbox(index, record.mailbox), &record, &found->place) :
	    index_add(index, &record, &found->place);
	if (r < 0)
		return r;
	repair->added += is_known;
	repair->recovered += !is_known;
	return 0;
}

/* The last record of each key, in the order they were written. */
static int
add_letters(struct repair *repair, struct index *index)
{
	int r = 0;

	if (repair->base == BASE_OWN)
		return 0;
	for (size_t i = 0; i + 1 < repair->found_count; i++)
		if (order_keys(repair->by_key[i], repair->by_key[i + 1]) == 0)
			repair->by_key[i]->is_claimed = true;
	for (size_t i = 0; r == 0 && i < repair->found_count; i++)
		if (!repair->found[i].is_claimed)
			r = add_letter(repair, index, &repair->found[i]);
	return r;
}

int
repair_letters(struct repair *repair, struct index *index)
{
	int r;

	for (size_t i = 0; i < repair->found_count; i++)
		repair->found[i].is_claimed = false;
	r = db_begin(index->db);
	if (r == 0)
		r = each_row(repair, index, mend_row);
	if (r == 0)
		r = each_row(repair, index, mend_lost);
	if (r == 0)
		r = add_letters(repair, index);
	for (size_t i = 0; r == 0 && i < index->mailbox_count; i++)
		index->mailboxes[i].is_doubtful = true;
	return r;
}
