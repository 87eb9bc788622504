/*
 * collectors.h - the processes that collect, one for each owner
 *
 * A task goes to the process of its owner, which is asked of the parent when it
 * is not there.  The schedule decides what is done and when; here is only how
 * that reaches who does it.
 */
#ifndef POSTROOM_PROGRAMS_COLLECTORS_H
#define POSTROOM_PROGRAMS_COLLECTORS_H

#include "fetch/schedule.h"
#include "programs/roles.h"

struct collectors;		/* opaque; see collectors.c */

/* News and ends go to *schedule, which may not be there yet. */
struct collectors *collectors_new(struct process *,
		    struct schedule *const *schedule);

/*
 * Have it done -> schedule_progress(), and then schedule_over() or
 * schedule_lost(); `messages` is as FETCH_TASK has it.  0 or a negative errno.
 */
int	collectors_begin(struct collectors *, uint64_t id, uint64_t owner,
	    enum fetch_task, unsigned messages);

/*
 * Watch its INBOX -> schedule_news(), and then schedule_watch_over(); not any
 * more: then nothing comes.
 */
int	collectors_watch(struct collectors *, uint64_t id, uint64_t owner,
	    uint64_t mark);
void	collectors_unwatch(struct collectors *, uint64_t id, uint64_t owner);

/* The line has closed for that task: it is to end soon. */
void	collectors_pause(struct collectors *, uint64_t id, uint64_t owner);
/* Each collection may carry so many bytes a second from now on. */
void	collectors_share(struct collectors *, uint64_t bytes_per_second);
/*
 * What such a process says was carried: FETCH_CARRIED.  0 or -EBADMSG; of no
 * task that it was given, and of no mailbox of its owner, the account is 0.
 */
int	collectors_carried(struct collectors *, const struct ipc *,
	    struct slice body, uint64_t *account_out,
	    struct line_counts *counts_out);

/*
 * The channel to that owner's process, or NULL; `wanted`: then one is had
 * soon.
 */
struct ipc	*collectors_channel(struct collectors *, uint64_t owner,
		    bool wanted);

/* A channel to such a process; it is gone. */
int	collectors_peer(struct collectors *, struct ipc *);
void	collectors_lost(struct collectors *, struct ipc *);
/* What it says of a task: FETCH_PROGRESS.  0 or -EBADMSG. */
int	collectors_progress(struct collectors *, const struct ipc *,
	    struct slice body);
/* What it hears of new mail: FETCH_NEWS.  0 or -EBADMSG. */
int	collectors_news(struct collectors *, const struct ipc *,
	    struct slice body);

#endif
