/*
 * half.c - half/NUMBER: what has come of a big message that was cut
 *
 * A note is made in three steps: the name is given and the digest taken in the
 * loop, file and folder are synced in the pool, then the row is written.  A note
 * that fails costs what it would have saved and nothing else; it is logged once
 * for a file.
 */
#include "queue/half.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/ledger.h"

#define DAY_MS		INT64_C(86400000)

struct half {
	LIST_ENTRY(half) next;
	struct halves	*halves;
	struct ledger_half row;	/* number 0: it has no name yet */
	int		 fd;	/* of its file, once it has a name; or -1 */
	uint64_t	 noted;	/* bytes that a row says of it */
	uint64_t	 noted_ms;
	bool		 is_syncing;
	bool		 is_over;	/* to be freed when that is done */
	bool		 is_given_up;
	bool		 is_forgotten;	/* what is being synced is not noted */
	int		 sync_status;
};

struct halves {
	int		 folder_fd;	/* borrowed */
	struct ledger	*ledger;	/* borrowed */
	struct pool	*pool;		/* borrowed */
	uint64_t	 most_bytes;
	bool		 is_closing;	/* the pool has ended */
	LIST_HEAD(, half) list;
};

void
half_name(uint64_t number, char name_out[HALF_NAME_SIZE])
{
	(void)snprintf(name_out, HALF_NAME_SIZE, "%llu",
	    (unsigned long long)number);
}

static int
file_remove(const struct halves *halves, uint64_t number)
{
	char name[HALF_NAME_SIZE];

	half_name(number, name);
	return unlinkat(halves->folder_fd, name, 0) < 0 && errno != ENOENT ?
	    -errno : 0;
}

/* The folder */

static bool
is_known(const struct ledger *ledger, uint64_t number)
{
	const struct ledger_half *half;

	for (size_t i = 0; (half = ledger_half_at(ledger, i)) != NULL; i++)
		if (half->number == number)
			return true;
	return false;
}

/* Files that no row knows: their note was never finished. */
static int
sweep(struct halves *halves)
{
	int fd = openat(halves->folder_fd, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t number;
	int r = folder == NULL ? -errno : 0;

	while (r == 0 && (entry = readdir(folder)) != NULL)
		if (slice_u64(slice_str(entry->d_name), INT64_MAX,
		    &number) == 0 && !is_known(halves->ledger, number) &&
		    unlinkat(halves->folder_fd, entry->d_name, 0) < 0)
			r = -errno;
	if (folder != NULL)
		(void)closedir(folder);
	else if (fd >= 0)
		(void)close(fd);
	return r;
}

int
halves_open(int folder_fd, struct ledger *ledger, struct pool *pool,
    uint64_t most_bytes, struct halves **halves_out)
{
	struct halves *halves = calloc(1, sizeof(*halves));
	int r;

	if (halves == NULL)
		return -ENOMEM;
	halves->folder_fd = folder_fd;
	halves->ledger = ledger;
	halves->pool = pool;
	halves->most_bytes = most_bytes;
	LIST_INIT(&halves->list);
	r = sweep(halves);
	if (r < 0) {
		free(halves);
		return r;
	}
	*halves_out = halves;
	return 0;
}

static void
half_free(struct half *half)
{
	LIST_REMOVE(half, next);
	if (half->fd >= 0)
		(void)close(half->fd);
	free(half);
}

int
halves_drop(struct halves *halves, uint64_t number)
{
	struct half *half;
	int r = file_remove(halves, number);

	/* one that comes in still has lost its name: it is not kept */
	LIST_FOREACH(half, &halves->list, next)
		if (half->row.number == number)
			half->is_given_up = half->is_forgotten = true;
	if (r == 0)
		r = ledger_half_drop(halves->ledger, number);
	if (r < 0)
		log_say("half/%llu cannot be dropped: %s",
		    (unsigned long long)number, strerror(-r));
	return r;
}

/* The one that is longest unchanged, but for `spared`; or NULL. */
static const struct ledger_half *
oldest(const struct halves *halves, uint64_t spared)
{
	const struct ledger_half *half, *found = NULL;

	for (size_t i = 0; (half = ledger_half_at(halves->ledger, i)) != NULL;
	    i++)
		if (half->number != spared && (found == NULL ||
		    half->changed_utc_ms < found->changed_utc_ms))
			found = half;
	return found;
}

static const struct ledger_half *
outlived(const struct halves *halves)
{
	const struct ledger_half *half;
	int64_t now = clock_utc_ms();

	for (size_t i = 0; (half = ledger_half_at(halves->ledger, i)) != NULL;
	    i++)
		if (half->is_stale || half->changed_utc_ms > now + DAY_MS ||
		    half->changed_utc_ms < now - HALF_DAYS * DAY_MS)
			return half;
	return NULL;
}

void
halves_look(struct halves *halves, bool is_short)
{
	const struct ledger_half *half;
	int r = 0;

	while (r == 0 && (half = outlived(halves)) != NULL)
		r = halves_drop(halves, half->number);
	if (r == 0 && is_short && (half = oldest(halves, 0)) != NULL)
		(void)halves_drop(halves, half->number);
}

int
halves_hand_out(struct halves *halves, const struct ledger_half *key,
    struct ledger_half *half_out, int *fd_out)
{
	const struct ledger_half *half = ledger_half_find(halves->ledger,
	    key->account, key->row, slice_of(key->uidl, key->uidl_len));
	char name[HALF_NAME_SIZE];
	struct stat st;
	int fd;

	if (half == NULL || half->bytes != key->bytes)
		return -ENOENT;
	half_name(half->number, name);
	fd = openat(halves->folder_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size >= half->length) {
		*half_out = *half;
		*fd_out = fd;
		return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	/* missing, or shorter than its row says */
	(void)halves_drop(halves, half->number);
	return -ENOENT;
}

/* One that comes in */

struct half *
half_begin(struct halves *halves, const struct ledger_half *key)
{
	struct half *half;

	if (halves->most_bytes < HALF_LEAST_BYTES)
		return NULL;
	half = calloc(1, sizeof(*half));
	if (half == NULL)
		return NULL;
	half->halves = halves;
	half->row = *key;
	half->row.number = half->row.length = 0;
	half->fd = -1;
	LIST_INSERT_HEAD(&halves->list, half, next);
	return half;
}

/* Its own limit is no fault. */
static void
give_up(struct half *half, int r)
{
	if (!half->is_given_up && r != -EDQUOT)
		log_say("what has come of a big message cannot be kept: %s",
		    strerror(-r));
	half->is_given_up = true;
}

/* Its second name. */
static int
give_name(struct half *half, const struct big_writer *writer)
{
	char name[HALF_NAME_SIZE];
	int r;

	if (half->row.number != 0)
		return 0;
	half->row.number = ledger_half_number(half->halves->ledger);
	half_name(half->row.number, name);
	r = big_link(writer, half->halves->folder_fd, name);
	if (r == 0) {
		half->fd = fcntl(big_fd(writer), F_DUPFD_CLOEXEC, 0);
		r = half->fd < 0 ? -errno : 0;
	}
	return r;
}

static uint64_t
bytes_of_all(const struct ledger *ledger)
{
	const struct ledger_half *half;
	uint64_t sum = 0;

	for (size_t i = 0; (half = ledger_half_at(ledger, i)) != NULL; i++)
		sum += half->length;
	return sum;
}

/* Room for a row of that length: the oldest go.  False: there is none. */
static bool
make_room(struct halves *halves, const struct ledger_half *row)
{
	const struct ledger_half *before = ledger_half_find(halves->ledger,
	    row->account, row->row, slice_of(row->uidl, row->uidl_len));
	uint64_t spared = before == NULL ? 0 : before->number;
	uint64_t own = before == NULL ? 0 : before->length;

	if (row->length > halves->most_bytes)
		return false;
	while (bytes_of_all(halves->ledger) - own + row->length >
	    halves->most_bytes || (before == NULL &&
	    ledger_half_at(halves->ledger, LEDGER_HALVES_MOST - 1) != NULL)) {
		const struct ledger_half *half = oldest(halves, spared);

		if (half == NULL || halves_drop(halves, half->number) < 0)
			return false;
	}
	return true;
}

/* File and name are durable: so the row may say so. */
static void
write_row(struct half *half)
{
	struct halves *halves = half->halves;
	uint64_t replaced = 0;
	int r;

	half->row.changed_utc_ms = clock_utc_ms();
	r = make_room(halves, &half->row) ?
	    ledger_half_put(halves->ledger, &half->row, &replaced) : -EDQUOT;
	if (r < 0) {
		give_up(half, r);
		return;
	}
	half->noted = half->row.length;
	if (replaced != 0)
		(void)file_remove(halves, replaced);
}

/* In the pool. */
static void
sync_file(void *arg)
{
	struct half *half = arg;

	half->sync_status = fdatasync(half->fd) < 0 ||
	    fsync(half->halves->folder_fd) < 0 ? -errno : 0;
}

/* It is over: a name that no row knows goes. */
static void
finish(struct half *half)
{
	if (half->noted == 0 && half->row.number != 0)
		(void)file_remove(half->halves, half->row.number);
	half_free(half);
}

static void
on_synced(void *arg)
{
	struct half *half = arg;

	half->is_syncing = false;
	if (half->sync_status < 0)
		give_up(half, half->sync_status);
	else if (!half->is_forgotten)
		write_row(half);
	if (half->is_over)
		finish(half);
}

static int
sync_begin(struct half *half)
{
	if (!half->halves->is_closing)
		return pool_run(half->halves->pool, sync_file, on_synced,
		    half);
	sync_file(half);
	on_synced(half);
	return 0;
}

/* Is so much of it more than what is kept of that message anyway? */
static bool
is_worth(const struct half *half, uint64_t bytes)
{
	const struct ledger_half *kept = ledger_half_find(half->halves->ledger,
	    half->row.account, half->row.row, slice_of(half->row.uidl,
	    half->row.uidl_len));

	return bytes >= HALF_LEAST_BYTES && bytes < half->row.bytes &&
	    (kept == NULL || kept->bytes != half->row.bytes ||
	    bytes > kept->length);
}

/* Note that there are so many bytes; the row follows the sync. */
static void
note(struct half *half, const struct big_writer *writer, uint64_t bytes)
{
	int r = give_name(half, writer);

	half->noted_ms = clock_ms();
	if (r == 0)
		r = big_digest_so_far(writer, half->row.digest);
	if (r == 0) {
		half->row.length = bytes;
		half->is_syncing = true;
		r = sync_begin(half);
	}
	if (r < 0) {
		half->is_syncing = false;
		give_up(half, r);
	}
}

void
half_grown(struct half *half, const struct big_writer *writer, uint64_t bytes,
    char last)
{
	/* half a line end would be mended when the other half comes */
	if (half->is_syncing || half->is_given_up || last == '\r' ||
	    bytes < half->noted + HALF_STEP_BYTES ||
	    clock_ms() - half->noted_ms < HALF_STEP_MS ||
	    !is_worth(half, bytes))
		return;
	note(half, writer, bytes);
}

/*
 * A sync may be under way: what it notes is kept then, and the little that came
 * since is not.
 */
void
half_cut(struct half *half, const struct big_writer *writer, uint64_t bytes,
    char last)
{
	if (!half->is_syncing && !half->is_given_up && last != '\r' &&
	    bytes > half->noted && is_worth(half, bytes))
		note(half, writer, bytes);
	half_end(half);
}

void
half_forget(struct half *half)
{
	if (half == NULL)
		return;
	half->is_forgotten = true;
	half_end(half);
}

void
half_end(struct half *half)
{
	if (half == NULL)
		return;
	half->is_over = true;
	if (!half->is_syncing)
		finish(half);
}

/* The pool has ended, and with it every sync: it tells nobody of that. */
void
halves_closing(struct halves *halves)
{
	struct half *half, *following;

	halves->is_closing = true;
	for (half = LIST_FIRST(&halves->list); half != NULL;
	    half = following) {
		following = LIST_NEXT(half, next);
		if (half->is_syncing)
			on_synced(half);
	}
}

void
halves_close(struct halves *halves)
{
	if (halves == NULL)
		return;
	while (!LIST_EMPTY(&halves->list))
		half_free(LIST_FIRST(&halves->list));
	free(halves);
}
