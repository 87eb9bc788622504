/*
 * cli_fetch.c - postroom fetch list, set, remove, test, now, resume
 *
 * What is asked of the keeper works without a hub, as accounts do; what the
 * schedule and the queue answer needs one.
 */
#include "programs/cli_fetch.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* Print {"ok": true, "result": rows}, or with `failed` why it is not. */
static void
print_rows(struct cli *cli, json_t *rows, const char *failed)
{
	json_t *object = failed == NULL ?
	    json_pack("{s:b, s:O}", "ok", 1, "result", rows) :
	    json_pack("{s:b, s:s, s:s, s:O}", "ok", 0, "error", "failed",
	    "words", failed, "result", rows);
	char *line = json_dumps(object, 0);

	if (line != NULL)
		puts(line);
	else
		(void)cli_fail(cli, CLI_FAILED, NO_MEMORY);
	free(line);
	json_decref(object);
}

/* List */

/* What is shown of a fetch account; the last five need a running hub. */
static const struct admin_field shown[] = {
	{ "address",	ADMIN_TEXT,	true, SAY_COLUMN_ADDRESS },
	{ "label",	ADMIN_TEXT,	true, SAY_COLUMN_LABEL },
	{ "protocol",	ADMIN_TEXT,	true, SAY_COLUMN_PROTOCOL },
	{ "host",	ADMIN_TEXT,	true, SAY_COLUMN_HOST },
	{ "user",	ADMIN_TEXT,	true, SAY_COLUMN_USER },
	{ "tls",	ADMIN_TEXT,	true, SAY_COLUMN_TLS },
	{ "from",	ADMIN_TEXT,	true, SAY_COLUMN_FROM },
	{ "delete_after", ADMIN_TEXT,	true, SAY_COLUMN_DELETE_AFTER },
	{ "enabled",	ADMIN_TEXT,	true, SAY_COLUMN_ENABLED },
	{ "last",	ADMIN_TIME,	true, SAY_COLUMN_LAST },
	{ "success",	ADMIN_TIME,	true, SAY_COLUMN_SUCCESS },
	{ "waiting",	ADMIN_NUMBER,	true, SAY_COLUMN_WAITS },
	{ "shown_result", ADMIN_TEXT,	true, SAY_COLUMN_RESULT },
	{ "next",	ADMIN_TIME,	true, SAY_COLUMN_NEXT },
	{ 0 }
};
#define SHOWN_WITHOUT_HUB	9

/* Put the columns of `more` into the rows of the same number; both grow. */
static void
merge(json_t *rows, json_t *more)
{
	size_t i = 0, n = 0;

	while (i < json_array_size(rows) && n < json_array_size(more)) {
		json_t *row = json_array_get(rows, i);
		json_t *other = json_array_get(more, n);
		uint64_t id = row_number(row, "id");
		uint64_t other_id = row_number(other, "id");

		if (id == other_id)
			(void)json_object_update(row, other);
		i += id <= other_id;
		n += other_id <= id;
	}
}

/* It is stopped in good order, and goes on by itself. */
static bool
is_waiting(enum fetch_end end)
{
	return end == FETCH_END_LINE || end == FETCH_END_DAY ||
	    end == FETCH_END_PAUSED;
}

/* "ok", "waits", "failed", or nothing when there was no collection yet. */
static void
add_result(struct cli *cli, json_t *row)
{
	enum fetch_end end = row_end(row);
	const char *word = end == FETCH_END_COUNT ? "-" :
	    say(cli->language, end == FETCH_END_DONE ? SAY_RESULT_FINE :
	    is_waiting(end) ? SAY_RESULT_WAITS : SAY_RESULT_FAILED);

	(void)json_object_set_new(row, "shown_result", json_string(word));
}

/* Why the last collection failed, below the table. */
static void
print_failure(struct cli *cli, const json_t *row)
{
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);
	enum fetch_end end = row_end(row);

	if (end == FETCH_END_COUNT || end == FETCH_END_DONE)
		return;
	words_collected(&words, cli->language, row, time(NULL));
	printf("%.*s\n", SLICE_FMT(text_slice(&words)));
}

/* What makes it go there, in one cell. */
static void
add_mirror(struct cli *cli, json_t *row)
{
	TEXT_AUTO cell = TEXT_INIT(CLI_WORDS_BYTES);

	if (strcmp(row_text(row, "mirror"), "yes") != 0)
		return;
	text_say(&cell, cli->language, OR_DELETED_HERE,
	    row_text(row, "delete_after"));
	(void)json_object_set_new(row, "delete_after",
	    json_stringn(cell.at, cell.len));
}

static void
print_list(struct cli *cli, json_t *rows, bool with_health)
{
	struct admin_field columns[sizeof(shown) / sizeof(shown[0])];
	json_t *row;
	size_t i;

	memcpy(columns, shown, sizeof(columns));
	if (!with_health)
		columns[SHOWN_WITHOUT_HUB].name = NULL;
	json_array_foreach(rows, i, row) {
		add_result(cli, row);
		add_mirror(cli, row);
	}
	cli_table(cli, columns, rows);
	json_array_foreach(rows, i, row)
		print_failure(cli, row);
}

int
cli_fetch_list(struct cli *cli, int argc, char **argv)
{
	const char *words[1];
	struct fetch_given given;
	json_t *rows = NULL, *health = NULL;
	int r = cli_fetch_options(cli, argc, argv, FOR_NONE, "", 0, 1, words,
	    &given);

	if (r == CLI_OK)
		r = cli_fetch_pages(cli, "fetch list", words[0], false, &rows);
	if (r != CLI_OK)
		return r;
	/* the whole of it: the schedule knows whole addresses only */
	r = cli_fetch_pages(cli, "fetch health", NULL, true, &health);
	merge(rows, health);
	if (cli->json)
		print_rows(cli, rows, NULL);
	else
		print_list(cli, rows, json_array_size(health) > 0);
	json_decref(health);
	json_decref(rows);
	return r;
}

/* Set, remove */

/* Ask, show JSON or a failure; the row's names are for a sentence. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], char address_out[ADDRESS_SIZE],
    char label_out[ADDRESS_SIZE])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, false);
	cli_answer_text(&answer, "address", address_out, ADDRESS_SIZE);
	cli_answer_text(&answer, "label", label_out, ADDRESS_SIZE);
	return r;
}

static bool
is_anything_changed(const struct fetch_given *given)
{
	for (unsigned i = 0; i < FETCH_OPTIONS; i++)
		if (i != WITH_LABEL && given->value[i] != NULL)
			return true;
	return false;
}

/* More often than its provider bears?  It is changed; so it is only said. */
static void
say_every(struct cli *cli, const char *address, const char *label,
    const char *every)
{
	json_t *rows = NULL;
	const json_t *row;
	size_t i;

	if (every == NULL || cli_fetch_pages(cli, "fetch list", address, true,
	    &rows) != CLI_OK)
		return;
	json_array_foreach(rows, i, row)
		if (strcmp(row_text(row, "label"), label) == 0)
			cli_provider_every(cli, row_text(row, "host"), every);
	json_decref(rows);
}

int
cli_fetch_set(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	TEXT_AUTO who = TEXT_INIT(4096);
	char password[CLI_SECRET_SIZE] = "";
	char address[ADDRESS_SIZE], label[ADDRESS_SIZE];
	struct fetch_given given;
	int r = cli_fetch_options(cli, argc, argv, FOR_SET, "ADDRESS", 1, 1,
	    words, &given);

	if (r == CLI_OK)
		r = cli_fetch_values(cli, &given, values);
	if (r != CLI_OK)
		return r;
	if (!is_anything_changed(&given))
		return cli_fail(cli, CLI_USAGE, FETCH_NOTHING_TO_CHANGE);
	values[FETCH_ADDRESS] = words[0];
	if (given.value[WITH_PASSWORD] != NULL ||
	    given.value[WITH_FILE] != NULL) {
		text_say(&who, cli->language, FETCH_MAILBOX, words[0]);
		text_add_byte(&who, '\0');
		r = cli_password(cli, given.value[WITH_FILE],
		    text_failed(&who) ? "" : who.at, password,
		    sizeof(password));
		values[FETCH_PASSWORD] = password;
	}
	if (r == CLI_OK)
		r = ask_and_show(cli, "fetch set", values, address, label);
	OPENSSL_cleanse(password, sizeof(password));
	if (r == CLI_OK) {
		cli_say(cli, FETCH_CHANGED, label, address);
		say_every(cli, address, label, given.value[WITH_EVERY]);
	}
	return r;
}

/* A line typed at the terminal begins with y. */
static bool
is_confirmed(struct cli *cli, const char *address, const char *label)
{
	char line[64];

	if (label == NULL)
		file_say(stdout, cli->language, ASK_FETCH_REMOVE, address);
	else
		file_say(stdout, cli->language, ASK_FETCH_REMOVE_LABEL, label,
		    address);
	(void)fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y');
}

int
cli_fetch_remove(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	char address[ADDRESS_SIZE], label[ADDRESS_SIZE];
	struct fetch_given given;
	int r = cli_fetch_options(cli, argc, argv, FOR_REMOVE, "ADDRESS", 1, 1,
	    words, &given);

	if (r != CLI_OK)
		return r;
	values[FETCH_ADDRESS] = words[0];
	values[FETCH_LABEL] = given.value[WITH_LABEL];
	if (given.value[WITH_YES] == NULL) {
		if (cli->json || isatty(STDIN_FILENO) != 1)
			return cli_fail(cli, CLI_USAGE, SAY_YES);
		if (!is_confirmed(cli, words[0], values[FETCH_LABEL]))
			return cli_fail(cli, CLI_FAILED, NOT_REMOVED);
	}
	r = ask_and_show(cli, "fetch remove", values, address, label);
	if (r == CLI_OK)
		cli_say(cli, FETCH_REMOVED, label, address);
	return r;
}

/* Test, now */

int
cli_fetch_who(struct cli *cli, const char *word, const char *label,
    struct cli_fetch_who *who)
{
	const struct admin_request *request =
	    admin_find(slice_str("fetch list"));
	const char *values[ADMIN_ARGS] = { [ADMIN_WHICH_ADDRESS] = word };
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r;

	who->address = NULL;
	who->label = label;
	if (word == NULL)
		return CLI_OK;
	r = cli_ask(cli, request, values, &answer);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "address", who->whole, sizeof(who->whole));
	if (who->whole[0] != '\0')
		who->address = who->whole;
	else if (label == NULL && strchr(word, '@') == NULL)
		who->label = word;
	else
		who->address = word;
	return CLI_OK;
}

/* One account's part is over: its line. */
static void
print_collected(struct cli *cli, json_t *row)
{
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);

	if (cli->json)
		return;
	words_collected(&words, cli->language, row, time(NULL));
	printf("%.*s\n", SLICE_FMT(text_slice(&words)));
}

static void
print_tested(struct cli *cli, json_t *row)
{
	TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);

	if (cli->json)
		return;
	words_tested(&words, cli->language, row, time(NULL));
	printf("%.*s\n", SLICE_FMT(text_slice(&words)));
}

/* How it went with all of them: JSON, if it is wanted, and the exit code. */
static int
conclude(struct cli *cli, json_t *rows)
{
	unsigned failed = 0, count = (unsigned)json_array_size(rows);
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		failed += row_end(row) != FETCH_END_DONE;
	text_clear(&cli->words);
	text_say(&cli->words, cli->language, SOME_FAILED, failed, count);
	text_add_byte(&cli->words, '\0');
	if (cli->json)
		print_rows(cli, rows, failed == 0 ? NULL : cli->words.at);
	else if (failed > 0 && count > 1)
		fprintf(stderr, "postroom: %s\n", cli->words.at);
	return failed == 0 ? CLI_OK : CLI_FAILED;
}

static int
run_command(struct cli *cli, int argc, char **argv, const char *request,
    int least, cli_over_fn *over)
{
	struct fetch_given given;
	struct cli_fetch_who who;
	const char *words[1];
	json_t *rows = NULL;
	int r = cli_fetch_options(cli, argc, argv, FOR_ONE, "ADDRESS", least,
	    1, words, &given);

	if (r == CLI_OK && !cli_hub_runs(cli))
		return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	if (r == CLI_OK)
		r = cli_fetch_who(cli, words[0], given.value[WITH_LABEL],
		    &who);
	if (r == CLI_OK)
		r = cli_fetch_run(cli, request, who.address, who.label, NULL,
		    over, &rows);
	if (r == CLI_OK)
		r = conclude(cli, rows);
	json_decref(rows);
	return r;
}

int
cli_fetch_test(struct cli *cli, int argc, char **argv)
{
	return run_command(cli, argc, argv, "fetch test", 1, print_tested);
}

int
cli_fetch_now(struct cli *cli, int argc, char **argv)
{
	bool all = false;
	int kept = 0;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--everything") == 0)
			all = true;
		else
			argv[kept++] = argv[i];
	return run_command(cli, kept, argv, all ? "fetch everything" :
	    "fetch now", 0, print_collected);
}

/* Body */

/* The fetch account of that number, among these; or NULL. */
static const json_t *
account_of(const json_t *accounts, uint64_t id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(accounts, i, row)
		if (row_number(row, "id") == id)
			return row;
	return NULL;
}

/* Collect from all that have a message that is wanted. */
static int
collect_from(struct cli *cli, const json_t *wanted, json_t *rows)
{
	json_t *accounts = NULL, *ended;
	const json_t *row, *account;
	int r = cli_fetch_pages(cli, "fetch list", NULL, false, &accounts);
	size_t i;

	json_array_foreach(wanted, i, row) {
		account = account_of(accounts, row_number(row, "id"));
		if (r != CLI_OK || account == NULL)
			continue;
		ended = NULL;
		r = cli_fetch_run(cli, "fetch now", row_text(account,
		    "address"), row_text(account, "label"), NULL,
		    print_collected, &ended);
		(void)json_array_extend(rows, ended);
		json_decref(ended);
	}
	json_decref(accounts);
	return r;
}

int
cli_fetch_body(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	json_t *object = NULL, *rows = json_array();
	int r = cli_options(cli, argc, argv, NULL, "ID", 1, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && !cli_hub_runs(cli))
		r = cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	if (r == CLI_OK) {
		values[0] = words[0];
		r = cli_fetch_ask(cli, "fetch body", values, &object);
	}
	if (r == CLI_OK)
		r = collect_from(cli, json_object_get(object, "result"), rows);
	if (r == CLI_OK)
		r = conclude(cli, rows);
	json_decref(object);
	json_decref(rows);
	return r;
}

/* Resume */

int
cli_fetch_resume(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const struct admin_request *request =
	    admin_find(slice_str("fetch resume"));
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	const char *words[1];
	char was_stopped[8];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_ask(cli, request, none, &answer);
	if (r == CLI_OK)
		r = cli_show(cli, request, &answer, false);
	if (r != CLI_OK)
		return r;
	cli_answer_text(&answer, "was_stopped", was_stopped,
	    sizeof(was_stopped));
	if (strcmp(was_stopped, "yes") == 0)
		cli_say(cli, RESUMED);
	else
		cli_say(cli, NOT_STOPPED);
	return CLI_OK;
}
