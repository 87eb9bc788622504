/*
 * digest.h - SHA-256 of a message and of its header, as the bytes come
 *
 * The header's digest is an identity in the fetch ledger: it must be the same
 * from TOP n 0 and from RETR.  It is over the header lines of the stored form,
 * each with its CRLF, up to the one before the empty line; where that line is
 * missing, over all there is (HARDENING F22).
 */
#ifndef POSTROOM_FETCH_DIGEST_H
#define POSTROOM_FETCH_DIGEST_H

#include <openssl/evp.h>

#include "lib/base/slice.h"

#define DIGEST_BYTES	32

/* One digest, to be used again for each message. */
struct digest {
	EVP_MD		*sha256;	/* fetched once */
	EVP_MD_CTX	*context;
	/* of a header: where the next byte stands */
	enum digest_at {
		DIGEST_AT_LINE, DIGEST_AT_CR, DIGEST_AT_TEXT, DIGEST_AT_BODY
	} at;
	bool		 failed;
};

/* 0 or -ENOMEM. */
int	digest_open(struct digest *);
/* A zeroed one is fine. */
void	digest_close(struct digest *);

/* Begin again. */
void	digest_begin(struct digest *);
/* Bytes of the message; of them, what is still header. */
void	digest_add(struct digest *, struct slice);
void	digest_add_header(struct digest *, struct slice);
/* Of what has been added, and more may follow.  0 or -EIO. */
int	digest_so_far(const struct digest *,
	    unsigned char digest_out[DIGEST_BYTES]);
/* 0, or -EIO: the library failed somewhere on the way. */
int	digest_end(struct digest *, unsigned char digest_out[DIGEST_BYTES]);

/* For text that is no message: a digest at once.  0 or -EIO. */
int	digest_of(struct digest *, struct slice,
	    unsigned char digest_out[DIGEST_BYTES]);

#endif
