/*
 * dkim_key_test.c - the key record of a domain
 */
#include "filters/auth/dkim_key.h"

#include <string.h>

#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

static struct signer signer;

static void
set_up(void)
{
	signer_open(&signer);
}

static void
tear_down(void)
{
	signer_close(&signer);
}

enum { MAIL = 1, SHA256 = 2, TEST = 4, STRICT = 8 };
#define ANY	(MAIL | SHA256)

static const struct {
	const char	*record;
	enum dkim_reason want;
	int		 flags;
} rows[] = {
	{ "p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; k=rsa; p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1;k=rsa;p=KEY;", DKIM_VERIFIED, ANY },
	{ " v = DKIM1 ; p = KEY ; n=a note", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; h=sha1:sha256; p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; h=sha1; p=KEY", DKIM_VERIFIED, MAIL },
	{ "v=DKIM1; h=; p=KEY", DKIM_VERIFIED, MAIL },
	{ "v=DKIM1; s=email; p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; s=x:*; p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; s=tlsrpt; p=KEY", DKIM_VERIFIED, SHA256 },
	{ "v=DKIM1; t=y; p=KEY", DKIM_VERIFIED, ANY | TEST },
	{ "v=DKIM1; t=s : y; p=KEY", DKIM_VERIFIED, ANY | TEST | STRICT },
	{ "v=DKIM1; t=x; p=KEY", DKIM_VERIFIED, ANY },
	{ "v=DKIM1; un=known; p=KEY", DKIM_VERIFIED, ANY },
	{ "", DKIM_KEY_NO_LIST, 0 },
	{ "v=DKIM1", DKIM_KEY_NO_LIST, 0 },
	{ "some text", DKIM_KEY_NO_LIST, 0 },
	{ "v=DKIM1; p=KEY; p=KEY", DKIM_KEY_NO_LIST, 0 },
	{ "p=KEY; v=DKIM1", DKIM_KEY_VERSION, 0 },
	{ "v=dkim1; p=KEY", DKIM_KEY_VERSION, 0 },
	{ "v=DKIM2; p=KEY", DKIM_KEY_VERSION, 0 },
	{ "v=; p=KEY", DKIM_KEY_VERSION, 0 },
	{ "v=DKIM1; p=", DKIM_KEY_REVOKED, 0 },
	{ "v=DKIM1; p= ;", DKIM_KEY_REVOKED, 0 },
	{ "v=DKIM1; k=dsa; p=KEY", DKIM_KEY_OTHER_KIND, 0 },
	{ "v=DKIM1; k=; p=KEY", DKIM_KEY_OTHER_KIND, 0 },
	{ "v=DKIM1; p=AAAA", DKIM_KEY_BAD, 0 },
	{ "v=DKIM1; p=!", DKIM_KEY_BAD, 0 },
	{ "v=DKIM1; p=KEYAA", DKIM_KEY_BAD, 0 },
	{ "v=DKIM1; k=ed25519; p=KEY", DKIM_KEY_BAD, 0 },
};

START_TEST(a_record_is_a_key_or_it_is_said_why_not)
{
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim_key key = { 0 };

	signer_record(signer.rsa, rows[_i].record, &record);
	ck_assert_str_eq(dkim_reason_code(dkim_key_read(text_slice(&record),
	    &key)), dkim_reason_code(rows[_i].want));
	ck_assert(key.is_for_mail == ((rows[_i].flags & MAIL) != 0));
	ck_assert(key.takes_sha256 == ((rows[_i].flags & SHA256) != 0));
	ck_assert(key.is_test == ((rows[_i].flags & TEST) != 0));
	ck_assert(key.is_strict == ((rows[_i].flags & STRICT) != 0));
	ck_assert_uint_eq(key.bits, rows[_i].want == DKIM_VERIFIED ? 2048 : 0);
	dkim_key_free(&key);
}
END_TEST

/* RFC 8463 4.2: the bare 32 bytes */
START_TEST(an_ed25519_key_is_its_bytes)
{
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim_key key = { 0 };

	signer_record(signer.ed25519, "v=DKIM1; k=ed25519; p=KEY", &record);
	ck_assert_int_eq(dkim_key_read(text_slice(&record), &key),
	    DKIM_VERIFIED);
	ck_assert_int_eq(key.kind, DKIM_KEY_ED25519);
	dkim_key_free(&key);
	ck_assert_int_eq(dkim_key_read(slice_str("v=DKIM1; k=ed25519; p=AAAA"),
	    &key), DKIM_KEY_BAD);
}
END_TEST

/* Another kind of key in the wrapping of an RSA key is none. */
START_TEST(an_ed25519_key_does_not_pass_for_rsa)
{
	struct dkim_key key = { 0 };

	ck_assert_int_eq(dkim_key_read(slice_str("k=rsa; p=MCowBQYDK2VwAyEA"
	    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), &key),
	    DKIM_KEY_BAD);
}
END_TEST

/* RFC 6376 3.6.1 names RSAPublicKey, which the examples do not use. */
START_TEST(a_bare_rsa_key_is_read_too)
{
	TEXT_AUTO record = TEXT_INIT(8192);
	unsigned char *der = NULL;
	char base64[4096];
	struct dkim_key key = { 0 };
	int len = i2d_PublicKey(signer.rsa1024, &der);

	ck_assert_int_gt(len, 0);
	(void)EVP_EncodeBlock((unsigned char *)base64, der, len);
	OPENSSL_free(der);
	text_addf(&record, "v=DKIM1; p=%s", base64);
	ck_assert_int_eq(dkim_key_read(text_slice(&record), &key),
	    DKIM_VERIFIED);
	ck_assert_uint_eq(key.bits, 1024);
	dkim_key_free(&key);
}
END_TEST

START_TEST(a_key_that_is_too_large_is_not_used)
{
	TEXT_AUTO record = TEXT_INIT(65536);
	struct dkim_key key = { 0 };

	text_add_str(&record, "v=DKIM1; p=");
	for (int i = 0; i < 10000; i++)
		text_add_byte(&record, 'A');
	ck_assert_int_eq(dkim_key_read(text_slice(&record), &key),
	    DKIM_KEY_TOO_LARGE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim_key");
	TCase *tests = tcase_create("dkim_key");

	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_record_is_a_key_or_it_is_said_why_not, 0,
	    ROWS(rows));
	tcase_add_test(tests, an_ed25519_key_is_its_bytes);
	tcase_add_test(tests, an_ed25519_key_does_not_pass_for_rsa);
	tcase_add_test(tests, a_bare_rsa_key_is_read_too);
	tcase_add_test(tests, a_key_that_is_too_large_is_not_used);
	suite_add_tcase(suite, tests);
	return suite;
}
