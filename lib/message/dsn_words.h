/*
 * dsn_words.h - what a person reads in a notice of what became of a message
 *
 * In the language of who is told, and in an office's words; what comes from
 * outside is written so that it can neither break a line nor turn it.
 */
#ifndef POSTROOM_MESSAGE_DSN_WORDS_H
#define POSTROOM_MESSAGE_DSN_WORDS_H

#include "lib/base/say.h"
#include "lib/message/dsn.h"

/* Each of DSN_RECIPIENTS is told with what its host said. */
#define DSN_WORDS_BYTES		(100 * 1024)

/* Add the subject, one line of UTF-8, and the body of its letter. */
void	dsn_words(const struct dsn *, enum language, struct text *subject,
	    struct text *body);

#endif
