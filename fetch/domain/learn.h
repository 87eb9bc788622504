/*
 * learn.h - a postmaster's correction that becomes a rule
 *
 * "postroom fetch learn ID --to ann" says whose a held message is.  What is
 * remembered is the narrowest thing by which the next one like it is known:
 *  1. the address of ours that its envelope header, or a Received "for", gives
 *     and that nobody here has: the same address will mean the same person.
 *     One elsewhere may be the mailbox itself, and would take everything.
 *  2. the list it came through (List-Id).
 *  3. the one address of ours in its To or Cc that nobody has; or, when there
 *     is none of ours, the one address elsewhere, unless the sender wrote to
 *     itself (as is done for Bcc).
 *  4. its sender; this counts only where no header names anybody here.
 * Nothing is learned where a rule would not help or would hit others: too many
 * recipients, a copy too many, a message that came back from elsewhere, an
 * envelope header that stands too deep, an address that a route drops.
 */
#ifndef POSTROOM_FETCH_DOMAIN_LEARN_H
#define POSTROOM_FETCH_DOMAIN_LEARN_H

#include "fetch/domain/decide.h"

/*
 * Learn from a message that was decided to be held that it is for `to`, one or
 * more addresses as typed.  *learned_out is the new row of `rules`.
 *
 * -EINVAL (`to` is no address here or a list of them, *fault_out says so),
 * -ENOENT (there is nothing to know it by), -ENOBUFS.
 */
int	domain_learn(struct arena *, struct domain_rules *,
	    const struct domain_candidates *,
	    const struct domain_answer *answers,
	    const struct domain_decision *, struct slice to,
	    const struct domain_learned **learned_out,
	    struct domain_fault *fault_out);

#endif
