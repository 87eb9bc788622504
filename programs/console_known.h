/*
 * console_known.h - "fetch known", between admin row, keeper and queue
 *
 * The keeper says which fetch account is meant, then the queue is told what was
 * collected of it.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_KNOWN_H
#define POSTROOM_PROGRAMS_CONSOLE_KNOWN_H

#include "programs/console_holds.h"

/* Bytes of "uidls" that the command line says at once: six times as many in
 * JSON at worst, and IPC_MAX_BYTES hold them. */
#define KNOWN_BYTES	(32 * 1024)

/* Where its arguments stand (admin.c). */
enum { KNOWN_ADDRESS, KNOWN_LABEL, KNOWN_FOLDER, KNOWN_UIDLS };

/*
 * What the keeper has found: *account_out is its number, and its columns are
 * added to the rows.  0; 1: it has found none, and said->status says why; or
 * -EBADMSG.
 */
int	known_found(struct slice body, struct queue_said *,
	    uint64_t *account_out);
/*
 * Put the request into `body` for the queue, and how many UIDLs it has into
 * *count_out.  ADMIN_OK, or ADMIN_UNFIT with the number of the argument in
 * *field_out.
 */
enum admin_status known_ask(const struct admin_work *, uint64_t account,
	    struct text *body, uint32_t *count_out, unsigned *field_out);
/* The queue has answered: 0 or -EBADMSG. */
int	known_said(struct slice body, struct queue_said *);

/* Add a UIDL as the request has it, a line feed behind it. */
void	known_write(struct text *, struct slice uidl);

#endif
