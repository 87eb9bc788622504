/*
 * archive_days.c - the days of the archive: what is in them, and their end
 *
 * A day that is too old goes file by file, its folder last; what cannot be
 * removed now is tried again.
 */
#include "queue/archive_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/trail.h"

#define DAY_MS	INT64_C(86400000)

void
archive_day(int64_t utc_ms, char day_out[ARCHIVE_DAY_SIZE])
{
	char at[TRAIL_AT_CHARS];

	trail_at(utc_ms, at);
	(void)snprintf(day_out, ARCHIVE_DAY_SIZE, "%.10s", at);
}

static bool
is_day(const char *name)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? name[i] < '0' || name[i] > '9' :
		    name[i] != form[i])
			return false;
	return true;
}

int
archive_folder(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A folder to be read; its descriptor is `folder_fd` no more.  0 or -errno. */
static int
open_folder(int folder_fd, const char *name, DIR **folder_out)
{
	int fd = archive_folder(folder_fd, name), r;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (folder == NULL) {
		r = fd < 0 ? fd : -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	*folder_out = folder;
	return 0;
}

int
archive_empty(int folder_fd, unsigned *most)
{
	const struct dirent *entry;
	DIR *folder;
	int r = open_folder(folder_fd, ".", &folder);

	if (r < 0)
		return r;
	while (r == 0 && *most > 0 && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		(*most)--;
		if (unlinkat(folder_fd, entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			r = -errno;
	}
	(void)closedir(folder);
	return r;
}

/* A list that grows */

/* Of days, or of originals, as text: both sort by it. */
struct names {
	char	*at;
	size_t	 width;		/* of one, with its NUL */
	size_t	 count, size;
};

static int
names_add(struct names *names, const char *name)
{
	size_t size = names->size == 0 ? 64 : names->size * 2;
	size_t len = strlen(name);
	char *at;

	if (len >= names->width)
		return -ENAMETOOLONG;	/* it is of no kind that is here */
	if (names->count == names->size) {
		at = reallocarray(names->at, size, names->width);
		if (at == NULL)
			return -ENOMEM;
		names->at = at;
		names->size = size;
	}
	memcpy(names->at + names->count++ * names->width, name, len + 1);
	return 0;
}

static const char *
names_at(const struct names *names, size_t i)
{
	return names->at + i * names->width;
}

static int
order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
is_original(const char *text)
{
	struct archive_name name;

	return archive_name_read(text, &name) == 0;
}

/* The names in a folder that are of that kind, in order.  0 or -errno. */
static int
names_read(int folder_fd, const char *below, bool (*is_one)(const char *),
    struct names *names)
{
	const struct dirent *entry;
	DIR *folder;
	int r = open_folder(folder_fd, below, &folder);

	if (r < 0)
		return r;
	while (r == 0 && (entry = readdir(folder)) != NULL)
		if (is_one(entry->d_name))
			r = names_add(names, entry->d_name);
	(void)closedir(folder);
	if (r == 0 && names->count > 0)
		qsort(names->at, names->count, names->width, order);
	return r;
}

/* Their end */

/* 1: the folder is not empty yet. */
static int
expire_day(int folder_fd, const char *day, unsigned *most)
{
	int fd = archive_folder(folder_fd, day), r;

	if (fd < 0)
		return fd;
	r = archive_empty(fd, most);
	(void)close(fd);
	if (r == 0 && *most == 0)
		return 1;
	if (r == 0 && unlinkat(folder_fd, day, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int
archive_expire(int folder_fd, int64_t now_utc_ms, unsigned days)
{
	struct names names = { .width = ARCHIVE_DAY_SIZE };
	unsigned most = ARCHIVE_EXPIRED_MOST;
	char first[ARCHIVE_DAY_SIZE];
	int r = names_read(folder_fd, ".", is_day, &names);

	archive_day(now_utc_ms - (int64_t)days * DAY_MS, first);
	for (size_t i = 0; r == 0 && i < names.count &&
	    strcmp(names_at(&names, i), first) < 0; i++)
		r = expire_day(folder_fd, names_at(&names, i), &most);
	free(names.at);
	return r;
}

/* What is in them */

static int
tell_one(int day_fd, const char *day, const char *name, archive_fn *fn,
    void *arg)
{
	struct archived archived = { 0 };
	char own[ARCHIVE_DAY_SIZE];
	struct stat st;

	if (fstatat(day_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (archive_name_read(name, &archived.name) < 0)
		return 0;
	archived.at_utc_ms = message_id_utc_ms(&archived.name.id);
	archived.bytes = (uint64_t)st.st_size;
	archive_day(archived.at_utc_ms, own);
	archived.is_odd = !S_ISREG(st.st_mode) || strcmp(own, day) != 0;
	return fn(arg, &archived);
}

static int
tell_day(int folder_fd, const char *day, archive_fn *fn, void *arg)
{
	struct names names = { .width = ARCHIVE_NAME_SIZE };
	int fd = archive_folder(folder_fd, day), r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = names_read(fd, ".", is_original, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = tell_one(fd, day, names_at(&names, i), fn, arg);
	(void)close(fd);
	free(names.at);
	return r;
}

int
archive_each(int folder_fd, int64_t first_utc_ms, archive_fn *fn, void *arg)
{
	struct names names = { .width = ARCHIVE_DAY_SIZE };
	char first[ARCHIVE_DAY_SIZE];
	int r = names_read(folder_fd, ".", is_day, &names);

	archive_day(first_utc_ms, first);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		if (strcmp(names_at(&names, i), first) >= 0)
			r = tell_day(folder_fd, names_at(&names, i), fn, arg);
	free(names.at);
	return r;
}

/* One by its id */

struct wanted {
	struct message_id id;
	struct archived	*archived_out;
	bool		 is_found;
};

/* One that has a digest is taken before one that has none. */
static int
note_wanted(void *arg, const struct archived *archived)
{
	struct wanted *wanted = arg;

	if (archived->is_odd ||
	    message_id_order(&archived->name.id, &wanted->id) != 0)
		return 0;
	*wanted->archived_out = *archived;
	wanted->is_found = true;
	return archived->name.has_digest;
}

int
archive_find(int folder_fd, const struct message_id *id,
    struct archived *archived_out)
{
	struct archived archived;
	struct wanted wanted = { .id = *id, .archived_out = &archived };
	char day[ARCHIVE_DAY_SIZE];
	int r;

	archive_day(message_id_utc_ms(id), day);
	r = tell_day(folder_fd, day, note_wanted, &wanted);
	if (r < 0)
		return r;
	if (!wanted.is_found)
		return -ENOENT;
	*archived_out = archived;
	return 0;
}
