/*
 * before_rules.c - what is done with a message before it is downloaded
 *
 * A rule is read into the form it is compared in, so a rule that is kept is a
 * rule that works.  What cannot be seen is not true: a header that cannot be
 * had decides nothing, and what no rule decides is taken.
 */
#include "policy/before_rules.h"

#include <errno.h>
#include <string.h>

#include "lib/message/came.h"
#include "lib/message/header.h"
#include "lib/message/words.h"
#include "policy/unit.h"

#define DAY_SECONDS	86400
#define VALUE_MOST	4096	/* bytes of a field that are looked at */

static const char *const action_words[BEFORE_ACTION_COUNT] = {
	[BEFORE_NOW] = "now", [BEFORE_NIGHT] = "night",
	[BEFORE_LEAVE] = "leave", [BEFORE_DELETE] = "delete",
	[BEFORE_PLACEHOLDER] = "placeholder",
};
static const char *const what_words[BEFORE_WHAT_COUNT] = {
	[BEFORE_ANY] = "any", [BEFORE_SIZE] = "size", [BEFORE_AGE] = "age",
	[BEFORE_FROM] = "from", [BEFORE_TO] = "to",
	[BEFORE_SUBJECT] = "subject", [BEFORE_HEADER] = "header",
};
static const char *const how_words[BEFORE_HOW_COUNT] = {
	[BEFORE_ABOVE] = ">", [BEFORE_BELOW] = "<",
	[BEFORE_CONTAINS] = "contains", [BEFORE_EQUALS] = "equals",
	[BEFORE_BEGINS] = "begins",
};

/* Reading */

struct reading {
	struct arena	*arena;
	enum sentence	 want;
};

/* The row of `words` that `s` is, or `count`. */
static unsigned
word_place(struct slice s, const char *const *words, unsigned count)
{
	unsigned place = 0;

	while (place < count && !slice_is_word(s, words[place]))
		place++;
	return place;
}

static bool
is_field_name(struct slice s)
{
	return s.len > 0 && s.len <= BEFORE_WORD_MOST &&
	    slice_is_printable_ascii(s) && slice_find(s, ':') == SIZE_MAX;
}

/* "> 5M", "< 100KiB" */
static int
read_size(struct reading *reading, struct slice amount,
    struct before_test *test)
{
	TEXT_AUTO whole = TEXT_INIT(32);
	char last = amount.len == 0 ? '\0' :
	    (char)(amount.at[amount.len - 1] | 0x20);

	reading->want = SAY_WANT_BEFORE_SIZE;
	text_add(&whole, amount);
	if (last == 'k' || last == 'm' || last == 'g')
		text_add_str(&whole, "iB");
	return text_failed(&whole) || unit_read(text_slice(&whole), UNIT_BYTES,
	    &test->number) < 0 || test->number > INT64_MAX ? -EINVAL : 0;
}

static int
read_age(struct reading *reading, struct slice amount,
    struct before_test *test)
{
	reading->want = SAY_WANT_BEFORE_AGE;
	return unit_read(amount, UNIT_DAYS, &test->number) < 0 ||
	    test->number > BEFORE_AGE_MOST ? -EINVAL : 0;
}

static int
read_amount(struct reading *reading, struct slice *rest,
    struct before_test *test)
{
	struct slice word, amount;
	unsigned how;

	reading->want = test->what == BEFORE_SIZE ? SAY_WANT_BEFORE_SIZE :
	    SAY_WANT_BEFORE_AGE;
	if (!slice_word(rest, &word))
		return -EINVAL;
	how = word_place(word, how_words, BEFORE_CONTAINS);
	if (how == BEFORE_CONTAINS || !slice_word(rest, &amount))
		return -EINVAL;
	test->how = (enum before_how)how;
	return test->what == BEFORE_SIZE ? read_size(reading, amount, test) :
	    read_age(reading, amount, test);
}

/* Up to " and ", or the second quote. */
static bool
cut_text(struct slice *rest, struct slice *text_out)
{
	size_t end;

	*rest = slice_trim(*rest);
	if (rest->len > 0 && rest->at[0] == '"') {
		*rest = slice_after(*rest, 1);
		return slice_cut(rest, '"', text_out);
	}
	end = slice_find_str(*rest, " and ");
	if (end == SIZE_MAX)
		end = rest->len;
	*text_out = slice_trim(slice_first(*rest, end));
	*rest = slice_after(*rest, end);
	return slice_find(*text_out, '"') == SIZE_MAX;
}

static int
read_text(struct reading *reading, struct slice *rest,
    struct before_test *test)
{
	struct slice word, text;
	unsigned how;

	reading->want = SAY_WANT_BEFORE_TEXT;
	if (test->what == BEFORE_HEADER &&
	    (!slice_word(rest, &word) || !is_field_name(word) ||
	    arena_copy(reading->arena, word, &test->name) < 0))
		return -EINVAL;
	if (!slice_word(rest, &word))
		return -EINVAL;
	test->is_not = slice_is_word(word, "not");
	if (test->is_not && !slice_word(rest, &word))
		return -EINVAL;
	how = word_place(word, how_words, BEFORE_HOW_COUNT);
	if (how < BEFORE_CONTAINS || how == BEFORE_HOW_COUNT ||
	    !cut_text(rest, &text) || text.len == 0 ||
	    text.len > BEFORE_WORD_MOST)
		return -EINVAL;
	test->how = (enum before_how)how;
	return arena_copy(reading->arena, text, &test->text);
}

static int
read_test(struct reading *reading, struct slice *rest,
    struct before_test *test_out)
{
	struct before_test test = { 0 };
	struct slice word;
	unsigned what;
	int r = 0;

	reading->want = SAY_WANT_BEFORE_TEST;
	if (!slice_word(rest, &word))
		return -EINVAL;
	what = word_place(word, what_words, BEFORE_WHAT_COUNT);
	if (what == BEFORE_WHAT_COUNT)
		return -EINVAL;
	test.what = (enum before_what)what;
	if (what == BEFORE_SIZE || what == BEFORE_AGE)
		r = read_amount(reading, rest, &test);
	else if (what != BEFORE_ANY)
		r = read_text(reading, rest, &test);
	if (r == 0)
		*test_out = test;
	return r;
}

/* Cut "TESTS -> ACTION"; a text may hold an arrow itself. */
static int
read_action(struct reading *reading, struct slice line,
    struct slice *tests_out, enum before_action *action_out)
{
	unsigned action;

	reading->want = SAY_WANT_BEFORE;
	for (size_t i = line.len; i >= 4; i--) {
		if (memcmp(line.at + i - 4, " -> ", 4) != 0)
			continue;
		reading->want = SAY_WANT_BEFORE_ACTION;
		action = word_place(slice_trim(slice_after(line, i)),
		    action_words, BEFORE_ACTION_COUNT);
		if (action == BEFORE_ACTION_COUNT)
			return -EINVAL;
		*action_out = (enum before_action)action;
		*tests_out = slice_first(line, i - 4);
		return 0;
	}
	return -EINVAL;
}

static int
read_rule(struct reading *reading, struct slice line,
    struct before_rule *rule_out)
{
	struct before_rule rule = { 0 };
	struct slice rest, word;
	int r = read_action(reading, line, &rest, &rule.action);

	while (r == 0) {
		if (rule.test_count == BEFORE_TESTS_MOST) {
			reading->want = SAY_WANT_FEWER;
			return -EINVAL;
		}
		r = read_test(reading, &rest, &rule.tests[rule.test_count++]);
		if (r < 0 || !slice_word(&rest, &word))
			break;
		reading->want = SAY_WANT_BEFORE;
		if (!slice_is_word(word, "and"))
			r = -EINVAL;
	}
	if (r == 0)
		*rule_out = rule;
	return r;
}

/* One line of UTF-8 without controls. */
static bool
is_line(struct slice s)
{
	if (!slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}

int
before_rules_read(struct arena *arena, struct slice text,
    struct before_rules *rules_out, struct before_fault *fault_out)
{
	struct reading reading = { arena, SAY_WANT_FEWER };
	struct before_rules rules = { 0 };
	unsigned number = 0;
	int r = text.len > BEFORE_TEXT_MOST ? -EINVAL : 0;

	while (r == 0 && text.len > 0) {
		struct slice line;

		if (!slice_cut(&text, '\n', &line)) {
			line = text;
			text = slice_after(text, text.len);
		}
		line = slice_trim(line);
		number++;
		if (line.len == 0)
			continue;
		reading.want = SAY_UNFIT;
		if (!is_line(line))
			r = -EINVAL;
		else if (rules.rule_count == BEFORE_RULES_MOST) {
			reading.want = SAY_WANT_FEWER;
			r = -EINVAL;
		} else {
			r = read_rule(&reading, line,
			    &rules.rules[rules.rule_count++]);
		}
	}
	if (r == 0)
		*rules_out = rules;
	else if (r == -EINVAL)
		*fault_out = (struct before_fault){ number, reading.want };
	return r;
}

/* Writing */

static void
write_test(struct text *text, const struct before_test *test)
{
	text_add_str(text, what_words[test->what]);
	if (test->what == BEFORE_ANY)
		return;
	if (test->what == BEFORE_HEADER) {
		text_add_byte(text, ' ');
		text_add(text, test->name);
	}
	text_addf(text, "%s %s ", test->is_not ? " not" : "",
	    how_words[test->how]);
	if (test->what == BEFORE_SIZE) {
		unit_write(text, UNIT_BYTES, test->number);
	} else if (test->what == BEFORE_AGE) {
		unit_write(text, UNIT_DAYS, test->number);
	} else {
		text_add_byte(text, '"');
		text_add(text, test->text);
		text_add_byte(text, '"');
	}
}

void
before_rule_write(struct text *text, const struct before_rule *rule)
{
	for (unsigned i = 0; i < rule->test_count; i++) {
		if (i > 0)
			text_add_str(text, " and ");
		write_test(text, &rule->tests[i]);
	}
	text_addf(text, " -> %s", action_words[rule->action]);
}

void
before_rules_write(struct text *text, const struct before_rules *rules)
{
	for (unsigned i = 0; i < rules->rule_count; i++) {
		before_rule_write(text, &rules->rules[i]);
		text_add_byte(text, '\n');
	}
}

/* Judging */

enum truth { NO, YES, UNSEEN };

static bool
is_amount(const struct before_test *test, uint64_t number)
{
	return test->how == BEFORE_ABOVE ? number > test->number :
	    number < test->number;
}

static enum truth
judge_age(const struct before_test *test, const struct before_message *message)
{
	int64_t came = header_came_at(message->header);
	uint64_t limit = test->number * DAY_SECONDS, age;

	if (came < 0)
		return NO;
	age = came > message->now_utc_s ? 0 :
	    (uint64_t)(message->now_utc_s - came);
	return (test->how == BEFORE_ABOVE ? age > limit : age < limit) ?
	    YES : NO;
}

static bool
has_text(struct slice value, struct slice text)
{
	for (; value.len >= text.len; value = slice_after(value, 1))
		if (slice_is_nocase(slice_first(value, text.len), text))
			return true;
	return false;
}

/* Is `text` one of the addresses that stand in a field, as people write it? */
static bool
has_address(struct slice value, struct slice text)
{
	for (size_t at = 0; at + text.len <= value.len; at++) {
		struct slice rest = slice_after(value, at + text.len);

		if (!slice_is_nocase(slice_first(slice_after(value, at),
		    text.len), text))
			continue;
		if ((at == 0 || strchr(" <,", value.at[at - 1]) != NULL) &&
		    (rest.len == 0 || strchr(" >,", rest.at[0]) != NULL))
			return true;
	}
	return false;
}

static bool
fits(const struct before_test *test, struct slice value)
{
	bool is_address = slice_find(test->text, '@') != SIZE_MAX &&
	    (test->what == BEFORE_FROM || test->what == BEFORE_TO);

	switch (test->how) {
	case BEFORE_EQUALS:
		return slice_is_nocase(value, test->text) ||
		    (is_address && has_address(value, test->text));
	case BEFORE_BEGINS:
		return slice_is_nocase(slice_first(value, test->text.len),
		    test->text);
	default:
		return has_text(value, test->text);
	}
}

static bool
is_field_of(const struct before_test *test, struct slice name)
{
	switch (test->what) {
	case BEFORE_FROM:
		return slice_is_word(name, "From");
	case BEFORE_TO:
		return slice_is_word(name, "To") || slice_is_word(name, "Cc");
	case BEFORE_SUBJECT:
		return slice_is_word(name, "Subject");
	default:
		return slice_is_nocase(name, test->name);
	}
}

static enum truth
judge_text(const struct before_test *test, struct slice header)
{
	TEXT_AUTO value = TEXT_INIT(VALUE_MOST);
	struct header_field field;
	bool found = false;

	/* a header that cannot be had says neither this nor that */
	if (header.len == 0)
		return NO;
	while (!found && header_next(&header, &field)) {
		if (!is_field_of(test, field.name))
			continue;
		text_clear(&value);
		/* of one that is too long the beginning counts */
		words_decode(&value, field.value);
		found = fits(test, text_slice(&value));
	}
	return found != test->is_not ? YES : NO;
}

static enum truth
judge_test(const struct before_test *test,
    const struct before_message *message)
{
	if (test->what == BEFORE_ANY)
		return YES;
	if (test->what == BEFORE_SIZE)
		return message->bytes != 0 && is_amount(test, message->bytes) ?
		    YES : NO;
	if (!message->has_header)
		return UNSEEN;
	return test->what == BEFORE_AGE ? judge_age(test, message) :
	    judge_text(test, message->header);
}

/* One test that is not true is enough, whatever the others would be. */
static enum truth
judge_rule(const struct before_rule *rule,
    const struct before_message *message)
{
	enum truth all = YES;

	for (unsigned i = 0; i < rule->test_count; i++) {
		enum truth one = judge_test(&rule->tests[i], message);

		if (one == NO)
			return NO;
		if (one == UNSEEN)
			all = UNSEEN;
	}
	return all;
}

enum before_answer
before_rules_judge(const struct before_rules *rules,
    const struct before_message *message, enum before_action *action_out,
    const struct before_rule **rule_out)
{
	for (unsigned i = 0; i < rules->rule_count; i++) {
		enum truth truth = judge_rule(&rules->rules[i], message);

		if (truth == UNSEEN)
			return BEFORE_WANTS_HEADER;
		if (truth == YES) {
			*action_out = rules->rules[i].action;
			*rule_out = &rules->rules[i];
			return BEFORE_DECIDED;
		}
	}
	*action_out = BEFORE_NOW;
	*rule_out = NULL;
	return BEFORE_DECIDED;
}
