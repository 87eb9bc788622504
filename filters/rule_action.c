/*
 * rule_action.c - what is to be done, in a rule file
 */
#include <string.h>

#include "filters/rule_inside.h"
#include "filters/rule_value.h"
#include "filters/verdict.h"

static bool
read_words(struct rule_reader *r, struct rule_action *action)
{
	unsigned line = r->token.line;

	if (!rule_take_string(r, RULE_WORDS_MOST, &action->words))
		return false;
	/* RFC 5321 4.5.3.1.5, 6.4 of RFC 6531: a reply is ASCII */
	if (action->verb == RULE_REFUSE &&
	    !slice_is_printable_ascii(action->words))
		return rule_fault(r, line, "the words of a refusal go into "
		    "the reply to a mail server: ASCII only");
	return true;
}

static bool
read_folder(struct rule_reader *r, struct rule_action *action)
{
	return rule_take_string(r, RULE_FOLDER_MOST, &action->words);
}

/* "X-Name: value" */
static bool
read_line(struct rule_reader *r, struct rule_action *action)
{
	unsigned line = r->token.line;
	struct slice whole, name;

	if (!rule_take_string(r, RULE_HEADER_MOST, &whole))
		return false;
	if (!slice_cut(&whole, ':', &name) || slice_trim(whole).len == 0)
		return rule_fault(r, line, "a header line is \"X-Name: "
		    "value\"");
	/* a rule adds to what a message says; it does not forge it */
	if (!slice_has_prefix(name, "X-") || name.len < 3 ||
	    name.len > VERDICT_NAME_MAX || !slice_is_printable_ascii(name) ||
	    slice_find(name, ' ') != SIZE_MAX)
		return rule_fault(r, line, "the name of a header line begins "
		    "with X-, has no blank and at most %d characters",
		    VERDICT_NAME_MAX);
	if (slice_has_prefix(name, "X-Postroom-"))
		return rule_fault(r, line, "X-Postroom- is what Postroom "
		    "itself says; take another name");
	action->name = name;
	action->words = slice_trim(whole);
	return true;
}

static bool
read_redirect(struct rule_reader *r, struct rule_action *action)
{
	TEXT_AUTO normal = TEXT_INIT(1024);
	enum rule_whose whose = RULE_NULL_PATH;
	const char *why;

	if (r->token.kind != RULE_TOKEN_WORD)
		return rule_token_fault(r, "is no address");
	why = rule_address_read(r->token.text, &normal, &whose);
	if (why != NULL || whose != RULE_ADDRESS)
		return rule_token_fault(r, "is no address; write "
		    "ann@office.test");
	if (!rule_keep(r, text_slice(&normal), &action->words))
		return false;
	rule_next(r);
	return true;
}

/* Which it is the tests say; rule_read.c sees to it that one does. */
static bool
read_nothing(struct rule_reader *r, struct rule_action *action)
{
	(void)action;
	/* what they are by their first bytes, too: rule_parts.h */
	r->rules->kinds |= 1u << TEXTS_TYPE | 1u << TEXTS_REAL;
	return true;
}

static const struct row {
	const char	*first;
	const char	*second;	/* the word before it, or NULL */
	enum rule_verb	 verb;
	bool		(*read)(struct rule_reader *, struct rule_action *);
} rows[] = {
	{ "refuse",	NULL,		RULE_REFUSE,		read_words },
	{ "hold",	NULL,		RULE_HOLD,		read_words },
	{ "discard",	NULL,		RULE_DISCARD,		read_words },
	{ "redirect",	NULL,		RULE_REDIRECT,		read_redirect },
	{ "header",	"mark",		RULE_MARK_HEADER,	read_line },
	{ "folder",	"mark",		RULE_MARK_FOLDER,	read_folder },
	{ "attachment",	"remove",	RULE_REMOVE,		read_nothing },
};

/* What is wrong when no row begins so. */
static const struct {
	const char	*second;	/* or NULL: nothing stands before it */
	const char	*fault;
} seconds[] = {
	{ "mark",	"is neither \"header\" nor \"folder\"" },
	{ "remove",	"is not \"attachment\"" },
	{ NULL,		"is nothing that can be done: refuse, hold, mark, "
			"redirect, remove or discard" },
};

static bool
read_verb(struct rule_reader *r, struct rule_action *action)
{
	unsigned n = 0;

	while (seconds[n].second != NULL && !rule_takes(r, seconds[n].second))
		n++;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_so = rows[i].second == NULL ?
		    seconds[n].second == NULL : seconds[n].second != NULL &&
		    strcmp(rows[i].second, seconds[n].second) == 0;

		if (!is_so || !rule_takes(r, rows[i].first))
			continue;
		action->verb = rows[i].verb;
		return rows[i].read(r, action);
	}
	return rule_token_fault(r, seconds[n].fault);
}

bool
rule_read_action(struct rule_reader *r, struct rule_action **action_out)
{
	struct rule_action *action = arena_alloc(r->rules->arena,
	    sizeof(*action));

	if (action == NULL)
		return rule_no_memory(r);
	action->line = r->token.line;
	if (++r->action_count == RULE_ACTIONS_MOST + 1)
		return rule_fault(r, action->line,
		    "this rule does more than %d things", RULE_ACTIONS_MOST);
	if (!read_verb(r, action))
		return false;
	r->rules->action_count++;
	*action_out = action;
	return true;
}
