/*
 * helo.c - what a host called itself, and whether that can be
 */
#include "filters/helo.h"

#include <string.h>

#include "filters/trusted_hop.h"
#include "lib/base/host.h"

const char *
helo_word(enum helo_result result)
{
	static const char *const words[HELO_RESULTS] = {
		[HELO_NONE] = "none", [HELO_OK] = "ok",
		[HELO_INVALID] = "invalid", [HELO_LITERAL] = "literal",
		[HELO_OURS] = "ours",
	};

	return words[result];
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]". */
static bool
is_literal(struct slice helo)
{
	static const char six[] = "IPv6:";
	char address[HOST_TEXT_SIZE];
	struct slice inside;

	if (helo.len < 2 || helo.at[0] != '[' || helo.at[helo.len - 1] != ']')
		return false;
	inside = slice_of(helo.at + 1, helo.len - 2);
	if (inside.len > strlen(six) && slice_is_word(slice_first(inside,
	    strlen(six)), six))
		inside = slice_after(inside, strlen(six));
	return inside.len > 0 && inside.at[0] != '[' &&
	    host_address(inside, false, address) != 0;
}

/* The last dot, which ends a name that is whole, makes no difference. */
static struct slice
without_dot(struct slice name)
{
	return name.len > 0 && name.at[name.len - 1] == '.' ?
	    slice_first(name, name.len - 1) : name;
}

enum helo_result
helo_look(const struct envelope *env, const char *host)
{
	bool is_taken_on = envelope_is_taken_on(env->source);
	struct slice peer = is_taken_on ? env->hop.peer : env->peer;
	struct slice helo = is_taken_on ? env->hop.helo : env->helo;
	char address[HOST_TEXT_SIZE];

	if (env->source == SOURCE_OWN || env->source == SOURCE_LMTP ||
	    (env->login.len > 0 && !is_taken_on) || helo.len == 0 ||
	    peer.len == 0 || trusted_hop_is_private(peer))
		return HELO_NONE;
	if (is_literal(helo))
		return HELO_LITERAL;
	helo = without_dot(helo);
	if (slice_is_word(helo, host))
		return HELO_OURS;
	/* an address without brackets is no name; one label is not all of it */
	if (host_address(helo, false, address) != 0 || !host_is_name(helo) ||
	    slice_find(helo, '.') == SIZE_MAX)
		return HELO_INVALID;
	return HELO_OK;
}
