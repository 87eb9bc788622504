/*
 * forget.c - preloaded into a hub: what would a power cut leave of its files?
 *
 * The strict model of POSIX: fsync and fdatasync of a file make the bytes it
 * has then durable, fsync of a folder the names it has then; nothing else is.
 * Both are noted below FORGET_SHADOW, by inode and time of birth, so that a
 * number which is used again is not taken for the file before:
 *
 *	INODE-BIRTH.file	the bytes of a file, as synced last
 *	INODE-BIRTH.folder	lines "TYPE INODE-BIRTH MODE NAME", as synced last
 *
 * power.py builds from it the tree that is there after the cut.  Only what
 * lies below FORGET_DATA is noted.  A note that cannot be written ends the
 * process: a test must not pass because its own tools failed.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY_BYTES	64

int	fsync(int);
int	fdatasync(int);

static void
give_up(const char *what)
{
	perror(what);
	_exit(99);
}

/* Is `fd` a file of the hub's? */
static int
is_ours(int fd)
{
	const char *data = getenv("FORGET_DATA");
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return data != NULL && n > 0 && (size_t)n >= strlen(data) &&
	    memcmp(path, data, strlen(data)) == 0;
}

/* "INODE-BIRTH" of `name` in `fd`, or of `fd` itself when that is "". */
static int
key_of(int fd, const char *name, char key_out[KEY_BYTES], mode_t *mode_out)
{
	struct statx st;

	if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
	    STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return -1;
	(void)snprintf(key_out, KEY_BYTES, "%llu-%lld.%u",
	    (unsigned long long)st.stx_ino, (long long)st.stx_btime.tv_sec,
	    st.stx_btime.tv_nsec);
	*mode_out = st.stx_mode;
	return 0;
}

/* Begin a note; it counts once note_end() has renamed it. */
static int
note_begin(char path_out[PATH_MAX])
{
	const char *shadow = getenv("FORGET_SHADOW");
	int fd;

	if (shadow == NULL)
		give_up("FORGET_SHADOW");
	(void)snprintf(path_out, PATH_MAX, "%s/new-%ld", shadow,
	    (long)syscall(SYS_gettid));
	fd = open(path_out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		give_up(path_out);
	return fd;
}

static void
note_end(int fd, const char *from, const char *key, const char *kind)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s.%s",
	    getenv("FORGET_SHADOW"), key, kind);
	if (close(fd) < 0 || rename(from, path) < 0)
		give_up(path);
}

static void
note_file(int fd)
{
	char bytes[65536], path[PATH_MAX], key[KEY_BYTES], name[64];
	mode_t mode;
	ssize_t n;
	int in, out;

	if (key_of(fd, "", key, &mode) < 0 || !S_ISREG(mode))
		return;
	/* it may be open for writing only */
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	in = open(name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		give_up(name);
	out = note_begin(path);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			give_up(path);
	(void)close(in);
	note_end(out, path, key, "file");
}

static void
note_name(int out, int folder, const char *name)
{
	char line[PATH_MAX], key[KEY_BYTES];
	mode_t mode;
	int n;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    key_of(folder, name, key, &mode) < 0)
		return;		/* gone since: it is not there */
	n = snprintf(line, sizeof(line), "%c %s %o %s\n",
	    S_ISDIR(mode) ? 'd' : 'f', key, (unsigned)mode & 07777, name);
	if (n < 0 || write(out, line, (size_t)n) != n)
		give_up("a folder's names");
}

static void
note_folder(int fd)
{
	char path[PATH_MAX], key[KEY_BYTES];
	const struct dirent *entry;
	mode_t mode;
	DIR *folder;
	int out, copy;

	if (key_of(fd, "", key, &mode) < 0 || !S_ISDIR(mode))
		return;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = copy < 0 ? NULL : fdopendir(copy);
	if (folder == NULL)
		give_up("a folder");
	out = note_begin(path);
	while ((entry = readdir(folder)) != NULL)
		note_name(out, copy, entry->d_name);
	(void)closedir(folder);
	note_end(out, path, key, "folder");
}

/* The system's own function behind ours. */
static int
really(const char *name, int fd)
{
	int (*function)(int);
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(&function, &found, sizeof(function));
	return function(fd);
}

/* What is noted is what was there when the sync was asked for. */
static int
synced(const char *name, int fd)
{
	if (is_ours(fd)) {
		note_file(fd);
		note_folder(fd);
	}
	return really(name, fd);
}

int
fsync(int fd)
{
	return synced("fsync", fd);
}

int
fdatasync(int fd)
{
	return synced("fdatasync", fd);
}
