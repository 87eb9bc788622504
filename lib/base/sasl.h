/*
 * sasl.h - what a SASL response says, and a challenge (RFC 4616, RFC 4648)
 *
 * Pure functions on borrowed bytes; the conversations are in gateway/.
 */
#ifndef POSTROOM_BASE_SASL_H
#define POSTROOM_BASE_SASL_H

#include "lib/base/slice.h"
#include "lib/base/text.h"

/*
 * Decode the base64 that is all of `text` into `buffer`: no blanks, padding
 * where it belongs and nowhere else, unused bits zero (RFC 4648 3.5).
 * 0, -EINVAL (no base64) or -E2BIG (more than `size` bytes).
 */
int	sasl_decode(struct slice text, char *buffer, size_t size,
	    struct slice *bytes_out);

/* Add `bytes` as base64 to `text`. */
void	sasl_encode(struct text *, struct slice bytes);

/*
 * Take a PLAIN message "authzid NUL authcid NUL password" apart.
 * 0 or -EINVAL: not two NULs, an empty name, an empty password.
 */
int	sasl_plain(struct slice message, struct slice *authzid_out,
	    struct slice *user_out, struct slice *password_out);

#endif
