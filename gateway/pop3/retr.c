/*
 * retr.c - RETR and TOP (RFC 1939 5 and 7)
 *
 * A small letter is copied into the output at once, since its bytes are lent
 * only until the next look into the account.  A big one is read from its file
 * in pieces.  Once +OK is said there is no way to take it back: when the bytes
 * then cannot be had the connection is cut, so that no client takes half a
 * letter for a whole one.
 */
#include <sys/stat.h>
#include <unistd.h>

#include <errno.h>

#include "gateway/pop3/reply.h"
#include "gateway/pop3/session.h"

#define BIG_PIECE	32768	/* of a big letter, read at a time */

static void
write_run(void *arg, struct slice run)
{
	/* what the stream cannot take it tells as STREAM_FAILED */
	(void)stream_write(arg, run);
}

/* Send what of `piece` is asked for. */
static void
send_piece(struct pop3_session *session, struct slice piece)
{
	struct sending *sending = &session->sending;

	if (sending->is_top)
		piece = top_piece(&sending->top, piece);
	stuff_piece(&sending->at, piece, write_run, session->stream);
}

void
pop3_sending_end(struct pop3_session *session)
{
	session->more = NULL;
	if (session->sending.fd >= 0)
		(void)close(session->sending.fd);
	session->sending.fd = -1;
}

/* All is sent: a missing line end, the last dot, a step for the trail. */
static void
send_end(struct pop3_session *session)
{
	struct sending *sending = &session->sending;
	const struct letter *letter = view_letter(session->view, sending->n);
	bool is_cut = sending->is_top && sending->top.is_done;

	if (sending->at != STUFF_LINE_START ||
	    (letter->lacks_crlf && !is_cut))
		(void)stream_write(session->stream,
		    (struct slice)SLICE("\r\n"));
	pop3_dot(session->stream);
	if (!sending->is_top)
		session->ports.step(session->ports.arg, letter->uidl, "read");
	pop3_sending_end(session);
}

static void
say_it_comes(struct pop3_session *session)
{
	const struct sending *sending = &session->sending;

	if (sending->is_top)
		pop3_ok(session->stream, "the top of it");
	else
		pop3_ok(session->stream, "%llu octets", (unsigned long long)
		    view_letter(session->view, sending->n)->bytes);
}

/* The letter cannot be sent; the session goes on. */
static void
refuse(struct pop3_session *session, int r)
{
	const char *uidl = view_letter(session->view,
	    session->sending.n)->uidl;

	if (r == -EBADMSG)
		pop3_err(session->stream, POP3_PERM,
		    "letter %s is damaged: tell the postmaster", uidl);
	else
		pop3_err(session->stream, POP3_TEMP,
		    "letter %s cannot be read now", uidl);
	pop3_sending_end(session);
}

/* The next piece of a big letter. */
static void
more_big(struct pop3_session *session)
{
	struct sending *sending = &session->sending;
	char buffer[BIG_PIECE];
	size_t want = sending->left < sizeof(buffer) ? (size_t)sending->left :
	    sizeof(buffer);
	ssize_t n = 0;

	if (want > 0 && !(sending->is_top && sending->top.is_done)) {
		n = pread(sending->fd, buffer, want, (off_t)sending->offset);
		if (n <= 0) {
			/* half a letter is on its way: see above */
			session->is_over = true;
			return;
		}
		sending->offset += (uint64_t)n;
		sending->left -= (uint64_t)n;
		send_piece(session, slice_of(buffer, (size_t)n));
	}
	if (sending->left == 0 || (sending->is_top && sending->top.is_done))
		send_end(session);
}

/* Is the descriptor the file of `bytes` bytes that the letter needs? */
static int
check_big(int fd, uint64_t bytes)
{
	struct stat st;

	if (fd < 0)
		return -EAGAIN;
	if (fstat(fd, &st) < 0)
		return -errno;
	return (uint64_t)st.st_size == bytes ? 0 : -EBADMSG;
}

/* The descriptor is here: begin.  The trace was not kept while waiting. */
static void
begin_big(struct pop3_session *session)
{
	struct sending *sending = &session->sending;
	struct letter_bytes bytes;
	int r;

	r = account_read(session->account, session->view, sending->n, &bytes);
	if (r == 0)
		r = check_big(sending->fd, bytes.body_bytes);
	if (r < 0) {
		refuse(session, r);
		return;
	}
	sending->left = bytes.body_bytes;
	say_it_comes(session);
	send_piece(session, bytes.trace);
	session->more = more_big;
}

static void
on_big(void *arg, int fd)
{
	struct pop3_session *session = arg;

	session->asked = false;
	session->sending.fd = fd;
	session->more = begin_big;
	/* go on in a turn of the stream's own */
	stream_tell_drained(session->stream);
}

static void
send_small(struct pop3_session *session, const struct letter_bytes *bytes)
{
	say_it_comes(session);
	send_piece(session, bytes->trace);
	send_piece(session, bytes->body);
	send_end(session);
}

static void
begin(struct pop3_session *session, const struct pop3_args *args, bool is_top)
{
	struct sending sending = { .is_top = is_top, .fd = -1 };
	struct letter_bytes bytes;
	int r;

	if (pop3_letter(session, args->number, &sending.n) == NULL)
		return;
	sending.top.lines_left = args->lines;
	session->sending = sending;
	r = account_read(session->account, session->view, sending.n, &bytes);
	if (r == 0 && !bytes.is_big) {
		send_small(session, &bytes);
		return;
	}
	if (r == 0)
		r = session->ports.big(session->ports.arg, &bytes.big, on_big,
		    session);
	session->asked = r == 0;
	if (r < 0)
		refuse(session, r);
}

void
pop3_session_retr(struct pop3_session *session, const struct pop3_args *args)
{
	begin(session, args, false);
}

void
pop3_session_top(struct pop3_session *session, const struct pop3_args *args)
{
	begin(session, args, true);
}
