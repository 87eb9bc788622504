/*
 * queue_role.h - what its handlers can ask of the queue role
 *
 * `process` is the process of the role, which each handler has as its `arg`.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_ROLE_H
#define POSTROOM_PROGRAMS_QUEUE_ROLE_H

#include "lib/base/slice.h"

struct conductor;
struct keeper_owner;
struct queue_begins;

/* role_queue.c: its conductor. */
struct conductor *queue_conductor(void *process);
/* Its listings that wait for the keeper (queue_listing.h). */
struct queue_begins *queue_begins(void *process);
/* How many consoles it has lost. */
unsigned queue_consoles_lost(void *process);

/*
 * queue_whose.c: whose is that address?  `reply` is told once if 0 is returned:
 * `account` is 0 when it is nobody's here, `status` negative when that cannot
 * be said now.  -ENOTCONN, -EMSGSIZE, -ENOMEM.
 */
typedef void	queue_whose_fn(void *arg, int status, uint64_t account);
int	queue_whose(void *process, struct slice address, queue_whose_fn *,
	    void *arg);
/* The same of a fetch account; `owner` is only read with status 0. */
typedef void	queue_owner_fn(void *arg, int status,
		    const struct keeper_owner *owner);
int	queue_fetch_owner(void *process, uint64_t fetch_account,
	    queue_owner_fn *, void *arg);
/* Who has that account, or (0) that address, or (empty) the postmaster's?  As
 * conductor_person() has it. */
struct conductor_person;
typedef void	queue_person_fn(void *arg, int status,
		    const struct conductor_person *);
int	queue_person(void *process, uint64_t account, struct slice address,
	    queue_person_fn *, void *arg);
/* What these accounts wish of that author; as conductor_wished() has it. */
struct queue_wished {
	struct slice	 author;
	const uint64_t	*accounts;
	size_t		 count;
};
typedef void	queue_wishes_fn(void *arg, int status, struct slice wishes);
/* Who gets a message (policy/groups.h), as conductor_expanded() has it. */
int	queue_expand(void *process, struct slice packed_ask,
	    queue_wishes_fn *, void *arg);
int	queue_wishes(void *process, const struct queue_wished *,
	    queue_wishes_fn *, void *arg);

#endif
