/*
 * command.h - MAIL and RCPT as they are said to a remote server
 *
 * The one maker of these lines: an address that is none, or a parameter that
 * cannot be said, fails the text, whoever has let it come so far.
 */
#ifndef POSTROOM_GATEWAY_RELAY_COMMAND_H
#define POSTROOM_GATEWAY_RELAY_COMMAND_H

#include "gateway/relay/form.h"
#include "gateway/relay/reply.h"

/* A line with all its parameters (RFC 3461 4: 500 more for ORCPT). */
#define COMMAND_BYTES	3072

/* What a message needs of a host. */
struct relay_need {
	bool		utf8;		/* RFC 6531 3.4 */
	bool		eight;		/* BODY=8BITMIME, where it is offered */
	uint64_t	bytes;		/* as it goes out */
};
/* All of it but the bytes. */
struct relay_need command_need(const struct relay_job *,
	    const struct relay_form_facts *);

/* Add the line, with those parameters that are offered. */
void	command_mail(struct text *, const struct relay_job *,
	    const struct relay_need *, const struct relay_offer *);
/* The same. */
void	command_rcpt(struct text *, const struct recipient *,
	    const struct relay_offer *);
/* It can stand in RCPT. */
bool	command_takes(struct slice address);

#endif
