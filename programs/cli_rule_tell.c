/*
 * cli_rule_tell.c - what rules have said of a message, for people and programs
 *
 * A rule that held is told with each test that made it so and what that found;
 * one that did not with the first test that failed.
 */
#include <string.h>

#include "filters/rule_words.h"
#include "programs/cli_rule.h"
#include "programs/rules_bundle.h"

#define SAID_MOST	(4u << 20)	/* of one message: 1,000 rules */
#define MATCH_SHOWN	80		/* bytes of what matched */
#define AROUND_SHOWN	30		/* and before and behind it */

static const char *const answers[] = {
	[RULE_NO] = "no", [RULE_YES] = "yes", [RULE_DOUBT] = "unknown",
};

static const enum sentence woulds[VERDICT_ACTIONS] = {
	[VERDICT_ACCEPT] = SAY_RULE_WOULD_PASS,
	[VERDICT_MARK] = SAY_RULE_WOULD_MARK,
	[VERDICT_HOLD] = SAY_RULE_WOULD_HOLD,
	[VERDICT_QUARANTINE] = SAY_RULE_WOULD_QUARANTINE,
	[VERDICT_DEFER] = SAY_RULE_WOULD_DEFER,
	[VERDICT_REFUSE] = SAY_RULE_WOULD_REFUSE,
};

static bool
is_inside(struct slice s, size_t at)
{
	return at < s.len && ((unsigned char)s.at[at] & 0xc0) == 0x80;
}

/* From `from` to `end`, whole characters; what is a line end becomes a blank. */
static void
add_piece(struct text *to, struct slice s, size_t from, size_t end)
{
	TEXT_AUTO piece = TEXT_INIT(4 * (MATCH_SHOWN + AROUND_SHOWN));

	while (is_inside(s, from))
		from++;
	while (is_inside(s, end))
		end--;
	for (; from < end; from++)
		text_add_byte(&piece, s.at[from] == '\n' ||
		    s.at[from] == '\t' ? ' ' : s.at[from]);
	cli_add_harmless(to, text_slice(&piece));
}

/* "Subject: your [invoice] of May", a long text cut at both ends. */
static void
add_match(struct text *to, const struct rule_match *match)
{
	size_t from = match->from, end = match->end;
	size_t shown = end - from > MATCH_SHOWN ? from + MATCH_SHOWN : end;
	size_t left = from > AROUND_SHOWN ? from - AROUND_SHOWN : 0;
	size_t right = match->text.len - end > AROUND_SHOWN ?
	    end + AROUND_SHOWN : match->text.len;

	text_add_str(to, left > 0 ? "..." : "");
	add_piece(to, match->text, left, from);
	text_add_byte(to, '[');
	add_piece(to, match->text, from, shown);
	text_add_str(to, shown < end ? "...]" : "]");
	add_piece(to, match->text, end, right);
	text_add_str(to, right < match->text.len ? "..." : "");
}

/* The field, or the word of the test and the type of the part. */
static void
add_place(struct text *to, const struct rule_test *test,
    const struct rule_match *match)
{
	if (match->name.len > 0) {
		cli_add_visible(to, match->name);
		return;
	}
	text_add_str(to, rule_kind_word(test->kind));
	if (match->part == NULL)
		return;
	text_add_str(to, ", ");
	cli_add_visible(to, mime_type(match->part));
	text_add_byte(to, '/');
	cli_add_visible(to, mime_subtype(match->part));
}

void
rule_match_write(struct text *to, const struct rule_test *test,
    const struct rule_match *match)
{
	add_place(to, test, match);
	text_add_str(to, ": ");
	add_match(to, match);
}

static struct slice
line_of(const struct rule_telling *telling, const struct rule *rule,
    unsigned line)
{
	return rules_bundle_line(text_slice(&telling->book->bundle),
	    rule->file, line);
}

static void
tell_yes(struct rule_telling *telling, const struct rule *rule,
    const struct rule_test *test, const struct rule_match *match)
{
	struct text *to = &telling->tests;

	if (test->kind == RULE_ANY)
		return;		/* what is inside is told */
	if (test->line != telling->last_line) {
		text_addf(to, "    %u: ", test->line);
		cli_add_visible(to, line_of(telling, rule, test->line));
		text_add_byte(to, '\n');
	}
	telling->last_line = test->line;
	if (match->text.len == 0)
		return;
	text_add_str(to, "        ");
	rule_match_write(to, test, match);
	text_add_byte(to, '\n');
}

static void
json_test(struct rule_telling *telling, const struct rule *rule,
    const struct rule_test *test, enum rule_answer answer,
    const struct rule_match *match)
{
	TEXT_AUTO place = TEXT_INIT(4096);
	struct text *to = &telling->tests;

	text_addf(to, "%s{\"line\": %u, \"source\": ", to->len > 0 ? ", " : "",
	    test->line);
	text_add_json(to, line_of(telling, rule, test->line));
	text_addf(to, ", \"answer\": \"%s\"", answers[answer]);
	if (match->text.len > 0 && test->kind != RULE_ANY) {
		text_add_str(to, ", \"place\": ");
		add_place(&place, test, match);
		text_add_json(to, text_slice(&place));
		text_add_str(to, ", \"matched\": ");
		text_add_json(to, slice_after(slice_first(match->text,
		    match->end), match->from));
	}
	text_add_byte(to, '}');
}

static void
on_test(void *arg, const struct rule *rule, const struct rule_test *test,
    enum rule_answer answer, const struct rule_match *match)
{
	struct rule_telling *telling = arg;

	if (answer == RULE_NO)
		telling->failed = test;
	if (telling->cli->json)
		json_test(telling, rule, test, answer, match);
	else if (answer == RULE_YES)
		tell_yes(telling, rule, test, match);
}

static void
json_rule(struct rule_telling *telling, const struct rule *rule,
    enum rule_answer answer, const char *why)
{
	TEXT_AUTO does = TEXT_INIT(16384);
	struct text *to = &telling->said;

	text_addf(to, "%s{\"rule\": ", to->len > 0 ? ", " : "");
	text_add_json(to, rule->name);
	text_add_str(to, ", \"file\": ");
	text_add_json(to, rule->file);
	text_addf(to, ", \"line\": %u, \"answer\": \"%s\", \"does\": ",
	    rule->line, answers[answer]);
	rule_actions_write(&does, rule);
	text_add_json(to, text_slice(&does));
	if (answer == RULE_DOUBT) {
		text_add_str(to, ", \"why\": ");
		text_add_json(to, slice_str(why));
	}
	text_add_str(to, ", \"tests\": [");
	text_add(to, text_slice(&telling->tests));
	text_add_str(to, "]}");
}

/* "rule "fake invoice" (office.rule:12)" */
static void
add_rule(struct text *to, const struct rule *rule)
{
	text_add_str(to, "  \"");
	cli_add_visible(to, rule->name);
	text_add_str(to, "\" (");
	cli_add_visible(to, rule->file);
	text_addf(to, ":%u) ", rule->line);
}

static void
tell_rule(struct rule_telling *telling, const struct rule *rule,
    enum rule_answer answer, unsigned line, const char *why)
{
	enum language language = telling->cli->language;
	TEXT_AUTO does = TEXT_INIT(16384);
	struct text *to = &telling->said;

	if (answer == RULE_NO && (!telling->why || telling->failed == NULL))
		return;
	add_rule(to, rule);
	if (answer == RULE_YES) {
		text_say(to, language, RULE_HOLDS);
		text_add_byte(to, '\n');
		text_add(to, text_slice(&telling->tests));
		rule_actions_write(&does, rule);
		text_add_str(to, "    -> ");
		cli_add_visible(to, text_slice(&does));
	} else if (answer == RULE_DOUBT) {
		text_say(to, language, RULE_UNKNOWN, line, why);
	} else {
		text_say(to, language, RULE_FAILS, telling->failed->line);
		text_add_byte(to, ' ');
		cli_add_visible(to, line_of(telling, rule,
		    telling->failed->line));
	}
	text_add_byte(to, '\n');
}

static void
on_rule(void *arg, const struct rule *rule, enum rule_answer answer,
    unsigned line, const char *why)
{
	struct rule_telling *telling = arg;

	if (telling->cli->json)
		json_rule(telling, rule, answer, why);
	else
		tell_rule(telling, rule, answer, line, why);
	telling->held += answer == RULE_YES;
	telling->unsure += answer == RULE_DOUBT && rule_why_is_unknown(why);
	text_clear(&telling->tests);
	telling->last_line = 0;
	telling->failed = NULL;
}

void
rule_telling_begin(struct rule_telling *telling, struct rule_trial *trial)
{
	telling->tests = (struct text)TEXT_INIT(SAID_MOST);
	telling->said = (struct text)TEXT_INIT(SAID_MOST);
	trial->test = on_test;
	trial->rule = on_rule;
	trial->arg = telling;
}

void
rule_telling_end(struct rule_telling *telling)
{
	text_free(&telling->tests);
	text_free(&telling->said);
}

/* attachment "a.exe" (...): what would be removed, or NULL. */
static const char *
removed(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (strcmp(verdict->lines[i].name, EDITS_LINE) == 0 &&
		    slice_has_prefix(slice_str(verdict->lines[i].value),
		    EDITS_LINE_PART))
			return verdict->lines[i].value;
	return NULL;
}

static void
show_json(const struct rule_telling *telling, const char *name,
    unsigned number, const struct verdict *verdict, bool first)
{
	TEXT_AUTO line = TEXT_INIT(SAID_MOST + 65536);

	text_add_str(&line, first ? "{\"ok\": true, \"result\": [" : ", ");
	text_add_str(&line, "{\"message\": ");
	text_add_json(&line, slice_str(name));
	if (number > 0)
		text_addf(&line, ", \"number\": %u", number);
	text_addf(&line, ", \"sure\": %s, \"action\": \"%s\", \"reason\": ",
	    telling->unsure > 0 ? "false" : "true",
	    verdict_action_word(verdict->action));
	text_add_json(&line, slice_str(verdict->reason));
	if (verdict->folder[0] != '\0') {
		text_add_str(&line, ", \"folder\": ");
		text_add_json(&line, slice_str(verdict->folder));
	}
	if (verdict->redirect[0] != '\0') {
		text_add_str(&line, ", \"redirect\": ");
		text_add_json(&line, slice_str(verdict->redirect));
	}
	if (removed(verdict) != NULL) {
		text_add_str(&line, ", \"removed\": ");
		text_add_json(&line, slice_str(removed(verdict)));
	}
	text_add_str(&line, ", \"rules\": [");
	text_add(&line, text_slice(&telling->said));
	text_add_str(&line, "]}");
	fwrite(line.at, 1, line.len, stdout);
}

void
rule_telling_show(struct rule_telling *telling, const char *name,
    unsigned number, const struct verdict *verdict, bool first)
{
	enum language language = telling->cli->language;
	TEXT_AUTO line = TEXT_INIT(SAID_MOST + 65536);

	if (telling->cli->json) {
		show_json(telling, name, number, verdict, first);
	} else {
		cli_add_visible(&line, slice_str(name));
		if (number > 0)
			text_addf(&line, ":%u", number);
		text_addf(&line, ": %s", say(language, telling->unsure > 0 ?
		    SAY_RULE_UNSURE : woulds[verdict->action]));
		if (verdict->reason[0] != '\0' && telling->unsure == 0)
			text_addf(&line, ": %s", verdict->reason);
		text_add_byte(&line, '\n');
		if (removed(verdict) != NULL) {
			text_add_str(&line, "  ");
			text_say(&line, language, RULE_WOULD_REMOVE,
			    removed(verdict));
			text_add_byte(&line, '\n');
		}
		text_add(&line, text_slice(&telling->said));
		fwrite(line.at, 1, line.len, stdout);
	}
	text_clear(&telling->said);
	telling->held = 0;
	telling->unsure = 0;
}
