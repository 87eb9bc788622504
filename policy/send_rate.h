/*
 * send_rate.h - how much one account has sent of late
 *
 * Somebody who has got hold of a password sends as much as he can before it is
 * noticed.  So each account has a most of messages and of recipients, within an
 * hour and within a day; what is beyond that is put off, nothing is lost by it.
 * An hour, or a day, begins with the first message in it.
 *
 * In the keeper, in memory only: a restart forgets.
 */
#ifndef POSTROOM_POLICY_SEND_RATE_H
#define POSTROOM_POLICY_SEND_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct send_rate;		/* opaque; see send_rate.c */

enum send_span { SEND_HOUR, SEND_DAY, SEND_SPANS };

/* What one account may send. */
struct send_most {
	uint32_t	messages[SEND_SPANS];
	uint32_t	recipients[SEND_SPANS];
};

/* Why a message is put off. */
struct send_over {
	enum send_span	span;
	bool		by_recipients;	/* else by messages */
	uint32_t	most;		/* of them */
	uint32_t	minutes;	/* until there is room again */
	bool		is_news;	/* the first time in that span */
};

/* NULL when memory is out. */
struct send_rate *send_rate_new(void);
void	send_rate_free(struct send_rate *);

/*
 * One more message, to so many.  0: it is counted; 1: it is too much, and
 * *over_out says why; -ENOMEM.
 */
int	send_rate_take(struct send_rate *, uint64_t account,
	    uint32_t recipients, const struct send_most *, uint64_t now_ms,
	    struct send_over *over_out);

#endif
