/*
 * door_guard.c - who may come to SMTP, and how much he may bring
 *
 * What an address and its network do is counted here, at each door; what that
 * earns them the keeper decides, and tells every door.  Nobody is counted whom
 * the postmaster trusts, nor our provider; where people log in, nobody is kept
 * out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/service.h"
#include "filters/rule_value.h"
#include "gateway/smtp/limits.h"
#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/door.h"

bool
door_is_among(const char *nets, const char *peer)
{
	struct slice rest = slice_str(nets), word;
	struct rule_net net;

	while (slice_word(&rest, &word))
		if (rule_net_read(word, &net) == NULL &&
		    rule_net_has(&net, slice_str(peer)))
			return true;
	return false;
}

const struct device *
door_device(const struct door *door, const struct listener *listener,
    const char *peer)
{
	return listener->service != SERVICE_SMTP &&
	    listener->service != SERVICE_SUBMISSION ? NULL :
	    devices_find(&door->devices, peer);
}

bool
door_is_trusted(const struct door *door, const struct listener *listener,
    const char *peer)
{
	return (listener->service == SERVICE_SMTP ||
	    listener->service == SERVICE_SUBMISSION) && door_is_among(
	    door->process->config.trusted_networks, peer);
}

const char *
door_counted_as(const struct door *door, const struct listener *listener,
    const char *peer, const char *network)
{
	return door_device(door, listener, peer) != NULL ||
	    door_is_trusted(door, listener, peer) ? peer : network;
}

bool
door_counts(const struct door *door, const struct listener *listener,
    const char *peer)
{
	const struct config *config = &door->process->config;

	return !door_is_among(config->trusted_hosts, peer) &&
	    door_device(door, listener, peer) == NULL &&
	    (listener->service != SERVICE_SMTP ||
	    !door_is_among(config->upstream_hosts, peer));
}

struct block *
door_block(const struct door *door, const struct visitor *visitor)
{
	char network[BLOCK_NET_SIZE];
	struct block *block = blocks_find(door->blocks, visitor->address,
	    clock_ms());

	if (block == NULL && block_network(visitor->address, network))
		block = blocks_find(door->blocks, network, clock_ms());
	return block != NULL && !visitor_is_home(visitor) ? block : NULL;
}

struct visitor *
door_network(struct door *door, const struct visitor *visitor)
{
	char network[BLOCK_NET_SIZE];

	return block_network(visitor->address, network) ?
	    visitors_find(&door->networks, network) : NULL;
}

/*
 * It is out from now on: whoever is cut off may be back before the keeper has
 * answered.  The keeper is to know, and says for how long that is.
 */
static void
tell_keeper(const struct visit *visit, const struct visitor *who,
    enum block_why why)
{
	const struct door *door = visit->door;
	const uint64_t ms = (uint64_t)door->process->config.block_seconds *
	    1000;
	TEXT_AUTO body = TEXT_INIT(BLOCK_NET_SIZE + 16);
	struct block begun[2];

	if (ms == 0 || visitor_is_home(visit->visitor))
		return;
	(void)blocks_earned(door->blocks, who->address, why, ms, clock_ms(),
	    begun);
	if (door->keeper == NULL)
		return;
	pack_slice(&body, slice_str(who->address));
	pack_u8(&body, (uint8_t)why);
	if (ipc_send(door->keeper, KEEPER_EARNED, text_slice(&body), NULL,
	    0) < 0)
		log_say("the keeper does not hear who is to be kept out");
}

unsigned
door_guard_unknown(void *arg)
{
	const struct visit *visit = arg;
	const unsigned most = smtp_default_limits.unknown_most;
	unsigned one, all;

	/* then the session's own count stands alone */
	if (visit->network == NULL)
		return 0;
	one = visitor_unknown(visit->visitor);
	all = visitor_unknown(visit->network);
	if (one > most && visitor_guesses(visit->visitor))
		tell_keeper(visit, visit->visitor, BLOCK_UNKNOWN);
	else if (all > most && visitor_guesses(visit->network))
		tell_keeper(visit, visit->network, BLOCK_UNKNOWN);
	return one > all ? one : all;
}

void
door_guard_known(const struct visit *visit)
{
	if (visit->network == NULL)
		return;
	visitor_known(visit->visitor);
	visitor_known(visit->network);
}

void
door_guard_erred(void *arg)
{
	const struct visit *visit = arg;

	if (visit->network == NULL)
		return;
	if (visitor_failed(visit->visitor))
		tell_keeper(visit, visit->visitor, BLOCK_NONSENSE);
	if (visitor_failed(visit->network))
		tell_keeper(visit, visit->network, BLOCK_NONSENSE);
}

/* A device has a rate of its own. */
static bool
device_may_send(const struct visit *visit)
{
	if (visitor_may_send(visit->visitor, visit->device->per_hour))
		return true;
	if (visit->visitor->put_off == 1)
		log_say("smtp from %s: put off, the device has sent its %u "
		    "messages of this hour", visit->peer,
		    visit->device->per_hour);
	return false;
}

/* So may each address of a trusted network. */
static bool
network_may_send(const struct visit *visit)
{
	unsigned most = visit->door->process->config.send_messages_per_hour;

	if (visitor_may_send(visit->visitor, most))
		return true;
	if (visit->visitor->put_off == 1)
		log_say("smtp from %s, of a trusted network: put off, it has "
		    "sent its %u messages of this hour", visit->peer, most);
	return false;
}

bool
door_guard_may_send(void *arg)
{
	const struct visit *visit = arg;
	unsigned most = visit->door->process->config.messages_per_address;
	const struct visitor *full;

	if (visit->device != NULL)
		return device_may_send(visit);
	if (visit->is_trusted)
		return network_may_send(visit);
	if (visit->network == NULL)
		return true;
	if (!visitor_may_send(visit->visitor, most))
		full = visit->visitor;
	else if (!visitor_may_send(visit->network, most))
		full = visit->network;
	else
		return true;
	/* who goes on trying is no news before it may send again */
	if (full->put_off == 1)
		log_say("smtp from %s: put off, %s has sent its messages of "
		    "this hour", visit->peer, full->address);
	return false;
}

bool
door_greylists(const struct visit *visit)
{
	return visit->door->process->config.greylist &&
	    visit->network != NULL && !visitor_is_home(visit->visitor);
}

int
door_blocked(struct door *door, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct block block;

	while (u.rest.len > 0) {
		if (block_unpack(&u, &block) < 0)
			return -EBADMSG;
		blocks_put(door->blocks, &block);
	}
	return 0;
}
