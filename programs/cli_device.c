/*
 * cli_device.c - postroom device add, list, remove
 */
#include "programs/cli.h"

#include "policy/devices.h"

/* Where the arguments stand in their rows (admin.c). */
enum { ADDRESS, SENDER, TO, PER_HOUR };

enum { WITH_AS, WITH_TO, WITH_PER_HOUR, OPTIONS };

static int
ask(struct cli *cli, const char *request_name,
    const char *const values[ADMIN_ARGS], struct text *answer)
{
	const struct admin_request *request =
	    admin_find(slice_str(request_name));
	int r = cli_config(cli);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, answer);
	return r == CLI_OK ? cli_show(cli, request, answer, false) : r;
}

int
cli_device_add(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_AS] = { "--as", true, NULL },
		[WITH_TO] = { "--to", true, NULL },
		[WITH_PER_HOUR] = { "--per-hour", true, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	const char *values[ADMIN_ARGS] = { NULL };
	char address[DEVICE_ADDRESS_SIZE] = "", sender[ADDRESS_SIZE] = "";
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1,
	    values);

	if (r == CLI_OK && options[WITH_AS].value == NULL)
		r = cli_fail(cli, CLI_USAGE, DEVICE_AS_WHOM);
	if (r != CLI_OK)
		return r;
	values[SENDER] = options[WITH_AS].value;
	values[TO] = options[WITH_TO].value;
	values[PER_HOUR] = options[WITH_PER_HOUR].value;
	r = ask(cli, "device add", values, &answer);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "address", address, sizeof(address));
	cli_answer_text(&answer, "sender", sender, sizeof(sender));
	cli_say(cli, DEVICE_ADDED, address, sender);
	return CLI_OK;
}

int
cli_device_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char address[DEVICE_ADDRESS_SIZE] = "";
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = cli_options(cli, argc, argv, NULL, "ADDRESS", 1, 1, values);

	if (r == CLI_OK)
		r = ask(cli, "device remove", values, &answer);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "address", address, sizeof(address));
	cli_say(cli, DEVICE_REMOVED, address);
	return CLI_OK;
}

int
cli_device_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	const char *none[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, none);

	if (r == CLI_OK)
		r = cli_config(cli);
	return r == CLI_OK ? cli_list(cli, "device list", values, 0,
	    ADMIN_PAGE, SAY_DEVICE_NONE) : r;
}
