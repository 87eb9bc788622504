/*
 * print.h - SHA-256 of a message and of its header, as the bytes come
 *
 * The header's digest is an identity in the fetch ledger: it must be the same
 * from TOP n 0 and from RETR.  It is over the header lines of the stored form,
 * each with its CRLF, up to the one before the empty line; where that line is
 * missing, over all there is (HARDENING F22).
 */
#ifndef POSTROOM_FETCH_PRINT_H
#define POSTROOM_FETCH_PRINT_H

#include <openssl/evp.h>

#include "lib/base/slice.h"

#define PRINT_BYTES	32

/* One digest, to be used again for each message. */
struct print {
	EVP_MD		*sha256;	/* fetched once */
	EVP_MD_CTX	*context;
	/* of a header: where the next byte stands */
	enum print_at {
		PRINT_AT_LINE, PRINT_AT_CR, PRINT_AT_TEXT, PRINT_AT_BODY
	} at;
	bool		 failed;
};

/* 0 or -ENOMEM. */
int	print_open(struct print *);
/* A zeroed one is fine. */
void	print_close(struct print *);

/* Begin again. */
void	print_begin(struct print *);
/* Bytes of the message; of them, what is still header. */
void	print_all(struct print *, struct slice);
void	print_header(struct print *, struct slice);
/* 0, or -EIO: the library failed somewhere on the way. */
int	print_end(struct print *, unsigned char digest_out[PRINT_BYTES]);

/* For text that is no message: a digest at once.  0 or -EIO. */
int	print_of(struct print *, struct slice,
	    unsigned char digest_out[PRINT_BYTES]);

#endif
