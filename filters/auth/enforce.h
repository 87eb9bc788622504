/*
 * enforce.h - what becomes of a message that its author's domain disowns
 *
 * A domain's DMARC policy is about mail that fails.  Many an honest letter does,
 * because a list or a forwarder changed it; so the postmaster decides how much
 * the policy is worth, and by default somebody looks.  What nobody could say is
 * never a reason to do anything.
 */
#ifndef POSTROOM_FILTERS_AUTH_ENFORCE_H
#define POSTROOM_FILTERS_AUTH_ENFORCE_H

#include "filters/auth/origin.h"
#include "filters/verdict.h"

enum dmarc_action {
	DMARC_ACTION_MARK,	/* the line of results is all */
	DMARC_ACTION_HOLD,	/* wait for the postmaster */
	DMARC_ACTION_ENFORCE	/* as the policy asks */
};

/* The action of "mark", "hold" or "enforce"; MARK of anything else. */
enum dmarc_action	dmarc_action_of(struct slice word);

/*
 * The DMARC policy is failed, but who passed the message on has sealed that it
 * had not been when he got it (ARC, RFC 8617), and is one of the domains
 * `trusted`, which stand with blanks between: lists and forwarders change honest
 * mail.  Of anybody else a seal proves nothing (HARDENING A68).
 */
bool	enforce_is_excused(const struct origin_found *, struct slice trusted);

/*
 * What is to be done about what was found: nothing, unless a policy of
 * quarantine or reject is failed that nothing excuses, or From names more
 * domains than are looked at, which counts as quarantine.  A message that was
 * taken on already is not refused, but quarantined.
 */
void	enforce_judge(const struct origin_found *, enum dmarc_action,
	    enum envelope_source, struct verdict *verdict_out);

#endif
