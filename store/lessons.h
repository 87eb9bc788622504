/*
 * lessons.h - what a person has said of a letter: that it is spam, or is not
 *
 * Who moves or copies a letter into the mailbox that is for \Junk (RFC 6154)
 * says that it is spam, who takes it out of there that it was wanted; so does
 * who gives it a keyword that means it.  To put something into \Trash says
 * nothing: it is how both kinds end.  Nor does delivery, which files what a
 * filter has said; but who has a held message released says that it was wanted, or
 * has it put into \Junk that it is spam.
 *
 * The last word counts.  It stands beside the letter, in the transaction that
 * moves or marks it, and ends with the letter.  A filter learns it later, and
 * what it was taught stands there too (learning.h).
 */
#ifndef POSTROOM_STORE_LESSONS_H
#define POSTROOM_STORE_LESSONS_H

#include "store/index.h"

enum lesson {
	LESSON_NONE,
	LESSON_WANTED,
	LESSON_SPAM
};

/*
 * What the keywords of a letter say: $Junk, or $NotJunk and $NonJunk, as mail
 * programs set them when a person presses their button.  Thunderbird's are the
 * same without the $; its own filter sets them unasked when a letter is new, so
 * they say something of one that `is_read` only.  Both at once say nothing.
 */
enum lesson lessons_of_words(struct slice words, bool is_read);

/* Is this mailbox for \Junk?  0 or a negative errno. */
int	lessons_is_junk(struct index *, uint32_t mailbox, bool *is_out);

/*
 * What is said by moving a letter between these two mailboxes.  0 or a negative
 * errno.
 */
int	lessons_between(struct index *, uint32_t from, uint32_t to,
	    enum lesson *lesson_out);

/* Note it, in the open transaction; LESSON_NONE is fine.  0 or -errno. */
int	lessons_note(struct index *, uint64_t letter, uint64_t modseq,
	    enum lesson);

#endif
