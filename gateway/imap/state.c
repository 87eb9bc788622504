/*
 * state.c - what an IMAP session is, as bytes
 */
#include "gateway/imap/state.h"

#include <errno.h>

#include "lib/base/pack.h"

#define STATE_VERSION	2

enum state_bit {
	STATE_REV2	= 1 << 0,
	STATE_CONDSTORE	= 1 << 1,
	STATE_QRESYNC	= 1 << 2,
	STATE_PACKED	= 1 << 3,
	STATE_MAILBOX	= 1 << 4,
	STATE_READ_ONLY	= 1 << 5,
	STATE_UTF8	= 1 << 6,
	STATE_ALL	= (1 << 7) - 1
};

static uint16_t
bits_of(const struct imapd_state *state)
{
	unsigned bits = 0;

	bits |= state->rev2 ? STATE_REV2 : 0;
	bits |= state->utf8 ? STATE_UTF8 : 0;
	bits |= state->condstore ? STATE_CONDSTORE : 0;
	bits |= state->qresync ? STATE_QRESYNC : 0;
	bits |= state->is_packed ? STATE_PACKED : 0;
	bits |= state->has_mailbox ? STATE_MAILBOX : 0;
	bits |= state->is_read_only ? STATE_READ_ONLY : 0;
	return (uint16_t)bits;
}

void
imapd_state_pack(struct text *text, const struct imapd_state *state)
{
	pack_u8(text, STATE_VERSION);
	pack_u16(text, bits_of(state));
	pack_u8(text, state->bad_commands);
	pack_slice(text, state->idle_tag);
	if (!state->has_mailbox)
		return;
	pack_u32(text, state->known.mailbox);
	pack_u32(text, state->known.uidvalidity);
	pack_u32(text, state->known.count);
	pack_u64(text, state->known.uidnext);
	pack_u64(text, state->known.modseq);
	pack_u8(text, state->known.claims);
	pack_u8(text, state->known.run_count);
	for (size_t i = 0; i < state->known.run_count; i++) {
		pack_u32(text, state->known.runs[i].first);
		pack_u32(text, state->known.runs[i].last);
	}
}

/* Runs that ascend and stand apart; false: they do not. */
static bool
unpack_runs(struct unpack *u, struct selected_known *known)
{
	uint32_t above = 0;
	uint8_t count = unpack_u8(u);

	if (count > SELECTED_RUNS)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct selected_run *run = &known->runs[i];

		run->first = unpack_u32(u);
		run->last = unpack_u32(u);
		if (run->first <= above || run->last < run->first)
			return false;
		above = run->last;
	}
	known->run_count = count;
	return true;
}

/* RFC 7162 3.2.3: who knows VANISHED knows MODSEQ. */
static bool
makes_sense(unsigned bits, const struct imapd_state *state)
{
	return (bits & ~(unsigned)STATE_ALL) == 0 &&
	    (state->condstore || !state->qresync) &&
	    (state->has_mailbox || !state->is_read_only) &&
	    (!state->known.claims || !state->is_read_only) &&
	    state->idle_tag.len <= IMAPD_TAG_BYTES &&
	    slice_find(state->idle_tag, '\0') == SIZE_MAX;
}

int
imapd_state_unpack(struct slice packed, struct imapd_state *state_out)
{
	struct unpack u = unpack_of(packed);
	struct imapd_state state = { 0 };
	unsigned bits;

	if (unpack_u8(&u) != STATE_VERSION)
		return -EBADMSG;
	bits = unpack_u16(&u);
	state.rev2 = (bits & STATE_REV2) != 0;
	state.utf8 = (bits & STATE_UTF8) != 0;
	state.condstore = (bits & STATE_CONDSTORE) != 0;
	state.qresync = (bits & STATE_QRESYNC) != 0;
	state.is_packed = (bits & STATE_PACKED) != 0;
	state.has_mailbox = (bits & STATE_MAILBOX) != 0;
	state.is_read_only = (bits & STATE_READ_ONLY) != 0;
	state.bad_commands = unpack_u8(&u);
	state.idle_tag = unpack_slice(&u);
	if (state.has_mailbox) {
		state.known.mailbox = unpack_u32(&u);
		state.known.uidvalidity = unpack_u32(&u);
		state.known.count = unpack_u32(&u);
		state.known.uidnext = unpack_u64(&u);
		state.known.modseq = unpack_u64(&u);
		state.known.claims = unpack_bool(&u);
		if (!unpack_runs(&u, &state.known))
			return -EBADMSG;
	}
	if (!unpack_is_done(&u) || !makes_sense(bits, &state))
		return -EBADMSG;
	*state_out = state;
	return 0;
}
