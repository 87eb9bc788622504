/*
 * features.h - what of a message the spam classifier looks at
 *
 * A message becomes a set of numbers, each the hash of something that stands in
 * it: pieces of five bytes and words of its header, pieces and words of its
 * text as people read it, and how it is built.  A thing counts once, however
 * often it is there.  Bytes of a body as they were encoded are no feature: the
 * same text in another encoding is the same message.
 *
 * Not looked at are the lines that our own hub puts before a message (the
 * caller leaves its trace out; X-Postroom- is passed over wherever it stands),
 * what mail programs write into mailbox files, and all behind a limit: a
 * message of any size and make costs about the same.
 *
 * The hash has no key.  Who wants to look like wanted mail does so best by
 * having in it what wanted mail has, for which no collision is needed.
 */
#ifndef POSTROOM_FILTERS_SPAM_FEATURES_H
#define POSTROOM_FILTERS_SPAM_FEATURES_H

#include "lib/base/text.h"

/*
 * Features of one message at most: 4,000 pieces, 2,000 words of the header and
 * 700 of the headers of parts, 2,700 words of two letters in 8,000 bytes, and
 * how it is built.  A usual message has 1,800.
 */
#define SPAM_FEATURES_MOST	10240
/* Bytes of a message that are looked at; its text begins long before. */
#define SPAM_MESSAGE_MOST	(256 * 1024)

enum spam_kind {		/* part of the hash: the order stays */
	SPAM_ALWAYS,		/* the constant */
	SPAM_HEADER_PIECE,
	SPAM_TEXT_PIECE,
	SPAM_HEADER_WORD,
	SPAM_SUBJECT_PAIR,	/* two words in a row */
	SPAM_PART_WORD,		/* of the header of a part */
	SPAM_TEXT_WORD,
	SPAM_SHAPE
};

/* Where a feature stands in the source. */
struct spam_origin {
	uint32_t	at;
	uint16_t	bytes;
	uint16_t	kind;		/* spam_kind */
};

struct spam_features;		/* of the message read last; see features.c */

/* Room for the features of one message, to be used again; or NULL. */
struct spam_features	*spam_features_new(void);
void			 spam_features_free(struct spam_features *);

/*
 * Read `message`, with the header as it came; words_open() first.  0 or
 * -ENOMEM.
 */
int	spam_features_read(struct spam_features *, struct slice message);

/* The hashes, none of them twice, and how many; until the next is read. */
const uint32_t	*spam_features_hashes(const struct spam_features *);
size_t		 spam_features_count(const struct spam_features *);
/* Where the n-th stands in the source: the header, then the text, as UTF-8. */
struct spam_origin spam_features_origin(const struct spam_features *, size_t n);
struct slice	 spam_features_source(const struct spam_features *);

/* Does this byte belong to a word?  All bytes above ASCII do. */
bool	spam_is_word(char c);

#endif
