/*
 * reminding.h - when people are told that their consent ends
 *
 * A mailbox that is collected with a grant (policy/grants.h) works until that
 * ends; its owner hears before, once for each stage of grant_urgency(), and of
 * all mailboxes at the same stage in one notice.  What was told is part of a
 * mailbox's health, which outlives a restart; a notice that the queue has not
 * taken does not, then the next stage says it.
 *
 * Until when a consent lasts can have changed without a word, with a token that
 * was renewed.  So nobody is told of what has not just been read anew.
 */
#ifndef POSTROOM_FETCH_REMINDING_H
#define POSTROOM_FETCH_REMINDING_H

#include "fetch/notice.h"
#include "fetch/schedule.h"
#include "lib/base/loop.h"

#define REMINDING_LOOK_MS	(3600u * 1000)	/* stages are days apart */

struct reminding;		/* opaque; see reminding.c */

struct reminding_ports {
	void	*arg;
	/* All mailboxes, while `fn` is true. */
	void	(*each)(void *arg, schedule_fn *fn, void *fn_arg);
	/* As that of telling.h, and so is the next one. */
	bool	(*health)(void *arg, uint64_t id,
		    struct schedule_health *health_out);
	int	(*send)(void *arg, uint64_t account, const struct notice *,
		    uint64_t *again_ms_out);
	/* Note that its owner knows of that stage. */
	void	(*told)(void *arg, uint64_t id, unsigned stage);
	/* Somebody may have to be told: read them anew -> reminding_look() */
	void	(*renew)(void *arg);
};

/* NULL when memory is out. */
struct reminding *reminding_new(struct loop *,
		    const struct reminding_ports *);
void		 reminding_free(struct reminding *);

/* What the mailboxes are has just been read: tell who is to be told. */
void		 reminding_look(struct reminding *);
/* Have them read, if somebody may have to be told: its timer, and tests. */
void		 reminding_tick(struct reminding *);

#endif
