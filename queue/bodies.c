/*
 * bodies.c - signed messages that can still be read back
 *
 * A note is written some time after the receipt, many in one commit: one that a
 * crash takes is made again when the journal is replayed, or costs the line a
 * second copy.
 */
#include "queue/bodies.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "lib/message/header.h"
#include "queue/conductor_inside.h"

#define DAY_MS		(24 * 60 * 60 * 1000)
#define PRUNE_MS	(60 * 60 * 1000)	/* between two looks */
/* Traces of another way, another recipient: a part of it, at most so much. */
#define LIKE_PART	32
#define LIKE_BYTES	4096

static uint64_t
slack(uint64_t listed)
{
	return listed / LIKE_PART < LIKE_BYTES ? listed / LIKE_PART :
	    LIKE_BYTES;
}

/* Noting */

void
bodies_flush(struct conductor *conductor)
{
	struct bodies *bodies = &conductor->bodies;
	int r = 0;

	if (bodies->count > 0)
		r = rows_body_add(conductor->rows, bodies->waiting,
		    bodies->count);
	if (r < 0)
		log_say("queue.db: %u signed messages are not noted: %s",
		    bodies->count, strerror(-r));
	bodies->count = 0;
}

/* Somebody else's message, as it was sent; nobody asks for another kind. */
static bool
is_wanted(const struct transit *transit)
{
	const struct envelope *env = &transit->env;

	return transit->conductor->options.shares &&
	    env->source != SOURCE_OWN && env->fetched.mended == 0 &&
	    env->bytes >= SHARED_LEAST_BYTES - slack(SHARED_LEAST_BYTES);
}

/* It ends in an empty line, and so is whole. */
static bool
is_whole(struct slice header)
{
	return header.len > 4 && memcmp(header.at + header.len - 4,
	    "\r\n\r\n", 4) == 0;
}

/* `start` is its first bytes, with all of its header. */
static void
note(const struct transit *transit, struct slice start, uint64_t position)
{
	struct bodies *bodies = &transit->conductor->bodies;
	size_t header = header_bytes(start);
	struct slice head = slice_first(start, header);
	struct header_field field;

	if (header > SHARED_HEADER_BYTES || header >= transit->env.bytes ||
	    !is_whole(head) || !header_find(head, "DKIM-Signature", &field))
		return;
	bodies->waiting[bodies->count++] = (struct rows_body){
		.id = transit->env.id, .header = header,
		.bytes = transit->env.bytes,
		.position = transit->is_big ? 0 : position
	};
	if (bodies->count == BODIES_WAITING)
		bodies_flush(transit->conductor);
}

static void
note_file(const struct transit *transit, int fd)
{
	char start[SHARED_HEADER_BYTES + 1];
	ssize_t n = pread(fd, start, sizeof(start), 0);

	if (n > 0)
		note(transit, slice_of(start, (size_t)n), 0);
}

void
bodies_note(const struct transit *transit)
{
	if (!is_wanted(transit))
		return;
	if (transit->bytes != NULL)
		note(transit, slice_of(transit->bytes,
		    (size_t)transit->env.bytes), transit->position);
	else if (transit->fd >= 0)
		note_file(transit, transit->fd);
}

void
bodies_replay(const struct transit *transit, struct slice bytes,
    uint64_t position)
{
	int fd;

	if (!is_wanted(transit))
		return;
	if (!transit->is_big) {
		note(transit, bytes, position);
	} else if (big_open(transit->conductor->big, &transit->env.id,
	    &fd) == 0) {
		note_file(transit, fd);
		(void)close(fd);
	}
}

/* Forgetting */

void
bodies_gone(struct conductor *conductor, const struct message_id *id)
{
	int r;

	bodies_flush(conductor);
	r = rows_body_drop(conductor->rows, id);
	if (r < 0)
		log_say("queue.db: a body that is gone stays noted: %s",
		    strerror(-r));
}

void
bodies_look(struct conductor *conductor)
{
	struct bodies *bodies = &conductor->bodies;
	struct message_id oldest = { { 0 } };
	int64_t before = clock_utc_ms() - (int64_t)BODIES_DAYS * DAY_MS;
	int r;

	bodies_flush(conductor);
	if (bodies->pruned_ms != 0 &&
	    clock_ms() - bodies->pruned_ms < PRUNE_MS)
		return;
	bodies->pruned_ms = clock_ms() + 1;
	/* id.h: a name begins with its time */
	for (unsigned i = 0; before > 0 && i < 6; i++)
		oldest.bytes[i] = (unsigned char)(before >> (40 - 8 * i));
	r = rows_body_prune(conductor->rows, &oldest,
	    journal_readable(conductor->journal));
	if (r < 0)
		log_say("queue.db: old notes stay: %s", strerror(-r));
}

/* Finding */

bool
bodies_are_like(uint64_t bytes, uint64_t listed)
{
	return listed >= SHARED_LEAST_BYTES &&
	    bytes >= listed - slack(listed) &&
	    bytes <= listed + slack(listed);
}

bool
bodies_is_likely(struct conductor *conductor, uint64_t listed)
{
	if (!conductor->options.shares || listed < SHARED_LEAST_BYTES)
		return false;
	bodies_flush(conductor);
	return rows_body_any(conductor->rows, listed - slack(listed),
	    listed + slack(listed)) == 0;
}

struct finding {
	struct rows_body *found;
	unsigned	 count;
};

static int
find_one(void *arg, const struct rows_body *body)
{
	struct finding *finding = arg;

	if (body->header < body->bytes)
		finding->found[finding->count++] = *body;
	return finding->count == BODIES_CANDIDATES;
}

unsigned
bodies_find(struct conductor *conductor, uint64_t listed, uint64_t header,
    struct rows_body bodies_out[BODIES_CANDIDATES])
{
	struct finding finding = { .found = bodies_out };

	if (!conductor->options.shares || listed < SHARED_LEAST_BYTES ||
	    header >= listed)
		return 0;
	bodies_flush(conductor);
	/* what cannot be read of queue.db is fetched */
	(void)rows_body_each(conductor->rows, listed - slack(listed),
	    listed + slack(listed), listed - header, find_one, &finding);
	return finding.count;
}

/* From the journal: what stands there must still be that message. */
static int
open_record(struct conductor *conductor, const struct rows_body *body,
    int *fd_out)
{
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct journal_record record;
	int r = journal_read(conductor->journal, body->position, &buffer,
	    &record);

	if (r < 0)
		return r;
	if (record.kind != JOURNAL_MESSAGE ||
	    message_id_order(&record.id, &body->id) != 0 ||
	    record.bytes.len != body->bytes)
		return -ENOENT;
	r = memfd_of("shared", record.bytes);
	if (r < 0)
		return r;
	*fd_out = r;
	return 0;
}

static int
open_file(struct conductor *conductor, const struct rows_body *body,
    int *fd_out)
{
	struct stat st;
	int fd, r = big_open(conductor->big, &body->id, &fd);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if ((uint64_t)st.st_size != body->bytes)
		r = -EBADMSG;
	if (r < 0)
		(void)close(fd);
	else
		*fd_out = fd;
	return r;
}

int
bodies_open(struct conductor *conductor, const struct rows_body *body,
    int *fd_out)
{
	int r = body->position != 0 ? open_record(conductor, body, fd_out) :
	    open_file(conductor, body, fd_out);

	if (r == -ENOENT || r == -EBADMSG)
		bodies_gone(conductor, &body->id);
	return r;
}
