/*
 * held_text.c - how a held message begins, as text
 *
 * What a mail program would show: of a message that is there as HTML and as
 * plain text both, the HTML, for a sender may have put something else beside it.
 */
#include "gateway/http/held_text.h"

#include "lib/message/html.h"
#include "lib/message/part_text.h"
#include "lib/message/structure.h"

#define PART_BYTES	(256 * 1024)	/* of 48 KiB that were shown to us */
#define PARTS_MOST	64u		/* that are looked at for one with words */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at its end, and of empty lines one. */
static void
add_line(struct text *text, struct slice line, bool *is_empty)
{
	while (line.len > 0 && is_blank(line.at[line.len - 1]))
		line.len--;
	if (line.len == 0) {
		*is_empty = true;
		return;
	}
	if (text->len > 0)
		text_add_str(text, *is_empty ? "\n\n" : "\n");
	*is_empty = false;
	text_add(text, line);
}

/* At most `most` bytes, and no half character. */
static struct slice
whole_characters(struct slice s, size_t most)
{
	if (s.len <= most)
		return s;
	while (most > 0 && ((unsigned char)s.at[most] & 0xc0) == 0x80)
		most--;
	return slice_first(s, most);
}

static void
add_lines(struct text *text, struct slice s, bool *is_cut_out)
{
	TEXT_AUTO all = TEXT_INIT(PART_BYTES + 2);
	struct slice line, cut;
	bool is_empty = false;

	while (slice_cut(&s, '\n', &line))
		add_line(&all, line, &is_empty);
	add_line(&all, s, &is_empty);
	cut = whole_characters(text_slice(&all), HELD_TEXT_BYTES);
	*is_cut_out = cut.len < all.len;
	text_add(text, cut);
}

static void
read_part(const struct structure_part *part, struct slice bytes,
    struct text *read)
{
	struct part_text pt;
	struct slice piece;

	part_text_begin(&pt, part, bytes);
	while (part_text_next(&pt, &piece) == 1 && read->len < read->limit)
		text_add(read, whole_characters(piece,
		    read->limit - read->len));
	part_text_end(&pt);
}

static void
add_part(struct text *text, const struct structure_part *part,
    struct slice bytes, bool is_html, bool *is_cut_out)
{
	TEXT_AUTO read = TEXT_INIT(PART_BYTES);
	TEXT_AUTO words = TEXT_INIT(PART_BYTES);

	read_part(part, bytes, &read);
	if (is_html)
		(void)html_words(&words, text_slice(&read));
	add_lines(text, text_slice(is_html ? &words : &read), is_cut_out);
}

/* The first of its sort that has words. */
static void
add_first(struct text *text, const struct structure *structure,
    struct slice bytes, bool is_html, bool *is_cut_out)
{
	struct structure_part part;
	unsigned tried = 0;

	structure_root(structure, &part);
	do {
		if (!part_text_has(&part) ||
		    structure_is(&part, "text", "html") != is_html)
			continue;
		add_part(text, &part, bytes, is_html, is_cut_out);
	} while (text->len == 0 && ++tried < PARTS_MOST &&
	    structure_next(&part));
}

void
held_text(struct text *text, struct slice bytes, bool *is_cut_out)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	*is_cut_out = false;
	if (structure_make(bytes, &packed) < 0 ||
	    structure_open(text_slice(&packed), &structure) < 0)
		return;
	add_first(text, &structure, bytes, true, is_cut_out);
	if (text->len == 0)
		add_first(text, &structure, bytes, false, is_cut_out);
}
