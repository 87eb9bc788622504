/*
 * service.h - what is asked of the queue role, and what it answers
 */
#ifndef POSTROOM_QUEUE_SERVICE_H
#define POSTROOM_QUEUE_SERVICE_H

#include "lib/base/id.h"
#include "lib/base/pack.h"

enum queue_kind {
	/* door -> queue: u64 bytes; reply: packed answer (250 grants them) */
	QUEUE_GRANT = 400,
	/* door -> queue, news: u64 bytes given back */
	QUEUE_RELEASE,
	/* door -> queue: nothing; reply: packed answer, u64 ticket and, with
	 * 250, one descriptor: the writing end of a pipe into a big file */
	QUEUE_BIG,
	/* door -> queue, news: u64 ticket; its pipe was closed half-way */
	QUEUE_ABANDON_BIG,
	/* door -> queue, 1 descriptor (sealed bytes): u64 granted, packed
	 * envelope; reply: packed answer; code 0: say nothing, hang up */
	QUEUE_SUBMIT,
	/* door -> queue: u64 granted, u64 ticket, packed envelope; reply as
	 * QUEUE_SUBMIT.  The pipe was closed before. */
	QUEUE_SUBMIT_BIG,
	/* mailbox -> queue: id; reply: i64 status and, with 0, a read-only
	 * descriptor of the big file */
	QUEUE_OPEN_BIG,
	/* mailbox -> queue, news: id; no letter here refers to it any more */
	QUEUE_UNREF_BIG,
	/* mailbox -> queue, news: id, slice step word, slice who */
	QUEUE_STEP,
	/* console -> queue: nothing; reply: packed queue_status */
	QUEUE_STATUS
};

/* What the door tells its client. */
struct queue_answer {
	uint16_t	code;		/* an SMTP reply code; 0: hang up */
	struct slice	status;		/* "2.0.0" */
	struct slice	words;		/* one line */
};

/* An answer as bytes, and back; 0 or -EBADMSG. */
void	answer_pack(struct text *, const struct queue_answer *);
int	answer_unpack(struct unpack *, struct queue_answer *answer_out);

struct queue_status {
	uint64_t	received;	/* since the start */
	uint64_t	delivered;
	uint64_t	refused;	/* by a judge */
	uint64_t	moving;		/* received and not yet settled */
	uint64_t	waiting;	/* of them: a mailbox cannot take it now */
	uint64_t	held;
	uint64_t	segments_used, segments_free, segments_broken;
	uint64_t	free_bytes;	/* on the disk */
	bool		admits;		/* new mail is taken */
	uint64_t	messages_sent, messages_received;	/* between roles */
};

/* The status as bytes, and back; 0 or -EBADMSG. */
void	queue_status_pack(struct text *, const struct queue_status *);
int	queue_status_unpack(struct slice, struct queue_status *status_out);

#endif
