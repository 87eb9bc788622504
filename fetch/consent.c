/*
 * consent.c - what is said about a consent under way, as bytes
 */
#include "fetch/consent.h"

#include <errno.h>

#include "fetch/oauth_answer.h"

static const char *const stages[CONSENT_STAGE_COUNT] = {
	[CONSENT_NONE]		= "none",
	[CONSENT_STARTING]	= "starting",
	[CONSENT_ASKING]	= "asking",
	[CONSENT_WAITING]	= "waiting",
	[CONSENT_DONE]		= "done",
	[CONSENT_FAILED]	= "failed",
};

static const char *const steps[CONSENT_STEP_COUNT] = {
	[CONSENT_DEVICE]	= "device",
	[CONSENT_BROWSER]	= "browser",
	[CONSENT_CODE]		= "code",
	[CONSENT_LOOK]		= "look",
};

const char *
consent_stage_word(enum consent_stage stage)
{
	return stages[stage];
}

enum consent_step
consent_step_of(struct slice word)
{
	unsigned step = 0;

	while (step < CONSENT_STEP_COUNT && !slice_is_str(word, steps[step]))
		step++;
	return (enum consent_step)step;
}

void
consent_ask_pack(struct text *text, const struct consent_ask *ask)
{
	pack_u64(text, ask->id);
	pack_u8(text, (uint8_t)ask->step);
	pack_slice(text, ask->value);
	pack_slice(text, ask->state);
}

int
consent_ask_unpack(struct slice body, struct consent_ask *ask_out)
{
	struct unpack u = unpack_of(body);
	struct consent_ask ask;

	ask.id = unpack_u64(&u);
	ask.step = (enum consent_step)unpack_enum(&u, CONSENT_STEP_COUNT);
	ask.value = unpack_slice(&u);
	ask.state = unpack_slice(&u);
	if (!unpack_is_done(&u) || ask.id == 0 ||
	    ask.value.len > CONSENT_CODE_MOST ||
	    ask.state.len > CONSENT_CODE_MOST)
		return -EBADMSG;
	*ask_out = ask;
	return 0;
}

/* Codes are a table's: what is packed is which of them. */
static unsigned
number_of(const char *result)
{
	unsigned end = 0;

	while (end < OAUTH_END_COUNT && result != NULL &&
	    !slice_is_str(slice_str(result),
	    oauth_end_code((enum oauth_end)end)))
		end++;
	return result == NULL ? OAUTH_END_COUNT : end;
}

void
consent_state_pack(struct text *text, const struct consent_state *state)
{
	pack_u8(text, (uint8_t)state->stage);
	pack_slice(text, state->url);
	pack_slice(text, state->code);
	pack_u64(text, state->expires_seconds);
	pack_u8(text, (uint8_t)number_of(state->result));
	pack_slice(text, slice_first(state->words, CONSENT_WORDS_MOST));
}

int
consent_state_unpack(struct slice body, struct consent_state *state_out)
{
	struct unpack u = unpack_of(body);
	struct consent_state state;
	unsigned end;

	state.stage = (enum consent_stage)unpack_enum(&u,
	    CONSENT_STAGE_COUNT);
	state.url = unpack_slice(&u);
	state.code = unpack_slice(&u);
	state.expires_seconds = unpack_u64(&u);
	end = unpack_enum(&u, OAUTH_END_COUNT + 1);
	state.words = unpack_slice(&u);
	/* what it says a person is to open is checked where it is shown, too */
	if (!unpack_is_done(&u) || state.url.len > CONSENT_URL_MOST ||
	    state.words.len > CONSENT_WORDS_MOST ||
	    (state.url.len > 0 && !slice_has_prefix(state.url, "https://")) ||
	    !slice_is_printable_ascii(state.url) ||
	    !slice_is_printable_ascii(state.code) ||
	    !slice_is_printable_ascii(state.words))
		return -EBADMSG;
	state.result = end < OAUTH_END_COUNT ?
	    oauth_end_code((enum oauth_end)end) : "";
	*state_out = state;
	return 0;
}
