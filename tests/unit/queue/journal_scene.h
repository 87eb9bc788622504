/*
 * journal_scene.h - a journal on a disk that fails when told to, and what was
 * told of each of its records, for a comparison with what is replayed
 */
#ifndef TESTS_UNIT_QUEUE_JOURNAL_SCENE_H
#define TESTS_UNIT_QUEUE_JOURNAL_SCENE_H

#include "queue/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "queue/segment.h"
#include "tests/unit/queue/scratch.h"

#define SEGMENT_BYTES	(64u * 1024)
#define MOST_RECORDS	2000

/* A disk that fails when told to */

static struct {
	int	sync_data_error;	/* errno of failing fdatasyncs */
	int	sync_data_errors;	/* how many are to fail */
	int	write_error;
	off_t	write_error_from;	/* writes at or behind this offset */
	int	sync_error;		/* of fsync */
	bool	writes_short;		/* each write takes only part */
} disk;

/* A write of the journal, on that disk. */
static inline ssize_t
test_write(int fd, const struct iovec *piece, int count, off_t at)
{
	struct iovec part = piece[0];

	if (disk.write_error != 0 && at >= disk.write_error_from) {
		errno = disk.write_error;
		return -1;
	}
	if (!disk.writes_short)
		return pwritev(fd, piece, count, at);
	part.iov_len = part.iov_len > 7 ? 7 : part.iov_len;
	return pwritev(fd, &part, 1, at);
}

/* Its fdatasync. */
static inline int
test_sync_data(int fd)
{
	if (disk.sync_data_errors > 0) {
		disk.sync_data_errors--;
		errno = disk.sync_data_error;
		return -1;
	}
	return fdatasync(fd);
}

/* Its fsync. */
static inline int
test_sync(int fd)
{
	if (disk.sync_error != 0) {
		errno = disk.sync_error;
		return -1;
	}
	return fsync(fd);
}

static const struct journal_io test_disk = {
	test_write, test_sync_data, test_sync
};

/* A journal, its loop, and what was told of each record */

#define NOT_TOLD	12345

struct told {
	struct message_id	id;
	uint64_t		position;
	int			status;
	char			*body;		/* lent to the journal */
	struct hub		*hub;
};

struct hub {
	struct scratch		 scratch;
	struct journal_options	 options;
	struct loop		*loop;
	struct pool		*pool;
	struct journal		*journal;
	struct message_id	 last;
	struct told		 told[MOST_RECORDS];
	size_t			 count;		/* appended */
	size_t			 open;		/* not told yet */
	struct told		 seen[MOST_RECORDS];
	size_t			 seen_count;	/* replayed */
};

static struct hub hub;

/* The journal is opened. */
static inline void
hub_up(void)
{
	hub.loop = loop_new();
	hub.pool = pool_new(hub.loop, 1);
	ck_assert_int_eq(journal_open(hub.scratch.fd, &hub.options, hub.loop,
	    hub.pool, &hub.journal), 0);
}

/* And closed; its files stay. */
static inline void
hub_down(void)
{
	pool_free(hub.pool);
	journal_close(hub.journal);
	loop_free(hub.loop);
}

/* A folder of its own, and an empty journal. */
static inline void
setup(void)
{
	memset(&hub, 0, sizeof(hub));
	memset(&disk, 0, sizeof(disk));
	hub.scratch = scratch_new();
	hub.options = (struct journal_options){ .segment_bytes = SEGMENT_BYTES,
	    .segments = 4, .hub_id = "test hub", .io = &test_disk };
	hub_up();
}

/* And all of it gone. */
static inline void
teardown(void)
{
	hub_down();
	for (size_t i = 0; i < hub.count; i++)
		free(hub.told[i].body);
	scratch_drop(&hub.scratch);
}

/* What is told of a record, once. */
static inline void
on_done(void *arg, int status)
{
	struct told *told = arg;

	ck_assert_int_eq(told->status, NOT_TOLD);
	told->status = status;
	if (--told->hub->open == 0)
		loop_stop(told->hub->loop);
}

/* The bytes of record `id`: as many as it says, made from it. */
static inline struct slice
body_of(const struct message_id *id, size_t len)
{
	static char body[SEGMENT_BYTES];

	for (size_t i = 0; i < len; i++)
		body[i] = (char)(id->bytes[i % MESSAGE_ID_BYTES] + i * 7);
	return slice_of(body, len);
}

/* Append a record whose head is its body's length; the body stays alive. */
static inline int
append(size_t len)
{
	struct told *told = &hub.told[hub.count];
	struct slice body;
	int r;

	ck_assert_int_eq(message_id_new(&hub.last, 1700000000000), 0);
	told->id = hub.last;
	told->status = NOT_TOLD;
	told->hub = &hub;
	body = body_of(&told->id, len);
	told->body = malloc(len + 1);
	ck_assert_ptr_nonnull(told->body);
	memcpy(told->body, body.at, len);
	r = journal_append(hub.journal, JOURNAL_MESSAGE, &told->id,
	    slice_of(&len, sizeof(len)), slice_of(told->body, len),
	    on_done, told, &told->position);
	if (r < 0) {
		free(told->body);
		told->body = NULL;
		return r;
	}
	hub.count++;
	hub.open++;
	return 0;
}

/* Let the loop run until all have been told. */
static inline void
wait_all(void)
{
	if (hub.open > 0)
		ck_assert_int_eq(loop_run(hub.loop), 0);
	ck_assert_uint_eq(hub.open, 0);
}

/* One that is replayed: its bytes are those that were appended. */
static inline int
on_record(void *arg, const struct journal_record *record)
{
	struct told *seen = &hub.seen[hub.seen_count++];
	size_t len;

	(void)arg;
	ck_assert_uint_eq(record->head.len, sizeof(len));
	memcpy(&len, record->head.at, sizeof(len));
	ck_assert(slice_is(record->bytes, body_of(&record->id, len)));
	seen->id = record->id;
	seen->position = record->position;
	if (hub.seen_count > 1)
		ck_assert_uint_gt(seen->position, seen[-1].position);
	return 0;
}

/* What the files say, from their beginning. */
static inline void
replay_all(void)
{
	hub.seen_count = 0;
	ck_assert_int_eq(journal_replay(hub.journal, on_record, NULL), 0);
}

/* As after a crash: nothing of the old process but its files. */
static inline void
reopen(void)
{
	hub_down();
	hub_up();
	replay_all();
}

/* The replay has given that one. */
static inline bool
was_seen(const struct told *told)
{
	for (size_t i = 0; i < hub.seen_count; i++)
		if (hub.seen[i].position == told->position &&
		    message_id_order(&hub.seen[i].id, &told->id) == 0)
			return true;
	return false;
}

/* Replay gives exactly those of whom 0 was told. */
static inline void
check_seen(void)
{
	size_t good = 0;

	for (size_t i = 0; i < hub.count; i++) {
		ck_assert_int_ne(hub.told[i].status, NOT_TOLD);
		if (hub.told[i].status == 0)
			good++;
		ck_assert_msg(was_seen(&hub.told[i]) ==
		    (hub.told[i].status == 0), "record %zu, status %d", i,
		    hub.told[i].status);
	}
	ck_assert_uint_eq(hub.seen_count, good);
}

#endif
