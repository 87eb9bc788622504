/*
 * cli_archive.c - postroom archive list, show, export
 *
 * Reads the archive itself, whether the hub runs or not: who may read the
 * folder of the queue is the postmaster.  What is written out is what the
 * provider sent, byte for byte: where that can be told and is not so, nothing is,
 * unless it is asked for.
 */
#include "programs/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "queue/archive.h"

#define DAYS_MOST	3660	/* of archive_days */
#define DAY_MS		INT64_C(86400000)
#define COPY_BYTES	65536
#define NAME_SIZE	(MESSAGE_ID_CHARS + 16)	/* "ID.changed.eml", NUL */

/* What a command does with what there is. */
struct archive_work {
	struct cli	*cli;
	char		 path[PATH_MAX + 16];
	int		 folder_fd;	/* of the archive; -1: there is none */
	int		 to_fd;		/* export: where to */
	bool		 wants_changed;	/* --changed */
	unsigned long long rows, written, changed;
};

/* The folder */

static int
cannot_read(struct archive_work *work, int r)
{
	return cli_fail(work->cli, CLI_FAILED, CANNOT_READ, work->path,
	    strerror(-r));
}

/* CLI_OK, also where nothing was ever archived; or told. */
static int
open_archive(struct cli *cli, struct archive_work *work)
{
	work->cli = cli;
	work->to_fd = -1;
	snprintf(work->path, sizeof(work->path), "%s/queue/archive",
	    cli->config.data_dir);
	work->folder_fd = open(work->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return work->folder_fd < 0 && errno != ENOENT ?
	    cannot_read(work, -errno) : CLI_OK;
}

static void
close_archive(struct archive_work *work)
{
	if (work->folder_fd >= 0)
		close(work->folder_fd);
	if (work->to_fd >= 0)
		close(work->to_fd);
}

/* When the last `days` days began; NULL: all of them.  CLI_OK, or told. */
static int
first_of(struct cli *cli, const char *days, int64_t *first_utc_ms_out)
{
	uint64_t n = 0;

	*first_utc_ms_out = 0;
	if (days == NULL)
		return CLI_OK;
	if (slice_u64(slice_str(days), DAYS_MOST, &n) < 0 || n == 0)
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--days", days,
		    say(cli->language, SAY_WANT_DAYS));
	*first_utc_ms_out = clock_utc_ms() - (int64_t)(n - 1) * DAY_MS;
	return CLI_OK;
}

/* Every byte that comes out of `from_fd`.  0 or -errno. */
static int
copy_bytes(int from_fd, int to_fd)
{
	char bytes[COPY_BYTES];
	ssize_t got, put;

	for (;;) {
		got = read(from_fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		for (ssize_t at = 0; at < got; at += put) {
			put = write(to_fd, bytes + at, (size_t)(got - at));
			if (put < 0 && errno == EINTR)
				put = 0;
			else if (put <= 0)
				return put < 0 ? -errno : -EIO;
		}
	}
}

/* Begin the answer, and end it, of so many rows. */
static void
print_end(struct archive_work *work)
{
	if (work->cli->json)
		puts(work->rows == 0 ? "{\"ok\": true, \"result\": []}" :
		    "]}");
	else if (work->rows == 0)
		cli_say(work->cli, ARCHIVE_NOTHING);
}

static void
print_head(struct archive_work *work)
{
	enum language language = work->cli->language;

	if (work->cli->json)
		printf("{\"ok\": true, \"result\": [");
	else
		printf("%-16s  %-19s  %12s\n", say(language, SAY_COLUMN_ID),
		    say(language, SAY_COLUMN_RECEIVED),
		    say(language, SAY_COLUMN_BYTES));
}

static void
print_row(struct archive_work *work, const struct archived *archived)
{
	time_t seconds = (time_t)(archived->at_utc_ms / 1000);
	char id[MESSAGE_ID_CHARS + 1], when[32] = "", hex[ARCHIVE_HEX_SIZE];
	struct tm tm;

	message_id_write(&archived->name.id, id);
	archive_hex(&archived->name, hex);
	if (work->rows++ == 0)
		print_head(work);
	if (work->cli->json) {
		printf("%s{\"id\": \"%s\", \"received\": %lld, \"bytes\": %llu, "
		    "\"sha256\": %s%s%s}", work->rows > 1 ? ", " : "", id,
		    (long long)archived->at_utc_ms,
		    (unsigned long long)archived->bytes,
		    hex[0] == '\0' ? "" : "\"", hex[0] == '\0' ? "null" : hex,
		    hex[0] == '\0' ? "" : "\"");
		return;
	}
	/* in the office's zone: cli_config() */
	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s  %-19s  %12llu%s%s\n", id, when,
	    (unsigned long long)archived->bytes, hex[0] == '\0' ? "  " : "",
	    hex[0] == '\0' ? say(work->cli->language, SAY_ARCHIVE_PLAIN) : "");
}

/* List */

static int
list_one(void *arg, const struct archived *archived)
{
	if (!archived->is_odd)
		print_row(arg, archived);
	return 0;
}

int
cli_archive_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--days", true, NULL }, { 0 } };
	struct archive_work work = { 0 };
	const char *words[1];
	int64_t first = 0;
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words), got;

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = first_of(cli, options[0].value, &first);
	if (r == CLI_OK)
		r = open_archive(cli, &work);
	if (r != CLI_OK)
		return r;
	got = work.folder_fd < 0 ? 0 : archive_each(work.folder_fd, first,
	    list_one, &work);
	if (got == 0)
		print_end(&work);
	else
		r = cannot_read(&work, got);
	close_archive(&work);
	return r;
}

/* Show */

/* Nothing is written before all of it was read. */
static int
show_file(struct archive_work *work, const struct archived *archived, int fd)
{
	char id[MESSAGE_ID_CHARS + 1];
	int r = archive_prove(fd, &archived->name);

	message_id_write(&archived->name.id, id);
	if (r == -EBADMSG && !work->wants_changed)
		return cli_fail(work->cli, CLI_FAILED, ARCHIVE_CHANGED, id);
	if (r < 0 && r != -EBADMSG)
		return cannot_read(work, r);
	if (work->cli->json) {
		print_row(work, archived);
		print_end(work);
		return CLI_OK;
	}
	r = copy_bytes(fd, STDOUT_FILENO);
	return r < 0 ? cannot_read(work, r) : CLI_OK;
}

static int
show_one(struct archive_work *work, const struct message_id *id,
    const char *what)
{
	struct archived archived;
	int fd = -1, got, r;

	got = work->folder_fd < 0 ? -ENOENT : archive_find(work->folder_fd, id,
	    &archived);
	if (got == 0)
		got = archive_read(work->folder_fd, &archived.name, &fd);
	if (got == -ENOENT)
		return cli_fail(work->cli, CLI_NO_SUCH, NOTHING_KNOWN, what);
	if (got < 0)
		return cannot_read(work, got);
	r = show_file(work, &archived, fd);
	close(fd);
	return r;
}

int
cli_archive_show(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--changed", false, NULL }, { 0 } };
	struct archive_work work = { 0 };
	struct message_id id;
	const char *what;
	int r = cli_options(cli, argc, argv, options, "ID", 1, 1, &what);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK && message_id_read(slice_str(what), &id) < 0)
		r = cli_fail(cli, CLI_NO_SUCH, NOTHING_KNOWN, what);
	if (r == CLI_OK)
		r = open_archive(cli, &work);
	if (r != CLI_OK)
		return r;
	work.wants_changed = options[0].value != NULL;
	r = show_one(&work, &id, what);
	close_archive(&work);
	return r;
}

/* Export */

static int
export_bytes(struct archive_work *work, int from_fd, const char *name)
{
	char part[NAME_SIZE];
	int fd, r;

	snprintf(part, sizeof(part), ".%.*s.part", MESSAGE_ID_CHARS, name);
	fd = openat(work->to_fd, part,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = copy_bytes(from_fd, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(work->to_fd, part, work->to_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(work->to_fd, part, 0);
	work->written += r == 0;
	return r;
}

/*
 * One that is there has been exported before: it is whole, and the same.  What
 * has changed never gets the name of what was sent.
 */
static int
export_file(struct archive_work *work, const struct archived *archived, int fd)
{
	char id[MESSAGE_ID_CHARS + 1], name[NAME_SIZE];
	int r;

	message_id_write(&archived->name.id, id);
	snprintf(name, sizeof(name), "%s.eml", id);
	if (faccessat(work->to_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = archive_prove(fd, &archived->name);
	if (r == -EBADMSG) {
		work->changed++;
		if (!work->wants_changed)
			return 0;
		snprintf(name, sizeof(name), "%s.changed.eml", id);
	} else if (r < 0) {
		return r;
	}
	return export_bytes(work, fd, name);
}

static int
export_one(void *arg, const struct archived *archived)
{
	struct archive_work *work = arg;
	int fd, r;

	if (archived->is_odd)
		return 0;
	r = archive_read(work->folder_fd, &archived->name, &fd);
	if (r < 0)
		return r == -ENOENT ? 0 : r;	/* too old meanwhile */
	r = export_file(work, archived, fd);
	close(fd);
	work->rows++;
	return r;
}

/* Make the folder if it is not there.  CLI_OK, or told. */
static int
open_target(struct archive_work *work, const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		work->to_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return work->to_fd >= 0 ? CLI_OK : cli_fail(work->cli, CLI_FAILED,
	    CANNOT_EXPORT, path, strerror(errno));
}

/* What was written, and whether something was left out. */
static int
tell_export(struct archive_work *work, const char *target)
{
	struct cli *cli = work->cli;

	cli_say(cli, ARCHIVE_EXPORTED, work->rows, target, work->written);
	if (work->changed > 0 && !work->wants_changed)
		return cli_fail(cli, CLI_FAILED, ARCHIVE_LEFT_OUT,
		    work->changed);
	if (cli->json)
		printf("{\"ok\": true, \"result\": {\"messages\": %llu, "
		    "\"written\": %llu, \"changed\": %llu}}\n", work->rows,
		    work->written, work->changed);
	return CLI_OK;
}

int
cli_archive_export(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--days", true, NULL },
	    { "--changed", false, NULL }, { 0 } };
	struct archive_work work = { 0 };
	const char *target;
	int64_t first = 0;
	int r = cli_options(cli, argc, argv, options, "FOLDER", 1, 1, &target);
	int got = 0;

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = first_of(cli, options[0].value, &first);
	if (r != CLI_OK)
		return r;
	r = open_archive(cli, &work);
	work.wants_changed = options[1].value != NULL;
	if (r == CLI_OK)
		r = open_target(&work, target);
	if (r == CLI_OK && work.folder_fd >= 0)
		got = archive_each(work.folder_fd, first, export_one, &work);
	if (got < 0)
		r = cli_fail(cli, CLI_FAILED, CANNOT_EXPORT, target,
		    strerror(-got));
	if (r == CLI_OK)
		r = tell_export(&work, target);
	close_archive(&work);
	return r;
}
