/*
 * frame.h - where an answer ends, in a stream of IMAP responses
 *
 * Whoever passes the responses of another server on need not understand them,
 * but for two things: a line that ends with a literal's size is followed by so
 * many bytes that are no line (RFC 9051 4.3), and the line that begins with the
 * command's tag is the last of its answer (RFC 9051 2.2.2).
 */
#ifndef POSTROOM_GATEWAY_IMAP_FRAME_H
#define POSTROOM_GATEWAY_IMAP_FRAME_H

#include "lib/base/slice.h"

#define IMAPD_FRAME_TAIL 32	/* a literal's size, of 64 bits, and CRLF */

/* Zeroed: at the beginning of a line. */
struct imapd_frame {
	uint64_t	literal_left;	/* bytes that are no line */
	bool		in_line;
	bool		is_last;	/* that line has the tag */
	bool		is_ok;		/* and says OK */
	char		tail[IMAPD_FRAME_TAIL];	/* of that line */
	size_t		tail_len;
};

enum imapd_framed {
	IMAPD_FRAME_NEEDS_MORE,	/* nothing can be said of so few bytes */
	IMAPD_FRAME_PIECE,	/* *piece_out belongs to the answer */
	IMAPD_FRAME_END		/* and is its end; frame->is_ok is set */
};

/* The next piece of what stands `here`, of the answer to `tag`. */
enum imapd_framed imapd_frame_take(struct imapd_frame *, struct slice here,
	    struct slice tag, struct slice *piece_out);

#endif
