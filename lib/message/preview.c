/*
 * preview.c - the first words of a letter, for a list of letters
 */
#include "lib/message/preview.h"

#include <errno.h>

#include "lib/message/html.h"
#include "lib/message/part_text.h"

/* Of one text that are looked at for words: markup can be most of it. */
#define TEXT_MOST	(128 * 1024)
/*
 * Of a plain text these are enough, as a rule, encoded or not; the last of them
 * may be half a character.
 */
#define NEAR_BYTES	2048
#define NEAR_EDGE	64
/* Texts that may turn out to be empty. */
#define PARTS_MOST	10

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Bytes of the character of UTF-8 that begins with `c`. */
static size_t
character_bytes(char c)
{
	unsigned char u = (unsigned char)c;

	return u < 0xc0 ? 1 : u < 0xe0 ? 2 : u < 0xf0 ? 3 : 4;
}

/* The bytes up to a blank, of so many characters at most; and how many. */
static size_t
word_bytes(struct slice s, size_t most, size_t *characters_out)
{
	size_t n = 0, characters = 0;

	while (n < s.len && characters < most && !is_blank(s.at[n])) {
		n += character_bytes(s.at[n]);
		characters++;
	}
	*characters_out = characters;
	return n < s.len ? n : s.len;
}

/* Add the words of a line, one blank before each; false: it is long enough. */
static bool
add_line(struct text *text, struct slice line, size_t *characters)
{
	bool owed = *characters > 0;

	for (size_t i = 0, n, count; i < line.len; i += n) {
		if (is_blank(line.at[i])) {
			owed = *characters > 0;
			n = 1;
			continue;
		}
		if (*characters + owed >= PREVIEW_CHARACTERS)
			return false;
		if (owed)
			text_add_byte(text, ' ');
		*characters += owed;
		owed = false;
		n = word_bytes(slice_after(line, i),
		    PREVIEW_CHARACTERS - *characters, &count);
		text_add(text, slice_first(slice_after(line, i), n));
		*characters += count;
	}
	return true;
}

/* How many characters that were; `*is_long_out`: there were words for more. */
static size_t
add_words(struct text *text, struct slice s, bool skip_quotes,
    bool *is_long_out)
{
	struct slice line;
	size_t characters = 0;
	bool more = true;

	*is_long_out = false;
	while (more && !*is_long_out) {
		more = slice_cut(&s, '\n', &line);
		if (!more)
			line = s;
		if (skip_quotes && slice_has_prefix(line, ">"))
			continue;
		*is_long_out = !add_line(text, line, &characters);
	}
	return characters;
}

/* Read the text of a part, as far as it is looked at. */
static int
read_part(const struct structure_part *part, struct slice message,
    struct text *read)
{
	struct part_text pt;
	struct slice piece;
	int r;

	part_text_begin(&pt, part, message);
	while ((r = part_text_next(&pt, &piece)) == 1 &&
	    read->len < read->limit)
		text_add(read, slice_first(piece, read->limit - read->len));
	part_text_end(&pt);
	return r < 0 || text_failed(read) ? -ENOMEM : 0;
}

/* HTML that was cut, without the tag that the cut fell into. */
static struct slice
without_tag(struct slice html)
{
	size_t open = slice_find_last(html, '<');

	if (open == SIZE_MAX ||
	    slice_find(slice_after(html, open), '>') != SIZE_MAX)
		return html;
	return slice_first(html, open);
}

static int
add_html(struct text *text, const struct structure_part *part,
    struct slice message)
{
	TEXT_AUTO read = TEXT_INIT(TEXT_MOST);
	TEXT_AUTO words = TEXT_INIT(TEXT_MOST);
	bool is_cut, is_long;

	if (read_part(part, message, &read) < 0)
		return -ENOMEM;
	is_cut = read.len == read.limit || part->end > message.len;
	(void)html_words(&words, is_cut ?
	    without_tag(text_slice(&read)) : text_slice(&read));
	return (int)add_words(text, text_slice(&words), false, &is_long);
}

/* What is quoted does not count, unless it is all there is. */
static int
add_plain(struct text *text, const struct structure_part *part,
    struct slice message)
{
	TEXT_AUTO read = TEXT_INIT(TEXT_MOST);
	size_t characters;
	bool is_long;

	if (read_part(part, message, &read) < 0)
		return -ENOMEM;
	characters = add_words(text, text_slice(&read), true, &is_long);
	if (characters == 0)
		characters = add_words(text, text_slice(&read), false,
		    &is_long);
	return (int)characters;
}

/* The same from the beginning of the part; 0: that is not enough. */
static int
add_near(struct text *text, const struct structure_part *part,
    struct slice message)
{
	TEXT_AUTO read = TEXT_INIT(TEXT_MOST);
	size_t characters, before = text->len;
	bool is_long;

	if (part->end - part->body <= NEAR_BYTES ||
	    part->body > SIZE_MAX - NEAR_BYTES)
		return 0;
	message = slice_first(message, (size_t)part->body + NEAR_BYTES);
	if (read_part(part, message, &read) < 0)
		return -ENOMEM;
	characters = add_words(text, slice_first(text_slice(&read),
	    read.len > NEAR_EDGE ? read.len - NEAR_EDGE : 0), true, &is_long);
	if (is_long)
		return (int)characters;
	text->len = before;
	return 0;
}

/* Add the words of a part.  How many characters that were, or -ENOMEM. */
static int
add_part(struct text *text, const struct structure_part *part,
    struct slice message)
{
	int r;

	if (structure_is(part, "text", "html"))
		return add_html(text, part, message);
	r = add_near(text, part, message);
	return r == 0 ? add_plain(text, part, message) : r;
}

int
preview_write(struct text *text, const struct structure *structure,
    struct slice message)
{
	struct structure_part part;
	unsigned texts = 0;
	bool more = true;
	int r = 0;

	structure_root(structure, &part);
	while (more && r == 0 && texts < PARTS_MOST) {
		if (part.kind == STRUCTURE_TEXT &&
		    !slice_has_prefix(part.disposition, "(\"attachment\"")) {
			r = add_part(text, &part, message);
			texts++;
		}
		more = structure_next(&part);
	}
	return r < 0 || text_failed(text) ? -ENOMEM : 0;
}
