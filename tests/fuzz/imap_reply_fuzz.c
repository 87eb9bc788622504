/*
 * imap_reply_fuzz.c - responses of an IMAP server mean what they say, or nothing
 *
 * The first byte says in what pieces the rest comes; it must make no difference.
 * Each response is looked at value by value, and read as FETCH.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/imap/items.h"
#include "fetch/imap/reply.h"
#include "fetch/imap/structure.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What was told, added up: the same for any pieces. */
struct told {
	uint64_t	sum, replies, body, bodies;
	bool		is_broken;
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
mix(struct told *told, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		told->sum = told->sum * 31 + (unsigned char)s.at[i];
	told->sum = told->sum * 31 + s.len;
}

/* The values of a list, `depth` lists deep, are whole. */
static void
walk(const struct imap_value *values, uint32_t count, unsigned depth,
    struct told *told)
{
	uint32_t span;

	require(depth <= IMAP_DEPTH_MOST);
	for (uint32_t i = 0; i < count; i += span) {
		span = values[i].span;
		require(span > 0 && span <= count - i);
		require(span == 1 || values[i].kind == IMAP_LIST);
		mix(told, values[i].text);
		if (values[i].kind == IMAP_LIST)
			walk(values + i + 1, span - 1, depth + 1, told);
	}
}

/* Whatever it says: a few short names, and a section that can be asked for. */
static void
look_at_shape(const struct imap_value *structure, struct told *told)
{
	struct shape shape;

	if (imap_structure_read(structure, &shape) == 0) {
		require(!text_failed(&shape.names));
		require(slice_is_utf8(text_slice(&shape.names)));
		for (size_t i = 0; i < shape.names.len; i++)
			require((unsigned char)shape.names.at[i] >= ' ');
		for (const char *c = shape.text.section; *c != '\0'; c++)
			require(*c == '.' || (*c >= '0' && *c <= '9'));
		require(shape.text.section[0] == '\0' ||
		    shape.text.encoding[0] != '\0');
		mix(told, text_slice(&shape.names));
	}
	text_free(&shape.names);
}

static void
look(const struct imap_reader *reader, struct told *told)
{
	const struct imap_reply *reply = &reader->reply;
	struct imap_items items;
	struct text keywords = TEXT_INIT(1024);

	require(reply->count <= IMAP_VALUES_MOST);
	require(!reply->is_cut || reply->count == 0);
	walk(reply->values, reply->count, 0, told);
	mix(told, reply->tag);
	mix(told, reply->name);
	mix(told, reply->code);
	mix(told, reply->arguments);
	mix(told, reply->words);
	if (imap_items_read(reply, &items) == 0) {
		imap_items_keywords(&items, &keywords);
		if (items.structure != NULL)
			look_at_shape(items.structure, told);
		require(!text_failed(&keywords));
		mix(told, text_slice(&keywords));
		text_free(&keywords);
	}
}

/* False: no more is to be fed. */
static bool
hear(struct imap_reader *reader, struct slice *input, struct told *told)
{
	struct slice run = { NULL, 0 };

	switch (imap_take(reader, input, &run)) {
	case IMAP_MORE:
		require(input->len == 0);
		return false;
	case IMAP_REPLY:
		told->replies++;
		look(reader, told);
		return true;
	case IMAP_BODY:
		require(reader->body_bytes <= IMAP_BODY_MOST);
		told->sum = told->sum * 31 + imap_items_origin(&reader->reply);
		told->bodies++;
		told->body = reader->body_bytes;
		look(reader, told);
		return true;
	case IMAP_RUN:
		require(run.len > 0 && run.len <= told->body);
		told->body -= run.len;
		for (size_t i = 0; i < run.len; i++)
			told->sum = told->sum * 31 + (unsigned char)run.at[i];
		return true;
	case IMAP_BODY_END:
		require(told->body == 0);
		return true;
	case IMAP_BROKEN:
		break;
	}
	require(reader->fault != NULL);
	told->is_broken = true;
	return false;
}

static struct told
feed(struct slice all, size_t piece)
{
	static struct imap_reader reader;
	struct told told = { 0 };

	memset(&reader, 0, offsetof(struct imap_reader, values));
	while (all.len > 0 && !told.is_broken) {
		struct slice input = slice_first(all, piece);

		all = slice_after(all, input.len);
		while (hear(&reader, &input, &told))
			;
	}
	return told;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice all = slice_of(bytes, len);
	struct told whole, pieces;

	if (len == 0)
		return 0;
	whole = feed(slice_after(all, 1), len);
	pieces = feed(slice_after(all, 1), (size_t)bytes[0] % 17 + 1);
	require(whole.sum == pieces.sum && whole.replies == pieces.replies &&
	    whole.bodies == pieces.bodies &&
	    whole.is_broken == pieces.is_broken);
	return 0;
}
