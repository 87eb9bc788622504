/*
 * clamd.h - a clamd that looks instead of the library
 *
 * clamd is sent the bytes (INSTREAM, clamd(8)) and says what it has found.  What
 * it answers is a peer's: whatever is not a whole sentence of it, in time, is
 * never CLEAN.  It tells the first thing that it finds, no names in archives.
 */
#ifndef POSTROOM_FILTERS_CLAMD_H
#define POSTROOM_FILTERS_CLAMD_H

#include "filters/clamd_address.h"
#include "filters/virus.h"

/*
 * Have it look at some bytes, until `until_ms` (clock_ms()).  NOT_SCANNED: there
 * is no clamd, or it broke off or made no sense; TOO_LONG.
 */
struct scan_answer clamd_look(const struct clamd *, struct slice bytes,
	    uint64_t until_ms);

/* What a reply means, without the NUL behind it. */
struct scan_answer clamd_answer(struct slice reply);

/*
 * Does it look as it must?  A clamd passes by default what it could not open or
 * did not read to the end, and says nothing.  NULL, or what is wrong.
 */
const char *clamd_trial(const struct clamd *, uint64_t until_ms);

#endif
