/*
 * parse_fetch.h - what a FETCH asks for (RFC 9051 6.4.5, RFC 3501 6.4.5)
 *
 * All of both revisions, BINARY (RFC 3516), PREVIEW (RFC 8970), EMAILID (RFC
 * 8474) and SAVEDATE (RFC 8514).  A macro comes out as what it stands for.
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_FETCH_H
#define POSTROOM_GATEWAY_IMAP_PARSE_FETCH_H

#include "gateway/imap/parse.h"
#include "lib/message/section.h"

/* One response names no more; honest clients ask for a dozen. */
#define IMAPD_ITEMS_MOST	100
#define IMAPD_FIELDS_MOST	200	/* names in one HEADER.FIELDS */

enum imapd_item_kind {
	IMAPD_FLAGS,
	IMAPD_UID,
	IMAPD_INTERNALDATE,
	IMAPD_SAVEDATE,
	IMAPD_SIZE,
	IMAPD_MODSEQ,
	IMAPD_EMAILID,
	IMAPD_THREADID,
	IMAPD_ENVELOPE,
	IMAPD_BODY,		/* BODYSTRUCTURE without extensions */
	IMAPD_BODYSTRUCTURE,
	IMAPD_PREVIEW,
	IMAPD_SECTION,		/* BODY[...], and the RFC822 ones */
	IMAPD_BINARY,
	IMAPD_BINARY_SIZE
};

struct imapd_item {
	enum imapd_item_kind	 kind;
	const char		*name;		/* as the response says it, or
						   NULL: BODY and a section */
	bool			 peeks;		/* \Seen stays as it is */
	struct section		 section;
	struct slice		*fields;	/* of HEADER.FIELDS */
	size_t			 field_count;
	bool			 is_partial;
	uint64_t		 first, most;	/* of <first.most> */
};

struct imapd_items {
	struct imapd_item	*items;
	size_t			 count;
};

/* The items, in parentheses or one alone. */
bool	imapd_items(struct imapd_parse *, struct imapd_items *items_out);
/* Is there one of this kind? */
bool	imapd_items_have(const struct imapd_items *, enum imapd_item_kind);

#endif
