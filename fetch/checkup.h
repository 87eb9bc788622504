/*
 * checkup.h - a look at a remote mailbox, for advice (`postroom fetch doctor`)
 *
 * Instead of a collection: log in, list, read the headers of the newest messages,
 * have the keeper say whose the addresses in them are, and leave.  The queue hears
 * nothing of it; nothing is taken, stored or deleted.  What was found is part of
 * the outcome (diagnosis.h).
 */
#ifndef POSTROOM_FETCH_CHECKUP_H
#define POSTROOM_FETCH_CHECKUP_H

#include "fetch/domain/doctor.h"
#include "lib/base/ipc.h"

struct collect;

/*
 * All headers together, over the line: so much for each that is to be looked at,
 * 4 MiB if not said otherwise, and no more than this in all.  What is behind is
 * not asked for.
 */
#define CHECKUP_BYTES_EACH	(40u * 1024)
#define CHECKUP_BYTES_MOST	(16u * 1024 * 1024)
/* Of one that are kept: trace, envelope headers and To stand before that. */
#define CHECKUP_HEADER_MOST	(32u * 1024)
/* A header above that is none: the server gives whole messages. */
#define CHECKUP_HEADER_ENDLESS	(1024u * 1024)
/* Asked for at one time: so much may come after the most is reached. */
#define CHECKUP_WINDOW		8

/*
 * A checkup of the newest `messages` (0: DOCTOR_MESSAGES; DOCTOR_MESSAGES_MOST at
 * the most): `rules` as text, or NULL (one person's mailbox).  0, -EINVAL (they
 * cannot be read) or -ENOMEM.
 */
int	checkup_open(struct collect *, const char *rules, unsigned messages,
	    struct ipc *keeper);
/* None is fine. */
void	checkup_close(struct collect *);
/* The keeper's channel is gone. */
void	checkup_keeper_lost(struct collect *);

/* The step behind the listing. */
void	step_checkup(struct collect *);

#endif
