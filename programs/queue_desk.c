/*
 * queue_desk.c - what the console asks of mail that waits to leave
 */
#include "programs/queue_desk.h"

#include <errno.h>
#include <string.h>

#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/message/path.h"
#include "programs/queue_inside.h"
#include "programs/queue_role.h"
#include "queue/desk_wire.h"

#define ANSWER_BYTES	(128 * 1024)

static enum desk_status
status_of(int r)
{
	switch (r) {
	case 0:
		return DESK_OK;
	case -ENOENT:
		return DESK_NONE;
	case -EBADMSG:
	case -EPROTO:
		return DESK_DAMAGED;
	case -EADDRINUSE:
		return DESK_OURS;
	case -ENOSPC:
		return DESK_TOO_MANY;
	case -EBUSY:
		return DESK_TELLING;
	default:
		log_say("mail that waits to leave: %s", strerror(-r));
		return DESK_LATER;
	}
}

static void
reply(struct ipc *from, const struct ipc_message *message, int r,
    const struct text *rest)
{
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES + 16);

	if (r == 0 && text_failed(rest))
		r = -ENOMEM;
	pack_u8(&body, (uint8_t)status_of(r));
	if (r == 0)
		pack_bytes(&body, text_slice(rest));
	/* one that is gone is told by its own end */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* A domain as rows have it; one that names nothing stands as it is. */
static struct slice
normal_domain(struct slice domain, struct text *normal)
{
	if (domain.len > 0 && address_normal(normal, slice_str("a"),
	    domain) == 0)
		return slice_after(text_slice(normal), 2);
	return domain;
}

struct rows {
	const struct conductor *conductor;
	const struct config *config;
	struct text	text;
	uint32_t	count;
};

static int
add_row(void *arg, const struct rows_outbound *row, bool is_sending)
{
	struct rows *rows = arg;
	struct desk_row desk = { .row = *row, .is_sending = is_sending,
	    .waits = conductor_line_waits(rows->conductor, row) };

	desk.way = conductor_desk_way(rows->conductor, row, &desk.way_name);
	if (desk.way == DESK_WAY_SMARTHOST)
		desk.way_name = slice_str(rows->config->smarthost);
	desk_row_pack(&rows->text, &desk);
	rows->count++;
	return text_failed(&rows->text) ? -ENOMEM : 0;
}

int
on_desk_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO normal = TEXT_INIT(ROWS_ADDRESS_BYTES * 2);
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	struct rows rows = { .conductor = queue_conductor(arg),
	    .config = &queue_of(arg)->process->config,
	    .text = TEXT_INIT(ANSWER_BYTES) };
	struct desk_ask ask;
	int r;

	if (desk_ask_unpack(message->body, &ask) < 0)
		return -EBADMSG;
	ask.which.domain = normal_domain(ask.which.domain, &normal);
	r = conductor_desk_list(queue_conductor(arg), &ask.which, &ask.place,
	    DESK_PAGE, add_row, &rows);
	pack_u8(&body, r > 0);
	desk_place_pack(&body, &ask.place);
	pack_u32(&body, rows.count);
	pack_bytes(&body, text_slice(&rows.text));
	reply(from, message, r > 0 ? 0 : r, &body);
	text_free(&rows.text);
	return 0;
}

static int
add_file(void *arg, const struct transit *transit,
    const struct verdict *verdict)
{
	const struct envelope *env = &transit->env;
	struct text *body = arg;

	pack_u8(body, (uint8_t)env->source);
	pack_slice(body, env->peer);
	pack_slice(body, slice_str(verdict->from));
	pack_slice(body, slice_str(verdict->subject));
	pack_slice(body, env->envid);
	return 0;
}

int
on_desk_file(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	struct desk_ask ask;
	int r;

	if (desk_ask_unpack(message->body, &ask) < 0 || !ask.which.has_id)
		return -EBADMSG;
	r = conductor_desk_file(queue_conductor(arg), &ask.which.id, add_file,
	    &body);
	reply(from, message, r, &body);
	return 0;
}

/* That host with that port is this hub: mail would go round. */
static bool
is_ours(const struct config *config, struct slice via)
{
	size_t colon = slice_find_last(via, ':');
	struct slice host = slice_first(via, colon);
	char text[HOST_TEXT_SIZE];
	uint64_t port;

	if (colon == SIZE_MAX || slice_u64(slice_after(via, colon + 1), 65535,
	    &port) < 0)
		return true;
	for (size_t i = 0; i < config->listener_count; i++) {
		if (config->listeners[i].service != SERVICE_SMTP ||
		    config->listeners[i].port != port)
			continue;
		if (slice_is_nocase(host, slice_str(config->hostname)) ||
		    slice_is_nocase(host, slice_str("localhost")))
			return true;
		if (host_address(host, false, text) != 0 &&
		    (slice_has_prefix(slice_str(text), "127.") ||
		    strcmp(text, "::1") == 0))
			return true;
	}
	return false;
}

/* What comes for that domain is told first: nothing comes in between. */
static int
set_route(void *process, const struct desk_ask *ask)
{
	const struct config *config = &queue_of(process)->process->config;
	int r;

	if (ask->act != DESK_REROUTE)
		return 0;
	if (ask->via.len > 0 && is_ours(config, ask->via))
		return -EADDRINUSE;
	if (!ask->routes)
		return 0;
	r = conductor_desk_route(queue_conductor(process), ask->which.domain,
	    ask->via);
	return r == -ENOENT ? 0 : r;
}

int
on_desk_act(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO normal = TEXT_INIT(ROWS_ADDRESS_BYTES * 2);
	TEXT_AUTO body = TEXT_INIT(1024);
	struct desk_done done = { .changed = 0 };
	struct desk_ask ask;
	int r;

	if (desk_ask_unpack(message->body, &ask) < 0 ||
	    ask.which.has_id + (ask.which.domain.len > 0) + ask.all != 1)
		return -EBADMSG;
	ask.which.domain = normal_domain(ask.which.domain, &normal);
	r = set_route(arg, &ask);
	if (r == 0)
		r = conductor_desk_act(queue_conductor(arg), ask.act, ask.who,
		    &ask.which, ask.via, &ask.place, &done);
	pack_u32(&body, done.changed);
	pack_u32(&body, done.sending);
	pack_u8(&body, done.more);
	desk_place_pack(&body, &ask.place);
	reply(from, message, r, &body);
	return 0;
}
