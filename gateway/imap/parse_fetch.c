/*
 * parse_fetch.c - what a FETCH asks for
 */
#include "gateway/imap/parse_fetch.h"

#include <string.h>

/* Items that are a word; the longer of two that begin alike comes first. */
static const struct {
	const char		*word;
	enum imapd_item_kind	 kind;
} plain[] = {
	{ "FLAGS",		IMAPD_FLAGS },
	{ "UID",		IMAPD_UID },
	{ "INTERNALDATE",	IMAPD_INTERNALDATE },
	{ "SAVEDATE",		IMAPD_SAVEDATE },
	{ "RFC822.SIZE",	IMAPD_SIZE },
	{ "MODSEQ",		IMAPD_MODSEQ },
	{ "EMAILID",		IMAPD_EMAILID },
	{ "THREADID",		IMAPD_THREADID },
	{ "ENVELOPE",		IMAPD_ENVELOPE },
	{ "BODYSTRUCTURE",	IMAPD_BODYSTRUCTURE },
};

/* RFC 3501 6.4.5: what RFC822 and its parts stand for. */
static const struct {
	const char		*word;
	enum section_what	 what;
	bool			 peeks;
} old[] = {
	{ "RFC822",		SECTION_BODY,	false },
	{ "RFC822.HEADER",	SECTION_HEADER,	true },
	{ "RFC822.TEXT",	SECTION_TEXT,	false },
};

static const struct {
	const char		*word;
	enum imapd_item_kind	 kinds[5];
	size_t			 count;
} macros[] = {
	{ "ALL",  { IMAPD_FLAGS, IMAPD_INTERNALDATE, IMAPD_SIZE,
	    IMAPD_ENVELOPE }, 4 },
	{ "FAST", { IMAPD_FLAGS, IMAPD_INTERNALDATE, IMAPD_SIZE }, 3 },
	{ "FULL", { IMAPD_FLAGS, IMAPD_INTERNALDATE, IMAPD_SIZE,
	    IMAPD_ENVELOPE, IMAPD_BODY }, 5 },
};

/* The next item of the list. */
static struct imapd_item *
add(struct imapd_parse *parse, struct imapd_items *items)
{
	if (items->count == IMAPD_ITEMS_MOST) {
		(void)imapd_parse_fault(parse, "[LIMIT] too many items");
		return NULL;
	}
	return &items->items[items->count++];
}

static bool
is_item_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '.';
}

/* The word an item begins with. */
static struct slice
item_word(struct imapd_parse *parse)
{
	size_t n = 0;
	struct slice word;

	while (n < parse->rest.len && is_item_char(parse->rest.at[n]))
		n++;
	word = slice_first(parse->rest, n);
	parse->rest = slice_after(parse->rest, n);
	return word;
}

static bool
field_list(struct imapd_parse *parse, struct imapd_item *item)
{
	item->fields = arena_array(parse->arena, IMAPD_FIELDS_MOST,
	    sizeof(*item->fields));
	if (item->fields == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	if (!imapd_space(parse) || !imapd_byte(parse, '('))
		return false;
	do {
		if (item->field_count == IMAPD_FIELDS_MOST)
			return imapd_parse_fault(parse,
			    "[LIMIT] too many header fields");
		if (!imapd_astring(parse, &item->fields[item->field_count]))
			return false;
		item->field_count++;
	} while (imapd_maybe(parse, ' '));
	return imapd_byte(parse, ')');
}

/* What stands between the brackets, and the brackets. */
static bool
section(struct imapd_parse *parse, struct imapd_item *item)
{
	size_t n = 0;

	if (!imapd_byte(parse, '['))
		return false;
	while (n < parse->rest.len && is_item_char(parse->rest.at[n]))
		n++;
	if (section_parse(slice_first(parse->rest, n), &item->section) < 0)
		return imapd_parse_fault(parse, "no such section");
	parse->rest = slice_after(parse->rest, n);
	if ((item->section.what == SECTION_FIELDS ||
	    item->section.what == SECTION_FIELDS_NOT) &&
	    !field_list(parse, item))
		return false;
	return imapd_byte(parse, ']');
}

/* "<0.1000>", where it stands. */
static bool
partial(struct imapd_parse *parse, struct imapd_item *item)
{
	if (!imapd_maybe(parse, '<'))
		return true;
	item->is_partial = true;
	if (!imapd_number(parse, INT64_MAX, &item->first) ||
	    !imapd_byte(parse, '.') ||
	    !imapd_number(parse, INT64_MAX, &item->most))
		return false;
	if (item->most == 0)
		return imapd_parse_fault(parse,
		    "a part of no bytes is no part");
	return imapd_byte(parse, '>');
}

static bool
binary(struct imapd_parse *parse, struct imapd_item *item)
{
	if (!section(parse, item))
		return false;
	/* RFC 9051 9, section-binary: numbers alone */
	if (item->section.what != SECTION_BODY)
		return imapd_parse_fault(parse, "BINARY has a part's number");
	return item->kind == IMAPD_BINARY_SIZE || partial(parse, item);
}

/*
 * PREVIEW may be followed by its modifier (RFC 8970 3); in other parentheses
 * those of the command follow.
 */
static void
preview(struct imapd_parse *parse)
{
	struct imapd_parse trial = *parse;

	if (imapd_maybe(&trial, ' ') && imapd_maybe(&trial, '(') &&
	    imapd_word(&trial, "LAZY") && imapd_maybe(&trial, ')'))
		parse->rest = trial.rest;
}

/* An item that begins with `word` and may have a section. */
static bool
with_section(struct imapd_parse *parse, struct slice word,
    struct imapd_item *item)
{
	if (slice_is_word(word, "BODY") || slice_is_word(word, "BODY.PEEK")) {
		item->peeks = word.len > 4;
		item->kind = IMAPD_SECTION;
		if (imapd_peek(parse) == '[')
			return section(parse, item) && partial(parse, item);
		if (item->peeks)
			return imapd_byte(parse, '[');
		item->kind = IMAPD_BODY;
		item->peeks = true;
		return true;
	}
	if (slice_is_word(word, "BINARY.SIZE")) {
		item->kind = IMAPD_BINARY_SIZE;
		item->peeks = true;
		return binary(parse, item);
	}
	if (slice_is_word(word, "BINARY") ||
	    slice_is_word(word, "BINARY.PEEK")) {
		item->kind = IMAPD_BINARY;
		item->peeks = word.len > 6;
		return binary(parse, item);
	}
	return imapd_parse_fault(parse, "no such item of a message");
}

static bool
one_item(struct imapd_parse *parse, struct imapd_items *items)
{
	struct slice word = item_word(parse);
	struct imapd_item *item = add(parse, items);

	if (item == NULL)
		return false;
	*item = (struct imapd_item){ .peeks = true };
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (slice_is_word(word, plain[i].word)) {
			item->kind = plain[i].kind;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++) {
		if (slice_is_word(word, old[i].word)) {
			item->kind = IMAPD_SECTION;
			item->name = old[i].word;
			item->section.what = old[i].what;
			item->peeks = old[i].peeks;
			return true;
		}
	}
	if (slice_is_word(word, "PREVIEW")) {
		item->kind = IMAPD_PREVIEW;
		preview(parse);
		return true;
	}
	return with_section(parse, word, item);
}

/* A macro stands alone (RFC 9051 6.4.5). */
static bool
macro(struct imapd_parse *parse, struct imapd_items *items)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++) {
		if (!imapd_word(parse, macros[i].word))
			continue;
		for (size_t j = 0; j < macros[i].count; j++)
			items->items[items->count++] = (struct imapd_item){
				.kind = macros[i].kinds[j], .peeks = true
			};
		return true;
	}
	return false;
}

bool
imapd_items(struct imapd_parse *parse, struct imapd_items *items_out)
{
	struct imapd_items items = { 0 };

	items.items = arena_array(parse->arena, IMAPD_ITEMS_MOST,
	    sizeof(*items.items));
	if (items.items == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	if (imapd_maybe(parse, '(')) {
		do {
			if (!one_item(parse, &items))
				return false;
		} while (imapd_maybe(parse, ' '));
		if (!imapd_byte(parse, ')'))
			return false;
	} else if (!macro(parse, &items) && !one_item(parse, &items)) {
		return false;
	}
	*items_out = items;
	return true;
}

bool
imapd_items_have(const struct imapd_items *items, enum imapd_item_kind kind)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].kind == kind)
			return true;
	return false;
}
