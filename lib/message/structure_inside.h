/*
 * structure_inside.h - how a structure is packed, for its maker and its reader
 *
 *	version (1)  flags (1)  bytes
 *	[sent, zone minutes]		both zigzag, with STRUCTURE_SENT
 *	[length of references, them]	with STRUCTURE_REFERS
 *	length of envelope, envelope
 *	count of parts, parts in order (a container before what is in it)
 *
 * Numbers are varints (pack.h) unless a width is given.  A string is a varint:
 * 0 is NIL, 1 to N a word of its table, and N + 1 + length says that so many
 * bytes follow; what they are is what IMAP is sent, quotes and all.
 *
 * envelope: ten strings without a table; that of a Sender or Reply-To that is to
 * be told as From is NIL.
 *
 * part: head (1: kind, encoding << 2, STRUCTURE_EXTRA), then, in bytes, from the
 * body of the part before it (the start) to its header, from there to its body,
 * from there to its end; lines (TEXT, MESSAGE) or children (MULTIPART); strings:
 * type, parameters, all but MULTIPART: id, description, encoding; with
 * STRUCTURE_EXTRA: MD5, disposition, language, location; MESSAGE: the envelope
 * with its length.
 */
#ifndef POSTROOM_MESSAGE_STRUCTURE_INSIDE_H
#define POSTROOM_MESSAGE_STRUCTURE_INSIDE_H

#include "lib/message/structure.h"

#define STRUCTURE_VERSION	2	/* 1 had no references */

/* flags */
#define STRUCTURE_LACKS_CRLF	0x01u
#define STRUCTURE_IS_CUT	0x02u
#define STRUCTURE_SENT		0x04u
#define STRUCTURE_REFERS	0x08u
#define STRUCTURE_FLAGS		0x0fu

/* head of a part */
#define STRUCTURE_EXTRA		0x20u
#define STRUCTURE_HEAD		0x3fu

/* Words that are frequent; their order is part of the format. */
struct structure_words {
	const struct slice	*words;
	size_t			 count;
};
extern const struct structure_words structure_types;
extern const struct structure_words structure_params;
extern const struct structure_words structure_encodings;
extern const struct structure_words structure_no_words;

#endif
