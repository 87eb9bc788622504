/*
 * arena.h - memory with an owner whose life we can name
 *
 * One arena per connection, command, transaction or message.  Nothing inside is
 * freed by itself; arena_free() ends it all.  The budget is what a peer may
 * make us spend: reaching it is an ordinary refusal (452, NO [LIMIT]).
 */
#ifndef POSTROOM_BASE_ARENA_H
#define POSTROOM_BASE_ARENA_H

#include "lib/base/slice.h"

struct arena;			/* opaque; see arena.c */

/* New arena of at most `budget` bytes, or NULL when memory is out. */
struct arena	*arena_new(size_t budget);
/* End the arena and everything in it; NULL is fine. */
void		 arena_free(struct arena *);
/* Forget everything in it and start over with the whole budget. */
void		 arena_reset(struct arena *);
/* Bytes of the budget still unspent. */
size_t		 arena_left(const struct arena *);

/* Zeroed bytes, aligned for any type; NULL when the budget is spent. */
void		*arena_alloc(struct arena *, size_t bytes);
/* Zeroed array of `n` things of `size` bytes; NULL too when it overflows. */
void		*arena_array(struct arena *, size_t n, size_t size);
/* A copy of `s` in the arena (with a NUL behind it).  0 or -ENOBUFS. */
int		 arena_copy(struct arena *, struct slice s, struct slice *copy_out);

/* For ARENA_AUTO. */
void		 arena_cleanup(struct arena **);
#define ARENA_AUTO	__attribute__((cleanup(arena_cleanup))) struct arena *

#endif
