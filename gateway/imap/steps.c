/*
 * steps.c - what a session did to letters, for the trail
 */
#include <errno.h>

#include "gateway/imap/session.h"

struct telling {
	struct message_id ids[SELECTED_STEP];
	size_t		 count;
};

static int
note(void *arg, size_t n, const struct letter_facts *facts)
{
	struct telling *telling = arg;

	(void)n;
	if (facts != NULL)
		telling->ids[telling->count++] = facts->id;
	return 0;
}

/* Of what has gone too: the view lists it until its client was told. */
void
imapd_tell_steps(struct imapd_session *session, const char *what,
    const size_t *places, size_t count)
{
	struct telling telling;
	int r = count > SELECTED_STEP ? -E2BIG : 0;

	telling.count = 0;
	for (size_t i = 0, run; r == 0 && i < count; i += run) {
		run = 1;
		while (i + run < count && places[i + run] == places[i] + run)
			run++;
		r = selected_facts(session->selected, places[i], run, 0, note,
		    &telling);
	}
	if (telling.count > 0)
		session->ports.step(session->ports.arg, telling.ids,
		    telling.count, what);
	/* it is done all the same; the trail has a line less */
	if (r < 0)
		session->ports.failed(session->ports.arg, r);
}
