/*
 * role.h - the names of the roles (DESIGN.md 2)
 *
 * What each may do is one row in programs/roles.c; here are only the names that
 * every layer may need to say who it speaks with.
 */
#ifndef POSTROOM_BASE_ROLE_H
#define POSTROOM_BASE_ROLE_H

enum role {
	ROLE_PARENT,
	ROLE_KEEPER,
	ROLE_DOOR,
	ROLE_MAILBOX,
	ROLE_QUEUE,
	ROLE_JUDGE,
	ROLE_CONSOLE,
	ROLE_SCHEDULE,
	ROLE_FETCH,
	ROLE_RESOLVER,
	ROLE_SCAN,
	ROLE_RELAY,
	ROLE_COUNT
};

#define FROM(role)	(1u << (role))

/* "keeper", "door", ...; "nobody" for what is no role. */
const char *role_name(enum role);

#endif
