/*
 * parse_partial.c - a page of what a SEARCH or a FETCH gives
 */
#include "gateway/imap/parse_partial.h"

/* nz-number, with a "-" in front where results are counted from the end. */
static bool
place(struct imapd_parse *parse, bool from_end, uint32_t *place_out)
{
	uint64_t n;

	if (imapd_maybe(parse, '-') != from_end)
		return imapd_parse_fault(parse,
		    "both ends of a range are counted from the same side");
	if (!imapd_number(parse, UINT32_MAX, &n))
		return false;
	if (n == 0)
		return imapd_parse_fault(parse, "results count from 1");
	*place_out = (uint32_t)n;
	return true;
}

bool
imapd_partial_read(struct imapd_parse *parse,
    struct imapd_partial *partial_out)
{
	struct imapd_partial partial = { .words = parse->rest };
	uint32_t one, other;

	partial.from_end = imapd_peek(parse) == '-';
	if (!place(parse, partial.from_end, &one))
		return false;
	if (!imapd_maybe(parse, ':'))
		return imapd_parse_fault(parse, "a range has two ends");
	if (!place(parse, partial.from_end, &other))
		return false;
	partial.words = slice_first(partial.words,
	    partial.words.len - parse->rest.len);
	/* RFC 9394 4: 500:400 is the same as 400:500 */
	partial.low = one < other ? one : other;
	partial.high = one < other ? other : one;
	*partial_out = partial;
	return true;
}

size_t
imapd_partial_of(const struct imapd_partial *partial, size_t count,
    size_t *first_out)
{
	size_t high = partial->high < count ? partial->high : count, many;

	*first_out = 0;
	if (partial->low > count)
		return 0;
	many = high - partial->low + 1;
	*first_out = partial->from_end ? count - high : partial->low - 1;
	return many;
}
