/*
 * note.h - what is kept here of a message that is not downloaded
 *
 * A small message of its own (RFC 5322): who wrote, when, about what, how large
 * it is, what is attached, which rule says so, and, where that is small, its text
 * as it was sent, as a second part.  It is submitted for the row of the message,
 * so that the ledger knows; only when it is stored is that deleted where it is,
 * or it stands for the message until that is taken after all.
 *
 * It is made in pieces: note_new(), what is known of its shape, its text, and
 * note_end().
 */
#ifndef POSTROOM_FETCH_NOTE_H
#define POSTROOM_FETCH_NOTE_H

#include "fetch/digest.h"
#include "fetch/shape.h"
#include "lib/base/say.h"
#include "policy/before_rules.h"

#define NOTE_MOST	16384	/* bytes of one, with longest fields */
/* Of a text that comes with it, as encoded: a long letter, half a second of a
 * thin line; a longer one waits with the message. */
#define NOTE_TEXT_MOST	32768

struct note {
	struct text	 bytes;		/* whole after note_end() */
	uint8_t		 mark;		/* FETCHED_NOTE, FETCHED_PLACE */
	bool		 utf8;		/* its header has 8-bit characters */
	unsigned char	 header_digest[DIGEST_BYTES];	/* of the message */
	/* before note_end() */
	enum language	 language;
	struct text	 words;		/* what it says */
	struct text	 names;		/* of attachments */
	struct shape_text shape;	/* of its text */
	struct text	 text;
};

struct note_of {
	enum language	 language;
	struct slice	 header;	/* of the message; not empty */
	uint64_t	 bytes;
	bool		 is_placed;	/* it is taken later; else deleted */
	const unsigned char *header_digest;	/* of it: DIGEST_BYTES */
	struct slice	 to;		/* address of who gets the note */
	const struct before_rule *rule;
	int64_t		 now_utc_ms;
};

/* 0 or -ENOMEM. */
int	note_new(const struct note_of *, struct note **note_out);
/* The message is made of this. */
void	note_shape(struct note *, const struct shape *);
/* The section that is to come with it, or NULL: there is none, or it is long. */
const char *note_section(const struct note *);
/* The next of it, as it is sent. */
void	note_add(struct note *, struct slice);
/* It is whole; its text as well, or it goes without.  0 or -ENOMEM. */
int	note_end(struct note *, bool has_text);
/* NULL is fine. */
void	note_free(struct note *);

#endif
