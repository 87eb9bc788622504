/*
 * cli_oauth.c - postroom oauth set, list, remove; postroom fetch way
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "programs/cli_consent.h"

/* Where the arguments of "oauth set" stand (admin.c). */
enum { SET_PROVIDER, SET_CLIENT_ID, SET_SECRET, SET_TOKEN_URL,
    SET_DEVICE_URL, SET_AUTHORIZE_URL, SET_SCOPE };

enum { WITH_ID, WITH_SECRET_FILE, WITH_TOKEN, WITH_DEVICE, WITH_AUTHORIZE,
    WITH_OAUTH_SCOPE, SET_OPTIONS };

/* Ask, and show the answer; exit code. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], bool with_table)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(ADMIN_ANSWER_BYTES);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_show(cli, request, &answer, with_table) : r;
}

/* The client secret, if a file is named; never on the command line. */
static int
read_secret(struct cli *cli, const char *provider, const char *file,
    char *secret, size_t size)
{
	TEXT_AUTO who = TEXT_INIT(1024);

	if (file == NULL)
		return CLI_OK;
	text_say(&who, cli->language, OAUTH_SECRET_WHO, provider);
	text_add_byte(&who, '\0');
	return cli_password_once(cli, file, text_failed(&who) ? "" : who.at,
	    secret, size);
}

int
cli_oauth_set(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[SET_OPTIONS + 1] = {
		[WITH_ID] = { "--client-id", true, NULL },
		[WITH_SECRET_FILE] = { "--client-secret-file", true, NULL },
		[WITH_TOKEN] = { "--token-url", true, NULL },
		[WITH_DEVICE] = { "--device-url", true, NULL },
		[WITH_AUTHORIZE] = { "--authorize-url", true, NULL },
		[WITH_OAUTH_SCOPE] = { "--scope", true, NULL },
	};
	const char *values[ADMIN_ARGS] = { NULL }, *words[1] = { NULL };
	char secret[CLI_SECRET_SIZE] = "";
	int r = cli_options(cli, argc, argv, options, "PROVIDER", 1, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = read_secret(cli, words[0],
		    options[WITH_SECRET_FILE].value, secret, sizeof(secret));
	if (r != CLI_OK)
		return r;
	values[SET_PROVIDER] = words[0];
	values[SET_CLIENT_ID] = options[WITH_ID].value;
	values[SET_SECRET] = secret[0] == '\0' ? NULL : secret;
	values[SET_TOKEN_URL] = options[WITH_TOKEN].value;
	values[SET_DEVICE_URL] = options[WITH_DEVICE].value;
	values[SET_AUTHORIZE_URL] = options[WITH_AUTHORIZE].value;
	values[SET_SCOPE] = options[WITH_OAUTH_SCOPE].value;
	r = ask_and_show(cli, "oauth set", values, false);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r == CLI_OK)
		cli_say(cli, OAUTH_IS_SET, words[0]);
	return r;
}

int
cli_oauth_list(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	return r == CLI_OK ? ask_and_show(cli, "oauth list", none, true) : r;
}

int
cli_oauth_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1] = { NULL };
	int r = cli_options(cli, argc, argv, NULL, "PROVIDER", 1, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[SET_PROVIDER] = words[0];
	r = ask_and_show(cli, "oauth remove", values, false);
	if (r == CLI_OK)
		cli_say(cli, OAUTH_IS_REMOVED, words[0]);
	return r;
}

/* Postroom fetch way */

enum { WITH_WAY_LABEL, WITH_WAY_OAUTH, WITH_WAY_PROXY, WITH_WAY_USER,
    WITH_WAY_FILE, WAY_OPTIONS };

static const struct admin_field shown[] = {
	{ "address",	ADMIN_TEXT, true, SAY_COLUMN_ADDRESS },
	{ "label",	ADMIN_TEXT, true, SAY_COLUMN_LABEL },
	{ "oauth",	ADMIN_TEXT, true, SAY_COLUMN_PROVIDER },
	{ "consent",	ADMIN_TEXT, true, SAY_COLUMN_CONSENT },
	{ "consented",	ADMIN_TIME, true, SAY_COLUMN_CONSENTED },
	{ "until",	ADMIN_TIME, true, SAY_COLUMN_UNTIL },
	{ "proxy",	ADMIN_TEXT, true, SAY_COLUMN_PROXY },
	{ 0 }
};

static void
print_way(struct cli *cli, json_t *row)
{
	json_t *object = cli->json ? json_pack("{s:b, s:[O]}", "ok", 1,
	    "result", row) : json_pack("[O]", row);
	char *line = cli->json ? json_dumps(object, 0) : NULL;

	if (!cli->json)
		cli_table(cli, shown, object);
	else if (line != NULL)
		puts(line);
	free(line);
	json_decref(object);
}

int
cli_fetch_way(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[WAY_OPTIONS + 1] = {
		[WITH_WAY_LABEL] = { "--label", true, NULL },
		[WITH_WAY_OAUTH] = { "--oauth", true, NULL },
		[WITH_WAY_PROXY] = { "--proxy", true, NULL },
		[WITH_WAY_USER] = { "--proxy-user", true, NULL },
		[WITH_WAY_FILE] = { "--proxy-password-file", true, NULL },
	};
	const char *words[1] = { NULL };
	char password[CLI_SECRET_SIZE] = "";
	json_t *row = NULL;
	int r = cli_options(cli, argc, argv, options, "ADDRESS",
	    cli->login != NULL ? 0 : 1, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && options[WITH_WAY_USER].value != NULL)
		r = cli_password_once(cli, options[WITH_WAY_FILE].value,
		    options[WITH_WAY_USER].value, password, sizeof(password));
	if (r == CLI_OK)
		r = cli_way(cli, words[0] != NULL ? words[0] : cli->login,
		    options[WITH_WAY_LABEL].value,
		    options[WITH_WAY_OAUTH].value,
		    options[WITH_WAY_PROXY].value,
		    options[WITH_WAY_USER].value,
		    options[WITH_WAY_USER].value != NULL ? password : NULL,
		    &row);
	OPENSSL_cleanse(password, sizeof(password));
	if (r == CLI_OK)
		print_way(cli, row);
	json_decref(row);
	return r;
}

/* Postroom fetch providers */

static const struct admin_field providers_shown[] = {
	{ "provider",	ADMIN_TEXT, true, SAY_COLUMN_PROVIDER },
	{ "title",	ADMIN_TEXT, true, SAY_COLUMN_NAME },
	{ "imap",	ADMIN_TEXT, true, SAY_COLUMN_IMAP },
	{ "pop3",	ADMIN_TEXT, true, SAY_COLUMN_POP3 },
	{ "app_password", ADMIN_TEXT, true, SAY_COLUMN_APP_PASSWORD },
	{ "consent",	ADMIN_TEXT, true, SAY_COLUMN_CONSENT },
	{ 0 }
};

int
cli_fetch_providers(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const char *words[1];
	json_t *object = NULL;
	char *line;
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_fetch_ask(cli, "fetch providers", none, &object);
	if (r != CLI_OK)
		return r;
	line = cli->json ? json_dumps(object, 0) : NULL;
	if (!cli->json)
		cli_table(cli, providers_shown,
		    json_object_get(object, "result"));
	else if (line != NULL)
		puts(line);
	else
		r = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	free(line);
	json_decref(object);
	return r;
}
