/*
 * cli_smarthost.c - postroom smarthost set, list, remove
 */
#include "programs/cli.h"

#include <openssl/crypto.h>

#include "policy/smarthosts.h"

/* Where the arguments stand in their rows (admin.c). */
enum { NAME, HOST, TLS, USER, PASSWORD };
enum { LIST_NAME, LIST_ABOVE };

enum { WITH_HOST, WITH_TLS, WITH_USER, WITH_FILE, OPTIONS };

/* Whose it is; at --server one's own, if nobody is named. */
static int
read_words(struct cli *cli, int argc, char **argv,
    struct cli_option *options, int least, const char **name_out)
{
	int r;

	*name_out = NULL;
	r = cli_options(cli, argc, argv, options, "DOMAIN|ADDRESS",
	    cli->remote != NULL ? 0 : least, 1, name_out);
	return r == CLI_OK ? cli_config(cli) : r;
}

static int
ask(struct cli *cli, const char *request_name,
    const char *const values[ADMIN_ARGS], struct text *answer)
{
	const struct admin_request *request =
	    admin_find(slice_str(request_name));
	int r = cli_ask(cli, request, values, answer);

	return r == CLI_OK ? cli_show(cli, request, answer, false) : r;
}

/* The password of who logs in there.  CLI_OK, or told. */
static int
get_password(struct cli *cli, const struct cli_option *options,
    char password[CLI_SECRET_SIZE])
{
	TEXT_AUTO who = TEXT_INIT(4096);

	text_say(&who, cli->language, FETCH_WHO, options[WITH_USER].value,
	    options[WITH_HOST].value);
	text_add_byte(&who, '\0');
	if (text_failed(&who))
		return cli_fail(cli, CLI_USAGE, UNFIT);
	return cli_password_once(cli, options[WITH_FILE].value, who.at,
	    password, CLI_SECRET_SIZE);
}

int
cli_smarthost_set(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_HOST] = { "--host", true, NULL },
		[WITH_TLS] = { "--tls", true, NULL },
		[WITH_USER] = { "--user", true, NULL },
		[WITH_FILE] = { "--password-file", true, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	const char *values[ADMIN_ARGS] = { NULL };
	char password[CLI_SECRET_SIZE] = "", name[ADDRESS_SIZE] = "";
	char host[SMARTHOST_HOST_SIZE + 16] = "";
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = read_words(cli, argc, argv, options, 1, &values[NAME]);

	if (r == CLI_OK && options[WITH_HOST].value == NULL)
		r = cli_fail(cli, CLI_USAGE, SMARTHOST_WHERE);
	if (r == CLI_OK && options[WITH_USER].value != NULL)
		r = get_password(cli, options, password);
	if (r != CLI_OK)
		return r;
	values[HOST] = options[WITH_HOST].value;
	values[TLS] = options[WITH_TLS].value;
	values[USER] = options[WITH_USER].value;
	if (values[USER] != NULL)
		values[PASSWORD] = password;
	r = ask(cli, "smarthost set", values, &answer);
	OPENSSL_cleanse(password, sizeof(password));
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "name", name, sizeof(name));
	cli_answer_text(&answer, "host", host, sizeof(host));
	cli_say(cli, SMARTHOST_IS_SET, name, host);
	return CLI_OK;
}

int
cli_smarthost_remove(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };
	char name[ADDRESS_SIZE] = "";
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = read_words(cli, argc, argv, options, 1, &values[NAME]);

	if (r == CLI_OK)
		r = ask(cli, "smarthost remove", values, &answer);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "name", name, sizeof(name));
	cli_say(cli, SMARTHOST_IS_REMOVED, name);
	return CLI_OK;
}

int
cli_smarthost_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };
	int r = read_words(cli, argc, argv, options, 0, &values[LIST_NAME]);

	return r == CLI_OK ? cli_list(cli, "smarthost list", values,
	    LIST_ABOVE, ADMIN_PAGE, SAY_SMARTHOST_NONE) : r;
}
