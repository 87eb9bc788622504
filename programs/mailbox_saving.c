/*
 * mailbox_saving.c - what a session asks the queue of a big message it takes
 */
#include "programs/mailbox_saving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue/service.h"

struct saving_question {
	struct ipc	*queue;
	struct saving_question **place;	/* NULL: it is forgotten */
	imapd_file_fn	*file;		/* or NULL: */
	imapd_kept_fn	*kept;
	void		*arg;
};

/* Was it forgotten?  If not, whoever asked may ask the next. */
static bool
is_wanted(const struct saving_question *question)
{
	if (question->place == NULL)
		return false;
	*question->place = NULL;
	return true;
}

/* 0 and the file, whose pipe is `file`'s to close; or -errno. */
static int
read_file(struct ipc_message *message, struct imapd_file *file)
{
	struct unpack u = unpack_of(message->body);
	int r = (int)unpack_i64(&u);
	struct slice id;

	file->ticket = unpack_u64(&u);
	id = unpack_bytes(&u, MESSAGE_ID_BYTES);
	if (!unpack_is_done(&u) || r > 0)
		return -EPROTO;
	if (r < 0)
		return r;
	memcpy(file->id.bytes, id.at, MESSAGE_ID_BYTES);
	file->pipe = ipc_take_fd(message, 0);
	if (file->pipe < 0)
		return -EPROTO;
	/* a queue that hangs must hang nobody else */
	if (fcntl(file->pipe, F_SETFL, O_NONBLOCK) == 0)
		return 0;
	r = -errno;
	(void)close(file->pipe);
	return r;
}

static void
on_file(void *arg, int status, struct ipc_message *message)
{
	struct saving_question *question = arg;
	struct imapd_file file = { .pipe = -1 };

	if (status == 0)
		status = read_file(message, &file);
	if (is_wanted(question)) {
		question->file(question->arg, status,
		    status == 0 ? &file : NULL);
	} else if (status == 0) {
		(void)close(file.pipe);
		saving_abandon_file(question->queue, file.ticket);
	}
	free(question);
}

static void
on_kept(void *arg, int status, struct ipc_message *message)
{
	struct saving_question *question = arg;
	uint64_t bytes = 0;
	struct unpack u;

	if (status == 0) {
		u = unpack_of(message->body);
		status = (int)unpack_i64(&u);
		bytes = unpack_u64(&u);
		if (!unpack_is_done(&u) || status > 0)
			status = -EPROTO;
	}
	if (is_wanted(question))
		question->kept(question->arg, status, bytes);
	free(question);
}

static int
ask(const struct saving_question *said, uint16_t kind, uint64_t number,
    ipc_reply_fn *reply)
{
	struct saving_question *question;
	TEXT_AUTO body = TEXT_INIT(16);
	int r;

	if (said->queue == NULL)
		return -ENOTCONN;
	question = malloc(sizeof(*question));
	if (question == NULL)
		return -ENOMEM;
	*question = *said;
	pack_u64(&body, number);
	r = ipc_ask(question->queue, kind, text_slice(&body), NULL, 0, reply,
	    question);
	if (r < 0)
		free(question);
	else
		*question->place = question;
	return r;
}

int
saving_ask_file(struct ipc *queue, uint64_t bytes, imapd_file_fn *reply,
    void *arg, struct saving_question **question)
{
	const struct saving_question said = { .queue = queue,
	    .place = question, .file = reply, .arg = arg };

	return ask(&said, QUEUE_SAVE_BIG, bytes, on_file);
}

int
saving_ask_keep(struct ipc *queue, uint64_t ticket, imapd_kept_fn *reply,
    void *arg, struct saving_question **question)
{
	const struct saving_question said = { .queue = queue,
	    .place = question, .kept = reply, .arg = arg };

	return ask(&said, QUEUE_SAVED_BIG, ticket, on_kept);
}

void
saving_forget(struct saving_question *question)
{
	if (question != NULL)
		question->place = NULL;
}

void
saving_abandon_file(struct ipc *queue, uint64_t ticket)
{
	TEXT_AUTO body = TEXT_INIT(16);

	/* to one that is gone nothing need be said */
	if (queue == NULL)
		return;
	pack_u64(&body, ticket);
	(void)ipc_send(queue, QUEUE_ABANDON_BIG, text_slice(&body), NULL, 0);
}
