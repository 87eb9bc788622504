/*
 * postroom.c - the command line
 *
 * Fails with the exit codes of cli.h.  A configuration with faults stops every
 * command that needs one, before anything is changed.
 */
#include <sys/stat.h>

#include "programs/cli_remote.h"

int
main(int argc, char **argv)
{
	static struct cli cli = { .words = TEXT_INIT(CLI_WORDS_BYTES) };
	int r;

	umask(077);
	r = cli_run(&cli, argc > 0 ? argc - 1 : 0, argv + 1);
	cli_remote_end(&cli);
	text_free(&cli.words);
	if (fflush(stdout) != 0 && r == CLI_OK)
		r = CLI_FAILED;
	return r;
}
