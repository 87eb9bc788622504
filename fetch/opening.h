/*
 * opening.h - connect to the server of a fetch account
 */
#ifndef POSTROOM_FETCH_OPENING_H
#define POSTROOM_FETCH_OPENING_H

#include "fetch/service.h"
#include "lib/base/talk.h"

struct collect;

/* What differs between protocols. */
struct opening {
	const char	*scheme;	/* of talk.h */
	void	(*line)(void *collect, struct slice line);
	void	(*opened)(void *collect);
	void	(*readable)(void *collect);
	/*
	 * What words that say no mean; `at_login`: to name and password, else
	 * before that.  BUSY, REFUSED, or something else.
	 */
	enum fetch_end (*refusal)(struct slice words, bool at_login);
	/* These words, told while it was opened, are a no of the server's. */
	bool	(*is_no)(struct slice words);
};

/*
 * Open the talk of the conversation, with the login of libcurl's that it
 * names.  0, -EINVAL or -ENOMEM.
 */
int	opening_begin(struct collect *, const struct opening *);
/* Once it is open: keep what the envelope says of the connection. */
void	opening_note(struct collect *);
/* Once more, with that login. */
void	opening_again(struct collect *, const struct opening *,
	    enum talk_login);

#endif
