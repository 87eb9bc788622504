/*
 * cli_undo.c - postroom rule undo: take back what a rule did
 */
#include "programs/undo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "filters/structure.h"
#include "lib/base/loop.h"
#include "lib/message/words.h"

#define TELLING_MOST	(256u << 20)	/* of a million messages */
#define PARSE_BUDGET	(8u << 20)

static const char *const results[UNDO_RESULTS] = {
	[UNDO_RELEASED] = "released", [UNDO_MOVED] = "moved",
	[UNDO_LEFT] = "left", [UNDO_IMPOSSIBLE] = "impossible",
};

void
undo_add_what(struct text *to, struct slice message)
{
	ARENA_AUTO arena = arena_new(PARSE_BUDGET);
	const struct mime_part *root;
	struct verdict words;

	if (arena == NULL || message.len == 0)
		return;
	structure_judge(arena, message, &mime_default_limits, &words, &root);
	cli_add_visible(to, slice_str(words.from));
	text_add_str(to, ": ");
	cli_add_visible(to, slice_str(words.subject));
}

/* What is told is printed at once: a run may be broken off. */
void
undo_tell(struct undo *undo, const struct undo_item *item,
    enum undo_result result, const char *what, const struct text *words)
{
	char id[MESSAGE_ID_CHARS + 1];

	undo->results[result]++;
	message_id_write(&item->id, id);
	if (!undo->cli->json) {
		printf("%s  %s%s%.*s\n", id, what, what[0] == '\0' ? "" :
		    "  -> ", SLICE_FMT(text_slice(words)));
		(void)fflush(stdout);
		return;
	}
	text_addf(&undo->json, "%s{\"id\": \"%s\", \"did\": \"%s\", "
	    "\"message\": ", undo->json.len > 0 ? ", " : "", id,
	    results[result]);
	text_add_json(&undo->json, slice_str(what));
	text_add_str(&undo->json, ", \"words\": ");
	text_add_json(&undo->json, text_slice(words));
	text_add_str(&undo->json, "}");
}

/* What nothing can be done about. */
static void
tell_rest(struct undo *undo)
{
	enum language language = undo->cli->language;

	for (size_t i = 0; i < undo->count; i++) {
		const struct undo_item *item = &undo->items[i];
		TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);

		if (item->deed == UNDO_MARKED)
			text_say(&words, language, UNDO_LINE);
		else if (item->deed == UNDO_REDIRECTED)
			text_say(&words, language, UNDO_REDIRECTED,
			    undo_where(undo, item));
		else if (item->deed == UNDO_REFUSED)
			text_say(&words, language, UNDO_REFUSED);
		else
			continue;
		undo_tell(undo, item, UNDO_IMPOSSIBLE, "", &words);
	}
}

static void
tell_sum(struct undo *undo)
{
	TEXT_AUTO line = TEXT_INIT(TELLING_MOST);
	struct cli *cli = undo->cli;

	if (!cli->json) {
		if (undo->is_dry)
			cli_say(cli, UNDO_DRY);
		cli_say(cli, UNDO_SUM,
		    (unsigned long long)undo->results[UNDO_RELEASED],
		    (unsigned long long)undo->results[UNDO_MOVED],
		    (unsigned long long)undo->results[UNDO_LEFT],
		    (unsigned long long)undo->results[UNDO_IMPOSSIBLE]);
		return;
	}
	text_addf(&line, "{\"ok\": true, \"result\": {\"dry\": %s",
	    undo->is_dry ? "true" : "false");
	for (unsigned i = 0; i < UNDO_RESULTS; i++)
		text_addf(&line, ", \"%s\": %llu", results[i],
		    (unsigned long long)undo->results[i]);
	text_add_str(&line, ", \"messages\": [");
	text_add(&line, text_slice(&undo->json));
	text_add_str(&line, "]}}\n");
	if (text_failed(&line) || text_failed(&undo->json))
		(void)cli_fail(cli, CLI_FAILED, NO_MEMORY);
	else
		(void)fwrite(line.at, 1, line.len, stdout);
}

/* "2026-11-21", with or without " 14:30", in the zone of the office. */
static int
read_since(struct cli *cli, const char *since, int64_t *utc_ms_out)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *rest;
	time_t at;

	if (since == NULL)
		return CLI_OK;
	rest = strptime(since, "%Y-%m-%d", &tm);
	if (rest != NULL && (*rest == ' ' || *rest == 'T'))
		rest = strptime(rest + 1, "%H:%M", &tm);
	at = rest == NULL || *rest != '\0' ? -1 : mktime(&tm);
	if (at < 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--since", since,
		    say(cli->language, SAY_UNDO_SINCE));
	*utc_ms_out = (int64_t)at * 1000;
	return CLI_OK;
}

static int
run(struct undo *undo)
{
	int r = undo_gather(undo);

	if (r == CLI_OK && undo->count == 0)
		return cli_fail(undo->cli, CLI_NO_SUCH, UNDO_NOTHING);
	if (r == CLI_OK)
		r = undo_holds(undo);
	if (r == CLI_OK)
		r = undo_moves(undo);
	if (r != CLI_OK)
		return r;
	tell_rest(undo);
	tell_sum(undo);
	return CLI_OK;
}

int
cli_rule_undo(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--since", true, NULL },
	    { "--dry-run", false, NULL }, { NULL, false, NULL } };
	struct undo undo = { .cli = cli, .wheres = TEXT_INIT(TELLING_MOST),
	    .json = TEXT_INIT(TELLING_MOST) };
	const char *name;
	int r = cli_options(cli, argc, argv, options, "NAME", 1, 1, &name);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = read_since(cli, options[0].value, &undo.since_utc_ms);
	if (r == CLI_OK && words_open() < 0)
		r = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	if (r != CLI_OK)
		return r;
	undo.rule = slice_str(name);
	undo.is_dry = options[1].value != NULL;
	r = run(&undo);
	words_close();
	free(undo.items);
	free(undo.deliveries);
	text_free(&undo.wheres);
	text_free(&undo.json);
	return r;
}
