/*
 * transfer_imap.c - all mail of an account on another IMAP server
 *
 * It is collected as all mail of other servers is (fetch/): pipelined, within
 * the line's windows and budget, by the role that may connect, and nothing of
 * it is deleted there.  The ledger knows each message by UIDVALIDITY and UID, so
 * a collection that was broken off goes on.  What is left behind is a fetch
 * account that is switched off: the next import goes on with it.
 */
#include "programs/transfer_imap.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "programs/cli_fetch.h"

/* For the schedule to hear of a change: a minute at most. */
#define PAUSE_MS	50
#define PAUSES		1200

/* Where the mail is, taken apart. */
struct source {
	char		user[256], host[256], port[8], label[320];
	const char	*tls;
};

static const struct {
	const char	*scheme, *tls;
} schemes[] = {
	{ "imaps://", "implicit" },
	{ "imap://",  "starttls" },
};

#define SCHEMES	(sizeof(schemes) / sizeof(schemes[0]))

bool
transfer_is_imap(const char *from)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (slice_has_prefix(slice_str(from), schemes[i].scheme))
			return true;
	return false;
}

/* USER@HOST[:PORT][/]; the user may be an address. */
static bool
read_source(const char *from, const char *tls, struct source *source)
{
	struct slice rest = slice_str(from), user;
	size_t at;

	for (size_t i = 0; i < SCHEMES; i++)
		if (slice_has_prefix(rest, schemes[i].scheme)) {
			rest = slice_after(rest, strlen(schemes[i].scheme));
			source->tls = tls != NULL ? tls : schemes[i].tls;
			break;
		}
	at = slice_find_last(rest, '@');
	if (at == SIZE_MAX || at == 0)
		return false;
	user = slice_first(rest, at);
	rest = slice_after(rest, at + 1);
	if (slice_has_suffix(rest, "/"))
		rest.len--;
	at = slice_find_last(rest, ':');
	/* the colons of an IPv6 address stand in brackets */
	if (at != SIZE_MAX && slice_find(slice_after(rest, at), ']') ==
	    SIZE_MAX) {
		if (slice_cstr(slice_after(rest, at + 1), source->port,
		    sizeof(source->port)) < 0)
			return false;
		rest = slice_first(rest, at);
	}
	if (slice_has_prefix(rest, "[") && slice_has_suffix(rest, "]"))
		rest = slice_of(rest.at + 1, rest.len - 2);
	if (rest.len == 0 || slice_cstr(user, source->user,
	    sizeof(source->user)) < 0 || slice_cstr(rest, source->host,
	    sizeof(source->host)) < 0)
		return false;
	(void)snprintf(source->label, sizeof(source->label), "import %.240s",
	    source->host);
	return true;
}

/* Is there a fetch account for it?  CLI_OK, or told. */
static int
look(struct cli *cli, const char *address, const struct source *source,
    bool *is_there_out)
{
	json_t *rows = NULL, *row;
	int r = cli_fetch_pages(cli, "fetch list", address, false, &rows);
	size_t i;

	*is_there_out = false;
	json_array_foreach(rows, i, row)
		*is_there_out |= strcmp(row_text(row, "label"),
		    source->label) == 0 &&
		    strcmp(row_text(row, "user"), source->user) == 0;
	json_decref(rows);
	return r;
}

/* Switched on, or off. */
static int
set_enabled(struct cli *cli, const char *address, const struct source *source,
    const char *enabled)
{
	const char *values[ADMIN_ARGS] = {
		[FETCH_ADDRESS] = address, [FETCH_LABEL] = source->label,
		[FETCH_ENABLED] = enabled
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(cli, "fetch set", values, &object);

	json_decref(object);
	return r;
}

static int
take_back(struct cli *cli, const char *address, const struct source *source)
{
	const char *values[ADMIN_ARGS] = {
		[ADMIN_WHICH_ADDRESS] = address,
		[ADMIN_WHICH_LABEL] = source->label
	};
	json_t *object = NULL;
	int r = cli_fetch_ask(cli, "fetch remove", values, &object);

	json_decref(object);
	return r;
}

/* Log in there and count.  CLI_OK, or told. */
static int
try(struct cli *cli, const char *address, const struct source *source,
    bool is_told)
{
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);
	json_t *rows = NULL;
	int r = cli_fetch_run(cli, "fetch test", address, source->label, NULL,
	    NULL, &rows);

	if (r != CLI_OK)
		return r;
	words_tested(&words, cli->language, json_array_get(rows, 0),
	    time(NULL));
	if (row_end(json_array_get(rows, 0)) != FETCH_END_DONE) {
		text_clear(&cli->words);
		text_add(&cli->words, text_slice(&words));
		r = cli_failed(cli, CLI_FAILED);
	} else if (is_told && cli->json) {
		fputs("{\"ok\": true, \"result\": ", stdout);
		(void)json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (is_told) {
		printf("%.*s\n", SLICE_FMT(text_slice(&words)));
	}
	json_decref(rows);
	return r;
}

/* All of it, from the first message on; nothing is deleted there. */
static int
add(struct cli *cli, const char *address, const struct source *source,
    const char *password_file)
{
	char password[CLI_SECRET_SIZE] = "";
	const char *values[ADMIN_ARGS] = {
		[FETCH_ADDRESS] = address, [FETCH_LABEL] = source->label,
		[FETCH_HOST] = source->host, [FETCH_USER] = source->user,
		[FETCH_TLS] = source->tls, [FETCH_PASSWORD] = password,
		[FETCH_PROTOCOL] = "imap", [FETCH_FROM] = "all",
		[FETCH_DELETE_AFTER] = "keep", [FETCH_ENABLED] = "no",
		[FETCH_FOLDERS] = "all",
		[FETCH_PORT] = source->port[0] == '\0' ? NULL : source->port
	};
	TEXT_AUTO who = TEXT_INIT(1024);
	json_t *object = NULL;
	int r;

	text_say(&who, cli->language, FETCH_WHO, source->user, source->host);
	text_add_byte(&who, '\0');
	if (text_failed(&who))
		return cli_fail(cli, CLI_USAGE, UNFIT);
	r = cli_password_once(cli, password_file, who.at, password,
	    sizeof(password));
	if (r == CLI_OK)
		r = cli_fetch_ask(cli, "fetch add", values, &object);
	OPENSSL_cleanse(password, sizeof(password));
	json_decref(object);
	return r;
}

static void
print_collected(struct cli *cli, json_t *row)
{
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);

	words_collected(&words, cli->language, row, time(NULL));
	if (!cli->json)
		printf("%.*s\n", SLICE_FMT(text_slice(&words)));
}

/* The schedule hears of it a moment after the keeper has said so: it is waited
 * for.  CLI_OK, or told. */
static int
await_schedule(struct cli *cli, const char *address,
    const struct source *source)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	bool knows = false;
	int r = CLI_OK;

	for (unsigned n = 0; n < PAUSES && r == CLI_OK && !knows; n++) {
		json_t *rows = NULL, *row;
		size_t i;

		if (n > 0)
			(void)nanosleep(&pause, NULL);
		r = cli_fetch_pages(cli, "fetch health", address, false,
		    &rows);
		json_array_foreach(rows, i, row)
			knows |= strcmp(row_text(row, "label"),
			    source->label) == 0 && row_number(row, "next") > 0;
		json_decref(rows);
	}
	return r;
}

/* Collect, once, with a bar.  Exit code. */
static int
collect(struct cli *cli, const char *address, const struct source *source)
{
	json_t *rows = NULL;
	int r = set_enabled(cli, address, source, "yes"), off;

	if (r == CLI_OK)
		r = await_schedule(cli, address, source);
	if (r != CLI_OK)
		return r;
	r = cli_fetch_run(cli, "fetch now", address, source->label, NULL,
	    print_collected, &rows);
	off = set_enabled(cli, address, source, "no");
	if (r == CLI_OK)
		r = off;
	if (r == CLI_OK && cli->json) {
		fputs("{\"ok\": true, \"result\": ", stdout);
		(void)json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK) {
		cli_say(cli, TRANSFER_OFF, source->label, address,
		    source->label);
	}
	if (r == CLI_OK && row_end(json_array_get(rows, 0)) != FETCH_END_DONE)
		r = CLI_FAILED;
	json_decref(rows);
	return r;
}

int
transfer_imap(struct cli *cli, const char *address,
    const struct transfer_imap *how)
{
	struct source source = { .port = "" };
	struct cli_fetch_who who;
	bool was_there = false;
	int r;

	if (!read_source(how->from, how->tls, &source))
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--from",
		    how->from, "imaps://USER@HOST[:PORT]");
	if (!cli_hub_runs(cli))
		return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	r = look(cli, address, &source, &was_there);
	if (r == CLI_OK && !was_there)
		r = add(cli, address, &source, how->password_file);
	/* there is one now, which has the whole address */
	if (r == CLI_OK)
		r = cli_fetch_who(cli, address, source.label, &who);
	if (r != CLI_OK)
		return r;
	r = try(cli, who.address, &source, how->is_dry);
	if (!was_there && (r != CLI_OK || how->is_dry)) {
		int back = take_back(cli, who.address, &source);

		return r == CLI_OK ? back : r;
	}
	return r == CLI_OK && !how->is_dry ? collect(cli, who.address,
	    &source) : r;
}
