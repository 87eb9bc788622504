/*
 * mark.h - a byte on a socket pair that says more than it is
 *
 * Two processes that pass somebody's bytes along a socket pair may have a word
 * of their own to say about a place in them: from here on.  A byte that carries
 * a descriptor is marked; unix(7): it is a barrier, a read ends with it and
 * never runs past it.  Whoever reads knows of the mark before it can pass the
 * byte on, and no byte that a client sends is ever taken for one.
 */
#ifndef POSTROOM_BASE_MARK_H
#define POSTROOM_BASE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Send `byte`, marked, on `fd`, a stream of a socket pair, without waiting.  1,
 * or -1 with errno as send(2) sets it.
 */
ssize_t	mark_send(int fd, char byte);
/*
 * recv(2) without waiting; `*is_marked_out`: the last byte of the result is
 * marked.  -1 and EPROTO: more came with a byte than one descriptor.
 */
ssize_t	mark_recv(int fd, void *bytes, size_t size, bool *is_marked_out);

#endif
