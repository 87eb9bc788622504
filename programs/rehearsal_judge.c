/*
 * rehearsal_judge.c - one message of a rehearsal past the rules
 *
 * The code is that of the judge (filters/judge.h).  What a rule catches is judged
 * once more by the rules in force, so that it can be told what would be new.
 */
#include "programs/rehearsal.h"

#include <errno.h>
#include <string.h>

#include "programs/rules_bundle.h"

#define WHYS_MOST	(1u << 20)	/* of one message: 1,000 rules */

/* What is asked of one message. */
struct asking {
	const struct rehearsal	*rehearsal;
	const struct rule_book	*book;
	struct rehearsed_rule	*rules;	/* NULL: those in force, not counted */
	struct text		 why;	/* of the rule that is asked */
	bool			 has_match;
	bool			 is_unsure;	/* whether one holds is not known */
	struct text		 whys;	/* of those that hold, a NUL behind each */
	const struct rule	*held[RULES_MOST];
	size_t			 held_count;
};

static void
on_test(void *arg, const struct rule *rule, const struct rule_test *test,
    enum rule_answer answer, const struct rule_match *match)
{
	struct asking *asking = arg;

	/* the first that found something says most */
	if (asking->rules == NULL || answer != RULE_YES ||
	    test->kind == RULE_ANY || asking->has_match ||
	    (asking->why.len > 0 && match->text.len == 0))
		return;
	text_clear(&asking->why);
	asking->has_match = match->text.len > 0;
	text_addf(&asking->why, "%u: ", test->line);
	if (asking->has_match)
		rule_match_write(&asking->why, test, match);
	else
		cli_add_visible(&asking->why, rules_bundle_line(text_slice(
		    &asking->book->bundle), rule->file, test->line));
}

static void
on_rule(void *arg, const struct rule *rule, enum rule_answer answer,
    unsigned line, const char *why)
{
	struct asking *asking = arg;

	(void)line;
	if (answer == RULE_DOUBT)
		asking->is_unsure |= rule_why_is_unknown(why);
	if (asking->rules != NULL && answer == RULE_DOUBT) {
		struct rehearsed_rule *one = &asking->rules[rule->number];

		one->unknown += rule_why_is_unknown(why);
		one->unexamined += !rule_why_is_unknown(why);
		one->why = why;
	}
	if (asking->rules != NULL && answer == RULE_YES) {
		asking->held[asking->held_count++] = rule;
		text_add(&asking->whys, text_slice(&asking->why));
		text_add_byte(&asking->whys, '\0');
	}
	text_clear(&asking->why);
	asking->has_match = false;
}

/* What those came to is not the rules' doing. */
static void
forget_breaches(struct verdict *verdict)
{
	struct verdict words = *verdict;

	verdict_init(verdict);
	memcpy(verdict->from, words.from, sizeof(words.from));
	memcpy(verdict->subject, words.subject, sizeof(words.subject));
}

static int
ask(struct asking *asking, const struct rehearsed_message *message,
    struct verdict *verdict_out)
{
	const struct cli *cli = asking->rehearsal->cli;
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	uint32_t may[TRACED_ROWS];
	const struct rule_trial trial = { .findings = may, .test = on_test,
	    .rule = on_rule, .arg = asking };
	const struct judge_options options = {
		.hops = cli->config.hops, .rules = asking->book->rules,
		.virus = virus_default_policy, .host = cli->config.hostname,
		.trial = &trial,
	};
	struct judging judging;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	memcpy(may, message->may, sizeof(may));
	judge_begin(arena, message->bytes, &message->envelope, &options,
	    &judging);
	/* what it called itself still stands in a line */
	if (message->envelope.helo.len > 0)
		traced_set(may, "helo", slice_str(helo_word(
		    judging.findings.helo)));
	forget_breaches(&judging.verdict);
	r = judge_end(&judging, &options);
	if (r == 0)
		*verdict_out = judging.verdict;
	return r;
}

/* Counting */

/* Could it have kept the message from whom it is for? */
static bool
keeps_away(const struct rule *rule)
{
	const struct rule_action *action;

	for (action = rule->actions; action != NULL; action = action->next)
		if (action->verb != RULE_MARK_HEADER &&
		    action->verb != RULE_MARK_FOLDER)
			return !rule->is_shadow;
	return false;
}

/* At its severest; nobody is there to refuse what was taken on already. */
static enum verdict_action
wants(const struct rule *rule, enum envelope_source source)
{
	enum verdict_action most = VERDICT_ACCEPT, one;
	const struct rule_action *action;

	for (action = rule->actions; action != NULL; action = action->next) {
		one = action->verb == RULE_REFUSE ? VERDICT_REFUSE :
		    action->verb == RULE_HOLD ? VERDICT_HOLD :
		    action->verb == RULE_DISCARD ? VERDICT_QUARANTINE :
		    VERDICT_MARK;
		if (one == VERDICT_REFUSE && envelope_is_taken_on(source))
			one = VERDICT_HOLD;
		most = one > most ? one : most;
	}
	return most;
}

static bool
has_line(const struct verdict *verdict, const struct rule_action *action)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (slice_is_str(action->name, verdict->lines[i].name) &&
		    slice_is_str(action->words, verdict->lines[i].value))
			return true;
	return false;
}

/* Do the rules in force the same as this one would? */
static bool
does_same(const struct rule *rule, const struct verdict *does,
    enum envelope_source source)
{
	const struct rule_action *action;
	bool same = does->action == wants(rule, source);

	for (action = rule->actions; same && action != NULL;
	    action = action->next) {
		if (action->verb == RULE_MARK_FOLDER)
			same = slice_is_str(action->words, does->folder);
		else if (action->verb == RULE_REDIRECT)
			same = slice_is_str(action->words, does->redirect);
		else if (action->verb == RULE_MARK_HEADER)
			same = has_line(does, action);
		else if (action->verb == RULE_REMOVE)
			same = edits_take_parts(&does->edits);
	}
	return same;
}

static void
count(struct rehearsed_counts *counts, const struct rehearsed_message *message)
{
	counts->messages++;
	counts->where[message->where]++;
	counts->seen += (message->flags & LETTER_SEEN) != 0;
	counts->answered += (message->flags & LETTER_ANSWERED) != 0;
	counts->flagged += (message->flags & LETTER_FLAGGED) != 0;
	counts->moved += message->is_moved;
}

/* Examples */

/* What is cut is cut between characters, and nothing in it moves a terminal. */
static void
show(char to[REHEARSED_WORDS], size_t size, struct slice words)
{
	TEXT_AUTO visible = TEXT_INIT(4 * VERDICT_VALUE_MAX);
	size_t len;

	cli_add_visible(&visible, words);
	len = text_failed(&visible) ? 0 : visible.len;
	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)visible.at[len] & 0xc0) ==
		    0x80)
			len--;
	}
	if (len > 0)
		memcpy(to, visible.at, len);
	to[len] = '\0';
}

/* The place of one that is shown no more, or of a new one; NULL: none. */
static struct rehearsed_example *
make_room(const struct rehearsal *rehearsal, struct rehearsed_rule *rule,
    bool is_feared)
{
	struct rehearsed_example *least = rule->examples;

	if (rule->example_count < rehearsal->limit)
		return &rule->examples[rule->example_count++];
	for (size_t i = 1; i < rule->example_count; i++) {
		struct rehearsed_example *one = &rule->examples[i];

		if (one->is_feared != least->is_feared ? least->is_feared :
		    message_id_order(&one->id, &least->id) < 0)
			least = one;
	}
	return least != NULL && (is_feared || !least->is_feared) ? least :
	    NULL;
}

static void
keep_example(const struct rehearsal *rehearsal, struct rehearsed_rule *rule,
    const struct rehearsed_message *message, const struct verdict *verdict,
    const char *why)
{
	bool is_feared = message->where <= REHEARSED_FILED &&
	    (message->flags & (LETTER_SEEN | LETTER_ANSWERED |
	    LETTER_FLAGGED)) != 0;
	struct rehearsed_example *one = make_room(rehearsal, rule, is_feared);
	const struct envelope *env = &message->envelope;

	if (one == NULL)
		return;
	*one = (struct rehearsed_example){ .id = message->id,
	    .is_feared = is_feared, .where = message->where,
	    .flags = message->flags };
	show(one->from, sizeof(one->from), slice_str(verdict->from));
	show(one->subject, sizeof(one->subject), slice_str(verdict->subject));
	show(one->to, sizeof(one->to), env->recipient_count == 0 ?
	    slice_of(NULL, 0) : env->recipients[0].address);
	show(one->why, sizeof(one->why), slice_str(why));
}

static void
count_caught(struct rehearsal *rehearsal, const struct asking *asking,
    const struct rehearsed_message *message, const struct verdict *would,
    const struct verdict *does, bool is_unsure)
{
	bool is_away = false;
	const char *why = asking->whys.at;

	for (size_t i = 0; i < asking->held_count; i++) {
		const struct rule *rule = asking->held[i];
		struct rehearsed_rule *one = &rehearsal->rules[rule->number];

		count(&one->caught, message);
		one->unsure += is_unsure;
		one->otherwise += !is_unsure && !does_same(rule, does,
		    message->envelope.source);
		is_away |= keeps_away(rule);
		keep_example(rehearsal, one, message, would,
		    text_failed(&asking->whys) ? "" : why);
		if (!text_failed(&asking->whys))
			why += strlen(why) + 1;
	}
	count(is_away ? &rehearsal->kept_away : &rehearsal->marked, message);
}

int
rehearsal_judge(struct rehearsal *rehearsal,
    const struct rehearsed_message *message)
{
	struct asking asking = { .rehearsal = rehearsal,
	    .book = rehearsal->book, .rules = rehearsal->rules,
	    .why = TEXT_INIT(4 * VERDICT_VALUE_MAX),
	    .whys = TEXT_INIT(WHYS_MOST) };
	struct asking now = { .rehearsal = rehearsal,
	    .book = rehearsal->in_force };
	struct verdict would, does;
	int r = ask(&asking, message, &would);

	if (r == 0 && asking.held_count > 0) {
		r = ask(&now, message, &does);
		if (r == 0)
			count_caught(rehearsal, &asking, message, &would,
			    &does, now.is_unsure);
	}
	text_free(&asking.why);
	text_free(&asking.whys);
	return r;
}
