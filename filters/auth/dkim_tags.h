/*
 * dkim_tags.h - lists of tag=value, as signatures and key records are written
 *
 * RFC 6376 3.2, strictly: a list with one tag twice, a name or value that is
 * not of its grammar, or an empty place between two semicolons is no list.
 * UTF-8 in values is let pass (RFC 8616 4), and folding whose line end is a
 * bare LF, as header.h reads it.  Everything points into what was read.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_TAGS_H
#define POSTROOM_FILTERS_AUTH_DKIM_TAGS_H

#include "lib/base/slice.h"

/* The RFCs know 14 tags of a signature; no honest list has this many. */
#define DKIM_TAGS	64

struct dkim_tag {
	struct slice	name;
	struct slice	value;	/* without blanks around it; may be empty */
	struct slice	whole;	/* all between the "=" and the ";" or the end */
};

struct dkim_tags {
	unsigned	count;
	struct dkim_tag	tag[DKIM_TAGS];
};

/* 0; -EINVAL: it is no list of tags; -E2BIG: more tags than DKIM_TAGS. */
int	dkim_tags_read(struct slice list, struct dkim_tags *tags_out);

/* The tag of this name, in this letter case, or NULL. */
const struct dkim_tag	*dkim_tags_find(const struct dkim_tags *,
		    const char *name);

/*
 * Cut the next of the things with colons between them off `*rest`, without the
 * blanks around it.  False: there is no more.  What has nothing between two
 * colons gives an empty slice.
 */
bool	dkim_list_next(struct slice *rest, struct slice *one_out);
/* One of the list is `word`, in any letter case (RFC 5234 2.3). */
bool	dkim_list_has(struct slice list, const char *word);

/*
 * Decode base64 with folding anywhere (RFC 6376 2.10) into at most `size`
 * bytes.  The "=" at the end may be missing.  0; -EINVAL: it is no base64, or
 * empty; -E2BIG: it is more than `size` bytes.
 */
int	dkim_base64(struct slice, unsigned char *bytes_out, size_t size,
	    size_t *len_out);

/*
 * Decode dkim-quoted-printable (RFC 6376 2.11) without its blanks into a C
 * string.  0; -EINVAL: it is none, or hides a control character or bytes that
 * are no UTF-8; -E2BIG: it does not fit.
 */
int	dkim_unquote(struct slice, char *text_out, size_t size);

#endif
