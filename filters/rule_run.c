/*
 * rule_run.c - the postmaster's rules about one message
 *
 * A "no" must be known: where something was not looked at, or a pattern was
 * given up, the answer is DOUBT, and it goes through any, not and a whole rule
 * as an unknown does in logic.  A "yes" needs no more than was looked at.
 */
#include "filters/rule_run.h"

#include <errno.h>

#include "filters/rule_value.h"
#include "lib/base/loop.h"

/* The texts, and the list of them: a quarter more than their bytes. */
#define TEXTS_BUDGET(bytes)	((bytes) + (bytes) / 4 + (1u << 20))

enum answer { NO, YES, DOUBT };

/* Addresses are texts too: the next kind behind those of a message. */
#define ADDRESSES	TEXTS_KINDS
#define SEEN_KINDS	(TEXTS_KINDS + 1)

struct run {
	const struct rules	*rules;
	const struct envelope	*envelope;
	const struct findings	*findings;
	uint64_t		 size;		/* bytes of the message */
	uint64_t		 ends_at_ms;
	struct texts		 texts;
	uint64_t		*seen[SEEN_KINDS];	/* prefilter.h */
	int			 error;		/* 0 or -ENOMEM */
	/* of the first doubt since a rule began */
	const char		*why;
	unsigned		 why_line;
};

static enum answer
doubt(struct run *run, const struct rule_test *test, const char *why)
{
	if (run->why == NULL) {
		run->why = why;
		run->why_line = test->line;
	}
	return DOUBT;
}

/* Of two tests that must both hold; of two of which one must. */
static enum answer
both(enum answer a, enum answer b)
{
	return a == NO || b == NO ? NO : a == DOUBT ? a : b;
}

static enum answer
either(enum answer a, enum answer b)
{
	return a == YES || b == YES ? YES : a == DOUBT ? a : b;
}

/* Search one text for the pattern of `test`. */
static enum answer
search(struct run *run, const struct rule_test *test, struct slice text)
{
	switch (pattern_match(run->rules->patterns[test->pattern], text,
	    run->rules->space, run->ends_at_ms)) {
	case PATTERN_YES:
		return YES;
	case PATTERN_NO:
		return NO;
	default:
		return doubt(run, test, pattern_why(run->rules->space));
	}
}

/* None of the texts of this kind holds what the pattern needs. */
static bool
is_ruled_out(const struct run *run, const struct rule_test *test,
    unsigned kind)
{
	return !prefilter_chooses(run->rules->prefilter, test->pattern,
	    run->seen[kind]);
}

/* What was not read of this kind can turn a "no" into a doubt. */
static enum answer
unless_unread(struct run *run, const struct rule_test *test,
    enum texts_kind kind, enum answer answer)
{
	const char *why = run->texts.unread[kind];

	return answer == NO && why != NULL ? doubt(run, test, why) : answer;
}

/* Search all texts of a kind, or those called test->word. */
static enum answer
search_texts(struct run *run, const struct rule_test *test,
    enum texts_kind kind)
{
	const struct texts_one *one = run->texts.first[kind];
	enum answer answer = NO;

	if (is_ruled_out(run, test, kind))
		one = NULL;
	for (; one != NULL && answer != YES; one = one->next)
		if (test->kind != RULE_HEADER ||
		    slice_is_nocase(one->name, test->word))
			answer = either(answer, search(run, test,
			    test->kind == RULE_ANY_HEADER ? one->whole :
			    one->text));
	return unless_unread(run, test, kind, answer);
}

static enum answer
header_exists(struct run *run, const struct rule_test *test)
{
	const struct texts_one *one = run->texts.first[TEXTS_HEADER];

	for (; one != NULL; one = one->next)
		if (slice_is_nocase(one->name, test->word))
			return YES;
	return unless_unread(run, test, TEXTS_HEADER, NO);
}

/* `type` is TYPE/SUBTYPE as the message has it, `want` may end in a star. */
static bool
is_of_type(struct slice type, struct slice want)
{
	if (want.at[want.len - 1] != '*')
		return slice_is_nocase(type, want);
	return slice_is_nocase(slice_first(type, want.len - 1),
	    slice_first(want, want.len - 1));
}

static enum answer
attachment_type(struct run *run, const struct rule_test *test,
    enum texts_kind kind)
{
	const struct texts_one *one = run->texts.first[kind];

	for (; one != NULL; one = one->next)
		if (is_of_type(one->text, test->word))
			return YES;
	return unless_unread(run, test, kind, NO);
}

static enum answer
address_is(struct run *run, const struct rule_test *test, struct slice address)
{
	int r = rule_address_is(test->whose, test->word, address);

	if (r < 0)
		run->error = r;
	return r > 0 ? YES : NO;
}

static enum answer
recipient(struct run *run, const struct rule_test *test)
{
	const struct envelope *env = run->envelope;
	enum answer answer = NO;

	if (test->kind == RULE_RECIPIENT_LIKE &&
	    is_ruled_out(run, test, ADDRESSES))
		return NO;
	for (size_t i = 0; i < env->recipient_count && answer != YES; i++) {
		struct slice address = env->recipients[i].address;

		answer = either(answer, test->kind == RULE_RECIPIENT ?
		    address_is(run, test, address) :
		    search(run, test, address));
	}
	return answer;
}

static enum answer
yes_if(bool yes)
{
	return yes ? YES : NO;
}

static enum answer	ask(struct run *, const struct rule_test *);

static enum answer
ask_any(struct run *run, const struct rule_test *test)
{
	enum answer answer = NO;

	/* as deep as RULE_NEST_MOST */
	for (test = test->inside; test != NULL && answer != YES;
	    test = test->next)
		answer = either(answer, ask(run, test));
	return answer;
}

/*
 * The host that sent it: of what our provider brought, the one that handed it
 * to the provider.
 */
static struct slice
remote(const struct run *run)
{
	const struct envelope *env = run->envelope;

	return envelope_is_taken_on(env->source) ? env->hop.peer : env->peer;
}

static enum answer
ask_kind(struct run *run, const struct rule_test *test)
{
	switch (test->kind) {
	case RULE_ANY:
		return ask_any(run, test);
	case RULE_HEADER:
	case RULE_ANY_HEADER:
		return search_texts(run, test, TEXTS_HEADER);
	case RULE_HEADER_EXISTS:
		return header_exists(run, test);
	case RULE_BODY:
		return search_texts(run, test, TEXTS_BODY);
	case RULE_ATTACHMENT_NAME:
		return search_texts(run, test, TEXTS_NAME);
	case RULE_ATTACHMENT_TYPE:
		return attachment_type(run, test, TEXTS_TYPE);
	case RULE_ATTACHMENT_REAL:
		return attachment_type(run, test, TEXTS_REAL);
	case RULE_ATTACHMENT_REAL_LIKE:
		return search_texts(run, test, TEXTS_REAL);
	case RULE_ATTACHMENT_TYPE_LIKE:
		return search_texts(run, test, TEXTS_TYPE);
	case RULE_SENDER:
		return address_is(run, test, run->envelope->sender);
	case RULE_SENDER_LIKE:
		return is_ruled_out(run, test, ADDRESSES) ? NO :
		    search(run, test, run->envelope->sender);
	case RULE_RECIPIENT:
	case RULE_RECIPIENT_LIKE:
		return recipient(run, test);
	case RULE_SIZE_ABOVE:
		return yes_if(run->size > test->bytes);
	case RULE_SIZE_BELOW:
		return yes_if(run->size < test->bytes);
	case RULE_REMOTE:
		return yes_if(rule_net_has(&test->net, remote(run)));
	case RULE_SOURCE:
		return yes_if(run->envelope->source == test->source);
	case RULE_FINDING:
		return yes_if(findings_row(test->row)->value(run->findings) ==
		    test->value);
	}
	return NO;
}

static enum answer
ask(struct run *run, const struct rule_test *test)
{
	enum answer answer = ask_kind(run, test);

	if (!test->negated || answer == DOUBT)
		return answer;
	return answer == YES ? NO : YES;
}

/* Does it cost a search?  Such tests are asked when no other has said no. */
static bool
is_costly(const struct rule_test *test)
{
	return test->pattern != RULE_NO_PATTERN || test->kind == RULE_ANY;
}

static enum answer
ask_rule(struct run *run, const struct rule *rule)
{
	const struct rule_test *test;
	enum answer answer = YES;

	run->why = NULL;
	for (unsigned costly = 0; costly < 2; costly++)
		for (test = rule->tests; test != NULL && answer != NO;
		    test = test->next)
			if (is_costly(test) == (costly == 1))
				answer = both(answer, ask(run, test));
	return answer;
}

static void
note_hit(const struct rule *rule, struct rule_outcome *outcome)
{
	const struct rule_action *action;

	for (action = rule->actions; action != NULL; action = action->next)
		outcome->deeds[outcome->deed_count++] =
		    (struct rule_deed){ rule, action };
	if (rule->stops)
		outcome->stopped_by = rule;
}

static void
ask_rules(struct run *run, struct rule_outcome *outcome)
{
	const struct rules *rules = run->rules;

	for (size_t i = 0; i < rules->count && outcome->stopped_by == NULL &&
	    run->error == 0; i++) {
		const struct rule *rule = &rules->rules[i];
		enum answer answer = ask_rule(run, rule);

		if (answer == YES)
			note_hit(rule, outcome);
		else if (answer == DOUBT)
			outcome->doubts[outcome->doubt_count++] =
			    (struct rule_doubt){ rule, run->why_line,
			    run->why };
	}
}

/* The one pass over every text. */
static int
scan(struct run *run, struct arena *arena)
{
	const struct prefilter *prefilter = run->rules->prefilter;
	const struct envelope *env = run->envelope;
	const struct texts_one *one;

	for (unsigned k = 0; k < SEEN_KINDS; k++) {
		run->seen[k] = arena_array(arena,
		    prefilter_seen_longs(prefilter), sizeof(uint64_t));
		if (run->seen[k] == NULL)
			return -ENOBUFS;
	}
	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (one = run->texts.first[k]; one != NULL; one = one->next)
			prefilter_scan(prefilter, one->whole, run->seen[k]);
	prefilter_scan(prefilter, env->sender, run->seen[ADDRESSES]);
	for (size_t i = 0; i < env->recipient_count; i++)
		prefilter_scan(prefilter, env->recipients[i].address,
		    run->seen[ADDRESSES]);
	return 0;
}

static int
outcome_new(const struct rules *rules, struct arena *arena,
    struct rule_outcome *outcome_out)
{
	struct rule_outcome outcome = { 0 };

	outcome.deeds = arena_array(arena, rules->action_count,
	    sizeof(*outcome.deeds));
	outcome.doubts = arena_array(arena, rules->count,
	    sizeof(*outcome.doubts));
	if (outcome.deeds == NULL || outcome.doubts == NULL)
		return -ENOBUFS;
	*outcome_out = outcome;
	return 0;
}

int
rules_run(const struct rules *rules, struct slice message,
    const struct mime_part *root, const struct envelope *env,
    const struct findings *findings, const struct texts_limits *texts,
    struct arena *arena, struct rule_outcome *outcome_out)
{
	const struct texts_limits *limits = texts == NULL ?
	    &texts_default_limits : texts;
	ARENA_AUTO own = arena_new(TEXTS_BUDGET(limits->all_bytes));
	struct run run = {
		.rules = rules, .envelope = env, .findings = findings,
		.size = message.len,
	};
	struct rule_outcome outcome;
	int r;

	if (own == NULL)
		return -ENOMEM;
	r = outcome_new(rules, arena, &outcome);
	if (r < 0)
		return r;
	texts_read(message, root, rules->kinds, limits, own, &run.texts);
	r = scan(&run, own);
	if (r < 0)
		return r;
	run.ends_at_ms = clock_ms() + RULE_RUN_MS;
	ask_rules(&run, &outcome);
	if (run.error < 0)
		return run.error;
	*outcome_out = outcome;
	return 0;
}
