/*
 * stream.h - a connection: buffered bytes in and out, with or without TLS
 *
 * Reading stops by itself while the input buffer is full or the stream is held,
 * so a slow or greedy peer costs its buffers and no more.  Bytes that stand in
 * the input when TLS begins are a breach (HARDENING A20): stream_start_tls()
 * refuses then and the caller closes.
 *
 * Events come from the loop, never from inside a call.  A handler may call
 * stream_free(); nothing is called for that stream afterwards.
 */
#ifndef POSTROOM_BASE_STREAM_H
#define POSTROOM_BASE_STREAM_H

#include "lib/base/loop.h"
#include "lib/base/slice.h"
#include "lib/base/tls.h"

struct stream;			/* opaque; see stream.c */

enum stream_event {
	STREAM_INPUT,		/* there is more in stream_input() */
	STREAM_DRAINED,		/* everything written has left (asked for) */
	STREAM_TLS_UP,		/* the handshake is done */
	STREAM_CLOSED,		/* the peer ended it; input may remain */
	STREAM_FAILED,		/* it broke, or TLS did; stream_fault() */
	STREAM_IDLE		/* no byte came for the idle time */
};

typedef void stream_fn(void *arg, enum stream_event);

/*
 * Take over the connected, non-blocking `fd`.  `input_bytes` is the size of the
 * input buffer, `output_limit` what may wait to be written.  NULL: no memory.
 */
struct stream	*stream_new(struct loop *, int fd, size_t input_bytes,
		    size_t output_limit, stream_fn *, void *arg);
/*
 * Give the stream another handler and other bounds, as its owner changes; input
 * that waits already, and an end or a fault, are told to the new one soon.  The
 * idle time ends.
 */
void		 stream_hand_over(struct stream *, size_t input_bytes,
		    size_t output_limit, stream_fn *, void *arg);
/* Close at once and free; NULL is fine. */
void		 stream_free(struct stream *);
/*
 * Write out what waits, say goodbye in TLS, free.  It is cut when the peer
 * takes less than 4,000 bytes a second, after ten seconds of grace.
 */
void		 stream_finish(struct stream *);
/* Say the end to the peer once what waits has left; its bytes still come. */
void		 stream_end_output(struct stream *);

/* The bytes that have come and were not consumed; valid until the next call. */
struct slice	 stream_input(const struct stream *);
/*
 * The first `n` bytes are done with.  When input is left over the handler is
 * not called again for it until more comes: consume what can be consumed.
 */
void		 stream_consume(struct stream *, size_t n);
/*
 * Queue bytes for writing.  0, or -ENOBUFS when more than the limit waits (the
 * stream has failed then and everything after is refused).
 */
int		 stream_write(struct stream *, struct slice);
/*
 * Mark the last byte that was written just now, for the process at the other
 * end; see mark.h.  For a socket pair only, and no TLS.  0, or -EBUSY: another
 * mark has not left yet, or nothing waits to be written.
 */
int		 stream_mark(struct stream *);
/* Marks are to be found in what comes. */
void		 stream_take_marks(struct stream *);
/*
 * The last byte that came is marked.  STREAM_INPUT tells of it; nothing behind
 * it is read before stream_pass_mark().
 */
bool		 stream_is_marked(const struct stream *);
void		 stream_pass_mark(struct stream *);
/* Bytes that wait to be written. */
size_t		 stream_waiting(const struct stream *);
/* Tell STREAM_DRAINED once when nothing waits any more. */
void		 stream_tell_drained(struct stream *);
/* While held no more is read and STREAM_INPUT does not come. */
void		 stream_hold(struct stream *, bool held);
/* Call the handler soon with STREAM_INPUT if there is any (after a hold). */
void		 stream_poke(struct stream *);

/* STREAM_IDLE after so long without a byte from the peer; 0 stops it. */
void		 stream_idle_after(struct stream *, uint64_t ms);
/* How long no byte has come, or no idle time was set. */
uint64_t	 stream_quiet_ms(const struct stream *);
/*
 * Of the idle time that was set just now so much has passed already: another
 * owner of the connection has waited that long.
 */
void		 stream_was_quiet(struct stream *, uint64_t ms);

/*
 * Become the server side of TLS now; what waits is written first in clear, what
 * is written from now on leaves in TLS.  All of it may take thirty seconds.
 * 0, -EPROTO when input already waits (injected), or -ENOMEM.
 */
int		 stream_start_tls(struct stream *, const struct tls_server *);
/* Before that: its client may be one of the old versions (tls_allow_old()). */
void		 stream_allow_old_tls(struct stream *);
bool		 stream_has_tls(const struct stream *);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384", or "" in clear. */
const char	*stream_tls_words(const struct stream *);
/* The peer sends no more; what it sent may still stand in the input. */
bool		 stream_has_ended(const struct stream *);
/*
 * What binds a login to this connection (RFC 5056), of `type` "tls-exporter"
 * (RFC 9266) or "tls-server-end-point" (RFC 5929 4): at most TLS_BINDING_BYTES
 * in `binding_out`.  0, or -ENOTSUP: in clear, another type, or it has none.
 */
int		 stream_tls_binding(const struct stream *, struct slice type,
		    unsigned char *binding_out, size_t *len_out);
/* What went wrong, in words. */
const char	*stream_fault(const struct stream *);
int		 stream_fd(const struct stream *);

#endif
