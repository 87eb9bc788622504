/*
 * password_test.c - a password is known again and is not to be found in what is
 * kept
 */
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "policy/password.h"
#include "tests/unit/unit.h"

START_TEST(a_password_is_known_again_and_no_other)
{
	struct password_secret secret, other;
	struct slice right = SLICE("correct horse");

	ck_assert_int_eq(password_make(right, &secret), 0);
	ck_assert_int_eq(strncmp(secret.hash, "$y$", 3), 0);
	ck_assert_int_eq(strncmp(secret.scram, "SCRAM-SHA-256$65536:", 20), 0);
	ck_assert(password_is(right, secret.hash));
	ck_assert(!password_is(slice_str("correct hors"), secret.hash));
	ck_assert(!password_is(slice_str("correct horse "), secret.hash));
	ck_assert(!password_is(slice_str(""), secret.hash));
	ck_assert_int_eq(password_make(right, &other), 0);
	ck_assert_str_ne(secret.hash, other.hash);
	ck_assert_str_ne(secret.scram, other.scram);
}
END_TEST

/* HARDENING A50: nobody has a hash, and no password fits it */
START_TEST(nobody_has_a_password)
{
	ck_assert(!password_is(slice_str("anything"), NULL));
	ck_assert(!password_is(slice_str("anything"), ""));
	ck_assert(!password_is(slice_str(""), ""));
	ck_assert(!password_is(slice_str("anything"), "*0"));
}
END_TEST

/* RFC 8265 4.2.2: composed and decomposed are the same password */
START_TEST(two_keyboards_write_one_password)
{
	struct password_secret secret;

	ck_assert_int_eq(password_make(slice_str("p\xc3\xa4sswort"), &secret),
	    0);
	ck_assert(password_is(slice_str("pa\xcc\x88sswort"), secret.hash));
	ck_assert(!password_is(slice_str("passwort"), secret.hash));
}
END_TEST

static const struct {
	struct slice	password;
	int		want;
} fits[] = {
	{ SLICE("1"),			0 },
	{ SLICE(""),			-ERANGE },
	{ SLICE("with a blank"),	0 },
	{ SLICE("line\r\nbreak"),	-EINVAL },
	{ SLICE("nul\0inside"),		-EINVAL },
	{ SLICE("delete\x7fhere"),	-EINVAL },
	/* HARDENING A53 */
	{ SLICE("overlong\xc0\xaf"),	-EINVAL },
	{ SLICE("surrogate\xed\xa0\x80"), -EINVAL },
	{ SLICE("cut\xe2\x82ttttt"),	-EINVAL },
};

START_TEST(what_cannot_be_typed_everywhere_is_refused)
{
	struct password_secret secret;

	ck_assert_int_eq(password_is_fit(fits[_i].password), fits[_i].want);
	if (fits[_i].want != 0)
		ck_assert_int_eq(password_make(fits[_i].password, &secret),
		    fits[_i].want);
}
END_TEST

/*
 * RFC 7677 3: the exchange of "user" with "pencil".  The server's signature in
 * it proves the ServerKey, the client's proof the StoredKey.
 */
static const char auth_message[] =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

static void
sign(const char *key64, unsigned char out[32])
{
	unsigned char key[48];
	unsigned len = 32;

	ck_assert_int_eq(EVP_DecodeBlock(key, (const unsigned char *)key64,
	    44), 33);
	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, 32,
	    (const unsigned char *)auth_message, strlen(auth_message), out,
	    &len));
}

START_TEST(the_verifier_serves_the_exchange_of_rfc_7677)
{
	unsigned char salt[18], proof[33], signature[32], stored[33], hash[32];
	unsigned char signature64[48];
	char scram[PASSWORD_SCRAM_SIZE];

	EVP_DecodeBlock(salt,
	    (const unsigned char *)"W22ZaJ0SNY7soEsUEjb6gQ==", 24);
	ck_assert_int_eq(password_scram(slice_str("pencil"), salt, 4096,
	    scram), 0);
	/* "SCRAM-SHA-256$4096:" salt "$" stored ":" server */
	ck_assert_int_eq(strncmp(scram,
	    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$", 44), 0);
	ck_assert_uint_eq(strlen(scram), 44 + 44 + 1 + 44);
	sign(scram + 44 + 45, signature);
	EVP_EncodeBlock(signature64, signature, 32);
	ck_assert_str_eq((char *)signature64,
	    "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	sign(scram + 44, signature);
	EVP_DecodeBlock(proof, (const unsigned char *)
	    "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", 44);
	for (size_t i = 0; i < 32; i++)
		proof[i] ^= signature[i];
	EVP_Digest(proof, 32, hash, NULL, EVP_sha256(), NULL);
	EVP_DecodeBlock(stored, (const unsigned char *)scram + 44, 44);
	ck_assert_mem_eq(hash, stored, 32);
}
END_TEST

START_TEST(a_random_password_is_fit_and_new)
{
	char one[PASSWORD_RANDOM_SIZE], two[PASSWORD_RANDOM_SIZE];

	ck_assert_int_eq(password_random(one), 0);
	ck_assert_int_eq(password_random(two), 0);
	ck_assert_uint_eq(strlen(one), 23);
	ck_assert_str_ne(one, two);
	ck_assert_int_eq(password_is_fit(slice_str(one)), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/password");
	TCase *tests = tcase_create("password");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_password_is_known_again_and_no_other);
	tcase_add_test(tests, nobody_has_a_password);
	tcase_add_test(tests, two_keyboards_write_one_password);
	tcase_add_loop_test(tests, what_cannot_be_typed_everywhere_is_refused,
	    0, sizeof(fits) / sizeof(fits[0]));
	tcase_add_test(tests, the_verifier_serves_the_exchange_of_rfc_7677);
	tcase_add_test(tests, a_random_password_is_fit_and_new);
	suite_add_tcase(suite, tests);
	return suite;
}
