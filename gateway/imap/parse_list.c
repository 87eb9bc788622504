/*
 * parse_list.c - what LIST and STATUS ask for
 */
#include "gateway/imap/parse_list.h"

struct option {
	const char	*word;
	unsigned	 bit;
};

static const struct option selects[] = {
	{ "SUBSCRIBED",		IMAPD_LIST_SUBSCRIBED },
	{ "RECURSIVEMATCH",	IMAPD_LIST_RECURSIVE },
	{ "SPECIAL-USE",	IMAPD_LIST_SPECIAL },
	{ "REMOTE",		0 },	/* there is nothing remote */
	{ NULL, 0 }
};

static const struct option returns[] = {
	{ "SUBSCRIBED",		IMAPD_LIST_SUBSCRIBED },
	{ "CHILDREN",		IMAPD_LIST_CHILDREN },
	{ "SPECIAL-USE",	IMAPD_LIST_SPECIAL },
	{ "STATUS",		IMAPD_LIST_STATUS },
	{ NULL, 0 }
};

static const struct option statuses[] = {
	{ "MESSAGES",		IMAPD_STATUS_MESSAGES },
	{ "RECENT",		IMAPD_STATUS_RECENT },
	{ "UIDNEXT",		IMAPD_STATUS_UIDNEXT },
	{ "UIDVALIDITY",	IMAPD_STATUS_UIDVALIDITY },
	{ "UNSEEN",		IMAPD_STATUS_UNSEEN },
	{ "DELETED",		IMAPD_STATUS_DELETED },
	{ "SIZE",		IMAPD_STATUS_SIZE },
	{ "HIGHESTMODSEQ",	IMAPD_STATUS_MODSEQ },
	{ "APPENDLIMIT",	IMAPD_STATUS_LIMIT },
	{ "MAILBOXID",		IMAPD_STATUS_ID },
	{ NULL, 0 }
};

/* One word of a table; false, and `fault`, when it is none of them. */
static bool
one_option(struct imapd_parse *parse, const struct option *table,
    const char *fault, unsigned *bits)
{
	struct slice word;

	if (!imapd_atom(parse, &word))
		return false;
	for (; table->word != NULL; table++) {
		if (slice_is_word(word, table->word)) {
			*bits |= table->bit;
			return true;
		}
	}
	return imapd_parse_fault(parse, fault);
}

bool
imapd_status_read(struct imapd_parse *parse, unsigned *items_out)
{
	unsigned items = 0;

	if (!imapd_byte(parse, '('))
		return false;
	do {
		if (!one_option(parse, statuses,
		    "no such item of a mailbox", &items))
			return false;
	} while (imapd_maybe(parse, ' '));
	if (!imapd_byte(parse, ')'))
		return false;
	*items_out = items;
	return true;
}

void
imapd_status_add(struct text *text, unsigned items)
{
	const char *between = "";

	for (const struct option *row = statuses; row->word != NULL; row++) {
		if ((items & row->bit) == 0)
			continue;
		text_addf(text, "%s%s", between, row->word);
		between = " ";
	}
}

static bool
read_selects(struct imapd_parse *parse, struct imapd_list *list)
{
	list->is_extended = true;
	if (imapd_maybe(parse, ')'))
		return imapd_space(parse);
	do {
		if (!one_option(parse, selects,
		    "LIST selects by no such thing", &list->select))
			return false;
	} while (imapd_maybe(parse, ' '));
	/* RFC 5258 3.1: it changes another option, and does nothing alone */
	if ((list->select & IMAPD_LIST_RECURSIVE) &&
	    !(list->select & (IMAPD_LIST_SUBSCRIBED | IMAPD_LIST_SPECIAL)))
		return imapd_parse_fault(parse,
		    "RECURSIVEMATCH goes with SUBSCRIBED");
	return imapd_byte(parse, ')') && imapd_space(parse);
}

static bool
read_returns(struct imapd_parse *parse, struct imapd_list *list)
{
	unsigned had;

	list->is_extended = true;
	if (!imapd_space(parse) || !imapd_byte(parse, '('))
		return false;
	if (imapd_maybe(parse, ')'))
		return true;
	do {
		had = list->returns & IMAPD_LIST_STATUS;
		if (!one_option(parse, returns, "LIST returns no such thing",
		    &list->returns))
			return false;
		if ((list->returns & IMAPD_LIST_STATUS) && had == 0 &&
		    (!imapd_space(parse) ||
		    !imapd_status_read(parse, &list->status)))
			return false;
	} while (imapd_maybe(parse, ' '));
	return imapd_byte(parse, ')');
}

static bool
read_patterns(struct imapd_parse *parse, struct imapd_list *list)
{
	list->patterns = arena_array(parse->arena, IMAPD_PATTERNS_MOST,
	    sizeof(*list->patterns));
	if (list->patterns == NULL)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	if (!imapd_maybe(parse, '('))
		return imapd_pattern(parse,
		    &list->patterns[list->pattern_count++]);
	list->is_extended = true;
	do {
		if (list->pattern_count == IMAPD_PATTERNS_MOST)
			return imapd_parse_fault(parse,
			    "[LIMIT] too many patterns");
		if (!imapd_pattern(parse,
		    &list->patterns[list->pattern_count++]))
			return false;
	} while (imapd_maybe(parse, ' '));
	return imapd_byte(parse, ')');
}

bool
imapd_list_read(struct imapd_parse *parse, struct imapd_list *list_out)
{
	struct imapd_list list = { 0 };

	if (imapd_maybe(parse, '(') && !read_selects(parse, &list))
		return false;
	if (!imapd_mailbox(parse, &list.reference) || !imapd_space(parse) ||
	    !read_patterns(parse, &list))
		return false;
	if (imapd_maybe(parse, ' ')) {
		if (!imapd_word(parse, "RETURN"))
			return imapd_parse_fault(parse, "RETURN is missing");
		if (!read_returns(parse, &list))
			return false;
	}
	*list_out = list;
	return imapd_end(parse);
}

/*
 * Where in the pattern the bytes read so far can have led; reached[pattern.len]
 * is its end.  A wildcard that can be nothing leads behind itself.
 */
static void
pass_wildcards(struct slice pattern, bool *reached)
{
	for (size_t p = 0; p < pattern.len; p++)
		if (reached[p] && (pattern.at[p] == '*' ||
		    pattern.at[p] == '%'))
			reached[p + 1] = true;
}

static bool
is_letter(char pattern, char name, bool any_case)
{
	return pattern == name || (any_case && pattern >= 'a' &&
	    pattern <= 'z' && pattern - 'a' + 'A' == name);
}

bool
imapd_list_matches(struct slice pattern, struct slice name)
{
	bool reached[IMAPD_PATTERNS_BYTES + 1] = { true };
	/* RFC 9051 5.1: INBOX in any case of its letters */
	bool any_case = slice_is_str(name, "INBOX");

	if (pattern.len > IMAPD_PATTERNS_BYTES)
		return false;
	pass_wildcards(pattern, reached);
	for (size_t n = 0; n < name.len; n++) {
		/* from behind, so that each place is read before it is set */
		reached[pattern.len] = false;
		for (size_t p = pattern.len; p-- > 0;) {
			char at = pattern.at[p];

			if (!reached[p])
				continue;
			if (at == '*' || (at == '%' && name.at[n] != '/'))
				continue;
			reached[p] = false;
			if (at != '%' && is_letter(at, name.at[n], any_case))
				reached[p + 1] = true;
		}
		pass_wildcards(pattern, reached);
	}
	return reached[pattern.len];
}
