/*
 * replying.h - a person answers what they were told of held mail
 *
 * The answer is a message to ACCOUNT_REPLY, which the keeper gives to nobody but
 * who has logged in; it is for nobody else at the same time.  What its words ask
 * for is done for the account that submitted it, as by a button of that person's
 * page, before it is answered 250; then it is dropped: it was a request and is
 * nobody's mail.  After a crash in between whoever sends it again hears that
 * nothing with these numbers is held any more.  A person hears by mail what came
 * of it; a program, or who has no sender, hears nothing.
 */
#ifndef POSTROOM_QUEUE_REPLYING_H
#define POSTROOM_QUEUE_REPLYING_H

#include "queue/conductor_inside.h"

#define REPLYING_ALONE \
	"An answer about held mail is of who has logged in, and goes to that " \
	"one address alone"

/* Numbers of an hour that nothing has; then no more are looked up. */
#define REPLYING_GUESSES	100

/*
 * 0, also for what is no answer; -EBADMSG: such an answer is not this asker's to
 * bring; -EPERM: there are other recipients, or an address of the network is all
 * that says who it is.
 */
int	replying_check(const struct envelope *);
/* It is judged and neither refused nor put off: do it, say 250, drop it. */
void	replying_do(struct transit *, const struct verdict *);

#endif
