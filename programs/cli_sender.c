/*
 * cli_sender.c - postroom sender allow, block, remove, list
 */
#include "programs/cli.h"

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

int
cli_sender_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	const char *none[1];
	int r = read_words(cli, argc, argv, "", 0, none, &values[LIST_OWNER]);

	return r == CLI_OK ? cli_list(cli, "sender list", values, LIST_ABOVE,
	    ADMIN_SENDER_PAGE, SAY_SENDER_NOBODY) : r;
}
