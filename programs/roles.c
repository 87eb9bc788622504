/*
 * roles.c - one table: what each role is, holds and may do
 */
#include "programs/roles.h"

#include "programs/switchboard.h"

static const struct role_row rows[ROLE_COUNT] = {
	[ROLE_KEEPER] = {
		.role = ROLE_KEEPER, .user = "keeper", .folder = FOLDER_POLICY,
		.calls = CALLS_FILES, .holds = HOLDS(HOLDS_SEAL_KEY),
	},
	[ROLE_DOOR] = {
		.role = ROLE_DOOR, .user = "door",
		.calls = CALLS_ACCEPT | CALLS_MEMFD | CALLS_PAIR,
		.holds = HOLDS(HOLDS_LISTENER) | HOLDS(HOLDS_CERTIFICATE) |
		    HOLDS(HOLDS_TLS_KEY),
		.links = FROM(ROLE_KEEPER) | FROM(ROLE_QUEUE) |
		    FROM(ROLE_SCHEDULE),
	},
	[ROLE_MAILBOX] = {
		.role = ROLE_MAILBOX, .user = "mailbox",
		.folder = FOLDER_ACCOUNT, .calls = CALLS_FILES | CALLS_PAIR,
		.holds = HOLDS(HOLDS_SPAM),
		.links = FROM(ROLE_QUEUE) | FROM(ROLE_KEEPER),
		.has_instances = true,
	},
	[ROLE_QUEUE] = {
		.role = ROLE_QUEUE, .user = "queue", .folder = FOLDER_QUEUE,
		.calls = CALLS_FILES | CALLS_MEMFD,
		.links = FROM(ROLE_DOOR) | FROM(ROLE_JUDGE) |
		    FROM(ROLE_CONSOLE) | FROM(ROLE_MAILBOX) |
		    FROM(ROLE_FETCH) | FROM(ROLE_KEEPER),
	},
	[ROLE_JUDGE] = {
		.role = ROLE_JUDGE, .user = "judge",
		.holds = HOLDS(HOLDS_RULES) | HOLDS(HOLDS_SPAM),
		.links = FROM(ROLE_RESOLVER) | FROM(ROLE_KEEPER),
	},
	[ROLE_CONSOLE] = {
		.role = ROLE_CONSOLE, .program = PROGRAM_NET, .user = "web",
		.calls = CALLS_ACCEPT, .holds = HOLDS(HOLDS_CONTROL),
		.links = FROM(ROLE_KEEPER) | FROM(ROLE_QUEUE) |
		    FROM(ROLE_SCHEDULE) | FROM(ROLE_DOOR),
	},
	[ROLE_SCHEDULE] = {
		.role = ROLE_SCHEDULE, .user = "schedule",
		.calls = CALLS_MEMFD,
		.links = FROM(ROLE_KEEPER) | FROM(ROLE_QUEUE) |
		    FROM(ROLE_FETCH),
	},
	[ROLE_FETCH] = {
		.role = ROLE_FETCH, .program = PROGRAM_NET, .user = "fetch",
		.calls = CALLS_CONNECT | CALLS_MEMFD | CALLS_PAIR,
		.holds = HOLDS(HOLDS_TRUST),
		.links = FROM(ROLE_KEEPER) | FROM(ROLE_RESOLVER) |
		    FROM(ROLE_DOOR),
		.has_instances = true,
	},
	[ROLE_RESOLVER] = {
		.role = ROLE_RESOLVER, .program = PROGRAM_NET,
		.user = "resolver", .calls = CALLS_CONNECT | CALLS_DATAGRAM,
	},
	[ROLE_RELAY] = {
		.role = ROLE_RELAY, .program = PROGRAM_NET, .user = "relay",
		.calls = CALLS_CONNECT | CALLS_MEMFD | CALLS_PAIR,
		.holds = HOLDS(HOLDS_TRUST) | HOLDS(HOLDS_SMARTHOST) |
		    HOLDS(HOLDS_POLICIES) | HOLDS(HOLDS_REPORTS),
		.links = FROM(ROLE_QUEUE) | FROM(ROLE_RESOLVER) |
		    FROM(ROLE_KEEPER) | FROM(ROLE_SCHEDULE),
	},
	[ROLE_SCAN] = {
		.role = ROLE_SCAN, .program = PROGRAM_SCAN, .user = "scan",
		.folder = FOLDER_SCAN,
		.calls = CALLS_FILES | CALLS_MEMFD | CALLS_FORK,
		.links = FROM(ROLE_JUDGE) | FROM(ROLE_CONSOLE),
	},
};

const struct role_row *
role_row(enum role role)
{
	if (role == ROLE_PARENT || (unsigned)role >= ROLE_COUNT)
		return NULL;
	return &rows[role];
}

const char *
role_program_name(enum role_program program)
{
	static const char *const names[PROGRAM_COUNT] = {
		[PROGRAM_POSTROOMD] = "postroomd",
		[PROGRAM_NET] = "postroom-net",
		[PROGRAM_SCAN] = "postroom-scan",
	};

	return (unsigned)program < PROGRAM_COUNT ? names[program] : "";
}
