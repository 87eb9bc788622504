/*
 * door_turned.c - a provider that became the client on a connection of ours
 *
 * A fetch process has asked it for our mail (ATRN, RFC 2645) and hands us one
 * end of a socket pair; at the other end the provider is the SMTP client now.
 * It gets a session of its own, without STARTTLS, as one of our provider's
 * servers.  When that is over the fetch process hears what was taken: who
 * answered 250 knows it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/door.h"

static void
answer(struct ipc *to, uint64_t serial, const struct fetch_turned *turned)
{
	TEXT_AUTO body = TEXT_INIT(64);

	fetch_turned_pack(&body, turned);
	if (text_failed(&body) ||
	    ipc_reply(to, serial, text_slice(&body), NULL, 0) < 0)
		log_say("the process that collects does not take an answer");
}

static bool
address_read(const char *peer, struct sockaddr_storage *storage)
{
	struct sockaddr_in *four = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, peer, &four->sin_addr) == 1)
		storage->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, peer, &six->sin6_addr) == 1)
		storage->ss_family = AF_INET6;
	else
		return false;
	return true;
}

struct turn {
	char		 peer[INET6_ADDRSTRLEN];
	struct slice	 tls;
};

static int
turn_unpack(struct slice body, struct turn *turn_out)
{
	struct unpack u = unpack_of(body);
	uint64_t account = unpack_u64(&u);
	struct slice peer = unpack_slice(&u);

	turn_out->tls = unpack_slice(&u);
	if (!unpack_is_done(&u) || account == 0 ||
	    turn_out->tls.len >= TURNED_TLS_BYTES)
		return -EBADMSG;
	return slice_cstr(peer, turn_out->peer, sizeof(turn_out->peer)) < 0 ?
	    -EBADMSG : 0;
}

/* A visit that nobody let in: the connection is ours.  NULL: no room. */
static struct visit *
visit_turned(struct door *door, const struct turn *turn)
{
	/* no listener of the configuration: nothing is offered but SMTP */
	static const struct listener none = {
		.service = SERVICE_SMTP, .tls = LISTENER_CLEAR
	};
	struct sockaddr_storage address;
	struct turned *turned;
	struct visit *visit;

	if (door->stopping || !address_read(turn->peer, &address))
		return NULL;
	turned = calloc(1, sizeof(*turned));
	visit = turned == NULL ? NULL : visit_new(door, &none, &address);
	if (visit == NULL) {
		free(turned);
		return NULL;
	}
	(void)slice_cstr(turn->tls, turned->tls_words,
	    sizeof(turned->tls_words));
	visit->turned = turned;
	return visit;
}

int
door_turned_begin(struct door *door, struct ipc *from,
    struct ipc_message *message)
{
	const struct fetch_turned none = { 0 };
	struct turn turn;
	struct visit *visit;
	int fd, r = turn_unpack(message->body, &turn);

	if (r < 0)
		return r;
	visit = visit_turned(door, &turn);
	if (visit == NULL) {
		answer(from, message->serial, &none);
		return 0;
	}
	fd = ipc_take_fd(message, 0);
	visit->turned->asker = from;
	visit->turned->serial = message->serial;
	visit->turned->result.has_begun = true;
	if (door_smtp_begin(visit, fd) < 0) {
		visit->turned->result.has_begun = false;
		visit_free(visit);
	}
	return 0;
}

void
door_turned_submits(struct turned *turned, uint64_t bytes)
{
	turned->bytes = bytes;
}

void
door_turned_answered(struct turned *turned, int code, bool is_held)
{
	struct fetch_turned *result = &turned->result;

	if (code != 250) {
		result->left++;
		return;
	}
	result->taken++;
	result->taken_bytes += turned->bytes;
	result->held += is_held;
}

void
door_turned_free(struct turned *turned)
{
	if (turned != NULL && turned->asker != NULL)
		answer(turned->asker, turned->serial, &turned->result);
	free(turned);
}

void
door_fetch_lost(struct door *door, const struct ipc *ipc)
{
	struct visit *visit;

	/* its end of the pair is closed, too: the sessions end by themselves */
	TAILQ_FOREACH(visit, &door->visits, next)
		if (visit->turned != NULL && visit->turned->asker == ipc)
			visit->turned->asker = NULL;
}
