/*
 * console_holds.h - requests about held messages, between admin rows and queue
 *
 * The console role packs what was asked as queue/service.h has it, and puts the
 * queue's answer into rows of policy/admin.h.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_HOLDS_H
#define POSTROOM_PROGRAMS_CONSOLE_HOLDS_H

#include "policy/admin.h"
#include "queue/service.h"

/* What the queue said, as an answer's head and rows. */
struct queue_said {
	enum admin_status status;
	unsigned	  field;	/* at fault, or ADMIN_NO_FIELD */
	uint32_t	  count;	/* of rows */
	struct text	 *rows;
};

/*
 * Put the request into `body`.  ADMIN_OK, or ADMIN_UNFIT with the number of the
 * argument in *field_out: that is the answer.
 */
enum admin_status holds_ask_list(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status holds_ask_one(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status holds_ask_release(const struct admin_work *,
	    struct text *body, unsigned *field_out);
enum admin_status holds_ask_delete(const struct admin_work *,
	    struct text *body, unsigned *field_out);

/* Read the queue's answer.  0 or -EBADMSG. */
int	holds_list_said(struct slice body, struct queue_said *said);
int	holds_show_said(struct slice body, struct queue_said *said);
/* Of a release, a deletion: no rows. */
int	holds_done_said(struct slice body, struct queue_said *said);

/* For whatever else is told of held messages (console_held.h). */

/* The answer's first byte.  True: more follows. */
bool	holds_status(struct unpack *, struct queue_said *said);
/* Put what was read of one into `said->rows`. */
typedef void hold_row_fn(const struct hold_row *, struct queue_said *said);
/* The next row, and a page of them with their count.  0 or -EBADMSG. */
int	holds_row(struct unpack *, hold_row_fn *, struct queue_said *said);
int	holds_page(struct unpack *, hold_row_fn *, struct queue_said *said);

#endif
