/*
 * mime.h - the part tree of one message (RFC 2045, RFC 2046)
 *
 * The tree describes the message; it never copies bodies.  Offsets are bytes
 * from the start of the message as given.  Stored messages have CRLF line ends;
 * a bare LF is read as one too, because judges see fetched mail as it came.
 * Sizes are bytes as stored, before any transfer decoding.
 *
 * Ownership: parts live in the arena given to mime_parse() and point into the
 * message bytes; both must outlive the tree.
 */
#ifndef POSTROOM_MESSAGE_MIME_H
#define POSTROOM_MESSAGE_MIME_H

#include "lib/base/arena.h"
#include "lib/base/text.h"

struct mime_part;		/* opaque; see mime.c */

/* Caps on what a message may make us do.  No honest mail comes near them. */
struct mime_limits {
	unsigned	parts;		/* in the whole tree */
	unsigned	depth;		/* of multiparts and messages nested */
	unsigned	params;		/* per header field, RFC 2231 pieces too */
	unsigned	header_fields;	/* per header block */
	uint32_t	header_bytes;	/* per header block */
	unsigned	boundary_bytes;	/* a longer one is none; RFC: 70 */
	bool		cuts;		/* parts and depth: what is beyond has
					   no parts, and that is no error */
};
extern const struct mime_limits mime_default_limits;

/* What mime_parse() ran into. */
enum mime_limit {
	MIME_LIMIT_PARTS,
	MIME_LIMIT_DEPTH,
	MIME_LIMIT_PARAMS,
	MIME_LIMIT_FIELDS,
	MIME_LIMIT_HEADER,
	MIME_LIMIT_COUNT
};

enum mime_encoding {		/* RFC 2045 6 */
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_UNKNOWN
};

/*
 * Parse the message `msg`.  Mail that breaks the standard still parses, into
 * the tree a forgiving reader would see, with mime_is_odd() true: a filter
 * decides what to do about it, the parser does not.
 *
 *  0        *root_out is set.
 * -E2BIG    a limit was reached, *limit_out says which; *root_out is unchanged.
 * -ENOBUFS  the arena's budget is spent; *root_out is unchanged.
 */
int	mime_parse(struct arena *, struct slice msg,
	    const struct mime_limits *, const struct mime_part **root_out,
	    enum mime_limit *limit_out);

/* The word for a limit in a header line or a log: "depth". */
const char	*mime_limit_name(enum mime_limit);

/* Neighbours in the tree, or NULL.  A message/rfc822 has one child. */
const struct mime_part	*mime_parent(const struct mime_part *);
const struct mime_part	*mime_child(const struct mime_part *);
const struct mime_part	*mime_next(const struct mime_part *);
/* The part behind this one when all are read in order, or NULL. */
const struct mime_part	*mime_after(const struct mime_part *);

/*
 * Where it stands: the header block begins at `header`, the body (behind the
 * empty line) at `body`, and `end` is behind its last byte.  The line end
 * before a boundary belongs to the boundary (RFC 2046 5.1.1).
 */
size_t	mime_header_start(const struct mime_part *);
size_t	mime_body_start(const struct mime_part *);
size_t	mime_end(const struct mime_part *);
/* The same as bytes; the header with the empty line. */
struct slice	mime_header(const struct mime_part *);
struct slice	mime_body(const struct mime_part *);

/* As written, any letter case; what RFC 2045 5.2 says where it is not said. */
struct slice	mime_type(const struct mime_part *);
struct slice	mime_subtype(const struct mime_part *);
enum mime_encoding	mime_encoding(const struct mime_part *);
/* The subtype counts only when it is not NULL. */
bool	mime_is(const struct mime_part *, const char *type,
	    const char *subtype);

/*
 * Add parameter `name` of Content-Type as UTF-8.  0, -ENOENT, -E2BIG (more
 * parameters than the limit) or -ENOMEM.
 */
int	mime_type_param(const struct mime_part *, const char *name,
	    struct text *);

/* Something in the tree of this part is against the standard. */
bool	mime_is_odd(const struct mime_part *);
/* It reached a limit that cuts: there are parts that it does not tell. */
bool	mime_is_cut(const struct mime_part *);
/* How many parts that tree has, and what it cost: lines read and boundaries
 * compared.  Tests hold the cost to linear growth. */
unsigned	mime_part_count(const struct mime_part *);
uint64_t	mime_steps(const struct mime_part *);

#endif
