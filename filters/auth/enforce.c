/*
 * enforce.c - what becomes of a message that its author's domain disowns
 */
#include "filters/auth/enforce.h"

enum dmarc_action
dmarc_action_of(struct slice word)
{
	static const char *const words[] = {
		[DMARC_ACTION_MARK] = "mark", [DMARC_ACTION_HOLD] = "hold",
		[DMARC_ACTION_ENFORCE] = "enforce",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is_str(word, words[i]))
			return (enum dmarc_action)i;
	return DMARC_ACTION_MARK;
}

bool
enforce_is_excused(const struct origin_found *found, struct slice trusted)
{
	struct slice domain;

	if (found->dmarc != ORIGIN_FAIL || found->arc != ORIGIN_PASS ||
	    !found->sealer_vouches)
		return false;
	while (slice_word(&trusted, &domain))
		if (slice_is_word(domain, found->sealer))
			return true;
	return false;
}

/* What the domain asks for, of this message. */
static enum dmarc_policy
asked_for(const struct origin_found *found)
{
	if (found->dmarc == ORIGIN_PERMERROR)
		return DMARC_QUARANTINE;
	return found->dmarc == ORIGIN_FAIL && !found->is_excused ?
	    found->policy : DMARC_NONE;
}

void
enforce_judge(const struct origin_found *found, enum dmarc_action action,
    enum envelope_source source, struct verdict *verdict_out)
{
	enum dmarc_policy policy = asked_for(found);
	enum verdict_action then = VERDICT_HOLD;

	verdict_init(verdict_out);
	if (policy < DMARC_QUARANTINE || action == DMARC_ACTION_MARK)
		return;
	if (action == DMARC_ACTION_ENFORCE)
		then = policy == DMARC_REJECT &&
		    !envelope_is_taken_on(source) ? VERDICT_REFUSE :
		    VERDICT_QUARANTINE;
	if (found->dmarc == ORIGIN_PERMERROR)
		verdict_set(verdict_out, then, 250, "2.0.0",
		    "its From names more domains than an honest one");
	else
		verdict_set(verdict_out, then,
		    then == VERDICT_REFUSE ? 550 : 250,
		    then == VERDICT_REFUSE ? "5.7.1" : "2.0.0",
		    "it says that it is from %s, which asks to %s what cannot "
		    "be shown to be its own (DMARC)", found->author,
		    policy == DMARC_REJECT ? "refuse" : "put aside");
}
