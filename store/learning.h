/*
 * learning.h - the lessons of an account, one by one, for a model that learns
 *
 * What a person has said of a letter (lessons.h) is due until a model was taught
 * it.  What was taught is noted beside it: the same said twice is one lesson,
 * and the opposite is known as such.  A model that was lost is taught all anew.
 *
 * People say what is spam far more often than what is not.  So that a model does
 * not take all mail for spam, with each such lesson it is shown a letter that
 * was read and kept, which is a lesson of its own from then on: should the
 * person say later that it was spam, that is the opposite.
 */
#ifndef POSTROOM_STORE_LEARNING_H
#define POSTROOM_STORE_LEARNING_H

#include "store/account.h"

struct lesson_due {
	uint64_t	letter;
	bool		is_spam;
	bool		is_opposite;	/* of what was taught of it before */
};

/* May one be due?  Reads memory only, so that a commit's hook can ask. */
bool	learning_is_due(const struct account *);
/* The next: 1, 0 when none is due, or -errno.  Commits what is open. */
int	learning_next(struct account *, struct lesson_due *due_out);
/*
 * Some letter among the last in INBOX that was read and kept, of which nothing
 * was said: 1, 0 when there is none, or -errno.
 */
int	learning_kept(struct account *, uint64_t *letter_out);
/*
 * Its bytes, as account_read(); big ones are not here.  -ENOENT, -EUCLEAN,
 * -EBADMSG: it cannot be learnt, which may be noted as done.
 */
int	learning_read(struct account *, uint64_t letter,
	    struct letter_bytes *bytes_out);
/*
 * It was taught as `due` says, whatever was said of it meanwhile, and so was
 * `kept` (0: none) as wanted.  Committed NORMAL: a power cut may have it taught
 * again.  0 or -errno.
 */
int	learning_done(struct account *, const struct lesson_due *due,
	    uint64_t kept);
/* The model is another and knows nothing: all is due.  0 or -errno. */
int	learning_anew(struct account *);

#endif
