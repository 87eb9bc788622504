/*
 * slots.c - the segment files of the journal, and which may be used
 *
 * A fresh file is written full of zeroes in the sync thread, some MiB at a
 * time so that receipts pass in between, then synced with its folder.  A
 * recycled one is begun by its new head alone: the salt in it makes all that
 * stands behind meaningless.
 */
#include "queue/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES	16	/* "NNNN.seg" and to spare */
#define ZERO_BYTES	(64u * 1024)
#define STEP_PIECES	64	/* of ZERO_BYTES: 4 MiB a step, some 10 ms */

static void
slot_name(unsigned number, char name_out[NAME_BYTES])
{
	(void)snprintf(name_out, NAME_BYTES, "%04u.seg", number);
}

static void
slot_close(struct slot *slot)
{
	if (slot->fd >= 0)
		(void)close(slot->fd);
	slot->fd = -1;
}

/* Remove the file; what settled records it held is of no more use. */
static void
slot_remove(struct slots *slots, struct slot *slot)
{
	char name[NAME_BYTES];

	slot_name(slot->number, name);
	slot_close(slot);
	if (unlinkat(slots->folder_fd, name, 0) < 0 && errno != ENOENT)
		slots->fault = -errno;
	slot->state = SLOT_ABSENT;
	slot->is_begun = slot->is_written = slot->is_damaged = false;
}

/* A file that can be begun again as it is, else none. */
static void
slot_retire(struct slots *slots, struct slot *slot)
{
	if (slot->state == SLOT_BROKEN ||
	    slot->size != slots->options.segment_bytes ||
	    slot->number >= slots->options.segments) {
		slot_remove(slots, slot);
		return;
	}
	slot->state = SLOT_FREE;
	slot->is_begun = slot->is_written = slot->is_damaged = false;
}

/* Opening */

/* A file of a size that we could have made. */
static int
check_file(struct slot *slot)
{
	struct stat st;

	if (fstat(slot->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > JOURNAL_MOST_BYTES)
		return -EINVAL;
	slot->size = (uint32_t)st.st_size;
	return 0;
}

/* Read the first block of `slot` and judge it. */
static int
slot_look(struct slots *slots, struct slot *slot)
{
	char block[SEGMENT_HEAD_BYTES];
	ssize_t got = pread(slot->fd, block, sizeof(block), 0);
	int r;

	if (got < 0)
		return -errno;
	slot->state = SLOT_USED;
	slot->end = slot->size;
	r = segment_head_read(slice_of(block, (size_t)got), &slot->head);
	if (r == -ENOENT) {		/* never begun, or half made */
		slot_retire(slots, slot);
		return 0;
	}
	if (r == -EBADMSG) {
		slot->is_damaged = true;
		slots->damaged++;
		return 0;
	}
	if (r == 0 && memcmp(slot->head.hub_id, slots->options.hub_id,
	    JOURNAL_HUB_BYTES) != 0)
		return -EXDEV;
	slot->is_begun = slot->is_written = r == 0;
	return r;
}

static int
slot_open(struct slots *slots, struct slot *slot)
{
	char name[NAME_BYTES];
	int r;

	slot_name(slot->number, name);
	slot->fd = openat(slots->folder_fd, name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (slot->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = check_file(slot);
	if (r < 0)
		return r;
	return slot_look(slots, slot);
}

/* What all heads together say: generations, and what was settled. */
static int
slots_compare(struct slots *slots)
{
	uint32_t highest = slots->options.above;

	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		struct slot *slot = &slots->slot[i];

		if (!slot->is_begun)
			continue;
		if (slots_find(slots, slot->head.generation) != slot)
			return -EUCLEAN;
		if (slot->head.generation > slots->newest)
			slots->newest = slot->head.generation;
		if (slot->head.settled > slots->settled)
			slots->settled = slot->head.settled;
	}
	if (slots->newest > highest)
		highest = slots->newest;
	if (highest == UINT32_MAX)
		return -EUCLEAN;
	slots->next_generation = highest + 1;
	return 0;
}

/* Damaged ones are kept until all of the past is settled. */
static void
place_damaged(struct slots *slots)
{
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		if (slots->slot[i].is_damaged)
			slots->slot[i].head.generation =
			    slots->next_generation - 1;
}

int
slots_open(struct slots *slots, int folder_fd,
    const struct journal_options *options, struct pool *pool,
    slot_made_fn *made, void *arg)
{
	int r = 0;

	memset(slots, 0, sizeof(*slots));
	slots->folder_fd = folder_fd;
	slots->options = *options;
	if (options->io == NULL)
		slots->options.io = &journal_disk;
	slots->pool = pool;
	slots->made = made;
	slots->made_arg = arg;
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		slots->slot[i].number = i;
		slots->slot[i].fd = -1;
	}
	for (unsigned i = 0; r == 0 && i < JOURNAL_MOST_SEGMENTS; i++)
		r = slot_open(slots, &slots->slot[i]);
	if (r == 0)
		r = slots_compare(slots);
	if (r < 0) {
		slots_close(slots);
		return r;
	}
	place_damaged(slots);
	slots_settle(slots, slots->settled, NULL);
	return 0;
}

void
slots_close(struct slots *slots)
{
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		slot_close(&slots->slot[i]);
}

/* Making a fresh one */

/*
 * The next zeroes.  A piece a call: what one call writes the page cache may keep
 * as one folio of up to 2 MiB, and each record that is written and synced later
 * costs a walk over all blocks of its folio.
 */
static void
make_pieces(struct slot_making *making)
{
	static const char zeroes[ZERO_BYTES];
	struct iovec piece = { .iov_base = (void *)(uintptr_t)zeroes };

	for (unsigned i = 0; i < STEP_PIECES && making->status == 0 &&
	    making->at < making->size; i++) {
		uint32_t left = making->size - making->at;
		ssize_t put;

		piece.iov_len = left < ZERO_BYTES ? left : ZERO_BYTES;
		put = making->io->write(making->fd, &piece, 1,
		    (off_t)making->at);
		if (put > 0)
			making->at += (uint32_t)put;
		else if (put == 0 || errno != EINTR)
			making->status = put == 0 ? -EIO : -errno;
	}
}

/* In the sync thread: the next zeroes, or the syncs at the end. */
static void
make_step(void *arg)
{
	struct slots *slots = arg;
	struct slot_making *making = &slots->making;

	if (making->at < making->size) {
		make_pieces(making);
		return;
	}
	if (making->io->sync(making->fd) < 0 ||
	    making->io->sync(making->folder_fd) < 0)
		making->status = -errno;
	making->is_done = true;
}

static int	make_begin(struct slots *, struct slot *);

/* Begin with the next that waits to be made; tell of those that cannot be. */
static void
make_more(struct slots *slots)
{
	for (unsigned i = 0; i < slots->options.segments; i++) {
		struct slot *slot = &slots->slot[i];
		int r;

		if (slots->making.slot != NULL)
			return;
		if (slot->state != SLOT_MAKING)
			continue;
		r = make_begin(slots, slot);
		if (r < 0)
			slots->made(slots->made_arg, slot, r);
	}
}

/* In the loop: go on with the file, or tell what became of it. */
static void
make_next(void *arg)
{
	struct slots *slots = arg;
	struct slot_making *making = &slots->making;
	struct slot *slot = making->slot;
	int r = making->status;

	if (r == 0 && !making->is_done) {
		r = pool_run(slots->pool, make_step, make_next, slots);
		if (r == 0)
			return;
	}
	making->slot = NULL;
	if (r < 0) {
		slots->fault = r;
		slot_remove(slots, slot);
	} else {
		slots->fault = 0;
		slot->state = slot->is_begun ? SLOT_USED : SLOT_FREE;
	}
	slots->made(slots->made_arg, slot, r);
	make_more(slots);
}

/* Make the file and begin to fill it; on failure the slot is absent. */
static int
make_begin(struct slots *slots, struct slot *slot)
{
	struct slot_making *making = &slots->making;
	char name[NAME_BYTES];
	int r;

	slot_name(slot->number, name);
	slot->fd = openat(slots->folder_fd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (slot->fd < 0) {
		slots->fault = -errno;
		slot->state = SLOT_ABSENT;
		slot->is_begun = false;
		return slots->fault;
	}
	slot->size = slots->options.segment_bytes;
	*making = (struct slot_making){ .slot = slot, .fd = slot->fd,
	    .folder_fd = slots->folder_fd, .size = slot->size,
	    .io = slots->options.io };
	r = pool_run(slots->pool, make_step, make_next, slots);
	if (r < 0) {
		making->slot = NULL;
		slot_remove(slots, slot);
		return r;
	}
	slot->state = SLOT_MAKING;
	return 0;
}

/* Taking and giving back */

/* The first slot in this state and not begun, or NULL. */
static struct slot *
first_in(struct slots *slots, enum slot_state state)
{
	for (unsigned i = 0; i < slots->options.segments; i++)
		if (slots->slot[i].state == state && !slots->slot[i].is_begun)
			return &slots->slot[i];
	return NULL;
}

/* A slot to begin; fresh files are made one after the other. */
static int
pick(struct slots *slots, struct slot **slot_out)
{
	struct slot *slot = first_in(slots, SLOT_FREE);
	int r;

	if (slot == NULL)
		slot = first_in(slots, SLOT_MAKING);
	if (slot == NULL) {
		slot = first_in(slots, SLOT_ABSENT);
		if (slot == NULL)
			return -ENOSPC;
		slot->state = SLOT_MAKING;
	}
	if (slot->state == SLOT_MAKING && slots->making.slot == NULL) {
		r = make_begin(slots, slot);
		if (r < 0)
			return r;
	}
	*slot_out = slot;
	return 0;
}

int
slots_begin(struct slots *slots, struct slot **slot_out)
{
	struct slot *slot;
	uint32_t salt;
	int r;

	if (slots->next_generation == UINT32_MAX)
		return -EOVERFLOW;
	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		return -EIO;
	r = pick(slots, &slot);
	if (r < 0)
		return r;
	slot->head.generation = slots->next_generation++;
	slot->head.salt = salt;
	memcpy(slot->head.hub_id, slots->options.hub_id, JOURNAL_HUB_BYTES);
	slot->end = SEGMENT_HEAD_BYTES;
	slot->is_begun = true;
	slot->is_written = false;
	if (slot->state == SLOT_FREE)
		slot->state = SLOT_USED;
	*slot_out = slot;
	return 0;
}

void
slots_unbegin(struct slots *slots, struct slot *slot)
{
	(void)slots;
	slot->is_begun = false;
	if (slot->state == SLOT_USED)
		slot->state = SLOT_FREE;
}

void
slots_break(struct slots *slots, struct slot *slot, uint32_t offset)
{
	(void)slots;
	slot->state = SLOT_BROKEN;
	slot->end = offset;
}

void
slots_prepare(struct slots *slots)
{
	struct slot *slot = first_in(slots, SLOT_ABSENT);

	if (slot == NULL || slots->making.slot != NULL ||
	    first_in(slots, SLOT_FREE) != NULL)
		return;
	(void)make_begin(slots, slot);	/* tried again when it is needed */
}

void
slots_settle(struct slots *slots, uint64_t position,
    const struct slot *except)
{
	if (position > slots->settled)
		slots->settled = position;
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		struct slot *slot = &slots->slot[i];

		if ((slot->state == SLOT_USED || slot->state == SLOT_BROKEN) &&
		    slot != except && segment_position(slot->head.generation,
		    slot->end) <= slots->settled)
			slot_retire(slots, slot);
	}
}

struct slot *
slots_find(struct slots *slots, uint32_t generation)
{
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		if (slots->slot[i].is_begun &&
		    slots->slot[i].head.generation == generation)
			return &slots->slot[i];
	return NULL;
}

/* A head of zeroes (generation 0) is of a file that was never used. */
struct slot *
slots_left(struct slots *slots, uint32_t generation)
{
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++) {
		struct slot *slot = &slots->slot[i];

		if (slot->state == SLOT_FREE && !slot->is_begun &&
		    generation != 0 && slot->head.generation == generation)
			return slot;
	}
	return NULL;
}

static int
by_generation(const void *left, const void *right)
{
	uint32_t a = (*(struct slot *const *)left)->head.generation;
	uint32_t b = (*(struct slot *const *)right)->head.generation;

	return a < b ? -1 : a > b;
}

unsigned
slots_used(struct slots *slots, struct slot *used_out[JOURNAL_MOST_SEGMENTS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		if (slots->slot[i].is_begun)
			used_out[count++] = &slots->slot[i];
	qsort(used_out, count, sizeof(*used_out), by_generation);
	return count;
}

unsigned
slots_free(const struct slots *slots)
{
	unsigned count = 0;

	for (unsigned i = 0; i < slots->options.segments; i++)
		if (slots->slot[i].state < SLOT_USED &&
		    !slots->slot[i].is_begun)
			count++;
	return count;
}
