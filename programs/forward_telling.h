/*
 * forward_telling.h - who has a forward now hears of it by mail
 *
 * The keeper says which forwards were set by people whom nobody has told; it
 * hears when the queue has the notice.  Who has stolen a password cannot set one
 * that its owner does not read of.
 */
#ifndef POSTROOM_PROGRAMS_FORWARD_TELLING_H
#define POSTROOM_PROGRAMS_FORWARD_TELLING_H

#include "fetch/notice.h"
#include "lib/base/ipc.h"

#define FORWARD_TELLING_MOST	2000	/* at a time; others are told later */
#define FORWARD_TELLING_EACH	32	/* of one account; then the last one */
#define FORWARD_LOOK_MS		2000	/* whether the queue has a notice */

struct forward_telling;		/* opaque; see forward_telling.c */

struct forward_telling_ports {
	void	*arg;
	/* Have it said to that account: notice_post_send(). */
	int	(*send)(void *arg, uint64_t account, const struct notice *);
	/* Where that is: notice_post_where(). */
	int	(*where)(void *arg, uint64_t account);
};

/* NULL when memory is out. */
struct forward_telling *forward_telling_new(struct loop *,
		    const struct forward_telling_ports *);
void		 forward_telling_free(struct forward_telling *);
/* The keeper is there, or (NULL) gone. */
void		 forward_telling_keeper(struct forward_telling *, struct ipc *);
/* A SCHEDULE_FORWARDED has come.  0 or -EBADMSG. */
int		 forward_telling_news(struct forward_telling *, struct slice);
/* Send what waits, and look what has arrived: its timer does that, and tests. */
void		 forward_telling_look(struct forward_telling *);

#endif
