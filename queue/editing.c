/*
 * editing.c - a message as its judge wants it
 *
 * A small one is written anew in memory, or into a file if it is small no more.
 * A big one is copied in a thread into a file of its own, which then takes the
 * name of the first; a crash meanwhile leaves a file that nobody knows, and that
 * the sweep takes.  Where a part is removed the message is written a second time,
 * as it is with that part, and removed.h keeps it.
 */
#include "queue/editing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "queue/removed.h"
#include "store/account.h"

#define CHUNK_BYTES	((size_t)256 * 1024)

/* What becomes of the message as it came. */
struct shape {
	struct edits	 edits;
	struct big_writer *writer;	/* of its file, if it gets one */
	char		 last[2];	/* bytes */
};

struct editing {
	struct transit	*transit;
	struct verdict	 verdict;
	struct shape	 letter;
	struct shape	 whole;		/* with what is removed of the letter;
					   the file is removed.h's */
	editing_fn	*go_on;
	uint64_t	 bytes;		/* of the message as it came */
	int		 status;
};

void
editing_free(struct editing *editing)
{
	if (editing == NULL)
		return;
	big_abort(editing->letter.writer);
	free(editing);
}

/* What was done is in the trail: in the words of the line that says it. */
static void
tell(const struct editing *editing)
{
	const struct verdict *verdict = &editing->verdict;
	TEXT_AUTO words = TEXT_INIT(2 * VERDICT_VALUE_MAX + 32);

	for (size_t i = 0; i < verdict->line_count; i++) {
		if (!slice_is_word(slice_str(verdict->lines[i].name),
		    EDITS_LINE))
			continue;
		text_addf(&words, "%s%s", words.len == 0 ? "removed: " :
		    ", ", verdict->lines[i].value);
	}
	if (words.len == 0)	/* nobody else need know of a Bcc */
		text_add_str(&words, "its header was made ready to be sent");
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
note_last(struct shape *shape, struct slice s)
{
	if (s.len == 1) {
		shape->last[0] = shape->last[1];
		shape->last[1] = s.at[0];
	} else if (s.len > 1) {
		memcpy(shape->last, s.at + s.len - 2, 2);
	}
}

static bool
lacks_crlf(const struct shape *shape)
{
	return memcmp(shape->last, "\r\n", 2) != 0;
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

/* 0, -ERANGE (edits.h) or -ENOMEM; the caller frees it. */
static int
write_memory(const struct editing *editing, struct shape *shape,
    char **bytes_out, size_t *len_out)
{
	struct edits_piece piece;
	uint64_t bytes;
	size_t at = 0;
	char *to;
	int r = edits_bytes(&shape->edits, editing->bytes, &bytes);

	if (r < 0)
		return r;
	to = malloc((size_t)bytes + 1);
	if (to == NULL)
		return -ENOMEM;
	for (unsigned n = 0; edits_piece(&shape->edits, editing->bytes, n,
	    &piece); n++) {
		struct slice s = piece_bytes(editing, &piece);

		if (s.len > 0)
			memcpy(to + at, s.at, s.len);
		at += s.len;
		note_last(shape, s);
	}
	*bytes_out = to;
	*len_out = at;
	return 0;
}

/* It has outgrown the small ones: from here on it is a big one like any other. */
static int
grow_big(struct editing *editing, struct slice bytes)
{
	struct transit *transit = editing->transit;
	struct big *big = transit->conductor->big;
	struct big_writer **writer = &editing->letter.writer;
	uint64_t count;
	int fd, r;

	r = big_begin(big, &transit->env.id, writer);
	if (r == 0)
		r = big_feed(*writer, bytes);
	if (r == 0)
		r = big_finish(*writer, &count, transit->digest);
	if (r == 0)
		r = big_open(big, &transit->env.id, &fd);
	if (r < 0)
		return r;
	(void)close(transit->fd);
	transit->fd = fd;
	transit_drop_copy(transit);
	transit->is_big = true;
	transit->writer = *writer;
	*writer = NULL;
	return 0;
}

/* It stays one; `bytes` is its from here on. */
static int
stay_small(struct editing *editing, char *bytes, size_t len)
{
	struct transit *transit = editing->transit;
	int fd = memfd_of("edited", slice_of(bytes, len));

	if (fd < 0)
		return fd;
	free(transit->bytes);
	transit->bytes = bytes;
	(void)close(transit->fd);
	transit->fd = fd;
	return 0;
}

static int
keep_small(struct editing *editing)
{
	struct removed *removed = editing->transit->removed;
	char *bytes;
	size_t len;
	int r;

	if (removed == NULL)
		return 0;
	r = write_memory(editing, &editing->whole, &bytes, &len);
	if (r < 0)
		return r;
	removed_small(removed, bytes, len);
	removed_lacks_crlf(removed, lacks_crlf(&editing->whole));
	return 0;
}

static int
edit_small(struct editing *editing)
{
	struct transit *transit = editing->transit;
	char *bytes;
	size_t len;
	int r = keep_small(editing);

	if (r == 0)
		r = write_memory(editing, &editing->letter, &bytes, &len);
	if (r < 0)
		return r;
	if (len > BIG_BYTES)
		r = grow_big(editing, slice_of(bytes, len));
	else
		r = stay_small(editing, bytes, len);
	if (transit->bytes != bytes)
		free(bytes);
	transit->lacks_crlf = lacks_crlf(&editing->letter);
	return r < 0 ? r : repack(editing, len);
}

/* Big */

static int
copy_piece(const struct editing *editing, struct shape *shape, char *buffer,
    const struct edits_piece *piece)
{
	uint64_t at = piece->at, left = piece->bytes;
	int r = 0;

	if (piece->text.len > 0) {
		note_last(shape, piece->text);
		return big_feed(shape->writer, piece->text);
	}
	while (r == 0 && left > 0) {
		ssize_t got = pread(editing->transit->fd, buffer,
		    left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES,
		    (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -EIO : -errno;
		note_last(shape, slice_of(buffer, (size_t)got));
		r = big_feed(shape->writer, slice_of(buffer, (size_t)got));
		at += (uint64_t)got;
		left -= (uint64_t)got;
	}
	return r;
}

static int
copy_shape(const struct editing *editing, struct shape *shape, char *buffer)
{
	struct edits_piece piece;
	int r = 0;

	for (unsigned n = 0; r == 0 && edits_piece(&shape->edits,
	    editing->bytes, n, &piece); n++)
		r = copy_piece(editing, shape, buffer, &piece);
	return r;
}

/* In a thread: the transit waits, and nobody else writes to it. */
static void
copy_big(void *arg)
{
	struct editing *editing = arg;
	char *buffer = malloc(CHUNK_BYTES);
	int r = buffer == NULL ? -ENOMEM : 0;

	if (r == 0 && editing->whole.writer != NULL)
		r = copy_shape(editing, &editing->whole, buffer);
	if (r == 0)
		r = copy_shape(editing, &editing->letter, buffer);
	free(buffer);
	editing->status = r;
}

static int
keep_big(struct editing *editing)
{
	struct removed *removed = editing->transit->removed;
	unsigned char digest[BIG_DIGEST_BYTES];
	uint64_t bytes;
	int r;

	if (removed == NULL)
		return 0;
	r = big_finish(editing->whole.writer, &bytes, digest);
	if (r < 0)
		return r;
	removed_big(removed, bytes, digest);
	removed_lacks_crlf(removed, lacks_crlf(&editing->whole));
	return 0;
}

/* The new file is the message from now on. */
static int
take_over(struct editing *editing)
{
	struct transit *transit = editing->transit;
	struct shape *letter = &editing->letter;
	unsigned char digest[BIG_DIGEST_BYTES];
	uint64_t bytes;
	int fd, r = keep_big(editing);

	if (r == 0)
		r = big_finish(letter->writer, &bytes, digest);
	if (r == 0)
		r = big_replace(&transit->writer, letter->writer);
	if (r < 0)
		return r;
	letter->writer = NULL;
	memcpy(transit->digest, digest, sizeof(digest));
	transit->lacks_crlf = lacks_crlf(letter);
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

/* All stand there for a moment: what is to stay free stays free. */
static int
begin_big(struct editing *editing)
{
	struct transit *transit = editing->transit;
	struct conductor *conductor = transit->conductor;
	uint64_t least = conductor->options.free_bytes, space, bytes;
	int r = edits_bytes(&editing->letter.edits, editing->bytes, &bytes);

	if (transit->removed != NULL)
		bytes += editing->bytes;
	if (r == 0)
		r = space_free(conductor->space, &space);
	if (r == 0 && (space < least || space - least < bytes))
		r = -ENOSPC;
	if (r == 0 && transit->removed != NULL)
		r = removed_big_begin(transit->removed,
		    &editing->whole.writer);
	if (r == 0)
		r = big_begin_beside(transit->writer,
		    &editing->letter.writer);
	return r < 0 ? r : pool_run(conductor->big_pool, copy_big, on_copied,
	    editing);
}

/* The message is to lose a part: the letter says where that is. */
static int
begin_removing(struct editing *editing, const struct verdict *verdict)
{
	char name[MESSAGE_ID_CHARS + 1];
	int r;

	if (!edits_take_parts(&verdict->edits))
		return 0;
	r = removed_begin(editing->transit, verdict);
	if (r < 0)
		return r;
	removed_name(editing->transit->removed, name);
	edits_name_original(&editing->letter.edits, slice_str(name));
	edits_others(&verdict->edits, &editing->whole.edits);
	return 0;
}

void
editing_begin(struct transit *transit, const struct verdict *verdict,
    editing_fn *go_on)
{
	bool was_big = transit->is_big;
	struct editing *editing;
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
	editing->letter.edits = verdict->edits;
	editing->bytes = transit->env.bytes;
	editing->verdict = *verdict;
	editing->verdict.edits = (struct edits){ .count = 0 };
	r = begin_removing(editing, verdict);
	if (r == 0)
		r = was_big ? begin_big(editing) : edit_small(editing);
	/* a big one is copied in a thread, which ends it */
	if (r < 0 || !was_big)
		end(editing, r);
}
