/*
 * rule_lists.c - the lists that rules ask for, and those that there are
 */
#include "filters/rule_lists.h"

#include <errno.h>

static bool
has(const struct dns_lists *lists, struct slice name)
{
	for (unsigned i = 0; i < lists->count; i++)
		if (slice_is_word(name, lists->list[i].name))
			return true;
	return false;
}

/* As deep as RULE_NEST_MOST.  The first test that asks for none; or NULL. */
static const struct rule_test *
odd_test(const struct rule_test *test, const struct dns_lists *lists)
{
	for (; test != NULL; test = test->next) {
		const struct rule_test *inside = odd_test(test->inside, lists);

		if (inside != NULL)
			return inside;
		if (test->kind == RULE_LISTED && !has(lists, test->word))
			return test;
	}
	return NULL;
}

int
rule_lists_check(const struct rules *rules, const char *dns_lists,
    struct text *faults)
{
	struct dns_lists lists = { .count = 0 };
	struct slice where;
	int r = 0;

	/* it was read before, where its faults are told */
	(void)dns_lists_read(slice_str(dns_lists), &lists, &where);
	for (size_t i = 0; rules != NULL && i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];
		const struct rule_test *test = odd_test(rule->tests, &lists);

		if (test == NULL)
			continue;
		text_addf(faults, "%.*s:%u: \"%.*s\" is none of dns_lists in "
		    "postroom.conf\n", SLICE_FMT(rule->file), test->line,
		    SLICE_FMT(test->word));
		r = -EINVAL;
	}
	return r;
}
