/*
 * transfer_maildir.c - the messages of a Maildir
 *
 * The folders are those of Maildir++ (".Sub.Folder" beside cur and new) and
 * folders in folders, as Dovecot's LAYOUT=fs has them.  Messages come in the
 * order of their UIDs in dovecot-uidlist, then of their time.  Nothing is
 * changed there, and no link below the first folder is followed: root reads
 * what somebody else may write.
 */
#include "programs/transfer.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message/maildir.h"
#include "store/account.h"

#define DEPTH_MOST	20		/* of folders in folders */
#define LIST_BYTES	(64 * 1024 * 1024)	/* dovecot-uidlist */
#define UID_NONE	UINT32_MAX

/* One message: a file in cur or new. */
struct file {
	char		*name;		/* "cur/1700..." */
	uint64_t	 bytes;
	struct timespec	 at;
	uint32_t	 uid;
};

struct files {
	struct file	*list;
	size_t		 count, room;
};

/* A line of dovecot-uidlist; the name points into its text. */
struct uid_row {
	struct slice	 unique;
	uint32_t	 uid;
};

struct maildir {
	struct transfer	*transfer;
	const char	*path;
	struct text	 subscriptions;	/* each in our form, a NUL behind it */
	bool		 has_subscriptions;
	bool		 counts;	/* bytes, before anything is taken */
};

/* Files */

static int
cannot_read(struct maildir *maildir, const char *what, int error)
{
	char where[PATH_MAX + NAME_MAX + 2];

	if (maildir->counts)
		return CLI_OK;		/* it is told when it is its turn */
	(void)snprintf(where, sizeof(where), "%s/%s", maildir->path, what);
	transfer_refuse(maildir->transfer, where, strerror(error));
	return CLI_OK;
}

/* All of a plain file.  0 or -errno. */
static int
read_all(int folder_fd, const char *name, size_t most, struct text *text)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	while (r == 0 && n > 0) {
		char *room = text->len > most ? NULL : text_space(text, 65536);

		if (room == NULL) {
			r = -EFBIG;
			break;
		}
		n = read(fd, room, 65536);
		text->len -= 65536 - (n > 0 ? (size_t)n : 0);
		if (n < 0)
			r = -errno;
	}
	(void)close(fd);
	return r;
}

static void
files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->list[i].name);
	free(files->list);
}

static bool
files_add(struct files *files, const char *sub, const char *name,
    const struct stat *st)
{
	struct file *file;
	char path[NAME_MAX + 8];

	if (files->count == files->room) {
		size_t room = files->room == 0 ? 64 : files->room * 2;
		struct file *grown = reallocarray(files->list, room,
		    sizeof(*grown));

		if (grown == NULL)
			return false;
		files->list = grown;
		files->room = room;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", sub, name);
	file = &files->list[files->count];
	file->name = strdup(path);
	file->bytes = (uint64_t)st->st_size;
	file->at = st->st_mtim;
	file->uid = UID_NONE;
	if (file->name == NULL)
		return false;
	files->count++;
	return true;
}

/* The folder `name` in `folder_fd`, or NULL. */
static DIR *
open_folder(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && folder == NULL)
		(void)close(fd);
	return folder;
}

/* What is in "cur" or "new".  Exit code. */
static int
list_files(struct maildir *maildir, int folder_fd, const char *sub,
    struct files *files)
{
	DIR *folder = open_folder(folder_fd, sub);
	struct dirent *entry;
	struct stat st;
	int r = CLI_OK;

	if (folder == NULL)
		return errno == ENOENT ? CLI_OK : cannot_read(maildir, sub,
		    errno);
	while (r == CLI_OK && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (fstatat(dirfd(folder), entry->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) < 0)
			continue;	/* it has got other flags, or is gone */
		if (!S_ISREG(st.st_mode) && maildir->counts)
			continue;
		if (!S_ISREG(st.st_mode))
			transfer_note(maildir->transfer, entry->d_name,
			    say(maildir->transfer->cli->language,
			    SAY_TRANSFER_NO_FILE));
		else if (!files_add(files, sub, entry->d_name, &st))
			r = cli_fail(maildir->transfer->cli, CLI_FAILED,
			    NO_MEMORY);
	}
	(void)closedir(folder);
	return r;
}

/* The order */

static int
order_rows(const void *a, const void *b)
{
	const struct uid_row *left = a, *right = b;

	return slice_order(left->unique, right->unique);
}

static int
order_files(const void *a, const void *b)
{
	const struct file *left = a, *right = b;

	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	if (left->at.tv_sec != right->at.tv_sec)
		return left->at.tv_sec < right->at.tv_sec ? -1 : 1;
	if (left->at.tv_nsec != right->at.tv_nsec)
		return left->at.tv_nsec < right->at.tv_nsec ? -1 : 1;
	return strcmp(left->name, right->name);
}

static struct slice
unique_of(const struct file *file)
{
	return maildir_name(slice_str(strchr(file->name, '/') + 1)).unique;
}

/* Give the files the UIDs that dovecot-uidlist has for them. */
static void
set_uids(struct files *files, struct slice list)
{
	struct uid_row *rows = NULL, row, *found;
	size_t count = 0, room = 0;

	while (maildir_uid(&list, &row.uid, &row.unique)) {
		row.unique = maildir_name(row.unique).unique;
		if (count == room) {
			struct uid_row *grown;

			room = room == 0 ? 64 : room * 2;
			grown = reallocarray(rows, room, sizeof(*rows));
			if (grown == NULL)
				break;	/* they come by their time, then */
			rows = grown;
		}
		rows[count++] = row;
	}
	if (count > 0)
		qsort(rows, count, sizeof(*rows), order_rows);
	for (size_t i = 0; count > 0 && i < files->count; i++) {
		row.unique = unique_of(&files->list[i]);
		found = bsearch(&row, rows, count, sizeof(*rows), order_rows);
		if (found != NULL)
			files->list[i].uid = found->uid;
	}
	free(rows);
}

/* Messages */

/* Is there a keyword that dovecot-keywords says nothing of? */
static bool
lacks_name(uint32_t keywords, const struct slice names[MAILDIR_KEYWORDS])
{
	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++)
		if ((keywords >> i & 1) != 0 && names[i].len == 0)
			return true;
	return false;
}

/* Dovecot's zlib plugin: gzip, zstd, bzip2, xz.  No header begins so. */
static bool
is_packed(struct slice bytes)
{
	return slice_has_prefix(bytes, "\x1f\x8b") ||
	    slice_has_prefix(bytes, "\x28\xb5\x2f\xfd") ||
	    slice_has_prefix(bytes, "BZh9") ||
	    slice_has_prefix(bytes, "\xfd" "7zXZ");
}

static int
take_file(struct maildir *maildir, int folder_fd, const char *shown,
    const struct file *file, const struct slice names[MAILDIR_KEYWORDS])
{
	struct transfer *transfer = maildir->transfer;
	TEXT_AUTO bytes = TEXT_INIT(SIZE_MAX / 4);
	TEXT_AUTO keywords = TEXT_INIT(CLI_WORDS_BYTES);
	char where[2 * PATH_MAX];
	struct maildir_name name = maildir_name(slice_str(
	    strchr(file->name, '/') + 1));
	struct slice parts[] = { SLICE("maildir"), name.unique };
	struct transfer_message message = {
		.marks = name.marks, .where = where,
		.received_at_utc_ms = (int64_t)file->at.tv_sec * 1000 +
		    file->at.tv_nsec / 1000000,
	};
	int r;

	(void)snprintf(where, sizeof(where), "%s/%s%s", maildir->path, shown,
	    file->name);
	transfer->progress.bytes += file->bytes;
	r = file->bytes > transfer->message_bytes ? -EFBIG : read_all(
	    folder_fd, file->name, (size_t)transfer->message_bytes, &bytes);
	if (r == 0 && is_packed(text_slice(&bytes)))
		r = -ENOMSG;
	if (r == 0 && transfer_key(transfer, parts, 2, message.key) < 0)
		r = -ENOMEM;
	if (r < 0) {
		transfer->found++;
		transfer_refuse(transfer, where, r == -EFBIG ?
		    say(transfer->cli->language, SAY_TRANSFER_TOO_LARGE) :
		    r == -ENOMSG ?
		    say(transfer->cli->language, SAY_TRANSFER_PACKED) :
		    strerror(-r));
		return CLI_OK;
	}
	maildir_add_keywords(&keywords, name.keywords, names);
	if (lacks_name(name.keywords, names))
		transfer_note(transfer, where,
		    say(transfer->cli->language, SAY_TRANSFER_LETTER));
	message.bytes = text_slice(&bytes);
	message.keywords = text_slice(&keywords);
	transfer_progress_draw(&transfer->progress);
	return transfer_message(transfer, &message);
}

/* Is it in the list of subscriptions?  All are where there is no list. */
static bool
is_subscribed(const struct maildir *maildir, struct slice name)
{
	struct slice rest = text_slice(&maildir->subscriptions), one;

	if (!maildir->has_subscriptions || slice_is_str(name, "INBOX"))
		return true;
	while (slice_cut(&rest, '\0', &one))
		if (slice_is(one, name))
			return true;
	return false;
}

static int
take_files(struct maildir *maildir, int folder_fd, const char *shown,
    struct files *files)
{
	TEXT_AUTO uids = TEXT_INIT(LIST_BYTES);
	TEXT_AUTO list = TEXT_INIT(CLI_WORDS_BYTES + 65536);
	struct slice names[MAILDIR_KEYWORDS];
	int r = CLI_OK;

	if (read_all(folder_fd, "dovecot-uidlist", LIST_BYTES, &uids) == 0)
		set_uids(files, text_slice(&uids));
	if (read_all(folder_fd, "dovecot-keywords", CLI_WORDS_BYTES,
	    &list) < 0)
		text_clear(&list);
	maildir_keywords(text_slice(&list), names);
	if (files->count > 0)
		qsort(files->list, files->count, sizeof(*files->list),
		    order_files);
	for (size_t i = 0; i < files->count && r == CLI_OK; i++)
		r = take_file(maildir, folder_fd, shown, &files->list[i],
		    names);
	return r;
}

/* The folder `name` (ours) at `folder_fd`; `shown` is its path there. */
static int
take_folder(struct maildir *maildir, int folder_fd, const char *shown,
    struct slice name)
{
	struct files files = { 0 };
	int r = list_files(maildir, folder_fd, "cur", &files);

	if (r == CLI_OK)
		r = list_files(maildir, folder_fd, "new", &files);
	if (r == CLI_OK && maildir->counts)
		for (size_t i = 0; i < files.count; i++)
			maildir->transfer->progress.of_bytes +=
			    files.list[i].bytes;
	else if (r == CLI_OK) {
		r = transfer_folder(maildir->transfer, name,
		    is_subscribed(maildir, name));
		if (r == CLI_OK)
			r = take_files(maildir, folder_fd, shown, &files);
	}
	files_free(&files);
	return r;
}

/* Folders */

static int
order_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
has_messages(int folder_fd)
{
	return faccessat(folder_fd, "cur", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
is_own(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
	    strcmp(name, "tmp") == 0;
}

/* The names of folders in `folder_fd`, sorted.  0 or -errno. */
static int
list_folders(int folder_fd, char ***names_out, size_t *count_out)
{
	DIR *folder = open_folder(folder_fd, ".");
	struct dirent *entry;
	struct stat st;
	char **names = NULL;
	size_t count = 0, room = 0;

	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL) {
		if (is_own(entry->d_name) || fstatat(dirfd(folder),
		    entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (count == room) {
			char **grown;

			room = room == 0 ? 32 : room * 2;
			grown = reallocarray(names, room, sizeof(*names));
			if (grown == NULL)
				break;
			names = grown;
		}
		names[count] = strdup(entry->d_name);
		if (names[count] != NULL)
			count++;
	}
	(void)closedir(folder);
	if (count > 0)
		qsort(names, count, sizeof(*names), order_names);
	*names_out = names;
	*count_out = count;
	return 0;
}

/* The name of a folder of Maildir++, as one here. */
static void
plus_name(struct text *here, struct slice name)
{
	transfer_name(here, name, '.');
	maildir_unescape(here);
}

static int	walk(struct maildir *, int folder_fd, const char *shown,
		    struct slice above, unsigned depth);

/* One folder in another: ".Sub.Folder", or a name below `above`. */
static int
visit(struct maildir *maildir, int parent_fd, const char *shown,
    struct slice above, const char *entry, unsigned depth)
{
	TEXT_AUTO name = TEXT_INIT(4 * FOLDER_MAX_BYTES);
	bool is_plus = entry[0] == '.';
	char path[PATH_MAX];
	int fd = openat(parent_fd, entry,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = CLI_OK;

	(void)snprintf(path, sizeof(path), "%s%s/", shown, entry);
	if (fd < 0)
		return cannot_read(maildir, path, errno);
	if (above.len > 0) {
		text_add(&name, above);
		text_add_byte(&name, '/');
	}
	if (is_plus) {
		TEXT_AUTO levels = TEXT_INIT(4 * FOLDER_MAX_BYTES);

		plus_name(&levels, slice_str(entry + 1));
		text_add(&name, text_slice(&levels));
	} else {
		TEXT_AUTO level = TEXT_INIT(4 * FOLDER_MAX_BYTES);

		transfer_name(&level, slice_str(entry), '\0');
		text_add(&name, text_slice(&level));
	}
	if (has_messages(fd))
		r = take_folder(maildir, fd, path, text_slice(&name));
	if (r == CLI_OK && !is_plus && depth < DEPTH_MOST)
		r = walk(maildir, fd, path, text_slice(&name), depth + 1);
	(void)close(fd);
	return r;
}

/* What is below `folder_fd`; of those with a dot only what has messages. */
static int
walk(struct maildir *maildir, int folder_fd, const char *shown,
    struct slice above, unsigned depth)
{
	char **names = NULL;
	size_t count = 0;
	int r = CLI_OK, got = list_folders(folder_fd, &names, &count);

	if (got < 0)
		return cannot_read(maildir, shown, -got);
	for (size_t i = 0; i < count; i++) {
		if (r == CLI_OK)
			r = visit(maildir, folder_fd, shown, above, names[i],
			    depth);
		free(names[i]);
	}
	free(names);
	return r;
}

/* The names that somebody has subscribed to. */
static void
read_subscriptions(struct maildir *maildir, int folder_fd)
{
	TEXT_AUTO list = TEXT_INIT(1024 * 1024 + 65536);
	struct slice rest, line;
	bool tabs = false;

	if (read_all(folder_fd, "subscriptions", 1024 * 1024, &list) < 0)
		return;
	maildir->has_subscriptions = true;
	rest = text_slice(&list);
	while (maildir_subscription(&rest, &tabs, &line)) {
		TEXT_AUTO given = TEXT_INIT(4 * FOLDER_MAX_BYTES);
		TEXT_AUTO name = TEXT_INIT(4 * FOLDER_MAX_BYTES);

		for (size_t i = 0; i < line.len; i++)
			text_add_byte(&given, tabs && line.at[i] == '\t' ?
			    '/' : line.at[i]);
		line = text_slice(&given);
		/* the names of LAYOUT=fs have "/" */
		if (tabs || slice_find(line, '/') != SIZE_MAX)
			transfer_name(&name, line, '/');
		else
			plus_name(&name, line);
		text_add(&maildir->subscriptions, text_slice(&name));
		text_add_byte(&maildir->subscriptions, '\0');
	}
}

int
transfer_maildir(struct transfer *transfer, const char *path)
{
	struct maildir maildir = { .transfer = transfer, .path = path,
	    .subscriptions = TEXT_INIT(1024 * 1024) };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = CLI_OK;

	if (fd < 0)
		return cli_fail(transfer->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(errno));
	read_subscriptions(&maildir, fd);
	for (int pass = 0; pass < 2 && r == CLI_OK; pass++) {
		maildir.counts = pass == 0;
		if (has_messages(fd))
			r = take_folder(&maildir, fd, "", slice_str("INBOX"));
		if (r == CLI_OK)
			r = walk(&maildir, fd, "", slice_of(NULL, 0), 0);
		if (r == CLI_OK && pass == 1 && transfer->folders == 0)
			r = cli_fail(transfer->cli, CLI_FAILED,
			    TRANSFER_NO_MAILDIR, path);
	}
	text_free(&maildir.subscriptions);
	(void)close(fd);
	return r;
}
