/*
 * dsn.h - a notice of what became of a message (RFC 3464 in RFC 6522)
 *
 * Three parts: words for a person, the same for a program, and the message or
 * its header.  Where an address is no ASCII the forms of RFC 6533 are used.
 * What other hosts have said is escaped and cut, so that it can begin no line of
 * its own, and all sizes have limits.  Pure: the caller brings clock and words
 * (dsn_words.h).
 */
#ifndef POSTROOM_MESSAGE_DSN_H
#define POSTROOM_MESSAGE_DSN_H

#include "lib/message/compose.h"

#define DSN_RECIPIENTS		100	/* of one notice */
#define DSN_WHOLE_MOST		(48 * 1024)	/* longer: its header only */
#define DSN_HEADER_MOST		(16 * 1024)	/* and as much of that */
#define DSN_VALUE_MOST		900	/* of a line: RFC 5322 2.1.1 */

enum dsn_action {		/* RFC 3464 2.3.3 */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_RELAYED,
	DSN_DELIVERED,
	DSN_ACTION_COUNT
};

struct dsn_recipient {
	struct slice	address;
	struct slice	orcpt;		/* "rfc822;ann@far.test"; or empty */
	uint16_t	code;		/* 0: the words are our own */
	struct slice	status;		/* "5.1.1"; may be empty */
	struct slice	words;
	struct slice	host;		/* that said them; or empty */
	int64_t		tried_utc_ms;	/* 0: never */
	bool		has_no_way;	/* DELAYED: it waits for a way out */
};

struct dsn {
	struct compose	letter;		/* as compose_write() wants it */
	enum dsn_action	action;
	struct message_id id;		/* of the message it is about */
	int64_t		arrived_utc_ms;	/* when that came */
	int64_t		until_utc_ms;	/* DELAYED: it is tried so long */
	struct slice	envid;		/* RFC 3461 4.4; or empty */
	const struct dsn_recipient *recipients;
	size_t		count;		/* DSN_RECIPIENTS at most */
	/*
	 * The message, or what there is of it: all of it is returned where
	 * `wants_whole` and it fits, else its header; empty: nothing is.
	 */
	struct slice	original;
	bool		wants_whole;
	/* Words: what it was called, who sent it (empty: nobody), and whether
	 * it is somebody else who is told. */
	struct slice	subject, sender;
	bool		is_orphan;
	/* Who looks after this list is told of its members; or empty. */
	struct slice	list;
	bool		is_to_list;	/* DELIVERED: to one, not to a mailbox */
};

/* Is all of the original returned? */
bool	dsn_is_whole(const struct dsn *);
/* Some line of it has a byte that is no ASCII (RFC 6152). */
bool	dsn_is_8bit(const struct dsn *);

/*
 * Add the whole notice; whether it fitted, the text knows.
 * 0, or -EINVAL: compose_write() would not take it, or there are too many
 * recipients, or none; nothing was added.
 */
int	dsn_write(struct text *, const struct dsn *);

#endif
