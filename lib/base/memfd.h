/*
 * memfd.h - a file in memory that nobody can change any more
 *
 * What one role hands another to be read: a message, a configuration.  Who
 * gets it can map it and believe that it stays as it is.
 */
#ifndef POSTROOM_BASE_MEMFD_H
#define POSTROOM_BASE_MEMFD_H

#include "lib/base/slice.h"

/*
 * A sealed memory file with these bytes, to be closed by the caller; `name`
 * shows in /proc only.  The descriptor, or a negative errno.
 */
int	memfd_of(const char *name, struct slice bytes);

/* Is `fd` one whose bytes and size cannot change? */
bool	memfd_is_sealed(int fd);

#endif
