/*
 * cli_visitor.c - postroom visitor list, forgive, grey
 */
#include "programs/cli.h"

#include <jansson.h>

static int
ask(struct cli *cli, const struct admin_request *request,
    const char *const values[ADMIN_ARGS], struct text *answer)
{
	int r = cli_config(cli);

	return r == CLI_OK ? cli_ask(cli, request, values, answer) : r;
}

/* The whole list that this request has, or that it is empty. */
static int
list(struct cli *cli, const char *name, bool *is_any_out, int argc,
    char **argv)
{
	const struct admin_request *request = admin_find(slice_str(name));
	const char *const values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	const char *words[1];
	json_t *object = NULL;
	bool is_any = false;
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = ask(cli, request, values, &answer);
	if (r == CLI_OK && !cli->json) {
		r = cli_answer(cli, request, &answer, &object);
		is_any = json_array_size(json_object_get(object,
		    "result")) > 0;
		json_decref(object);
	}
	if (r != CLI_OK)
		return r;
	*is_any_out = is_any || cli->json;
	return *is_any_out ? cli_show(cli, request, &answer, true) : CLI_OK;
}

int
cli_visitor_list(struct cli *cli, int argc, char **argv)
{
	bool is_any = false;
	int r = list(cli, "visitor list", &is_any, argc, argv);

	if (r == CLI_OK && !is_any)
		cli_say(cli, VISITOR_NOBODY);
	return r;
}

int
cli_visitor_grey(struct cli *cli, int argc, char **argv)
{
	bool is_any = false;
	int r = list(cli, "visitor grey", &is_any, argc, argv);

	if (r == CLI_OK && !is_any)
		cli_say(cli, VISITOR_NO_GREY);
	return r;
}

int
cli_visitor_forgive(struct cli *cli, int argc, char **argv)
{
	const struct admin_request *request = admin_find(
	    slice_str("visitor forgive"));
	const char *values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = cli_options(cli, argc, argv, NULL, "ADDRESS", 1, 1, values);

	if (r == CLI_OK)
		r = ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, false);
	if (r == CLI_OK)
		cli_say(cli, VISITOR_FORGIVEN, values[0]);
	return r;
}
