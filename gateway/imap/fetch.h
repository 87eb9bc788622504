/*
 * fetch.h - what the files of FETCH share
 *
 * fetch.c goes over the messages, fetch_items.c tells what is known of one
 * without its bytes, fetch_body.c its sections.
 */
#ifndef POSTROOM_GATEWAY_IMAP_FETCH_H
#define POSTROOM_GATEWAY_IMAP_FETCH_H

#include "gateway/imap/letter.h"
#include "gateway/imap/parse_fetch.h"
#include "gateway/imap/resync.h"
#include "lib/message/decode.h"

/* Messages marked \Seen together: should the client leave, so many may be that
 * it has not had. */
#define IMAPD_FETCH_SEEN	32

struct imapd_fetch {
	struct imapd_items	 items;
	size_t			*places;
	size_t			 count, next;
	bool			 wants_facts;	/* any but FLAGS and UID */
	bool			 wants_structure;
	bool			 wants_bytes;	/* a section, a preview */
	struct imapd_vanished	 vanished;	/* told before all else */
	bool			 wants_modseq;	/* besides the items */
	bool			 sets_seen;
	size_t			 seen_upto;	/* places[] that are marked */
	unsigned char		 newly[IMAPD_FETCH_SEEN];
	size_t			 newly_from;	/* newly[0] is of this one */
	const char		*failed;	/* why not all could be told */

	/* the message under way */
	struct imapd_letter	 letter;
	size_t			 item;		/* the next of its items */
	const char		*between;	/* "" or " " */
	void			(*go)(struct imapd_session *);
	uint64_t		 at, left;	/* of a section on its way */
	struct section_range	 part;		/* BINARY: all of it, encoded */
	struct decoder		 decoder;
	uint64_t		 decoded;	/* bytes it has become so far */
	uint64_t		 first, most;	/* of those that are told */
};

/* Add the items that need no bytes; `letter` NULL: facts and structure do not
 * matter.  false: one of them could not be made. */
void	imapd_fetch_items(struct imapd_session *, struct text *, size_t n,
	    const struct letter_facts *, const struct structure *,
	    bool is_newly_seen);
/* Go on with the item of the message that is next, if it needs bytes. */
void	imapd_fetch_section(struct imapd_session *);
/* All items of the message are told, or were. */
void	imapd_fetch_next(struct imapd_session *);

#endif
