/*
 * spam.h - the verdict of the spam classifier on a message
 *
 * A model has a say when it has learnt enough of both classes (model.h).  Then
 * each message gets a line X-Postroom-Spam with its class, probability and
 * strongest reasons, and what is spam becomes what the postmaster has set.
 */
#ifndef POSTROOM_FILTERS_SPAM_SPAM_H
#define POSTROOM_FILTERS_SPAM_SPAM_H

#include "filters/spam/reasons.h"
#include "filters/verdict.h"

/* Where spam goes with the action "junk": each person's own such folder. */
#define SPAM_FOLDER	"Junk"

enum spam_action {
	SPAM_ACTION_OFF,	/* messages are not looked at */
	SPAM_ACTION_MARK,	/* the line is all */
	SPAM_ACTION_JUNK,	/* into SPAM_FOLDER */
	SPAM_ACTION_HOLD	/* until the postmaster releases it */
};

/* Whoever judges; all of it belongs to the caller. */
struct spam_judge {
	const struct spam_model	*model;		/* NULL: there is none yet */
	struct spam_features	*features;	/* room to work in */
	enum spam_action	 action;
	/* May it be read still?  Asked for each message; NULL: it always may. */
	bool			(*is_there)(void *arg);
	void			*arg;
};

/* The action of "off", "mark", "junk" or "hold"; OFF of anything else. */
enum spam_action	spam_action_of(struct slice word);
/* "wanted", "unsure", "spam", or "untrained". */
const char	*spam_class_name(enum spam_class);

/*
 * Add "spam, 99.2% (subject: lottery, from: x@y; but: meeting)": the class, the
 * probability and up to `most` reasons of each sort.
 */
void	spam_explain(struct text *, const struct spam_model *, double score,
	    const struct spam_reasons *, size_t most);

/* What it says of `message`; nothing, when it has no say.  0 or -ENOMEM. */
int	spam_judge(const struct spam_judge *, struct slice message,
	    struct verdict *verdict_out);

#endif
