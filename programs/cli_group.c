/*
 * cli_group.c - postroom alias, list and forward: who is meant by an address
 */
#include "programs/cli.h"

#include <stdlib.h>

#include <jansson.h>

#include "policy/groups.h"

/* Where the arguments stand in their rows (admin.c). */
enum { ARG_ADDRESS, ARG_TARGETS, ARG_MORE, ARG_LESS, ARG_POST, ARG_OWNER };
enum { LIST_ABOVE, LIST_ABOVE_TARGET };
enum { FORWARD_ADDRESS, FORWARD_TARGET, FORWARD_KEEP };

#define WORDS_BYTES	(GROUP_MEMBERS_MOST * ADDRESS_SIZE)

/* Ask, and show what it is now, or was. */
static int
ask(struct cli *cli, const char *name, const char *const values[ADMIN_ARGS],
    bool with_table)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r = cli_config(cli);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	return r == CLI_OK ? cli_show(cli, request, &answer, with_table) : r;
}

/* All words but the first, with a blank between them. */
static void
join(const char *const *words, struct text *text)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0)
			text_add_byte(text, ' ');
		text_add_str(text, words[i]);
	}
	text_add_byte(text, '\0');
}

/*
 * An address and those behind it; the options are the arguments of the request
 * from the `first` one on.
 */
static int
change(struct cli *cli, int argc, char **argv, struct cli_option *options,
    unsigned first, const char *name, int least, const char **values)
{
	static const char *words[GROUP_MEMBERS_MOST + 2];
	TEXT_AUTO targets = TEXT_INIT(WORDS_BYTES);
	int r = cli_options(cli, argc, argv, options, "ADDRESS TARGET ...",
	    least, GROUP_MEMBERS_MOST + 1, words);

	if (r != CLI_OK)
		return r;
	values[ARG_ADDRESS] = words[0];
	join(words + 1, &targets);
	if (text_failed(&targets))
		return cli_fail(cli, CLI_USAGE, TOO_MANY, words[1]);
	if (words[1] != NULL)
		values[ARG_TARGETS] = targets.at;
	for (size_t i = 0; options != NULL && options[i].name != NULL; i++)
		values[first + i] = options[i].value;
	return ask(cli, name, values, true);
}

int
cli_alias_add(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };

	return change(cli, argc, argv, NULL, 0, "alias add", 2, values);
}

int
cli_alias_set(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--add", true, NULL },
	    { "--remove", true, NULL }, { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };

	return change(cli, argc, argv, options, ARG_MORE, "alias set", 1,
	    values);
}

int
cli_list_add(struct cli *cli, int argc, char **argv)
{
	enum { POST, OWNER };
	struct cli_option options[] = { [POST] = { "--post", true, NULL },
	    [OWNER] = { "--owner", true, NULL }, { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };

	return change(cli, argc, argv, options, ARG_POST, "list add", 2,
	    values);
}

int
cli_list_set(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--add", true, NULL },
	    { "--remove", true, NULL }, { "--post", true, NULL },
	    { "--owner", true, NULL }, { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };

	return change(cli, argc, argv, options, ARG_MORE, "list set", 1,
	    values);
}

static int
remove_group(struct cli *cli, int argc, char **argv, const char *name)
{
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, NULL, "ADDRESS", 1, 1, values);

	if (r == CLI_OK)
		r = ask(cli, name, values, false);
	if (r == CLI_OK)
		cli_say(cli, GROUP_REMOVED, values[ARG_ADDRESS]);
	return r;
}

int
cli_alias_remove(struct cli *cli, int argc, char **argv)
{
	return remove_group(cli, argc, argv, "alias remove");
}

int
cli_list_remove(struct cli *cli, int argc, char **argv)
{
	return remove_group(cli, argc, argv, "list remove");
}

/* The text of a column in the last row of a page, or "". */
static const char *
last_text(const json_t *page, const char *column)
{
	const char *text = json_string_value(json_object_get(json_array_get(
	    page, json_array_size(page) - 1), column));

	return text == NULL ? "" : text;
}

/* All pages, as one array.  CLI_OK, or told. */
static int
all_rows(struct cli *cli, const struct admin_request *request, json_t *rows)
{
	char above[ADDRESS_SIZE] = "", target[ADDRESS_SIZE] = "";
	size_t got;

	do {
		const char *values[ADMIN_ARGS] = { [LIST_ABOVE] = above,
		    [LIST_ABOVE_TARGET] = target };
		TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
		json_t *object = NULL, *page;
		int r = cli_ask(cli, request, values, &answer);

		if (r == CLI_OK)
			r = cli_answer(cli, request, &answer, &object);
		if (r != CLI_OK)
			return r;
		page = json_object_get(object, "result");
		got = json_array_size(page);
		if (slice_cstr(slice_str(last_text(page, "address")), above,
		    sizeof(above)) < 0 ||
		    slice_cstr(slice_str(last_text(page, "target")), target,
		    sizeof(target)) < 0 || json_array_extend(rows, page) < 0) {
			json_decref(object);
			return cli_fail(cli, CLI_FAILED, NO_MEMORY);
		}
		json_decref(object);
	} while (got == ADMIN_SENDER_PAGE);
	return CLI_OK;
}

static int
list(struct cli *cli, int argc, char **argv, const char *name)
{
	const struct admin_request *request = admin_find(slice_str(name));
	const char *none[1];
	json_t *rows;
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, none);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	rows = json_array();
	r = all_rows(cli, request, rows);
	if (r == CLI_OK && cli->json) {
		printf("{\"ok\": true, \"result\": ");
		json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK && json_array_size(rows) == 0) {
		cli_say(cli, GROUP_NONE);
	} else if (r == CLI_OK) {
		cli_table(cli, request->columns, rows);
	}
	json_decref(rows);
	return r;
}

int
cli_alias_list(struct cli *cli, int argc, char **argv)
{
	return list(cli, argc, argv, "alias list");
}

int
cli_list_list(struct cli *cli, int argc, char **argv)
{
	return list(cli, argc, argv, "list list");
}

/* Whose it is; at --server one's own, if nobody is named. */
static int
forward_words(struct cli *cli, int argc, char **argv,
    struct cli_option *options, const char **address_out)
{
	return cli_options(cli, argc, argv, options, "ADDRESS",
	    cli->remote == NULL, 1, address_out);
}

int
cli_forward_set(struct cli *cli, int argc, char **argv)
{
	enum { TO, KEEP, NO_KEEP };
	struct cli_option options[] = { [TO] = { "--to", true, NULL },
	    [KEEP] = { "--keep", false, NULL },
	    [NO_KEEP] = { "--no-keep", false, NULL },
	    { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };
	int r = forward_words(cli, argc, argv, options, values);

	if (r == CLI_OK && options[TO].value == NULL)
		r = cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT, "--to");
	if (r != CLI_OK)
		return r;
	values[FORWARD_TARGET] = options[TO].value;
	values[FORWARD_KEEP] = options[NO_KEEP].value != NULL ? "no" : "yes";
	return ask(cli, "forward set", values, true);
}

int
cli_forward_remove(struct cli *cli, int argc, char **argv)
{
	const struct admin_request *request =
	    admin_find(slice_str("forward remove"));
	const char *values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	char address[ADDRESS_SIZE];
	int r = forward_words(cli, argc, argv, NULL, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, false);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "address", address, sizeof(address));
	cli_say(cli, FORWARD_REMOVED, address);
	return CLI_OK;
}

int
cli_forward_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, values);

	return r == CLI_OK ? ask(cli, "forward list", values, true) : r;
}
