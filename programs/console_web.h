/*
 * console_web.h - the console role's HTTPS: between the door, gateway/http and
 * the keeper
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_WEB_H
#define POSTROOM_PROGRAMS_CONSOLE_WEB_H

#include "gateway/http/web.h"

/* What may be said to the console. */
enum console_kind {
	/*
	 * Door, news, 1 descriptor: a client of https, whose TLS the door ends.
	 * slice peer, a numeric address
	 */
	CONSOLE_VISIT = 0x700
};

struct console_web;		/* opaque; see console_web.c */

/* As struct web_ports has it. */
typedef int	console_ask_fn(void *arg, const struct admin_request *,
		    uint64_t asker, struct slice packed, ipc_reply_fn *reply,
		    void *reply_arg);
typedef void	console_forget_fn(void *arg, void *reply_arg);

/* NULL when it cannot be had. */
struct console_web *console_web_new(struct loop *, enum language office,
	    console_ask_fn *, console_forget_fn *, void *arg);
/* NULL is fine. */
void	console_web_free(struct console_web *);
/* The keeper is there, or (NULL) is lost. */
void	console_web_keeper(struct console_web *, struct ipc *keeper);
/* A CONSOLE_VISIT has come.  0 or -EBADMSG. */
int	console_web_visit(struct console_web *, struct ipc_message *);

#endif
