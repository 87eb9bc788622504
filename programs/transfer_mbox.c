/*
 * transfer_mbox.c - the messages of mbox files
 *
 * A file is read from its beginning to its end, a message at a time; a folder
 * is one of files, with what stands below "Name" in "Name.sbd" (Thunderbird) or
 * in a folder of that name (Dovecot, mutt).  A message is known by its digest,
 * and by how many there were before it that are the same: a file grows, and is
 * rewritten when somebody reads, and still nothing comes twice.  Nothing is
 * changed there, and no link below the first folder is followed.
 */
#include "programs/transfer.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uthash.h>

#include "fetch/digest.h"
#include "store/account.h"

#define DEPTH_MOST	20		/* of folders in folders */
#define READ_BYTES	(256 * 1024)
#define TAIL_BYTES	4096		/* what a separator is known by */
#define BEGINNING_BYTES	2000

/* How often a message has come in this file. */
struct seen {
	unsigned char	 digest[DIGEST_BYTES];
	uint64_t	 count;
	UT_hash_handle	 hh;
};

struct mbox {
	struct transfer	*transfer;
	const char	*path;
	int		 fd;
	uint64_t	 offset;	/* in the file: of the message at hand */
	uint64_t	 number;	/* from 1 */
	struct text	 window;	/* what was read of the file */
	size_t		 at;		/* in it: where the message begins */
	bool		 is_last;	/* all was read */
	struct seen	*seen;
	struct digest	 digest;
};

/* The window */

/* Read on.  0 or -errno. */
static int
read_more(struct mbox *mbox)
{
	char *room;
	ssize_t n;

	text_consume(&mbox->window, mbox->at);
	mbox->at = 0;
	room = text_space(&mbox->window, READ_BYTES);
	if (room == NULL)
		return -ENOMEM;
	do
		n = read(mbox->fd, room, READ_BYTES);
	while (n < 0 && errno == EINTR);
	mbox->window.len -= READ_BYTES - (n > 0 ? (size_t)n : 0);
	mbox->is_last = n == 0;
	return n < 0 ? -errno : 0;
}

static struct slice
here(const struct mbox *mbox)
{
	return slice_after(text_slice(&mbox->window), mbox->at);
}

/*
 * Have the next message whole in the window: 1 and its size; 1 and *skipped_out
 * above 0 when it was too large to be kept; 0 at the end; or -errno.
 */
static int
next_message(struct mbox *mbox, size_t *bytes_out, uint64_t *skipped_out)
{
	size_t scanned = 0, most = (size_t)mbox->transfer->message_bytes +
	    READ_BYTES;

	*skipped_out = 0;
	for (;;) {
		struct slice bytes = here(mbox);
		int r;

		if ((bytes.len > 0 || mbox->is_last) && mbox_end(bytes,
		    mbox->is_last, &scanned, bytes_out))
			return *bytes_out > 0;
		if (bytes.len > most && scanned > TAIL_BYTES) {
			size_t n = scanned - TAIL_BYTES;

			mbox->at += n;
			scanned -= n;
			*skipped_out += n;
		}
		r = read_more(mbox);
		if (r < 0)
			return r;
	}
}

/* Messages */

/* How many have come before that are the same.  0 or -errno. */
static int
count_same(struct mbox *mbox, struct slice message, uint64_t *before_out,
    unsigned char digest_out[DIGEST_BYTES])
{
	struct seen *seen;
	int r = digest_of(&mbox->digest, message, digest_out);

	if (r < 0)
		return r;
	HASH_FIND(hh, mbox->seen, digest_out, DIGEST_BYTES, seen);
	if (seen == NULL) {
		seen = calloc(1, sizeof(*seen));
		if (seen == NULL)
			return -ENOMEM;
		memcpy(seen->digest, digest_out, DIGEST_BYTES);
		HASH_ADD(hh, mbox->seen, digest, DIGEST_BYTES, seen);
	}
	*before_out = seen->count++;
	return 0;
}

static int
key_of(struct mbox *mbox, const char *name, struct slice message,
    unsigned char key_out[IMPORT_KEY_BYTES])
{
	unsigned char digest[DIGEST_BYTES];
	char count[24];
	uint64_t before;
	int r = count_same(mbox, message, &before, digest);
	struct slice parts[] = { SLICE("mbox"), slice_str(name),
	    slice_of(digest, sizeof(digest)), { NULL, 0 } };

	if (r < 0)
		return r;
	(void)snprintf(count, sizeof(count), "%" PRIu64, before);
	parts[3] = slice_str(count);
	return transfer_key(mbox->transfer, parts, 4, key_out);
}

/* When it came: the "From " line tells the time of its writer, or a zone. */
static int64_t
received_at(const struct mbox_message *read)
{
	time_t seconds = (time_t)read->seconds;
	struct tm tm;

	if (!read->has_date)
		return (int64_t)time(NULL) * 1000;
	if (!read->has_zone && gmtime_r(&seconds, &tm) != NULL) {
		tm.tm_isdst = -1;
		seconds = mktime(&tm);
	}
	return (int64_t)seconds * 1000;
}

static void
where_of(const struct mbox *mbox, char *where, size_t size)
{
	TEXT_AUTO words = TEXT_INIT(2 * PATH_MAX);

	text_say(&words, mbox->transfer->cli->language, TRANSFER_WHERE,
	    mbox->path, (unsigned long long)mbox->number,
	    (unsigned long long)mbox->offset);
	if (slice_cstr(text_slice(&words), where, size) < 0)
		where[0] = '\0';
}

static int
take_message(struct mbox *mbox, const char *name, struct slice bytes)
{
	struct transfer *transfer = mbox->transfer;
	TEXT_AUTO text = TEXT_INIT(SIZE_MAX / 4);
	TEXT_AUTO keywords = TEXT_INIT(CLI_WORDS_BYTES);
	struct mbox_message read;
	struct transfer_message message = { 0 };
	char where[2 * PATH_MAX];

	mbox_read(bytes, transfer->quoting, &read, &text, &keywords);
	/* what a program keeps is first; any message may say that it is one */
	if (read.is_internal && mbox->number == 1)
		return CLI_OK;
	if (read.is_gone) {
		transfer->gone++;
		return CLI_OK;
	}
	where_of(mbox, where, sizeof(where));
	message.bytes = text_slice(&text);
	message.keywords = text_slice(&keywords);
	message.marks = read.marks;
	message.received_at_utc_ms = received_at(&read);
	message.where = where;
	if (text_failed(&text) || key_of(mbox, name, message.bytes,
	    message.key) < 0)
		return cli_fail(transfer->cli, CLI_FAILED, NO_MEMORY);
	return transfer_message(transfer, &message);
}

static void
too_large(struct mbox *mbox)
{
	char where[2 * PATH_MAX];

	where_of(mbox, where, sizeof(where));
	mbox->transfer->found++;
	transfer_refuse(mbox->transfer, where,
	    say(mbox->transfer->cli->language, SAY_TRANSFER_TOO_LARGE));
}

/* Every message of the file.  Exit code. */
static int
take_messages(struct mbox *mbox, const char *name)
{
	struct transfer *transfer = mbox->transfer;
	uint64_t skipped;
	size_t bytes;
	int r = CLI_OK, got;

	while ((got = next_message(mbox, &bytes, &skipped)) > 0) {
		mbox->number++;
		if (skipped > 0 || bytes > transfer->message_bytes)
			too_large(mbox);
		else
			r = take_message(mbox, name, slice_first(here(mbox),
			    bytes));
		if (r != CLI_OK)
			return r;
		mbox->at += bytes;
		mbox->offset += bytes + skipped;
		transfer->progress.bytes += bytes + skipped;
		transfer_progress_draw(&transfer->progress);
	}
	if (got < 0)
		transfer_refuse(transfer, mbox->path, strerror(-got));
	return CLI_OK;
}

static void
forget_seen(struct mbox *mbox)
{
	struct seen *seen, *next;

	HASH_ITER(hh, mbox->seen, seen, next) {
		HASH_DEL(mbox->seen, seen);
		free(seen);
	}
}

/* The file at `fd`, whose name (in its folder) is part of every key. */
static int
take_file(struct transfer *transfer, int fd, const char *path,
    const char *name)
{
	struct mbox mbox = { .transfer = transfer, .path = path, .fd = fd,
	    .window = TEXT_INIT(SIZE_MAX / 4) };
	int r = CLI_OK;

	if (digest_open(&mbox.digest) < 0)
		return cli_fail(transfer->cli, CLI_FAILED, NO_MEMORY);
	r = take_messages(&mbox, name);
	digest_close(&mbox.digest);
	text_free(&mbox.window);
	forget_seen(&mbox);
	return r;
}

/* Files and folders */

struct tree {
	struct transfer	*transfer;
	bool		 counts;	/* bytes, before anything is taken */
};

enum what { IS_MBOX, IS_EMPTY, IS_OTHER };

static enum what
what_is(int fd)
{
	char bytes[BEGINNING_BYTES];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n == 0)
		return IS_EMPTY;
	return n > 0 && mbox_begins(slice_of(bytes, (size_t)n)) ? IS_MBOX :
	    IS_OTHER;
}

/* What Thunderbird and others keep beside: nobody misses it. */
static bool
is_known_other(const char *name)
{
	static const char *const ends[] = { ".msf", ".dat", ".json", ".html",
	    ".sqlite", ".log" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (slice_has_suffix(slice_str(name), ends[i]))
			return true;
	return name[0] == '.';
}

/* Exit code. */
static int
visit_file(struct tree *tree, int fd, const char *path, struct slice folder)
{
	struct transfer *transfer = tree->transfer;
	const char *name = strrchr(path, '/');
	enum what what = what_is(fd);
	struct stat st;
	int r;

	name = name == NULL ? path : name + 1;
	if (what == IS_OTHER || (what == IS_EMPTY &&
	    strchr(name, '.') != NULL)) {
		if (what == IS_OTHER && !tree->counts)
			transfer_note(transfer, path,
			    say(transfer->cli->language, SAY_TRANSFER_NO_MBOX));
		return CLI_OK;
	}
	if (tree->counts) {
		if (fstat(fd, &st) == 0)
			transfer->progress.of_bytes += (uint64_t)st.st_size;
		return CLI_OK;
	}
	r = transfer_folder(transfer, folder, true);
	return r == CLI_OK ? take_file(transfer, fd, path, name) : r;
}

/* What the folder for that file is called; at the top "Inbox" is INBOX. */
static void
name_of(struct text *folder, struct slice above, const char *name)
{
	TEXT_AUTO level = TEXT_INIT(4 * FOLDER_MAX_BYTES);
	struct slice s = slice_str(name);

	if (slice_has_suffix(s, ".sbd"))
		s.len -= 4;
	else if (slice_has_suffix(s, ".mbox"))
		s.len -= 5;
	if (above.len == 0 && (slice_is_word(s, "inbox") ||
	    slice_is_word(s, "mbox"))) {
		text_add_str(folder, "INBOX");
		return;
	}
	transfer_name(&level, s, '\0');
	if (above.len > 0) {
		text_add(folder, above);
		text_add_byte(folder, '/');
	}
	text_add(folder, text_slice(&level));
}

static int	walk(struct tree *, int fd, const char *path,
		    struct slice above, unsigned depth);

static int
visit(struct tree *tree, int parent_fd, const char *parent,
    struct slice above, const char *name, unsigned depth)
{
	TEXT_AUTO folder = TEXT_INIT(16 * FOLDER_MAX_BYTES);
	char path[PATH_MAX];
	struct stat st;
	int fd, r = CLI_OK;

	if (is_known_other(name))
		return CLI_OK;
	(void)snprintf(path, sizeof(path), "%s/%s", parent, name);
	fd = openat(parent_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (!tree->counts)
			transfer_refuse(tree->transfer, path,
			    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return CLI_OK;
	}
	name_of(&folder, above, name);
	if (S_ISREG(st.st_mode))
		r = visit_file(tree, fd, path, text_slice(&folder));
	else if (S_ISDIR(st.st_mode) && depth < DEPTH_MOST)
		r = walk(tree, fd, path, text_slice(&folder), depth + 1);
	(void)close(fd);
	return r;
}

static int
order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_entry(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
walk(struct tree *tree, int fd, const char *path, struct slice above,
    unsigned depth)
{
	struct dirent **entries = NULL;
	int count = scandirat(fd, ".", &entries, is_entry, order), r = CLI_OK;

	if (count < 0) {
		if (!tree->counts)
			transfer_refuse(tree->transfer, path,
			    strerror(errno));
		return CLI_OK;
	}
	for (int i = 0; i < count; i++) {
		if (r == CLI_OK)
			r = visit(tree, fd, path, above, entries[i]->d_name,
			    depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* A file alone: INBOX when it is called so, or like the account. */
static int
one_file(struct tree *tree, int fd, const char *path)
{
	TEXT_AUTO folder = TEXT_INIT(4 * FOLDER_MAX_BYTES);
	const char *name = strrchr(path, '/');
	struct slice address = slice_str(tree->transfer->address), local;

	name = name == NULL ? path : name + 1;
	if (!slice_cut(&address, '@', &local))
		local = address;
	if (tree->transfer->into != NULL || slice_is_nocase(local,
	    slice_str(name)))
		text_add_str(&folder, "INBOX");
	else
		name_of(&folder, slice_of(NULL, 0), name);
	return visit_file(tree, fd, path, text_slice(&folder));
}

int
transfer_mbox(struct transfer *transfer, const char *path)
{
	struct tree tree = { .transfer = transfer };
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = CLI_OK;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = cli_fail(transfer->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	for (int pass = 0; pass < 2 && r == CLI_OK; pass++) {
		tree.counts = pass == 0;
		r = S_ISDIR(st.st_mode) ? walk(&tree, fd, path,
		    slice_of(NULL, 0), 0) : one_file(&tree, fd, path);
	}
	if (r == CLI_OK && transfer->folders == 0)
		r = cli_fail(transfer->cli, CLI_FAILED, TRANSFER_NO_MBOX_AT,
		    path);
	(void)close(fd);
	return r;
}
