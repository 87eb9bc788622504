/*
 * rule_hits.c - how often each of the postmaster's rules held, and when last
 */
#include "queue/rule_hits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/crc32c.h"
#include "lib/base/pack.h"

#define NAME		"rules.hits"
#define MAGIC		"postroom hits 1\n"	/* 16 bytes */
#define MAGIC_BYTES	16
#define PLACES		2048	/* RULES_MOST twice */
#define NEAR		64	/* places where a name may be */
#define NAME_BYTES	72	/* on disk, with its NULs */
#define PLACE_BYTES	96	/* and three numbers */
#define FILE_BYTES	(MAGIC_BYTES + PLACES * PLACE_BYTES)

struct rule_hits {
	int			 fd;
	struct rule_hit_count	 counts[PLACES];
};

static struct slice
name_of(const struct rule_hit_count *count)
{
	return slice_str(count->rule);
}

/* The place of `rule`; without one NULL, and the best for a new name. */
static struct rule_hit_count *
find(const struct rule_hits *hits, struct slice rule, size_t *new_out)
{
	size_t first = crc32c(0, rule) % PLACES;
	size_t best = first;

	for (size_t i = 0; i < NEAR; i++) {
		size_t at = (first + i) % PLACES;
		const struct rule_hit_count *one = &hits->counts[at];

		if (slice_is(name_of(one), rule))
			return (struct rule_hit_count *)(uintptr_t)one;
		/* one that was never used has no time */
		if (one->last_utc_ms < hits->counts[best].last_utc_ms)
			best = at;
	}
	*new_out = best;
	return NULL;
}

/* The bytes of a place; what is damaged in them is a place that is free. */
static void
place_read(struct slice bytes, struct rule_hit_count *count)
{
	struct unpack u = unpack_of(bytes);
	struct slice name = unpack_bytes(&u, NAME_BYTES);

	name = slice_first(name, slice_find(name, '\0'));
	if (name.len == 0 ||
	    slice_cstr(name, count->rule, sizeof(count->rule)) < 0)
		return;
	count->hits = unpack_u64(&u);
	count->shadow_hits = unpack_u64(&u);
	count->last_utc_ms = unpack_i64(&u);
}

static int
place_write(const struct rule_hits *hits, const struct rule_hit_count *count)
{
	TEXT_AUTO bytes = TEXT_INIT(PLACE_BYTES);
	off_t at = MAGIC_BYTES + (count - hits->counts) * PLACE_BYTES;
	char name[NAME_BYTES] = "";
	ssize_t n;

	memcpy(name, count->rule, strlen(count->rule));
	pack_bytes(&bytes, slice_of(name, sizeof(name)));
	pack_u64(&bytes, count->hits);
	pack_u64(&bytes, count->shadow_hits);
	pack_i64(&bytes, count->last_utc_ms);
	if (text_failed(&bytes))
		return -ENOMEM;
	n = pwrite(hits->fd, bytes.at, bytes.len, at);
	if (n < 0)
		return -errno;
	return (size_t)n == bytes.len ? 0 : -ENOSPC;
}

/* 0, -EBADMSG (it is no such file), or -errno. */
static int
load(struct rule_hits *hits)
{
	char *bytes = malloc(FILE_BYTES);
	ssize_t n = bytes == NULL ? 0 : pread(hits->fd, bytes, FILE_BYTES, 0);
	int r = 0;

	if (bytes == NULL)
		r = -ENOMEM;
	else if (n < 0)
		r = -errno;
	else if (n != FILE_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
		r = -EBADMSG;
	for (size_t i = 0; r == 0 && i < PLACES; i++)
		place_read(slice_of(bytes + MAGIC_BYTES + i * PLACE_BYTES,
		    PLACE_BYTES), &hits->counts[i]);
	free(bytes);
	return r;
}

/* Begin anew. */
static int
make(const struct rule_hits *hits)
{
	if (ftruncate(hits->fd, 0) < 0 ||
	    pwrite(hits->fd, MAGIC, MAGIC_BYTES, 0) != MAGIC_BYTES ||
	    ftruncate(hits->fd, FILE_BYTES) < 0)
		return errno == 0 ? -ENOSPC : -errno;
	return 0;
}

static int
open_file(int folder_fd, int flags, struct rule_hits **hits_out)
{
	struct rule_hits *hits = calloc(1, sizeof(*hits));
	int r;

	if (hits == NULL)
		return -ENOMEM;
	hits->fd = openat(folder_fd, NAME, flags | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	r = hits->fd < 0 ? -errno : load(hits);
	if (r == -EBADMSG && (flags & O_CREAT) != 0)
		r = make(hits);
	if (r < 0)
		rule_hits_close(hits);
	else
		*hits_out = hits;
	return r;
}

int
rule_hits_open(int folder_fd, struct rule_hits **hits_out)
{
	return open_file(folder_fd, O_RDWR | O_CREAT, hits_out);
}

int
rule_hits_read(int folder_fd, struct rule_hits **hits_out)
{
	return open_file(folder_fd, O_RDONLY, hits_out);
}

void
rule_hits_close(struct rule_hits *hits)
{
	if (hits == NULL)
		return;
	if (hits->fd >= 0)
		(void)close(hits->fd);
	free(hits);
}

int
rule_hits_add(struct rule_hits *hits, struct slice rule, bool is_shadow,
    int64_t now_utc_ms)
{
	struct rule_hit_count *count;
	size_t at;

	if (rule.len == 0 || rule.len > RULE_HITS_NAME_MOST)
		return -EINVAL;
	count = find(hits, rule, &at);
	if (count == NULL) {
		count = &hits->counts[at];
		*count = (struct rule_hit_count){ .hits = 0 };
		(void)slice_cstr(rule, count->rule, sizeof(count->rule));
	}
	if (is_shadow)
		count->shadow_hits++;
	else
		count->hits++;
	count->last_utc_ms = now_utc_ms;
	return place_write(hits, count);
}

const struct rule_hit_count *
rule_hits_of(const struct rule_hits *hits, struct slice rule)
{
	size_t at;

	return rule.len == 0 ? NULL : find(hits, rule, &at);
}
