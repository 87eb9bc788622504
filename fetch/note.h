/*
 * note.h - what is kept here of a message that is not downloaded
 *
 * A small message of its own (RFC 5322): who wrote, when, about what, how large
 * it is and which rule says so.  It is submitted for the row of the message, so
 * that the ledger knows; only when it is stored is that deleted where it is, or
 * it stands for the message until that is taken after all.
 */
#ifndef POSTROOM_FETCH_NOTE_H
#define POSTROOM_FETCH_NOTE_H

#include "fetch/digest.h"
#include "lib/base/say.h"
#include "policy/before_rules.h"

#define NOTE_MOST	16384	/* bytes of one, with longest fields */

struct note {
	struct text	 bytes;
	uint8_t		 mark;		/* FETCHED_NOTE, FETCHED_PLACE */
	bool		 utf8;		/* its header has 8-bit characters */
	unsigned char	 header_digest[DIGEST_BYTES];	/* of the message */
};

struct note_of {
	enum language	 language;
	struct slice	 header;	/* of the message; not empty */
	uint64_t	 bytes;
	bool		 is_placed;	/* it is taken later; else deleted */
	struct slice	 label;		/* of the fetch account */
	struct slice	 to;		/* address of who gets the note */
	const struct before_rule *rule;
	int64_t		 now_utc_ms;
};

/* 0 or -ENOMEM. */
int	note_new(const struct note_of *, struct note **note_out);
/* NULL is fine. */
void	note_free(struct note *);

#endif
