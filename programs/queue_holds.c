/*
 * queue_holds.c - what the console and the schedule ask of held messages
 *
 * A release to somebody else waits for the keeper, who says whose that address
 * is; a console that is gone by then gets no answer, and the message goes all
 * the same: it was asked for.
 */
#include "programs/queue_holds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/message/envelope.h"
#include "policy/accounts.h"
#include "programs/queue_letters.h"
#include "programs/queue_role.h"
#include "queue/held_link.h"
#include "queue/hold.h"

#define ANSWER_BYTES	(128 * 1024)

static enum hold_status
status_of(int r)
{
	enum hold_status status = hold_status_of(r);

	if (status == HOLD_LATER && r != -EAGAIN)
		log_say("held messages: %s", strerror(-r));
	return status;
}

static void
reply(struct ipc *from, uint64_t serial, enum hold_status status,
    const struct text *rest)
{
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES + 16);

	if (rest != NULL && text_failed(rest)) {
		status = HOLD_LATER;
		rest = NULL;
	}
	pack_u8(&body, (uint8_t)status);
	if (status == HOLD_OK && rest != NULL)
		pack_bytes(&body, text_slice(rest));
	/* one that is gone is told by its own end */
	(void)ipc_reply(from, serial, text_slice(&body), NULL, 0);
}

struct rows {
	struct text	text;
	uint32_t	count;
};

static int
add_row(void *arg, const struct hold_row *row)
{
	struct rows *rows = arg;

	hold_row_pack(&rows->text, row);
	rows->count++;
	return text_failed(&rows->text) ? -ENOMEM : 0;
}

int
on_hold_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	enum hold_which which = unpack_enum(&u, HOLD_WHICH_COUNT);
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	struct message_id above;
	int r;

	if (queue_read_id(&u, &above) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_hold_each(queue_conductor(arg), which, &above,
	    HOLD_PAGE, add_row, &rows);
	pack_u32(&body, rows.count);
	pack_bytes(&body, text_slice(&rows.text));
	reply(from, message->serial, status_of(r), &body);
	text_free(&rows.text);
	return 0;
}

int
on_hold_show(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);
	struct message_id id;
	int r;

	if (queue_read_id(&u, &id) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_hold_show(queue_conductor(arg), &id, add_row, &rows,
	    &shown);
	pack_slice(&rows.text, text_slice(&shown));
	reply(from, message->serial, status_of(r), &rows.text);
	text_free(&rows.text);
	return 0;
}

/* A release that waits for the keeper. */
struct release {
	void		 *process;
	struct ipc	 *from;		/* unless it was lost meanwhile: */
	unsigned	  lost;		/* consoles, when it asked */
	uint64_t	  serial;
	struct message_id id;
	char		  who[ADDRESS_SIZE];
	char		  address[ADDRESS_SIZE];
};

static void
on_whose(void *arg, int status, uint64_t account)
{
	struct release *release = arg;
	enum hold_status said = HOLD_LATER;

	/* it goes to one mailbox, as it was held */
	if ((account & ACCOUNT_NOBODYS) != 0)
		account = 0;
	if (status == 0)
		said = account == 0 ? HOLD_NO_ACCOUNT :
		    status_of(conductor_hold_release(
		    queue_conductor(release->process), &release->id,
		    slice_str(release->who), account,
		    slice_str(release->address)));
	if (queue_consoles_lost(release->process) == release->lost)
		reply(release->from, release->serial, said, NULL);
	free(release);
}

/* Ask the keeper.  0: the answer comes; or the answer. */
static enum hold_status
release_to(void *process, struct ipc *from, uint64_t serial,
    const struct message_id *id, struct slice who, struct slice address)
{
	struct release *release = calloc(1, sizeof(*release));

	if (release == NULL)
		return HOLD_LATER;
	*release = (struct release){ .process = process, .from = from,
	    .lost = queue_consoles_lost(process), .serial = serial,
	    .id = *id };
	if (slice_cstr(who, release->who, sizeof(release->who)) < 0 ||
	    slice_cstr(address, release->address,
	    sizeof(release->address)) < 0) {
		free(release);
		return HOLD_NO_ACCOUNT;
	}
	if (queue_whose(process, slice_str(release->address), on_whose,
	    release) < 0) {
		free(release);
		return HOLD_LATER;
	}
	return HOLD_OK;
}

int
on_hold_release(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice who, address;
	enum hold_status status;
	struct message_id id;

	if (queue_read_id(&u, &id) < 0)
		return -EBADMSG;
	who = unpack_slice(&u);
	address = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (address.len > 0) {
		status = release_to(arg, from, message->serial, &id, who,
		    address);
		if (status == HOLD_OK)
			return 0;	/* on_whose() answers */
	} else {
		status = status_of(conductor_hold_release(
		    queue_conductor(arg), &id, who, 0, address));
	}
	reply(from, message->serial, status, NULL);
	return 0;
}

int
on_hold_delete(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct message_id id;
	struct slice who;

	if (queue_read_id(&u, &id) < 0)
		return -EBADMSG;
	who = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	reply(from, message->serial, status_of(conductor_hold_delete(
	    queue_conductor(arg), &id, who)), NULL);
	return 0;
}

int
on_held_news(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t above = unpack_u64(&u);
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	struct held_news news = { .account = 0 };
	int r;

	if (!unpack_is_done(&u) || above > INT64_MAX)
		return -EBADMSG;
	r = conductor_held_news(queue_conductor(arg), above, &news, add_row,
	    &rows);
	pack_u64(&body, news.account);
	pack_u32(&body, news.more);
	pack_u32(&body, rows.count);
	pack_bytes(&body, text_slice(&rows.text));
	reply(from, message->serial, status_of(r), &body);
	text_free(&rows.text);
	return 0;
}

int
on_held_told(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	uint32_t count = unpack_u32(&u);
	struct message_id ids[HELD_PAGE];
	int r;

	(void)from;
	if (count > HELD_PAGE || account > INT64_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++)
		if (queue_read_id(&u, &ids[i]) < 0)
			return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_held_told(queue_conductor(arg), account, ids, count);
	if (r < 0)	/* told once more another day */
		log_say("who was told of held mail cannot be noted: %s",
		    strerror(-r));
	return 0;
}

/* What people ask */

int
on_held_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	struct message_id below;
	int r;

	if (queue_read_id(&u, &below) < 0 || !unpack_is_done(&u) ||
	    account == 0 || account > INT64_MAX)
		return -EBADMSG;
	r = conductor_held_each(queue_conductor(arg), account, &below,
	    add_row, &rows);
	pack_u32(&body, rows.count);
	pack_bytes(&body, text_slice(&rows.text));
	reply(from, message->serial, status_of(r), &body);
	text_free(&rows.text);
	return 0;
}

/* Whose share of which message is meant, by name or by a link. */
struct meant {
	uint64_t		account;
	struct message_id	id;
};

/* 0 or -EBADMSG; *status_out: HOLD_OK, or what there is to say of the link. */
static int
read_meant(void *process, struct ipc_message *message, struct meant *meant_out,
    enum hold_status *status_out)
{
	struct unpack u = unpack_of(message->body);
	struct held_link link = { .account = unpack_u64(&u) };
	bool by_link = link.account == 0;
	int r = queue_read_id(&u, &link.id);

	*status_out = HOLD_OK;
	if (r == 0 && by_link) {
		r = conductor_held_read(queue_conductor(process),
		    unpack_slice(&u), &link);
		*status_out = r == -EBADMSG ? HOLD_FORGED : r == -ETIME ?
		    HOLD_OVER : status_of(r);
	}
	*meant_out = (struct meant){ link.account, link.id };
	return !unpack_is_done(&u) || link.account > INT64_MAX ? -EBADMSG : 0;
}

int
on_held_show(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);
	enum hold_status status;
	struct meant meant;
	int r = read_meant(arg, message, &meant, &status);

	if (r < 0)
		return r;
	pack_u64(&rows.text, meant.account);
	if (status == HOLD_OK)
		status = status_of(conductor_held_show(queue_conductor(arg),
		    meant.account, &meant.id, add_row, &rows, &shown));
	pack_slice(&rows.text, text_slice(&shown));
	reply(from, message->serial, status, &rows.text);
	text_free(&rows.text);
	return 0;
}

int
on_held_take(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(16);
	enum hold_status status;
	struct meant meant;
	int r = read_meant(arg, message, &meant, &status);

	if (r < 0)
		return r;
	if (status == HOLD_OK)
		status = status_of(conductor_held_take(queue_conductor(arg),
		    meant.account, &meant.id,
		    message->kind == QUEUE_HELD_SPAM));
	pack_u64(&body, meant.account);
	reply(from, message->serial, status, &body);
	return 0;
}
