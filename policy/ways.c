/*
 * ways.c - whose mail leaves by a smarthost of its own, as the queue knows it
 */
#include "policy/ways.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/message/path.h"

#define ADDRESS_BYTES	1024	/* of a sender, in any form */
#define WAYS_MOST	4000	/* in one message; the keeper has fewer */

void
way_pack(struct text *text, const struct way *way)
{
	pack_slice(text, way->name);
	pack_u64(text, way->account);
}

int
ways_unpack(struct arena *arena, struct slice packed, struct ways *ways_out)
{
	struct unpack u = unpack_of(packed);
	struct ways ways = { .count = unpack_u32(&u) };

	if (u.bad || ways.count > WAYS_MOST)
		return -EBADMSG;
	ways.at = arena_array(arena, ways.count, sizeof(*ways.at));
	if (ways.at == NULL && ways.count > 0)
		return -ENOBUFS;
	for (size_t i = 0; i < ways.count; i++) {
		struct way *way = &ways.at[i];

		way->name = unpack_slice(&u);
		way->account = unpack_u64(&u);
		if (u.bad || way->name.len == 0 || (i > 0 &&
		    slice_order(ways.at[i - 1].name, way->name) >= 0))
			return -EBADMSG;
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*ways_out = ways;
	return 0;
}

static int
order(const void *key, const void *element)
{
	const struct way *way = element;

	return slice_order(*(const struct slice *)key, way->name);
}

static const struct way *
find(const struct ways *ways, struct slice name)
{
	return ways->count == 0 ? NULL : bsearch(&name, ways->at, ways->count,
	    sizeof(*ways->at), order);
}

bool
way_own_address(struct slice sender, struct text *text)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_BYTES);
	struct slice address, local;
	struct path path;
	size_t plus;

	if (address_parse(sender, true, &path) < 0 ||
	    address_normal(&normal, path.local, path.domain) < 0)
		return false;
	address = text_slice(&normal);
	local = slice_first(address, slice_find_last(address, '@'));
	/* a quoted one holds what is nobody's own name (RFC 5321 4.1.2) */
	plus = slice_has_prefix(local, "\"") ? SIZE_MAX :
	    slice_find(local, '+');
	if (plus != SIZE_MAX && plus > 0)
		local = slice_first(local, plus);
	text_add(text, local);
	text_add(text, slice_after(address, slice_find_last(address, '@')));
	return !text_failed(text);
}

const struct way *
ways_find(const struct ways *ways, uint64_t account, struct slice sender)
{
	TEXT_AUTO own = TEXT_INIT(ADDRESS_BYTES);
	const struct way *way = NULL;
	struct slice address;

	if (ways->count == 0 || sender.len == 0 ||
	    !way_own_address(sender, &own))
		return NULL;
	address = text_slice(&own);
	if (account != 0)
		way = find(ways, address);
	/* a name that somebody has only written there is not theirs */
	if (way != NULL && way->account == account)
		return way;
	return find(ways, slice_after(address,
	    slice_find_last(address, '@') + 1));
}
