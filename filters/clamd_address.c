/*
 * clamd_address.c - where a clamd listens
 */
#include "filters/clamd_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static bool
read_local(struct slice s, struct clamd *clamd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (slice_cstr(s, at.sun_path, sizeof(at.sun_path)) < 0)
		return false;
	memcpy(&clamd->at, &at, sizeof(at));
	clamd->len = sizeof(at);
	return true;
}

static bool
read_inet(struct slice host, uint16_t port, struct clamd *clamd)
{
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = htons(port)
	};
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = htons(port)
	};
	char name[INET6_ADDRSTRLEN];
	bool is_six = host.len > 1 && host.at[0] == '[' &&
	    host.at[host.len - 1] == ']';

	if (is_six)
		host = slice_after(slice_first(host, host.len - 1), 1);
	if (slice_cstr(host, name, sizeof(name)) < 0 ||
	    inet_pton(is_six ? AF_INET6 : AF_INET, name, is_six ?
	    (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
		return false;
	clamd->len = is_six ? sizeof(six) : sizeof(four);
	memcpy(&clamd->at, is_six ? (void *)&six : (void *)&four, clamd->len);
	return true;
}

bool
clamd_read(struct slice s, struct clamd *clamd_out)
{
	struct clamd clamd = { 0 };
	size_t colon = slice_find_last(s, ':');
	uint64_t port;

	if (slice_has_prefix(s, "/")) {
		if (!read_local(s, &clamd))
			return false;
	} else if (colon == SIZE_MAX || slice_u64(slice_after(s, colon + 1),
	    UINT16_MAX, &port) < 0 || port == 0 || !read_inet(slice_first(s,
	    colon), (uint16_t)port, &clamd)) {
		return false;
	}
	*clamd_out = clamd;
	return true;
}
