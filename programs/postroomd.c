/*
 * postroomd.c - the daemon: the parent of all roles, and each of them
 *
 *	postroomd -f [-c FILE]		be the parent, in the foreground
 *	postroomd --role NAME NUMBER	be a role; only the parent says this
 *
 * Exit status: 0 ended as told, 1 could not start (the log says why), 2 usage.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "programs/postroomd.h"
#include "programs/roles.h"
#include "programs/switchboard.h"

static int
usage(void)
{
	(void)fputs("usage: postroomd -f [-c FILE]\n", stderr);
	return 2;
}

static int
role_main(const char *name, const char *number)
{
	uint64_t instance;

	if (slice_u64(slice_str(number), UINT64_MAX, &instance) < 0 ||
	    fcntl(PARENT_FD, F_GETFD) < 0)
		return usage();
	for (enum role role = ROLE_KEEPER; role < ROLE_COUNT; role++)
		if (strcmp(name, role_name(role)) == 0)
			process_main(role_row(role), instance);
	return usage();
}

int
main(int argc, char *argv[])
{
	const char *path = POSTROOM_SYSCONFDIR "/postroom.conf";
	int option, foreground = 0;

	if (argc == 4 && strcmp(argv[1], "--role") == 0)
		return role_main(argv[2], argv[3]);
	while ((option = getopt(argc, argv, "fc:")) != -1)
		switch (option) {
		case 'f':
			foreground = 1;
			break;
		case 'c':
			path = optarg;
			break;
		default:
			return usage();
		}
	if (!foreground || optind != argc)
		return usage();
	return parent_main(path);
}
