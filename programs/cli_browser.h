/*
 * cli_browser.h - a browser that comes back to 127.0.0.1 (RFC 8252 7.3)
 *
 * For as long as a person consents there is a listener on the loopback, on a
 * port that nobody knew before.  It answers one thing: where the provider sends
 * the browser back to.
 */
#ifndef POSTROOM_PROGRAMS_CLI_BROWSER_H
#define POSTROOM_PROGRAMS_CLI_BROWSER_H

#include "fetch/consent.h"

struct browser {
	int	listener;
	char	redirect[64];	/* "http://127.0.0.1:PORT/" */
};

/* What it brought; both end in NUL.  An empty code: the person said no. */
struct browser_back {
	char	code[CONSENT_CODE_MOST + 1];
	char	state[CONSENT_CODE_MOST + 1];
};

/* Listen.  0, or a negative errno. */
int	browser_open(struct browser *);
void	browser_close(struct browser *);
/* Open that URL where there is a screen; elsewhere nothing happens. */
void	browser_show(const char *url);
/*
 * Wait for it, `ms` at most; `words` are shown to who comes.  1: it is back; 0:
 * not yet; or a negative errno.
 */
int	browser_wait(struct browser *, int ms, const char *words,
	    struct browser_back *back_out);
/*
 * Read the line of a request: "GET /?code=...&state=... HTTP/1.1".  False: it
 * is not that.
 */
bool	browser_read(struct slice line, struct browser_back *back_out);

#endif
