/*
 * spam.c - the verdict of the spam classifier on a message
 */
#include "filters/spam/spam.h"

#include <errno.h>

#define REASONS_SHOWN	3	/* of each sort in a header line */

static const char *const actions[] = {
	[SPAM_ACTION_OFF] = "off", [SPAM_ACTION_MARK] = "mark",
	[SPAM_ACTION_JUNK] = "junk", [SPAM_ACTION_HOLD] = "hold",
};

static const char *const classes[] = {
	[SPAM_UNTRAINED] = "untrained", [SPAM_WANTED] = "wanted",
	[SPAM_UNSURE] = "unsure", [SPAM_SPAM] = "spam",
};

enum spam_action
spam_action_of(struct slice word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (slice_is_str(word, actions[i]))
			return (enum spam_action)i;
	return SPAM_ACTION_OFF;
}

const char *
spam_class_name(enum spam_class class)
{
	return classes[class];
}

static void
add_reasons(struct text *to, const struct spam_reason *reasons, size_t count,
    size_t most)
{
	for (size_t i = 0; i < count && i < most; i++)
		text_addf(to, "%s\"%s\"", i == 0 ? "" : ", ", reasons[i].words);
}

void
spam_explain(struct text *to, const struct spam_model *model, double score,
    const struct spam_reasons *reasons, size_t most)
{
	text_addf(to, "%s, %.1f%%", classes[spam_model_class(model, score)],
	    100 * spam_model_probability(model, score));
	if (reasons->spam_count > 0) {
		text_add_str(to, "; for: ");
		add_reasons(to, reasons->spam, reasons->spam_count, most);
	}
	if (reasons->wanted_count > 0) {
		text_add_str(to, "; against: ");
		add_reasons(to, reasons->wanted, reasons->wanted_count, most);
	}
}

static void
decide(enum spam_action action, double probability, const char *strongest,
    struct verdict *verdict)
{
	verdict_set(verdict, action == SPAM_ACTION_HOLD ? VERDICT_HOLD :
	    VERDICT_MARK, 250, "2.0.0", "it is spam to %.1f%%, above all for "
	    "\"%s\"", 100 * probability, strongest);
	if (action == SPAM_ACTION_JUNK)
		(void)verdict_set_folder(verdict, slice_str(SPAM_FOLDER));
}

int
spam_judge(const struct spam_judge *judge, struct slice message,
    struct verdict *verdict_out)
{
	const struct spam_model *model = judge->model;
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	struct spam_reasons reasons;
	enum spam_class class;
	double score;
	int r;

	verdict_init(verdict_out);
	if (judge->action == SPAM_ACTION_OFF || model == NULL ||
	    (judge->is_there != NULL && !judge->is_there(judge->arg)) ||
	    spam_model_class(model, 0) == SPAM_UNTRAINED)
		return 0;
	r = spam_features_read(judge->features, message);
	if (r < 0)
		return r;
	score = spam_model_score(model, spam_features_hashes(judge->features),
	    spam_features_count(judge->features));
	class = spam_model_class(model, score);
	r = spam_reasons_find(model, judge->features, &reasons);
	if (r < 0)
		return r;
	spam_explain(&line, model, score, &reasons, REASONS_SHOWN);
	if (class == SPAM_SPAM)
		decide(judge->action, spam_model_probability(model, score),
		    reasons.spam_count > 0 ? reasons.spam[0].words : "",
		    verdict_out);
	/* six reasons of 79 bytes fit, and all of them can be shown */
	(void)verdict_add_line(verdict_out, slice_str("X-Postroom-Spam"),
	    text_slice(&line));
	return 0;
}
