/*
 * seal.c - seal messages, for the peer tests
 *
 * usage: seal KEYS UTC DOMAIN SELECTOR SECRET FILE
 *
 * KEYS is as arc.c has it, SECRET the RSA key of DOMAIN in PEM.  The message goes to
 * the output with a set of ours on top of it, or as it is if it gets none.  Ends
 * with 1 when a file or the library fails.
 */
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>

#include "filters/auth/arc_seal.h"
#include "tests/peers/chain.h"
#include "tests/peers/read.h"

static EVP_PKEY *secret;

static bool
read_secret(const char *path)
{
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return false;
	secret = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	return fclose(file) == 0 && secret != NULL;
}

/* Of a hash; empty: it cannot be. */
static struct slice
sign(const unsigned char hash[DKIM_HASH_BYTES])
{
	static unsigned char data[512];
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new_from_pkey(NULL, secret, NULL);
	size_t len = sizeof(data);
	bool is_signed = rsa != NULL && EVP_PKEY_sign_init(rsa) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(rsa, EVP_sha256()) == 1 &&
	    EVP_PKEY_sign(rsa, data, &len, hash, DKIM_HASH_BYTES) == 1;

	EVP_PKEY_CTX_free(rsa);
	return slice_of(data, is_signed ? len : 0);
}

static bool
find(const struct dkim_tools *tools, int64_t utc, struct slice message,
    struct slice keys, struct origin_found *found)
{
	static const enum origin_result words[] = {
		[ARC_NONE] = ORIGIN_NONE, [ARC_PASS] = ORIGIN_PASS,
		[ARC_FAIL] = ORIGIN_FAIL, [ARC_TEMPERROR] = ORIGIN_TEMPERROR,
	};
	struct arc *arc = chain_check(tools, utc, message, keys);

	if (arc == NULL)
		return false;
	*found = (struct origin_found){ .is_wanted = true,
	    .is_from_outside = true, .arc = words[arc_result(arc)] };
	arc_free(arc);
	return true;
}

/* The three lines, or none. */
static bool
seal_it(const struct dkim_tools *tools, int64_t utc, struct slice message,
    const struct origin_found *found, struct arc_seal *seal)
{
	static const struct edits none = { .count = 0 };
	static struct verdict verdict;

	verdict_init(&verdict);
	if (arc_seal_begin(tools, message, &none, found, "mx.office.test",
	    utc, seal) < 0)
		return true;
	if (arc_seal_message(tools, seal, sign(seal->hash)) < 0 ||
	    arc_seal_add(seal, sign(seal->hash), &verdict) < 0)
		return false;
	for (size_t i = 0; i < verdict.line_count; i++)
		(void)printf("%s: %s\r\n", verdict.lines[i].name,
		    verdict.lines[i].value);
	return true;
}

int
main(int argc, char **argv)
{
	TEXT_AUTO keys = TEXT_INIT(FILE_BYTES);
	TEXT_AUTO message = TEXT_INIT(FILE_BYTES);
	struct arc_seal seal = { .algorithm = DKIM_RSA_SHA256 };
	struct origin_found found;
	struct dkim_tools *tools;
	int64_t utc;
	bool is_done;

	if (argc != 7 || !read_file(argv[1], &keys) ||
	    !read_secret(argv[5]) || !read_file(argv[6], &message) ||
	    dkim_tools_open(&tools) < 0)
		return 1;
	utc = strtoll(argv[2], NULL, 10);
	(void)snprintf(seal.domain, sizeof(seal.domain), "%s", argv[3]);
	(void)snprintf(seal.selector, sizeof(seal.selector), "%s", argv[4]);
	is_done = find(tools, utc, text_slice(&message), text_slice(&keys),
	    &found) && seal_it(tools, utc, text_slice(&message), &found,
	    &seal);
	(void)fwrite(message.at, 1, message.len, stdout);
	arc_seal_free(&seal);
	EVP_PKEY_free(secret);
	dkim_tools_close(tools);
	return is_done && fflush(stdout) == 0 ? 0 : 1;
}
