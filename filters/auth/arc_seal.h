/*
 * arc_seal.h - what we found of a message that we pass on, to be sealed
 *
 * RFC 8617 5.1.  As in dkim_sign.h what is signed is made here, and the key is the
 * keeper's; he is asked twice, for the seal is made over the signature of the
 * message.  A chain that came to us broken is sealed so (cv=fail), over our own
 * set alone, and nobody seals it again.
 */
#ifndef POSTROOM_FILTERS_AUTH_ARC_SEAL_H
#define POSTROOM_FILTERS_AUTH_ARC_SEAL_H

#include "filters/auth/arc_sets.h"
#include "filters/auth/origin.h"
#include "filters/verdict.h"

struct arc_seal {
	/* asked for: */
	enum dkim_algorithm algorithm;
	char		domain[DKIM_NAME_SIZE];
	char		selector[64];
	/* given: what the key is to sign next */
	unsigned char	hash[DKIM_HASH_BYTES];
	/* the rest is arc_seal.c's */
	unsigned	number;		/* of our set */
	enum dkim_chain	chain;		/* as it came */
	int64_t		now_utc;
	bool		is_message_signed;
	char		values[ARC_PARTS][VERDICT_VALUE_MAX + 1];
	struct text	before;		/* the fields of the chain; none of a
					   broken one */
};

/*
 * Begin our set of the message with those edits, of which that was found by the
 * hub called `host`; `hash` is that of the message's signature then.
 *
 *  0         arc_seal_free() it.
 * -EAGAIN    nobody could say whether its chain is right.
 * -EALREADY  somebody has sealed it as broken.
 * -ERANGE    it has ARC_SETS sets.
 * -EINVAL    its header may be read in two ways, or domain or selector is no
 *            name.
 * -ENOTSUP   its edits take a part away.
 * -E2BIG     its header is too large, or ours would be.
 * -ENOMEM, -EIO
 */
int	arc_seal_begin(const struct dkim_tools *, struct slice message,
	    const struct edits *, const struct origin_found *,
	    const char *host, int64_t now_utc, struct arc_seal *);
/* A zeroed one is fine. */
void	arc_seal_free(struct arc_seal *);

/*
 * The message is signed so; `hash` is that of the seal now.  0, -E2BIG, -EINVAL,
 * -ENOMEM or -EIO.
 */
int	arc_seal_message(const struct dkim_tools *, struct arc_seal *,
	    struct slice signature);
/*
 * The seal is signed so: add the three fields to the verdict.  0, or -E2BIG: they
 * do not fit, and none is added.
 */
int	arc_seal_add(struct arc_seal *, struct slice signature,
	    struct verdict *);

#endif
