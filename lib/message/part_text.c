/*
 * part_text.c - the text in a part, as UTF-8, piece by piece
 *
 * What was decoded waits until a line of it is whole, because charsets with
 * states begin each line anew; a line longer than a step is cut where no
 * character is.
 */
#include "lib/message/part_text.h"

#include <errno.h>
#include <string.h>

#include "lib/message/charset.h"
#include "lib/message/header.h"
#include "lib/message/mime_param.h"

/* Decoded bytes that wait; a longer line is cut. */
#define WAITING_MOST	(2 * PART_TEXT_STEP)
#define DECODED_MOST	(WAITING_MOST + PART_TEXT_STEP + DECODER_KEPT)
/* Converted: no charset makes more than three bytes of one. */
#define PIECE_MOST	(4 * DECODED_MOST)
#define CHARSET_MOST	64	/* RFC 2978 2.3: 40 */

bool
part_text_has(const struct structure_part *part)
{
	return part->kind == STRUCTURE_TEXT ||
	    (part->kind == STRUCTURE_LEAF &&
	    structure_is(part, "message", NULL));
}

static void
read_charset(struct text *charset, struct slice header)
{
	struct header_field field;
	struct slice type, subtype, whole = header;

	(void)header_skip_mbox(&whole);
	if (header_find(whole, "Content-Type", &field) &&
	    mime_type_cut(&field.value, &type, &subtype) && subtype.len > 0)
		(void)mime_param(field.value, "charset",
		    mime_default_limits.params, charset);
	/* a name too long is none that is known */
	if (text_failed(charset))
		text_clear(charset);
}

bool
part_text_is_as_it_stands(const struct structure_part *part,
    struct slice header)
{
	TEXT_AUTO charset = TEXT_INIT(CHARSET_MOST);

	if (part->encoding == MIME_BASE64 ||
	    part->encoding == MIME_QUOTED_PRINTABLE)
		return false;
	read_charset(&charset, header);
	/* of any other charset ASCII is ASCII */
	return charset_ways(text_slice(&charset), slice_of(NULL, 0)) == 1;
}

void
part_text_begin(struct part_text *pt, const struct structure_part *part,
    struct slice message)
{
	struct message_bytes bytes = message_bytes_in(message);

	part_text_begin_bytes(pt, part, slice_after(slice_first(message,
	    part->body), part->header), &bytes);
}

void
part_text_begin_bytes(struct part_text *pt,
    const struct structure_part *part, struct slice header,
    const struct message_bytes *bytes)
{
	const struct part_text fresh = {
		.decoded = TEXT_INIT(DECODED_MOST),
		.piece = TEXT_INIT(PIECE_MOST),
		.charset = TEXT_INIT(CHARSET_MOST),
		.is_first = true,
	};

	*pt = fresh;
	pt->bytes = *bytes;
	pt->at = part->body;
	pt->end = part->end;
	/* only its beginning may be here, and no CRLF that lacks at its end */
	if (pt->end > bytes->size)
		pt->end = bytes->size;
	if (decoder_begin(&pt->decoder, part->encoding) < 0)
		(void)decoder_begin(&pt->decoder, MIME_BINARY);
	read_charset(&pt->charset, header);
}

/*
 * Which order of bytes UTF-16 has: its mark says it, or its name, or where the
 * zeros of its ASCII stand.
 */
static unsigned
order_of(struct slice charset, struct slice bytes)
{
	size_t even = 0, odd = 0;

	if (slice_has_prefix(bytes, "\xff\xfe"))
		return 1;
	if (slice_has_prefix(bytes, "\xfe\xff"))
		return 0;
	if (slice_has_suffix(charset, "le"))
		return 1;
	if (slice_has_suffix(charset, "be"))
		return 0;
	for (size_t i = 0; i < bytes.len && i < 512; i++)
		if (bytes.at[i] == '\0')
			(*(i % 2 == 0 ? &even : &odd))++;
	return odd > even;
}

/* How much of UTF-16 can be read without what follows. */
static size_t
whole_wide(const struct part_text *pt, struct slice s)
{
	size_t len = s.len / 2 * 2;
	unsigned char high;

	if (len == 0)
		return 0;
	high = (unsigned char)s.at[len - 1 - (pt->way == 0)];
	/* RFC 2781 2.1: the first half of a pair */
	return high >= 0xd8 && high <= 0xdb ? len - 2 : len;
}

/* The same of any other: lines; or what cannot be inside a character. */
static size_t
whole_lines(struct slice s, bool must)
{
	size_t lf = slice_find_last(s, '\n'), len = s.len;

	if (lf != SIZE_MAX)
		return lf + 1;
	if (!must)
		return 0;
	/* behind the last ASCII, or where a character of UTF-8 begins */
	while (len > s.len / 2 && (unsigned char)s.at[len - 1] >= 0x80)
		len--;
	if (len > s.len / 2)
		return len;
	for (len = s.len; len > 1 &&
	    ((unsigned char)s.at[len - 1] & 0xc0) == 0x80; len--)
		;
	/* no character has more than four bytes */
	return s.len - len < 4 && len > 1 ? len - 1 : s.len;
}

/* Decode a step more.  1, 0: there is no more, or -errno. */
static int
read_step(struct part_text *pt)
{
	struct slice piece;
	int r;

	if (pt->is_over)
		return 0;
	r = message_bytes_piece(&pt->bytes, pt->at, pt->end, PART_TEXT_STEP,
	    &piece);
	if (r < 0)
		return r;
	decoder_add(&pt->decoder, piece, &pt->decoded);
	pt->at += piece.len;
	if (pt->at >= pt->end) {
		decoder_end(&pt->decoder, &pt->decoded);
		pt->is_over = true;
	}
	return text_failed(&pt->decoded) ? -ENOMEM : 1;
}

int
part_text_next(struct part_text *pt, struct slice *piece_out)
{
	struct slice charset = text_slice(&pt->charset), waiting;
	bool wide = charset_is_wide(charset);
	size_t n;
	int r;

	text_clear(&pt->piece);
	r = read_step(pt);
	if (r <= 0)
		return r;
	waiting = text_slice(&pt->decoded);
	if (pt->is_first) {
		pt->way = wide ? order_of(charset, waiting) : 0;
		pt->is_first = false;
	}
	if (pt->is_over)
		n = waiting.len;
	else if (wide)
		n = whole_wide(pt, waiting);
	else
		n = whole_lines(waiting, waiting.len >= WAITING_MOST);
	charset_lines(&pt->piece, charset, pt->way, slice_first(waiting, n));
	if (text_failed(&pt->piece))
		return -ENOMEM;
	text_consume(&pt->decoded, n);
	*piece_out = text_slice(&pt->piece);
	return 1;
}

void
part_text_end(struct part_text *pt)
{
	text_free(&pt->decoded);
	text_free(&pt->piece);
	text_free(&pt->charset);
}
