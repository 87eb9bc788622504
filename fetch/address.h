/*
 * address.h - a domain's mail: for whom each message is, before it is submitted
 *
 * Between its end and its submission a parcel waits here for the keeper to say
 * who of those named is somebody's here (domain/decide.h).  One question is
 * under way at a time.  A copy of a message whose receipt is not known yet waits
 * for that: the ledger gives each recipient one (queue/ledger_claims.c).
 */
#ifndef POSTROOM_FETCH_ADDRESS_H
#define POSTROOM_FETCH_ADDRESS_H

#include "fetch/as_sent.h"
#include "fetch/domain/identity.h"
#include "fetch/submit.h"
#include "lib/base/ipc.h"

/* A header that is longer is held: no mailer writes one. */
#define ADDRESS_HEADER_BYTES	(128 * 1024)
/* Copies that wait for a receipt; UNANSWERED_MOST of submit.c. */
#define ADDRESS_RECENT		128

struct address {
	struct arena	*arena;		/* of the rules */
	struct domain_rules rules;
	struct ipc	*keeper;	/* NULL: lost */
	struct identity	 identity;	/* of the message that comes in */
	struct as_sent	 sent;		/* if the rules say archive */
	struct text	 start;		/* its first ADDRESS_HEADER_BYTES */
	struct parcels	 waiting;
	unsigned	 count;
	bool		 is_asking;	/* for the first of them */
	/* submitted since the last time that nothing was unanswered */
	unsigned char	 recent[ADDRESS_RECENT][DIGEST_BYTES];
	unsigned	 recent_count;
};

struct find_answer;
struct fetch_account;

/* The message up to its empty line; all of it where there is none. */
struct slice address_header(struct slice message);
/*
 * The rules as text, and in them the mailbox of that account, which is nobody's
 * address.  0, -EINVAL (they cannot be read) or -ENOMEM.
 */
int	address_rules(struct arena *, struct slice text,
	    const struct fetch_account *, struct domain_rules *rules_out);
/* What the keeper said, as domain_decide() wants it; NULL: the arena is full. */
struct domain_answer *address_answers(struct arena *,
	    const struct find_answer *found, size_t count);

/*
 * A collection whose mail is for many: `rules` as text.  0, -EINVAL (they
 * cannot be read) or -ENOMEM.
 */
int	address_open(struct collect *, struct slice rules, struct ipc *keeper);
/* None is fine. */
void	address_close(struct collect *);
/* The keeper's channel is gone: what waits is taken another time. */
void	address_keeper_lost(struct collect *);

/*
 * Its bytes, from the first, and what was mended into these (protocol.h); and at
 * its end what is known of it so far.
 */
void	address_begin(struct collect *);
void	address_add(struct collect *, struct slice, unsigned mend);
int	address_end(struct collect *, struct parcel *);

/* The same of one that is whole, in `fd`.  0, or a negative errno. */
int	address_read(struct parcel *, int fd);

/* Instead of submitting it: it is, when it is known for whom. */
void	address_parcel(struct collect *, struct parcel *);
/* An answer has come: a copy may have waited for it. */
void	address_turn(struct collect *);
/* Parcels that wait are left where they are. */
void	address_forget(struct collect *);
/* How many wait. */
unsigned address_waiting(const struct collect *);

#endif
