/*
 * login_delay.h - how long a login must wait, after wrong ones (HARDENING A51)
 *
 * Wrong passwords count against the address they come from (IPv4: itself, IPv6:
 * its /64) and against the name they were for; the next attempt of either waits
 * 1, 2, 4, 8, then 15 seconds.  A name that has logged in from an address
 * before is known there: only its own wrong attempts from there make it wait,
 * so guessing from elsewhere locks nobody out.  Kept in memory, bounded, and
 * forgotten after a while.  Clocks are monotonic milliseconds, brought along.
 */
#ifndef POSTROOM_POLICY_LOGIN_DELAY_H
#define POSTROOM_POLICY_LOGIN_DELAY_H

#include "lib/base/slice.h"

#define LOGIN_DELAY_MAX_MS	15000	/* clients give up after 30 s or so */
#define LOGIN_DELAY_FORGET_MS	(15 * 60 * 1000)	/* after the last one */
#define LOGIN_DELAY_COUNTED	16384	/* addresses and names; 2 MiB */
#define LOGIN_DELAY_KNOWN	4096	/* an office has 500 people */

struct login_delay;		/* opaque; see login_delay.c */

/* NULL when memory is out or there are no random bytes. */
struct login_delay *login_delay_new(void);
void	login_delay_free(struct login_delay *);

/*
 * How long this attempt must wait before its password is looked at.  `peer` is
 * a numeric address, `user` what was typed.
 */
uint64_t login_delay_ms(struct login_delay *, struct slice peer,
	    struct slice user, uint64_t now_ms);
/* The password was wrong, or nobody has that name. */
void	login_delay_wrong(struct login_delay *, struct slice peer,
	    struct slice user, uint64_t now_ms);
/* It was right: the name is known at this address from now on. */
void	login_delay_right(struct login_delay *, struct slice peer,
	    struct slice user, uint64_t now_ms);

#endif
