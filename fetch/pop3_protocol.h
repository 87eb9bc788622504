/*
 * pop3_protocol.h - POP3 as a protocol of collections (protocol.h)
 */
#ifndef POSTROOM_FETCH_POP3_PROTOCOL_H
#define POSTROOM_FETCH_POP3_PROTOCOL_H

struct collect;

/* pop3_login.c: begin a conversation; the step after it is step_list(). */
int	pop3_begin(struct collect *);
/* pop3_listing.c: say LIST and UIDL. */
void	pop3_list(struct collect *);

#endif
