/*
 * items.h - what a FETCH response says of a message (RFC 9051 7.5.2)
 */
#ifndef POSTROOM_FETCH_IMAP_ITEMS_H
#define POSTROOM_FETCH_IMAP_ITEMS_H

#include "fetch/imap/reply.h"
#include "lib/base/text.h"

struct imap_items {
	uint32_t	uid;		/* 0: not said */
	bool		has_bytes;
	uint64_t	bytes;		/* RFC822.SIZE */
	bool		has_flags;
	uint8_t		flags;		/* FETCHED_ bits (envelope.h) */
	bool		is_deleted;	/* \Deleted */
	const struct imap_value *flag_list;	/* of the reply; or NULL */
	int64_t		arrived_utc_ms;	/* INTERNALDATE; 0: not known (F44) */
	bool		has_text;	/* one has come in */
	const struct imap_value *structure;	/* BODYSTRUCTURE; or NULL */
};

/*
 * 0, or -EBADMSG: it is no FETCH that can be read.  Items that are not known
 * are left out; of those said twice the last counts.
 */
int	imap_items_read(const struct imap_reply *,
	    struct imap_items *items_out);
/* The keywords among its flags, a space between; what is no atom is not one. */
void	imap_items_keywords(const struct imap_items *, struct text *);
/*
 * Its text begins: from which byte on?  RFC 9051 7.5.2: BODY[]<origin>; without
 * one, or one that is no number, from the first.
 */
uint64_t imap_items_origin(const struct imap_reply *);
/* The response carried the text of a message. */
bool	imap_reply_has_text(const struct imap_reply *);

#endif
