/*
 * traced.h - what the lines on top of a letter still say of how it came
 *
 * stamp_write() put them there, so they are the hub's own word; the caller hands
 * over nothing that came with the message.  Of what a filter found only what a
 * line says is known: each row of findings_row() is a set of what it may have
 * been, 1 << value each, all of them where nothing is said.
 */
#ifndef POSTROOM_QUEUE_TRACED_H
#define POSTROOM_QUEUE_TRACED_H

#include "filters/findings.h"
#include "lib/message/envelope.h"

#define TRACED_ROWS	32	/* of findings_row(): a dozen or so */

struct traced {
	enum envelope_source source;	/* SMTP of our provider's hosts, too */
	struct slice	 sender;	/* empty: <> */
	struct slice	 recipient;
	struct slice	 helo;		/* empty: it is not known */
	struct slice	 peer;
	struct slice	 login;		/* "?": somebody was logged in */
};

/*
 * Read the lines; slices point into them.  False: they are none of a message
 * that came to the hub called `hostname`, or that it made.
 */
bool	traced_read(struct slice lines, const char *hostname,
	    struct traced *traced_out);

/*
 * What lines of that hub say of each finding; in a block of header fields, of
 * which the first of a name counts.
 */
void	traced_findings(struct slice lines, const char *hostname,
	    uint32_t may_out[TRACED_ROWS]);
/* All that row `name` may be, or that it is this; a word it has not: nothing. */
void	traced_set(uint32_t may[TRACED_ROWS], const char *name,
	    struct slice word);

#endif
