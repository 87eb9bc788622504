/*
 * relay_line.h - what the relay carries is the line's: counted, and held back
 *
 * The schedule hears every some seconds how much it was, as long as there is
 * anything to hear; all conversations together keep to the relay's part of the
 * line's bytes a second, each to an equal share of it.
 */
#ifndef POSTROOM_PROGRAMS_RELAY_LINE_H
#define POSTROOM_PROGRAMS_RELAY_LINE_H

#include "gateway/relay/link.h"
#include "lib/base/ipc.h"

#define RELAY_LINE_TELL_MS	(10u * 1000)

struct relay_line;		/* opaque; see relay_line.c */

/*
 * Hall and links are borrowed; so many bytes a second, LINE_RATE_FREE: as many
 * as it can.  NULL when memory is out.
 */
struct relay_line *relay_line_new(struct loop *, struct talk_hall *,
		    struct relay_links *, uint64_t bytes_per_second);
/* The schedule is there, or (NULL) gone. */
void	relay_line_schedule(struct relay_line *, struct ipc *);
/* So many messages are on their way from now on. */
void	relay_line_running(struct relay_line *, unsigned count);

#endif
