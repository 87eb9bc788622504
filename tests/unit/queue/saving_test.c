/*
 * saving_test.c - what a person saves is there when the queue has said so
 */
#include "queue/saving.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/queue/stage.h"

#define SIZE	300000u		/* of a message */

static struct stage stage;
static char other;		/* somebody else who asks */
static const struct asker ann = { .from = &stage, .serial = 5,
    .is_mailbox = true, .owner = STAGE_ANN };

/* What happens in a sync. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int sync_fault;		/* errno of the next ones; 0: none */
static bool dies_in_file, dies_in_row;

static int
in_sync(long call, int fd, bool dies)
{
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
	if (dies)
		_exit(0);
	if (sync_fault != 0) {
		errno = sync_fault;
		return -1;
	}
	return (int)syscall(call, fd);
}

/* Ours stand before libc's: files of big/ are synced by the first. */
int
fsync(int fd)
{
	return in_sync(SYS_fsync, fd, dies_in_file);
}

/* The databases by the second. */
int
fdatasync(int fd)
{
	return in_sync(SYS_fdatasync, fd, dies_in_row);
}

static void
set_up(void)
{
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static struct conductor_saving
begin(const struct asker *asker, uint64_t bytes)
{
	struct conductor_saving saving;

	ck_assert_int_eq(conductor_save_begin(stage.conductor, asker, bytes,
	    &saving), 0);
	return saving;
}

static void
feed(const struct conductor_saving *saving, size_t bytes)
{
	static char piece[4096];

	memset(piece, 'S', sizeof(piece));
	for (; bytes > 0; bytes -= bytes < 4096 ? bytes : 4096)
		conductor_big_feed(stage.conductor, saving->ticket,
		    slice_of(piece, bytes < 4096 ? bytes : 4096));
}

/* From its first byte to the request that makes it durable. */
static struct conductor_saving
send_whole(const struct asker *asker, size_t bytes)
{
	struct conductor_saving saving = begin(asker, bytes);

	feed(&saving, bytes);
	conductor_big_end(stage.conductor, saving.ticket);
	ck_assert_int_eq(conductor_save(stage.conductor, asker,
	    saving.ticket), 0);
	return saving;
}

/* The size of the file, read by an account; or -errno. */
static int64_t
size_for(uint64_t account, const struct message_id *id)
{
	struct stat st;
	int fd, r;

	r = conductor_big_open(stage.conductor, account, id, &fd);
	if (r < 0)
		return r;
	ck_assert_int_eq(fstat(fd, &st), 0);
	(void)close(fd);
	return st.st_size;
}

static uint64_t
granted(void)
{
	return space_granted(stage.conductor->space);
}

START_TEST(what_was_saved_is_the_accounts_after_a_crash_as_well)
{
	struct conductor_saving saving = send_whole(&ann, SIZE);
	struct stage_call *call;

	stage_wait(&stage, STAGE_SAVED, 1);
	call = stage_call(&stage, STAGE_SAVED, 0);
	ck_assert_int_eq(call->status, 0);
	ck_assert_uint_eq(call->bytes, SIZE);
	ck_assert_uint_eq(call->serial, 5);
	ck_assert_uint_eq(granted(), 0);
	stage_restart(&stage);
	ck_assert_int_eq(size_for(STAGE_ANN, &saving.id), SIZE);
	ck_assert_int_eq(size_for(STAGE_BEN, &saving.id), -ENOENT);
	/* and it goes as any other */
	conductor_big_unref(stage.conductor, STAGE_ANN, &saving.id);
	ck_assert_int_eq(size_for(STAGE_ANN, &saving.id), -ENOENT);
}
END_TEST

/* The mailbox ends, or does not want it, before and after its last byte. */
START_TEST(what_nobody_wants_any_more_goes_at_once)
{
	struct conductor_saving saving = begin(&ann, SIZE);

	feed(&saving, 200000);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	if (_i & 1)
		conductor_big_end(stage.conductor, saving.ticket);
	/* who cannot have begun it cannot end it */
	conductor_big_abandon(stage.conductor, &other, saving.ticket);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	if (_i & 2)
		conductor_asker_lost(stage.conductor, ann.from);
	else
		conductor_big_abandon(stage.conductor, ann.from,
		    saving.ticket);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_uint_eq(granted(), 0);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, saving.ticket),
	    -ESTALE);
}
END_TEST

/* The same while the file is synced: it is never counted. */
START_TEST(what_nobody_wants_when_it_is_synced_is_not_kept)
{
	struct conductor_saving saving;

	(void)pthread_mutex_lock(&gate);
	saving = send_whole(&ann, SIZE);
	conductor_big_abandon(stage.conductor, &other, saving.ticket);
	if (_i == 0)
		conductor_asker_lost(stage.conductor, ann.from);
	else
		conductor_big_abandon(stage.conductor, ann.from,
		    saving.ticket);
	(void)pthread_mutex_unlock(&gate);
	for (int i = 0; stage_files(&stage, "big") > 0 && i < 60000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_SAVED), 0);
	ck_assert_int_eq(size_for(STAGE_ANN, &saving.id), -ENOENT);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

/* A disk that fails has kept nothing. */
START_TEST(what_cannot_be_synced_is_not_kept)
{
	struct conductor_saving saving;

	sync_fault = EIO;
	saving = send_whole(&ann, SIZE);
	stage_wait(&stage, STAGE_SAVED, 1);
	sync_fault = 0;
	ck_assert_int_eq(stage_call(&stage, STAGE_SAVED, 0)->status, -EIO);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_int_eq(size_for(STAGE_ANN, &saving.id), -ENOENT);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

START_TEST(a_pipe_that_was_not_closed_is_no_message)
{
	struct conductor_saving saving = begin(&ann, SIZE);

	feed(&saving, SIZE);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, saving.ticket),
	    -EIO);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

/* Its own, and one that was begun for a submission. */
START_TEST(a_ticket_of_another_kind_is_a_breach)
{
	const struct asker ben = { .from = &other, .is_mailbox = true,
	    .owner = STAGE_BEN };
	struct conductor_saving saving = begin(&ann, SIZE);
	uint64_t ticket;

	ck_assert_int_eq(conductor_save(stage.conductor, &ben, saving.ticket),
	    -EBADMSG);
	ck_assert_int_eq(conductor_big_begin(stage.conductor, ann.from,
	    &ticket), 0);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, ticket),
	    -EBADMSG);
}
END_TEST

/* Line ends that are mended make it larger: the room grows, up to a limit. */
START_TEST(a_message_may_be_larger_than_was_said)
{
	struct conductor_saving saving = begin(&ann, 1000);

	feed(&saving, SIZE);
	ck_assert_uint_ge(granted(), SIZE);
	ck_assert_uint_lt(granted(), SIZE + 2 * 65536);
	conductor_big_end(stage.conductor, saving.ticket);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, saving.ticket),
	    0);
	stage_wait(&stage, STAGE_SAVED, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_SAVED, 0)->bytes, SIZE);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

START_TEST(a_message_over_the_limit_is_dropped)
{
	struct conductor_saving saving = begin(&ann, STAGE_MESSAGE_BYTES);

	feed(&saving, STAGE_MESSAGE_BYTES + 1);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	conductor_big_end(stage.conductor, saving.ticket);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, saving.ticket),
	    -EFBIG);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

/* Room is for all: SMTP, collectors and the mail programs of others. */
START_TEST(no_account_has_the_room_of_all)
{
	const uint64_t most = STAGE_MESSAGE_BYTES + 16 * 1024 * 1024;
	const struct asker ben = { .from = &other, .is_mailbox = true,
	    .owner = STAGE_BEN };
	struct conductor_saving first = begin(&ann, most), second;

	ck_assert_int_eq(conductor_save_begin(stage.conductor, &ann, 1,
	    &second), -EDQUOT);
	(void)begin(&ben, most);
	ck_assert_uint_eq(granted(), 2 * most);
	conductor_big_abandon(stage.conductor, ann.from, first.ticket);
	(void)begin(&ann, most);
	ck_assert_uint_eq(granted(), 2 * most);
	conductor_asker_lost(stage.conductor, ann.from);
	conductor_asker_lost(stage.conductor, ben.from);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

START_TEST(without_room_nothing_is_begun)
{
	struct conductor_saving saving;

	stage_close(&stage);
	stage.options.transit_bytes = 1024 * 1024;
	stage_open(&stage);
	ck_assert_int_eq(conductor_save_begin(stage.conductor, &ann,
	    1024 * 1024 + 1, &saving), -ENOSPC);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	/* nor does it grow beyond it */
	saving = begin(&ann, 1024 * 1024 - 1000);
	feed(&saving, 1024 * 1024);
	conductor_big_end(stage.conductor, saving.ticket);
	ck_assert_int_eq(conductor_save(stage.conductor, &ann, saving.ticket),
	    -ENOSPC);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_uint_eq(granted(), 0);
}
END_TEST

/* Mail goes on arriving while files are synced. */
START_TEST(mail_is_received_while_a_file_is_synced)
{
	(void)send_whole(&ann, SIZE);
	stage_receive(&stage, 'm', false);
	stage_wait(&stage, STAGE_SAVED, 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_SAVED, 0)->status, 0);
}
END_TEST

enum point { BEGUN, FED, ENDED, SYNCING, COUNTING, SAVED, POINTS };

static struct message_id told;	/* the name of the file, of the last life */

/* A life that ends there, with nothing said or closed. */
static void
live_until(enum point point, int fd)
{
	struct conductor_saving saving;

	stage_open(&stage);
	saving = begin(&ann, SIZE);
	if (write(fd, saving.id.bytes, MESSAGE_ID_BYTES) != MESSAGE_ID_BYTES)
		_exit(1);
	if (point == BEGUN)
		_exit(0);
	feed(&saving, SIZE);
	if (point == FED)
		_exit(0);
	conductor_big_end(stage.conductor, saving.ticket);
	if (point == ENDED)
		_exit(0);
	dies_in_file = point == SYNCING;
	dies_in_row = point == COUNTING;
	if (conductor_save(stage.conductor, &ann, saving.ticket) != 0)
		_exit(1);
	while (stage_count(&stage, STAGE_SAVED) == 0)
		stage_run(&stage, 1);
	_exit(point == SAVED ? 0 : 1);
}

static void
die_at(enum point point)
{
	int pair[2], status;
	pid_t pid;

	stage_close(&stage);
	ck_assert_int_eq(pipe(pair), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		live_until(point, pair[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read(pair[0], told.bytes, MESSAGE_ID_BYTES),
	    MESSAGE_ID_BYTES);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* As if the crash were two days ago: for the sweep of a start. */
static void
grow_old(void)
{
	const struct timespec then[2] = {
		{ .tv_sec = time(NULL) - 2 * 86400 },
		{ .tv_sec = time(NULL) - 2 * 86400 }
	};
	char name[MESSAGE_ID_CHARS + 1], path[MESSAGE_ID_CHARS + 16];

	message_id_write(&told, name);
	(void)snprintf(path, sizeof(path), "big/%s/%s",
	    name + MESSAGE_ID_CHARS - 2, name);
	ck_assert_int_eq(utimensat(stage.scratch.fd, path, then, 0), 0);
}

/* DESIGN.md 3: nothing, or the whole letter; and no garbage that stays */
START_TEST(a_crash_leaves_nothing_or_all_of_it)
{
	int64_t size;

	die_at((enum point)_i);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	/* a young one may be somebody's who is just coming */
	stage_open(&stage);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	stage_close(&stage);
	grow_old();
	stage_open(&stage);
	size = size_for(STAGE_ANN, &told);
	if (_i == SAVED || (_i == COUNTING && size >= 0)) {
		ck_assert_int_eq(size, SIZE);
		ck_assert_uint_eq(stage_files(&stage, "big"), 1);
		return;
	}
	ck_assert_int_eq(size, -ENOENT);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("saving");
	TCase *tcase = tcase_create("saving");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    what_was_saved_is_the_accounts_after_a_crash_as_well);
	tcase_add_loop_test(tcase, what_nobody_wants_any_more_goes_at_once,
	    0, 4);
	tcase_add_loop_test(tcase,
	    what_nobody_wants_when_it_is_synced_is_not_kept, 0, 2);
	tcase_add_test(tcase, what_cannot_be_synced_is_not_kept);
	tcase_add_test(tcase, a_pipe_that_was_not_closed_is_no_message);
	tcase_add_test(tcase, a_ticket_of_another_kind_is_a_breach);
	tcase_add_test(tcase, a_message_may_be_larger_than_was_said);
	tcase_add_test(tcase, a_message_over_the_limit_is_dropped);
	tcase_add_test(tcase, no_account_has_the_room_of_all);
	tcase_add_test(tcase, without_room_nothing_is_begun);
	tcase_add_test(tcase, mail_is_received_while_a_file_is_synced);
	tcase_add_loop_test(tcase, a_crash_leaves_nothing_or_all_of_it, 0,
	    POINTS);
	suite_add_tcase(suite, tcase);
	return suite;
}
