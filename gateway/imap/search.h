/*
 * search.h - the letters that a SEARCH, SORT or THREAD is about
 *
 * One machine goes over the view for all three (search.c), and what it found is
 * told in one way (results.c).  It is the first thing in the work of such a
 * command (session->work).
 */
#ifndef POSTROOM_GATEWAY_IMAP_SEARCH_H
#define POSTROOM_GATEWAY_IMAP_SEARCH_H

#include "gateway/imap/match.h"

struct imapd_finding {
	struct imapd_search	 asked;
	struct imapd_match	 match;
	void			(*go)(struct imapd_session *);	/* next step */
	void			(*found_all)(struct imapd_session *);
	size_t			 n, count;	/* of the view */
	bool			 gathers;	/* it goes on with those found: */
	size_t			 gathered;	/* so many of them are */
	uint32_t		*uids;		/* of those found, ascending */
	uint32_t		*numbers;	/* and their numbers */
	size_t			 found;
	uint64_t		 modseq_most;	/* of those found */
	uint64_t		 worked_ms;	/* of `go`: it has a limit */
	uint64_t		 run_until_ms;	/* then others get a turn */
	bool			 has_unread;	/* one could not be read */
	/* what is told: from a place of `telling` on, and how much of it was */
	const uint32_t		*telling;
	size_t			 first, told, to_tell;
};

/*
 * Begin to look for what is asked, in session->work, and call `found_all` when
 * that is done; it sets the next step.  The command may be ended here.
 */
void	imapd_find(struct imapd_session *, const struct imapd_search *asked,
	    void (*found_all)(struct imapd_session *));
/* Give back what is not in the arena. */
void	imapd_find_end(struct imapd_finding *);

/*
 * Tell the letters in `found`, UIDs or numbers in this order, in pieces as the
 * client takes them, and keep what SAVE asks for; then the command is ended.
 * `word` is SEARCH or SORT.
 */
void	imapd_find_tell(struct imapd_session *, const char *word,
	    const uint32_t *found);
/* NO: it cannot be done.  RFC 5182 2.1: then SAVE leaves nothing in "$". */
void	imapd_find_fail(struct imapd_session *, const char *code,
	    const char *words);
/* All was told: the last words. */
void	imapd_find_finish(struct imapd_session *);

#endif
