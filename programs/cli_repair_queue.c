/*
 * cli_repair_queue.c - postroom check --repair: the queue gets queue.db again,
 * and a ledger.db that can be read
 *
 * After the accounts, whose indexes say which big files are wanted: while one of
 * them cannot be read, nothing is changed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "programs/cli_repair.h"
#include "queue/rebuild.h"
#include "store/account.h"

struct rebuilding {
	struct cli	*cli;
	struct cli_repairs *repairs;
	struct queue_rebuild *rebuild;
	uint64_t	 account;
	int		 fault;		/* of queue.db, meanwhile */
};

/* Words for people; with --json one more of the repairs. */
static void
tell(struct rebuilding *r, const struct text *words)
{
	struct text *json = &r->repairs->json;

	if (text_failed(words))
		return;
	if (!r->cli->json) {
		(void)fwrite(words->at, 1, words->len, stdout);
		(void)putchar('\n');
		return;
	}
	text_addf(json, "%s{\"part\": \"queue\", \"repair\": ",
	    json->len == 0 ? "" : ", ");
	text_add_json(json, text_slice(words));
	text_add_byte(json, '}');
}

#define TELL(r, name, ...) do { \
	TEXT_AUTO words_ = TEXT_INIT(1024); \
	text_say(&words_, (r)->cli->language, name, ##__VA_ARGS__); \
	tell(r, &words_); \
} while (0)

static void
refer(void *arg, const struct message_id *big, uint64_t bytes)
{
	struct rebuilding *r = arg;

	(void)bytes;
	if (r->fault == 0)
		r->fault = queue_rebuild_big(r->rebuild, r->account, big);
}

/* 0, or -errno which has been told. */
static int
hear_account(struct rebuilding *r, int accounts_fd, const char *name)
{
	int fd = openat(accounts_fd, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), error;
	uint64_t settled_to = 0;

	error = fd < 0 ? -errno : account_settled_read(fd, &settled_to);
	if (error == 0)
		error = account_big_each(fd, refer, r);
	if (fd >= 0)
		close(fd);
	if (error < 0) {
		TELL(r, REPAIR_QUEUE_ACCOUNT, name, strerror(-error));
		return error;
	}
	if (r->fault == 0)
		r->fault = queue_rebuild_account(r->rebuild, r->account,
		    settled_to);
	if (r->fault < 0)
		TELL(r, REPAIR_QUEUE_CANNOT, strerror(-r->fault));
	return r->fault;
}

/* No folder at all is an office without mail. */
static int
hear_accounts(struct rebuilding *r)
{
	char path[PATH_MAX + 16];
	DIR *dir;
	struct dirent *entry;
	int error = 0;

	snprintf(path, sizeof(path), "%s/accounts", r->cli->config.data_dir);
	dir = opendir(path);
	if (dir == NULL && errno == ENOENT)
		return 0;
	while (dir != NULL && error == 0 &&
	    (errno = 0, entry = readdir(dir)) != NULL)
		if (slice_u64(slice_str(entry->d_name), INT64_MAX,
		    &r->account) == 0)
			error = hear_account(r, dirfd(dir), entry->d_name);
	if (error == 0 && errno != 0) {
		error = -errno;
		TELL(r, REPAIR_QUEUE_CANNOT, strerror(-error));
	}
	if (dir != NULL)
		closedir(dir);
	return error;
}

static void
tell_counts(struct rebuilding *r, const struct rebuild_counts *counts)
{
	TELL(r, REPAIR_QUEUE_MADE, (unsigned long long)counts->accounts,
	    (unsigned long long)counts->big);
	if (counts->kept > 0)
		TELL(r, REPAIR_QUEUE_KEPT, (unsigned long long)counts->kept);
	if (counts->held > 0)
		TELL(r, REPAIR_QUEUE_HELD, (unsigned long long)counts->held);
	if (counts->damaged > 0)
		TELL(r, REPAIR_QUEUE_DAMAGED,
		    (unsigned long long)counts->damaged);
	if (counts->aside[0] != '\0')
		TELL(r, REPAIR_QUEUE_ASIDE, counts->aside);
}

/* 0, or -errno which has been told. */
static int
rebuild_in(struct rebuilding *r, int folder_fd, const unsigned char *hub_id)
{
	struct rebuild_counts counts;
	int error;

	TELL(r, REPAIR_QUEUE_LOST);
	error = queue_rebuild_open(folder_fd, hub_id, &r->rebuild);
	if (error < 0) {
		TELL(r, REPAIR_QUEUE_CANNOT, strerror(-error));
		return error;
	}
	error = hear_accounts(r);
	if (error == 0) {
		error = queue_rebuild_end(r->rebuild, &counts);
		if (error == 0)
			tell_counts(r, &counts);
		else
			TELL(r, REPAIR_QUEUE_CANNOT, strerror(-error));
	}
	queue_rebuild_close(r->rebuild);
	return error;
}

/* The ledger, once queue.db is well and knows that there was one. */
static void
set_ledger_aside(struct rebuilding *r, int folder_fd)
{
	char aside[DB_ASIDE_SIZE];
	int was = queue_ledger_aside(folder_fd, aside);

	if (was > 0) {
		TELL(r, REPAIR_LEDGER_ASIDE, aside);
		r->repairs->mended++;
	} else if (was < 0) {
		TELL(r, REPAIR_LEDGER_CANNOT, strerror(-was));
		r->repairs->unmended++;
	}
}

void
cli_repair_queue(struct cli *cli, struct cli_repairs *repairs,
    const unsigned char *hub_id)
{
	struct rebuilding r = { .cli = cli, .repairs = repairs };
	char path[PATH_MAX + 16];
	int fd, needed;

	snprintf(path, sizeof(path), "%s/queue", cli->config.data_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	needed = fd >= 0 ? queue_rebuild_is_needed(fd) :
	    errno == ENOENT ? 0 : -errno;
	if (needed < 0) {
		TELL(&r, REPAIR_QUEUE_CANNOT, strerror(-needed));
		repairs->unmended++;
	} else if (needed == 1 && rebuild_in(&r, fd, hub_id) < 0) {
		repairs->unmended++;
	} else {
		repairs->mended += needed == 1;
		if (fd >= 0)
			set_ledger_aside(&r, fd);
	}
	if (fd >= 0)
		close(fd);
}
