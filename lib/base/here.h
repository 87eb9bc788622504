/*
 * here.h - is that address one of this machine's own?
 *
 * Asked of the system at the time, as addresses come and go: whoever would
 * connect to one of them has it for his own end, too.  Nothing is sent for that.
 */
#ifndef POSTROOM_BASE_HERE_H
#define POSTROOM_BASE_HERE_H

#include "lib/base/slice.h"

/*
 * `address` is numeric, IPv6 with or without brackets.  What is none, or cannot
 * be reached from here at all, is not ours, nor is more of 127.0.0.0/8 than is
 * configured.  Needs CALLS_CONNECT and CALLS_DATAGRAM (sandbox.h).
 */
bool	here_has(struct slice address);

#endif
