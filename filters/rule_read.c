/*
 * rule_read.c - the postmaster's rules, from their files
 */
#include "filters/rule_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "filters/rule_inside.h"
#include "filters/rule_parts.h"

/* Of all files at their limits, and what each word of them becomes. */
#define RULES_BUDGET	((size_t)64 << 20)
#define SHOWN_BYTES	60	/* of a token, in a fault */

void
rule_next(struct rule_reader *r)
{
	r->token = rule_token_take(&r->tokens);
}

bool
rule_takes(struct rule_reader *r, const char *word)
{
	if (r->token.kind != RULE_TOKEN_WORD ||
	    !slice_is_str(r->token.text, word))
		return false;
	rule_next(r);
	return true;
}

/* Begin the line of a fault; false when enough were told. */
static bool
fault_begin(struct rule_reader *r, unsigned line)
{
	r->fault_count++;
	if (r->fault_count == RULE_FAULTS_MOST + 1)
		text_add_str(r->faults, "there are more faults than these\n");
	if (r->fault_count > RULE_FAULTS_MOST)
		return false;
	text_add_escaped(r->faults, r->file, 255);
	text_addf(r->faults, ":%u: ", line);
	return true;
}

bool
rule_fault(struct rule_reader *r, unsigned line, const char *format, ...)
{
	va_list ap;

	if (!fault_begin(r, line))
		return false;
	va_start(ap, format);
	text_vaddf(r->faults, format, ap);
	va_end(ap);
	text_add_byte(r->faults, '\n');
	return false;
}

bool
rule_token_fault(struct rule_reader *r, const char *words)
{
	const struct rule_token *token = &r->token;

	/* what is wrong with it comes before what it should be */
	if (token->kind == RULE_TOKEN_BAD)
		return rule_fault(r, token->line, "%s", token->fault);
	if (!fault_begin(r, token->line))
		return false;
	if (token->kind == RULE_TOKEN_END) {
		text_add_str(r->faults, "the end of the file ");
	} else if (token->kind == RULE_TOKEN_LINE) {
		text_add_str(r->faults, "the end of the line ");
	} else {
		text_add_byte(r->faults, '"');
		text_add_escaped(r->faults, token->text, SHOWN_BYTES);
		text_add_str(r->faults, "\" ");
	}
	text_add_str(r->faults, words);
	text_add_byte(r->faults, '\n');
	return false;
}

bool
rule_no_memory(struct rule_reader *r)
{
	r->no_memory = true;
	return false;
}

bool
rule_end(struct rule_reader *r)
{
	switch (r->token.kind) {
	case RULE_TOKEN_LINE:
	case RULE_TOKEN_SEMICOLON:
		rule_next(r);
		return true;
	case RULE_TOKEN_CLOSE:
	case RULE_TOKEN_END:
		return true;
	default:
		return rule_token_fault(r, "is too much here; a statement "
		    "ends with \";\" or its line");
	}
}

void
rule_skip_statement(struct rule_reader *r)
{
	unsigned depth = 0;

	for (; r->token.kind != RULE_TOKEN_END; rule_next(r)) {
		if (r->token.kind == RULE_TOKEN_OPEN)
			depth++;
		if (depth == 0 && (r->token.kind == RULE_TOKEN_CLOSE ||
		    r->token.kind == RULE_TOKEN_LINE ||
		    r->token.kind == RULE_TOKEN_SEMICOLON))
			return;
		if (r->token.kind == RULE_TOKEN_CLOSE)
			depth--;
	}
}

bool
rule_keep(struct rule_reader *r, struct slice s, struct slice *kept_out)
{
	return arena_copy(r->rules->arena, s, kept_out) == 0 ||
	    rule_no_memory(r);
}

/* No control characters: what it goes into is one line. */
static bool
is_one_line(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}

bool
rule_take_string(struct rule_reader *r, size_t most, struct slice *string_out)
{
	TEXT_AUTO text = TEXT_INIT(r->token.text.len);

	if (r->token.kind != RULE_TOKEN_STRING)
		return rule_token_fault(r, "is not in double quotes");
	rule_string(&text, r->token.text);
	if (text_failed(&text))
		return rule_no_memory(r);
	if (text.len == 0)
		return rule_fault(r, r->token.line, "there is nothing between "
		    "the quotes");
	if (text.len > most)
		return rule_fault(r, r->token.line, "there are more than %zu "
		    "bytes between the quotes", most);
	if (!is_one_line(text_slice(&text)))
		return rule_fault(r, r->token.line, "there is a control "
		    "character between the quotes");
	if (!rule_keep(r, text_slice(&text), string_out))
		return false;
	rule_next(r);
	return true;
}

/* Where the next test and the next action of a rule are put. */
struct ends {
	struct rule_test	**test;
	struct rule_action	**action;
};

static bool
read_statement(struct rule_reader *r, struct rule *rule, struct ends *ends)
{
	unsigned line = r->token.line;

	if (rule->stops)
		return rule_fault(r, line, "nothing can follow stop");
	if (rule_takes(r, "shadow")) {
		if (rule->tests != NULL || rule->actions != NULL)
			return rule_fault(r, line, "shadow stands before the "
			    "tests of a rule");
		rule->is_shadow = true;
		return rule_end(r);
	}
	if (rule_takes(r, "stop")) {
		rule->stops = true;
		return rule_end(r);
	}
	if (rule_takes(r, "do")) {
		if (!rule_read_action(r, ends->action))
			return false;
		ends->action = &(*ends->action)->next;
		return rule_end(r);
	}
	if (rule->actions != NULL)
		return rule_fault(r, line, "a test stands behind what is to "
		    "be done; tests come first");
	if (!rule_read_test(r, 0, ends->test))
		return false;
	ends->test = &(*ends->test)->next;
	return rule_end(r);
}

/* What stands between the braces; *right_out: it had no fault of its own. */
static void
read_statements(struct rule_reader *r, struct rule *rule, bool *right_out)
{
	struct ends ends = { &rule->tests, &rule->actions };
	bool right = true;

	while (!r->no_memory && r->token.kind != RULE_TOKEN_CLOSE &&
	    r->token.kind != RULE_TOKEN_END) {
		if (r->token.kind == RULE_TOKEN_LINE ||
		    r->token.kind == RULE_TOKEN_SEMICOLON) {
			rule_next(r);
		} else if (!read_statement(r, rule, &ends)) {
			right = false;
			rule_skip_statement(r);
		}
	}
	*right_out = right;
}

static bool
read_body(struct rule_reader *r, struct rule *rule)
{
	bool right;

	while (r->token.kind == RULE_TOKEN_LINE)
		rule_next(r);
	if (r->token.kind != RULE_TOKEN_OPEN)
		return rule_token_fault(r, "is no \"{\"");
	rule_next(r);
	r->test_count = 0;
	r->action_count = 0;
	read_statements(r, rule, &right);
	if (r->token.kind != RULE_TOKEN_CLOSE)
		return r->no_memory ? false : rule_fault(r, rule->line,
		    "this rule has no \"}\"");
	rule_next(r);
	if (!right)
		return true;	/* that is told */
	if (rule->tests == NULL)
		return rule_fault(r, rule->line, "this rule has no test and "
		    "takes every message; if that is meant, write size > 0");
	if (rule->actions == NULL && !rule->stops)
		return rule_fault(r, rule->line, "this rule does nothing");
	if (rule_removes(rule) && !rule_names_parts(rule->tests))
		return rule_fault(r, rule->line, "remove attachment wants a "
		    "test that says which: attachment ..., or macro found");
	return true;
}

static const struct rule *
rule_called(const struct rules *rules, struct slice name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (slice_is(rules->rules[i].name, name))
			return &rules->rules[i];
	return NULL;
}

/* Read a rule, behind the word. */
static bool
read_rule(struct rule_reader *r, unsigned line)
{
	struct rules *rules = r->rules;
	struct rule *rule = &rules->rules[rules->count];
	const struct rule *other;
	struct slice name;

	if (rules->count == RULES_MOST)
		return rule_fault(r, line, "there are more than %d rules",
		    RULES_MOST);
	if (!rule_take_string(r, RULE_NAME_MOST, &name))
		return false;
	other = rule_called(rules, name);
	if (other != NULL)
		rule_fault(r, line, "a rule of this name stands in %.*s:%u",
		    SLICE_FMT(other->file), other->line);
	*rule = (struct rule){ .name = name, .file = r->file, .line = line,
	    .number = rules->count };
	rules->count++;
	return read_body(r, rule);
}

/* After a fault outside of any rule: go to the next line that begins one. */
static void
skip_to_rule(struct rule_reader *r)
{
	bool begins = true;

	for (; r->token.kind != RULE_TOKEN_END; rule_next(r)) {
		if (begins && r->token.kind == RULE_TOKEN_WORD &&
		    slice_is_str(r->token.text, "rule"))
			return;
		begins = r->token.kind == RULE_TOKEN_LINE ||
		    r->token.kind == RULE_TOKEN_CLOSE;
	}
}

static void
read_rules(struct rule_reader *r)
{
	rule_next(r);
	while (!r->no_memory && r->token.kind != RULE_TOKEN_END) {
		unsigned line = r->token.line;

		if (r->token.kind == RULE_TOKEN_LINE)
			rule_next(r);
		else if (!rule_takes(r, "rule")) {
			rule_token_fault(r, "is no rule; write rule \"name\" "
			    "{ ... }");
			rule_next(r);
			skip_to_rule(r);
		} else if (!read_rule(r, line)) {
			skip_to_rule(r);
		}
	}
}

/* The first line with a byte that is no UTF-8, or 0. */
static unsigned
broken_line(struct slice bytes)
{
	struct slice line;
	unsigned n = 1;

	for (; slice_cut(&bytes, '\n', &line); n++)
		if (!slice_is_utf8(line))
			return n;
	return slice_is_utf8(bytes) ? 0 : n;
}

static void
read_file(struct rule_reader *r, const struct rule_file *file)
{
	unsigned line;

	if (!rule_keep(r, file->name, &r->file))
		return;
	if (file->bytes.len > RULE_FILE_BYTES_MOST) {
		rule_fault(r, 1, "the file has more than %d bytes",
		    RULE_FILE_BYTES_MOST);
		return;
	}
	line = broken_line(file->bytes);
	if (line != 0) {
		rule_fault(r, line, "there is a byte that is no UTF-8 text");
		return;
	}
	r->tokens = rule_tokens_of(file->bytes);
	read_rules(r);
}

static int
by_name(const void *a, const void *b)
{
	const struct rule_file *const *one = a, *const *other = b;

	return slice_order((*one)->name, (*other)->name);
}

/* In the order of their names, which a folder does not keep. */
static int
read_files(struct rule_reader *r, const struct rule_file *files, size_t count)
{
	const struct rule_file **sorted;

	if (count > RULE_FILES_MOST) {
		r->file = slice_str("rules");
		rule_fault(r, 0, "there are more than %d files",
		    RULE_FILES_MOST);
		return 0;
	}
	sorted = calloc(count + 1, sizeof(*sorted));
	if (sorted == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &files[i];
	qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < count && !r->no_memory; i++)
		read_file(r, sorted[i]);
	free(sorted);
	return r->no_memory ? -ENOMEM : 0;
}

static int
rules_new(struct rules **rules_out, struct prefilter_pattern **sources_out)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules == NULL)
		return -ENOMEM;
	rules->arena = arena_new(RULES_BUDGET);
	if (rules->arena == NULL)
		goto undo;
	rules->rules = arena_array(rules->arena, RULES_MOST,
	    sizeof(*rules->rules));
	rules->patterns = arena_array(rules->arena, RULE_PATTERNS_MOST,
	    sizeof(struct pattern *));
	*sources_out = arena_array(rules->arena, RULE_PATTERNS_MOST + 1,
	    sizeof(**sources_out));
	if (rules->rules == NULL || rules->patterns == NULL ||
	    *sources_out == NULL ||
	    pattern_space_new(&pattern_default_limits, &rules->space) < 0)
		goto undo;
	*rules_out = rules;
	return 0;
undo:
	rules_free(rules);
	return -ENOMEM;
}

int
rules_read(const struct rule_file *files, size_t count,
    struct rules **rules_out, struct text *faults)
{
	struct rule_reader r = { .faults = faults };
	int e = rules_new(&r.rules, &r.sources);

	if (e < 0)
		return e;
	e = read_files(&r, files, count);
	if (e == 0 && r.fault_count > 0)
		e = -EINVAL;
	if (e == 0)
		e = prefilter_new(r.sources, r.rules->pattern_count,
		    &r.rules->prefilter);
	if (e < 0)
		rules_free(r.rules);
	else
		*rules_out = r.rules;
	return e;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->pattern_count; i++)
		pattern_free(rules->patterns[i]);
	prefilter_free(rules->prefilter);
	pattern_space_free(rules->space);
	arena_free(rules->arena);
	free(rules);
}
