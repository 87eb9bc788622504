/*
 * export_maildir.c - letters into a Maildir++
 *
 * The time of a file is the letter's date, its name begins with the UID, so that
 * whoever reads the Maildir counts in the same order, and says which letter it
 * is: one that is there is not written again.  Keywords have small letters, 26
 * of them, whose names are in dovecot-keywords.
 */
#include "programs/export.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/reply.h"
#include "lib/message/maildir.h"
#include "store/account.h"

#define LIST_FILE	"dovecot-keywords"
#define LIST_BYTES	65536

struct maildir {
	int		 fd;		/* of the folder */
	int		 cur_fd, tmp_fd;	/* in it */
	uint32_t	 uidvalidity;
	uint32_t	*uids;		/* that are there, ascending */
	size_t		 count, room;
	struct text	 list;		/* dovecot-keywords */
	struct slice	 names[MAILDIR_KEYWORDS];	/* in it */
};

static struct maildir *
state_of(struct export *export)
{
	return export->state;
}

static void
maildir_close(struct export *export)
{
	struct maildir *maildir = state_of(export);

	if (maildir == NULL)
		return;
	if (maildir->fd >= 0)
		(void)close(maildir->fd);
	if (maildir->cur_fd >= 0)
		(void)close(maildir->cur_fd);
	if (maildir->tmp_fd >= 0)
		(void)close(maildir->tmp_fd);
	free(maildir->uids);
	text_free(&maildir->list);
	free(maildir);
	export->state = NULL;
}

/* ".Sub.Folder", in modified UTF-7. */
static void
folder_file(struct slice folder, struct text *name)
{
	TEXT_AUTO dotted = TEXT_INIT(3 * FOLDER_MAX_BYTES);

	maildir_add_folder(&dotted, folder);
	text_add_byte(name, '.');
	imapd_add_mailbox(name, text_slice(&dotted), false);
}

/* imapd_add_mailbox() quotes what is no atom. */
static void
unquote(struct text *name)
{
	TEXT_AUTO plain = TEXT_INIT(8 * FOLDER_MAX_BYTES);
	struct slice s = text_slice(name);

	if (s.len < 3 || s.at[1] != '"')
		return;
	text_add_byte(&plain, '.');
	for (size_t i = 2; i + 1 < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		text_add_byte(&plain, s.at[i]);
	}
	text_clear(name);
	text_add(name, text_slice(&plain));
}

/* The UIDs of what was written into it before. */
static int
read_uids(struct maildir *maildir)
{
	int fd = openat(maildir->cur_fd, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t uid, validity;
	int r;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (sscanf(entry->d_name, "%10" SCNu32 ".V%" SCNu32
		    ".postroom", &uid, &validity) != 2 ||
		    validity != maildir->uidvalidity)
			continue;
		if (maildir->count == maildir->room) {
			uint32_t *grown;

			maildir->room = maildir->room * 2 + 64;
			grown = reallocarray(maildir->uids, maildir->room,
			    sizeof(*grown));
			if (grown == NULL) {
				(void)closedir(folder);
				return -ENOMEM;
			}
			maildir->uids = grown;
		}
		maildir->uids[maildir->count++] = uid;
	}
	(void)closedir(folder);
	return 0;
}

static int
order(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* A file of its own, and no second name of another's: it is written anew. */
static int
judge_list(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_nlink == 1 ? 0 : -EEXIST;
}

static int
read_keywords(struct maildir *maildir)
{
	int fd = openat(maildir->fd, LIST_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *room;
	ssize_t n = 0;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = judge_list(fd);
	room = r < 0 ? NULL : text_space(&maildir->list, LIST_BYTES);
	if (r == 0 && room == NULL)
		r = -ENOMEM;
	if (r == 0) {
		n = read(fd, room, LIST_BYTES);
		maildir->list.len = n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	maildir_keywords(text_slice(&maildir->list), maildir->names);
	return n < 0 ? -EIO : r;
}

static int
open_subfolders(struct maildir *maildir)
{
	int fd = export_folder(maildir->fd, "new");

	if (fd < 0)
		return fd;
	(void)close(fd);
	maildir->cur_fd = export_folder(maildir->fd, "cur");
	if (maildir->cur_fd < 0)
		return maildir->cur_fd;
	maildir->tmp_fd = export_folder(maildir->fd, "tmp");
	return maildir->tmp_fd < 0 ? maildir->tmp_fd : 0;
}

static int
begin(struct export *export, struct slice folder, uint32_t uidvalidity)
{
	TEXT_AUTO name = TEXT_INIT(8 * FOLDER_MAX_BYTES);
	struct maildir *maildir = calloc(1, sizeof(*maildir));
	int r;

	if (maildir == NULL)
		return -ENOMEM;
	export->state = maildir;
	maildir->cur_fd = maildir->tmp_fd = -1;
	maildir->uidvalidity = uidvalidity;
	maildir->list = (struct text)TEXT_INIT(LIST_BYTES * 2);
	if (slice_is_str(folder, "INBOX")) {
		text_add_byte(&name, '.');
	} else {
		folder_file(folder, &name);
		unquote(&name);
	}
	text_add_byte(&name, '\0');
	maildir->fd = text_failed(&name) ? -ENAMETOOLONG :
	    export_folder(export->fd, name.at);
	if (maildir->fd < 0)
		return maildir->fd;
	r = open_subfolders(maildir);
	if (r == 0)
		r = read_uids(maildir);
	if (r == 0)
		r = read_keywords(maildir);
	if (r == 0 && maildir->count > 0)
		qsort(maildir->uids, maildir->count, sizeof(*maildir->uids),
		    order);
	return r;
}

static bool
has(struct export *export, uint32_t uid)
{
	const struct maildir *maildir = state_of(export);

	return maildir->count > 0 && bsearch(&uid, maildir->uids,
	    maildir->count, sizeof(uid), order) != NULL;
}

/* All of these bytes into a new file.  0 or -errno. */
static int
write_file(int folder_fd, const char *name, struct slice bytes,
    const struct timespec *at)
{
	const struct timespec times[2] = { *at, *at };
	int fd = export_file(folder_fd, name), r = 0;

	if (fd < 0)
		return fd;
	while (r == 0 && bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno != EINTR)
			r = -errno;
		bytes = slice_after(bytes, n < 0 ? 0 : (size_t)n);
	}
	if (r == 0 && futimens(fd, times) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* A keyword gets a letter: it is in the list before a name has it. */
static int
name_keyword(struct maildir *maildir, size_t i, struct slice word)
{
	const struct timespec now = { .tv_nsec = UTIME_NOW };
	int r;

	text_addf(&maildir->list, "%zu %.*s\n", i, SLICE_FMT(word));
	if (text_failed(&maildir->list))
		return -ENOMEM;
	r = write_file(maildir->fd, LIST_FILE ".new",
	    text_slice(&maildir->list), &now);
	if (r == 0 && renameat(maildir->fd, LIST_FILE ".new", maildir->fd,
	    LIST_FILE) < 0)
		r = -errno;
	if (r == 0)
		maildir_keywords(text_slice(&maildir->list), maildir->names);
	return r;
}

/* The letter of a keyword, or 0: there are none left; or -errno. */
static int
letter_of(struct maildir *maildir, struct slice word)
{
	int r;

	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++) {
		if (slice_is_nocase(maildir->names[i], word))
			return (int)('a' + i);
		if (maildir->names[i].len > 0)
			continue;
		r = name_keyword(maildir, i, word);
		return r < 0 ? r : (int)('a' + i);
	}
	return 0;
}

/* ":2,FSa" behind the name of `file`: capitals first, each in its order. */
static int
add_flags(struct export *export, const struct export_message *message,
    const char *file, struct text *name)
{
	static const struct {
		char		letter;
		unsigned	mark;
	} letters[] = {
		{ 'D', MARK_DRAFT },	{ 'F', MARK_FLAGGED },
		{ 'R', MARK_ANSWERED },	{ 'S', MARK_SEEN },
		{ 'T', MARK_DELETED },
	};
	struct slice rest = message->keywords, word;
	bool has_letter[MAILDIR_KEYWORDS] = { false };

	text_add_str(name, ":2,");
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if ((message->marks & letters[i].mark) != 0)
			text_add_byte(name, letters[i].letter);
	while (slice_word(&rest, &word)) {
		int letter = letter_of(state_of(export), word);

		if (letter < 0)
			return letter;
		if (letter == 0)
			transfer_note(export->transfer, file,
			    say(export->transfer->cli->language,
			    SAY_EXPORT_KEYWORDS));
		else
			has_letter[letter - 'a'] = true;
	}
	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++)
		if (has_letter[i])
			text_add_byte(name, (char)('a' + i));
	return 0;
}

/* With LF, as every mail program writes them there. */
static void
add_lines(struct text *text, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t end = slice_find(bytes, '\r');

		text_add(text, slice_first(bytes, end));
		bytes = slice_after(bytes, end);
		if (bytes.len > 0 && !slice_has_prefix(bytes, "\r\n"))
			text_add_byte(text, '\r');
		bytes = slice_after(bytes, 1);
	}
}

static int
add(struct export *export, const struct export_message *message)
{
	TEXT_AUTO text = TEXT_INIT(SIZE_MAX / 4);
	TEXT_AUTO name = TEXT_INIT(NAME_MAX);
	TEXT_AUTO part = TEXT_INIT(NAME_MAX + 1);
	struct maildir *maildir = state_of(export);
	const struct timespec at = {
		.tv_sec = (time_t)(message->received_at_utc_ms / 1000),
		.tv_nsec = (long)(message->received_at_utc_ms % 1000) * 1000000,
	};
	int r;

	add_lines(&text, message->bytes);
	text_addf(&name, "%010" PRIu32 ".V%" PRIu32 ".postroom,S=%zu",
	    message->uid, maildir->uidvalidity, text.len);
	text_add(&part, text_slice(&name));
	text_add_byte(&part, '\0');
	if (text_failed(&text) || text_failed(&part))
		return -ENOMEM;
	r = write_file(maildir->tmp_fd, part.at, text_slice(&text), &at);
	if (r == 0)
		r = add_flags(export, message, part.at, &name);
	text_add_byte(&name, '\0');
	if (r == 0 && text_failed(&name))
		r = -ENOMEM;
	if (r == 0 && renameat(maildir->tmp_fd, part.at, maildir->cur_fd,
	    name.at) < 0)
		r = -errno;
	return r;
}

static int
end(struct export *export)
{
	int r = syncfs(state_of(export)->fd) < 0 ? -errno : 0;

	maildir_close(export);
	return r;
}

const struct export_form export_maildir = {
	"maildir:", begin, has, add, end, maildir_close
};
