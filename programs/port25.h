/*
 * port25.h - may this machine speak to the mail hosts of other networks?
 *
 * Many lines bar port 25 out, and who sends directly there finds it out by mail
 * that waits.  Tried are the hosts that take mail for a domain, as long as they
 * are not this machine: one that greets is enough.
 */
#ifndef POSTROOM_PROGRAMS_PORT25_H
#define POSTROOM_PROGRAMS_PORT25_H

#include "lib/base/host.h"

enum port25 {
	PORT25_OPEN,		/* a host has greeted */
	PORT25_BARRED,		/* none did */
	PORT25_UNKNOWN		/* there is none elsewhere, or DNS is silent */
};

/*
 * Try the hosts of `domain`, and wait for that: some seconds.  `host_out` is who
 * greeted.  No mail is sent, and nobody is told a name.
 */
enum port25	port25_try(const char *domain,
		    char host_out[HOST_NAME_MOST + 1]);

#endif
