/*
 * cli_fetch_import.c - postroom fetch import: moving in from another collector
 *
 * Shows what will be done, does it, and says what is left to do by hand.  A
 * password goes from the file into a request that seals it; it is on no screen
 * and in no argument.
 */
#include "programs/cli_fetch_import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define FILES_MOST	256	/* of --ids, and of --map */
/* What a person has of settings, and the longest list of UIDLs (import.h). */
#define FILE_BYTES	((size_t)128 << 20)

enum { WITH_FORMAT, WITH_OWNER, WITH_DRY_RUN, OPTIONS };

/* Asking */

/* Why not: the words of the answer, and what it is about. */
static void
add_refusal(struct text *words, const struct admin_request *request,
    enum language language, const json_t *answer)
{
	const char *field = row_text(answer, "field");

	for (size_t i = 0; request->args[i].name != NULL; i++)
		if (strcmp(request->args[i].name, field) == 0) {
			text_add_str(words, say(language,
			    request->args[i].title));
			text_add_str(words, ": ");
		}
	cli_add_visible(words, slice_str(row_text(answer, "words")));
}

enum import_said
import_ask(struct importing *in, const char *name,
    const char *const values[ADMIN_ARGS], struct text *words,
    json_t **object_out, int *code_out)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	json_t *object;

	*object_out = NULL;
	*code_out = cli_ask(in->cli, request, values, &answer);
	if (*code_out != CLI_OK)
		return IMPORT_SAID_NOTHING;
	object = json_loadb(answer.at == NULL ? "" : answer.at, answer.len, 0,
	    NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		*code_out = cli_fail(in->cli, CLI_FAILED, HUB_SILENT,
		    strerror(EBADMSG));
		return IMPORT_SAID_NOTHING;
	}
	*object_out = object;
	if (json_is_true(json_object_get(object, "ok")))
		return IMPORT_SAID_OK;
	add_refusal(words, request, in->cli->language, object);
	return IMPORT_SAID_NO;
}

/* Who is here. */
static int
learn_accounts(struct importing *in)
{
	static const char *const none[ADMIN_ARGS];
	json_t *object = NULL;
	int r = cli_fetch_ask(in->cli, "account list", none, &object);

	if (r == CLI_OK)
		in->accounts = json_incref(json_object_get(object, "result"));
	json_decref(object);
	return r;
}

/* The files */

/* Read all of it.  CLI_OK, or told. */
static int
read_file(struct cli *cli, const char *path, struct text *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : 1;
	int fault = fd < 0 ? errno : 0;

	while (n > 0) {
		char block[65536];

		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			fault = errno;
		else
			text_add(bytes, slice_of(block, (size_t)n));
		OPENSSL_cleanse(block, sizeof(block));
		if (text_failed(bytes)) {
			fault = EFBIG;
			n = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	return fault == 0 ? CLI_OK : cli_fail(cli, CLI_FAILED, CANNOT_READ,
	    path, strerror(fault));
}

/* Take "NAME VALUE" and "NAME=VALUE" out of the words.  CLI_OK, or told. */
static int
take_repeated(struct cli *cli, int *argc, char **argv, const char *name,
    const char *values_out[FILES_MOST], unsigned *count_out)
{
	size_t len = strlen(name);
	unsigned count = 0;
	int kept = 0;

	for (int i = 0; i < *argc; i++) {
		bool whole = strcmp(argv[i], name) == 0;

		if (!whole && (strncmp(argv[i], name, len) != 0 ||
		    argv[i][len] != '=')) {
			argv[kept++] = argv[i];
			continue;
		}
		if ((whole && i + 1 == *argc) || count == FILES_MOST)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_VALUE,
			    name);
		values_out[count++] = whole ? argv[++i] : argv[i] + len + 1;
	}
	*argc = kept;
	*count_out = count;
	return CLI_OK;
}

/* The settings, then the lists: whose one is may be seen by them only. */
struct input {
	const char	*file;
	const char	*ids[FILES_MOST];
	unsigned	 ids_count;
	struct text	 bytes[FILES_MOST + 1];
};

static int
input_read(struct cli *cli, struct input *input, size_t *bytes_out)
{
	size_t all = 0;
	int r = CLI_OK;

	for (unsigned i = 0; r == CLI_OK && i <= input->ids_count; i++) {
		input->bytes[i] = (struct text)TEXT_INIT(FILE_BYTES);
		r = read_file(cli, i == 0 ? input->file : input->ids[i - 1],
		    &input->bytes[i]);
		all += input->bytes[i].len;
	}
	*bytes_out = all;
	return r;
}

static void
input_free(struct input *input)
{
	for (unsigned i = 0; i <= input->ids_count; i++) {
		if (input->bytes[i].at != NULL)
			OPENSSL_cleanse(input->bytes[i].at,
			    input->bytes[i].size);
		text_free(&input->bytes[i]);
	}
}

static int
find_accounts(struct importing *in, const struct input *input,
    enum import_format format)
{
	int r = import_read(&in->import, input->file,
	    text_slice(&input->bytes[0]), format);

	for (unsigned i = 0; r == 0 && i < input->ids_count; i++)
		r = import_read_ids(&in->import, input->ids[i],
		    text_slice(&input->bytes[i + 1]));
	if (r == 0)
		r = import_match(&in->import);
	return r == 0 ? CLI_OK :
	    cli_fail(in->cli, CLI_FAILED, IMPORT_TOO_MUCH);
}

/* A password that had escapes was copied: wipe that, too. */
static void
forget_passwords(struct import *import)
{
	struct import_account *account;
	struct slice *s;

	STAILQ_FOREACH(account, &import->accounts, next) {
		s = &account->password;
		if (s->len > 0)
			OPENSSL_cleanse((char *)(uintptr_t)s->at, s->len);
	}
}

/* What is said */

/* "file:line: words" */
static void
add_remark(struct text *text, enum language language,
    const struct import_remark *remark)
{
	TEXT_AUTO about = TEXT_INIT(4096);

	cli_add_visible(&about, slice_first(remark->about, 200));
	text_add_byte(&about, '\0');
	text_say_as(text, language, remark->words,
	    text_failed(&about) ? "?" : about.at);
}

static void
print_remarks(struct importing *in, struct import_remark *from)
{
	struct import_remark *remark = from;
	unsigned told = 0;

	for (; remark != NULL; remark = STAILQ_NEXT(remark, next)) {
		TEXT_AUTO words = TEXT_INIT(8192);

		add_remark(&words, in->cli->language, remark);
		if (remark->line > 0)
			printf("%s:%u: %.*s\n", remark->file, remark->line,
			    SLICE_FMT(text_slice(&words)));
		else
			printf("%s: %.*s\n", remark->file,
			    SLICE_FMT(text_slice(&words)));
		told++;
	}
	if (in->import.remark_count > IMPORT_REMARKS_MOST && told > 0)
		cli_say(in->cli, IMPORT_MORE,
		    in->import.remark_count - IMPORT_REMARKS_MOST);
}

static void
print_plan(struct importing *in)
{
	static const struct admin_field columns[] = {
		{ "shown",	ADMIN_TEXT, true, SAY_COLUMN_DOES },
		{ "address",	ADMIN_TEXT, true, SAY_COLUMN_ADDRESS },
		{ "label",	ADMIN_TEXT, true, SAY_COLUMN_LABEL },
		{ "protocol",	ADMIN_TEXT, true, SAY_COLUMN_PROTOCOL },
		{ "host",	ADMIN_TEXT, true, SAY_COLUMN_HOST },
		{ "port",	ADMIN_NUMBER, true, SAY_COLUMN_PORT },
		{ "tls",	ADMIN_TEXT, true, SAY_COLUMN_TLS },
		{ "user",	ADMIN_TEXT, true, SAY_COLUMN_USER },
		{ "from",	ADMIN_TEXT, true, SAY_COLUMN_FROM },
		{ "delete_after", ADMIN_TEXT, true, SAY_COLUMN_DELETE_AFTER },
		{ "known",	ADMIN_NUMBER, true, SAY_COLUMN_KNOWN },
		{ 0 }
	};

	if (in->cli->json)
		return;
	if (json_array_size(in->rows) > 0)
		cli_table(in->cli, columns, in->rows);
	print_remarks(in, STAILQ_FIRST(&in->import.remarks));
}

/* One line of what came of it, and what is left to do. */
static void
print_done(struct importing *in, const struct plan *plan)
{
	enum language language = in->cli->language;
	TEXT_AUTO text = TEXT_INIT(4096);
	char known[AMOUNT_SIZE];

	if (!plan->done) {
		text_say(&text, language, IMPORT_NOT_DONE, plan->owner,
		    plan->label);
	} else {
		amount_messages(language, plan->known, known);
		text_say(&text, language, IMPORT_DONE, plan->owner,
		    plan->label, known);
	}
	if (plan->done && plan->does != PLAN_THERE &&
	    !plan->account->enabled) {
		text_add_byte(&text, ' ');
		text_say(&text, language, IMPORT_LEFT_OFF, plan->owner,
		    plan->label);
	}
	if (plan->done && plan->does != PLAN_THERE &&
	    strcmp(import_from(plan->account), "unsaid") == 0) {
		text_add_byte(&text, ' ');
		text_say(&text, language, IMPORT_LEFT_UNSAID, plan->owner,
		    plan->label);
	}
	printf("%.*s\n", SLICE_FMT(text_slice(&text)));
}

static void
print_all_done(struct importing *in, struct import_remark *last)
{
	struct plan *plan;
	bool any = false;

	STAILQ_FOREACH(plan, &in->plans, next) {
		print_done(in, plan);
		any |= plan->done && plan->does != PLAN_THERE;
	}
	/* what has gone wrong since the plan was shown */
	print_remarks(in, last == NULL ? STAILQ_FIRST(&in->import.remarks) :
	    STAILQ_NEXT(last, next));
	if (any)
		cli_say(in->cli, IMPORT_STOP_OLD);
}

static json_t *
remarks_json(struct importing *in)
{
	json_t *array = json_array();
	struct import_remark *remark;

	STAILQ_FOREACH(remark, &in->import.remarks, next) {
		TEXT_AUTO words = TEXT_INIT(8192);

		add_remark(&words, in->cli->language, remark);
		(void)json_array_append_new(array, json_pack(
		    "{s:s, s:i, s:b, s:s%}", "file", remark->file, "line",
		    (int)remark->line, "loss", (int)remark->is_loss, "words",
		    words.at == NULL ? "" : words.at, words.len));
	}
	return array;
}

static int
print_json(struct importing *in)
{
	TEXT_AUTO words = TEXT_INIT(4096);
	struct plan *plan;
	json_t *object;
	char *line;

	STAILQ_FOREACH(plan, &in->plans, next)
		(void)json_object_set_new(plan->row, "done",
		    json_boolean(plan->done));
	object = json_pack("{s:b, s:O, s:o}", "ok", in->import.losses == 0,
	    "result", in->rows, "remarks", remarks_json(in));
	text_say(&words, in->cli->language, IMPORT_LOST, in->import.losses);
	text_add_byte(&words, '\0');
	if (object != NULL && in->import.losses > 0) {
		(void)json_object_set_new(object, "error",
		    json_string("failed"));
		(void)json_object_set_new(object, "words",
		    json_string(words.at));
	}
	line = json_dumps(object, 0);
	json_decref(object);
	if (line == NULL)
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	puts(line);
	free(line);
	return CLI_OK;
}

/* The command */

static struct import_remark *
last_remark(const struct import *import)
{
	struct import_remark *remark, *last = NULL;

	STAILQ_FOREACH(remark, &import->remarks, next)
		last = remark;
	return last;
}

/* The plan stands: show it, do it, tell. */
static int
carry_out(struct importing *in)
{
	struct import_remark *last = last_remark(&in->import);
	int r = CLI_OK;

	print_plan(in);
	if (!in->dry)
		r = import_do(in);
	if (r != CLI_OK)
		return r;
	if (in->cli->json)
		r = print_json(in);
	else if (in->dry)
		cli_say(in->cli, IMPORT_DRY);
	else
		print_all_done(in, last);
	if (r != CLI_OK || in->import.losses == 0)
		return r;
	return in->cli->json ? CLI_FAILED : cli_fail(in->cli, CLI_FAILED,
	    IMPORT_LOST, in->import.losses);
}

static int
run(struct importing *in, const struct input *input,
    enum import_format format, const char *owner, const char *const *maps,
    unsigned map_count)
{
	int r = find_accounts(in, input, format);

	if (r == CLI_OK)
		r = learn_accounts(in);
	if (r == CLI_OK)
		r = cli_fetch_pages(in->cli, "fetch list", NULL, false,
		    &in->fetches);
	in->rows = json_array();
	if (r == CLI_OK)
		r = import_plan(in, owner, maps, map_count);
	if (r == CLI_OK)
		r = carry_out(in);
	forget_passwords(&in->import);
	json_decref(in->rows);
	json_decref(in->fetches);
	json_decref(in->accounts);
	return r;
}

static int
read_and_run(struct importing *in, struct input *input,
    enum import_format format, const char *owner, const char *const *maps,
    unsigned map_count)
{
	size_t bytes = 0;
	int r = input_read(in->cli, input, &bytes);

	if (r == CLI_OK) {
		ARENA_AUTO arena = arena_new(IMPORT_ARENA_BYTES(bytes));

		if (arena == NULL)
			r = cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
		else {
			import_begin(&in->import, arena);
			r = run(in, input, format, owner, maps, map_count);
		}
	}
	input_free(input);
	return r;
}

int
cli_fetch_import(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_FORMAT] = { "--format", true, NULL },
		[WITH_OWNER] = { "--owner", true, NULL },
		[WITH_DRY_RUN] = { "--dry-run", false, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	struct importing in = { .cli = cli };
	struct input input = { 0 };
	const char *maps[FILES_MOST], *format;
	unsigned map_count = 0;
	int r;

	/* the queue knows nothing of people */
	if (cli->remote != NULL)
		return cli_fail(cli, CLI_USAGE, NOT_FROM_AFAR,
		    "fetch import");
	STAILQ_INIT(&in.plans);
	r = take_repeated(cli, &argc, argv, "--ids", input.ids,
	    &input.ids_count);
	if (r == CLI_OK)
		r = take_repeated(cli, &argc, argv, "--map", maps,
		    &map_count);
	if (r == CLI_OK)
		r = cli_options(cli, argc, argv, options, "FILE", 1, 1,
		    &input.file);
	if (r != CLI_OK)
		return r;
	format = options[WITH_FORMAT].value;
	if (format != NULL && import_format_of(format) == IMPORT_UNKNOWN)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--format",
		    format, say(cli->language, SAY_WANT_FORMAT));
	r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	in.dry = options[WITH_DRY_RUN].value != NULL;
	in.asks = !cli->json && isatty(STDIN_FILENO) == 1 &&
	    isatty(STDOUT_FILENO) == 1;
	if (!in.dry && !cli_hub_runs(cli))
		return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	return read_and_run(&in, &input, format == NULL ? IMPORT_UNKNOWN :
	    import_format_of(format), options[WITH_OWNER].value, maps,
	    map_count);
}
