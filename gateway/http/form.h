/*
 * form.h - the fields of a form, as a browser sends them
 *
 * application/x-www-form-urlencoded, of a body or of a query.  What is broken,
 * too much, or there twice is no form at all.
 */
#ifndef POSTROOM_GATEWAY_HTTP_FORM_H
#define POSTROOM_GATEWAY_HTTP_FORM_H

#include "lib/base/slice.h"

#define FORM_FIELDS	32	/* our longest has 24 */

struct form {
	struct {
		struct slice	name, value;
	} field[FORM_FIELDS];
	unsigned	 count;
	char		*bytes;		/* decoded; owned */
	size_t		 size;
};

/* 0, -EINVAL (no such form) or -ENOMEM; `form` is freed by form_free(). */
int	form_read(struct slice encoded, struct form *form_out);
/* Wipes what was in it. */
void	form_free(struct form *);
/* The value of that field, or the empty slice; whether it is there at all. */
struct slice	form_value(const struct form *, const char *name);
bool	form_has(const struct form *, const char *name);

#endif
