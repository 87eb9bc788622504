/*
 * schedule_answers.h - what the console asks of the schedule, and when it hears
 *
 * Most requests are answered at once.  A person's waits for the keeper, who says
 * whether they may; one that collects waits for the list, for the settings may
 * be new; one for news of a run until there are some.  Nobody waits long.
 */
#ifndef POSTROOM_PROGRAMS_SCHEDULE_ANSWERS_H
#define POSTROOM_PROGRAMS_SCHEDULE_ANSWERS_H

#include "fetch/schedule.h"
#include "programs/held_digest.h"
#include "programs/roles.h"
#include "programs/schedule_consent.h"

struct answers;			/* opaque; see schedule_answers.c */

/* Have the list of mailboxes told anew -> answers_listed(). */
typedef void	answers_list_fn(void *arg);

/* NULL when memory is out. */
struct answers	*answers_new(struct process *, struct schedule *const *,
		    struct consents *, answers_list_fn *, void *arg);
/* Who tells what is held; or NULL. */
void		 answers_digest(struct answers *, struct held_digest *);
/* The keeper is there, or (NULL) is lost. */
void		 answers_keeper(struct answers *, struct ipc *keeper);
/*
 * SCHEDULE_ADMIN has come: it is answered now or later.  0, or -EBADMSG: it is
 * no request.
 */
int		 answers_ask(struct answers *, struct ipc *from,
		    struct ipc_message *);
/* Something of a run has moved; the list has been told. */
void		 answers_moved(struct answers *);
void		 answers_listed(struct answers *);
/* Who asked is gone. */
void		 answers_lost(struct answers *, const struct ipc *from);

#endif
