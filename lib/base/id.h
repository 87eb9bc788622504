/*
 * id.h - the name of a message, from its receipt to the last trace of it
 *
 * 80 bits: milliseconds since 1970 (48, big-endian, so that names sort by
 * time) and 32 random ones.  Written as 16 letters and digits of base32 without
 * i, l, o and u (nobody misreads them on the telephone); the POP3 UIDL and the
 * trail use that form.
 */
#ifndef POSTROOM_BASE_ID_H
#define POSTROOM_BASE_ID_H

#include "lib/base/slice.h"

#define MESSAGE_ID_BYTES	10
#define MESSAGE_ID_CHARS	16

struct message_id {
	unsigned char	bytes[MESSAGE_ID_BYTES];
};

/*
 * A name never given before: later than `*last`, which is moved on to it, even
 * when the clock `utc_ms` has been set back.  0 or a negative errno.
 */
int	message_id_new(struct message_id *last, int64_t utc_ms);
/* Its 16 characters and a NUL. */
void	message_id_write(const struct message_id *,
	    char text_out[MESSAGE_ID_CHARS + 1]);
/* 0, or -EINVAL when `s` is no such name (letters of either case are). */
int	message_id_read(struct slice s, struct message_id *id_out);
/* When it was given, by the clock of then: milliseconds since 1970. */
int64_t	message_id_utc_ms(const struct message_id *);
/* Order of time; 0 when they are the same. */
int	message_id_order(const struct message_id *, const struct message_id *);

#endif
