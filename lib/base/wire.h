/*
 * wire.h - how many bytes a TCP connection has carried
 */
#ifndef POSTROOM_BASE_WIRE_H
#define POSTROOM_BASE_WIRE_H

#include <stdint.h>

/*
 * What the system counted for the connected socket `fd`: TCP's payload, so TLS
 * with its handshake, what was sent twice, and what has come but was not read
 * yet; not the headers of TCP and IP (40 of 1,500 bytes).
 *
 * 0, or a negative errno: it is no TCP socket, or the system does not count.
 */
int	wire_bytes(int fd, uint64_t *received_out, uint64_t *sent_out);

#endif
