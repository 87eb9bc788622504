/*
 * seal.h - secrets that must be read again: remote passwords, at rest
 *
 * AES-256-GCM under the key in seal.key, which lies apart from the data.  A
 * sealed secret is bound to its context (which row it is for), so that one
 * cannot be put in another's place.  Bytes: version, nonce (12), tag (16),
 * ciphertext.
 */
#ifndef POSTROOM_POLICY_SEAL_H
#define POSTROOM_POLICY_SEAL_H

#include "lib/base/text.h"

#define SEAL_KEY_BYTES	32
#define SEAL_MORE_BYTES	29	/* a sealed secret is longer by these */
#define SEAL_MOST_BYTES	4096	/* of a secret: an OAuth token fits */

struct seal_key {
	unsigned char	bytes[SEAL_KEY_BYTES];
};

/* Take the key from all of `bytes`.  0, or -EINVAL: not 32 bytes. */
int	seal_key_take(struct slice bytes, struct seal_key *key_out);
/* Wipe it. */
void	seal_key_forget(struct seal_key *);

/*
 * Add the sealed `secret` to `sealed`.  0, -E2BIG, -EIO (no random bytes) or
 * -ENOMEM.
 */
int	seal(const struct seal_key *, struct slice context, struct slice secret,
	    struct text *sealed);
/*
 * Add the secret to `secret_out`, whose memory the caller wipes.
 * 0, -EPROTO (sealed by a newer Postroom), -ENOMEM, or -EBADMSG: another key,
 * another context, or damaged.
 */
int	unseal(const struct seal_key *, struct slice context,
	    struct slice sealed, struct text *secret_out);

#endif
