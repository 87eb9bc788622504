/*
 * cli_mailbox.c - postroom mailbox list, folders, rights
 *
 * A mailbox has no bound: it is read page by page, and what people see of a
 * page is printed before the next is asked for.  For programs it is one object,
 * which is not begun before all of it is there.
 */
#include "programs/cli.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "lib/base/id.h"

#define ANSWER_BYTES	(1024 * 1024)	/* of a page */
#define UID_COLUMNS	10
#define BYTES_COLUMNS	10
#define DATE_COLUMNS	19
#define NUMBER_CHARS	24

typedef int page_fn(struct cli *, json_t *rows, void *arg);

static json_t *
column_of(const json_t *row, const char *name)
{
	return json_object_get(row, name);
}

static struct slice
text_of(const json_t *row, const char *name)
{
	const json_t *value = column_of(row, name);

	return slice_of(json_string_value(value), json_string_length(value));
}

static uint64_t
number_of(const json_t *row, const char *name)
{
	return (uint64_t)json_integer_value(column_of(row, name));
}

/* One page.  CLI_OK, or told. */
static int
ask(struct cli *cli, const struct admin_request *request,
    const char *const values[ADMIN_ARGS], json_t **object_out)
{
	TEXT_AUTO answer = TEXT_INIT(ANSWER_BYTES);
	int r = cli_ask(cli, request, values, &answer);

	return r == CLI_OK ? cli_answer(cli, request, &answer, object_out) : r;
}

/*
 * Every page to `fn`.  Argument `above` is the place in `key` of the last row;
 * a page has `most` rows, the last one fewer.  CLI_OK, or told.
 */
static int
each_page(struct cli *cli, const char *name, const char *values[ADMIN_ARGS],
    unsigned above, const char *key, size_t most, page_fn *fn, void *arg)
{
	const struct admin_request *request = admin_find(slice_str(name));
	char place[NUMBER_CHARS];
	uint64_t next, last = 0;
	size_t got = most;
	int r = CLI_OK;

	while (r == CLI_OK && got == most) {
		json_t *object = NULL, *rows;

		r = ask(cli, request, values, &object);
		if (r != CLI_OK)
			break;
		rows = json_object_get(object, "result");
		got = json_array_size(rows);
		next = number_of(json_array_get(rows, got - 1), key);
		r = fn(cli, rows, arg);
		json_decref(object);
		/* whoever answers may not send us round and round */
		if (r == CLI_OK && got > 0 && next <= last)
			r = cli_fail(cli, CLI_FAILED, HUB_SILENT, key);
		last = next;
		(void)snprintf(place, sizeof(place), "%" PRIu64, last);
		values[above] = place;
	}
	values[above] = NULL;
	return r;
}

/* List, for programs */

/* The words of `s`, a blank between them, as a list. */
static void
add_list(struct text *out, struct slice s)
{
	const char *comma = "";

	text_add_byte(out, '[');
	while (s.len > 0) {
		struct slice word;

		if (!slice_cut(&s, ' ', &word)) {
			word = s;
			s = slice_of(NULL, 0);
		}
		if (word.len == 0)
			continue;
		text_add_str(out, comma);
		text_add_json(out, word);
		comma = ", ";
	}
	text_add_byte(out, ']');
}

/* RFC 3339, in UTC. */
static void
add_date(struct text *out, const json_t *row)
{
	time_t seconds = (time_t)(json_integer_value(column_of(row,
	    "received")) / 1000);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	text_add_json(out, slice_str(when));
}

static int
add_objects(struct cli *cli, json_t *rows, void *arg)
{
	struct text *out = arg;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		text_add_str(out, out->len > 0 ? ", " : "");
		text_add_str(out, "{\"folder\": ");
		text_add_json(out, text_of(row, "folder"));
		text_addf(out, ", \"uidvalidity\": %" PRIu64 ", \"uid\": %"
		    PRIu64 ", \"received\": ", number_of(row, "uidvalidity"),
		    number_of(row, "uid"));
		add_date(out, row);
		text_addf(out, ", \"bytes\": %" PRIu64 ", \"flags\": ",
		    number_of(row, "bytes"));
		add_list(out, text_of(row, "flags"));
		text_add_str(out, ", \"keywords\": ");
		add_list(out, text_of(row, "keywords"));
		text_add_str(out, ", \"id\": ");
		text_add_json(out, text_of(row, "id"));
		text_add_byte(out, '}');
	}
	return text_failed(out) ? cli_fail(cli, CLI_FAILED, NO_MEMORY) :
	    CLI_OK;
}

/* List, for people */

/* What has been printed. */
struct printed {
	char	folder[1024];	/* the last row's */
	bool	any;
};

static void
add_padded(struct text *line, struct slice s, size_t columns, bool right)
{
	size_t width = cli_width(s);

	for (size_t i = width; right && i < columns; i++)
		text_add_byte(line, ' ');
	cli_add_visible(line, s);
	for (size_t i = width; !right && i < columns; i++)
		text_add_byte(line, ' ');
	text_add_str(line, "  ");
}

static void
add_number(struct text *line, uint64_t n, size_t columns)
{
	char digits[NUMBER_CHARS];

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	add_padded(line, slice_str(digits), columns, true);
}

/* The flags in words, then the keywords as they are. */
static void
add_flag_words(struct cli *cli, struct text *words, const json_t *row)
{
	static const struct {
		const char	*flag;
		enum sentence	 word;
	} names[] = {
		{ "\\Seen",	SAY_FLAG_SEEN },
		{ "\\Answered",	SAY_FLAG_ANSWERED },
		{ "\\Flagged",	SAY_FLAG_FLAGGED },
		{ "\\Draft",	SAY_FLAG_DRAFT },
	};
	struct slice flags = text_of(row, "flags");
	struct slice keywords = text_of(row, "keywords");

	while (flags.len > 0) {
		struct slice flag;

		if (!slice_cut(&flags, ' ', &flag)) {
			flag = flags;
			flags = slice_of(NULL, 0);
		}
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (slice_is_str(flag, names[i].flag)) {
				text_add_str(words, words->len > 0 ? ", " : "");
				text_add_str(words, say(cli->language,
				    names[i].word));
			}
	}
	if (keywords.len > 0 && words->len > 0)
		text_add_str(words, ", ");
	text_add(words, keywords);
}

static void
print_line(struct text *line)
{
	while (line->len > 0 && line->at[line->len - 1] == ' ')
		line->len--;
	text_add_byte(line, '\n');
	(void)fwrite(line->at, 1, line->len, stdout);
}

/* The folder that follows, and the heads of its columns. */
static void
print_folder(struct cli *cli, const json_t *row, struct printed *printed)
{
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);

	if (printed->any)
		putchar('\n');
	cli_add_visible(&line, text_of(row, "folder"));
	text_addf(&line, " (%s %" PRIu64 ")", say(cli->language,
	    SAY_COLUMN_UIDVALIDITY), number_of(row, "uidvalidity"));
	print_line(&line);
	text_clear(&line);
	add_padded(&line, slice_str(say(cli->language, SAY_COLUMN_UID)),
	    UID_COLUMNS, true);
	add_padded(&line, slice_str(say(cli->language, SAY_COLUMN_RECEIVED)),
	    DATE_COLUMNS, false);
	add_padded(&line, slice_str(say(cli->language, SAY_COLUMN_BYTES)),
	    BYTES_COLUMNS, true);
	add_padded(&line, slice_str(say(cli->language, SAY_COLUMN_ID)),
	    MESSAGE_ID_CHARS, false);
	text_add_str(&line, say(cli->language, SAY_COLUMN_FLAGS));
	print_line(&line);
}

static void
print_letter(struct cli *cli, const json_t *row)
{
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);
	TEXT_AUTO flags = TEXT_INIT(CLI_WORDS_BYTES / 4);
	time_t seconds = (time_t)(json_integer_value(column_of(row,
	    "received")) / 1000);
	char when[32] = "";
	struct tm tm;

	/* in the office's zone: cli_config() */
	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	add_flag_words(cli, &flags, row);
	add_number(&line, number_of(row, "uid"), UID_COLUMNS);
	add_padded(&line, slice_str(when), DATE_COLUMNS, false);
	add_number(&line, number_of(row, "bytes"), BYTES_COLUMNS);
	add_padded(&line, text_of(row, "id"), MESSAGE_ID_CHARS, false);
	cli_add_visible(&line, text_slice(&flags));
	print_line(&line);
}

static int
print_letters(struct cli *cli, json_t *rows, void *arg)
{
	struct printed *printed = arg;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		struct slice folder = text_of(row, "folder");

		if (!printed->any || !slice_is_str(folder, printed->folder))
			print_folder(cli, row, printed);
		printed->any = true;
		if (slice_cstr(folder, printed->folder,
		    sizeof(printed->folder)) < 0)
			printed->folder[0] = '\0';
		print_letter(cli, row);
	}
	return CLI_OK;
}

/* The commands */

/* The rows that were gathered, as the answer of the command. */
static void
print_objects(const struct text *objects)
{
	fputs("{\"ok\": true, \"result\": [", stdout);
	if (objects->len > 0)
		(void)fwrite(objects->at, 1, objects->len, stdout);
	puts("]}");
}

int
cli_mailbox_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--folder", true, NULL },
	    { NULL, false, NULL } };
	TEXT_AUTO objects = TEXT_INIT(SIZE_MAX / 4);
	struct printed printed = { "", false };
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1, values);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	values[ADMIN_MAILBOX_FOLDER] = options[0].value;
	r = each_page(cli, "mailbox list", values, ADMIN_MAILBOX_ABOVE,
	    "place", ADMIN_MAILBOX_PAGE, cli->json ? add_objects :
	    print_letters, cli->json ? (void *)&objects : (void *)&printed);
	if (r == CLI_OK && cli->json)
		print_objects(&objects);
	else if (r == CLI_OK && !printed.any)
		cli_say(cli, MAILBOX_EMPTY);
	return r;
}

static int
gather(struct cli *cli, json_t *rows, void *arg)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		(void)json_object_del(row, "number");
	return json_array_extend(arg, rows) < 0 ?
	    cli_fail(cli, CLI_FAILED, NO_MEMORY) : CLI_OK;
}

int
cli_mailbox_folders(struct cli *cli, int argc, char **argv)
{
	const char *values[ADMIN_ARGS] = { NULL };
	int r = cli_options(cli, argc, argv, NULL, "ADDRESS", 1, 1, values);
	json_t *rows;

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	rows = json_array();
	r = each_page(cli, "mailbox folders", values, ADMIN_FOLDERS_ABOVE,
	    "number", ADMIN_FOLDER_PAGE, gather, rows);
	if (r == CLI_OK && cli->json) {
		fputs("{\"ok\": true, \"result\": ", stdout);
		json_dumpf(rows, stdout, 0);
		puts("}");
	} else if (r == CLI_OK) {
		cli_table(cli, admin_find(slice_str("mailbox folders"))->
		    columns + 1, rows);
	}
	json_decref(rows);
	return r;
}

int
cli_mailbox_rights(struct cli *cli, int argc, char **argv)
{
	const struct admin_request *request = admin_find(slice_str(
	    "mailbox rights"));
	const char *values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO answer = TEXT_INIT(ANSWER_BYTES);
	json_t *object = NULL;
	int r = cli_options(cli, argc, argv, NULL,
	    "ADDRESS FOLDER [WHO RIGHTS]", 2, 4, values);

	if (r == CLI_OK && values[ADMIN_RIGHTS_WHO] != NULL &&
	    values[ADMIN_RIGHTS_LETTERS] == NULL)
		return cli_fail(cli, CLI_USAGE, NOTHING_TO_CHANGE);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_ask(cli, request, values, &answer);
	if (r == CLI_OK && cli->json)
		return cli_show(cli, request, &answer, true);
	if (r == CLI_OK)
		r = cli_answer(cli, request, &answer, &object);
	if (r != CLI_OK)
		return r;
	if (json_array_size(json_object_get(object, "result")) == 0)
		cli_say(cli, RIGHTS_NOBODYS);
	else
		cli_table(cli, request->columns,
		    json_object_get(object, "result"));
	json_decref(object);
	return CLI_OK;
}
