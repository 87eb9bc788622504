/*
 * parse_sort.c - what a SORT and a THREAD ask for
 */
#include "gateway/imap/parse_sort.h"

static const struct {
	const char		*word;
	enum imapd_sort_kind	 kind;
} kinds[] = {
	{ "ARRIVAL",		IMAPD_SORT_ARRIVAL },
	{ "CC",			IMAPD_SORT_CC },
	{ "DATE",		IMAPD_SORT_DATE },
	{ "DISPLAYFROM",	IMAPD_SORT_DISPLAYFROM },
	{ "DISPLAYTO",		IMAPD_SORT_DISPLAYTO },
	{ "FROM",		IMAPD_SORT_FROM },
	{ "SIZE",		IMAPD_SORT_SIZE },
	{ "SUBJECT",		IMAPD_SORT_SUBJECT },
	{ "TO",			IMAPD_SORT_TO },
};

static bool
add_kind(struct imapd_sort *sort, enum imapd_sort_kind kind, bool reverse)
{
	for (size_t i = 0; i < sort->count; i++)
		if (sort->keys[i].kind == kind)
			return true;
	sort->keys[sort->count].kind = kind;
	sort->keys[sort->count++].reverse = reverse;
	return true;
}

/* sort-criterion = ["REVERSE" SP] sort-key */
static bool
read_criterion(struct imapd_parse *parse, struct imapd_sort *sort)
{
	bool reverse = imapd_word(parse, "REVERSE");
	struct slice word;

	if ((reverse && !imapd_space(parse)) || !imapd_atom(parse, &word))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_is_word(word, kinds[i].word))
			return add_kind(sort, kinds[i].kind, reverse);
	return imapd_parse_fault(parse, "no such sort key");
}

static bool
read_criteria(struct imapd_parse *parse, struct imapd_sort *sort)
{
	if (!imapd_byte(parse, '('))
		return false;
	do {
		if (!read_criterion(parse, sort))
			return false;
	} while (imapd_maybe(parse, ' '));
	return imapd_byte(parse, ')') && imapd_space(parse);
}

/* search-criteria = charset 1*(SP search-key) */
static bool
read_search(struct imapd_parse *parse, struct imapd_search *search)
{
	struct slice charset;

	return imapd_astring(parse, &charset) && imapd_space(parse) &&
	    imapd_search_keys(parse, charset, search);
}

bool
imapd_sort_read(struct imapd_parse *parse, struct imapd_sort *sort_out)
{
	struct imapd_sort sort = { 0 };

	if (!imapd_search_returns(parse, &sort.search) ||
	    !read_criteria(parse, &sort) || !read_search(parse, &sort.search))
		return false;
	*sort_out = sort;
	return true;
}

bool
imapd_thread_read(struct imapd_parse *parse, enum threads_how *how_out,
    struct imapd_search *search_out)
{
	struct imapd_search search = { 0 };
	struct slice word;
	enum threads_how how;

	if (!imapd_atom(parse, &word))
		return false;
	if (slice_is_word(word, "ORDEREDSUBJECT"))
		how = THREADS_ORDEREDSUBJECT;
	else if (slice_is_word(word, "REFERENCES"))
		how = THREADS_REFERENCES;
	else
		return imapd_parse_fault(parse, "no such way to thread");
	if (!imapd_space(parse) || !read_search(parse, &search))
		return false;
	*how_out = how;
	*search_out = search;
	return true;
}
