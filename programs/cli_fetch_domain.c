/*
 * cli_fetch_domain.c - postroom fetch add-domain, rules, learn
 *
 * A mailbox of a whole domain is a fetch account with rules beside it.  They are
 * read here too, so that a fault is told in the words that were typed; the
 * keeper reads them again.
 */
#include "programs/cli_fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/domain/learn.h"
#include "lib/message/words.h"
#include "policy/fetch_accounts.h"

#define WORDS_MOST	128	/* of a command line */
#define HELD_PREFIX	"fetch: "	/* before the label (hold.c) */

/* Where the arguments of "hold release" stand. */
enum { RELEASE_ID, RELEASE_TO };

static const char *const rule_options[] = {
	"--mailbox", "--envelope-header", "--envelope-depth", "--headers",
	"--skip-received", "--match-names", "--replace-domain", "--strip",
	"--route", "--learn", "--archive",
};

/* Rules on the command line */

static bool
is_rule(const char *word)
{
	for (size_t i = 0; i < sizeof(rule_options) / sizeof(*rule_options);
	    i++)
		if (strcmp(word, rule_options[i]) == 0)
			return true;
	return false;
}

/* The fault in words, or that memory is out. */
static int
rules_fail(struct cli *cli, int r, const char *option, const char *value,
    const struct domain_fault *fault)
{
	if (r != -EINVAL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, option, value,
	    say(cli->language, fault->want));
}

/*
 * Set the rules that stand among `argv`, and leave out of it what they are.
 * `*any_out`: there was one.  CLI_OK, or told.
 */
static int
take_rules(struct cli *cli, struct arena *arena, struct domain_rules *rules,
    int *argc, char **argv, bool *any_out)
{
	struct domain_fault fault = { 0 };
	int kept = 0, r;

	*any_out = false;
	for (int i = 0; i < *argc; i++) {
		if (!is_rule(argv[i])) {
			argv[kept++] = argv[i];
			continue;
		}
		if (i + 1 == *argc)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_VALUE,
			    argv[i]);
		r = domain_rules_set(arena, rules, slice_str(argv[i] + 2),
		    slice_str(argv[i + 1]), &fault);
		if (r < 0)
			return rules_fail(cli, r, argv[i], argv[i + 1],
			    &fault);
		*any_out = true;
		i++;
	}
	*argc = kept;
	return CLI_OK;
}

/* The rules as text, with a NUL.  CLI_OK, or told. */
static int
write_rules(struct cli *cli, const struct domain_rules *rules,
    struct text *text)
{
	domain_rules_write(text, rules);
	text_add_byte(text, '\0');
	return text_failed(text) ? cli_fail(cli, CLI_USAGE, UNFIT) : CLI_OK;
}

/* Add-domain */

/* What follows `name` in argv, or NULL. */
static const char *
option_of(int argc, char **argv, const char *name)
{
	for (int i = 0; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return NULL;
}

/* The first word, unless it is an option. */
static char *
domain_of(int argc, char **argv)
{
	return argc > 0 && argv[0][0] != '-' ? argv[0] : NULL;
}

/* `argv` for fetch add: the owner first, a label if there is none. */
static int
add_domain(struct cli *cli, int argc, char **argv, char *domain,
    const char *rules)
{
	TEXT_AUTO owner = TEXT_INIT(ADDRESS_SIZE);
	char *words[WORDS_MOST];
	int n = 0;

	text_add_str(&owner, "postmaster@");
	text_add_str(&owner, domain);
	text_add_byte(&owner, '\0');
	if (text_failed(&owner) || argc > WORDS_MOST - 4)
		return cli_fail(cli, CLI_USAGE, UNFIT);
	words[n++] = owner.at;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--owner") == 0 && i + 1 < argc)
			words[0] = argv[++i];
		else
			words[n++] = argv[i];
	}
	if (option_of(argc, argv, "--label") == NULL) {
		static char label[] = "--label";

		words[n++] = label;
		words[n++] = domain;
	}
	return cli_fetch_add_with(cli, n, words, rules);
}

int
cli_fetch_add_domain(struct cli *cli, int argc, char **argv)
{
	ARENA_AUTO arena = arena_new(DOMAIN_RULES_ARENA);
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST + 1);
	struct domain_rules rules;
	struct domain_fault fault = { 0 };
	char *domain = domain_of(argc, argv);
	bool any;
	int r;

	if (domain == NULL)
		return cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT, "DOMAIN");
	if (arena == NULL || domain_rules_new(arena, &rules) < 0)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	r = domain_rules_set(arena, &rules, slice_str("domain"),
	    slice_str(domain), &fault);
	if (r < 0)
		return rules_fail(cli, r, "DOMAIN", domain, &fault);
	argc--;
	argv++;
	r = take_rules(cli, arena, &rules, &argc, argv, &any);
	if (r == CLI_OK)
		r = write_rules(cli, &rules, &text);
	return r == CLI_OK ? add_domain(cli, argc, argv, domain, text.at) : r;
}

/* Rules */

/* Ask for the rules of that account, or keep `text`.  CLI_OK, or told. */
static int
ask_rules(struct cli *cli, const char *address, const char *label,
    const char *text, json_t **object_out)
{
	const char *values[ADMIN_ARGS] = { [ADMIN_WHICH_ADDRESS] = address,
	    [ADMIN_WHICH_LABEL] = label, [FETCH_RULES_TEXT] = text };

	return cli_fetch_ask(cli, "fetch rules", values, object_out);
}

static const json_t *
first_row(json_t *object)
{
	return json_array_get(json_object_get(object, "result"), 0);
}

/* Those it has; of one person's mailbox, what a domain begins with. */
static int
read_rules(struct cli *cli, struct arena *arena, json_t *object,
    struct domain_rules *rules)
{
	const char *text = row_text(first_row(object), "rules");
	struct slice owner = slice_str(row_text(first_row(object), "address"));
	struct domain_fault fault = { 0 };
	int r = arena == NULL ? -ENOMEM : domain_rules_read(arena,
	    slice_str(text), rules, &fault);

	if (r == 0 && *text == '\0')
		r = domain_rules_set(arena, rules, slice_str("domain"),
		    slice_after(owner, slice_find_last(owner, '@') + 1),
		    &fault);
	return r < 0 ? cli_fail(cli, CLI_FAILED, NO_MEMORY) : CLI_OK;
}

static int
show_rules(struct cli *cli, json_t *object)
{
	char *line;

	if (!cli->json) {
		fputs(row_text(first_row(object), "rules"), stdout);
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
cli_fetch_rules(struct cli *cli, int argc, char **argv)
{
	ARENA_AUTO arena = arena_new(2 * DOMAIN_RULES_ARENA);
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST + 1);
	struct cli_option options[] = { { "--label", true, NULL }, { 0 } };
	struct domain_rules rules, unused;
	json_t *object = NULL;
	const char *words[1];
	char *own[WORDS_MOST];
	int count = argc, r;
	bool any;

	if (arena == NULL || domain_rules_new(arena, &unused) < 0 ||
	    argc > WORDS_MOST)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	/* which words are rules; they are read once the account is known */
	memcpy(own, argv, (size_t)argc * sizeof(*argv));
	r = take_rules(cli, arena, &unused, &count, own, &any);
	if (r == CLI_OK)
		r = cli_options(cli, count, own, options, "ADDRESS", 1, 1,
		    words);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = ask_rules(cli, words[0], options[0].value, NULL, &object);
	if (r == CLI_OK && any) {
		r = read_rules(cli, arena, object, &rules);
		if (r == CLI_OK)
			r = take_rules(cli, arena, &rules, &argc, argv, &any);
		if (r == CLI_OK)
			r = write_rules(cli, &rules, &text);
		json_decref(object);
		object = NULL;
		if (r == CLI_OK)
			r = ask_rules(cli, words[0], options[0].value,
			    text.at, &object);
	}
	if (r == CLI_OK)
		r = show_rules(cli, object);
	json_decref(object);
	return r;
}

/* Learn */

/* A held message, and all that is known of it. */
struct lesson {
	struct cli	*cli;
	struct arena	*arena;
	const char	*id, *to;
	json_t		*held, *found;
	char		 address[ADDRESS_SIZE], label[FETCH_LABEL_SIZE];
	struct domain_rules rules;
	struct domain_candidates candidates;
	struct domain_answer *answers;
	struct domain_decision decision;
};

/* The message, and which fetch account brought it. */
static int
look(struct lesson *lesson)
{
	const char *values[ADMIN_ARGS] = { lesson->id };
	const char *source;
	struct slice owner;
	const json_t *row;
	int r = cli_fetch_ask(lesson->cli, "hold show", values,
	    &lesson->held);

	if (r != CLI_OK)
		return r;
	row = first_row(lesson->held);
	source = row_text(row, "source");
	owner = slice_str(row_text(row, "recipients"));
	if (strncmp(source, HELD_PREFIX, sizeof(HELD_PREFIX) - 1) != 0 ||
	    slice_cstr(owner, lesson->address, sizeof(lesson->address)) < 0 ||
	    slice_cstr(slice_str(source + sizeof(HELD_PREFIX) - 1),
	    lesson->label, sizeof(lesson->label)) < 0)
		return cli_fail(lesson->cli, CLI_FAILED, LEARN_NOT_FETCHED,
		    lesson->id);
	return CLI_OK;
}

static void
add_ask(struct text *text, const struct domain_ask *ask)
{
	text_add_str(text, ask->is_name ? "name " : "address ");
	text_add(text, ask->text);
	text_add_byte(text, '\n');
}

static enum domain_whose
whose_of(const char *word)
{
	static const char *const words[DOMAIN_WHOSE_COUNT] = {
		[DOMAIN_FOREIGN] = "foreign", [DOMAIN_UNKNOWN] = "unknown",
		[DOMAIN_OURS] = "ours", [DOMAIN_SEVERAL] = "several",
	};
	unsigned i = 0;

	while (i < DOMAIN_WHOSE_COUNT && strcmp(word, words[i]) != 0)
		i++;
	return i == DOMAIN_WHOSE_COUNT ? DOMAIN_FOREIGN :
	    (enum domain_whose)i;
}

/* Whose everything is that stands in its header. */
static int
find(struct lesson *lesson)
{
	struct cli *cli = lesson->cli;
	const struct domain_candidates *all = &lesson->candidates;
	TEXT_AUTO asks = TEXT_INIT(DOMAIN_ASKS_BYTES * 2);
	const char *values[ADMIN_ARGS] = { NULL };
	json_t *rows;
	int r;

	for (unsigned i = 0; i < all->ask_count; i++)
		add_ask(&asks, &all->asks[i]);
	text_add_byte(&asks, '\0');
	lesson->answers = arena_array(lesson->arena, all->ask_count,
	    sizeof(*lesson->answers));
	if (text_failed(&asks) || lesson->answers == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	values[0] = asks.at;
	r = cli_fetch_ask(cli, "account find", values, &lesson->found);
	if (r != CLI_OK)
		return r;
	rows = json_object_get(lesson->found, "result");
	for (unsigned i = 0; i < all->ask_count; i++) {
		const json_t *row = json_array_get(rows, i);

		lesson->answers[i] = (struct domain_answer){
			.whose = whose_of(row_text(row, "finding")),
			.account = row_number(row, "account"),
			.address = slice_str(row_text(row, "address"))
		};
	}
	return CLI_OK;
}

/* The header: the message up to its empty line. */
static struct slice
header_of(const json_t *row)
{
	struct slice text = slice_str(row_text(row, "text"));
	size_t end = slice_find_str(text, "\r\n\r\n");

	return end == SIZE_MAX ? text : slice_first(text, end + 2);
}

/* Why it is held, decided as it was when it came. */
static int
decide(struct lesson *lesson)
{
	struct cli *cli = lesson->cli;
	json_t *object = NULL;
	int r = ask_rules(cli, lesson->address, lesson->label, NULL, &object);

	if (r == CLI_OK && *row_text(first_row(object), "rules") == '\0')
		r = cli_fail(cli, CLI_FAILED, LEARN_NOT_FETCHED, lesson->id);
	if (r == CLI_OK)
		r = read_rules(cli, lesson->arena, object, &lesson->rules);
	json_decref(object);
	if (r != CLI_OK)
		return r;
	if (domain_candidates(lesson->arena, header_of(first_row(
	    lesson->held)), &lesson->rules, &lesson->candidates) < 0)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	r = find(lesson);
	if (r == CLI_OK && domain_decide(lesson->arena, &lesson->rules,
	    &lesson->candidates, lesson->answers, &lesson->decision) < 0)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	return r;
}

/* Keep what is learned, or say that there is nothing to know it by. */
static int
remember(struct lesson *lesson)
{
	struct cli *cli = lesson->cli;
	const struct domain_learned *learned;
	struct domain_fault fault = { 0 };
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST + 1);
	TEXT_AUTO line = TEXT_INIT(4096);
	json_t *object = NULL;
	int r = domain_learn(lesson->arena, &lesson->rules,
	    &lesson->candidates, lesson->answers, &lesson->decision,
	    slice_str(lesson->to), &learned, &fault);

	if (r == -ENOENT) {
		cli_say(cli, LEARN_NOTHING, lesson->id);
		return CLI_OK;
	}
	if (r < 0)
		return rules_fail(cli, r, "--to", lesson->to, &fault);
	r = write_rules(cli, &lesson->rules, &text);
	if (r == CLI_OK)
		r = ask_rules(cli, lesson->address, lesson->label, text.at,
		    &object);
	json_decref(object);
	if (r != CLI_OK)
		return r;
	domain_learned_write(&line, learned);
	text_add_byte(&line, '\0');
	cli_say(cli, LEARNED, text_failed(&line) ? "" : line.at);
	return CLI_OK;
}

static int
release(struct lesson *lesson)
{
	const char *values[ADMIN_ARGS] = { [RELEASE_ID] = lesson->id,
	    [RELEASE_TO] = lesson->to };
	json_t *object = NULL;
	int r = cli_fetch_ask(lesson->cli, "hold release", values, &object);

	if (r == CLI_OK && lesson->cli->json)
		puts("{\"ok\": true}");
	else if (r == CLI_OK)
		cli_say(lesson->cli, LEARN_RELEASED, lesson->id, lesson->to);
	json_decref(object);
	return r;
}

int
cli_fetch_learn(struct cli *cli, int argc, char **argv)
{
	ARENA_AUTO arena = arena_new(DOMAIN_ARENA + 2 * DOMAIN_RULES_ARENA);
	struct cli_option options[] = { { "--to", true, NULL }, { 0 } };
	struct lesson lesson = { .cli = cli, .arena = arena };
	const char *words[1];
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, words);

	if (r == CLI_OK && options[0].value == NULL)
		r = cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--to");
	if (r == CLI_OK && (arena == NULL || words_open() < 0))
		r = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	lesson.id = words[0];
	lesson.to = options[0].value;
	r = look(&lesson);
	if (r == CLI_OK)
		r = decide(&lesson);
	if (r == CLI_OK)
		r = remember(&lesson);
	if (r == CLI_OK)
		r = release(&lesson);
	json_decref(lesson.held);
	json_decref(lesson.found);
	words_close();
	return r;
}
