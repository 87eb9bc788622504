/*
 * diagnosis.h - what was found about a remote mailbox, in rows
 *
 * `postroom fetch doctor` looks at the headers of the newest messages
 * (domain/doctor.h); what it finds goes from who collects through the schedule to
 * the console as rows of one form.  Texts of messages in them are escaped:
 * printable ASCII.
 */
#ifndef POSTROOM_FETCH_DIAGNOSIS_H
#define POSTROOM_FETCH_DIAGNOSIS_H

#include "lib/base/pack.h"

enum diagnosis_topic {
	/* `count` messages were looked at, of `of` that are there */
	DIAGNOSIS_MESSAGES,
	/* name: "domain", "person", "unknown"; value: the header that says so;
	 * count: of as many recipients here as were seen */
	DIAGNOSIS_SHAPE,
	/* name: an envelope header; value: one of its addresses; extra: what is
	 * to be stripped, PREFIX[:TAIL]; in `count` of `of` messages; in `ours`
	 * it is an address here, or in a domain of ours; `different` addresses */
	DIAGNOSIS_HEADER,
	/* name: "each" (a copy for each recipient), "one" (one for all),
	 * "unknown"; `count` messages lie there several times, of `of`;
	 * `different`: of them, their envelope headers differ */
	DIAGNOSIS_COPIES,
	/* name: who writes the topmost Received line; value: who handed the
	 * newest message to them; that was found in `count` of `of` */
	DIAGNOSIS_HOP,
	/* name: "delivered", or the word for why it is held
	 * (domain_hold_words[]): so for `count` of `of` messages, by the rules
	 * there are, and by those that are recommended */
	DIAGNOSIS_NOW,
	DIAGNOSIS_THEN,
	/* name: why one message is held by the rules there are; value: its
	 * From; extra: its Subject; count: its number there */
	DIAGNOSIS_CASE,
	/* name: "--envelope-header"; value: what to set it to */
	DIAGNOSIS_OPTION,
	DIAGNOSIS_TOPIC_COUNT
};

#define DIAGNOSIS_TEXT_MOST	320	/* bytes of each text */
#define DIAGNOSIS_ROWS_MOST	96
/* All rows together; as JSON, six times as long at worst, an answer. */
#define DIAGNOSIS_BYTES		(20 * 1024)

struct diagnosis_row {
	enum diagnosis_topic	topic;
	struct slice		name, value, extra;
	uint64_t		count, of, ours, different;
};

/* Add a row; texts that are too long are cut. */
void	diagnosis_pack(struct text *, const struct diagnosis_row *);
/*
 * Cut the next row off: 1, 0 at the end, or -EBADMSG.  Texts point into what is
 * read, and are printable ASCII.
 */
int	diagnosis_unpack(struct unpack *, struct diagnosis_row *row_out);
/* Rows that are whole and not too many: how many, or -EBADMSG. */
int	diagnosis_count(struct slice rows);

/* "messages", "shape", ... */
extern const char *const diagnosis_words[DIAGNOSIS_TOPIC_COUNT];

#endif
