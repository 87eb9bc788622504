/*
 * setup_arrival.c - how mail arrives at a new hub: what is asked, and what follows
 */
#include "programs/setup_arrival.h"

static const char *const words[ARRIVALS] = {
	[ARRIVES_UNSAID] = "", [ARRIVES_MAILBOXES] = "mailboxes",
	[ARRIVES_MAILBOX] = "mailbox", [ARRIVES_MX] = "mx",
	[ARRIVES_ETRN] = "etrn", [ARRIVES_ATRN] = "atrn",
};

const char *
arrival_word(enum arrival arrival)
{
	return words[arrival];
}

enum arrival
arrival_read(struct slice typed)
{
	struct slice s = slice_trim(typed);
	unsigned arrival = ARRIVES_UNSAID;

	if (s.len == 1 && s.at[0] > '0' && s.at[0] < '0' + ARRIVALS)
		return (enum arrival)(s.at[0] - '0');
	while (arrival < ARRIVALS && !slice_is_word(s, words[arrival]))
		arrival++;
	return (enum arrival)arrival;
}

bool
arrival_is_brought(enum arrival arrival)
{
	return arrival == ARRIVES_UNSAID || arrival == ARRIVES_MX ||
	    arrival == ARRIVES_ETRN;
}

bool
arrival_is_shared(enum arrival arrival)
{
	/* behind one mailbox for all of it there is nobody else */
	return arrival == ARRIVES_MAILBOXES;
}

void
arrival_say(struct text *text, enum language language, enum arrival arrival,
    const char *domain, const char *hostname, const char *conf)
{
	switch (arrival) {
	case ARRIVES_MAILBOXES:
		text_say(text, language, SETUP_BY_MAILBOXES, conf, domain,
		    conf, domain);
		break;
	case ARRIVES_MAILBOX:
		text_say(text, language, SETUP_BY_MAILBOX, conf, domain,
		    conf, domain);
		break;
	case ARRIVES_MX:
		text_say(text, language, SETUP_BY_MX, domain, hostname,
		    hostname, domain, conf, domain);
		break;
	case ARRIVES_ETRN:
		text_say(text, language, SETUP_BY_ETRN, conf, domain, conf,
		    domain, domain);
		break;
	case ARRIVES_ATRN:
		text_say(text, language, SETUP_BY_ATRN, conf, domain, conf,
		    domain, domain);
		break;
	case ARRIVES_UNSAID:
	case ARRIVALS:
		break;
	}
}
