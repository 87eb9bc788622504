/*
 * cli_fetch_run.c - watching the schedule at work, from the command line
 *
 * The schedule is asked to begin and then again and again how far it is.  On a
 * terminal a line with a bar is drawn over itself; nothing of it is left when a
 * sentence is printed.  Whoever stops watching stops nothing.
 */
#include "programs/cli_fetch.h"

#include <sys/ioctl.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS		20	/* between two questions; an answer waits for a change */
#define WIDTH_USUAL	80	/* of a terminal that does not say */
#define WIDTH_MOST	200
#define BAR_LEAST	8	/* a shorter bar says nothing */

struct run {
	struct cli	*cli;
	cli_over_fn	*over;
	char		 number[24];
	uint64_t	 accounts;	/* in it */
	uint64_t	 ended;
	uint64_t	 seen;		/* state number */
	json_t		*latest;	/* rows by the number of the account */
	bool		 draws;
	size_t		 drawn;		/* columns of the line that stands */
};

int
cli_fetch_ask(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], json_t **object_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_answer(cli, request, &answer, object_out) : r;
}

/* The same, but what goes wrong is not told. */
static int
ask_quietly(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS], json_t **object_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	json_t *object;

	if (!cli_hub_runs(cli) ||
	    cli_ask(cli, request, values, &answer) != CLI_OK)
		return CLI_BUSY;
	object = json_loadb(answer.at == NULL ? "" : answer.at, answer.len, 0,
	    NULL);
	if (!json_is_true(json_object_get(object, "ok"))) {
		json_decref(object);
		return CLI_FAILED;
	}
	*object_out = object;
	return CLI_OK;
}

int
cli_fetch_pages(struct cli *cli, const char *name, const char *address,
    bool quietly, json_t **rows_out)
{
	const char *values[ADMIN_ARGS] = { [ADMIN_WHICH_ADDRESS] = address };
	json_t *rows = json_array();
	char above[24] = "0";
	size_t got = ADMIN_PAGE;

	while (got == ADMIN_PAGE) {
		json_t *object = NULL, *page;
		int r;

		values[ADMIN_WHICH_ABOVE] = above;
		r = quietly ? ask_quietly(cli, name, values, &object) :
		    cli_fetch_ask(cli, name, values, &object);
		if (r != CLI_OK && !quietly) {
			json_decref(rows);
			return r;
		}
		page = json_object_get(object, "result");
		got = json_array_size(page);
		if (got > 0)
			(void)snprintf(above, sizeof(above), "%" PRIu64,
			    row_number(json_array_get(page, got - 1), "id"));
		(void)json_array_extend(rows, page);
		json_decref(object);
	}
	*rows_out = rows;
	return CLI_OK;
}

/* The bar */

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_USUAL;
	return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

/* Take the line away. */
static void
undraw(struct run *run)
{
	if (run->drawn > 0)
		printf("\r%*s\r", (int)run->drawn, "");
	run->drawn = 0;
	(void)fflush(stdout);
}

/* What all of it comes to so far. */
struct sums {
	uint64_t	 done, of, done_bytes, of_bytes;
	const json_t	*busy;		/* one that is at work, or NULL */
};

static struct sums
sums_of(const struct run *run)
{
	struct sums sums = { 0 };
	const char *id;
	json_t *row;

	json_object_foreach(run->latest, id, row) {
		sums.done += row_number(row, "done");
		sums.of += row_number(row, "of");
		sums.done_bytes += row_number(row, "done_bytes");
		sums.of_bytes += row_number(row, "of_bytes");
		if (strcmp(row_text(row, "state"), "over") != 0)
			sums.busy = row;
	}
	return sums;
}

/* What it is about: the only account, or how many of them are over. */
static void
add_subject(struct text *line, const struct run *run, const json_t *busy)
{
	char ended[AMOUNT_SIZE], accounts[AMOUNT_SIZE];

	if (run->accounts == 1) {
		cli_add_visible(line, slice_str(row_text(busy, "label")));
		return;
	}
	amount_number(run->cli->language, run->ended, ended);
	amount_number(run->cli->language, run->accounts, accounts);
	text_say(line, run->cli->language, PROGRESS_MAILBOXES, ended, accounts);
}

/* How far it is: messages and bytes, or what is being done before. */
static void
add_figures(struct text *line, const struct run *run, const struct sums *sums)
{
	static const struct {
		const char	*state;
		enum sentence	 sentence;
	} states[] = {
		{ "waiting",	SAY_STAGE_WAITING },
		{ "connecting",	SAY_STAGE_CONNECTING },
		{ "listing",	SAY_STAGE_LISTING },
		{ "taking",	SAY_STAGE_TAKING },
		{ "deleting",	SAY_STAGE_DELETING },
	};
	enum language language = run->cli->language;
	char done[AMOUNT_SIZE], of[AMOUNT_SIZE];
	char done_bytes[AMOUNT_SIZE], of_bytes[AMOUNT_SIZE];

	if (sums->of > 0) {
		amount_number(language, sums->done, done);
		amount_messages(language, sums->of, of);
		amount_bytes(language, sums->done_bytes, done_bytes);
		amount_bytes(language, sums->of_bytes, of_bytes);
		text_say(line, language, PROGRESS_MESSAGES, done, of,
		    done_bytes, of_bytes);
		return;
	}
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(row_text(sums->busy, "state"), states[i].state) == 0)
			text_add_str(line, say(language, states[i].sentence));
}

static void
add_bar(struct text *line, size_t width, uint64_t done, uint64_t of)
{
	size_t full = of == 0 ? 0 : (size_t)((double)(width - 2) *
	    (double)(done < of ? done : of) / (double)of);

	text_add_byte(line, '[');
	for (size_t i = 0; i < width - 2; i++)
		text_add_byte(line, i < full ? '#' : '.');
	text_add_str(line, "] ");
}

static void
draw(struct run *run)
{
	TEXT_AUTO line = TEXT_INIT(4096);
	TEXT_AUTO figures = TEXT_INIT(4096);
	struct sums sums = sums_of(run);
	size_t width = terminal_width() - 1, taken;

	if (!run->draws || sums.busy == NULL)
		return;
	add_subject(&line, run, sums.busy);
	text_add_str(&line, "  ");
	add_figures(&figures, run, &sums);
	taken = cli_width(text_slice(&line)) + cli_width(text_slice(&figures));
	if (sums.of > 0 && taken + BAR_LEAST + 1 <= width)
		add_bar(&line, width - taken - 1 < 40 ? width - taken - 1 : 40,
		    sums.done_bytes, sums.of_bytes);
	text_add(&line, text_slice(&figures));
	undraw(run);
	if (text_failed(&line) || cli_width(text_slice(&line)) > width)
		return;
	run->drawn = cli_width(text_slice(&line));
	fwrite(line.at, 1, line.len, stdout);
	(void)fflush(stdout);
}

/* The run */

/* Take in the rows that have changed. */
static void
run_take(struct run *run, json_t *rows)
{
	char id[24];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *before;
		bool was_over;

		(void)snprintf(id, sizeof(id), "%" PRIu64,
		    row_number(row, "id"));
		before = json_object_get(run->latest, id);
		was_over = strcmp(row_text(before, "state"), "over") == 0;
		(void)json_object_set(run->latest, id, row);
		if (row_number(row, "state_number") > run->seen)
			run->seen = row_number(row, "state_number");
		if (was_over || strcmp(row_text(row, "state"), "over") != 0)
			continue;
		run->ended++;
		undraw(run);
		if (run->over != NULL)
			run->over(run->cli, row);
	}
}

static void
wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

/* Ask how far it is until all of it is over. */
static int
run_watch(struct run *run)
{
	int r = CLI_OK;

	while (r == CLI_OK && run->ended < run->accounts) {
		const char *values[ADMIN_ARGS] = { NULL };
		json_t *object = NULL;
		char seen[24];

		(void)snprintf(seen, sizeof(seen), "%" PRIu64, run->seen);
		values[ADMIN_PROGRESS_RUN] = run->number;
		values[ADMIN_PROGRESS_SEEN] = seen;
		r = cli_fetch_ask(run->cli, "fetch progress", values, &object);
		if (r != CLI_OK)
			break;
		run_take(run, json_object_get(object, "result"));
		json_decref(object);
		draw(run);
		if (run->ended < run->accounts)
			wait_a_little();
	}
	undraw(run);
	return r;
}

static json_t *
rows_of(const struct run *run)
{
	json_t *rows = json_array(), *row;
	const char *id;

	json_object_foreach(run->latest, id, row) {
		(void)json_object_set_new(row, "run", json_integer(
		    (json_int_t)strtoull(run->number, NULL, 10)));
		(void)json_array_append(rows, row);
	}
	return rows;
}

int
cli_fetch_run(struct cli *cli, const char *name, const char *address,
    const char *label, const char *more, cli_over_fn *over, json_t **rows_out)
{
	const char *values[ADMIN_ARGS] = { [ADMIN_WHICH_ADDRESS] = address,
	    [ADMIN_WHICH_LABEL] = label, [ADMIN_WHICH_LABEL + 1] = more };
	struct run run = { .cli = cli, .over = over,
	    .draws = !cli->json && isatty(STDOUT_FILENO) == 1 };
	json_t *object = NULL;
	const json_t *first;
	int r = cli_fetch_ask(cli, name, values, &object);

	if (r != CLI_OK)
		return r;
	first = json_array_get(json_object_get(object, "result"), 0);
	run.accounts = row_number(first, "accounts");
	(void)snprintf(run.number, sizeof(run.number), "%" PRIu64,
	    row_number(first, "run"));
	json_decref(object);
	run.latest = json_object();
	r = run_watch(&run);
	if (r == CLI_OK)
		*rows_out = rows_of(&run);
	json_decref(run.latest);
	return r;
}
