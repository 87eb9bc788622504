/*
 * peers.c - a process's channels to the other roles
 */
#include "programs/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"

struct peer {
	LIST_ENTRY(peer) next;
	struct ipc	*ipc;
};

static void
peer_free(struct process *process, struct ipc *ipc)
{
	struct peer *peer;

	LIST_FOREACH(peer, &process->peers, next)
		if (peer->ipc == ipc)
			break;
	if (peer != NULL)
		LIST_REMOVE(peer, next);
	free(peer);
	ipc_free(ipc);
}

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct process *process = arg;

	if (was_breach) {
		log_say("%s", ipc_breach(ipc));
		process_accuse(process, ipc, ipc_breach(ipc));
	}
	process->code->lost(process, ipc);
	peer_free(process, ipc);
}

/* What the one before it has said; one that is on its way out lives on. */
static void
hear_earlier(struct process *process, enum role role, uint64_t instance)
{
	struct peer *peer, *following;

	for (peer = LIST_FIRST(&process->peers); peer != NULL;
	    peer = following) {
		following = LIST_NEXT(peer, next);
		if (ipc_peer(peer->ipc) == role &&
		    ipc_instance(peer->ipc) == instance)
			ipc_hear(peer->ipc);
	}
}

int
peers_add(struct process *process, int fd, enum role role, uint64_t instance)
{
	const struct ipc_side side = {
		.rules = process->code->rules, .lost = on_lost, .arg = process
	};
	struct peer *peer = calloc(1, sizeof(*peer));
	int r;

	if (peer == NULL)
		return -ENOMEM;
	hear_earlier(process, role, instance);
	peer->ipc = ipc_new(process->loop, fd, role, instance, &side);
	if (peer->ipc == NULL) {
		free(peer);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&process->peers, peer, next);
	r = process->code->peer(process, peer->ipc);
	if (r < 0) {
		log_say("a channel to %s cannot be used: %s", role_name(role),
		    strerror(-r));
		peer_free(process, peer->ipc);
	}
	return 0;
}
