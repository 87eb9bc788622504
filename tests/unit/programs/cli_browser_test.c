/*
 * cli_browser_test.c - what a browser brings back to 127.0.0.1
 */
#include "programs/cli_browser.h"

#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static const struct {
	const char	*line;
	const char	*code, *state;	/* NULL: it is not that */
} lines[] = {
	{ "GET /?code=abc&state=xyz HTTP/1.1", "abc", "xyz" },
	{ "GET /?state=x%2Fy&scope=a+b&code=4%2F0A HTTP/1.1", "4/0A", "x/y" },
	{ "GET /?error=access_denied&state=xyz HTTP/1.1", "", "xyz" },
	{ "GET /?code=abc HTTP/1.1", NULL, NULL },
	{ "GET /?state=xyz HTTP/1.1", NULL, NULL },
	{ "GET / HTTP/1.1", NULL, NULL },
	{ "GET /favicon.ico HTTP/1.1", NULL, NULL },
	{ "POST /?code=abc&state=xyz HTTP/1.1", NULL, NULL },
	{ "", NULL, NULL },
	{ "GET", NULL, NULL },
	/* HARDENING A56 */
	{ "GET /?code=a%0d%0ab&state=xyz HTTP/1.1", NULL, NULL },
	{ "GET /?code=a%00&state=xyz HTTP/1.1", NULL, NULL },
	{ "GET /?code=a%2&state=xyz HTTP/1.1", NULL, NULL },
	{ "GET /?code=a%zz&state=xyz HTTP/1.1", NULL, NULL },
	{ "GET /?code=\xc3\xa4&state=xyz HTTP/1.1", NULL, NULL },
};

START_TEST(only_a_code_or_a_no_with_a_state_is_an_answer)
{
	static struct browser_back back;

	ck_assert_int_eq(browser_read(slice_str(lines[_i].line), &back),
	    lines[_i].code != NULL);
	if (lines[_i].code == NULL)
		return;
	ck_assert_str_eq(back.code, lines[_i].code);
	ck_assert_str_eq(back.state, lines[_i].state);
}
END_TEST

START_TEST(a_code_without_end_is_none)
{
	static struct browser_back back;
	size_t size = CONSENT_CODE_MOST + 64;
	char *line = malloc(size + 64);

	strcpy(line, "GET /?state=x&code=");
	memset(line + strlen(line), 'c', size);
	line[size + 19] = '\0';
	strcat(line, " HTTP/1.1");
	ck_assert(!browser_read(slice_str(line), &back));
	free(line);
}
END_TEST

static int
visit(const struct browser *browser)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned port;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(sscanf(browser->redirect, "http://127.0.0.1:%u/",
	    &port), 1);
	at.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void
say(int fd, const char *words)
{
	ck_assert_int_eq(send(fd, words, strlen(words), 0),
	    (ssize_t)strlen(words));
}

START_TEST(strangers_are_sent_away_and_it_waits_on)
{
	static struct browser_back back;
	struct browser browser;
	char page[1024] = "";
	int fd;

	ck_assert_int_eq(browser_open(&browser), 0);
	ck_assert_int_eq(browser_wait(&browser, 1, "bye", &back), 0);
	fd = visit(&browser);
	say(fd, "GET /favicon.ico HTTP/1.1\r\n\r\n");
	ck_assert_int_eq(browser_wait(&browser, 1000, "bye", &back), 0);
	ck_assert_int_gt(recv(fd, page, sizeof(page) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(page, "404"));
	close(fd);
	fd = visit(&browser);
	say(fd, "GET /?code=a&state=b HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(browser_wait(&browser, 1000, "bye", &back), 1);
	memset(page, 0, sizeof(page));
	ck_assert_int_gt(recv(fd, page, sizeof(page) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(page, "200 OK"));
	ck_assert_ptr_nonnull(strstr(page, "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(page, "bye"));
	ck_assert_str_eq(back.code, "a");
	close(fd);
	browser_close(&browser);
	browser_close(&browser);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("cli_browser");
	TCase *test = tcase_create("browser");

	tcase_add_loop_test(test,
	    only_a_code_or_a_no_with_a_state_is_an_answer, 0,
	    (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(test, a_code_without_end_is_none);
	tcase_add_test(test, strangers_are_sent_away_and_it_waits_on);
	suite_add_tcase(suite, test);
	return suite;
}
