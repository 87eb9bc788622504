/*
 * console_recall.h - requests about mail that can be taken back, between admin rows
 * and queue
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_RECALL_H
#define POSTROOM_PROGRAMS_CONSOLE_RECALL_H

#include "programs/console_holds.h"

/* As console_holds.h has it. */
enum admin_status recall_ask_list(const struct admin_work *,
	    struct text *body, unsigned *field_out);
enum admin_status recall_ask_take(const struct admin_work *,
	    struct text *body, unsigned *field_out);

/* Read the queue's answer.  0 or -EBADMSG. */
int	recall_list_said(struct slice body, struct queue_said *said);
int	recall_take_said(struct slice body, struct queue_said *said);

#endif
