/*
 * role_resolver_proved_test.c - what the relay hears is proved, if it can be
 *
 * The whole role, over real channels; the zone of the name server is signed.
 */
#include <stdio.h>
#include <string.h>

#include "fetch/service.h"
#include "lib/base/names.h"
#include "tests/unit/lib/base/signed.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define TYPE_DNSKEY	48

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *relay, *judge;
static struct signed_server server;

static const struct signed_row rows[] = {
	{ "far.test", SIGNED_MX, "\0\5mx.far.test", 0, SIGNED_WELL },
	{ "forged.far.test", SIGNED_MX, "\0\5mx.far.test", 0, SIGNED_WRONG },
	{ "mx.far.test", SIGNED_A, "\177\0\0\1", 4, SIGNED_WELL },
	{ "_25._tcp.mx.far.test", SIGNED_TLSA, "\3\1\1x", 4, SIGNED_WELL },
	{ 0 }
};

/* What an answer says. */
struct heard {
	unsigned	 count;
	enum names_found found;
	bool		 is_secure;	/* or there is a base */
	uint32_t	 records;
};

static void
begin(bool has_anchor, bool strips)
{
	memset(&play, 0, sizeof(play));
	signed_open(&server, rows);
	server.strips = strips;
	(void)snprintf(play.process.config.dns_forward,
	    sizeof(play.process.config.dns_forward), "127.0.0.1@%u",
	    (unsigned)server.port);
	if (has_anchor)
		(void)snprintf(play.process.config.dns_anchor_file,
		    sizeof(play.process.config.dns_anchor_file), "%s",
		    server.anchor);
	play_begin(&play, &resolver_code);
	relay = play_peer(&play, ROLE_RELAY, 0, nothing, NULL);
	judge = play_peer(&play, ROLE_JUDGE, 1, nothing, NULL);
	play_run(&play, 10);
}

static void
end(void)
{
	ipc_free(relay);
	ipc_free(judge);
	play_run(&play, 10);
	play_end(&play);
	signed_close(&server);
}

static void
hear_routes(void *arg, int status, struct ipc_message *message)
{
	struct heard *heard = arg;
	struct unpack u;

	if (status < 0)
		return;
	u = unpack_of(message->body);
	heard->count++;
	heard->found = unpack_enum(&u, NAMES_FOUND_COUNT);
	heard->is_secure = unpack_bool(&u);
	heard->records = unpack_u32(&u);
	ck_assert(!u.bad);
}

static void
hear_proofs(void *arg, int status, struct ipc_message *message)
{
	struct heard *heard = arg;
	struct unpack u;

	if (status < 0)
		return;
	u = unpack_of(message->body);
	heard->count++;
	heard->found = unpack_enum(&u, NAMES_FOUND_COUNT);
	heard->is_secure = unpack_slice(&u).len > 0;
	heard->records = unpack_u32(&u);
	ck_assert(!u.bad);
}

static void
ask(struct ipc *from, const char *domain, struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(300);

	memset(heard, 0, sizeof(*heard));
	pack_u8(&body, NAMES_ROUTES);
	pack_slice(&body, slice_str(domain));
	ck_assert_int_eq(ipc_ask(from, RESOLVER_RECORDS, text_slice(&body),
	    NULL, 0, hear_routes, heard), 0);
}

static void
ask_proofs(const char *host, struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(300);

	memset(heard, 0, sizeof(*heard));
	pack_slice(&body, slice_str(host));
	pack_u32(&body, 25);
	ck_assert_int_eq(ipc_ask(relay, RESOLVER_PROOFS, text_slice(&body),
	    NULL, 0, hear_proofs, heard), 0);
}

static void
wait_for(struct heard *heard)
{
	for (unsigned i = 0; heard->count == 0 && i < 4000; i++)
		play_run(&play, 5);
	ck_assert_uint_eq(heard->count, 1);
}

static const struct {
	const char	*domain;
	bool		 has_anchor, strips, is_judge;
	enum names_found found;
	bool		 is_secure;
} routes[] = {
	{ "far.test", true, false, false, NAMES_FOUND, true },
	{ "none.far.test", true, false, false, NAMES_NONE, true },
	{ "forged.far.test", true, false, false, NAMES_LATER, false },
	{ "open.test", true, false, false, NAMES_NONE, false },
	/* nothing is proved, and no mail waits for that */
	{ "far.test", true, true, false, NAMES_FOUND, false },
	{ "forged.far.test", true, true, false, NAMES_FOUND, false },
	{ "far.test", false, false, false, NAMES_FOUND, false },
	{ "forged.far.test", false, false, false, NAMES_FOUND, false },
	/* a judge has others to believe */
	{ "far.test", true, false, true, NAMES_FOUND, false },
	{ "forged.far.test", true, false, true, NAMES_FOUND, false },
	/* what is no name */
	{ "a..b", true, false, false, NAMES_NONE, false },
	{ "", true, false, false, NAMES_NONE, false },
};

START_TEST(where_mail_goes_is_proved_where_it_can_be)
{
	static struct heard heard, again;

	begin(routes[_i].has_anchor, routes[_i].strips);
	/* the first one waits until it is known how the line is */
	ask(routes[_i].is_judge ? judge : relay, routes[_i].domain, &heard);
	ask(routes[_i].is_judge ? judge : relay, routes[_i].domain, &again);
	wait_for(&heard);
	wait_for(&again);
	ck_assert_int_eq(heard.found, routes[_i].found);
	ck_assert(heard.is_secure == routes[_i].is_secure);
	ck_assert_uint_eq(heard.records, heard.found == NAMES_FOUND);
	ck_assert_int_eq(again.found, heard.found);
	ck_assert(again.is_secure == heard.is_secure);
	if (routes[_i].is_judge || !routes[_i].has_anchor)
		ck_assert_uint_eq(server.asked[TYPE_DNSKEY], 0);
	end();
}
END_TEST

static const struct {
	const char	*host;
	bool		 has_anchor, strips;
	enum names_found found;
} proofs[] = {
	{ "mx.far.test", true, false, NAMES_FOUND },
	{ "none.far.test", true, false, NAMES_NONE },
	{ "mx.far.test", true, true, NAMES_NONE },
	{ "mx.far.test", false, false, NAMES_NONE },
	{ "192.0.2.1", true, false, NAMES_NONE },
};

START_TEST(what_a_host_has_published_is_told_where_it_is_proved)
{
	static struct heard heard;

	begin(proofs[_i].has_anchor, proofs[_i].strips);
	for (int i = 0; i < 2; i++) {
		ask_proofs(proofs[_i].host, &heard);
		wait_for(&heard);
		ck_assert_int_eq(heard.found, proofs[_i].found);
		ck_assert_uint_eq(heard.records, heard.found == NAMES_FOUND);
	}
	end();
}
END_TEST

/* What came through once is missed when it does not any more. */
START_TEST(a_line_that_begins_to_strip_proves_nothing_false)
{
	static struct heard heard;

	begin(true, false);
	ask(relay, "far.test", &heard);
	wait_for(&heard);
	ck_assert(heard.is_secure);
	server.strips = true;
	ask(relay, "other.far.test", &heard);
	wait_for(&heard);
	ck_assert_int_eq(heard.found, NAMES_LATER);
	end();
}
END_TEST

/* Nobody answers: what was parked is asked, and fails as all else does. */
START_TEST(who_asks_may_go_before_it_is_known_how_the_line_is)
{
	static struct heard heard;

	begin(true, false);
	ask(relay, "far.test", &heard);
	play_run(&play, 0);
	ipc_free(relay);
	play_run(&play, 300);
	ck_assert_uint_eq(heard.count, 0);
	relay = play_peer(&play, ROLE_RELAY, 0, nothing, NULL);
	play_run(&play, 10);
	ask(relay, "far.test", &heard);
	wait_for(&heard);
	ck_assert(heard.is_secure);
	end();
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_resolver_proved");
	TCase *tests = tcase_create("role_resolver_proved");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, where_mail_goes_is_proved_where_it_can_be,
	    0, ROWS(routes));
	tcase_add_loop_test(tests,
	    what_a_host_has_published_is_told_where_it_is_proved, 0,
	    ROWS(proofs));
	tcase_add_test(tests,
	    a_line_that_begins_to_strip_proves_nothing_false);
	tcase_add_test(tests,
	    who_asks_may_go_before_it_is_known_how_the_line_is);
	suite_add_tcase(suite, tests);
	return suite;
}
