/*
 * talk_trust_test.c - of many certificates those are read that a chain needs
 */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/talk_inside.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

#define HOST		"pop.test"
#define AUTHORITIES	20

struct scene {
	struct authority by[AUTHORITIES];
	struct talk_trust *trust;
};

/* All are trusted but the first `without`. */
static void
scene_open(struct scene *scene, int without)
{
	TEXT_AUTO pem = TEXT_INIT(1u << 20);
	const char *fault;

	for (int i = 0; i < AUTHORITIES; i++) {
		char name[32], *one;

		(void)snprintf(name, sizeof(name), "Authority %c", 'A' + i);
		scene->by[i] = authority_new(name);
		one = authority_pem(&scene->by[i]);
		if (i >= without)
			text_add_str(&pem, one);
		free(one);
	}
	ck_assert(!text_failed(&pem));
	scene->trust = talk_trust_new(text_slice(&pem), &fault);
	ck_assert_ptr_nonnull(scene->trust);
	ck_assert_uint_eq(talk_trust_unread(scene->trust),
	    AUTHORITIES - (size_t)without);
}

static void
scene_close(struct scene *scene)
{
	for (int i = 0; i < AUTHORITIES; i++)
		authority_free(&scene->by[i]);
	talk_trust_free(scene->trust);
	talk_trust_free(NULL);
}

/* What is said of a server that `by` has signed, shown with these or none. */
static int
judged(struct scene *scene, const struct authority *by, const char *host,
    STACK_OF(X509) *others)
{
	SSL_CTX *server = server_context(by, HOST, -1, 30);
	X509_STORE_CTX *shown = X509_STORE_CTX_new();
	int error;

	ck_assert_ptr_nonnull(shown);
	ck_assert_int_eq(X509_STORE_CTX_init(shown, NULL,
	    SSL_CTX_get0_certificate(server), others), 1);
	error = talk_trust_judge(scene->trust, shown, host);
	X509_STORE_CTX_free(shown);
	SSL_CTX_free(server);
	return error;
}

START_TEST(one_certificate_is_read_for_one_chain)
{
	struct scene scene;

	scene_open(&scene, 0);
	for (unsigned times = 0; times < 2; times++) {
		ck_assert_int_eq(judged(&scene, &scene.by[7], HOST, NULL),
		    X509_V_OK);
		ck_assert_uint_eq(talk_trust_unread(scene.trust),
		    AUTHORITIES - 1);
	}
	ck_assert_int_eq(judged(&scene, &scene.by[0], HOST, NULL), X509_V_OK);
	ck_assert_uint_eq(talk_trust_unread(scene.trust), AUTHORITIES - 2);
	scene_close(&scene);
}
END_TEST

START_TEST(who_fails_is_judged_with_all_of_them)
{
	struct scene scene;

	scene_open(&scene, 1);
	ck_assert_int_eq(judged(&scene, &scene.by[0], HOST, NULL),
	    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	ck_assert_uint_eq(talk_trust_unread(scene.trust), 0);
	ck_assert_int_eq(judged(&scene, NULL, HOST, NULL),
	    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	ck_assert_int_eq(judged(&scene, &scene.by[1], "imap.test", NULL),
	    X509_V_ERR_HOSTNAME_MISMATCH);
	ck_assert_int_eq(judged(&scene, &scene.by[1], HOST, NULL), X509_V_OK);
	scene_close(&scene);
}
END_TEST

/* RFC 5280 7.1: names are compared without regard to case */
START_TEST(a_name_that_is_spelled_otherwise_is_found)
{
	struct scene scene;
	X509_NAME *name;

	scene_open(&scene, 0);
	name = X509_get_subject_name(scene.by[3].certificate);
	X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"AUTHORITY d", -1, -1, 0), 1);
	ck_assert_int_eq(judged(&scene, &scene.by[3], HOST, NULL), X509_V_OK);
	ck_assert_uint_eq(talk_trust_unread(scene.trust), 0);
	scene_close(&scene);
}
END_TEST

/* The chain ends with one that the server shows, and who signed that. */
START_TEST(the_whole_chain_says_what_is_read)
{
	struct authority between = authority_new("Between");
	STACK_OF(X509) *others = sk_X509_new_null();
	struct scene scene;

	scene_open(&scene, 0);
	(void)X509_set_issuer_name(between.certificate,
	    X509_get_subject_name(scene.by[5].certificate));
	ck_assert_int_gt(X509_sign(between.certificate, scene.by[5].key,
	    EVP_sha256()), 0);
	ck_assert_int_eq(sk_X509_push(others, between.certificate), 1);
	ck_assert_int_eq(judged(&scene, &between, HOST, others), X509_V_OK);
	ck_assert_uint_eq(talk_trust_unread(scene.trust), AUTHORITIES - 1);
	sk_X509_free(others);
	authority_free(&between);
	scene_close(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk_trust");
	TCase *test = tcase_create("trust");

	tcase_add_test(test, one_certificate_is_read_for_one_chain);
	tcase_add_test(test, who_fails_is_judged_with_all_of_them);
	tcase_add_test(test, a_name_that_is_spelled_otherwise_is_found);
	tcase_add_test(test, the_whole_chain_says_what_is_read);
	suite_add_tcase(suite, test);
	return suite;
}
