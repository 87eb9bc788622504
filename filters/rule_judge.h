/*
 * rule_judge.h - the postmaster's rules as a judge
 *
 * What the rules want done becomes one verdict, with the rule's name in its
 * words.  A rule that could not be examined whole never lets a message pass as
 * if it had been: the reason says which rule and why.  What could have been
 * refused, held, redirected or discarded is held; what would only have been
 * marked goes on.  In either case it gets a line
 *
 *	X-Postroom-Rules: "NAME" could not be examined (WHY)
 *
 * Attachments that are removed go with the edits of the verdict, whose
 * notes are in the office's language.  If that cannot be done the message
 * is held with them.
 *
 * The rules that held are named in the verdict, also those in shadow.
 */
#ifndef POSTROOM_FILTERS_RULE_JUDGE_H
#define POSTROOM_FILTERS_RULE_JUDGE_H

#include "filters/rule_run.h"
#include "filters/verdict.h"
#include "lib/base/say.h"

/*
 * Judge `message`; `rules` may be NULL (none), and `trial` (rule_run.h) is for
 * mail that comes.  0, or -ENOMEM / -ENOBUFS: it
 * could not be judged now.
 */
int	rules_judge(const struct rules *, struct slice message,
	    const struct mime_part *root, const struct envelope *,
	    const struct findings *, const struct rule_trial *,
	    enum language, struct arena *, struct verdict *verdict_out);

#endif
