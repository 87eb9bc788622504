/*
 * door_reading.h - somebody begins to read mail: what is collected then, first
 *
 * The schedule is told who reads, and collects what its owner wants collected on
 * reading (fetch_when, policy/fetch_health.h); the door asks it, and then the
 * queue, until what came stands in the mailbox or the wait is over.  Neither
 * ever keeps anybody out: who is not there, or slow, is waited for no longer
 * than that.
 *
 * POP3 shows a mailbox as it was at the login, so its login waits.  IMAP shows
 * new mail as it comes, so its login has only to begin this, with no wait.
 */
#ifndef POSTROOM_PROGRAMS_DOOR_READING_H
#define POSTROOM_PROGRAMS_DOOR_READING_H

#include "programs/door.h"

struct reading;			/* opaque; see door_reading.c */

/*
 * `account` reads.  `done` is called once, in a later turn of the loop, within
 * `wait_ms` and never after reading_free(); 0: at once, nothing is waited for.
 * NULL when memory is out.
 */
typedef void	reading_fn(void *arg);
struct reading	*reading_new(struct door *, uint64_t account,
		    uint64_t wait_ms, reading_fn *done, void *arg);
/* NULL is fine. */
void		 reading_free(struct reading *);

#endif
