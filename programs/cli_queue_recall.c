/*
 * cli_queue_recall.c - postroom queue recall: what can be taken back
 */
#include <string.h>

#include "programs/cli_queue.h"

enum { RECALL_ID };		/* in both rows (admin.c) */

int
cli_queue_recalls(struct cli *cli, json_t *rows)
{
	char above[64] = "";
	size_t got;

	do {
		const char *values[ADMIN_ARGS] = {
		    [RECALL_ID] = above[0] == '\0' ? NULL : above };
		json_t *object = NULL, *page;
		int r = cli_queue_ask(cli, "recall list", values, &object);

		if (r != CLI_OK)
			return r;
		page = json_object_get(object, "result");
		got = json_array_size(page);
		(void)snprintf(above, sizeof(above), "%s", cli_queue_text(
		    json_array_get(page, got - 1), "id"));
		(void)json_array_extend(rows, page);
		json_decref(object);
	} while (got > 0);
	return CLI_OK;
}

static int
list(struct cli *cli)
{
	json_t *rows = json_array();
	int r = cli_queue_recalls(cli, rows);

	if (r == CLI_OK && cli->json)
		r = cli_queue_print(cli, rows);
	else if (r == CLI_OK && json_array_size(rows) == 0)
		cli_say(cli, RECALL_NOTHING);
	else if (r == CLI_OK)
		cli_table(cli, admin_find(slice_str("recall list"))->columns,
		    rows);
	json_decref(rows);
	return r;
}

int
cli_queue_recall(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	json_t *object = NULL;
	int r = cli_options(cli, argc, argv, NULL, "ID", 0, 1, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK || values[RECALL_ID] == NULL)
		return r != CLI_OK ? r : list(cli);
	r = cli_queue_ask(cli, "recall take", values, &object);
	if (r != CLI_OK)
		return r;
	json_decref(object);
	if (cli->json) {
		object = json_array();
		r = cli_queue_print(cli, object);
		json_decref(object);
		return r;
	}
	cli_say(cli, RECALL_TAKEN, values[RECALL_ID]);
	return CLI_OK;
}
