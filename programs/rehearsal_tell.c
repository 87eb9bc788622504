/*
 * rehearsal_tell.c - what came of a rehearsal, for people and programs
 */
#include "programs/rehearsal.h"

#include <time.h>

#include "filters/rule_words.h"

#define SAID_MOST	(16u << 20)	/* 1,000 rules with their examples */

static const char *const places[REHEARSED_PLACES] = {
	[REHEARSED_INBOX] = "inbox", [REHEARSED_FILED] = "folder",
	[REHEARSED_TRASH] = "trash", [REHEARSED_JUNK] = "junk",
	[REHEARSED_HELD] = "held",
};

static const enum sentence words[REHEARSED_PLACES] = {
	[REHEARSED_INBOX] = SAY_REHEARSAL_IN_INBOX,
	[REHEARSED_FILED] = SAY_REHEARSAL_IN_FOLDER,
	[REHEARSED_TRASH] = SAY_REHEARSAL_IN_TRASH,
	[REHEARSED_JUNK] = SAY_REHEARSAL_IN_JUNK,
	[REHEARSED_HELD] = SAY_HELD,
};

/* For programs */

static void
json_counts(struct text *to, const struct rehearsed_counts *counts)
{
	text_addf(to, "{\"messages\": %llu",
	    (unsigned long long)counts->messages);
	for (unsigned i = 0; i < REHEARSED_PLACES; i++)
		text_addf(to, ", \"%s\": %llu", places[i],
		    (unsigned long long)counts->where[i]);
	text_addf(to, ", \"seen\": %llu, \"answered\": %llu, \"flagged\": "
	    "%llu, \"moved\": %llu}", (unsigned long long)counts->seen,
	    (unsigned long long)counts->answered,
	    (unsigned long long)counts->flagged,
	    (unsigned long long)counts->moved);
}

static void
json_example(struct text *to, const struct rehearsed_example *one)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&one->id, id);
	text_addf(to, "{\"id\": \"%s\", \"at\": %lld, \"where\": \"%s\", "
	    "\"seen\": %s, \"answered\": %s, \"flagged\": %s, \"from\": ", id,
	    (long long)(message_id_utc_ms(&one->id) / 1000),
	    places[one->where],
	    (one->flags & LETTER_SEEN) != 0 ? "true" : "false",
	    (one->flags & LETTER_ANSWERED) != 0 ? "true" : "false",
	    (one->flags & LETTER_FLAGGED) != 0 ? "true" : "false");
	text_add_json(to, slice_str(one->from));
	text_add_str(to, ", \"subject\": ");
	text_add_json(to, slice_str(one->subject));
	text_add_str(to, ", \"to\": ");
	text_add_json(to, slice_str(one->to));
	text_add_str(to, ", \"why\": ");
	text_add_json(to, slice_str(one->why));
	text_add_str(to, "}");
}

static void
json_rule(struct text *to, const struct rule *rule,
    const struct rehearsed_rule *one)
{
	TEXT_AUTO does = TEXT_INIT(16384);

	text_add_str(to, "{\"rule\": ");
	text_add_json(to, rule->name);
	text_add_str(to, ", \"file\": ");
	text_add_json(to, rule->file);
	text_addf(to, ", \"line\": %u, \"does\": ", rule->line);
	rule_actions_write(&does, rule);
	text_add_json(to, text_slice(&does));
	text_add_str(to, ", \"caught\": ");
	json_counts(to, &one->caught);
	text_addf(to, ", \"otherwise\": %llu, \"otherwise_unknown\": %llu, "
	    "\"unknown\": %llu, \"unexamined\": %llu, \"examples\": [",
	    (unsigned long long)one->otherwise,
	    (unsigned long long)one->unsure, (unsigned long long)one->unknown,
	    (unsigned long long)one->unexamined);
	for (size_t i = 0; i < one->example_count; i++) {
		text_add_str(to, i == 0 ? "" : ", ");
		json_example(to, &one->examples[i]);
	}
	text_add_str(to, "]}");
}

static void
tell_json(const struct rehearsal *r, struct text *to)
{
	const struct rules *rules = r->book->rules;

	text_addf(to, "{\"ok\": true, \"result\": {\"complete\": %s, "
	    "\"messages\": %llu, \"held\": %llu, \"own\": %llu, \"saved\": "
	    "%llu, \"unreadable\": %llu, \"accounts\": %llu, "
	    "\"unread_accounts\": %llu, \"seconds\": %.3f, \"kept_away\": ",
	    r->is_stopped ? "false" : "true", (unsigned long long)r->messages,
	    (unsigned long long)r->held, (unsigned long long)r->own,
	    (unsigned long long)r->saved, (unsigned long long)r->unreadable,
	    (unsigned long long)r->accounts,
	    (unsigned long long)r->unread_accounts, r->seconds);
	json_counts(to, &r->kept_away);
	text_add_str(to, ", \"marked\": ");
	json_counts(to, &r->marked);
	text_add_str(to, ", \"rules\": [");
	for (size_t i = 0; i < rules->count; i++) {
		text_add_str(to, i == 0 ? "" : ", ");
		json_rule(to, &rules->rules[i], &r->rules[i]);
	}
	text_add_str(to, "]}}\n");
}

/* For people */

static void
add_example(struct text *to, enum language language,
    const struct rehearsed_example *one)
{
	time_t at = (time_t)(message_id_utc_ms(&one->id) / 1000);
	char id[MESSAGE_ID_CHARS + 1], when[32] = "";
	struct tm tm;

	message_id_write(&one->id, id);
	if (localtime_r(&at, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	text_addf(to, "    %s  %s  %s -> %s: %s\n", when, id, one->from,
	    one->to, one->subject);
	text_addf(to, "      %s", say(language, words[one->where]));
	if ((one->flags & LETTER_SEEN) != 0)
		text_addf(to, ", %s", say(language, SAY_REHEARSAL_READ));
	if ((one->flags & LETTER_ANSWERED) != 0)
		text_addf(to, ", %s", say(language, SAY_REHEARSAL_ANSWERED));
	if ((one->flags & LETTER_FLAGGED) != 0)
		text_addf(to, ", %s", say(language, SAY_REHEARSAL_FLAGGED));
	text_addf(to, "; %s\n", one->why);
}

static void
add_rule(struct text *to, enum language language, const struct rule *rule,
    const struct rehearsed_rule *one)
{
	const struct rehearsed_counts *caught = &one->caught;
	TEXT_AUTO does = TEXT_INIT(16384);

	text_add_byte(to, '"');
	cli_add_visible(to, rule->name);
	text_add_str(to, "\" (");
	cli_add_visible(to, rule->file);
	text_addf(to, ":%u) -> ", rule->line);
	rule_actions_write(&does, rule);
	cli_add_visible(to, text_slice(&does));
	text_add_str(to, "\n  ");
	text_say(to, language, REHEARSAL_CAUGHT,
	    (unsigned long long)caught->messages,
	    (unsigned long long)one->otherwise);
	if (caught->messages > 0) {
		text_add_str(to, "\n  ");
		text_say(to, language, REHEARSAL_NOW,
		    (unsigned long long)caught->where[REHEARSED_INBOX],
		    (unsigned long long)caught->where[REHEARSED_FILED],
		    (unsigned long long)caught->where[REHEARSED_JUNK],
		    (unsigned long long)caught->where[REHEARSED_TRASH],
		    (unsigned long long)caught->where[REHEARSED_HELD],
		    (unsigned long long)caught->seen,
		    (unsigned long long)caught->answered,
		    (unsigned long long)caught->flagged,
		    (unsigned long long)caught->moved);
	}
	if (one->unsure > 0) {
		text_add_str(to, "\n  ");
		text_say(to, language, REHEARSAL_UNSURE,
		    (unsigned long long)one->unsure);
	}
	if (one->unknown + one->unexamined > 0) {
		text_add_str(to, "\n  ");
		text_say(to, language, REHEARSAL_UNKNOWN,
		    (unsigned long long)(one->unknown + one->unexamined),
		    one->why);
	}
	text_add_byte(to, '\n');
	for (size_t i = 0; i < one->example_count; i++)
		add_example(to, language, &one->examples[i]);
}

/* What a person wants to know before the rules are put in force. */
static void
add_sum(struct text *to, enum language language, const struct rehearsal *r)
{
	const struct rehearsed_counts *away = &r->kept_away;

	text_say(to, language, REHEARSAL_LOOKED,
	    (unsigned long long)r->messages, (unsigned long long)r->held,
	    r->seconds, r->seconds > 0 ? (double)r->messages / r->seconds :
	    0.0);
	text_add_byte(to, '\n');
	if (r->own + r->saved + r->unreadable > 0) {
		text_say(to, language, REHEARSAL_PASSED,
		    (unsigned long long)r->own, (unsigned long long)r->saved,
		    (unsigned long long)r->unreadable);
		text_add_byte(to, '\n');
	}
	if (r->is_stopped) {
		text_say(to, language, REHEARSAL_STOPPED,
		    (unsigned long long)r->progress.messages,
		    (unsigned long long)r->of_messages);
		text_add_byte(to, '\n');
	}
	text_say(to, language, REHEARSAL_AWAY,
	    (unsigned long long)away->messages,
	    (unsigned long long)(away->where[REHEARSED_INBOX] +
	    away->where[REHEARSED_FILED]), (unsigned long long)away->seen,
	    (unsigned long long)away->answered,
	    (unsigned long long)away->flagged,
	    (unsigned long long)away->where[REHEARSED_JUNK],
	    (unsigned long long)away->where[REHEARSED_TRASH],
	    (unsigned long long)away->where[REHEARSED_HELD]);
	text_add_byte(to, '\n');
	text_say(to, language, REHEARSAL_MARKED,
	    (unsigned long long)r->marked.messages);
	text_add_byte(to, '\n');
}

void
rehearsal_tell(const struct rehearsal *rehearsal)
{
	enum language language = rehearsal->cli->language;
	const struct rules *rules = rehearsal->book->rules;
	TEXT_AUTO said = TEXT_INIT(SAID_MOST);

	if (rehearsal->cli->json) {
		tell_json(rehearsal, &said);
	} else {
		for (size_t i = 0; i < rules->count; i++)
			add_rule(&said, language, &rules->rules[i],
			    &rehearsal->rules[i]);
		text_add_byte(&said, '\n');
		add_sum(&said, language, rehearsal);
	}
	if (text_failed(&said))
		(void)cli_fail(rehearsal->cli, CLI_FAILED, NO_MEMORY);
	else
		(void)fwrite(said.at, 1, said.len, stdout);
}
