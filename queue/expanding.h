/*
 * expanding.h - who is meant by the recipients of a message (policy/groups.h)
 *
 * Once, before it is judged: behind an alias or a list are others, and some have
 * their mail sent on.  The record in the journal knows these, so that one receipt
 * is for all of them, and nothing of it is made twice.
 */
#ifndef POSTROOM_QUEUE_EXPANDING_H
#define POSTROOM_QUEUE_EXPANDING_H

#include "queue/conductor_inside.h"

/* `go_on` is called once its recipients are known, or it is put off. */
typedef void expanding_fn(struct transit *);
void	expanding_ask(struct transit *, expanding_fn *go_on);
/*
 * It was judged: what is taken for spam, or only says that it is from here, is
 * sent on to nobody, but stays with who would have sent it on; where somebody
 * behind an alias or a list would have none of it, it is held.  0 or -errno.
 */
int	expanding_judged(struct transit *);

#endif
