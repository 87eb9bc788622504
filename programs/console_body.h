/*
 * console_body.h - requests for a body, between admin rows and queue
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_BODY_H
#define POSTROOM_PROGRAMS_CONSOLE_BODY_H

#include "programs/console_holds.h"

/* As the functions of console_holds.h, of "fetch body". */
enum admin_status body_ask(const struct admin_work *, struct text *body,
	    unsigned *field_out);
int	body_said(struct slice body, struct queue_said *);

#endif
