/*
 * body.c - a message as it goes out behind DATA
 *
 * Three steps, each of which knows one thing: the reader of messages mends line
 * ends, a long line is folded, and a leading dot is doubled.
 */
#include "gateway/relay/body.h"

#include <string.h>

void
relay_body_begin(struct relay_body *body, bool counts)
{
	*body = (struct relay_body){ .reader = dot_reader_of(true, true),
	    .at = STUFF_LINE_START, .counts = counts };
}

static void
on_stuffed(void *arg, struct slice s)
{
	text_add(arg, s);
}

static void
stuff(struct relay_body *body, struct slice s, struct text *out)
{
	if (body->counts)
		text_add(out, s);
	else
		stuff_piece(&body->at, s, on_stuffed, out);
}

/* How much more may stand in this line, of which `s` is more: a CR ends it. */
static size_t
room(const struct relay_body *body, struct slice s)
{
	size_t most = RELAY_LINE_MOST;

	if (s.len > 0 && s.at[s.len - 1] == '\r')
		most++;
	return most > body->column ? most - body->column : 0;
}

/* Of one line, or of its beginning, without the LF. */
static void
add_line(struct relay_body *body, struct slice s, struct text *out)
{
	while (s.len > room(body, s)) {
		size_t n = body->column < RELAY_LINE_MOST ?
		    RELAY_LINE_MOST - body->column : 0;

		stuff(body, slice_first(s, n), out);
		stuff(body, slice_str("\r\n "), out);
		body->column = 1;
		s = slice_after(s, n);
	}
	stuff(body, s, out);
	body->column += s.len;
}

/* A run that the reader has made right. */
static void
add_run(struct relay_body *body, struct slice run, struct text *out)
{
	struct slice line;

	while (slice_cut(&run, '\n', &line)) {
		add_line(body, line, out);
		stuff(body, slice_str("\n"), out);
		body->column = 0;
	}
	if (run.len > 0)
		add_line(body, run, out);
}

void
relay_body_add(struct relay_body *body, struct slice piece, struct text *out)
{
	struct slice run;

	while (dot_take(&body->reader, &piece, &run) == DOT_RUN)
		add_run(body, run, out);
}

void
relay_body_end(struct relay_body *body, struct text *out)
{
	struct slice rest = dot_finish(&body->reader);

	if (rest.len > 0)
		add_run(body, rest, out);
	if (body->column > 0)
		text_add_str(out, "\r\n");
	if (!body->counts)
		text_add_str(out, ".\r\n");
}
