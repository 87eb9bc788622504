/*
 * rows_unwritten.c - queue.db: who leaves, and need not be written yet
 *
 * Most mail that leaves is taken by the first host that is asked, a moment after it
 * came.  Its record in the journal brings its rows back as long as nobody has noted
 * that they were taken, so they stand in memory alone at first; and of what all
 * hosts have taken only that is written, many in one transaction.  Whoever else
 * wants to see rows is told of these with the others, and who changes them finds
 * them written: rows_outbound.c sees to both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/rows_inside.h"

#define UNWRITTEN_MOST	4096	/* recipients: some MiB */

static struct rows_unwritten *
find(const struct rows *rows, const struct message_id *id)
{
	struct rows_unwritten *one;

	HASH_FIND(hh, rows->unwritten, id, sizeof(*id), one);
	return one;
}

const struct rows_unwritten *
rows_unwritten_of(const struct rows *rows, const struct message_id *id)
{
	return find(rows, id);
}

const struct rows_unwritten *
rows_unwritten_above(const struct rows *rows, const struct message_id *id)
{
	const struct rows_unwritten *first = NULL, *one;

	for (one = rows->unwritten; one != NULL; one = one->hh.next)
		if (message_id_order(&one->id, id) > 0 && (first == NULL ||
		    message_id_order(&one->id, &first->id) < 0))
			first = one;
	return first;
}

int64_t
rows_unwritten_since(const struct rows *rows, int64_t since_utc_ms)
{
	const struct rows_unwritten *one;

	for (one = rows->unwritten; one != NULL; one = one->hh.next)
		if (since_utc_ms == 0 ||
		    one->rows[0].since_utc_ms < since_utc_ms)
			since_utc_ms = one->rows[0].since_utc_ms;
	return since_utc_ms;
}

/* Not by id any more. */
static void
forget(struct rows *rows, struct rows_unwritten *one)
{
	HASH_DEL(rows->unwritten, one);
	rows->unwritten_count -= one->count;
}

/* As SQLite has them in order. */
static int
by_address(const void *one, const void *other)
{
	const struct rows_outbound *a = one, *b = other;
	size_t n = a->address.len < b->address.len ? a->address.len :
	    b->address.len;
	int order = n == 0 ? 0 : memcmp(a->address.at, b->address.at, n);

	return order != 0 ? order : (a->address.len > b->address.len) -
	    (a->address.len < b->address.len);
}

/* It is there once: what is behind the first would change nothing. */
static void
drop_doubles(struct rows_unwritten *one)
{
	size_t n = 1;

	for (size_t i = 1; i < one->count; i++)
		if (!slice_is(one->rows[i].address,
		    one->rows[n - 1].address))
			one->rows[n++] = one->rows[i];
	one->count = n;
}

static struct slice
copy_of(char **at, struct slice s)
{
	struct slice copy = slice_of(*at, s.len);

	if (s.len > 0)
		memcpy(*at, s.at, s.len);
	*at += s.len;
	return copy;
}

/* As the row would be, with where its domain's mail goes. */
static int
copy_row(struct rows *rows, const struct rows_outbound *row, char **at,
    struct rows_outbound *copy)
{
	char via[OUTBOUND_VIA_BYTES];
	size_t len = 0;
	int r = rows_route_of(rows, row->domain, via, &len);

	*copy = (struct rows_outbound){ .id = row->id,
	    .address = copy_of(at, row->address),
	    .domain = copy_of(at, row->domain),
	    .since_utc_ms = row->since_utc_ms,
	    .next_try_utc_ms = row->next_try_utc_ms,
	    .notify = row->notify,
	    .sender = copy_of(at, slice_first(row->sender,
	    ROWS_ADDRESS_BYTES)),
	    .bytes = row->bytes, .account = row->account,
	    .is_urgent = row->is_urgent,
	    .via = copy_of(at, slice_of(via, len)) };
	return r;
}

static size_t
bytes_of(const struct rows_outbound *list, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += list[i].address.len + list[i].domain.len +
		    ROWS_ADDRESS_BYTES + OUTBOUND_VIA_BYTES;
	return bytes;
}

static int
keep_unwritten(struct rows *rows, const struct message_id *id,
    uint64_t position, const struct rows_outbound *list, size_t count)
{
	struct rows_unwritten *one = calloc(1, sizeof(*one) +
	    count * sizeof(one->rows[0]) + bytes_of(list, count));
	char *at;
	int r = 0;

	if (one == NULL)
		return -ENOMEM;
	one->id = *id;
	one->position = position;
	one->count = count;
	at = (char *)&one->rows[count];
	for (size_t i = 0; r == 0 && i < count; i++)
		r = copy_row(rows, &list[i], &at, &one->rows[i]);
	if (r == 0)
		HASH_ADD(hh, rows->unwritten, id, sizeof(one->id), one);
	if (r < 0 || one->hh.tbl == NULL) {
		free(one);
		return r < 0 ? r : -ENOMEM;
	}
	qsort(one->rows, count, sizeof(one->rows[0]), by_address);
	drop_doubles(one);
	rows->unwritten_count += one->count;
	return 0;
}

/* It is new here, and waits to be sent: its rows are as they are given. */
static int
may_wait(struct rows *rows, const struct message_id *id,
    const struct rows_outbound *list, size_t count)
{
	int r;

	for (size_t i = 0; i < count; i++)
		if (list[i].state != OUTBOUND_WAITING ||
		    list[i].address.len > ROWS_ADDRESS_BYTES ||
		    list[i].domain.len > ROWS_ADDRESS_BYTES)
			return -ENOENT;
	if (count == 0 || rows->unwritten_count + count > UNWRITTEN_MOST ||
	    find(rows, id) != NULL)
		return -ENOENT;
	r = rows_find_id(rows, ROWS_ANY_IS, id);
	return r == -ENOENT ? 0 : r == 0 ? -ENOENT : r;
}

int
rows_outbound_take_later(struct rows *rows, const struct message_id *id,
    uint64_t position, const struct rows_outbound *list, size_t count)
{
	int r = may_wait(rows, id, list, count);

	if (r == 0)
		r = keep_unwritten(rows, id, position, list, count);
	return r == 0 ? 0 : rows_outbound_take(rows, id, position, list,
	    count);
}

/* Writing */

/* `one`, or without it all of them, in one transaction. */
static int
write_them(struct rows *rows, struct rows_unwritten *one)
{
	struct rows_unwritten *each, *following;
	int r = db_begin(rows->db);

	if (r == 0 && one != NULL)
		r = rows_put_taken(rows, &one->id, one->position, one->rows,
		    one->count);
	if (one == NULL)
		HASH_ITER(hh, rows->unwritten, each, following)
			if (r == 0)
				r = rows_put_taken(rows, &each->id,
				    each->position, each->rows, each->count);
	r = rows_finish(rows, r, false);
	if (r < 0)
		return r;
	HASH_ITER(hh, rows->unwritten, each, following)
		if (one == NULL || each == one) {
			forget(rows, each);
			free(each);
		}
	return 0;
}

int
rows_write_of(struct rows *rows, const struct message_id *id)
{
	struct rows_unwritten *one = find(rows, id);

	return one == NULL ? 0 : write_them(rows, one);
}

int
rows_outbound_write(struct rows *rows)
{
	int r = rows->unwritten == NULL ? 0 : write_them(rows, NULL);

	return r == 0 ? rows_outbound_write_done(rows) : r;
}

/* Hosts have taken it for everybody. */

static bool
is_all_of(const struct rows_unwritten *one, const struct rows_outbound *list,
    size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].state != OUTBOUND_DONE)
			return false;
		for (size_t k = 0; k < one->count; k++)
			n += slice_is(one->rows[k].address, list[i].address);
	}
	return n == one->count && count == n;
}

bool
rows_end_unwritten(struct rows *rows, const struct rows_outbound *list,
    size_t count)
{
	struct rows_unwritten *one = count == 0 ? NULL : find(rows,
	    &list[0].id);

	if (one == NULL || !is_all_of(one, list, count))
		return false;
	forget(rows, one);
	TAILQ_INSERT_TAIL(&rows->done, one, next);
	return true;
}

int
rows_outbound_write_done(struct rows *rows)
{
	struct rows_unwritten *one;
	int r;

	if (TAILQ_EMPTY(&rows->done))
		return 0;
	r = db_begin(rows->db);
	TAILQ_FOREACH(one, &rows->done, next)
		if (r == 0)
			r = rows_note_taken(rows, &one->id, one->position);
	r = rows_finish(rows, r, false);
	while (r == 0 && (one = TAILQ_FIRST(&rows->done)) != NULL) {
		TAILQ_REMOVE(&rows->done, one, next);
		free(one);
	}
	return r;
}

void
rows_unwritten_free(struct rows *rows)
{
	struct rows_unwritten *one, *following;

	HASH_ITER(hh, rows->unwritten, one, following) {
		forget(rows, one);
		free(one);
	}
	while ((one = TAILQ_FIRST(&rows->done)) != NULL) {
		TAILQ_REMOVE(&rows->done, one, next);
		free(one);
	}
}
