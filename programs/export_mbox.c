/*
 * export_mbox.c - letters into mbox files
 *
 * A folder is a file of its name, what is below it is in "Name.sbd", as
 * Thunderbird has it.  Lines that look like the beginning of a message get one
 * ">" more (mboxrd); flags and keywords are in Status, X-Status and X-Keywords,
 * in front of all that a sender may have written of that kind; the date is in UTC
 * and says so.  A file gets its name when all of it is on the
 * disk: one that is there is whole, and is left.
 */
#include "programs/export.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/message/header.h"
#include "store/account.h"

struct mbox {
	int		 fd;		/* of the folder that it is in */
	FILE		*file;
	char		 name[NAME_MAX + 1];
	char		 part[NAME_MAX + 1];
};

static struct mbox *
state_of(struct export *export)
{
	return export->state;
}

static void
mbox_close(struct export *export)
{
	struct mbox *mbox = state_of(export);

	if (mbox == NULL)
		return;
	if (mbox->file != NULL) {
		(void)fclose(mbox->file);
		(void)unlinkat(mbox->fd, mbox->part, 0);
	}
	if (mbox->fd >= 0)
		(void)close(mbox->fd);
	free(mbox);
	export->state = NULL;
}

/* A level's name in a file system. */
static int
file_name(struct slice level, const char *end, char name[NAME_MAX + 1])
{
	if (level.len + strlen(end) > NAME_MAX - 8)
		return -ENAMETOOLONG;
	(void)snprintf(name, NAME_MAX + 1, "%.*s%s", SLICE_FMT(level), end);
	if (name[0] == '.')
		name[0] = '_';
	return 0;
}

/* Open the folder that its file is in, levels and all. */
static int
open_levels(struct export *export, struct slice folder)
{
	struct mbox *mbox = state_of(export);
	char name[NAME_MAX + 1];
	struct slice level;
	int next, r;

	mbox->fd = export_folder(export->fd, ".");
	while (mbox->fd >= 0 && slice_cut(&folder, '/', &level)) {
		r = file_name(level, ".sbd", name);
		if (r < 0)
			return r;
		next = export_folder(mbox->fd, name);
		(void)close(mbox->fd);
		mbox->fd = next;
	}
	if (mbox->fd < 0)
		return mbox->fd;
	r = file_name(folder, "", mbox->name);
	(void)snprintf(mbox->part, sizeof(mbox->part), ".%.240s.part",
	    mbox->name);
	return r;
}

static int
begin(struct export *export, struct slice folder, uint32_t uidvalidity)
{
	struct mbox *mbox = calloc(1, sizeof(*mbox));
	struct stat st;
	int r, fd;

	(void)uidvalidity;
	if (mbox == NULL)
		return -ENOMEM;
	export->state = mbox;
	mbox->fd = -1;
	r = open_levels(export, folder);
	if (r < 0)
		return r;
	if (fstatat(mbox->fd, mbox->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(st.st_mode))
			return S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
		mbox_close(export);
		return 1;
	}
	fd = export_file(mbox->fd, mbox->part);
	if (fd < 0)
		return fd;
	mbox->file = fdopen(fd, "w");
	if (mbox->file == NULL) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	return 0;
}

static bool
has(struct export *export, uint32_t uid)
{
	(void)export;
	(void)uid;
	return false;
}

/* RFC 4155: in UTC; with the zone, for who takes it for another. */
static void
put_from(FILE *file, int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm tm = { 0 };
	char when[64] = "Thu Jan  1 00:00:00 1970";

	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y",
		    &tm);
	fprintf(file, "From MAILER-DAEMON %s +0000\n", when);
}

static void
put_lines(FILE *file, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t end = slice_find(bytes, '\n'), marks = 0;
		struct slice line = slice_first(bytes, end);

		bytes = slice_after(bytes, end == SIZE_MAX ? SIZE_MAX :
		    end + 1);
		if (slice_has_suffix(line, "\r"))
			line.len--;
		while (marks < line.len && line.at[marks] == '>')
			marks++;
		if (line.len - marks >= 5 &&
		    memcmp(line.at + marks, "From ", 5) == 0)
			(void)fputc('>', file);
		(void)fwrite(line.at, 1, line.len, file);
		(void)fputc('\n', file);
	}
}

/* All three, whatever there is to be noted: else a sender's would be the first. */
static void
put_notes(FILE *file, const struct export_message *message)
{
	static const struct {
		char		letter;
		unsigned	mark;
	} letters[] = {
		{ 'A', MARK_ANSWERED }, { 'F', MARK_FLAGGED },
		{ 'T', MARK_DRAFT },	{ 'D', MARK_DELETED },
	};

	fprintf(file, "Status: %sO\n",
	    (message->marks & MARK_SEEN) != 0 ? "R" : "");
	fputs("X-Status: ", file);
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if ((message->marks & letters[i].mark) != 0)
			(void)fputc(letters[i].letter, file);
	fputs("\nX-Keywords: ", file);
	if (message->keywords.len > 0)
		(void)fwrite(message->keywords.at, 1, message->keywords.len,
		    file);
	(void)fputc('\n', file);
}

/* The header without the empty line that ends it. */
static struct slice
fields_of(struct slice bytes)
{
	struct slice rest = bytes;
	struct header_field field;

	while (header_next(&rest, &field))
		;
	return slice_first(bytes, bytes.len - rest.len);
}

static int
add(struct export *export, const struct export_message *message)
{
	FILE *file = state_of(export)->file;
	struct slice fields = fields_of(message->bytes);

	put_from(file, message->received_at_utc_ms);
	put_notes(file, message);
	put_lines(file, fields);
	/* a line that begins with a blank would go on with the note above it */
	if (fields.len == message->bytes.len || (fields.len == 0 &&
	    (message->bytes.at[0] == ' ' || message->bytes.at[0] == '\t')))
		(void)fputc('\n', file);
	put_lines(file, slice_after(message->bytes, fields.len));
	(void)fputc('\n', file);
	return ferror(file) ? -EIO : 0;
}

static int
end(struct export *export)
{
	struct mbox *mbox = state_of(export);
	int r = 0;

	if (fflush(mbox->file) != 0 || fsync(fileno(mbox->file)) < 0)
		r = -errno;
	if (r == 0 && (renameat(mbox->fd, mbox->part, mbox->fd,
	    mbox->name) < 0 || fsync(mbox->fd) < 0))
		r = -errno;
	if (r == 0) {
		if (fclose(mbox->file) != 0)
			r = -errno;
		mbox->file = NULL;
	}
	mbox_close(export);
	return r;
}

const struct export_form export_mbox = {
	"mbox:", begin, has, add, end, mbox_close
};
