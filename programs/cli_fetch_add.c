/*
 * cli_fetch_add.c - postroom fetch add: a remote mailbox, tried before it counts
 *
 * The account is added with nothing said of the old mail, so nothing is
 * collected yet; then the hub logs in there.  A login that fails takes the
 * account away again.  Only then is asked what of the mail there is collected,
 * with the number of messages before one's eyes.
 */
#include "programs/cli_fetch.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "policy/fetch_accounts.h"
#include "policy/providers.h"
#include "programs/cli_consent.h"

#define OFFER_OLD_DAYS		"30"
#define OFFER_DELETE_DAYS	"7"
#define ASK_TIMES		3	/* then it stays unsaid */
#define ANSWER_SIZE		16

struct adding {
	struct cli	*cli;
	const char	*values[ADMIN_ARGS];	/* of fetch add */
	const char	*rules;		/* its mail is for many; or NULL */
	bool		 asks;		/* there is a person at a terminal */
	const char	*oauth, *proxy;	/* the way there; or NULL */
	bool		 browser;
	struct cli_provider provider;
	json_t		*row;		/* the answer's, of the account */
	char		 from[ANSWER_SIZE], delete_after[ANSWER_SIZE];
};

static bool
is_protocol(const struct fetch_given *given, const char *name)
{
	const char *protocol = given->value[WITH_PROTOCOL];

	return protocol != NULL && strcasecmp(protocol, name) == 0;
}

/*
 * Where the servers of those that are known stand need not be said; with a
 * provider's consent in place of a password.  CLI_OK, or told.
 */
static int
fill_provider(struct adding *adding, struct fetch_given *given)
{
	const struct mail_provider *known;
	int r = cli_provider_fill(adding->cli, given, adding->values,
	    &adding->provider);

	adding->oauth = given->value[WITH_OAUTH];
	adding->proxy = given->value[WITH_PROXY];
	adding->browser = given->value[WITH_BROWSER] != NULL;
	if (r != CLI_OK || adding->oauth == NULL)
		return r;
	known = provider_find(slice_str(adding->oauth));
	if (given->value[WITH_MECHANISM] == NULL)
		adding->values[FETCH_MECHANISM] = known != NULL &&
		    known->mechanism == FETCH_OAUTHBEARER ? "oauthbearer" :
		    "xoauth2";
	return CLI_OK;
}

/* What must be given, given; `asks` is found out. */
static int
check_given(struct adding *adding, const struct fetch_given *given)
{
	struct cli *cli = adding->cli;
	bool is_etrn = is_protocol(given, "etrn");

	if (given->value[WITH_HOST] == NULL)
		return cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--host");
	if (given->value[WITH_USER] == NULL && !is_etrn)
		return cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--user");
	if (given->value[WITH_QUEUE] == NULL && is_etrn)
		return cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--queue");
	/* the provider sends what it holds: of the rest there is none */
	if (adding->values[FETCH_FROM] == NULL && (is_etrn ||
	    is_protocol(given, "atrn")))
		adding->values[FETCH_FROM] = "all";
	adding->asks = adding->values[FETCH_FROM] == NULL;
	if (adding->asks && (cli->json || isatty(STDIN_FILENO) != 1 ||
	    isatty(STDOUT_FILENO) != 1))
		return cli_fail(cli, CLI_USAGE, SAY_HOW_OLD);
	if (given->value[WITH_UNTESTED] == NULL && !cli_hub_runs(cli))
		return cli_fail(cli, CLI_BUSY, UNTESTED_ONLY);
	return CLI_OK;
}

/* Questions */

/* A line typed, without blanks; an empty one is what is offered. */
static bool
read_answer(const char *offer, char answer_out[ANSWER_SIZE])
{
	char line[256];
	struct slice typed;

	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	typed = slice_trim(slice_str(line));
	if (typed.len == 0)
		typed = slice_str(offer);
	if (slice_cstr(typed, answer_out, ANSWER_SIZE) < 0)
		answer_out[0] = '\0';
	return true;
}

/* Ask for a number of days until it is one. */
static bool
ask_days(struct cli *cli, bool old, char days_out[ANSWER_SIZE])
{
	const char *offer = old ? OFFER_OLD_DAYS : OFFER_DELETE_DAYS;
	uint64_t n;

	for (unsigned i = 0; i < ASK_TIMES; i++) {
		if (old)
			file_say(stdout, cli->language, ASK_FROM_DAYS, offer);
		else
			file_say(stdout, cli->language, ASK_DELETE_DAYS, offer);
		if (!read_answer(offer, days_out))
			return false;
		if (slice_u64(slice_str(days_out), FETCH_DAYS_MOST, &n) == 0 &&
		    (n > 0 || !old))
			return true;
		cli_say(cli, FIELD_FAULT, days_out, say(cli->language, old ?
		    SAY_WANT_DAYS : SAY_WANT_DELETE_AFTER));
	}
	return false;
}

/* Only new mail, some days of the old, or all of it. */
static bool
ask_from(struct adding *adding)
{
	struct cli *cli = adding->cli;
	char answer[ANSWER_SIZE];

	for (unsigned i = 0; i < ASK_TIMES; i++) {
		file_say(stdout, cli->language, ASK_FROM);
		if (!read_answer("1", answer))
			return false;
		if (strcmp(answer, "2") == 0)
			return ask_days(cli, true, adding->from);
		if (strcmp(answer, "1") == 0 || strcmp(answer, "3") == 0) {
			(void)snprintf(adding->from, sizeof(adding->from),
			    "%s", answer[0] == '1' ? "new" : "all");
			return true;
		}
	}
	return false;
}

/* Leave mail on the server, or delete it there some days after. */
static bool
ask_delete(struct adding *adding)
{
	struct cli *cli = adding->cli;
	char answer[ANSWER_SIZE];

	for (unsigned i = 0; i < ASK_TIMES; i++) {
		file_say(stdout, cli->language, ASK_DELETE);
		if (!read_answer("1", answer))
			return false;
		if (strcmp(answer, "2") == 0)
			return ask_days(cli, false, adding->delete_after);
		if (strcmp(answer, "1") == 0) {
			(void)snprintf(adding->delete_after,
			    sizeof(adding->delete_after), "keep");
			return true;
		}
	}
	return false;
}

/* The steps */

static const char *
address_of(const struct adding *adding)
{
	return row_text(adding->row, "address");
}

static const char *
label_of(const struct adding *adding)
{
	return row_text(adding->row, "label");
}

/* The account, from which nothing is collected yet if it is to be tried. */
static int
add(struct adding *adding, bool untested)
{
	const char *values[ADMIN_ARGS];
	json_t *object = NULL;
	int r;

	memcpy(values, adding->values, sizeof(values));
	if (!untested || adding->rules != NULL)
		values[FETCH_FROM] = "unsaid";
	r = cli_fetch_ask(adding->cli, "fetch add", values, &object);
	if (r == CLI_OK)
		adding->row = json_incref(json_array_get(json_object_get(
		    object, "result"), 0));
	json_decref(object);
	return r;
}

/* Take it away again; `words` say why.  The exit code. */
static int
take_back(struct adding *adding, const struct text *why)
{
	struct cli *cli = adding->cli;
	const char *values[ADMIN_ARGS] = {
		[ADMIN_WHICH_ADDRESS] = address_of(adding),
		[ADMIN_WHICH_LABEL] = label_of(adding)
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(cli, "fetch remove", values, &object);

	json_decref(object);
	if (r != CLI_OK || why == NULL)
		return r;
	text_clear(&cli->words);
	text_add(&cli->words, text_slice(why));
	text_add_byte(&cli->words, ' ');
	text_add_str(&cli->words, say(cli->language, SAY_FETCH_NOT_ADDED));
	return cli_failed(cli, CLI_FAILED);
}

/* How its mail is told apart.  CLI_OK, or told and taken back. */
static int
set_rules(struct adding *adding)
{
	const char *values[ADMIN_ARGS] = {
		[ADMIN_WHICH_ADDRESS] = address_of(adding),
		[ADMIN_WHICH_LABEL] = label_of(adding),
		[FETCH_RULES_TEXT] = adding->rules
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(adding->cli, "fetch rules", values, &object);

	json_decref(object);
	if (r != CLI_OK)
		(void)take_back(adding, NULL);
	return r;
}

/* Log in there.  CLI_OK, or told and taken back. */
static int
try(struct adding *adding)
{
	struct cli *cli = adding->cli;
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);
	json_t *rows = NULL, *row;
	int r = cli_fetch_run(cli, "fetch test", address_of(adding),
	    label_of(adding), NULL, NULL, &rows);

	if (r != CLI_OK) {
		(void)take_back(adding, NULL);
		return r;
	}
	row = json_array_get(rows, 0);
	words_tested(&words, cli->language, row, time(NULL));
	if (row_end(row) != FETCH_END_DONE) {
		r = take_back(adding, &words);
	} else {
		if (!cli->json)
			printf("%.*s\n", SLICE_FMT(text_slice(&words)));
		(void)json_object_set(adding->row, "waiting",
		    json_object_get(row, "waiting"));
		(void)json_object_set(adding->row, "waiting_bytes",
		    json_object_get(row, "waiting_bytes"));
	}
	json_decref(rows);
	return r;
}

/* Say what of the old mail is collected, and what becomes of it there. */
static int
settle(struct adding *adding)
{
	struct cli *cli = adding->cli;
	const char *values[ADMIN_ARGS] = {
		[FETCH_ADDRESS] = address_of(adding),
		[FETCH_LABEL] = label_of(adding),
		[FETCH_FROM] = adding->values[FETCH_FROM]
	};
	json_t *object = NULL;
	int r;

	if (adding->asks) {
		if (!ask_from(adding) ||
		    (adding->values[FETCH_DELETE_AFTER] == NULL &&
		    !ask_delete(adding)))
			return cli_fail(cli, CLI_FAILED, FETCH_ADDED_UNSAID,
			    address_of(adding), label_of(adding));
		values[FETCH_FROM] = adding->from;
		if (adding->delete_after[0] != '\0')
			values[FETCH_DELETE_AFTER] = adding->delete_after;
	}
	r = cli_fetch_ask(cli, "fetch set", values, &object);
	json_decref(object);
	return r;
}

static void
print_added(const struct adding *adding)
{
	struct cli *cli = adding->cli;
	TEXT_AUTO visible = TEXT_INIT(1024);
	json_t *object;
	char *line;

	if (!cli->json) {
		cli_add_visible(&visible, slice_str(label_of(adding)));
		text_add_byte(&visible, '\0');
		cli_say(cli, FETCH_ADDED, address_of(adding),
		    text_failed(&visible) ? "" : visible.at);
		return;
	}
	object = json_pack("{s:b, s:[O]}", "ok", 1, "result", adding->row);
	line = json_dumps(object, 0);
	if (line == NULL)
		(void)cli_fail(cli, CLI_FAILED, NO_MEMORY);
	else
		puts(line);
	free(line);
	json_decref(object);
}

/* Say how it is reached, and have its owner consent.  CLI_OK, or taken back. */
static int
set_way(struct adding *adding, bool untested)
{
	json_t *way = NULL;
	int r;

	if (adding->oauth == NULL && adding->proxy == NULL)
		return CLI_OK;
	r = cli_way(adding->cli, address_of(adding), label_of(adding),
	    adding->oauth, adding->proxy, NULL, NULL, &way);
	json_decref(way);
	if (r == CLI_OK && adding->oauth != NULL && !untested)
		r = cli_consent(adding->cli, address_of(adding),
		    label_of(adding), adding->browser);
	if (r != CLI_OK)
		(void)take_back(adding, NULL);
	return r;
}

/* The password is there: the rest. */
static int
add_and_try(struct adding *adding, bool untested)
{
	int r = add(adding, untested);

	if (r == CLI_OK && adding->rules != NULL)
		r = set_rules(adding);
	if (r == CLI_OK)
		r = set_way(adding, untested);
	if (r == CLI_OK && !untested)
		r = try(adding);
	if (r == CLI_OK && (!untested || adding->asks ||
	    adding->rules != NULL))
		r = settle(adding);
	if (r == CLI_OK)
		print_added(adding);
	json_decref(adding->row);
	return r;
}

int
cli_fetch_add(struct cli *cli, int argc, char **argv)
{
	return cli_fetch_add_with(cli, argc, argv, NULL);
}

int
cli_fetch_add_with(struct cli *cli, int argc, char **argv, const char *rules)
{
	struct adding adding = { .cli = cli, .rules = rules };
	TEXT_AUTO who = TEXT_INIT(4096);
	char password[CLI_SECRET_SIZE] = "";
	struct fetch_given given;
	const char *words[1];
	int r = cli_fetch_options(cli, argc, argv, FOR_ADD, "ADDRESS", 1, 1,
	    words, &given);

	if (r == CLI_OK)
		r = cli_fetch_values(cli, &given, adding.values);
	if (r == CLI_OK)
		r = fill_provider(&adding, &given);
	if (r == CLI_OK)
		r = check_given(&adding, &given);
	if (r != CLI_OK)
		return r;
	cli_provider_before(cli, &adding.provider, adding.oauth == NULL);
	text_say(&who, cli->language, FETCH_WHO,
	    given.value[WITH_USER] == NULL ? "" : given.value[WITH_USER],
	    given.value[WITH_HOST]);
	text_add_byte(&who, '\0');
	if (text_failed(&who))
		return cli_fail(cli, CLI_USAGE, UNFIT);
	if (given.value[WITH_USER] != NULL && adding.oauth == NULL)
		r = cli_password(cli, given.value[WITH_FILE], who.at,
		    password, sizeof(password));
	else if (given.value[WITH_USER] == NULL)
		adding.values[FETCH_USER] = "";
	if (r != CLI_OK)
		return r;
	adding.values[FETCH_ADDRESS] = words[0];
	adding.values[FETCH_PASSWORD] = password;
	r = add_and_try(&adding, given.value[WITH_UNTESTED] != NULL);
	if (r == CLI_OK) {
		cli_provider_after(cli, &adding.provider);
		cli_provider_every(cli, given.value[WITH_HOST],
		    given.value[WITH_EVERY]);
	}
	OPENSSL_cleanse(password, sizeof(password));
	return r;
}
