/*
 * scan_folder.c - the two folders of the scanner: signatures and scratch
 */
#include "programs/scan_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/slice.h"

#define SWEEP_DEPTH	16	/* folders in folders; above our limits */
#define FILES_MOST	10000	/* of signatures; the public sets have 3 */

/* A listing of the folder `name`; its own descriptor goes with it. */
static DIR *
list(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder;

	if (fd < 0)
		return NULL;
	folder = fdopendir(fd);
	if (folder == NULL)
		(void)close(fd);
	return folder;
}

/* FNV-1a over some bytes. */
static uint64_t
mix(uint64_t hash, const void *bytes, size_t count)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t
mix_file(const char *name, const struct stat *st)
{
	uint64_t hash = mix(0xcbf29ce484222325u, name, strlen(name));

	hash = mix(hash, &st->st_size, sizeof(st->st_size));
	hash = mix(hash, &st->st_ino, sizeof(st->st_ino));
	hash = mix(hash, &st->st_mtim.tv_sec, sizeof(st->st_mtim.tv_sec));
	return mix(hash, &st->st_mtim.tv_nsec, sizeof(st->st_mtim.tv_nsec));
}

int
scan_folder_print(int folder_fd, struct scan_print *print_out)
{
	struct scan_print print = { 0 };
	DIR *folder = list(folder_fd, ".");
	struct dirent *entry;
	struct stat st;

	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL && print.files < FILES_MOST) {
		if (fstatat(dirfd(folder), entry->d_name, &st, 0) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		/* a sum: the order of a listing means nothing */
		print.mix += mix_file(entry->d_name, &st);
		print.files++;
		/* freshclam's own notes (freshclam.dat) are no signatures */
		if (!slice_has_suffix(slice_str(entry->d_name), ".dat") &&
		    st.st_mtim.tv_sec > print.newest_utc_s)
			print.newest_utc_s = st.st_mtim.tv_sec;
	}
	(void)closedir(folder);
	*print_out = print;
	return 0;
}

bool
scan_print_is(const struct scan_print *a, const struct scan_print *b)
{
	return a->mix == b->mix && a->files == b->files;
}

static int	sweep(int folder_fd, const char *name, unsigned depth);

/* Empty the folder `name`.  The first fault, after all was tried. */
static int
empty(int folder_fd, const char *name, unsigned depth)
{
	DIR *folder = list(folder_fd, name);
	struct dirent *entry;
	int r = 0, one;

	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		one = sweep(dirfd(folder), entry->d_name, depth);
		r = r < 0 ? r : one;
	}
	(void)closedir(folder);
	return r;
}

static int
sweep(int folder_fd, const char *name, unsigned depth)
{
	int r;

	if (unlinkat(folder_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return -errno;
	if (depth == 0)
		return -ELOOP;
	r = empty(folder_fd, name, depth - 1);
	if (r == 0 && unlinkat(folder_fd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int
scan_folder_sweep(int folder_fd, const char *name)
{
	return name == NULL ? empty(folder_fd, ".", SWEEP_DEPTH) :
	    sweep(folder_fd, name, SWEEP_DEPTH);
}
