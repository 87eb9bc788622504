/*
 * cli_fetch_options.c - the options of `postroom fetch`, made into arguments
 */
#include "programs/cli_fetch.h"

#include <inttypes.h>
#include <string.h>

#include "policy/unit.h"

static const struct {
	const char	*name;
	bool		 takes_value;
	unsigned	 commands;
	int		 arg;		/* its value goes there as it is; or -1 */
} table[FETCH_OPTIONS] = {
	[WITH_LABEL] = { "--label", true, FOR_ADD | FOR_SET | FOR_ONE |
	    FOR_REMOVE, FETCH_LABEL },
	[WITH_HOST] = { "--host", true, FOR_ADD | FOR_SET, FETCH_HOST },
	[WITH_PORT] = { "--port", true, FOR_ADD | FOR_SET, FETCH_PORT },
	[WITH_TLS] = { "--tls", true, FOR_ADD | FOR_SET, FETCH_TLS },
	[WITH_USER] = { "--user", true, FOR_ADD | FOR_SET, FETCH_USER },
	[WITH_FILE] = { "--password-file", true, FOR_ADD | FOR_SET, -1 },
	[WITH_MECHANISM] = { "--mechanism", true, FOR_ADD | FOR_SET,
	    FETCH_MECHANISM },
	[WITH_PIN] = { "--pin", true, FOR_ADD | FOR_SET, FETCH_PIN },
	[WITH_LARGEST] = { "--largest", true, FOR_ADD | FOR_SET, -1 },
	[WITH_ALL] = { "--all", false, FOR_ADD | FOR_SET, -1 },
	[WITH_NEW] = { "--new", false, FOR_ADD | FOR_SET, -1 },
	[WITH_DAYS] = { "--days", true, FOR_ADD | FOR_SET, FETCH_FROM },
	[WITH_KEEP] = { "--keep", false, FOR_ADD | FOR_SET, -1 },
	[WITH_DELETE_AFTER] = { "--delete-after", true, FOR_ADD | FOR_SET,
	    FETCH_DELETE_AFTER },
	[WITH_UNTESTED] = { "--untested", false, FOR_ADD, -1 },
	[WITH_PASSWORD] = { "--password", false, FOR_SET, -1 },
	[WITH_RENAME] = { "--rename", true, FOR_SET, FETCH_RENAME },
	[WITH_ENABLE] = { "--enable", false, FOR_SET, -1 },
	[WITH_DISABLE] = { "--disable", false, FOR_SET, -1 },
	[WITH_YES] = { "--yes", false, FOR_REMOVE, -1 },
	[WITH_PROTOCOL] = { "--protocol", true, FOR_ADD | FOR_SET,
	    FETCH_PROTOCOL },
	[WITH_FOLDERS] = { "--folders", true, FOR_ADD | FOR_SET,
	    FETCH_FOLDERS },
	[WITH_EVERY] = { "--every", true, FOR_ADD | FOR_SET, FETCH_EVERY },
	[WITH_ON_READ] = { "--on-read", true, FOR_ADD | FOR_SET,
	    FETCH_ON_READ },
	[WITH_OAUTH] = { "--oauth", true, FOR_ADD, -1 },
	[WITH_BROWSER] = { "--browser", false, FOR_ADD, -1 },
	[WITH_PROXY] = { "--proxy", true, FOR_ADD, -1 },
	[WITH_PROVIDER] = { "--provider", true, FOR_ADD, -1 },
	[WITH_QUEUE] = { "--queue", true, FOR_ADD | FOR_SET, FETCH_QUEUE },
	[WITH_MIRROR] = { "--delete-when-deleted-here", false,
	    FOR_ADD | FOR_SET, -1 },
	[WITH_NO_MIRROR] = { "--keep-when-deleted-here", false, FOR_SET, -1 },
};

/* Options that exclude each other, from the first to the last. */
static const struct {
	enum fetch_option	 first, last;
	const char		*names;
} either[] = {
	{ WITH_ALL, WITH_DAYS, "--all, --new, --days" },
	{ WITH_KEEP, WITH_DELETE_AFTER, "--keep, --delete-after" },
	{ WITH_ENABLE, WITH_DISABLE, "--enable, --disable" },
	{ WITH_MIRROR, WITH_NO_MIRROR, "--delete-when-deleted-here, "
	    "--keep-when-deleted-here" },
};

/* Options without a value that stand for an argument with one. */
static const struct {
	enum fetch_option	 option;
	unsigned		 arg;
	const char		*value;
} means[] = {
	{ WITH_ALL,	FETCH_FROM,		"all" },
	{ WITH_NEW,	FETCH_FROM,		"new" },
	{ WITH_KEEP,	FETCH_DELETE_AFTER,	"keep" },
	{ WITH_ENABLE,	FETCH_ENABLED,		"yes" },
	{ WITH_DISABLE,	FETCH_ENABLED,		"no" },
	{ WITH_MIRROR,	FETCH_MIRROR,		"yes" },
	{ WITH_NO_MIRROR, FETCH_MIRROR,		"no" },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

int
cli_fetch_options(struct cli *cli, int argc, char **argv,
    enum fetch_command command, const char *what, int least, int most,
    const char **words_out, struct fetch_given *given_out)
{
	struct cli_option options[FETCH_OPTIONS + 1] = { { 0 } };
	struct fetch_given given = { 0 };
	size_t n = 0;
	int r;

	for (size_t i = 0; i < FETCH_OPTIONS; i++)
		if ((table[i].commands & command) != 0)
			options[n++] = (struct cli_option){ table[i].name,
			    table[i].takes_value, NULL };
	/* who is logged in to a hub need not say whose mailbox is meant */
	if (cli->login != NULL)
		least = 0;
	r = cli_options(cli, argc, argv, options, what, least, most,
	    words_out);
	if (r == CLI_OK && cli->login != NULL && most > 0 &&
	    words_out[0] == NULL && (command & (FOR_ADD | FOR_SET |
	    FOR_REMOVE)) != 0)
		words_out[0] = cli->login;
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	n = 0;
	for (size_t i = 0; i < FETCH_OPTIONS; i++)
		if ((table[i].commands & command) != 0)
			given.value[i] = options[n++].value;
	*given_out = given;
	return CLI_OK;
}

static int
check_either(struct cli *cli, const struct fetch_given *given)
{
	for (size_t i = 0; i < COUNT(either); i++) {
		unsigned count = 0;

		for (unsigned o = either[i].first; o <= either[i].last; o++)
			count += given->value[o] != NULL;
		if (count > 1)
			return cli_fail(cli, CLI_USAGE, ONE_OF_OPTIONS,
			    either[i].names);
	}
	return CLI_OK;
}

/*
 * What the keeper would take for a word is an amount here.  It is the keeper
 * who knows how large it may be.
 */
static int
check_amounts(struct cli *cli, struct fetch_given *given)
{
	const char *days = given->value[WITH_DAYS];
	const char *after = given->value[WITH_DELETE_AFTER];
	const char *largest = given->value[WITH_LARGEST];
	uint64_t n = 0;

	if (days != NULL && slice_u64(slice_str(days), UINT64_MAX, &n) < 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--days", days,
		    say(cli->language, SAY_WANT_DAYS));
	if (after != NULL && slice_u64(slice_str(after), UINT64_MAX, &n) < 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--delete-after",
		    after, say(cli->language, SAY_WANT_DELETE_AFTER));
	if (largest != NULL &&
	    unit_read(slice_str(largest), UNIT_BYTES, &n) < 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--largest",
		    largest, say(cli->language, SAY_WANT_LARGEST));
	if (largest != NULL)
		(void)snprintf(given->largest, sizeof(given->largest),
		    "%" PRIu64, n);
	return CLI_OK;
}

int
cli_fetch_values(struct cli *cli, struct fetch_given *given,
    const char *values[ADMIN_ARGS])
{
	int r = check_either(cli, given);

	if (r == CLI_OK)
		r = check_amounts(cli, given);
	if (r != CLI_OK)
		return r;
	for (size_t i = 0; i < FETCH_OPTIONS; i++)
		if (table[i].arg >= 0 && given->value[i] != NULL)
			values[table[i].arg] = given->value[i];
	for (size_t i = 0; i < COUNT(means); i++)
		if (given->value[means[i].option] != NULL)
			values[means[i].arg] = means[i].value;
	if (given->value[WITH_LARGEST] != NULL)
		values[FETCH_LARGEST] = given->largest;
	return CLI_OK;
}
