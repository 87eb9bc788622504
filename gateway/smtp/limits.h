/*
 * limits.h - what one SMTP session may cost us, and why no more
 *
 * The defaults stand in limits.c, each with its reason; a test gives smaller
 * ones (smtp_options.limits).  Zero never means unlimited.
 */
#ifndef POSTROOM_GATEWAY_SMTP_LIMITS_H
#define POSTROOM_GATEWAY_SMTP_LIMITS_H

#include <stdint.h>

/* A command with its CRLF.  RFC 5321 4.5.3.1.4 asks for 512, ESMTP for more. */
#define SMTP_LINE_BYTES		2048
/* RFC 5321 4.5.3.1.2: the name in EHLO is a domain */
#define SMTP_HELO_BYTES		255
/* Buffers of one connection: a command must fit the first, replies the other */
#define SMTP_INPUT_BYTES	32768u
#define SMTP_OUTPUT_BYTES	65536u

struct smtp_limits {
	unsigned	bad_commands;	/* refused as commands, a session */
	unsigned	idle_commands;	/* that bring no mail, between mails */
	unsigned	unknown_quick;	/* unknown recipients at full speed */
	unsigned	unknown_most;	/* unknown recipients, a client */
	uint64_t	unknown_wait_ms;	/* before each one in between */
	unsigned	people_refused;	/* addresses, once somebody logged in */
	uint64_t	first_ms;	/* from greeting to first command; where
					   people log in, to the login */
	uint64_t	command_ms;	/* to any later command */
	uint64_t	unused_ms;	/* a grant over grow_bytes, no data */
	uint64_t	rate_ms;	/* how often the rate is looked at */
	uint64_t	rate_bytes;	/* least a second, of message bytes */
	unsigned	chunks;		/* BDAT, a message */
	uint64_t	grow_bytes;	/* least asked for beyond a grant */
};

extern const struct smtp_limits smtp_default_limits;

#endif
