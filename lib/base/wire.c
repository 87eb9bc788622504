/*
 * wire.c - how many bytes a TCP connection has carried
 */
#include "lib/base/wire.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

int
wire_bytes(int fd, uint64_t *received_out, uint64_t *sent_out)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -errno;
	/* an older system knows less of it (before Linux 4.19) */
	if (size < offsetof(struct tcp_info, tcpi_bytes_sent) +
	    sizeof(info.tcpi_bytes_sent))
		return -EOPNOTSUPP;
	*received_out = info.tcpi_bytes_received;
	*sent_out = info.tcpi_bytes_sent;
	return 0;
}
