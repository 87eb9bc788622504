/*
 * cli_import.c - postroom import
 *
 * Brings what a person had elsewhere into an account of the hub: folders,
 * messages, flags, keywords, dates.  Whoever stops it, and runs it again, goes
 * on from there.  Nothing is changed where the mail is from.
 */
#include "programs/transfer.h"
#include "programs/transfer_imap.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/amounts.h"

enum { FROM, INTO, QUOTING, DRY_RUN, TLS, PASSWORD_FILE };

static const struct {
	const char	*kind;
	int		(*take)(struct transfer *, const char *path);
} sources[] = {
	{ "maildir:",	transfer_maildir },
	{ "mbox:",	transfer_mbox },
};

#define SOURCES	(sizeof(sources) / sizeof(sources[0]))

/* What `--from` names: its row, and the path behind it; or NULL. */
static int
take_from(struct transfer *transfer, const char *from)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (slice_has_prefix(slice_str(from), sources[i].kind))
			return sources[i].take(transfer,
			    from + strlen(sources[i].kind));
	return CLI_USAGE;	/* judge() has looked */
}

static int
read_quoting(struct cli *cli, const char *word, enum mbox_quoting *quoting_out)
{
	static const char *const words[] = { [MBOX_RD] = "mboxrd",
	    [MBOX_O] = "mboxo", [MBOX_AS_IS] = "none" };

	for (unsigned i = 0; word != NULL &&
	    i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*quoting_out = (enum mbox_quoting)i;
			return CLI_OK;
		}
	return word == NULL ? CLI_OK : cli_fail(cli, CLI_USAGE, OPTION_UNFIT,
	    "--quoting", word, "mboxrd, mboxo, none");
}

/* The options, before anything is done. */
static int
judge(struct cli *cli, const struct cli_option *options,
    struct transfer *transfer)
{
	const char *from = options[FROM].value;
	bool is_known = false;

	if (from == NULL)
		return cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT, "--from");
	for (size_t i = 0; i < SOURCES; i++)
		is_known |= slice_has_prefix(slice_str(from), sources[i].kind) &&
		    from[strlen(sources[i].kind)] != '\0';
	if (!is_known)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--from", from,
		    "maildir:DIR, mbox:FILE, mbox:DIR, imaps://USER@HOST");
	transfer->into = options[INTO].value;
	transfer->is_dry = options[DRY_RUN].value != NULL;
	return read_quoting(cli, options[QUOTING].value, &transfer->quoting);
}

/* What came of it, for people. */
static void
tell(struct cli *cli, const struct transfer *transfer)
{
	char found[AMOUNT_SIZE], bytes[AMOUNT_SIZE], n[AMOUNT_SIZE];

	amount_messages(cli->language, transfer->found, found);
	amount_bytes(cli->language, transfer->found_bytes, bytes);
	if (transfer->is_dry) {
		cli_say(cli, TRANSFER_DRY, found, bytes,
		    (unsigned long long)transfer->folders);
		return;
	}
	amount_messages(cli->language, transfer->taken, n);
	cli_say(cli, TRANSFER_DONE, found, bytes,
	    (unsigned long long)transfer->folders, n);
	if (transfer->before > 0)
		cli_say(cli, TRANSFER_BEFORE,
		    (unsigned long long)transfer->before);
	if (transfer->gone > 0)
		cli_say(cli, TRANSFER_GONE, (unsigned long long)transfer->gone);
	if (transfer->refused > 0)
		cli_say(cli, TRANSFER_NOT_TAKEN,
		    (unsigned long long)transfer->refused);
}

/* From a server; what is about files is not said then. */
static int
from_imap(struct cli *cli, const struct cli_option *options,
    const char *address)
{
	const struct transfer_imap how = {
		.from = options[FROM].value, .tls = options[TLS].value,
		.password_file = options[PASSWORD_FILE].value,
		.is_dry = options[DRY_RUN].value != NULL,
	};

	for (size_t i = INTO; i <= QUOTING; i++)
		if (options[i].value != NULL)
			return cli_fail(cli, CLI_USAGE, OPTION_UNFIT,
			    options[i].name, options[i].value,
			    "--from maildir:DIR, mbox:FILE, mbox:DIR");
	return transfer_imap(cli, address, &how);
}

int
cli_import(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[FROM] = { "--from", true, NULL },
		[INTO] = { "--into", true, NULL },
		[QUOTING] = { "--quoting", true, NULL },
		[DRY_RUN] = { "--dry-run", false, NULL },
		[TLS] = { "--tls", true, NULL },
		[PASSWORD_FILE] = { "--password-file", true, NULL },
		{ NULL, false, NULL }
	};
	struct transfer transfer = { .cli = cli };
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1,
	    &transfer.address);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && options[FROM].value != NULL &&
	    transfer_is_imap(options[FROM].value))
		return from_imap(cli, options, transfer.address);
	if (r == CLI_OK)
		r = judge(cli, options, &transfer);
	if (r != CLI_OK)
		return r;
	transfer.message_bytes = cli->config.message_bytes;
	r = transfer_begin(&transfer);
	if (r == CLI_OK)
		r = take_from(&transfer, options[FROM].value);
	if (r == CLI_OK)
		r = transfer_finish(&transfer);
	if (r == CLI_OK && cli->json)
		transfer_print(&transfer);
	else if (r == CLI_OK)
		tell(cli, &transfer);
	if (r == CLI_OK && transfer.refused > 0)
		r = CLI_FAILED;
	transfer_end(&transfer);
	return r;
}
