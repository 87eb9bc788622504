/*
 * etrn_reply.c - what an SMTP server says to ETRN and ATRN, and what it means
 */
#include "fetch/etrn_reply.h"

#include <errno.h>

int
etrn_line_read(struct slice s, struct etrn_line *line_out)
{
	uint64_t code;
	bool is_bare = s.len == 3;	/* RFC 5321 4.2: it may be */

	if (s.len < 3 || slice_u64(slice_first(s, 3), 599, &code) < 0 ||
	    code < 200 || (!is_bare && s.at[3] != ' ' && s.at[3] != '-'))
		return -EINVAL;
	line_out->code = (unsigned)code;
	line_out->is_last = is_bare || s.at[3] == ' ';
	line_out->words = is_bare ? slice_of(s.at, 0) : slice_after(s, 4);
	return 0;
}

void
etrn_offer_line(struct etrn_offer *offer, struct slice s)
{
	struct etrn_line line;
	struct slice keyword;

	if (etrn_line_read(s, &line) < 0)
		return;
	/* a greeting, or TLS begins: what was offered before is of no worth */
	if (line.code == 220)
		*offer = (struct etrn_offer){ 0 };
	if (line.code == 235)
		offer->is_logged_in = true;
	if (line.code != 250 || !slice_word(&line.words, &keyword))
		return;
	offer->has_etrn = offer->has_etrn || slice_is_word(keyword, "ETRN");
	offer->has_atrn = offer->has_atrn || slice_is_word(keyword, "ATRN");
	offer->has_auth = offer->has_auth || slice_is_word(keyword, "AUTH");
}

/* What is neither's own. */
static enum fetch_end
meaning(unsigned code)
{
	if (code == 500 || code == 502)
		return FETCH_END_NOT_OFFERED;
	if (code == 530)
		return FETCH_END_WANTS_LOGIN;
	if (code >= 500)
		return FETCH_END_NOT_ALLOWED;
	return code >= 400 ? FETCH_END_BUSY : FETCH_END_INCONSISTENT;
}

/* RFC 1985 5.2 */
enum fetch_end
etrn_meaning(unsigned code)
{
	if (code >= 250 && code <= 253)
		return FETCH_END_DONE;
	return code == 459 ? FETCH_END_NOT_ALLOWED : meaning(code);
}

/* RFC 2645 5.2.1: 450 is a refusal, 453 says that there is no mail */
enum fetch_end
atrn_meaning(unsigned code)
{
	if (code == 250 || code == 453)
		return FETCH_END_DONE;
	return code == 450 ? FETCH_END_NOT_ALLOWED : meaning(code);
}

uint64_t
etrn_pending(const struct etrn_line *line)
{
	struct slice rest = line->words, word;
	uint64_t n;

	if (line->code != 253)
		return 0;
	while (slice_word(&rest, &word))
		if (slice_u64(word, UINT32_MAX, &n) == 0)
			return n;
	return 0;
}
