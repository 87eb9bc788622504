/*
 * cli_dkim.c - postroom dkim add, list, remove: keys that sign what is sent
 */
#include "programs/cli.h"

enum { DOMAIN, SELECTOR, ALGORITHM };
enum { WITH_SELECTOR, WITH_ED25519, OPTIONS };

/* Ask, and show the rows; `name_out` and `record_out` are of the first. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], bool with_table, char *name_out,
    size_t name_size, char *record_out, size_t record_size)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r = cli_config(cli);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, with_table);
	cli_answer_text(&answer, "name", name_out, name_size);
	cli_answer_text(&answer, "record", record_out, record_size);
	return r;
}

int
cli_dkim_add(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_SELECTOR] = { "--selector", true, NULL },
		[WITH_ED25519] = { "--ed25519", false, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	const char *values[ADMIN_ARGS] = { NULL };
	char name[512], record[SIGNING_RECORD_SIZE];
	bool is_ed25519;
	int r = cli_options(cli, argc, argv, options, "DOMAIN", 1, 1, values);

	if (r != CLI_OK)
		return r;
	is_ed25519 = options[WITH_ED25519].value != NULL;
	values[ALGORITHM] = is_ed25519 ? "ed25519" : "rsa";
	values[SELECTOR] = options[WITH_SELECTOR].value;
	if (values[SELECTOR] == NULL)
		values[SELECTOR] = is_ed25519 ? "postroom-ed" : "postroom";
	r = ask_and_show(cli, "dkim add", values, false, name, sizeof(name),
	    record, sizeof(record));
	if (r == CLI_OK && !cli->json)
		cli_say(cli, DKIM_ADDED, values[DOMAIN], name, record);
	return r;
}

int
cli_dkim_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char name[512], record[SIGNING_RECORD_SIZE];
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	return r == CLI_OK ? ask_and_show(cli, "dkim list", values, true,
	    name, sizeof(name), record, sizeof(record)) : r;
}

int
cli_dkim_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char name[512], record[SIGNING_RECORD_SIZE];
	int r = cli_options(cli, argc, argv, NULL, "DOMAIN SELECTOR", 2, 2,
	    values);

	if (r == CLI_OK)
		r = ask_and_show(cli, "dkim remove", values, false, name,
		    sizeof(name), record, sizeof(record));
	if (r == CLI_OK && !cli->json)
		cli_say(cli, DKIM_REMOVED, name);
	return r;
}
