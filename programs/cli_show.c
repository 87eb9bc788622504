/*
 * cli_show.c - answers as tables for people, or as the JSON they came in
 *
 * Columns are as wide as their widest cell on the screen; what came from
 * outside has its control characters taken out before it reaches a terminal.
 */
#include "programs/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <utf8proc.h>

#include "lib/base/harmless.h"
#include "policy/admin_json.h"

#define GAP	2	/* blanks between columns */

size_t
cli_width(struct slice s)
{
	size_t width = 0;

	while (s.len > 0) {
		utf8proc_int32_t point;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const utf8proc_uint8_t *)s.at, (utf8proc_ssize_t)s.len,
		    &point);
		int columns = n > 0 ? utf8proc_charwidth(point) : 1;

		width += columns > 0 ? (size_t)columns : 0;
		s = slice_after(s, n > 0 ? (size_t)n : 1);
	}
	return width;
}

void
cli_add_visible(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		/* C0, DEL, and C1 in UTF-8 (0xc2 0x80 to 0xc2 0x9f) */
		bool c1 = c >= 0x80 && c < 0xa0 && i > 0 &&
		    (unsigned char)s.at[i - 1] == 0xc2;

		if (c < 0x20 || c == 0x7f)
			text_add_byte(text, '?');
		else
			text_add_byte(text, c1 ? (char)0xa0 : (char)c);
	}
}

void
cli_add_harmless(struct text *text, struct slice s)
{
	harmless_add(text, s);
}

/* The value of a cell in words. */
static void
add_cell(struct text *text, const struct admin_field *column, json_t *value)
{
	char when[32];
	time_t seconds;
	struct tm tm;

	switch (column->kind) {
	case ADMIN_NUMBER:
		text_addf(text, "%" PRIu64,
		    (uint64_t)json_integer_value(value));
		break;
	case ADMIN_TIME:
		seconds = (time_t)(json_integer_value(value) / 1000);
		if (seconds == 0)
			text_add_str(text, "-");
		else if (localtime_r(&seconds, &tm) != NULL &&
		    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm) > 0)
			text_add_str(text, when);
		break;
	default:
		cli_add_visible(text, slice_of(json_string_value(value),
		    json_string_length(value)));
		break;
	}
}

static void
add_padded(struct text *line, struct slice cell, size_t width, bool right,
    bool last)
{
	size_t blanks = width > cli_width(cell) ? width - cli_width(cell) : 0;

	for (size_t i = 0; right && i < blanks; i++)
		text_add_byte(line, ' ');
	text_add(line, cell);
	for (size_t i = 0; !last && i < (right ? 0 : blanks) + GAP; i++)
		text_add_byte(line, ' ');
}

/* The cell of a column in row `row`; row 0 is the head. */
static void
cell_of(struct cli *cli, const struct admin_field *column, json_t *rows,
    size_t row, struct text *cell)
{
	text_clear(cell);
	if (row == 0)
		text_add_str(cell, say(cli->language, column->title));
	else
		add_cell(cell, column, json_object_get(
		    json_array_get(rows, row - 1), column->name));
}

void
cli_table(struct cli *cli, const struct admin_field *head, json_t *rows)
{
	TEXT_AUTO cell = TEXT_INIT(CLI_WORDS_BYTES);
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES * 4);
	size_t widths[ADMIN_COLUMNS] = { 0 };
	size_t columns = 0, count = json_array_size(rows) + 1;

	while (head[columns].name != NULL)
		columns++;
	for (size_t i = 0; i < count * columns; i++) {
		size_t *width = &widths[i % columns];

		cell_of(cli, &head[i % columns], rows, i / columns, &cell);
		if (cli_width(text_slice(&cell)) > *width)
			*width = cli_width(text_slice(&cell));
	}
	for (size_t i = 0; i < count * columns; i++) {
		size_t c = i % columns;
		bool last = c + 1 == columns;

		cell_of(cli, &head[c], rows, i / columns, &cell);
		add_padded(&line, text_slice(&cell), widths[c],
		    head[c].kind == ADMIN_NUMBER, last);
		if (!last)
			continue;
		text_add_byte(&line, '\n');
		fwrite(line.at, 1, line.len, stdout);
		text_clear(&line);
	}
}

/* An argument's name as people know it. */
static const char *
field_title(struct cli *cli, const struct admin_request *request,
    const char *field)
{
	for (size_t i = 0; request->args[i].name != NULL; i++)
		if (strcmp(request->args[i].name, field) == 0)
			return say(cli->language, request->args[i].title);
	return field;
}

/* What is wrong with an argument, in the words of what would be right. */
static const struct {
	const char	*error;
	const char	*field;
	enum sentence	 words;
} wants[] = {
	{ "unfit",	"address",	SAY_WANT_ADDRESS },
	{ "unfit",	"name",		SAY_WANT_NAME },
	{ "unfit",	"language",	SAY_WANT_LANGUAGE },
	{ "unfit",	"fetch",	SAY_WANT_MAY_FETCH },
	{ "unfit",	"forwards",	SAY_WANT_YES_NO },
	{ "unfit",	"keep",		SAY_WANT_YES_NO },
	{ "unfit",	"target",	SAY_WANT_ELSEWHERE },
	{ "loop",	"target",	SAY_FORWARD_LOOPS },
	{ "refused",	"target",	SAY_MAY_NOT_FORWARD },
	{ "exists",	"target",	SAY_FORWARD_IS_POSTMASTERS },
	{ "refused",	"protocol",	SAY_WANT_PERSONS },
	{ "unfit",	"label",	SAY_WANT_LABEL },
	{ "unfit",	"rename",	SAY_WANT_LABEL },
	{ "unfit",	"host",		SAY_WANT_HOST },
	{ "unfit",	"port",		SAY_WANT_PORT },
	{ "unfit",	"tls",		SAY_WANT_TLS },
	{ "unfit",	"user",		SAY_WANT_USER },
	{ "unfit",	"mechanism",	SAY_WANT_MECHANISM },
	{ "unfit",	"pin",		SAY_WANT_PIN },
	{ "unfit",	"from",		SAY_WANT_DAYS },
	{ "unfit",	"delete_after",	SAY_WANT_DELETE_AFTER },
	{ "unfit",	"largest",	SAY_WANT_LARGEST },
	{ "unfit",	"every",	SAY_WANT_MINUTES },
	{ "unfit",	"on_read",	SAY_WANT_ON_READ },
	{ "unfit",	"minutes",	SAY_WANT_MINUTES },
	{ "unfit",	"month",	SAY_WANT_MONTH },
	{ "unfit",	"protocol",	SAY_WANT_PROTOCOL },
	{ "unfit",	"folders",	SAY_WANT_FOLDERS },
	{ "unfit",	"queue",	SAY_WANT_QUEUE },
	{ "unfit",	"oauth",	SAY_WANT_PROVIDER },
	{ "no-such",	"oauth",	SAY_WANT_PROVIDER },
	{ "unfit",	"proxy",	SAY_WANT_PROXY },
	{ "unfit",	"client_id",	SAY_WANT_CLIENT_ID },
	{ "unfit",	"token_url",	SAY_WANT_URL },
	{ "unfit",	"device_url",	SAY_WANT_URL },
	{ "unfit",	"authorize_url", SAY_WANT_URL },
	{ "no-such",	"provider",	SAY_NO_SUCH_PROVIDER },
	{ "refused",	"provider",	SAY_PROVIDER_IN_USE },
	{ "no-such",	"label",	SAY_NO_SUCH_FETCH },
	{ "not-unique",	"label",	SAY_WHICH_FETCH },
	{ "unfit",	"id",		SAY_WANT_ID },
	{ "unfit",	"to",		SAY_WANT_ADDRESS },
	{ "no-such",	"folder",	SAY_NO_SUCH_FOLDER },
	{ "no-such",	"id",		SAY_NO_SUCH_HOLD },
	{ "no-such",	"net",		SAY_NO_SUCH_VISITOR },
	{ "failed",	"id",		SAY_HOLD_DAMAGED },
	{ "later",	"id",		SAY_LEAVING_TELLING },
	{ "unfit",	"via",		SAY_WANT_VIA },
	{ "refused",	"via",		SAY_VIA_IS_OURS },
	{ "unfit",	"state",	SAY_WANT_LEAVING_STATE },
};

/* What it means when the schedule says it; SAY_COUNT: nothing special. */
static enum sentence
schedule_words(const struct admin_request *request, const char *error)
{
	if (request->answers != ROLE_SCHEDULE)
		return SAY_COUNT;
	if (strcmp(error, "no-such") == 0)
		return strcmp(request->name, "fetch progress") == 0 ?
		    SAY_RUN_LOST : SAY_NO_SUCH_FETCH;
	if (strcmp(error, "not-unique") == 0)
		return SAY_WHICH_FETCH;
	if (strcmp(request->name, "line open") == 0)
		return SAY_COUNT;
	return strcmp(error, "unfit") == 0 ? SAY_FETCH_IS_OFF : SAY_COUNT;
}

/* The sentence for an error code, or NULL. */
static const char *
error_words(struct cli *cli, const struct admin_request *request,
    const char *error, const char *field)
{
	enum sentence words = schedule_words(request, error);

	if (strcmp(request->name, "fetch body") == 0 &&
	    strcmp(error, "no-such") == 0)
		words = SAY_NO_SUCH_NOTE;
	if (strcmp(request->name, "forward remove") == 0)
		words = strcmp(error, "exists") == 0 ?
		    SAY_FORWARD_IS_POSTMASTERS :
		    strcmp(error, "no-such") == 0 && field[0] == '\0' ?
		    SAY_FORWARD_NONE : words;
	if (strncmp(request->name, "queue ", 6) == 0 &&
	    strcmp(field, "id") == 0 && strcmp(error, "failed") != 0 &&
	    strcmp(error, "later") != 0)
		words = SAY_NO_SUCH_LEAVING;
	if (words != SAY_COUNT)
		return say(cli->language, words);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (strcmp(error, wants[i].error) == 0 &&
		    strcmp(field, wants[i].field) == 0)
			return say(cli->language, wants[i].words);
	/* a password elsewhere has other rules than one here */
	for (size_t i = 0; request->args[i].name != NULL; i++)
		if (strcmp(error, "unfit") == 0 &&
		    strcmp(field, "password") == 0 &&
		    strcmp(request->args[i].name, field) == 0)
			return say(cli->language, request->args[i].kind ==
			    ADMIN_SEALED ? SAY_WANT_SECRET : SAY_WANT_PASSWORD);
	for (enum admin_status i = 0; i < ADMIN_STATUS_COUNT; i++)
		if (strcmp(error, admin_status_code(i)) == 0)
			return say(cli->language, admin_status_sentence(i));
	return NULL;
}

/* The exit code and the sentence of an answer that is not ok. */
static int
show_failure(struct cli *cli, const struct admin_request *request,
    json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *field = json_string_value(json_object_get(answer, "field"));
	const char *words = json_string_value(json_object_get(answer, "words"));
	const char *ours = error == NULL ? NULL : error_words(cli, request,
	    error, field == NULL ? "" : field);
	int code = CLI_FAILED;

	if (error != NULL && strcmp(error, "no-such") == 0)
		code = CLI_NO_SUCH;
	else if (error != NULL && strcmp(error, "later") == 0)
		code = CLI_BUSY;
	if (ours != NULL)
		words = ours;
	if (cli->json)
		return code;
	if (field == NULL)
		fprintf(stderr, "postroom: %s\n", words == NULL ? "?" : words);
	else
		fprintf(stderr, "postroom: %s: %s\n",
		    field_title(cli, request, field),
		    words == NULL ? "?" : words);
	return code;
}

int
cli_answer(struct cli *cli, const struct admin_request *request,
    const struct text *answer, json_t **object_out)
{
	json_t *object = json_loadb(answer->at == NULL ? "" : answer->at,
	    answer->len, 0, NULL);
	int r;

	if (!json_is_object(object)) {
		json_decref(object);
		return cli_fail(cli, CLI_FAILED, HUB_SILENT,
		    strerror(EBADMSG));
	}
	if (json_is_true(json_object_get(object, "ok"))) {
		*object_out = object;
		return CLI_OK;
	}
	if (cli->json)
		printf("%.*s\n", (int)answer->len, answer->at);
	r = show_failure(cli, request, object);
	json_decref(object);
	return r;
}

int
cli_show(struct cli *cli, const struct admin_request *request,
    const struct text *answer, bool with_table)
{
	json_t *object = NULL, *rows;
	int r = cli_answer(cli, request, answer, &object);

	if (r != CLI_OK)
		return r;
	rows = json_object_get(object, "result");
	if (cli->json)
		printf("%.*s\n", (int)answer->len, answer->at);
	else if (with_table && json_is_array(rows))
		cli_table(cli, request->columns, rows);
	json_decref(object);
	return r;
}

void
cli_answer_text(const struct text *answer, const char *column, char *buffer,
    size_t size)
{
	json_t *object = json_loadb(answer->at == NULL ? "" : answer->at,
	    answer->len, 0, NULL);
	json_t *value = json_object_get(json_array_get(
	    json_object_get(object, "result"), 0), column);

	buffer[0] = '\0';
	if (json_is_integer(value))
		snprintf(buffer, size, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_string(value))
		snprintf(buffer, size, "%s", json_string_value(value));
	json_decref(object);
}

#define LIST_MOST	100000	/* rows; the keeper has fewer of anything */

/* One page behind the others.  How many rows it had, or -1: that was told. */
static long
add_page(struct cli *cli, const struct admin_request *request,
    const char *const values[ADMIN_ARGS], json_t *rows, int *code_out)
{
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	json_t *object = NULL, *page;
	long got = -1;

	*code_out = cli_ask(cli, request, values, &answer);
	if (*code_out == CLI_OK)
		*code_out = cli_answer(cli, request, &answer, &object);
	if (*code_out != CLI_OK)
		return -1;
	page = json_object_get(object, "result");
	if (json_array_extend(rows, page) == 0)
		got = (long)json_array_size(page);
	else
		*code_out = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	json_decref(object);
	return got;
}

int
cli_list(struct cli *cli, const char *name, const char *values[ADMIN_ARGS],
    unsigned above, size_t page, enum sentence none)
{
	const struct admin_request *request = admin_find(slice_str(name));
	json_t *rows = json_array();
	int r = CLI_OK;
	long got;

	do {
		got = add_page(cli, request, values, rows, &r);
		values[above] = json_string_value(json_object_get(
		    json_array_get(rows, json_array_size(rows) - 1),
		    request->columns[0].name));
	} while (got == (long)page && json_array_size(rows) < LIST_MOST);
	if (r == CLI_OK && cli->json) {
		printf("{\"ok\": true, \"result\": ");
		json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK && json_array_size(rows) == 0)
		puts(say(cli->language, none));
	else if (r == CLI_OK)
		cli_table(cli, request->columns, rows);
	json_decref(rows);
	return r;
}
