/*
 * here.c - is that address one of this machine's own?
 *
 * A datagram socket that is joined to an address gets the address that packets to
 * there would carry; for what is ours it is the same one.
 */
#include "lib/base/here.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/host.h"

#define ANY_PORT	9	/* discard (RFC 863); nothing is sent to it */

union place {
	struct sockaddr		any;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;
};

/* The size of it, or 0. */
static socklen_t
place_of(struct slice address, union place *place_out)
{
	char text[HOST_TEXT_SIZE];
	union place place = { 0 };
	int family;

	if (address.len > 1 && address.at[0] == '[')
		address = slice_after(slice_first(address, address.len - 1), 1);
	family = host_address(address, false, text);
	if (family == AF_INET && inet_pton(AF_INET, text,
	    &place.v4.sin_addr) == 1) {
		place.v4.sin_family = AF_INET;
		place.v4.sin_port = htons(ANY_PORT);
		*place_out = place;
		return sizeof(place.v4);
	}
	if (family == AF_INET6 && inet_pton(AF_INET6, text,
	    &place.v6.sin6_addr) == 1) {
		place.v6.sin6_family = AF_INET6;
		place.v6.sin6_port = htons(ANY_PORT);
		*place_out = place;
		return sizeof(place.v6);
	}
	return 0;
}

static bool
is_same(const union place *a, const union place *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	return a->any.sa_family == AF_INET ?
	    a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr :
	    memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
	    sizeof(a->v6.sin6_addr)) == 0;
}

bool
here_has(struct slice address)
{
	union place place, own = { 0 };
	socklen_t size = place_of(address, &place), own_size = sizeof(own);
	bool has;
	int fd;

	if (size == 0)
		return false;
	fd = socket(place.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	has = connect(fd, &place.any, size) == 0 &&
	    getsockname(fd, &own.any, &own_size) == 0 && is_same(&place, &own);
	(void)close(fd);
	return has;
}
