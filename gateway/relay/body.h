/*
 * body.h - a message as it goes out behind DATA (RFC 5321 4.5.2) or BDAT
 *
 * Works on pieces.  Whatever was stored, what goes out has no bare CR or LF and
 * no NUL, no line of more than 998 octets (4.5.3.1.6; form.h leaves few longer
 * ones, which are cut, and go on behind a blank), and ends with a line end.  Behind
 * DATA a dot is doubled wherever a line begins with one, and there is exactly one
 * end; the chunks of BDAT (RFC 3030) are counted and need neither.
 */
#ifndef POSTROOM_GATEWAY_RELAY_BODY_H
#define POSTROOM_GATEWAY_RELAY_BODY_H

#include "gateway/pop3/stuff.h"
#include "gateway/relay/form.h"
#include "lib/base/dot.h"
#include "lib/base/text.h"

#define RELAY_LINE_MOST	FORM_LINE_MOST

struct relay_body {
	struct dot_reader	reader;
	enum stuff_at		at;
	size_t			column;	/* octets of this line so far */
	bool			counts;	/* BDAT */
};

/* Before the first piece. */
void	relay_body_begin(struct relay_body *, bool counts);
/* Add what goes out for `piece`; the text fails when it does not fit. */
void	relay_body_add(struct relay_body *, struct slice piece,
	    struct text *out);
/* The end of the last line, and the dot, unless it is counted. */
void	relay_body_end(struct relay_body *, struct text *out);

#endif
