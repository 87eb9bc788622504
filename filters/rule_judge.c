/*
 * rule_judge.c - the postmaster's rules as a judge
 */
#include "filters/rule_judge.h"

#include <errno.h>

#include "filters/removal.h"
#include "filters/rule_parts.h"

/* The rule and its own words in one sentence. */
static void
say_so(struct verdict *one, enum verdict_action action, unsigned code,
    const char *status, const struct rule_deed *deed)
{
	verdict_set(one, action, code, status, "%.*s (rule \"%.*s\")",
	    SLICE_FMT(deed->action->words), SLICE_FMT(deed->rule->name));
}

/* What one action wants.  0 or -EINVAL: it fits no message (its own fault). */
static int
deed_judge(const struct rule_deed *deed, struct verdict *one)
{
	const struct rule_action *action = deed->action;

	verdict_init(one);
	switch (action->verb) {
	case RULE_REFUSE:
		say_so(one, VERDICT_REFUSE, 550, "5.7.1", deed);
		return 0;
	case RULE_HOLD:
		say_so(one, VERDICT_HOLD, 250, "2.0.0", deed);
		return 0;
	case RULE_DISCARD:
		say_so(one, VERDICT_QUARANTINE, 250, "2.0.0", deed);
		return 0;
	case RULE_MARK_HEADER:
		verdict_set(one, VERDICT_MARK, 250, "2.0.0",
		    "marked (rule \"%.*s\")", SLICE_FMT(deed->rule->name));
		return verdict_add_line(one, action->name, action->words);
	case RULE_MARK_FOLDER:
		verdict_set(one, VERDICT_MARK, 250, "2.0.0",
		    "for folder %.*s (rule \"%.*s\")",
		    SLICE_FMT(action->words), SLICE_FMT(deed->rule->name));
		return verdict_set_folder(one, action->words);
	case RULE_REDIRECT:
		verdict_set(one, VERDICT_MARK, 250, "2.0.0",
		    "redirected to %.*s (rule \"%.*s\")",
		    SLICE_FMT(action->words), SLICE_FMT(deed->rule->name));
		return verdict_set_redirect(one, action->words);
	case RULE_REMOVE:	/* remove_parts(): of all rules together */
		return 0;
	}
	return -EINVAL;
}

/* Could it have kept the message from whom it is for? */
static bool
keeps_away(const struct rule *rule)
{
	const struct rule_action *action;

	for (action = rule->actions; action != NULL; action = action->next)
		if (action->verb != RULE_MARK_HEADER &&
		    action->verb != RULE_MARK_FOLDER)
			return true;
	return false;
}

/* What it wants done with a message, at its severest. */
static enum verdict_action
wants(const struct rule *rule)
{
	static const enum verdict_action wanted[] = {
		[RULE_REFUSE] = VERDICT_REFUSE, [RULE_HOLD] = VERDICT_HOLD,
		[RULE_DISCARD] = VERDICT_QUARANTINE,
	};
	enum verdict_action most = VERDICT_ACCEPT;
	const struct rule_action *action;

	for (action = rule->actions; action != NULL; action = action->next) {
		enum verdict_action one = VERDICT_MARK;

		if ((size_t)action->verb < sizeof(wanted) / sizeof(wanted[0]) &&
		    wanted[action->verb] != VERDICT_ACCEPT)
			one = wanted[action->verb];
		most = one > most ? one : most;
	}
	return most;
}

/* 0, or -ENOMEM; the rule's name and the words fit a line. */
static int
doubt_judge(const struct rule_doubt *doubt, struct verdict *one)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	verdict_init(one);
	verdict_set(one, keeps_away(doubt->rule) ? VERDICT_HOLD :
	    VERDICT_MARK, 250, "2.0.0",
	    "rule \"%.*s\" could not be examined: %s",
	    SLICE_FMT(doubt->rule->name), doubt->why);
	text_addf(&value, "\"%.*s\" could not be examined (%s)",
	    SLICE_FMT(doubt->rule->name), doubt->why);
	return text_failed(&value) ? -ENOMEM : verdict_add_line(one,
	    slice_str("X-Postroom-Rules"), text_slice(&value));
}

/* Whose word a folder or an address is: it is said in the trail. */
static void
note_whose(struct verdict *verdict, const struct rule *rule, bool files,
    bool redirects)
{
	for (size_t i = 0; i < verdict->hit_count; i++)
		if (slice_is_str(rule->name, verdict->hits[i].rule) &&
		    !verdict->hits[i].is_shadow) {
			verdict->hits[i].files |= files;
			verdict->hits[i].redirects |= redirects;
			return;
		}
}

/* A line more than fit is left out: the others say enough. */
static void
add_deed(struct verdict *verdict, const struct rule *rule,
    const struct verdict *one)
{
	bool files = verdict->folder[0] == '\0' && one->folder[0] != '\0';
	bool redirects = verdict->redirect[0] == '\0' &&
	    one->redirect[0] != '\0';

	(void)verdict_combine(verdict, one);
	if (files || redirects)
		note_whose(verdict, rule, files, redirects);
}

/* None can be: they stay where they are, and somebody has to look. */
static void
hold_whole(const struct rule *rule, struct verdict *one)
{
	verdict_init(one);
	verdict_set(one, VERDICT_HOLD, 250, "2.0.0",
	    "its attachments cannot be removed: too many of them "
	    "(rule \"%.*s\")", SLICE_FMT(rule->name));
}

/* What became of them by this rule: it is said in the trail. */
static void
note_removal(struct verdict *verdict, const struct rule *rule, bool is_done)
{
	for (size_t i = 0; i < verdict->hit_count; i++) {
		struct verdict_hit *hit = &verdict->hits[i];

		if (!slice_is_str(rule->name, hit->rule) || hit->is_shadow)
			continue;
		hit->removes |= is_done;
		if (!is_done && hit->action < VERDICT_HOLD)
			hit->action = VERDICT_HOLD;
	}
}

/* Of all rules, once it is known what is removed. */
static void
note_removals(struct verdict *verdict, const struct rule_outcome *outcome,
    bool is_held)
{
	for (size_t i = 0; i < outcome->removal_count; i++)
		note_removal(verdict, outcome->removals[i].rule, !is_held);
	for (size_t i = 0; i < outcome->doubt_count; i++)
		if (rule_removes(outcome->doubts[i].rule))
			note_removal(verdict, outcome->doubts[i].rule, false);
}

/* What is removed, with a note and a line.  0, -ENOMEM */
static int
remove_parts(const struct rule_outcome *outcome, struct slice message,
    enum language language, const struct envelope *env, struct verdict *one)
{
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	struct removal list[RULE_REMOVALS_MOST];
	int r;

	verdict_init(one);
	if (outcome->removal_count == 0)
		return 0;
	for (size_t i = 0; i < outcome->removal_count; i++)
		list[i] = (struct removal){ outcome->removals[i].part,
		    outcome->removals[i].rule->name };
	verdict_set(one, VERDICT_MARK, 250, "2.0.0",
	    "an attachment was removed (rule \"%.*s\")",
	    SLICE_FMT(list[0].rule));
	r = removals_edit(message, list, outcome->removal_count, language,
	    env->received_at_utc_ms, &one->edits, &line);
	if (r == 0 && verdict_add_line(one, slice_str(EDITS_LINE),
	    text_slice(&line)) < 0)
		r = -EINVAL;
	if (r < 0 && r != -ENOMEM)
		hold_whole(outcome->removals[0].rule, one);
	return r == -ENOMEM ? r : 0;
}

int
rules_judge(const struct rules *rules, struct slice message,
    const struct mime_part *root, const struct envelope *env,
    const struct findings *findings, const struct rule_trial *trial,
    enum language language, struct arena *arena, struct verdict *verdict_out)
{
	struct rule_outcome outcome;
	struct verdict one;
	int r;

	verdict_init(verdict_out);
	if (rules == NULL || rules->count == 0)
		return 0;
	r = rules_run(rules, message, root, env, findings, trial, arena,
	    &outcome);
	for (size_t i = 0; r == 0 && i < outcome.hit_count; i++)
		/* of more than fit the first are named */
		(void)verdict_add_hit(verdict_out, outcome.hits[i]->name,
		    outcome.hits[i]->file, outcome.hits[i]->line,
		    wants(outcome.hits[i]), outcome.hits[i]->is_shadow);
	for (size_t i = 0; r == 0 && i < outcome.deed_count; i++) {
		r = deed_judge(&outcome.deeds[i], &one);
		if (r == 0)
			add_deed(verdict_out, outcome.deeds[i].rule, &one);
	}
	if (r == 0)
		r = remove_parts(&outcome, message, language, env, &one);
	if (r == 0) {
		note_removals(verdict_out, &outcome, one.action ==
		    VERDICT_HOLD);
		(void)verdict_combine(verdict_out, &one);
	}
	for (size_t i = 0; r == 0 && i < outcome.doubt_count; i++) {
		r = doubt_judge(&outcome.doubts[i], &one);
		if (r == 0)
			(void)verdict_combine(verdict_out, &one);
	}
	return r;
}
