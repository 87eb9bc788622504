/*
 * office.c - the process of one account, played by a test of IMAP sessions
 */
#include "tests/unit/gateway/imap/office.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/zone.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

struct imap_office imap_office;

static void
answer(void *arg)
{
	(void)arg;
	imap_office.reply(imap_office.reply_arg,
	    imap_office.big_fd < 0 ? -1 : dup(imap_office.big_fd));
	if (imap_office.shrinks)
		ck_assert_int_eq(ftruncate(imap_office.big_fd,
		    IMAP_BIG_SIZE / 2), 0);
}

static int
ask_big(void *arg, const struct message_id *id, imapd_big_fn *reply,
    void *reply_arg)
{
	(void)arg;
	(void)id;
	imap_office.reply = reply;
	imap_office.reply_arg = reply_arg;
	if (imap_office.big_refusal == 0 && !imap_office.silent)
		timer_set(imap_office.answer, 1);
	return imap_office.big_refusal;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	ck_assert_ptr_eq(reply_arg, imap_office.reply_arg);
	timer_stop(imap_office.answer);
	imap_office.forgets++;
}

static void
step(void *arg, const struct message_id *ids, size_t count, const char *what)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		text_addf(&imap_office.steps, "%s %d\n", what,
		    ids[i].bytes[MESSAGE_ID_BYTES - 1]);
}

static void
saved(void *arg, const struct imapd_saved *is)
{
	(void)arg;
	ck_assert_ptr_nonnull(is->id);
	text_addf(&imap_office.steps, "saved in %.*s: %.*s, %u\n",
	    SLICE_FMT(is->mailbox), SLICE_FMT(is->subject), is->mended);
}

static void
failed(void *arg, int error)
{
	(void)arg;
	ck_assert_int_lt(error, 0);
	imap_office.failures++;
}

static void
wrote(void *arg)
{
	(void)arg;
	ck_assert_int_eq(account_sync(imap_office.account), 0);
}

static void
ended(void *arg, struct imapd_session *session)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		if (imap_office.session[i] == session)
			imap_office.session[i] = NULL;
	imap_office.ended++;
}

static int
part(void *arg, int fd, const struct session_carried *carried)
{
	struct imap_parted *parted = &imap_office.parted;

	(void)arg;
	if (parted->refusal != 0)
		return parted->refusal;
	ck_assert_int_eq(parted->fd, -1);
	ck_assert_uint_gt(carried->state.len, 0);
	parted->fd = dup(fd);
	parted->quiet_ms = carried->quiet_ms;
	text_clear(&parted->state);
	text_add(&parted->state, carried->state);
	parted->count++;
	return 0;
}

static const struct imapd_session_ports alone = {
	.big = ask_big, .forget = forget, .step = step, .saved = saved,
	.failed = failed, .wrote = wrote, .part = part, .ended = ended,
};

static void
on_change(void *arg, uint32_t mailbox, uint64_t modseq)
{
	(void)arg;
	(void)modseq;
	for (int i = 0; i < 2; i++)
		if (imap_office.session[i] != NULL)
			imapd_session_changed(imap_office.session[i], mailbox);
}

static void
open_account(void)
{
	struct account_options options = { .segment_bytes = 1 << 20,
	    .uid_block = 1000, .hub_id = "a test's own hub" };
	unsigned needs;

	ck_assert_int_eq(account_open(imap_office.folder_fd, &options,
	    &imap_office.account, &needs), 0);
	account_on_change(imap_office.account, on_change, NULL);
}

void
imap_next_process(void)
{
	ck_assert(imap_office.session[0] == NULL &&
	    imap_office.session[1] == NULL);
	ck_assert_int_eq(account_close(imap_office.account), 0);
	open_account();
}

void
imap_office_open(void)
{
	imap_office = (struct imap_office){
		.steps = TEXT_INIT(1 << 20), .big_fd = -1,
		.parted = { .fd = -1, .state = TEXT_INIT(SESSION_STATE_BYTES) },
	};
	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(zone_open("UTC"), 0);
	imap_office.loop = loop_new();
	imap_office.answer = timer_new(imap_office.loop, answer, NULL);
	(void)snprintf(imap_office.folder, sizeof(imap_office.folder),
	    "/tmp/imap-session-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(imap_office.folder));
	imap_office.folder_fd = open(imap_office.folder,
	    O_RDONLY | O_DIRECTORY);
	open_account();
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
imap_office_close(void)
{
	for (int i = 0; i < 2; i++) {
		if (imap_office.session[i] != NULL)
			imapd_session_close(imap_office.session[i], "the end");
		if (imap_office.peer[i].loop == NULL)
			continue;
		pop3_peer_turn(&imap_office.peer[i]);
		(void)shutdown(imap_office.peer[i].fd, SHUT_RDWR);
		pop3_peer_turn(&imap_office.peer[i]);
		pop3_peer_turn(&imap_office.peer[i]);
		pop3_peer_close(&imap_office.peer[i]);
	}
	ck_assert_int_eq(account_close(imap_office.account), 0);
	(void)close(imap_office.folder_fd);
	if (imap_office.big_fd >= 0)
		(void)close(imap_office.big_fd);
	(void)nftw(imap_office.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	timer_free(imap_office.answer);
	text_free(&imap_office.steps);
	if (imap_office.parted.fd >= 0)
		(void)close(imap_office.parted.fd);
	text_free(&imap_office.parted.state);
	loop_free(imap_office.loop);
	words_close();
}

void
imap_deliver(struct slice body, uint64_t big_bytes)
{
	struct delivery delivery = {
		.position = ++imap_office.position,
		.mailbox = MAILBOX_INBOX,
		.trace = SLICE(IMAP_TRACE),
		.body = body,
		.body_bytes = big_bytes > 0 ? big_bytes : body.len,
		.is_big = big_bytes > 0,
		.lacks_crlf = big_bytes == 0 &&
		    !slice_has_suffix(body, "\r\n"),
	};
	bool was_there;

	delivery.id.bytes[MESSAGE_ID_BYTES - 1] =
	    (unsigned char)imap_office.position;
	delivery.id.bytes[MESSAGE_ID_BYTES - 2] =
	    (unsigned char)(imap_office.position >> 8);
	ck_assert_int_eq(account_deliver(imap_office.account, &delivery,
	    &was_there), 0);
	ck_assert_int_eq(account_commit(imap_office.account), 0);
}

void
imap_deliver_big_with(const char *head)
{
	char *map;

	imap_office.big_fd = memfd_create("big", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(imap_office.big_fd, IMAP_BIG_SIZE), 0);
	map = mmap(NULL, IMAP_BIG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    imap_office.big_fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	for (size_t i = 0; i < IMAP_BIG_SIZE; i++)
		map[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	memcpy(map, head, strlen(head));
	memcpy(map + IMAP_BIG_SIZE - 64, "Needle", 6);
	(void)munmap(map, IMAP_BIG_SIZE);
	imap_deliver(slice_of(NULL, 0), IMAP_BIG_SIZE);
}

void
imap_deliver_big(void)
{
	imap_deliver_big_with("Subject: big\r\n\r\n");
}

static void
begin_session(int i, int fd, const struct session_carried *carried)
{
	const struct imapd_session_options options = {
		.hostname = "hub.office.test", .login = SLICE("ann"),
		.tag = SLICE("L"), .message_bytes = 1024 * 1024,
		.rest_ms = imap_office.rest_ms, .carried = carried,
	};
	struct imapd_session_ports ports = alone;

	ports.office = imap_office.others;
	imap_office.session[i] = imapd_session_new(imap_office.loop, fd,
	    imap_office.account, &options, &ports);
	ck_assert_ptr_nonnull(imap_office.session[i]);
}

void
imap_log_in(int i)
{
	int fd;

	pop3_peer_open(&imap_office.peer[i], imap_office.loop, &fd);
	begin_session(i, fd, NULL);
}

void
imap_come_back(int i)
{
	struct imap_parted *parted = &imap_office.parted;
	const struct session_carried carried = {
		.state = text_slice(&parted->state),
		.quiet_ms = parted->quiet_ms,
	};
	int fd = parted->fd;

	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_null(imap_office.session[i]);
	parted->fd = -1;
	begin_session(i, fd, &carried);
}

struct slice
imap_ask(int i, const char *say, const char *ending)
{
	struct pop3_peer *peer = &imap_office.peer[i];
	uint64_t until = clock_ms() + PEER_GUARD_MS;

	text_clear(&peer->got);
	pop3_peer_say(peer, slice_str(say));
	while (slice_find_str(text_slice(&peer->got), ending) == SIZE_MAX &&
	    clock_ms() < until)
		pop3_peer_turn(peer);
	ck_assert_msg(slice_find_str(text_slice(&peer->got), ending) !=
	    SIZE_MAX, "%s: %.*s", say, SLICE_FMT(text_slice(&peer->got)));
	return text_slice(&peer->got);
}

void
imap_select(int i)
{
	imap_log_in(i);
	(void)imap_ask(i, "s SELECT INBOX\r\n", "s OK [READ-WRITE]");
}
