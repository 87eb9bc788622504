/*
 * outbound_crowd_test.c - a great many recipients wait to leave
 *
 * OUTBOUND_ROWS in the environment says how many (make check-long: a million);
 * of so many the time is measured, too: that of this thread, as others may be at
 * work on the machine.  A third of them are of one domain.
 */
#include <sqlite3.h>
#include <time.h>

#include "lib/base/db.h"
#include "queue/kept.h"
#include "queue/outbound_desk.h"
#include "queue/rows_inside.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/queue/outbound_stage.h"

#define FEW		3000u
#define MANY		1000000u	/* from here on time is looked at */
#define FIRST		1200u		/* of them some are tried */
#define ANSWERS		60u
#define BYTES_MOST	300u		/* of memory, for each */
#define READY_MOST_MS	20000.0
#define STEP_MOST_MS	10.0

static unsigned wanted;

static double
spent_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* As if they had come one each millisecond, some hours ago. */
static struct message_id
id_of_row(unsigned n)
{
	uint64_t utc_ms = (uint64_t)START_UTC_MS - 10 * HOUR_MS + n;
	struct message_id id = { .bytes = { 0 } };

	for (unsigned i = 0; i < 6; i++)
		id.bytes[i] = (unsigned char)(utc_ms >> (8 * (5 - i)));
	return id;
}

static void
domain_of_row(unsigned n, char domain[32])
{
	if (n % 3 == 0)
		(void)snprintf(domain, 32, "big.example.test");
	else if (n < FIRST)
		(void)snprintf(domain, 32, "first%04u.example.test", n);
	else
		(void)snprintf(domain, 32, "d%05u.example.test",
		    n % (wanted / 20));
}

/* No more of them are tried than these. */
static bool
is_whole(unsigned n)
{
	return n < FIRST && (n % 3 == 0 || n < FIRST / 4);
}

/* Their rows; each is due a millisecond after the one before. */
static void
put_rows(sqlite3 *db)
{
	sqlite3_stmt *put;

	ck_assert_int_eq(sqlite3_prepare_v2(db, "INSERT INTO outbound (id,"
	    " address, domain, since, next_try, first_try, last_try, tries,"
	    " code, status, words, host, sender, bytes) VALUES (?1,"
	    " CAST('somebody@' || ?2 AS BLOB), CAST(?2 AS BLOB), ?3, ?4, ?3,"
	    " ?3, 3, 450, CAST('4.2.0' AS BLOB), CAST('greylisted, come again"
	    " in some minutes' AS BLOB), CAST('mx.' || ?2 AS BLOB),"
	    " CAST('ann@office.test' AS BLOB), 4096)", -1, &put, NULL),
	    SQLITE_OK);
	for (unsigned n = 0; n < wanted; n++) {
		struct message_id id = id_of_row(n);
		char domain[32];

		domain_of_row(n, domain);
		sqlite3_bind_blob(put, 1, id.bytes, MESSAGE_ID_BYTES,
		    SQLITE_TRANSIENT);
		sqlite3_bind_text(put, 2, domain, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(put, 3, START_UTC_MS - 10 * HOUR_MS);
		sqlite3_bind_int64(put, 4, START_UTC_MS + n);
		ck_assert_int_eq(sqlite3_step(put), SQLITE_DONE);
		ck_assert_int_eq(sqlite3_reset(put), SQLITE_OK);
	}
	ck_assert_int_eq(sqlite3_finalize(put), SQLITE_OK);
}

static void
make_rows(void)
{
	char path[256], count[128];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/queue.db", stage.scratch.path);
	(void)snprintf(count, sizeof(count), "UPDATE outbound_count SET n ="
	    " n + %u WHERE state = 0; COMMIT", wanted);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA synchronous=OFF; BEGIN",
	    NULL, NULL, NULL), SQLITE_OK);
	put_rows(db);
	ck_assert_int_eq(sqlite3_exec(db, count, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static int
on_first(void *arg, const struct rows_outbound *row)
{
	*(struct message_id *)arg = row->id;
	return 0;
}

/* A file for each: those that are tried here have what one of ours has. */
static void
make_files(struct slice head, struct slice bytes)
{
	char path[256], name[MESSAGE_ID_CHARS + 1];
	int folder, fd;

	(void)snprintf(path, sizeof(path), "%s/kept", stage.scratch.path);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder, 0);
	for (unsigned n = 0; n < wanted; n++) {
		struct message_id id = id_of_row(n);

		if (is_whole(n)) {
			ck_assert_int_eq(kept_write(folder, &id, head, bytes),
			    0);
			continue;
		}
		message_id_write(&id, name);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC,
		    0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(close(folder), 0);
}

/* Of the heap, without what a database keeps in it for a while. */
static size_t
heap_now(void)
{
	db_rest(stage.conductor->rows->db);
	return heap_bytes();
}

/* The hub has stopped, with all of them in its queue.  Its heap without. */
static size_t
fill(void)
{
	TEXT_AUTO buffer = TEXT_INIT(64 * 1024);
	struct slice head, bytes;
	struct message_id id;
	size_t heap;

	submit_one("zoe@near.test");
	set_aside();
	set_clock(0);
	ck_assert_int_eq(rows_outbound_each(stage.conductor->rows, on_first,
	    &id), 0);
	ck_assert_int_eq(kept_read(stage.conductor->kept_fd, &id, &buffer,
	    &head, &bytes), 0);
	stage_close(&stage);
	stage_open(&stage);
	heap = heap_now();
	stage_close(&stage);
	make_rows();
	make_files(head, bytes);
	return heap;
}

/* What every step of one kind has taken. */
struct steps {
	unsigned	count;
	double		sum, most, began;
};

static void
begin(struct steps *steps)
{
	steps->began = spent_ms();
}

static void
end(struct steps *steps)
{
	double ms = spent_ms() - steps->began;

	steps->count++;
	steps->sum += ms;
	steps->most = ms > steps->most ? ms : steps->most;
}

static void
judge(const char *what, const struct steps *steps)
{
	fprintf(stderr, "%s: %u, %.2f ms in the mean, %.2f ms at the most\n",
	    what, steps->count, steps->sum / steps->count, steps->most);
	ck_assert_uint_gt(steps->count, 0);
	if (wanted >= MANY)
		ck_assert_double_lt(steps->most, STEP_MOST_MS);
}

/* They are taken, put off, or no host of them can be spoken with. */
static void
answer_many(void)
{
	struct steps done = { 0 }, later = { 0 }, unreached = { 0 };

	for (size_t n = 0; n < ANSWERS; n++) {
		struct steps *steps = n % 3 == 0 ? &done : n % 3 == 1 ?
		    &later : &unreached;

		ck_assert_uint_gt(tries(), n);
		begin(steps);
		answer(n, steps == &done ? RELAY_DONE : RELAY_LATER,
		    steps == &done ? 250 : 0, steps != &unreached);
		end(steps);
	}
	judge("one was taken", &done);
	judge("one was put off", &later);
	judge("a host was not there", &unreached);
}

static int
on_listed(void *arg, const struct rows_outbound *row, bool is_sending)
{
	(void)arg;
	(void)row;
	(void)is_sending;
	return 0;
}

/* The postmaster looks at all of it, and holds one domain. */
static void
use_desk(void)
{
	const struct desk_which none = { .domain = SLICE("nobody.test") };
	const struct desk_which big = { .domain = SLICE("big.example.test") };
	struct desk_place place = { .address = "" };
	struct steps looks = { 0 }, holds = { 0 };
	struct desk_done did;
	int r = 1;

	while (r == 1 && looks.count < 100) {
		begin(&looks);
		r = conductor_desk_list(stage.conductor, &none, &place, 40,
		    on_listed, NULL);
		end(&looks);
		ck_assert_int_ge(r, 0);
	}
	judge("a page was looked at", &looks);
	place = (struct desk_place){ .address = "" };
	do {
		begin(&holds);
		ck_assert_int_eq(conductor_desk_act(stage.conductor, DESK_HOLD,
		    slice_str("postmaster"), &big, slice_of("", 0), &place,
		    &did), 0);
		end(&holds);
	} while (did.more && holds.count < 20);
	judge("some were held", &holds);
}

START_TEST(a_crowd_is_soon_there_and_keeps_nobody_waiting)
{
	struct steps begun = { 0 };
	size_t heap = fill(), each;
	double began = spent_ms(), ready;

	stage_open(&stage);
	ready = spent_ms() - began;
	each = (heap_now() - heap) / wanted;
	fprintf(stderr, "%u recipients: ready after %.0f ms, %zu bytes each\n",
	    wanted, ready, each);
	if (HEAP_IS_KNOWN)
		ck_assert_uint_lt(each, BYTES_MOST);
	if (wanted >= MANY)
		ck_assert_double_lt(ready, READY_MOST_MS);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), wanted + 1);
	stage_forget(&stage);
	set_clock(wanted + 1);	/* now all are due */
	begin(&begun);
	relay_up();
	end(&begun);
	judge("the first are tried", &begun);
	answer_many();
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 0);	/* no file is damaged */
	use_desk();
}
END_TEST

/* With as many conversations as a hub has that nobody has told otherwise. */
static void
set_up_crowd(void)
{
	set_clock(0);
	stage_new(&stage);
	stage.options.outbound_per_host = 5;
	stage.options.outbound_most = 20;
	stage_open(&stage);
}

Suite *
unit_suite(void)
{
	const char *rows = getenv("OUTBOUND_ROWS");
	Suite *suite = suite_create("outbound_crowd");
	TCase *tests = tcase_create("outbound_crowd");

	wanted = rows == NULL ? FEW : (unsigned)strtoul(rows, NULL, 10);
	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up_crowd, tear_down);
	tcase_add_test(tests,
	    a_crowd_is_soon_there_and_keeps_nobody_waiting);
	suite_add_tcase(suite, tests);
	return suite;
}
