/*
 * judge_bodies.h - is the body that is here the one another header signs?
 *
 * A part of the judge role: it reads what the queue shows it (same_body.h), has
 * the keys looked up by the resolver, and answers.  A key that cannot be looked
 * up is no key: the message is fetched then.
 */
#ifndef POSTROOM_PROGRAMS_JUDGE_BODIES_H
#define POSTROOM_PROGRAMS_JUDGE_BODIES_H

#include "lib/base/ipc.h"

struct dkim_tools;		/* filters/auth/dkim_tools.h */
struct judge_bodies;		/* opaque; see judge_bodies.c */

/*
 * Before any wall: the library's parts are fetched; where it cannot check
 * signatures nothing is ever the same.  0 or -ENOMEM.
 */
int	judge_bodies_open(struct judge_bodies **bodies_out);
/* What checks signatures; NULL: nothing does. */
const struct dkim_tools *judge_bodies_tools(const struct judge_bodies *);
/* The resolver is there; or NULL, it is gone. */
void	judge_bodies_resolver(struct judge_bodies *, struct ipc *);
/* Who asked is gone, with his questions. */
void	judge_bodies_forget(struct judge_bodies *);

/* role_judge.c: of the process `arg`. */
struct judge_bodies *judge_bodies_of(void *arg);
/* JUDGE_SAME_BODY */
int	on_same_body(void *arg, struct ipc *, struct ipc_message *);

#endif
