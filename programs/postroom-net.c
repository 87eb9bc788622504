/*
 * postroom-net.c - the roles that speak with the world through libraries
 *
 *	postroom-net --role NAME NUMBER		only postroomd says this
 *
 * A program of its own, so that no other role maps libcurl, libunbound and
 * libmicrohttpd.
 * Exit status: as its role says, 2 usage.
 */
#include <stdio.h>
#include <string.h>

#include "programs/roles.h"

static const struct role_code *const codes[] = {
	&fetch_code, &resolver_code, &console_code, &relay_code, NULL
};

int
main(int argc, char *argv[])
{
	if (argc == 4 && strcmp(argv[1], "--role") == 0)
		process_play(codes, argv[2], argv[3]);
	(void)fputs("postroom-net is a part of postroomd, which starts it\n",
	    stderr);
	return 2;
}
