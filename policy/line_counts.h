/*
 * line_counts.h - what the line has carried, and what it was spared
 *
 * Bytes both ways, by what they were for.  In all they are what TCP carried
 * (lib/base/wire.h): with TLS, without the headers of TCP and IP.  What was
 * saved is counted by whoever saves it: the rules before a download, what is
 * taken from here instead of fetched, COMPRESS, large mail that waits.
 */
#ifndef POSTROOM_POLICY_LINE_COUNTS_H
#define POSTROOM_POLICY_LINE_COUNTS_H

#include "lib/base/pack.h"

/* What bytes are for; as numbers they stand in policy.db. */
enum line_cause {
	LINE_SESSION,		/* TLS, greeting, login, and what has no other */
	LINE_LISTING,
	LINE_HEADERS,		/* to decide by, before a download */
	LINE_MAIL,
	LINE_DUPLICATES,	/* mail that was here already */
	LINE_REFETCHED,		/* mail that came, and not whole */
	LINE_OAUTH,
	LINE_ETRN,		/* asking for release, not what then comes */
	LINE_SENDING,		/* mail to other hosts, all of it */
	LINE_CAUSES
};

/* Why bytes were not carried. */
enum line_saving {
	LINE_SKIPPED,		/* by a rule */
	LINE_SHARED,		/* was here, for somebody else */
	LINE_COMPRESSED,
	LINE_DEFERRED,		/* waits for its window */
	LINE_SAVINGS
};

struct line_counts {
	struct {
		uint64_t	received, sent;		/* bytes */
	} carried[LINE_CAUSES];
	/* received, and counted as LINE_MAIL before it was known what for */
	uint64_t	moved[LINE_CAUSES];
	struct {
		uint64_t	bytes, messages;
	} saved[LINE_SAVINGS];
};

/* "mail", "skipped", ...: for JSON. */
const char *line_cause_code(enum line_cause);
const char *line_saving_code(enum line_saving);

/* Add `more` to `counts`. */
void	line_counts_add(struct line_counts *, const struct line_counts *more);
/* What `counts` has and `before` had not; nothing is less than 0. */
struct line_counts line_counts_since(const struct line_counts *,
	    const struct line_counts *before);
bool	line_counts_are_none(const struct line_counts *);
/* Carried, both ways and for all causes. */
uint64_t line_counts_carried(const struct line_counts *);
/* Of that, what came. */
uint64_t line_counts_received(const struct line_counts *);
uint64_t line_counts_saved(const struct line_counts *);

/* As bytes, so many, and back. */
/* For a message between roles: never more than LINE_COUNTS_BYTES. */
#define LINE_COUNTS_BYTES	(24 * LINE_CAUSES + 16 * LINE_SAVINGS)
void	line_counts_pack(struct text *, const struct line_counts *);
/* The reader is bad when they are none: no figure is above INT64_MAX / 64. */
struct line_counts line_counts_unpack(struct unpack *);

#endif
