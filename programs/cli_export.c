/*
 * cli_export.c - postroom export
 *
 * Writes the letters of an account into a Maildir or mbox files; what is there
 * already is left, so that an export that was broken off goes on.  With
 * --letters the index is not asked, for it is damaged.
 */
#include "programs/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/amounts.h"

enum { TO, FOLDER, LETTERS };

static const struct export_form *const forms[] = {
	&export_maildir, &export_mbox
};

/* The options, before anything is done. */
static int
judge(struct cli *cli, const struct cli_option *options, struct export *export)
{
	const char *to = options[TO].value;

	if (to == NULL)
		return cli_fail(cli, CLI_USAGE, MISSING_ARGUMENT, "--to");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (slice_has_prefix(slice_str(to), forms[i]->kind)) {
			export->form = forms[i];
			export->path = to + strlen(forms[i]->kind);
		}
	if (export->form == NULL || export->path[0] == '\0')
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--to", to,
		    "maildir:DIR, mbox:DIR");
	export->only = options[FOLDER].value;
	return CLI_OK;
}

/* What came of it. */
static void
tell(struct cli *cli, const struct transfer *transfer, const char *path)
{
	char found[AMOUNT_SIZE], bytes[AMOUNT_SIZE], n[AMOUNT_SIZE];

	amount_messages(cli->language, transfer->found, found);
	amount_bytes(cli->language, transfer->found_bytes, bytes);
	amount_messages(cli->language, transfer->taken, n);
	cli_say(cli, EXPORT_DONE, found, bytes,
	    (unsigned long long)transfer->folders, path, n);
	if (transfer->refused > 0)
		cli_say(cli, TRANSFER_NOT_TAKEN,
		    (unsigned long long)transfer->refused);
}

static int
run(struct export *export, bool from_letters)
{
	struct cli *cli = export->transfer->cli;
	char number[32] = "";
	int r;

	export->fd = export_folder(AT_FDCWD, export->path);
	if (export->fd < 0)
		return export_failed(export, export->fd);
	r = from_letters ? cli_account_number(cli,
	    export->transfer->address, number, sizeof(number)) : CLI_OK;
	if (r == CLI_OK)
		r = from_letters ? export_letters(export, number) :
		    export_account(export);
	(void)close(export->fd);
	return r;
}

int
cli_export(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[TO] = { "--to", true, NULL },
		[FOLDER] = { "--folder", true, NULL },
		[LETTERS] = { "--letters", false, NULL },
		{ NULL, false, NULL }
	};
	struct transfer transfer = { .cli = cli };
	struct export export = { .transfer = &transfer, .fd = -1 };
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 1, 1,
	    &transfer.address);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = judge(cli, options, &export);
	if (r != CLI_OK)
		return r;
	/* without a session there is nothing to be brought anywhere */
	transfer.is_dry = options[LETTERS].value != NULL;
	r = transfer_begin(&transfer);
	if (r == CLI_OK)
		r = run(&export, options[LETTERS].value != NULL);
	if (r == CLI_OK && cli->json)
		transfer_print(&transfer);
	else if (r == CLI_OK)
		tell(cli, &transfer, export.path);
	if (r == CLI_OK && transfer.refused > 0)
		r = CLI_FAILED;
	transfer_end(&transfer);
	return r;
}
