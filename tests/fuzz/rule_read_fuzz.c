/*
 * rule_read_fuzz.c - rules are taken whole or every fault has its line
 *
 * The first byte says where the input is cut into two files.
 */
#include <assert.h>
#include <errno.h>

#include "filters/rule_read.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What rule_run.c relies on. */
static void
check_test(const struct rules *rules, const struct rule_test *test,
    unsigned depth, unsigned *count)
{
	assert(depth <= RULE_NEST_MOST);
	for (; test != NULL; test = test->next) {
		assert(++*count <= RULE_TESTS_MOST);
		assert(test->pattern == RULE_NO_PATTERN ||
		    test->pattern < rules->pattern_count);
		assert((test->kind == RULE_ANY) == (test->inside != NULL));
		assert(test->kind != RULE_ATTACHMENT_TYPE ||
		    test->word.len >= 3);
		check_test(rules, test->inside, depth + 1, count);
	}
}

static void
check(const struct rules *rules)
{
	size_t actions = 0;

	assert(rules->count <= RULES_MOST);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];
		const struct rule_action *action;
		unsigned tests = 0;

		assert(rule->number == i && rule->name.len > 0);
		assert(rule->tests != NULL);
		assert(rule->actions != NULL || rule->stops);
		check_test(rules, rule->tests, 0, &tests);
		for (action = rule->actions; action != NULL;
		    action = action->next) {
			actions++;
			assert(action->words.len > 0);
			assert(slice_is_utf8(action->words));
			assert(slice_find(action->words, '\n') == SIZE_MAX);
		}
	}
	assert(actions == rules->action_count);
}

/* One line a fault, and no byte in it that moves a cursor. */
static void
check_faults(struct slice faults)
{
	struct slice line;
	unsigned lines = 0;

	while (slice_cut(&faults, '\n', &line)) {
		lines++;
		assert(lines > RULE_FAULTS_MOST ||
		    slice_has_prefix(line, "a:") ||
		    slice_has_prefix(line, "b:"));
		for (size_t i = 0; i < line.len; i++)
			assert((unsigned char)line.at[i] >= 0x20);
	}
	assert(faults.len == 0);
	assert(lines > 0 && lines <= RULE_FAULTS_MOST + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t cut = len == 0 ? 0 : 1 + bytes[0] * len / 256;
	struct rule_file files[] = {
		{ slice_str("b"), slice_after(slice_of(bytes, len), cut) },
		{ slice_str("a"), slice_after(slice_first(
		    slice_of(bytes, len), cut), 1) },
	};
	TEXT_AUTO faults = TEXT_INIT(1 << 20);
	struct rules *rules = NULL;
	int r = rules_read(files, 2, &rules, &faults);

	assert(r == 0 || r == -EINVAL);
	if (r == 0) {
		assert(faults.len == 0);
		check(rules);
	} else {
		assert(rules == NULL);
		check_faults(text_slice(&faults));
	}
	rules_free(rules);
	return 0;
}
