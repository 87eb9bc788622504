/*
 * onlooker.c - the letters of an account, read beside the process that owns it
 *
 * Rows are read some at a time, each time with a query of its own; a letter that
 * does not stand where its row said is looked up anew, for it may have been
 * moved since.
 */
#include "store/onlooker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/folders.h"
#include "store/index_inside.h"

#define BATCH_ROWS	256
#define LOOKS		3	/* at a letter before it is called damaged */

struct onlooker {
	struct index	 index;		/* its db only */
	struct letters	*letters;	/* NULL: it has none */
};

static int
read_hub(struct onlooker *onlooker, unsigned char hub_id[HUB_ID_BYTES])
{
	DB_QUERY_AUTO	q = db_ask(onlooker->index.db, SQL_META);
	struct slice	hub;
	int		r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	hub = db_blob(&q, HUB_ID_BYTES, HUB_ID_BYTES);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	memcpy(hub_id, hub.at, HUB_ID_BYTES);
	return 0;
}

int
onlooker_open(int folder_fd, struct onlooker **onlooker_out)
{
	struct letters_options options = { .only_reading = true };
	struct onlooker *onlooker = calloc(1, sizeof(*onlooker));
	uint32_t first;
	unsigned needs;
	int r;

	if (onlooker == NULL)
		return -ENOMEM;
	r = db_open(folder_fd, INDEX_FILE, &index_format, true,
	    &onlooker->index.db, &needs);
	if (r == 0)
		r = read_hub(onlooker, options.hub_id);
	if (r == 0)
		r = letters_open(folder_fd, &options, &onlooker->letters,
		    &first);
	if (r < 0) {
		onlooker_close(onlooker);
		return r == -ENOENT ? -ENODATA : r;
	}
	*onlooker_out = onlooker;
	return 0;
}

void
onlooker_close(struct onlooker *onlooker)
{
	if (onlooker == NULL)
		return;
	letters_close(onlooker->letters);
	db_close(onlooker->index.db);
	free(onlooker);
}

/* Entries */

/* The place of the row, or 0: it makes no sense. */
static uint64_t
read_row(struct db_query *q, struct onlooked *one)
{
	uint64_t place = db_u64(q, 0, INT64_MAX);

	one->mailbox = INDEX_MAILBOX(place);
	one->uid = INDEX_UID(place);
	one->flags = (uint8_t)db_u64(q, 0, LETTER_ALL_FLAGS);
	one->name = db_blob(q, 1, FOLDER_MAX_BYTES);
	one->uses = (uint8_t)db_u64(q, 0, FOLDER_USES);
	one->uidvalidity = (uint32_t)db_u64(q, 1, UINT32_MAX);
	one->letter = db_u64(q, 1, INT64_MAX);
	one->id = index_message_id(db_blob(q, MESSAGE_ID_BYTES,
	    MESSAGE_ID_BYTES));
	one->received_at_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	one->bytes = db_u64(q, 0, INT64_MAX);
	one->saved_at_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	return place;
}

/* Up to `most` rows of the query: 1, there were so many; 0; or `fn`'s, -errno. */
static int
tell_rows(struct db_query *q, unsigned most, uint64_t *place, onlooked_fn *fn,
    void *arg)
{
	struct onlooked one;
	unsigned count = 0;
	int r;

	while ((r = db_next(q)) > 0) {
		*place = read_row(q, &one);
		count++;
		r = db_row(q) < 0 ? 0 : fn(arg, &one);
		if (r != 0)
			return r;
	}
	return r < 0 ? r : count == most;
}

int
onlooker_each(struct onlooker *onlooker, int64_t since_utc_ms, onlooked_fn *fn,
    void *arg)
{
	uint64_t place = 0;
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		DB_QUERY_AUTO q = db_ask(onlooker->index.db, SQL_ONLOOKED);
		uint64_t before = place;

		db_put_u64(&q, place);
		db_put_i64(&q, since_utc_ms);
		db_put_u64(&q, BATCH_ROWS);
		r = tell_rows(&q, BATCH_ROWS, &place, fn, arg);
		/* a place that makes no sense would begin the walk anew */
		more = r == 1 && place > before;
		r = r == 1 ? 0 : r;
	}
	return r;
}

/* Letters */

static int
read_at(struct onlooker *onlooker, const struct letter_row *row,
    struct record *record_out)
{
	struct record record;
	int r;

	if (onlooker->letters == NULL || row->place.segment == 0)
		return -EBADMSG;
	r = letters_read(onlooker->letters, &row->place, &record);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	if (message_id_order(&record.id, &row->id) != 0 ||
	    record.action != row->action || record.is_big != row->is_big ||
	    record.trace.len != row->trace_bytes ||
	    record.body_bytes != row->body_bytes)
		return -EBADMSG;
	*record_out = record;
	return 0;
}

int
onlooker_read(struct onlooker *onlooker, uint64_t letter,
    struct letter_row *row_out, struct record *record_out)
{
	int r = -EBADMSG;

	for (unsigned i = 0; i < LOOKS && r == -EBADMSG; i++) {
		r = index_letter(&onlooker->index, letter, row_out);
		if (r == 0)
			r = read_at(onlooker, row_out, record_out);
	}
	return r;
}
