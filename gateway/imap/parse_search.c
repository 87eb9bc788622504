/*
 * parse_search.c - what a SEARCH asks for
 */
#include "gateway/imap/parse_search.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/message/words.h"
#include "store/selected.h"

/* What follows a key's word. */
enum shape {
	SHAPE_NOTHING,
	SHAPE_TEXT,		/* an astring */
	SHAPE_FIELD_TEXT,	/* HEADER: two of them */
	SHAPE_ATOM,
	SHAPE_DATE,
	SHAPE_NUMBER,
	SHAPE_SECONDS,
	SHAPE_UIDS,
	SHAPE_KEY,
	SHAPE_TWO_KEYS,
	SHAPE_MODSEQ
};

static const struct row {
	const char		*word;
	enum imapd_key_kind	 kind;
	enum shape		 shape;
	uint8_t			 flag;
	const char		*field;
} rows[] = {
{ "ALL",	IMAPD_KEY_ALL,		SHAPE_NOTHING,	0, NULL },
{ "ANSWERED",	IMAPD_KEY_FLAG,		SHAPE_NOTHING,	LETTER_ANSWERED, NULL },
{ "BCC",	IMAPD_KEY_HEADER,	SHAPE_TEXT,	0, "Bcc" },
{ "BEFORE",	IMAPD_KEY_BEFORE,	SHAPE_DATE,	0, NULL },
{ "BODY",	IMAPD_KEY_BODY,		SHAPE_TEXT,	0, NULL },
{ "CC",		IMAPD_KEY_HEADER,	SHAPE_TEXT,	0, "Cc" },
{ "DELETED",	IMAPD_KEY_FLAG,		SHAPE_NOTHING,	LETTER_DELETED, NULL },
{ "DRAFT",	IMAPD_KEY_FLAG,		SHAPE_NOTHING,	LETTER_DRAFT, NULL },
{ "EMAILID",	IMAPD_KEY_EMAILID,	SHAPE_ATOM,	0, NULL },
{ "FLAGGED",	IMAPD_KEY_FLAG,		SHAPE_NOTHING,	LETTER_FLAGGED, NULL },
{ "FROM",	IMAPD_KEY_HEADER,	SHAPE_TEXT,	0, "From" },
{ "HEADER",	IMAPD_KEY_HEADER,	SHAPE_FIELD_TEXT, 0, NULL },
{ "KEYWORD",	IMAPD_KEY_KEYWORD,	SHAPE_ATOM,	0, NULL },
{ "LARGER",	IMAPD_KEY_LARGER,	SHAPE_NUMBER,	0, NULL },
{ "MODSEQ",	IMAPD_KEY_MODSEQ,	SHAPE_MODSEQ,	0, NULL },
{ "NEW",	IMAPD_KEY_NEW,		SHAPE_NOTHING,	0, NULL },
{ "NOT",	IMAPD_KEY_NOT,		SHAPE_KEY,	0, NULL },
{ "OLD",	IMAPD_KEY_OLD,		SHAPE_NOTHING,	0, NULL },
{ "OLDER",	IMAPD_KEY_OLDER,	SHAPE_SECONDS,	0, NULL },
{ "ON",		IMAPD_KEY_ON,		SHAPE_DATE,	0, NULL },
{ "OR",		IMAPD_KEY_OR,		SHAPE_TWO_KEYS,	0, NULL },
{ "RECENT",	IMAPD_KEY_RECENT,		SHAPE_NOTHING,	0, NULL },
{ "SAVEDATESUPPORTED", IMAPD_KEY_ALL,	SHAPE_NOTHING,	0, NULL },
{ "SAVEDBEFORE", IMAPD_KEY_SAVED_BEFORE, SHAPE_DATE,	0, NULL },
{ "SAVEDON",	IMAPD_KEY_SAVED_ON,	SHAPE_DATE,	0, NULL },
{ "SAVEDSINCE",	IMAPD_KEY_SAVED_SINCE,	SHAPE_DATE,	0, NULL },
{ "SEEN",	IMAPD_KEY_FLAG,		SHAPE_NOTHING,	LETTER_SEEN, NULL },
{ "SENTBEFORE",	IMAPD_KEY_SENT_BEFORE,	SHAPE_DATE,	0, NULL },
{ "SENTON",	IMAPD_KEY_SENT_ON,	SHAPE_DATE,	0, NULL },
{ "SENTSINCE",	IMAPD_KEY_SENT_SINCE,	SHAPE_DATE,	0, NULL },
{ "SINCE",	IMAPD_KEY_SINCE,	SHAPE_DATE,	0, NULL },
{ "SMALLER",	IMAPD_KEY_SMALLER,	SHAPE_NUMBER,	0, NULL },
{ "SUBJECT",	IMAPD_KEY_HEADER,	SHAPE_TEXT,	0, "Subject" },
{ "TEXT",	IMAPD_KEY_TEXT,		SHAPE_TEXT,	0, NULL },
{ "THREADID",	IMAPD_KEY_NONE,		SHAPE_ATOM,	0, NULL },
{ "TO",		IMAPD_KEY_HEADER,	SHAPE_TEXT,	0, "To" },
{ "UID",	IMAPD_KEY_UIDS,		SHAPE_UIDS,	0, NULL },
{ "UNANSWERED",	IMAPD_KEY_NO_FLAG,	SHAPE_NOTHING,	LETTER_ANSWERED, NULL },
{ "UNDELETED",	IMAPD_KEY_NO_FLAG,	SHAPE_NOTHING,	LETTER_DELETED, NULL },
{ "UNDRAFT",	IMAPD_KEY_NO_FLAG,	SHAPE_NOTHING,	LETTER_DRAFT, NULL },
{ "UNFLAGGED",	IMAPD_KEY_NO_FLAG,	SHAPE_NOTHING,	LETTER_FLAGGED, NULL },
{ "UNKEYWORD",	IMAPD_KEY_NO_KEYWORD,	SHAPE_ATOM,	0, NULL },
{ "UNSEEN",	IMAPD_KEY_NO_FLAG,	SHAPE_NOTHING,	LETTER_SEEN, NULL },
{ "YOUNGER",	IMAPD_KEY_YOUNGER,	SHAPE_SECONDS,	0, NULL },
};

/* A search being read. */
struct reading {
	struct imapd_parse	*parse;
	struct imapd_search	*search;
	struct slice		 charset;	/* empty: UTF-8 */
	unsigned		 count, depth;
};

static bool	read_key(struct reading *, struct imapd_key **);

/* A string to look for, brought from the search's charset to UTF-8. */
static bool
read_text(struct reading *reading, struct slice *text_out)
{
	TEXT_AUTO utf8 = TEXT_INIT(256 * 1024);
	struct slice raw;

	if (!imapd_space(reading->parse) ||
	    !imapd_astring(reading->parse, &raw))
		return false;
	if (reading->charset.len == 0 && slice_is_utf8(raw)) {
		*text_out = raw;
		return true;
	}
	words_convert(&utf8, reading->charset, raw);
	if (text_failed(&utf8) || arena_copy(reading->parse->arena,
	    text_slice(&utf8), text_out) < 0)
		return imapd_parse_fault(reading->parse,
		    "[LIMIT] the command is too large");
	return true;
}

/* MODSEQ ["/flags/\\seen" all] 620162338 (RFC 7162 3.1.5). */
static bool
read_modseq(struct reading *reading, struct imapd_key *key)
{
	struct imapd_parse *parse = reading->parse;
	struct slice name;

	reading->search->has_modseq = true;
	if (!imapd_space(parse))
		return false;
	/* all flags of a letter have one number here: which is asked for does
	 * not matter, and nor does whose flag it is */
	if (imapd_peek(parse) == '"') {
		if (!imapd_string(parse, &name) || !imapd_space(parse))
			return false;
		if (!slice_has_prefix(name, "/flags/") ||
		    !(imapd_word(parse, "all") || imapd_word(parse, "priv") ||
		    imapd_word(parse, "shared")))
			return imapd_parse_fault(parse,
			    "MODSEQ is of no such entry");
		if (!imapd_space(parse))
			return false;
	}
	return imapd_number(parse, INT64_MAX, &key->number);
}

static bool
read_two(struct reading *reading, struct imapd_key *key)
{
	return imapd_space(reading->parse) &&
	    read_key(reading, &key->inside) &&
	    imapd_space(reading->parse) &&
	    read_key(reading, &key->inside->next);
}

static bool
read_rest(struct reading *reading, enum shape shape, struct imapd_key *key)
{
	struct imapd_parse *parse = reading->parse;

	switch (shape) {
	case SHAPE_NOTHING:
		return true;
	case SHAPE_TEXT:
		return read_text(reading, &key->text);
	case SHAPE_FIELD_TEXT:
		return imapd_space(parse) &&
		    imapd_astring(parse, &key->field) &&
		    read_text(reading, &key->text);
	case SHAPE_ATOM:
		return imapd_space(parse) && imapd_atom(parse, &key->text);
	case SHAPE_DATE:
		return imapd_space(parse) && imapd_date(parse, &key->day);
	case SHAPE_NUMBER:
		return imapd_space(parse) &&
		    imapd_number(parse, INT64_MAX, &key->number);
	case SHAPE_SECONDS:
		/* RFC 5032 4: nz-number */
		return imapd_space(parse) &&
		    imapd_number(parse, UINT32_MAX, &key->number) &&
		    (key->number > 0 || imapd_parse_fault(parse,
		    "no time is no interval"));
	case SHAPE_UIDS:
		return imapd_space(parse) && imapd_set(parse, &key->set);
	case SHAPE_KEY:
		return imapd_space(parse) && read_key(reading, &key->inside);
	case SHAPE_TWO_KEYS:
		return read_two(reading, key);
	case SHAPE_MODSEQ:
		return read_modseq(reading, key);
	}
	return false;
}

/* A list of keys up to the end or to a ")". */
static bool
read_keys(struct reading *reading, struct imapd_key **first_out)
{
	struct imapd_key **at = first_out;

	do {
		if (!read_key(reading, at))
			return false;
		at = &(*at)->next;
	} while (imapd_maybe(reading->parse, ' '));
	return true;
}

/* A key that is a word. */
static bool
read_word(struct reading *reading, struct imapd_key *key)
{
	struct slice word;

	if (!imapd_atom(reading->parse, &word))
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!slice_is_word(word, rows[i].word))
			continue;
		key->kind = rows[i].kind;
		key->flag = rows[i].flag;
		key->field = slice_str(rows[i].field);
		return read_rest(reading, rows[i].shape, key);
	}
	return imapd_parse_fault(reading->parse, "no such search key");
}

static bool
read_one(struct reading *reading, struct imapd_key *key)
{
	struct imapd_parse *parse = reading->parse;
	char next = imapd_peek(parse);

	if (imapd_maybe(parse, '(')) {
		key->kind = IMAPD_KEY_AND;
		return read_keys(reading, &key->inside) &&
		    imapd_byte(parse, ')');
	}
	if (next == '*' || next == '$' || (next >= '0' && next <= '9')) {
		key->kind = IMAPD_KEY_SET;
		return imapd_set(parse, &key->set);
	}
	return read_word(reading, key);
}

static bool
read_key(struct reading *reading, struct imapd_key **key_out)
{
	struct imapd_key *key;
	bool good;

	if (reading->count == IMAPD_KEYS_MOST ||
	    reading->depth == IMAPD_KEYS_DEPTH)
		return imapd_parse_fault(reading->parse,
		    "[LIMIT] the search is too large");
	key = arena_alloc(reading->parse->arena, sizeof(*key));
	if (key == NULL)
		return imapd_parse_fault(reading->parse,
		    "[LIMIT] the command is too large");
	*key_out = key;
	reading->count++;
	reading->depth++;
	good = read_one(reading, key);
	reading->depth--;
	return good;
}

/* One of them, whose bit is known; RFC 9394 3.1: PARTIAL or ALL, and once. */
static bool
add_return(struct imapd_parse *parse, unsigned bit,
    struct imapd_search *search)
{
	bool is_partial = bit == IMAPD_RETURN_PARTIAL;

	if (is_partial && (!imapd_space(parse) ||
	    !imapd_partial_read(parse, &search->partial)))
		return false;
	if ((is_partial && (search->returns & bit)) ||
	    ((search->returns | bit) & (IMAPD_RETURN_PARTIAL |
	    IMAPD_RETURN_ALL)) == (IMAPD_RETURN_PARTIAL | IMAPD_RETURN_ALL))
		return imapd_parse_fault(parse,
		    "one PARTIAL is told, or ALL");
	search->returns |= bit;
	return true;
}

bool
imapd_search_returns(struct imapd_parse *parse, struct imapd_search *search)
{
	static const struct {
		const char	*word;
		unsigned	 bit;
	} words[] = {
		{ "MIN",	IMAPD_RETURN_MIN },
		{ "MAX",	IMAPD_RETURN_MAX },
		{ "ALL",	IMAPD_RETURN_ALL },
		{ "COUNT",	IMAPD_RETURN_COUNT },
		{ "SAVE",	IMAPD_RETURN_SAVE },
		{ "PARTIAL",	IMAPD_RETURN_PARTIAL },
	};
	struct slice word;
	unsigned bit;

	if (!imapd_word(parse, "RETURN"))
		return true;
	search->is_extended = true;
	if (!imapd_space(parse) || !imapd_byte(parse, '('))
		return false;
	while (imapd_peek(parse) != ')') {
		if (!imapd_atom(parse, &word))
			return false;
		bit = 0;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (slice_is_word(word, words[i].word))
				bit = words[i].bit;
		if (bit == 0)
			return imapd_parse_fault(parse,
			    "SEARCH returns no such thing");
		if (!add_return(parse, bit, search))
			return false;
		if (!imapd_maybe(parse, ' '))
			break;
	}
	/* RFC 9051 6.4.4: an empty list is ALL */
	if (search->returns == 0)
		search->returns = IMAPD_RETURN_ALL;
	return imapd_byte(parse, ')') && imapd_space(parse);
}

/* RFC 6855, erratum 4029: SORT and THREAD must name one; ASCII is UTF-8. */
static bool
is_in_utf8(struct slice charset)
{
	return charset.len == 0 || slice_is_word(charset, "UTF-8") ||
	    slice_is_word(charset, "US-ASCII");
}

bool
imapd_search_keys(struct imapd_parse *parse, struct slice charset,
    struct imapd_search *search)
{
	struct reading reading = {
		.parse = parse, .search = search, .charset = charset,
	};

	search->bad_charset = charset.len > 0 && !words_reads(charset);
	if (parse->has_no_charset && !is_in_utf8(charset))
		return imapd_parse_fault(parse,
		    "after UTF8=ACCEPT all strings are UTF-8");
	if (parse->has_no_charset || slice_is_word(charset, "UTF-8"))
		reading.charset = slice_of(NULL, 0);
	return read_keys(&reading, &search->keys) && imapd_end(parse);
}

bool
imapd_search_read(struct imapd_parse *parse, struct imapd_search *search_out)
{
	struct imapd_search search = { 0 };
	struct slice charset = { NULL, 0 };

	if (!imapd_search_returns(parse, &search))
		return false;
	if (imapd_word(parse, "CHARSET")) {
		if (parse->has_no_charset)
			return imapd_parse_fault(parse,
			    "after UTF8=ACCEPT a search has no CHARSET");
		if (!imapd_space(parse) || !imapd_astring(parse, &charset) ||
		    !imapd_space(parse))
			return false;
	}
	if (!imapd_search_keys(parse, charset, &search))
		return false;
	*search_out = search;
	return true;
}
