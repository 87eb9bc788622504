/*
 * talk_drive.c - libcurl's turns on the loop
 *
 * libcurl says which sockets it waits for and when it wants to be called; both
 * become watches and a timer.  Nobody is told anything from inside it: what
 * comes of a turn is looked for when it is over, by talk_look().
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/talk_inside.h"

static void
on_socket(void *arg, unsigned what)
{
	struct talk_socket *one = arg;
	struct talk *talk = one->talk;
	int bits = 0, running;

	if (what & LOOP_READ)
		bits |= CURL_CSELECT_IN;
	if (what & LOOP_WRITE)
		bits |= CURL_CSELECT_OUT;
	/* `one` may be gone afterwards */
	talk_look(talk, curl_multi_socket_action(talk->multi, one->fd, bits,
	    &running));
}

static void
on_tick(void *arg)
{
	struct talk *talk = arg;
	int running;

	talk_look(talk, curl_multi_socket_action(talk->multi,
	    CURL_SOCKET_TIMEOUT, 0, &running));
}

static struct talk_socket *
socket_new(struct talk *talk, curl_socket_t fd)
{
	struct talk_socket *one = calloc(1, sizeof(*one));

	if (one == NULL)
		return NULL;
	one->talk = talk;
	one->fd = fd;
	one->watch = watch_new(talk->hall->loop, fd, on_socket, one);
	if (one->watch == NULL) {
		free(one);
		return NULL;
	}
	SLIST_INSERT_HEAD(&talk->sockets, one, next);
	return one;
}

static void
socket_free(struct talk_socket *one)
{
	if (one == NULL)
		return;
	SLIST_REMOVE(&one->talk->sockets, one, talk_socket, next);
	watch_free(one->watch);
	free(one);
}

/* CURLMOPT_SOCKETFUNCTION; libcurl has not closed `fd` yet when it removes. */
static int
wait_for(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct talk *talk = arg;
	struct talk_socket *one = known;
	unsigned bits = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		talk_line_look(talk, fd);
		socket_free(one);
		return 0;
	}
	if (one == NULL) {
		one = socket_new(talk, fd);
		if (one == NULL || curl_multi_assign(talk->multi, fd, one) !=
		    CURLM_OK)
			return -1;
	}
	if (what & CURL_POLL_IN)
		bits |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		bits |= LOOP_WRITE;
	return watch_want(one->watch, bits) < 0 ? -1 : 0;
}

/* CURLMOPT_TIMERFUNCTION; -1 stops it. */
static int
call_in(CURLM *multi, long ms, void *arg)
{
	struct talk *talk = arg;

	(void)multi;
	if (ms < 0)
		timer_stop(talk->tick);
	else
		timer_set(talk->tick, (uint64_t)ms);
	return 0;
}

int
talk_drive_open(struct talk *talk)
{
	SLIST_INIT(&talk->sockets);
	talk->tick = timer_new(talk->hall->loop, on_tick, talk);
	talk->multi = curl_multi_init();
	if (talk->tick == NULL || talk->multi == NULL)
		return -ENOMEM;
	if (curl_multi_setopt(talk->multi, CURLMOPT_SOCKETFUNCTION,
	    wait_for) != CURLM_OK ||
	    curl_multi_setopt(talk->multi, CURLMOPT_SOCKETDATA, talk) !=
	    CURLM_OK ||
	    curl_multi_setopt(talk->multi, CURLMOPT_TIMERFUNCTION, call_in) !=
	    CURLM_OK ||
	    curl_multi_setopt(talk->multi, CURLMOPT_TIMERDATA, talk) !=
	    CURLM_OK)
		return -ENOMEM;
	return 0;
}

void
talk_drive_stop(struct talk *talk)
{
	/* without a word: no QUIT is said for CONNECT_ONLY */
	if (talk->multi != NULL && talk->easy != NULL)
		(void)curl_multi_remove_handle(talk->multi, talk->easy);
	timer_stop(talk->tick);
	talk_line_settle(talk);
}

void
talk_drive_close(struct talk *talk)
{
	struct talk_socket *one;

	if (talk->tick != NULL)
		talk_drive_stop(talk);
	curl_easy_cleanup(talk->easy);
	(void)curl_multi_cleanup(talk->multi);
	talk_line_settle(talk);
	curl_slist_free_all(talk->addresses);
	while ((one = SLIST_FIRST(&talk->sockets)) != NULL)
		socket_free(one);
	timer_free(talk->tick);
}
