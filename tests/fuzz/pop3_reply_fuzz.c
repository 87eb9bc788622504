/*
 * pop3_reply_fuzz.c - lines of a POP3 server mean what they say, or nothing
 *
 * Each line of the input is read as a status, as a row of LIST or UIDL, and as
 * one that was said before the login.
 */
#include <stdlib.h>

#include "fetch/pop3_capa.h"
#include "fetch/pop3_reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

/* `part` stands inside `whole`. */
static void
require_inside(struct slice whole, struct slice part)
{
	require(part.len == 0 || (part.at >= whole.at &&
	    part.at + part.len <= whole.at + whole.len));
}

static void
read_line(struct slice line)
{
	struct pop3_status status;
	struct pop3_row row;
	enum fetch_end end;

	if (pop3_status_read(line, &status) == 0) {
		require(status.ok == slice_has_prefix(line, "+OK"));
		require_inside(line, status.words);
		end = pop3_refusal(status.words, true);
		require(end == FETCH_END_REFUSED || end == FETCH_END_BUSY);
		require((end == FETCH_END_BUSY) ==
		    (pop3_refusal(status.words, false) == FETCH_END_BUSY));
	}
	if (pop3_row_read(line, &row) == 0) {
		require(row.number > 0);
		require_inside(line, row.rest);
		require(pop3_row_bytes(row.rest) <= INT64_MAX);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice rest = slice_of(bytes, len), line;
	struct pop3_capa capa = { 0 };

	while (slice_cut(&rest, '\n', &line)) {
		read_line(line);
		pop3_capa_line(&capa, line);
		require(capa.is_known || capa.has == 0);
	}
	read_line(rest);
	return 0;
}
