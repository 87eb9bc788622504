/*
 * role.c - the names of the roles
 */
#include "lib/base/role.h"

const char *
role_name(enum role role)
{
	static const char *const names[ROLE_COUNT] = {
		[ROLE_PARENT] = "parent",
		[ROLE_KEEPER] = "keeper",
		[ROLE_DOOR] = "door",
		[ROLE_MAILBOX] = "mailbox",
		[ROLE_QUEUE] = "queue",
		[ROLE_JUDGE] = "judge",
		[ROLE_CONSOLE] = "console",
		[ROLE_SCHEDULE] = "schedule",
		[ROLE_FETCH] = "fetch",
		[ROLE_RESOLVER] = "resolver",
		[ROLE_SCAN] = "scan",
		[ROLE_RELAY] = "relay",
	};

	return (unsigned)role < ROLE_COUNT ? names[role] : "nobody";
}
