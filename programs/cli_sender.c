/*
 * cli_sender.c - postroom sender allow, block, remove, list
 */
#include "programs/cli.h"

#include <jansson.h>

#include "policy/senders.h"

/* Where the arguments stand in their rows (admin.c). */
enum { SENDER_NAME, SENDER_OWNER };
enum { LIST_OWNER, LIST_ABOVE };

/* One name, and whose list: --for, or at --server one's own. */
static int
read_words(struct cli *cli, int argc, char **argv, const char *what,
    int count, const char **name_out, const char **owner_out)
{
	struct cli_option options[] = { { "--for", true, NULL },
	    { NULL, false, NULL } };
	int r = cli_options(cli, argc, argv, options, what, count, count,
	    name_out);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && options[0].value == NULL && cli->remote == NULL)
		r = cli_fail(cli, CLI_USAGE, SENDER_WHOSE);
	if (r == CLI_OK)
		*owner_out = options[0].value;
	return r;
}

/* CLI_OK, with the name as it is kept, or told. */
static int
change(struct cli *cli, int argc, char **argv, const char *request_name,
    char name_out[ADDRESS_SIZE])
{
	const struct admin_request *request =
	    admin_find(slice_str(request_name));
	const char *values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = read_words(cli, argc, argv, "ADDRESS|@DOMAIN", 1,
	    &values[SENDER_NAME], &values[SENDER_OWNER]);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, false);
	if (r == CLI_OK)
		cli_answer_text(&answer, "sender", name_out, ADDRESS_SIZE);
	return r;
}

int
cli_sender_allow(struct cli *cli, int argc, char **argv)
{
	char name[ADDRESS_SIZE] = "";
	int r = change(cli, argc, argv, "sender allow", name);

	if (r == CLI_OK)
		cli_say(cli, SENDER_IS_ALLOWED, name);
	return r;
}

int
cli_sender_block(struct cli *cli, int argc, char **argv)
{
	char name[ADDRESS_SIZE] = "";
	int r = change(cli, argc, argv, "sender block", name);

	if (r == CLI_OK)
		cli_say(cli, SENDER_IS_BLOCKED, name);
	return r;
}

int
cli_sender_remove(struct cli *cli, int argc, char **argv)
{
	char name[ADDRESS_SIZE] = "";
	int r = change(cli, argc, argv, "sender remove", name);

	if (r == CLI_OK)
		cli_say(cli, SENDER_IS_REMOVED, name);
	return r;
}

/* All pages, as one array.  CLI_OK, or told. */
static int
all_rows(struct cli *cli, const struct admin_request *request,
    const char *owner, json_t *rows)
{
	char above[ADDRESS_SIZE] = "";
	size_t got;

	do {
		const char *values[ADMIN_ARGS] = { [LIST_OWNER] = owner,
		    [LIST_ABOVE] = above[0] == '\0' ? NULL : above };
		TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
		json_t *object = NULL, *page;
		const char *last;
		int r = cli_ask(cli, request, values, &answer);

		if (r == CLI_OK)
			r = cli_answer(cli, request, &answer, &object);
		if (r != CLI_OK)
			return r;
		page = json_object_get(object, "result");
		got = json_array_size(page);
		last = json_string_value(json_object_get(json_array_get(page,
		    got - 1), "sender"));
		if ((got > 0 && (last == NULL || slice_cstr(slice_str(last),
		    above, sizeof(above)) < 0)) ||
		    json_array_extend(rows, page) < 0) {
			json_decref(object);
			return cli_fail(cli, CLI_FAILED, NO_MEMORY);
		}
		json_decref(object);
	} while (got == ADMIN_SENDER_PAGE &&
	    json_array_size(rows) < SENDERS_MOST);
	return CLI_OK;
}

int
cli_sender_list(struct cli *cli, int argc, char **argv)
{
	const struct admin_request *request =
	    admin_find(slice_str("sender list"));
	const char *owner = NULL, *none[1];
	json_t *rows;
	int r = read_words(cli, argc, argv, "", 0, none, &owner);

	if (r != CLI_OK)
		return r;
	rows = json_array();
	r = all_rows(cli, request, owner, rows);
	if (r == CLI_OK && cli->json) {
		printf("{\"ok\": true, \"result\": ");
		json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK && json_array_size(rows) == 0) {
		cli_say(cli, SENDER_NOBODY);
	} else if (r == CLI_OK) {
		cli_table(cli, request->columns, rows);
	}
	json_decref(rows);
	return r;
}
