/*
 * magic.h - what a file is, by its first bytes
 *
 * Neither its name nor the type that its sender writes decides how a program
 * opens it.  Only what an office may want to keep out, or let in, is known.
 */
#ifndef POSTROOM_FILTERS_MAGIC_H
#define POSTROOM_FILTERS_MAGIC_H

#include "lib/base/slice.h"

/* So much of a file decides: an ISO image says what it is behind 32 KiB. */
#define MAGIC_BYTES	(33u << 10)

/*
 * The type of the file that begins with `begin`, as file(1) calls it
 * ("application/x-dosexec"; constant), or NULL: it is not known.
 */
const char	*magic_type(struct slice begin);

#endif
