/*
 * scene.c - an office to decide for
 */
#include <stdio.h>
#include <string.h>

#include "fetch/domain/explain.h"
#include "tests/unit/fetch/domain/scene.h"
#include "tests/unit/unit.h"

struct arena			*scene_arena;
struct domain_rules		 scene_rules;
struct domain_candidates	 scene_candidates;
struct domain_answer		 scene_answers[DOMAIN_ASKS_MOST];
struct domain_decision		 scene_decision;

static const struct {
	const char	*text;
	uint64_t	 account;	/* 0: two have this name */
	const char	*address;
} people[] = {
	{ "ann@office.test", 1, "ann@office.test" },
	{ "ben@office.test", 2, "ben@office.test" },
	{ "citra@office.test", 3, "citra@office.test" },
	{ "sales@office.test", 1, "ann@office.test" },
	{ "ann smith", 1, "ann@office.test" },
	{ "ben santoso", 2, "ben@office.test" },
	{ "citra dewi", 3, "citra@office.test" },
	{ "budi", 0, "" },
};

void
scene_begin(const char *rules)
{
	struct domain_fault fault;

	scene_arena = arena_new(DOMAIN_RULES_ARENA + DOMAIN_ARENA);
	ck_assert_ptr_nonnull(scene_arena);
	ck_assert_int_eq(domain_rules_read(scene_arena, slice_str(rules),
	    &scene_rules, &fault), 0);
}

void
scene_end(void)
{
	arena_free(scene_arena);
	scene_arena = NULL;
}

static struct domain_answer
keeper(const struct domain_ask *ask)
{
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		if (slice_is_str(ask->text, people[i].text))
			return (struct domain_answer){
			    people[i].account == 0 ? DOMAIN_SEVERAL :
			    DOMAIN_OURS, people[i].account,
			    slice_str(people[i].address) };
	return (struct domain_answer){ .whose = !ask->is_name &&
	    slice_has_suffix(ask->text, "@office.test") ? DOMAIN_UNKNOWN :
	    DOMAIN_FOREIGN };
}

void
scene_decide(struct slice header)
{
	ck_assert_int_eq(domain_candidates(scene_arena, header, &scene_rules,
	    &scene_candidates), 0);
	for (unsigned i = 0; i < scene_candidates.ask_count; i++)
		scene_answers[i] = keeper(&scene_candidates.asks[i]);
	ck_assert_int_eq(domain_decide(scene_arena, &scene_rules,
	    &scene_candidates, scene_answers, &scene_decision), 0);
}

const char *
scene_says(const char *header)
{
	static const char *const names[] = { "?", "ann", "ben", "citra" };
	static char says[256];
	const struct domain_decision *to = &scene_decision;
	size_t len = 0;

	scene_decide(slice_str(header));
	if (to->hold != DOMAIN_FOUND) {
		(void)snprintf(says, sizeof(says), "held: %s",
		    domain_hold_words[to->hold]);
		return says;
	}
	for (unsigned i = 0; i < to->owner_count; i++)
		len += (size_t)snprintf(says + len, sizeof(says) - len,
		    "%s%s", i > 0 ? "," : "", names[to->owners[i].account]);
	(void)snprintf(says + len, sizeof(says) - len, " (%s)",
	    domain_sure_words[to->owners[0].sure]);
	return says;
}
