/*
 * doctor.h - what a remote mailbox is like, told from headers alone
 *
 * The headers of its newest messages are looked at one by one, and again by the
 * rules that come out of it, so that it can be said beforehand what those would
 * do.  What is asked about each is for the keeper to answer, as with
 * domain_candidates().  Nothing is decided here that delivers anything.
 *
 *	for each header: doctor_ask(), doctor_tell()
 *	if doctor_advise(): the same once more
 *	doctor_report()
 */
#ifndef POSTROOM_FETCH_DOMAIN_DOCTOR_H
#define POSTROOM_FETCH_DOMAIN_DOCTOR_H

#include "fetch/domain/decide.h"

/* Messages of one look: enough to see what is usual, seconds on any line. */
#define DOCTOR_MESSAGES		100
/* If more are wanted: a year of a small office; all are held in memory. */
#define DOCTOR_MESSAGES_MOST	1000
/* Fewer say nothing. */
#define DOCTOR_LEAST		5
/* Forms of a header's address that are asked about: a prefix or tail less. */
#define DOCTOR_FORMS		8
/* Those that the rules name, and those that hosts are known to write. */
#define DOCTOR_HEADERS		(DOMAIN_ENVELOPES_MOST + 12)

struct doctor;			/* opaque; see doctor_inside.h */

/* An address of an envelope header, whole or without what is put around it. */
struct doctor_form {
	unsigned	header;		/* place in the doctor's list */
	struct slice	affix;		/* what is left out; empty: nothing */
	bool		is_tail;
	uint16_t	ask;		/* DOMAIN_NONE: not asked */
};

/* One header on its way to an answer; in its arena. */
struct doctor_look {
	struct slice		 header;
	struct domain_candidates candidates;
	struct domain_ask	*asks;
	unsigned		 ask_count;
	struct doctor_form	 forms[DOCTOR_HEADERS * DOCTOR_FORMS];
	unsigned		 form_count;
	/* of each header: how far down it stands, from 1; 0: it does not */
	unsigned		 depth[DOCTOR_HEADERS];
	bool			 is_own[DOCTOR_HEADERS];
	struct slice		 written[DOCTOR_HEADERS];
};

/*
 * `rules` are those there are (borrowed), the mailbox's own address in them; of
 * one person's mailbox those of who has set nothing.  `host` is the provider's
 * (borrowed).  NULL when memory is out.
 */
struct doctor	*doctor_new(const struct domain_rules *rules, bool is_domain,
		    struct slice host);
void		 doctor_free(struct doctor *);	/* NULL is fine */

/* What is to be asked about a header (domain_candidates()).  0 or -ENOBUFS. */
int		 doctor_ask(struct doctor *, struct arena *, struct slice header,
		    struct doctor_look *look_out);
/*
 * And what was answered, row for row; `number` is the message's, for people.  In
 * the arena of the look.  0, -ENOBUFS, -ENOMEM or -EIO.
 */
int		 doctor_tell(struct doctor *, struct arena *, uint32_t number,
		    const struct doctor_look *,
		    const struct domain_answer *answers);
/*
 * All have been told.  True: other rules are better, and the same headers are
 * to be looked at by those.
 */
bool		 doctor_advise(struct doctor *);
/* All that was found, of `listed` messages: rows of diagnosis.h. */
void		 doctor_report(const struct doctor *, uint64_t listed,
		    struct text *rows);

#endif
