/*
 * console_desk.c - requests about mail that waits to leave, between admin rows
 * and queue
 */
#include "programs/console_desk.h"

#include <errno.h>
#include <string.h>

#include "lib/base/host.h"
#include "queue/desk_wire.h"

/* Where the arguments stand in their rows (admin.c). */
enum { LIST_ID, LIST_DOMAIN, LIST_SENDER, LIST_STATE, LIST_ABOVE, LIST_AT };
enum { ACT_ID, ACT_ADDRESS, ACT_ABOVE, ACT_AT, ACT_DOMAIN, ACT_ALL, ACT_VIA };

/* Only the postmaster's machine may ask (admin.h, ADMIN_BY_POSTMASTER). */
#define WHO	"postmaster"

static const char *const states[OUTBOUND_STATE_COUNT] = {
	[OUTBOUND_WAITING] = "waiting", [OUTBOUND_HELD] = "held",
	[OUTBOUND_FAILED] = "failed", [OUTBOUND_DONE] = "sent",
	[OUTBOUND_RELAYED] = "sent",
};

static const char *const ways[DESK_WAY_COUNT] = {
	[DESK_WAY_MX] = "mx", [DESK_WAY_SMARTHOST] = "smarthost",
	[DESK_WAY_OWN] = "own", [DESK_WAY_HOST] = "host",
	[DESK_WAY_GATEWAY] = "gateway", [DESK_WAY_NONE] = "none",
};

static enum admin_status
unfit(unsigned arg, unsigned *field_out)
{
	*field_out = arg;
	return ADMIN_UNFIT;
}

/* An address, a domain: what can stand in a row. */
static bool
take_words(const struct admin_work *work, unsigned arg, struct slice *out)
{
	if (!work->given[arg])
		return true;
	*out = work->args[arg];
	return out->len > 0 && out->len <= ROWS_ADDRESS_BYTES &&
	    slice_is_utf8(*out);
}

static bool
take_id(const struct admin_work *work, unsigned arg, bool *has_out,
    struct message_id *id_out)
{
	*has_out = work->given[arg];
	return !work->given[arg] || message_id_read(work->args[arg],
	    id_out) == 0;
}

/* Behind which of them to go on. */
static bool
take_place(const struct admin_work *work, unsigned above, unsigned at,
    struct desk_place *place)
{
	bool has;

	return take_id(work, above, &has, &place->id) &&
	    (!work->given[at] || slice_cstr(work->args[at], place->address,
	    sizeof(place->address)) == 0);
}

static bool
take_state(struct slice word, struct desk_which *which)
{
	which->has_state = true;
	for (enum outbound_state s = 0; s <= OUTBOUND_FAILED; s++)
		if (slice_is_str(word, states[s])) {
			which->state = s;
			return true;
		}
	return false;
}

enum admin_status
desk_ask_list(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct desk_ask ask = { .all = false };

	if (!take_id(work, LIST_ID, &ask.which.has_id, &ask.which.id))
		return unfit(LIST_ID, field_out);
	if (!take_words(work, LIST_DOMAIN, &ask.which.domain))
		return unfit(LIST_DOMAIN, field_out);
	if (!take_words(work, LIST_SENDER, &ask.which.sender))
		return unfit(LIST_SENDER, field_out);
	if (work->given[LIST_STATE] &&
	    !take_state(work->args[LIST_STATE], &ask.which))
		return unfit(LIST_STATE, field_out);
	if (!take_place(work, LIST_ABOVE, LIST_AT, &ask.place))
		return unfit(LIST_ABOVE, field_out);
	desk_ask_pack(body, &ask);
	return ADMIN_OK;
}

enum admin_status
desk_ask_one(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct desk_ask ask = { .all = false };

	if (!take_id(work, LIST_ID, &ask.which.has_id, &ask.which.id))
		return unfit(LIST_ID, field_out);
	desk_ask_pack(body, &ask);
	return ADMIN_OK;
}

/* "HOST:PORT", as a row has it; the port is 25 where none is said. */
static bool
take_via(const struct admin_work *work, struct text *via)
{
	char host[HOST_NAME_MOST + 2];
	uint16_t port = 25;

	if (work->args[ACT_VIA].len == 0)
		return true;	/* as ever */
	if (host_port(work->args[ACT_VIA], host, &port) < 0)
		return false;
	host_port_write(via, host, port);
	return !text_failed(via);
}

/* "queue hold" and so on. */
static bool
take_act(const char *name, enum desk_act *act_out)
{
	static const char *const names[DESK_ACT_COUNT] = {
		[DESK_HOLD] = "queue hold", [DESK_RELEASE] = "queue release",
		[DESK_RETRY] = "queue retry",
		[DESK_REROUTE] = "queue reroute",
		[DESK_BOUNCE] = "queue bounce",
		[DESK_REMOVE] = "queue remove",
	};

	for (enum desk_act act = 0; act < DESK_ACT_COUNT; act++)
		if (strcmp(name, names[act]) == 0) {
			*act_out = act;
			return true;
		}
	return false;
}

enum admin_status
desk_ask_act(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	TEXT_AUTO via = TEXT_INIT(OUTBOUND_VIA_BYTES);
	struct desk_ask ask = { .who = slice_str(WHO) };

	if (!take_act(work->request->name, &ask.act))
		return ADMIN_FAILED;
	if (!take_id(work, ACT_ID, &ask.which.has_id, &ask.which.id))
		return unfit(ACT_ID, field_out);
	if (!take_words(work, ACT_ADDRESS, &ask.which.address))
		return unfit(ACT_ADDRESS, field_out);
	if (!take_place(work, ACT_ABOVE, ACT_AT, &ask.place))
		return unfit(ACT_ABOVE, field_out);
	if (!take_words(work, ACT_DOMAIN, &ask.which.domain))
		return unfit(ACT_DOMAIN, field_out);
	ask.all = work->given[ACT_ALL];
	/* one of them, and what is given up or removed by its name */
	if (ask.which.has_id + work->given[ACT_DOMAIN] + ask.all != 1 ||
	    (!ask.which.has_id && (ask.act >= DESK_BOUNCE ||
	    (ask.act == DESK_REROUTE && ask.all))))
		return unfit(ACT_ID, field_out);
	if (ask.act == DESK_REROUTE && (!work->given[ACT_VIA] ||
	    !take_via(work, &via)))
		return unfit(ACT_VIA, field_out);
	ask.via = text_slice(&via);
	ask.routes = work->given[ACT_DOMAIN];
	desk_ask_pack(body, &ask);
	return ADMIN_OK;
}

/* Answers */

/* The answer's first byte.  True: more follows. */
static bool
read_status(struct unpack *u, struct queue_said *said)
{
	static const struct {
		enum admin_status	status;
		unsigned		field;
	} statuses[DESK_STATUS_COUNT] = {
		[DESK_OK]	= { ADMIN_OK,	    ADMIN_NO_FIELD },
		[DESK_NONE]	= { ADMIN_NO_SUCH,  ACT_ID },
		[DESK_LATER]	= { ADMIN_LATER,    ADMIN_NO_FIELD },
		[DESK_DAMAGED]	= { ADMIN_FAILED,   ACT_ID },
		[DESK_OURS]	= { ADMIN_REFUSED,  ACT_VIA },
		[DESK_TOO_MANY]	= { ADMIN_TOO_MANY, ADMIN_NO_FIELD },
		[DESK_TELLING]	= { ADMIN_LATER,    ACT_ID },
	};
	enum desk_status status = unpack_enum(u, DESK_STATUS_COUNT);

	said->status = statuses[status].status;
	said->field = statuses[status].field;
	return !u->bad && status == DESK_OK;
}

/* When it is tried next: not before the line opens for it. */
static int64_t
next_utc_ms(const struct desk_row *desk)
{
	if (desk->row.state != OUTBOUND_WAITING ||
	    desk->way == DESK_WAY_NONE)
		return 0;
	return desk->waits.wait == LINE_WAIT_NONE ?
	    desk->row.next_try_utc_ms : desk->waits.until_utc_ms;
}

static const char *
waits_word(const struct desk_row *desk)
{
	static const char *const words[LINE_WAIT_COUNT] = {
		[LINE_WAIT_NONE] = "", [LINE_WAIT_WINDOW] = "line",
		[LINE_WAIT_SPENT] = "month", [LINE_WAIT_UNKNOWN] = "unknown",
	};

	if (desk->way == DESK_WAY_NONE && desk->row.state == OUTBOUND_WAITING)
		return "way";
	return desk->waits.for_night ? "night" : words[desk->waits.wait];
}

/* A row of LEAVING_ROW (admin.c). */
static void
add_row(struct queue_said *said, const struct desk_row *desk,
    const char *state)
{
	const struct rows_outbound *row = &desk->row;
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&row->id, id);
	pack_slice(said->rows, slice_str(id));
	pack_i64(said->rows, row->since_utc_ms);
	pack_u64(said->rows, row->bytes);
	pack_slice(said->rows, row->sender);
	pack_slice(said->rows, row->address);
	pack_slice(said->rows, row->domain);
	pack_slice(said->rows, slice_str(state));
	pack_slice(said->rows, slice_str(desk->is_sending ? "yes" : "no"));
	pack_u64(said->rows, row->tries);
	pack_i64(said->rows, row->first_try_utc_ms);
	pack_i64(said->rows, row->last_try_utc_ms);
	pack_i64(said->rows, next_utc_ms(desk));
	pack_u64(said->rows, row->code);
	pack_slice(said->rows, row->status);
	pack_slice(said->rows, row->words);
	pack_slice(said->rows, row->host);
	pack_slice(said->rows, row->via);
	pack_slice(said->rows, slice_str(waits_word(desk)));
	pack_slice(said->rows, slice_str(ways[desk->way]));
	pack_slice(said->rows, desk->way_name);
	said->count++;
}

int
desk_list_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	bool has_rows = read_status(&u, said), more;
	struct desk_place place = { .address = "" };
	struct desk_row row = { .is_sending = false };
	uint32_t count;

	if (!has_rows)
		return unpack_is_done(&u) ? 0 : -EBADMSG;
	more = unpack_bool(&u);
	if (desk_place_unpack(&u, &place) < 0)
		return -EBADMSG;
	count = unpack_u32(&u);
	if (count > DESK_PAGE)
		return -EBADMSG;
	while (count-- > 0) {
		if (desk_row_unpack(&u, &row) < 0)
			return -EBADMSG;
		/* no clock lets that go: the postmaster has to */
		add_row(said, &row, row.way == DESK_WAY_NONE &&
		    row.row.state == OUTBOUND_WAITING ? "no-way" :
		    states[row.row.state]);
	}
	row = (struct desk_row){ .row = { .id = place.id,
	    .address = slice_str(place.address) } };
	if (more)
		add_row(said, &row, "more");
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
desk_file_said(struct slice body, struct queue_said *said)
{
	static const char *const sources[SOURCE_COUNT] = {
		[SOURCE_SMTP] = "smtp", [SOURCE_LMTP] = "lmtp",
		[SOURCE_FETCH] = "fetch", [SOURCE_OWN] = "own",
		[SOURCE_UPSTREAM] = "upstream",
	};
	struct unpack u = unpack_of(body);

	if (read_status(&u, said)) {
		pack_slice(said->rows, slice_str(sources[unpack_enum(&u,
		    SOURCE_COUNT)]));
		for (unsigned i = 0; i < 4; i++)
			pack_slice(said->rows, unpack_slice(&u));
		said->count++;
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
desk_done_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	struct desk_place place = { .address = "" };
	char id[MESSAGE_ID_CHARS + 1];
	bool more;

	if (!read_status(&u, said))
		return unpack_is_done(&u) ? 0 : -EBADMSG;
	pack_u64(said->rows, unpack_u32(&u));
	pack_u64(said->rows, unpack_u32(&u));
	more = unpack_bool(&u);
	if (desk_place_unpack(&u, &place) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	message_id_write(&place.id, id);
	pack_slice(said->rows, slice_str(more ? "yes" : "no"));
	pack_slice(said->rows, slice_str(id));
	pack_slice(said->rows, slice_str(place.address));
	said->count++;
	return 0;
}
