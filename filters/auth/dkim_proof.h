/*
 * dkim_proof.h - does this machine check signatures as everybody does?
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_PROOF_H
#define POSTROOM_FILTERS_AUTH_DKIM_PROOF_H

#include "filters/auth/dkim_tools.h"

/*
 * Check the published example with its two signatures (RFC 8463 A), which must
 * be right, and with another body, which must not.  What the library loads
 * late is loaded by this.  0, -ENOMEM or -EIO.
 */
int	dkim_proof(const struct dkim_tools *);

#endif
