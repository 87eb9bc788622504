/*
 * tries.h - how often links that are none are shown from a network
 *
 * A signed link cannot be guessed; who tries all the same, or has a program that
 * cuts links, costs the queue a look each time.  An address (of IPv6 its /64) has
 * TRIES_MOST wrong ones in TRIES_MS, then it waits for the end of that time.
 * What is known stands in a table of fixed size: in a full one a newcomer takes
 * somebody's place, so nobody is kept out by the tries of others.
 */
#ifndef POSTROOM_GATEWAY_HTTP_TRIES_H
#define POSTROOM_GATEWAY_HTTP_TRIES_H

#include <stdbool.h>
#include <stdint.h>

#define TRIES_MOST	20u
#define TRIES_MS	(10u * 60 * 1000)
#define TRIES_NETS	512u

struct tries;			/* opaque; see tries.c */

/* NULL when it cannot be had. */
struct tries	*tries_new(void);
/* NULL is fine. */
void		 tries_free(struct tries *);
/* May this numeric address show one more? */
bool		 tries_may(const struct tries *, const char *peer,
		    uint64_t now_ms);
/* What it has shown was none. */
void		 tries_failed(struct tries *, const char *peer,
		    uint64_t now_ms);

#endif
