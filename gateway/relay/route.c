/*
 * route.c - which hosts take the mail of a domain
 */
#include "gateway/relay/route.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/names.h"

/* Where it belongs among those that are there already. */
static size_t
place_of(const struct route *route, uint16_t preference, uint32_t seed)
{
	size_t first = 0, behind;

	while (first < route->count &&
	    route->hosts[first].preference < preference)
		first++;
	for (behind = first; behind < route->count &&
	    route->hosts[behind].preference == preference; behind++)
		;
	return first + seed % (behind - first + 1);
}

static void
add(struct route *route, struct slice name, uint16_t preference,
    uint32_t seed)
{
	struct route_host *hosts = route->hosts;
	size_t at = place_of(route, preference, seed);

	if (at == ROUTE_HOSTS)
		return;		/* there are enough, and better ones */
	if (route->count == ROUTE_HOSTS)
		route->count--;
	memmove(&hosts[at + 1], &hosts[at],
	    (route->count - at) * sizeof(*hosts));
	route->count++;
	hosts[at].preference = preference;
	if (slice_cstr(name, hosts[at].name, sizeof(hosts[at].name)) < 0)
		hosts[at].name[0] = '\0';
}

static uint16_t
preference_of(struct slice record)
{
	return (uint16_t)((unsigned char)record.at[0] << 8 |
	    (unsigned char)record.at[1]);
}

void
route_make(const struct slice *records, size_t count, uint32_t seed,
    struct route *route_out)
{
	struct route route = { .count = 0 };

	/* RFC 7505 3: it stands alone */
	route.takes_none = count == 1 && records[0].len == 2;
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_after(records[i], 2);

		if (records[i].len > 2 && name.len <= HOST_NAME_MOST &&
		    host_is_name(name))
			add(&route, name, preference_of(records[i]),
			    seed + (uint32_t)i * 2654435761u);
	}
	*route_out = route;
}

void
route_alone(struct slice domain, struct route *route_out)
{
	*route_out = (struct route){ .count = 0 };
	add(route_out, domain, 0, 0);
}

int
route_read(struct unpack *u, struct route *route)
{
	struct slice records[NAMES_TEXTS];
	uint32_t count = unpack_u32(u), seed = 0;

	if (u->bad || count > NAMES_TEXTS)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		records[i] = unpack_slice(u);
		if (u->bad || records[i].len < 2)
			return -EBADMSG;
	}
	if (!unpack_is_done(u))
		return -EBADMSG;
	/* without it the order is that of the answer */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = 0;
	route_make(records, count, seed, route);
	return 0;
}

bool
route_literal(struct slice domain, char text_out[HOST_TEXT_SIZE])
{
	if (domain.len < 3 || domain.at[0] != '[' ||
	    domain.at[domain.len - 1] != ']')
		return false;
	domain = slice_of(domain.at + 1, domain.len - 2);
	if (slice_has_prefix(domain, "IPv6:"))
		domain = slice_after(domain, 5);
	return host_address(domain, false, text_out) != 0;
}
