/*
 * scram.h - SCRAM-SHA-256 as the keeper of the keys has it (RFC 5802, RFC 7677)
 *
 * The verifier of an account (password.h) never leaves the keeper: whoever
 * speaks with the client asks for the salt first, and then whether the proof is
 * right.
 */
#ifndef POSTROOM_POLICY_SCRAM_H
#define POSTROOM_POLICY_SCRAM_H

#include "lib/base/scram.h"
#include "policy/accounts.h"

struct seal_key;

struct scram_salt {
	uint32_t	rounds;
	unsigned char	bytes[PASSWORD_SALT_BYTES];
};

/*
 * What SCRAM begins with for `user`, as typed.  Where nobody has that name it
 * is made from name and key: always the same, and like any other, so that names
 * cannot be found out (HARDENING A50).  0 or a negative errno.
 */
int	policy_scram_salt(struct policy *, const struct seal_key *,
	    struct slice user, struct scram_salt *salt_out);

/*
 * Does `proof` show that the client knows the password of `verifier`, after
 * both have `said` that (RFC 5802 3, AuthMessage)?  Then *signature_out shows
 * the client that we do.  With an empty verifier (nobody has that name) the same
 * work is done and the answer is no.
 */
bool	scram_is(const char *verifier, struct slice said, struct slice proof,
	    unsigned char signature_out[SCRAM_KEY_BYTES]);

#endif
