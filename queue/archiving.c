/*
 * archiving.c - what was collected is archived before anything else
 *
 * The original is made from the stored message in a thread of the pool, which
 * has a descriptor of its own.  Everything else of the submission waits
 * untouched: whoever takes it back meanwhile (its collector ends, abandons the
 * file) finds it where it was.
 */
#include "queue/archiving.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "queue/archive.h"

/* Of one collector: UNANSWERED_MOST of fetch/submit.c, and some. */
#define AT_ONCE		256
#define LOOK_MS		60000	/* between two looks at what is too old */

struct archiving {
	TAILQ_ENTRY(archiving) next;
	struct conductor *conductor;
	struct asker	 asker;
	uint64_t	 granted, ticket;
	char		*packed_env;
	size_t		 env_len;
	int		 memfd;		/* of a small one; or -1 */
	int		 source_fd;	/* to read it here */
	void		*map;		/* what is told of the original */
	size_t		 map_len;
	struct message_id id;
	struct original	 original;
	bool		 is_done;
	int		 status;
};

static void
archiving_free(struct archiving *archiving)
{
	if (archiving->memfd >= 0)
		(void)close(archiving->memfd);
	if (archiving->source_fd >= 0)
		(void)close(archiving->source_fd);
	if (archiving->map != NULL)
		(void)munmap(archiving->map, archiving->map_len);
	free(archiving->packed_env);
	free(archiving);
}

/* What becomes of it */

void
archiving_undo(const struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	int r = transit->has_original ? archive_drop(conductor->archive,
	    &transit->original) : 0;

	if (r < 0)
		log_say("the archive keeps a message that was put off: %s",
		    strerror(-r));
}

void
archiving_tell(const struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	char path[ARCHIVE_PATH_SIZE], name[MESSAGE_ID_CHARS + 1], detail[128];
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = transit->original.id,
		.word = TRAIL_ARCHIVED
	};

	if (!transit->has_original)
		return;
	archive_path(&transit->original, path);
	(void)snprintf(detail, sizeof(detail), "archive/%s", path);
	conductor_trail(conductor, transit, TRAIL_ARCHIVED, NULL, detail);
	if (message_id_order(&transit->original.id, &transit->env.id) == 0)
		return;
	/* a copy of one that was here: who asks for its name finds that */
	message_id_write(&transit->env.id, name);
	(void)snprintf(detail, sizeof(detail), "of message %s", name);
	step.detail = slice_str(detail);
	trail_add(conductor->trail, &step);
}

/* It stays where it is: its room and its file go back. */
static void
put_off(struct archiving *archiving)
{
	struct conductor *conductor = archiving->conductor;
	const struct asker *asker = &archiving->asker;
	struct incoming *incoming = incoming_find(conductor,
	    archiving->ticket);
	bool is_full = archiving->status == -ENOSPC ||
	    archiving->status == -EDQUOT;
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = archiving->id,
		.word = TRAIL_PUT_OFF, .detail = slice_str(
		    strerror(-archiving->status)),
		.who = SLICE("archive")
	};

	log_say("a collected message cannot be archived, and is put off: %s",
	    strerror(-archiving->status));
	trail_add(conductor->trail, &step);
	if (archiving->memfd < 0 && incoming != NULL &&
	    incoming->from == asker->from)
		incoming_free(conductor, incoming);
	space_release(conductor->space, grant_take(conductor, asker->from,
	    archiving->granted));
	conductor_answer(conductor, asker, is_full ? 452 : 451,
	    is_full ? "4.3.1" : "4.3.0",
	    "the message could not be archived, try again later");
}

static struct archive_name
name_of(const struct archiving *archiving)
{
	struct archive_name name = { .id = archiving->id, .has_digest = true };

	memcpy(name.digest, archiving->original.digest, sizeof(name.digest));
	return name;
}

/* Its collector is gone, and what he handed in. */
static void
forget(struct archiving *archiving)
{
	struct archive_name name = name_of(archiving);
	int r = archiving->status == 0 ? archive_drop(
	    archiving->conductor->archive, &name) : 0;

	if (r < 0)
		log_say("the archive keeps a message that was put off: %s",
		    strerror(-r));
}

static void
hand_on(struct archiving *archiving)
{
	struct archive_name name = name_of(archiving);
	int memfd = archiving->memfd, r;

	archiving->memfd = -1;
	r = arrive_submit(archiving->conductor, &archiving->asker,
	    archiving->granted, slice_of(archiving->packed_env,
	    archiving->env_len), memfd, archiving->ticket,
	    &(struct arrive_known){ .original = &name });
	/* a breach is not answered there; who is behind it waits for this */
	if (r < 0)
		conductor_answer(archiving->conductor, &archiving->asker, 451,
		    "4.3.0", "it is not to be taken");
}

/* Another one of this collector goes before it. */
static bool
is_next(const struct conductor *conductor, const struct archiving *archiving)
{
	const struct archiving *before;

	TAILQ_FOREACH(before, &conductor->archivings, next)
		if (before == archiving ||
		    before->asker.from == archiving->asker.from)
			return before == archiving;
	return false;
}

/* One that may go on, or NULL. */
static struct archiving *
find_ready(struct conductor *conductor)
{
	struct archiving *archiving;

	TAILQ_FOREACH(archiving, &conductor->archivings, next)
		if (archiving->is_done && (archiving->asker.from == NULL ||
		    is_next(conductor, archiving)))
			return archiving;
	return NULL;
}

static void
go_on(struct conductor *conductor)
{
	struct archiving *archiving;

	while ((archiving = find_ready(conductor)) != NULL) {
		TAILQ_REMOVE(&conductor->archivings, archiving, next);
		if (archiving->asker.from == NULL)
			forget(archiving);
		else if (archiving->status < 0)
			put_off(archiving);
		else
			hand_on(archiving);
		archiving_free(archiving);
	}
}

/* The work */

static void
work(void *arg)
{
	struct archiving *archiving = arg;

	archiving->status = archive_put(archiving->conductor->archive,
	    &archiving->id, archiving->source_fd, &archiving->original);
}

static void
on_worked(void *arg)
{
	struct archiving *archiving = arg;

	archiving->is_done = true;
	if (!archiving->conductor->closing)
		go_on(archiving->conductor);
}

/* As for any other intake: what has to stay free stays free. */
static int
has_room(const struct conductor *conductor, uint64_t bytes)
{
	uint64_t least = conductor->options.free_bytes, space;
	int r = space_free(conductor->space, &space);

	if (r == 0 && (space < least || space - least < bytes))
		r = -ENOSPC;
	return r;
}

/* A submission */

/*
 * What is told of the original, from a sealed file that the stored message lets
 * be so large.  0, -EBADMSG or -errno.
 */
static int
read_original(struct archiving *archiving, int fd)
{
	struct stat stored, st;

	if (!memfd_is_sealed(fd) || fstat(fd, &st) < 0 || st.st_size <= 0 ||
	    fstat(archiving->source_fd, &stored) < 0 ||
	    st.st_size > MENDS_MOST(stored.st_size))
		return -EBADMSG;
	archiving->map = mmap(NULL, (size_t)st.st_size, PROT_READ,
	    MAP_PRIVATE, fd, 0);
	if (archiving->map == MAP_FAILED) {
		archiving->map = NULL;
		return -errno;
	}
	archiving->map_len = (size_t)st.st_size;
	return original_unpack(slice_of(archiving->map, archiving->map_len),
	    &archiving->original);
}

/* Where the stored message is read, and how its original is called. */
static int
find_source(struct archiving *archiving, const struct incoming *incoming)
{
	struct conductor *conductor = archiving->conductor;
	int r;

	if (incoming != NULL) {
		archiving->id = incoming->id;
		return big_open(conductor->big, &archiving->id,
		    &archiving->source_fd);
	}
	/* what is archived is what is stored */
	if (!memfd_is_sealed(archiving->memfd))
		return -EBADMSG;
	r = message_id_new(&conductor->last_id, clock_utc_ms());
	archiving->id = conductor->last_id;
	if (r == 0) {
		archiving->source_fd = dup(archiving->memfd);
		r = archiving->source_fd < 0 ? -errno : 0;
	}
	return r;
}

static unsigned
count_of(const struct conductor *conductor, const void *from)
{
	const struct archiving *archiving;
	unsigned count = 0;

	TAILQ_FOREACH(archiving, &conductor->archivings, next)
		count += archiving->asker.from == from;
	return count;
}

static int
begin(struct archiving *archiving, struct slice packed_env, int original_fd,
    const struct incoming *incoming)
{
	struct conductor *conductor = archiving->conductor;
	int r = find_source(archiving, incoming);

	if (r == 0)
		r = read_original(archiving, original_fd);
	if (r < 0)
		return r;
	archiving->packed_env = malloc(packed_env.len + 1);
	if (archiving->packed_env == NULL)
		return -ENOMEM;
	memcpy(archiving->packed_env, packed_env.at, packed_env.len);
	archiving->env_len = packed_env.len;
	if (count_of(conductor, archiving->asker.from) >= AT_ONCE)
		return -EAGAIN;
	r = has_room(conductor, archiving->original.bytes);
	return r < 0 ? r : pool_run(conductor->big_pool, work, on_worked,
	    archiving);
}

/* NULL: memory is out, and the asker is told. */
static struct archiving *
archiving_new(struct conductor *conductor, const struct asker *asker,
    const struct conductor_original *of)
{
	struct archiving *archiving = calloc(1, sizeof(*archiving));
	struct archiving failed = { .conductor = conductor, .asker = *asker,
	    .granted = of->granted, .ticket = of->ticket,
	    .memfd = of->memfd, .source_fd = -1, .status = -ENOMEM };

	if (archiving != NULL) {
		*archiving = failed;
		return archiving;
	}
	put_off(&failed);
	if (of->memfd >= 0)
		(void)close(of->memfd);
	return NULL;
}

int
conductor_submit_archived(struct conductor *conductor,
    const struct asker *asker, const struct conductor_original *of,
    struct slice packed_env)
{
	const struct incoming *incoming = of->memfd < 0 ?
	    incoming_find(conductor, of->ticket) : NULL;
	struct archiving *archiving;
	int r;

	/* it is cut, or gone, or never was: that is told as of any other */
	if (of->memfd < 0 && (incoming == NULL || !incoming->ended ||
	    incoming->from != asker->from || incoming->fault < 0))
		return conductor_submit(conductor, asker, of->granted,
		    packed_env, -1, of->ticket);
	archiving = archiving_new(conductor, asker, of);
	if (archiving == NULL)
		return 0;
	r = asker->is_fetch ? begin(archiving, packed_env, of->original_fd,
	    incoming) : -EBADMSG;
	if (r == 0) {
		TAILQ_INSERT_TAIL(&conductor->archivings, archiving, next);
		return 0;
	}
	archiving->status = r;
	if (r != -EBADMSG)
		put_off(archiving);
	archiving_free(archiving);
	return r == -EBADMSG ? r : 0;
}

/* The rest */

void
archiving_asker_lost(struct conductor *conductor, const void *from)
{
	struct archiving *archiving;

	TAILQ_FOREACH(archiving, &conductor->archivings, next)
		if (archiving->asker.from == from)
			archiving->asker.from = NULL;
	go_on(conductor);
}

void
archiving_look(struct conductor *conductor)
{
	int r = 0;

	if (clock_ms() < conductor->expired_ms ||
	    !ledger_trusts_clock(conductor->ledger))
		return;
	r = archive_expire(conductor->archive_fd, clock_utc_ms(),
	    conductor->options.archive_days);
	if (r < 0)
		log_say("the archive: what is too old cannot be removed: %s",
		    strerror(-r));
	conductor->expired_ms = clock_ms() + (r == 1 ? 0 : LOOK_MS);
}

void
archiving_close(struct conductor *conductor)
{
	struct archiving *archiving;

	while ((archiving = TAILQ_FIRST(&conductor->archivings)) != NULL) {
		TAILQ_REMOVE(&conductor->archivings, archiving, next);
		archiving_free(archiving);
	}
}
