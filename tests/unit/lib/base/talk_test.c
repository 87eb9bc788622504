/*
 * talk_test.c - how an outgoing conversation begins, and why it does not
 */
#include <errno.h>
#include <signal.h>

#include "tests/unit/lib/base/talk_scene.h"

static const struct step login_plain[] = {
	GREET, CAPA("SASL DIGEST-MD5 LOGIN PLAIN\r\n"),
	HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"), WELCOME, WAIT, HANG_UP
};
static const struct step login_login[] = {
	GREET, CAPA("SASL CRAM-MD5 LOGIN PLAIN\r\n"),
	HEAR("AUTH LOGIN YW5u\r\n"), SAY_IT("+ UGFzc3dvcmQ6\r\n"),
	HEAR("c2VjcmV0\r\n"), WELCOME, WAIT, HANG_UP
};
static const struct step login_cram[] = {
	GREET, CAPA("SASL DIGEST-MD5 PLAIN CRAM-MD5\r\n"),
	HEAR("AUTH CRAM-MD5\r\n"), SAY_IT("+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZm"
	    "ZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"),
	HEAR("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"),
	WELCOME, WAIT, HANG_UP
};
static const struct step login_apop[] = {
	GREET, CAPA("USER\r\n"),
	HEAR("APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"), WELCOME,
	WAIT, HANG_UP
};

static const struct {
	enum talk_login	 login;
	const struct step *script;
	const char	*user, *password;
} logins[] = {
	{ TALK_LOGIN_PLAIN,	login_plain, "ann", "secret" },
	{ TALK_LOGIN_LOGIN,	login_login, "ann", "secret" },
	/* RFC 2195 2, RFC 1939 7: their own examples */
	{ TALK_LOGIN_CRAM_MD5,	login_cram, "tim", "tanstaaftanstaaf" },
	{ TALK_LOGIN_APOP,	login_apop, "mrose", "tanstaaf" },
};

START_TEST(each_way_of_logging_in_says_what_its_rfc_has)
{
	struct scene scene;

	scene_open(&scene);
	scene.options.login = logins[_i].login;
	scene.options.user = logins[_i].user;
	scene.options.password = logins[_i].password;
	scene_call_until(&scene, logins[_i].script);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	ck_assert_str_eq(talk_peer(scene.caller.talk), "127.0.0.1");
	ck_assert_str_eq(talk_tls_words(scene.caller.talk), "");
	scene_close(&scene);
	ck_assert_ptr_null(scene.provider.astray);
}
END_TEST

START_TEST(without_a_login_it_opens_behind_the_capabilities)
{
	struct scene scene;
	unsigned char print[TALK_PRINT_BYTES];

	scene_open(&scene);
	scene_call_until(&scene, plain_opened);
	ck_assert_uint_eq(scene.caller.opened, 1);
	ck_assert_uint_eq(scene.caller.lines, 6);
	ck_assert_str_eq(scene.caller.first_line,
	    "+OK ready <1896.697170952@dbc.mtview.ca.us>");
	ck_assert(!talk_print(scene.caller.talk, print));
	ck_assert_int_eq(talk_write(scene.caller.talk, slice_str("STAT\r\n")),
	    0);
	ck_assert_uint_eq(talk_waiting(scene.caller.talk), 6);
	TURN_UNTIL(scene.loop, scene.caller.read_bytes == 9);
	ck_assert_str_eq(scene.caller.text, "+OK 1 2\r\n");
	ck_assert_uint_eq(scene.caller.drained, 1);
	ck_assert_uint_eq(talk_waiting(scene.caller.talk), 0);
	scene_close(&scene);
	/* no QUIT that nobody asked for */
	ck_assert(slice_is_str(slice_of(scene.provider.heard,
	    scene.provider.heard_bytes), "CAPA\r\nSTAT\r\n"));
}
END_TEST

static const struct step no_capa[] = {
	GREET, HEAR("CAPA\r\n"), SAY_IT("-ERR what?\r\n"), WAIT, HANG_UP
};

/* RFC 1939 knows no CAPA: USER and PASS work there all the same */
START_TEST(a_server_without_capa_is_open_too)
{
	struct scene scene;

	scene_open(&scene);
	scene_call_until(&scene, no_capa);
	ck_assert_uint_eq(scene.caller.opened, 1);
	scene_close(&scene);
}
END_TEST

static const struct step refused[] = {
	GREET, CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN"),
	SAY_IT("-ERR [AUTH] wrong\tpassword, \xc3\xa9\r\n"), WAIT, HANG_UP
};
static const struct step no_mechanism[] = {
	GREET, CAPA("USER\r\nSASL LOGIN\r\n"), WAIT, HANG_UP
};
static const struct step no_stamp[] = {
	SAY_IT("+OK ready\r\n"), CAPA("USER\r\n"), WAIT, HANG_UP
};
static const struct step no_stls[] = {
	GREET, CAPA("USER\r\nSASL PLAIN\r\n"), WAIT, HANG_UP
};
static const struct step stls_refused[] = {
	GREET, CAPA("STLS\r\nSASL PLAIN\r\n"), HEAR("STLS\r\n"),
	SAY_IT("-ERR not now\r\n"), WAIT, HANG_UP
};
/* HARDENING A21: CVE-2021-22947 */
static const struct step stls_injected[] = {
	GREET, CAPA("STLS\r\nSASL PLAIN\r\n"), HEAR("STLS\r\n"),
	SAY_IT("+OK begin\r\n+OK logged in, send the list\r\n"), SHAKE,
	WAIT, HANG_UP
};
static const struct step hung_up[] = { GREET, HANG_UP };
static const struct step hung_up_at_once[] = { HANG_UP };
static const struct step hung_up_in_login[] = {
	GREET, CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN"), HANG_UP
};
static const struct step sent_away[] = {
	SAY_IT("-ERR too many connections\r\n"), HANG_UP
};
static const struct step not_pop3[] = {
	SAY_IT("220 smtp.office.test ESMTP\r\n"), WAIT, HANG_UP
};
static const struct step clear_at_tls[] = { GREET, WAIT, HANG_UP };

static const struct {
	const struct step *script;
	enum talk_tls	 tls;
	enum talk_login	 login;
	enum talk_fault	 fault;
	const char	*words;
	bool		 may_say_secret;
} faults[] = {
	{ refused, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_LOGIN_REFUSED,
	    "-ERR [AUTH] wrong?password, ??", true },
	{ no_mechanism, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_NO_MECHANISM, "",
	    false },
	{ no_stamp, TALK_CLEAR, TALK_LOGIN_APOP, TALK_NO_MECHANISM, "",
	    false },
	{ no_stls, TALK_STARTTLS, TALK_LOGIN_PLAIN, TALK_NO_TLS, "", false },
	{ no_capa, TALK_STARTTLS, TALK_LOGIN_PLAIN, TALK_NO_TLS,
	    "-ERR what?", false },
	{ stls_refused, TALK_STARTTLS, TALK_LOGIN_PLAIN, TALK_NO_TLS,
	    "-ERR not now", false },
	{ stls_injected, TALK_STARTTLS, TALK_LOGIN_PLAIN, TALK_NONSENSE,
	    "+OK begin", false },
	{ hung_up, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_CLOSED,
	    "+OK ready <1896.697170952@dbc.mtview.ca.us>", false },
	{ hung_up_at_once, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_CLOSED, "",
	    false },
	{ hung_up_in_login, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_CLOSED,
	    "UIDL", true },
	{ sent_away, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_CLOSED,
	    "-ERR too many connections", false },
	{ not_pop3, TALK_CLEAR, TALK_LOGIN_PLAIN, TALK_NONSENSE,
	    "220 smtp.office.test ESMTP", false },
	{ clear_at_tls, TALK_IMPLICIT, TALK_LOGIN_PLAIN, TALK_TLS_FAILED,
	    "wrong version number", false },
};

/* HARDENING A21, A22 */
START_TEST(each_fault_has_its_name_and_the_servers_words)
{
	struct scene scene;

	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	scene.options.tls = faults[_i].tls;
	scene.options.login = faults[_i].login;
	scene_call_until(&scene, faults[_i].script);
	FAILS_WITH(scene, faults[_i].fault, faults[_i].words);
	scene_close(&scene);
	ck_assert(provider_has_heard(&scene.provider, "AGFubgBzZWNyZXQ=") ==
	    faults[_i].may_say_secret);
	ck_assert(provider_has_heard(&scene.provider, "AUTH") ==
	    faults[_i].may_say_secret);
	ck_assert(!provider_has_heard(&scene.provider, "secret"));
	ck_assert(!provider_has_heard(&scene.provider, "APOP"));
	ck_assert(!provider_has_heard(&scene.provider, "PASS"));
	ck_assert(!provider_has_heard(&scene.provider, "QUIT"));
}
END_TEST

static const struct step silent_later[] = {
	GREET, HEAR("CAPA\r\n"), WAIT, HANG_UP
};
/* HARDENING A24: half a handshake */
static const struct step silent_in_tls[] = {
	GREET, CAPA("STLS\r\n"), HEAR("STLS\r\n"), SAY_IT("+OK\r\n"), WAIT,
	HANG_UP
};

static const struct {
	const struct step *script;
	enum talk_tls	 tls;
	const char	*words;
} silences[] = {
	{ silent, TALK_CLEAR, "" },
	{ silent, TALK_IMPLICIT, "" },
	{ silent_later, TALK_CLEAR,
	    "+OK ready <1896.697170952@dbc.mtview.ca.us>" },
	{ silent_in_tls, TALK_STARTTLS, "+OK" },
};

START_TEST(silence_ends_at_the_deadline)
{
	struct scene scene;
	uint64_t begin = clock_ms();

	scene_open(&scene);
	scene.options.tls = silences[_i].tls;
	scene.options.connect_ms = 100;
	scene.options.open_ms = 400;
	scene_call_until(&scene, silences[_i].script);
	FAILS_WITH(scene, TALK_TIMED_OUT, silences[_i].words);
	ck_assert_uint_ge(clock_ms() - begin, 400);
	ck_assert_uint_lt(clock_ms() - begin, 30000);	/* of a busy machine */
	/* nothing more is said to it, freed or not */
	TURN_UNTIL(scene.loop, scene.provider.is_done);
	scene_close(&scene);
}
END_TEST

static const struct step greet_a_mebibyte[] = {
	SAY_IT("+OK "), FLOOD(1u << 20), WAIT, HANG_UP
};
static const struct step greet_and_go_on[] = {
	SAY_IT("+OK "), FLOOD(1u << 20), SAY_IT("\r\n"), CAPA("USER\r\n"),
	WAIT, HANG_UP
};

/* It is cut short, not kept. */
START_TEST(a_greeting_of_a_mebibyte_costs_no_memory)
{
	struct scene scene;
	size_t before;

	scene_open(&scene);
	scene.options.open_ms = 1000;
	before = heap_bytes();
	scene_call_until(&scene, _i == 0 ? greet_a_mebibyte :
	    greet_and_go_on);
	ck_assert_uint_lt(heap_bytes(), before + 400000);
	ck_assert_uint_eq(scene.caller.failed, 1);
	ck_assert_int_eq(scene.caller.fault, TALK_NONSENSE);
	scene_close(&scene);
}
END_TEST

/* Capabilities without end. */
START_TEST(who_talks_too_much_before_it_is_open_talks_nonsense)
{
	static struct step script[2005];
	struct scene scene;

	script[0] = (struct step)GREET;
	script[1] = (struct step)HEAR("CAPA\r\n");
	script[2] = (struct step)SAY_IT("+OK\r\n");
	for (int i = 3; i < 2003; i++)
		script[i] = (struct step)SAY_IT(
		    "ONE-CAPABILITY-AFTER-THE-OTHER-WITHOUT-END\r\n");
	script[2003] = (struct step)WAIT;
	scene_open(&scene);
	scene_call_until(&scene, script);
	ck_assert_uint_eq(scene.caller.failed, 1);
	ck_assert_int_eq(scene.caller.fault, TALK_NONSENSE);
	scene_close(&scene);
}
END_TEST

#define GOOD	.scheme = "pop3", .host = HOST, .port = 110, .connect_ms = 1, \
		.addresses = "127.0.0.1", .open_ms = 1, .user = "ann", \
		.password = "x", .login = TALK_LOGIN_PLAIN

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
static const struct talk_options unfit[] = {
	{ GOOD, .scheme = "file" },
	{ GOOD, .scheme = "pop3://x/" },
	{ GOOD, .host = "" },
	{ GOOD, .host = "pop.test/x" },
	{ GOOD, .host = "pop.test\r\nQUIT" },
	{ GOOD, .host = "user@pop.test" },
	{ GOOD, .host = "1.2.3" },
	{ GOOD, .port = 0 },
	{ GOOD, .addresses = "" },
	{ GOOD, .addresses = "pop.test" },
	{ GOOD, .addresses = "127.0.0.1," },
	{ GOOD, .addresses = "127.0.0.1,+x" },
	{ GOOD, .user = "" },
	{ GOOD, .user = NULL },
	{ GOOD, .user = "a\r\nDELE 1" },
	{ GOOD, .password = "a\nb" },
	{ GOOD, .password = NULL },
	{ GOOD, .open_ms = 0 },
	{ GOOD, .connect_ms = 0 },
};
#pragma GCC diagnostic pop

/* HARDENING A56: CVE-2012-0036 */
START_TEST(what_could_be_taken_for_a_command_is_refused)
{
	const struct talk_options good = { GOOD };
	struct scene scene;
	struct talk_events events;

	scene_open(&scene);
	events = events_of(&scene.caller);
	ck_assert_int_eq(talk_open(scene.hall, &unfit[_i], &events,
	    &scene.caller.talk), -EINVAL);
	ck_assert_ptr_null(scene.caller.talk);
	ck_assert_int_eq(talk_open(scene.hall, &good, &events,
	    &scene.caller.talk), 0);
	scene_close(&scene);
}
END_TEST

/* Whether the heap, in use or not, holds these words. */
static bool
heap_has(const char *words)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from = 0, to = 0;
	char line[512];
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[heap]") != NULL && sscanf(line, "%lx-%lx",
		    &from, &to) == 2)
			found = found || memmem((const void *)from, to - from,
			    words, strlen(words)) != NULL;
	(void)fclose(maps);
	ck_assert_uint_gt(to, from);
	return found;
}

/* HARDENING A55 */
START_TEST(a_password_is_wiped_with_its_conversation)
{
	struct scene scene;

	if (!HEAP_IS_KNOWN)
		return;
	scene_open(&scene);
	scene.options.login = TALK_LOGIN_PLAIN;
	scene.options.password = "kanari-4711";
	scene_call_until(&scene, refused);
	ck_assert_int_eq(scene.caller.fault, TALK_LOGIN_REFUSED);
	ck_assert(heap_has("kanari-4711"));
	talk_free(scene.caller.talk);
	scene.caller.talk = NULL;
	ck_assert(!heap_has("kanari-4711"));
	/* nor as it was sent */
	ck_assert(!heap_has("AGFubgBrYW5hcmktNDcxMQ"));
	scene_close(&scene);
	ck_assert(provider_has_heard(&scene.provider,
	    "AGFubgBrYW5hcmktNDcxMQ"));
}
END_TEST

/* A user's shell must not send his mail elsewhere. */
START_TEST(nothing_is_taken_from_the_environment)
{
	struct scene scene;

	ck_assert_int_eq(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("pop3_proxy", "http://127.0.0.1:1", 1), 0);
	scene_open(&scene);
	scene_call_until(&scene, plain_opened);
	ck_assert_uint_eq(scene.caller.opened, 1);
	scene_close(&scene);
	(void)unsetenv("all_proxy");
	(void)unsetenv("pop3_proxy");
}
END_TEST

static void
add_beginnings(TCase *test)
{
	tcase_add_loop_test(test,
	    each_way_of_logging_in_says_what_its_rfc_has, 0, ROWS(logins));
	tcase_add_test(test,
	    without_a_login_it_opens_behind_the_capabilities);
	tcase_add_test(test, a_server_without_capa_is_open_too);
	tcase_add_loop_test(test,
	    each_fault_has_its_name_and_the_servers_words, 0, ROWS(faults));
	tcase_add_loop_test(test, silence_ends_at_the_deadline, 0,
	    ROWS(silences));
	tcase_add_loop_test(test, a_greeting_of_a_mebibyte_costs_no_memory, 0,
	    2);
	tcase_add_test(test,
	    who_talks_too_much_before_it_is_open_talks_nonsense);
	tcase_add_loop_test(test, what_could_be_taken_for_a_command_is_refused,
	    0, ROWS(unfit));
	tcase_add_test(test, a_password_is_wiped_with_its_conversation);
	tcase_add_test(test, nothing_is_taken_from_the_environment);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk");
	TCase *begin = tcase_create("begin");

	(void)signal(SIGPIPE, SIG_IGN);
	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(begin, 30);
	add_beginnings(begin);
	suite_add_tcase(suite, begin);
	return suite;
}
