/*
 * ledger_listing.c - the queue of a test: what is said of a listing
 */
#include "tests/unit/fetch/ledger_inside.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static void
reply_ok(struct ledger *ledger, uint64_t serial)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u8(&body, LISTING_OK);
	ledger_reply(ledger, serial, &body);
}

static int
on_begin(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(16);
	struct slice folder;

	(void)from;
	ck_assert(!ledger->is_noting);
	ck_assert_uint_eq(unpack_u64(&u), 7);
	folder = unpack_slice(&u);
	if (folder.len > 0 && !slice_is_str(folder, ledger->folder)) {
		/* another one: what was listed before stays where it is */
		ck_assert_int_eq(slice_cstr(folder, ledger->folder,
		    sizeof(ledger->folder)), 0);
		ledger->first = ledger->count;
		ledger->listing = 1000 + ledger->folders++;
		ledger->settled = false;
	}
	ledger->has_uidl = unpack_bool(&u);
	ledger->days = (int)(int32_t)unpack_u32(&u);
	ledger->is_mirror = unpack_bool(&u);
	(void)unpack_bool(&u);		/* of a domain, or not */
	ck_assert(unpack_is_done(&u));
	ledger->last = 0;
	pack_u8(&body, (uint8_t)ledger->begins);
	pack_u8(&body, ledger->may_delete);
	pack_u8(&body, ledger->is_first);
	pack_u64(&body, ledger->listing);
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

static int
on_rows(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	uint32_t count = unpack_u32(&u), last = 0;

	(void)from;
	ledger->pages++;
	ck_assert_uint_gt(count, 0);
	ck_assert_uint_le(count, LISTING_PAGE);
	last = ledger->last;
	ledger->rows_told += count;
	if (ledger->only_counts) {
		reply_ok(ledger, message->serial);
		return 0;
	}
	while (count-- > 0) {
		uint32_t number = unpack_u32(&u);
		struct row *row = ledger->ended ? ledger_row(ledger, number) :
		    NULL;

		if (row == NULL)	/* not listed before */
			row = &ledger->rows[ledger->count++];
		ck_assert_uint_le(ledger->count, LEDGER_ROWS);
		row->number = number;
		row->bytes = unpack_u64(&u);
		ck_assert_int_eq(slice_cstr(unpack_slice(&u), row->uidl,
		    sizeof(row->uidl)), 0);
		ck_assert_uint_gt(row->number, last);
		last = row->number;
	}
	ledger->last = last;
	ck_assert(unpack_is_done(&u));
	reply_ok(ledger, message->serial);
	return 0;
}

static bool
is_in(const struct ledger *ledger, const struct row *row,
    enum listing_part part)
{
	switch (part) {
	case LISTING_TAKE:
		return !row->left && !row->taken && !ledger->has_due;
	case LISTING_LOOK:
		return ledger->wants_look && row->known == 0;
	default:
		return (ledger->has_due || (row->taken &&
		    ledger->days == 0)) && !row->deleting;
	}
}

static int
on_decide(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	struct listing_counts counts = {
	    .listed = ledger->count - ledger->first
	};
	TEXT_AUTO body = TEXT_INIT(256);

	(void)from;
	(void)unpack_u64(&u);
	ck_assert(unpack_is_done(&u));
	ledger->decides++;
	for (unsigned i = ledger->first; i < ledger->count; i++) {
		const struct row *row = &ledger->rows[i];

		counts.listed_bytes += row->bytes;
		counts.look += is_in(ledger, row, LISTING_LOOK);
		counts.too_large += row->late;
		if (is_in(ledger, row, LISTING_TAKE)) {
			counts.take++;
			counts.take_bytes += row->bytes;
		}
	}
	pack_u8(&body, LISTING_OK);
	listing_counts_pack(&body, &counts);
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

/* The row of a part that comes after that one; or NULL. */
static const struct row *
row_after(const struct ledger *ledger, enum listing_part part,
    enum listing_order order, uint64_t bytes, uint32_t number)
{
	const struct row *found = NULL;
	uint64_t before = listing_rank(order, bytes);

	for (unsigned i = ledger->first; i < ledger->count; i++) {
		const struct row *row = &ledger->rows[i];
		uint64_t rank = listing_rank(order, row->bytes);

		if (!is_in(ledger, row, part) || (number != 0 &&
		    (rank < before || (rank == before &&
		    row->number <= number))))
			continue;
		if (found == NULL || rank < listing_rank(order, found->bytes))
			found = row;
		if (order == LISTING_BY_NUMBER)
			break;
	}
	return found;
}

static int
on_page(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	enum listing_part part = unpack_u8(&u);
	uint64_t after_bytes = unpack_u64(&u);
	uint32_t after = unpack_u32(&u), count = 0;
	enum listing_order order = ledger->by_size && part == LISTING_TAKE ?
	    LISTING_BY_SIZE : LISTING_BY_NUMBER;
	const struct row *row;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	(void)from;
	ck_assert(unpack_is_done(&u));
	if (part == LISTING_TAKE && ++ledger->take_pages ==
	    ledger->fails_page) {
		pack_u8(&body, LISTING_LATER);
		ledger_reply(ledger, message->serial, &body);
		return 0;
	}
	pack_u8(&body, LISTING_OK);
	pack_u8(&body, (uint8_t)order);
	pack_u32(&body, 0);
	while (count < LISTING_PAGE && (row = row_after(ledger, part, order,
	    after_bytes, after)) != NULL) {
		count++;
		pack_u32(&body, row->number);
		pack_u64(&body, row->bytes);
		pack_u8(&body, false);
		pack_u64(&body, row->number == ledger->half_of ?
		    ledger->half.len : 0);
		after = row->number;
		after_bytes = row->bytes;
	}
	for (unsigned i = 0; i < 4; i++)
		body.at[2 + i] = (char)(count >> (8 * i));
	if (part == LISTING_TAKE && ledger->take_pages == ledger->late_page) {
		ledger->code = 452;
		ledger->late = (struct text)TEXT_INIT(IPC_MAX_BYTES);
		text_add(&ledger->late, text_slice(&body));
		ledger->late_serial = message->serial;
		return 0;
	}
	if (ledger->late_serial != 0)
		ledger_reply(ledger, ledger->late_serial, &ledger->late);
	ledger->late_serial = 0;
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

static int
on_digests(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	uint32_t count = unpack_u32(&u);

	(void)from;
	while (count-- > 0) {
		struct row *row = ledger_row(ledger, unpack_u32(&u));
		bool known = unpack_bool(&u);
		struct slice digest = unpack_bytes(&u, FETCHED_DIGEST_BYTES);

		ck_assert_ptr_nonnull(row);
		ck_assert(!u.bad);
		row->known = known ? 1 : 2;
		memcpy(row->digest, digest.at, digest.len);
	}
	ck_assert(unpack_is_done(&u));
	reply_ok(ledger, message->serial);
	return 0;
}

static void
leave_row(struct ledger *ledger, struct row *row)
{
	row->left = true;
	row->late = ledger->decides > 0;
	if (row->late)
		return;
	ledger->left.of[SPARED_SKIPPED].messages++;
	ledger->left.of[SPARED_SKIPPED].bytes += row->bytes;
}

static int
on_leave(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	uint32_t count = unpack_u32(&u);

	(void)from;
	ck_assert(!ledger->settled || count > 0);
	ledger->settled = ledger->settled || count == 0;
	while (count-- > 0) {
		uint32_t first = unpack_u32(&u), last = unpack_u32(&u);

		ck_assert_uint_le(first, last);
		for (unsigned i = ledger->first; i < ledger->count; i++)
			if (ledger->rows[i].number >= first &&
			    ledger->rows[i].number <= last)
				leave_row(ledger, &ledger->rows[i]);
	}
	ck_assert(unpack_is_done(&u));
	ledger->is_noting = true;
	ledger->noting = message->serial;
	timer_set(ledger->later, 2);
	return 0;
}

/* Each is new, to the bytes that are listed. */
static int
on_spared(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	struct listing_spared spared = { 0 };
	bool are_large = unpack_bool(&u);
	uint32_t count = unpack_u32(&u);

	(void)from;
	ck_assert_uint_le(count, SPARED_PAGE);
	ck_assert(are_large || count > 0);
	ledger->spared_large += are_large;
	while (count-- > 0) {
		struct row *row = ledger_row(ledger, unpack_u32(&u));
		enum spared why = unpack_enum(&u, SPARED_COUNT);
		uint64_t carried = unpack_u64(&u);

		ck_assert(row != NULL && !u.bad);
		ck_assert(!row->spared);
		ck_assert_uint_le(carried, row->bytes);
		row->spared = true;
		spared.of[why].messages++;
		spared.of[why].bytes += row->bytes - carried;
	}
	ck_assert(unpack_is_done(&u));
	ledger_reply_spared(ledger, message->serial, &spared);
	return 0;
}

static int
on_deleting(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	uint32_t count = unpack_u32(&u);

	(void)from;
	while (count-- > 0) {
		struct row *row = ledger_row(ledger, unpack_u32(&u));

		ck_assert_ptr_nonnull(row);
		ck_assert(is_in(ledger, row, LISTING_DELETE));
		row->deleting = true;
	}
	ck_assert(unpack_is_done(&u));
	reply_ok(ledger, message->serial);
	return 0;
}

static int
on_end(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;

	(void)from;
	(void)message;
	ledger->ended = true;
	return 0;
}

int
ledger_on_listing(void *arg, struct ipc *from, struct ipc_message *message)
{
	static const struct {
		uint16_t	 kind;
		ipc_fn		*handler;
	} handlers[] = {
		{ QUEUE_LISTING_BEGIN, on_begin },
		{ QUEUE_LISTING_ROWS, on_rows },
		{ QUEUE_LISTING_DECIDE, on_decide },
		{ QUEUE_LISTING_PAGE, on_page },
		{ QUEUE_LISTING_DIGESTS, on_digests },
		{ QUEUE_LISTING_LEAVE, on_leave },
		{ QUEUE_LISTING_SPARED, on_spared },
		{ QUEUE_LISTING_DELETING, on_deleting },
		{ QUEUE_LISTING_END, on_end },
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (handlers[i].kind == message->kind)
			return handlers[i].handler(arg, from, message);
	return -EBADMSG;
}
