/*
 * ledger.c - opening ledger.db, keeping it in step, and what a restore is
 *
 * Entries are committed NORMAL: the journal has them all, and no segment of it
 * is used again before a FULL commit here.  The file knows its own inode and
 * birth: one that was copied back differs, and then nothing is deleted
 * remotely until a person says so (HARDENING F51).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/db_copy.h"
#include "lib/base/log.h"
#include "queue/ledger_inside.h"

#define LEDGER_NAME	"ledger.db"

int
ledger_finish(struct ledger *ledger, int r, bool full)
{
	if (r == 0)
		r = db_commit(ledger->db, full);
	if (r < 0) {
		db_rollback(ledger->db);
		ledger->undone++;
	}
	return r;
}

int
ledger_run(struct ledger *ledger, enum ledger_statement number,
    const int64_t *values, size_t count)
{
	struct db_query query = db_ask(ledger->db, number);

	for (size_t i = 0; i < count; i++)
		db_put_i64(&query, values[i]);
	return db_run(&query);
}

/* Its own file */

/* Which file it is; a copy of it is another. */
static int
look_at_file(int folder_fd, uint64_t *inode_out, int64_t *born_ns_out)
{
	struct statx st;

	if (statx(folder_fd, LEDGER_NAME, AT_SYMLINK_NOFOLLOW,
	    STATX_INO | STATX_BTIME, &st) < 0)
		return -errno;
	*inode_out = st.stx_ino & INT64_MAX;
	*born_ns_out = 0;
	if ((st.stx_mask & STATX_BTIME) != 0)
		*born_ns_out = st.stx_btime.tv_sec * INT64_C(1000000000) +
		    st.stx_btime.tv_nsec;
	return 0;
}

static int
write_new(struct ledger *ledger, const unsigned char *hub_id)
{
	struct db_query query;
	int r = db_begin(ledger->db);

	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_META_NEW);
	db_put_blob(&query, slice_of(hub_id, LEDGER_HUB_BYTES));
	db_put_u64(&query, ledger->inode);
	db_put_i64(&query, ledger->born_ns);
	ledger->is_new = ledger->is_same_file = true;
	clock_jump_begin(&ledger->clock, 0);
	return ledger_finish(ledger, db_run(&query), true);
}

/* What it knows of itself.  -ENOENT: nothing, it was just made. */
static int
read_meta(struct ledger *ledger, const unsigned char *hub_id)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_META);
	struct slice hub, words;
	int64_t born_ns, wall;
	uint64_t inode;
	int r = db_next(&query);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	hub = db_blob(&query, LEDGER_HUB_BYTES, LEDGER_HUB_BYTES);
	inode = db_u64(&query, 0, INT64_MAX);
	born_ns = db_i64(&query, INT64_MIN, INT64_MAX);
	ledger->highest = db_u64(&query, 0, INT64_MAX);
	ledger->synced = db_u64(&query, 0, INT64_MAX);
	wall = db_i64(&query, INT64_MIN, INT64_MAX);
	words = db_blob(&query, 0, LEDGER_WORDS_MOST);
	r = db_row(&query);
	if (r < 0)
		return r;
	if (hub_id != NULL && !slice_is(hub, slice_of(hub_id,
	    LEDGER_HUB_BYTES)))
		return -EXDEV;
	if (words.len > 0)
		memcpy(ledger->restored, words.at, words.len);
	ledger->is_same_file = inode == ledger->inode &&
	    born_ns == ledger->born_ns;
	clock_jump_begin(&ledger->clock, wall);
	return 0;
}

/* In the transaction under way. */
static int
write_meta(struct ledger *ledger)
{
	struct db_query query = db_ask(ledger->db, LEDGER_META_SET);

	db_put_u64(&query, ledger->inode);
	db_put_i64(&query, ledger->born_ns);
	db_put_u64(&query, ledger->highest);
	db_put_u64(&query, ledger->synced);
	db_put_i64(&query, clock_utc_ms());
	db_put_blob(&query, slice_str(ledger->restored));
	return db_run(&query);
}

static int
sync_meta(struct ledger *ledger)
{
	int r = db_begin(ledger->db);

	return r < 0 ? r : ledger_finish(ledger, write_meta(ledger), true);
}

/* Opening */

static void
on_time(void *arg)
{
	struct ledger *ledger = arg;

	(void)ledger_flush(ledger);	/* it says so, and tries again */
}

static struct ledger *
ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL)
		return NULL;
	TAILQ_INIT(&ledger->under_way);
	TAILQ_INIT(&ledger->waiting);
	TAILQ_INIT(&ledger->jobs);
	return ledger;
}

static int
open_file(struct ledger *ledger, int folder_fd,
    const unsigned char *hub_id, unsigned *needs_out)
{
	int r;

	r = db_open(folder_fd, LEDGER_NAME, &ledger_format, false,
	    &ledger->db, needs_out);
	if (r == 0)
		r = look_at_file(folder_fd, &ledger->inode, &ledger->born_ns);
	if (r == 0)
		r = read_meta(ledger, hub_id);
	if (r == -ENOENT)
		r = write_new(ledger, hub_id);
	if (r == 0)
		r = ledger_halves_load(ledger);
	return r;
}

int
ledger_open(int folder_fd, const unsigned char hub_id[LEDGER_HUB_BYTES],
    struct loop *loop, struct ledger **ledger_out, unsigned *needs_out)
{
	struct ledger *ledger = ledger_new();
	int r;

	if (ledger == NULL)
		return -ENOMEM;
	ledger->timer = timer_new(loop, on_time, ledger);
	ledger->job_timer = timer_new(loop, ledger_job_time, ledger);
	r = ledger->timer == NULL || ledger->job_timer == NULL ? -ENOMEM :
	    open_file(ledger, folder_fd, hub_id, needs_out);
	if (r < 0) {
		db_close(ledger->db);
		ledger->db = NULL;
		ledger_close(ledger);
		return r;
	}
	*ledger_out = ledger;
	return 0;
}

int
ledger_open_reading(int folder_fd, struct ledger **ledger_out,
    unsigned *needs_out)
{
	struct ledger *ledger = ledger_new();
	int r;

	if (ledger == NULL)
		return -ENOMEM;
	r = db_open(folder_fd, LEDGER_NAME, &ledger_format, true,
	    &ledger->db, needs_out);
	if (r == 0)
		r = read_meta(ledger, NULL);
	if (r == 0)
		r = ledger_halves_load(ledger);
	if (r < 0) {
		db_close(ledger->db);
		free(ledger);
		return r;
	}
	*ledger_out = ledger;
	return 0;
}

/* Without a byte; with a log, which SQLite would do away with, it is not. */
static bool
is_begun(int folder_fd)
{
	struct stat st;

	return fstatat(folder_fd, LEDGER_NAME, &st, AT_SYMLINK_NOFOLLOW) ==
	    0 && st.st_size == 0 && (fstatat(folder_fd, LEDGER_NAME "-wal",
	    &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size == 0);
}

int
ledger_open_judged(int folder_fd, struct ledger **ledger_out)
{
	unsigned needs;
	int r = is_begun(folder_fd) ? -ENODATA :
	    db_copy_judge(folder_fd, LEDGER_NAME);

	return r < 0 ? r : ledger_open_reading(folder_fd, ledger_out, &needs);
}

static void
free_takens(struct ledger_takens *list)
{
	struct ledger_taken *taken;

	while ((taken = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, taken, next);
		ledger_taken_free(taken);
	}
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->timer != NULL && ledger->db != NULL) {
		ledger_asker_lost(ledger, NULL);
		/* what is lost here is replayed */
		if (ledger_flush(ledger) == 0)
			(void)sync_meta(ledger);
	}
	ledger_cuts_free(ledger);
	ledger_put_off_free(ledger);
	free_takens(&ledger->under_way);
	free_takens(&ledger->waiting);
	timer_free(ledger->timer);
	timer_free(ledger->job_timer);
	db_close(ledger->db);
	free(ledger);
}

uint64_t
ledger_highest(const struct ledger *ledger)
{
	return ledger->highest;
}

uint64_t
ledger_synced(const struct ledger *ledger)
{
	return ledger->synced;
}

bool
ledger_is_broken(const struct ledger *ledger)
{
	return db_is_broken(ledger->db);
}

bool
ledger_trusts_clock(struct ledger *ledger)
{
	return clock_jump_is_trusted(&ledger->clock);
}

void
ledger_look(struct ledger *ledger)
{
	clock_jump_look(&ledger->clock);
}

/* Restores */

const char *
ledger_restored(const struct ledger *ledger)
{
	return ledger->restored[0] == '\0' ? NULL : ledger->restored;
}

/* Deletions stop; the first reason stays.  Not durable yet. */
static void
stop_deleting(struct ledger *ledger, const char *words)
{
	if (ledger->restored[0] == '\0')
		(void)slice_cstr(slice_str(words), ledger->restored,
		    sizeof(ledger->restored));
	log_say("nothing is deleted at providers until \"postroom fetch "
	    "resume\": %s", words);
}

int
ledger_compare(struct ledger *ledger, const struct ledger_beside *beside)
{
	const char *words = NULL;

	if (ledger->is_new) {
		if (beside->had_ledger)
			words = "ledger.db is missing, a new one was made";
		else
			ledger->synced = beside->recycled;
	} else if (!ledger->is_same_file) {
		words = "ledger.db was copied back from somewhere";
	} else if (ledger->synced < beside->recycled) {
		words = "ledger.db is older than the journal";
	} else if (ledger->highest >> 32 > beside->newest) {
		words = "the journal is older than ledger.db";
	}
	if (words != NULL)
		stop_deleting(ledger, words);
	else if (ledger_restored(ledger) != NULL)
		log_say("nothing is deleted at providers until \"postroom "
		    "fetch resume\": %s", ledger->restored);
	return words == NULL && !ledger->is_new ? 0 : sync_meta(ledger);
}

int
ledger_lost(struct ledger *ledger, uint64_t owner, uint64_t index_at,
    uint64_t believed)
{
	const int64_t values[] = { (int64_t)(owner & INT64_MAX),
	    (int64_t)(index_at & INT64_MAX), (int64_t)(believed & INT64_MAX),
	    clock_utc_ms() };
	struct listing *listing, *following;
	int r = ledger_flush(ledger);

	if (r == 0)
		r = db_begin(ledger->db);
	if (r < 0)
		return r;
	/* what they know is not true any more */
	HASH_ITER(hh, ledger->listings, listing, following)
		listing->is_overtaken = true;
	stop_deleting(ledger, "a mailbox was restored from a backup");
	r = ledger_run(ledger, LEDGER_LOSE, values, 4);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_LOSE_CLAIMED, values, 4);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_UNCLAIM, values, 3);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_WANT, values, 1);
	if (r == 0)
		r = write_meta(ledger);
	return ledger_finish(ledger, r, true);
}

int
ledger_resume(struct ledger *ledger, bool *was_out)
{
	char words[sizeof(ledger->restored)];
	int r;

	memcpy(words, ledger->restored, sizeof(words));
	memset(ledger->restored, 0, sizeof(ledger->restored));
	r = sync_meta(ledger);
	if (r < 0) {
		memcpy(ledger->restored, words, sizeof(words));
		return r;
	}
	*was_out = words[0] != '\0';
	return 0;
}

/* In step with the journal */

int
ledger_sync(struct ledger *ledger, uint64_t position)
{
	uint64_t before = ledger->synced;
	int r = ledger_flush(ledger);

	if (r < 0)
		return r;
	if (position > ledger->synced)
		ledger->synced = position;
	r = sync_meta(ledger);
	if (r < 0)
		ledger->synced = before;
	return r;
}

int
ledger_replayed(struct ledger *ledger)
{
	int r = db_begin(ledger->db);

	return r < 0 ? r : ledger_finish(ledger, write_meta(ledger), true);
}

int
ledger_has(struct ledger *ledger, const struct message_id *id)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_HAS);
	int r;

	db_put_blob(&query, slice_of(id->bytes, MESSAGE_ID_BYTES));
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}
