/*
 * cli_gateway.c - postroom gateway add, list, set, remove: domains whose mail is
 * taken here for a host of their own
 */
#include "programs/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "policy/gateways.h"

/* Where the arguments stand in their rows (admin.c). */
enum { NAME, HOST, ASKERS, ACCOUNT, WAITS, BYTES, DAYS, RECIPIENTS };

#define LIST_BYTES	(100 * 1024)	/* fits one message between roles */

/* Read all of it, with a NUL behind.  CLI_OK, or told. */
static int
read_list(struct cli *cli, const char *path, struct text *list)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fault = fd < 0 ? errno : 0;
	char block[4096];
	ssize_t n = 1;

	while (fault == 0 && n > 0) {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			text_add(list, slice_of(block, (size_t)n));
		if (n < 0)
			fault = errno;
	}
	text_add_byte(list, '\0');
	if (fd >= 0)
		close(fd);
	if (fault == 0 && text_failed(list))
		fault = EFBIG;
	return fault == 0 ? CLI_OK : cli_fail(cli, CLI_FAILED, CANNOT_READ,
	    path, strerror(fault));
}

/* Ask, and show the rows; the name as it is kept. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], bool with_table,
    char name_out[GATEWAY_NAME_SIZE])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES * 16);
	int r = cli_config(cli);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, with_table);
	if (r == CLI_OK)
		cli_answer_text(&answer, "domain", name_out,
		    GATEWAY_NAME_SIZE);
	return r;
}

static int
put(struct cli *cli, int argc, char **argv, const char *request,
    char name_out[GATEWAY_NAME_SIZE])
{
	struct cli_option options[] = {
		[NAME] = { "--host", true, NULL },
		[HOST] = { "--etrn-from", true, NULL },
		[ASKERS] = { "--atrn-account", true, NULL },
		[ACCOUNT] = { "--waits", true, NULL },
		[WAITS] = { "--max-size", true, NULL },
		[BYTES] = { "--max-days", true, NULL },
		[DAYS] = { "--recipients-file", true, NULL },
		[RECIPIENTS] = { NULL, false, NULL },
	};
	TEXT_AUTO list = TEXT_INIT(LIST_BYTES);
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, options, "DOMAIN", 1, 1, values);

	/* the arguments stand in the order of the options, behind the name */
	for (unsigned i = HOST; r == CLI_OK && i <= RECIPIENTS; i++)
		values[i] = options[i - 1].value;
	if (r == CLI_OK && values[RECIPIENTS] != NULL &&
	    strcmp(values[RECIPIENTS], "none") != 0) {
		r = read_list(cli, values[RECIPIENTS], &list);
		values[RECIPIENTS] = list.at;
	}
	return r == CLI_OK ? ask_and_show(cli, request, values, false,
	    name_out) : r;
}

int
cli_gateway_add(struct cli *cli, int argc, char **argv)
{
	char name[GATEWAY_NAME_SIZE] = "";
	int r = put(cli, argc, argv, "gateway add", name);

	if (r == CLI_OK && !cli->json)
		cli_say(cli, GATEWAY_ADDED, name);
	return r;
}

int
cli_gateway_set(struct cli *cli, int argc, char **argv)
{
	char name[GATEWAY_NAME_SIZE] = "";
	int r = put(cli, argc, argv, "gateway set", name);

	if (r == CLI_OK && !cli->json)
		cli_say(cli, GATEWAY_SET, name);
	return r;
}

int
cli_gateway_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	char name[GATEWAY_NAME_SIZE] = "";
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = ask_and_show(cli, "gateway list", values, true, name);
	return r;
}

int
cli_gateway_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char name[GATEWAY_NAME_SIZE] = "";
	int r = cli_options(cli, argc, argv, NULL, "DOMAIN", 1, 1, values);

	if (r == CLI_OK)
		r = ask_and_show(cli, "gateway remove", values, false, name);
	if (r == CLI_OK && !cli->json)
		cli_say(cli, GATEWAY_REMOVED, name);
	return r;
}
