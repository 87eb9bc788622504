/*
 * talk_line.c - what a conversation costs the line: counted, and held back
 *
 * Bytes are counted as they are read and written, for the cause of the moment.
 * When it ends, what the system counted beyond them (TLS, the opening by libcurl,
 * what was sent twice, what nobody read any more) goes to TALK_CAUSE_SESSION.  A
 * share of the line holds reading: the other side's window fills, and it waits.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/base/talk_inside.h"
#include "lib/base/wire.h"

/*
 * Buffers for two seconds of the share; less than a small line's own would slow
 * it down when its share grows.
 */
#define WINDOW_LEAST	32768u
#define WINDOW_MOST	(1u << 20)	/* from here on the system knows best */

/* The share */

static void
on_fed(void *arg)
{
	struct talk *talk = arg;

	talk->is_starved = false;
	if (talk->is_open)
		talk_bytes_resume(talk);
}

int
talk_line_new(struct talk *talk)
{
	talk->fed = timer_new(talk->hall->loop, on_fed, talk);
	if (talk->fed == NULL)
		return -ENOMEM;
	talk->wire_fd = -1;
	bucket_set(&talk->share, talk->hall->share, clock_ms());
	LIST_INSERT_HEAD(&talk->hall->talks, talk, in_hall);
	return 0;
}

void
talk_line_free(struct talk *talk)
{
	if (talk->fed == NULL)
		return;
	LIST_REMOVE(talk, in_hall);
	timer_free(talk->fed);
	talk->fed = NULL;
}

size_t
talk_line_room(struct talk *talk, size_t size)
{
	size_t room = bucket_room(&talk->share, clock_ms());

	if (room == 0 && !talk->is_starved) {
		talk->is_starved = true;
		timer_set(talk->fed, bucket_wait_ms(&talk->share,
		    clock_ms()));
	}
	return room < size ? room : size;
}

void
talk_line_share(struct talk *talk)
{
	bucket_set(&talk->share, talk->hall->share, clock_ms());
	if (talk->is_starved)
		timer_set(talk->fed, 0);	/* it may be more now */
}

/* CURLOPT_SOCKOPTFUNCTION: before it is connected, while it still counts. */
int
talk_line_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const struct talk *talk = arg;
	uint64_t share = talk->hall->share;
	int bytes;

	if (purpose != CURLSOCKTYPE_IPCXN || share >= WINDOW_MOST / 2)
		return CURL_SOCKOPT_OK;
	bytes = (int)(2 * share < WINDOW_LEAST ? WINDOW_LEAST : 2 * share);
	/* without it more comes at once than was asked for, and no more */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return CURL_SOCKOPT_OK;
}

/* Counting */

void
talk_line_received(struct talk *talk, size_t bytes)
{
	struct talk_counts *counts = talk->counts;

	bucket_take(&talk->share, bytes, clock_ms());
	talk->told_received += bytes;
	if (counts != NULL)
		counts->bytes[counts->cause].received += bytes;
}

void
talk_line_sent(struct talk *talk, size_t bytes)
{
	struct talk_counts *counts = talk->counts;

	bucket_take(&talk->share, bytes, clock_ms());
	talk->told_sent += bytes;
	if (counts != NULL)
		counts->bytes[counts->cause].sent += bytes;
}

void
talk_line_look(struct talk *talk, int fd)
{
	uint64_t received, sent;

	if (wire_bytes(fd, &received, &sent) < 0)
		return;
	/* another one with a number that was used before has less */
	if (fd != talk->wire_fd || received < talk->fd_received ||
	    sent < talk->fd_sent)
		talk->fd_received = talk->fd_sent = 0;
	talk->wire_fd = fd;
	talk->wire_received += received - talk->fd_received;
	talk->wire_sent += sent - talk->fd_sent;
	talk->fd_received = received;
	talk->fd_sent = sent;
}

int
talk_line_close(void *arg, curl_socket_t fd)
{
	struct talk *talk = arg;

	talk_line_look(talk, fd);
	talk->wire_fd = -1;	/* the next one of that number is another */
	return close(fd);
}

void
talk_line_settle(struct talk *talk)
{
	struct talk_counts *counts = talk->counts;

	if (counts == NULL)
		return;
	if (talk->wire_received > talk->told_received) {
		counts->bytes[TALK_CAUSE_SESSION].received +=
		    talk->wire_received - talk->told_received;
		talk->told_received = talk->wire_received;
	}
	if (talk->wire_sent > talk->told_sent) {
		counts->bytes[TALK_CAUSE_SESSION].sent +=
		    talk->wire_sent - talk->told_sent;
		talk->told_sent = talk->wire_sent;
	}
}
