/*
 * outbound_journal.c - what leaves straight from the journal
 *
 * A message that leaves is durable already: its record stands in the journal.
 * So it gets no file at first and its rows no sync, for the record brings both
 * back; most mail is taken by the first host that is asked, and then nothing
 * else was ever written of it.  A record stands here until the last row is gone,
 * or a file has it (kept.h): who has waited a minute gets one, and everybody when
 * the journal runs short of segments.  Until then its segment is not used again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/outbound_inside.h"

#define WAITED_MS	60000	/* before it gets a file */
#define WRITING_MOST	8	/* files at a time: half of the threads */

/* A message that leaves and has no file. */
struct out_record {
	TAILQ_ENTRY(out_record)	 next;		/* by position */
	struct outbound		*outbound;
	struct message_id	 id;
	uint64_t		 position;
	uint64_t		 since_ms;
	uint64_t		 not_before_ms;	/* it failed: next attempt */
	struct writing		*writing;	/* its file is; or NULL */
	bool			 is_big;
	bool			 is_over;	/* and nobody needs it any more */
	bool			 is_damaged;	/* it cannot have one */
	UT_hash_handle		 hh;
};

/* A file on its way into kept/. */
struct writing {
	struct out_record	*record;	/* not followed by the thread */
	struct message_id	 id;
	int			 folder_fd;
	struct text		 loaded;
	struct slice		 head, bytes;
	int			 status;
};

static struct out_record *
find(const struct outbound *outbound, const struct message_id *id)
{
	struct out_record *record;

	HASH_FIND(hh, outbound->records, id, sizeof(*id), record);
	return record;
}

static void
writing_free(struct writing *writing)
{
	if (writing == NULL)
		return;
	text_free(&writing->loaded);
	free(writing);
}

static void
record_free(struct out_record *record)
{
	struct outbound *outbound = record->outbound;

	outbound->has_gone = true;
	TAILQ_REMOVE(&outbound->standing, record, next);
	HASH_DEL(outbound->records, record);
	writing_free(record->writing);
	free(record);
}

/* In order of position: nearly always it is the last. */
static void
line_up(struct outbound *outbound, struct out_record *record)
{
	struct out_record *before = TAILQ_LAST(&outbound->standing,
	    out_records);

	while (before != NULL && before->position > record->position)
		before = TAILQ_PREV(before, out_records, next);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&outbound->standing, before, record, next);
	else
		TAILQ_INSERT_HEAD(&outbound->standing, record, next);
}

int
out_record_add(const struct transit *transit, uint64_t position)
{
	struct outbound *outbound = transit->conductor->outbound;
	struct out_record *record = find(outbound, &transit->env.id);

	if (record != NULL) {
		record->is_over = false;
		return 0;
	}
	record = calloc(1, sizeof(*record));
	if (record == NULL)
		return -ENOMEM;
	record->outbound = outbound;
	record->id = transit->env.id;
	record->position = position;
	record->since_ms = clock_ms();
	record->is_big = transit->is_big;
	HASH_ADD(hh, outbound->records, id, sizeof(record->id), record);
	if (record->hh.tbl == NULL) {
		free(record);
		return -ENOMEM;
	}
	line_up(outbound, record);
	return 0;
}

bool
out_record_end(struct outbound *outbound, const struct message_id *id)
{
	struct out_record *record = find(outbound, id);
	bool is_small = record != NULL && !record->is_big;

	if (record != NULL && record->writing != NULL)
		record->is_over = true;
	else if (record != NULL)
		record_free(record);
	return is_small;
}

uint64_t
outbound_standing(const struct conductor *conductor)
{
	const struct out_record *first =
	    TAILQ_FIRST(&conductor->outbound->standing);

	return first == NULL ? UINT64_MAX : first->position;
}

static int
read_record(const struct out_record *record, struct text *buffer,
    struct slice *head_out, struct slice *bytes_out)
{
	struct journal_record read;
	int r = journal_read(record->outbound->conductor->journal,
	    record->position, buffer, &read);

	if (r == 0 && message_id_order(&read.id, &record->id) != 0)
		r = -EBADMSG;
	if (r < 0)
		return r;
	*head_out = read.head;
	*bytes_out = read.bytes;
	return 0;
}

int
out_read(const struct conductor *conductor, const struct message_id *id,
    struct text *buffer, struct slice *head_out, struct slice *bytes_out)
{
	const struct out_record *record = find(conductor->outbound, id);

	return record != NULL ?
	    read_record(record, buffer, head_out, bytes_out) :
	    kept_read(conductor->kept_fd, id, buffer, head_out, bytes_out);
}

/* A file of its own */

bool
outbound_is_writing(const struct conductor *conductor,
    const struct message_id *id)
{
	const struct out_record *record = find(conductor->outbound, id);

	return record != NULL && record->writing != NULL;
}

static void
write_file(void *arg)
{
	struct writing *writing = arg;

	writing->status = kept_write(writing->folder_fd, &writing->id,
	    writing->head, writing->bytes);
}

static void
tell_fault(struct out_record *record, int error)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&record->id, id);
	log_say("message %s, which leaves, cannot be set aside: %s", id,
	    strerror(-error));
	record->is_damaged = error == -EBADMSG || error == -ENOENT;
	record->not_before_ms = clock_ms() + WAITED_MS;
}

/* The file stands: the journal need not hold it any longer. */
static void
on_written(void *arg)
{
	struct writing *writing = arg;
	struct out_record *record = writing->record;
	struct outbound *outbound = record->outbound;
	struct conductor *conductor = outbound->conductor;
	struct message_id id = record->id;
	bool is_over = record->is_over;
	int r = writing->status;

	outbound->writing--;
	record->writing = NULL;
	writing_free(writing);
	if (r < 0 && !is_over) {
		tell_fault(record, r);
		return;
	}
	record_free(record);
	if (is_over)
		out_drop_file(conductor, &id);
	outbound_set_aside(conductor);
}

static int
begin_writing(struct out_record *record)
{
	struct conductor *conductor = record->outbound->conductor;
	struct writing *writing = calloc(1, sizeof(*writing));
	int r = -ENOMEM;

	if (writing == NULL)
		return r;
	writing->record = record;
	writing->id = record->id;
	writing->folder_fd = conductor->kept_fd;
	writing->loaded.limit = conductor->options.segment_bytes;
	r = read_record(record, &writing->loaded, &writing->head,
	    &writing->bytes);
	/* side by side: their syncs go to the disk together */
	if (r == 0)
		r = pool_run(conductor->big_pool, write_file, on_written,
		    writing);
	if (r < 0) {
		writing_free(writing);
		return r;
	}
	record->writing = writing;
	record->outbound->writing++;
	return 0;
}

static bool
is_short(const struct conductor *conductor)
{
	struct journal_figures figures;

	journal_figures(conductor->journal, &figures);
	return figures.free <= conductor->options.segments / 4;
}

/* 1; 0: nobody waits for it, or it was kept for somebody here; or -errno. */
static int
needs_file(const struct conductor *conductor, const struct message_id *id)
{
	int r = rows_outbound_has(conductor->rows, id);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = rows_is_kept(conductor->rows, id);
	return r == -ENOENT ? 1 : r;
}

void
outbound_set_aside(struct conductor *conductor)
{
	struct outbound *outbound = conductor->outbound;
	bool all = is_short(conductor);
	struct out_record *record, *following;
	int r;

	for (record = TAILQ_FIRST(&outbound->standing); record != NULL &&
	    outbound->writing < WRITING_MOST; record = following) {
		following = TAILQ_NEXT(record, next);
		if (record->writing != NULL || record->is_damaged ||
		    record->not_before_ms > clock_ms())
			continue;
		if (!all && clock_ms() - record->since_ms < WAITED_MS)
			break;
		if (out_is_being_kept(conductor, &record->id))
			continue;
		r = needs_file(conductor, &record->id);
		if (r > 0)
			r = begin_writing(record);
		else if (r == 0)
			record_free(record);
		if (r < 0)
			tell_fault(record, r);
	}
	if (outbound->has_gone)
		deliver_advance(conductor);
	outbound->has_gone = false;
}

/* At start */

static bool
may_leave(const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == 0)
			return true;
	return false;
}

int
outbound_replay(const struct transit *transit, uint64_t position)
{
	const struct conductor *conductor = transit->conductor;
	const struct message_id *id = &transit->env.id;
	int r;

	/* one that has no rows yet is taken anew */
	if (!may_leave(&transit->env) || rows_outbound_is_taken(
	    conductor->rows, id, position) != 0)
		return 0;
	r = rows_outbound_has(conductor->rows, id);
	if (r == 0)
		r = kept_has(conductor->kept_fd, id) ? 0 :
		    out_record_add(transit, position);
	return r == -ENOENT ? 0 : r;
}

void
out_records_close(struct outbound *outbound)
{
	struct out_record *record;

	while ((record = TAILQ_FIRST(&outbound->standing)) != NULL)
		record_free(record);
}
