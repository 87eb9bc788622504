/*
 * rule_words.c - what stands in a rule file, written again
 */
#include "filters/rule_words.h"

static void
add_string(struct text *text, struct slice name, struct slice words)
{
	text_add_byte(text, '"');
	if (name.len > 0) {
		text_add(text, name);
		text_add_str(text, ": ");
	}
	for (size_t i = 0; i < words.len; i++) {
		if (words.at[i] == '"' || words.at[i] == '\\')
			text_add_byte(text, '\\');
		text_add_byte(text, words.at[i]);
	}
	text_add_byte(text, '"');
}

static const char *
verb_word(enum rule_verb verb)
{
	switch (verb) {
	case RULE_REFUSE:
		return "refuse ";
	case RULE_HOLD:
		return "hold ";
	case RULE_MARK_HEADER:
		return "mark header ";
	case RULE_MARK_FOLDER:
		return "mark folder ";
	case RULE_REDIRECT:
		return "redirect ";
	case RULE_DISCARD:
		return "discard ";
	case RULE_REMOVE:
		return "remove attachment";
	}
	return "";
}

void
rule_action_write(struct text *text, const struct rule_action *action)
{
	text_add_str(text, verb_word(action->verb));
	if (action->verb == RULE_REDIRECT)
		text_add(text, action->words);
	else if (action->verb != RULE_REMOVE)
		add_string(text, action->name, action->words);
}

void
rule_actions_write(struct text *text, const struct rule *rule)
{
	const struct rule_action *action;
	const char *between = "";

	if (rule->is_shadow)
		text_add_str(text, "shadow: ");
	for (action = rule->actions; action != NULL; action = action->next) {
		text_add_str(text, between);
		rule_action_write(text, action);
		between = ", ";
	}
	if (rule->stops) {
		text_add_str(text, between);
		text_add_str(text, "stop");
	}
}

const char *
rule_kind_word(enum rule_kind kind)
{
	switch (kind) {
	case RULE_ANY:
		return "any";
	case RULE_HEADER:
	case RULE_HEADER_EXISTS:
		return "header";
	case RULE_ANY_HEADER:
		return "any-header";
	case RULE_BODY:
		return "body";
	case RULE_ATTACHMENT_NAME:
		return "attachment name";
	case RULE_ATTACHMENT_TYPE:
	case RULE_ATTACHMENT_TYPE_LIKE:
		return "attachment type";
	case RULE_ATTACHMENT_REAL:
	case RULE_ATTACHMENT_REAL_LIKE:
		return "attachment real";
	case RULE_ATTACHMENT_INSIDE:
		return "attachment inside";
	case RULE_SENDER:
	case RULE_SENDER_LIKE:
		return "sender";
	case RULE_RECIPIENT:
	case RULE_RECIPIENT_LIKE:
		return "recipient";
	case RULE_SIZE_ABOVE:
	case RULE_SIZE_BELOW:
		return "size";
	case RULE_REMOTE:
		return "remote";
	case RULE_SOURCE:
		return "source";
	case RULE_SCORE_ABOVE:
	case RULE_SCORE_BELOW:
		return "rspamd-score";
	case RULE_SYMBOL:
		return "rspamd-symbol";
	case RULE_FINDING:
		return "finding";
	case RULE_LISTED:
		return "listed";
	}
	return "";
}
