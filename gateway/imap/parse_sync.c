/*
 * parse_sync.c - what CONDSTORE and QRESYNC add to commands
 */
#include "gateway/imap/parse_sync.h"

/* A space and a modification number. */
static bool
modseq(struct imapd_parse *parse, uint64_t *modseq_out)
{
	return imapd_space(parse) &&
	    imapd_number(parse, INT64_MAX, modseq_out);
}

/* RFC 7162 7, known-uids: a set in which neither "*" nor "$" stands. */
static bool
plain_set(struct imapd_parse *parse, struct imapd_set *set_out)
{
	struct imapd_set set;

	if (!imapd_set(parse, &set))
		return false;
	for (size_t i = 0; i < set.count; i++)
		if (set.ranges[i].low == 0 || set.ranges[i].high == 0)
			return imapd_parse_fault(parse, "\"*\" is not known");
	if (set.is_saved)
		return imapd_parse_fault(parse, "\"$\" is not known");
	imapd_set_ranges(&set, UINT32_MAX);
	*set_out = set;
	return true;
}

/* "(1,3,5 1,4,9)", RFC 7162 3.2.5.2. */
static bool
match_data(struct imapd_parse *parse)
{
	struct imapd_set set;

	return imapd_byte(parse, '(') && plain_set(parse, &set) &&
	    imapd_space(parse) && plain_set(parse, &set) &&
	    imapd_byte(parse, ')');
}

static bool
qresync(struct imapd_parse *parse, struct imapd_select *select)
{
	uint64_t uidvalidity;

	if (select->has_qresync)
		return imapd_parse_fault(parse, "one QRESYNC is enough");
	select->has_qresync = true;
	if (!imapd_space(parse) || !imapd_byte(parse, '(') ||
	    !imapd_number(parse, UINT32_MAX, &uidvalidity) ||
	    !modseq(parse, &select->modseq))
		return false;
	select->uidvalidity = (uint32_t)uidvalidity;
	if (imapd_maybe(parse, ' ')) {
		select->has_known = imapd_peek(parse) != '(';
		if (select->has_known && !plain_set(parse, &select->known))
			return false;
		if ((!select->has_known || imapd_maybe(parse, ' ')) &&
		    !match_data(parse))
			return false;
	}
	return imapd_byte(parse, ')');
}

static bool
select_param(struct imapd_parse *parse, struct imapd_select *select)
{
	if (imapd_word(parse, "QRESYNC"))
		return qresync(parse, select);
	if (!imapd_word(parse, "CONDSTORE"))
		return imapd_parse_fault(parse, "no such parameter");
	select->has_condstore = true;
	return true;
}

bool
imapd_select_read(struct imapd_parse *parse, struct imapd_select *select_out)
{
	struct imapd_select select = { 0 };

	if (imapd_maybe(parse, ' ')) {
		if (!imapd_byte(parse, '('))
			return false;
		do {
			if (!select_param(parse, &select))
				return false;
		} while (imapd_maybe(parse, ' '));
		if (!imapd_byte(parse, ')'))
			return false;
	}
	*select_out = select;
	return true;
}

static bool
fetch_modifier(struct imapd_parse *parse, struct imapd_since *since)
{
	if (imapd_word(parse, "VANISHED")) {
		since->has_vanished = true;
		return true;
	}
	if (imapd_word(parse, "PARTIAL")) {
		if (since->is_partial)
			return imapd_parse_fault(parse,
			    "one PARTIAL is enough");
		since->is_partial = true;
		return imapd_space(parse) &&
		    imapd_partial_read(parse, &since->partial);
	}
	if (!imapd_word(parse, "CHANGEDSINCE"))
		return imapd_parse_fault(parse, "no such modifier");
	if (since->is_asked)
		return imapd_parse_fault(parse, "one CHANGEDSINCE is enough");
	since->is_asked = true;
	return modseq(parse, &since->modseq);
}

bool
imapd_since_read(struct imapd_parse *parse, struct imapd_since *since_out)
{
	struct imapd_since since = { 0 };

	if (imapd_maybe(parse, ' ')) {
		if (!imapd_byte(parse, '('))
			return false;
		do {
			if (!fetch_modifier(parse, &since))
				return false;
		} while (imapd_maybe(parse, ' '));
		if (!imapd_byte(parse, ')'))
			return false;
	}
	/* RFC 7162 3.2.6 */
	if (since.has_vanished && !since.is_asked)
		return imapd_parse_fault(parse,
		    "VANISHED goes with CHANGEDSINCE");
	*since_out = since;
	return true;
}

bool
imapd_unchanged_read(struct imapd_parse *parse, uint64_t *modseq_out)
{
	*modseq_out = UINT64_MAX;
	if (!imapd_maybe(parse, '('))
		return true;
	/* RFC 7162 7: only one of it */
	return (imapd_word(parse, "UNCHANGEDSINCE") ||
	    imapd_parse_fault(parse, "no such modifier")) &&
	    modseq(parse, modseq_out) && imapd_byte(parse, ')') &&
	    imapd_space(parse);
}
