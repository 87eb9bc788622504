/*
 * judge_case.h - the messages that a judge has in hand
 *
 * A message in hand is a case: its bytes are mapped and read once, whoever must
 * be asked is asked, and when all have answered the verdict is made and told,
 * once.  Somebody who is gone is waited for, for a while; then that he said
 * nothing is his answer.  A case that nobody need be asked about is over at
 * once.
 */
#ifndef POSTROOM_PROGRAMS_JUDGE_CASE_H
#define POSTROOM_PROGRAMS_JUDGE_CASE_H

#include "filters/judge.h"
#include "lib/base/ipc.h"
#include "programs/judge_lists.h"
#include "programs/judge_people.h"

struct judge_cases;		/* opaque; see judge_case.c */

/* The verdict on the message that request `serial` brought. */
typedef void	 judge_told_fn(void *arg, uint64_t serial,
		    const struct verdict *);

struct judge_cases_options {
	struct judge_options	 judge;		/* its rules are borrowed */
	bool			 scans;		/* there is to be a scanner */
	uint64_t		 scan_ms;	/* it takes no longer */
	bool			 asks_rspamd;
	uint64_t		 rspamd_ms;	/* the same of that */
	bool			 identifies;	/* DNS is asked who sent it */
	struct judge_lists	*lists;		/* that are asked; or NULL */
	struct judge_people	*people;	/* whoever sends; or NULL */
	const struct dkim_tools	*tools;		/* for that; or NULL */
	judge_told_fn		*told;
	void			*arg;
};

/* 0 or -ENOMEM. */
int	judge_cases_open(const struct judge_cases_options *,
	    struct judge_cases **cases_out);
/* From now on on this loop.  0 or -ENOMEM. */
int	judge_cases_start(struct judge_cases *, struct loop *);

/*
 * Take up the message of a JUDGE_MESSAGE request.  `told` is called exactly
 * once, perhaps before this returns; not after judge_cases_forget().  0, or
 * -EBADMSG: the request makes no sense, and `told` is not called.
 */
int	judge_cases_take(struct judge_cases *, struct ipc_message *);
/* Whoever asked is gone: drop them all. */
void	judge_cases_forget(struct judge_cases *);

/* The channel to the scanner. */
void	judge_cases_scanner(struct judge_cases *, struct ipc *);
/* The channel to the resolver. */
void	judge_cases_resolver(struct judge_cases *, struct ipc *);
/* A channel is gone; it is freed after this. */
void	judge_cases_lost(struct judge_cases *, const struct ipc *);

#endif
