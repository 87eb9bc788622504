/*
 * answer.h - a packed answer of a console request, row by row (policy/admin.h)
 *
 * Slices point into the packed bytes.
 */
#ifndef POSTROOM_GATEWAY_HTTP_ANSWER_H
#define POSTROOM_GATEWAY_HTTP_ANSWER_H

#include "policy/admin.h"

struct answer {
	const struct admin_request *request;
	struct slice	 packed;	/* all of it */
	enum admin_status status;
	const char	*field;		/* the argument at fault, or NULL */
	uint32_t	 rows;
	/* of the row that stands now: */
	struct slice	 text[ADMIN_COLUMNS];
	uint64_t	 number[ADMIN_COLUMNS];
	/* inside */
	struct unpack	 u;
	uint32_t	 taken;
};

/* Before the first row.  0 or -EBADMSG. */
int	answer_open(struct answer *, const struct admin_request *,
	    struct slice packed);
/* The next row; false when there is none, or it cannot be read. */
bool	answer_next(struct answer *);
/* A column of the row; empty or 0 when the request has none of that name. */
struct slice	answer_text(const struct answer *, const char *column);
uint64_t	answer_number(const struct answer *, const char *column);

#endif
