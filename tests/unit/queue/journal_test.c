/*
 * journal_test.c - what was acknowledged is replayed, and nothing else
 *
 * Long, but one thing: each test needs the failing disk, the hub that remembers
 * what it was told of each record, and the check of that against a replay.
 */
#include "queue/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "queue/segment.h"
#include "tests/unit/queue/scratch.h"

#define SEGMENT_BYTES	(64u * 1024)
#define MOST_RECORDS	2000

/* --- a disk that fails when told to ------------------------------------- */

static struct {
	int	sync_data_error;	/* errno of failing fdatasyncs */
	int	sync_data_errors;	/* how many are to fail */
	int	write_error;
	off_t	write_error_from;	/* writes at or behind this offset */
	int	sync_error;		/* of fsync */
	bool	writes_short;		/* each write takes only part */
} disk;

static ssize_t
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

static int
test_sync_data(int fd)
{
	if (disk.sync_data_errors > 0) {
		disk.sync_data_errors--;
		errno = disk.sync_data_error;
		return -1;
	}
	return fdatasync(fd);
}

static int
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

/* --- a journal, its loop, and what was told of each record -------------- */

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

static void
hub_up(void)
{
	hub.loop = loop_new();
	hub.pool = pool_new(hub.loop, 1);
	ck_assert_int_eq(journal_open(hub.scratch.fd, &hub.options, hub.loop,
	    hub.pool, &hub.journal), 0);
}

static void
hub_down(void)
{
	pool_free(hub.pool);
	journal_close(hub.journal);
	loop_free(hub.loop);
}

static void
setup(void)
{
	memset(&hub, 0, sizeof(hub));
	memset(&disk, 0, sizeof(disk));
	hub.scratch = scratch_new();
	hub.options = (struct journal_options){ .segment_bytes = SEGMENT_BYTES,
	    .segments = 4, .hub_id = "test hub", .io = &test_disk };
	hub_up();
}

static void
teardown(void)
{
	hub_down();
	for (size_t i = 0; i < hub.count; i++)
		free(hub.told[i].body);
	scratch_drop(&hub.scratch);
}

static void
on_done(void *arg, int status)
{
	struct told *told = arg;

	ck_assert_int_eq(told->status, NOT_TOLD);
	told->status = status;
	if (--told->hub->open == 0)
		loop_stop(told->hub->loop);
}

/* The bytes of record `id`: as many as it says, made from it. */
static struct slice
body_of(const struct message_id *id, size_t len)
{
	static char body[SEGMENT_BYTES];

	for (size_t i = 0; i < len; i++)
		body[i] = (char)(id->bytes[i % MESSAGE_ID_BYTES] + i * 7);
	return slice_of(body, len);
}

/* Append a record whose head is its body's length; the body stays alive. */
static int
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

static void
wait_all(void)
{
	if (hub.open > 0)
		ck_assert_int_eq(loop_run(hub.loop), 0);
	ck_assert_uint_eq(hub.open, 0);
}

static int
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

static void
replay_all(void)
{
	hub.seen_count = 0;
	ck_assert_int_eq(journal_replay(hub.journal, on_record, NULL), 0);
}

/* As after a crash: nothing of the old process but its files. */
static void
reopen(void)
{
	hub_down();
	hub_up();
	replay_all();
}

static bool
was_seen(const struct told *told)
{
	for (size_t i = 0; i < hub.seen_count; i++)
		if (hub.seen[i].position == told->position &&
		    message_id_order(&hub.seen[i].id, &told->id) == 0)
			return true;
	return false;
}

/* Replay gives exactly those of whom 0 was told. */
static void
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

/* --- what is told is true ----------------------------------------------- */

START_TEST(what_was_received_is_replayed_in_order)
{
	for (size_t i = 0; i < 30; i++)
		ck_assert_int_eq(append(i * 131), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 30);
	/* and again: reading changes nothing */
	reopen();
	check_seen();
}
END_TEST

START_TEST(all_that_waits_goes_out_with_one_sync)
{
	struct journal_figures f;

	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(append(100), 0);
	wait_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.syncs, 1);
	ck_assert_uint_eq(f.records, 10);
	ck_assert_uint_eq(f.waiting, 0);
	ck_assert_int_eq(f.fault, 0);
}
END_TEST

START_TEST(a_record_is_read_back_by_its_position)
{
	TEXT_AUTO buffer = TEXT_INIT(SEGMENT_BYTES);
	TEXT_AUTO small = TEXT_INIT(100);
	struct journal_record record;

	ck_assert_int_eq(append(10), 0);
	ck_assert_int_eq(append(3000), 0);
	wait_all();
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position,
	    &buffer, &record), 0);
	ck_assert_uint_eq(record.position, hub.told[1].position);
	ck_assert(slice_is(record.bytes, body_of(&hub.told[1].id, 3000)));
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position,
	    &small, &record), -ENOBUFS);
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position + 8,
	    &buffer, &record), -EBADMSG);
	ck_assert_int_eq(journal_read(hub.journal, (uint64_t)99 << 32,
	    &buffer, &record), -ENOENT);
}
END_TEST

START_TEST(short_writes_are_carried_on)
{
	disk.writes_short = true;
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(append(200), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 3);
}
END_TEST

START_TEST(a_record_larger_than_a_segment_is_refused)
{
	ck_assert_int_eq(append(SEGMENT_BYTES), -EMSGSIZE);
	ck_assert_int_eq(append(SEGMENT_BYTES - SEGMENT_HEAD_BYTES), -EMSGSIZE);
	ck_assert_int_eq(append(40 * 1024), 0);
	wait_all();
	ck_assert_int_eq(hub.told[0].status, 0);
}
END_TEST

/* --- segments ----------------------------------------------------------- */

START_TEST(out_of_segments_is_said_at_once_and_settling_helps)
{
	struct journal_figures f;
	int r;

	while ((r = append(9000)) == 0)
		wait_all();
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_ge(hub.count, 4 * 6);
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.used, 4);
	ck_assert_uint_eq(f.free, 0);
	ck_assert_int_eq(append(9000), -ENOSPC);
	journal_settled(hub.journal, hub.told[7].position);
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.free, 1);
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	/* what was settled is not replayed, the rest is */
	reopen();
	ck_assert_uint_eq(hub.seen_count, hub.count - 7);
	ck_assert(was_seen(&hub.told[hub.count - 1]));
	ck_assert(was_seen(&hub.told[7]));
	ck_assert(!was_seen(&hub.told[6]));
}
END_TEST

START_TEST(a_journal_of_one_segment_goes_round)
{
	hub_down();
	hub.options.segments = 1;
	hub_up();
	for (size_t i = 0; i < 100; i++) {
		int r = append(9000);

		if (r < 0) {
			ck_assert_int_eq(r, -ENOSPC);
			journal_settled(hub.journal,
			    journal_next(hub.journal));
			ck_assert_int_eq(append(9000), 0);
		}
		wait_all();
	}
	reopen();
	ck_assert(was_seen(&hub.told[99]));
	ck_assert_uint_le(hub.seen_count, 6);
}
END_TEST

START_TEST(a_burst_larger_than_a_segment_waits_for_the_next)
{
	for (size_t i = 0; i < 20; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 20);
}
END_TEST

/* Stale records of the same size and place, even of the same generation. */
START_TEST(records_of_an_earlier_life_are_not_replayed)
{
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	journal_settled(hub.journal, journal_next(hub.journal));
	/* the segment is begun again; five old records stand behind */
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	ck_assert_uint_eq(hub.seen_count, 1);
	ck_assert(was_seen(&hub.told[6]));
}
END_TEST

/* What nobody owes any more can still be had, until its place is needed. */
START_TEST(a_settled_record_is_readable_until_its_segment_is_used_again)
{
	TEXT_AUTO buffer = TEXT_INIT(SEGMENT_BYTES);
	struct journal_record record;
	uint64_t first;

	/* the second segment is begun, so that the first is given back */
	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	first = hub.told[0].position;
	ck_assert_uint_gt(hub.told[9].position >> 32, first >> 32);
	ck_assert_uint_le(journal_readable(hub.journal), first);
	journal_settled(hub.journal, journal_next(hub.journal));
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    0);
	ck_assert_int_eq(message_id_order(&record.id, &hub.told[0].id), 0);
	ck_assert_uint_le(journal_readable(hub.journal), first);
	reopen();
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    0);
	/* all four are used once more */
	for (size_t i = 0; i < 24 && journal_readable(hub.journal) <= first;
	    i++) {
		ck_assert_int_eq(append(9000), 0);
		wait_all();
		journal_settled(hub.journal, journal_next(hub.journal));
	}
	ck_assert_uint_gt(journal_readable(hub.journal), first);
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    -ENOENT);
}
END_TEST

START_TEST(a_new_life_begins_a_new_segment)
{
	ck_assert_int_eq(append(100), 0);
	wait_all();
	reopen();
	ck_assert_uint_eq(journal_next(hub.journal) >> 32,
	    (hub.told[0].position >> 32) + 1);
	ck_assert_int_eq(append(100), 0);
	wait_all();
	ck_assert_uint_eq(hub.told[1].position >> 32,
	    (hub.told[0].position >> 32) + 1);
	reopen();
	check_seen();
	ck_assert_uint_eq(journal_oldest(hub.journal),
	    hub.told[0].position);
}
END_TEST

START_TEST(generations_begin_above_what_was_seen_elsewhere)
{
	hub_down();
	hub.options.above = 41;
	hub_up();
	ck_assert_int_eq(append(1), 0);
	wait_all();
	ck_assert_uint_eq(hub.told[0].position >> 32, 42);
}
END_TEST

START_TEST(the_segments_of_another_hub_are_refused)
{
	struct journal *other;

	ck_assert_int_eq(append(1), 0);
	wait_all();
	hub.options.hub_id[0] ^= 1;
	ck_assert_int_eq(journal_open(hub.scratch.fd, &hub.options, hub.loop,
	    hub.pool, &other), -EXDEV);
	hub.options.hub_id[0] ^= 1;
}
END_TEST

START_TEST(a_damaged_head_is_told_and_the_rest_still_read)
{
	struct journal_figures f;
	int fd;

	ck_assert_int_eq(append(1), 0);
	wait_all();
	reopen();
	ck_assert_int_eq(append(1), 0);
	wait_all();
	hub_down();
	fd = openat(hub.scratch.fd, "0000.seg", O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, 17), 1);
	close(fd);
	hub_up();
	replay_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.damaged, 1);
	ck_assert_uint_eq(hub.seen_count, 1);
	ck_assert(was_seen(&hub.told[1]));
}
END_TEST

/* --- torn and flipped bytes --------------------------------------------- */

static struct slice
read_segment(const char *name, char *buffer)
{
	int fd = openat(hub.scratch.fd, name, O_RDONLY);
	ssize_t got = read(fd, buffer, SEGMENT_BYTES);

	ck_assert_int_eq(got, SEGMENT_BYTES);
	close(fd);
	return slice_of(buffer, (size_t)got);
}

/* How many records stand; each must be one that was written. */
static size_t
count_records(struct slice image)
{
	uint32_t offset = SEGMENT_HEAD_BYTES;
	struct journal_record record;
	struct segment_head head;
	size_t count = 0;

	ck_assert_int_eq(segment_head_read(image, &head), 0);
	while (segment_record_next(&head, image, &offset, &record)) {
		ck_assert_uint_lt(count, hub.count);
		ck_assert_uint_eq(record.position, hub.told[count].position);
		ck_assert(slice_is(record.bytes,
		    body_of(&hub.told[count].id, record.bytes.len)));
		count++;
	}
	return count;
}

START_TEST(damage_to_the_last_record_costs_that_record_only)
{
	static char image[SEGMENT_BYTES];
	struct slice all;
	uint32_t from, to;

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(append(501 + i), 0);
	wait_all();
	all = read_segment("0000.seg", image);
	from = segment_offset(hub.told[3].position);
	to = from + RECORD_HEAD_BYTES + 8 + 504;
	ck_assert_uint_eq(count_records(all), 4);
	for (uint32_t at = from; at < to; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			image[at] = (char)(image[at] ^ 1 << bit);
			ck_assert_uint_eq(count_records(all), 3);
			image[at] = (char)(image[at] ^ 1 << bit);
		}
		/* cut here: by the end of the file, and by zeroes */
		ck_assert_uint_eq(count_records(slice_first(all, at)), 3);
	}
	for (uint32_t at = to; at-- > from;) {
		bool was_zero = image[at] == 0;

		image[at] = 0;
		ck_assert(count_records(all) == 3 ||
		    (was_zero && at == to - 1));
	}
}
END_TEST

/* --- failures ----------------------------------------------------------- */

static const struct {
	int	write_error, sync_data_error;
} failures[] = {
	{ 0, EIO },
	{ EIO, 0 },
	{ ENOSPC, 0 },
};

START_TEST(a_failed_batch_is_abandoned_and_the_next_is_good)
{
	struct journal_figures f;

	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = failures[_i].sync_data_error;
	disk.sync_data_errors = failures[_i].sync_data_error != 0;
	disk.write_error = failures[_i].write_error;
	disk.write_error_from = SEGMENT_HEAD_BYTES;	/* ABANDON is at 0 */
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.write_error = 0;
	for (size_t i = 5; i < 10; i++)
		ck_assert_int_eq(hub.told[i].status,
		    -(failures[_i].write_error + failures[_i].sync_data_error));
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.broken, 1);
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 10);
	/* a second start, with one more segment, omits the same */
	ck_assert_int_eq(append(1), 0);
	wait_all();
	reopen();
	check_seen();
	/* settled, the broken file is gone and not used again */
	journal_settled(hub.journal, journal_next(hub.journal));
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.used, 0);
	ck_assert_uint_eq(f.broken, 0);
	ck_assert_int_eq(faccessat(hub.scratch.fd, "0000.seg", F_OK, 0), -1);
}
END_TEST

/* The failing batch is at the end of one segment, more waits in the next. */
START_TEST(all_that_waits_behind_a_failed_batch_fails_with_it)
{
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 1;
	for (size_t i = 0; i < 15; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	for (size_t i = 0; i < 15; i++)
		ck_assert_int_eq(hub.told[i].status, -EIO);
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 1);
}
END_TEST

START_TEST(nobody_is_answered_when_the_abandoning_fails_too)
{
	ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 2;
	ck_assert_int_eq(append(300), 0);
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, -ENOTRECOVERABLE);
	ck_assert_int_eq(hub.told[2].status, -ENOTRECOVERABLE);
	/* the next segment says of both that they are broken */
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[3].status, 0);
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 2);
}
END_TEST

START_TEST(nobody_is_answered_when_no_segment_is_left_to_abandon_in)
{
	hub_down();
	hub.options.segments = 1;
	hub_up();
	ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 1;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, -ENOTRECOVERABLE);
	ck_assert_int_eq(append(300), -ENOSPC);
	journal_settled(hub.journal, hub.told[1].position);
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[2].status, 0);
}
END_TEST

START_TEST(no_room_for_a_new_segment_is_tried_again)
{
	struct journal_figures f;

	*(_i == 0 ? &disk.write_error : &disk.sync_error) = ENOSPC;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[0].status, -ENOSPC);
	journal_figures(hub.journal, &f);
	ck_assert_int_eq(f.fault, -ENOSPC);
	ck_assert_uint_eq(f.used, 0);
	ck_assert_int_eq(faccessat(hub.scratch.fd, "0000.seg", F_OK, 0), -1);
	disk.write_error = disk.sync_error = 0;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, 0);
	reopen();
	check_seen();
}
END_TEST

/* --- a process that is killed ------------------------------------------- */

struct report {
	struct message_id	id;
	uint64_t		position;
};

static int report_fd;

static void
on_child_done(void *arg, int status)
{
	struct told *told = arg;
	struct report report = { told->id, told->position };

	if (status != 0 ||
	    write(report_fd, &report, sizeof(report)) != sizeof(report))
		_exit(3);
	hub.open--;
}

/* Keep 20 records going until killed. */
static void
child_turn(void *arg)
{
	static char body[2000];
	struct timer **timer = arg;

	while (hub.open < 20) {
		struct told *told = &hub.told[hub.count % MOST_RECORDS];
		size_t len = (size_t)random() % sizeof(body);
		struct slice bytes;

		told->body = malloc(len + 1);
		if (told->body == NULL ||
		    message_id_new(&hub.last, 1700000000000) < 0)
			_exit(4);
		told->id = hub.last;
		bytes = body_of(&told->id, len);
		memcpy(told->body, bytes.at, len);
		if (journal_append(hub.journal, JOURNAL_MESSAGE, &told->id,
		    slice_of(&len, sizeof(len)), slice_of(told->body, len),
		    on_child_done, told, &told->position) < 0)
			break;
		hub.count++;
		hub.open++;
	}
	timer_set(*timer, 1);
}

static void
child(int fd, unsigned seed)
{
	struct timer *timer;

	report_fd = fd;
	srandom(seed);
	hub_up();
	timer = timer_new(hub.loop, child_turn, &timer);
	timer_set(timer, 0);
	_exit(loop_run(hub.loop) < 0 ? 5 : 6);
}

START_TEST(what_a_killed_process_had_acknowledged_is_replayed)
{
	unsigned kill_after;
	int pipe_fd[2], status;
	pid_t pid;

	hub_down();
	srandom((unsigned)_i + 1);
	kill_after = (unsigned)random() % 90;
	ck_assert_int_eq(pipe(pipe_fd), 0);
	pid = fork();
	if (pid == 0)
		child(pipe_fd[1], (unsigned)_i + 1);
	close(pipe_fd[1]);
	for (;;) {
		struct report report;

		if (hub.count == kill_after)
			(void)kill(pid, SIGKILL);
		if (read(pipe_fd[0], &report, sizeof(report)) !=
		    sizeof(report))
			break;
		hub.told[hub.count].id = report.id;
		hub.told[hub.count++].position = report.position;
	}
	close(pipe_fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	hub_up();
	replay_all();
	for (size_t i = 0; i < hub.count; i++)
		ck_assert(was_seen(&hub.told[i]));
	/* at most what it had in hand came besides */
	ck_assert_uint_le(hub.seen_count, hub.count + 20);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/journal");
	TCase *tcase = tcase_create("journal");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_was_received_is_replayed_in_order);
	tcase_add_test(tcase, all_that_waits_goes_out_with_one_sync);
	tcase_add_test(tcase, a_record_is_read_back_by_its_position);
	tcase_add_test(tcase, short_writes_are_carried_on);
	tcase_add_test(tcase, a_record_larger_than_a_segment_is_refused);
	tcase_add_test(tcase,
	    out_of_segments_is_said_at_once_and_settling_helps);
	tcase_add_test(tcase, a_journal_of_one_segment_goes_round);
	tcase_add_test(tcase, a_burst_larger_than_a_segment_waits_for_the_next);
	tcase_add_test(tcase, records_of_an_earlier_life_are_not_replayed);
	tcase_add_test(tcase,
	    a_settled_record_is_readable_until_its_segment_is_used_again);
	tcase_add_test(tcase, a_new_life_begins_a_new_segment);
	tcase_add_test(tcase, generations_begin_above_what_was_seen_elsewhere);
	tcase_add_test(tcase, the_segments_of_another_hub_are_refused);
	tcase_add_test(tcase, a_damaged_head_is_told_and_the_rest_still_read);
	tcase_add_test(tcase, damage_to_the_last_record_costs_that_record_only);
	tcase_add_loop_test(tcase,
	    a_failed_batch_is_abandoned_and_the_next_is_good, 0,
	    (int)(sizeof(failures) / sizeof(failures[0])));
	tcase_add_test(tcase,
	    all_that_waits_behind_a_failed_batch_fails_with_it);
	tcase_add_test(tcase, nobody_is_answered_when_the_abandoning_fails_too);
	tcase_add_test(tcase,
	    nobody_is_answered_when_no_segment_is_left_to_abandon_in);
	tcase_add_loop_test(tcase, no_room_for_a_new_segment_is_tried_again, 0,
	    2);
	tcase_add_loop_test(tcase,
	    what_a_killed_process_had_acknowledged_is_replayed, 0, 12);
	suite_add_tcase(suite, tcase);
	return suite;
}
