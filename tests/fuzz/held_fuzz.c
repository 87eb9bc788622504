/*
 * held_fuzz.c - a link to held mail, and what its page shows of the message
 *
 * The first byte says which.  A link that was not written here is none; of a
 * message nothing may come out but text, and not too much of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http/held_text.h"
#include "gateway/http/html.h"
#include "lib/message/words.h"
#include "queue/held_link.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const unsigned char key[ROWS_KEY_BYTES] = "no secret here, but 32 bytes..";

static void
as_link(struct slice s)
{
	struct held_link link;
	TEXT_AUTO again = TEXT_INIT(HELD_LINK_CHARS);

	if (held_link_read(s, key, &link) < 0)
		return;
	/* of the seeds: whoever changes one finds no other */
	if (held_link_write(&again, &link, key) < 0 ||
	    !slice_is_nocase(text_slice(&again), s))
		abort();
}

static void
as_message(struct slice s)
{
	TEXT_AUTO text = TEXT_INIT(HELD_TEXT_BYTES);
	TEXT_AUTO page = TEXT_INIT(16 * HELD_TEXT_BYTES);
	bool is_cut;

	held_text(&text, s, &is_cut);
	if (text_failed(&text) || !slice_is_utf8(text_slice(&text)))
		abort();
	html_add(&page, HTML_TEXT, text_slice(&text));
	if (text_failed(&page))
		abort();
	for (size_t i = 0; i < page.len; i++)
		if (page.at[i] != '\0' && strchr("<>\"'`", page.at[i]) != NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static bool is_open;

	if (!is_open && words_open() < 0)
		return 0;
	is_open = true;
	if (len == 0)
		return 0;
	if ((at[0] & 1) == 0)
		as_link(slice_of(at + 1, len - 1));
	else
		as_message(slice_of(at + 1, len - 1));
	return 0;
}
