/*
 * composing.c - one message out of a header and a body that are here apart
 */
#include "queue/composing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/memfd.h"
#include "store/account.h"

#define PIECE_BYTES	65536

struct composing {
	struct conductor *conductor;
	struct composing_of of;
	composing_fn	*done;
	void		*arg;
	bool		 is_running;
	int		 status;
	char		*piece;		/* PIECE_BYTES; small: all of it */
	/* what it becomes: one of these */
	int		 memfd;		/* -1: none */
	struct big_made	 made;
};

/* In the thread */

static int
read_all(int fd, char *to, size_t bytes, uint64_t at)
{
	while (bytes > 0) {
		ssize_t n = pread(fd, to, bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -EBADMSG : -errno;
		to += n;
		at += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

static uint64_t
size_of(const struct composing *composing)
{
	return composing->of.header_bytes + composing->of.body_bytes;
}

static int
make_small(struct composing *composing)
{
	const struct composing_of *of = &composing->of;
	struct slice all = slice_of(composing->piece,
	    (size_t)size_of(composing));
	int r = read_all(of->header_fd, composing->piece,
	    (size_t)of->header_bytes, 0);

	if (r == 0)
		r = read_all(of->whole_fd, composing->piece + of->header_bytes,
		    (size_t)of->body_bytes, of->body_at);
	if (r == 0)
		r = big_digest(composing->conductor->big, all,
		    composing->made.digest);
	if (r < 0)
		return r;
	composing->memfd = memfd_of("message", all);
	return composing->memfd < 0 ? composing->memfd : 0;
}

static int
feed(struct composing *composing, int fd, uint64_t at, uint64_t bytes)
{
	struct big_made *made = &composing->made;

	while (bytes > 0) {
		size_t n = bytes < PIECE_BYTES ? (size_t)bytes : PIECE_BYTES;
		int r = read_all(fd, composing->piece, n, at);

		if (r == 0)
			r = big_feed(made->writer, slice_of(composing->piece,
			    n));
		if (r < 0)
			return r;
		made->last[0] = n > 1 ? composing->piece[n - 2] :
		    made->last[1];
		made->last[1] = composing->piece[n - 1];
		at += n;
		bytes -= n;
	}
	return 0;
}

static int
make_big(struct composing *composing)
{
	const struct composing_of *of = &composing->of;
	int r = feed(composing, of->header_fd, 0, of->header_bytes);

	if (r == 0)
		r = feed(composing, of->whole_fd, of->body_at,
		    of->body_bytes);
	return r < 0 ? r : big_finish(composing->made.writer,
	    &composing->made.bytes, composing->made.digest);
}

static void
work(void *arg)
{
	struct composing *composing = arg;
	int r = composing->made.writer != NULL ? make_big(composing) :
	    make_small(composing);

	if (r == 0 && memcmp(composing->made.digest, composing->of.digest,
	    BIG_DIGEST_BYTES) != 0)
		r = -EBADMSG;
	composing->status = r;
}

/* In the loop */

static void
on_worked(void *arg)
{
	struct composing *composing = arg;

	composing->is_running = false;
	if (!composing->conductor->closing)
		composing->done(composing->arg, composing->status);
}

static int
begin(struct composing *composing)
{
	struct conductor *conductor = composing->conductor;
	bool is_big = size_of(composing) > BIG_BYTES;
	int r;

	composing->piece = malloc(is_big ? PIECE_BYTES :
	    (size_t)size_of(composing));
	if (composing->piece == NULL)
		return -ENOMEM;
	if (is_big) {
		r = message_id_new(&conductor->last_id, clock_utc_ms());
		composing->made.id = conductor->last_id;
		if (r == 0)
			r = big_begin(conductor->big, &composing->made.id,
			    &composing->made.writer);
		if (r < 0)
			return r;
	}
	r = pool_run(conductor->big_pool, work, on_worked, composing);
	composing->is_running = r == 0;
	return r;
}

int
composing_begin(struct conductor *conductor, const struct composing_of *of,
    composing_fn *done, void *arg, struct composing **composing_out)
{
	struct composing *composing = calloc(1, sizeof(*composing));
	int r;

	if (composing == NULL)
		return -ENOMEM;
	*composing = (struct composing){ .conductor = conductor, .of = *of,
	    .done = done, .arg = arg, .memfd = -1 };
	r = begin(composing);
	if (r < 0) {
		composing_free(composing);
		return r;
	}
	*composing_out = composing;
	return 0;
}

bool
composing_is_running(const struct composing *composing)
{
	return composing->is_running;
}

int
composing_take(struct composing *composing, void *from, int *fd_out,
    uint64_t *ticket_out)
{
	int r = 0;

	*fd_out = composing->memfd;
	composing->memfd = -1;
	if (*fd_out >= 0)
		return 0;
	r = incoming_adopt(composing->conductor, from, &composing->made,
	    ticket_out);
	if (r == 0)
		composing->made.writer = NULL;
	return r;
}

int
composing_open(const struct composing *composing, int *fd_out)
{
	*fd_out = -1;
	return composing->made.writer == NULL ? 0 :
	    big_open(composing->conductor->big, &composing->made.id, fd_out);
}

void
composing_free(struct composing *composing)
{
	if (composing == NULL)
		return;
	if (composing->memfd >= 0)
		(void)close(composing->memfd);
	big_abort(composing->made.writer);
	free(composing->piece);
	free(composing);
}
