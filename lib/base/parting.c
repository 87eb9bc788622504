/*
 * parting.c - the last words of a connection, and the wait for its end
 */
#include "lib/base/parting.h"

#define PART_MS		10000	/* for the last words to leave */
#define GOODBYE_MS	1000	/* for the client to end its side then */

void
parting_begin(struct stream *stream, struct timer *clock)
{
	stream_hold(stream, false);
	stream_consume(stream, stream_input(stream).len);
	stream_end_output(stream);
	stream_tell_drained(stream);
	timer_set(clock, PART_MS);
}

bool
parting_goes_on(struct stream *stream, struct timer *clock,
    enum stream_event event, bool *peer_ended)
{
	stream_consume(stream, stream_input(stream).len);
	if (event == STREAM_FAILED)
		return false;
	if (event == STREAM_CLOSED)
		*peer_ended = true;
	/* the stream says its goodbye in this turn, so let it have that */
	if (*peer_ended && stream_waiting(stream) == 0)
		timer_set(clock, 0);
	else if (event == STREAM_DRAINED)
		timer_set(clock, GOODBYE_MS);
	return true;
}
