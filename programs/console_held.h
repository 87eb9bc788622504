/*
 * console_held.h - what people ask of what is held for them, between admin rows
 * and queue
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_HELD_H
#define POSTROOM_PROGRAMS_CONSOLE_HELD_H

#include "programs/console_holds.h"

/* As the functions of console_holds.h; of whoever asks, or of a link. */
enum admin_status held_ask_list(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status held_ask_one(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status held_ask_link(const struct admin_work *, struct text *body,
	    unsigned *field_out);

/* Read the queue's answer.  0 or -EBADMSG. */
int	held_list_said(struct slice body, struct queue_said *said);
int	held_show_said(struct slice body, struct queue_said *said);
int	held_taken_said(struct slice body, struct queue_said *said);

#endif
