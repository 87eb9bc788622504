/*
 * children_inside.h - the running roles, as the parent's own files see them
 *
 * switchboard.c hears what roles say and connects them; children.c starts them,
 * starts them again and stops them.
 */
#ifndef POSTROOM_PROGRAMS_CHILDREN_INSIDE_H
#define POSTROOM_PROGRAMS_CHILDREN_INSIDE_H

#include "programs/parent.h"

#define WANTS		64	/* roles that may wait for one mailbox */

struct child {
	LIST_ENTRY(child) next;
	struct children	*all;
	const struct role_row *row;
	uint64_t	 instance;
	pid_t		 pid;		/* 0: not running now */
	struct ipc	*ipc;
	bool		 ready;
	bool		 retiring;	/* ends by itself; start no peer on it */
	uint64_t	 started_ms;
	uint64_t	 used_ms;	/* mailbox: last wanted */
	uint64_t	 pause_ms;
	struct timer	*again;
	struct {			/* mailbox: who waits for it to be back */
		enum role	role;
		uint64_t	instance;
	} wants[WANTS];
	unsigned	 want_count;
};

struct children {
	struct loop	*loop;
	const struct holdings *holdings;
	LIST_HEAD(, child) list;
	void		(*ready)(void *, bool);
	void		*arg;
	bool		 ready_told;
	bool		 was_up;	/* ready once: what fails later tries on */
	uint64_t	 highest_account;	/* the keeper says; 0: not yet */
	bool		 no_landlock_told;
	unsigned	 stop_step;	/* 0: not stopping */
	void		(*stopped)(void *);
	void		*stopped_arg;
	struct timer	*stop_timer;
};

/* What roles may say to the parent, and what happens when one is gone. */
extern const struct ipc_rule switchboard_rules[];
void	switchboard_lost(void *child, struct ipc *, bool was_breach);
/* An account has news: tell the door, where sessions may rest. */
void	switchboard_changed(struct children *, uint64_t account,
	    uint64_t modseq);

/* The child of this role and instance, or NULL. */
struct child	*child_find(struct children *, enum role, uint64_t instance);
/* A child that is not running yet; NULL when memory is out. */
struct child	*child_new(struct children *, const struct role_row *,
		    uint64_t instance);
void		 child_free(struct child *);
/* Start its process and hand it what it may hold.  0 or a negative errno. */
int		 child_spawn(struct child *);

#endif
