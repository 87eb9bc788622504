/*
 * judge.h - what is asked of the judge role, and what it answers
 *
 * One request, one message: the packed envelope and a read-only descriptor of
 * the bytes.  The judge holds nothing between two messages.
 */
#ifndef POSTROOM_FILTERS_JUDGE_H
#define POSTROOM_FILTERS_JUDGE_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

enum judge_kind {
	/* queue -> judge, 1 descriptor: packed envelope; reply: the verdict */
	JUDGE_MESSAGE = 200,
	/* queue -> judge, 2 descriptors, the header of another copy and a whole
	 * message that is here: same_body_ask (auth/same_body.h); reply:
	 * same_body_answer, once the keys are looked up */
	JUDGE_SAME_BODY
};

struct rules;			/* rule.h */

/* What the postmaster has set. */
struct judge_options {
	unsigned		 hops;	/* Received fields (HARDENING A14) */
	const struct rules	*rules;	/* or NULL: there are none */
};

/*
 * Read `message_fd` and judge it: the filters, then the rules.  0, or a
 * negative errno when the bytes cannot be had; the queue then says "try again".
 */
int	judge_message(int message_fd, const struct envelope *,
	    const struct judge_options *, struct verdict *verdict_out);
/*
 * Add what one filter says (verdict_combine()).  `one` is changed: a message
 * that was taken on already has nobody to refuse it to, and is held instead.
 */
void	judge_add(struct verdict *, struct verdict *one,
	    enum envelope_source);

#endif
