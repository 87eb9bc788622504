/*
 * broken.h - an archive of which a piece is missing
 *
 * libclamav looks at what it can unpack of such a file and says nothing; what
 * another program makes of it, nobody knows.  No archive is unpacked here: only
 * the place is looked at where each format says that it ends.
 */
#ifndef POSTROOM_FILTERS_BROKEN_H
#define POSTROOM_FILTERS_BROKEN_H

#include "lib/base/slice.h"

/*
 * Why the archive `bytes` is broken (constant words), or NULL: it is whole, or
 * nothing that is known here (ZIP, APPNOTE 4.3; 7z).
 */
const char	*broken_archive(struct slice bytes);

#endif
