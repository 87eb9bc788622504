/*
 * saving.c - a big message of an APPEND, on its way into a file of the queue
 */
#include "gateway/imap/saving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What gathered before the message was found to be big, and one look at the
 * input on top: twice as long, if all of it is bare line ends.
 */
#define HELD_BYTES	(3 * BIG_BYTES)

struct imapd_saving {
	struct imapd_session *session;
	struct text	 held;		/* added, not all of it sent */
	size_t		 sent;		/* of these */
	uint64_t	 bytes;		/* added */
	char		 last[2];	/* of them */
	int		 pipe;		/* -1: none, or closed */
	struct watch	*watch;		/* of the pipe */
	bool		 has_ticket;	/* a file waits for our word */
	uint64_t	 ticket;
	struct message_id id;
	int		 error;
};

static void
pipe_close(struct imapd_saving *saving)
{
	watch_free(saving->watch);
	saving->watch = NULL;
	if (saving->pipe >= 0)
		(void)close(saving->pipe);
	saving->pipe = -1;
}

static void
fail(struct imapd_saving *saving, int error)
{
	if (saving->error == 0)
		saving->error = error;
	pipe_close(saving);
	text_clear(&saving->held);
	saving->sent = 0;
}

/* What the queue says, as this session's store would say it. */
static int
said(int status)
{
	switch (status) {
	case -EFBIG:
		return -EMSGSIZE;
	case -EDQUOT:
		return -EBUSY;
	case -EIO:
		return -EAGAIN;		/* its disk, not ours */
	default:
		return status;
	}
}

/* What was waited for is there: go on in a turn of its own. */
static void
go_on(struct imapd_session *session)
{
	session->asked = false;
	timer_set(session->turn, 0);
}

static void
on_pipe(void *arg, unsigned what)
{
	struct imapd_saving *saving = arg;

	(void)what;
	if (imapd_saving_flush(saving))
		go_on(saving->session);
}

static void
on_file(void *arg, int status, const struct imapd_file *file)
{
	struct imapd_session *session = arg;
	struct imapd_saving *saving = session->saving;

	go_on(session);
	if (status < 0) {
		fail(saving, said(status));
		return;
	}
	saving->pipe = file->pipe;
	saving->ticket = file->ticket;
	saving->has_ticket = true;
	saving->id = file->id;
	saving->watch = watch_new(session->loop, saving->pipe, on_pipe,
	    saving);
	if (saving->watch == NULL)
		fail(saving, -ENOMEM);
}

int
imapd_saving_begin(struct imapd_session *session, uint64_t bytes,
    struct imapd_saving **saving_out)
{
	struct imapd_saving *saving = calloc(1, sizeof(*saving));
	int r;

	if (saving == NULL)
		return -ENOMEM;
	saving->session = session;
	saving->held = (struct text)TEXT_INIT(HELD_BYTES);
	saving->pipe = -1;
	r = session->ports.file(session->ports.arg, bytes, on_file, session);
	if (r < 0) {
		free(saving);
		return r;
	}
	session->saving = saving;
	session->asked = true;
	*saving_out = saving;
	return 0;
}

int
imapd_saving_error(const struct imapd_saving *saving)
{
	return saving->error;
}

void
imapd_saving_add(struct imapd_saving *saving, struct slice bytes)
{
	if (bytes.len == 0 || saving->error < 0)
		return;
	text_add(&saving->held, bytes);
	if (text_failed(&saving->held)) {
		fail(saving, -ENOMEM);
		return;
	}
	saving->bytes += bytes.len;
	saving->last[0] = bytes.len > 1 ? bytes.at[bytes.len - 2] :
	    saving->last[1];
	saving->last[1] = bytes.at[bytes.len - 1];
}

/* As much as the pipe takes now. */
static void
fill(struct imapd_saving *saving)
{
	while (saving->sent < saving->held.len) {
		ssize_t put = write(saving->pipe,
		    saving->held.at + saving->sent,
		    saving->held.len - saving->sent);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			return;
		if (put < 0) {
			/* the queue is gone, and its file with it */
			fail(saving, -EAGAIN);
			return;
		}
		saving->sent += (size_t)put;
	}
	text_clear(&saving->held);
	saving->sent = 0;
}

bool
imapd_saving_flush(struct imapd_saving *saving)
{
	if (saving->pipe < 0)
		return true;
	fill(saving);
	if (saving->pipe >= 0 && watch_want(saving->watch,
	    saving->held.len > 0 ? LOOP_WRITE : 0) < 0)
		fail(saving, -ENOMEM);
	saving->session->asked = saving->held.len > 0;
	return saving->held.len == 0;
}

static void
on_kept(void *arg, int status, uint64_t bytes)
{
	struct imapd_session *session = arg;
	struct imapd_saving *saving = session->saving;

	go_on(session);
	/* the queue has dropped it, or it is a letter's from now on */
	saving->has_ticket = false;
	if (status == 0 && bytes != saving->bytes)
		status = -EAGAIN;
	if (status < 0)
		fail(saving, said(status));
}

void
imapd_saving_finish(struct imapd_saving *saving, struct appending *appending)
{
	struct imapd_session *session = saving->session;
	int r = saving->error;

	if (r < 0)
		return;
	pipe_close(saving);
	r = appending_expect(appending, &saving->id);
	if (r == 0)
		r = session->ports.keep(session->ports.arg, saving->ticket,
		    on_kept, session);
	if (r < 0)
		fail(saving, r);
	else
		session->asked = true;
}

void
imapd_saving_letter(const struct imapd_saving *saving,
    struct append_letter *letter)
{
	letter->is_big = true;
	letter->big = saving->id;
	letter->body = slice_of(NULL, 0);
	letter->body_bytes = saving->bytes;
	letter->lacks_crlf = memcmp(saving->last, "\r\n", 2) != 0;
}

void
imapd_saving_end(struct imapd_saving *saving)
{
	if (saving == NULL)
		return;
	pipe_close(saving);
	if (saving->has_ticket)
		saving->session->ports.abandon(saving->session->ports.arg,
		    saving->ticket);
	saving->session->saving = NULL;
	text_free(&saving->held);
	free(saving);
}
