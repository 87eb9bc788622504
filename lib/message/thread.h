/*
 * thread.h - what joins letters to a conversation (RFC 5256)
 *
 * For SORT and THREAD (sort_key.h, threads.h).
 */
#ifndef POSTROOM_MESSAGE_THREAD_H
#define POSTROOM_MESSAGE_THREAD_H

#include "lib/base/text.h"

/*
 * Add the base subject of a Subject's value (RFC 5256 2.1): decoded, blanks
 * single, without "Re:", "Fwd:", "[list]" and "(fwd)".  For comparing it is to be
 * folded (find.h).  *is_reply_out: something said that it is a reply or was
 * forwarded.  Of a long subject the beginning counts.  0 or -ENOMEM.
 */
int	thread_base_subject(struct text *, struct slice value,
	    bool *is_reply_out);

/*
 * Cut the next message id off a Message-ID, In-Reply-To or References value and
 * add it as it is compared: without "<" and ">", folding, and quotes that are
 * not needed (RFC 5256 3).  What is no id is passed over.  False at the end.
 */
bool	thread_id_next(struct slice *rest, struct text *);

#endif
