/*
 * path.h - mail addresses: what stands in MAIL, RCPT and what people type
 *
 * RFC 5321 4.1.2 with the limits of 4.5.3.1 and, where the peer may, the UTF-8
 * of RFC 6531 3.3.  A path that comes out holds no control character, so it can
 * stand in a line of a protocol, a header or a log.  The slices point into what
 * was parsed; nothing is allocated but in address_normal().
 *
 * Errors, here and below:
 *  -EINVAL   it is no address.
 *  -E2BIG    a part is longer than RFC 5321 4.5.3.1 allows.
 *  -EILSEQ   it is not ASCII and `utf8` is false.
 */
#ifndef POSTROOM_MESSAGE_PATH_H
#define POSTROOM_MESSAGE_PATH_H

#include "lib/base/text.h"

/* RFC 5321 4.5.3.1.1 to 4.5.3.1.3, in octets */
#define PATH_LOCAL_MAX	64
#define PATH_DOMAIN_MAX	255
#define PATH_MAX_BYTES	256	/* with the angle brackets */

enum path_kind {
	PATH_REVERSE,		/* in MAIL: <> is allowed */
	PATH_FORWARD		/* in RCPT: <Postmaster> is allowed */
};

struct path {
	struct slice	address;	/* as given, without brackets and source
					   route; empty: the null path */
	struct slice	local;		/* as given, with quotes if quoted */
	struct slice	domain;		/* empty: null path or <Postmaster> */
	bool		quoted;		/* the local part is "..." */
	bool		literal;	/* the domain is [...] */
};

/*
 * Read the path that begins `*rest` and move `*rest` behind its ">".  A source
 * route is checked and dropped (RFC 5321 4.1.2, appendix C).  On an error
 * nothing is changed.
 */
int	path_parse(struct slice *rest, enum path_kind, bool utf8,
	    struct path *path_out);

/* Read local@domain that is all of `s`, but for blanks at both ends. */
int	address_parse(struct slice s, bool utf8, struct path *path_out);

/*
 * Add the one form under which an address is looked up: the local part without
 * quotes and with ASCII letters in lower case, "@", the domain in lower-case
 * A-labels (IDNA2008, nontransitional) or the address literal as inet_ntop(3)
 * writes it.  The last "@" is the one between them.
 *
 * -EINVAL (this local part or domain names nothing) or -ENOBUFS (the text is
 * full); nothing is added then.
 */
int	address_normal(struct text *, struct slice local, struct slice domain);
/* The same of a local part that has no quotes any more (addresses.h). */
int	address_meant(struct text *, struct slice local, struct slice domain);

#endif
