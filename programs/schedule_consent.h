/*
 * schedule_consent.h - "fetch consent", handed on to who collects
 *
 * The schedule knows which mailbox is meant and whose process it is; what is
 * said between the person and the provider it does not understand.
 */
#ifndef POSTROOM_PROGRAMS_SCHEDULE_CONSENT_H
#define POSTROOM_PROGRAMS_SCHEDULE_CONSENT_H

#include "fetch/schedule.h"
#include "policy/admin.h"
#include "programs/collectors.h"

struct consents;		/* requests on their way; opaque */

/* NULL when memory is out. */
struct consents	*consents_new(struct schedule *const *,
		    struct collectors *const *);
/* Is it this request? */
bool		 consents_answer(const struct admin_request *);
/*
 * Answer it, now or later; admin_begin() has read it, and who asks may.
 *
 *  0        it is, or will be, answered
 * -ENOENT   no such mailbox is known: it may have been added this moment
 *
 * When it `is_last`, "there is none" is an answer.
 */
int		 consents_ask(struct consents *, struct ipc *from,
		    uint64_t serial, struct admin_work *, bool is_last);
/* Who asked is gone. */
void		 consents_lost(struct consents *, const struct ipc *from);

#endif
