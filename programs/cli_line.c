/*
 * cli_line.c - postroom line status, report, open
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/notice.h"
#include "policy/line_calendar.h"
#include "policy/line_counts.h"
#include "programs/cli_fetch.h"

/* "2026-11-22 18:00" in this machine's zone, or the office's. */
static void
words_time(const json_t *row, const char *column, char out[32])
{
	time_t seconds = (time_t)(row_number(row, column) / 1000);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(out, 32, "%Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
}

static int	report_rows(struct cli *, const char *month, json_t **rows_out);
static struct line_counts sum_of(const json_t *rows);
static int	print_json(struct cli *, json_t *rows);

/* Status and open */

static void
say_open(struct cli *cli, const json_t *row)
{
	bool changes = row_number(row, "changes") != 0;
	const char *window = row_text(row, "window");
	char until[32];

	words_time(row, "changes", until);
	if (strcmp(row_text(row, "by_hand"), "yes") == 0 && changes)
		cli_say(cli, LINE_IS_OPEN_HAND, until);
	else if (strcmp(row_text(row, "by_hand"), "yes") == 0)
		cli_say(cli, LINE_IS_OPEN_BY_HAND);
	else if (!changes)
		cli_say(cli, LINE_IS_OPEN);
	else if (window[0] != '\0')
		cli_say(cli, LINE_IS_OPEN_WINDOW, until, window);
	else
		cli_say(cli, LINE_IS_OPEN_UNTIL, until);
}

static void
say_closed(struct cli *cli, const json_t *row)
{
	const char *why = row_text(row, "why");
	char until[32];

	words_time(row, strcmp(why, "window") == 0 ? "changes" : "month_ends",
	    until);
	if (strcmp(why, "reserve") == 0)
		cli_say(cli, LINE_IS_RESERVED, until);
	else if (strcmp(why, "spent") == 0)
		cli_say(cli, LINE_IS_SPENT, until);
	else if (strcmp(why, "unknown") == 0)
		cli_say(cli, LINE_IS_UNKNOWN);
	else if (row_number(row, "changes") == 0)
		cli_say(cli, LINE_IS_CLOSED);
	else
		cli_say(cli, LINE_IS_CLOSED_UNTIL, until);
}

static void
say_figures(struct cli *cli, const json_t *row)
{
	uint64_t rate = row_number(row, "bytes_per_second");
	uint64_t carried = row_number(row, "carried");
	uint64_t budget = row_number(row, "budget");
	char one[AMOUNT_SIZE], other[AMOUNT_SIZE];

	if (row_number(row, "every") != 0)
		cli_say(cli, LINE_EVERY,
		    (unsigned long long)row_number(row, "every"));
	amount_bytes(cli->language, rate, one);
	if (rate != 0)
		cli_say(cli, LINE_RATE, one,
		    (unsigned long long)row_number(row, "running"));
	amount_bytes(cli->language, carried, one);
	amount_bytes(cli->language, budget, other);
	if (budget == 0)
		cli_say(cli, LINE_CARRIED, one);
	else
		cli_say(cli, LINE_CARRIED_OF, one, other,
		    (unsigned long long)(carried / (budget / 100)));
}

/* Ask how the line stands.  CLI_OK and the answer, or told. */
static int
ask_line(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], json_t **object_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_answer(cli, request, &answer, object_out) : r;
}

static json_t *
first_row(const json_t *object)
{
	return json_array_get(json_object_get(object, "result"), 0);
}

static void
say_line(struct cli *cli, const json_t *row)
{
	if (strcmp(row_text(row, "state"), "open") == 0)
		say_open(cli, row);
	else
		say_closed(cli, row);
	say_figures(cli, row);
}

static void
say_spared(struct cli *cli, const json_t *rows)
{
	struct line_counts sum = sum_of(rows);
	char each[LINE_SAVINGS][AMOUNT_SIZE];

	if (line_counts_saved(&sum) == 0)
		return;
	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		amount_bytes(cli->language, sum.saved[i].bytes, each[i]);
	cli_say(cli, LINE_SPARED, each[LINE_SKIPPED], each[LINE_SHARED],
	    each[LINE_COMPRESSED], each[LINE_DEFERRED]);
}

/* Its month, by account and cause: in a sentence, or as a column. */
static int
show_month(struct cli *cli, json_t *object)
{
	json_t *row = first_row(object), *rows = NULL;
	char month[24];
	int r;

	(void)snprintf(month, sizeof(month), "%" PRIu64,
	    row_number(row, "month"));
	r = report_rows(cli, month, &rows);
	if (r != CLI_OK)
		return r;
	if (cli->json) {
		(void)json_object_set(row, "report", rows);
		r = print_json(cli, json_object_get(object, "result"));
	} else {
		say_line(cli, row);
		say_spared(cli, rows);
	}
	json_decref(rows);
	return r;
}

int
cli_line_status(struct cli *cli, int argc, char **argv)
{
	const char *const values[ADMIN_ARGS] = { NULL };
	const char *words[1];
	json_t *object = NULL;
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = ask_line(cli, "line status", values, &object);
	if (r == CLI_OK)
		r = show_month(cli, object);
	json_decref(object);
	return r;
}

int
cli_line_open(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--minutes", true, NULL }, { 0 } };
	const char *values[ADMIN_ARGS] = { NULL }, *words[1];
	json_t *object = NULL;
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	values[0] = options[0].value;
	if (r == CLI_OK)
		r = ask_line(cli, "line open", values, &object);
	if (r == CLI_OK && cli->json)
		r = print_json(cli, json_object_get(object, "result"));
	else if (r == CLI_OK)
		say_line(cli, first_row(object));
	json_decref(object);
	return r;
}

/* Report */

/* "2026-11" as "202611", or this month. */
static int
month_read(struct cli *cli, const char *typed, char month_out[16])
{
	struct slice year, month = slice_str(typed);
	uint64_t y, m;

	if (typed == NULL) {
		(void)snprintf(month_out, 16, "%u", calendar_month(time(NULL),
		    cli->config.line_month_day));
		return CLI_OK;
	}
	if (!slice_cut(&month, '-', &year) || year.len != 4 ||
	    month.len != 2 || slice_u64(year, 9999, &y) < 0 ||
	    slice_u64(month, 12, &m) < 0 || m == 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--month", typed,
		    say(cli->language, SAY_WANT_MONTH));
	(void)snprintf(month_out, 16, "%04u%02u", (unsigned)y, (unsigned)m);
	return CLI_OK;
}

/* All pages of the report, as one array. */
static int
report_rows(struct cli *cli, const char *month, json_t **rows_out)
{
	const char *values[ADMIN_ARGS] = { month };
	json_t *rows = json_array(), *object, *page, *last = NULL;
	char from[24];
	int r;

	do {
		r = cli_fetch_ask(cli, "line report", values, &object);
		if (r != CLI_OK) {
			json_decref(rows);
			return r;
		}
		page = json_object_get(object, "result");
		if (json_array_extend(rows, page) < 0) {
			json_decref(object);
			json_decref(rows);
			return cli_fail(cli, CLI_FAILED, NO_MEMORY);
		}
		json_decref(object);
		last = json_array_get(rows, json_array_size(rows) - 1);
		(void)snprintf(from, sizeof(from), "%" PRIu64,
		    row_number(last, "id") + 1);
		values[1] = from;
	} while (last != NULL && strcmp(row_text(last, "more"), "yes") == 0);
	*rows_out = rows;
	return CLI_OK;
}

/* The rows of all accounts as one. */
static struct line_counts
sum_of(const json_t *rows)
{
	struct line_counts sum = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *cause = row_text(row, "cause");
		bool is_saved = strcmp(row_text(row, "what"), "saved") == 0;

		for (unsigned c = 0; !is_saved && c < LINE_CAUSES; c++)
			if (strcmp(cause, line_cause_code(c)) == 0) {
				sum.carried[c].received +=
				    row_number(row, "received");
				sum.carried[c].sent += row_number(row, "sent");
			}
		for (unsigned s = 0; is_saved && s < LINE_SAVINGS; s++)
			if (strcmp(cause, line_saving_code(s)) == 0)
				sum.saved[s].bytes +=
				    row_number(row, "received");
	}
	return sum;
}

static const struct admin_field cause_columns[] = {
	{ "cause",	ADMIN_TEXT, true, SAY_COLUMN_CAUSE },
	{ "received",	ADMIN_TEXT, true, SAY_COLUMN_RECEIVED },
	{ "sent",	ADMIN_TEXT, true, SAY_COLUMN_SENT },
	{ 0 }
};

static void
print_causes(struct cli *cli, const struct line_counts *sum)
{
	json_t *rows = json_array();

	for (unsigned c = 0; c < LINE_CAUSES; c++) {
		char received[AMOUNT_SIZE], sent[AMOUNT_SIZE];

		if (sum->carried[c].received + sum->carried[c].sent == 0)
			continue;
		amount_bytes(cli->language, sum->carried[c].received,
		    received);
		amount_bytes(cli->language, sum->carried[c].sent, sent);
		(void)json_array_append_new(rows, json_pack(
		    "{s:s, s:s, s:s}", "cause", say(cli->language,
		    notice_cause(c)), "received", received, "sent",
		    sent));
	}
	cli_table(cli, cause_columns, rows);
	json_decref(rows);
}

static const struct admin_field account_columns[] = {
	{ "address",	ADMIN_TEXT, true, SAY_COLUMN_ADDRESS },
	{ "label",	ADMIN_TEXT, true, SAY_COLUMN_LABEL },
	{ "total",	ADMIN_TEXT, true, SAY_COLUMN_TOTAL },
	{ 0 }
};

static void
add_total(struct cli *cli, json_t *rows, const json_t *row, uint64_t total)
{
	const char *label = row_text(row, "label");
	char words[AMOUNT_SIZE];

	amount_bytes(cli->language, total, words);
	(void)json_array_append_new(rows, json_pack("{s:s, s:s, s:s}",
	    "address", row_text(row, "address"), "label", label[0] == '\0' ?
	    say(cli->language, SAY_LINE_NO_ACCOUNT) : label, "total", words));
}

/* What each account has cost; its rows stand together. */
static void
print_accounts(struct cli *cli, const json_t *rows)
{
	json_t *totals = json_array();
	const json_t *row, *first = NULL;
	uint64_t total = 0;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (strcmp(row_text(row, "what"), "carried") != 0)
			continue;
		if (first != NULL &&
		    row_number(first, "id") != row_number(row, "id")) {
			add_total(cli, totals, first, total);
			first = NULL;
		}
		if (first == NULL)
			total = 0;
		first = row;
		total += row_number(row, "received") + row_number(row, "sent");
	}
	if (first != NULL)
		add_total(cli, totals, first, total);
	cli_table(cli, account_columns, totals);
	json_decref(totals);
}

static void
print_report(struct cli *cli, const char *month, const json_t *rows)
{
	struct line_counts sum = sum_of(rows);
	char carried[AMOUNT_SIZE], saved[AMOUNT_SIZE];
	char each[LINE_SAVINGS][AMOUNT_SIZE];

	if (json_array_size(rows) == 0) {
		cli_say(cli, LINE_REPORT_NOTHING, month);
		return;
	}
	amount_bytes(cli->language, line_counts_carried(&sum), carried);
	amount_bytes(cli->language, line_counts_saved(&sum), saved);
	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		amount_bytes(cli->language, sum.saved[i].bytes, each[i]);
	cli_say(cli, LINE_REPORT, month, carried, saved, each[LINE_SKIPPED],
	    each[LINE_SHARED], each[LINE_COMPRESSED], each[LINE_DEFERRED]);
	putchar('\n');
	print_causes(cli, &sum);
	putchar('\n');
	print_accounts(cli, rows);
}

static int
print_json(struct cli *cli, json_t *rows)
{
	json_t *object = json_pack("{s:b, s:O}", "ok", 1, "result", rows);
	char *line = json_dumps(object, 0);

	json_decref(object);
	if (line == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	puts(line);
	free(line);
	return CLI_OK;
}

int
cli_line_report(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--month", true, NULL }, { 0 } };
	char month[16], shown[16];
	const char *words[1];
	json_t *rows = NULL;
	int r = cli_options(cli, argc, argv, options, "MONTH", 0, 1, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = month_read(cli, options[0].value != NULL ?
		    options[0].value : words[0], month);
	if (r == CLI_OK)
		r = report_rows(cli, month, &rows);
	if (r != CLI_OK)
		return r;
	(void)snprintf(shown, sizeof(shown), "%.4s-%.2s", month, month + 4);
	if (cli->json)
		r = print_json(cli, rows);
	else
		print_report(cli, shown, rows);
	json_decref(rows);
	return r;
}
