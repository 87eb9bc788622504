/*
 * certificate.h - the self-signed certificate that a new hub begins with
 */
#ifndef POSTROOM_PROGRAMS_CERTIFICATE_H
#define POSTROOM_PROGRAMS_CERTIFICATE_H

#include "lib/base/text.h"

#define CERTIFICATE_DAYS	825	/* more is refused by some clients */

/*
 * A P-256 key and a certificate for `hostname`, `domain`, localhost and the
 * loopback addresses, both PEM.  0 or -EIO (OpenSSL said no) or -ENOMEM.
 */
int	certificate_make(const char *hostname, const char *domain,
	    struct text *certificate_pem, struct text *key_pem);

#endif
