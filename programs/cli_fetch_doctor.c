/*
 * cli_fetch_doctor.c - postroom fetch doctor: what is this mailbox like?
 *
 * The schedule has somebody look at the newest headers there; what was found is
 * told in sentences, and what is recommended as the very command that does it.
 * Nothing is changed unless --apply says so.
 */
#include "programs/cli_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/diagnosis.h"
#include "fetch/domain/doctor.h"
#include "fetch/domain/explain.h"

#define OPTIONS_MOST	16	/* words of a command that is recommended */

/* What of a row is told, and in what order. */
struct examined {
	struct cli	*cli;
	const char	*address, *label;
	json_t		*rows;		/* borrowed */
	enum diagnosis_topic last;	/* told before */
};

/* The amounts of a row as people write them. */
struct amounts {
	char	count[AMOUNT_SIZE], of[AMOUNT_SIZE], ours[AMOUNT_SIZE],
		different[AMOUNT_SIZE];
};

static struct amounts
amounts_of(enum language language, const json_t *row)
{
	struct amounts amounts;

	amount_number(language, row_number(row, "count"), amounts.count);
	amount_number(language, row_number(row, "of"), amounts.of);
	amount_number(language, row_number(row, "ours"), amounts.ours);
	amount_number(language, row_number(row, "different"),
	    amounts.different);
	return amounts;
}

static bool
is_word(const json_t *row, const char *word)
{
	return strcmp(row_text(row, "name"), word) == 0;
}

/* Each topic */

static void
tell_messages(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	cli_say(e->cli, DOCTOR_LOOKED_AT, a.count, a.of);
}

static void
tell_shape(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (is_word(row, "domain"))
		cli_say(e->cli, DOCTOR_DOMAIN, row_text(row, "value"),
		    a.count);
	else if (is_word(row, "person"))
		cli_say(e->cli, DOCTOR_PERSON, row_text(row, "value"));
	else
		cli_say(e->cli, DOCTOR_UNSURE);
}

static void
tell_header(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (row_number(row, "count") == 0) {
		cli_say(e->cli, DOCTOR_HEADER_NOWHERE, row_text(row, "name"));
		return;
	}
	cli_say(e->cli, DOCTOR_HEADER, row_text(row, "name"), a.count, a.of,
	    a.ours, a.different, row_text(row, "value"));
	if (*row_text(row, "extra") != '\0')
		cli_say(e->cli, DOCTOR_AFFIX, row_text(row, "extra"));
}

static void
tell_copies(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (is_word(row, "each"))
		cli_say(e->cli, DOCTOR_COPIES_EACH, a.count, a.of);
	else if (is_word(row, "one"))
		cli_say(e->cli, DOCTOR_COPIES_ONE);
	else
		cli_say(e->cli, DOCTOR_COPIES_UNKNOWN);
}

static void
tell_hop(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (row_number(row, "count") == 0)
		cli_say(e->cli, DOCTOR_NO_HOP);
	else
		cli_say(e->cli, DOCTOR_HOP, row_text(row, "name"), a.count,
		    a.of, row_text(row, "value"));
}

static const char *
why_held(const struct examined *e, const json_t *row)
{
	for (unsigned i = 0; i < DOMAIN_HOLD_COUNT; i++)
		if (domain_hold_words[i] != NULL &&
		    is_word(row, domain_hold_words[i]))
			return say(e->cli->language,
			    domain_hold_sentence((enum domain_hold)i));
	return row_text(row, "name");
}

static void
tell_decision(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (is_word(row, "delivered"))
		cli_say(e->cli, DOCTOR_DELIVERED, a.count, a.of);
	else
		cli_say(e->cli, DOCTOR_HELD, a.count, a.of, why_held(e, row));
}

static void
tell_now(const struct examined *e, const json_t *row)
{
	if (e->last != DIAGNOSIS_NOW)
		cli_say(e->cli, DOCTOR_NOW);
	tell_decision(e, row);
}

static void
tell_then(const struct examined *e, const json_t *row)
{
	if (e->last != DIAGNOSIS_THEN)
		cli_say(e->cli, DOCTOR_THEN);
	tell_decision(e, row);
}

static void
tell_case(const struct examined *e, const json_t *row)
{
	struct amounts a = amounts_of(e->cli->language, row);

	if (e->last != DIAGNOSIS_CASE)
		cli_say(e->cli, DOCTOR_CASES);
	cli_say(e->cli, DOCTOR_CASE, a.count, row_text(row, "value"),
	    row_text(row, "extra"), row_text(row, "name"));
}

static void
tell_option(const struct examined *e, const json_t *row)
{
	(void)e;	/* all of them are one command, at the end */
	(void)row;
}

typedef void	tell_fn(const struct examined *, const json_t *row);
static tell_fn *const tells[DIAGNOSIS_TOPIC_COUNT] = {
	[DIAGNOSIS_MESSAGES] = tell_messages,
	[DIAGNOSIS_SHAPE] = tell_shape,
	[DIAGNOSIS_HEADER] = tell_header,
	[DIAGNOSIS_COPIES] = tell_copies,
	[DIAGNOSIS_HOP] = tell_hop,
	[DIAGNOSIS_NOW] = tell_now,
	[DIAGNOSIS_THEN] = tell_then,
	[DIAGNOSIS_CASE] = tell_case,
	[DIAGNOSIS_OPTION] = tell_option,
};

static enum diagnosis_topic
topic_of(const json_t *row)
{
	unsigned topic = 0;

	while (topic < DIAGNOSIS_TOPIC_COUNT && strcmp(row_text(row, "topic"),
	    diagnosis_words[topic]) != 0)
		topic++;
	return (enum diagnosis_topic)topic;
}

/* The command that is recommended */

/* As a shell reads it back: what is not plain stands in quotes. */
static void
add_quoted(struct text *text, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";

	text_add_byte(text, ' ');
	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		text_add_str(text, word);
		return;
	}
	text_add_byte(text, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			text_add_str(text, "'\\''");
		else
			text_add_byte(text, *word);
	text_add_byte(text, '\'');
}

/* Words of `fetch rules`; how many.  1 or 3: nothing is recommended. */
static int
command_of(const struct examined *e, char *words[OPTIONS_MOST])
{
	static char with_label[] = "--label";
	int count = 0;
	json_t *row;
	size_t i;

	words[count++] = (char *)(uintptr_t)e->address;
	words[count++] = with_label;
	words[count++] = (char *)(uintptr_t)e->label;
	json_array_foreach(e->rows, i, row)
		if (topic_of(row) == DIAGNOSIS_OPTION &&
		    count + 2 <= OPTIONS_MOST) {
			words[count++] = (char *)(uintptr_t)row_text(row,
			    "name");
			words[count++] = (char *)(uintptr_t)row_text(row,
			    "value");
		}
	return count;
}

static void
tell_advice(const struct examined *e)
{
	char *words[OPTIONS_MOST];
	int count = command_of(e, words);
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);

	if (count == 3) {
		cli_say(e->cli, DOCTOR_FINE);
		return;
	}
	text_add_str(&line, "    postroom fetch rules");
	for (int i = 0; i < count; i++)
		add_quoted(&line, words[i]);
	text_add_byte(&line, '\0');
	cli_say(e->cli, DOCTOR_ADVICE);
	puts(text_failed(&line) ? "" : line.at);
	cli_say(e->cli, DOCTOR_APPLY);
}

/* The command */

static void
tell_all(struct examined *e)
{
	json_t *row;
	size_t i;

	e->last = DIAGNOSIS_TOPIC_COUNT;
	json_array_foreach(e->rows, i, row) {
		enum diagnosis_topic topic = topic_of(row);

		if (topic == DIAGNOSIS_TOPIC_COUNT)
			continue;	/* of a newer hub */
		tells[topic](e, row);
		e->last = topic;
	}
	tell_advice(e);
}

/* What is recommended becomes the rules. */
static int
apply(const struct examined *e)
{
	char *words[OPTIONS_MOST];
	int count = command_of(e, words);

	return count == 3 ? CLI_OK : cli_fetch_rules(e->cli, count, words);
}

/* What was found, once somebody has looked.  CLI_OK, or told. */
static int
ask_found(struct cli *cli, const json_t *run, json_t **object_out)
{
	const char *values[ADMIN_ARGS] = { NULL };
	char number[24];

	(void)snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)row_number(run, "run"));
	values[ADMIN_PROGRESS_RUN] = number;
	return cli_fetch_ask(cli, "fetch diagnosis", values, object_out);
}

static int
show(struct cli *cli, const json_t *run, json_t *object, bool applies)
{
	struct examined e = { .cli = cli,
	    .address = row_text(run, "address"),
	    .label = row_text(run, "label"),
	    .rows = json_object_get(object, "result") };
	char *line;

	/* one object: with --apply, that of the rules */
	if (!cli->json)
		tell_all(&e);
	if (applies)
		return apply(&e);
	if (!cli->json)
		return CLI_OK;
	line = json_dumps(object, 0);
	if (line == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	puts(line);
	free(line);
	return CLI_OK;
}

/* It could not be looked at. */
static int
fail(struct cli *cli, const json_t *run)
{
	text_clear(&cli->words);
	words_failure(&cli->words, cli->language, run, time(NULL));
	text_add_byte(&cli->words, '\0');
	return cli_failed(cli, CLI_FAILED);
}

_Static_assert(DOCTOR_MESSAGES_MOST == 1000, "as DOCTOR_HOW_MANY says");

/* As many as are looked at; none said is well. */
static int
check_messages(struct cli *cli, const char *typed)
{
	uint64_t n;

	if (typed == NULL || (slice_u64(slice_str(typed),
	    DOCTOR_MESSAGES_MOST, &n) == 0 && n > 0))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--messages", typed,
	    say(cli->language, SAY_DOCTOR_HOW_MANY));
}

int
cli_fetch_doctor(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--label", true, NULL },
	    { "--apply", false, NULL }, { "--messages", true, NULL }, { 0 } };
	struct cli_fetch_who who;
	json_t *rows = NULL, *object = NULL;
	const json_t *run;
	const char *words[1];
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1, words);

	if (r == CLI_OK)
		r = check_messages(cli, options[2].value);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && !cli_hub_runs(cli))
		r = cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	if (r == CLI_OK)
		r = cli_fetch_who(cli, words[0], options[0].value, &who);
	if (r == CLI_OK)
		r = cli_fetch_run(cli, "fetch doctor", who.address, who.label,
		    options[2].value, NULL, &rows);
	if (r != CLI_OK)
		return r;
	run = json_array_get(rows, 0);
	if (row_end(run) != FETCH_END_DONE)
		r = fail(cli, run);
	if (r == CLI_OK)
		r = ask_found(cli, run, &object);
	if (r == CLI_OK)
		r = show(cli, run, object, options[1].value != NULL);
	json_decref(rows);
	json_decref(object);
	return r;
}
