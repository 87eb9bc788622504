/*
 * rule_words.h - what stands in a rule file, written again
 */
#ifndef POSTROOM_FILTERS_RULE_WORDS_H
#define POSTROOM_FILTERS_RULE_WORDS_H

#include "filters/rule.h"

/* Add the action as a rule file has it behind "do". */
void	rule_action_write(struct text *, const struct rule_action *);
/* Add all that a rule does, ", " between. */
void	rule_actions_write(struct text *, const struct rule *);
/* The word a test of this kind begins with: "header", "attachment name". */
const char *rule_kind_word(enum rule_kind);

#endif
