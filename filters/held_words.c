/*
 * held_words.c - what somebody answers who was told of held mail
 */
#include "filters/held_words.h"

#include <errno.h>
#include <string.h>

#include "lib/message/header.h"
#include "lib/message/html.h"
#include "lib/message/part_text.h"
#include "lib/message/structure.h"

#define TEXT_BYTES	(256 * 1024)	/* of a part; digests have 33 KB */
#define PARTS_MOST	64u		/* that are looked at for one with words */
#define DIGITS		6
#define AUTOMATIC	"automatic"
#define VALUE_BYTES	(HELD_WORDS_MOST * 16)

/* In each language in which people are told. */
static const struct {
	const char	*word;
	bool		 is_spam;
} acts[] = {
	{ "release", false }, { "lepaskan", false }, { "spam", true },
};

#define ACTS	(sizeof(acts) / sizeof(acts[0]))

/* A text under way. */
struct reading {
	struct held_words	*words;
	bool			 is_open;	/* the line before says what: */
	bool			 is_spam;
};

/* The two bytes of a no-break space, too: they stand in nothing that counts. */
static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ',' ||
	    c == '\xc2' || c == '\xa0';
}

static bool
next_token(struct slice *rest, struct slice *token_out)
{
	size_t len = 0;

	while (rest->len > 0 && is_between(rest->at[0]))
		*rest = slice_after(*rest, 1);
	while (len < rest->len && !is_between(rest->at[len]))
		len++;
	*token_out = slice_first(*rest, len);
	*rest = slice_after(*rest, len);
	while (token_out->len > 1 && strchr(".:;!", token_out->at[
	    token_out->len - 1]) != NULL)
		token_out->len--;
	return len > 0;
}

/* 0: it is none. */
static uint32_t
number_of(struct slice token)
{
	uint64_t number;

	if (token.len > 0 && token.at[0] == '#')
		token = slice_after(token, 1);
	return token.len == DIGITS && token.at[0] != '0' && slice_u64(token,
	    999999, &number) == 0 ? (uint32_t)number : 0;
}

static bool
is_filler(struct slice token)
{
	return slice_is_word(token, "and") || slice_is_word(token, "dan") ||
	    slice_is_str(token, "&") || slice_is_str(token, "+");
}

static bool
act_of(struct slice token, bool *is_spam_out)
{
	for (size_t i = 0; i < ACTS; i++)
		if (slice_is_word(token, acts[i].word)) {
			*is_spam_out = acts[i].is_spam;
			return true;
		}
	return false;
}

/* There are only numbers in it, and one at least. */
static bool
is_numbers(struct slice s)
{
	struct slice token;
	bool has = false;

	while (next_token(&s, &token)) {
		if (number_of(token) == 0 && !is_filler(token))
			return false;
		has = has || number_of(token) != 0;
	}
	return has;
}

static void
add_number(struct held_words *words, uint32_t number, bool is_spam)
{
	for (size_t i = 0; i < words->count; i++)
		if (words->word[i].number == number)
			return;
	if (words->count == HELD_WORDS_MOST)
		return;
	words->word[words->count].number = number;
	words->word[words->count++].is_spam = is_spam;
}

static void
read_line(struct reading *reading, struct slice line)
{
	struct slice rest = line, token;

	if (!next_token(&rest, &token)) {
		reading->is_open = false;
		return;
	}
	if (act_of(token, &reading->is_spam))
		reading->is_open = is_numbers(rest);
	else if (reading->is_open) {
		reading->is_open = is_numbers(line);
		rest = line;
	}
	while (reading->is_open && next_token(&rest, &token))
		if (number_of(token) != 0)
			add_number(reading->words, number_of(token),
			    reading->is_spam);
}

static void
read_text(struct slice text, struct held_words *words)
{
	struct reading reading = { .words = words };
	struct slice line;

	while (slice_cut(&text, '\n', &line))
		read_line(&reading, line);
	read_line(&reading, text);
}

void
held_words_of_text(struct slice text, struct held_words *words_out)
{
	*words_out = (struct held_words){ .count = 0 };
	read_text(text, words_out);
}

/* A message */

/* RFC 3834 2 and 5, and what older programs write. */
static bool
is_automatic(struct slice message)
{
	struct slice rest = message;
	struct header_field field;

	(void)header_skip_mbox(&rest);
	while (header_next(&rest, &field)) {
		struct slice value = slice_trim(field.value);

		if (slice_is_word(field.name, "Auto-Submitted") &&
		    !slice_is_word(value, "no"))
			return true;
		if (slice_is_word(field.name, "Precedence") &&
		    (slice_is_word(value, "bulk") ||
		    slice_is_word(value, "junk") ||
		    slice_is_word(value, "list") ||
		    slice_is_word(value, "auto_reply")))
			return true;
		if (slice_is_word(field.name, "X-Autoreply") ||
		    slice_is_word(field.name, "X-Autorespond") ||
		    slice_is_word(field.name, "List-Id"))
			return true;
	}
	return false;
}

/* 0 or -errno. */
static int
read_part(const struct structure_part *part, struct slice message,
    bool is_html, struct text *text)
{
	TEXT_AUTO read = TEXT_INIT(TEXT_BYTES + PART_TEXT_STEP * 4);
	struct text *into = is_html ? &read : text;
	struct part_text pt;
	struct slice piece;
	int r;

	part_text_begin(&pt, part, message);
	while ((r = part_text_next(&pt, &piece)) == 1 &&
	    into->len < TEXT_BYTES)
		text_add(into, piece);
	part_text_end(&pt);
	if (is_html)
		(void)html_words(text, text_slice(&read));
	return r < 0 ? r : text_failed(into) || text_failed(text) ? -ENOMEM :
	    0;
}

/* The first text of its sort that has words. */
static int
read_first(const struct structure *structure, struct slice message,
    bool is_html, struct held_words *words)
{
	struct structure_part part;
	unsigned tried = 0;
	int r = 0;

	structure_root(structure, &part);
	do {
		TEXT_AUTO text = TEXT_INIT(TEXT_BYTES + PART_TEXT_STEP * 4);

		if (!part_text_has(&part) ||
		    structure_is(&part, "text", "html") != is_html)
			continue;
		r = read_part(&part, message, is_html, &text);
		if (r == 0 && slice_trim(text_slice(&text)).len > 0) {
			read_text(text_slice(&text), words);
			return 0;
		}
	} while (r == 0 && ++tried < PARTS_MOST && structure_next(&part));
	return r;
}

int
held_words_of(struct slice message, struct held_words *words_out)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct held_words words = { .is_automatic = is_automatic(message) };
	struct structure structure;
	struct structure_part root;
	int r = structure_make(message, &packed);

	if (r == 0)
		r = structure_open(text_slice(&packed), &structure);
	if (r < 0)
		return -ENOMEM;
	structure_root(&structure, &root);
	words.is_automatic = words.is_automatic ||
	    structure_is(&root, "multipart", "report");
	if (!words.is_automatic)
		r = read_first(&structure, message, false, &words);
	if (r == 0 && !words.is_automatic && words.count == 0)
		r = read_first(&structure, message, true, &words);
	if (r == 0)
		*words_out = words;
	return r;
}

/* From the judge to the queue */

static void
write_words(struct text *text, const struct held_words *words)
{
	if (words->is_automatic)
		text_add_str(text, AUTOMATIC);
	for (size_t i = 0; i < words->count; i++)
		text_addf(text, "%s%s %u", i == 0 ? "" : "; ",
		    words->word[i].is_spam ? "spam" : "release",
		    words->word[i].number);
	if (text->len == 0)
		text_add_str(text, "nothing");
}

void
held_words_judge(struct slice message, struct verdict *verdict_out)
{
	TEXT_AUTO value = TEXT_INIT(VALUE_BYTES);
	struct held_words words;
	int r = held_words_of(message, &words);

	verdict_init(verdict_out);
	if (r == 0) {
		write_words(&value, &words);
		r = text_failed(&value) ? -ENOMEM : verdict_add_line(
		    verdict_out, slice_str(HELD_WORDS_LINE),
		    text_slice(&value));
	}
	if (r < 0)
		verdict_set(verdict_out, VERDICT_DEFER, 451, "4.3.0",
		    "the answer could not be read now");
}

bool
held_words_said(const struct verdict *verdict, struct held_words *words_out)
{
	struct held_words words = { .count = 0 };
	struct slice rest = { NULL, 0 }, part;

	for (size_t i = 0; i < verdict->line_count; i++)
		if (strcmp(verdict->lines[i].name, HELD_WORDS_LINE) == 0)
			rest = slice_str(verdict->lines[i].value);
	if (rest.len == 0)
		return false;
	words.is_automatic = slice_is_str(rest, AUTOMATIC);
	while (slice_cut(&rest, ';', &part))
		read_text(part, &words);
	read_text(rest, &words);
	*words_out = words;
	return true;
}
