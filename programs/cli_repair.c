/*
 * cli_repair.c - postroom check --repair: accounts get their index again
 *
 * The hub must not run: its lock is ours for as long as it takes.
 */
#include "programs/cli_repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "policy/hub.h"
#include "store/repair.h"

struct repairing {
	struct cli	*cli;
	struct cli_repairs *repairs;
	struct account_options options;
	const char	*account;	/* its folder's name */
};

/* What was said of an account. */
static void
tell(struct repairing *r, const struct text *words)
{
	struct text *json = &r->repairs->json;

	if (!r->cli->json) {
		(void)fwrite(words->at, 1, words->len, stdout);
		(void)putchar('\n');
		return;
	}
	text_addf(json, "%s{\"account\": ", json->len == 0 ? "" : ", ");
	text_add_json(json, slice_str(r->account));
	text_add_str(json, ", \"repair\": ");
	text_add_json(json, text_slice(words));
	text_add_byte(json, '}');
}

#define SAY_COUNT_OF(name) \
	case name: text_say(words, language, name, account, count); break
#define SAY_PLAIN(name) \
	case name: text_say(words, language, name, account); break

static void
say_note(struct text *words, enum language language, const char *account,
    const struct repair_note *note)
{
	unsigned long long count = note->count;
	char id[MESSAGE_ID_CHARS + 1];

	switch (note->what) {
	SAY_PLAIN(REPAIR_UNUSABLE);
	SAY_COUNT_OF(REPAIR_WRONG);
	SAY_COUNT_OF(REPAIR_HEAD);
	SAY_PLAIN(REPAIR_IN_PLACE);
	case REPAIR_FROM_COPY:
		text_say(words, language, REPAIR_FROM_COPY, account, count,
		    (long long)(note->seconds / 3600));
		break;
	SAY_PLAIN(REPAIR_FROM_NOTHING);
	SAY_COUNT_OF(REPAIR_ADDED);
	SAY_COUNT_OF(REPAIR_RECOVERED);
	SAY_COUNT_OF(REPAIR_FOUND);
	SAY_COUNT_OF(REPAIR_GONE);
	case REPAIR_DAMAGED:
		message_id_write(&note->id, id);
		text_say(words, language, REPAIR_DAMAGED, account, id,
		    note->action);
		break;
	SAY_COUNT_OF(REPAIR_RENUMBERED);
	SAY_PLAIN(REPAIR_SEARCH);
	case REPAIR_ASIDE:
		text_say(words, language, REPAIR_ASIDE, account, note->name);
		break;
	SAY_COUNT_OF(REPAIR_LEFT);
	}
}

static void
tell_note(void *arg, const struct repair_note *note)
{
	TEXT_AUTO words = TEXT_INIT(1024);
	struct repairing *r = arg;

	say_note(&words, r->cli->language, r->account, note);
	if (!text_failed(&words))
		tell(r, &words);
}

static void
tell_cannot(struct repairing *r, int error)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	text_say(&words, r->cli->language, REPAIR_CANNOT, r->account,
	    strerror(-error));
	if (!text_failed(&words))
		tell(r, &words);
}

static void
repair_one(struct repairing *r, int folder_fd)
{
	enum repair_end end = REPAIR_UNMENDED;
	int fd = openat(folder_fd, r->account,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int error = fd < 0 ? -errno : account_repair(fd, &r->options,
	    tell_note, r, &end);

	if (error < 0)
		tell_cannot(r, error);
	r->repairs->mended += end == REPAIR_MENDED;
	r->repairs->unmended += end == REPAIR_UNMENDED;
	if (fd >= 0)
		close(fd);
}

/* No folder at all is an office without mail. */
static int
repair_all(struct repairing *r, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int fault = dir == NULL && errno != ENOENT ? errno : 0;
	uint64_t n;

	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL) {
		r->account = entry->d_name;
		if (slice_u64(slice_str(r->account), INT64_MAX, &n) == 0)
			repair_one(r, dirfd(dir));
	}
	if (dir != NULL) {
		fault = errno;
		closedir(dir);
	}
	if (fault != 0)
		return cli_fail(r->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(fault));
	return CLI_OK;
}

static int
read_hub_id(struct repairing *r)
{
	const char *path = r->cli->config.data_dir;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	error = fd < 0 ? -errno : hub_id_read(fd, r->options.hub_id);
	if (fd >= 0)
		close(fd);
	if (error < 0)
		return cli_fail(r->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-error));
	return CLI_OK;
}

int
cli_repair(struct cli *cli, struct cli_repairs *repairs)
{
	struct repairing r = { .cli = cli, .repairs = repairs, .options = {
		.segment_bytes = cli->config.letters_segment_bytes,
		.uid_block = 1000
	} };
	char path[PATH_MAX + 16];
	int lock = cli_lock(cli), code;

	if (lock == -EWOULDBLOCK)
		return cli_fail(cli, CLI_BUSY, REPAIR_HUB_RUNS);
	if (lock < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_OPEN,
		    cli->config.run_dir, strerror(-lock));
	snprintf(path, sizeof(path), "%s/accounts", cli->config.data_dir);
	code = read_hub_id(&r);
	if (code == CLI_OK)
		code = repair_all(&r, path);
	if (code == CLI_OK)
		cli_repair_queue(cli, repairs, r.options.hub_id);
	close(lock);
	return code;
}
