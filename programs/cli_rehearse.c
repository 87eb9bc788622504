/*
 * cli_rehearse.c - postroom rule rehearse: rules on the mail that is still here
 */
#include "programs/rehearsal.h"

#include "lib/base/loop.h"
#include "lib/message/words.h"

#define DAYS_USUAL	30
#define DAYS_MOST	3660
#define DAY_MS		INT64_C(86400000)
#define LIMIT_USUAL	5
#define LIMIT_MOST	100

enum { DAYS, LIMIT };

static int
read_number(struct cli *cli, const struct cli_option *option, uint64_t least,
    uint64_t most, uint64_t *n_out)
{
	uint64_t n = 0;

	if (option->value == NULL)
		return CLI_OK;
	if (slice_u64(slice_str(option->value), most, &n) < 0 || n < least)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, option->name,
		    option->value, say(cli->language, SAY_REHEARSAL_NUMBER));
	*n_out = n;
	return CLI_OK;
}

/* The rules that are tried, beside those in force. */
static int
run(struct rehearsal *rehearsal, const char *path)
{
	struct rule_book book = { 0 }, in_force = { 0 };
	struct cli *cli = rehearsal->cli;
	int r = rule_book_open(cli, path, &book);

	if (r == CLI_OK)
		r = rule_book_open(cli, NULL, &in_force);
	rehearsal->book = &book;
	rehearsal->in_force = &in_force;
	if (r == CLI_OK && book.rules->count == 0) {
		r = cli_fail(cli, CLI_NO_SUCH, RULE_NONE);
	} else if (r == CLI_OK) {
		r = rehearsal_run(rehearsal);
		if (r == CLI_OK)
			rehearsal_tell(rehearsal);
		rehearsal_end(rehearsal);
	}
	rule_book_close(&book);
	rule_book_close(&in_force);
	return r == CLI_OK && rehearsal->is_stopped ? CLI_FAILED : r;
}

int
cli_rule_rehearse(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { [DAYS] = { "--days", true, NULL },
	    [LIMIT] = { "--limit", true, NULL }, { NULL, false, NULL } };
	uint64_t days = DAYS_USUAL, limit = LIMIT_USUAL;
	struct rehearsal rehearsal = { .cli = cli };
	const char *path;
	int r = cli_options(cli, argc, argv, options, "FILE", 1, 1, &path);

	if (r == CLI_OK)
		r = read_number(cli, &options[DAYS], 1, DAYS_MOST, &days);
	if (r == CLI_OK)
		r = read_number(cli, &options[LIMIT], 0, LIMIT_MOST, &limit);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && words_open() < 0)
		r = cli_fail(cli, CLI_FAILED, NO_MEMORY);
	if (r != CLI_OK)
		return r;
	rehearsal.limit = (size_t)limit;
	rehearsal.since_utc_ms = clock_utc_ms() - (int64_t)days * DAY_MS;
	r = run(&rehearsal, path);
	words_close();
	return r;
}
