/*
 * talk_tls_test.c - whom an outgoing conversation trusts
 */
#include <signal.h>

#include "tests/unit/lib/base/talk_scene.h"

static const struct step over_tls[] = {
	SHAKE, GREET, CAPA("SASL PLAIN\r\n"),
	HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"), WELCOME, WAIT, HANG_UP
};

enum signer { BY_US, BY_ITSELF, BY_STRANGER };
enum pin { NO_PIN, PIN_RIGHT, PIN_WRONG };

static const struct {
	const char	*host;		/* that is called */
	const char	*name;		/* that the certificate has */
	enum signer	 by;
	int		 from_day, to_day;
	enum pin	 pin;
	const char	*fault;		/* NULL: trusted */
} certificates[] = {
	{ HOST, HOST, BY_US, -1, 1, NO_PIN, NULL },
	{ "pop.office.test.", HOST, BY_US, -1, 1, NO_PIN, NULL },
	{ "POP.Office.test", HOST, BY_US, -1, 1, NO_PIN, NULL },
	{ HOST, "*.office.test", BY_US, -1, 1, NO_PIN, NULL },
	{ "127.0.0.1", "127.0.0.1", BY_US, -1, 1, NO_PIN, NULL },
	{ "127.0.0.1", "127.0.0.2", BY_US, -1, 1, NO_PIN,
	    "IP address mismatch" },
	{ HOST, "other.office.test", BY_US, -1, 1, NO_PIN,
	    "hostname mismatch" },
	{ HOST, "*.test", BY_US, -1, 1, NO_PIN, "hostname mismatch" },
	{ HOST, "p*.office.test", BY_US, -1, 1, NO_PIN, "hostname mismatch" },
	{ HOST, HOST, BY_US, -9, -1, NO_PIN, "certificate has expired" },
	{ HOST, HOST, BY_US, 1, 9, NO_PIN, "certificate is not yet valid" },
	{ HOST, HOST, BY_ITSELF, -1, 1, NO_PIN, "self-signed certificate" },
	{ HOST, HOST, BY_STRANGER, -1, 1, NO_PIN,
	    "unable to get local issuer certificate" },
	{ HOST, HOST, BY_ITSELF, -1, 1, PIN_RIGHT, NULL },
	{ HOST, "other.office.test", BY_STRANGER, -9, -1, PIN_RIGHT, NULL },
	{ HOST, HOST, BY_US, -1, 1, PIN_WRONG,
	    "not the certificate that was pinned" },
};

static SSL_CTX *
server_signed(const struct scene *scene, int row)
{
	struct authority stranger = authority_new("Stranger");
	const struct authority *by[] = {
		[BY_US] = &scene->authority, [BY_ITSELF] = NULL,
		[BY_STRANGER] = &stranger,
	};
	SSL_CTX *context = server_context(by[certificates[row].by],
	    certificates[row].name, certificates[row].from_day,
	    certificates[row].to_day);

	authority_free(&stranger);
	return context;
}

static void
check_certificate(struct scene *scene, int row)
{
	unsigned char pin[TALK_PRINT_BYTES], print[TALK_PRINT_BYTES];

	scene->tls = server_signed(scene, row);
	server_print(scene->tls, pin);
	if (certificates[row].pin == PIN_WRONG)
		pin[31] ^= 1;
	if (certificates[row].pin != NO_PIN)
		scene->options.pin = pin;
	scene->options.host = certificates[row].host;
	scene->options.login = TALK_LOGIN_PLAIN;
	scene_call_until(scene, scene->options.tls == TALK_IMPLICIT ?
	    over_tls : over_stls);
	/* whatever came of it, the owner can be shown what to pin */
	server_print(scene->tls, pin);
	ck_assert(talk_print(scene->caller.talk, print));
	ck_assert_mem_eq(print, pin, TALK_PRINT_BYTES);
	ck_assert_str_eq(talk_tls_words(scene->caller.talk),
	    "TLSv1.3 TLS_AES_256_GCM_SHA384");
}

/* HARDENING A25 */
START_TEST(a_certificate_is_trusted_only_when_everything_is_right)
{
	for (int tls = TALK_STARTTLS; tls <= TALK_IMPLICIT; tls++) {
		struct scene scene;

		scene_open(&scene);
		scene.options.tls = (enum talk_tls)tls;
		check_certificate(&scene, _i);
		if (certificates[_i].fault == NULL)
			ck_assert_msg(scene.caller.opened == 1, "%s",
			    scene.caller.words);
		else
			FAILS_WITH(scene, TALK_DISTRUSTED,
			    certificates[_i].fault);
		scene_close(&scene);
		ck_assert(provider_has_heard(&scene.provider, "AUTH") ==
		    (certificates[_i].fault == NULL));
	}
}
END_TEST

static const struct {
	long	version;
	bool	is_good;
	const char *words;
} versions[] = {
	{ TLS1_1_VERSION, false, "" },
	{ TLS1_2_VERSION, true, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384" },
	{ TLS1_3_VERSION, true, "TLSv1.3 TLS_AES_256_GCM_SHA384" },
};

/* RFC 8996 */
START_TEST(tls_below_1_2_is_not_spoken)
{
	struct scene scene;

	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	SSL_CTX_set_security_level(scene.tls, 0);
	(void)SSL_CTX_set_min_proto_version(scene.tls, TLS1_VERSION);
	(void)SSL_CTX_set_max_proto_version(scene.tls,
	    (int)versions[_i].version);
	scene.options.tls = TALK_IMPLICIT;
	scene.options.login = TALK_LOGIN_PLAIN;
	scene_call_until(&scene, over_tls);
	ck_assert_uint_eq(scene.caller.opened, versions[_i].is_good);
	if (!versions[_i].is_good)
		ck_assert_int_eq(scene.caller.fault, TALK_TLS_FAILED);
	ck_assert_str_eq(talk_tls_words(scene.caller.talk),
	    versions[_i].words);
	scene_close(&scene);
}
END_TEST

START_TEST(trust_that_cannot_be_read_is_no_trust)
{
	static const char *const bad[] = {
		"no PEM at all", "-----BEGIN CERTIFICATE-----\nAAAA\n"
		"-----END CERTIFICATE-----\n",
	};
	struct loop *loop = loop_new();
	struct talk_hall *hall;
	const char *fault = NULL;

	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(talk_hall_new(loop, slice_str(bad[i]),
		    &fault));
		ck_assert_ptr_nonnull(fault);
	}
	hall = talk_hall_new(loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(hall);
	ck_assert_ptr_null(fault);
	talk_hall_free(hall);
	talk_hall_free(NULL);
	loop_free(loop);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk tls");
	TCase *tls = tcase_create("tls");

	(void)signal(SIGPIPE, SIG_IGN);
	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(tls, 30);
	tcase_add_loop_test(tls,
	    a_certificate_is_trusted_only_when_everything_is_right, 0,
	    ROWS(certificates));
	tcase_add_loop_test(tls, tls_below_1_2_is_not_spoken, 0,
	    ROWS(versions));
	tcase_add_test(tls, trust_that_cannot_be_read_is_no_trust);
	suite_add_tcase(suite, tls);
	return suite;
}
