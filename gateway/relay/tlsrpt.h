/*
 * tlsrpt.h - where a domain wants to be told how TLS with its hosts goes (RFC 8460)
 *
 * Its record in DNS, _smtp._tls.DOMAIN, is read here; nothing is looked up.
 * Whoever owns the domain wrote it: what comes out can stand in a line of SMTP or
 * of HTTP, or it does not come out.
 */
#ifndef POSTROOM_GATEWAY_RELAY_TLSRPT_H
#define POSTROOM_GATEWAY_RELAY_TLSRPT_H

#include "lib/base/https.h"
#include "lib/message/path.h"

#define TLSRPT_PREFIX	"_smtp._tls."
#define TLSRPT_TARGETS	4	/* that are told; a domain has one or two */

/* Either an address, or a URL. */
struct tlsrpt_target {
	char		 address[PATH_MAX_BYTES];	/* "": see url */
	struct https_url url;
};

/*
 * Those that the TXT records name.  0, or -ENOENT: it does not want to be told
 * (RFC 8460 3: none, more than one, or one that names nothing we can reach).
 */
int	tlsrpt_record_read(const struct slice *texts, size_t count,
	    struct tlsrpt_target targets_out[TLSRPT_TARGETS],
	    size_t *count_out);

#endif
