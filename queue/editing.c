/*
 * editing.c - a message as its judge wants it
 *
 * A small one is written anew in memory, or into a file if it is small no more.
 * A big one is copied in a thread into a file of its own, which then takes the
 * name of the first; a crash meanwhile leaves a file that nobody knows, and that
 * the sweep takes.
 */
#include "queue/editing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "store/account.h"

#define CHUNK_BYTES	((size_t)256 * 1024)

struct editing {
	struct transit	*transit;
	struct verdict	 verdict;
	struct edits	 edits;
	editing_fn	*go_on;
	struct big_writer *writer;	/* the new file */
	uint64_t	 bytes;		/* of the message as it came */
	char		 last[2];	/* bytes of the new one */
	int		 status;
};

void
editing_free(struct editing *editing)
{
	if (editing == NULL)
		return;
	big_abort(editing->writer);
	free(editing);
}

/* What was done is in the trail: in the words of the line that says it. */
static void
tell(const struct editing *editing)
{
	const struct verdict *verdict = &editing->verdict;
	TEXT_AUTO words = TEXT_INIT(VERDICT_VALUE_MAX + 32);

	for (size_t i = 0; i < verdict->line_count; i++) {
		if (!slice_is_word(slice_str(verdict->lines[i].name),
		    "X-Postroom-Removed"))
			continue;
		text_addf(&words, "%s%s", words.len == 0 ? "removed: " :
		    ", ", verdict->lines[i].value);
	}
	text_add_byte(&words, '\0');
	conductor_trail(editing->transit->conductor, editing->transit,
	    TRAIL_JUDGED, NULL, text_failed(&words) ? NULL : words.at);
}

/* Envelope and verdict say what it is now.  0 or -errno. */
static int
repack(struct editing *editing, uint64_t bytes)
{
	TEXT_AUTO packed = TEXT_INIT(VERDICT_PACKED_MAX);
	struct transit *transit = editing->transit;
	int r;

	verdict_pack(&packed, &editing->verdict);
	if (text_failed(&packed))
		return -ENOMEM;
	r = arena_copy(transit->arena, text_slice(&packed),
	    &transit->packed_verdict);
	transit->env.bytes = bytes;
	return r < 0 ? r : arrive_repack(transit);
}

static void
end(struct editing *editing, int r)
{
	struct transit *transit = editing->transit;

	transit->editing = NULL;	/* it may go before this does */
	if (r == 0) {
		tell(editing);
		editing->go_on(transit, &editing->verdict);
	} else if (r == -ENOSPC || r == -EDQUOT) {
		arrive_put_off(transit, 452, "4.3.1",
		    "the message could not be edited, try again later");
	} else {
		log_say("a message cannot be edited: %s", strerror(-r));
		arrive_put_off(transit, 451, "4.3.0",
		    "the message could not be edited, try again later");
	}
	editing_free(editing);
}

static void
note_last(struct editing *editing, struct slice s)
{
	if (s.len == 1) {
		editing->last[0] = editing->last[1];
		editing->last[1] = s.at[0];
	} else if (s.len > 1) {
		memcpy(editing->last, s.at + s.len - 2, 2);
	}
}

static bool
lacks_crlf(const struct editing *editing)
{
	return memcmp(editing->last, "\r\n", 2) != 0;
}

/* Small */

/* Of a message in memory; an empty piece has no place there. */
static struct slice
piece_bytes(const struct editing *editing, const struct edits_piece *piece)
{
	if (piece->text.len > 0 || piece->bytes == 0)
		return piece->text;
	return slice_of(editing->transit->bytes + piece->at,
	    (size_t)piece->bytes);
}

static int
write_grown(struct editing *editing)
{
	struct edits_piece piece;
	int r = 0;

	for (unsigned n = 0; r == 0 && edits_piece(&editing->edits,
	    editing->bytes, n, &piece); n++) {
		struct slice s = piece_bytes(editing, &piece);

		note_last(editing, s);
		r = big_feed(editing->writer, s);
	}
	return r;
}

static int
write_small(struct editing *editing, char *to)
{
	struct edits_piece piece;
	size_t at = 0;

	for (unsigned n = 0; edits_piece(&editing->edits, editing->bytes, n,
	    &piece); n++) {
		struct slice s = piece_bytes(editing, &piece);

		if (s.len > 0)
			memcpy(to + at, s.at, s.len);
		at += s.len;
		note_last(editing, s);
	}
	return memfd_of("edited", slice_of(to, at));
}

/* It has outgrown the small ones: from here on it is a big one like any other. */
static int
grow_big(struct editing *editing)
{
	struct transit *transit = editing->transit;
	uint64_t bytes;
	int fd, r;

	r = big_begin(transit->conductor->big, &transit->env.id,
	    &editing->writer);
	if (r == 0)
		r = write_grown(editing);
	if (r == 0)
		r = big_finish(editing->writer, &bytes, transit->digest);
	if (r == 0)
		r = big_open(transit->conductor->big, &transit->env.id, &fd);
	if (r < 0)
		return r;
	(void)close(transit->fd);
	transit->fd = fd;
	transit_drop_copy(transit);
	transit->is_big = true;
	transit->writer = editing->writer;
	editing->writer = NULL;
	transit->lacks_crlf = lacks_crlf(editing);
	return repack(editing, bytes);
}

static int
edit_small(struct editing *editing, uint64_t bytes)
{
	struct transit *transit = editing->transit;
	char *to;
	int fd;

	if (bytes > BIG_BYTES)
		return grow_big(editing);
	to = malloc((size_t)bytes + 1);
	if (to == NULL)
		return -ENOMEM;
	fd = write_small(editing, to);
	if (fd < 0) {
		free(to);
		return fd;
	}
	free(transit->bytes);
	transit->bytes = to;
	(void)close(transit->fd);
	transit->fd = fd;
	transit->lacks_crlf = lacks_crlf(editing);
	return repack(editing, bytes);
}

/* Big */

static int
copy_piece(struct editing *editing, char *buffer,
    const struct edits_piece *piece)
{
	uint64_t at = piece->at, left = piece->bytes;
	int r = 0;

	if (piece->text.len > 0) {
		note_last(editing, piece->text);
		return big_feed(editing->writer, piece->text);
	}
	while (r == 0 && left > 0) {
		ssize_t got = pread(editing->transit->fd, buffer,
		    left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES,
		    (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -EIO : -errno;
		note_last(editing, slice_of(buffer, (size_t)got));
		r = big_feed(editing->writer, slice_of(buffer, (size_t)got));
		at += (uint64_t)got;
		left -= (uint64_t)got;
	}
	return r;
}

/* In a thread: the transit waits, and nobody else writes to it. */
static void
copy_big(void *arg)
{
	struct editing *editing = arg;
	char *buffer = malloc(CHUNK_BYTES);
	struct edits_piece piece;
	int r = buffer == NULL ? -ENOMEM : 0;

	for (unsigned n = 0; r == 0 && edits_piece(&editing->edits,
	    editing->bytes, n, &piece); n++)
		r = copy_piece(editing, buffer, &piece);
	free(buffer);
	editing->status = r;
}

/* The new file is the message from now on. */
static int
take_over(struct editing *editing)
{
	struct transit *transit = editing->transit;
	unsigned char digest[BIG_DIGEST_BYTES];
	uint64_t bytes;
	int fd, r;

	r = big_finish(editing->writer, &bytes, digest);
	if (r == 0)
		r = big_replace(&transit->writer, editing->writer);
	if (r < 0)
		return r;
	editing->writer = NULL;
	memcpy(transit->digest, digest, sizeof(digest));
	transit->lacks_crlf = lacks_crlf(editing);
	r = big_open(transit->conductor->big, &transit->env.id, &fd);
	if (r < 0)
		return r;
	(void)close(transit->fd);
	transit->fd = fd;
	return repack(editing, bytes);
}

static void
on_copied(void *arg)
{
	struct editing *editing = arg;

	if (!editing->transit->conductor->closing)
		end(editing, editing->status < 0 ? editing->status :
		    take_over(editing));
}

/* Both stand there for a moment: what is to stay free stays free. */
static int
begin_big(struct editing *editing, uint64_t bytes)
{
	struct conductor *conductor = editing->transit->conductor;
	uint64_t least = conductor->options.free_bytes, space;
	int r = space_free(conductor->space, &space);

	if (r == 0 && (space < least || space - least < bytes))
		r = -ENOSPC;
	if (r == 0)
		r = big_begin_beside(editing->transit->writer,
		    &editing->writer);
	return r < 0 ? r : pool_run(conductor->big_pool, copy_big, on_copied,
	    editing);
}

void
editing_begin(struct transit *transit, const struct verdict *verdict,
    editing_fn *go_on)
{
	bool was_big = transit->is_big;
	struct editing *editing;
	uint64_t bytes;
	int r;

	if (verdict->edits.count == 0) {
		go_on(transit, verdict);
		return;
	}
	editing = calloc(1, sizeof(*editing));
	if (editing == NULL) {
		arrive_put_off(transit, 451, "4.3.0",
		    "out of memory, try again later");
		return;
	}
	transit->editing = editing;
	editing->transit = transit;
	editing->go_on = go_on;
	editing->edits = verdict->edits;
	editing->bytes = transit->env.bytes;
	editing->verdict = *verdict;
	editing->verdict.edits.count = 0;
	editing->verdict.edits.text_bytes = 0;
	r = edits_bytes(&editing->edits, editing->bytes, &bytes);
	if (r == 0 && was_big)
		r = begin_big(editing, bytes);
	else if (r == 0)
		r = edit_small(editing, bytes);
	/* a big one is copied in a thread, which ends it */
	if (r < 0 || !was_big)
		end(editing, r);
}
