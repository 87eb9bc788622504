/*
 * talk_session_test.c - a TLS session is resumed with whom was judged, no longer
 *
 * RFC 8446 2.2, RFC 5077; HARDENING A23, A25.
 */
#include <signal.h>

#include "lib/base/pack.h"
#include "tests/unit/lib/base/talk_scene.h"

#define BOND_BYTES	32	/* of a kept session; then the time: */
#define HEAD_BYTES	(BOND_BYTES + 8)
#define DAY_MS		((int64_t)TALK_SESSION_MOST_MS)

static const struct step over_tls[] = {
	SHAKE, GREET, CAPA("SASL PLAIN\r\n"),
	HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"), WELCOME, WAIT, HANG_UP
};
static const struct step no_tls[] = {
	SAY_IT("this is no TLS at all\r\n"), HANG_UP
};
static const struct step no_greeting[] = { SHAKE, HANG_UP };

/* One server, called again and again. */
struct repeated {
	struct scene	 scene;
	struct talk_session session;
	uint64_t	 bytes;		/* that the last call has carried */
};

static void
repeated_open(struct repeated *repeated, enum talk_tls tls)
{
	memset(repeated, 0, sizeof(*repeated));
	scene_open(&repeated->scene);
	repeated->scene.options.tls = tls;
	repeated->scene.options.login = TALK_LOGIN_PLAIN;
	repeated->scene.options.session = &repeated->session;
	repeated->scene.tls = server_context(&repeated->scene.authority, HOST,
	    -1, 1);
}

/* Call it, until it is open or has failed; another call may follow. */
static void
call(struct repeated *repeated, const struct step *script)
{
	struct scene *scene = &repeated->scene;
	struct talk_events events = events_of(&scene->caller);
	struct talk_counts counts = { 0 };

	talk_free(scene->caller.talk);
	memset(&scene->caller, 0, sizeof(scene->caller));
	if (scene->provider.script == NULL) {
		provider_open(&scene->provider, AF_INET, script, scene->tls);
	} else {
		provider_close(&scene->provider);
		provider_open_again(&scene->provider, script, scene->tls);
	}
	scene->options.port = scene->provider.port;
	scene->options.counts = &counts;
	ck_assert_int_eq(talk_open(scene->hall, &scene->options, &events,
	    &scene->caller.talk), 0);
	TURN_UNTIL(scene->loop, scene->caller.opened +
	    scene->caller.failed > 0);
	repeated->bytes = 0;
	if (scene->caller.opened == 1) {
		bool resumed = talk_is_resumed(scene->caller.talk);
		unsigned char print[TALK_PRINT_BYTES], right[TALK_PRINT_BYTES];

		/* whoever was resumed is known as well */
		ck_assert(talk_print(scene->caller.talk, print));
		server_print(scene->tls, right);
		ck_assert_mem_eq(print, right, TALK_PRINT_BYTES);
		ck_assert_int_eq(strncmp(talk_tls_words(scene->caller.talk),
		    "TLSv1.", 6), 0);
		talk_free(scene->caller.talk);
		repeated->bytes = counts.bytes[TALK_CAUSE_SESSION].received;
		scene->caller.talk = NULL;
		scene->caller.is_wrong = !resumed;
	}
	scene->options.counts = NULL;
}

static bool
opens(struct repeated *repeated)
{
	call(repeated, repeated->scene.options.tls == TALK_IMPLICIT ?
	    over_tls : over_stls);
	ck_assert_msg(repeated->scene.caller.opened == 1, "%s",
	    repeated->scene.caller.words);
	return true;
}

/* It opens, and was resumed. */
static bool
resumes(struct repeated *repeated)
{
	return opens(repeated) && !repeated->scene.caller.is_wrong;
}

static int64_t
judged_at(const struct repeated *repeated)
{
	struct unpack u = unpack_of(slice_of((const char *)
	    repeated->session.bytes + BOND_BYTES, 8));

	return unpack_i64(&u);
}

static void
judge_at(struct repeated *repeated, int64_t utc_ms)
{
	TEXT_AUTO time = TEXT_INIT(8);

	pack_i64(&time, utc_ms);
	memcpy(repeated->session.bytes + BOND_BYTES, time.at, 8);
}

static const struct {
	enum talk_tls	tls;
	int		version;
} kinds[] = {
	{ TALK_STARTTLS, TLS1_3_VERSION }, { TALK_IMPLICIT, TLS1_3_VERSION },
	{ TALK_STARTTLS, TLS1_2_VERSION }, { TALK_IMPLICIT, TLS1_2_VERSION },
};

START_TEST(the_second_conversation_is_shown_no_certificate)
{
	struct repeated repeated;
	uint64_t whole;

	repeated_open(&repeated, kinds[_i].tls);
	(void)SSL_CTX_set_max_proto_version(repeated.scene.tls,
	    kinds[_i].version);
	ck_assert(!resumes(&repeated));
	whole = repeated.bytes;
	ck_assert_uint_gt(repeated.session.len, 0);
	ck_assert(repeated.session.is_new);
	for (int i = 0; i < 3; i++) {
		ck_assert(resumes(&repeated));
		/* the certificate of the test alone has more than these */
		ck_assert_uint_lt(repeated.bytes + 300, whole);
	}
	scene_close(&repeated.scene);
}
END_TEST

START_TEST(who_gives_no_session_resumes_none)
{
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	repeated.scene.options.session = NULL;
	ck_assert(!resumes(&repeated));
	ck_assert(!resumes(&repeated));
	ck_assert_uint_eq(repeated.session.len, 0);
	scene_close(&repeated.scene);
}
END_TEST

/* In between something that was judged by becomes another. */
enum change { NOTHING, PINNED, UNPINNED, OTHER_PIN, OTHER_HOST, OTHER_TRUST,
    OTHER_KIND, A_DAY_AGO, TO_COME, TORN, SHORT, EMPTY };

static const struct {
	enum change	change;
	bool		opens;		/* with all certificates, or not at all */
} changes[] = {
	{ PINNED, true }, { UNPINNED, true }, { OTHER_PIN, false },
	{ OTHER_HOST, false }, { OTHER_TRUST, true }, { OTHER_KIND, true },
	{ A_DAY_AGO, true }, { TO_COME, true }, { TORN, true },
	{ SHORT, true }, { EMPTY, true },
};

/* Trust one more than before: the old one is still good. */
static void
trust_another(struct scene *scene)
{
	struct authority other = authority_new("Another authority");
	char *pems[] = { authority_pem(&scene->authority),
	    authority_pem(&other) }, both[8192];
	const char *fault;

	(void)snprintf(both, sizeof(both), "%s%s", pems[0], pems[1]);
	talk_free(scene->caller.talk);
	scene->caller.talk = NULL;
	talk_hall_free(scene->hall);
	scene->hall = talk_hall_new(scene->loop, slice_str(both), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	free(pems[0]);
	free(pems[1]);
	authority_free(&other);
}

static void
change(struct repeated *repeated, enum change change, unsigned char *pin)
{
	struct talk_session *kept = &repeated->session;
	struct talk_options *options = &repeated->scene.options;

	if (change == PINNED)
		options->pin = pin;
	else if (change == UNPINNED)
		options->pin = NULL;
	else if (change == OTHER_PIN)
		pin[31] ^= 1;
	else if (change == OTHER_HOST)
		options->host = "other.office.test";
	else if (change == OTHER_TRUST)
		trust_another(&repeated->scene);
	else if (change == OTHER_KIND)
		options->tls = TALK_STARTTLS;
	else if (change == A_DAY_AGO)
		judge_at(repeated, judged_at(repeated) - DAY_MS);
	else if (change == TO_COME)
		judge_at(repeated, judged_at(repeated) + 60000);
	else if (change == TORN)
		memset(kept->bytes + HEAD_BYTES, 0x30, 64);
	else if (change == SHORT)
		kept->len = HEAD_BYTES - 1;
	else if (change == EMPTY)
		kept->len = HEAD_BYTES;
}

START_TEST(what_it_was_judged_by_is_the_same_or_it_is_judged_anew)
{
	unsigned char pin[TALK_PRINT_BYTES];
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	server_print(repeated.scene.tls, pin);
	if (changes[_i].change == UNPINNED || changes[_i].change == OTHER_PIN)
		repeated.scene.options.pin = pin;
	ck_assert(!resumes(&repeated));
	ck_assert(resumes(&repeated));
	change(&repeated, changes[_i].change, pin);
	if (changes[_i].opens) {
		ck_assert(!resumes(&repeated));
		/* and what came of that is good again */
		ck_assert(resumes(&repeated));
	} else {
		call(&repeated, over_tls);
		ck_assert_uint_eq(repeated.scene.caller.failed, 1);
		ck_assert_int_eq(repeated.scene.caller.fault,
		    TALK_DISTRUSTED);
	}
	scene_close(&repeated.scene);
}
END_TEST

/* Else one certificate would do for ever. */
START_TEST(who_resumes_inherits_the_time_of_the_judgement)
{
	struct repeated repeated;
	int64_t long_ago;

	repeated_open(&repeated, TALK_IMPLICIT);
	ck_assert(!resumes(&repeated));
	long_ago = judged_at(&repeated) - DAY_MS + 60000;
	judge_at(&repeated, long_ago);
	repeated.session.is_new = false;
	ck_assert(resumes(&repeated));
	ck_assert(repeated.session.is_new);
	ck_assert_int_eq(judged_at(&repeated), long_ago);
	judge_at(&repeated, long_ago - 60000);
	ck_assert(!resumes(&repeated));
	ck_assert_int_gt(judged_at(&repeated), long_ago);
	scene_close(&repeated.scene);
}
END_TEST

/* Without a pin, which asks for that one whatever it says. */
START_TEST(a_certificate_that_has_run_out_is_not_passed_by)
{
	unsigned char bond[BOND_BYTES], pin[TALK_PRINT_BYTES];
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	ck_assert(!resumes(&repeated));
	memcpy(bond, repeated.session.bytes, BOND_BYTES);
	SSL_CTX_free(repeated.scene.tls);
	repeated.scene.tls = server_context(NULL, HOST, -9, -1);
	server_print(repeated.scene.tls, pin);
	repeated.scene.options.pin = pin;
	ck_assert(!resumes(&repeated));
	ck_assert(resumes(&repeated));
	/* as if it had been good when it was judged */
	memcpy(repeated.session.bytes, bond, BOND_BYTES);
	repeated.scene.options.pin = NULL;
	call(&repeated, over_tls);
	ck_assert_int_eq(repeated.scene.caller.fault, TALK_DISTRUSTED);
	scene_close(&repeated.scene);
}
END_TEST

/* RFC 7627 5.3 */
START_TEST(in_tls_1_2_it_takes_the_extended_master_secret)
{
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	(void)SSL_CTX_set_max_proto_version(repeated.scene.tls,
	    TLS1_2_VERSION);
	(void)SSL_CTX_set_options(repeated.scene.tls,
	    SSL_OP_NO_EXTENDED_MASTER_SECRET);
	ck_assert(!resumes(&repeated));
	ck_assert_uint_eq(repeated.session.len, 0);
	ck_assert(!resumes(&repeated));
	scene_close(&repeated.scene);
}
END_TEST

START_TEST(nothing_is_kept_of_who_is_not_trusted)
{
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	SSL_CTX_free(repeated.scene.tls);
	repeated.scene.tls = server_context(NULL, HOST, -1, 1);
	call(&repeated, over_tls);
	ck_assert_int_eq(repeated.scene.caller.fault, TALK_DISTRUSTED);
	ck_assert_uint_eq(repeated.session.len, 0);
	scene_close(&repeated.scene);
}
END_TEST

START_TEST(a_server_that_has_forgotten_it_shows_its_certificate)
{
	static unsigned char keys[80] = "keys of another life of the server";
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	ck_assert(!resumes(&repeated));
	ck_assert_int_eq(SSL_CTX_set_tlsext_ticket_keys(repeated.scene.tls,
	    keys, sizeof(keys)), 1);
	ck_assert(!resumes(&repeated));
	ck_assert(resumes(&repeated));
	scene_close(&repeated.scene);
}
END_TEST

/* In the handshake, or behind it. */
START_TEST(one_with_which_it_does_not_open_is_not_tried_again)
{
	struct repeated repeated;

	repeated_open(&repeated, TALK_IMPLICIT);
	ck_assert(!resumes(&repeated));
	repeated.session.is_new = false;
	call(&repeated, _i == 0 ? no_tls : no_greeting);
	ck_assert_uint_eq(repeated.scene.caller.failed, 1);
	ck_assert_uint_eq(repeated.session.len, 0);
	ck_assert(repeated.session.is_new);
	ck_assert(!resumes(&repeated));
	ck_assert(resumes(&repeated));
	scene_close(&repeated.scene);
}
END_TEST

START_TEST(one_that_was_not_offered_stays)
{
	struct repeated repeated;
	size_t len;

	repeated_open(&repeated, TALK_IMPLICIT);
	ck_assert(!resumes(&repeated));
	len = repeated.session.len;
	repeated.session.is_new = false;
	/* nobody is there: nothing listens at that address */
	repeated.scene.options.addresses = "127.0.0.9";
	provider_close(&repeated.scene.provider);
	repeated.scene.provider.script = NULL;
	{
		struct talk_events events = events_of(&repeated.scene.caller);

		memset(&repeated.scene.caller, 0,
		    sizeof(repeated.scene.caller));
		ck_assert_int_eq(talk_open(repeated.scene.hall,
		    &repeated.scene.options, &events,
		    &repeated.scene.caller.talk), 0);
		TURN_UNTIL(repeated.scene.loop,
		    repeated.scene.caller.failed > 0);
	}
	ck_assert_int_eq(repeated.scene.caller.fault, TALK_UNREACHABLE);
	ck_assert_uint_eq(repeated.session.len, len);
	ck_assert(!repeated.session.is_new);
	scene_close(&repeated.scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk session");
	TCase *tests = tcase_create("session");

	(void)signal(SIGPIPE, SIG_IGN);
	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(tests, 30);
	tcase_add_loop_test(tests,
	    the_second_conversation_is_shown_no_certificate, 0, ROWS(kinds));
	tcase_add_test(tests, who_gives_no_session_resumes_none);
	tcase_add_loop_test(tests,
	    what_it_was_judged_by_is_the_same_or_it_is_judged_anew, 0,
	    ROWS(changes));
	tcase_add_test(tests, who_resumes_inherits_the_time_of_the_judgement);
	tcase_add_test(tests, a_certificate_that_has_run_out_is_not_passed_by);
	tcase_add_test(tests, in_tls_1_2_it_takes_the_extended_master_secret);
	tcase_add_test(tests, nothing_is_kept_of_who_is_not_trusted);
	tcase_add_test(tests,
	    a_server_that_has_forgotten_it_shows_its_certificate);
	tcase_add_loop_test(tests,
	    one_with_which_it_does_not_open_is_not_tried_again, 0, 2);
	tcase_add_test(tests, one_that_was_not_offered_stays);
	suite_add_tcase(suite, tests);
	return suite;
}
