/*
 * relay_line.c - what the relay carries is the line's: counted, and held back
 */
#include "programs/relay_line.h"

#include <stdlib.h>

#include "fetch/line_rate.h"
#include "fetch/service.h"
#include "policy/line_counts.h"

struct relay_line {
	struct talk_hall *hall;
	struct relay_links *links;
	uint64_t	 bytes_per_second;
	struct ipc	*schedule;	/* or NULL */
	struct timer	*timer;
	struct line_counts told;
	unsigned	 running;
};

static struct line_counts
sum_of(const struct talk_counts *counts)
{
	struct line_counts sum = { 0 };

	for (unsigned i = 0; i < TALK_CAUSES; i++) {
		sum.carried[LINE_SENDING].received += counts->bytes[i].received;
		sum.carried[LINE_SENDING].sent += counts->bytes[i].sent;
	}
	return sum;
}

/* A connection that waits for the next message says QUIT later. */
static void
on_time(void *arg)
{
	struct relay_line *line = arg;
	struct line_counts now = sum_of(relay_links_counts(line->links));
	struct line_counts news = line_counts_since(&now, &line->told);
	bool is_any = !line_counts_are_none(&news);
	TEXT_AUTO body = TEXT_INIT(LINE_COUNTS_BYTES);

	if (is_any && line->schedule != NULL) {
		line_counts_pack(&body, &news);
		if (!text_failed(&body) && ipc_send(line->schedule,
		    SCHEDULE_RELAYED, text_slice(&body), NULL, 0) == 0)
			line->told = now;
	}
	if (is_any || line->running > 0)
		timer_set(line->timer, RELAY_LINE_TELL_MS);
}

struct relay_line *
relay_line_new(struct loop *loop, struct talk_hall *hall,
    struct relay_links *links, uint64_t bytes_per_second)
{
	struct relay_line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return NULL;
	line->hall = hall;
	line->links = links;
	line->bytes_per_second = bytes_per_second;
	line->timer = timer_new(loop, on_time, line);
	if (line->timer == NULL) {
		free(line);
		return NULL;
	}
	return line;
}

void
relay_line_schedule(struct relay_line *line, struct ipc *schedule)
{
	line->schedule = schedule;
}

void
relay_line_running(struct relay_line *line, unsigned count)
{
	line->running = count;
	if (count == 0)
		return;		/* who comes next gets its share in time */
	talk_hall_share(line->hall, line_rate_share(line->bytes_per_second,
	    count));
	if (!timer_is_set(line->timer))
		timer_set(line->timer, RELAY_LINE_TELL_MS);
}
