/*
 * mime_param.h - fields with parameters: Content-Type, Content-Disposition
 *
 * RFC 2045 5.1, with the pieces, charsets and languages of RFC 2231.  The value
 * is read as it stands in the header, folding and comments included; nothing
 * is kept, so a parameter costs one walk over the value each time it is asked
 * for, and the number of parameters walked over has a limit.
 */
#ifndef POSTROOM_MESSAGE_MIME_PARAM_H
#define POSTROOM_MESSAGE_MIME_PARAM_H

#include "lib/base/text.h"

/* No list has more pieces of one parameter, whatever limit the caller has. */
#define MIME_PARAM_PIECES	64

/*
 * Cut "type/subtype" (or the one word of a Content-Disposition, with an empty
 * subtype) off a field value.  False if no such word begins it.
 */
bool	mime_type_cut(struct slice *rest, struct slice *type_out,
	    struct slice *subtype_out);

/* One parameter as it stands, before RFC 2231. */
struct mime_param {
	struct slice	attribute;	/* may be empty: it is no parameter */
	struct slice	value;		/* raw, without the quotes around it */
	bool		quoted;
};

/* Cut the next parameter off `*rest`, what mime_type_cut() left. */
bool	mime_param_next(struct slice *rest, struct mime_param *param_out);
/* Add its value without folding and quoted pairs; percent signs stay. */
void	mime_param_value(struct text *, const struct mime_param *);

/*
 * Add the raw bytes of parameter `name` of `rest`, what mime_type_cut() left:
 * without quotes, pieces joined, %XX decoded.  *charset_out is what RFC 2231
 * says of them, or empty; it points into `rest`.
 *
 *  0         added; whether it fitted, the text knows.
 * -ENOENT    there is no such parameter.
 * -E2BIG     there are more than `most` parameters.
 */
int	mime_param_raw(struct slice rest, const char *name, unsigned most,
	    struct text *, struct slice *charset_out);

/*
 * The same as UTF-8 (words.h), decoding also the encoded words that some
 * mailers put there against RFC 2047 5.  0, -ENOENT, -E2BIG or -ENOMEM.
 */
int	mime_param(struct slice rest, const char *name, unsigned most,
	    struct text *);

#endif
