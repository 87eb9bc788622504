/*
 * rule_run.c - the postmaster's rules about one message
 *
 * A "no" must be known: where something was not looked at, or a pattern was
 * given up, the answer is a doubt, and it goes through any, not and a whole
 * rule as an unknown does in logic.  A "yes" needs no more than was looked at.
 */
#include "filters/rule_run.h"

#include <errno.h>

#include "filters/rule_parts.h"
#include "filters/rule_value.h"
#include "lib/base/loop.h"

/* The texts, and the list of them: a quarter more than their bytes. */
#define TEXTS_BUDGET(bytes)	((bytes) + (bytes) / 4 + (1u << 20))

/* Addresses are texts too: the next kind behind those of a message. */
#define ADDRESSES	TEXTS_KINDS
/* So are the names in archives. */
#define INSIDE		(TEXTS_KINDS + 1)
#define SEEN_KINDS	(TEXTS_KINDS + 2)

struct run {
	const struct rules	*rules;
	const struct envelope	*envelope;
	const struct findings	*findings;
	const struct rule_trial	*trial;
	const struct rule	*rule;		/* that is asked */
	const struct mime_part	*root;
	struct arena		*arena;		/* what is read of it is there */
	uint64_t		 size;		/* bytes of the message */
	uint64_t		 ends_at_ms;
	struct texts		 texts;
	uint64_t		*seen[SEEN_KINDS];	/* prefilter.h */
	int			 error;		/* 0 or -ENOMEM */
	struct rule_match	 match;		/* of the last yes */
	/* of the first doubt since a rule began */
	const char		*why;
	unsigned		 why_line;
};

static const char no_sender[] = "its sender is not known here";
static const char no_recipients[] = "its recipients are not known here";
static const char no_remote[] = "who sent it is not known here";
static const char no_finding[] = "nobody was asked for that here";

bool
rule_why_is_unknown(const char *why)
{
	return why == no_sender || why == no_recipients ||
	    why == no_remote || why == no_finding;
}

static enum rule_answer
doubt(struct run *run, const struct rule_test *test, const char *why)
{
	if (run->why == NULL) {
		run->why = why;
		run->why_line = test->line;
	}
	return RULE_DOUBT;
}

/* Of two tests that must both hold; of two of which one must. */
static enum rule_answer
both(enum rule_answer a, enum rule_answer b)
{
	return a == RULE_NO || b == RULE_NO ? RULE_NO : a == RULE_DOUBT ? a : b;
}

static enum rule_answer
either(enum rule_answer a, enum rule_answer b)
{
	return a == RULE_YES || b == RULE_YES ? RULE_YES :
	    a == RULE_DOUBT ? a : b;
}

/* All of this text is what was asked for. */
static enum rule_answer
matches(struct run *run, const struct texts_one *one, struct slice text)
{
	run->match = (struct rule_match){ .text = text, .end = text.len };
	if (one != NULL) {
		run->match.name = one->name;
		run->match.part = one->part;
	}
	return RULE_YES;
}

/* Search one text, `one` or an address, for the pattern of `test`. */
static enum rule_answer
search(struct run *run, const struct rule_test *test,
    const struct texts_one *one, struct slice text)
{
	switch (pattern_match(run->rules->patterns[test->pattern], text,
	    run->rules->space, run->ends_at_ms)) {
	case PATTERN_YES:
		(void)matches(run, one, text);
		pattern_found(run->rules->space, &run->match.from,
		    &run->match.end);
		return RULE_YES;
	case PATTERN_NO:
		return RULE_NO;
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
static enum rule_answer
unless_unread(struct run *run, const struct rule_test *test,
    enum texts_kind kind, enum rule_answer answer)
{
	const char *why = run->texts.unread[kind];

	return answer == RULE_NO && why != NULL ? doubt(run, test, why) : answer;
}

/* Search all texts of a kind, or those called test->word. */
static enum rule_answer
search_texts(struct run *run, const struct rule_test *test,
    enum texts_kind kind)
{
	const struct texts_one *one = run->texts.first[kind];
	enum rule_answer answer = RULE_NO;

	if (is_ruled_out(run, test, kind))
		one = NULL;
	for (; one != NULL && answer != RULE_YES; one = one->next)
		if (test->kind != RULE_HEADER ||
		    slice_is_nocase(one->name, test->word))
			answer = either(answer, search(run, test, one,
			    test->kind == RULE_ANY_HEADER ? one->whole :
			    one->text));
	return unless_unread(run, test, kind, answer);
}

static enum rule_answer
header_exists(struct run *run, const struct rule_test *test)
{
	const struct texts_one *one = run->texts.first[TEXTS_HEADER];

	for (; one != NULL; one = one->next)
		if (slice_is_nocase(one->name, test->word))
			return matches(run, one, one->text);
	return unless_unread(run, test, TEXTS_HEADER, RULE_NO);
}

static enum rule_answer
attachment_type(struct run *run, const struct rule_test *test,
    enum texts_kind kind)
{
	const struct texts_one *one = run->texts.first[kind];

	for (; one != NULL; one = one->next)
		if (rule_type_is(one->text, test->word))
			return matches(run, one, one->text);
	return unless_unread(run, test, kind, RULE_NO);
}

/* Of a name in an archive all of it may match, or what is behind its folders. */
static enum rule_answer
search_inside(struct run *run, const struct rule_test *test)
{
	const struct scan_answer *scan = &run->findings->scan;
	const char *why = scan_answer_unlisted(scan);
	enum rule_answer answer = RULE_NO;
	struct slice name, last;
	size_t at = 0;

	if (run->trial != NULL && run->trial->findings != NULL)
		return doubt(run, test, no_finding);
	while (!is_ruled_out(run, test, INSIDE) && answer != RULE_YES &&
	    packed_next(&scan->packed, &at, &name)) {
		last = packed_last(name);
		answer = either(answer, search(run, test, NULL, name));
		if (answer != RULE_YES && last.len < name.len)
			answer = either(answer, search(run, test, NULL, last));
	}
	return answer == RULE_NO && why != NULL ? doubt(run, test, why) :
	    answer;
}

static enum rule_answer
address_is(struct run *run, const struct rule_test *test, struct slice address)
{
	int r = rule_address_is(test->whose, test->word, address);

	if (r < 0)
		run->error = r;
	return r > 0 ? matches(run, NULL, address) : RULE_NO;
}

/* Nobody knows it any more. */
static bool
is_unknown(const struct run *run, unsigned what)
{
	return run->trial != NULL && (run->trial->unknown & what) != 0;
}

static enum rule_answer
sender(struct run *run, const struct rule_test *test)
{
	struct slice address = run->envelope->sender;

	if (is_unknown(run, RULE_NO_SENDER))
		return doubt(run, test, no_sender);
	if (test->kind == RULE_SENDER)
		return address_is(run, test, address);
	return is_ruled_out(run, test, ADDRESSES) ? RULE_NO :
	    search(run, test, NULL, address);
}

static enum rule_answer
recipient(struct run *run, const struct rule_test *test)
{
	const struct envelope *env = run->envelope;
	enum rule_answer answer = RULE_NO;

	if (is_unknown(run, RULE_NO_RECIPIENT))
		return doubt(run, test, no_recipients);
	if (test->kind == RULE_RECIPIENT_LIKE &&
	    is_ruled_out(run, test, ADDRESSES))
		return RULE_NO;
	for (size_t i = 0; i < env->recipient_count && answer != RULE_YES;
	    i++) {
		struct slice address = env->recipients[i].address;

		answer = either(answer, test->kind == RULE_RECIPIENT ?
		    address_is(run, test, address) :
		    search(run, test, NULL, address));
		address = env->recipients[i].via;
		if (answer != RULE_YES && address.len > 0)
			answer = either(answer, test->kind == RULE_RECIPIENT ?
			    address_is(run, test, address) :
			    search(run, test, NULL, address));
	}
	return answer;
}

static enum rule_answer
yes_if(bool yes)
{
	return yes ? RULE_YES : RULE_NO;
}

static enum rule_answer	ask(struct run *, const struct rule_test *);

static enum rule_answer
ask_any(struct run *run, const struct rule_test *test)
{
	enum rule_answer answer = RULE_NO;

	/* as deep as RULE_NEST_MOST */
	for (test = test->inside; test != NULL && answer != RULE_YES;
	    test = test->next)
		answer = either(answer, ask(run, test));
	return answer;
}

static enum rule_answer
finding(struct run *run, const struct rule_test *test)
{
	const struct rule_trial *trial = run->trial;
	uint32_t may, asked = UINT32_C(1) << test->value;

	if (trial == NULL || trial->findings == NULL)
		return yes_if(findings_row(test->row)->value(run->findings) ==
		    test->value);
	may = trial->findings[test->row];
	if ((may & asked) != 0 && may != asked)
		return doubt(run, test, no_finding);
	return yes_if(may == asked);
}

static enum rule_answer
listed(struct run *run, const struct rule_test *test)
{
	const struct rule_trial *trial = run->trial;

	if (trial == NULL || trial->findings == NULL)
		return yes_if(listed_is(&run->findings->listed, test->word));
	if (trial->lists == NULL)
		return doubt(run, test, no_finding);
	for (size_t i = 0; i < trial->list_count; i++)
		if (slice_is_word(test->word, trial->lists[i]))
			return RULE_YES;
	return RULE_NO;
}

/* What rspamd said; a trial, and a message that it did not answer, has none. */
static enum rule_answer
rspamd(struct run *run, const struct rule_test *test)
{
	const struct rspamd_found *found = &run->findings->rspamd;

	if (run->trial != NULL && run->trial->findings != NULL)
		return doubt(run, test, no_finding);
	if (found->result <= RSPAMD_FAILED)
		return RULE_NO;
	if (test->kind == RULE_SYMBOL)
		return yes_if(rspamd_has(found, test->word));
	return yes_if(test->kind == RULE_SCORE_ABOVE ?
	    found->score > test->score : found->score < test->score);
}

/*
 * The host that sent it: of what our provider brought, the one that handed it
 * to the provider.
 */
static enum rule_answer
remote(struct run *run, const struct rule_test *test)
{
	const struct envelope *env = run->envelope;
	struct slice peer = envelope_is_taken_on(env->source) ?
	    env->hop.peer : env->peer;

	if (is_unknown(run, RULE_NO_REMOTE) && peer.len == 0)
		return doubt(run, test, no_remote);
	return rule_net_has(&test->net, peer) ? matches(run, NULL, peer) :
	    RULE_NO;
}

static enum rule_answer
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
	case RULE_ATTACHMENT_INSIDE:
		return search_inside(run, test);
	case RULE_ATTACHMENT_REAL_LIKE:
		return search_texts(run, test, TEXTS_REAL);
	case RULE_ATTACHMENT_TYPE_LIKE:
		return search_texts(run, test, TEXTS_TYPE);
	case RULE_SENDER:
	case RULE_SENDER_LIKE:
		return sender(run, test);
	case RULE_RECIPIENT:
	case RULE_RECIPIENT_LIKE:
		return recipient(run, test);
	case RULE_SIZE_ABOVE:
		return yes_if(run->size > test->bytes);
	case RULE_SIZE_BELOW:
		return yes_if(run->size < test->bytes);
	case RULE_REMOTE:
		return remote(run, test);
	case RULE_SOURCE:
		return yes_if(run->envelope->source == test->source);
	case RULE_SCORE_ABOVE:
	case RULE_SCORE_BELOW:
	case RULE_SYMBOL:
		return rspamd(run, test);
	case RULE_FINDING:
		return finding(run, test);
	case RULE_LISTED:
		return listed(run, test);
	}
	return RULE_NO;
}

static enum rule_answer
ask(struct run *run, const struct rule_test *test)
{
	const struct rule_trial *trial = run->trial;
	enum rule_answer answer;

	run->match = (struct rule_match){ .from = 0 };
	answer = ask_kind(run, test);
	if (test->negated && answer != RULE_DOUBT) {
		answer = answer == RULE_YES ? RULE_NO : RULE_YES;
		run->match = (struct rule_match){ .from = 0 };
	}
	if (trial != NULL && trial->test != NULL)
		trial->test(trial->arg, run->rule, test, answer, &run->match);
	return answer;
}

/* Does it cost a search?  Such tests are asked when no other has said no. */
static bool
is_costly(const struct rule_test *test)
{
	return test->pattern != RULE_NO_PATTERN || test->kind == RULE_ANY;
}

static enum rule_answer
ask_rule(struct run *run, const struct rule *rule)
{
	const struct rule_test *test;
	enum rule_answer answer = RULE_YES;

	run->why = NULL;
	run->rule = rule;
	for (unsigned costly = 0; costly < 2; costly++)
		for (test = rule->tests; test != NULL && answer != RULE_NO;
		    test = test->next)
			if (is_costly(test) == (costly == 1))
				answer = both(answer, ask(run, test));
	return answer;
}

/* Those it removes; where they are not certain, the rule is a doubt instead. */
static void
note_removals(struct run *run, const struct rule *rule,
    struct rule_outcome *outcome)
{
	const struct rule_parts_ask ask = { .rules = run->rules,
	    .root = run->root, .texts = &run->texts,
	    .ends_at_ms = run->ends_at_ms, .arena = run->arena };
	struct rule_parts parts;
	int r = rule_parts_find(&ask, rule, &parts);

	if (r == -ENOBUFS) {
		/* it would be no less another time */
		parts = (struct rule_parts){ .why = "memory is out" };
	} else if (r < 0) {
		run->error = r;
		return;
	}
	if (parts.why == NULL && parts.count > RULE_REMOVALS_MOST -
	    outcome->removal_count)
		parts.why = "there are too many attachments to be removed";
	if (parts.why != NULL) {
		outcome->doubts[outcome->doubt_count++] =
		    (struct rule_doubt){ rule, rule->line, parts.why };
		return;
	}
	for (size_t i = 0; i < parts.count; i++)
		outcome->removals[outcome->removal_count++] =
		    (struct rule_removal){ rule, parts.part[i] };
}

static void
note_hit(struct run *run, const struct rule *rule,
    struct rule_outcome *outcome)
{
	const struct rule_action *action;

	outcome->hits[outcome->hit_count++] = rule;
	if (rule->is_shadow)
		return;
	for (action = rule->actions; action != NULL; action = action->next)
		outcome->deeds[outcome->deed_count++] =
		    (struct rule_deed){ rule, action };
	if (rule_removes(rule))
		note_removals(run, rule, outcome);
	if (rule->stops)
		outcome->stopped_by = rule;
}

static void
ask_rules(struct run *run, struct rule_outcome *outcome)
{
	const struct rule_trial *trial = run->trial;
	const struct rules *rules = run->rules;

	for (size_t i = 0; i < rules->count && outcome->stopped_by == NULL &&
	    run->error == 0; i++) {
		const struct rule *rule = &rules->rules[i];
		enum rule_answer answer = ask_rule(run, rule);

		if (trial != NULL && trial->rule != NULL)
			trial->rule(trial->arg, rule, answer, run->why_line,
			    run->why);
		if (answer == RULE_YES)
			note_hit(run, rule, outcome);
		else if (answer == RULE_DOUBT && !rule->is_shadow)
			outcome->doubts[outcome->doubt_count++] =
			    (struct rule_doubt){ rule, run->why_line,
			    run->why };
	}
}

/* Before the texts: they may spend the arena. */
static int
seen_new(struct run *run)
{
	for (unsigned k = 0; k < SEEN_KINDS; k++) {
		run->seen[k] = arena_array(run->arena,
		    prefilter_seen_longs(run->rules->prefilter),
		    sizeof(uint64_t));
		if (run->seen[k] == NULL)
			return -ENOBUFS;
	}
	return 0;
}

/* The one pass over every text. */
static void
scan(struct run *run)
{
	const struct prefilter *prefilter = run->rules->prefilter;
	const struct envelope *env = run->envelope;
	const struct texts_one *one;
	struct slice name;
	size_t at = 0;

	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (one = run->texts.first[k]; one != NULL; one = one->next)
			prefilter_scan(prefilter, one->whole, run->seen[k]);
	while (packed_next(&run->findings->scan.packed, &at, &name))
		prefilter_scan(prefilter, name, run->seen[INSIDE]);
	prefilter_scan(prefilter, env->sender, run->seen[ADDRESSES]);
	for (size_t i = 0; i < env->recipient_count; i++) {
		prefilter_scan(prefilter, env->recipients[i].address,
		    run->seen[ADDRESSES]);
		prefilter_scan(prefilter, env->recipients[i].via,
		    run->seen[ADDRESSES]);
	}
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
	outcome.hits = arena_array(arena, rules->count,
	    sizeof(*outcome.hits));
	outcome.removals = arena_array(arena, RULE_REMOVALS_MOST,
	    sizeof(*outcome.removals));
	if (outcome.deeds == NULL || outcome.doubts == NULL ||
	    outcome.hits == NULL || outcome.removals == NULL)
		return -ENOBUFS;
	*outcome_out = outcome;
	return 0;
}

int
rules_run(const struct rules *rules, struct slice message,
    const struct mime_part *root, const struct envelope *env,
    const struct findings *findings, const struct rule_trial *trial,
    struct arena *arena, struct rule_outcome *outcome_out)
{
	const struct texts_limits *limits = trial == NULL ||
	    trial->texts == NULL ? &texts_default_limits : trial->texts;
	ARENA_AUTO own = arena_new(TEXTS_BUDGET(limits->all_bytes));
	struct run run = {
		.rules = rules, .envelope = env, .findings = findings,
		.trial = trial, .size = message.len, .root = root,
		.arena = own,
	};
	struct rule_outcome outcome;
	int r;

	if (own == NULL)
		return -ENOMEM;
	r = outcome_new(rules, arena, &outcome);
	if (r == 0)
		r = seen_new(&run);
	if (r < 0)
		return r;
	texts_read(message, root, rules->kinds, limits, own, &run.texts);
	scan(&run);
	run.ends_at_ms = clock_ms() + RULE_RUN_MS;
	ask_rules(&run, &outcome);
	if (run.error < 0)
		return run.error;
	*outcome_out = outcome;
	return 0;
}
