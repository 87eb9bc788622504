/*
 * frame.c - where an answer ends, in a stream of IMAP responses
 */
#include "gateway/imap/frame.h"

#include <string.h>

#include "gateway/imap/input.h"

/* Keep the end of the line under way. */
static void
keep_tail(struct imapd_frame *frame, struct slice piece)
{
	size_t keep = sizeof(frame->tail);

	if (piece.len >= keep) {
		memcpy(frame->tail, piece.at + piece.len - keep, keep);
		frame->tail_len = keep;
		return;
	}
	if (frame->tail_len + piece.len > keep) {
		size_t drop = frame->tail_len + piece.len - keep;

		memmove(frame->tail, frame->tail + drop,
		    frame->tail_len - drop);
		frame->tail_len -= drop;
	}
	memcpy(frame->tail + frame->tail_len, piece.at, piece.len);
	frame->tail_len += piece.len;
}

/* Is this the line with the tag?  False: that cannot be said yet. */
static bool
begin_line(struct imapd_frame *frame, struct slice here, struct slice tag)
{
	const size_t needs = tag.len + sizeof(" OK") - 1;

	if (here.len < needs && slice_find(here, '\n') == SIZE_MAX)
		return false;
	frame->is_last = here.len > tag.len && here.at[tag.len] == ' ' &&
	    slice_is(slice_first(here, tag.len), tag);
	frame->is_ok = frame->is_last && slice_has_prefix(
	    slice_after(here, tag.len), " OK");
	frame->in_line = true;
	frame->tail_len = 0;
	return true;
}

enum imapd_framed
imapd_frame_take(struct imapd_frame *frame, struct slice here,
    struct slice tag, struct slice *piece_out)
{
	struct imapd_literal literal;
	size_t end;

	if (here.len == 0)
		return IMAPD_FRAME_NEEDS_MORE;
	if (frame->literal_left > 0) {
		*piece_out = slice_first(here, frame->literal_left < here.len ?
		    (size_t)frame->literal_left : here.len);
		frame->literal_left -= piece_out->len;
		return IMAPD_FRAME_PIECE;
	}
	if (!frame->in_line && !begin_line(frame, here, tag))
		return IMAPD_FRAME_NEEDS_MORE;
	end = slice_find(here, '\n');
	*piece_out = end == SIZE_MAX ? here : slice_first(here, end + 1);
	keep_tail(frame, *piece_out);
	if (end == SIZE_MAX)
		return IMAPD_FRAME_PIECE;
	frame->in_line = false;
	if (frame->is_last)
		return IMAPD_FRAME_END;
	if (imapd_literal_read(slice_trim(slice_of(frame->tail,
	    frame->tail_len)), &literal) == 0)
		frame->literal_left = literal.bytes;
	return IMAPD_FRAME_PIECE;
}
