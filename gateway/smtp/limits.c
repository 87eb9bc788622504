/*
 * limits.c - what one SMTP session may cost us, and why no more
 */
#include "gateway/smtp/limits.h"

const struct smtp_limits smtp_default_limits = {
	/* a client that errs so often reads no replies, or types guesses */
	.bad_commands = 10,
	/* a client that reuses its connection says one RSET a message */
	.idle_commands = 100,
	/* HARDENING A12: an old list has some dead names, a probe only those */
	.unknown_quick = 10,
	.unknown_most = 20,
	.unknown_wait_ms = 1000,
	/* an old address book has some dozens of them, a guesser thousands */
	.people_refused = 100,
	/* a client that has something to say says it soon */
	.first_ms = 60000,
	/* RFC 5321 4.5.3.2.7: at least 5 minutes */
	.command_ms = 300000,
	/* others wait for the space; who announced a size has the bytes */
	.unused_ms = 60000,
	/* a modem brings ten times as much, a slowloris a thousandth */
	.rate_ms = 60000,
	.rate_bytes = 500,
	/* 50 MiB in chunks of 8 KiB; nobody sends smaller ones in earnest */
	.chunks = 10000,
	/* SIZE is an estimate (RFC 1870 6.2): few steps, each twice the last */
	.grow_bytes = 131072,
};
