/*
 * cli.h - what the commands of `postroom` share
 *
 * Exit codes: 0 done, 1 failed or faults found, 2 wrong use, 3 no such thing,
 * 4 the hub is not running or busy, 5 faults that could not be mended.  With
 * --json standard output is one JSON
 * object, of an error too.  Secrets come from files and prompts only.
 */
#ifndef POSTROOM_PROGRAMS_CLI_H
#define POSTROOM_PROGRAMS_CLI_H

#include "lib/base/say.h"
#include "policy/admin.h"
#include "policy/config.h"

enum cli_exit { CLI_OK, CLI_FAILED, CLI_USAGE, CLI_NO_SUCH, CLI_BUSY,
	CLI_UNMENDED };

#define CLI_WORDS_BYTES	(64 * 1024)
#define CLI_SECRET_SIZE	1026	/* of any password that is typed, with a NUL */

struct json_t;			/* jansson's */

struct cli_remote;		/* cli_remote.h */

struct cli {
	enum language	 language;	/* the terminal's, or the office's */
	bool		 json;
	const char	*config_path;
	struct config	 config;	/* after cli_config() */
	struct text	 words;		/* of the last failure */
	struct cli_remote *remote;	/* the hub of --server, or NULL */
	const char	*login;		/* and who we are there */
};

/* One option of a command, "--name". */
struct cli_option {
	const char	*name;		/* NULL ends the list */
	bool		 takes_value;
	const char	*value;		/* as given; "" without a value */
};

/* The command `argv[0]` ... of `argc` words; returns the exit code. */
int	cli_run(struct cli *, int argc, char **argv);

/*
 * Read options into `options` and other words into `words_out` (at most `most`;
 * the first `least` must be there and are called `what`).  CLI_OK or CLI_USAGE,
 * which has been told.
 */
int	cli_options(struct cli *, int argc, char **argv, struct cli_option *,
	    const char *what, int least, int most, const char **words_out);

/* Read the configuration.  CLI_OK, or CLI_FAILED, which has been told. */
int	cli_config(struct cli *);

/* Tell the failure that stands in cli->words; gives `code` back. */
int	cli_failed(struct cli *, enum cli_exit code);
/* Say why this fails and give the exit code: return cli_fail(...). */
#define cli_fail(cli, code, name, ...) \
	(text_clear(&(cli)->words), \
	text_say(&(cli)->words, (cli)->language, name, ##__VA_ARGS__), \
	cli_failed(cli, code))
/* Say a sentence on standard output; nothing with --json. */
#define cli_say(cli, name, ...) \
	((cli)->json ? (void)0 : (void)(file_say(stdout, (cli)->language, \
	name, ##__VA_ARGS__), putchar('\n')))

/*
 * Get a password for `who`: the first line of `file` ("-": standard input), or
 * asked for twice without echo when `file` is NULL.  CLI_OK, or told.
 */
int	cli_password(struct cli *, const char *file, const char *who,
	    char *buffer, size_t size);
/* The same, of a password that is known already: asked for once. */
int	cli_password_once(struct cli *, const char *file, const char *who,
	    char *buffer, size_t size);

/*
 * Make a request of the running hub; with none running, and if it is the
 * keeper's, do it here under the hub's lock.  The answer line is added to
 * `answer`.  CLI_OK (whatever the answer says), or told.
 */
int	cli_ask(struct cli *, const struct admin_request *,
	    const char *const values[ADMIN_ARGS], struct text *answer);
/* A descriptor of the control socket, to be closed; -errno when nobody listens. */
int	cli_control(const char *run_dir);
/*
 * Take the hub's lock, which a running hub holds: whoever closes the descriptor
 * gives it back.  Or -errno; -EWOULDBLOCK: it is taken.
 */
int	cli_lock(const struct cli *);
/* Is there a running hub to ask? */
bool	cli_hub_runs(struct cli *);
/*
 * Work done as root must leave files that the keeper's user can write: give it
 * the folder of policy.db and what is in it.
 */
void	cli_give_to_keeper(const struct config *, int folder_fd);
/*
 * Show the answer line: as it is with --json, else as a table (`with_table`),
 * or the failure it tells.  The exit code.
 */
int	cli_show(struct cli *, const struct admin_request *,
	    const struct text *answer, bool with_table);
/* Take the answer line apart; CLI_OK, or the failure it tells has been told. */
int	cli_answer(struct cli *, const struct admin_request *,
	    const struct text *answer, struct json_t **object_out);
/* Show these columns of an array of rows. */
void	cli_table(struct cli *, const struct admin_field *columns,
	    struct json_t *rows);
/*
 * Show all that there is, page by page: the request begins above the first column
 * of the last row, which is its argument `above`, and gives `page` rows at most.
 * `none` is said when there is nothing.  The exit code.
 */
int	cli_list(struct cli *, const char *request,
	    const char *values[ADMIN_ARGS], unsigned above, size_t page,
	    enum sentence none);
/* Columns of a screen that this UTF-8 takes. */
size_t	cli_width(struct slice);
/* Add text that came from outside; a control character becomes "?". */
void	cli_add_visible(struct text *, struct slice);
/*
 * The same for text of many lines: their ends and tabs stay, and what would turn
 * the direction of a line, or hide in it, becomes "?" too.
 */
void	cli_add_harmless(struct text *, struct slice);
/* The text of a column in the first row of an answer, or "". */
void	cli_answer_text(const struct text *answer, const char *column,
	    char *buffer, size_t size);

/*
 * The number of the account with that address, or what stands before its "@".
 * CLI_OK, or told.
 */
int	cli_account_number(struct cli *, const char *given, char *number,
	    size_t size);

/* The other way round. */
int	cli_account_address(struct cli *, const char *number, char *address,
	    size_t size);

/*
 * The site's spam filter, kept for us until the end: teach it what a message is.
 * CLI_OK, or told.  NULL is fine at the end.
 */
struct spam_work;
int	cli_spam_teach_begin(struct cli *, struct spam_work **work_out);
int	cli_spam_teach(struct spam_work *, struct slice message, bool is_spam);
void	cli_spam_teach_end(struct spam_work *);

/* The commands; `argv[0]` is the first word after the command's name. */
int	cli_setup(struct cli *, int argc, char **argv);
int	cli_account_add(struct cli *, int argc, char **argv);
int	cli_public_add(struct cli *, int argc, char **argv);
int	cli_account_list(struct cli *, int argc, char **argv);
int	cli_account_set(struct cli *, int argc, char **argv);
int	cli_account_remove(struct cli *, int argc, char **argv);
int	cli_fetch_add(struct cli *, int argc, char **argv);
int	cli_fetch_add_domain(struct cli *, int argc, char **argv);
int	cli_fetch_rules(struct cli *, int argc, char **argv);
int	cli_fetch_before(struct cli *, int argc, char **argv);
int	cli_fetch_doctor(struct cli *, int argc, char **argv);
int	cli_fetch_learn(struct cli *, int argc, char **argv);
int	cli_fetch_list(struct cli *, int argc, char **argv);
int	cli_fetch_set(struct cli *, int argc, char **argv);
int	cli_fetch_remove(struct cli *, int argc, char **argv);
int	cli_fetch_test(struct cli *, int argc, char **argv);
int	cli_fetch_now(struct cli *, int argc, char **argv);
int	cli_fetch_body(struct cli *, int argc, char **argv);
int	cli_fetch_import(struct cli *, int argc, char **argv);
int	cli_fetch_resume(struct cli *, int argc, char **argv);
int	cli_fetch_consent(struct cli *, int argc, char **argv);
int	cli_fetch_way(struct cli *, int argc, char **argv);
int	cli_oauth_set(struct cli *, int argc, char **argv);
int	cli_oauth_list(struct cli *, int argc, char **argv);
int	cli_fetch_providers(struct cli *, int argc, char **argv);
int	cli_oauth_remove(struct cli *, int argc, char **argv);
int	cli_hold_list(struct cli *, int argc, char **argv);
int	cli_hold_show(struct cli *, int argc, char **argv);
int	cli_hold_release(struct cli *, int argc, char **argv);
int	cli_hold_delete(struct cli *, int argc, char **argv);
int	cli_hold_digest(struct cli *, int argc, char **argv);
int	cli_queue_list(struct cli *, int argc, char **argv);
int	cli_queue_show(struct cli *, int argc, char **argv);
int	cli_queue_hold(struct cli *, int argc, char **argv);
int	cli_queue_release(struct cli *, int argc, char **argv);
int	cli_queue_retry(struct cli *, int argc, char **argv);
int	cli_queue_reroute(struct cli *, int argc, char **argv);
int	cli_queue_bounce(struct cli *, int argc, char **argv);
int	cli_queue_remove(struct cli *, int argc, char **argv);
int	cli_queue_recall(struct cli *, int argc, char **argv);
int	cli_archive_list(struct cli *, int argc, char **argv);
int	cli_archive_show(struct cli *, int argc, char **argv);
int	cli_archive_export(struct cli *, int argc, char **argv);
int	cli_mailbox_list(struct cli *, int argc, char **argv);
int	cli_mailbox_rights(struct cli *, int argc, char **argv);
int	cli_mailbox_folders(struct cli *, int argc, char **argv);
int	cli_import(struct cli *, int argc, char **argv);
int	cli_export(struct cli *, int argc, char **argv);
int	cli_spam_learn(struct cli *, int argc, char **argv);
int	cli_spam_status(struct cli *, int argc, char **argv);
int	cli_spam_explain(struct cli *, int argc, char **argv);
int	cli_rule_list(struct cli *, int argc, char **argv);
int	cli_rule_test(struct cli *, int argc, char **argv);
int	cli_rule_undo(struct cli *, int argc, char **argv);
int	cli_rule_rehearse(struct cli *, int argc, char **argv);
int	cli_status(struct cli *, int argc, char **argv);
int	cli_check(struct cli *, int argc, char **argv);
int	cli_trace(struct cli *, int argc, char **argv);
int	cli_line_status(struct cli *, int argc, char **argv);
int	cli_line_report(struct cli *, int argc, char **argv);
int	cli_line_open(struct cli *, int argc, char **argv);
int	cli_domain_add(struct cli *, int argc, char **argv);
int	cli_domain_set(struct cli *, int argc, char **argv);
int	cli_domain_list(struct cli *, int argc, char **argv);
int	cli_dkim_add(struct cli *, int argc, char **argv);
int	cli_dkim_list(struct cli *, int argc, char **argv);
int	cli_dkim_remove(struct cli *, int argc, char **argv);
int	cli_sender_allow(struct cli *, int argc, char **argv);
int	cli_sender_block(struct cli *, int argc, char **argv);
int	cli_sender_remove(struct cli *, int argc, char **argv);
int	cli_sender_list(struct cli *, int argc, char **argv);
int	cli_smarthost_set(struct cli *, int argc, char **argv);
int	cli_smarthost_list(struct cli *, int argc, char **argv);
int	cli_smarthost_remove(struct cli *, int argc, char **argv);
int	cli_device_add(struct cli *, int argc, char **argv);
int	cli_device_list(struct cli *, int argc, char **argv);
int	cli_device_remove(struct cli *, int argc, char **argv);
int	cli_alias_add(struct cli *, int argc, char **argv);
int	cli_alias_set(struct cli *, int argc, char **argv);
int	cli_alias_remove(struct cli *, int argc, char **argv);
int	cli_alias_list(struct cli *, int argc, char **argv);
int	cli_list_add(struct cli *, int argc, char **argv);
int	cli_list_set(struct cli *, int argc, char **argv);
int	cli_list_remove(struct cli *, int argc, char **argv);
int	cli_list_list(struct cli *, int argc, char **argv);
int	cli_forward_set(struct cli *, int argc, char **argv);
int	cli_forward_remove(struct cli *, int argc, char **argv);
int	cli_forward_list(struct cli *, int argc, char **argv);
int	cli_gateway_add(struct cli *, int argc, char **argv);
int	cli_gateway_list(struct cli *, int argc, char **argv);
int	cli_gateway_set(struct cli *, int argc, char **argv);
int	cli_gateway_remove(struct cli *, int argc, char **argv);
int	cli_visitor_list(struct cli *, int argc, char **argv);
int	cli_visitor_forgive(struct cli *, int argc, char **argv);
int	cli_visitor_grey(struct cli *, int argc, char **argv);

#endif
