/*
 * host.c - what a person may type where a host is meant
 */
#include "lib/base/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MOST	63	/* RFC 1035 2.3.4 */

static bool
is_label(struct slice label)
{
	if (label.len == 0 || label.len > LABEL_MOST || label.at[0] == '-' ||
	    label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
		    (c < 'A' || c > 'Z') && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool
host_is_name(struct slice host)
{
	struct slice label;
	uint64_t number;

	if (slice_has_suffix(host, "."))
		host.len--;
	if (host.len > HOST_NAME_MOST)
		return false;
	while (slice_cut(&host, '.', &label))
		if (!is_label(label))
			return false;
	/* what is left is the last label; a number there is -EINVAL only */
	return is_label(host) &&
	    slice_u64(host, UINT64_MAX, &number) == -EINVAL;
}

int
host_address(struct slice host, bool brackets, char text_out[HOST_TEXT_SIZE])
{
	char text[HOST_TEXT_SIZE], plain[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];
	bool v6;

	if (slice_has_prefix(host, "[") && slice_has_suffix(host, "]"))
		host = slice_of(host.at + 1, host.len - 2);
	if (slice_cstr(host, text, sizeof(text)) < 0)
		return 0;
	v6 = slice_find(host, ':') != SIZE_MAX;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, address) != 1 ||
	    inet_ntop(v6 ? AF_INET6 : AF_INET, address, plain,
	    sizeof(plain)) == NULL)
		return 0;
	(void)snprintf(text_out, HOST_TEXT_SIZE,
	    v6 && brackets ? "[%s]" : "%s", plain);
	return v6 ? AF_INET6 : AF_INET;
}

int
host_port(struct slice typed, char host_out[HOST_NAME_MOST + 2],
    uint16_t *port_io)
{
	size_t colon = slice_find_last(typed, ':');
	char address[HOST_TEXT_SIZE];
	struct slice host = typed;
	uint64_t port = *port_io;

	/* colons of IPv6 stand in brackets where a port follows */
	if (colon != SIZE_MAX && host_address(typed, false, address) == 0) {
		if (slice_u64(slice_after(typed, colon + 1), UINT16_MAX,
		    &port) < 0 || port == 0)
			return -EINVAL;
		host = slice_first(typed, colon);
	}
	if (host_address(host, false, address) != 0)
		host = slice_str(address);
	else if (!host_is_name(host))
		return -EINVAL;
	if (slice_cstr(host, host_out, HOST_NAME_MOST + 2) < 0)
		return -EINVAL;
	*port_io = (uint16_t)port;
	return 0;
}

void
host_port_write(struct text *text, const char *host, uint16_t port)
{
	text_addf(text, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)port);
}
