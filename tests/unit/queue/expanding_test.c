/*
 * expanding_test.c - who gets a message is asked once, and what leaves is told
 */
#include "queue/expanding.h"

#include <errno.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "policy/groups.h"
#include "tests/unit/queue/stage.h"

#define BODY	"Subject: the roof\r\n\r\nIt leaks.\r\n"

static struct stage stage;

static void
set_up(void)
{
	clock_set(1000000, INT64_C(1763763420000));
	stage_new(&stage);
	stage.has_groups = true;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* A message to an alias or a list of ours; `env` says the rest. */
static void
submit(struct envelope env, const char *letter)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient sales = { .address = SLICE("sales@office.test"),
	    .account = ACCOUNT_GROUP | 1,
	    .notify = NOTIFY_SUCCESS | NOTIFY_FAILURE,
	    .orcpt = SLICE("rfc822;Sales@office.test") };
	int fd = memfd_of("message", slice_str(letter));

	ck_assert_int_ge(fd, 0);
	env.helo = slice_str("far.test");
	env.peer = slice_str("192.0.2.1");
	env.bytes = strlen(letter);
	env.recipients = &sales;
	env.recipient_count = 1;
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
}

static const struct envelope stranger = { .sender = SLICE("zoe@far.test") };

static const struct {
	const char	*letter;
	const char	*traces;	/* that are told */
} headers[] = {
	{ BODY, "" },
	/* a provider's, or anybody's */
	{ "Delivered-To: sales@office.test\r\n" BODY, "" },
	{ "Delivered-To: sales@office.test\r\nReceived: by mx.far.test; x\r\n"
	    BODY, "" },
	{ "List-Id: <team.office.test>\r\nReceived: from a ([192.0.2.1])\r\n"
	    "\tby mx.far.test (Postroom); x\r\n" BODY, "" },
	/* ours, below what others have added */
	{ "Received: by mx.far.test; x\r\nDelivered-To: sales@office.test\r\n"
	    "Received: from a ([192.0.2.1])\r\n\tby mx.office.test (Postroom)"
	    " with ESMTP id 1; x\r\nReceived: by a; x\r\n" BODY,
	    "sales@office.test " },
	{ "Delivered-To: ann@home.test\r\nReceived: by mx.home.test; x\r\n"
	    "List-Id: <team.office.test>\r\nPrecedence: list\r\n"
	    "DKIM-Signature: v=1; d=office.test\r\n"
	    "Received: by mx.office.test (Postroom) id 1; x\r\n"
	    "Delivered-To: bob@office.test\r\nReceived: by a; x\r\n" BODY,
	    "team.office.test " },
};

START_TEST(a_trace_is_ours_only_above_our_own_line)
{
	static struct expand_asked room[EXPAND_ASKED];
	TEXT_AUTO traces = TEXT_INIT(1024);
	struct expand_ask ask;

	submit(stranger, headers[_i].letter);
	ck_assert_uint_eq(stage_count(&stage, STAGE_EXPAND), 1);
	ck_assert_int_eq(expand_ask_unpack(text_slice(&stage.ask), room, &ask),
	    0);
	for (size_t i = 0; i < ask.trace_count; i++)
		text_addf(&traces, "%.*s ", SLICE_FMT(ask.traces[i]));
	ck_assert(slice_is_str(text_slice(&traces), headers[_i].traces));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("expanding");
	TCase *tcase = tcase_create("expanding");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_trace_is_ours_only_above_our_own_line, 0,
	    (int)(sizeof(headers) / sizeof(*headers)));
	suite_add_tcase(suite, tcase);
	return suite;
}
