/*
 * port25.c - may this machine speak to the mail hosts of other networks?
 *
 * The C library asks DNS: whoever sets a hub up waits for the answer, and there
 * is nothing else to do meanwhile.
 */
#include "programs/port25.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/here.h"
#include "lib/base/loop.h"

#define SMTP_PORT	"25"
#define HOSTS		3	/* that are tried, the first ones */
#define ADDRESSES	3	/* the same of each */
#define ADDRESS_MS	3000	/* for one of them */
#define ANSWER_SECONDS	3	/* of DNS, asked once */
#define ANSWER_BYTES	4096

/* The name in one MX record.  False: it is none, or no host's. */
static bool
read_route(ns_msg *answer, int n, char host[HOST_NAME_MOST + 1])
{
	char name[NS_MAXDNAME];
	ns_rr record;

	return ns_parserr(answer, ns_s_an, n, &record) == 0 &&
	    ns_rr_type(record) == ns_t_mx && ns_rr_rdlen(record) > 2 &&
	    ns_name_uncompress(ns_msg_base(*answer), ns_msg_end(*answer),
	    ns_rr_rdata(record) + 2, name, sizeof(name)) >= 0 &&
	    host_is_name(slice_str(name)) &&
	    slice_cstr(slice_str(name), host, HOST_NAME_MOST + 1) == 0;
}

/* The hosts that take mail for the domain; how many there are. */
static unsigned
find_hosts(const char *domain, char host[HOSTS][HOST_NAME_MOST + 1])
{
	unsigned char bytes[ANSWER_BYTES];
	struct __res_state state = { 0 };
	unsigned count = 0;
	ns_msg answer;
	int len;

	if (res_ninit(&state) < 0)
		return 0;
	state.retrans = ANSWER_SECONDS;
	state.retry = 1;
	len = res_nquery(&state, domain, ns_c_in, ns_t_mx, bytes,
	    sizeof(bytes));
	res_nclose(&state);
	if (len < 0 || len > ANSWER_BYTES ||
	    ns_initparse(bytes, len, &answer) < 0)
		return 0;
	for (int i = 0; i < ns_msg_count(answer, ns_s_an) && count < HOSTS;
	    i++)
		count += read_route(&answer, i, host[count]);
	return count;
}

/* Wait for one thing on a socket.  False: it does not come in time. */
static bool
await(int fd, short what, uint64_t until_ms)
{
	struct pollfd awaited = { .fd = fd, .events = what };
	uint64_t now_ms = clock_ms();

	return now_ms < until_ms && poll(&awaited, 1,
	    (int)(until_ms - now_ms)) == 1 && (awaited.revents & what) != 0;
}

/* RFC 5321 4.2: what it says first, be it 220 or not, begins with a digit. */
static bool
greets(const struct addrinfo *at)
{
	uint64_t until_ms = clock_ms() + ADDRESS_MS;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0), error = 0;
	socklen_t len = sizeof(error);
	bool it_does;
	char first;

	if (fd < 0)
		return false;
	it_does = (connect(fd, at->ai_addr, at->ai_addrlen) == 0 ||
	    errno == EINPROGRESS) && await(fd, POLLOUT, until_ms) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	    error == 0 && await(fd, POLLIN, until_ms) &&
	    recv(fd, &first, 1, 0) == 1 && first >= '2' && first <= '5';
	(void)close(fd);
	return it_does;
}

static bool
is_here(const struct addrinfo *at)
{
	char text[INET6_ADDRSTRLEN];

	return getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text),
	    NULL, 0, NI_NUMERICHOST) == 0 && here_has(slice_str(text));
}

static enum port25
try_host(const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	enum port25 result = PORT25_UNKNOWN;
	struct addrinfo *all;
	unsigned tried = 0;

	if (getaddrinfo(host, SMTP_PORT, &hints, &all) != 0)
		return PORT25_UNKNOWN;
	for (const struct addrinfo *at = all; at != NULL &&
	    result != PORT25_OPEN && tried < ADDRESSES; at = at->ai_next) {
		if (is_here(at))
			continue;
		tried++;
		result = greets(at) ? PORT25_OPEN : PORT25_BARRED;
	}
	freeaddrinfo(all);
	return result;
}

enum port25
port25_try(const char *domain, char host_out[HOST_NAME_MOST + 1])
{
	char host[HOSTS][HOST_NAME_MOST + 1];
	unsigned count = find_hosts(domain, host);
	enum port25 result = PORT25_UNKNOWN, one;

	host_out[0] = '\0';
	for (unsigned i = 0; i < count && result != PORT25_OPEN; i++) {
		one = try_host(host[i]);
		if (one == PORT25_UNKNOWN)
			continue;
		result = one;
		memcpy(host_out, host[i], sizeof(host[i]));
	}
	return result;
}
