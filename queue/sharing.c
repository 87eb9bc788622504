/*
 * sharing.c - a second copy is taken from here, or fetched
 *
 * One sharing is one submission: its candidates are shown to a judge, one after
 * the other, until he finds the same body.  The judge says what the whole
 * message digests to, and what is put together must digest to that.  Whose
 * header is signed and whose sample is of another body has no such body, or
 * says so to get one: that body is not vouched for any more, and so nobody
 * guesses twice.  Nothing is
 * owed to anybody before the receipt: whatever goes wrong on the way, or takes
 * too long, is "fetch it", and costs bytes of the line.
 */
#include "queue/sharing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filters/auth/same_body.h"
#include "lib/base/memfd.h"
#include "queue/bodies.h"
#include "queue/coming.h"
#include "queue/composing.h"

#define SHARINGS_MOST	128	/* each has two descriptors */
/* A key that nobody answers for takes longer; then the line is faster. */
#define JUDGED_MOST_MS	15000
#define ARENA_BUDGET	(ENVELOPE_MAX_BYTES * 4 + SHARED_HEADER_BYTES)
/* Of those that may be the same, by their signatures: more is craft. */
#define SHOWN_MOST	4

struct sharing {
	LIST_ENTRY(sharing) next;
	struct conductor *conductor;
	struct asker	 asker;		/* NULL: gone, or answered */
	struct arena	*arena;		/* holds itself and the envelope */
	struct envelope	 env;
	bool		 has_room;	/* granted to its asker */
	int		 header_fd, whole_fd;	/* -1: none */
	uint64_t	 header_bytes;
	char		*header;	/* all of it */
	unsigned	 shown;		/* candidates, to judges */
	struct shared_sample sample;
	struct rows_body candidates[BODIES_CANDIDATES];
	bool		 is_refused[BODIES_CANDIDATES];
	unsigned	 count, at;	/* the one whose whole_fd it is */
	bool		 at_judge;
	struct timer	*patience;
	struct composing *composing;	/* NULL: not yet */
	char		 told[TRAIL_FIELD_BYTES + 1];	/* for the trail */
};

/* Its end */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
sharing_free(struct sharing *sharing)
{
	LIST_REMOVE(sharing, next);
	timer_free(sharing->patience);
	composing_free(sharing->composing);
	close_fd(&sharing->header_fd);
	close_fd(&sharing->whole_fd);
	arena_free(sharing->arena);	/* it lives in there itself */
}

/* Nobody waits for it any more; what is under way comes back first. */
static void
end(struct sharing *sharing)
{
	sharing->asker.from = NULL;
	if (!sharing->at_judge && (sharing->composing == NULL ||
	    !composing_is_running(sharing->composing)))
		sharing_free(sharing);
}

void
sharing_fetch_it(struct conductor *conductor, const struct asker *asker)
{
	conductor_answer(conductor, asker, QUEUE_FETCH_IT, "2.0.0",
	    "fetch it");
}

static void
fetch_it(struct sharing *sharing)
{
	if (sharing->has_room && sharing->asker.from != NULL)
		conductor_release(sharing->conductor, sharing->asker.from,
		    sharing->env.bytes);
	sharing->has_room = false;
	sharing_fetch_it(sharing->conductor, &sharing->asker);
	end(sharing);
}

static void
on_patience(void *arg)
{
	fetch_it(arg);
}

void
sharing_asker_lost(struct conductor *conductor, const void *from)
{
	struct sharing *sharing, *following;

	for (sharing = LIST_FIRST(&conductor->sharings); sharing != NULL;
	    sharing = following) {
		following = LIST_NEXT(sharing, next);
		if (sharing->asker.from == from)
			end(sharing);
	}
}

void
sharing_close(struct conductor *conductor)
{
	struct sharing *sharing;

	while ((sharing = LIST_FIRST(&conductor->sharings)) != NULL)
		sharing_free(sharing);
}

/* It is the same */

/* His who asked: he submits it, when he knows for whom it is. */
static void
give_back(struct sharing *sharing)
{
	struct conductor *conductor = sharing->conductor;
	struct shared_made made = { .bytes = sharing->env.bytes };
	int memfd = -1, fd, r;

	memcpy(made.digest, sharing->env.fetched.digest, sizeof(made.digest));
	r = composing_open(sharing->composing, &fd);
	if (r == 0)
		r = composing_take(sharing->composing, sharing->asker.from,
		    &memfd, &made.ticket);
	if (r == 0) {
		sharing->has_room = false;	/* it is his now */
		conductor->ports.made(conductor->ports.arg, &sharing->asker,
		    &made, memfd >= 0 ? memfd : fd);
	}
	close_fd(&fd);
	close_fd(&memfd);
	if (r < 0)
		fetch_it(sharing);
	else
		end(sharing);
}

/* It is put together: from here on it is a submission like any other. */
static void
on_composed(void *arg, int status)
{
	struct sharing *sharing = arg;
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	uint64_t ticket = 0;
	int fd = -1, r;

	if (sharing->asker.from == NULL) {
		end(sharing);
		return;
	}
	if (status == 0 && sharing->sample.comes_back) {
		give_back(sharing);
		return;
	}
	envelope_pack(&packed, &sharing->env);
	if (status < 0 || text_failed(&packed) ||
	    composing_take(sharing->composing, sharing->asker.from, &fd,
	    &ticket) < 0) {
		fetch_it(sharing);
		return;
	}
	r = arrive_submit(sharing->conductor, &sharing->asker,
	    sharing->env.bytes, text_slice(&packed), fd, ticket,
	    &(struct arrive_known){ .shared = sharing->told });
	/* a breach is not answered there; who is behind it waits for this */
	if (r < 0)
		conductor_answer(sharing->conductor, &sharing->asker, 451,
		    "4.3.0", "it is not to be taken");
	end(sharing);
}

static void
compose(struct sharing *sharing, const struct same_body_answer *answer)
{
	const struct rows_body *body = &sharing->candidates[sharing->at];
	struct composing_of of = {
		.header_fd = sharing->header_fd,
		.header_bytes = sharing->header_bytes,
		.whole_fd = sharing->whole_fd, .body_at = body->header,
		.body_bytes = body->bytes - body->header
	};
	char id[MESSAGE_ID_CHARS + 1];

	timer_stop(sharing->patience);
	memcpy(of.digest, answer->digest, BIG_DIGEST_BYTES);
	memcpy(sharing->env.fetched.digest, answer->digest,
	    FETCHED_DIGEST_BYTES);
	message_id_write(&body->id, id);
	/* what is longer the trail would cut */
	(void)snprintf(sharing->told, sizeof(sharing->told),
	    "body of %s, %llu bytes saved, DKIM d=%.*s", id,
	    (unsigned long long)of.body_bytes, SLICE_FMT(answer->domain));
	sharing->has_room = grant_give(sharing->conductor, &sharing->asker,
	    sharing->env.bytes) == 0;
	if (!sharing->has_room || composing_begin(sharing->conductor, &of,
	    on_composed, sharing, &sharing->composing) < 0)
		fetch_it(sharing);
}

/* The sample */

/* Without CR and LF.  How many are left. */
static size_t
only_text(char *bytes, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (bytes[i] != '\r' && bytes[i] != '\n')
			bytes[kept++] = bytes[i];
	return kept;
}

/* Is the body that is here, at that place, what its asker has there? */
static bool
is_of_body(const struct sharing *sharing)
{
	const struct rows_body *body = &sharing->candidates[sharing->at];
	const struct shared_sample *sample = &sharing->sample;
	uint64_t at = body->header + sample->at - sharing->header_bytes;
	unsigned char digest[BIG_DIGEST_BYTES];
	char bytes[SHARED_SAMPLE_MOST];
	ssize_t n = pread(sharing->whole_fd, bytes, (size_t)sample->bytes,
	    (off_t)at);

	return n > 0 && (uint64_t)n == sample->bytes &&
	    big_digest(sharing->conductor->big, slice_of(bytes,
	    only_text(bytes, (size_t)n)), digest) == 0 &&
	    memcmp(digest, sample->digest, sizeof(digest)) == 0;
}

/* It was guessed wrong: who asks for it at the same time does not get it. */
static void
not_vouched_for(struct conductor *conductor, const struct message_id *id)
{
	struct sharing *sharing;

	bodies_gone(conductor, id);
	LIST_FOREACH(sharing, &conductor->sharings, next)
		for (unsigned i = 0; i < sharing->count; i++)
			if (message_id_order(&sharing->candidates[i].id,
			    id) == 0)
				sharing->is_refused[i] = true;
}

/* The judge says that its header signs the body of candidate `at`. */
static void
compose_if_his(struct sharing *sharing, const struct same_body_answer *answer)
{
	const struct message_id id = sharing->candidates[sharing->at].id;

	if (!sharing->is_refused[sharing->at] && is_of_body(sharing)) {
		compose(sharing, answer);
		return;
	}
	not_vouched_for(sharing->conductor, &id);
	fetch_it(sharing);
}

/* The judge */

/* The headers speak for it; what they do not speak for no judge need see. */
static bool
is_likely(const struct sharing *sharing, const struct rows_body *body)
{
	char here[SHARED_HEADER_BYTES];
	ssize_t n = body->header > sizeof(here) ? -1 :
	    pread(sharing->whole_fd, here, (size_t)body->header, 0);

	return n == (ssize_t)body->header && same_body_may_be(
	    slice_of(here, (size_t)n), slice_of(sharing->header,
	    (size_t)sharing->header_bytes));
}

/* Show him candidate `at`: 0 or -errno. */
static int
show(struct sharing *sharing)
{
	struct conductor *conductor = sharing->conductor;
	const struct rows_body *body = &sharing->candidates[sharing->at];
	const struct same_body_ask ask = {
		.header_bytes = sharing->header_bytes,
		.whole_bytes = body->bytes, .body_at = body->header
	};
	TEXT_AUTO packed = TEXT_INIT(64);
	int r = bodies_open(conductor, body, &sharing->whole_fd);

	if (r == 0 && !is_likely(sharing, body))
		r = -ENOENT;
	if (r < 0)
		return r;
	same_body_ask_pack(&packed, &ask);
	r = conductor->ports.compare(conductor->ports.arg, sharing,
	    text_slice(&packed), sharing->header_fd, sharing->whole_fd);
	sharing->at_judge = r == 0;
	sharing->shown++;
	return r;
}

/* The first that can be shown; without one it is fetched. */
static void
show_next(struct sharing *sharing)
{
	for (; sharing->at < sharing->count && sharing->shown < SHOWN_MOST;
	    sharing->at++) {
		close_fd(&sharing->whole_fd);
		if (show(sharing) == 0)
			return;
	}
	fetch_it(sharing);
}

void
conductor_compared(struct conductor *conductor, void *ticket, int status,
    struct slice packed)
{
	struct sharing *sharing = ticket;
	struct same_body_answer answer;

	sharing->at_judge = false;
	if (conductor->closing)
		return;
	if (sharing->asker.from == NULL) {
		end(sharing);
		return;
	}
	if (status == 0)
		status = same_body_answer_unpack(packed, &answer);
	if (status < 0) {	/* it may be that body which ends judges */
		fetch_it(sharing);
	} else if (answer.is_same) {
		compose_if_his(sharing, &answer);
	} else {
		sharing->at++;
		show_next(sharing);
	}
}

/* The question */

static unsigned
count_of(const struct conductor *conductor, const void *from,
    unsigned *all_out)
{
	const struct sharing *sharing;
	unsigned count = 0, all = 0;

	LIST_FOREACH(sharing, &conductor->sharings, next) {
		count += sharing->asker.from == from;
		all++;
	}
	*all_out = all;
	return count;
}

/* The header is `fd` now, whatever comes of it.  NULL: no memory. */
static struct sharing *
sharing_new(struct conductor *conductor, const struct asker *asker, int fd)
{
	struct arena *arena = arena_new(ARENA_BUDGET);
	struct sharing *sharing = arena == NULL ? NULL :
	    arena_alloc(arena, sizeof(*sharing));

	if (sharing == NULL) {
		arena_free(arena);
		(void)close(fd);
		return NULL;
	}
	sharing->conductor = conductor;
	sharing->arena = arena;
	sharing->asker = *asker;
	sharing->header_fd = fd;
	sharing->whole_fd = -1;
	LIST_INSERT_HEAD(&conductor->sharings, sharing, next);
	return sharing;
}

/* 0, -EBADMSG (a breach), -ESRCH (it is not to be taken now), -ENOMEM. */
static int
fill_in(struct sharing *sharing, struct slice packed_env)
{
	struct conductor *conductor = sharing->conductor;
	const struct shared_sample *sample = &sharing->sample;
	struct envelope *env = &sharing->env;
	uint64_t listed = 0;
	struct slice copy;
	struct stat st;
	int r = arena_copy(sharing->arena, packed_env, &copy);

	if (r == 0)
		r = envelope_unpack(sharing->arena, copy, env);
	if (r < 0)
		return r == -ENOBUFS ? -ENOMEM : r;
	if (!sharing->asker.is_fetch || env->source != SOURCE_FETCH ||
	    env->fetched.mended != 0 || !memfd_is_sealed(sharing->header_fd) ||
	    fstat(sharing->header_fd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size > SHARED_HEADER_BYTES)
		return -EBADMSG;
	sharing->header_bytes = (uint64_t)st.st_size;
	if (sample->bytes < SHARED_SAMPLE_LEAST ||
	    sample->bytes > SHARED_SAMPLE_MOST ||
	    sample->at < sharing->header_bytes || sample->at > env->bytes ||
	    sample->bytes > env->bytes - sample->at)
		return -EBADMSG;
	sharing->header = arena_alloc(sharing->arena, (size_t)st.st_size);
	if (sharing->header == NULL)
		return -ENOMEM;
	if (pread(sharing->header_fd, sharing->header, (size_t)st.st_size,
	    0) != st.st_size)
		return -EIO;
	r = ledger_row_bytes(conductor->ledger, sharing->asker.from,
	    &env->fetched, &listed);
	if (r < 0)
		return r;
	return listed == env->bytes ? 0 : -EBADMSG;
}

int
conductor_shared(struct conductor *conductor, const struct asker *asker,
    const struct shared_sample *sample, struct slice packed_env,
    int header_fd)
{
	unsigned all, own = count_of(conductor, asker->from, &all);
	struct sharing *sharing;
	int r;

	if (own >= SHARED_AT_ONCE || all >= SHARINGS_MOST) {
		(void)close(header_fd);
		sharing_fetch_it(conductor, asker);
		return 0;
	}
	sharing = sharing_new(conductor, asker, header_fd);
	if (sharing == NULL) {
		sharing_fetch_it(conductor, asker);
		return 0;
	}
	sharing->sample = *sample;
	r = fill_in(sharing, packed_env);
	if (r == -EBADMSG) {
		sharing_free(sharing);
		return r;
	}
	sharing->patience = timer_new(conductor->loop, on_patience, sharing);
	if (r < 0 || sharing->patience == NULL) {
		fetch_it(sharing);
		return 0;
	}
	timer_set(sharing->patience, JUDGED_MOST_MS);
	sharing->count = bodies_find(conductor, sharing->env.bytes,
	    sharing->header_bytes, sharing->candidates);
	show_next(sharing);
	return 0;
}
