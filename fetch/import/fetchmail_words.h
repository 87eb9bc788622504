/*
 * fetchmail_words.h - the words of a .fetchmailrc (fetchmail(1), RUN CONTROL)
 */
#ifndef POSTROOM_FETCH_IMPORT_FETCHMAIL_WORDS_H
#define POSTROOM_FETCH_IMPORT_FETCHMAIL_WORDS_H

#include "fetch/import/inside.h"

struct rc_word {
	struct slice	text;		/* escapes undone */
	bool		quoted;		/* never a keyword */
	unsigned	line;
};

/*
 * Take the next word, past comments, punctuation and noise words ("and",
 * "with", ...).  1: there is one; 0: no more; -ENOBUFS.
 */
int	rc_word_take(struct import_at *, struct slice *rest,
	    struct rc_word *word_out);
/*
 * The same where a value stands: any word counts, noise and keywords too.
 */
int	rc_value_take(struct import_at *, struct slice *rest,
	    struct rc_word *word_out);

#endif
