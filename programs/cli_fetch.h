/*
 * cli_fetch.h - what the commands of `postroom fetch` share
 *
 * A row is a JSON object of one of the requests' answers (admin.c).
 */
#ifndef POSTROOM_PROGRAMS_CLI_FETCH_H
#define POSTROOM_PROGRAMS_CLI_FETCH_H

#include <jansson.h>

#include "fetch/service.h"
#include "lib/base/amounts.h"
#include "policy/providers.h"
#include "programs/cli.h"

/* Cli_fetch_options.c */

/* Where the arguments of `fetch add` and `fetch set` stand (admin.c). */
enum { FETCH_ADDRESS, FETCH_LABEL, FETCH_HOST, FETCH_PORT, FETCH_TLS,
    FETCH_USER, FETCH_MECHANISM, FETCH_PASSWORD, FETCH_PIN, FETCH_FROM,
    FETCH_DELETE_AFTER, FETCH_LARGEST, FETCH_ENABLED, FETCH_PROTOCOL,
    FETCH_FOLDERS, FETCH_QUEUE, FETCH_MIRROR,
    FETCH_EVERY, FETCH_ON_READ, FETCH_RENAME };

enum fetch_option {
	WITH_LABEL, WITH_HOST, WITH_PORT, WITH_TLS, WITH_USER, WITH_FILE,
	WITH_MECHANISM, WITH_PIN, WITH_LARGEST, WITH_ALL, WITH_NEW, WITH_DAYS,
	WITH_KEEP, WITH_DELETE_AFTER, WITH_UNTESTED, WITH_PASSWORD,
	WITH_RENAME, WITH_ENABLE, WITH_DISABLE, WITH_YES, WITH_PROTOCOL,
	WITH_FOLDERS, WITH_QUEUE, WITH_MIRROR, WITH_NO_MIRROR,
	WITH_EVERY, WITH_ON_READ,
	WITH_OAUTH, WITH_BROWSER, WITH_PROXY, WITH_PROVIDER,
	FETCH_OPTIONS
};

/* Which options a command has. */
enum fetch_command { FOR_ADD = 1, FOR_SET = 2, FOR_ONE = 4, FOR_REMOVE = 8,
    FOR_NONE = 0 };

struct fetch_given {
	const char	*value[FETCH_OPTIONS];	/* NULL: not given */
	char		 largest[24];		/* in bytes */
};

/* As cli_options(), and the configuration has been read. */
int	cli_fetch_options(struct cli *, int argc, char **argv,
	    enum fetch_command, const char *what, int least, int most,
	    const char **words_out, struct fetch_given *given_out);
/*
 * Put what is given into the arguments of a request, but the password.  CLI_OK,
 * or told: two that exclude each other, or an amount that is none.
 */
int	cli_fetch_values(struct cli *, struct fetch_given *,
	    const char *values[ADMIN_ARGS]);

/* Cli_fetch.c */

/* Which fetch accounts a person means. */
struct cli_fetch_who {
	const char	*address, *label;	/* NULL: any */
	char		 whole[ADDRESS_SIZE];	/* where `address` may stand */
};

/*
 * `word` is an address, as the keeper knows them, or else a label.  The
 * schedule is told the whole address.  CLI_OK, or told.
 */
int	cli_fetch_who(struct cli *, const char *word, const char *label,
	    struct cli_fetch_who *who_out);

/* Cli_fetch_provider.c */

/* Where an account is added; in use as long as its values are. */
struct cli_provider {
	const struct mail_provider *known;	/* NULL: it is none of them */
	const struct provider_server *server;	/* filled in; or NULL */
	bool		by_imap;
	char		port[8];
};

/*
 * What is known of the provider that is named, or is that of the host or of the
 * user's address, where it was not said.  CLI_OK, or told: there is none of that
 * name.
 */
int	cli_provider_fill(struct cli *, struct fetch_given *,
	    const char *values[ADMIN_ARGS], struct cli_provider *provider_out);
/* Say which server that is, and what password it wants. */
void	cli_provider_before(struct cli *, const struct cli_provider *,
	    bool by_password);
/* Say what deleting does there, and how much it gives in a day. */
void	cli_provider_after(struct cli *, const struct cli_provider *);
/* Say so, if `every` minutes (or NULL) is more often than `host` bears. */
void	cli_provider_every(struct cli *, const char *host, const char *every);

/* Cli_fetch_add.c */

/* As cli_fetch_add(); `rules`, or NULL, make it a mailbox of many. */
int	cli_fetch_add_with(struct cli *, int argc, char **argv,
	    const char *rules);
/* Where the rules stand in "fetch rules". */
#define FETCH_RULES_TEXT	2

/* Cli_fetch_run.c: what the schedule does, watched */

/* An account's part of the run is over. */
typedef void	 cli_over_fn(struct cli *, json_t *row);

/*
 * Make request `name` ("fetch now", "fetch doctor") for that address and label
 * and with what stands behind them there, if anything does (each may be NULL), and
 * wait until all of it is over; `over`, or NULL, is
 * called for each.  CLI_OK, however they ended, and an array of their last rows,
 * with the number of the run in each; or told.
 */
int	cli_fetch_run(struct cli *, const char *name, const char *address,
	    const char *label, const char *more, cli_over_fn *over,
	    json_t **rows_out);
/* Ask, and take the answer apart.  CLI_OK, or told. */
int	cli_fetch_ask(struct cli *, const char *name,
	    const char *const values[ADMIN_ARGS], json_t **object_out);
/*
 * All pages of "fetch list" or "fetch health", as one array.  `quietly`: what
 * cannot be had is left out, without a word.  CLI_OK, or told.
 */
int	cli_fetch_pages(struct cli *, const char *name, const char *address,
	    bool quietly, json_t **rows_out);

/* Cli_fetch_words.c */

/* A column of a row; "" or 0 when it is not there. */
const char	*row_text(const json_t *row, const char *column);
uint64_t	 row_number(const json_t *row, const char *column);
/* How it ended; FETCH_END_COUNT: not yet, or nothing we know. */
enum fetch_end	 row_end(const json_t *row);

/*
 * Why it did not work and what can be done: the sentence, what the server said,
 * its certificate, this machine's clock.
 */
void	words_failure(struct text *, enum language, const json_t *row,
	    int64_t now_utc_s);
/* What a collection brought, after the name of the account. */
void	words_collected(struct text *, enum language, const json_t *row,
	    int64_t now_utc_s);
/* What a test found. */
void	words_tested(struct text *, enum language, const json_t *row,
	    int64_t now_utc_s);

#endif
