/*
 * rspamd.h - what an rspamd says of a message, beside our own judges
 *
 * It is asked by HTTP (POST /checkv2) and answers with a score, an action and
 * the names of what it found.  The judge makes the question and reads the answer;
 * the scan role carries both and reads neither.  Whatever is not a whole answer,
 * in time, is RSPAMD_FAILED and never a score.
 */
#ifndef POSTROOM_FILTERS_RSPAMD_H
#define POSTROOM_FILTERS_RSPAMD_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

#define RSPAMD_ANSWER_MOST	(128u * 1024)	/* bytes; usual ones have 8 KB */
#define RSPAMD_HEAD_MOST	(32u * 1024)	/* of the question */
#define RSPAMD_RECIPIENTS	100	/* that it is told of */
#define RSPAMD_WORDS_MAX	120	/* why there is no answer */
#define RSPAMD_SYMBOLS_MAX	700	/* bytes of their names: a line of the
					   header has 900 */

enum rspamd_kind {
	/* judge -> scan, 1 descriptor: u64 bytes, the head; reply: u8 whether
	 * there is an answer, then its body, or why not */
	RSPAMD_MESSAGE = 710
};

enum rspamd_result {
	RSPAMD_UNASKED,
	RSPAMD_FAILED,		/* it gave no answer that makes sense */
	RSPAMD_NO_ACTION,
	RSPAMD_GREYLIST,
	RSPAMD_SOFT_REJECT,
	RSPAMD_ADD_HEADER,
	RSPAMD_REWRITE_SUBJECT,
	RSPAMD_REJECT,
	RSPAMD_RESULTS
};

struct rspamd_found {
	enum rspamd_result result;
	int32_t	score, required;	/* hundredths; of what it would refuse */
	/* a blank between, the heaviest first; what does not fit is left out */
	char	symbols[RSPAMD_SYMBOLS_MAX + 1];
	char	words[RSPAMD_WORDS_MAX + 1];	/* of FAILED */
};

/* "unasked", "failed", "no-action", "add-header", ... */
const char *rspamd_word(enum rspamd_result);

/*
 * The head of a question about this message, up to and with its empty line:
 * who sent it, from where, to whom.  What cannot stand in a line is left out.
 */
void	rspamd_ask(struct text *head, const struct envelope *);

/* What an answer's body says; FAILED, with words, if it is none. */
void	rspamd_read(struct slice json, struct rspamd_found *found_out);
/* There is none, and why; the words are cut and made printable. */
void	rspamd_none(struct slice why, struct rspamd_found *found_out);
/* It found this, by name; letters of either case are the same. */
bool	rspamd_has(const struct rspamd_found *, struct slice symbol);

/* What is done with mail that it would mark or refuse, and without it. */
struct rspamd_policy {
	enum verdict_action	 action;	/* MARK or HOLD */
	const char		*folder;	/* with MARK: into this; or NULL */
	enum verdict_action	 failed;	/* MARK, HOLD or DEFER */
};

/*
 * The verdict, and in any case the line
 *
 *	X-Postroom-Rspamd: add-header, 7.20 of 15.00 (BAYES_SPAM FORGED_SENDER)
 *	X-Postroom-Rspamd: not asked (it cannot be reached: Connection refused)
 *
 * What it would delay or refuse for a while is told, and nothing is done.
 */
void	rspamd_judge(const struct rspamd_found *, const struct rspamd_policy *,
	    struct verdict *verdict_out);

#endif
