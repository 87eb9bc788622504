/*
 * cli.c - the command table of `postroom`, options, words and passwords
 */
#include "programs/cli.h"
#include "programs/cli_remote.h"
#include "programs/rules_bundle.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "gateway/smtp/smtp.h"

typedef int cli_fn(struct cli *, int argc, char **argv);

static cli_fn	cli_help, cli_config_check, cli_config_show, cli_smtp_commands,
		cli_pop3_commands, cli_imap_commands;

static const struct command {
	const char	*noun;
	const char	*verb;		/* or NULL */
	const char	*usage;
	enum sentence	 help;
	cli_fn		*run;
} commands[] = {
{ "setup",   NULL,       "[--dir DIR] [--domain D] [--port-base N] [--password-file F] [--yes] "
  "[--smarthost HOST:PORT] [--smarthost-tls none|starttls|implicit] [--smarthost-user U] "
  "[--smarthost-password-file F] [--direct] "
  "[--arrives mailboxes|mailbox|mx|etrn|atrn]",
  SAY_HELP_SETUP,          cli_setup },
{ "account", "add",      "ADDRESS [--name N] [--language en|id] [--password-file F]",
  SAY_HELP_ACCOUNT_ADD,    cli_account_add },
{ "public",  "add",      "ADDRESS [--name N] [--language en|id]", SAY_HELP_PUBLIC_ADD, cli_public_add },
{ "account", "list",     "", SAY_HELP_ACCOUNT_LIST, cli_account_list },
{ "account", "set",      "ADDRESS [--name N] [--language en|id] [--password | --password-file F] [--fetch yes|no|default] "
  "[--recall MINUTES] [--forwards yes|no]",
  SAY_HELP_ACCOUNT_SET,    cli_account_set },
{ "account", "remove",   "ADDRESS", SAY_HELP_ACCOUNT_REMOVE, cli_account_remove },
{ "fetch",   "add",      "ADDRESS --host H --user U [--label NAME] [--tls none|starttls|implicit] [--port P] "
  "[--password-file F] [--mechanism M] [--pin SHA256] [--largest SIZE] "
  "[--protocol pop3|imap|etrn|atrn] [--folders LIST] [--queue NAMES] "
  "[--every MINUTES] [--on-read yes|no] [--all | --new | --days N] "
  "[--keep | --delete-after DAYS] [--delete-when-deleted-here] [--untested] "
  "[--provider NAME] [--oauth PROVIDER [--browser]] [--proxy URL]",
  SAY_HELP_FETCH_ADD,      cli_fetch_add },
{ "fetch",   "add-domain", "DOMAIN --host H --user U [--owner ADDRESS] "
  "[--envelope-header NAME[:PREFIX[:TAIL]]] [--envelope-depth N|any] "
  "[--mailbox ADDRESS] [--archive yes|no] [--headers LIST] [--skip-received N] "
  "[--match-names yes|no|ADDRESS] [--replace-domain yes|no|DOMAIN] [--strip TEXT] "
  "[--route 'TEST TEXT -> drop|copy ADDRESS'] "
  "[--learn 'address|list|from KEY -> ADDRESS'] [OPTIONS OF add]",
  SAY_HELP_FETCH_ADD_DOMAIN, cli_fetch_add_domain },
{ "fetch",   "rules",    "ADDRESS [--label NAME] [RULES AS IN add-domain]", SAY_HELP_FETCH_RULES, cli_fetch_rules },
{ "fetch",   "before",   "ADDRESS [--label NAME] [--rule 'TEST -> now|night|leave|delete|placeholder' ... | --none]",
  SAY_HELP_FETCH_BEFORE, cli_fetch_before },
{ "fetch",   "doctor",   "ADDRESS|LABEL [--label NAME] [--messages N] [--apply]", SAY_HELP_FETCH_DOCTOR, cli_fetch_doctor },
{ "fetch",   "learn",    "ID --to ADDRESS", SAY_HELP_FETCH_LEARN, cli_fetch_learn },
{ "fetch",   "list",     "[ADDRESS]", SAY_HELP_FETCH_LIST, cli_fetch_list },
{ "fetch",   "set",      "ADDRESS [--label NAME] [--rename NAME] [--enable | --disable] [--keep-when-deleted-here] [--password] [OPTIONS OF add]",
  SAY_HELP_FETCH_SET,      cli_fetch_set },
{ "fetch",   "remove",   "ADDRESS [--label NAME] [--yes]", SAY_HELP_FETCH_REMOVE, cli_fetch_remove },
{ "fetch",   "test",     "ADDRESS|LABEL [--label NAME]", SAY_HELP_FETCH_TEST, cli_fetch_test },
{ "fetch",   "now",      "[ADDRESS|LABEL] [--label NAME] [--everything]", SAY_HELP_FETCH_NOW, cli_fetch_now },
{ "fetch",   "body",     "ID", SAY_HELP_FETCH_BODY, cli_fetch_body },
{ "fetch",   "import",   "FILE [--format fetchmail|getmail|mpop|csv|mdaemon|hmailserver] [--ids FILE] ... "
  "[--owner ADDRESS] [--map THERE=HERE] ... [--dry-run]", SAY_HELP_FETCH_IMPORT, cli_fetch_import },
{ "fetch",   "resume",   "", SAY_HELP_FETCH_RESUME, cli_fetch_resume },
{ "fetch",   "consent",  "ADDRESS [LABEL] [--browser]", SAY_HELP_FETCH_CONSENT, cli_fetch_consent },
{ "fetch",   "way",      "ADDRESS [--label NAME] [--oauth PROVIDER] [--proxy URL|none] "
  "[--proxy-user U] [--proxy-password-file F]", SAY_HELP_FETCH_WAY, cli_fetch_way },
{ "fetch",   "providers", "", SAY_HELP_FETCH_PROVIDERS, cli_fetch_providers },
{ "oauth",   "set",      "PROVIDER [--client-id ID] [--client-secret-file F] [--token-url URL] [--device-url URL] "
  "[--authorize-url URL] [--scope SCOPE]", SAY_HELP_OAUTH_SET, cli_oauth_set },
{ "oauth",   "list",     "", SAY_HELP_OAUTH_LIST, cli_oauth_list },
{ "oauth",   "remove",   "PROVIDER", SAY_HELP_OAUTH_REMOVE, cli_oauth_remove },
{ "line",    "status",   "", SAY_HELP_LINE_STATUS, cli_line_status },
{ "line",    "report",   "[--month YYYY-MM]", SAY_HELP_LINE_REPORT, cli_line_report },
{ "line",    "open",     "[--minutes N]", SAY_HELP_LINE_OPEN, cli_line_open },
{ "hold",    "list",     "[--quarantine | --held]", SAY_HELP_HOLD_LIST, cli_hold_list },
{ "hold",    "show",     "ID",                    SAY_HELP_HOLD_SHOW, cli_hold_show },
{ "hold",    "release",  "ID [--to ADDRESS] [--wanted]", SAY_HELP_HOLD_RELEASE, cli_hold_release },
{ "hold",    "delete",   "ID [--yes] [--spam]",   SAY_HELP_HOLD_DELETE, cli_hold_delete },
{ "hold",    "digest",   "",                      SAY_HELP_HOLD_DIGEST, cli_hold_digest },
{ "queue",   "list",     "[--domain D] [--sender ADDRESS] [--state waiting|held|failed] [--limit N] [--above ID:RECIPIENT]",
  SAY_HELP_QUEUE_LIST, cli_queue_list },
{ "queue",   "show",     "ID",                    SAY_HELP_QUEUE_SHOW, cli_queue_show },
{ "queue",   "hold",     "ID | --domain D | --all", SAY_HELP_QUEUE_HOLD, cli_queue_hold },
{ "queue",   "release",  "ID | --domain D | --all", SAY_HELP_QUEUE_RELEASE, cli_queue_release },
{ "queue",   "retry",    "ID | --domain D | --all", SAY_HELP_QUEUE_RETRY, cli_queue_retry },
{ "queue",   "reroute",  "ID | --domain D  --to HOST[:PORT] | --as-ever", SAY_HELP_QUEUE_REROUTE, cli_queue_reroute },
{ "queue",   "bounce",   "ID [--to ADDRESS]",     SAY_HELP_QUEUE_BOUNCE, cli_queue_bounce },
{ "queue",   "recall",   "[ID]",                  SAY_HELP_QUEUE_RECALL, cli_queue_recall },
{ "queue",   "remove",   "ID [--to ADDRESS] [--yes]", SAY_HELP_QUEUE_REMOVE, cli_queue_remove },
{ "smarthost", "set",    "DOMAIN|ADDRESS --host HOST:PORT [--tls none|starttls|implicit] [--user U] "
  "[--password-file F]", SAY_HELP_SMARTHOST_SET, cli_smarthost_set },
{ "smarthost", "list",   "[DOMAIN|ADDRESS]", SAY_HELP_SMARTHOST_LIST, cli_smarthost_list },
{ "smarthost", "remove", "DOMAIN|ADDRESS", SAY_HELP_SMARTHOST_REMOVE, cli_smarthost_remove },
{ "device",  "add",      "ADDRESS --as ADDRESS [--to 'ADDRESS|@DOMAIN ...'] [--per-hour N]", SAY_HELP_DEVICE_ADD, cli_device_add },
{ "device",  "list",     "", SAY_HELP_DEVICE_LIST, cli_device_list },
{ "device",  "remove",   "ADDRESS", SAY_HELP_DEVICE_REMOVE, cli_device_remove },
{ "sender",  "allow",    "ADDRESS|@DOMAIN [--for ADDRESS]", SAY_HELP_SENDER_ALLOW, cli_sender_allow },
{ "sender",  "block",    "ADDRESS|@DOMAIN [--for ADDRESS]", SAY_HELP_SENDER_BLOCK, cli_sender_block },
{ "sender",  "remove",   "ADDRESS|@DOMAIN [--for ADDRESS]", SAY_HELP_SENDER_REMOVE, cli_sender_remove },
{ "sender",  "list",     "[--for ADDRESS]", SAY_HELP_SENDER_LIST, cli_sender_list },
{ "alias",   "add",      "ADDRESS TARGET ...", SAY_HELP_ALIAS_ADD, cli_alias_add },
{ "alias",   "list",     "", SAY_HELP_ALIAS_LIST, cli_alias_list },
{ "alias",   "set",      "ADDRESS [TARGET ...] [--add ADDRESSES] [--remove ADDRESSES]", SAY_HELP_ALIAS_SET, cli_alias_set },
{ "alias",   "remove",   "ADDRESS", SAY_HELP_ALIAS_REMOVE, cli_alias_remove },
{ "list",    "add",      "ADDRESS MEMBER ... [--post members|office|anyone] [--owner ADDRESS]", SAY_HELP_LIST_ADD, cli_list_add },
{ "list",    "list",     "", SAY_HELP_LIST_LIST, cli_list_list },
{ "list",    "set",      "ADDRESS [MEMBER ...] [--add ADDRESSES] [--remove ADDRESSES] [--post members|office|anyone] [--owner ADDRESS]",
  SAY_HELP_LIST_SET,       cli_list_set },
{ "list",    "remove",   "ADDRESS", SAY_HELP_LIST_REMOVE, cli_list_remove },
{ "forward", "set",      "[ADDRESS] --to ADDRESS [--keep | --no-keep]", SAY_HELP_FORWARD_SET, cli_forward_set },
{ "forward", "list",     "", SAY_HELP_FORWARD_LIST, cli_forward_list },
{ "forward", "remove",   "[ADDRESS]", SAY_HELP_FORWARD_REMOVE, cli_forward_remove },
{ "gateway", "add",
  "DOMAIN [--host HOST[:PORT]] [--etrn-from ADDRESSES|login] ...",
  SAY_HELP_GATEWAY_ADD, cli_gateway_add },
{ "gateway", "list",     "",                      SAY_HELP_GATEWAY_LIST, cli_gateway_list },
{ "gateway", "set",      "DOMAIN [--host HOST[:PORT]] ...", SAY_HELP_GATEWAY_SET, cli_gateway_set },
{ "gateway", "remove",   "DOMAIN",                SAY_HELP_GATEWAY_REMOVE, cli_gateway_remove },
{ "archive", "list",     "[--days N]", SAY_HELP_ARCHIVE_LIST, cli_archive_list },
{ "archive", "show",     "ID [--changed]", SAY_HELP_ARCHIVE_SHOW, cli_archive_show },
{ "archive", "export",   "FOLDER [--days N] [--changed]", SAY_HELP_ARCHIVE_EXPORT, cli_archive_export },
{ "mailbox", "list",     "ADDRESS [--folder NAME]", SAY_HELP_MAILBOX_LIST, cli_mailbox_list },
{ "mailbox", "folders",  "ADDRESS",               SAY_HELP_MAILBOX_FOLDERS, cli_mailbox_folders },
{ "mailbox", "rights",   "ADDRESS FOLDER [WHO RIGHTS]", SAY_HELP_MAILBOX_RIGHTS, cli_mailbox_rights },
{ "import",  NULL,       "ADDRESS --from maildir:DIR|mbox:FILE|mbox:DIR|imaps://USER@HOST [--into FOLDER] [--quoting mboxrd|mboxo|none] "
  "[--tls none|starttls|implicit] [--password-file F] [--dry-run]",
  SAY_HELP_IMPORT,         cli_import },
{ "export",  NULL,       "ADDRESS --to maildir:DIR|mbox:DIR [--folder FOLDER | --letters]",
  SAY_HELP_EXPORT,         cli_export },
{ "spam",    "learn",    "FOLDER|FILE --spam | --wanted [--for ADDRESS]",
  SAY_HELP_SPAM_LEARN, cli_spam_learn },
{ "spam",    "status",   "[ADDRESS]", SAY_HELP_SPAM_STATUS, cli_spam_status },
{ "spam",    "explain",  "FILE [--for ADDRESS]", SAY_HELP_SPAM_EXPLAIN, cli_spam_explain },
{ "rule",    "list",     "", SAY_HELP_RULE_LIST, cli_rule_list },
{ "rule",    "test",     "FILE MESSAGE ... | --in-force MESSAGE ... "
  "[--why] [--sender A] [--recipient A] ... [--remote IP] "
  "[--source smtp|lmtp|fetch|upstream] [--finding NAME=WORD] ...",
  SAY_HELP_RULE_TEST, cli_rule_test },
{ "rule",    "rehearse", "FILE [--days N] [--limit N]", SAY_HELP_RULE_REHEARSE,
  cli_rule_rehearse },
{ "rule",    "undo",     "NAME [--since DATE] [--dry-run]", SAY_HELP_RULE_UNDO, cli_rule_undo },
{ "domain",  "add",      "DOMAIN [--shared]", SAY_HELP_DOMAIN_ADD, cli_domain_add },
{ "domain",  "set",      "DOMAIN --shared | --ours", SAY_HELP_DOMAIN_SET, cli_domain_set },
{ "domain",  "list",     "", SAY_HELP_DOMAIN_LIST, cli_domain_list },
{ "dkim",    "add",      "DOMAIN [--selector NAME] [--ed25519]", SAY_HELP_DKIM_ADD, cli_dkim_add },
{ "dkim",    "list",     "", SAY_HELP_DKIM_LIST, cli_dkim_list },
{ "dkim",    "remove",   "DOMAIN SELECTOR", SAY_HELP_DKIM_REMOVE, cli_dkim_remove },
{ "visitor", "list",     "", SAY_HELP_VISITOR_LIST, cli_visitor_list },
{ "visitor", "forgive",  "ADDRESS", SAY_HELP_VISITOR_FORGIVE, cli_visitor_forgive },
{ "visitor", "grey",     "", SAY_HELP_VISITOR_GREY, cli_visitor_grey },
{ "status",  NULL,       "", SAY_HELP_STATUS,       cli_status },
{ "check",   NULL,       "[--repair]", SAY_HELP_CHECK, cli_check },
{ "trace",   NULL,       "ID | ADDRESS | SUBJECT",  SAY_HELP_TRACE, cli_trace },
{ "config",  "check",    "", SAY_HELP_CONFIG_CHECK, cli_config_check },
{ "config",  "show",     "", SAY_HELP_CONFIG_SHOW,  cli_config_show },
{ "smtp",    "commands", "", SAY_HELP_SMTP,         cli_smtp_commands },
{ "pop3",    "commands", "", SAY_HELP_POP3,         cli_pop3_commands },
{ "imap",    "commands", "", SAY_HELP_IMAP,         cli_imap_commands },
{ "help",    NULL,       "", SAY_HELP_HELP,         cli_help },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const char *const codes[] = {
	[CLI_OK] = "ok", [CLI_FAILED] = "failed", [CLI_USAGE] = "usage",
	[CLI_NO_SUCH] = "no-such", [CLI_BUSY] = "not-running",
	[CLI_UNMENDED] = "not-mended",
};

int
cli_failed(struct cli *cli, enum cli_exit code)
{
	struct slice words = text_slice(&cli->words);

	if (cli->json) {
		TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES * 7);

		text_add_str(&line, "{\"ok\": false, \"error\": ");
		text_add_json(&line, slice_str(codes[code]));
		text_add_str(&line, ", \"words\": ");
		text_add_json(&line, words);
		text_add_str(&line, "}\n");
		fwrite(line.at, 1, line.len, stdout);
	} else
		fprintf(stderr, "postroom: %.*s\n", (int)words.len,
		    words.at == NULL ? "" : words.at);
	return (int)code;
}

/* Print a text that is JSON already, or as it is when it is for people. */
static void
show_text(struct cli *cli, const struct text *text)
{
	TEXT_AUTO line = TEXT_INIT(512 * 1024);

	if (cli->json) {
		text_add_str(&line, "{\"ok\": true, \"result\": ");
		text_add_json(&line, text_slice(text));
		text_add_str(&line, "}\n");
		text = &line;
	}
	fwrite(text->at, 1, text->len, stdout);
}

static int
cli_help(struct cli *cli, int argc, char **argv)
{
	TEXT_AUTO text = TEXT_INIT(CLI_WORDS_BYTES);
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r != CLI_OK)
		return r;
	text_say(&text, cli->language, USAGE);
	text_add_byte(&text, '\n');
	text_say(&text, cli->language, USAGE_SERVER);
	text_add_str(&text, "\n\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		text_addf(&text, "  %s%s%s %s\n      ", c->noun,
		    c->verb == NULL ? "" : " ", c->verb == NULL ? "" : c->verb,
		    c->usage);
		text_add_str(&text, say(cli->language, c->help));
		text_add_byte(&text, '\n');
	}
	text_add_byte(&text, '\n');
	text_say(&text, cli->language, HELP_EXITS);
	text_add_byte(&text, '\n');
	show_text(cli, &text);
	return CLI_OK;
}

/* Tell what is wrong with the files, or at least why they were not read. */
static int
fail_with(struct cli *cli, struct text *faults, int r)
{
	while (faults->len > 0 && faults->at[faults->len - 1] == '\n')
		faults->len--;
	text_add_byte(faults, '\0');
	return cli_fail(cli, CLI_FAILED, CONFIG_FAULTS,
	    faults->at == NULL ? strerror(-r) : faults->at);
}

int
cli_config(struct cli *cli)
{
	TEXT_AUTO faults = TEXT_INIT(CLI_WORDS_BYTES / 2);
	int r;

	if (cli->remote != NULL)
		return CLI_OK;	/* this machine's says nothing of that hub */
	r = config_load(cli->config_path, &cli->config, &faults);

	if (r < 0)
		return fail_with(cli, &faults, r);
	if (strcmp(cli->config.language, "id") == 0)
		cli->language = LANGUAGE_ID;
	if (cli->config.time_zone[0] != '\0') {
		setenv("TZ", cli->config.time_zone, 1);
		tzset();
	}
	return CLI_OK;
}

/* The postmaster's rules belong to what is checked. */
static int
cli_rules(struct cli *cli)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	TEXT_AUTO faults = TEXT_INIT(CLI_WORDS_BYTES / 2);
	struct rules *rules = NULL;
	int r = 0;

	if (cli->config.rules_dir[0] != '\0')
		r = rules_gather(cli->config.rules_dir, &bundle, &faults);
	if (r == 0)
		r = rules_from_bundle(text_slice(&bundle), &rules, &faults);
	if (r == 0)
		r = rule_lists_check(rules, cli->config.dns_lists, &faults);
	rules_free(rules);
	return r == 0 ? CLI_OK : fail_with(cli, &faults, r);
}

static int
cli_config_check(struct cli *cli, int argc, char **argv)
{
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_rules(cli);
	if (r != CLI_OK)
		return r;
	if (cli->json)
		puts("{\"ok\": true, \"result\": []}");
	cli_say(cli, CONFIG_FINE, cli->config_path);
	return CLI_OK;
}

static int
cli_config_show(struct cli *cli, int argc, char **argv)
{
	TEXT_AUTO text = TEXT_INIT(512 * 1024);
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	config_show(&cli->config, &text);
	show_text(cli, &text);
	return CLI_OK;
}

static int
commands_show(struct cli *cli, int argc, char **argv,
    void (*show)(struct text *))
{
	TEXT_AUTO text = TEXT_INIT(CLI_WORDS_BYTES);
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r != CLI_OK)
		return r;
	show(&text);
	show_text(cli, &text);
	return CLI_OK;
}

static int
cli_smtp_commands(struct cli *cli, int argc, char **argv)
{
	return commands_show(cli, argc, argv, smtp_commands_show);
}

static int
cli_pop3_commands(struct cli *cli, int argc, char **argv)
{
	return commands_show(cli, argc, argv, pop3_commands_show);
}

static int
cli_imap_commands(struct cli *cli, int argc, char **argv)
{
	return commands_show(cli, argc, argv, imapd_commands_show);
}

/* The option of this name, or NULL. */
static struct cli_option *
option_find(struct cli_option *options, struct slice name)
{
	for (; options != NULL && options->name != NULL; options++)
		if (slice_is_str(name, options->name))
			return options;
	return NULL;
}

int
cli_options(struct cli *cli, int argc, char **argv, struct cli_option *options,
    const char *what, int least, int most, const char **words_out)
{
	int words = 0;

	for (int i = 0; i < argc; i++) {
		struct slice rest = slice_str(argv[i]), name = rest;
		bool has_value = slice_cut(&rest, '=', &name);
		struct cli_option *o = option_find(options, name);

		if (!slice_has_prefix(name, "--")) {
			if (words == most)
				return cli_fail(cli, CLI_USAGE, TOO_MANY,
				    argv[i]);
			words_out[words++] = argv[i];
			continue;
		}
		if (o == NULL)
			return cli_fail(cli, CLI_USAGE, UNKNOWN_OPTION,
			    argv[i]);
		if (has_value && !o->takes_value)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_NONE,
			    o->name);
		if (!has_value && o->takes_value && i + 1 == argc)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_VALUE,
			    o->name);
		o->value = has_value ? rest.at :
		    o->takes_value ? argv[++i] : "";
	}
	if (words < least)
		return cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT, what);
	while (words < most)
		words_out[words++] = NULL;
	return CLI_OK;
}

/* Take -c FILE and --json out of the words; the rest stays in order. */
static int
common_options(struct cli *cli, int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else if (strcmp(argv[i], "-c") == 0) {
			if (i + 1 == *argc)
				return cli_fail(cli, CLI_USAGE,
				    OPTION_WANTS_VALUE, argv[i]);
			cli->config_path = argv[++i];
		} else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return CLI_OK;
}

/* The language of this terminal, until the configuration says another. */
static enum language
terminal_language(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return language_of(value);
	}
	return LANGUAGE_EN;
}

/* What people ask of their own; all else is about files and sockets of here. */
static bool
is_from_afar(int argc, char **argv)
{
	static const char *const nouns[] = { "fetch", "sender", "smarthost",
	    "forward" };

	for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
		if (strcmp(argv[0], nouns[i]) == 0)
			return true;
	return argc > 1 && strcmp(argv[0], "queue") == 0 &&
	    strcmp(argv[1], "recall") == 0;
}

int
cli_run(struct cli *cli, int argc, char **argv)
{
	int r;

	cli->language = terminal_language();
	if (cli->config_path == NULL)
		cli->config_path = POSTROOM_SYSCONFDIR "/postroom.conf";
	r = common_options(cli, &argc, argv);
	if (r == CLI_OK)
		r = cli_remote_options(cli, &argc, &argv);
	if (r != CLI_OK)
		return r;
	if (cli->remote != NULL && argc > 0 && !is_from_afar(argc, argv))
		return cli_fail(cli, CLI_USAGE, NOT_FROM_AFAR, argv[0]);
	if (argc == 0 || strcmp(argv[0], "--help") == 0)
		return cli_help(cli, 0, argv) == CLI_OK && argc > 0 ? CLI_OK :
		    CLI_USAGE;
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		int used = c->verb == NULL ? 1 : 2;

		if (argc < used || strcmp(argv[0], c->noun) != 0 ||
		    (c->verb != NULL && strcmp(argv[1], c->verb) != 0))
			continue;
		return c->run(cli, argc - used, argv + used);
	}
	return cli_fail(cli, CLI_USAGE, UNKNOWN_COMMAND, argv[0]);
}

/* Read a line, without its end, from `fd`; false when there is none or long. */
static bool
read_line(int fd, char *buffer, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buffer + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && len == 0) || len + 1 == size)
			return false;
		if (n == 0 || buffer[len] == '\n')
			break;
		len++;
	}
	if (len > 0 && buffer[len - 1] == '\r')
		len--;
	buffer[len] = '\0';
	return true;
}

/* Ask on the terminal `tty`, without showing what is typed. */
static bool
ask_hidden(int tty, const struct text *question, char *buffer, size_t size)
{
	struct termios before, silent;
	bool got;

	if (tcgetattr(tty, &before) < 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &silent) < 0)
		return false;
	got = write(tty, question->at, question->len) ==
	    (ssize_t)question->len && read_line(tty, buffer, size);
	tcsetattr(tty, TCSAFLUSH, &before);
	return write(tty, "\n", 1) == 1 && got;
}

static int
ask_person(struct cli *cli, const char *who, bool twice, char *buffer,
    size_t size)
{
	TEXT_AUTO question = TEXT_INIT(1024);
	char again[CLI_SECRET_SIZE] = "";
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int r = CLI_OK;

	if (tty < 0)
		return cli_fail(cli, CLI_USAGE, NO_TERMINAL);
	text_say(&question, cli->language, ASK_PASSWORD, who);
	if (!ask_hidden(tty, &question, buffer, size))
		r = cli_fail(cli, CLI_FAILED, NO_PASSWORD);
	text_clear(&question);
	text_say(&question, cli->language, ASK_AGAIN);
	if (twice && r == CLI_OK && (!ask_hidden(tty, &question, again, sizeof(again)) ||
	    strcmp(buffer, again) != 0))
		r = cli_fail(cli, CLI_FAILED, NOT_THE_SAME);
	OPENSSL_cleanse(again, sizeof(again));
	close(tty);
	return r;
}

/* The first line of that file; "-": of standard input. */
static int
read_password(struct cli *cli, const char *file, char *buffer, size_t size)
{
	int fd;
	bool got;

	fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) :
	    open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, file,
		    strerror(errno));
	got = read_line(fd, buffer, size);
	close(fd);
	return got ? CLI_OK : cli_fail(cli, CLI_FAILED, NO_PASSWORD);
}

int
cli_password(struct cli *cli, const char *file, const char *who, char *buffer,
    size_t size)
{
	return file == NULL ? ask_person(cli, who, true, buffer, size) :
	    read_password(cli, file, buffer, size);
}

int
cli_password_once(struct cli *cli, const char *file, const char *who,
    char *buffer, size_t size)
{
	return file == NULL ? ask_person(cli, who, false, buffer, size) :
	    read_password(cli, file, buffer, size);
}
