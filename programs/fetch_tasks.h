/*
 * fetch_tasks.h - what the schedule says to who collects
 *
 * Handlers of the fetch role (fetch/service.h).  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_FETCH_TASKS_H
#define POSTROOM_PROGRAMS_FETCH_TASKS_H

#include "lib/base/ipc.h"

/* FETCH_TASK: what is under way for an earlier schedule is now this one's */
int	on_task(void *arg, struct ipc *, struct ipc_message *);
/* FETCH_PAUSE */
int	on_pause(void *arg, struct ipc *, struct ipc_message *);
/* FETCH_WATCH_INBOX */
int	on_watch(void *arg, struct ipc *, struct ipc_message *);
/* FETCH_UNWATCH */
int	on_unwatch(void *arg, struct ipc *, struct ipc_message *);
/* FETCH_SHARE */
int	on_share(void *arg, struct ipc *, struct ipc_message *);
/* FETCH_CONSENT: fetch_way.h has it */
int	on_consent(void *arg, struct ipc *, struct ipc_message *);

#endif
