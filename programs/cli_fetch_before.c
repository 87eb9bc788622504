/*
 * cli_fetch_before.c - postroom fetch before: rules before a download
 *
 * Without rules it shows those there are; with rules, these are all from then
 * on.  They are read here too, so that a fault is told in the words that were
 * typed; the keeper reads them again.
 */
#include "programs/cli_fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/before_rules.h"

#define RULE_OPTION	"--rule"
#define NONE_OPTION	"--none"
#define WORDS_MOST	(2 * BEFORE_RULES_MOST + 8)
/* Where the rules stand in "fetch before". */
#define BEFORE_TEXT	2

/* One more rule.  CLI_OK, or told. */
static int
add_rule(struct cli *cli, struct text *rules, const char *typed)
{
	ARENA_AUTO arena = arena_new(BEFORE_ARENA);
	struct before_rules one;
	struct before_fault fault;
	int r;

	if (arena == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	r = strchr(typed, '\n') != NULL ? -ENOBUFS : before_rules_read(arena,
	    slice_str(typed), &one, &fault);
	if (r == 0 && one.rule_count == 0) {
		fault.want = SAY_WANT_BEFORE;
		r = -EINVAL;
	}
	if (r == -EINVAL)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, RULE_OPTION,
		    typed, say(cli->language, fault.want));
	text_add_str(rules, typed);
	text_add_byte(rules, '\n');
	return r < 0 || text_failed(rules) ? cli_fail(cli, CLI_USAGE, UNFIT) :
	    CLI_OK;
}

/* The rules among `argv`, which loses them; `*any_out`: there is something. */
static int
take_rules(struct cli *cli, int *argc, char **argv, struct text *rules,
    bool *any_out)
{
	unsigned count = 0;
	int kept = 0, r = CLI_OK;

	*any_out = false;
	for (int i = 0; i < *argc && r == CLI_OK; i++) {
		bool is_rule = strcmp(argv[i], RULE_OPTION) == 0;

		if (!is_rule && strcmp(argv[i], NONE_OPTION) != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		*any_out = true;
		if (!is_rule)
			continue;
		if (i + 1 == *argc)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_VALUE,
			    RULE_OPTION);
		r = ++count > BEFORE_RULES_MOST ? cli_fail(cli, CLI_USAGE,
		    OPTION_UNFIT, RULE_OPTION, argv[i + 1],
		    say(cli->language, SAY_WANT_FEWER)) :
		    add_rule(cli, rules, argv[++i]);
	}
	*argc = kept;
	return r;
}

static int
show(struct cli *cli, json_t *object)
{
	const json_t *row = json_array_get(json_object_get(object, "result"),
	    0);
	const char *rules = row_text(row, "rules");
	char *line;

	if (!cli->json) {
		if (rules[0] == '\0')
			cli_say(cli, BEFORE_NONE);
		fputs(rules, stdout);
		return CLI_OK;
	}
	line = json_dumps(object, 0);
	if (line == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	puts(line);
	free(line);
	return CLI_OK;
}

int
cli_fetch_before(struct cli *cli, int argc, char **argv)
{
	TEXT_AUTO rules = TEXT_INIT(BEFORE_TEXT_MOST + 1);
	struct cli_option options[] = { { "--label", true, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { 0 };
	json_t *object = NULL;
	const char *words[1] = { NULL };
	char *own[WORDS_MOST];
	bool any;
	int r;

	if (argc > WORDS_MOST)
		return cli_fail(cli, CLI_USAGE, UNFIT);
	memcpy(own, argv, (size_t)argc * sizeof(*argv));
	r = take_rules(cli, &argc, own, &rules, &any);
	text_add_byte(&rules, '\0');
	if (r == CLI_OK)
		r = cli_options(cli, argc, own, options, "ADDRESS",
		    cli->login != NULL ? 0 : 1, 1, words);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[ADMIN_WHICH_ADDRESS] = words[0] != NULL ? words[0] : cli->login;
	values[ADMIN_WHICH_LABEL] = options[0].value;
	values[BEFORE_TEXT] = any && !text_failed(&rules) ? rules.at : NULL;
	r = cli_fetch_ask(cli, "fetch before", values, &object);
	if (r == CLI_OK)
		r = show(cli, object);
	json_decref(object);
	return r;
}
