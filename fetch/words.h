/*
 * words.h - what is kept of a server's words, and of the password
 *
 * The words are told to people and written to the log: one line of characters
 * that stay where they are, without the password or the name, which servers
 * echo (HARDENING A56).
 */
#ifndef POSTROOM_FETCH_WORDS_H
#define POSTROOM_FETCH_WORDS_H

#include "fetch/digest.h"
#include "fetch/service.h"

struct collect;

/* By this a password is known again when it is gone. */
struct wiped {
	bool		is_wiped;
	size_t		len;
	unsigned char	digest[DIGEST_BYTES];
};

/*
 * Of `words` what may be told; `server_said`: they may also hold the name.
 */
void	words_clean(struct slice words, const char *user,
	    const char *password, bool server_said,
	    char kept_out[FETCH_WORDS_MOST + 1]);
/* Keep these as the words of the outcome. */
void	words_keep(struct collect *, struct slice words, bool server_said);
/* No conversation logs in any more: the password goes. */
void	password_wipe(struct collect *);

#endif
