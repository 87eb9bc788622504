/*
 * edits.c - what is changed in a message before it is taken on
 *
 * They are kept in order and apart, so that whoever writes the message goes
 * through it once and cannot write anything twice.
 */
#include "filters/edits.h"

#include <errno.h>
#include <string.h>

/* Where it would stand among them. */
static unsigned
place_of(const struct edits *edits, uint64_t at)
{
	unsigned n = edits->count;

	while (n > 0 && edits->list[n - 1].at > at)
		n--;
	return n;
}

/* Whole lines that may stand in a message. */
static bool
is_lines(struct slice text)
{
	struct slice rest = text, line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len == 0 || line.at[line.len - 1] != '\r')
			return false;
		for (size_t i = 0; i + 1 < line.len; i++)
			if ((unsigned char)line.at[i] < 0x20 ||
			    line.at[i] == 0x7f)
				return false;
	}
	return rest.len == 0 && slice_is_utf8(text);
}

static bool
is_cut(const struct edit *edit)
{
	return edit->text_bytes == 0;
}

/* What only cuts, beside others that do: one cut is all of them.  True: it was. */
static bool
grow(struct edits *edits, unsigned n, uint64_t at, uint64_t bytes,
    bool of_part)
{
	struct edit *before = n > 0 ? &edits->list[n - 1] : NULL;
	struct edit *behind = n < edits->count ? &edits->list[n] : NULL;

	if (behind != NULL && (behind->at != at + bytes || !is_cut(behind) ||
	    behind->of_part != of_part))
		behind = NULL;
	if (before != NULL && is_cut(before) && before->of_part == of_part &&
	    before->at + before->bytes == at) {
		before->bytes += bytes;
		if (behind == NULL)
			return true;
		before->bytes += behind->bytes;
		edits->count--;
		memmove(behind, behind + 1,
		    (edits->count - n) * sizeof(*behind));
		return true;
	}
	if (behind == NULL)
		return false;
	behind->at = at;
	behind->bytes += bytes;
	return true;
}

/* May it stand in place `n`, between those beside it? */
static bool
is_apart(const struct edits *edits, unsigned n, uint64_t at, uint64_t bytes)
{
	if (bytes > INT64_MAX || at > INT64_MAX - bytes)
		return false;
	if (n > 0 && (edits->list[n - 1].at == at ||
	    edits->list[n - 1].at + edits->list[n - 1].bytes > at))
		return false;
	return n == edits->count || at + bytes <= edits->list[n].at;
}

static int
add(struct edits *edits, uint64_t at, uint64_t bytes, struct slice text,
    bool of_part)
{
	unsigned n = place_of(edits, at);
	struct edit *edit = &edits->list[n];

	if ((bytes == 0 && text.len == 0) || !is_lines(text) ||
	    !is_apart(edits, n, at, bytes))
		return -EINVAL;
	if (text.len == 0 && grow(edits, n, at, bytes, of_part))
		return 0;
	if (edits->count == EDITS_MOST ||
	    text.len > EDITS_TEXT_MAX - edits->text_bytes)
		return -E2BIG;
	memmove(edit + 1, edit, (edits->count - n) * sizeof(*edit));
	*edit = (struct edit){ .at = at, .bytes = bytes,
	    .text_at = edits->text_bytes, .text_bytes = (uint32_t)text.len,
	    .of_part = of_part };
	if (text.len > 0)
		memcpy(edits->text + edits->text_bytes, text.at, text.len);
	edits->text_bytes += (uint32_t)text.len;
	edits->count++;
	return 0;
}

int
edits_add(struct edits *edits, uint64_t at, uint64_t bytes, struct slice text)
{
	return add(edits, at, bytes, text, false);
}

int
edits_add_part(struct edits *edits, uint64_t at, uint64_t bytes,
    struct slice text)
{
	return add(edits, at, bytes, text, true);
}

bool
edits_take_parts(const struct edits *edits)
{
	for (unsigned i = 0; i < edits->count; i++)
		if (edits->list[i].of_part)
			return true;
	return false;
}

void
edits_name_original(struct edits *edits, struct slice name)
{
	const size_t len = strlen(EDITS_ORIGINAL);
	struct slice rest = slice_of(edits->text, edits->text_bytes);
	size_t at;

	while (name.len == len &&
	    (at = slice_find_str(rest, EDITS_ORIGINAL)) != SIZE_MAX) {
		memcpy(edits->text + (rest.at - edits->text) + at, name.at,
		    len);
		rest = slice_after(rest, at + len);
	}
}

static struct slice
text_of(const struct edits *edits, const struct edit *edit)
{
	return slice_of(edits->text + edit->text_at, edit->text_bytes);
}

void
edits_others(const struct edits *edits, struct edits *others_out)
{
	*others_out = (struct edits){ .count = 0 };
	for (unsigned i = 0; i < edits->count; i++)
		/* they stood beside each other: there is room for each */
		if (!edits->list[i].of_part)
			(void)add(others_out, edits->list[i].at,
			    edits->list[i].bytes, text_of(edits,
			    &edits->list[i]), false);
}

int
edits_add_all(struct edits *edits, const struct edits *more)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < more->count; i++)
		r = add(edits, more->list[i].at, more->list[i].bytes,
		    text_of(more, &more->list[i]), more->list[i].of_part);
	return r;
}

int
edits_bytes(const struct edits *edits, uint64_t bytes, uint64_t *bytes_out)
{
	uint64_t left = bytes;

	for (unsigned i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->list[i];

		if (edit->at > bytes || edit->bytes > bytes - edit->at)
			return -ERANGE;
		left -= edit->bytes;
	}
	*bytes_out = left + edits->text_bytes;
	return 0;
}

bool
edits_piece(const struct edits *edits, uint64_t bytes, unsigned n,
    struct edits_piece *piece_out)
{
	struct edits_piece piece = { .at = 0 };
	const struct edit *edit;

	if (n > edits->count * 2)
		return false;
	edit = &edits->list[n / 2];
	if (n % 2 == 1) {
		piece.text = text_of(edits, edit);
		*piece_out = piece;
		return true;
	}
	if (n > 0)
		piece.at = edit[-1].at + edit[-1].bytes;
	piece.bytes = (n == edits->count * 2 ? bytes : edit->at) - piece.at;
	*piece_out = piece;
	return true;
}

void
edits_pack(struct text *text, const struct edits *edits)
{
	pack_u8(text, (uint8_t)edits->count);
	for (unsigned i = 0; i < edits->count; i++) {
		pack_u64(text, edits->list[i].at);
		pack_u64(text, edits->list[i].bytes);
		pack_u8(text, edits->list[i].of_part);
		pack_slice(text, text_of(edits, &edits->list[i]));
	}
}

void
edits_unpack(struct unpack *u, struct edits *edits_out)
{
	unsigned count = unpack_enum(u, EDITS_MOST + 1);

	*edits_out = (struct edits){ .count = 0 };
	for (unsigned i = 0; i < count && !u->bad; i++) {
		uint64_t at = unpack_u64(u), bytes = unpack_u64(u);
		bool of_part = unpack_bool(u);

		/* each of its own, in their order: read back they are the same */
		if (add(edits_out, at, bytes, unpack_slice(u), of_part) < 0 ||
		    edits_out->count != i + 1 || edits_out->list[i].at != at)
			u->bad = true;
	}
}
