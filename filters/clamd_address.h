/*
 * clamd_address.h - where a clamd listens
 */
#ifndef POSTROOM_FILTERS_CLAMD_ADDRESS_H
#define POSTROOM_FILTERS_CLAMD_ADDRESS_H

#include <sys/socket.h>

#include "lib/base/slice.h"

struct clamd {
	struct sockaddr_storage	 at;
	socklen_t		 len;
};

/*
 * Read "/run/clamav/clamd.ctl", "127.0.0.1:3310" or "[::1]:3310".  False: it is
 * none of them.
 */
bool	clamd_read(struct slice, struct clamd *clamd_out);

#endif
