/*
 * packed.h - what the scanner saw in the archives and documents of a message
 *
 * The names of files in archives at any depth, as libclamav tells them, and
 * whether a document has macros.  Both come out of hostile bytes through a
 * large library, so a name is only ever valid UTF-8 without control characters,
 * and there is room for so many of them.  What did not fit, or was cut where it
 * came from, is told: who finds nothing in the list has then not found that
 * nothing is there.
 */
#ifndef POSTROOM_FILTERS_PACKED_H
#define POSTROOM_FILTERS_PACKED_H

#include "lib/base/pack.h"

/* Some thousand names; an office's archives have some dozens. */
#define PACKED_BYTES	(32 * 1024)
/* Of a name with its folders; Windows takes 260, archives mostly 255. */
#define PACKED_NAME_MOST	1024
/* Of packed_pack(). */
#define PACKED_PACKED_MAX	(PACKED_BYTES + 16)

enum packed_macros {
	PACKED_UNKNOWN,		/* nobody has looked, or not to the end */
	PACKED_NONE,
	PACKED_MACROS,		/* a document has some */
	PACKED_ANSWERS
};

struct packed {
	enum packed_macros macros;
	bool	 more;			/* there are names that are not here */
	size_t	 len;			/* bytes of `names` in use */
	char	 names[PACKED_BYTES];	/* each with a NUL behind it */
};

/*
 * Note a name as the archive has it: what is no UTF-8 is read as Latin-1,
 * control characters become blanks, and blanks and dots at its end go, as they
 * do in Windows.  A name that is known already is not noted twice.
 */
void	packed_add(struct packed *, struct slice name);
/* The name at `*at`, which begins at 0; false: there are no more. */
bool	packed_next(const struct packed *, size_t *at,
	    struct slice *name_out);
/* What stands behind its folders, written with either slash. */
struct slice packed_last(struct slice name);

/* As bytes, and back; it spoils the reader when it cannot be. */
void	packed_pack(struct text *, const struct packed *);
void	packed_unpack(struct unpack *, struct packed *packed_out);

#endif
