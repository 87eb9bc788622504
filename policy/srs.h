/*
 * srs.h - the sender of mail that is sent on (Sender Rewriting Scheme)
 *
 * A message that somebody here has sent on elsewhere leaves with a sender of
 * ours, or hosts that check SPF refuse it.  The sender's own address is inside,
 * with the day and a part of an HMAC, so that a bounce finds its way back and
 * nobody can make up such an address:
 *
 *	SRS0=HHHHHH=TT=far.test=zoe@office.test
 *	SRS1=HHHHHHTT=other.test==(what follows SRS0)@office.test
 *
 * the second when another host had sent it on before.  As letter case may get
 * lost on the way, it does not count.
 */
#ifndef POSTROOM_POLICY_SRS_H
#define POSTROOM_POLICY_SRS_H

#include "lib/base/text.h"
#include "policy/seal.h"

#define SRS_HASH_CHARS	6	/* of base32: 30 bits */
#define SRS_DAYS	21	/* until a bounce comes too late */

/* Does this local part look like one? */
bool	srs_is(struct slice local);
/*
 * Add the address at `domain` (ours) that stands for `sender` from now on.
 * 0; -EINVAL (that is no address, or one with quotes), -E2BIG (it would be longer
 * than RFC 5321 4.5.3.1.1 allows), -EIO.  Nothing is added then.
 */
int	srs_forward(const struct seal_key *, struct slice sender,
	    struct slice domain, int64_t now_utc_ms, struct text *address);
/*
 * Add the address that `local` stands for.  0; -ENOENT (it is none of these),
 * -EBADMSG (it is none of ours: made up, or changed), -ESTALE (its time is over),
 * -EIO.  Nothing is added then.
 */
int	srs_reverse(const struct seal_key *, struct slice local,
	    int64_t now_utc_ms, struct text *address);

#endif
