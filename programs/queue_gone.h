/*
 * queue_gone.h - what has come of messages whose remote mailbox was removed
 *
 * No listing of such a mailbox comes any more that would say that its halves
 * (queue/half.h) are not wanted.  So the keeper is asked from time to time whose
 * the fetch accounts of all that is kept are; of one that is nobody's nothing is
 * kept.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_GONE_H
#define POSTROOM_PROGRAMS_QUEUE_GONE_H

struct queue;
struct queue_gone;		/* opaque; see queue_gone.c */

/* Between two rounds of questions; each is one message. */
#define QUEUE_GONE_MS	60000

/* Of that role (borrowed), which has its conductor.  NULL: memory is out. */
struct queue_gone *queue_gone_new(struct queue *);
/* The keeper is there: ask now, unless that is under way.  NULL is fine. */
void	queue_gone_ask(struct queue_gone *);

#endif
