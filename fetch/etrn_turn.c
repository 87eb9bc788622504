/*
 * etrn_turn.c - the roles are reversed: the provider joined to the door
 *
 * The bytes of the conversation go to the door through a socket pair, and back,
 * with back-pressure both ways.  The door's session is a new one: what was said
 * before does not reach it.  The provider has to wait for the greeting; what it
 * says before that was meant for something else, and ends it (HARDENING A20).
 *
 * When the provider is gone the door hears that and still answers what it has;
 * what it then says it took is what counts.  It is the door that counts, since
 * only who answered 250 knows which message is safe here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/etrn_inside.h"

#define LEAVE_MS	10000	/* for our last words to leave */
#define PIECE_BYTES	(16u * 1024)
#define READS_OF_TURN	8
#define INPUT_BYTES	((size_t)16 * 1024)	/* replies are short */
#define WAIT_BYTES	((size_t)256 * 1024)	/* above: hold the other side */
#define OUTPUT_BYTES	(WAIT_BYTES + READS_OF_TURN * PIECE_BYTES)

/* The provider is gone, and the door has said all it will. */
static void
settle(struct etrn *etrn)
{
	const struct etrn_turn *turn = &etrn->turn;
	struct fetch_outcome *outcome = &etrn->outcome;

	if (etrn->talk != NULL || turn->inner != NULL || turn->is_asked ||
	    etrn->is_over)
		return;
	outcome->taken = turn->turned.taken;
	outcome->taken_bytes = turn->turned.taken_bytes;
	outcome->held = turn->turned.held;
	outcome->left = turn->turned.left;
	if (!turn->turned.has_begun)
		etrn_note(etrn, FETCH_END_PAUSED, false, slice_str(
		    "the door takes nobody in now"));
	else if (!turn->turned.has_quit && turn->is_cut)
		etrn_note(etrn, FETCH_END_CLOSED, false, slice_str(""));
	else if (!turn->turned.has_quit)
		/* the door's own words, such as "421 4.4.2 ..." */
		etrn_note(etrn, slice_find_str(slice_str(turn->last),
		    " 4.4.2 ") != SIZE_MAX ? FETCH_END_TIMED_OUT :
		    FETCH_END_INCONSISTENT, false, slice_str(turn->last));
	etrn_settle(etrn);
}

static void
close_inner(struct etrn *etrn)
{
	stream_free(etrn->turn.inner);
	etrn->turn.inner = NULL;
}

static void
moved(struct etrn *etrn)
{
	timer_set(etrn->clock, etrn->limits.turned_ms);
}

/* What the door says came of it. */
static void
on_turned(void *arg, int status, struct ipc_message *message)
{
	struct etrn *etrn = arg;
	struct unpack u;

	etrn->turn.is_asked = false;
	if (status == 0) {
		u = unpack_of(message->body);
		if (fetch_turned_unpack(&u, &etrn->turn.turned) < 0 ||
		    !unpack_is_done(&u))
			status = -EBADMSG;
	}
	if (status < 0) {
		etrn_note(etrn, FETCH_END_LOCAL, false, slice_str(
		    "the door does not say what it took"));
		etrn_hang_up(etrn);
		close_inner(etrn);
	}
	settle(etrn);
}

/* The last line that the door said, for people if it ends with that. */
static void
keep_last(struct etrn_turn *turn, struct slice said)
{
	size_t lf;

	said = slice_trim(said);
	lf = slice_find_last(said, '\n');
	if (lf != SIZE_MAX)
		said = slice_after(said, lf + 1);
	(void)snprintf(turn->last, sizeof(turn->last), "%.*s",
	    SLICE_FMT(said));
}

/* Our greeting is there.  False: the provider has spoken before it. */
static bool
may_greet(struct etrn *etrn)
{
	char byte;

	etrn->turn.has_greeted = true;
	if (talk_read(etrn->talk, &byte, 1) > 0) {
		etrn_note(etrn, FETCH_END_INCONSISTENT, false, slice_str(
		    "it did not wait for our greeting"));
		etrn_turn_cut(etrn);
		return false;
	}
	talk_hold(etrn->talk, false);
	return true;
}

/* Pass on what the door says. */
static void
pass_out(struct etrn *etrn)
{
	struct etrn_turn *turn = &etrn->turn;
	struct slice said = stream_input(turn->inner);

	if (said.len == 0)
		return;
	keep_last(turn, said);
	/* without the provider it is said to nobody */
	if (etrn->talk != NULL && (turn->has_greeted || may_greet(etrn)) &&
	    talk_write(etrn->talk, said) < 0)
		etrn_turn_cut(etrn);
	if (turn->inner == NULL)
		return;
	stream_consume(turn->inner, said.len);
	moved(etrn);
	if (etrn->talk != NULL && talk_waiting(etrn->talk) >= WAIT_BYTES)
		stream_hold(turn->inner, true);
}

static void
on_inner(void *arg, enum stream_event event)
{
	struct etrn *etrn = arg;

	switch (event) {
	case STREAM_INPUT:
		pass_out(etrn);
		break;
	case STREAM_DRAINED:
		if (etrn->talk != NULL && etrn->turn.has_greeted)
			talk_hold(etrn->talk, false);
		break;
	case STREAM_CLOSED:
	case STREAM_FAILED:
		pass_out(etrn);
		close_inner(etrn);
		etrn->turn.is_leaving = true;
		if (etrn->limits.turned_ms > LEAVE_MS)
			timer_set(etrn->clock, LEAVE_MS);
		etrn_turn_drained(etrn);
		settle(etrn);
		break;
	case STREAM_IDLE:
	case STREAM_TLS_UP:
		break;
	}
}

void
etrn_turn_drained(struct etrn *etrn)
{
	struct etrn_turn *turn = &etrn->turn;

	if (turn->inner != NULL)
		stream_hold(turn->inner, false);
	if (!turn->is_leaving || etrn->talk == NULL ||
	    talk_waiting(etrn->talk) > 0)
		return;
	etrn_hang_up(etrn);
	settle(etrn);
}

void
etrn_turn_readable(struct etrn *etrn)
{
	struct etrn_turn *turn = &etrn->turn;
	char bytes[PIECE_BYTES];
	int n = 1;

	for (unsigned i = 0; i < READS_OF_TURN && n > 0; i++) {
		n = talk_read(etrn->talk, bytes, sizeof(bytes));
		/* when the door has ended, nobody hears it */
		if (n > 0 && turn->inner != NULL &&
		    stream_write(turn->inner, slice_of(bytes, (size_t)n)) < 0)
			return;		/* it says so itself */
		if (n > 0)
			moved(etrn);
	}
	if (turn->inner == NULL || stream_waiting(turn->inner) < WAIT_BYTES)
		return;
	talk_hold(etrn->talk, true);
	stream_tell_drained(turn->inner);
}

void
etrn_turn_cut(struct etrn *etrn)
{
	etrn->turn.is_cut = !etrn->turn.is_leaving;
	etrn_hang_up(etrn);
	if (etrn->turn.inner != NULL) {
		stream_hold(etrn->turn.inner, false);
		stream_end_output(etrn->turn.inner);
		moved(etrn);
	}
	settle(etrn);
}

/* Nothing has moved for long: first the provider goes, then we do. */
void
etrn_turn_late(struct etrn *etrn)
{
	if (etrn->talk != NULL) {
		if (!etrn->turn.is_leaving)
			etrn_note(etrn, FETCH_END_TIMED_OUT, false,
			    slice_str(""));
		etrn_turn_cut(etrn);
		if (!etrn->is_over)
			moved(etrn);
		return;
	}
	etrn_note(etrn, FETCH_END_LOCAL, false, slice_str(
	    "the door does not say what it took"));
	etrn_turn_free(etrn);
	etrn_settle(etrn);
}

void
etrn_turn_free(struct etrn *etrn)
{
	close_inner(etrn);
	if (etrn->turn.is_asked && etrn->door != NULL)
		ipc_forget(etrn->door, etrn);
	etrn->turn.is_asked = false;
}

void
etrn_door_lost(struct etrn *etrn)
{
	etrn->door = NULL;	/* its answer is that it was lost */
}

/* Hand one end to the door.  0 or a negative errno. */
static int
ask_door(struct etrn *etrn, int fd)
{
	TEXT_AUTO body = TEXT_INIT(512);
	int r;

	pack_u64(&body, etrn->account.id);
	pack_slice(&body, slice_str(talk_peer(etrn->talk)));
	pack_slice(&body, slice_str(talk_tls_words(etrn->talk)));
	if (text_failed(&body))
		return -ENOMEM;
	if (etrn->door == NULL)
		return -ENOTCONN;
	r = ipc_ask(etrn->door, DOOR_TURN, text_slice(&body), &fd, 1,
	    on_turned, etrn);
	etrn->turn.is_asked = r == 0;
	return r;
}

static int
join(struct etrn *etrn)
{
	int fd[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fd) < 0)
		return -errno;
	r = ask_door(etrn, fd[1]);
	(void)close(fd[1]);
	if (r < 0) {
		(void)close(fd[0]);
		return r;
	}
	etrn->turn.inner = stream_new(etrn->loop, fd[0], INPUT_BYTES,
	    OUTPUT_BYTES, on_inner, etrn);
	if (etrn->turn.inner != NULL)
		return 0;
	(void)close(fd[0]);
	return -ENOMEM;
}

void
etrn_turn_begin(struct etrn *etrn)
{
	const struct fetch_progress progress = {
		.stage = FETCH_STAGE_TAKING
	};
	int r;

	etrn->turn.is_reversed = true;
	/* nothing is heard before our greeting */
	talk_hold(etrn->talk, true);
	r = join(etrn);
	if (r < 0) {
		etrn_turn_free(etrn);
		etrn_break(etrn, FETCH_END_LOCAL, strerror(-r));
		return;
	}
	moved(etrn);
	if (etrn->bill != NULL)
		line_bill_for(etrn->bill, LINE_MAIL);
	if (etrn->events.progress != NULL)
		etrn->events.progress(etrn->events.arg, &progress);
}
