/*
 * explain.c - why a message went where it went
 */
#include "fetch/domain/explain.h"

#define WRITTEN_MOST	120	/* bytes of a header that are shown */
#define ADDRESS_MOST	324
#define OWNERS_MOST	64	/* that are shown; of others, the number */

const char *const domain_sure_words[DOMAIN_SURE_COUNT] = {
	[DOMAIN_SURE_ENVELOPE] = "envelope header",
	[DOMAIN_SURE_RECEIVED] = "received for",
	[DOMAIN_SURE_LEARNED] = "learned rule",
	[DOMAIN_SURE_VISIBLE] = "visible header",
	[DOMAIN_SURE_NAME] = "real name",
};

const char *const domain_hold_words[DOMAIN_HOLD_COUNT] = {
	[DOMAIN_HELD_NO_ADDRESS] = "no-address",
	[DOMAIN_HELD_FOREIGN] = "foreign",
	[DOMAIN_HELD_UNKNOWN] = "unknown",
	[DOMAIN_HELD_MALFORMED] = "malformed",
	[DOMAIN_HELD_DROPPED] = "dropped",
	[DOMAIN_HELD_TARGET] = "rule-target",
	[DOMAIN_HELD_DEEP] = "envelope-too-deep",
	[DOMAIN_HELD_ROUND] = "came-round",
	[DOMAIN_HELD_LIST] = "list",
	[DOMAIN_HELD_RESENT] = "resent",
	[DOMAIN_HELD_DOUBT] = "doubt",
	[DOMAIN_HELD_TOO_MANY] = "too-many",
};

/* What a step came to: how its sentence goes on. */
static const char *const steps[DOMAIN_STEP_COUNT] = {
	[DOMAIN_STEP_OWNER] = "is an address here",
	[DOMAIN_STEP_NAME] = "is named as somebody here",
	[DOMAIN_STEP_REPLACED] =
	    "is an address here once its domain is replaced",
	[DOMAIN_STEP_LEARNED] = "was learned",
	[DOMAIN_STEP_COPY] = "fits a rule that gives a copy",
	[DOMAIN_STEP_DROP] = "fits a rule that does not deliver to it",
	[DOMAIN_STEP_TARGET] =
	    "fits a rule that names somebody who is not here",
	[DOMAIN_STEP_MAILBOX] = "is the mailbox itself",
	[DOMAIN_STEP_FOREIGN] = "is in no domain of ours",
	[DOMAIN_STEP_UNKNOWN] =
	    "is in our domain, but nobody has that address",
	[DOMAIN_STEP_SEVERAL] = "is named as more than one person here",
	[DOMAIN_STEP_BROKEN] = "is no address",
	[DOMAIN_STEP_DOUBT] = "contradicts that",
	[DOMAIN_STEP_WEAKER] = "is not taken, for there is better evidence",
};

/* The end of the story, when nobody was found. */
static const char *const holds[DOMAIN_HOLD_COUNT] = {
	[DOMAIN_HELD_NO_ADDRESS] = "no header says for whom it is",
	[DOMAIN_HELD_FOREIGN] = "every address it names is somewhere else",
	[DOMAIN_HELD_UNKNOWN] =
	    "it is for our domain, but nobody has that address",
	[DOMAIN_HELD_MALFORMED] =
	    "what stands where an address should be is none",
	[DOMAIN_HELD_DROPPED] =
	    "a rule says that the address it names gets no mail",
	[DOMAIN_HELD_TARGET] =
	    "the rule that fits it names somebody who is not here",
	[DOMAIN_HELD_DEEP] = "its envelope header stands below so many "
	    "Received lines that a sender could have written it; if the "
	    "provider does write it there, set envelope-depth",
	[DOMAIN_HELD_ROUND] = "it was here before, went to another site and "
	    "came back; who it was for then says nothing now",
	[DOMAIN_HELD_LIST] = "it came through a mailing list, and nothing "
	    "says to which subscriber",
	[DOMAIN_HELD_RESENT] = "it was resent to an address elsewhere; its "
	    "To and Cc name who had it before",
	[DOMAIN_HELD_DOUBT] = "a trace of its envelope names somebody else; "
	    "if the provider writes it, set envelope-header, or mailbox to "
	    "the mailbox itself",
	[DOMAIN_HELD_TOO_MANY] = "it names more recipients than are read",
};

/* A route or what was learned, where the step is about one. */
static void
add_rule(struct text *text, const struct domain_rules *rules,
    const struct domain_step *step)
{
	if (step->learned)
		domain_learned_write(text, &rules->learned[step->rule]);
	else if (step->kind == DOMAIN_STEP_COPY ||
	    step->kind == DOMAIN_STEP_DROP ||
	    step->kind == DOMAIN_STEP_TARGET)
		domain_route_write(text, &rules->routes[step->rule]);
}

static void
explain_step(struct text *text, const struct domain_rules *rules,
    const struct domain_step *step)
{
	const struct domain_candidate *one = step->candidate;
	TEXT_AUTO rule = TEXT_INIT(4096);

	text_add_escaped(text, one->header, WRITTEN_MOST);
	if (one->place > 0)
		text_addf(text, " line %u", one->place);
	text_add_str(text, " \"");
	text_add_escaped(text, one->written, WRITTEN_MOST);
	text_add_str(text, "\": ");
	if (one->address.len > 0)
		text_add_escaped(text, one->address, ADDRESS_MOST);
	else
		text_add_str(text, "that");
	text_addf(text, " %s", steps[step->kind]);
	add_rule(&rule, rules, step);
	if (rule.len > 0) {
		text_add_str(text, " (");
		text_add_escaped(text, text_slice(&rule), WRITTEN_MOST * 2);
		text_add_byte(text, ')');
	}
	if (step->to.len > 0 && !slice_is(step->to, one->address)) {
		text_add_str(text, ": ");
		text_add_escaped(text, step->to, ADDRESS_MOST);
	}
	text_add_str(text, ".\n");
}

static unsigned
shown_owners(const struct domain_decision *decision)
{
	return decision->owner_count < OWNERS_MOST ? decision->owner_count :
	    OWNERS_MOST;
}

void
domain_explain(struct text *text, const struct domain_rules *rules,
    const struct domain_decision *decision)
{
	for (unsigned i = 0; i < decision->step_count; i++)
		explain_step(text, rules, &decision->steps[i]);
	if (decision->more_steps > 0)
		text_addf(text, "And %u more that were looked at.\n",
		    decision->more_steps);
	for (unsigned i = 0; i < shown_owners(decision); i++) {
		text_add_str(text, "It is for ");
		text_add_escaped(text, decision->owners[i].address,
		    ADDRESS_MOST);
		text_addf(text, " (%s).\n",
		    domain_sure_words[decision->owners[i].sure]);
	}
	if (decision->owner_count > OWNERS_MOST)
		text_addf(text, "And for %u more.\n",
		    decision->owner_count - OWNERS_MOST);
	if (decision->hold != DOMAIN_FOUND)
		text_addf(text, "Held for the postmaster: %s.\n",
		    holds[decision->hold]);
}
