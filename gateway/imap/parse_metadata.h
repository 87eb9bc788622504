/*
 * parse_metadata.h - what GETMETADATA and SETMETADATA ask for (RFC 5464 5)
 *
 * The name of an entry has no case: it comes out in small letters.
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_METADATA_H
#define POSTROOM_GATEWAY_IMAP_PARSE_METADATA_H

#include "gateway/imap/parse.h"
#include "store/metadata.h"

/* One command names no more: as many as a mailbox may have. */
#define IMAPD_ENTRIES_MOST	METADATA_ENTRIES_MOST

enum imapd_depth { IMAPD_DEPTH_0, IMAPD_DEPTH_1, IMAPD_DEPTH_INFINITY };

/* Which mailbox; or, its name being "", the account. */
struct imapd_noted {
	bool		 is_server;
	struct slice	 name;
};

struct imapd_getmetadata {
	struct imapd_noted noted;
	enum imapd_depth depth;
	uint64_t	 value_most;	/* MAXSIZE; else UINT64_MAX */
	size_t		 count;
	struct slice	*entries;
};
/* What follows "GETMETADATA "; the options on either side of the mailbox, as
 * the RFC's syntax has them and as its examples do. */
bool	imapd_getmetadata_read(struct imapd_parse *,
	    struct imapd_getmetadata *get_out);

struct imapd_setmetadata {
	struct imapd_noted noted;
	size_t		 count;
	struct metadata_change *changes;
};
/* What follows "SETMETADATA ". */
bool	imapd_setmetadata_read(struct imapd_parse *,
	    struct imapd_setmetadata *set_out);

#endif
