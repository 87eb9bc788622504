/*
 * cli_queue_move.c - postroom queue hold, release, retry, reroute, bounce, remove
 *
 * The hub does so much at a time and says where it stopped; the command asks on
 * until all is done.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "programs/cli_queue.h"

/* Where the arguments stand in their rows (admin.c). */
enum { ACT_ID, ACT_ADDRESS, ACT_ABOVE, ACT_AT, ACT_DOMAIN, ACT_ALL, ACT_VIA };

struct done {
	unsigned long long	changed, sending;
};

/* All of it.  CLI_OK, or told. */
static int
do_all(struct cli *cli, const char *name, const char *values[ADMIN_ARGS],
    struct done *done)
{
	char id[64] = "", address[ADDRESS_SIZE] = "";
	bool more = true;

	while (more) {
		json_t *object = NULL;
		const json_t *row;
		int r = cli_queue_ask(cli, name, values, &object);

		if (r != CLI_OK)
			return r;
		row = json_array_get(json_object_get(object, "result"), 0);
		done->changed += cli_queue_number(row, "changed");
		done->sending += cli_queue_number(row, "sending");
		more = strcmp(cli_queue_text(row, "more"), "yes") == 0;
		(void)snprintf(id, sizeof(id), "%s", cli_queue_text(row, "id"));
		(void)snprintf(address, sizeof(address), "%s",
		    cli_queue_text(row, "recipient"));
		values[ACT_ABOVE] = id;
		values[ACT_AT] = address;
		json_decref(object);
	}
	return CLI_OK;
}

/* What was done, in words or as JSON; nothing is no success. */
static int
tell(struct cli *cli, const struct done *done, bool leaves_sending)
{
	json_t *rows;
	int r = CLI_OK;

	if (done->changed + done->sending == 0)
		return cli_fail(cli, CLI_NO_SUCH, LEAVING_NONE);
	if (cli->json) {
		rows = json_pack("[{s:I, s:I}]", "changed",
		    (json_int_t)done->changed, "sending",
		    (json_int_t)done->sending);
		r = cli_queue_print(cli, rows);
		json_decref(rows);
	}
	if (done->changed > 0)
		cli_say(cli, LEAVING_CHANGED, done->changed);
	if (done->sending > 0 && leaves_sending)
		cli_say(cli, LEAVING_NOT_NOW, done->sending);
	else if (done->sending > 0)
		cli_say(cli, LEAVING_SENDING, done->sending);
	return r == CLI_OK && done->changed == 0 ? CLI_BUSY : r;
}

static int
act(struct cli *cli, const char *name, const char *values[ADMIN_ARGS])
{
	struct done done = { 0 };
	int r = do_all(cli, name, values, &done);

	return r == CLI_OK ? tell(cli, &done,
	    strcmp(name, "queue bounce") == 0) : r;
}

/* Of a message, a domain, or all. */
static int
act_on_many(struct cli *cli, int argc, char **argv, const char *name)
{
	struct cli_option options[] = { { "--domain", true, NULL },
	    { "--all", false, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL }, *words[1] = { NULL };
	int r = cli_options(cli, argc, argv, options, "ID", 0, 1, words);

	if (r != CLI_OK)
		return r;
	values[ACT_ID] = words[0];
	values[ACT_DOMAIN] = options[0].value;
	values[ACT_ALL] = options[1].value == NULL ? NULL : "yes";
	if ((words[0] != NULL) + (options[0].value != NULL) +
	    (options[1].value != NULL) != 1)
		return cli_fail(cli, CLI_USAGE, LEAVING_WHICH);
	r = cli_config(cli);
	return r == CLI_OK ? act(cli, name, values) : r;
}

int
cli_queue_hold(struct cli *cli, int argc, char **argv)
{
	return act_on_many(cli, argc, argv, "queue hold");
}

int
cli_queue_release(struct cli *cli, int argc, char **argv)
{
	return act_on_many(cli, argc, argv, "queue release");
}

int
cli_queue_retry(struct cli *cli, int argc, char **argv)
{
	return act_on_many(cli, argc, argv, "queue retry");
}

int
cli_queue_reroute(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--domain", true, NULL },
	    { "--to", true, NULL }, { "--as-ever", false, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL }, *words[1] = { NULL };
	struct done done = { 0 };
	int r = cli_options(cli, argc, argv, options, "ID", 0, 1, words);

	if (r != CLI_OK)
		return r;
	values[ACT_ID] = words[0];
	values[ACT_DOMAIN] = options[0].value;
	values[ACT_VIA] = options[2].value != NULL ? "" : options[1].value;
	if ((words[0] != NULL) + (options[0].value != NULL) != 1)
		return cli_fail(cli, CLI_USAGE, LEAVING_WHICH);
	if ((options[1].value != NULL) + (options[2].value != NULL) != 1)
		return cli_fail(cli, CLI_USAGE, LEAVING_WHERE);
	r = cli_config(cli);
	if (r == CLI_OK)
		r = do_all(cli, "queue reroute", values, &done);
	/* of a domain it counts for what comes, too */
	if (r == CLI_OK && done.changed == 0 && values[ACT_DOMAIN] != NULL) {
		if (cli->json)
			puts("{\"ok\": true, \"result\": []}");
		cli_say(cli, LEAVING_CHANGED, done.changed);
		return CLI_OK;
	}
	return r == CLI_OK ? tell(cli, &done, false) : r;
}

int
cli_queue_bounce(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--to", true, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, values);

	values[ACT_ADDRESS] = options[0].value;
	if (r == CLI_OK)
		r = cli_config(cli);
	return r == CLI_OK ? act(cli, "queue bounce", values) : r;
}

/* A line typed at the terminal begins with y. */
static int
confirm(struct cli *cli, const char *id)
{
	const char *values[ADMIN_ARGS] = { id };
	TEXT_AUTO sender = TEXT_INIT(CLI_WORDS_BYTES);
	json_t *object = NULL;
	char line[64];
	int r;

	if (cli->json || isatty(STDIN_FILENO) != 1)
		return cli_fail(cli, CLI_USAGE, SAY_YES);
	r = cli_queue_ask(cli, "queue list", values, &object);
	if (r != CLI_OK)
		return r;
	cli_add_visible(&sender, slice_str(cli_queue_text(json_array_get(
	    json_object_get(object, "result"), 0), "sender")));
	json_decref(object);
	text_add_byte(&sender, '\0');
	file_say(stdout, cli->language, ASK_LEAVING_REMOVE, id, sender.at);
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, HOLD_NOT_DELETED);
}

int
cli_queue_remove(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--to", true, NULL },
	    { "--yes", false, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, values);

	values[ACT_ADDRESS] = options[0].value;
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && options[1].value == NULL)
		r = confirm(cli, values[ACT_ID]);
	return r == CLI_OK ? act(cli, "queue remove", values) : r;
}
