/*
 * gather.h - what SORT and THREAD know of the letters that were found
 *
 * Each letter's row and structure are shown once, in order.  A letter that has
 * no structure yet gets one, for which its bytes are read; one that cannot be
 * read is shown without.
 */
#ifndef POSTROOM_GATEWAY_IMAP_GATHER_H
#define POSTROOM_GATEWAY_IMAP_GATHER_H

#include "gateway/imap/search.h"

/*
 * The next letter; `facts` and `structure` are NULL where they cannot be had,
 * and must not be kept.  0 or -errno, which ends the command.
 */
typedef int imapd_gather_fn(struct imapd_session *,
	    const struct letter_facts *, const struct structure *);

struct imapd_gather {
	struct imapd_finding	 finding;	/* first: session->work */
	bool			 wants_structure;
	imapd_gather_fn		*each;
	void			(*all)(struct imapd_session *);
};

/*
 * The search is over: show what it found to `each`, and call `all` when that is
 * done; it sets the next step (finding.go).
 */
void	imapd_gather(struct imapd_session *, bool wants_structure,
	    imapd_gather_fn *each, void (*all)(struct imapd_session *));
/* What is gathered is too much: the command's NO, or what the store says. */
void	imapd_gather_refuse(struct imapd_session *, int error);

#endif
