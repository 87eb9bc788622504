/*
 * carry.c - a session goes to rest, and goes on where it was
 */
#include "gateway/imap/carry.h"

#include <errno.h>

#include "gateway/imap/state.h"

static bool
is_idling(const struct imapd_session *session)
{
	return session->take != NULL && session->command != NULL &&
	    session->command->handler.session == imapd_idle;
}

static int
describe(const struct imapd_session *session, struct text *packed)
{
	struct imapd_state state = {
		.rev2 = session->rev2, .utf8 = session->utf8,
		.condstore = session->condstore, .qresync = session->qresync,
		.is_packed = session->is_packed,
		.bad_commands = (uint8_t)session->bad_commands,
		.has_mailbox = session->selected != NULL,
	};
	int r = 0;

	if (is_idling(session))
		state.idle_tag = slice_str(session->tag);
	if (state.has_mailbox) {
		state.is_read_only = session->is_read_only;
		r = selected_known(session->selected, &state.known);
	}
	imapd_state_pack(packed, &state);
	return r < 0 ? r : text_failed(packed) ? -ENOMEM : 0;
}

/* Leave.  0: it is over here; or a negative errno, and nothing has happened. */
static int
part(struct imapd_session *session)
{
	TEXT_AUTO packed = TEXT_INIT(SESSION_STATE_BYTES);
	struct session_carried carried = {
		.quiet_ms = stream_quiet_ms(session->stream),
	};
	int r = describe(session, &packed);

	if (r < 0)
		return r;
	carried.state = text_slice(&packed);
	r = session->ports.part(session->ports.arg,
	    stream_fd(session->stream), &carried);
	if (r < 0)
		return r;
	/* only our copy is closed: its client hears nothing of it */
	stream_free(session->stream);
	session->stream = NULL;
	session->take = NULL;
	session->is_over = true;
	return 0;
}

void
imapd_rest_later(struct imapd_session *session)
{
	if (session->rest_ms > 0)
		timer_set(session->rest, session->rest_ms);
}

/* Nothing is on its way, and nothing is known here that cannot be packed. */
static bool
can_rest(const struct imapd_session *session)
{
	for (size_t i = 0; i < IMAPD_VISITS; i++)
		if (session->visits[i] != NULL)
			return false;
	return session->more == NULL && !session->asked &&
	    !session->peer_ended && !session->is_packed &&
	    !session->is_visit && session->away == NULL &&
	    session->saved_count == 0 && session->input.command.len == 0 &&
	    stream_waiting(session->stream) == 0 &&
	    stream_input(session->stream).len == 0;
}

bool
imapd_rest(struct imapd_session *session)
{
	if (session->is_over || !is_idling(session))
		return false;
	if (can_rest(session) && part(session) == 0)
		return true;
	/* news, or nobody who takes it: another time */
	imapd_rest_later(session);
	return false;
}

/* As it would be after the command. */
static int
begin_idling(struct imapd_session *session, struct slice tag)
{
	struct imapd_parse parse = { .rest = SLICE("IDLE") };

	(void)slice_cstr(tag, session->tag, sizeof(session->tag));
	session->arena = parse.arena = arena_new(IMAPD_PARSE_BYTES);
	if (session->arena == NULL)
		return -ENOMEM;
	session->command = imapd_command_read(&parse, IMAPD_INSIDE, 0);
	if (session->command == NULL)
		return -EBADMSG;
	imapd_idle_on(session);
	return 0;
}

int
imapd_take_up(struct imapd_session *session,
    const struct session_carried *carried)
{
	struct imapd_state state;
	int r = imapd_state_unpack(carried->state, &state);

	if (r < 0)
		return r;
	session->rev2 = state.rev2;
	session->utf8 = state.utf8;
	session->condstore = state.condstore;
	session->qresync = state.qresync;
	session->is_packed = state.is_packed;
	session->bad_commands = state.bad_commands;
	session->is_read_only = state.is_read_only;
	stream_was_quiet(session->stream, carried->quiet_ms);
	if (state.has_mailbox)
		r = selected_resume(session->account, &state.known,
		    &session->selected);
	if (r == 0 && state.has_mailbox)
		session->recent = selected_recent(session->selected);
	if (r == 0 && !session->is_read_only)
		session->ports.wrote(session->ports.arg);
	if (r == 0 && state.idle_tag.len > 0)
		r = begin_idling(session, state.idle_tag);
	return r;
}
