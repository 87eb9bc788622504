/*
 * talk_dane_test.c - which certificate is one that its host has published
 */
#include <openssl/x509.h>

#include "tests/unit/lib/base/talk_scene.h"

static const struct step over_tls[] = {
	SHAKE, GREET, CAPA("SASL PLAIN\r\n"),
	HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"), WELCOME, WAIT, HANG_UP
};

#define RECORDS_MOST	3
#define RECORD_BYTES	1024
#define NO_MATCH	"no matching DANE TLSA records"

/* What is published, and of whom: the leaf, its authority, somebody else. */
enum of { NOBODY, LEAF, AUTHORITY, STRANGER, TORN };
struct published {
	unsigned char	usage, selector, matching;
	enum of		of;
};

#define SPKI_256(usage, of)	{ usage, 1, 1, of }

static const struct {
	const char	*name;		/* that the certificate has */
	bool		 by_itself;
	int		 from_day, to_day;
	struct published published[RECORDS_MOST];
	const char	*also;
	bool		 or_trusted;
	const char	*fault;		/* NULL: it passes */
	bool		 is_proved;
} certificates[] = {
	/* RFC 7672 3.1.1: no name, no date, nobody who signs */
	{ HOST, false, -1, 1, { SPKI_256(3, LEAF) }, NULL, false, NULL, true },
	{ HOST, true, -1, 1, { { 3, 0, 2, LEAF } }, NULL, false, NULL, true },
	{ "x.test", true, -9, -1, { { 3, 1, 0, LEAF } }, NULL, false, NULL,
	    true },
	{ HOST, false, 1, 9, { { 3, 0, 0, LEAF } }, NULL, true, NULL, true },
	{ HOST, false, -1, 1, { SPKI_256(3, STRANGER) }, NULL, false,
	    NO_MATCH, false },
	{ HOST, false, -1, 1, { SPKI_256(3, STRANGER) }, NULL, true, NO_MATCH,
	    false },
	/* one that is to come, or has been */
	{ HOST, false, -1, 1, { SPKI_256(3, STRANGER), SPKI_256(3, LEAF) },
	    NULL, false, NULL, true },
	/* RFC 7671 9: the better digest is the one that counts */
	{ HOST, false, -1, 1, { SPKI_256(3, LEAF), { 3, 1, 2, STRANGER } },
	    NULL, false, NO_MATCH, false },
	/* RFC 7672 3.1.2: of an authority, name and date do matter */
	{ HOST, false, -1, 1, { SPKI_256(2, AUTHORITY) }, NULL, false, NULL,
	    true },
	{ HOST, false, -1, 1, { { 2, 0, 0, AUTHORITY } }, NULL, false, NULL,
	    true },
	{ HOST, false, -1, 1, { { 2, 1, 0, AUTHORITY } }, NULL, false, NULL,
	    true },
	{ "*.office.test", false, -1, 1, { { 2, 0, 1, AUTHORITY } }, NULL,
	    false, NULL, true },
	{ HOST, false, -9, -1, { SPKI_256(2, AUTHORITY) }, NULL, false,
	    "certificate has expired", false },
	{ "x.test", false, -1, 1, { SPKI_256(2, AUTHORITY) }, NULL, false,
	    "hostname mismatch", false },
	{ "x.test", false, -1, 1, { SPKI_256(2, AUTHORITY) }, "far.test",
	    false, "hostname mismatch", false },
	/* RFC 7672 3.2.2: the domain whose mail it is */
	{ "far.test", false, -1, 1, { SPKI_256(2, AUTHORITY) }, "far.test",
	    false, NULL, true },
	/* whom everybody trusts is not enough */
	{ HOST, false, -1, 1, { SPKI_256(2, STRANGER) }, NULL, false,
	    NO_MATCH, false },
	{ HOST, false, -1, 1, { SPKI_256(2, STRANGER), SPKI_256(3, LEAF) },
	    NULL, false, NULL, true },
	/* RFC 7672 3.1.3: of no use in mail, nor what nobody can read */
	{ "x.test", true, -9, -1, { SPKI_256(1, STRANGER) }, NULL, false,
	    NULL, false },
	{ HOST, true, -1, 1, { SPKI_256(0, AUTHORITY) }, NULL, false, NULL,
	    false },
	{ HOST, true, -1, 1, { SPKI_256(3, TORN) }, NULL, false, NULL,
	    false },
	{ HOST, true, -1, 1, { { 3, 1, 9, LEAF } }, NULL, false, NULL,
	    false },
	{ HOST, true, -1, 1, { { 3, 0, 0, TORN } }, NULL, false, NULL,
	    false },
	{ HOST, true, -1, 1, { SPKI_256(1, STRANGER), SPKI_256(3, STRANGER) },
	    NULL, false, NO_MATCH, false },
	/* with a login somebody must vouch for it */
	{ HOST, false, -1, 1, { SPKI_256(1, STRANGER) }, NULL, true, NULL,
	    false },
	{ HOST, true, -1, 1, { SPKI_256(1, STRANGER) }, NULL, true,
	    "self-signed certificate", false },
};

static size_t
write_record(const struct published *published, const X509 *of,
    unsigned char record[RECORD_BYTES])
{
	unsigned char *der = NULL;
	const EVP_MD *digest = published->matching == 2 ? EVP_sha512() :
	    EVP_sha256();
	unsigned size = 0;
	int len = published->selector == 0 ? i2d_X509(of, &der) :
	    i2d_X509_PUBKEY(X509_get_X509_PUBKEY(of), &der);

	ck_assert_int_gt(len, 0);
	ck_assert_int_lt(len, RECORD_BYTES - 3);
	record[0] = published->usage;
	record[1] = published->selector;
	record[2] = published->matching;
	memcpy(record + 3, der, (size_t)len);
	if (published->matching != 0) {
		ck_assert_int_eq(EVP_Digest(der, (size_t)len, record + 3,
		    &size, digest, NULL), 1);
		len = (int)size;
	}
	OPENSSL_free(der);
	return published->of == TORN ? 9 : (size_t)len + 3;
}

/* What the row publishes; how many. */
static size_t
publish(const struct scene *scene, int row,
    unsigned char bytes[RECORDS_MOST][RECORD_BYTES],
    struct slice records[RECORDS_MOST])
{
	struct authority stranger = authority_new("Stranger");
	const struct published *published = certificates[row].published;
	size_t count = 0;

	for (; count < RECORDS_MOST && published[count].of != NOBODY;
	    count++) {
		enum of of = published[count].of;

		records[count] = slice_of((char *)bytes[count],
		    write_record(&published[count], of == STRANGER ?
		    stranger.certificate : of == AUTHORITY ?
		    scene->authority.certificate :
		    SSL_CTX_get0_certificate(scene->tls), bytes[count]));
	}
	authority_free(&stranger);
	return count;
}

static void
open_server(struct scene *scene, int row)
{
	scene->tls = server_context(certificates[row].by_itself ? NULL :
	    &scene->authority, certificates[row].name,
	    certificates[row].from_day, certificates[row].to_day);
	if (!certificates[row].by_itself)
		ck_assert_int_eq((int)SSL_CTX_add1_chain_cert(scene->tls,
		    scene->authority.certificate), 1);
}

/* RFC 7671, RFC 7672 3 */
START_TEST(a_certificate_passes_when_it_is_one_that_was_published)
{
	for (int tls = TALK_STARTTLS; tls <= TALK_IMPLICIT; tls++) {
		unsigned char bytes[RECORDS_MOST][RECORD_BYTES];
		struct slice records[RECORDS_MOST];
		struct talk_dane dane = { .records = records,
		    .also = certificates[_i].also,
		    .or_trusted = certificates[_i].or_trusted };
		struct scene scene;

		scene_open(&scene);
		open_server(&scene, _i);
		dane.count = publish(&scene, _i, bytes, records);
		scene.options.tls = (enum talk_tls)tls;
		scene.options.login = TALK_LOGIN_PLAIN;
		scene.options.dane = &dane;
		scene_call_until(&scene, tls == TALK_IMPLICIT ? over_tls :
		    over_stls);
		if (certificates[_i].fault == NULL)
			ck_assert_msg(scene.caller.opened == 1, "%s",
			    scene.caller.words);
		else
			FAILS_WITH(scene, TALK_DISTRUSTED,
			    certificates[_i].fault);
		ck_assert_str_eq(talk_tls_words(scene.caller.talk),
		    certificates[_i].is_proved ?
		    "TLSv1.3 TLS_AES_256_GCM_SHA384, DANE" :
		    "TLSv1.3 TLS_AES_256_GCM_SHA384");
		scene_close(&scene);
		ck_assert(provider_has_heard(&scene.provider, "AUTH") ==
		    (certificates[_i].fault == NULL));
	}
}
END_TEST

static const struct step no_stls[] = {
	GREET, CAPA("SASL PLAIN\r\n"), WAIT, HANG_UP
};

START_TEST(who_has_published_one_is_not_spoken_with_in_clear)
{
	const struct slice record = slice_str("\1\1\1 of no use");
	const struct talk_dane dane = { .records = &record, .count = 1 };
	struct scene scene;

	scene_open(&scene);
	scene.options.dane = &dane;
	scene.options.tls = TALK_STARTTLS;
	scene.options.login = TALK_LOGIN_PLAIN;
	scene_call_until(&scene, no_stls);
	FAILS_WITH(scene, TALK_NO_TLS, "");
	scene_close(&scene);
	ck_assert(!provider_has_heard(&scene.provider, "AUTH"));
}
END_TEST

START_TEST(it_is_not_for_whoever_takes_any)
{
	const struct talk_dane dane = { .count = 0 };
	unsigned char pin[TALK_PRINT_BYTES] = { 0 };
	struct talk_session session = { .len = 0 };
	struct talk_events events;
	struct scene scene;

	scene_open(&scene);
	events = events_of(&scene.caller);
	scene.options.dane = &dane;
	scene.options.port = 1;
	scene.options.tls = _i == 0 ? TALK_MAYBE : TALK_STARTTLS;
	scene.options.pin = _i == 1 ? pin : NULL;
	scene.options.session = _i == 2 ? &session : NULL;
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), -EINVAL);
	scene_close(&scene);
}
END_TEST

START_TEST(what_was_published_has_a_name_of_its_own)
{
	const struct slice two[] = { SLICE("ab"), SLICE("c") };
	const struct slice other[] = { SLICE("a"), SLICE("bc") };
	const struct talk_dane danes[] = {
		{ .count = 0 }, { .records = two, .count = 1 },
		{ .records = two, .count = 2 },
		{ .records = other, .count = 2 },
		{ .records = two, .count = 2, .also = "far.test" },
		{ .records = two, .count = 2, .or_trusted = true },
	};
	unsigned char prints[6][TALK_PRINT_BYTES], none[TALK_PRINT_BYTES];
	static const unsigned char zeros[TALK_PRINT_BYTES];

	talk_dane_print(NULL, none);
	ck_assert_mem_eq(none, zeros, sizeof(none));
	for (int i = 0; i < 6; i++) {
		talk_dane_print(&danes[i], prints[i]);
		ck_assert_mem_ne(prints[i], none, TALK_PRINT_BYTES);
		for (int j = 0; j < i; j++)
			ck_assert_mem_ne(prints[i], prints[j],
			    TALK_PRINT_BYTES);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk_dane");
	TCase *test = tcase_create("talk_dane");

	tcase_set_timeout(test, 120);
	tcase_add_loop_test(test,
	    a_certificate_passes_when_it_is_one_that_was_published, 0,
	    ROWS(certificates));
	tcase_add_test(test,
	    who_has_published_one_is_not_spoken_with_in_clear);
	tcase_add_loop_test(test, it_is_not_for_whoever_takes_any, 0, 3);
	tcase_add_test(test, what_was_published_has_a_name_of_its_own);
	suite_add_tcase(suite, test);
	return suite;
}
