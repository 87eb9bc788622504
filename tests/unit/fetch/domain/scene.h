/*
 * scene.h - an office to decide for: who is here, and one message at a time
 *
 * ann (1), ben (2) and citra (3) at office.test, with real names; two people
 * are called Budi.
 */
#ifndef TESTS_UNIT_FETCH_DOMAIN_SCENE_H
#define TESTS_UNIT_FETCH_DOMAIN_SCENE_H

#include "fetch/domain/decide.h"

extern struct arena		*scene_arena;
extern struct domain_rules	 scene_rules;
extern struct domain_candidates	 scene_candidates;
extern struct domain_answer	 scene_answers[DOMAIN_ASKS_MOST];
extern struct domain_decision	 scene_decision;

/* Begin with these rules, in their text form; end. */
void	scene_begin(const char *rules);
void	scene_end(void);
/* Decide about a header with LF or CRLF line ends. */
void	scene_decide(struct slice header);
/* The same: "ann,ben (visible header)" of the owners, or "held: foreign". */
const char *scene_says(const char *header);

#endif
