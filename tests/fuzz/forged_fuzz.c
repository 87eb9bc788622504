/*
 * forged_fuzz.c - what is left of a message has no line in the hub's name
 *
 * And whatever the bytes are, what is cut out is whole lines of its header: the
 * rest is there, in its order.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filters/forged.h"

#define HOST	"hub.test"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice message = slice_of(len == 0 ? "" : (const char *)bytes,
	    len);
	char *to = malloc(len + 1);
	struct edits_piece piece;
	struct verdict verdict, again;
	uint64_t left = 0;
	size_t at = 0;

	if (to == NULL)
		return 0;
	(void)forged_is_of(message, HOST);
	forged_judge(message, HOST, &verdict);
	assert(edits_bytes(&verdict.edits, len, &left) == 0 && left <= len);
	for (unsigned n = 0; edits_piece(&verdict.edits, len, n, &piece); n++) {
		assert(piece.text.len == 0 && piece.bytes <= len - at);
		memcpy(to + at, message.at + piece.at, (size_t)piece.bytes);
		at += (size_t)piece.bytes;
	}
	assert(at == left);
	forged_judge(slice_of(to, at), HOST, &again);
	assert(verdict.action != VERDICT_ACCEPT || again.edits.count == 0);
	free(to);
	return 0;
}
