/*
 * fetch_reach.h - where a host is, as the resolver says and as is allowed
 *
 * Every address that a collection connects to comes through here, its mailbox's,
 * its proxy's and its login server's: what a person has named is held against
 * people_hosts.h now, whatever it was the last time.
 */
#ifndef POSTROOM_PROGRAMS_FETCH_REACH_H
#define POSTROOM_PROGRAMS_FETCH_REACH_H

#include "lib/base/names.h"

enum fetch_reach {
	REACH_FOUND,
	REACH_NONE,		/* there is no such host */
	REACH_LATER,		/* nobody could say now */
	REACH_INNER,		/* it is the office's, and not to be named */
	REACH_UNREADABLE	/* the resolver does not speak as it should */
};

/*
 * Read the body of an answer to RESOLVER_ADDRESSES.  `by_owner`: a person has
 * named the host, and `allowed` are the nets of people_fetch_hosts; addresses
 * that may not be used are left out.  Only with REACH_FOUND `addresses_out` is
 * written: as names.h has them.
 */
enum fetch_reach fetch_reach_read(struct slice body, bool by_owner,
		    const char *allowed, char addresses_out[NAMES_TEXT_SIZE]);
/*
 * The same for a host that a proxy looks up: only where it is an address itself
 * can be said what it is.
 */
bool		 fetch_reach_may_ask(const char *host, bool by_owner,
		    const char *allowed);

#endif
