/*
 * held_words.h - what somebody answers who was told of held mail
 *
 * A line that has nothing but a word and numbers counts: "release 482193
 * 501177", "spam 333333".  Numbers that go on in the next line count as well;
 * commas, full stops, "#" and "and" are no matter.  What is quoted (">") does not
 * count, and all else that stands in an answer does not either: above or below,
 * in HTML or not, a signature, the mail itself.  The numbers are secret
 * (queue/held_link.h), so no held message can put such a line into the answer
 * in which its subject is quoted.
 *
 * The judge reads the message and hands the words on as one line of its verdict,
 * which the queue reads again.
 */
#ifndef POSTROOM_FILTERS_HELD_WORDS_H
#define POSTROOM_FILTERS_HELD_WORDS_H

#include "filters/verdict.h"

#define HELD_WORDS_LINE	"X-Postroom-Held"
#define HELD_WORDS_MOST	30	/* numbers; as many as are told in one mail */

struct held_words {
	bool		is_automatic;	/* no person has written it */
	size_t		count;
	struct {
		uint32_t	number;	/* of six digits */
		bool		is_spam;
	} word[HELD_WORDS_MOST];	/* each number once */
};

/* Of a text, UTF-8; lines end with LF. */
void	held_words_of_text(struct slice text, struct held_words *words_out);
/*
 * Of a whole message: of its first text that has any words, the plain one sooner;
 * of its HTML if that says nothing.  words_open() first.  0 or -ENOMEM.
 */
int	held_words_of(struct slice message, struct held_words *words_out);

/* The verdict that hands them on; or "try again". */
void	held_words_judge(struct slice message, struct verdict *verdict_out);
/* What it handed on; false: nothing. */
bool	held_words_said(const struct verdict *, struct held_words *words_out);

#endif
