/*
 * text.h - a growing run of bytes with a limit
 *
 * For replies, records and whatever else is put together piece by piece.  An
 * addition that does not fit marks the text failed and adds nothing more; the
 * maker asks text_failed() once, at the end.
 */
#ifndef POSTROOM_BASE_TEXT_H
#define POSTROOM_BASE_TEXT_H

#include <stdarg.h>

#include "lib/base/slice.h"

struct text {
	char	*at;		/* owned; NULL until something is added */
	size_t	 len;		/* bytes in use */
	size_t	 size;		/* bytes allocated */
	size_t	 limit;		/* most bytes it may ever hold */
	bool	 failed;
};

/* An empty text that may grow to `limit` bytes; for an initialiser. */
#define TEXT_INIT(most)	{ .limit = (most) }

/* Add bytes, a C string without its NUL, a byte, what printf would write. */
void		text_add(struct text *, struct slice);
void		text_add_str(struct text *, const char *string);
void		text_add_byte(struct text *, char byte);
void		text_addf(struct text *, const char *format, ...)
		    __attribute__((format(printf, 2, 3)));
void		text_vaddf(struct text *, const char *format, va_list)
		    __attribute__((format(printf, 2, 0)));
/* A decimal number, without the cost of a format. */
void		text_add_u64(struct text *, uint64_t n);
/* `n` bytes to be filled by the caller now, or NULL when they do not fit. */
char		*text_space(struct text *, size_t n);

/*
 * Peer text for a log line or a person: at most `most` bytes of it; what is not
 * printable ASCII (and a backslash or quote) is written as \xNN.
 */
void		text_add_escaped(struct text *, struct slice, size_t most);
/* `s` as a JSON string with its quotes; bytes that are no UTF-8 as \u00NN. */
void		text_add_json(struct text *, struct slice);

/* What stands in it now; valid until the next addition. */
struct slice	text_slice(const struct text *);
/* Something did not fit, or memory was out. */
bool		text_failed(const struct text *);
/* Drop the first `n` bytes. */
void		text_consume(struct text *, size_t n);
/* Empty it, keep the memory, forget a failure. */
void		text_clear(struct text *);
/* Give the memory back. */
void		text_free(struct text *);

#define TEXT_AUTO	__attribute__((cleanup(text_free))) struct text

#endif
