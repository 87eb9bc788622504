/*
 * dkim_tools.h - what of a signature the crypto library does
 *
 * The library's parts are fetched once per process, for fetching takes locks
 * and time.  An unfit key or signature is an answer, "no"; only a
 * fault of the library or of memory is an error.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_TOOLS_H
#define POSTROOM_FILTERS_AUTH_DKIM_TOOLS_H

#include "filters/auth/dkim_key.h"
#include "filters/auth/dkim_signature.h"

struct dkim_tools;		/* opaque; see dkim_tools.c */

/*
 * Before the walls: the library's parts are fetched, and tried on a known
 * signature of each kind.  0, -ENOMEM or -EIO (it cannot check them).
 */
int	dkim_tools_open(struct dkim_tools **tools_out);
/* NULL is fine. */
void	dkim_tools_close(struct dkim_tools *);

/* SHA-256 of what is added; failing is remembered to the end. */
struct dkim_digest {
	EVP_MD_CTX	*context;	/* owned; NULL before the beginning */
	uint64_t	 most;		/* bytes that count; the rest do not */
	bool		 failed;
};

/* Begin, or begin again. */
void	dkim_digest_begin(struct dkim_digest *, const struct dkim_tools *,
	    uint64_t most);
/* A dkim_sink: `arg` is the digest. */
void	dkim_digest_add(void *arg, struct slice);
/* 0 or -EIO. */
int	dkim_digest_end(struct dkim_digest *,
	    unsigned char hash_out[DKIM_HASH_BYTES]);
/* A zeroed one is fine. */
void	dkim_digest_free(struct dkim_digest *);

/*
 * May the key be used for this signature (RFC 6376 6.1.2)?  DKIM_VERIFIED or
 * why not.
 */
enum dkim_reason dkim_key_fits(const struct dkim_key *,
	    const struct dkim_signature *);
/*
 * Is `data` a signature of the key over the header with this hash?  (RFC 8463
 * 3: Ed25519 signs the hash, as RSA does.)  1, 0 (no), -ENOMEM or -EIO.
 */
int	dkim_is_signed(const struct dkim_tools *, const struct dkim_key *,
	    const unsigned char hash[DKIM_HASH_BYTES], struct slice data);

#endif
