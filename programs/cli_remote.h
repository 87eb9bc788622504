/*
 * cli_remote.h - a hub elsewhere, asked over HTTPS with a person's own rights
 *
 * postroom --server HUB --login NAME ...: the same requests as on the control
 * socket, in the same words, to https://HUB/api.  The hub is trusted by its
 * certificate's authority (the system's, or --ca-file), or by --pin, the
 * SHA-256 of the certificate itself.
 */
#ifndef POSTROOM_PROGRAMS_CLI_REMOTE_H
#define POSTROOM_PROGRAMS_CLI_REMOTE_H

#include "programs/cli.h"

/*
 * Take --server, --login, --pin, --ca-file and --password-file off the front of
 * the words: behind the command they mean something else.  CLI_OK, or told.
 */
int	cli_remote_options(struct cli *, int *argc, char ***argv);
/*
 * Send the line and add the answer line to `answer`; asks for the password the
 * first time.  CLI_OK (whatever the answer says), or told.
 */
int	cli_remote_ask(struct cli *, struct slice line, struct text *answer);
/* Wipe the password and hang up. */
void	cli_remote_end(struct cli *);

#endif
