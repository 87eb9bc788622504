/*
 * imapd_state_fuzz.c - a session that another process packed is one, or is none
 *
 * What is read packs into the same bytes, and into no more than may be kept.
 */
#include <assert.h>

#include "gateway/imap/state.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO again = TEXT_INIT(SESSION_STATE_BYTES);
	struct slice packed = slice_of((const char *)bytes, len);
	struct imapd_state state;

	if (imapd_state_unpack(packed, &state) < 0)
		return 0;
	assert(!state.is_read_only || state.has_mailbox);
	assert(slice_find(state.idle_tag, '\0') == SIZE_MAX);
	imapd_state_pack(&again, &state);
	assert(slice_is(text_slice(&again), packed));
	return 0;
}
