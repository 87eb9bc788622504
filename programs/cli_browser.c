/*
 * cli_browser.c - a browser that comes back to 127.0.0.1 (RFC 8252 7.3)
 *
 * What comes in is a stranger's, whoever is on this machine: the state in it
 * says whether it is ours, and the hub compares that.
 */
#include "programs/cli_browser.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_MOST	16384	/* code and state fit thrice */
#define HEAD_MS		2000	/* browsers are quick, and on this machine */

extern char **environ;

int
browser_open(struct browser *browser)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int r = 0;

	browser->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (browser->listener < 0)
		return -errno;
	if (bind(browser->listener, (struct sockaddr *)&at, size) < 0 ||
	    listen(browser->listener, 4) < 0 ||
	    getsockname(browser->listener, (struct sockaddr *)&at, &size) < 0) {
		r = -errno;
		browser_close(browser);
		return r;
	}
	(void)snprintf(browser->redirect, sizeof(browser->redirect),
	    "http://127.0.0.1:%u/", (unsigned)ntohs(at.sin_port));
	return 0;
}

void
browser_close(struct browser *browser)
{
	if (browser->listener >= 0)
		(void)close(browser->listener);
	browser->listener = -1;
}

void
browser_show(const char *url)
{
	char program[] = "xdg-open", text[CONSENT_URL_MOST + 1];
	char *const argv[] = { program, text, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	if ((getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL) ||
	    slice_cstr(slice_str(url), text, sizeof(text)) < 0 ||
	    posix_spawn_file_actions_init(&actions) != 0)
		return;
	/* what it says is not for who reads ours; nor that it is not there */
	if (posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
	    "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO,
	    STDERR_FILENO) == 0)
		(void)posix_spawnp(&pid, program, &actions, NULL, argv,
		    environ);
	(void)posix_spawn_file_actions_destroy(&actions);
}

/* A value of a query, decoded.  False: torn, too long, or no text. */
static bool
decode(struct slice coded, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < coded.len; i++) {
		char c = coded.at[i] == '+' ? ' ' : coded.at[i];

		if (c == '%') {
			int byte = slice_hex(slice_after(coded, i + 1));

			if (byte < 0)
				return false;
			c = (char)byte;
			i += 2;
		}
		if (n + 1 >= size || c < ' ' || c > '~')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

bool
browser_read(struct slice line, struct browser_back *back_out)
{
	struct browser_back back = { .code = "" };
	struct slice method, target, one, name;
	bool has_state = false, has_answer = false, more = true;

	if (!slice_word(&line, &method) || !slice_is_str(method, "GET") ||
	    !slice_word(&line, &target) || !slice_has_prefix(target, "/?"))
		return false;
	target = slice_after(target, 2);
	while (more) {
		more = slice_cut(&target, '&', &one);
		if (!more)
			one = target;
		if (!slice_cut(&one, '=', &name))
			continue;
		if (slice_is_str(name, "code"))
			has_answer = decode(one, back.code, sizeof(back.code));
		else if (slice_is_str(name, "state"))
			has_state = decode(one, back.state,
			    sizeof(back.state));
		else if (slice_is_str(name, "error"))
			has_answer = true;
	}
	if (!has_state || !has_answer)
		return false;
	*back_out = back;
	return true;
}

/* The first line that somebody says, if it comes soon. */
static struct slice
hear_line(int fd, char bytes[HEAD_MOST])
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	while (n < HEAD_MOST && poll(&wait, 1, HEAD_MS) == 1) {
		ssize_t got = recv(fd, bytes + n, HEAD_MOST - n, 0);
		size_t end;

		if (got <= 0)
			break;
		n += (size_t)got;
		end = slice_find(slice_of(bytes, n), '\n');
		if (end != SIZE_MAX)
			return slice_trim(slice_of(bytes, end));
	}
	return slice_of(NULL, 0);
}

static void
say_page(int fd, const char *status, const char *words)
{
	char page[1024];
	int n = snprintf(page, sizeof(page), "HTTP/1.1 %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Security-Policy: default-src 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s\n", status,
	    words);

	/* who has hung up does not read it */
	if (n > 0 && (size_t)n < sizeof(page))
		(void)send(fd, page, (size_t)n, MSG_NOSIGNAL);
}

int
browser_wait(struct browser *browser, int ms, const char *words,
    struct browser_back *back_out)
{
	struct pollfd wait = { .fd = browser->listener, .events = POLLIN };
	char bytes[HEAD_MOST];
	bool is_back;
	int fd;

	if (poll(&wait, 1, ms) != 1)
		return 0;
	fd = accept4(browser->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED ||
		    errno == EINTR ? 0 : -errno;
	is_back = browser_read(hear_line(fd, bytes), back_out);
	say_page(fd, is_back ? "200 OK" : "404 Not Found", is_back ? words :
	    "");
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
	explicit_bzero(bytes, sizeof(bytes));
	return is_back ? 1 : 0;
}
