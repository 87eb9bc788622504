/*
 * across_test.c - MOVE into another account, of more than is asked for at once
 *
 * What is moved where is in tests/wire/imap-acl-copy.wire; here the processes of
 * the accounts are played, so that they change their mind at a chosen moment.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "lib/base/stream.h"
#include "policy/shares.h"
#include "store/rights.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define VISITS	8
#define LETTER	"* EXPORT 1 00112233445566aa () " \
		"\"01-Feb-2026 21:52:25 +0000\" {1}\r\na\r\n"

/* The far ends of all visits so far, and who is on the way to the last. */
static struct far {
	struct stream	*stream[VISITS];
	unsigned	 count;
	unsigned	 into;		/* how often it was asked: may we? */
	struct timer	*answer;
	imapd_visit_fn	*reply;
	void		*reply_arg;
} far;

static int
shares(void *arg, struct slice owner, imapd_shares_fn *reply, void *reply_arg)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	(void)arg;
	share_pack(&body, &(struct share){ .owner = 5, .address = owner,
	    .mailbox = slice_str("INBOX"), .rights = RIGHTS_ALL });
	reply(reply_arg, 0, text_slice(&body));
	return 0;
}

static int
visit(void *arg, uint64_t owner, const struct imapd_visitor *visitor,
    imapd_visit_fn *reply, void *reply_arg)
{
	(void)arg;
	(void)owner;
	(void)visitor;
	far.reply = reply;
	far.reply_arg = reply_arg;
	timer_set(far.answer, 1);
	return 0;
}

/* The right to put letters there is taken away behind the first batch. */
static const char *
answer_to(struct slice line)
{
	if (slice_has_prefix(line, "x UID EXPORT "))
		return LETTER "x OK done\r\n";
	if (slice_has_prefix(line, "x INTO "))
		return far.into++ == 0 ? "x OK you may\r\n" :
		    "x NO [NOPERM] you may not\r\n";
	if (slice_has_prefix(line, "x TAKE "))
		return "";		/* the letter follows */
	if (slice_has_prefix(line, "a\r\n"))
		return "x OK [APPENDUID 7 1] it is kept\r\n";
	return NULL;
}

static void
on_far(void *arg, enum stream_event event)
{
	struct stream *stream = *(struct stream **)arg;
	struct slice line, tag;
	const char *answer;
	size_t end;

	if (event != STREAM_INPUT)
		return;
	while ((end = slice_find(stream_input(stream), '\n')) != SIZE_MAX) {
		line = slice_first(stream_input(stream), end + 1);
		answer = answer_to(line);
		if (answer == NULL && slice_cut(&line, ' ', &tag)) {
			(void)stream_write(stream, tag);
			answer = " OK done\r\n";
		}
		ck_assert_ptr_nonnull(answer);
		(void)stream_write(stream, slice_str(answer));
		stream_consume(stream, end + 1);
	}
}

static void
on_answer(void *arg)
{
	struct stream **stream = &far.stream[far.count++];
	int fds[2];

	(void)arg;
	ck_assert_uint_le(far.count, VISITS);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fds), 0);
	*stream = stream_new(imap_office.loop, fds[0], 1 << 16, 1 << 16,
	    on_far, stream);
	ck_assert_ptr_nonnull(*stream);
	ck_assert_int_eq(stream_write(*stream,
	    slice_str("* OK come in\r\n")), 0);
	far.reply(far.reply_arg, fds[1]);
}

static void
set_up(void)
{
	imap_office_open();
	far = (struct far){ 0 };
	far.answer = timer_new(imap_office.loop, on_answer, NULL);
	imap_office.others = (struct imapd_office_ports){
		.shares = shares, .visit = visit };
}

static void
tear_down(void)
{
	for (unsigned i = 0; i < far.count; i++)
		stream_free(far.stream[i]);
	timer_free(far.answer);
	imap_office_close();
}

/* RFC 6851 3.3: who finds a visit in its way ends all, and begins them again */
START_TEST(a_move_that_is_refused_in_its_midst_ends_there)
{
	for (int i = 0; i < 126; i++)
		imap_deliver(slice_str("Subject: one\r\n\r\nfirst\r\n"), 0);
	imap_select(0);
	for (int i = 0; i < 3; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	(void)imap_ask(0, "b STATUS Users/dora@office.test/INBOX (MESSAGES)"
	    "\r\n", "b OK");
	ck_assert_uint_eq(far.count, 1);
	(void)imap_ask(0, "c MOVE 1:* Users/eli@office.test/INBOX\r\n",
	    "c NO [NOPERM]");
	ck_assert_uint_eq(far.into, 2);
	(void)imap_ask(0, "d STATUS INBOX (MESSAGES)\r\n",
	    "* STATUS INBOX (MESSAGES 8)\r\nd OK");
	(void)imap_ask(0, "e STATUS Users/eli@office.test/INBOX (MESSAGES)"
	    "\r\n", "e OK");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/across");
	TCase *tcase = tcase_create("across");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_move_that_is_refused_in_its_midst_ends_there);
	suite_add_tcase(suite, tcase);
	return suite;
}
