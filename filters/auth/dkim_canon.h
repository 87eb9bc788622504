/*
 * dkim_canon.h - the one form of headers and bodies that is signed
 *
 * RFC 6376 3.4.  The bytes are taken as they came: in a body only CRLF ends a
 * line, and a lone CR or LF is a byte like another.  In a header a bare LF is
 * read as a line end, as header.h does, for whoever shows the message does too.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_CANON_H
#define POSTROOM_FILTERS_AUTH_DKIM_CANON_H

#include "lib/message/header.h"

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED, DKIM_CANON_COUNT };

/* Takes the next bytes of the form; they are gone when it returns. */
typedef void	 dkim_sink(void *arg, struct slice);

/*
 * One field, with the CRLF behind it; without it if `is_last`: the signature
 * itself, with the value of its b= taken out, comes so (RFC 6376 3.7).
 */
void	dkim_canon_field(enum dkim_canon, const struct header_field *,
	    bool is_last, dkim_sink *, void *arg);

/* A body in pieces of any size. */
struct dkim_body {
	enum dkim_canon	 canon;
	dkim_sink	*sink;
	void		*arg;
	uint64_t	 bytes;		/* of the form, so far or in all */
	uint64_t	 line_ends;	/* held back: the last of them go */
	bool		 has_cr;	/* a CR came, and no byte after it */
	bool		 has_blank;	/* blanks came; they may end the line */
	size_t		 used;
	char		 out[2048];	/* so the sink is not called per word */
};

/* Begin; `arg` must live until the end. */
void	dkim_body_begin(struct dkim_body *, enum dkim_canon, dkim_sink *,
	    void *arg);
/* The next bytes of the body as they came. */
void	dkim_body_add(struct dkim_body *, struct slice);
/* That was all of it; `bytes` is now what the form has. */
void	dkim_body_end(struct dkim_body *);

#endif
