/*
 * dkim_fields.h - the fields of a header, as a signature chooses among them
 *
 * RFC 6376 5.4.2: of several of one name the lowest is signed first, and a name
 * that is listed more often than it is there signs that there is no other.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_FIELDS_H
#define POSTROOM_FILTERS_AUTH_DKIM_FIELDS_H

#include "filters/auth/dkim_tools.h"

/* Of a header, as the reader of its parts has it (mime.h). */
#define DKIM_HEADER_BYTES (1024 * 1024)
#define DKIM_FIELDS	1000

struct dkim_fields {
	size_t		count;
	size_t		from_count;	/* of them are From */
	bool		is_broken;	/* a line in it is no field */
	struct header_field field[DKIM_FIELDS];
	bool		is_used[DKIM_FIELDS];	/* by the one being hashed */
};

/*
 * Take `header` apart, which may have its empty line at the end or not.  A line
 * that is no field is left out.  0, or -E2BIG (more than DKIM_FIELDS).
 */
int	dkim_fields_read(struct slice header, struct dkim_fields *fields_out);

/*
 * The hash that the signature in field `own` signs (RFC 6376 3.7): the fields
 * it names, and itself without what is in its b=.  0, -ENOMEM or -EIO.
 */
int	dkim_fields_hash(struct dkim_fields *, size_t own,
	    const struct dkim_signature *, const struct dkim_tools *,
	    unsigned char hash_out[DKIM_HASH_BYTES]);
/*
 * The hash that a seal in field `own` signs (RFC 8617 5.1.1): the fields of
 * these numbers, in their order, and itself likewise.  0, -ENOMEM or -EIO.
 */
int	dkim_fields_hash_seal(const struct dkim_fields *,
	    const size_t *before, size_t count, size_t own,
	    const struct dkim_signature *, const struct dkim_tools *,
	    unsigned char hash_out[DKIM_HASH_BYTES]);

#endif
