/*
 * collect_inside.h - one collection, as the files that make it up see it
 *
 * An end is told from the loop, never from inside a step: collect_break() and
 * collect_bye() may be called anywhere.
 */
#ifndef POSTROOM_FETCH_COLLECT_INSIDE_H
#define POSTROOM_FETCH_COLLECT_INSIDE_H

#include "fetch/address.h"
#include "fetch/checkup.h"
#include "fetch/collect.h"
#include "fetch/conversation.h"
#include "fetch/digest.h"
#include "fetch/queue_requests.h"
#include "fetch/words.h"

/* Conversations that a message without end may cost one collection. */
#define COLLECT_PASSED_MOST	3

struct collect {
	struct talk_hall *hall;
	struct loop	*loop;
	struct ipc	*queue;		/* NULL: lost */
	struct collect_options limits;	/* numbers only */
	struct collect_events events;
	struct line_bill *bill;		/* or NULL */
	struct talk_session *session;	/* or NULL */
	bool		 is_pausing;	/* the line has closed */
	struct fetch_account account;
	enum fetch_task	 task;
	const struct protocol *protocol;
	char		*password, *addresses;
	const struct talk_proxy *proxy;	/* NULL: none */
	struct conversation *conversation;	/* NULL: over() was called */
	struct queue_requests requests;
	struct digest	 whole, header;	/* of the message that comes in */
	struct digest	 note;		/* of one that stands for another */
	struct address	*address;	/* its mail is for many; or NULL */
	struct before	*before;	/* rules before a download; or NULL */
	struct checkup	*checkup;	/* FETCH_DOCTOR; or NULL */
	/* larger than listed, and too large: the next conversation passes by */
	struct passed {
		uint64_t	listing;	/* of its folder */
		struct listed	row;
	}		 passed[COLLECT_PASSED_MOST];
	unsigned	 passed_count;
	unsigned	 noted_count;	/* of them, the ledger has noted */
	bool		 is_wary;	/* the next one goes in lock-step */
	bool		 is_whole_only;	/* nothing is resumed any more */
	bool		 waits_again;	/* for `over`, to begin another */
	unsigned	 agains;	/* tries of it; 0: it is the first */
	struct wiped	 wiped;		/* the password, if it was */
	struct timer	*over;		/* to be told; or QUIT takes long */
	enum fetch_stage stage;
	uint64_t	 progress_ms;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
};

/*
 * The conversation ends here: hang up, and tell when the queue has answered.
 * The words are the server's own, or not; collect_break()'s are ours.
 */
void	collect_end(struct collect *, enum fetch_end, bool server_said,
	    struct slice words);
void	collect_break(struct collect *, enum fetch_end, const char *words);
/* It ends well-mannered: QUIT, with this as the end of it. */
void	collect_bye(struct collect *, enum fetch_end, bool server_said,
	    struct slice words);
/* QUIT: all is done. */
void	collect_quit(struct collect *);
/* Tell what came of it, if nothing is awaited any more. */
void	collect_settle(struct collect *);
/* The first end that is not DONE stays, with its words. */
void	collect_note(struct collect *, enum fetch_end, bool server_said,
	    struct slice words);

/* It has come so far; told at once. */
void	collect_stage(struct collect *, enum fetch_stage);
/* At most every 100 ms. */
void	collect_progress(struct collect *);
/* The largest message that is taken. */
uint64_t collect_largest(const struct collect *);

/* The next conversation, if there may be one, passes by this message. */
void	collect_pass_by(struct collect *, uint32_t number, uint64_t listed);
bool	collect_is_passed(const struct collect *, const struct listed *);

#endif
