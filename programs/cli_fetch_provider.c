/*
 * cli_fetch_provider.c - what is known of a provider, put in and said
 *
 * Where the server of a big provider stands need not be typed: the name of the
 * provider, or the address one logs in with there, says it.  And what the
 * provider puts up with is said before it surprises somebody.
 */
#include <string.h>
#include <strings.h>

#include "programs/cli_fetch.h"

#define NAMES_MOST	512	/* of all providers */

static bool
is_given(const struct fetch_given *given, enum fetch_option option,
    const char *value)
{
	return given->value[option] != NULL &&
	    strcasecmp(given->value[option], value) == 0;
}

/* None of that name: which there are. */
static int
no_such_provider(struct cli *cli, const char *name)
{
	TEXT_AUTO names = TEXT_INIT(NAMES_MOST);
	TEXT_AUTO want = TEXT_INIT(2 * NAMES_MOST);
	const struct mail_provider *one = mail_providers;

	for (; one->name != NULL; one++)
		text_addf(&names, "%s%s", names.len == 0 ? "" : ", ",
		    one->name);
	text_add_byte(&names, '\0');
	text_say(&want, cli->language, WANT_KNOWN_PROVIDER,
	    text_failed(&names) ? "" : names.at);
	text_add_byte(&want, '\0');
	return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--provider", name,
	    text_failed(&want) ? "" : want.at);
}

/* Whose it is: as it was said, else as the server or the login says. */
static const struct mail_provider *
find(const struct fetch_given *given)
{
	if (given->value[WITH_PROVIDER] != NULL)
		return provider_find(slice_str(given->value[WITH_PROVIDER]));
	if (given->value[WITH_HOST] != NULL)
		return provider_of_host(slice_str(given->value[WITH_HOST]));
	if (given->value[WITH_OAUTH] != NULL)
		return provider_find(slice_str(given->value[WITH_OAUTH]));
	return given->value[WITH_USER] == NULL ? NULL :
	    provider_of_address(slice_str(given->value[WITH_USER]));
}

/* The server there; what was said stays. */
static void
fill_server(struct cli_provider *provider, struct fetch_given *given,
    const char *values[ADMIN_ARGS])
{
	const struct provider_server *server = provider->by_imap ?
	    &provider->known->imap : &provider->known->pop3;

	if (given->value[WITH_HOST] != NULL || server->host == NULL)
		return;
	given->value[WITH_HOST] = values[FETCH_HOST] = server->host;
	provider->server = server;
	if (given->value[WITH_PORT] == NULL && given->value[WITH_TLS] == NULL) {
		(void)snprintf(provider->port, sizeof(provider->port), "%u",
		    server->port);
		values[FETCH_PORT] = provider->port;
		values[FETCH_TLS] = "implicit";
	}
}

int
cli_provider_fill(struct cli *cli, struct fetch_given *given,
    const char *values[ADMIN_ARGS], struct cli_provider *provider)
{
	const struct mail_provider *known = find(given);

	*provider = (struct cli_provider){ .known = known };
	if (known == NULL)
		return given->value[WITH_PROVIDER] == NULL ? CLI_OK :
		    no_such_provider(cli, given->value[WITH_PROVIDER]);
	if (is_given(given, WITH_PROTOCOL, "etrn") ||
	    is_given(given, WITH_PROTOCOL, "atrn")) {
		provider->known = NULL;
		return CLI_OK;
	}
	if (given->value[WITH_PROTOCOL] == NULL && (known->pop3.host == NULL ||
	    (given->value[WITH_OAUTH] != NULL && !known->pop3_oauth)))
		given->value[WITH_PROTOCOL] = values[FETCH_PROTOCOL] = "imap";
	provider->by_imap = is_given(given, WITH_PROTOCOL, "imap");
	fill_server(provider, given, values);
	return CLI_OK;
}

void
cli_provider_before(struct cli *cli, const struct cli_provider *provider,
    bool by_password)
{
	const struct mail_provider *known = provider->known;

	if (known == NULL || cli->json)
		return;
	if (provider->server != NULL)
		cli_say(cli, PROVIDER_IS, known->title,
		    provider->server->host, provider->server->port);
	if (known->app_password && by_password)
		cli_say(cli, PROVIDER_PASSWORD, known->title);
}

void
cli_provider_after(struct cli *cli, const struct cli_provider *provider)
{
	const struct mail_provider *known = provider->known;
	char bytes[AMOUNT_SIZE];
	uint64_t daily;

	if (known == NULL || cli->json)
		return;
	if (!provider->by_imap && known->dele == DELE_DELETES)
		cli_say(cli, PROVIDER_DELE_DELETES);
	else if (!provider->by_imap && known->dele == DELE_AS_SET_THERE)
		cli_say(cli, PROVIDER_DELE_AS_SET, known->title);
	daily = provider->by_imap ? known->imap_daily_bytes :
	    known->pop3_daily_bytes;
	amount_bytes(cli->language, daily, bytes);
	if (daily != 0)
		cli_say(cli, PROVIDER_DAILY, known->title, bytes);
}

void
cli_provider_every(struct cli *cli, const char *host, const char *every)
{
	const struct mail_provider *known = provider_of_host(slice_str(host));
	unsigned least = provider_limits(slice_str(host)).every_minutes;
	uint64_t minutes;

	if (every == NULL || known == NULL || cli->json ||
	    slice_u64(slice_str(every), UINT32_MAX, &minutes) < 0 ||
	    minutes == 0 || minutes >= least)
		return;
	cli_say(cli, PROVIDER_EVERY, known->title, least);
}
