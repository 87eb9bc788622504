/*
 * removed.h - a message as it came, from which parts are removed
 *
 * What a rule takes out of a message is not lost: the whole message waits in
 * quarantine, for the postmaster alone and under a name of its own.  It is on
 * disk, with its row in queue.db (FULL), before the letter without the part gets
 * its record in the journal; so there never is such a letter without it.  After
 * a crash between the two it is there alone, and whoever sent the message, who
 * was told nothing, sends it again.
 */
#ifndef POSTROOM_QUEUE_REMOVED_H
#define POSTROOM_QUEUE_REMOVED_H

#include "queue/conductor_inside.h"

/* In the trail of the letter, and its name behind it. */
#define REMOVED_HELD	"the message as it came is held as "
/* The line of its verdict by which it is known. */
#define REMOVED_LINE	"X-Postroom-Original"

/*
 * The verdict of `transit` takes parts out of it: note what is kept, and under
 * which name.  -ENOMEM, or -errno: no name can be given.
 */
int	removed_begin(struct transit *, const struct verdict *);
/* The name, as it is written. */
void	removed_name(const struct removed *, char name_out[MESSAGE_ID_CHARS + 1]);
/* Its bytes: in memory (taken), or in a finished file of its own (taken). */
void	removed_small(struct removed *, char *bytes, size_t len);
int	removed_big_begin(struct removed *, struct big_writer **writer_out);
void	removed_big(struct removed *, uint64_t bytes,
	    const unsigned char digest[BIG_DIGEST_BYTES]);
/* They do not end as lines do. */
void	removed_lacks_crlf(struct removed *, bool lacks);

/*
 * The letter of `transit` is about to be received: hold what is kept of it, if
 * there is something, and then call `go_on`, perhaps before this returns.  Where
 * it cannot be held the letter is put off.
 */
typedef void	removed_fn(struct transit *);
void	removed_hold(struct transit *, removed_fn *go_on);
/* The letter was not received: nobody needs the other. */
void	removed_undo(struct transit *);
/* It is held, or was not begun.  NULL is fine; no thread works on it. */
void	removed_free(struct removed *);

/* Is a message with this packed verdict such a one? */
bool	removed_is(struct slice packed_verdict);

#endif
