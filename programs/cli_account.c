/*
 * cli_account.c - postroom account add, list, set, remove
 */
#include "programs/cli.h"

#include <limits.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

/* Where the arguments of account requests stand (admin.c). */
enum { ADDRESS, NAME, LANGUAGE, PASSWORD, FETCH, RECALL, FORWARDS };

enum { WITH_NAME, WITH_LANGUAGE, WITH_FILE, WITH_PASSWORD, WITH_FETCH,
    WITH_RECALL, WITH_FORWARDS, OPTIONS };

#define ACCOUNT_OPTIONS \
	[WITH_NAME] = { "--name", true, NULL }, \
	[WITH_LANGUAGE] = { "--language", true, NULL }, \
	[WITH_FILE] = { "--password-file", true, NULL }, \
	[WITH_PASSWORD] = { "--password", false, NULL }
#define ADD_OPTIONS { ACCOUNT_OPTIONS, [WITH_FETCH] = { NULL, false, NULL } }
#define SET_OPTIONS { ACCOUNT_OPTIONS, \
	[WITH_FETCH] = { "--fetch", true, NULL }, \
	[WITH_RECALL] = { "--recall", true, NULL }, \
	[WITH_FORWARDS] = { "--forwards", true, NULL }, \
	[OPTIONS] = { NULL, false, NULL } }

/* Ask, and tell the answer; `address_out` and `number_out` from its row. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], bool with_table,
    char address_out[ADDRESS_SIZE], char number_out[24])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, with_table);
	cli_answer_text(&answer, "address", address_out, ADDRESS_SIZE);
	cli_answer_text(&answer, "account", number_out, 24);
	return r;
}

int
cli_account_add(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = ADD_OPTIONS;
	const char *values[ADMIN_ARGS] = { NULL };
	char password[PASSWORD_MAX_BYTES + 2] = "";
	char address[ADDRESS_SIZE], number[24];
	int r;

	r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1, values);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_password(cli, options[WITH_FILE].value,
		    values[ADDRESS], password, sizeof(password));
	if (r != CLI_OK)
		return r;
	values[NAME] = options[WITH_NAME].value;
	values[LANGUAGE] = options[WITH_LANGUAGE].value;
	if (values[LANGUAGE] == NULL)
		values[LANGUAGE] = cli->config.language;
	values[PASSWORD] = password;
	r = ask_and_show(cli, "account add", values, false, address, number);
	OPENSSL_cleanse(password, sizeof(password));
	if (r == CLI_OK)
		cli_say(cli, ACCOUNT_ADDED, address);
	return r;
}

int
cli_public_add(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_NAME] = { "--name", true, NULL },
		[WITH_LANGUAGE] = { "--language", true, NULL },
		{ NULL, false, NULL }
	};
	const char *values[ADMIN_ARGS] = { NULL };
	char address[ADDRESS_SIZE], number[24];
	int r;

	r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1, values);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[NAME] = options[WITH_NAME].value;
	values[LANGUAGE] = options[WITH_LANGUAGE].value;
	if (values[LANGUAGE] == NULL)
		values[LANGUAGE] = cli->config.language;
	r = ask_and_show(cli, "public add", values, false, address, number);
	if (r == CLI_OK)
		cli_say(cli, PUBLIC_ADDED, address);
	return r;
}

int
cli_account_list(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const char *words[1];
	char address[ADDRESS_SIZE], number[24];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	return ask_and_show(cli, "account list", none, true, address, number);
}

int
cli_account_set(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = SET_OPTIONS;
	const char *values[ADMIN_ARGS] = { NULL };
	char password[PASSWORD_MAX_BYTES + 2] = "";
	char address[ADDRESS_SIZE], number[24];
	bool with_password;
	int r;

	r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1, values);
	if (r != CLI_OK)
		return r;
	values[NAME] = options[WITH_NAME].value;
	values[LANGUAGE] = options[WITH_LANGUAGE].value;
	values[FETCH] = options[WITH_FETCH].value;
	values[RECALL] = options[WITH_RECALL].value;
	values[FORWARDS] = options[WITH_FORWARDS].value;
	with_password = options[WITH_PASSWORD].value != NULL ||
	    options[WITH_FILE].value != NULL;
	if (values[NAME] == NULL && values[LANGUAGE] == NULL &&
	    values[FETCH] == NULL && values[RECALL] == NULL &&
	    values[FORWARDS] == NULL && !with_password)
		return cli_fail(cli, CLI_USAGE, NOTHING_TO_CHANGE);
	r = cli_config(cli);
	if (r == CLI_OK && with_password)
		r = cli_password(cli, options[WITH_FILE].value,
		    values[ADDRESS], password, sizeof(password));
	if (r != CLI_OK)
		return r;
	if (with_password)
		values[PASSWORD] = password;
	r = ask_and_show(cli, "account set", values, false, address, number);
	OPENSSL_cleanse(password, sizeof(password));
	if (r == CLI_OK)
		cli_say(cli, ACCOUNT_CHANGED, address);
	return r;
}

int
cli_account_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char address[ADDRESS_SIZE], number[24], folder[PATH_MAX + 40];
	int r;

	r = cli_options(cli, argc, argv, NULL, "ADDRESS", 1, 1, values);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	r = ask_and_show(cli, "account remove", values, false, address,
	    number);
	if (r != CLI_OK)
		return r;
	snprintf(folder, sizeof(folder), "%s/accounts/%s",
	    cli->config.data_dir, number);
	cli_say(cli, ACCOUNT_REMOVED, address, folder);
	return r;
}

/* Is it the whole address, or what stands before its "@"? */
static bool
is_address(const char *address, const char *given)
{
	struct slice rest = slice_str(address), local;

	return slice_is_nocase(rest, slice_str(given)) ||
	    (slice_cut(&rest, '@', &local) &&
	    slice_is_nocase(local, slice_str(given)));
}

int
cli_account_number(struct cli *cli, const char *given, char *number,
    size_t size)
{
	static const char *const none[ADMIN_ARGS];
	const struct admin_request *request =
	    admin_find(slice_str("account list"));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	json_t *object = NULL, *row;
	size_t i, found = 0;
	int r = cli_ask(cli, request, none, &answer);

	if (r == CLI_OK)
		r = cli_answer(cli, request, &answer, &object);
	if (r != CLI_OK)
		return r;
	json_array_foreach(json_object_get(object, "result"), i, row)
		if (is_address(json_string_value(json_object_get(row,
		    "address")), given)) {
			(void)snprintf(number, size, "%lld", (long long)
			    json_integer_value(json_object_get(row,
			    "account")));
			found++;
		}
	json_decref(object);
	return found == 1 ? CLI_OK : cli_fail(cli, CLI_NO_SUCH, NOTHING_KNOWN,
	    given);
}

int
cli_account_address(struct cli *cli, const char *number, char *address,
    size_t size)
{
	static const char *const none[ADMIN_ARGS];
	const struct admin_request *request =
	    admin_find(slice_str("account list"));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	json_t *object = NULL, *row;
	bool found = false;
	char has[32];
	size_t i;
	int r = cli_ask(cli, request, none, &answer);

	if (r == CLI_OK)
		r = cli_answer(cli, request, &answer, &object);
	if (r != CLI_OK)
		return r;
	json_array_foreach(json_object_get(object, "result"), i, row) {
		const char *one = json_string_value(json_object_get(row,
		    "address"));

		(void)snprintf(has, sizeof(has), "%lld", (long long)
		    json_integer_value(json_object_get(row, "account")));
		if (one != NULL && !found && strcmp(has, number) == 0)
			found = slice_cstr(slice_str(one), address, size) == 0;
	}
	json_decref(object);
	return found ? CLI_OK : cli_fail(cli, CLI_NO_SUCH, NOTHING_KNOWN,
	    number);
}
