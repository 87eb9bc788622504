/*
 * queue_listing.c - what collectors and the console say of remote mailboxes
 *
 * A fault of the disk is "later" to a collector; only a message that is not in
 * its form, or that says what no listing allows, is a breach.  So is somebody
 * else's fetch account: the keeper says whose it is before a listing begins of
 * which the ledger does not know that, or has it otherwise than its collector
 * whether it is a whole domain's.
 */
#include "programs/queue_listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/queue_role.h"
#include "programs/roles.h"
#include "queue/conductor.h"
#include "queue/ledger.h"

#define BEGINS_OF_ONE	64	/* as many listings one owner may have */

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
	case -E2BIG:
		return LISTING_TOO_MANY;
	default:
		log_say("ledger.db: %s; collecting is put off", strerror(-r));
		return LISTING_LATER;
	}
}

static void
reply_to(struct ipc *from, uint64_t serial, int r, const struct text *rest)
{
	TEXT_AUTO body = TEXT_INIT(64 * 1024);

	pack_u8(&body, status_of(r));
	pack_bytes(&body, text_slice(rest));
	/* one that is gone is told by its own end */
	(void)ipc_reply(from, serial, text_slice(&body), NULL, 0);
}

/* Answer with the status and `rest`, unless it was a breach. */
static int
reply(struct ipc *from, const struct ipc_message *message, int r,
    const struct text *rest)
{
	if (r != -EBADMSG)
		reply_to(from, message->serial, r, rest);
	return r == -EBADMSG ? r : 0;
}

/* Beginnings */

/*
 * A QUEUE_LISTING_BEGIN that the keeper is asked about.  Where no folder is
 * named its listing stands already and hears rows; that of a folder begins when
 * the keeper has answered.
 */
struct queue_begin {
	LIST_ENTRY(queue_begin) next;
	void		*process;
	struct ipc	*from;		/* NULL: nobody waits for it */
	uint64_t	 serial, account;
	struct ledger_begin begin;	/* its owner is that of the channel */
	size_t		 folder_len;
	char		 folder[FETCHED_FOLDER_MOST];
};

/* What is told of it. */
struct begun {
	bool		may_delete, is_first;
	uint64_t	listing;
};

static void
reply_begin(struct ipc *from, uint64_t serial, int r,
    const struct begun *begun)
{
	TEXT_AUTO rest = TEXT_INIT(16);

	pack_u8(&rest, begun->may_delete);
	pack_u8(&rest, begun->is_first);
	pack_u64(&rest, begun->listing);
	reply_to(from, serial, r, &rest);
}

void
queue_begins_lost(struct queue_begins *begins, const struct ipc *from)
{
	struct queue_begin *begin;

	LIST_FOREACH(begin, begins, next)
		if (begin->from == from)
			begin->from = NULL;
}

/* Its listing has ended before the keeper has answered. */
static void
begin_is_over(void *process, const struct ipc *from, uint64_t account)
{
	const struct begun none = { 0 };
	struct queue_begin *begin;

	LIST_FOREACH(begin, queue_begins(process), next) {
		if (begin->from != from || begin->account != account ||
		    begin->folder_len > 0)
			continue;
		reply_begin(begin->from, begin->serial, -ESRCH, &none);
		begin->from = NULL;
	}
}

/* The listing of a folder, of an account of which all is known. */
static int
begin_folder(struct ledger *ledger, const void *from,
    const struct ledger_begin *begin, struct slice folder,
    struct begun *begun_out)
{
	struct ledger_begin numbered = *begin;
	int r = ledger_folder(ledger, begin->account, folder,
	    &numbered.account);

	if (r == 0)
		r = ledger_begin(ledger, from, &numbered,
		    &begun_out->may_delete, &begun_out->is_first);
	begun_out->listing = numbered.account;
	return r;
}

/* The keeper says that it is its own. */
static int
owner_is_known(struct queue_begin *begin, bool is_domain,
    struct begun *begun_out)
{
	struct ledger *ledger = ledger_of(begin->process);
	const struct ledger_owned owned = { begin->account,
	    begin->begin.owner, is_domain };
	int r = ledger_own(ledger, &owned);

	if (r < 0)
		return r;
	/* its rules came or went since it began: it hears them next time */
	if (is_domain != begin->begin.is_domain)
		return -EAGAIN;
	if (begin->folder_len > 0)
		return begin_folder(ledger, begin->from, &begin->begin,
		    slice_of(begin->folder, begin->folder_len), begun_out);
	begun_out->listing = begin->account;
	return ledger_confirm(ledger, begin->from, begin->account,
	    &begun_out->may_delete, &begun_out->is_first);
}

/* Its status: 0, -EAGAIN, -ESRCH (nobody's, or not its own), ... */
static int
owner_found(struct queue_begin *begin, int status,
    const struct keeper_owner *owner, struct begun *begun_out)
{
	if (status < 0)
		return -EAGAIN;
	if (owner->owner == begin->begin.owner)
		return owner_is_known(begin, owner->is_domain, begun_out);
	if (owner->owner != 0) {
		log_say("fetch %llu claims fetch account %llu of account %llu",
		    (unsigned long long)begin->begin.owner,
		    (unsigned long long)begin->account,
		    (unsigned long long)owner->owner);
		process_accuse(begin->process, begin->from,
		    "claims a fetch account that is somebody else's");
	}
	return -ESRCH;
}

static void
on_owner(void *arg, int status, const struct keeper_owner *owner)
{
	struct queue_begin *begin = arg;
	struct begun begun = { 0 };
	int r;

	LIST_REMOVE(begin, next);
	if (begin->from != NULL) {
		r = owner_found(begin, status, owner, &begun);
		if (r < 0 && begin->folder_len == 0)
			ledger_end(ledger_of(begin->process), begin->from,
			    begin->account);
		reply_begin(begin->from, begin->serial, r, &begun);
	}
	free(begin);
}

/* Ask the keeper: 0, or why that cannot be. */
static int
ask_owner(void *process, struct ipc *from, uint64_t serial,
    const struct ledger_begin *what, struct slice folder)
{
	struct queue_begins *begins = queue_begins(process);
	struct queue_begin *begin;
	unsigned count = 0;
	int r;

	LIST_FOREACH(begin, begins, next)
		count += begin->begin.owner == what->owner;
	if (count >= BEGINS_OF_ONE)
		return -EAGAIN;
	begin = calloc(1, sizeof(*begin));
	if (begin == NULL)
		return -ENOMEM;
	*begin = (struct queue_begin){ .process = process, .from = from,
	    .serial = serial, .account = what->account, .begin = *what,
	    .folder_len = folder.len };
	if (folder.len > 0)
		memcpy(begin->folder, folder.at, folder.len);
	r = queue_fetch_owner(process, what->account, on_owner, begin);
	if (r < 0) {
		free(begin);
		return -EAGAIN;
	}
	LIST_INSERT_HEAD(begins, begin, next);
	return 0;
}

/* The only folder that it has: -EINPROGRESS if the keeper is to be asked. */
static int
begin_only(void *process, struct ipc *from, const struct ledger_begin *begin,
    struct begun *begun_out)
{
	int r = ledger_begin(ledger_of(process), from, begin,
	    &begun_out->may_delete, &begun_out->is_first);

	begun_out->listing = begin->account;
	if (r == -EINPROGRESS)
		/* an earlier one of its own has ended without a word */
		begin_is_over(process, from, begin->account);
	return r;
}

/* One of many, as begin_only(). */
static int
begin_one_of_many(void *process, struct ipc *from,
    const struct ledger_begin *begin, struct slice folder,
    struct begun *begun_out)
{
	struct ledger_owned owned;
	int r = ledger_owner(ledger_of(process), begin->account, &owned);

	if (r < 0)
		return r;
	if (owned.owner != 0 && owned.owner != begin->owner)
		return -EBADMSG;
	if (owned.owner == 0 || owned.is_domain != begin->is_domain)
		return -EINPROGRESS;
	return begin_folder(ledger_of(process), from, begin, folder,
	    begun_out);
}

int
on_listing_begin(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct ledger_begin begin;
	struct begun begun = { 0 };
	struct slice folder;
	int r;

	begin.account = unpack_u64(&u);
	folder = unpack_slice(&u);
	begin.owner = ipc_instance(from);
	begin.has_uidl = unpack_bool(&u);
	begin.delete_after_days = (int32_t)unpack_u32(&u);
	begin.is_mirror = unpack_bool(&u);
	begin.is_domain = unpack_bool(&u);
	if (!unpack_is_done(&u) || folder.len > FETCHED_FOLDER_MOST)
		return -EBADMSG;
	if (begin.is_mirror && !begin.is_domain)
		conductor_hear(queue_conductor(arg), begin.owner);
	r = folder.len == 0 ? begin_only(arg, from, &begin, &begun) :
	    begin_one_of_many(arg, from, &begin, folder, &begun);
	if (r == -EBADMSG)
		return r;
	if (r == -EINPROGRESS) {
		r = ask_owner(arg, from, message->serial, &begin, folder);
		if (r == 0)
			return 0;
		if (folder.len == 0)
			ledger_end(ledger_of(arg), from, begin.account);
	}
	reply_begin(from, message->serial, r, &begun);
	return 0;
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
	struct listing_spared spared = { 0 };
	TEXT_AUTO body = TEXT_INIT(64);

	if (r == 0) {
		spared.of[SPARED_SKIPPED].messages = counts->left;
		spared.of[SPARED_SKIPPED].bytes = counts->left_bytes;
	}
	pack_u8(&body, status_of(r));
	listing_spared_pack(&body, &spared);
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
	struct ledger_after after;
	int r;

	after.bytes = unpack_u64(&u);
	after.number = unpack_u32(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = ledger_page(ledger_of(arg), from, account, part, &after, &rest);
	if (r < 0) {
		text_clear(&rest);
		pack_u8(&rest, LISTING_BY_NUMBER);
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
on_listing_spared(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	bool are_large = unpack_bool(&u);
	uint32_t count = unpack_u32(&u);
	struct listing_spared spared = { 0 };
	TEXT_AUTO rest = TEXT_INIT(64);
	int r;

	if (u.bad)
		return -EBADMSG;
	r = ledger_spare(ledger_of(arg), from, account, are_large, count, &u,
	    &spared);
	listing_spared_pack(&rest, &spared);
	return reply(from, message, r, &rest);
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
	begin_is_over(arg, from, account);
	ledger_end(ledger_of(arg), from, account);
	return 0;
}

int
on_listing_seed(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct text nothing = { 0 };
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	struct slice folder = unpack_slice(&u);
	uint32_t count = unpack_u32(&u);

	if (u.bad || count > LISTING_PAGE)
		return -EBADMSG;
	return reply(from, message, ledger_seed(ledger_of(arg), account,
	    folder, count, &u), &nothing);
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
