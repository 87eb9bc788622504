/*
 * cli_domain.c - postroom domain add, set, list: the domains of the office
 */
#include "programs/cli.h"

enum { DOMAIN, KIND };
enum { WITH_SHARED, WITH_OURS, OPTIONS };

/* Ask, and show the row; CLI_OK, with the domain as it is kept. */
static int
ask(struct cli *cli, const char *name, const char *const values[ADMIN_ARGS],
    bool with_table, char domain_out[256])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r = cli_config(cli);

	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, with_table);
	cli_answer_text(&answer, "domain", domain_out, 256);
	return r;
}

/* What it means from now on. */
static void
tell(struct cli *cli, bool is_shared, const char *domain)
{
	if (cli->json)
		return;
	if (is_shared && !config_leaves(&cli->config))
		cli_say(cli, DOMAIN_SHARED_NO_WAY, domain);
	else if (is_shared)
		cli_say(cli, DOMAIN_IS_SHARED, domain);
	else
		cli_say(cli, DOMAIN_IS_OURS, domain);
}

static int
change(struct cli *cli, int argc, char **argv, const char *request,
    bool must_say)
{
	struct cli_option options[] = {
		[WITH_SHARED] = { "--shared", false, NULL },
		[WITH_OURS] = { "--ours", false, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	const char *values[ADMIN_ARGS] = { NULL };
	char domain[256] = "";
	bool is_shared, is_ours;
	int r = cli_options(cli, argc, argv, options, "DOMAIN", 1, 1, values);

	if (r != CLI_OK)
		return r;
	is_shared = options[WITH_SHARED].value != NULL;
	is_ours = options[WITH_OURS].value != NULL;
	if ((is_shared && is_ours) || (must_say && !is_shared && !is_ours))
		return cli_fail(cli, CLI_USAGE, DOMAIN_WHICH);
	values[KIND] = is_shared ? "shared" : "ours";
	r = ask(cli, request, values, false, domain);
	if (r == CLI_OK)
		tell(cli, is_shared, domain);
	return r;
}

int
cli_domain_add(struct cli *cli, int argc, char **argv)
{
	return change(cli, argc, argv, "domain add", false);
}

int
cli_domain_set(struct cli *cli, int argc, char **argv)
{
	return change(cli, argc, argv, "domain set", true);
}

int
cli_domain_list(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	const char *words[1];
	char domain[256];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	return r == CLI_OK ? ask(cli, "domain list", values, true, domain) :
	    r;
}
