/*
 * dkim_signature_test.c - what one DKIM-Signature field says
 */
#include "filters/auth/dkim_signature.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))
#define HASH	"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
#define REST	"h=from; " HASH "; b=Zm9v"
#define FIRST	"v=1; a=rsa-sha256; "

static enum dkim_reason
read_tags(const char *tags, struct text *text,
    struct dkim_signature *signature)
{
	struct header_field field;
	struct slice rest;

	text_addf(text, "DKIM-Signature: %s\r\n", tags);
	rest = text_slice(text);
	ck_assert(header_next(&rest, &field));
	return dkim_signature_read(&field, signature);
}

static const struct {
	const char	*tags;
	enum dkim_reason want;
} rows[] = {
	{ FIRST "d=example.com; s=sel; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; " REST ";", DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; zz=unknown; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=2023; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=a.b_c; " REST, DKIM_VERIFIED },
	{ FIRST "D=example.com; s=sel; " REST, DKIM_TAG_MISSING },
	{ FIRST "s=sel; " REST, DKIM_TAG_MISSING },
	{ FIRST "d=example.com; " REST, DKIM_TAG_MISSING },
	{ "a=rsa-sha256; d=example.com; s=sel; " REST, DKIM_TAG_MISSING },
	{ "v=1; d=example.com; s=sel; " REST, DKIM_TAG_MISSING },
	{ FIRST "d=example.com; s=sel; h=from; b=Zm9v", DKIM_TAG_MISSING },
	{ FIRST "d=example.com; s=sel; h=from; " HASH, DKIM_TAG_MISSING },
	{ "v=01; a=rsa-sha256; d=example.com; s=sel; " REST, DKIM_VERSION },
	{ "v=; a=rsa-sha256; d=example.com; s=sel; " REST, DKIM_VERSION },
	{ FIRST "d=com; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com.; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=exa mple.com; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=192.0.2.1; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example..com; s=sel; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com; s=; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com; s=.; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com; s=a.; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com; s=a/b; " REST, DKIM_DOMAIN_BAD },
	{ FIRST "d=example.com; s=sel; i=@example.com; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; i=joe@EXAMPLE.com; " REST,
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; i=\"a@b\"@x.example.com; " REST,
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; i=example.com; " REST,
	    DKIM_IDENTITY_BAD },
	{ FIRST "d=example.com; s=sel; i=@xexample.com; " REST,
	    DKIM_IDENTITY_BAD },
	{ FIRST "d=example.com; s=sel; i=@com; " REST, DKIM_IDENTITY_BAD },
	{ FIRST "d=example.com; s=sel; i=a=0Ab@example.com; " REST,
	    DKIM_IDENTITY_BAD },
	{ FIRST "d=example.com; s=sel; i=; " REST, DKIM_IDENTITY_BAD },
	{ FIRST "d=example.com; s=sel; c=relaxed; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; c=relaxed/; " REST,
	    DKIM_CANON_UNKNOWN },
	{ FIRST "d=example.com; s=sel; c=/relaxed; " REST,
	    DKIM_CANON_UNKNOWN },
	{ FIRST "d=example.com; s=sel; c=; " REST, DKIM_CANON_UNKNOWN },
	{ FIRST "d=example.com; s=sel; c=simple / simple; " REST,
	    DKIM_CANON_UNKNOWN },
	{ FIRST "d=example.com; s=sel; q=x : dns/txt; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; q=; " REST, DKIM_QUERY_UNKNOWN },
	{ FIRST "d=example.com; s=sel; l=; " REST, DKIM_LENGTH_BAD },
	{ FIRST "d=example.com; s=sel; l=1 2; " REST, DKIM_LENGTH_BAD },
	{ FIRST "d=example.com; s=sel; l=0000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000001; " REST,
	    DKIM_LENGTH_BAD },
	{ FIRST "d=example.com; s=sel; t=1000000000000; " REST,
	    DKIM_TIMES_BAD },
	{ FIRST "d=example.com; s=sel; t=999999999999; " REST,
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; t=2; x=1; " REST, DKIM_TIMES_BAD },
	{ FIRST "d=example.com; s=sel; x=1; " REST, DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; x=; " REST, DKIM_TIMES_BAD },
	{ FIRST "d=example.com; s=sel; h=From; bh=Zm9v; b=Zm9v",
	    DKIM_DATA_BAD },
	{ FIRST "d=example.com; s=sel; h=From; bh=!; b=Zm9v", DKIM_DATA_BAD },
	{ FIRST "d=example.com; s=sel; h=From; " HASH "; b=", DKIM_DATA_BAD },
	{ FIRST "d=example.com; s=sel; h=From; " HASH "; b=Zm9v!",
	    DKIM_DATA_BAD },
	{ FIRST "d=example.com; s=sel; h= From :\r\n To; " HASH "; b=Zm9v",
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; h=:From; " HASH "; b=Zm9v",
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; h=From::To:; " HASH "; b=Zm9v",
	    DKIM_VERIFIED },
	{ FIRST "d=example.com; s=sel; h=; " HASH "; b=Zm9v",
	    DKIM_FROM_UNSIGNED },
	{ FIRST "d=example.com; s=sel; h=From To; " HASH "; b=Zm9v",
	    DKIM_NAMES_BAD },
};

START_TEST(a_signature_says_all_that_it_must_or_is_none)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct dkim_signature signature;

	ck_assert_str_eq(dkim_reason_code(read_tags(rows[_i].tags, &text,
	    &signature)), dkim_reason_code(rows[_i].want));
}
END_TEST

START_TEST(what_it_says_is_understood)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct dkim_signature signature;

	ck_assert_int_eq(read_tags("v=1; a=ed25519-sha256; c=relaxed/simple; "
	    "d=Example.com; s=sel; l=12; t=3; x=4; i=a=20b@x.example.com;\r\n"
	    " h=from:to; " HASH "; b= Zm\r\n 9v ; z=From:a", &text,
	    &signature), DKIM_VERIFIED);
	ck_assert_int_eq(signature.algorithm, DKIM_ED25519_SHA256);
	ck_assert_int_eq(signature.header_canon, DKIM_RELAXED);
	ck_assert_int_eq(signature.body_canon, DKIM_SIMPLE);
	ck_assert_str_eq(signature.query, "sel._domainkey.Example.com");
	ck_assert_str_eq(signature.identity, "a b@x.example.com");
	ck_assert(!signature.is_of_domain && signature.has_length &&
	    signature.has_time && signature.has_expiry);
	ck_assert_uint_eq(signature.length, 12);
	ck_assert_int_eq(signature.time_utc, 3);
	ck_assert_int_eq(signature.expires_utc, 4);
	ck_assert_uint_eq(signature.data_len, 3);
	ck_assert(slice_is_str(signature.names, "from:to"));
	ck_assert(slice_is_str(signature.data_whole, " Zm\r\n 9v "));
}
END_TEST

START_TEST(what_it_does_not_say_is_as_the_rfc_has_it)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct dkim_signature signature;

	ck_assert_int_eq(read_tags(FIRST "d=example.com; s=sel; " REST, &text,
	    &signature), DKIM_VERIFIED);
	ck_assert_int_eq(signature.header_canon, DKIM_SIMPLE);
	ck_assert_int_eq(signature.body_canon, DKIM_SIMPLE);
	ck_assert_str_eq(signature.identity, "@example.com");
	ck_assert(signature.is_of_domain && !signature.has_length &&
	    !signature.has_time && !signature.has_expiry);
}
END_TEST

/* It can be said who signed, even so. */
START_TEST(a_signature_of_an_old_kind_has_a_domain)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct dkim_signature signature;

	ck_assert_int_eq(read_tags("v=1; a=rsa-sha1; d=example.com; s=sel; "
	    REST, &text, &signature), DKIM_SHA1);
	ck_assert_str_eq(signature.domain, "example.com");
	ck_assert_str_eq(signature.selector, "sel");
	ck_assert_int_eq(signature.algorithm, DKIM_RSA_SHA1);
}
END_TEST

/* RFC 8616 4 */
START_TEST(a_domain_in_utf8_is_asked_for_in_ascii)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct dkim_signature signature;

	ck_assert_int_eq(read_tags(FIRST "d=b\xc3\xbc" "cher.example; "
	    "s=sch\xc3\xb6n; i=j\xc3\xb6@x.xn--bcher-kva.example; " REST,
	    &text, &signature), DKIM_VERIFIED);
	ck_assert_str_eq(signature.query,
	    "xn--schn-7qa._domainkey.xn--bcher-kva.example");
	ck_assert_str_eq(signature.domain, "xn--bcher-kva.example");
}
END_TEST

START_TEST(names_that_are_too_long_or_too_many_are_none)
{
	TEXT_AUTO tags = TEXT_INIT(8192);
	TEXT_AUTO text = TEXT_INIT(8192);
	struct dkim_signature signature;

	text_add_str(&tags, FIRST "s=sel; " HASH "; b=Zm9v; d=example.com; "
	    "h=From");
	for (int i = 1; i < DKIM_NAMES + (_i == 0 ? 0 : 1); i++)
		text_add_str(&tags, ":To");
	text_add_byte(&tags, '\0');
	ck_assert_int_eq(read_tags(tags.at, &text, &signature), _i == 0 ?
	    DKIM_VERIFIED : DKIM_NAMES_BAD);
	/* 63 bytes are a label, and 253 a name */
	text_clear(&tags);
	text_clear(&text);
	text_add_str(&tags, FIRST REST "; s=sel; d=");
	for (int i = 0; i < 59; i++)
		text_add_str(&tags, "abc.");
	text_add_str(&tags, _i == 0 ? "x" : "xyz");
	text_add_byte(&tags, '\0');
	/* "sel._domainkey." is 15 bytes, and 253 - 15 = 238 */
	ck_assert_int_eq(read_tags(tags.at, &text, &signature), _i == 0 ?
	    DKIM_VERIFIED : DKIM_DOMAIN_BAD);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim_signature");
	TCase *tests = tcase_create("dkim_signature");

	tcase_add_loop_test(tests,
	    a_signature_says_all_that_it_must_or_is_none, 0, ROWS(rows));
	tcase_add_test(tests, what_it_says_is_understood);
	tcase_add_test(tests, what_it_does_not_say_is_as_the_rfc_has_it);
	tcase_add_test(tests, a_signature_of_an_old_kind_has_a_domain);
	tcase_add_test(tests, a_domain_in_utf8_is_asked_for_in_ascii);
	tcase_add_loop_test(tests,
	    names_that_are_too_long_or_too_many_are_none, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
