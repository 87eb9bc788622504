/*
 * relay_form_fuzz.c - any message, in the form for a host of 7 bits or of 8
 *
 * Either way it has the size that was told, every line is one that SMTP takes,
 * and what is counted is what is dotted.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "gateway/relay/body.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
write_out(const struct relay_form *form, bool counts, struct text *out)
{
	TEXT_AUTO room = TEXT_INIT(FORM_ROOM_BYTES);
	struct relay_form_reader reader = { .span = 0 };
	struct relay_body body;
	struct slice piece;
	uint64_t bytes = 0;

	relay_body_begin(&body, counts);
	while (relay_form_read(&reader, form, &room, &piece)) {
		assert(!text_failed(&room));
		bytes += piece.len;
		relay_body_add(&body, piece, out);
	}
	relay_body_end(&body, out);
	assert(bytes == relay_form_bytes(form));
	assert(!text_failed(out));
}

static void
check_lines(struct slice rest)
{
	struct slice line;
	bool is_over = false;

	while (slice_cut(&rest, '\n', &line)) {
		assert(!is_over && line.len > 0);
		assert(line.at[line.len - 1] == '\r');
		assert(line.len <= FORM_LINE_MOST + 2);
		assert(slice_find(line, '\r') == line.len - 1);
		assert(memchr(line.at, '\0', line.len) == NULL);
		is_over = slice_is_str(line, ".\r");
	}
	assert(is_over && rest.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice message = slice_of(bytes, len);
	struct relay_form_facts facts;

	relay_form_look(message, &facts);
	for (int seven = 0; seven < 2; seven++) {
		TEXT_AUTO dotted = TEXT_INIT(16 * len + 4096);
		TEXT_AUTO counted = TEXT_INIT(16 * len + 4096);
		struct relay_form form;
		int r = relay_form_make(slice_str("Received: x\r\n"), message,
		    &facts, seven == 1, &form);

		assert(r == 0 || (r == -ENOTSUP && seven == 1));
		if (r < 0)
			continue;
		write_out(&form, false, &dotted);
		write_out(&form, true, &counted);
		check_lines(text_slice(&dotted));
		assert(counted.len < dotted.len);
		assert(slice_has_prefix(text_slice(&counted), "Received: x"));
		relay_form_free(&form);
	}
	return 0;
}
