/*
 * parse_partial.h - a page of what a SEARCH or a FETCH gives (RFC 9394)
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_PARTIAL_H
#define POSTROOM_GATEWAY_IMAP_PARSE_PARTIAL_H

#include "gateway/imap/parse.h"

/* Results by their place: 1 is the first or, `from_end`, the last. */
struct imapd_partial {
	struct slice	 words;		/* as the client said it: "-1:-100" */
	bool		 from_end;
	uint32_t	 low, high;	/* 1 or above; low <= high */
};

/* partial-range, RFC 9394 4. */
bool	imapd_partial_read(struct imapd_parse *,
	    struct imapd_partial *partial_out);
/*
 * Which of `count` results those are: returns how many, and *first_out is the
 * place of the first, counted from 0.
 */
size_t	imapd_partial_of(const struct imapd_partial *, size_t count,
	    size_t *first_out);

#endif
