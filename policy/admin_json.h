/*
 * admin_json.h - console requests as JSON, for the control socket
 *
 * A request is one line, {"request": "account add", "args": {...}}; its answer
 * one line, {"ok": true, "result": [{column: value, ...}, ...]} or {"ok":
 * false, "error": code, "field": name or null, "words": sentence}.  Arguments
 * are strings; those that are numbers may be numbers.  Times are milliseconds
 * since 1970, UTC.
 */
#ifndef POSTROOM_POLICY_ADMIN_JSON_H
#define POSTROOM_POLICY_ADMIN_JSON_H

#include "policy/admin.h"

#define ADMIN_LINE_BYTES	(256 * 1024)	/* of a request or an answer */

/*
 * Read a request line (without its end).
 *
 *  0        *request_out is the row, and `packed` has its arguments.
 * -EINVAL   it is no such request; `why` has a word about it.
 * -ENOMEM
 */
int	admin_read(struct slice line, const struct admin_request **request_out,
	    struct text *packed, const char **why_out);
/*
 * The same for a person: an argument `address` that must be given, but is not,
 * is `own`.
 */
int	admin_read_own(struct slice line, struct slice own,
	    const struct admin_request **request_out, struct text *packed,
	    const char **why_out);
/* Write a request line, without its end.  `values[i]` may be absent (NULL). */
void	admin_write(const struct admin_request *,
	    const char *const values[ADMIN_ARGS], struct text *line);
/* Write the answer line for a packed answer.  0, or -EBADMSG. */
int	admin_answer_write(const struct admin_request *, struct slice packed,
	    enum language, struct text *line);
/* The answer line for a line that was no request. */
void	admin_error_write(const char *code, const char *words,
	    struct text *line);

#endif
