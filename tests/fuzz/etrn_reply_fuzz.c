/*
 * etrn_reply_fuzz.c - lines of an SMTP server mean what they say, or nothing
 */
#include <stdlib.h>

#include "fetch/etrn_reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
read_line(struct slice s)
{
	struct etrn_line line;

	if (etrn_line_read(s, &line) < 0)
		return;
	require(line.code >= 200 && line.code <= 599);
	require(line.words.at >= s.at &&
	    line.words.at + line.words.len <= s.at + s.len);
	/* only what says yes is done */
	require(etrn_meaning(line.code) != FETCH_END_DONE ||
	    line.code / 10 == 25);
	require(atrn_meaning(line.code) != FETCH_END_DONE ||
	    line.code == 250 || line.code == 453);
	require(etrn_pending(&line) == 0 || line.code == 253);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice rest = slice_of(bytes, len), line;
	struct etrn_offer offer = { 0 };

	while (slice_cut(&rest, '\n', &line)) {
		read_line(line);
		etrn_offer_line(&offer, line);
		require(!slice_has_prefix(line, "220 ") || (!offer.has_etrn &&
		    !offer.has_atrn && !offer.is_logged_in));
	}
	read_line(rest);
	return 0;
}
