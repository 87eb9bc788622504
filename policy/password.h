/*
 * password.h - passwords as they are kept: a yescrypt hash and a SCRAM verifier
 *
 * The hash proves a password that a client sends in full; the verifier (RFC
 * 5803) serves SCRAM-SHA-256 (RFC 7677), where it never does.  Neither gives
 * the password back.  A password is UTF-8, normalised (NFC, RFC 8265 4.2) so
 * that two keyboards write the same one.  Hashing takes some 20 ms and the
 * rounds of SCRAM some 20 ms more: callers with a loop give it to a pool.
 */
#ifndef POSTROOM_POLICY_PASSWORD_H
#define POSTROOM_POLICY_PASSWORD_H

#include "lib/base/slice.h"

#define PASSWORD_MIN_BYTES	1	/* how good it must be is the office's affair */
#define PASSWORD_MAX_BYTES	256	/* what a login may cost to normalise */
#define PASSWORD_HASH_SIZE	128	/* a yescrypt hash has 73 bytes */
#define PASSWORD_SCRAM_SIZE	160	/* ours have 133 bytes */
#define PASSWORD_SALT_BYTES	16
#define PASSWORD_ROUNDS		65536	/* as many as Cyrus SASL takes */
#define PASSWORD_RANDOM_SIZE	24	/* four groups of five, and a NUL */

struct password_secret {
	char	hash[PASSWORD_HASH_SIZE];
	char	scram[PASSWORD_SCRAM_SIZE];
};

/* 0; -EINVAL: no UTF-8 or a control character; -ERANGE: too short or long. */
int	password_is_fit(struct slice password);

/*
 * Make both forms of `password`, each with a salt of its own.
 * 0, as password_is_fit(), -ENOMEM or -EIO (no random bytes, no algorithm).
 */
int	password_make(struct slice password, struct password_secret *secret_out);

/*
 * Is this the password of `hash`?  With an empty or NULL hash (nobody has that
 * name) the same work is done and the answer is no (HARDENING A50).
 */
bool	password_is(struct slice password, const char *hash);

/* The verifier of RFC 5803 3 for this salt and number of rounds. */
int	password_scram(struct slice password,
	    const unsigned char salt[PASSWORD_SALT_BYTES], unsigned rounds,
	    char scram_out[PASSWORD_SCRAM_SIZE]);

/* A password for a person to copy once: 100 random bits.  0 or -EIO. */
int	password_random(char password_out[PASSWORD_RANDOM_SIZE]);

#endif
