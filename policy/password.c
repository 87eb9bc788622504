/*
 * password.c - passwords as they are kept: a yescrypt hash and a SCRAM verifier
 *
 * Every copy of a password made here is wiped before its memory is given back.
 */
#include "policy/password.h"

#include <sys/random.h>

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <utf8proc.h>

#define DIGEST_BYTES	32
#define BASE64_SIZE	48	/* of 32 bytes: 44, and a NUL */
#define PREPARED_SIZE	(PASSWORD_MAX_BYTES * 3 + 1)	/* NFC may grow thrice */

/* A setting like those of crypt_gensalt(), for names that nobody has. */
static const char nobody[] = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1";

int
password_is_fit(struct slice password)
{
	if (password.len < PASSWORD_MIN_BYTES ||
	    password.len > PASSWORD_MAX_BYTES)
		return -ERANGE;
	if (!slice_is_utf8(password))
		return -EINVAL;
	for (size_t i = 0; i < password.len; i++)
		if ((unsigned char)password.at[i] < 0x20 ||
		    password.at[i] == 0x7f)
			return -EINVAL;
	return 0;
}

/* `password` as a C string in NFC.  0, -EINVAL or -ENOMEM. */
static int
prepare(struct slice password, char out[PREPARED_SIZE])
{
	utf8proc_uint8_t *normal = NULL;
	utf8proc_ssize_t len;
	int r;

	if (password.len > PASSWORD_MAX_BYTES || !slice_is_utf8(password))
		return -EINVAL;
	if (slice_is_printable_ascii(password))
		return slice_cstr(password, out, PREPARED_SIZE);
	len = utf8proc_map((const utf8proc_uint8_t *)password.at,
	    (utf8proc_ssize_t)password.len, &normal,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (len < 0)
		return len == UTF8PROC_ERROR_NOMEM ? -ENOMEM : -EINVAL;
	r = slice_cstr(slice_of(normal, (size_t)len), out, PREPARED_SIZE);
	OPENSSL_cleanse(normal, (size_t)len);
	free(normal);
	return r;
}

/* yescrypt of the C string `key`, as `setting` says.  0, -ENOMEM or -EIO. */
static int
hash_with(const char *key, const char *setting, char out[PASSWORD_HASH_SIZE])
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash;
	int r = 0;

	if (data == NULL)
		return -ENOMEM;
	hash = crypt_r(key, setting, data);
	if (hash == NULL || hash[0] == '*')
		r = -EIO;
	else
		r = slice_cstr(slice_str(hash), out, PASSWORD_HASH_SIZE);
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return r;
}

bool
password_is(struct slice password, const char *hash)
{
	char key[PREPARED_SIZE] = "", again[PASSWORD_HASH_SIZE] = "";
	bool known = hash != NULL && hash[0] != '\0';
	bool same;

	/* a key that cannot be prepared costs the same as a wrong one */
	if (prepare(password, key) < 0)
		known = false;
	same = hash_with(key, known ? hash : nobody, again) == 0 && known &&
	    slice_is_secret(slice_str(again), slice_str(hash));
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(again, sizeof(again));
	return same;
}

static int
hmac(const unsigned char key[DIGEST_BYTES], const char *words,
    unsigned char out[DIGEST_BYTES])
{
	unsigned len = DIGEST_BYTES;

	return HMAC(EVP_sha256(), key, DIGEST_BYTES,
	    (const unsigned char *)words, strlen(words), out, &len) == NULL ?
	    -EIO : 0;
}

/* RFC 5802 3: StoredKey and ServerKey of a password. */
static int
scram_keys(const char *key, const unsigned char salt[PASSWORD_SALT_BYTES],
    unsigned rounds, unsigned char stored[DIGEST_BYTES],
    unsigned char server[DIGEST_BYTES])
{
	unsigned char salted[DIGEST_BYTES], client[DIGEST_BYTES];
	int r = -EIO;

	if (PKCS5_PBKDF2_HMAC(key, (int)strlen(key), salt,
	    PASSWORD_SALT_BYTES, (int)rounds, EVP_sha256(), DIGEST_BYTES,
	    salted) == 1 &&
	    hmac(salted, "Client Key", client) == 0 &&
	    hmac(salted, "Server Key", server) == 0 &&
	    EVP_Digest(client, DIGEST_BYTES, stored, NULL, EVP_sha256(),
	    NULL) == 1)
		r = 0;
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	return r;
}

int
password_scram(struct slice password,
    const unsigned char salt[PASSWORD_SALT_BYTES], unsigned rounds,
    char scram_out[PASSWORD_SCRAM_SIZE])
{
	unsigned char stored[DIGEST_BYTES], server[DIGEST_BYTES];
	char salt64[BASE64_SIZE], stored64[BASE64_SIZE], server64[BASE64_SIZE];
	char key[PREPARED_SIZE];
	int r = prepare(password, key);

	if (r == 0)
		r = scram_keys(key, salt, rounds, stored, server);
	OPENSSL_cleanse(key, sizeof(key));
	if (r < 0)
		return r;
	EVP_EncodeBlock((unsigned char *)salt64, salt, PASSWORD_SALT_BYTES);
	EVP_EncodeBlock((unsigned char *)stored64, stored, DIGEST_BYTES);
	EVP_EncodeBlock((unsigned char *)server64, server, DIGEST_BYTES);
	snprintf(scram_out, PASSWORD_SCRAM_SIZE, "SCRAM-SHA-256$%u:%s$%s:%s",
	    rounds, salt64, stored64, server64);
	return 0;
}

static int
make_hash(struct slice password, char out[PASSWORD_HASH_SIZE])
{
	char key[PREPARED_SIZE];
	char *setting;
	int r = prepare(password, key);

	if (r == 0) {
		setting = crypt_gensalt_ra("$y$", 0, NULL, 0);
		r = setting == NULL ? -EIO : hash_with(key, setting, out);
		free(setting);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

int
password_make(struct slice password, struct password_secret *secret_out)
{
	unsigned char salt[PASSWORD_SALT_BYTES];
	struct password_secret secret;
	int r = password_is_fit(password);

	if (r < 0)
		return r;
	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return -EIO;
	r = make_hash(password, secret.hash);
	if (r == 0)
		r = password_scram(password, salt, PASSWORD_ROUNDS,
		    secret.scram);
	if (r == 0)
		*secret_out = secret;
	return r;
}

int
password_random(char password_out[PASSWORD_RANDOM_SIZE])
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char bytes[20];
	char *at = password_out;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i > 0 && i % 5 == 0)
			*at++ = '-';
		*at++ = letters[bytes[i] % 32];
	}
	*at = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}
