/*
 * cli_consent.h - asking a provider for the owner's consent, from a terminal
 */
#ifndef POSTROOM_PROGRAMS_CLI_CONSENT_H
#define POSTROOM_PROGRAMS_CLI_CONSENT_H

#include "programs/cli_fetch.h"

/*
 * Have the owner of that mailbox (whole address, label) consent: with a code
 * that is typed at the provider's, or, where the provider has no such way or
 * `browser` is wanted, in a browser on this machine.  Waits until it is given
 * and kept: CLI_OK; else why not has been told.
 */
int	cli_consent(struct cli *, const char *address, const char *label,
	    bool browser);
/*
 * Say how that mailbox is reached: `oauth` and `proxy` may be NULL.  The
 * answer's row, which is for the caller to release.  CLI_OK, or told.
 */
int	cli_way(struct cli *, const char *address, const char *label,
	    const char *oauth, const char *proxy, const char *proxy_user,
	    const char *proxy_password, json_t **row_out);

#endif
