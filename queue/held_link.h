/*
 * held_link.h - what a person has in hand who is told of a held message
 *
 * A link names an account, the message that is held for it and its own end, and
 * is signed (16 bytes of HMAC-SHA256) with the hub's key, which never
 * leaves the queue: who has the link may look at that message, and have it
 * delivered to that account, and nothing else.  It is written in hexadecimal,
 * which mail programs neither wrap nor change.
 *
 * Pure: whether the message is still held says queue.db, whether the link's time
 * is over says the clock of who asks.
 */
#ifndef POSTROOM_QUEUE_HELD_LINK_H
#define POSTROOM_QUEUE_HELD_LINK_H

#include "lib/base/id.h"
#include "lib/base/text.h"
#include "queue/rows_held.h"

#define HELD_LINK_CHARS		86
/* What a person writes who answers that mail: no 0 leads it. */
#define HELD_NUMBER_LEAST	100000u
#define HELD_NUMBER_MOST	999999u

struct held_link {
	uint64_t		account;
	struct message_id	id;
	int64_t			ends_utc_ms;
};

/* Add it, HELD_LINK_CHARS of it.  0 or -EIO: it cannot be signed. */
int	held_link_write(struct text *, const struct held_link *,
	    const unsigned char key[ROWS_KEY_BYTES]);
/* 0, or -EBADMSG: it is none of ours, or not whole. */
int	held_link_read(struct slice, const unsigned char key[ROWS_KEY_BYTES],
	    struct held_link *link_out);
/*
 * The number by which that person names it in an answer (filters/held_words.h);
 * who has sent it cannot know that.  Two messages may have the same: it proves
 * nothing alone.  0 or -EIO.
 */
int	held_link_number(uint64_t account, const struct message_id *,
	    const unsigned char key[ROWS_KEY_BYTES], uint32_t *number_out);

#endif
