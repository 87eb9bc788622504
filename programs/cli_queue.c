/*
 * cli_queue.c - postroom queue list, show: what waits to leave
 */
#include "programs/cli_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/amounts.h"

#define ROWS_SHOWN	500	/* when nobody says how many */
#define ROWS_MOST	100000
#define REASON_COLUMNS	60	/* of a table; show has the whole */
#define FACT_COLUMNS	12

/* Where the arguments stand in their rows (admin.c). */
enum { LIST_ID, LIST_DOMAIN, LIST_SENDER, LIST_STATE, LIST_ABOVE, LIST_AT };

/* What a table shows of them. */
static const struct admin_field table[] = {
	{ "id",		ADMIN_TEXT, true, SAY_COLUMN_ID },
	{ "age",	ADMIN_TEXT, true, SAY_COLUMN_AGE },
	{ "size",	ADMIN_TEXT, true, SAY_COLUMN_SIZE },
	{ "sender",	ADMIN_TEXT, true, SAY_COLUMN_SENDER },
	{ "recipient",	ADMIN_TEXT, true, SAY_COLUMN_RECIPIENT },
	{ "shown",	ADMIN_TEXT, true, SAY_COLUMN_WHICH },
	{ "by",		ADMIN_TEXT, true, SAY_COLUMN_WAY },
	{ "why",	ADMIN_TEXT, true, SAY_COLUMN_REASON },
	{ "next_try",	ADMIN_TIME, true, SAY_COLUMN_NEXT_TRY },
	{ 0 }
};

const char *
cli_queue_text(const json_t *row, const char *name)
{
	const char *value = json_string_value(json_object_get(row, name));

	return value == NULL ? "" : value;
}

uint64_t
cli_queue_number(const json_t *row, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(row, name));
}

int
cli_queue_ask(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], json_t **object_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(4 * 1024 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_answer(cli, request, &answer, object_out) : r;
}

int
cli_queue_print(struct cli *cli, json_t *rows)
{
	char *line = json_dumps(rows, 0);

	if (line == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	printf("{\"ok\": true, \"result\": %s}\n", line);
	free(line);
	return CLI_OK;
}

/* Words */

/* What the last host said, or why none did. */
static void
add_last(struct cli *cli, const json_t *row, struct text *words)
{
	const char *host = cli_queue_text(row, "host");
	TEXT_AUTO said = TEXT_INIT(2048);

	if (cli_queue_number(row, "code") != 0 &&
	    cli_queue_text(row, "status")[0] != '\0')
		text_addf(&said, "%s ", cli_queue_text(row, "status"));
	text_add_str(&said, cli_queue_text(row, "words"));
	text_add_byte(&said, '\0');
	if (cli_queue_number(row, "code") != 0)
		text_say(words, cli->language, LEAVING_ANSWERED, host,
		    (unsigned)cli_queue_number(row, "code"), said.at);
	else if (host[0] != '\0')
		text_say(words, cli->language, LEAVING_SAID, host, said.at);
	else if (cli_queue_text(row, "words")[0] == '\0')
		text_say(words, cli->language, LEAVING_NEW);
	else if (strcmp(cli_queue_text(row, "state"), "failed") == 0)
		text_add_str(words, said.at);
	else
		text_say(words, cli->language, LEAVING_UNREACHED,
		    cli_queue_text(row, "domain"), said.at);
}

/* What it waits for that is no host's; false: for nothing. */
static bool
add_waits(struct cli *cli, const json_t *row, struct text *words)
{
	const char *waits = cli_queue_text(row, "waits");
	time_t seconds = (time_t)(cli_queue_number(row, "next_try") / 1000);
	char when[32] = "";
	struct tm tm;

	if (waits[0] == '\0')
		return false;
	if (strcmp(waits, "way") == 0) {
		text_say(words, cli->language, LEAVING_FOR_WAY);
		return true;
	}
	if (seconds != 0 && localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	if (strcmp(waits, "recall") == 0)
		text_say(words, cli->language, LEAVING_FOR_RECALL, when,
		    cli_queue_text(row, "id"));
	else if (strcmp(waits, "night") == 0)
		text_say(words, cli->language, LEAVING_FOR_NIGHT, when);
	else if (strcmp(waits, "month") == 0)
		text_say(words, cli->language, LEAVING_FOR_MONTH, when);
	else if (when[0] != '\0')
		text_say(words, cli->language, LEAVING_FOR_LINE, when);
	else
		text_say(words, cli->language, LEAVING_FOR_HAND);
	return true;
}

static void
add_reason(struct cli *cli, const json_t *row, struct text *words)
{
	if (strcmp(cli_queue_text(row, "sending"), "yes") == 0) {
		text_say(words, cli->language, LEAVING_NOW);
		return;
	}
	if (strcmp(cli_queue_text(row, "state"), "held") == 0) {
		text_say(words, cli->language, LEAVING_IS_HELD);
		text_add_str(words, "; ");
	}
	if (add_waits(cli, row, words)) {
		if (cli_queue_text(row, "words")[0] == '\0')
			return;
		text_add_str(words, "; ");
	}
	add_last(cli, row, words);
}

static void
add_age(struct cli *cli, const json_t *row, struct text *words)
{
	int64_t age = (int64_t)time(NULL) -
	    (int64_t)cli_queue_number(row, "since") / 1000;
	unsigned long long minutes = age > 0 ? (unsigned long long)age / 60 : 0;

	if (minutes < 120)
		text_say(words, cli->language, AGE_MINUTES, minutes);
	else if (minutes < 48 * 60)
		text_say(words, cli->language, AGE_HOURS, minutes / 60);
	else
		text_say(words, cli->language, AGE_DAYS, minutes / 60 / 24);
}

static const char *
state_words(struct cli *cli, const json_t *row)
{
	const char *state = cli_queue_text(row, "state");

	/* no clock lets it go: somebody has to do something */
	return say(cli->language, strcmp(state, "held") == 0 ||
	    strcmp(cli_queue_text(row, "waits"), "way") == 0 ? SAY_HELD :
	    strcmp(state, "failed") == 0 ? SAY_LEAVING_FAILED :
	    SAY_LEAVING_WAITING);
}

static void
set_words(json_t *row, const char *name, const struct text *words)
{
	(void)json_object_set_new(row, name, json_stringn_nocheck(
	    words->at == NULL ? "" : words->at, words->len));
}

/* By which way it leaves. */
static void
add_way(struct cli *cli, const json_t *row, struct text *words)
{
	const char *way = cli_queue_text(row, "way");
	const char *name = cli_queue_text(row, "way_name");

	if (strcmp(way, "smarthost") == 0)
		text_say(words, cli->language, LEAVING_BY_SMARTHOST, name);
	else if (strcmp(way, "own") == 0)
		text_say(words, cli->language, LEAVING_BY_OWN, name);
	else if (strcmp(way, "host") == 0)
		text_add_str(words, name);
	else if (strcmp(way, "gateway") == 0)
		text_say(words, cli->language, LEAVING_BY_GATEWAY,
		    name[0] != '\0' ? name : "ATRN");
	else if (strcmp(way, "none") == 0)
		text_say(words, cli->language, LEAVING_BY_NONE);
	else if (strcmp(way, "mx") == 0)
		text_say(words, cli->language, LEAVING_BY_MX);
}

/* The reason and the way, for programs too. */
static void
set_reasons(struct cli *cli, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		TEXT_AUTO words = TEXT_INIT(4096);

		add_reason(cli, row, &words);
		set_words(row, "reason", &words);
		text_clear(&words);
		add_way(cli, row, &words);
		set_words(row, "by", &words);
	}
}

/* List */

static void
show_table(struct cli *cli, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		TEXT_AUTO words = TEXT_INIT(4096);
		struct slice why = slice_str(cli_queue_text(row, "reason"));
		char size[AMOUNT_SIZE];

		add_age(cli, row, &words);
		set_words(row, "age", &words);
		amount_bytes(cli->language, cli_queue_number(row, "bytes"), size);
		(void)json_object_set_new(row, "size", json_string(size));
		(void)json_object_set_new(row, "shown",
		    json_string(state_words(cli, row)));
		if (cli_queue_text(row, "sender")[0] == '\0')
			(void)json_object_set_new(row, "sender",
			    json_string("<>"));
		text_clear(&words);
		cli_add_harmless(&words, slice_first(why,
		    why.len < REASON_COLUMNS ? why.len : REASON_COLUMNS));
		if (why.len > REASON_COLUMNS)
			text_add_str(&words, "...");
		set_words(row, "why", &words);
	}
	cli_table(cli, table, rows);
}

/* "ID:RECIPIENT" as two values. */
static int
read_above(struct cli *cli, const char *typed, char id[64],
    char address[ADDRESS_SIZE])
{
	struct slice rest = slice_str(typed), first;

	if (slice_cut(&rest, ':', &first) && slice_cstr(first, id, 64) == 0 &&
	    slice_cstr(rest, address, ADDRESS_SIZE) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--above", typed,
	    say(cli->language, SAY_NO_SUCH_LEAVING));
}

/* Those of a page; true: there are more, behind what is in the values now. */
static bool
take_page(const json_t *page, json_t *rows, size_t most, char id[64],
    char address[ADDRESS_SIZE])
{
	json_t *row;
	size_t i;

	json_array_foreach(page, i, row) {
		(void)snprintf(id, 64, "%s", cli_queue_text(row, "id"));
		if (json_array_size(rows) >= most &&
		    strcmp(cli_queue_text(row, "state"), "more") != 0)
			return true;
		(void)snprintf(address, ADDRESS_SIZE, "%s",
		    cli_queue_text(row, "recipient"));
		if (strcmp(cli_queue_text(row, "state"), "more") == 0)
			return true;
		(void)json_array_append(rows, row);
	}
	return false;
}

/* So many rows.  CLI_OK and whether there are more, or told. */
static int
get_rows(struct cli *cli, const char *values[ADMIN_ARGS], size_t most,
    json_t *rows, bool *more_out)
{
	static char id[64], address[ADDRESS_SIZE];
	bool more = true;

	while (more && json_array_size(rows) < most) {
		json_t *object = NULL;
		int r = cli_queue_ask(cli, "queue list", values, &object);

		if (r != CLI_OK)
			return r;
		more = take_page(json_object_get(object, "result"), rows,
		    most, id, address);
		json_decref(object);
		values[LIST_ABOVE] = id;
		values[LIST_AT] = address;
	}
	*more_out = more;
	return CLI_OK;
}

/* What can be taken back yet, as rows like the others: it may be for people here. */
static int
add_recalls(struct cli *cli, const char *const values[ADMIN_ARGS],
    json_t *rows)
{
	json_t *recalls = json_array(), *row;
	int r = CLI_OK;
	size_t i;

	if (values[LIST_DOMAIN] == NULL && values[LIST_ABOVE] == NULL &&
	    (values[LIST_STATE] == NULL ||
	    strcmp(values[LIST_STATE], "waiting") == 0))
		r = cli_queue_recalls(cli, recalls);
	json_array_foreach(recalls, i, row) {
		if (values[LIST_SENDER] != NULL && !slice_is_nocase(
		    slice_str(values[LIST_SENDER]),
		    slice_str(cli_queue_text(row, "sender"))))
			continue;
		(void)json_object_set(row, "recipient",
		    json_object_get(row, "recipients"));
		(void)json_object_set(row, "next_try",
		    json_object_get(row, "until"));
		(void)json_object_set_new(row, "state",
		    json_string("waiting"));
		(void)json_object_set_new(row, "waits",
		    json_string("recall"));
		(void)json_array_append(rows, row);
	}
	json_decref(recalls);
	return r;
}

static int
show_list(struct cli *cli, json_t *rows, bool more)
{
	const json_t *last = json_array_get(rows, json_array_size(rows) - 1);
	int r = CLI_OK;

	set_reasons(cli, rows);
	if (cli->json)
		return cli_queue_print(cli, rows);
	if (json_array_size(rows) == 0)
		cli_say(cli, LEAVING_NOTHING);
	else
		show_table(cli, rows);
	if (more && last != NULL)
		cli_say(cli, LEAVING_MORE, cli_queue_text(last, "id"),
		    cli_queue_text(last, "recipient"));
	return r;
}

int
cli_queue_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--domain", true, NULL },
	    { "--sender", true, NULL }, { "--state", true, NULL },
	    { "--limit", true, NULL }, { "--above", true, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	char id[64], address[ADDRESS_SIZE];
	uint64_t most = ROWS_SHOWN;
	bool more = false;
	json_t *rows, *recalls;
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words);

	if (r == CLI_OK && options[3].value != NULL &&
	    (slice_u64(slice_str(options[3].value), ROWS_MOST, &most) < 0 ||
	    most == 0))
		r = cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--limit",
		    options[3].value, "1 - 100000");
	if (r == CLI_OK && options[4].value != NULL) {
		r = read_above(cli, options[4].value, id, address);
		values[LIST_ABOVE] = id;
		values[LIST_AT] = address;
	}
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[LIST_DOMAIN] = options[0].value;
	values[LIST_SENDER] = options[1].value;
	values[LIST_STATE] = options[2].value;
	rows = json_array();
	recalls = json_array();
	r = add_recalls(cli, values, recalls);
	if (r == CLI_OK)
		r = get_rows(cli, values, (size_t)most, rows, &more);
	if (r == CLI_OK)
		r = json_array_extend(recalls, rows) < 0 ?
		    cli_fail(cli, CLI_FAILED, NO_MEMORY) :
		    show_list(cli, recalls, more);
	json_decref(recalls);
	json_decref(rows);
	return r;
}

/* Show */

static void
print_fact(struct cli *cli, enum sentence title, const char *value)
{
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);
	const char *words = say(cli->language, title);

	if (value[0] == '\0')
		return;
	text_add_str(&line, words);
	text_add_byte(&line, ':');
	for (size_t i = cli_width(slice_str(words)); i < FACT_COLUMNS; i++)
		text_add_byte(&line, ' ');
	cli_add_visible(&line, slice_str(value));
	printf("%.*s\n", SLICE_FMT(text_slice(&line)));
}

static void
print_time(struct cli *cli, enum sentence title, const json_t *row,
    const char *name)
{
	time_t seconds = (time_t)(cli_queue_number(row, name) / 1000);
	char when[32] = "";
	struct tm tm;

	if (seconds != 0 && localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	print_fact(cli, title, when);
}

static void
print_recipient(struct cli *cli, const json_t *row)
{
	char tries[24];

	(void)snprintf(tries, sizeof(tries), "%" PRIu64,
	    cli_queue_number(row, "tries"));
	putchar('\n');
	print_fact(cli, SAY_COLUMN_RECIPIENT, cli_queue_text(row, "recipient"));
	print_fact(cli, SAY_COLUMN_WHICH, state_words(cli, row));
	print_fact(cli, SAY_COLUMN_REASON, cli_queue_text(row, "reason"));
	print_fact(cli, SAY_COLUMN_WAY, cli_queue_text(row, "by"));
	print_fact(cli, SAY_COLUMN_TRIES, tries);
	print_time(cli, SAY_COLUMN_FIRST_TRY, row, "first_try");
	print_time(cli, SAY_COLUMN_LAST_TRY, row, "last_try");
	print_time(cli, SAY_COLUMN_NEXT_TRY, row, "next_try");
}

static void
print_message(struct cli *cli, const json_t *row, const json_t *file)
{
	const char *sender = cli_queue_text(row, "sender");
	char size[AMOUNT_SIZE];
	TEXT_AUTO source = TEXT_INIT(1024);

	amount_bytes(cli->language, cli_queue_number(row, "bytes"), size);
	text_addf(&source, "%s %s", cli_queue_text(file, "source"),
	    cli_queue_text(file, "peer"));
	text_add_byte(&source, '\0');
	print_fact(cli, SAY_COLUMN_ID, cli_queue_text(row, "id"));
	print_time(cli, SAY_COLUMN_SINCE, row, "since");
	print_fact(cli, SAY_COLUMN_SIZE, size);
	print_fact(cli, SAY_COLUMN_ENVELOPE, sender[0] == '\0' ? "<>" :
	    sender);
	print_fact(cli, SAY_COLUMN_SENDER, cli_queue_text(file, "from"));
	print_fact(cli, SAY_COLUMN_SUBJECT, cli_queue_text(file, "subject"));
	print_fact(cli, SAY_COLUMN_SOURCE, source.at);
	print_fact(cli, SAY_COLUMN_ENVID, cli_queue_text(file, "envid"));
}

/* What its file says; one that cannot be read says so. */
static int
get_file(struct cli *cli, const char *id, json_t **object_out)
{
	const char *values[ADMIN_ARGS] = { id };

	return cli_queue_ask(cli, "queue file", values, object_out);
}

static int
show_message(struct cli *cli, const char *id, json_t *rows)
{
	json_t *object = NULL, *file, *row;
	size_t i;
	int r = get_file(cli, id, &object);

	if (r != CLI_OK)
		return r;
	file = json_array_get(json_object_get(object, "result"), 0);
	if (cli->json) {
		json_array_foreach(rows, i, row)
			(void)json_object_set(row, "file", file);
		r = cli_queue_print(cli, rows);
	} else {
		print_message(cli, json_array_get(rows, 0), file);
		json_array_foreach(rows, i, row)
			print_recipient(cli, row);
	}
	json_decref(object);
	return r;
}

int
cli_queue_show(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL }, *words[1] = { NULL };
	json_t *rows;
	bool more;
	int r = cli_options(cli, argc, argv, NULL, "ID", 1, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[LIST_ID] = words[0];
	rows = json_array();
	r = get_rows(cli, values, ROWS_MOST, rows, &more);
	set_reasons(cli, rows);
	if (r == CLI_OK && json_array_size(rows) == 0)
		r = cli_fail(cli, CLI_NO_SUCH, NO_SUCH_LEAVING);
	else if (r == CLI_OK)
		r = show_message(cli, words[0], rows);
	json_decref(rows);
	return r;
}
