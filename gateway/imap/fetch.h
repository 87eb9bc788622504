/*
 * fetch.h - what the files of FETCH share
 *
 * fetch.c goes over the messages, one at a time; fetch_run.c tells those that
 * stand side by side in one look at the index.  For both fetch_items.c tells
 * what is known of a message without its bytes, fetch_body.c its sections.
 *
 * All of it is said into `out`, which goes to the client when a step is over,
 * or earlier, in pieces of a size that costs the fewest copies.
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
/* All that a response tells but sections: envelope and structure at most. */
#define IMAPD_FETCH_ITEMS	(3 * STRUCTURE_MOST)
/*
 * Of `out`: a piece to be sent, and one more message: its items, and its
 * sections as far as fetch_run.c tells them in one step.
 */
#define IMAPD_FETCH_OUT		(3 * 1024 * 1024)

struct imapd_fetch {
	struct imapd_items	 items;
	struct slice		*labels;	/* what they are called in responses,
						   if they need bytes */
	size_t			*places;
	size_t			 count, next;
	bool			 wants_facts;	/* of the letter's row */
	bool			 wants_structure;
	bool			 wants_parts;	/* of it, for sections */
	unsigned		 sections;	/* items that need bytes */
	struct imapd_vanished	 vanished;	/* told before all else */
	struct imapd_set	 vanishable;	/* UIDs it is asked of */
	bool			 wants_modseq;	/* besides the items */
	bool			 sets_seen;
	size_t			 seen_upto;	/* places[] that are marked */
	unsigned char		 newly[IMAPD_FETCH_SEEN];
	size_t			 newly_from;	/* newly[0] is of this one */
	const char		*failed;	/* why not all could be told */
	struct text		 out;		/* was not sent yet */
	uint64_t		 until_ms;	/* of the run under way */
	struct text		 fields;	/* HEADER.FIELDS, to be counted */

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

/* Add the items that need no bytes, of the message that is next; `facts` and
 * `structure` are NULL where they do not matter. */
void	imapd_fetch_items(struct imapd_session *, size_t n,
	    const struct letter_facts *facts, const struct structure *);
/* Make ready for the items that need bytes.  0 or -ENOMEM. */
int	imapd_fetch_prepare(struct imapd_session *);
/* Go on with the item of the message that is next, if it needs bytes. */
void	imapd_fetch_section(struct imapd_session *);

/*
 * Tell messages from the next one on that stand side by side, as many as fit
 * into one step.  1: the next one is to be told by itself.  0 or -errno.
 */
int	imapd_fetch_run(struct imapd_session *);

/* All items of the message are told, or were. */
void	imapd_fetch_next(struct imapd_session *);
/* It cannot be told, for that reason; the others are. */
void	imapd_fetch_pass_over(struct imapd_session *, int error);
/* That it is being read marks the message that is next as seen. */
bool	imapd_fetch_is_newly_seen(const struct imapd_fetch *);
/* FACTS_SAVED, if it is asked for. */
unsigned imapd_fetch_wants_saved(const struct imapd_fetch *);
/* Send what is in `out`. */
void	imapd_fetch_flush(struct imapd_session *);

#endif
