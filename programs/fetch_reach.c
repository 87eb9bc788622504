/*
 * fetch_reach.c - where a host is, as the resolver says and as is allowed
 */
#include "programs/fetch_reach.h"

#include "lib/base/host.h"
#include "lib/base/pack.h"
#include "policy/people_hosts.h"

enum fetch_reach
fetch_reach_read(struct slice body, bool by_owner, const char *allowed,
    char addresses_out[NAMES_TEXT_SIZE])
{
	static const enum fetch_reach reaches[NAMES_FOUND_COUNT] = {
		[NAMES_FOUND] = REACH_FOUND,
		[NAMES_NONE] = REACH_NONE,
		[NAMES_LATER] = REACH_LATER,
	};
	struct unpack u = unpack_of(body);
	unsigned found = unpack_enum(&u, NAMES_FOUND_COUNT);
	struct slice addresses = unpack_slice(&u), own = unpack_slice(&u);
	TEXT_AUTO kept = TEXT_INIT(NAMES_TEXT_SIZE);

	if (!unpack_is_done(&u) || addresses.len >= NAMES_TEXT_SIZE)
		return REACH_UNREADABLE;
	if (found != NAMES_FOUND)
		return reaches[found];
	if (by_owner && people_hosts_keep(addresses, own, slice_str(allowed),
	    &kept) == 0)
		return REACH_INNER;
	if (text_failed(&kept))
		return REACH_LATER;
	return slice_cstr(by_owner ? text_slice(&kept) : addresses,
	    addresses_out, NAMES_TEXT_SIZE) < 0 ? REACH_UNREADABLE :
	    REACH_FOUND;
}

bool
fetch_reach_may_ask(const char *host, bool by_owner, const char *allowed)
{
	char text[HOST_TEXT_SIZE];

	return !by_owner || host_address(slice_str(host), false, text) == 0 ||
	    people_hosts_may(slice_str(text), slice_of(NULL, 0),
	    slice_str(allowed));
}
