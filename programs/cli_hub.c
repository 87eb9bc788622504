/*
 * cli_hub.c - postroom status and check: looking at a hub
 */
#include "programs/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "store/account.h"

int
cli_status(struct cli *cli, int argc, char **argv)
{
	static const char *const none[ADMIN_ARGS];
	const struct admin_request *request = admin_find(slice_str("status"));
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = cli_ask(cli, request, none, &answer);
	return r == CLI_OK ? cli_show(cli, request, &answer, true) : r;
}

/* One walk over the accounts. */
struct checking {
	struct cli	*cli;
	const char	*account;	/* its folder's name */
	unsigned	 accounts, faults;
	struct text	 json;		/* the faults */
};

static void
tell_fault(void *arg, const char *sentence)
{
	struct checking *c = arg;

	c->faults++;
	cli_say(c->cli, CHECK_FAULT, c->account, sentence);
	if (!c->cli->json)
		return;
	text_add_str(&c->json, c->json.len == 0 ? "{\"account\": " :
	    ", {\"account\": ");
	text_add_json(&c->json, slice_str(c->account));
	text_add_str(&c->json, ", \"fault\": ");
	text_add_json(&c->json, slice_str(sentence));
	text_add_str(&c->json, "}");
}

static void
check_one(struct checking *c, int folder_fd)
{
	int fd = openat(folder_fd, c->account,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : account_check(fd, tell_fault, c);

	c->accounts++;
	if (r < 0)
		tell_fault(c, strerror(-r));
	if (fd >= 0)
		close(fd);
}

static void
check_report(struct checking *c)
{
	if (c->cli->json)
		printf("{\"ok\": true, \"result\": {\"accounts\": %u, "
		    "\"faults\": [%.*s]}}\n", c->accounts, (int)c->json.len,
		    c->json.at == NULL ? "" : c->json.at);
	else if (c->faults == 0)
		cli_say(c->cli, CHECK_FINE, c->accounts);
	else
		cli_say(c->cli, CHECK_FAULTS, c->accounts, c->faults);
}

/* Look at every account's folder; no folder at all is an office without mail. */
static int
check_accounts(struct cli *cli, const char *path)
{
	struct checking c = { .cli = cli,
	    .json = TEXT_INIT(4 * 1024 * 1024) };
	DIR *dir = opendir(path);
	struct dirent *entry;
	int fault = dir == NULL && errno != ENOENT ? errno : 0;
	uint64_t n;

	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL) {
		c.account = entry->d_name;
		if (slice_u64(slice_str(c.account), INT64_MAX, &n) == 0)
			check_one(&c, dirfd(dir));
	}
	if (dir != NULL) {
		fault = errno;
		closedir(dir);
	}
	if (fault == 0)
		check_report(&c);
	text_free(&c.json);
	if (fault != 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(fault));
	return c.faults == 0 ? CLI_OK : CLI_FAILED;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
	char path[PATH_MAX + 16];
	const char *words[1];
	int r = cli_options(cli, argc, argv, NULL, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	snprintf(path, sizeof(path), "%s/accounts", cli->config.data_dir);
	return check_accounts(cli, path);
}
