/*
 * link_turn.c - connections that a host has made for its own mail (RFC 2645)
 *
 * It is greeted as any other, and walks the states of link.c from there on; it has
 * one message at a time, waits for the next in the same state as ours do, and is
 * never another host's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/relay/link_inside.h"
#include "queue/relay_job.h"

#define TURN_OUTPUT_BYTES (1024u * 1024)

/* Greeting */

static void
say_hello(struct relay_link *link, enum link_step step)
{
	TEXT_AUTO line = TEXT_INIT(512);

	text_addf(&line, "%s %s\r\n", step == STEP_EHLO ? "EHLO" : "HELO",
	    link->links->called);
	link->step = step;
	if (text_failed(&line) || link_say(link, text_slice(&line)) < 0)
		link_broke(link, TALK_LOCAL, slice_of("", 0));
}

void
link_greeted(struct relay_link *link, const struct relay_said *words)
{
	if (link->step == STEP_GREETING && words->code == 220)
		say_hello(link, STEP_EHLO);
	else if (link->step == STEP_EHLO && words->code / 100 == 5)
		say_hello(link, STEP_HELO);
	else if (link->step != STEP_GREETING && words->code == 250)
		link_ready(link);
	else
		link_broke(link, TALK_NONSENSE, slice_str(words->words));
}

enum relay_heard
link_hear_greeting(struct relay_link *link, struct slice *rest,
    struct relay_said *words)
{
	enum relay_heard is = RELAY_MORE;
	struct slice line;
	size_t lf;

	while (is == RELAY_MORE && (lf = slice_find(*rest, '\n')) !=
	    SIZE_MAX) {
		line = slice_first(*rest, lf + 1);
		*rest = slice_after(*rest, lf + 1);
		relay_offer_line(&link->offer, slice_trim(line));
		is = relay_hear(&link->hearing, &line, words);
	}
	return is == RELAY_MORE && rest->len >= RELAY_LINE_BYTES ?
	    RELAY_NONSENSE : is;
}

/* The connection */

/* As much as has come. */
static void
take_input(struct relay_link *link)
{
	while (link->stream != NULL) {
		struct slice input = stream_input(link->stream);
		size_t n = sizeof(link->input) - link->len;

		n = input.len < n ? input.len : n;
		if (n == 0)
			return;
		memcpy(link->input + link->len, input.at, n);
		stream_consume(link->stream, n);
		link->len += n;
		link_hear(link);
	}
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct relay_link *link = arg;

	switch (event) {
	case STREAM_INPUT:
		take_input(link);
		break;
	case STREAM_DRAINED:
		link_on_drained(link);
		break;
	case STREAM_CLOSED:
	case STREAM_FAILED:
		take_input(link);
		if (link->stream != NULL)
			link_broke(link, TALK_CLOSED, slice_of("", 0));
		break;
	case STREAM_IDLE:
	case STREAM_TLS_UP:
		break;
	}
	if (link->is == LINK_OPENED && link->stream == NULL)
		link_broke(link, TALK_CLOSED, slice_of("", 0));
}

static struct relay_link *
find_turn(const struct relay_links *links, uint64_t number)
{
	struct relay_link *link;

	LIST_FOREACH(link, &links->all, next)
		if (link->turn == number && link->turn != 0 &&
		    link->is < LINK_QUITTING && !link->is_last)
			break;
	return link;
}

int
relay_links_turn(struct relay_links *links, const struct relay_turn *turn,
    int fd)
{
	struct relay_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return -ENOMEM;
	link->links = links;
	link->since_ms = clock_ms();
	link->was_reached = true;
	LIST_INSERT_HEAD(&links->all, link, next);
	link->clock = timer_new(links->loop, link_on_clock, link);
	if (link->clock != NULL && slice_cstr(turn->peer, link->host,
	    sizeof(link->host)) == 0 && slice_cstr(turn->tls,
	    link->tls_words, sizeof(link->tls_words)) == 0)
		link->stream = stream_new(links->loop, fd, LINK_READ_BYTES,
		    TURN_OUTPUT_BYTES, on_stream, link);
	if (link->stream == NULL) {
		link_free(link);
		return -ENOMEM;
	}
	link->turn = turn->number;
	timer_set(link->clock, relay_waits.open);
	return 0;
}

void
relay_links_on_turn(struct relay_links *links, const char *called,
    relay_turn_over_fn *over, void *arg)
{
	links->called = called;
	links->turn_over = over;
	links->turn_arg = arg;
}

void
relay_links_turn_done(struct relay_links *links, uint64_t number)
{
	struct relay_link *link = find_turn(links, number);

	if (link == NULL)
		return;
	link->is_last = true;
	if (link->is == LINK_IDLE)
		link_quit(link);
}

const char *
relay_links_turn_peer(const struct relay_links *links, uint64_t number)
{
	const struct relay_link *link = find_turn(links, number);

	return link == NULL ? NULL : link->host;
}

int
link_take_turn(struct relay_links *links, uint64_t number,
    struct relay_link **link_out)
{
	struct relay_link *link = find_turn(links, number);

	if (link == NULL)
		return -ENOENT;
	if (link->is_owned)
		return -EINVAL;
	link->is_owned = true;
	if (link->is == LINK_IDLE) {
		link_set(link, LINK_OPENED);
		timer_set(link->clock, 0);
	}
	*link_out = link;
	return 0;
}
