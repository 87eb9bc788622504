/*
 * smarthost_way.c - how a smarthost is reached that is not the hub's own
 */
#include "gateway/relay/smarthost_way.h"

#include <errno.h>

#include "policy/smarthosts.h"

/* A slice of the answer as a string that lives as long as the arena; or NULL. */
static char *
keep(struct arena *arena, struct slice s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	return copy == NULL || slice_cstr(s, copy, s.len + 1) < 0 ? NULL :
	    copy;
}

int
smarthost_way_read(struct arena *arena, struct slice answer,
    struct smarthost_way *way)
{
	static const enum talk_tls tls[SMARTHOST_TLS_COUNT] = {
		[SMARTHOST_CLEAR] = TALK_CLEAR,
		[SMARTHOST_STARTTLS] = TALK_STARTTLS,
		[SMARTHOST_IMPLICIT] = TALK_IMPLICIT,
	};
	struct unpack u = unpack_of(answer);
	bool exists = unpack_bool(&u);
	struct slice host, user, password;

	if (!u.bad && !exists)
		return unpack_is_done(&u) ? -ENOENT : -EBADMSG;
	host = unpack_slice(&u);
	way->port = unpack_u16(&u);
	way->tls = tls[unpack_enum(&u, SMARTHOST_TLS_COUNT)];
	user = unpack_slice(&u);
	password = unpack_slice(&u);
	way->by_person = unpack_bool(&u);
	if (!unpack_is_done(&u) || host.len == 0)
		return -EBADMSG;
	way->host = keep(arena, host);
	if (user.len > 0) {
		way->user = keep(arena, user);
		way->password = keep(arena, password);
	}
	return way->host == NULL || (user.len > 0 && (way->user == NULL ||
	    way->password == NULL)) ? -ENOMEM : 0;
}
