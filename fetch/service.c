/*
 * service.c - outcomes and progress as bytes, between those who collect,
 * the schedule and the console
 *
 * What a fetch process says is checked here: it speaks with the world, and what
 * it hands on may be what the world made of it.
 */
#include "fetch/service.h"

#include <errno.h>
#include <string.h>

#include "fetch/diagnosis.h"

static const char *const end_codes[FETCH_END_COUNT] = {
	[FETCH_END_DONE]	= "done",
	[FETCH_END_UNREACHABLE]	= "unreachable",
	[FETCH_END_TIMED_OUT]	= "timed-out",
	[FETCH_END_NO_TLS]	= "no-tls",
	[FETCH_END_TLS]		= "tls",
	[FETCH_END_DISTRUSTED]	= "distrusted",
	[FETCH_END_REFUSED]	= "refused",
	[FETCH_END_BUSY]	= "busy",
	[FETCH_END_MECHANISM]	= "mechanism",
	[FETCH_END_NONSENSE]	= "nonsense",
	[FETCH_END_INCONSISTENT] = "inconsistent",
	[FETCH_END_CLOSED]	= "closed",
	[FETCH_END_PAUSED]	= "paused",
	[FETCH_END_UNSAID]	= "unsaid",
	[FETCH_END_LINE]	= "line",
	[FETCH_END_DAY]		= "day",
	[FETCH_END_LOCAL]	= "local",
	[FETCH_END_NOT_OFFERED]	= "not-offered",
	[FETCH_END_NOT_ALLOWED]	= "not-allowed",
	[FETCH_END_CONSENT]	= "consent",
	[FETCH_END_CLIENT]	= "client",
	[FETCH_END_INNER]	= "inner-host",
	[FETCH_END_WANTS_LOGIN]	= "wants-login",
};

const char *
fetch_end_code(enum fetch_end end)
{
	return end_codes[end];
}

enum fetch_end
fetch_end_of(struct slice code)
{
	unsigned end = 0;

	while (end < FETCH_END_COUNT && !slice_is_str(code, end_codes[end]))
		end++;
	return (enum fetch_end)end;
}

void
fetch_outcome_pack(struct text *text, const struct fetch_outcome *outcome)
{
	pack_u8(text, (uint8_t)outcome->end);
	pack_u64(text, outcome->listed);
	pack_u64(text, outcome->listed_bytes);
	pack_u64(text, outcome->waiting);
	pack_u64(text, outcome->waiting_bytes);
	pack_u64(text, outcome->taken);
	pack_u64(text, outcome->taken_bytes);
	pack_u64(text, outcome->held);
	pack_u64(text, outcome->deleted);
	pack_u64(text, outcome->too_large);
	pack_u64(text, outcome->left);
	pack_u64(text, outcome->skipped);
	pack_u64(text, outcome->skipped_bytes);
	pack_u64(text, outcome->deferred);
	pack_u64(text, outcome->deferred_bytes);
	pack_u64(text, outcome->asked);
	pack_u64(text, outcome->mark);
	pack_u8(text, outcome->deletions_stopped);
	pack_u8(text, outcome->has_print);
	pack_u8(text, outcome->server_said);
	pack_bytes(text, slice_of(outcome->print, sizeof(outcome->print)));
	pack_slice(text, slice_first(outcome->words, FETCH_WORDS_MOST));
	pack_slice(text, outcome->report);
}

int
fetch_outcome_unpack(struct unpack *u, struct fetch_outcome *outcome_out)
{
	struct fetch_outcome outcome = { 0 };
	struct slice print;

	outcome.end = unpack_enum(u, FETCH_END_COUNT);
	outcome.listed = unpack_u64(u);
	outcome.listed_bytes = unpack_u64(u);
	outcome.waiting = unpack_u64(u);
	outcome.waiting_bytes = unpack_u64(u);
	outcome.taken = unpack_u64(u);
	outcome.taken_bytes = unpack_u64(u);
	outcome.held = unpack_u64(u);
	outcome.deleted = unpack_u64(u);
	outcome.too_large = unpack_u64(u);
	outcome.left = unpack_u64(u);
	outcome.skipped = unpack_u64(u);
	outcome.skipped_bytes = unpack_u64(u);
	outcome.deferred = unpack_u64(u);
	outcome.deferred_bytes = unpack_u64(u);
	outcome.asked = unpack_u64(u);
	outcome.mark = unpack_u64(u);
	outcome.deletions_stopped = unpack_bool(u);
	outcome.has_print = unpack_bool(u);
	outcome.server_said = unpack_bool(u);
	print = unpack_bytes(u, sizeof(outcome.print));
	outcome.words = unpack_slice(u);
	outcome.report = unpack_slice(u);
	if (u->bad || outcome.words.len > FETCH_WORDS_MOST ||
	    outcome.report.len > DIAGNOSIS_BYTES ||
	    diagnosis_count(outcome.report) < 0)
		return -EBADMSG;
	memcpy(outcome.print, print.at, sizeof(outcome.print));
	*outcome_out = outcome;
	return 0;
}

void
fetch_progress_pack(struct text *text, const struct fetch_progress *progress)
{
	pack_u8(text, (uint8_t)progress->stage);
	pack_u64(text, progress->done);
	pack_u64(text, progress->of);
	pack_u64(text, progress->done_bytes);
	pack_u64(text, progress->of_bytes);
}

int
fetch_progress_unpack(struct unpack *u, struct fetch_progress *progress_out)
{
	struct fetch_progress progress;

	progress.stage = unpack_enum(u, FETCH_STAGE_COUNT);
	progress.done = unpack_u64(u);
	progress.of = unpack_u64(u);
	progress.done_bytes = unpack_u64(u);
	progress.of_bytes = unpack_u64(u);
	if (u->bad)
		return -EBADMSG;
	*progress_out = progress;
	return 0;
}

void
fetch_turned_pack(struct text *text, const struct fetch_turned *turned)
{
	pack_u8(text, turned->has_begun);
	pack_u8(text, turned->has_quit);
	pack_u64(text, turned->taken);
	pack_u64(text, turned->taken_bytes);
	pack_u64(text, turned->held);
	pack_u64(text, turned->left);
}

int
fetch_turned_unpack(struct unpack *u, struct fetch_turned *turned_out)
{
	struct fetch_turned turned;

	turned.has_begun = unpack_bool(u);
	turned.has_quit = unpack_bool(u);
	turned.taken = unpack_u64(u);
	turned.taken_bytes = unpack_u64(u);
	turned.held = unpack_u64(u);
	turned.left = unpack_u64(u);
	if (u->bad)
		return -EBADMSG;
	*turned_out = turned;
	return 0;
}

void
door_status_pack(struct text *text, const struct door_status *status)
{
	pack_u32(text, status->connected);
	pack_u32(text, status->logged_in);
	pack_u32(text, status->parked);
}

int
door_status_unpack(struct slice packed, struct door_status *status_out)
{
	struct unpack u = unpack_of(packed);
	struct door_status status;

	status.connected = unpack_u32(&u);
	status.logged_in = unpack_u32(&u);
	status.parked = unpack_u32(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*status_out = status;
	return 0;
}
