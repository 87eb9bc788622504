/*
 * rebuild.c - queue.db made again, from what is kept and what the accounts say
 *
 * The new one is made in a folder of its own and takes the place of the old when
 * it is whole and durable; the old one has a second name first.
 */

#include "queue/rebuild.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/db_aside.h"
#include "lib/base/db_copy.h"
#include "queue/conductor_inside.h"
#include "queue/rows_outbound.h"
#include "store/account.h"

#define ROWS_FILE	"queue.db"
#define LEDGER_FILE	"ledger.db"
#define WORK_NAME	"rebuild"
#define KEPT_MOST	(HEAD_MAX_BYTES + BIG_BYTES + 4096)
#define REASON		"queue.db was lost, and was made again: whoever has " \
	"this message already gets it once more when it is released"

struct queue_rebuild {
	int		 folder_fd;	/* borrowed */
	int		 work_fd, kept_fd;
	struct rows	*rows;		/* the new ones */
	struct rebuild_counts counts;
};

/* Is it needed? */

/* 1: a file stands in the folder, or in one below it; 0; or -errno. */
static int
has_file(int folder_fd, const char *name, unsigned below)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat st;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r == -ENOENT ? 0 : r;
	}
	while (r == 0 && (errno = 0, entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = errno == ENOENT ? 0 : -errno;
		else
			r = S_ISDIR(st.st_mode) ? below > 0 ?
			    has_file(fd, entry->d_name, below - 1) : 0 : 1;
	}
	/* what cannot be listed is not empty */
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(folder);
	return r;
}

/* What a queue that ran leaves in its folder. */
static int
has_run(int folder_fd)
{
	int r = has_file(folder_fd, "journal", 0);

	if (r == 0)
		r = has_file(folder_fd, "kept", 0);
	return r != 0 ? r : has_file(folder_fd, "big", 1);
}

int
queue_rows_are_missing(int folder_fd)
{
	struct rows *rows = NULL;
	unsigned needs;
	int r = rows_open_reading(folder_fd, &rows, &needs);

	rows_close(rows);
	return r == -ENOENT || r == -ENODATA ? has_run(folder_fd) : 0;
}

/* Every row that is asked for at a start can be read. */
static int
hear_settled(void *arg, uint64_t account, uint64_t position)
{
	(void)arg;
	(void)account;
	(void)position;
	return 0;
}

static int
hear_kept(void *arg, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t count)
{
	(void)arg;
	(void)message;
	(void)recipients;
	(void)count;
	return 0;
}

static int
read_rows(int folder_fd)
{
	struct rows *rows = NULL;
	unsigned needs;
	int r = rows_open_reading(folder_fd, &rows, &needs);

	if (r == 0)
		r = rows_settled_each(rows, hear_settled, NULL);
	if (r == 0)
		r = rows_kept_each(rows, hear_kept, NULL);
	rows_close(rows);
	return r;
}

int
queue_rebuild_is_needed(int folder_fd)
{
	int r = queue_rows_are_missing(folder_fd);

	if (r != 0)
		return r;
	r = db_copy_judge(folder_fd, ROWS_FILE);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = read_rows(folder_fd);
	/* a power cut before the first commit of a new hub */
	if (r == -ENODATA)
		return 0;
	return r == -EUCLEAN ? 1 : r;
}

/* The new one */

static int
empty_work(const struct queue_rebuild *rebuild)
{
	static const char *const names[] = {
		ROWS_FILE, ROWS_FILE "-wal", ROWS_FILE "-shm"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(rebuild->work_fd, names[i], 0) < 0 &&
		    errno != ENOENT)
			return -errno;
	return 0;
}

static int
open_below(const struct queue_rebuild *rebuild, const char *name, int *fd_out)
{
	int fd;

	if (mkdirat(rebuild->folder_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(rebuild->folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

int
queue_rebuild_open(int folder_fd, const unsigned char *hub_id,
    struct queue_rebuild **rebuild_out)
{
	struct queue_rebuild *rebuild = calloc(1, sizeof(*rebuild));
	struct stat st;
	unsigned needs;
	int r;

	if (rebuild == NULL)
		return -ENOMEM;
	rebuild->folder_fd = folder_fd;
	rebuild->work_fd = rebuild->kept_fd = -1;
	r = open_below(rebuild, WORK_NAME, &rebuild->work_fd);
	if (r == 0)
		r = open_below(rebuild, "kept", &rebuild->kept_fd);
	if (r == 0)
		r = empty_work(rebuild);
	if (r == 0)
		r = rows_open(rebuild->work_fd, hub_id, &rebuild->rows,
		    &needs);
	/* a new ledger.db beside it is to be known for what it is */
	if (r == 0 && fstatat(folder_fd, LEDGER_FILE, &st,
	    AT_SYMLINK_NOFOLLOW) == 0)
		r = rows_has_ledger(rebuild->rows);
	if (r < 0) {
		queue_rebuild_close(rebuild);
		return r;
	}
	*rebuild_out = rebuild;
	return 0;
}

int
queue_rebuild_account(struct queue_rebuild *rebuild, uint64_t account,
    uint64_t settled_to)
{
	rebuild->counts.accounts++;
	return settled_to == 0 ? 0 :
	    rows_settled_set(rebuild->rows, account, settled_to);
}

int
queue_rebuild_big(struct queue_rebuild *rebuild, uint64_t account,
    const struct message_id *big)
{
	rebuild->counts.big++;
	return rows_big_ref(rebuild->rows, big, &account, 1);
}

/* Kept messages */

static bool
is_file_there(const struct queue_rebuild *rebuild, const struct message_id *id)
{
	char name[MESSAGE_ID_CHARS + 1];

	message_id_write(id, name);
	return faccessat(rebuild->kept_fd, name, F_OK,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

static int
keep_old(void *arg, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t count)
{
	struct queue_rebuild *rebuild = arg;
	int r;

	if (count == 0 || !is_file_there(rebuild, &message->id))
		return 0;
	r = rows_keep(rebuild->rows, message, recipients, count);
	rebuild->counts.kept += r == 0;
	/* told apart from what the old one's damage says */
	return r < 0 ? 1 : 0;
}

/* Those who leave, in the old one. */
struct old_outbound {
	struct queue_rebuild	*rebuild;
	bool			 is_cut;	/* not readable to their end */
	struct message_id	 last;	/* before that: some may lack */
};

static int
see_outbound(void *arg, const struct rows_outbound *row)
{
	struct old_outbound *old = arg;

	old->last = row->id;
	return 0;
}

/*
 * Who leaves waits, or is held, as before; the record in the journal, whatever
 * its position, is not to bring those back who have got it.
 */
static int
keep_old_outbound(void *arg, const struct rows_outbound *row)
{
	const struct old_outbound *old = arg;
	struct queue_rebuild *rebuild = old->rebuild;
	struct rows_outbound waiting;
	int r;

	/* the others of it would be dropped: its file is held, for all */
	if (old->is_cut && message_id_order(&row->id, &old->last) == 0)
		return 0;
	waiting = *row;		/* it is told of a delay that waits */
	waiting.state = OUTBOUND_WAITING;
	r = rows_outbound_take(rebuild->rows, &row->id, INT64_MAX, &waiting, 1);
	if (r == 0 && row->is_told)
		r = rows_outbound_told(rebuild->rows, &row->id,
		    OUTBOUND_WAITING, &row->address, 1);
	if (r == 0)
		r = rows_outbound_set(rebuild->rows, row, 1);
	return r < 0 ? 1 : 0;
}

static int
keep_all_outbound(struct queue_rebuild *rebuild, struct rows *rows)
{
	struct old_outbound old = { .rebuild = rebuild };

	old.is_cut = rows_outbound_each(rows, see_outbound, &old) < 0;
	return rows_outbound_each(rows, keep_old_outbound, &old);
}

static int
keep_old_route(void *arg, struct slice domain, struct slice via)
{
	struct queue_rebuild *rebuild = arg;

	return rows_route_set(rebuild->rows, domain, via) < 0 ? 1 : 0;
}

static int
keep_old_gateway(void *arg, struct slice domain)
{
	struct queue_rebuild *rebuild = arg;

	return rows_gateway_put(rebuild->rows, domain, true) < 0 ? 1 : 0;
}

/* As much as can be read of the old one. */
static int
keep_all_old(struct queue_rebuild *rebuild)
{
	struct rows *old = NULL;
	unsigned needs;
	int r = rows_open_reading(rebuild->folder_fd, &old, &needs);

	if (r == 0)
		r = rows_kept_each(old, keep_old, rebuild);
	if (r == 0)
		r = rows_route_each(old, keep_old_route, rebuild);
	if (r == 0)
		r = rows_gateway_each(old, keep_old_gateway, rebuild);
	if (r == 0)
		r = keep_all_outbound(rebuild, old);
	rows_close(old);
	return r == 1 ? -EIO : 0;
}

static int
hold(struct queue_rebuild *rebuild, const struct transit *transit)
{
	const struct envelope *env = &transit->env;
	struct rows_message row = { .id = env->id, .state = ROWS_HELD,
		.reason = slice_str(REASON), .next_try_utc_ms = clock_utc_ms(),
		.since_utc_ms = env->received_at_utc_ms };
	struct rows_recipient *list = calloc(env->recipient_count,
	    sizeof(*list));
	struct verdict verdict;
	int r;

	if (list == NULL)
		return -ENOMEM;
	if (verdict_unpack(transit->packed_verdict, &verdict) == 0 &&
	    verdict_is_held(&verdict)) {
		row.state = verdict.action == VERDICT_QUARANTINE ?
		    ROWS_QUARANTINED : ROWS_HELD;
		row.reason = slice_str(verdict.reason);
	}
	for (size_t i = 0; i < env->recipient_count; i++)
		list[i] = (struct rows_recipient){
			.account = env->recipients[i].account,
			.address = env->recipients[i].address,
			.state = row.state };
	r = rows_keep(rebuild->rows, &row, list, env->recipient_count);
	rebuild->counts.held += r == 0;
	free(list);
	return r;
}

/* A file without a row would be swept away: it is given another name. */
static int
name_damaged(struct queue_rebuild *rebuild, const struct message_id *id)
{
	char name[MESSAGE_ID_CHARS + 1], damaged[MESSAGE_ID_CHARS + 9];

	message_id_write(id, name);
	(void)snprintf(damaged, sizeof(damaged), "%s.damaged", name);
	if (renameat(rebuild->kept_fd, name, rebuild->kept_fd, damaged) < 0)
		return -errno;
	rebuild->counts.damaged++;
	return 0;
}

static int
hold_file(struct queue_rebuild *rebuild, const struct message_id *id)
{
	TEXT_AUTO buffer = TEXT_INIT(KEPT_MOST);
	struct transit *transit;
	struct slice head, bytes;
	int r = kept_read(rebuild->kept_fd, id, &buffer, &head, &bytes);

	if (r == 0)
		r = head_unpack(NULL, head, &transit);
	/* a disk that has spoilt queue.db may have spoilt it, too */
	if (r == -EBADMSG || r == -EIO)
		return name_damaged(rebuild, id);
	if (r < 0)
		return r;
	r = transit->env.recipient_count == 0 ? name_damaged(rebuild, id) :
	    hold(rebuild, transit);
	transit_free(transit);
	return r;
}

static int
hold_others(struct queue_rebuild *rebuild)
{
	int fd = openat(rebuild->kept_fd, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct message_id id;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(folder)) != NULL) {
		if (message_id_read(slice_str(entry->d_name), &id) < 0)
			continue;
		r = rows_is_kept(rebuild->rows, &id);
		if (r == -ENOENT)
			r = rows_outbound_has(rebuild->rows, &id);
		if (r == -ENOENT)
			r = hold_file(rebuild, &id);
	}
	/* a file that is not seen here would be swept away */
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(folder);
	return r;
}

/* Its place */

/*
 * Durably, before its log goes: without that it may pass for a good one, and
 * is older than what is kept.  Where there is none the queue does not start.
 */
static int
set_aside(struct queue_rebuild *rebuild)
{
	char *name = rebuild->counts.aside;
	int fd = rebuild->folder_fd, kept = db_aside_link(fd, ROWS_FILE, name),
	    r;

	if (kept < 0)
		return kept;
	if (kept == 1 && unlinkat(fd, ROWS_FILE, 0) < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : db_aside_log(fd, ROWS_FILE, name);
	if (kept == 0)
		name[0] = '\0';
	return r;
}

static int
take_place(struct queue_rebuild *rebuild)
{
	int fd = rebuild->folder_fd,
	    r = db_aside_settle(rebuild->work_fd, ROWS_FILE, fd);

	if (r == 0)
		r = set_aside(rebuild);
	if (r < 0)
		return r;
	if (renameat(rebuild->work_fd, ROWS_FILE, fd, ROWS_FILE) < 0 ||
	    fsync(fd) < 0)
		return -errno;
	(void)unlinkat(fd, WORK_NAME, AT_REMOVEDIR);
	return 0;
}

int
queue_rebuild_end(struct queue_rebuild *rebuild,
    struct rebuild_counts *counts_out)
{
	int r = keep_all_old(rebuild);

	if (r == 0)
		r = hold_others(rebuild);
	if (r == 0)
		r = rows_sync(rebuild->rows);
	if (r < 0)
		return r;
	/* closed, it is one file, without a log beside it */
	rows_close(rebuild->rows);
	rebuild->rows = NULL;
	r = take_place(rebuild);
	if (r == 0)
		*counts_out = rebuild->counts;
	return r;
}

/* -EUCLEAN; 0, also for one that is not there or was only begun; or -errno. */
static int
judge_ledger(int folder_fd)
{
	struct ledger *ledger = NULL;
	int r = ledger_open_judged(folder_fd, &ledger);

	ledger_close(ledger);
	return r == -ENOENT || r == -ENODATA ? 0 : r;
}

int
queue_ledger_aside(int folder_fd, char aside_out[DB_ASIDE_SIZE])
{
	char aside[DB_ASIDE_SIZE];
	int r = judge_ledger(folder_fd);

	if (r != -EUCLEAN)
		return r;
	r = db_aside_link(folder_fd, LEDGER_FILE, aside);
	if (r <= 0)
		return r;
	if (unlinkat(folder_fd, LEDGER_FILE, 0) < 0 || fsync(folder_fd) < 0)
		return -errno;
	r = db_aside_log(folder_fd, LEDGER_FILE, aside);
	if (r < 0)
		return r;
	memcpy(aside_out, aside, sizeof(aside));
	return 1;
}

void
queue_rebuild_close(struct queue_rebuild *rebuild)
{
	if (rebuild == NULL)
		return;
	rows_close(rebuild->rows);
	if (rebuild->work_fd >= 0)
		(void)close(rebuild->work_fd);
	if (rebuild->kept_fd >= 0)
		(void)close(rebuild->kept_fd);
	free(rebuild);
}
