/*
 * postroomd.c - the daemon: the parent of all roles, and each of them
 *
 *	postroomd -f [-c FILE]		be the parent, in the foreground
 *	postroomd --role NAME NUMBER	be a role; only the parent says this
 *
 * Exit status: 0 ended as told, 1 could not start (the log says why), 2 usage.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "programs/postroomd.h"
#include "programs/roles.h"

static int
usage(void)
{
	(void)fputs("usage: postroomd -f [-c FILE]\n", stderr);
	return 2;
}

/* The roles that this program plays. */
static const struct role_code *const codes[] = {
	&keeper_code, &door_code, &mailbox_code, &queue_code, &judge_code,
	&schedule_code, NULL
};

int
main(int argc, char *argv[])
{
	const char *path = POSTROOM_SYSCONFDIR "/postroom.conf";
	int option, foreground = 0;

	if (argc == 4 && strcmp(argv[1], "--role") == 0) {
		process_play(codes, argv[2], argv[3]);
		return usage();
	}
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
