/*
 * talk_test.c - outgoing conversations, against servers that follow a script
 *
 * The servers stand on the loopback, each in a thread; what they have heard is
 * what left this host.  Long, but one thing: how a conversation begins, goes on
 * and ends, in clear and with TLS.
 */
#include "lib/base/talk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

#define HOST	"pop.office.test"

enum event { ON_NOTHING, ON_LINE, ON_OPENED, ON_READABLE, ON_DRAINED,
    ON_FAILED };

/* One conversation and what was heard of it. */
struct caller {
	struct loop	*loop;
	struct talk	*talk;
	unsigned	 lines, opened, readable, drained, failed;
	char		 first_line[64];
	enum talk_fault	 fault;
	char		 words[TALK_WORDS_MOST + 1];
	enum event	 free_on;
	bool		 freed;
	size_t		 read_bytes;	/* of the pattern, when it is one */
	size_t		 hold_every;	/* so many bytes; 0: never */
	bool		 is_wrong;	/* other bytes than the pattern's */
	bool		 is_held;
	char		 text[256];	/* the first that was read */
};

/* The hall and one conversation, as most tests need it. */
struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct authority authority;
	struct provider	 provider;
	struct talk_options options;
	struct caller	 caller;
	unsigned	 fds;
	SSL_CTX		*tls;
};

static bool
heard(struct caller *caller, enum event event)
{
	ck_assert(!caller->freed);
	if (caller->free_on != event)
		return true;
	talk_free(caller->talk);
	caller->talk = NULL;
	caller->freed = true;
	return false;
}

static void
on_line(void *arg, struct slice line)
{
	struct caller *caller = arg;

	if (caller->lines++ == 0)
		(void)snprintf(caller->first_line, sizeof(caller->first_line),
		    "%.*s", SLICE_FMT(line));
	(void)heard(caller, ON_LINE);
}

static void
on_opened(void *arg)
{
	struct caller *caller = arg;

	ck_assert_uint_eq(caller->failed, 0);
	caller->opened++;
	(void)heard(caller, ON_OPENED);
}

static void
take(struct caller *caller, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = caller->read_bytes++;

		if (at < sizeof(caller->text) - 1)
			caller->text[at] = bytes[i];
		if (bytes[i] != pattern(at))
			caller->is_wrong = true;
	}
}

static void
on_readable(void *arg)
{
	struct caller *caller = arg;
	char bytes[3000];
	size_t got = 0;
	int n;

	ck_assert_uint_eq(caller->opened, 1);
	caller->readable++;
	if (!heard(caller, ON_READABLE))
		return;
	while ((n = talk_read(caller->talk, bytes, sizeof(bytes))) > 0) {
		take(caller, bytes, (size_t)n);
		got += (size_t)n;
		if (caller->hold_every != 0 && got >= caller->hold_every) {
			talk_hold(caller->talk, true);
			caller->is_held = true;
			return;
		}
	}
	ck_assert(n == -EAGAIN || n == -ECONNRESET);
}

static void
on_drained(void *arg)
{
	struct caller *caller = arg;

	caller->drained++;
	(void)heard(caller, ON_DRAINED);
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct caller *caller = arg;

	ck_assert_uint_eq(caller->failed, 0);
	caller->failed++;
	caller->fault = fault;
	(void)snprintf(caller->words, sizeof(caller->words), "%.*s",
	    SLICE_FMT(words));
	(void)heard(caller, ON_FAILED);
}

static struct talk_events
events_of(struct caller *caller)
{
	return (struct talk_events){ caller, on_line, on_opened, on_readable,
	    on_drained, on_failed };
}

static void
scene_open(struct scene *scene)
{
	const char *fault;
	char *pem;

	memset(scene, 0, sizeof(*scene));
	scene->fds = fds_open();
	scene->loop = loop_new();
	scene->authority = authority_new("Office authority");
	pem = authority_pem(&scene->authority);
	scene->hall = talk_hall_new(scene->loop, slice_str(pem), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	free(pem);
	scene->options = (struct talk_options){
		.scheme = "pop3", .host = HOST, .addresses = "127.0.0.1",
		.user = "ann", .password = "secret", .connect_ms = 3000,
		.open_ms = 8000,
	};
}

static void
scene_call(struct scene *scene, const struct step *script)
{
	struct talk_events events = events_of(&scene->caller);

	provider_open(&scene->provider, AF_INET, script, scene->tls);
	scene->options.port = scene->provider.port;
	ck_assert_int_eq(talk_open(scene->hall, &scene->options, &events,
	    &scene->caller.talk), 0);
	ck_assert_str_eq(talk_peer(scene->caller.talk), "");
}

/* Call with TLS of that kind, until it is open or not. */
static void
scene_call_until(struct scene *scene, const struct step *script)
{
	scene_call(scene, script);
	TURN_UNTIL(scene->loop, scene->caller.opened + scene->caller.failed +
	    scene->caller.freed > 0);
}

static void
scene_close(struct scene *scene)
{
	talk_free(scene->caller.talk);
	if (scene->provider.script != NULL)
		provider_close(&scene->provider);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	authority_free(&scene->authority);
	SSL_CTX_free(scene->tls);
	ck_assert_uint_eq(fds_open(), scene->fds);
}

#define FAILS_WITH(scene, fault_, words_)				\
	do {								\
		ck_assert_uint_eq((scene).caller.opened, 0);		\
		ck_assert_uint_eq((scene).caller.failed, 1);		\
		ck_assert_int_eq((scene).caller.fault, fault_);		\
		ck_assert_str_eq((scene).caller.words, words_);		\
	} while (0)

#define GREET	SAY_IT("+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n")
#define CAPA(words) \
	HEAR("CAPA\r\n"), SAY_IT("+OK\r\n" words "TOP\r\nUIDL\r\n.\r\n")
#define WELCOME	SAY_IT("+OK 3 messages\r\n")

static const struct step plain_opened[] = {
	GREET, CAPA("USER\r\n"), HEAR("STAT\r\n"), SAY_IT("+OK 1 2\r\n"),
	WAIT, HANG_UP
};
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

static const struct step silent[] = { WAIT, HANG_UP };
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
	ck_assert_uint_lt(clock_ms() - begin, 3000);
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

static const struct step over_stls[] = {
	GREET, CAPA("STLS\r\n"), HEAR("STLS\r\n"), SAY_IT("+OK\r\n"), SHAKE,
	CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"),
	WELCOME, WAIT, HANG_UP
};
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

#define BIG	(3u << 20)

static const struct step big_clear[] = {
	GREET, CAPA(""), SINK(1u << 20), SINK(0), FLOOD(BIG), HANG_UP
};
static const struct step big_tls[] = {
	SHAKE, GREET, CAPA(""), SINK(1u << 20), FLOOD(BIG), HANG_UP
};

static void
write_pattern(struct talk *talk, size_t bytes)
{
	char *all = malloc(bytes);

	ck_assert_ptr_nonnull(all);
	for (size_t i = 0; i < bytes; i++)
		all[i] = pattern(i);
	ck_assert_int_eq(talk_write(talk, slice_of(all, bytes)), 0);
	ck_assert_int_eq(talk_write(talk, slice_of(all, 1)), -ENOBUFS);
	ck_assert_uint_eq(talk_waiting(talk), bytes);
	free(all);
}

/* Whoever reads slowly holds the other side back, and loses nothing. */
START_TEST(much_goes_both_ways_however_slowly_it_is_read)
{
	bool with_tls = _i % 2 == 1;
	struct scene scene;
	unsigned holds = 0;

	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	scene.options.tls = with_tls ? TALK_IMPLICIT : TALK_CLEAR;
	scene.caller.hold_every = _i < 2 ? 0 : 100000;
	scene_call_until(&scene, with_tls ? big_tls : big_clear);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	write_pattern(scene.caller.talk, TALK_WAITING_MOST);
	TURN_UNTIL(scene.loop, scene.caller.drained == 1);
	while (scene.caller.failed == 0) {
		unsigned calls;

		turn_ms(scene.loop, 2);
		if (!scene.caller.is_held)
			continue;
		calls = scene.caller.readable;
		turn_ms(scene.loop, 2);
		ck_assert_uint_eq(scene.caller.readable, calls);
		scene.caller.is_held = false;
		talk_hold(scene.caller.talk, false);
		holds++;
	}
	ck_assert_uint_eq(scene.caller.read_bytes, BIG);
	ck_assert(!scene.caller.is_wrong);
	ck_assert_int_eq(scene.caller.fault, TALK_CLOSED);
	if (scene.caller.hold_every != 0)
		ck_assert_uint_ge(holds, 20);
	scene_close(&scene);
	ck_assert_ptr_null(scene.provider.astray);
}
END_TEST

/* An event of each kind, each the last one there is. */
START_TEST(it_may_be_freed_in_every_handler)
{
	static const struct step chatty[] = {
		GREET, CAPA(""), HEAR("STAT"), SAY_IT("+OK\r\n"), HANG_UP
	};
	struct scene scene;

	scene_open(&scene);
	scene.caller.free_on = (enum event)_i;
	scene_call_until(&scene, chatty);
	if (scene.caller.talk != NULL) {
		ck_assert_int_eq(talk_write(scene.caller.talk,
		    slice_str("STAT\r\n")), 0);
		TURN_UNTIL(scene.loop, scene.caller.freed);
	}
	turn_ms(scene.loop, 20);
	ck_assert(scene.caller.freed);
	scene_close(&scene);
}
END_TEST

START_TEST(it_may_be_freed_at_any_time)
{
	struct scene scene;

	for (int turns = 0; turns < 12; turns++) {
		scene_open(&scene);
		scene.tls = server_context(&scene.authority, HOST, -1, 1);
		scene.options.tls = TALK_STARTTLS;
		scene.options.login = TALK_LOGIN_PLAIN;
		scene_call(&scene, over_stls);
		for (int i = 0; i < turns; i++)
			turn_ms(scene.loop, 0);
		talk_free(scene.caller.talk);
		scene.caller.talk = NULL;
		turn_ms(scene.loop, 1);
		scene_close(&scene);
	}
	talk_free(NULL);
}
END_TEST

static const struct step echo[] = {
	SHAKE, GREET, CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN"), WELCOME,
	SINK(1000), FLOOD(1000), WAIT, HANG_UP
};

START_TEST(many_talk_at_once_and_none_hears_another)
{
	enum { MANY = 20 };
	static struct provider providers[MANY];
	static struct caller callers[MANY];
	struct scene scene;
	char bytes[1000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern(i);
	memset(callers, 0, sizeof(callers));
	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	scene.options.tls = TALK_IMPLICIT;
	scene.options.login = TALK_LOGIN_PLAIN;
	for (int i = 0; i < MANY; i++) {
		struct talk_events events = events_of(&callers[i]);

		provider_open(&providers[i], AF_INET, echo, scene.tls);
		scene.options.port = providers[i].port;
		ck_assert_int_eq(talk_open(scene.hall, &scene.options,
		    &events, &callers[i].talk), 0);
	}
	for (int i = 0; i < MANY; i++) {
		TURN_UNTIL(scene.loop, callers[i].opened == 1);
		ck_assert_int_eq(talk_write(callers[i].talk,
		    slice_of(bytes, sizeof(bytes))), 0);
	}
	for (int i = 0; i < MANY; i++)
		TURN_UNTIL(scene.loop, callers[i].read_bytes == 1000);
	for (int i = 0; i < MANY; i++) {
		ck_assert(!callers[i].is_wrong);
		ck_assert_uint_eq(callers[i].failed, 0);
		talk_free(callers[i].talk);
		provider_close(&providers[i]);
		ck_assert_ptr_null(providers[i].astray);
	}
	scene_close(&scene);
}
END_TEST

/* A socket that listens but whose queue is full: nobody answers there. */
static int
black_hole(int family, uint16_t port, int *fill_out)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int hole = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(hole, 0);
	ck_assert_int_eq(bind(hole, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(hole, 0), 0);
	for (int i = 0; i < 4; i++) {
		fill_out[i] = socket(family, SOCK_STREAM | SOCK_CLOEXEC |
		    SOCK_NONBLOCK, 0);
		(void)connect(fill_out[i], (struct sockaddr *)&at,
		    sizeof(at));
	}
	usleep(20000);
	return hole;
}

/* RFC 8305 */
START_TEST(where_one_address_is_silent_another_is_tried)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;
	uint64_t begin;

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET, plain_opened, NULL);
	hole = black_hole(AF_INET6, scene.provider.port, fill);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "[::1],127.0.0.1";
	begin = clock_ms();
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.opened + scene.caller.failed > 0);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	ck_assert_uint_lt(clock_ms() - begin, 2000);
	ck_assert_uint_ge(clock_ms() - begin, 100);
	ck_assert_str_eq(talk_peer(scene.caller.talk), "127.0.0.1");
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
	scene_close(&scene);
}
END_TEST

START_TEST(an_address_in_place_of_a_name_is_called)
{
	struct scene scene;
	struct talk_events events;

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET6, plain_opened, NULL);
	scene.options.port = scene.provider.port;
	scene.options.host = _i == 0 ? "::1" : "[::1]";
	scene.options.addresses = "[::1]";
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.opened + scene.caller.failed > 0);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	ck_assert_str_eq(talk_peer(scene.caller.talk), "::1");
	scene_close(&scene);
}
END_TEST

START_TEST(where_nobody_listens_nobody_is_reached)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;

	scene_open(&scene);
	events = events_of(&scene.caller);
	hole = black_hole(AF_INET6, 0, fill);
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
	/* a port that was free a moment ago */
	provider_open(&scene.provider, AF_INET, silent, NULL);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "127.0.0.2";
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.failed > 0);
	FAILS_WITH(scene, TALK_UNREACHABLE, "Connection refused");
	scene_close(&scene);
}
END_TEST

START_TEST(who_does_not_answer_in_time_is_not_reached)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;
	uint64_t begin = clock_ms();

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET, silent, NULL);
	hole = black_hole(AF_INET6, scene.provider.port, fill);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "[::1]";
	scene.options.connect_ms = 300;
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.failed > 0);
	ck_assert_int_eq(scene.caller.fault, TALK_UNREACHABLE);
	ck_assert_uint_ge(clock_ms() - begin, 300);
	ck_assert_uint_lt(clock_ms() - begin, 3000);
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
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

#ifdef __SANITIZE_ADDRESS__
#define HEAP_IS_KNOWN	false	/* the sanitizer's own allocator */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_IS_KNOWN	false
#endif
#endif
#ifndef HEAP_IS_KNOWN
#define HEAP_IS_KNOWN	true
#endif

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

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

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
	tcase_add_test(test, where_one_address_is_silent_another_is_tried);
	tcase_add_loop_test(test, an_address_in_place_of_a_name_is_called, 0,
	    2);
	tcase_add_test(test, where_nobody_listens_nobody_is_reached);
	tcase_add_test(test, who_does_not_answer_in_time_is_not_reached);
	tcase_add_loop_test(test, what_could_be_taken_for_a_command_is_refused,
	    0, ROWS(unfit));
	tcase_add_test(test, a_password_is_wiped_with_its_conversation);
	tcase_add_test(test, nothing_is_taken_from_the_environment);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk");
	TCase *begin = tcase_create("begin"), *tls = tcase_create("tls"),
	    *bytes = tcase_create("bytes");

	(void)signal(SIGPIPE, SIG_IGN);
	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(begin, 30);
	tcase_set_timeout(tls, 30);
	tcase_set_timeout(bytes, 60);
	add_beginnings(begin);
	tcase_add_loop_test(tls,
	    a_certificate_is_trusted_only_when_everything_is_right, 0,
	    ROWS(certificates));
	tcase_add_loop_test(tls, tls_below_1_2_is_not_spoken, 0,
	    ROWS(versions));
	tcase_add_test(tls, trust_that_cannot_be_read_is_no_trust);
	tcase_add_loop_test(bytes,
	    much_goes_both_ways_however_slowly_it_is_read, 0, 4);
	tcase_add_loop_test(bytes, it_may_be_freed_in_every_handler, ON_LINE,
	    ON_FAILED + 1);
	tcase_add_test(bytes, it_may_be_freed_at_any_time);
	tcase_add_test(bytes, many_talk_at_once_and_none_hears_another);
	suite_add_tcase(suite, begin);
	suite_add_tcase(suite, tls);
	suite_add_tcase(suite, bytes);
	return suite;
}
