/*
 * conversation.h - one conversation with the server, made and freed whole
 *
 * The steps: to log in, listing.c, first_collection.c (the first time),
 * header_digests.c (where UIDL does not do), take.c, delete.c; an IMAP account
 * begins anew with the listing of the next folder.  What they say is up to the
 * protocol (protocol.h), which also logs in.  A step begins its work and calls
 * the next when that is done; nothing else says how far the conversation has
 * come.
 */
#ifndef POSTROOM_FETCH_CONVERSATION_H
#define POSTROOM_FETCH_CONVERSATION_H

#include "fetch/before.h"
#include "fetch/delete.h"
#include "fetch/doubt.h"
#include "fetch/first_collection.h"
#include "fetch/header_digests.h"
#include "fetch/incoming.h"
#include "fetch/listing.h"
#include "fetch/listing_page.h"
#include "fetch/pop3_capa.h"
#include "fetch/protocol.h"
#include "fetch/shape.h"
#include "fetch/space.h"
#include "fetch/spares.h"
#include "fetch/submit.h"
#include "fetch/take.h"
#include "lib/base/talk.h"

struct collect;
struct opening;
struct imap_session;		/* of fetch/imap/session.h */
struct pop3;

/* Why the server has to wait. */
#define HOLD_LISTING	0x01u	/* rows that the queue has not read */
#define HOLD_SPACE	0x02u	/* a grant */
#define HOLD_PIPE	0x04u	/* it is full, or not there yet */
#define HOLD_ANSWERS	0x08u	/* too many messages without an answer */
#define HOLD_LEAVE	0x10u	/* the ledger notes what is too large */
#define HOLD_HALF	0x20u	/* what is here of a message comes first; or
				   the queue notes that no more is kept */

/* What the server says of a message besides its bytes; POP3: nothing. */
struct arrival {
	uint8_t		 flags;		/* FETCHED_ bits */
	int64_t		 at_utc_ms;	/* 0: not known */
	struct slice	 keywords;	/* in the session */
	struct slice	 into;		/* folder here; empty: INBOX */
	uint64_t	 from;		/* its first byte that comes; 0: all */
	const struct shape *shape;	/* as protocol.shape() has asked */
};

enum conversation_step {
	CONVERSATION_OPEN,
	CONVERSATION_LEAVING,	/* QUIT has been said */
	CONVERSATION_OVER	/* hung up; submissions may be unanswered */
};

/* All that is of one conversation, made and freed whole. */
struct conversation {
	enum conversation_step step;
	const struct opening *opening;
	enum talk_login	 login;		/* libcurl's, or NONE: ours */
	unsigned	 passed_before;	/* when it began; see collect.passed */
	bool		 was_wary;	/* the same; see collect.is_wary */
	bool		 was_whole_only; /* the same; collect.is_whole_only */
	struct talk	*talk;
	bool		 resumes;	/* a session of TLS may be */
	struct pop3	*pop3;		/* NULL: it is none, or not yet */
	struct pop3_capa capa;
	struct imap_session *imap;	/* the same */
	struct arrival	 arrival;	/* of the message that has come */
	struct fetch_outcome before;	/* this folder */
	char		 peer[64], tls_words[128];
	void		(*turn)(struct collect *);	/* say more commands */
	unsigned	 held_for;	/* HOLD_ bits */
	bool		 may_delete, is_first;
	struct listing	 listing;
	struct listing_page page;
	struct first_collection first;
	struct before_queue before_queue;
	struct spares	 spares;
	struct header_digests digests;
	struct take	 take;
	struct space	 space;
	struct incoming	*incoming;	/* NULL: none that is wanted */
	uint32_t	 too_large;	/* the message that ends it; or 0 */
	struct doubt	 doubt;
	struct submissions submissions;
	struct deletions deletions;
};

/* 0, -EINVAL or -ENOMEM: then there is none. */
int	conversation_begin(struct collect *);
/* From the loop, or with its collection; none is fine. */
void	conversation_free(struct collect *);
/* A folder is done with: its listing is, and what was known of it. */
void	conversation_next(struct collect *);
/* It goes on; it has ended (or there is none any more). */
bool	conversation_is_open(const struct collect *);
bool	conversation_is_over(const struct collect *);
/* The step at hand may say more. */
void	conversation_turn(struct collect *);
/* Let the server wait for this reason, or no more for it. */
void	conversation_hold(struct collect *, unsigned why, bool held);

#endif
