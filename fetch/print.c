/*
 * print.c - SHA-256 of a message and of its header, as the bytes come
 *
 * The stored form ends every line in CRLF, so a line is found by its LF and an
 * empty one is a CR that begins a line.
 */
#include "fetch/print.h"

#include <errno.h>
#include <string.h>

int
print_open(struct print *print)
{
	memset(print, 0, sizeof(*print));
	print->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	print->context = EVP_MD_CTX_new();
	if (print->sha256 != NULL && print->context != NULL)
		return 0;
	print_close(print);
	return -ENOMEM;
}

void
print_close(struct print *print)
{
	EVP_MD_CTX_free(print->context);
	EVP_MD_free(print->sha256);
	memset(print, 0, sizeof(*print));
}

void
print_begin(struct print *print)
{
	print->at = PRINT_AT_LINE;
	print->failed = EVP_DigestInit_ex2(print->context, print->sha256,
	    NULL) != 1;
}

void
print_all(struct print *print, struct slice s)
{
	if (s.len > 0 && EVP_DigestUpdate(print->context, s.at, s.len) != 1)
		print->failed = true;
}

/*
 * How many of the first bytes of `s` are header.  The CR that begins a line is
 * not counted before it is known whether the line is empty.
 */
static size_t
header_span(struct print *print, struct slice s)
{
	size_t n = 0, lf;

	while (n < s.len && print->at != PRINT_AT_BODY) {
		if (print->at == PRINT_AT_LINE && s.at[n] == '\r') {
			print->at = PRINT_AT_CR;
			break;
		}
		lf = slice_find(slice_after(s, n), '\n');
		print->at = lf == SIZE_MAX ? PRINT_AT_TEXT : PRINT_AT_LINE;
		n = lf == SIZE_MAX ? s.len : n + lf + 1;
	}
	return n;
}

void
print_header(struct print *print, struct slice s)
{
	size_t span;

	if (print->at == PRINT_AT_CR && s.len > 0)
		print->at = PRINT_AT_BODY;
	span = header_span(print, s);
	/* in the stored form nothing but LF follows a CR */
	if (print->at == PRINT_AT_CR && span + 1 < s.len)
		print->at = PRINT_AT_BODY;
	print_all(print, slice_first(s, span));
}

int
print_end(struct print *print, unsigned char digest_out[PRINT_BYTES])
{
	unsigned len = 0;

	if (print->failed ||
	    EVP_DigestFinal_ex(print->context, digest_out, &len) != 1 ||
	    len != PRINT_BYTES)
		return -EIO;
	return 0;
}

int
print_of(struct print *print, struct slice s,
    unsigned char digest_out[PRINT_BYTES])
{
	print_begin(print);
	print_all(print, s);
	return print_end(print, digest_out);
}
