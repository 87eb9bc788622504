/*
 * same_body.h - is the body that is here the one that another header signs?
 *
 * A second copy of a message need not be carried when a signature in its own
 * header (RFC 6376) verifies over the body of the first.  It counts when it
 * covers all of the body (no l=), signs From, and its key is one to build on:
 * no test key, not weak, not expired.  And the copy that is here must carry a
 * signature of the same domain over the same hash: else whoever has seen the
 * header of a message, and so its bh=, could sign one of his own with it and be
 * given a body that he does not know.
 *
 * No I/O here: whoever asks looks the keys up.  The body is hashed at the
 * beginning, so a twin with another body costs no question.
 */
#ifndef POSTROOM_FILTERS_AUTH_SAME_BODY_H
#define POSTROOM_FILTERS_AUTH_SAME_BODY_H

#include "filters/auth/dkim.h"
#include "lib/base/pack.h"

struct same_body;		/* opaque; see same_body.c */

/*
 * Do both headers have a signature of one domain over one hash?  Without that
 * they are not the same, and no body need be read to know it.
 */
bool	same_body_may_be(struct slice header, struct slice other);

/* The queue's question (JUDGE_SAME_BODY of judge.h). */
struct same_body_ask {
	uint64_t	header_bytes;	/* of the other copy, all that is */
	uint64_t	whole_bytes;	/* of the message that is here */
	uint64_t	body_at;	/* where its body begins */
};

struct same_body_answer {
	bool		is_same;
	enum dkim_reason reason;	/* of what came closest */
	/* of header and body together, if it is the same */
	unsigned char	digest[DKIM_HASH_BYTES];
	struct slice	domain;		/* d=; empty: none could be read */
};
#define SAME_BODY_ANSWER_BYTES	(2 + DKIM_HASH_BYTES + 4 + DKIM_NAME_SIZE)

/* As bytes, and back; 0 or -EBADMSG. */
void	same_body_ask_pack(struct text *, const struct same_body_ask *);
int	same_body_ask_unpack(struct slice, struct same_body_ask *ask_out);
void	same_body_answer_pack(struct text *,
	    const struct same_body_answer *);
int	same_body_answer_unpack(struct slice,
	    struct same_body_answer *answer_out);

/*
 * Begin: `header` is that of the other copy with its empty line, `whole` the
 * message that is here, whose body begins at `body_at`; both must stay until
 * the end.  0, -E2BIG (see dkim_add()), -ENOMEM or -EIO.
 */
int	same_body_new(const struct dkim_tools *, int64_t now_utc,
	    struct slice header, struct slice whole, size_t body_at,
	    struct same_body **same_out);
/* NULL is fine. */
void	same_body_free(struct same_body *);

/* The next key that is wanted, as dkim_wants_key() and dkim_key() have it. */
const char *same_body_wants_key(struct same_body *, unsigned *which_out);
void	same_body_key(struct same_body *, unsigned which, enum dkim_lookup,
	    bool is_secure, const struct slice *texts, size_t count);
/* All keys that are wanted are there.  0 or -EIO. */
int	same_body_end(struct same_body *, struct same_body_answer *answer_out);

#endif
