/*
 * steps.c - what a session did to letters, for the trail
 */
#include "gateway/imap/session.h"

struct telling {
	struct imapd_session *session;
	const char	*what;
};

static int
tell(void *arg, size_t n, const struct letter_facts *facts)
{
	const struct telling *telling = arg;
	struct imapd_session *session = telling->session;

	(void)n;
	if (facts != NULL)
		session->ports.step(session->ports.arg, &facts->id,
		    telling->what);
	return 0;
}

/* Of what has gone too: the view lists it until its client was told. */
void
imapd_tell_steps(struct imapd_session *session, const char *what,
    const size_t *places, size_t count)
{
	struct telling telling = { session, what };
	int r = 0;

	for (size_t i = 0, run; r == 0 && i < count; i += run) {
		run = 1;
		while (i + run < count && places[i + run] == places[i] + run)
			run++;
		r = selected_facts(session->selected, places[i], run, 0, tell,
		    &telling);
	}
	/* it is done all the same; the trail has a line less */
	if (r < 0)
		session->ports.failed(session->ports.arg, r);
}
