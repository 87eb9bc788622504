/*
 * rules_bundle.c - the postmaster's rule files, on their way to the judges
 *
 * A bundle is, for each file, its name and its bytes, both packed slices.
 */
#include "programs/rules_bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/pack.h"

static int
is_rule_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	    slice_has_suffix(slice_str(entry->d_name), ".rule");
}

static int
read_bytes(int fd, size_t count, struct text *bytes)
{
	char *at = text_space(bytes, count);
	ssize_t n;

	if (at == NULL)
		return -ENOMEM;
	n = pread(fd, at, count, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == count ? 0 : -EIO;
}

/* All there is, of a pipe too. */
static int
read_to_end(int fd, struct text *bytes)
{
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text_add(bytes, slice_of(part, (size_t)n));
		if (text_failed(bytes))
			return -EFBIG;
	}
	return 0;
}

int
rules_gather_named(const char *path, struct text *bundle, struct text *faults)
{
	TEXT_AUTO bytes = TEXT_INIT(RULE_FILE_BYTES_MOST);
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) :
	    open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return rules_gather(path, bundle, faults);
	}
	if (r == 0)
		r = read_to_end(fd, &bytes);
	if (fd >= 0)
		(void)close(fd);
	if (r < 0) {
		text_addf(faults, "%s: %s\n", path, strerror(-r));
		return r;
	}
	pack_slice(bundle, slice_str(path));
	pack_slice(bundle, text_slice(&bytes));
	return text_failed(bundle) ? -ENOMEM : 0;
}

struct slice
rules_bundle_line(struct slice bundle, struct slice name, unsigned line)
{
	struct unpack u = unpack_of(bundle);
	struct slice found = { NULL, 0 };

	while (u.rest.len > 0 && !u.bad) {
		bool is_it = slice_is(unpack_slice(&u), name);
		struct slice rest = unpack_slice(&u);

		if (u.bad || !is_it)
			continue;
		for (unsigned n = 1; n <= line; n++)
			if (!slice_cut(&rest, '\n', &found)) {
				found = n == line ? rest : slice_of(NULL, 0);
				break;
			}
		return slice_trim(found);
	}
	return found;
}

/* One file into the bundle.  -ENOSPC: there is no room in it. */
static int
add_file(int folder_fd, const char *name, struct text *bundle)
{
	TEXT_AUTO bytes = TEXT_INIT(RULE_FILE_BYTES_MOST + 1);
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else if (st.st_size > RULE_FILE_BYTES_MOST)
		r = -EFBIG;
	if (r == 0 && st.st_size > 0)
		r = read_bytes(fd, (size_t)st.st_size, &bytes);
	(void)close(fd);
	if (r < 0)
		return r;
	if (strlen(name) + bytes.len + 2 * sizeof(uint32_t) >
	    bundle->limit - bundle->len)
		return -ENOSPC;
	pack_slice(bundle, slice_str(name));
	pack_slice(bundle, text_slice(&bytes));
	return text_failed(bundle) ? -ENOMEM : 0;
}

int
rules_gather(const char *folder, struct text *bundle, struct text *faults)
{
	struct dirent **list = NULL;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = fd < 0 ? -1 : scandirat(fd, ".", &list, is_rule_file,
	    alphasort);
	int r = 0;

	if (count < 0) {
		r = -errno;
		text_addf(faults, "%s: %s\n", folder, strerror(-r));
	}
	for (int i = 0; i < count; i++) {
		/* the last file that fits no more is not to blame for it */
		int fault = r == -ENOSPC ? 0 :
		    add_file(fd, list[i]->d_name, bundle);

		if (fault == -ENOSPC)
			text_addf(faults, "%s: all rule files together have "
			    "more than %u bytes\n", folder,
			    (unsigned)bundle->limit);
		else if (fault < 0)
			text_addf(faults, "%s/%s: %s\n", folder,
			    list[i]->d_name, strerror(-fault));
		r = fault < 0 ? fault : r;
		free(list[i]);
	}
	free(list);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

void
rules_log(const struct text *faults)
{
	struct slice rest = text_slice(faults), line;

	while (slice_cut(&rest, '\n', &line))
		log_say("rules: %.*s", SLICE_FMT(line));
	if (rest.len > 0)	/* the last one was cut */
		log_say("rules: %.*s", SLICE_FMT(rest));
}

int
rules_from_bundle(struct slice bundle, struct rules **rules_out,
    struct text *faults)
{
	struct rule_file *files = calloc(RULE_FILES_MOST + 1, sizeof(*files));
	struct unpack u = unpack_of(bundle);
	size_t count = 0;
	int r;

	if (files == NULL)
		return -ENOMEM;
	while (u.rest.len > 0 && !u.bad && count <= RULE_FILES_MOST) {
		files[count].name = unpack_slice(&u);
		files[count++].bytes = unpack_slice(&u);
	}
	/* one file too many is told by the reader */
	r = u.bad ? -EBADMSG : rules_read(files, count, rules_out, faults);
	free(files);
	return r;
}
