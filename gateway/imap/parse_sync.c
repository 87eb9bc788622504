/*
 * parse_sync.c - what CONDSTORE adds to commands
 */
#include "gateway/imap/parse_sync.h"

/* A space and a modification number. */
static bool
modseq(struct imapd_parse *parse, uint64_t *modseq_out)
{
	return imapd_space(parse) &&
	    imapd_number(parse, INT64_MAX, modseq_out);
}

static bool
select_param(struct imapd_parse *parse, struct imapd_select *select)
{
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
