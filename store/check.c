/*
 * check.c - prove that the index and the letters of an account agree
 *
 * Reads only, with no lock, beside the process that owns the account.  Every
 * statement is a picture of its own moment; a letter found damaged is looked up
 * once more, for it may have been moved or deleted since.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/check.h"
#include "store/index_inside.h"
#include "store/search_file.h"
#include "store/segments.h"

#define BATCH_ROWS	128
#define LOOKS		3	/* at a letter before it is called damaged */

struct check {
	struct index	 index;		/* its db only */
	struct letters	*letters;	/* NULL: the folder is missing */
	account_fault_fn *say;
	void		*arg;
	unsigned	 faults;
};

__attribute__((format(printf, 2, 3))) static void
tell(struct check *check, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	check->faults++;
	check->say(check->arg, sentence);
}

/* SQLite's own check of the file. */
static void
check_file(struct check *check)
{
	DB_QUERY_AUTO	q = db_ask(check->index.db, SQL_CHECK_FILE);
	struct slice	line;
	int		r;

	while ((r = db_next(&q)) > 0) {
		line = db_blob(&q, 0, 4096);
		if (!slice_is_str(line, "ok"))
			tell(check, "The index is damaged: %.*s.",
			    SLICE_FMT(line));
	}
	if (r < 0)
		tell(check, "The index cannot be read to its end: %s.",
		    strerror(-r));
}

/* One sentence for each row of a statement that finds what must not be. */
static void
check_none(struct check *check, enum index_sql sql, const char *what)
{
	DB_QUERY_AUTO	q = db_ask(check->index.db, sql);
	uint64_t	n;
	int		r;

	while ((r = db_next(&q)) > 0) {
		n = (uint64_t)db_i64(&q, INT64_MIN, INT64_MAX);
		tell(check, "%s (number %llu of mailbox %llu).", what,
		    (unsigned long long)(n & UINT32_MAX),
		    (unsigned long long)(n >> 32));
	}
	if (r < 0)
		tell(check, "The index cannot be read to its end: %s.",
		    strerror(-r));
}

/* As account_read_row(), without an account. */
static int
look(struct check *check, const struct letter_row *row)
{
	struct record record;
	int r;

	if (check->letters == NULL)
		return -ENOENT;
	r = letters_read(check->letters, &row->place, &record);
	if (r < 0)
		return r;
	return message_id_order(&record.id, &row->id) == 0 &&
	    record.action == row->action && record.is_big == row->is_big &&
	    record.trace.len == row->trace_bytes &&
	    record.body_bytes == row->body_bytes ? 0 : -EBADMSG;
}

static void
check_letter(struct check *check, struct letter_row row)
{
	char id[MESSAGE_ID_CHARS + 1];
	uint64_t letter = row.letter;
	int r = -EUCLEAN;

	for (int i = 0; i < LOOKS; i++) {
		if (row.place.segment != 0 && look(check, &row) == 0)
			return;
		r = index_letter(&check->index, letter, &row);
		if (r == -ENOENT)
			return;		/* deleted meanwhile */
	}
	if (r < 0) {
		tell(check, "The index has nonsense for letter %llu.",
		    (unsigned long long)letter);
		return;
	}
	message_id_write(&row.id, id);
	tell(check, "Letter %llu (%s.%x) is damaged or missing in segment "
	    "%04u at %llu.", (unsigned long long)letter, id, row.action,
	    row.place.segment, (unsigned long long)row.place.offset);
}

static void
check_letters(struct check *check)
{
	struct letter_row rows[BATCH_ROWS];
	uint64_t after = 0;
	int count;

	while ((count = segments_letters(&check->index, &after, BATCH_ROWS,
	    rows)) > 0)
		for (int i = 0; i < count; i++)
			check_letter(check, rows[i]);
	if (count < 0)
		tell(check, "The letters' rows cannot be read: %s.",
		    strerror(-count));
}

/* The hub the account says it belongs to. */
static int
hub_of(struct check *check, unsigned char hub_id[HUB_ID_BYTES])
{
	DB_QUERY_AUTO	q = db_ask(check->index.db, SQL_META);
	struct slice	hub;
	int		r = db_next(&q);

	if (r <= 0)	/* tables, and a power cut before the first row */
		return r < 0 ? r : -ENODATA;
	hub = db_blob(&q, HUB_ID_BYTES, HUB_ID_BYTES);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	memcpy(hub_id, hub.at, HUB_ID_BYTES);
	return 0;
}

static int
open_letters(struct check *check, int folder_fd)
{
	struct letters_options options = { .only_reading = true };
	uint32_t first;
	int r;

	r = hub_of(check, options.hub_id);
	if (r < 0)
		return r;
	r = letters_open(folder_fd, &options, &check->letters, &first);
	return r == -ENOENT ? 0 : r;
}

/* A file with bytes in it, in the folder of segments. */
static bool
has_letters(int folder_fd)
{
	int fd = openat(folder_fd, "letters", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NOFOLLOW);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool any = false;
	struct stat st;

	if (entries == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return fd >= 0 || errno != ENOENT;
	}
	while (!any && (entry = readdir(entries)) != NULL)
		any = fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (S_ISREG(st.st_mode) && st.st_size > 0);
	(void)closedir(entries);
	return any;
}

/* Not a byte of it. */
static bool
is_nothing(int folder_fd, const char *name)
{
	struct stat st;

	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return st.st_size == 0;
}

/*
 * A power cut can leave the folder before anything was acknowledged: no index,
 * or one of no bytes, and no letters that it could have lost.
 */
static bool
is_not_begun(int folder_fd)
{
	return is_nothing(folder_fd, INDEX_FILE) && !has_letters(folder_fd);
}

bool
index_is_missing(int folder_fd)
{
	/* the first rows may be in the log still, and only there */
	return is_nothing(folder_fd, INDEX_FILE) &&
	    is_nothing(folder_fd, INDEX_FILE "-wal") &&
	    has_letters(folder_fd);
}

/* What one statement each can tell. */
static void
check_rows(struct check *check)
{
	check_file(check);
	check_none(check, SQL_CHECK_INBOX, "There is no INBOX");
	check_none(check, SQL_CHECK_MAILBOXES,
	    "A mailbox has no good name or UIDVALIDITY");
	check_none(check, SQL_CHECK_TALLIES,
	    "A mailbox does not count what is in it");
	check_none(check, SQL_CHECK_DOOMED,
	    "A mailbox is there that was deleted");
	check_none(check, SQL_CHECK_RIGHTS,
	    "Rights are of no kind, or in no mailbox");
	check_none(check, SQL_CHECK_SUBSCRIPTIONS,
	    "A subscription has no good name");
	check_none(check, SQL_CHECK_STRUCTURES,
	    "A structure has no letter");
	check_none(check, SQL_CHECK_LESSONS,
	    "A lesson has no letter");
	check_none(check, SQL_CHECK_METADATA,
	    "What is noted of a mailbox has none");
	check_none(check, SQL_CHECK_ENTRIES, "An entry has no letter");
	check_none(check, SQL_CHECK_UIDS, "An entry has a number never given");
	check_none(check, SQL_CHECK_TOMBSTONES,
	    "An entry stands where a tombstone is");
	check_none(check, SQL_CHECK_ORPHANS,
	    "A letter is not in as many mailboxes as it says");
	check_none(check, SQL_CHECK_DELIVERED,
	    "A delivery is noted for another message's letter");
}

int
index_check(int index_fd, int letters_fd, account_fault_fn *say, void *arg,
    struct index_faults *faults_out)
{
	struct check check = { .say = say, .arg = arg };
	struct index_faults faults = { 0, 0 };
	unsigned needs;
	int r;

	r = db_open(index_fd, INDEX_FILE, &index_format, true,
	    &check.index.db, &needs);
	if (r == 0)
		r = open_letters(&check, letters_fd);
	if (r == 0) {
		check_rows(&check);
		faults.rows = check.faults;
		check_letters(&check);
		faults.letters = check.faults - faults.rows;
		*faults_out = faults;
	}
	letters_close(check.letters);
	db_close(check.index.db);
	return r;
}

int
account_check(int folder_fd, account_fault_fn *say, void *arg)
{
	struct index_faults faults;
	int r;

	if (is_not_begun(folder_fd))
		return 0;
	if (index_is_missing(folder_fd))
		return -EUCLEAN;
	r = index_check(folder_fd, folder_fd, say, arg, &faults);
	/* a power cut before its first commit */
	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	r = search_file_check(folder_fd, say, arg);
	return r != 0 ? r : faults.rows + faults.letters > 0;
}

int
account_big_each(int folder_fd, account_big_fn *fn, void *arg)
{
	struct letter_row rows[BATCH_ROWS];
	struct index index = { 0 };
	uint64_t after = 0;
	unsigned needs;
	int count;

	if (is_not_begun(folder_fd))
		return 0;
	count = db_open(folder_fd, INDEX_FILE, &index_format, true, &index.db,
	    &needs);
	if (count == -ENODATA)
		return 0;
	if (count < 0)
		return count;
	while ((count = segments_letters(&index, &after, BATCH_ROWS,
	    rows)) > 0)
		for (int i = 0; i < count; i++)
			if (rows[i].place.segment != 0 && rows[i].is_big)
				fn(arg, &rows[i].big, rows[i].body_bytes);
	db_close(index.db);
	return count;
}

int
account_settled_read(int folder_fd, uint64_t *position_out)
{
	struct db *db = NULL;
	struct db_query q;
	uint64_t position = 0;
	unsigned needs;
	int r = -ENODATA;

	if (!is_not_begun(folder_fd))
		r = db_open(folder_fd, INDEX_FILE, &index_format, true, &db,
		    &needs);
	if (r == 0) {
		q = db_ask(db, SQL_META);
		r = db_next(&q);
		if (r == 1) {
			(void)db_blob(&q, HUB_ID_BYTES, HUB_ID_BYTES);
			position = db_u64(&q, 0, INT64_MAX);
			r = db_row(&q);
		}
		db_end(&q);
		db_close(db);
	}
	if (r < 0 && r != -ENODATA)
		return r;
	*position_out = position;
	return 0;
}
