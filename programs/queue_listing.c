/*
 * queue_listing.c - what collectors and the console say of remote mailboxes
 *
 * A fault of the disk is "later" to a collector; only a message that is not in
 * its form, or that says what no listing allows, is a breach.
 */
#include "programs/queue_listing.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/conductor.h"
#include "queue/ledger.h"

static struct ledger *
ledger_of(void *arg)
{
	return conductor_ledger(queue_conductor(arg));
}

static uint8_t
status_of(int r)
{
	switch (r) {
	case 0:
		return LISTING_OK;
	case -EBUSY:
		return LISTING_BUSY;
	case -ESRCH:
		return LISTING_NONE;
	case -EAGAIN:
		return LISTING_LATER;
	default:
		log_say("ledger.db: %s; collecting is put off", strerror(-r));
		return LISTING_LATER;
	}
}

/* Answer with the status and `rest`, unless it was a breach. */
static int
reply(struct ipc *from, const struct ipc_message *message, int r,
    const struct text *rest)
{
	TEXT_AUTO body = TEXT_INIT(64 * 1024);

	if (r == -EBADMSG)
		return r;
	pack_u8(&body, status_of(r));
	pack_bytes(&body, text_slice(rest));
	/* one that is gone is told by its own end */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

int
on_listing_begin(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO rest = TEXT_INIT(16);
	struct ledger_begin begin;
	bool may_delete = false, is_first = false;
	int r;

	begin.account = unpack_u64(&u);
	begin.owner = ipc_instance(from);
	begin.has_uidl = unpack_bool(&u);
	begin.delete_after_days = (int32_t)unpack_u32(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = ledger_begin(ledger_of(arg), from, &begin, &may_delete,
	    &is_first);
	pack_u8(&rest, may_delete);
	pack_u8(&rest, is_first);
	return reply(from, message, r, &rest);
}

/* What took its time is done; `from` is there. */
static void
answer(void *from, uint64_t serial, int r, struct text *body)
{
	/* one that is gone is told by its own end */
	if (!text_failed(body))
		(void)ipc_reply(from, serial, text_slice(body), NULL, 0);
	else
		log_say("out of memory: a listing is not answered (%d)", r);
}

static void
on_decided(void *from, uint64_t serial, int r,
    const struct listing_counts *counts)
{
	TEXT_AUTO body = TEXT_INIT(128);

	pack_u8(&body, status_of(r));
	listing_counts_pack(&body, counts);
	answer(from, serial, r, &body);
}

static void
on_left(void *from, uint64_t serial, int r,
    const struct listing_counts *counts)
{
	TEXT_AUTO body = TEXT_INIT(8);

	(void)counts;
	pack_u8(&body, status_of(r));
	answer(from, serial, r, &body);
}

int
on_listing_decide(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct listing_counts none = { 0 };
	const struct ledger_asked asked = { from, message->serial,
	    on_decided };
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u), largest = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = ledger_decide(ledger_of(arg), &asked, account, largest);
	if (r < 0 && r != -EBADMSG)
		on_decided(from, message->serial, r, &none);
	return r == -EBADMSG ? r : 0;
}

int
on_listing_page(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO rest = TEXT_INIT(64 * 1024);
	uint64_t account = unpack_u64(&u);
	enum listing_part part = unpack_enum(&u, LISTING_PART_COUNT);
	uint32_t after = unpack_u32(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = ledger_page(ledger_of(arg), from, account, part, after, &rest);
	if (r < 0) {
		text_clear(&rest);
		pack_u32(&rest, 0);
	}
	return reply(from, message, r, &rest);
}

/* What says many numbers of one listing, and hears a status. */
typedef int	list_fn(struct ledger *, const void *from, uint64_t account,
		    uint32_t count, struct unpack *);

static int
hear_list(void *arg, struct ipc *from, struct ipc_message *message,
    list_fn *hear)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	uint32_t count = unpack_u32(&u);
	TEXT_AUTO nothing = TEXT_INIT(1);

	if (u.bad)
		return -EBADMSG;
	return reply(from, message, hear(ledger_of(arg), from, account, count,
	    &u), &nothing);
}

int
on_listing_rows(void *arg, struct ipc *from, struct ipc_message *message)
{
	return hear_list(arg, from, message, ledger_rows);
}

int
on_listing_digests(void *arg, struct ipc *from, struct ipc_message *message)
{
	return hear_list(arg, from, message, ledger_digests);
}

int
on_listing_leave(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct ledger_asked asked = { from, message->serial, on_left };
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	uint32_t count = unpack_u32(&u);
	int r;

	if (u.bad)
		return -EBADMSG;
	r = ledger_leave(ledger_of(arg), &asked, account, count, &u);
	if (r < 0 && r != -EBADMSG)
		on_left(from, message->serial, r, NULL);
	return r == -EBADMSG ? r : 0;
}

int
on_listing_deleting(void *arg, struct ipc *from, struct ipc_message *message)
{
	return hear_list(arg, from, message, ledger_deleting);
}

int
on_listing_end(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	ledger_end(ledger_of(arg), from, account);
	return 0;
}

int
on_fetch_resume(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(8);
	bool was_stopped = false;
	int r;

	if (message->body.len != 0)
		return -EBADMSG;
	r = ledger_resume(ledger_of(arg), &was_stopped);
	if (r < 0)
		log_say("ledger.db: %s; remote deletion stays as it is",
		    strerror(-r));
	pack_u8(&body, r == 0 && was_stopped);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

int
on_account_at(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t position = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_account_at(queue_conductor(arg), ipc_instance(from),
	    position);
	return 0;
}
