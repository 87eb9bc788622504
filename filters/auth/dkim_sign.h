/*
 * dkim_sign.h - a message on its way to be signed (RFC 6376 5)
 *
 * Here is made what is signed, and not the signature: that takes a key, which is
 * the keeper's.  What is signed is the message as it will be taken on, with the
 * edits that its verdict wants (dkim_shape.h).
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_SIGN_H
#define POSTROOM_FILTERS_AUTH_DKIM_SIGN_H

#include "filters/auth/dkim_tools.h"
#include "filters/verdict.h"

/*
 * It is good for so long: the five days for which a message is tried to be sent,
 * and two more; whoever sends it again later has no signature of ours.
 */
#define DKIM_SIGNATURE_SECONDS	INT64_C(604800)

/* One signature before it is made. */
struct dkim_draft {
	/* asked for: */
	enum dkim_algorithm algorithm;
	char		selector[64];
	/* given: the hash to be signed, and the field's value up to its b= */
	unsigned char	hash[DKIM_HASH_BYTES];
	char		value[VERDICT_VALUE_MAX + 1];
};

/*
 * Draft `count` signatures of `domain` over `message` with those edits, at that
 * time.
 *
 *  0
 * -ENOTSUP  its edits take a part away: only the queue knows all their text.
 * -E2BIG    its header is too large, or has too many fields.
 * -EINVAL   domain or selector is no name.
 * -ENOMEM, -EIO
 */
int	dkim_draft(const struct dkim_tools *, struct slice message,
	    const struct edits *, const char *domain, int64_t now_utc,
	    struct dkim_draft *drafts, unsigned count);
/*
 * Add the field to the verdict.  0, or -E2BIG: it does not fit into a line.
 */
int	dkim_draft_add(const struct dkim_draft *, struct slice signature,
	    struct verdict *);

#endif
