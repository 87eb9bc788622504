/*
 * cli_rule.c - postroom rule test: what rules would do with mail
 *
 * The message goes the way it goes in the judge (filters/judge.h), with rules
 * that need not be in force and an envelope that somebody states.  What is not
 * known of it (whose it is, what DNS or the scanner would say) is never taken
 * for a no.
 */
#include "programs/cli_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/hops.h"
#include "filters/rule_read.h"
#include "lib/base/host.h"
#include "lib/message/header.h"
#include "lib/message/words.h"
#include "programs/mail_files.h"
#include "programs/rules_bundle.h"

#define RECIPIENTS_MOST	100
#define FINDINGS_MOST	64	/* rows of findings.h: a dozen or so */

struct rule_test_work {
	struct cli		*cli;
	struct rule_book	 book;
	struct rule_telling	 telling;
	struct rule_trial	 trial;
	uint32_t		 findings[FINDINGS_MOST];
	const char		*lists[DNS_LISTS_MOST];
	struct envelope		 env;
	struct recipient	 recipients[RECIPIENTS_MOST];
	uint64_t		 messages, passed, hit;
};

static int
fail_rules(struct cli *cli, struct text *faults, int r)
{
	while (faults->len > 0 && faults->at[faults->len - 1] == '\n')
		faults->len--;
	text_add_byte(faults, '\0');
	return cli_fail(cli, CLI_FAILED, RULE_FAULTS,
	    faults->len <= 1 ? strerror(-r) : faults->at);
}

int
rule_book_open(struct cli *cli, const char *path, struct rule_book *book_out)
{
	TEXT_AUTO faults = TEXT_INIT(CLI_WORDS_BYTES / 2);
	struct rule_book book = { .bundle = TEXT_INIT(RULES_BUNDLE_BYTES) };
	int r = 0;

	if (path != NULL)
		r = rules_gather_named(path, &book.bundle, &faults);
	else if (cli->config.rules_dir[0] != '\0')
		r = rules_gather(cli->config.rules_dir, &book.bundle,
		    &faults);
	if (r == 0)
		r = rules_from_bundle(text_slice(&book.bundle), &book.rules,
		    &faults);
	if (r == 0)
		r = rule_lists_check(book.rules, cli->config.dns_lists,
		    &faults);
	if (r < 0) {
		rule_book_close(&book);
		return fail_rules(cli, &faults, r);
	}
	*book_out = book;
	return CLI_OK;
}

void
rule_book_close(struct rule_book *book)
{
	rules_free(book->rules);
	text_free(&book->bundle);
}

/* What is stated of the envelope */

static int
unfit(struct cli *cli, const char *option, const char *value,
    enum sentence want)
{
	return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, option, value,
	    say(cli->language, want));
}

static int
set_recipient(struct rule_test_work *work, const char *address)
{
	struct envelope *env = &work->env;

	if (env->recipient_count == RECIPIENTS_MOST)
		return unfit(work->cli, "--recipient", address,
		    SAY_WANT_FEWER);
	work->trial.unknown &= ~RULE_NO_RECIPIENT;
	work->recipients[env->recipient_count++].address = slice_str(address);
	return CLI_OK;
}

/* "listed=NAME" for each list that has it; "listed=none": none has. */
static bool
set_listed(struct rule_test_work *work, const char *name)
{
	struct rule_trial *trial = &work->trial;
	bool is_none = strcmp(name, "none") == 0;

	if ((!is_none && !dns_list_is_name(slice_str(name))) ||
	    trial->list_count == DNS_LISTS_MOST)
		return false;
	trial->lists = work->lists;
	if (!is_none)
		work->lists[trial->list_count++] = name;
	return true;
}

/* "spf=fail", as a rule has it. */
static int
set_finding(struct rule_test_work *work, const char *typed)
{
	struct slice word = slice_str(typed), name;
	const struct findings_row *row;
	unsigned value = 0;
	unsigned i = 0;

	if (!slice_cut(&word, '=', &name))
		return unfit(work->cli, "--finding", typed,
		    SAY_WANT_FINDING);
	if (slice_is_str(name, "listed") && set_listed(work, word.at))
		return CLI_OK;
	while ((row = findings_row(i)) != NULL &&
	    !slice_is_str(name, row->name))
		i++;
	while (row != NULL && value < row->count &&
	    !slice_is_str(word, row->word(value)))
		value++;
	if (row == NULL || value == row->count)
		return unfit(work->cli, "--finding", typed,
		    SAY_WANT_FINDING);
	work->findings[i] = UINT32_C(1) << value;
	return CLI_OK;
}

static int
set_source(struct rule_test_work *work, const char *word)
{
	static const char *const words[] = {
		[SOURCE_SMTP] = "smtp", [SOURCE_LMTP] = "lmtp",
		[SOURCE_FETCH] = "fetch", [SOURCE_UPSTREAM] = "upstream",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i] != NULL && strcmp(words[i], word) == 0) {
			work->env.source = (enum envelope_source)i;
			return CLI_OK;
		}
	return unfit(work->cli, "--source", word, SAY_WANT_SOURCE);
}

/* Those that may be given more than once; `argv` loses them. */
static int
take_many(struct rule_test_work *work, int *argc, char **argv)
{
	int kept = 0, r = CLI_OK;

	for (int i = 0; i < *argc && r == CLI_OK; i++) {
		bool is_finding = strcmp(argv[i], "--finding") == 0;

		if (!is_finding && strcmp(argv[i], "--recipient") != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		if (i + 1 == *argc)
			return cli_fail(work->cli, CLI_USAGE,
			    OPTION_WANTS_VALUE, argv[i]);
		i++;
		r = is_finding ? set_finding(work, argv[i]) :
		    set_recipient(work, argv[i]);
	}
	*argc = kept;
	return r;
}

static int
set_envelope(struct rule_test_work *work, const char *sender,
    const char *remote, const char *source)
{
	char address[HOST_TEXT_SIZE];

	if (sender != NULL) {
		work->trial.unknown &= ~RULE_NO_SENDER;
		work->env.sender = slice_str(strcmp(sender, "<>") == 0 ? "" :
		    sender);
	}
	if (remote != NULL) {
		if (host_address(slice_str(remote), false, address) == 0)
			return unfit(work->cli, "--remote", remote,
			    SAY_WANT_REMOTE);
		work->env.peer = slice_str(remote);
	}
	return source == NULL ? CLI_OK : set_source(work, source);
}

/*
 * A letter that the hub has delivered says itself from whom and for whom it
 * came, in what the hub wrote on top (queue/stamp.h).
 */
static void
read_top(const struct rule_test_work *work, struct slice on_top,
    struct rule_trial *trial, struct envelope *env, struct recipient *rcpt)
{
	struct header_field field;

	if ((trial->unknown & RULE_NO_SENDER) != 0 &&
	    header_find(on_top, "Return-Path", &field)) {
		struct slice path = slice_trim(field.value);

		if (path.len >= 2) {
			env->sender = slice_first(slice_after(path, 1),
			    path.len - 2);
			trial->unknown &= ~RULE_NO_SENDER;
		}
	}
	if ((work->trial.unknown & RULE_NO_RECIPIENT) != 0 &&
	    header_find(on_top, "Delivered-To", &field)) {
		rcpt->address = slice_trim(field.value);
		env->recipients = rcpt;
		env->recipient_count = 1;
		trial->unknown &= ~RULE_NO_RECIPIENT;
	}
}

/* One message past the filters that answer at once, and the rules. */
static int
judge_message(const struct rule_test_work *work, const struct mail_file *file,
    struct verdict *verdict_out)
{
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	struct rule_trial trial = work->trial;
	struct envelope env = work->env;
	struct recipient rcpt = { .account = 0 };
	const struct judge_options options = {
		.hops = work->cli->config.hops, .rules = work->book.rules,
		.virus = virus_default_policy,
		.host = work->cli->config.hostname,
		.language = work->cli->language, .trial = &trial,
	};
	struct judging judging;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	env.bytes = file->message.len;
	read_top(work, file->on_top, &trial, &env, &rcpt);
	judge_begin(arena, file->message, &env, &options, &judging);
	if (env.peer.len > 0)
		judging.envelope.hop.peer = env.peer;
	r = judge_end(&judging, &options);
	if (r == 0)
		*verdict_out = judging.verdict;
	return r;
}

static int
test_message(void *arg, const struct mail_file *file)
{
	struct rule_test_work *work = arg;
	struct verdict verdict;
	int r = judge_message(work, file, &verdict);

	if (r < 0)
		return r;
	work->hit += work->telling.held > 0;
	rule_telling_show(&work->telling, file->path, file->number, &verdict,
	    work->messages++ == 0);
	return 0;
}

static int
test_all(struct rule_test_work *work, const char *const *paths, int count)
{
	struct cli *cli = work->cli;
	int r = 0, i;

	for (i = 0; i < count && r == 0; i++)
		r = mail_files_walk(paths[i], cli->config.hostname,
		    test_message, work, &work->passed);
	if (cli->json && work->messages > 0)
		puts("]}");
	if (r < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, paths[i - 1],
		    strerror(-r));
	if (work->messages == 0)
		return cli_fail(cli, CLI_FAILED, RULE_NO_MESSAGE);
	cli_say(cli, RULE_TESTED, (unsigned long long)work->messages,
	    (unsigned long long)work->hit, (unsigned long long)work->passed);
	return work->hit > 0 ? CLI_OK : CLI_NO_SUCH;
}

/* Charsets, and what is not known until somebody states it. */
static int
work_begin(struct rule_test_work *work)
{
	work->trial.findings = work->findings;
	work->trial.unknown = RULE_NO_SENDER | RULE_NO_RECIPIENT |
	    RULE_NO_REMOTE;
	work->env.recipients = work->recipients;
	for (size_t i = 0; i < FINDINGS_MOST; i++)
		work->findings[i] = RULE_ANY_FINDING;
	return words_open() == 0 ? CLI_OK : cli_fail(work->cli, CLI_FAILED,
	    NO_MEMORY);
}

static int
run_test(struct rule_test_work *work, struct cli_option *options,
    const char **words, int count)
{
	struct cli *cli = work->cli;
	bool in_force = options[0].value != NULL;
	int r = set_envelope(work, options[2].value, options[3].value,
	    options[4].value);

	while (count > 0 && words[count - 1] == NULL)
		count--;
	if (r == CLI_OK && !in_force && count < 2)
		r = cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT,
		    "FILE MESSAGE");
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = rule_book_open(cli, in_force ? NULL : words[0],
		    &work->book);
	if (r != CLI_OK)
		return r;
	work->telling = (struct rule_telling){ .cli = cli,
	    .book = &work->book, .why = options[1].value != NULL };
	rule_telling_begin(&work->telling, &work->trial);
	r = test_all(work, words + !in_force, count - !in_force);
	rule_telling_end(&work->telling);
	rule_book_close(&work->book);
	return r;
}

int
cli_rule_test(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		{ .name = "--in-force" }, { .name = "--why" },
		{ .name = "--sender", .takes_value = true },
		{ .name = "--remote", .takes_value = true },
		{ .name = "--source", .takes_value = true }, { 0 }
	};
	struct rule_test_work *work = calloc(1, sizeof(*work));
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	char **own = calloc((size_t)argc + 1, sizeof(*own));
	int r = CLI_OK;

	if (work == NULL || words == NULL || own == NULL)
		r = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	if (r == CLI_OK) {
		work->cli = cli;
		memcpy(own, argv, (size_t)argc * sizeof(*own));
		r = work_begin(work);
	}
	if (r == CLI_OK)
		r = take_many(work, &argc, own);
	if (r == CLI_OK)
		r = cli_options(cli, argc, own, options, "MESSAGE", 1, argc,
		    words);
	if (r == CLI_OK)
		r = run_test(work, options, words, argc);
	words_close();
	free(own);
	free(words);
	free(work);
	return r;
}
