/*
 * sealer.h - pass messages on with a seal as a test wants it, right or wrong
 *
 * Like signer.h: what no real hand would write is written here too, and the
 * peer tests show that what is right is everybody's.
 */
#ifndef TESTS_UNIT_FILTERS_AUTH_SEALER_H
#define TESTS_UNIT_FILTERS_AUTH_SEALER_H

#include "tests/unit/filters/auth/signer.h"

/* What one hand writes on top: results behind i=, tags without bh= and b=. */
struct sealer_hand {
	const char	*results, *message_tags, *seal_tags;
};

/* Hand `i`, from 1, takes the message and passes it on. */
void	sealer_pass_on(const struct signer *, struct text *message, unsigned i,
	    const struct sealer_hand *);

#endif
