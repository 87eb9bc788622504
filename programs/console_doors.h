/*
 * console_doors.h - who is connected, as the doors say; for role_console.c
 *
 * There may be many doors.  One that does not answer is counted with nobody:
 * with it its clients are gone.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_DOORS_H
#define POSTROOM_PROGRAMS_CONSOLE_DOORS_H

#include "fetch/service.h"
#include "lib/base/ipc.h"

struct console_doors;		/* opaque; see console_doors.c */

/* What all of them come to. */
typedef void	console_doors_fn(void *arg, const struct door_status *);

/* NULL when memory is out. */
struct console_doors *console_doors_new(void);
/* NULL is fine; nobody is told anything any more. */
void	console_doors_free(struct console_doors *);
/* A door is there; is gone.  0 or -E2BIG: there are more than there can be. */
int	console_doors_peer(struct console_doors *, struct ipc *door);
void	console_doors_lost(struct console_doors *, const struct ipc *door);
/* Ask them: `fn` is called once, maybe at once.  0 or -ENOMEM. */
int	console_doors_ask(struct console_doors *, console_doors_fn *, void *arg);

#endif
