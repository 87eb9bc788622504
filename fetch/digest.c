/*
 * digest.c - SHA-256 of a message and of its header, as the bytes come
 *
 * The stored form ends every line in CRLF, so a line is found by its LF and an
 * empty one is a CR that begins a line.
 */
#include "fetch/digest.h"

#include <errno.h>
#include <string.h>

int
digest_open(struct digest *digest)
{
	memset(digest, 0, sizeof(*digest));
	digest->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest->context = EVP_MD_CTX_new();
	if (digest->sha256 != NULL && digest->context != NULL)
		return 0;
	digest_close(digest);
	return -ENOMEM;
}

void
digest_close(struct digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->sha256);
	memset(digest, 0, sizeof(*digest));
}

void
digest_begin(struct digest *digest)
{
	digest->at = DIGEST_AT_LINE;
	digest->failed = EVP_DigestInit_ex2(digest->context, digest->sha256,
	    NULL) != 1;
}

void
digest_add(struct digest *digest, struct slice s)
{
	if (s.len > 0 && EVP_DigestUpdate(digest->context, s.at, s.len) != 1)
		digest->failed = true;
}

/*
 * How many of the first bytes of `s` are header.  The CR that begins a line is
 * not counted before it is known whether the line is empty.
 */
static size_t
header_span(struct digest *digest, struct slice s)
{
	size_t n = 0, lf;

	while (n < s.len && digest->at != DIGEST_AT_BODY) {
		if (digest->at == DIGEST_AT_LINE && s.at[n] == '\r') {
			digest->at = DIGEST_AT_CR;
			break;
		}
		lf = slice_find(slice_after(s, n), '\n');
		digest->at = lf == SIZE_MAX ? DIGEST_AT_TEXT : DIGEST_AT_LINE;
		n = lf == SIZE_MAX ? s.len : n + lf + 1;
	}
	return n;
}

void
digest_add_header(struct digest *digest, struct slice s)
{
	size_t span;

	if (digest->at == DIGEST_AT_CR && s.len > 0)
		digest->at = DIGEST_AT_BODY;
	span = header_span(digest, s);
	/* in the stored form nothing but LF follows a CR */
	if (digest->at == DIGEST_AT_CR && span + 1 < s.len)
		digest->at = DIGEST_AT_BODY;
	digest_add(digest, slice_first(s, span));
}

int
digest_so_far(const struct digest *digest,
    unsigned char digest_out[DIGEST_BYTES])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	int r = -EIO;

	if (copy != NULL && !digest->failed &&
	    EVP_MD_CTX_copy_ex(copy, digest->context) == 1 &&
	    EVP_DigestFinal_ex(copy, digest_out, NULL) == 1)
		r = 0;
	EVP_MD_CTX_free(copy);
	return r;
}

int
digest_end(struct digest *digest, unsigned char digest_out[DIGEST_BYTES])
{
	unsigned len = 0;

	if (digest->failed ||
	    EVP_DigestFinal_ex(digest->context, digest_out, &len) != 1 ||
	    len != DIGEST_BYTES)
		return -EIO;
	return 0;
}

int
digest_of(struct digest *digest, struct slice s,
    unsigned char digest_out[DIGEST_BYTES])
{
	digest_begin(digest);
	digest_add(digest, s);
	return digest_end(digest, digest_out);
}
