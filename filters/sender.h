/*
 * sender.h - in whose name do people send? (RFC 6409 6.1 and 8.1)
 *
 * Who has logged in may name only their own addresses as the authors, every one
 * of them (HARDENING A66), and as the sender where one is named.  Whose an address
 * is knows the keeper: here is found which ones a message names, and what is said
 * when one is not theirs.
 *
 * What a mail program writes can be read in one way only.  A From or Sender that
 * another reader may read differently (author.h) is nobody's name, and is refused.
 */
#ifndef POSTROOM_FILTERS_SENDER_H
#define POSTROOM_FILTERS_SENDER_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

#define SENDER_AUTHORS	8		/* of one message; honest ones have one */
#define SENDER_MOST	(SENDER_AUTHORS + 1)

struct sender_found {
	/* in normal form (path.h): the authors, and then the Sender, if any */
	char		address[SENDER_MOST][VERDICT_ADDRESS_MAX + 5];
	unsigned	authors;
	bool		has_sender;	/* beside them */
	const char	*fault;		/* why they cannot be told; or NULL */
};

/*
 * Does it come from somebody who has logged in to send, or does the hub itself
 * write in the name of an address?
 */
bool	sender_concerns(const struct envelope *);
/* Those that the header of `message` names.  0 or -ENOMEM. */
int	sender_find(struct slice message, struct sender_found *found_out);
/* It named no author at all: then it is that address. */
void	sender_assume(struct sender_found *, struct slice address);
/* How many addresses were found. */
unsigned sender_count(const struct sender_found *);

/*
 * ACCEPT; or 550, when they cannot be told, or are not those of `login` (empty:
 * not of one of our domains); `is_own`
 * is of each address that was found, and NULL where there is a fault.
 */
void	sender_judge(const struct sender_found *, const bool *is_own,
	    struct slice login, struct verdict *verdict_out);

#endif
