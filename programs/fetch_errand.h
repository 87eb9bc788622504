/*
 * fetch_errand.h - one task of who collects for an owner, on its way
 *
 * An errand walks the same steps each time: the channels it needs are there,
 * the keeper gives settings, password and rules, the way to the provider is
 * found (fetch_way.h), the resolver gives addresses; then its work begins, and
 * runs to its end, which is the answer.  Each step may end or restart it.
 *
 * What it does then is one row of functions, a file for each kind of work:
 * fetch_errand_collect.c, fetch_errand_etrn.c.
 *
 * A password is here from the keeper's answer until the work has begun, which
 * holds its own copy and wipes it; the message it came in is wiped as soon as
 * it was read.
 */
#ifndef POSTROOM_PROGRAMS_FETCH_ERRAND_H
#define POSTROOM_PROGRAMS_FETCH_ERRAND_H

#include <sys/queue.h>

#include "fetch/line_bill.h"
#include "fetch/service.h"
#include "lib/base/ipc.h"
#include "lib/base/talk.h"
#include "policy/fetch_accounts.h"
#include "policy/line_calendar.h"
#include "programs/fetch_way.h"
#include "programs/roles.h"

#define FETCH_IDLE_MS	30000	/* with nothing to do, then the role ends */

struct errand;

/* Of a fetch process: what all its errands share. */
struct fetch_role {
	struct process		*process;
	struct talk_hall	*hall;
	struct fetch_ways	*ways;
	/* the newest of each; NULL: not there */
	struct ipc		*keeper, *queue, *resolver, *door, *schedule;
	LIST_HEAD(, errand)	 errands;
	struct timer		*idle_timer;
	struct calendar		 night;
	bool			 is_retiring;
};

/* A kind of work.  It ends by errand_over(), with an outcome. */
struct errand_work {
	/*
	 * All is at hand: begin with the host's addresses ("": the proxy looks
	 * them up) and set `run`.  0, or a negative errno: it has not begun.
	 */
	int	(*start)(struct errand *, const char *addresses);
	/* The line has closed. */
	void	(*pause)(struct errand *);
	/* A channel is gone; it may be one that this work uses. */
	void	(*lost)(struct errand *, const struct ipc *);
	/* End it now, without errand_over(). */
	void	(*free)(struct errand *);
};

struct errand {
	LIST_ENTRY(errand)	 next;
	struct fetch_role	*role;
	struct ipc		*asker;		/* NULL: gone */
	uint64_t		 serial;
	uint64_t		 id;
	enum fetch_task		 task;
	uint64_t		 mark;		/* FETCH_WATCH: from there on */
	unsigned		 messages;	/* FETCH_DOCTOR: see checkup.h */
	struct timer		*timer;		/* of all before the work */
	bool			 is_asking;	/* its time runs */
	bool			 has_settings;	/* and the password */
	bool			 has_rules;	/* or knows that there are none */
	char			*rules;		/* its mail is for many; or NULL */
	char			*before;	/* a download; or NULL */
	char			 language[LANGUAGE_SIZE];	/* of the owner */
	struct fetch_way	*way;		/* to the provider, or NULL */
	bool			 has_way;	/* it has been found: */
	struct talk_proxy	 proxy;
	const char		*token;		/* the way's; or NULL */
	bool			 is_fresh;	/* the token was not used yet */
	struct ipc		*asked;		/* keeper or resolver, or NULL */
	struct fetch_account	 account;
	char			 password[FETCH_SECRET_SIZE];
	struct talk_session	 session;	/* of TLS, with that server */
	void			*run;		/* its work's own; NULL: before it */
	/* the channels that the work uses, or NULL */
	struct ipc		*queue, *keeper, *door;
	struct line_bill	 bill;
	uint64_t		 billed_ms;	/* told last */
	bool			 is_pausing;	/* the line has closed */
};

extern const struct errand_work errand_collecting;	/* or watching */
extern const struct errand_work errand_calling;		/* ETRN, ATRN */

/* What it does; known with its settings. */
const struct errand_work *errand_work(const struct errand *);

/* fetch_errand.c */

/* Waits for its channels; errand_go() is next.  NULL when memory is out. */
struct errand	*errand_new(struct fetch_role *, struct ipc *asker,
		    uint64_t serial, uint64_t id, enum fetch_task);
/* A mailbox may be watched and collected from at one time; NULL: none. */
struct errand	*errand_find(const struct fetch_role *, uint64_t id,
		    bool watches);
/* All at hand, if that is still so: its work begins. */
void		 errand_begin(struct errand *, const char *addresses);
/* The line has closed for it. */
void		 errand_pause(struct errand *);
/* A channel is gone: for its work, if that has begun. */
void		 errand_channel_lost(struct errand *, const struct ipc *);
/* It ends with this; `errand` is gone. */
void		 errand_end(struct errand *, const struct fetch_outcome *);
/* Over before it began; `errand` is gone. */
void		 errand_fail(struct errand *, enum fetch_end,
		    const char *words);
/* Without a word. */
void		 errand_free(struct errand *);
/* Refuse what is asked, without memory for more than these words. */
void		 errand_refuse(struct ipc *from, uint64_t serial);

/* Of a work, `arg` is the errand: its progress, and its end. */
void		 errand_progress(void *arg, const struct fetch_progress *);
void		 errand_over(void *arg, const struct fetch_outcome *);
/*
 * The session of TLS that its work may resume; NULL: it is to see the server's
 * certificates, for who tries whether they are good.
 */
struct talk_session *errand_session(struct errand *);
/* What the line has carried for it since this was told last. */
void		 errand_tell_carried(struct errand *);
/* So much was carried for that fetch account: tell the schedule. */
void		 fetch_tell_carried(struct ipc *schedule, uint64_t id,
		    const struct line_counts *);

/* fetch_errand_steps.c */

/* All that what is known of it so far needs. */
bool		 errand_has_channels(const struct errand *);
/*
 * On from where it is, if all channels are there; else it waits for them.  Its
 * time is set once: who dies on a question is not asked without end.
 */
void		 errand_go(struct errand *);

#endif
