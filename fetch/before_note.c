/*
 * before_note.c - what a note shows of a message besides its header
 *
 * Behind the header of a message that is not downloaded comes, where the server
 * says it, what it is made of, and then its text, if that is small.  Whatever
 * does not come is left out: there is a note all the same.
 */
#include "fetch/before.h"

#include "fetch/collect_inside.h"
#include "lib/message/envelope.h"

static struct before_row *
row_of(struct collect *collect, uint32_t number, enum before_state state)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	for (unsigned i = 0; i < queue->count; i++)
		if (queue->rows[i].row.number == number &&
		    queue->rows[i].state == state)
			return &queue->rows[i];
	return NULL;
}

static void
answered(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	queue->asked -= queue->asked > 0;
}

/* Without memory for it there is one another time. */
static void
finish(struct collect *collect, struct before_row *row, bool has_text)
{
	struct fetch_outcome *outcome = &collect->outcome;

	if (note_end(row->note, has_text) < 0) {
		before_drop(&collect->conversation->before_queue, row);
		return;
	}
	row->state = BEFORE_NOTE;
	if (row->note->mark != FETCHED_PLACE)
		return;
	outcome->waiting++;		/* its note is taken */
	outcome->waiting_bytes += row->note->bytes.len;
}

/* Its text */

static void
on_text(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct before_row *row = row_of(arg, number, BEFORE_TEXT);

	(void)words;
	if (ok || row == NULL)
		return;
	answered(arg);
	finish(arg, row, false);
}

static void
on_text_part(void *arg, uint32_t number, struct slice s)
{
	struct before_row *row = row_of(arg, number, BEFORE_TEXT);

	if (row != NULL)
		note_add(row->note, s);
}

static void
on_text_end(void *arg, uint32_t number, const struct mended *mended)
{
	struct before_row *row = row_of(arg, number, BEFORE_TEXT);

	(void)mended;
	if (row == NULL)
		return;
	answered(arg);
	finish(arg, row, true);
}

static const struct heard heard_text = {
	.status = on_text, .part = on_text_part, .end = on_text_end
};

/* What it is made of */

static void
on_shape(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct before_queue *queue = &collect->conversation->before_queue;
	struct before_row *row = row_of(collect, number, BEFORE_SHAPE);
	const struct shape *shape = collect->conversation->arrival.shape;

	(void)words;
	if (row == NULL)
		return;
	answered(collect);
	if (ok && shape != NULL)
		note_shape(row->note, shape);
	if (note_section(row->note) == NULL ||
	    collect->protocol->room(collect) == 0) {
		finish(collect, row, false);
		return;
	}
	row->state = BEFORE_TEXT;
	queue->asked++;
	collect->protocol->section(collect, number, note_section(row->note),
	    NOTE_TEXT_MOST, &heard_text);
}

static const struct heard heard_shape = { .status = on_shape };

void
before_note(struct collect *collect, struct before_row *row)
{
	const struct protocol *protocol = collect->protocol;

	if (protocol->shape == NULL || protocol->room(collect) == 0) {
		finish(collect, row, false);
		return;
	}
	row->state = BEFORE_SHAPE;
	collect->conversation->before_queue.asked++;
	protocol->shape(collect, row->row.number, &heard_shape);
}
