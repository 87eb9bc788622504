/*
 * body.h - the bytes of one message on their way to the queue
 *
 * Up to BIG_BYTES they gather in memory, and at the end in a memfd, which is
 * sealed.  What grows beyond goes through a pipe into a file that the queue
 * writes; then only what the pipe would not take yet is kept here, and the
 * sender is held until it has.  Space is granted before it is used.
 *
 * Something that goes wrong does not stop the sender, who would not listen
 * before the end of data anyway: the rest is dropped and body_fault() tells.
 */
#ifndef POSTROOM_GATEWAY_SMTP_BODY_H
#define POSTROOM_GATEWAY_SMTP_BODY_H

#include "gateway/smtp/smtp.h"

struct body;			/* opaque; see body.c */

typedef void body_fn(void *arg);

/*
 * An empty body of at most `most` bytes, asking for grants in steps of `grow`
 * or more.  NULL when memory is out.
 */
struct body	*body_new(struct loop *, const struct smtp_ports *,
		    uint64_t most, uint64_t grow);
/* Forget the message; the grant is given back if it was not taken. */
void		 body_free(struct body *);

/* Ask for space for `bytes` before anything comes; busy until it is said. */
void		 body_reserve(struct body *, uint64_t bytes);
/* Make room for the first bytes; a fault when it cannot be had. */
void		 body_open(struct body *);
/*
 * Add bytes; all are taken, but stop when the body is busy then.  Short runs
 * go on when they are many, or at body_flush().
 */
void		 body_put(struct body *, struct slice);
/* The input at hand is used up: what came goes on; may be busy then. */
void		 body_flush(struct body *);
/* Nothing comes any more: seal the memfd or close the pipe; may be busy. */
void		 body_end(struct body *);

/* It waits for the queue. */
bool		 body_is_busy(const struct body *);
/* Call `fn` once, from the loop, when it is not busy any more. */
void		 body_when_free(struct body *, body_fn *fn, void *arg);

/* Why the message cannot be taken; NULL: nothing is wrong so far. */
const struct smtp_answer *body_fault(const struct body *);
/* It cannot be taken; the first reason counts. */
void		 body_refuse(struct body *, int code, const char *status,
		    const char *words);
/* Bytes that came, dropped ones too. */
uint64_t	 body_bytes(const struct body *);
/* Space held for it just now. */
uint64_t	 body_granted(const struct body *);

/* What a submit needs, after the end and without a fault. */
struct body_whole {
	int		memfd;		/* -1: in the big file `ticket` */
	uint64_t	ticket;
	uint64_t	granted;	/* not given back by us any more */
};
struct body_whole body_take(struct body *);
/* Nobody took it after all. */
void		 body_give_back(struct body *, const struct body_whole *);

#endif
