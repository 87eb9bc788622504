/*
 * roles.c - one table: what each role is, holds and may do
 */
#include "programs/roles.h"

const struct role_row *
role_row(enum role role)
{
	static const struct role_row *const rows[ROLE_COUNT] = {
		[ROLE_KEEPER] = &keeper_row,
		[ROLE_DOOR] = &door_row,
		[ROLE_MAILBOX] = &mailbox_row,
		[ROLE_QUEUE] = &queue_row,
		[ROLE_JUDGE] = &judge_row,
		[ROLE_CONSOLE] = &console_row,
	};

	return (unsigned)role < ROLE_COUNT ? rows[role] : NULL;
}
