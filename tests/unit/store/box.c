/*
 * box.c - an account of its own for one test, and letters that are told apart
 */
#include "tests/unit/store/box.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int
box_try_open(struct box *box, unsigned *needs_out)
{
	struct account_options options = {
		.segment_bytes = BOX_SEGMENT_BYTES,
		.uid_block = BOX_UID_BLOCK,
		.hub_id = "the test's hub",
	};

	return account_open(box->scratch.fd, &options, &box->account,
	    needs_out);
}

void
box_open(struct box *box)
{
	unsigned needs;

	ck_assert_int_eq(box_try_open(box, &needs), 0);
}

void
box_close(struct box *box)
{
	ck_assert_int_eq(account_close(box->account), 0);
	box->account = NULL;
}

struct box
box_new(void)
{
	struct box box = { scratch_new(), NULL };

	box_open(&box);
	return box;
}

void
box_drop(struct box *box)
{
	(void)account_close(box->account);
	scratch_drop(&box->scratch);
}

void
box_crash(struct box *box, void (*last_words)(struct account *, void *),
    void *arg)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {		/* asserts nothing: libcheck's pipe is ours */
		unsigned needs;

		if (box_try_open(box, &needs) != 0)
			_exit(1);
		last_words(box->account, arg);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

struct message_id
box_id(uint32_t n)
{
	struct message_id id = { { 1 } };

	for (int i = 0; i < 4; i++)
		id.bytes[9 - i] = (unsigned char)(n >> (8 * i));
	return id;
}

struct box_letter
box_letter(uint32_t n)
{
	struct box_letter letter = { .trace = "" };
	size_t bytes = (n * 2654435761u >> 8) % (BOX_BODY_MOST - 100) + 50;
	uint32_t seed = n;

	(void)snprintf(letter.trace, sizeof(letter.trace),
	    "Received: letter %u\r\n", n);
	for (size_t i = 0; i < bytes; i++) {
		seed = seed * 1664525 + 1013904223;
		letter.body[i] = (char)(seed >> 24);
	}
	letter.delivery = (struct delivery){
		.id = box_id(n),
		.position = n,
		.mailbox = MAILBOX_INBOX,
		.received_at_utc_ms = 1700000000000 + n,
		.body_bytes = bytes,
	};
	return letter;
}

int
box_deliver(struct account *account, uint32_t n, bool *was_there_out)
{
	struct box_letter letter = box_letter(n);

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	return account_deliver(account, &letter.delivery, was_there_out);
}

int
box_deliver_big(struct account *account, uint32_t n, uint32_t action)
{
	struct delivery delivery = {
		.id = box_id(n),
		.action = action,
		.position = n,
		.mailbox = MAILBOX_INBOX,
		.trace = SLICE("Received: big\r\n"),
		.body_bytes = 5000000,
		.is_big = true,
	};
	bool was_there;

	return account_deliver(account, &delivery, &was_there);
}

void
box_fill(struct box *box, uint32_t first, uint32_t last)
{
	bool was_there;

	for (uint32_t n = first; n <= last; n++) {
		ck_assert_int_eq(box_deliver(box->account, n, &was_there), 0);
		ck_assert(!was_there);
	}
	ck_assert_int_eq(account_commit(box->account), 0);
}

struct view *
box_view(struct box *box)
{
	struct view *view;

	ck_assert_int_eq(account_view_open(box->account, MAILBOX_INBOX,
	    &view), 0);
	return view;
}

uint32_t
box_number(const struct letter *letter)
{
	struct message_id id;
	uint32_t n = 0;

	if (message_id_read(slice_of(letter->uidl, MESSAGE_ID_CHARS), &id) < 0)
		return 0;
	for (int i = 6; i < 10; i++)
		n = n << 8 | id.bytes[i];
	return n;
}

int
box_is_letter(struct box *box, const struct view *view, size_t at, uint32_t n)
{
	struct box_letter want = box_letter(n);
	struct letter_bytes bytes;
	int r;

	r = account_read(box->account, view, at, &bytes);
	if (r < 0)
		return r;
	return slice_is_str(bytes.trace, want.trace) &&
	    slice_is(bytes.body, slice_of(want.body,
	    want.delivery.body_bytes)) ? 0 : -EILSEQ;
}

void
box_fault(void *arg, const char *sentence)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", sentence);
}

int
box_check(struct box *box)
{
	return account_check(box->scratch.fd, box_fault, NULL);
}

/* For account_check(): count the faults. */
static void
count_fault(void *arg, const char *sentence)
{
	int *count = arg;

	*count += sentence != NULL;
}

int
box_faults(struct box *box)
{
	int count = 0;

	ck_assert_int_ge(account_check(box->scratch.fd, count_fault, &count), 0);
	return count;
}

void
box_meddle(struct box *box, const char *sql)
{
	char path[128];
	sqlite3 *lite;

	(void)snprintf(path, sizeof(path), "%s/index.db", box->scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lite, sql, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
}

int64_t
box_ask(struct box *box, const char *sql)
{
	return box_ask_of(box, "index.db", sql);
}

int64_t
box_ask_of(struct box *box, const char *name, const char *sql)
{
	char path[128];
	sqlite3 *lite;
	sqlite3_stmt *statement;
	int64_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", box->scratch.path, name);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(lite, sql, -1, &statement, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	n = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
	return n;
}

void
box_damage(struct box *box, uint32_t segment, int64_t offset)
{
	char name[32], byte;
	int fd;

	(void)snprintf(name, sizeof(name), "letters/%04u.seg", segment);
	fd = openat(box->scratch.fd, name, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte = (char)~byte;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	ck_assert_int_eq(close(fd), 0);
}
