/*
 * trusted_hop.c - who handed a message to our provider
 *
 * From the top down, lines are the provider's as long as hosts of its own wrote
 * them; the first of these that names a stranger is the hop.  Own hosts are of
 * one site with the host we ask, or with the writer of the topmost line:
 * pop.isp.example, mx3.isp.example.  Where a line says that somebody came, but
 * not from which address, the search ends: what stands below may be his.
 */
#include "filters/trusted_hop.h"

#include <arpa/inet.h>

#include "lib/base/host.h"
#include "lib/message/header.h"
#include "lib/message/received.h"

#define HEADER_BYTES	(256 * 1024)	/* no provider's lines are below that */
#define LINES_MOST	30		/* of a provider's own */
#define OWN_HOSTS	2

/* Hosts that are the provider's own, of each of its sites one. */
struct provider {
	struct slice	host[OWN_HOSTS];
	unsigned	count;
};

static void
add_own(struct provider *provider, struct slice host)
{
	char address[HOST_TEXT_SIZE];

	if (provider->count < OWN_HOSTS && host_is_name(host) &&
	    slice_find(host, '.') != SIZE_MAX &&
	    host_address(host, false, address) == 0)
		provider->host[provider->count++] = host;
}

static bool
is_own(const struct provider *provider, struct slice host)
{
	for (unsigned i = 0; i < provider->count; i++)
		if (received_same_site(host, provider->host[i]))
			return true;
	return false;
}

bool
trusted_hop_is_private(struct slice peer)
{
	static const struct {
		const char	*net;
		unsigned	 bits;
		int		 family;
	} nets[] = {
		{ "10.0.0.0", 8, AF_INET }, { "127.0.0.0", 8, AF_INET },
		{ "172.16.0.0", 12, AF_INET }, { "192.168.0.0", 16, AF_INET },
		{ "169.254.0.0", 16, AF_INET }, { "100.64.0.0", 10, AF_INET },
		{ "fc00::", 7, AF_INET6 }, { "fe80::", 10, AF_INET6 },
		{ "::1", 128, AF_INET6 },
	};
	char text[HOST_TEXT_SIZE];
	int family = host_address(peer, false, text);
	unsigned char address[16], net[16];

	if (family == 0 || inet_pton(family, text, address) != 1)
		return false;
	for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++) {
		unsigned bits = nets[i].bits, n = 0;

		if (nets[i].family != family ||
		    inet_pton(family, nets[i].net, net) != 1)
			continue;
		while (n < bits && ((address[n / 8] ^ net[n / 8]) &
		    (0x80 >> n % 8)) == 0)
			n++;
		if (n == bits)
			return true;
	}
	return false;
}

/* A host of the provider's own spoke with another of them, or with itself. */
static bool
is_inside(const struct provider *provider, const struct received *line)
{
	if (line->peer.len > 0)
		return trusted_hop_is_private(line->peer) || is_own(provider, line->name);
	/* what is delivered has come before, and that has its own line */
	return !line->has_from || slice_has_prefix(line->with, "LMTP") ||
	    slice_is_word(line->with, "local");
}

struct trusted_hop
trusted_hop_find(struct slice message, struct slice provider_host)
{
	struct trusted_hop none = { { NULL, 0 }, { NULL, 0 } };
	struct slice rest = slice_first(message, HEADER_BYTES);
	struct provider provider = { .count = 0 };
	struct header_field field;
	unsigned lines = 0;

	add_own(&provider, provider_host);
	while (lines < LINES_MOST && header_next(&rest, &field)) {
		struct received line;

		if (!slice_is_word(field.name, "Received"))
			continue;
		received_read(field.value, &line);
		if (lines++ == 0)
			add_own(&provider, line.by);
		else if (host_is_name(line.by) && line.by.len > 0 &&
		    slice_find(line.by, '.') != SIZE_MAX &&
		    !is_own(&provider, line.by))
			return none;
		if (is_inside(&provider, &line))
			continue;
		return line.peer.len == 0 ? none :
		    (struct trusted_hop){ line.peer, line.helo };
	}
	return none;
}
