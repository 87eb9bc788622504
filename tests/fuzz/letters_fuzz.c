/*
 * letters_fuzz.c - any bytes as a segment of letters; what is taken for a
 * record is written again as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "store/record.h"

/* libFuzzer's entry. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static const unsigned char hub_id[HUB_ID_BYTES] = "hub";
	unsigned char header[RECORD_HEADER_BYTES];
	struct slice rest = slice_of(at, len);
	struct record record, head;
	size_t used, whole;

	(void)segment_header_check(rest, hub_id, 1);
	rest = slice_after(rest, SEGMENT_HEADER_BYTES);
	while (record_parse(rest, &record, &used) == 0) {
		if (used > rest.len || used != RECORD_HEADER_BYTES +
		    record.trace.len + record.body.len)
			abort();
		if (record_head(rest, &head, &whole) < 0 || whole != used ||
		    head.position != record.position)
			abort();
		record_header_write(&record, header);
		/* flags we do not know are not written again */
		if (memcmp(header + 12, rest.at + 12, 48) != 0)
			abort();
		rest = slice_after(rest, used);
	}
	return 0;
}
