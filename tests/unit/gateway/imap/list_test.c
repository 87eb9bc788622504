/*
 * list_test.c - LIST of many names by costly patterns
 *
 * What LIST tells is in tests/wire/imap-mailboxes.wire and imap-special-use.wire.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/shares.h"
#include "store/folders.h"
#include "store/rights.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define NAMES	400

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* Names of 250 letters that almost match what say() asks for. */
static void
make_names(void)
{
	char name[256];
	uint32_t mailbox;

	memset(name, 'a', 250);
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(name + 246, 10, "%04u", i);
		ck_assert_int_eq(folder_create(imap_office.account,
		    slice_of(name, 250), 0, &mailbox), 0);
	}
}

/* LIST with so many bytes of pattern, none of which matches those names. */
static void
add_list(struct text *say, unsigned bytes)
{
	text_add_str(say, "a LIST \"\" (INBOX \"");
	for (bytes -= 5; bytes >= 2; bytes -= 2)
		text_add_str(say, bytes % 4 == 0 ? "%a" : "*a");
	text_add_str(say, "\")\r\n");
	text_add_byte(say, '\0');
}

/* DESIGN.md 4: whoever shares the process is answered meanwhile */
START_TEST(others_are_served_while_names_are_matched)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);
	char byte;

	make_names();
	imap_log_in(0);
	imap_log_in(1);
	(void)imap_ask(0, "x NOOP\r\n", "x OK");
	(void)imap_ask(1, "x NOOP\r\n", "x OK");
	add_list(&say, 4096);
	text_clear(&imap_office.peer[0].got);
	pop3_peer_say(&imap_office.peer[0], slice_str(say.at));
	(void)imap_ask(1, "b NOOP\r\n", "b OK");
	ck_assert_int_eq(recv(imap_office.peer[0].fd, &byte, 1, MSG_DONTWAIT |
	    MSG_PEEK), -1);
	ck_assert(has(imap_ask(0, "", "a OK"), "* LIST ("));
}
END_TEST

/* HARDENING A32: what one command may make us do has a limit */
START_TEST(the_patterns_of_a_list_have_a_limit)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);

	imap_log_in(0);
	add_list(&say, 4098);
	(void)imap_ask(0, say.at,
	    "a NO [LIMIT] the patterns of one LIST have 4096 bytes at most");
	/* the reference is part of each */
	text_clear(&say);
	text_add_str(&say, "b LIST \"");
	for (int i = 0; i < 600; i++)
		text_add_byte(&say, 'a');
	text_add_str(&say, "\" (x x x x x x x)\r\n");
	text_add_byte(&say, '\0');
	(void)imap_ask(0, say.at, "b NO [LIMIT]");
	ck_assert(has(imap_ask(0, "c LIST in (x BO*)\r\n", "c OK"),
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"));
}
END_TEST

/* Two people share their INBOX with us, and their processes are like that. */
enum like { NOT_THERE, GONE_BEFORE, GONE_AFTER, LIKES };

static struct neighbours {
	enum like	 like;
	unsigned	 visits;
	imapd_visit_fn	*reply;
	void		*reply_arg;
	struct timer	*answer, *goes;
	int		 fd;		/* the neighbour's end, or -1 */
} neighbours;

static int
shares(void *arg, struct slice owner, imapd_shares_fn *reply, void *reply_arg)
{
	static const struct slice addresses[] = { SLICE("dora@office.test"),
	    SLICE("eli@office.test") };
	TEXT_AUTO body = TEXT_INIT(1024);

	(void)arg;
	for (unsigned i = 0; i < 2; i++)
		if (owner.len == 0 || slice_is(owner, addresses[i]))
			share_pack(&body, &(struct share){ .owner = 5 + i,
			    .address = addresses[i],
			    .mailbox = slice_str("INBOX"),
			    .rights = RIGHTS_ALL });
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
	neighbours.visits++;
	neighbours.reply = reply;
	neighbours.reply_arg = reply_arg;
	timer_set(neighbours.answer, 1);
	return 0;
}

static void
on_answer(void *arg)
{
	static const char greeting[] = "* OK come in\r\n";
	int fds[2];

	(void)arg;
	if (neighbours.like == NOT_THERE) {
		neighbours.reply(neighbours.reply_arg, -EAGAIN);
		return;
	}
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fds), 0);
	neighbours.fd = fds[0];
	if (neighbours.like == GONE_AFTER)
		ck_assert_int_eq(send(fds[0], greeting,
		    sizeof(greeting) - 1, 0), sizeof(greeting) - 1);
	timer_set(neighbours.goes, 20);
	neighbours.reply(neighbours.reply_arg, fds[1]);
}

static void
on_goes(void *arg)
{
	(void)arg;
	(void)close(neighbours.fd);
	neighbours.fd = -1;
}

/* RFC 5819 2: the LIST ends with OK, and waits for one of them at most */
START_TEST(who_does_not_answer_is_listed_all_the_same)
{
	struct slice got;

	neighbours = (struct neighbours){ .like = (enum like)_i, .fd = -1 };
	neighbours.answer = timer_new(imap_office.loop, on_answer, NULL);
	neighbours.goes = timer_new(imap_office.loop, on_goes, NULL);
	imap_office.others = (struct imapd_office_ports){
		.shares = shares, .visit = visit };
	imap_log_in(0);
	got = imap_ask(0, "a LIST \"\" * RETURN (STATUS (MESSAGES))\r\n",
	    "a OK");
	ck_assert(has(got, "\"/\" Users/dora@office.test/INBOX\r\n"));
	ck_assert(has(got, "\"/\" Users/eli@office.test/INBOX\r\n"));
	ck_assert(has(got, "* STATUS INBOX (MESSAGES 0)\r\n"));
	ck_assert(!has(got, "* STATUS Users"));
	ck_assert_uint_eq(neighbours.visits, 1);
	/* who asks again asks them again */
	(void)imap_ask(0, "b LIST \"\" * RETURN (STATUS (MESSAGES))\r\n",
	    "b OK");
	ck_assert_uint_eq(neighbours.visits, 2);
	timer_free(neighbours.answer);
	timer_free(neighbours.goes);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/list");
	TCase *tcase = tcase_create("list");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open,
	    imap_office_close);
	tcase_add_test(tcase, others_are_served_while_names_are_matched);
	tcase_add_test(tcase, the_patterns_of_a_list_have_a_limit);
	tcase_add_loop_test(tcase, who_does_not_answer_is_listed_all_the_same,
	    0, LIKES);
	suite_add_tcase(suite, tcase);
	return suite;
}
