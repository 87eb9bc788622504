/*
 * session.c - IMAP after login (RFC 9051 3.2), in the account's process
 *
 * Any number of sessions of one account run in one process, each with its own
 * view of its mailbox.  What one of them changes is told to the others when
 * their next command ends, or at once while they idle, and never changes the
 * numbers of a client that does not expect it (RFC 9051 7.5.1).
 *
 * A reply may be far longer than the memory a session may take, and a command
 * may work for longer than others can wait: both are done in pieces (`more`).
 * No command is read before the one before it is answered.
 */
#include "gateway/imap/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/carry.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"

#define SESSION_IDLE_MS	1800000	/* RFC 9051 5.4: at least thirty minutes */
/* HARDENING 2: bad commands after login, one behind the other.  A session lasts
 * for weeks, and some clients ask again and again for what is not offered. */
#define SESSION_BAD	20
#define SESSION_INPUT	(64 * 1024 + 512)	/* a whole line */
/* Above the pause there is room for one piece of anything. */
#define SESSION_OUTPUT	(4 * 1024 * 1024)
#define TURN_MS		10	/* DESIGN.md 4: then others get a turn */
#define PROGRESS_MS	10000	/* RFC 9585 4.2: between two that are told */

bool
imapd_is_uid(const struct imapd_session *session)
{
	return slice_has_prefix(slice_str(session->command->name), "UID ");
}

bool
imapd_knows_utf8(const struct imapd_session *session)
{
	return session->rev2 || session->utf8;
}

/* What a command had is given back. */
static void
end_work(struct imapd_session *session)
{
	if (session->drop != NULL)
		session->drop(session);
	session->drop = NULL;
	session->more = NULL;
	session->take = NULL;
	session->work = NULL;
	session->marks = false;
	session->way = NULL;
	session->visiting = session->wakes = false;
	session->command = NULL;
	text_free(&session->closing);
	arena_free(session->arena);
	session->arena = NULL;
}

/* The command is answered; the next may come. */
static void
end_command(struct imapd_session *session)
{
	end_work(session);
	imapd_input_next(&session->input);
}

void
imapd_leave(struct imapd_session *session)
{
	imapd_leave_away(session);
	selected_close(session->selected);
	session->selected = NULL;
	session->rights = RIGHTS_ALL;
	free(session->saved);
	session->saved = NULL;
	session->saved_count = 0;
}

static void
end(struct imapd_session *session)
{
	if (session->asked)
		session->ports.forget(session->ports.arg, session);
	end_command(session);
	imapd_input_free(&session->input);
	imapd_leave(session);
	imapd_visits_end(session, true);
	timer_free(session->turn);
	timer_free(session->rest);
	stream_finish(session->stream);
	session->ports.ended(session->ports.arg, session);
	free(session);
}

/* "* BYE words", and that is the end. */
static void
bye(struct imapd_session *session, const char *words)
{
	imapd_untagged(session->stream, "BYE %s", words);
	session->is_over = true;
}

/* Tell what changed, then the closing words. */
static void
finish_more(struct imapd_session *session)
{
	bool may_expunge = session->command->numbers == IMAPD_NUMBERS_MOVE;

	if (session->selected != NULL && imapd_may_hear(session) &&
	    !imapd_tell(session, may_expunge))
		return;
	/* RFC 7162 3.2: of what has gone the client hears later; until then it
	 * must not take a number it has heard for the state it is in */
	if (session->qresync && session->selected != NULL && !may_expunge &&
	    selected_has_news(session->selected, true))
		imapd_untagged(session->stream, "OK [HIGHESTMODSEQ %llu] as "
		    "far as all is told", (unsigned long long)
		    selected_modseq(session->selected));
	text_add_str(&session->closing, "\r\n");
	/* what the stream cannot take it tells as STREAM_FAILED */
	if (text_failed(&session->closing))
		session->is_over = true;
	else
		(void)stream_write(session->stream,
		    text_slice(&session->closing));
	if (session->marks && stream_mark(session->stream) < 0)
		session->is_over = true;
	end_command(session);
}

void
imapd_say_closing(struct imapd_session *session)
{
	session->more = finish_more;
}

void
imapd_finish(struct imapd_session *session, const char *format, ...)
{
	va_list args;

	text_free(&session->closing);
	session->closing = (struct text)TEXT_INIT(IMAPD_CLOSING_BYTES);
	text_addf(&session->closing, "%s ", session->tag[0] != '\0' ?
	    session->tag : "*");
	va_start(args, format);
	text_vaddf(&session->closing, format, args);
	va_end(args);
	if (slice_has_prefix(slice_str(format), "OK"))
		session->bad_commands = 0;
	session->take = NULL;
	session->more = finish_more;
}

void
imapd_progress(struct imapd_session *session, size_t done, size_t all)
{
	uint64_t now = clock_ms();
	/* a "]" would end the code where it stands */
	bool names_it = session->tag[0] != '\0' &&
	    strchr(session->tag, ']') == NULL;

	if (now < session->progress_at_ms || done >= all)
		return;
	session->progress_at_ms = now + PROGRESS_MS;
	imapd_untagged(session->stream, "OK [INPROGRESS (%s%s%s %zu %zu)] "
	    "%zu%% are done", names_it ? "\"" : "",
	    names_it ? session->tag : "NIL", names_it ? "\"" : "", done, all,
	    done * 100 / all);
}

void
imapd_finish_coded(struct imapd_session *session, struct slice code,
    const char *words)
{
	imapd_finish(session, "OK [");
	text_add(&session->closing, code);
	text_add_str(&session->closing, "] ");
	text_add_str(&session->closing, words);
}

void *
imapd_work(struct imapd_session *session, size_t bytes)
{
	session->work = arena_alloc(session->arena, bytes);
	if (session->work == NULL)
		imapd_refuse(session, -ENOMEM);
	return session->work;
}

/* What an error of the store is to a client (RFC 9051 7.1). */
static const struct {
	int		 error;
	const char	*words;
} errors[] = {
	{ -ENOENT,	"[NONEXISTENT] there is no such mailbox" },
	{ -EEXIST,	"[ALREADYEXISTS] there is such a mailbox already" },
	{ -EACCES,	"[NOPERM] you have no right to do that there" },
	{ -EINVAL,	"[CANNOT] that can be no mailbox's name" },
	{ -EPERM,	"[CANNOT] INBOX cannot be deleted" },
	{ -ENOTEMPTY,	"[HASCHILDREN] there are mailboxes below it" },
	{ -EMLINK,	"[USEATTR] another mailbox has that use" },
	{ -EDQUOT,	"[LIMIT] there are too many mailboxes" },
	{ -E2BIG,	"[LIMIT] there are too many keywords" },
	{ -EFBIG,	"[LIMIT] there are too many messages in the mailbox" },
	{ -EMSGSIZE,	"[TOOBIG] the message is too large" },
	{ -EOVERFLOW,	"[LIMIT] the mailbox has no more UIDs to give" },
	{ -ENOSPC,	"[UNAVAILABLE] the disk is full" },
	{ -EIO,		"[UNAVAILABLE] the disk has failed" },
	{ -ENOMEM,	"[LIMIT] memory is out" },
	{ -ETXTBSY,	"[INUSE] messages are just being copied into it" },
	{ -EBUSY,	"[LIMIT] other large messages are just being saved" },
	{ -EIDRM,	"[EXPUNGEISSUED] somebody has deleted the message" },
};

void
imapd_refuse(struct imapd_session *session, int error)
{
	const char *words = "[UNAVAILABLE] this cannot be done now";

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].error == error)
			words = errors[i].words;
	imapd_finish(session, "NO %s", words);
	session->ports.failed(session->ports.arg, error);
}

void
imapd_bad(struct imapd_session *session, const char *fault)
{
	if (session->input.is_lost || ++session->bad_commands >= SESSION_BAD) {
		imapd_tagged(session->stream, slice_str(session->tag),
		    "BAD %s", fault);
		bye(session, session->input.is_lost ?
		    "the connection is out of step" : "too many bad commands");
		return;
	}
	imapd_finish(session, "BAD %s", fault);
}

void
imapd_refuse_into(struct imapd_session *session, int error)
{
	if (error == -ENOENT || error == -EINVAL)
		imapd_finish(session,
		    "NO [TRYCREATE] there is no such mailbox");
	else
		imapd_refuse(session, error);
}

void
imapd_write(struct imapd_session *session, const struct text *text)
{
	/* what the stream cannot take it tells as STREAM_FAILED */
	if (text_failed(text))
		session->is_over = true;
	else
		(void)stream_write(session->stream, text_slice(text));
}

static unsigned
facts(const struct imapd_session *session)
{
	/* elsewhere it is looked at there */
	return (session->is_read_only && session->away == NULL ? 0 :
	    IMAPD_NEEDS_WRITE) | (session->is_visit ? IMAPD_IS_VISIT : 0);
}

/* What stands in place of a command that is none, until it is answered. */
static const struct imapd_command no_command = {
	.name = "", .numbers = IMAPD_NUMBERS_STAY
};

/*
 * The command is wrong.  The message that comes behind an APPEND is taken off
 * the input first, if the client does not wait for us.
 */
static void
wrong(struct imapd_session *session, enum imapd_got got, const char *fault)
{
	if (got == IMAPD_GOT_MESSAGE &&
	    imapd_input_skip(&session->input, fault))
		end_work(session);
	else
		imapd_bad(session, fault);
}

void
imapd_wrong(struct imapd_session *session, const char *fault)
{
	struct imapd_literal literal;

	wrong(session, imapd_literal_read(text_slice(&session->input.command),
	    &literal) == 0 ? IMAPD_GOT_MESSAGE : IMAPD_GOT_COMMAND, fault);
}

static void
run_command(struct imapd_session *session, struct imapd_parse *parse,
    enum imapd_got got)
{
	const struct imapd_command *command;

	if (session->input.fault != NULL) {
		imapd_bad(session, session->input.fault);
		return;
	}
	command = imapd_command_read(parse, session->selected == NULL &&
	    session->away == NULL ? IMAPD_KNOWN : IMAPD_SELECTED,
	    facts(session));
	if (command == NULL) {
		/* it says BAD or NO itself */
		if (slice_has_prefix(slice_str(parse->fault), "BAD "))
			wrong(session, got, parse->fault + 4);
		else
			imapd_finish(session, "%s", parse->fault);
		return;
	}
	session->command = command;
	if (session->is_visit && !imapd_may_visit(command)) {
		imapd_bad(session, "no command for a visitor");
		return;
	}
	if (imapd_belongs_away(session)) {
		imapd_relay_away(session);
		return;
	}
	if (!imapd_may_run(session))
		return;
	command->handler.session(session, parse);
	if (parse->fault != NULL)
		wrong(session, got, parse->fault);
}

static void
begin_command(struct imapd_session *session, enum imapd_got got)
{
	struct imapd_parse parse = {
		.rest = text_slice(&session->input.command),
		.utf8 = imapd_knows_utf8(session),
		.has_no_charset = session->utf8,
	};
	struct slice tag;

	session->command = &no_command;
	session->progress_at_ms = clock_ms() + PROGRESS_MS;
	session->tag[0] = '\0';
	session->arena = parse.arena = arena_new(IMAPD_PARSE_BYTES);
	if (session->arena == NULL) {
		bye(session, "memory is out");
	} else if (!imapd_tag(&parse, &tag) || tag.len > IMAPD_TAG_BYTES) {
		wrong(session, got, session->input.fault != NULL ?
		    session->input.fault : "a command begins with a tag");
	} else {
		(void)slice_cstr(tag, session->tag, sizeof(session->tag));
		run_command(session, &parse, got);
	}
}

/* Take one command and act on it; false when there is none. */
static bool
take_command(struct imapd_session *session)
{
	enum imapd_got got = imapd_input_take(&session->input,
	    session->stream);

	if (got == IMAPD_GOT_NOTHING)
		return false;
	begin_command(session, got);
	return true;
}

/* One step of what is to be done; false when input must come first. */
static bool
step(struct imapd_session *session)
{
	if (session->more != NULL) {
		session->more(session);
		return true;
	}
	if (session->take != NULL)
		return session->take(session);
	return take_command(session);
}

/* Go on as far as input, output, time and a question under way allow. */
static void
pump(struct imapd_session *session)
{
	uint64_t until = clock_ms() + TURN_MS;

	while (!session->is_over && !session->asked) {
		if (stream_waiting(session->stream) >= IMAPD_PAUSE) {
			stream_tell_drained(session->stream);
			return;
		}
		if (!step(session))
			break;
		if (clock_ms() >= until) {
			timer_set(session->turn, 0);
			return;
		}
	}
	if (session->is_over || (session->peer_ended && !session->asked))
		end(session);
}

void
imapd_go(struct imapd_session *session)
{
	session->asked = false;
	pump(session);
}

void
imapd_answered(struct imapd_session *session)
{
	end_command(session);
}

static void
tell_idling(struct imapd_session *session)
{
	/* an IDLE lasts for long, and its visitor's rights may not */
	if (imapd_may_hear(session)) {
		if (!imapd_tell(session, true))
			stream_tell_drained(session->stream);
	} else if (session->command->handler.session == imapd_idle) {
		bye(session, "the mailbox may not be read any more");
	}
}

static void
on_turn(void *arg)
{
	struct imapd_session *session = arg;

	/* nothing under way: it idles, and there is news */
	if (session->take != NULL && session->more == NULL &&
	    session->selected != NULL)
		tell_idling(session);
	pump(session);
}

static void
on_rest(void *arg)
{
	struct imapd_session *session = arg;

	if (imapd_rest(session))
		end(session);
}

void
imapd_session_changed(struct imapd_session *session, uint32_t mailbox)
{
	if (session->selected == NULL || session->command == NULL ||
	    session->command->handler.session != imapd_idle ||
	    selected_mailbox(session->selected) != mailbox)
		return;
	timer_set(session->turn, 0);
	/* where there is news there is more soon */
	imapd_rest_later(session);
}

/*
 * No byte came for thirty minutes.  Whoever is still taking a long reply is
 * not idle.
 */
static bool
is_idle(struct imapd_session *session)
{
	size_t waiting = stream_waiting(session->stream);
	bool moved = waiting != session->idle_waiting;

	session->idle_waiting = waiting;
	return waiting == 0 || !moved;
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct imapd_session *session = arg;

	switch (event) {
	case STREAM_INPUT:
		break;
	case STREAM_DRAINED:
		/* more news may wait for room */
		if (session->take != NULL)
			timer_set(session->turn, 0);
		break;
	case STREAM_CLOSED:
		session->peer_ended = true;
		/* what it was to say does not come any more */
		session->is_over = session->is_over || session->wakes;
		break;
	case STREAM_IDLE:
		if (!is_idle(session))
			return;
		bye(session, "nothing was said for half an hour");
		break;
	case STREAM_FAILED:
	case STREAM_TLS_UP:	/* not here: the door has the TLS */
		session->is_over = true;
		break;
	}
	if (session->wakes)
		session->asked = false;
	pump(session);
}

static void
welcome(struct imapd_session *session, struct slice tag)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	imapd_add_abilities(session, &words);
	imapd_tagged(session->stream, tag,
	    "OK [CAPABILITY%.*s] you are logged in",
	    SLICE_FMT(text_slice(&words)));
}

/*
 * Go on where another process has left off.  What its client knows may not
 * follow from what is here: then it has to come again (RFC 9051 7.1.5).
 */
static void
go_on(struct imapd_session *session, const struct session_carried *carried)
{
	int r = imapd_take_up(session, carried);

	if (r < 0) {
		bye(session, "[UNAVAILABLE] the mailbox is not as it was");
		session->ports.failed(session->ports.arg, r);
	}
	timer_set(session->turn, 0);
}

/* Its time to idle is its own process's affair. */
static void
receive(struct imapd_session *session, const struct imapd_visitor *visitor)
{
	session->is_visit = true;
	session->visitor = visitor->account;
	(void)snprintf(session->prefix, sizeof(session->prefix), "%.*s",
	    SLICE_FMT(visitor->prefix));
	session->rev2 = (visitor->enabled & IMAPD_ENABLED_REV2) != 0;
	session->condstore = (visitor->enabled & IMAPD_ENABLED_CONDSTORE) != 0;
	session->qresync = (visitor->enabled & IMAPD_ENABLED_QRESYNC) != 0;
	session->utf8 = (visitor->enabled & IMAPD_ENABLED_UTF8) != 0;
	imapd_untagged(session->stream, "OK come in");
}

struct imapd_session *
imapd_session_new(struct loop *loop, int fd, struct account *account,
    const struct imapd_session_options *options,
    const struct imapd_session_ports *ports)
{
	struct imapd_session *session = calloc(1, sizeof(*session));

	if (session == NULL) {
		(void)close(fd);
		return NULL;
	}
	session->stream = stream_new(loop, fd, SESSION_INPUT, SESSION_OUTPUT,
	    on_stream, session);
	if (session->stream == NULL)
		(void)close(fd);
	session->turn = timer_new(loop, on_turn, session);
	session->rest = timer_new(loop, on_rest, session);
	if (session->stream == NULL || session->turn == NULL ||
	    session->rest == NULL) {
		stream_free(session->stream);
		timer_free(session->turn);
		timer_free(session->rest);
		free(session);
		return NULL;
	}
	imapd_input_begin(&session->input, options->visitor == NULL ?
	    &imapd_limits_after_login : &imapd_limits_visitor);
	session->loop = loop;
	session->account = account;
	session->ports = *ports;
	session->message_bytes = options->message_bytes;
	session->rest_ms = options->rest_ms;
	session->imports = options->imports;
	(void)snprintf(session->hostname, sizeof(session->hostname), "%s",
	    options->hostname);
	(void)snprintf(session->login, sizeof(session->login), "%.*s",
	    SLICE_FMT(options->login));
	session->owner = options->account;
	session->rights = RIGHTS_ALL;
	if (options->visitor != NULL) {
		receive(session, options->visitor);
		return session;
	}
	stream_idle_after(session->stream, SESSION_IDLE_MS);
	if (options->carried != NULL) {
		go_on(session, options->carried);
		return session;
	}
	/* a client without a Sent folder makes its own; not to have the usual
	 * ones is no reason to keep anybody out */
	(void)folders_ready(account);
	welcome(session, options->tag);
	return session;
}

void
imapd_session_close(struct imapd_session *session, const char *words)
{
	bye(session, words);
	end(session);
}
