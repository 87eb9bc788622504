/*
 * judge.h - what is asked of the judge role, and what it answers
 *
 * One request, one message: the packed envelope and a read-only descriptor of
 * the bytes.  The judge holds nothing between two messages.
 *
 * A message is judged in two steps.  judge_begin() reads it once and has those
 * filters look that answer at once; whoever calls it then has asked what takes
 * time (a scanner, DNS) and writes the answers into the findings; judge_end()
 * makes the verdict of all that was found, and runs the postmaster's rules over
 * the message and the findings.
 */
#ifndef POSTROOM_FILTERS_JUDGE_H
#define POSTROOM_FILTERS_JUDGE_H

#include "filters/auth/enforce.h"
#include "filters/findings.h"
#include "filters/sender.h"
#include "filters/spam/spam.h"
#include "lib/message/envelope.h"
#include "lib/message/mime.h"

enum judge_kind {
	/* queue -> judge, 1 descriptor: packed envelope; reply: the verdict */
	JUDGE_MESSAGE = 200,
	/* queue -> judge, 2 descriptors, the header of another copy and a whole
	 * message that is here: same_body_ask (auth/same_body.h); reply:
	 * same_body_answer, once the keys are looked up */
	JUDGE_SAME_BODY
};

/* What an arena must hold for the structure of one message, in bytes. */
#define JUDGE_BUDGET	(8u << 20)

struct rules;			/* rule.h */
struct rule_trial;		/* rule_run.h */

/* What the postmaster has set. */
struct judge_options {
	unsigned		 hops;	/* Received fields (HARDENING A14) */
	const struct rules	*rules;	/* or NULL: there are none */
	struct virus_policy	 virus;
	const char		*host;	/* what we call ourselves; or NULL */
	enum language		 language;	/* of the office */
	const struct spam_judge	*spam;	/* or NULL: nobody looks for it */
	const struct rule_trial	*trial;	/* NULL for mail that comes */
	enum dmarc_action	 dmarc;
	const char		*arc_trusted;	/* domains, blanks between;
						   or NULL */
	struct rspamd_policy	 rspamd;
};

/* A message in hand. */
struct judging {
	struct slice		 message;	/* borrowed */
	struct envelope		 envelope;	/* slices borrowed; with its hop */
	const struct mime_part	*root;		/* in the arena; or NULL */
	struct findings		 findings;
	struct sender_found	 sender;	/* if sender_concerns() */
	struct verdict		 verdict;	/* so far */
};

/*
 * Take up a message: its parts, where it comes from, and the filters that answer
 * at once.  The arena, which has JUDGE_BUDGET or more, the message and what the
 * envelope points to must outlive `judging_out`.
 */
void	judge_begin(struct arena *, struct slice message,
	    const struct envelope *, const struct judge_options *,
	    struct judging *judging_out);
/* What our own people send, and what the hub says itself, is no spam. */
bool	judge_may_be_spam(const struct judging *);
/*
 * It is not taken on whatever else is found: nobody need be asked any more.
 */
bool	judge_is_refused(const struct judging *);
/*
 * Whatever was asked has answered: `verdict` is now the last word.  0, or
 * -ENOMEM or -ENOBUFS: the rules could not be examined; "try again".
 */
int	judge_end(struct judging *, const struct judge_options *);

/*
 * Add what one filter says (verdict_combine()).  `one` is changed: a message
 * that was taken on already has nobody to refuse it to, and is held instead.
 */
void	judge_add(struct verdict *, struct verdict *one,
	    enum envelope_source);

#endif
