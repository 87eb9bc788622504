/*
 * client.h - one message said to one remote SMTP server (RFC 5321 3, 4.5.3.2)
 *
 * On a link (link.h): the envelope in one go where PIPELINING is offered, the bytes
 * in chunks where CHUNKING is (RFC 3030), behind DATA else, and the one reply that
 * counts, that to the end of them.  Until that has come nothing is done; what was
 * refused before says so for each recipient.  A link that waited and turns out to
 * be closed makes room for a new one, as long as the host has said nothing.
 *
 * Nothing that comes from outside ends a line of ours: addresses and parameters
 * are checked again where the line is made (HARDENING A15).
 */
#ifndef POSTROOM_GATEWAY_RELAY_CLIENT_H
#define POSTROOM_GATEWAY_RELAY_CLIENT_H

#include "gateway/relay/form.h"
#include "gateway/relay/link.h"
#include "queue/relay_job.h"

struct relay_client;		/* opaque; see client.c */

/* The bytes of a message, and what they are like. */
struct relay_letter {
	struct slice	  bytes;
	struct relay_form_facts facts;
};

/*
 * What became of each recipient of the job; a reply that has come stays.  The
 * words are its own, so the arena of the job need not hold them.
 */
struct relay_fate {
	bool		 is_final;	/* it was said, nothing changes it */
	bool		 is_taken;	/* RCPT was answered with 2xx */
	enum relay_outcome outcome;
	unsigned	 code;
	char		 status[RELAY_STATUS_MOST];
	char		 words[RELAY_WORDS_MOST + 1];
};

struct relay_client_events {
	void	*arg;
	/*
	 * Every recipient has its fate.  `is_host`: nothing was said of this
	 * message, it is the host that could not be spoken with, and another one
	 * may do (`fault`, where the words are in all fates).  Free it here or
	 * later; nothing is called afterwards.
	 */
	void	(*over)(void *arg, bool is_host, enum talk_fault fault);
};

/*
 * Send the letter as `job` says (both borrowed, as is what the target points to);
 * `fates` is as long as its recipients.  0, or a negative errno: then nothing comes.
 */
int	relay_client_start(struct relay_links *, struct loop *,
	    const struct relay_target *, const struct relay_job *job,
	    const struct relay_letter *, struct relay_fate *fates,
	    const struct relay_client_events *,
	    struct relay_client **client_out);
/* The end of the data has been sent, and is not answered. */
bool	relay_client_is_at_end(const struct relay_client *);
/* It was connected to some address of the host. */
bool	relay_client_was_reached(const struct relay_client *);
/* Its connection was made for it, and had carried no other message. */
bool	relay_client_was_first(const struct relay_client *);
/* It has been told who wants to hear of it (RFC 3461). */
bool	relay_client_has_dsn(const struct relay_client *);
/* "TLSv1.3 ...", or "". */
const char *relay_client_tls(const struct relay_client *);
/* Hang up; NULL is fine. */
void	relay_client_free(struct relay_client *);

#endif
