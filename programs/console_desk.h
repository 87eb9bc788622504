/*
 * console_desk.h - requests about mail that waits to leave, between admin rows
 * and queue
 *
 * The console role packs what was asked as queue/desk_wire.h has it, and puts
 * the queue's answer into rows of policy/admin.h.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_DESK_H
#define POSTROOM_PROGRAMS_CONSOLE_DESK_H

#include "programs/console_holds.h"

/* As console_holds.h has it. */
enum admin_status desk_ask_list(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status desk_ask_one(const struct admin_work *, struct text *body,
	    unsigned *field_out);
enum admin_status desk_ask_act(const struct admin_work *, struct text *body,
	    unsigned *field_out);

/* Read the queue's answer.  0 or -EBADMSG. */
int	desk_list_said(struct slice body, struct queue_said *said);
int	desk_file_said(struct slice body, struct queue_said *said);
int	desk_done_said(struct slice body, struct queue_said *said);

#endif
