/*
 * signing_key.h - the keys with which a domain signs what it sends (RFC 6376)
 *
 * A key is made here and never leaves the keeper: policy.db has it sealed, and
 * whoever has a message to be signed gets a signature over the hash of its
 * header.  What the world needs is a record in DNS, which the postmaster puts
 * there.  RSA, which everybody checks, and Ed25519 (RFC 8463) beside it.
 */
#ifndef POSTROOM_POLICY_SIGNING_KEY_H
#define POSTROOM_POLICY_SIGNING_KEY_H

#include "filters/auth/dkim_signature.h"
#include "policy/accounts.h"
#include "policy/seal.h"

#define SIGNING_SELECTOR_SIZE	64	/* one label, and a NUL */
#define SIGNING_RECORD_SIZE	512	/* RSA of 2,048 bits has 410 */
#define SIGNING_DER_BYTES	2048	/* a private key of that size has 1,220 */
#define SIGNING_MOST		2	/* keys that sign a message, of two kinds */
#define SIGNATURE_BYTES		256

struct signing_key {
	char		domain[256];
	char		selector[SIGNING_SELECTOR_SIZE];
	enum dkim_algorithm algorithm;	/* DKIM_RSA_SHA256, _ED25519_SHA256 */
	char		record[SIGNING_RECORD_SIZE];	/* to be published */
	int64_t		created_utc_ms;
};

/* A private key while it is made; wiped by whoever has it. */
struct signing_secret {
	unsigned char	der[SIGNING_DER_BYTES];
	size_t		len;
};

/* "rsa", "ed25519"; DKIM_ALGORITHM_NONE: it is neither. */
enum dkim_algorithm signing_algorithm_of(struct slice word);
const char *signing_algorithm_word(enum dkim_algorithm);

/*
 * Make a key of key->algorithm: takes a while, for a pool's thread.  Its record
 * is written into `key`.  0 or -EIO.
 */
int	signing_key_make(struct signing_key *key,
	    struct signing_secret *secret_out);
/*
 * Sign the hash of a header.  0, or -EIO: this is no such key.
 */
int	signing_key_sign(const struct signing_secret *, enum dkim_algorithm,
	    const unsigned char hash[DKIM_HASH_BYTES],
	    unsigned char signature_out[SIGNATURE_BYTES], size_t *len_out);

/*
 * Keep a key.  0; -EINVAL: the selector is no label of a name; -ENOENT: not a
 * domain of ours; -EEXIST: it has a key of that selector.
 */
int	policy_signing_add(struct policy *, const struct seal_key *,
	    const struct signing_key *, const struct signing_secret *);
/* 0 or -ENOENT. */
int	policy_signing_get(struct policy *, struct slice domain,
	    struct slice selector, struct signing_key *key_out);
int	policy_signing_remove(struct policy *, struct slice domain,
	    struct slice selector);
/* Tell each, by domain, the newest first; stops when `fn` is not 0. */
typedef int policy_signing_fn(void *arg, const struct signing_key *);
int	policy_signing_each(struct policy *, policy_signing_fn *, void *arg);
/* Those that sign for the domain: the newest of each kind.  0 or -errno. */
int	policy_signing_for(struct policy *, struct slice domain,
	    struct signing_key keys_out[SIGNING_MOST], unsigned *count_out);
/* The secret of a key.  0, -ENOENT, or as unseal(). */
int	policy_signing_open(struct policy *, const struct seal_key *,
	    const struct signing_key *, struct signing_secret *secret_out);

#endif
