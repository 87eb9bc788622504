/*
 * role_mailbox.c - the mailbox: one account, its only writer
 *
 * Deliveries that come in one turn of the loop are committed together and
 * answered after the commit.  A failed sync is final: the process ends without
 * answering, is started again, and the queue delivers again from the journal.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "lib/message/structure.h"
#include "lib/message/words.h"
#include "programs/mailbox_inside.h"
#include "programs/mailbox_office.h"
#include "programs/mailbox_rights.h"
#include "programs/mailbox_spam.h"
#include "queue/service.h"
#include "store/service.h"

/*
 * For more of them to come: a commit costs as much as three deliveries
 * (tests/bench).  Nobody waits for it: the journal has them, and whoever opens
 * a session has what came committed first.  But who has one open hears of it
 * by the commit.
 */
#define COMMIT_MS	200
#define COMMIT_HEARD_MS	25
#define TRACE_MOST	(64 * 1024)	/* as account_deliver() takes it */
#define READ_MOST	16384	/* bytes of a message that is not mapped */
#define TELL_AGAIN_MS	60000	/* after the queue could not note it */
#define COMPACT_MS	10000	/* between two looks for garbage */

static void	mailbox_if_idle(struct process *);
static int	on_deliver(void *, struct ipc *, struct ipc_message *);
static int	on_settle(void *, struct ipc *, struct ipc_message *);
static int	on_session(void *, struct ipc *, struct ipc_message *);
static int	on_list(void *, struct ipc *, struct ipc_message *);
static int	on_folders(void *, struct ipc *, struct ipc_message *);
static int	on_visit(void *, struct ipc *, struct ipc_message *);
static int	on_rights(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule mailbox_rules[] = {
{ MAILBOX_DELIVER, "DELIVER", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_deliver },
{ MAILBOX_SETTLE,  "SETTLE",  FROM(ROLE_QUEUE), IPC_REQUEST, 0, 0, on_settle },
{ MAILBOX_LIST,	   "LIST",    FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_list },
{ MAILBOX_FOLDERS, "FOLDERS", FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0,
							     on_folders },
{ MAILBOX_SESSION, "SESSION", FROM(ROLE_DOOR) | FROM(ROLE_CONSOLE),
						IPC_REQUEST, 1, 0, on_session },
{ MAILBOX_RIGHTS,  "RIGHTS",  FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0,
							     on_rights },
{ MAILBOX_VISIT,   "VISIT",   FROM(ROLE_MAILBOX), IPC_REQUEST, 1, 0,
							     on_visit },
{ 0 }
};

void
mailbox_used(struct mailbox *mailbox)
{
	mailbox->asked_to_go = false;
	timer_set(mailbox->idle_timer,
	    (uint64_t)mailbox->process->config.warm_seconds * 1000);
}

static void
answer_delivery(const struct mailbox *mailbox, const struct unanswered *one)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_i64(&body, one->status);
	pack_u8(&body, one->was_there);
	pack_u8(&body, one->in_inbox);
	if (mailbox->queue == NULL || ipc_reply(mailbox->queue, one->serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the queue does not take an answer");
}

/*
 * What was written since the last sync may be gone.  The next process starts
 * from what is durable, and is told the rest again.
 */
void
mailbox_broken(int r)
{
	if (r != -EIO)
		return;
	log_say("the disk failed: %s; starting again", strerror(-r));
	_exit(1);
}

/* Commit what is open and say so; NORMAL: the journal still has it all. */
static void
commit(void *arg)
{
	struct mailbox *mailbox = arg;
	int r = 0;

	timer_stop(mailbox->commit_timer);
	/* with nothing open too: it says whether the disk has failed */
	r = account_commit(mailbox->account);
	mailbox_broken(r);
	if (r < 0)
		log_say("deliveries could not be committed: %s",
		    strerror(-r));
	for (size_t i = 0; i < mailbox->open_count; i++) {
		if (r < 0)
			mailbox->open[i].status = r;
		answer_delivery(mailbox, &mailbox->open[i]);
	}
	mailbox->open_count = 0;
	/* a mailbox that a rule made has the rights of the one above it */
	office_tell_news(mailbox->office);
}

/*
 * The message behind `fd`; empty for a big one, which stays there.  A short one
 * is read into `room`, which costs less than a mapping; a long one is mapped.
 */
static int
take_message(int fd, const struct delivery *delivery, char room[READ_MOST],
    struct slice *body_out)
{
	size_t bytes = (size_t)delivery->body_bytes;
	void *map;

	if (delivery->is_big || bytes == 0)
		return 0;
	if (bytes <= READ_MOST && pread(fd, room, bytes, 0) == (ssize_t)bytes) {
		*body_out = slice_of(room, bytes);
		return 0;
	}
	map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*body_out = slice_of(map, bytes);
	return 0;
}

/*
 * What IMAP tells of a small message is made while its bytes are at hand: a
 * client that lists a folder then reads rows and no letter.  A big one would
 * hold up all others here, and is scanned when somebody asks for it.
 */
static int
deliver(struct mailbox *mailbox, int fd, struct delivery *delivery,
    bool *was_there_out)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO trace = TEXT_INIT(TRACE_MOST);
	char room[READ_MOST];
	bool is_moved;
	int r;

	r = take_message(fd, delivery, room, &delivery->body);
	if (r < 0)
		return r;
	/* without memory for it now it is made when it is asked for, too */
	if (!delivery->is_big &&
	    structure_make(delivery->body, &packed) == 0)
		delivery->structure = text_slice(&packed);
	is_moved = mailbox_spam_file(mailbox, delivery, &trace);
	r = account_deliver(mailbox->account, delivery, was_there_out);
	if (is_moved && r >= 0 && !*was_there_out)
		mailbox_spam_tell(mailbox, delivery);
	if (delivery->body.at != NULL && delivery->body.at != room)
		(void)munmap((void *)(uintptr_t)delivery->body.at,
		    delivery->body.len);
	return r;
}

/* A session of the account may be told of it, here or at rest in the door. */
static bool
is_heard(const struct mailbox *mailbox)
{
	return mailbox->may_rest || !TAILQ_EMPTY(&mailbox->sessions);
}

static int
on_deliver(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	struct unanswered *one;
	struct delivery delivery;
	int r;

	(void)from;
	r = delivery_unpack(message->body, &delivery);
	if (r < 0)
		return r;
	mailbox_used(mailbox);
	mailbox->unsettled = true;
	mailbox_pause_delivered(&mailbox->search_pause, clock_ms());
	one = &mailbox->open[mailbox->open_count++];
	*one = (struct unanswered){ .serial = message->serial };
	one->status = deliver(mailbox, message->fd[0], &delivery,
	    &one->was_there);
	if (one->status > 0) {
		one->in_inbox = true;
		one->status = 0;
	}
	mailbox_broken(one->status);
	if (mailbox->open_count == COMMIT_MOST)
		commit(mailbox);
	else if (!timer_is_set(mailbox->commit_timer))
		timer_set(mailbox->commit_timer, is_heard(mailbox) ?
		    COMMIT_HEARD_MS : COMMIT_MS);
	return 0;
}

static int
on_settle(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t upto = unpack_u64(&u), prune_below = unpack_u64(&u);
	TEXT_AUTO body = TEXT_INIT(16);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	commit(mailbox);
	r = account_settle(mailbox->account, upto, prune_below);
	mailbox_broken(r);
	pack_i64(&body, r);
	if (ipc_reply(from, message->serial, text_slice(&body), NULL, 0) < 0)
		log_say("the queue does not take an answer");
	if (r == 0)
		mailbox->unsettled = false;	/* it was FULL, for all */
	if (mailbox->asked_to_go)
		mailbox_if_idle(process);
	return 0;
}

/* The queue has noted them; or they are told again. */
static void
on_told(void *arg, int status, struct ipc_message *message)
{
	struct mailbox *mailbox = arg;
	size_t count = mailbox->told_count;
	struct unpack u;
	int r;

	mailbox->told_count = 0;
	if (status < 0)
		return;		/* another queue is told, when it is there */
	if (mailbox->account == NULL)
		return;		/* we are leaving: the next of us tells it */
	u = unpack_of(message->body);
	if (unpack_i64(&u) != 0 || !unpack_is_done(&u)) {
		timer_set(mailbox->tell_timer, TELL_AGAIN_MS);
		return;
	}
	commit(mailbox);
	r = account_expunged_told(mailbox->account, mailbox->told, count);
	mailbox_broken(r);
	if (r < 0)
		timer_set(mailbox->tell_timer, TELL_AGAIN_MS);
	else
		mailbox_tell_expunged(mailbox);
}

/* A page at a time. */
void
mailbox_tell_expunged(struct mailbox *mailbox)
{
	TEXT_AUTO body = TEXT_INIT(EXPUNGED_PAGE * MESSAGE_ID_BYTES + 16);
	size_t count = 0;
	int r;

	if (mailbox->queue == NULL || mailbox->told_count > 0)
		return;
	commit(mailbox);
	r = account_expunged(mailbox->account, mailbox->told, EXPUNGED_PAGE,
	    &count);
	mailbox_broken(r);
	if (r == 0 && count == 0)
		return;
	pack_u32(&body, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_bytes(&body, slice_of(mailbox->told[i].bytes,
		    MESSAGE_ID_BYTES));
	if (r == 0)
		r = ipc_ask(mailbox->queue, QUEUE_EXPUNGED, text_slice(&body),
		    NULL, 0, on_told, mailbox);
	if (r < 0) {
		log_say("the queue is not told what was deleted: %s",
		    strerror(-r));
		timer_set(mailbox->tell_timer, TELL_AGAIN_MS);
		return;
	}
	mailbox->told_count = count;
}

static void
on_tell_time(void *arg)
{
	mailbox_tell_expunged(arg);
}

/* Flags are durable within a second of their change (DESIGN.md 3). */
static void
on_sync_time(void *arg)
{
	struct mailbox *mailbox = arg;
	int r = account_sync(mailbox->account);

	mailbox_broken(r);
	if (r < 0) {
		log_say("flags are not durable yet: %s", strerror(-r));
		timer_set(mailbox->sync_timer, ACCOUNT_SYNC_MS);
	}
}

void
mailbox_wrote(struct mailbox *mailbox)
{
	if (account_wants_sync(mailbox->account) &&
	    !timer_is_set(mailbox->sync_timer))
		timer_set(mailbox->sync_timer, ACCOUNT_SYNC_MS);
}

/*
 * Who idles here hears of it at once.  Whose session rests, nobody here knows:
 * the door does, and has all of the account's come here when it is told once.
 */
static void
on_change(void *arg, uint32_t number, uint64_t modseq)
{
	struct mailbox *mailbox = arg;

	if (modseq > mailbox->changed_modseq)
		mailbox->changed_modseq = modseq;
	mailbox_sessions_changed(mailbox, number);
	mailbox_spam_changed(mailbox);
	if (mailbox->may_rest &&
	    process_has_changed(mailbox->process, modseq) == 0)
		mailbox->may_rest = false;
}

struct listing {
	struct text	rows;
	uint32_t	count;
};

static int
add_listed(void *arg, const struct listed_letter *listed)
{
	struct listing *listing = arg;

	listed_pack(&listing->rows, listed);
	listing->count++;
	return text_failed(&listing->rows) ? -ENOMEM : 0;
}

static int
add_folder(void *arg, const struct listed_folder *folder)
{
	struct listing *listing = arg;

	folder_pack(&listing->rows, folder);
	listing->count++;
	return text_failed(&listing->rows) ? -ENOMEM : 0;
}

static void
answer_listing(struct ipc *from, uint64_t serial, int r,
    struct listing *listing)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	pack_i64(&body, r);
	pack_u32(&body, r < 0 ? 0 : listing->count);
	if (r == 0)
		pack_bytes(&body, text_slice(&listing->rows));
	text_free(&listing->rows);
	if (text_failed(&body) || ipc_reply(from, serial, text_slice(&body),
	    NULL, 0) < 0)
		log_say("a console does not take a listing");
}

static int
on_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	struct listing listing = { TEXT_INIT(IPC_MAX_BYTES), 0 };
	struct unpack u = unpack_of(message->body);
	uint64_t place = unpack_u64(&u);
	struct slice folder = unpack_slice(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	mailbox_used(mailbox);
	commit(mailbox);	/* what has come is seen */
	r = account_list(mailbox->account, folder, place, LISTED_PAGE,
	    add_listed, &listing);
	answer_listing(from, message->serial, r, &listing);
	return 0;
}

static int
on_folders(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	struct listing listing = { TEXT_INIT(IPC_MAX_BYTES), 0 };
	struct unpack u = unpack_of(message->body);
	uint32_t above = unpack_u32(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	mailbox_used(mailbox);
	commit(mailbox);
	r = account_folders(mailbox->account, above, FOLDERS_PAGE, add_folder,
	    &listing);
	answer_listing(from, message->serial, r, &listing);
	return 0;
}

static int
on_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	TEXT_AUTO body = TEXT_INIT(8);
	int r = -ESHUTDOWN;	/* it crossed our farewell: the next of us has
				   it, rather than that we cut it soon after */

	if (!mailbox->retiring) {
		commit(mailbox);	/* what has come is seen */
		r = mailbox_session_begin(mailbox, from, message);
		mailbox_used(mailbox);
	}
	if (r == -EBADMSG)
		return r;
	/* what it has to say leaves in a later turn of the loop */
	pack_u8(&body, r == 0);
	if (ipc_reply(from, message->serial, text_slice(&body), NULL, 0) < 0)
		log_say("nobody takes the answer for a session");
	return 0;
}

static int
on_rights(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;

	mailbox_used(mailbox);
	return mailbox_rights_asked(mailbox, from, message);
}

static int
on_visit(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct mailbox *mailbox = process->state;
	enum visit_answer answer = VISIT_LATER;
	TEXT_AUTO body = TEXT_INIT(16);
	int r = 0;

	if (!mailbox->retiring) {
		commit(mailbox);	/* what has come is seen */
		r = office_receive(mailbox->office, from, message, &answer);
		mailbox_used(mailbox);
	}
	pack_u8(&body, (uint8_t)answer);
	if (r == 0 && ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0) < 0)
		log_say("a mailbox does not take an answer");
	return r;
}

/* Without a queue now it is told another time. */
static int
on_unref(void *arg, const struct message_id *big)
{
	struct mailbox *mailbox = arg;

	if (mailbox->queue == NULL)
		return -ENOTCONN;
	return ipc_send(mailbox->queue, QUEUE_UNREF_BIG,
	    slice_of(big->bytes, MESSAGE_ID_BYTES), NULL, 0);
}

static void
on_compact_time(void *arg)
{
	struct mailbox *mailbox = arg;
	int r;

	commit(mailbox);
	r = account_tidy(mailbox->account);
	if (r == 0)
		r = account_compact(mailbox->account);
	mailbox_broken(r);
	if (r < 0)
		log_say("housekeeping: %s", strerror(-r));
	if (r == 0) {
		account_rest(mailbox->account);
		mailbox_spam_rest(mailbox);
		(void)malloc_trim(0);
	}
	timer_set(mailbox->compact_timer, r > 0 ? 1 : COMPACT_MS);
}

/* What a person still sees is to go: it is no matter of minutes. */
static void
on_untidy(void *arg)
{
	struct mailbox *mailbox = arg;

	timer_set(mailbox->compact_timer, 1);
}

static void
mailbox_if_idle(struct process *process)
{
	struct mailbox *mailbox = process->state;

	/* what is not settled would only be delivered again */
	mailbox->asked_to_go = true;
	if (mailbox->retiring || !TAILQ_EMPTY(&mailbox->sessions) ||
	    mailbox->open_count > 0 || mailbox->unsettled ||
	    mailbox->told_count > 0)
		return;
	mailbox->retiring = true;
	process_retire(process);
}

static void
on_idle_time(void *arg)
{
	struct mailbox *mailbox = arg;

	mailbox_if_idle(mailbox->process);
}

static int
open_account(struct process *process, struct mailbox *mailbox)
{
	struct account_options options = {
		.segment_bytes = process->config.letters_segment_bytes,
		.uid_block = 1000
	};
	unsigned needs = 0;
	int r;

	memcpy(options.hub_id, process->hub_id, HUB_ID_BYTES);
	r = account_open(process->folder_fd, &options, &mailbox->account,
	    &needs);
	if (r == -EPROTO)
		log_say("this mailbox was written by a newer Postroom: "
		    "format %u is needed", needs);
	else if (r == -EXDEV)
		log_say("this mailbox belongs to another hub");
	else if (r == -EUCLEAN)
		log_say("the index of this mailbox is damaged or missing; its "
		    "mail waits until \"postroom check --repair\" has mended "
		    "it, with the hub stopped");
	return r;
}

/* What SEARCH reads of letters may be in any charset; days are the office's. */
static int
mailbox_open(struct process *process)
{
	int r = zone_open(process->config.time_zone);

	return r < 0 ? r : words_open();
}

static int
mailbox_start(struct process *process)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
	int r;

	if (mailbox == NULL)
		return -ENOMEM;
	process->state = mailbox;
	mailbox->process = process;
	mailbox->may_rest = true;
	TAILQ_INIT(&mailbox->sessions);
	LIST_INIT(&mailbox->rights);
	mailbox->commit_timer = timer_new(process->loop, commit, mailbox);
	mailbox->idle_timer = timer_new(process->loop, on_idle_time, mailbox);
	mailbox->compact_timer = timer_new(process->loop, on_compact_time,
	    mailbox);
	mailbox->tell_timer = timer_new(process->loop, on_tell_time, mailbox);
	mailbox->sync_timer = timer_new(process->loop, on_sync_time, mailbox);
	mailbox->office = office_new(mailbox);
	if (mailbox->office == NULL || mailbox->sync_timer == NULL ||
	    mailbox->commit_timer == NULL ||
	    mailbox->idle_timer == NULL || mailbox->compact_timer == NULL ||
	    mailbox->tell_timer == NULL)
		return -ENOMEM;
	r = open_account(process, mailbox);
	if (r < 0)
		return r;
	account_on_change(mailbox->account, on_change, mailbox);
	account_on_untidy(mailbox->account, on_untidy, mailbox);
	mailbox_used(mailbox);
	timer_set(mailbox->compact_timer, COMPACT_MS);
	r = mailbox_spam_begin(mailbox);
	if (r == 0)
		r = mailbox_search_begin(mailbox);
	return r < 0 ? r : mailbox_copy_begin(mailbox);
}

static int
mailbox_peer(struct process *process, struct ipc *ipc)
{
	struct mailbox *mailbox = process->state;
	TEXT_AUTO at = TEXT_INIT(8);
	int r;

	if (ipc_peer(ipc) != ROLE_QUEUE)
		return office_peer(mailbox->office, ipc);
	/* before anything else: was this account restored? */
	pack_u64(&at, account_settled_to(mailbox->account));
	r = ipc_send(ipc, QUEUE_ACCOUNT_AT, text_slice(&at), NULL, 0);
	if (r < 0)
		return r;
	mailbox->queue = ipc;
	/* what could not be told to the last one is told to this */
	account_on_unref(mailbox->account, on_unref, mailbox);
	mailbox_tell_expunged(mailbox);
	return 0;
}

static void
mailbox_lost(struct process *process, struct ipc *ipc)
{
	struct mailbox *mailbox = process->state;

	mailbox_sessions_lost(mailbox, ipc);
	office_lost(mailbox->office, ipc);
	mailbox_rights_lost(mailbox, ipc);
	if (mailbox->queue != ipc)
		return;
	commit(mailbox);
	mailbox->queue = NULL;
}

static void
mailbox_stop(struct process *process)
{
	struct mailbox *mailbox = process->state;
	int r;

	commit(mailbox);
	mailbox_sessions_close(mailbox);
	r = account_close(mailbox->account);
	if (r < 0)
		log_say("closing: %s", strerror(-r));
	mailbox->account = NULL;
	loop_stop(process->loop);
}

const struct role_code mailbox_code = {
	.role = ROLE_MAILBOX, .rules = mailbox_rules,
	.open = mailbox_open, .start = mailbox_start,
	.peer = mailbox_peer, .lost = mailbox_lost, .stop = mailbox_stop,
	.if_idle = mailbox_if_idle,
};
