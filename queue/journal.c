/*
 * journal.c - where a message is safe: appending, group commit, failures
 *
 * A record gets its place when it is appended; what waits is in order of place.
 * One batch at a time is with the sync thread: the longest run of waiting
 * records in one segment.  When a batch fails its segment is closed, and all
 * that waits fails with it; their waiters hear so once an ABANDON record, the
 * first of the next segment, is durable.  It names the ids for people; replay
 * goes by what it says before them: from which offset on nothing counts.
 */
#include "queue/journal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "queue/abandon.h"
#include "queue/replay.h"
#include "queue/slots.h"

#define BATCH_RECORDS	255	/* of up to four pieces each: IOV_MAX is 1024 */
#define BATCH_PIECES	(4 * BATCH_RECORDS + 1)
#define AGAIN_MS	100	/* when no memory was there to begin a batch */

struct entry {
	STAILQ_ENTRY(entry)	 next;
	struct slot		*slot;
	uint32_t		 offset;
	uint32_t		 size;		/* padded */
	struct message_id	 id;
	bool			 is_abandon;	/* our own */
	int			 status;
	journal_done_fn		*done;
	void			*arg;
	unsigned char		 fixed[RECORD_HEAD_BYTES];
	struct slice		 bytes;		/* borrowed */
	size_t			 head_len;
	char			 head[];
};

STAILQ_HEAD(entries, entry);

/* What the sync thread is given, and all that it touches. */
struct batch {
	const struct journal_io	*io;
	struct entries		 entries;
	struct slot		*slot;		/* not followed by the thread */
	int			 fd;
	uint32_t		 offset;	/* of the first record */
	bool			 has_head;	/* the segment's, before it */
	int			 status;
	struct iovec		 piece[BATCH_PIECES];
	unsigned char		 head[SEGMENT_HEAD_BYTES];
};

struct journal {
	struct slots		 slots;
	struct pool		*pool;
	struct timer		*kick;		/* begins the next batch */
	struct slot		*tail;		/* being filled, or NULL */
	struct entries		 waiting;	/* have a place */
	struct entries		 failed;	/* wait for an ABANDON record */
	bool			 is_syncing;
	struct abandon		 abandon;	/* not durable yet */
	uint64_t		 waiting_count;
	uint64_t		 records, syncs;
	int			 fault;
	struct batch		 batch;
};

const struct journal_io journal_disk = { pwritev, fdatasync, fsync };

/* In the sync thread */

static void
add_piece(struct batch *batch, int *count, const void *at, size_t len)
{
	if (len == 0)
		return;
	batch->piece[*count].iov_base = (void *)(uintptr_t)at;
	batch->piece[*count].iov_len = len;
	(*count)++;
}

/* The record as pieces. */
static void
add_record(struct batch *batch, int *count, const struct entry *entry)
{
	static const char padding[RECORD_ALIGN];
	size_t len = RECORD_HEAD_BYTES + entry->head_len + entry->bytes.len;

	add_piece(batch, count, entry->fixed, RECORD_HEAD_BYTES);
	add_piece(batch, count, entry->head, entry->head_len);
	add_piece(batch, count, entry->bytes.at, entry->bytes.len);
	add_piece(batch, count, padding, entry->size - len);
}

/* `piece` and `count` without the `put` bytes that were written. */
static void
skip_written(struct iovec **piece, int *count, size_t put)
{
	while (*count > 0 && put >= (*piece)->iov_len) {
		put -= (*piece)->iov_len;
		(*piece)++;
		(*count)--;
	}
	if (*count > 0) {
		(*piece)->iov_base = (char *)(*piece)->iov_base + put;
		(*piece)->iov_len -= put;
	}
}

static int
write_pieces(const struct batch *batch, struct iovec *piece, int count,
    off_t at)
{
	ssize_t put;

	while (count > 0) {
		put = batch->io->write(batch->fd, piece, count, at);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		at += put;
		skip_written(&piece, &count, (size_t)put);
	}
	return 0;
}

static void
batch_write(void *arg)
{
	struct journal *j = arg;
	struct batch *batch = &j->batch;
	off_t at = batch->has_head ? 0 : (off_t)batch->offset;
	struct entry *entry;
	int count = 0;

	if (batch->has_head)
		add_piece(batch, &count, batch->head, SEGMENT_HEAD_BYTES);
	STAILQ_FOREACH(entry, &batch->entries, next)
		add_record(batch, &count, entry);
	batch->status = write_pieces(batch, batch->piece, count, at);
	if (batch->status == 0 && batch->io->sync_data(batch->fd) < 0)
		batch->status = -errno;
}

/* Telling what became of records */

/* Tell all of `list`; a status of 0 leaves each its own. */
static void
tell_all(struct journal *j, struct entries *list, int status)
{
	struct entries now = STAILQ_HEAD_INITIALIZER(now);
	struct entry *entry;

	STAILQ_CONCAT(&now, list);
	while ((entry = STAILQ_FIRST(&now)) != NULL) {
		STAILQ_REMOVE_HEAD(&now, next);
		if (!entry->is_abandon) {
			j->waiting_count--;
			entry->done(entry->arg,
			    status == 0 ? entry->status : status);
		}
		free(entry);
	}
}

static void
forget_all(struct entries *list)
{
	struct entry *entry;

	while ((entry = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		free(entry);
	}
}

static bool
has_abandon(const struct entries *list)
{
	const struct entry *entry = STAILQ_FIRST(list);

	/* it is the first record of its segment, so of its batch too */
	return entry != NULL && entry->is_abandon;
}

/* Places */

static struct entry *
entry_new(const struct message_id *id, struct slice head, struct slice bytes)
{
	struct entry *entry = calloc(1, sizeof(*entry) + head.len);

	if (entry == NULL)
		return NULL;
	entry->id = *id;
	entry->bytes = bytes;
	entry->size = (uint32_t)segment_record_bytes(head, bytes);
	entry->head_len = head.len;
	if (head.len > 0)
		memcpy(entry->head, head.at, head.len);
	return entry;
}

/* Give it the next place in the tail, where there is room for it. */
static void
entry_place(struct journal *j, struct entry *entry, enum journal_kind kind)
{
	struct slice head = slice_of(entry->head, entry->head_len);
	struct slot *slot = j->tail;

	entry->slot = slot;
	entry->offset = slot->end;
	slot->end += entry->size;
	segment_record_write(&slot->head, kind, &entry->id, head,
	    entry->bytes, entry->fixed);
	STAILQ_INSERT_TAIL(&j->waiting, entry, next);
}

/* Put the ABANDON record, if one is due, at the head of the new tail. */
static int
place_abandon(struct journal *j)
{
	static const struct message_id nobody;
	TEXT_AUTO packed = TEXT_INIT(ABANDON_BYTES);
	struct entry *entry;

	if (abandon_is_empty(&j->abandon))
		return 0;
	abandon_pack(&j->abandon, &packed);
	if (text_failed(&packed))
		return -ENOMEM;
	entry = entry_new(&nobody, text_slice(&packed), slice_of(NULL, 0));
	if (entry == NULL)
		return -ENOMEM;
	entry->is_abandon = true;
	entry_place(j, entry, JOURNAL_ABANDON);
	return 0;
}

/* Begin the next segment; the tail stays what it is when that fails. */
static int
next_segment(struct journal *j)
{
	struct slot *before = j->tail, *slot;
	int r;

	r = slots_begin(&j->slots, &slot);
	if (r < 0)
		return r;
	j->tail = slot;
	r = place_abandon(j);
	if (r < 0) {
		slots_unbegin(&j->slots, slot);
		j->tail = before;
	}
	return r;
}

static uint32_t
room(const struct journal *j)
{
	uint32_t size = j->slots.options.segment_bytes;

	return j->tail == NULL ? 0 : size - j->tail->end;
}

/* Failures */

/* Take all that waits into `failed`, but for our own record. */
static void
fail_list(struct journal *j, struct entries *list, const struct slot *broken,
    int status)
{
	struct entry *entry;

	while ((entry = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		if (entry->slot != broken)
			slots_unbegin(&j->slots, entry->slot);
		if (entry->is_abandon) {
			free(entry);
			continue;
		}
		if (entry->slot == broken)
			abandon_name(&j->abandon, &entry->id);
		entry->status = status;
		STAILQ_INSERT_TAIL(&j->failed, entry, next);
	}
}

/* The batch is not durable, and nobody can say how much of it is. */
static void
batch_failed(struct journal *j)
{
	struct batch *batch = &j->batch;
	struct slot *broken = batch->slot;
	struct entries earlier = STAILQ_HEAD_INITIALIZER(earlier);
	int r;

	/* those who wait for an ABANDON record in this very batch */
	STAILQ_CONCAT(&earlier, &j->failed);
	slots_break(&j->slots, broken, batch->offset);
	abandon_from(&j->abandon, broken->head.generation, batch->offset);
	j->tail = NULL;
	fail_list(j, &batch->entries, broken, batch->status);
	fail_list(j, &j->waiting, broken, batch->status);
	r = STAILQ_EMPTY(&j->failed) ? 0 : next_segment(j);
	if (r < 0) {
		j->fault = r;
		STAILQ_CONCAT(&earlier, &j->failed);
	}
	tell_all(j, &earlier, -ENOTRECOVERABLE);
}

static void
batch_over(void *arg)
{
	struct journal *j = arg;
	struct batch *batch = &j->batch;
	struct entries failed = STAILQ_HEAD_INITIALIZER(failed);
	struct entry *entry;

	j->is_syncing = false;
	timer_set(j->kick, 0);
	if (batch->status < 0) {
		j->fault = batch->status;
		batch_failed(j);
		return;
	}
	j->fault = 0;
	j->syncs++;
	STAILQ_FOREACH(entry, &batch->entries, next)
		j->records += !entry->is_abandon;
	if (has_abandon(&batch->entries)) {
		abandon_clear(&j->abandon);
		STAILQ_CONCAT(&failed, &j->failed);
	}
	tell_all(j, &failed, 0);
	tell_all(j, &batch->entries, 0);
}

/* A fresh segment is there, or is not: nothing was written to it then. */
static void
slot_made(void *arg, struct slot *slot, int status)
{
	struct journal *j = arg;
	struct entries lost = STAILQ_HEAD_INITIALIZER(lost);
	struct entries kept = STAILQ_HEAD_INITIALIZER(kept);
	struct entries failed = STAILQ_HEAD_INITIALIZER(failed);
	struct entry *entry;

	timer_set(j->kick, 0);
	if (status == 0)
		return;
	if (j->tail == slot)
		j->tail = NULL;
	while ((entry = STAILQ_FIRST(&j->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&j->waiting, next);
		entry->status = entry->slot == slot ? status : 0;
		if (entry->slot == slot && entry->is_abandon)
			STAILQ_CONCAT(&failed, &j->failed);
		if (entry->slot == slot)
			STAILQ_INSERT_TAIL(&lost, entry, next);
		else
			STAILQ_INSERT_TAIL(&kept, entry, next);
	}
	STAILQ_CONCAT(&j->waiting, &kept);
	tell_all(j, &failed, -ENOTRECOVERABLE);
	tell_all(j, &lost, 0);
}

/* Batches */

/* Move the first waiting records that can go out together into the batch. */
static void
fill_batch(struct journal *j)
{
	struct batch *batch = &j->batch;
	struct entry *entry = STAILQ_FIRST(&j->waiting);
	struct slot *slot = entry->slot;

	STAILQ_INIT(&batch->entries);
	batch->io = j->slots.options.io;
	batch->slot = slot;
	batch->fd = slot->fd;
	batch->offset = entry->offset;
	batch->status = 0;
	batch->has_head = !slot->is_written;
	if (batch->has_head) {
		slot->head.settled = j->slots.settled;
		segment_head_write(&slot->head, batch->head);
	}
	for (unsigned n = 0; entry != NULL && entry->slot == slot &&
	    n < BATCH_RECORDS; n++) {
		STAILQ_REMOVE_HEAD(&j->waiting, next);
		STAILQ_INSERT_TAIL(&batch->entries, entry, next);
		entry = STAILQ_FIRST(&j->waiting);
	}
}

static void
begin_batch(void *arg)
{
	struct journal *j = arg;
	struct entry *first = STAILQ_FIRST(&j->waiting);

	if (j->is_syncing || first == NULL ||
	    first->slot->state == SLOT_MAKING)
		return;
	fill_batch(j);
	if (pool_run(j->pool, batch_write, batch_over, j) < 0) {
		STAILQ_CONCAT(&j->batch.entries, &j->waiting);
		STAILQ_CONCAT(&j->waiting, &j->batch.entries);
		timer_set(j->kick, AGAIN_MS);
		return;
	}
	j->batch.slot->is_written = true;
	j->is_syncing = true;
}

/* The contract */

static bool
options_are_good(const struct journal_options *options)
{
	return options->segment_bytes >= JOURNAL_LEAST_BYTES &&
	    options->segment_bytes <= JOURNAL_MOST_BYTES &&
	    options->segment_bytes % SEGMENT_HEAD_BYTES == 0 &&
	    options->segments >= 1 &&
	    options->segments <= JOURNAL_MOST_SEGMENTS;
}

int
journal_open(int folder_fd, const struct journal_options *options,
    struct loop *loop, struct pool *pool, struct journal **journal_out)
{
	struct journal *j;
	int r;

	if (!options_are_good(options))
		return -EINVAL;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return -ENOMEM;
	STAILQ_INIT(&j->waiting);
	STAILQ_INIT(&j->failed);
	STAILQ_INIT(&j->batch.entries);
	j->pool = pool;
	r = slots_open(&j->slots, folder_fd, options, pool, slot_made, j);
	if (r < 0) {
		free(j);
		return r;
	}
	j->kick = timer_new(loop, begin_batch, j);
	if (j->kick == NULL) {
		journal_close(j);
		return -ENOMEM;
	}
	*journal_out = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	timer_free(j->kick);
	forget_all(&j->batch.entries);
	forget_all(&j->waiting);
	forget_all(&j->failed);
	slots_close(&j->slots);
	free(j);
}

int
journal_replay(struct journal *j, journal_replay_fn *fn, void *arg)
{
	return replay(&j->slots, fn, arg);
}

int
journal_read(struct journal *j, uint64_t position, struct text *buffer,
    struct journal_record *record_out)
{
	return replay_one(&j->slots, position, buffer, record_out);
}

int
journal_append(struct journal *j, enum journal_kind kind,
    const struct message_id *id, struct slice head, struct slice bytes,
    journal_done_fn *done, void *arg, uint64_t *position_out)
{
	uint32_t most = j->slots.options.segment_bytes - SEGMENT_HEAD_BYTES -
	    (uint32_t)(RECORD_HEAD_BYTES + ABANDON_BYTES);
	struct entry *entry;
	int r;

	if (head.len > most || bytes.len > most ||
	    segment_record_bytes(head, bytes) > most)
		return -EMSGSIZE;
	entry = entry_new(id, head, bytes);
	if (entry == NULL)
		return -ENOMEM;
	if (room(j) < entry->size) {
		r = next_segment(j);
		if (r < 0) {
			free(entry);
			return r;
		}
	}
	entry->done = done;
	entry->arg = arg;
	entry_place(j, entry, kind);
	j->waiting_count++;
	if (!j->is_syncing)
		timer_set(j->kick, 0);
	if (room(j) < j->slots.options.segment_bytes / 2)
		slots_prepare(&j->slots);
	*position_out = segment_position(entry->slot->head.generation,
	    entry->offset);
	return 0;
}

void
journal_settled(struct journal *j, uint64_t position)
{
	const struct entry *entry = STAILQ_FIRST(&j->batch.entries);
	uint64_t first;

	if (entry == NULL)
		entry = STAILQ_FIRST(&j->waiting);
	if (entry != NULL) {
		first = segment_position(entry->slot->head.generation,
		    entry->offset);
		if (position > first)
			position = first;
	}
	/* a tail that is nearly full and settled whole need not be kept */
	if (entry == NULL && position >= journal_next(j) &&
	    room(j) < j->slots.options.segment_bytes / 2)
		j->tail = NULL;
	slots_settle(&j->slots, position, j->tail);
	abandon_settled(&j->abandon, j->slots.settled);
}

uint64_t
journal_next(const struct journal *j)
{
	if (j->tail == NULL)
		return segment_position(j->slots.next_generation,
		    SEGMENT_HEAD_BYTES);
	return segment_position(j->tail->head.generation, j->tail->end);
}

uint64_t
journal_recycled(const struct journal *j)
{
	return j->slots.settled;
}

uint64_t
journal_readable(struct journal *j)
{
	uint64_t oldest = journal_next(j), at;

	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		const struct slot *slot = &j->slots.slot[i];

		at = segment_position(slot->head.generation,
		    SEGMENT_HEAD_BYTES);
		if ((slot->is_begun || slots_left(&j->slots,
		    slot->head.generation) == slot) && at < oldest)
			oldest = at;
	}
	return oldest;
}

uint32_t
journal_newest(const struct journal *j)
{
	return j->slots.newest;
}

uint64_t
journal_oldest(const struct journal *j)
{
	uint64_t oldest = journal_next(j), at;

	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		const struct slot *slot = &j->slots.slot[i];

		at = segment_position(slot->head.generation,
		    SEGMENT_HEAD_BYTES);
		if (slot->is_begun && at < oldest)
			oldest = at;
	}
	return oldest;
}

void
journal_figures(const struct journal *j, struct journal_figures *figures_out)
{
	struct journal_figures f = { 0 };

	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		const struct slot *slot = &j->slots.slot[i];

		if (!slot->is_begun && !slot->is_damaged)
			continue;
		f.used++;
		f.broken += slot->state == SLOT_BROKEN;
		f.bytes_used += slot->end - SEGMENT_HEAD_BYTES;
	}
	f.free = slots_free(&j->slots);
	f.damaged = j->slots.damaged;
	f.bytes_free = room(j) + (uint64_t)f.free *
	    (j->slots.options.segment_bytes - SEGMENT_HEAD_BYTES);
	f.waiting = j->waiting_count;
	f.records = j->records;
	f.syncs = j->syncs;
	f.fault = j->fault != 0 ? j->fault : j->slots.fault;
	*figures_out = f;
}
