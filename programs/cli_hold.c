/*
 * cli_hold.c - postroom hold list, show, release, delete, digest
 *
 * A held message is somebody else's text, and may be there because it is bad:
 * nothing of it reaches the terminal but what a line of text may be made of.
 */
#include "programs/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "queue/held_reader.h"
#include "queue/service.h"

#define CELL_COLUMNS	40	/* of a table: nine of them stand in a row */
#define FACT_COLUMNS	10	/* before a fact of one message */

/* Where the arguments stand in their rows (admin.c). */
enum { LIST_WHICH, LIST_ABOVE };
enum { ONE_ID, RELEASE_TO };

/* What a table shows of them. */
static const struct admin_field table[] = {
	{ "id",		ADMIN_TEXT, true, SAY_COLUMN_ID },
	{ "since",	ADMIN_TIME, true, SAY_COLUMN_SINCE },
	{ "state",	ADMIN_TEXT, true, SAY_COLUMN_WHICH },
	{ "from",	ADMIN_TEXT, true, SAY_COLUMN_SENDER },
	{ "recipients",	ADMIN_TEXT, true, SAY_COLUMN_TO },
	{ "subject",	ADMIN_TEXT, true, SAY_COLUMN_SUBJECT },
	{ "reason",	ADMIN_TEXT, true, SAY_COLUMN_REASON },
	{ "score",	ADMIN_TEXT, true, SAY_COLUMN_SPAM_SCORE },
	{ "told",	ADMIN_TEXT, true, SAY_COLUMN_TOLD },
	{ "ends",	ADMIN_TIME, true, SAY_COLUMN_ENDS },
	{ 0 }
};

static struct slice
column(const json_t *row, const char *name)
{
	const json_t *value = json_object_get(row, name);

	return slice_of(json_string_value(value), json_string_length(value));
}

/* Ask, and take the answer apart.  CLI_OK, or told. */
static int
ask(struct cli *cli, const char *name, const char *const values[ADMIN_ARGS],
    json_t **object_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(4 * 1024 * 1024);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_answer(cli, request, &answer, object_out) : r;
}

/* List */

/* All pages, as one array.  CLI_OK, or told. */
static int
all_rows(struct cli *cli, const char *which, json_t *rows)
{
	char above[MESSAGE_ID_CHARS + 1] = "";
	size_t got;

	do {
		const char *values[ADMIN_ARGS] = { [LIST_WHICH] = which,
		    [LIST_ABOVE] = above[0] == '\0' ? NULL : above };
		json_t *object = NULL, *page;
		struct slice last;
		int r = ask(cli, "hold list", values, &object);

		if (r != CLI_OK)
			return r;
		page = json_object_get(object, "result");
		got = json_array_size(page);
		last = column(json_array_get(page, got - 1), "id");
		if ((got > 0 && (last.len == 0 || slice_cstr(last, above,
		    sizeof(above)) < 0)) ||
		    json_array_extend(rows, page) < 0) {
			json_decref(object);
			return cli_fail(cli, CLI_FAILED, NO_MEMORY);
		}
		json_decref(object);
	} while (got == HOLD_PAGE);
	return CLI_OK;
}

/* As much of it as a cell takes. */
static json_t *
cell(struct slice s)
{
	TEXT_AUTO cut = TEXT_INIT(CLI_WORDS_BYTES);
	size_t n = 0;

	if (cli_width(s) <= CELL_COLUMNS)
		return json_stringn_nocheck(s.at == NULL ? "" : s.at, s.len);
	while (n < s.len && cli_width(slice_first(s, n + 1)) < CELL_COLUMNS)
		n++;
	/* not within a character */
	while (n > 0 && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n--;
	text_add(&cut, slice_first(s, n));
	text_add_str(&cut, "\xe2\x80\xa6");
	return json_stringn_nocheck(cut.at, cut.len);
}

static const char *
state_words(struct cli *cli, const json_t *row)
{
	return say(cli->language, slice_is_str(column(row, "state"),
	    "quarantined") ? SAY_QUARANTINED : SAY_HELD);
}

static void
show_table(struct cli *cli, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		for (size_t c = 0; table[c].name != NULL; c++)
			if (table[c].kind == ADMIN_TEXT && c > 0)
				(void)json_object_set_new(row, table[c].name,
				    strcmp(table[c].name, "state") == 0 ?
				    json_string(state_words(cli, row)) :
				    cell(column(row, table[c].name)));
	}
	cli_table(cli, table, rows);
}

int
cli_hold_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--quarantine", false, NULL },
	    { "--held", false, NULL }, { NULL, false, NULL } };
	const char *words[1], *which = NULL;
	json_t *rows;
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	/* both is all, as neither is */
	if ((options[0].value == NULL) != (options[1].value == NULL))
		which = options[0].value != NULL ? "quarantined" : "held";
	rows = json_array();
	r = all_rows(cli, which, rows);
	if (r == CLI_OK && cli->json) {
		printf("{\"ok\": true, \"result\": ");
		json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK && json_array_size(rows) == 0) {
		cli_say(cli, HOLD_NOTHING);
	} else if (r == CLI_OK) {
		show_table(cli, rows);
	}
	json_decref(rows);
	return r;
}

/* Show */

static void
print_fact(struct cli *cli, enum sentence title, struct slice value)
{
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);
	const char *words = say(cli->language, title);

	if (value.len == 0)
		return;
	text_add_str(&line, words);
	text_add_byte(&line, ':');
	for (size_t i = cli_width(slice_str(words)); i < FACT_COLUMNS; i++)
		text_add_byte(&line, ' ');
	cli_add_harmless(&line, value);
	/* a fact is one line */
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '\n' || line.at[i] == '\t')
			line.at[i] = '?';
	printf("%.*s\n", SLICE_FMT(text_slice(&line)));
}

static void
print_time(struct cli *cli, enum sentence title, const json_t *row,
    const char *name)
{
	time_t seconds = (time_t)(json_integer_value(json_object_get(row,
	    name)) / 1000);
	char when[32] = "";
	struct tm tm;

	if (seconds != 0 && localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	print_fact(cli, title, slice_str(when));
}

static void
print_facts(struct cli *cli, const json_t *row)
{
	char bytes[24];

	(void)snprintf(bytes, sizeof(bytes), "%" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(row, "bytes")));
	print_fact(cli, SAY_COLUMN_ID, column(row, "id"));
	print_fact(cli, SAY_COLUMN_WHICH, slice_str(state_words(cli, row)));
	print_fact(cli, SAY_COLUMN_REASON, column(row, "reason"));
	print_time(cli, SAY_COLUMN_SINCE, row, "since");
	print_fact(cli, SAY_COLUMN_SENDER, column(row, "from"));
	print_fact(cli, SAY_COLUMN_TO, column(row, "recipients"));
	print_fact(cli, SAY_COLUMN_SUBJECT, column(row, "subject"));
	print_fact(cli, SAY_COLUMN_ENVELOPE, column(row, "sender"));
	print_fact(cli, SAY_COLUMN_SOURCE, column(row, "source"));
	print_fact(cli, SAY_COLUMN_BYTES, slice_str(bytes));
	print_fact(cli, SAY_COLUMN_SPAM_SCORE, column(row, "score"));
	print_fact(cli, SAY_COLUMN_TOLD, column(row, "told"));
	print_time(cli, SAY_COLUMN_ENDS, row, "ends");
}

static void
print_message(struct cli *cli, const json_t *row)
{
	TEXT_AUTO shown = TEXT_INIT(4 * HOLD_SHOWN_BYTES);
	struct slice text = column(row, "text");

	print_facts(cli, row);
	if (slice_is_str(column(row, "damaged"), "yes"))
		cli_say(cli, HOLD_UNREADABLE);
	if (text.len == 0)
		return;
	cli_add_harmless(&shown, text);
	putchar('\n');
	(void)fwrite(shown.at, 1, shown.len, stdout);
	if (shown.len > 0 && shown.at[shown.len - 1] != '\n')
		putchar('\n');
	if (json_integer_value(json_object_get(row, "bytes")) >
	    HOLD_SHOWN_BYTES)
		cli_say(cli, HOLD_CUT);
}

int
cli_hold_show(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	json_t *object = NULL;
	int r = cli_options(cli, argc, argv, NULL, "ID", 1, 1, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = ask(cli, "hold show", values, &object);
	if (r != CLI_OK)
		return r;
	if (cli->json) {
		json_dumpf(object, stdout, 0);
		putchar('\n');
	} else {
		print_message(cli, json_array_get(json_object_get(object,
		    "result"), 0));
	}
	json_decref(object);
	return CLI_OK;
}

/* Release, delete */

/* Ask for what has no rows in its answer.  CLI_OK, or told. */
static int
ask_and_show(struct cli *cli, const char *name,
    const char *const values[ADMIN_ARGS])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_show(cli, request, &answer, false) : r;
}

/* What the site's spam filter is to learn once a hold has ended. */
struct lesson {
	int			 fd;
	struct held_reader	*reader;
	struct slice		 message;
	struct spam_work	*work;
};

static void
lesson_close(struct lesson *lesson)
{
	cli_spam_teach_end(lesson->work);
	held_reader_close(lesson->reader);
	if (lesson->fd >= 0)
		(void)close(lesson->fd);
}

/* Read it, for it is gone then, and have the filter.  CLI_OK, or told. */
static int
lesson_open(struct cli *cli, const char *name, struct lesson *lesson)
{
	char path[PATH_MAX + 16];
	struct held_message held;
	struct message_id id;
	int r = message_id_read(slice_str(name), &id);

	(void)snprintf(path, sizeof(path), "%s/queue", cli->config.data_dir);
	if (r == 0)
		lesson->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && lesson->fd < 0)
		r = -errno;
	if (r == 0)
		r = held_reader_open(lesson->fd, &lesson->reader);
	if (r == 0)
		r = held_reader_read(lesson->reader, &id, &held);
	if (r < 0)
		return cli_fail(cli, r == -ENOENT ? CLI_NO_SUCH : CLI_FAILED,
		    CANNOT_READ, name, strerror(-r));
	lesson->message = held.bytes;
	return cli_spam_teach_begin(cli, &lesson->work);
}

/*
 * End the hold, and learn of it then: what is done is said by the caller, also
 * when nothing could be learnt (*is_ended_out).  CLI_OK, or told.
 */
static int
end_and_learn(struct cli *cli, const char *request,
    const char *const values[ADMIN_ARGS], bool learns, bool is_spam,
    bool *is_ended_out)
{
	struct lesson lesson = { .fd = -1 };
	int r = learns ? lesson_open(cli, values[ONE_ID], &lesson) : CLI_OK;

	if (r == CLI_OK)
		r = ask_and_show(cli, request, values);
	*is_ended_out = r == CLI_OK;
	if (r == CLI_OK && learns)
		r = cli_spam_teach(lesson.work, lesson.message, is_spam);
	lesson_close(&lesson);
	return r;
}

int
cli_hold_release(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--to", true, NULL },
	    { "--wanted", false, NULL }, { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };
	bool is_ended = false;
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[RELEASE_TO] = options[0].value;
	r = end_and_learn(cli, "hold release", values,
	    options[1].value != NULL, false, &is_ended);
	if (!is_ended)
		return r;
	if (values[RELEASE_TO] == NULL)
		cli_say(cli, HOLD_RELEASED, values[ONE_ID]);
	else
		cli_say(cli, HOLD_RELEASED_TO, values[ONE_ID],
		    values[RELEASE_TO]);
	return r;
}

/* Which message that is; a line typed at the terminal begins with y. */
static int
confirm(struct cli *cli, const char *const values[ADMIN_ARGS])
{
	TEXT_AUTO from = TEXT_INIT(CLI_WORDS_BYTES);
	TEXT_AUTO subject = TEXT_INIT(CLI_WORDS_BYTES);
	json_t *object = NULL, *row;
	char line[64];
	int r;

	if (cli->json || isatty(STDIN_FILENO) != 1)
		return cli_fail(cli, CLI_USAGE, SAY_YES);
	r = ask(cli, "hold show", values, &object);
	if (r != CLI_OK)
		return r;
	row = json_array_get(json_object_get(object, "result"), 0);
	cli_add_visible(&from, column(row, "from"));
	cli_add_visible(&subject, column(row, "subject"));
	json_decref(object);
	text_add_byte(&from, '\0');
	text_add_byte(&subject, '\0');
	file_say(stdout, cli->language, ASK_HOLD_DELETE, values[ONE_ID],
	    from.at, subject.at);
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, HOLD_NOT_DELETED);
}

int
cli_hold_delete(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--yes", false, NULL },
	    { "--spam", false, NULL }, { NULL, false, NULL } };
	const char *values[ADMIN_ARGS] = { NULL };
	bool is_ended = false;
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && options[0].value == NULL)
		r = confirm(cli, values);
	if (r == CLI_OK)
		r = end_and_learn(cli, "hold delete", values,
		    options[1].value != NULL, true, &is_ended);
	if (is_ended)
		cli_say(cli, HOLD_DELETED, values[ONE_ID]);
	return r;
}

int
cli_hold_digest(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = ask_and_show(cli, "hold digest", none);
	if (r == CLI_OK)
		cli_say(cli, HOLD_DIGEST_BEGUN);
	return r;
}
