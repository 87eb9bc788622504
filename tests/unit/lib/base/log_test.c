/*
 * log_test.c - one line each, whoever says it and whatever is in it
 */
#include "lib/base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define LINE_BYTES	1024u

/* Standard error goes into a pipe while something is said. */
struct ear {
	int	saved;
	int	fd[2];
	char	heard[4096];
	size_t	len;
};

static void
listen_in(struct ear *ear)
{
	memset(ear, 0, sizeof(*ear));
	ck_assert_int_eq(pipe(ear->fd), 0);
	ear->saved = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(ear->fd[1], STDERR_FILENO), STDERR_FILENO);
}

static void
hear(struct ear *ear)
{
	ssize_t n;

	ck_assert_int_eq(dup2(ear->saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(ear->saved);
	(void)close(ear->fd[1]);
	while ((n = read(ear->fd[0], ear->heard + ear->len,
	    sizeof(ear->heard) - 1 - ear->len)) > 0)
		ear->len += (size_t)n;
	(void)close(ear->fd[0]);
}

/* First: before log_open() a line says at least which program it is. */
START_TEST(a_line_begins_with_who_says_it)
{
	struct ear ear;

	listen_in(&ear);
	log_say("began");
	log_open(ROLE_DOOR, 0);
	log_say("%s from %s", "smtp", "192.0.2.1");
	log_open(ROLE_MAILBOX, 18446744073709551615u);
	log_say("stopped");
	hear(&ear);
	ck_assert_str_eq(ear.heard, "postroom: began\n"
	    "door: smtp from 192.0.2.1\n"
	    "mailbox 18446744073709551615: stopped\n");
}
END_TEST

START_TEST(whatever_is_said_is_one_line)
{
	struct ear ear;

	log_open(ROLE_QUEUE, 0);
	listen_in(&ear);
	log_say("a\nb\rc\td\x1b[31me\x7f%c.", 0);
	hear(&ear);
	ck_assert_str_eq(ear.heard, "queue: a?b?c?d?[31me??.\n");
}
END_TEST

static const size_t lengths[] = {
	0, 1, 1000, LINE_BYTES - 9, LINE_BYTES - 8, LINE_BYTES - 7,
	LINE_BYTES - 6, LINE_BYTES, 3000
};

START_TEST(a_long_line_is_cut_and_still_ends)
{
	static char words[3001];
	const size_t most = LINE_BYTES - strlen("queue: ") - 2;
	size_t want = lengths[_i] < most ? lengths[_i] : most;
	struct ear ear;

	memset(words, 0, sizeof(words));
	memset(words, 'w', lengths[_i]);
	log_open(ROLE_QUEUE, 0);
	listen_in(&ear);
	log_say("%s", words);
	hear(&ear);
	ck_assert_uint_eq(ear.len, strlen("queue: ") + want + 1);
	ck_assert_uint_ge(most, 1000);		/* the header's promise */
	ck_assert_int_eq(ear.heard[ear.len - 1], '\n');
	ck_assert_uint_eq(strspn(ear.heard + 7, "w"), want);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_test(tcase, a_line_begins_with_who_says_it);
	tcase_add_test(tcase, whatever_is_said_is_one_line);
	tcase_add_loop_test(tcase, a_long_line_is_cut_and_still_ends, 0,
	    (int)(sizeof(lengths) / sizeof(*lengths)));
	suite_add_tcase(suite, tcase);
	return suite;
}
