/*
 * reasons.h - why a message has its score, in words
 *
 * Pieces and words are told as the word that they are in, with the name of the
 * field where it is in the header, and what all of them add to the score is
 * added up.
 */
#ifndef POSTROOM_FILTERS_SPAM_REASONS_H
#define POSTROOM_FILTERS_SPAM_REASONS_H

#include "filters/spam/features.h"
#include "filters/spam/model.h"

#define SPAM_REASONS_MOST	8	/* of each sort */
#define SPAM_REASON_BYTES	79

struct spam_reason {
	double	weight;		/* log-odds; above 0: for spam */
	/* UTF-8 without control characters, as it stands in the message */
	char	words[SPAM_REASON_BYTES + 1];
};

struct spam_reasons {
	struct spam_reason	spam[SPAM_REASONS_MOST];	/* strongest first */
	struct spam_reason	wanted[SPAM_REASONS_MOST];
	size_t			spam_count, wanted_count;
};

/* The strongest reasons for the score of what was read last.  0 or -ENOMEM. */
int	spam_reasons_find(const struct spam_model *,
	    const struct spam_features *, struct spam_reasons *reasons_out);
/* The same of two that are asked together; the second may be NULL. */
int	spam_reasons_find_beside(const struct spam_model *,
	    const struct spam_model *beside, const struct spam_features *,
	    struct spam_reasons *reasons_out);

#endif
