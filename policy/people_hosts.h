/*
 * people_hosts.h - where people may have their mail collected from
 *
 * A host that the owner of a remote mailbox has named, and not the postmaster,
 * must not lead to what stands behind the office's own wall: this machine, the
 * office's network, what a cloud shows to its machines only.  Who may add a
 * mailbox could otherwise have the hub speak with, and tell apart, what he
 * cannot reach himself (server-side request forgery).
 *
 * It is judged by the addresses that are connected to, after the name was looked
 * up, and no other address is used: a name that leads elsewhere the next time
 * (DNS rebinding) is judged then.
 */
#ifndef POSTROOM_POLICY_PEOPLE_HOSTS_H
#define POSTROOM_POLICY_PEOPLE_HOSTS_H

#include "lib/base/text.h"

/*
 * Is that numeric address (IPv6 with or without brackets) one that the internet
 * has not?  Loopback, private, link-local, shared by a provider, multicast and
 * reserved ones (RFC 6890 and the registries of IANA), and those of IPv6 that
 * carry such a one of IPv4 in them; what is no address, too.
 */
bool	people_hosts_is_inner(struct slice address);
/*
 * Is it one that is never another machine's: loopback, unspecified, link-local,
 * multicast, reserved?  What is no address, too.
 */
bool	people_hosts_is_nowhere(struct slice address);
/*
 * May people have that collected from?  `own`: the addresses of this machine
 * among those looked up, a comma between; `allowed`: nets (option
 * people_fetch_hosts), which is what the postmaster allows in spite of all.
 */
bool	people_hosts_may(struct slice address, struct slice own,
	    struct slice allowed);
/* Add those of a list, a comma between, that people may use; how many. */
unsigned people_hosts_keep(struct slice addresses, struct slice own,
	    struct slice allowed, struct text *kept);
/* The same of those that are not nowhere. */
unsigned people_hosts_keep_elsewhere(struct slice addresses,
	    struct text *kept);

#endif
