/*
 * repair.c - an account whose index is damaged or missing gets one again
 *
 * The new index is made in the folder repair/ and takes its place in one rename,
 * when all of it is synced and checked; until then nothing of the old is touched
 * but its log, which SQLite moves into it, heads of segments, and search.db.
 */
#include "store/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/db_aside.h"
#include "lib/base/loop.h"
#include "store/account_inside.h"
#include "store/check.h"
#include "store/copies.h"
#include "store/repair_inside.h"
#include "store/search_file.h"
#include "store/segments.h"

#define WORK_FOLDER	"repair"
#define COPY_BYTES	65536
#define REPAIR_BLOCK	1000	/* numbers, as an account reserves them */

void
repair_tell(const struct repair *repair, enum repair_what what, uint64_t count)
{
	const struct repair_note note = { .what = what, .count = count };

	repair->fn(repair->arg, &note);
}

/* For index_check(): counting is all that is wanted. */
static void
hear_nothing(void *arg, const char *sentence)
{
	(void)arg;
	(void)sentence;
}

/* Files */

static bool
is_there(int folder_fd, const char *name)
{
	return faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
empty_work(const struct repair *repair)
{
	static const char *const names[] = { INDEX_FILE, INDEX_FILE "-wal",
	    INDEX_FILE "-shm" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlinkat(repair->work_fd, names[i], 0);
}

static int
open_work(struct repair *repair)
{
	if (mkdirat(repair->folder_fd, WORK_FOLDER, 0700) < 0 &&
	    errno != EEXIST)
		return -errno;
	repair->work_fd = openat(repair->folder_fd, WORK_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return repair->work_fd < 0 ? -errno : 0;
}

static int
copy_bytes(int from, int to)
{
	char bytes[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0, done; at < n; at += done) {
			done = write(to, bytes + at, (size_t)(n - at));
			if (done < 0)
				return -errno;
		}
	return n < 0 ? -errno : 0;
}

/* File `name` of the account, as the index to work on. */
static int
copy_file(const struct repair *repair, const char *name)
{
	int from = openat(repair->folder_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to, r;

	if (from < 0)
		return -errno;
	to = openat(repair->work_fd, INDEX_FILE, O_WRONLY | O_CREAT |
	    O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = to < 0 ? -errno : copy_bytes(from, to);
	if (to >= 0 && close(to) < 0 && r == 0)
		r = -errno;
	(void)close(from);
	return r;
}

/* Making it */

/* Which letters are newer than what the copy vouched for? */
static int
find_mark(struct repair *repair, struct index *index)
{
	uint32_t segment = 0;
	uint64_t vouched = 0;
	int r = segments_last(index, &segment, &vouched);

	repair->mark = (struct place){ .segment = segment, .offset = vouched };
	return r;
}

static int
fill(struct repair *repair, struct index *index)
{
	int r = find_mark(repair, index);

	if (r == 0)
		r = repair_letters(repair, index);
	if (r == 0)
		r = index_drop(index, SIZE_MAX, NULL, NULL);
	return r < 0 ? r : index_end(index, INDEX_FULL);
}

static int
open_index(const struct repair *repair, struct index **index_out)
{
	unsigned needs;

	return index_open(repair->work_fd, repair->options, index_out, &needs);
}

/* With the rows of the base in work_fd: all the rest. */
static int
make_index(struct repair *repair)
{
	struct index *index = NULL;
	int r = 0;

	if (repair->base == BASE_NOTHING) {
		r = open_index(repair, &index);
		if (r == 0)
			r = index_close(index, true);
	}
	if (r == 0 && repair->base != BASE_OWN)
		r = repair_numbers(repair);
	if (r == 0)
		r = open_index(repair, &index);
	if (r < 0)
		return r;
	r = fill(repair, index);
	if (r < 0)
		(void)index_close(index, false);
	else
		r = index_close(index, true);
	return r < 0 ? r : repair_seal(repair);
}

/*
 * Make an index out of file `name`, or of nothing (NULL), and look how good it
 * is.  0, or a negative errno: it cannot be made out of that.
 */
static int
make(struct repair *repair, enum repair_base base, const char *name,
    struct index_faults *faults_out)
{
	int r;

	empty_work(repair);
	repair->base = base;
	repair->damaged_count = 0;
	repair->added = repair->recovered = repair->moved = 0;
	repair->gone = repair->renumbered = 0;
	r = name == NULL ? 0 : copy_file(repair, name);
	if (r == 0)
		r = make_index(repair);
	return r < 0 ? r : index_check(repair->work_fd, repair->folder_fd,
	    hear_nothing, NULL, faults_out);
}

/* No other base would do better. */
static bool
is_final(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -ENOMEM || r == -EROFS ||
	    r == -EACCES || r == -EPROTO;
}

static void
tell_copy(const struct repair *repair, unsigned generation)
{
	struct repair_note note = { .what = REPAIR_FROM_COPY,
	    .count = generation };

	if (copies_age(repair->folder_fd, generation, clock_utc_ms(),
	    &note.seconds) < 0)
		note.seconds = 0;
	repair->fn(repair->arg, &note);
}

static int
make_of_copy(struct repair *repair, bool *is_made_out)
{
	struct index_faults faults;
	int r;

	for (unsigned n = 1; n <= COPIES_MOST; n++) {
		if (copies_judge(repair->folder_fd, n) < 0)
			continue;
		r = make(repair, BASE_COPY, copies_path(n), &faults);
		if (is_final(r))
			return r;
		if (r < 0 || faults.rows > 0)
			continue;
		tell_copy(repair, n);
		*is_made_out = true;
		return 0;
	}
	return 0;
}

/* The best index there can be. */
static int
make_best(struct repair *repair, bool own_opens)
{
	struct index_faults faults = { 0, 0 };
	bool is_made = false;
	int own = -EUCLEAN, r;

	if (own_opens)
		own = make(repair, BASE_OWN, INDEX_FILE, &faults);
	if (is_final(own))
		return own;
	if (own == 0 && faults.rows == 0) {
		repair_tell(repair, REPAIR_IN_PLACE, 0);
		return 0;
	}
	r = make_of_copy(repair, &is_made);
	if (r < 0 || is_made)
		return r;
	/* rows that contradict each other still say more than none */
	if (own == 0) {
		repair_tell(repair, REPAIR_IN_PLACE, 0);
		return make(repair, BASE_OWN, INDEX_FILE, &faults);
	}
	repair_tell(repair, REPAIR_FROM_NOTHING, 0);
	return make(repair, BASE_NOTHING, NULL, &faults);
}

/* Its place */

/*
 * The new index takes the place of the old, which gets a second name first: at
 * every moment one of the two is the account's index, and the old one is kept.
 */
static int
take_place(const struct repair *repair)
{
	struct repair_note note = { .what = REPAIR_ASIDE };
	char name[DB_ASIDE_SIZE];
	int fd = repair->folder_fd, kept,
	    r = db_aside_settle(repair->work_fd, INDEX_FILE, fd);

	if (r < 0)
		return r;
	kept = db_aside_link(fd, INDEX_FILE, name);
	if (kept < 0)
		return kept;
	r = db_aside_log(fd, INDEX_FILE, name);
	if (r == 0 && renameat(repair->work_fd, INDEX_FILE, fd,
	    INDEX_FILE) < 0)
		r = -errno;
	if (r < 0) {	/* the old one stands where it stood */
		db_aside_undo(fd, INDEX_FILE, name);
		return r;
	}
	if (fsync(fd) < 0)
		return -errno;
	note.name = name;
	if (kept == 1)
		repair->fn(repair->arg, &note);
	return 0;
}

/* search.db goes by the numbers of letters, which may be others now. */
static int
drop_search(const struct repair *repair)
{
	int r;

	if (!is_there(repair->folder_fd, SEARCH_FILE))
		return 0;
	r = search_file_remove(repair->folder_fd);
	if (r < 0 || fsync(repair->folder_fd) < 0)
		return r < 0 ? r : -errno;
	repair_tell(repair, REPAIR_SEARCH, 0);
	return 0;
}

/* All of it */

static void
tell_count(const struct repair *repair, enum repair_what what, uint64_t count)
{
	if (count > 0)
		repair_tell(repair, what, count);
}

static void
tell_all(const struct repair *repair)
{
	tell_count(repair, REPAIR_FOUND, repair->moved);
	tell_count(repair, REPAIR_ADDED, repair->added);
	tell_count(repair, REPAIR_RECOVERED, repair->recovered);
	tell_count(repair, REPAIR_GONE, repair->gone);
	tell_count(repair, REPAIR_RENUMBERED, repair->renumbered);
	for (size_t i = 0; i < repair->damaged_count; i++) {
		const struct repair_note note = { .what = REPAIR_DAMAGED,
		    .id = repair->damaged[i].id,
		    .action = repair->damaged[i].action };

		repair->fn(repair->arg, &note);
	}
}

/* What is wrong with the account?  True: something is. */
static bool
judge(struct repair *repair, bool *own_opens, struct index_faults *faults_out)
{
	int r = -EUCLEAN;

	*faults_out = (struct index_faults){ 0, 0 };
	if (*own_opens)
		r = index_check(repair->folder_fd, repair->folder_fd,
		    hear_nothing, NULL, faults_out);
	if (r == -ENODATA)	/* a power cut before its first commit */
		return false;
	*own_opens = r == 0;
	if (r < 0)
		repair_tell(repair, REPAIR_UNUSABLE, 0);
	tell_count(repair, REPAIR_WRONG, faults_out->rows +
	    faults_out->letters);
	return r < 0 || faults_out->rows + faults_out->letters > 0;
}

/* The index is to be made again.  0, or -errno. */
static int
make_anew(struct repair *repair, bool own_opens,
    const struct index_faults *before, enum repair_end *end_out)
{
	int r = make_best(repair, own_opens);

	if (r < 0)
		return r;
	tell_all(repair);
	*end_out = REPAIR_MENDED;
	/* letters that cannot be read, and nothing that could be done */
	if (repair->base == BASE_OWN && before->rows == 0 &&
	    repair->moved == 0 && !repair->is_lowered)
		return 0;
	/* first, and durably: a power cut must not leave it to a new index */
	r = drop_search(repair);
	return r < 0 ? r : take_place(repair);
}

/* What is wrong still. */
static int
prove(struct repair *repair, enum repair_end *end_out)
{
	struct index_faults faults = { 0, 0 };
	int r = index_check(repair->folder_fd, repair->folder_fd,
	    hear_nothing, NULL, &faults);

	if (r < 0)
		return r;
	if (faults.rows + faults.letters > 0) {
		repair_tell(repair, REPAIR_LEFT, faults.rows +
		    faults.letters);
		*end_out = REPAIR_UNMENDED;
	}
	return 0;
}

/* search.db is made anew by whoever finds none. */
static int
mend_search(const struct repair *repair, enum repair_end *end_out)
{
	int r = search_file_check(repair->folder_fd, hear_nothing, NULL);

	if (r == 0)
		return 0;
	r = search_file_remove(repair->folder_fd);
	if (r < 0)
		return r;
	repair_tell(repair, REPAIR_SEARCH, 0);
	*end_out = REPAIR_MENDED;
	return 0;
}

/* Can SQLite open it, and move its log into it? */
static int
wash(const struct repair *repair, bool *opens_out)
{
	struct db *db = NULL;
	unsigned needs;
	int r;

	*opens_out = false;
	if (index_is_missing(repair->folder_fd) ||
	    !is_there(repair->folder_fd, INDEX_FILE))
		return 0;
	r = db_open(repair->folder_fd, INDEX_FILE, &index_format, false, &db,
	    &needs);
	if (r == 0) {	/* its head may say that it is only to be read */
		r = db_begin(db);
		db_rollback(db);
	}
	db_close(db);
	if (r == -EUCLEAN || r == -EIO || r == -EINVAL || r == -EROFS)
		return 0;
	*opens_out = r == 0;
	return r;
}

static int
repair_index(struct repair *repair, enum repair_end *end_out)
{
	struct index_faults faults;
	bool own_opens;
	int r = wash(repair, &own_opens);

	if (r == 0)
		r = repair_walk(repair);
	if (r < 0)
		return r;
	if (repair->is_head_mended)
		*end_out = REPAIR_MENDED;
	if (!judge(repair, &own_opens, &faults))
		return 0;
	evidence_read(repair->folder_fd, &repair->evidence);
	r = open_work(repair);
	if (r == 0)
		r = make_anew(repair, own_opens, &faults, end_out);
	return r < 0 ? r : prove(repair, end_out);
}

static int
repair_all(struct repair *repair, enum repair_end *end_out)
{
	int r;

	/* nothing ever came here */
	if (!is_there(repair->folder_fd, INDEX_FILE) &&
	    !index_is_missing(repair->folder_fd))
		return 0;
	r = repair_index(repair, end_out);
	return r < 0 ? r : mend_search(repair, end_out);
}

static void
clean_up(struct repair *repair)
{
	if (repair->work_fd >= 0) {
		empty_work(repair);
		(void)close(repair->work_fd);
		(void)unlinkat(repair->folder_fd, WORK_FOLDER, AT_REMOVEDIR);
	}
	evidence_free(&repair->evidence);
	free(repair->found);
	free(repair->by_key);
	free(repair->segments);
	free(repair->hurt);
	free(repair->damaged);
}

int
account_repair(int folder_fd, const struct account_options *options,
    repair_fn *fn, void *arg, enum repair_end *end_out)
{
	struct account_options filled = *options;
	struct repair repair = { .folder_fd = folder_fd, .work_fd = -1,
	    .options = &filled, .fn = fn, .arg = arg };
	enum repair_end end = REPAIR_NOTHING;
	int lock_fd, r;

	if (filled.uid_block == 0)
		filled.uid_block = REPAIR_BLOCK;
	lock_fd = account_lock(folder_fd);
	if (lock_fd < 0)
		return lock_fd;
	r = repair_all(&repair, &end);
	clean_up(&repair);
	(void)close(lock_fd);
	if (r == 0)
		*end_out = end;
	return r;
}
