/*
 * signer.h - sign messages as a test wants them, right or wrong
 *
 * What a real signer would never write is written here too.  The forms that are
 * signed are those of the code under test: examples of the RFCs and the peer
 * tests show that they are everybody's.
 */
#ifndef TESTS_UNIT_FILTERS_AUTH_SIGNER_H
#define TESTS_UNIT_FILTERS_AUTH_SIGNER_H

#include <openssl/evp.h>

#include "filters/auth/dkim_tools.h"
#include "lib/base/text.h"

struct signer {
	struct dkim_tools *tools;
	EVP_PKEY	*rsa, *rsa1024, *rsa512, *ed25519;
};

/* Keys are made once per test program. */
void		 signer_open(struct signer *);
void		 signer_close(struct signer *);

/*
 * Write to `message` a signature of these tags with "bh=" and "b=" added to
 * them, then `header`, an empty line and `body`.
 */
void		 signer_write(const struct signer *, EVP_PKEY *,
		    const char *tags, const char *header, const char *body,
		    struct text *message);

/* Sign a hash of a header, as the keeper does; the bytes of the signature. */
size_t		 signer_sign(EVP_PKEY *, const unsigned char *hash,
		    unsigned char *data_out, size_t size);

/* Write `record` with the key in the place of its "KEY". */
void		 signer_record(EVP_PKEY *, const char *record,
		    struct text *text);

/* Write `whole` with `was`, which must be in it, replaced by `is`. */
void		 signer_replace(struct slice whole, const char *was,
		    const char *is, struct text *text);

#endif
