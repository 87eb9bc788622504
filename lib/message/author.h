/*
 * author.h - of which domains may a reader take the author of a message to be?
 *
 * A From field that keeps to RFC 5322 names one address, and all who read it
 * agree.  Of others programs read different things (HARDENING A66), and whoever
 * judges a message by its author must judge all that any of them shows.  So
 * this gives the union of the readings: of every From field, also one whose
 * name is misspelt; of the list of addresses as addresses.h reads it, which is
 * what IMAP and the console show; of whatever stands between angle brackets, be
 * it in quotes, comments or encoded words; of addresses in a phrase without
 * quotes; with control bytes dropped, and cut at them; with a lone CR as a line
 * end and as a blank.
 *
 * A plain address that is only the name of another, in quotes or an encoded
 * word, is none: mailing lists write it so that people know who wrote to them.
 */
#ifndef POSTROOM_MESSAGE_AUTHOR_H
#define POSTROOM_MESSAGE_AUTHOR_H

#include "lib/base/host.h"
#include "lib/message/path.h"

/* Told of; honest mail has one, and somebody's secretary's two. */
#define AUTHOR_DOMAINS	4
#define AUTHOR_ADDRESSES	8
/* Looked at: addresses, and where one may stand.  Honest From have a few. */
#define AUTHOR_PLACES	1000
/* Of a header, as for signatures. */
#define AUTHOR_HEADER_BYTES	(1024 * 1024)

struct author {
	unsigned	field_count;	/* From fields */
	unsigned	domain_count;
	bool		has_more;	/* than a limit lets be told of */
	bool		is_unnamed;	/* an address has no name of a host: a
					   literal, or what cannot be one */
	/* host_is_name(), lower case, A-labels, no last dot; the one that is
	   shown comes first */
	char		domains[AUTHOR_DOMAINS][HOST_NAME_MOST + 1];
	/* in those domains, in normal form (path.h); of one whose local part
	   cannot be read only what begins with its "@" */
	unsigned	address_count;
	bool		has_more_addresses;
	char		addresses[AUTHOR_ADDRESSES][PATH_LOCAL_MAX + 1 +
			    HOST_NAME_MOST + 1];
};

/*
 * Read the header that begins `message`, up to its empty line.  0 or -ENOMEM.
 */
int	author_read(struct slice message, struct author *author_out);
/* The same of another field, which names somebody as From does. */
int	author_read_of(struct slice message, const char *field,
	    struct author *author_out);

#endif
