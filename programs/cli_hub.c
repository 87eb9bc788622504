/*
 * cli_hub.c - postroom status: looking at a hub that runs
 */
#include "programs/cli.h"

int
cli_status(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const struct admin_request *request = admin_find(slice_str("status"));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_ask(cli, request, none, &answer);
	return r == CLI_OK ? cli_show(cli, request, &answer, true) : r;
}
