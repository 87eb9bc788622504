/*
 * postroom-scan.c - the role that looks for viruses
 *
 *	postroom-scan --role NAME NUMBER	only postroomd says this
 *
 * A program of its own: libclamav is large, and is licensed GPL-2.0-only.
 * Exit status: as its role says, 2 usage.
 */
#include <stdio.h>
#include <string.h>

#include "programs/roles.h"

static const struct role_code *const codes[] = { &scan_code, NULL };

int
main(int argc, char *argv[])
{
	if (argc == 4 && strcmp(argv[1], "--role") == 0)
		process_play(codes, argv[2], argv[3]);
	(void)fputs("postroom-scan is a part of postroomd, which starts it\n",
	    stderr);
	return 2;
}
