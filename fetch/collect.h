/*
 * collect.h - one collection from one remote mailbox: POP3 (RFC 1939, RFC 2449)
 * or IMAP (RFC 3501, RFC 9051); or a watch over an INBOX of IMAP (RFC 2177)
 *
 * Connect, log in, list, ask the queue what to take, take it, delete what may
 * go, the same for the next folder, QUIT.  A message is taken when the queue has
 * said 250 for it, and deleted only then; whatever breaks before leaves it where
 * it is.
 *
 * The queue (IPC, queue/service.h) decides; the line is used as well as it
 * allows: a window of commands under way, bounded by bytes and by count, one at
 * a time where PIPELINING is not offered (RFC 2449 6.6).
 */
#ifndef POSTROOM_FETCH_COLLECT_H
#define POSTROOM_FETCH_COLLECT_H

#include "fetch/line_bill.h"
#include "fetch/service.h"
#include "lib/base/ipc.h"
#include "lib/base/talk.h"
#include "policy/fetch_accounts.h"
#include "policy/line_calendar.h"

struct collect;			/* opaque; see collect.c */

struct collect_options {
	const struct fetch_account *account;	/* copied; POP3 or IMAP */
	/* or the access token (policy/grants.h); copied; wiped in time */
	const char	*password;
	const char	*addresses;	/* of its host; see talk.h */
	/* who carries it; borrowed until it is over; NULL: nobody */
	const struct talk_proxy *proxy;
	enum fetch_task	 task;
	uint64_t	 message_bytes;	/* the hub's largest message */
	struct line_bill *bill;		/* borrowed, outlives it; or NULL */
	struct talk_session *session;	/* the same: of TLS, to be resumed */
	/* its mail is for many: how it is told apart (domain_rules.h), and the
	 * channel to the keeper (borrowed), who knows who is here; or NULL */
	const char	*rules;
	struct ipc	*keeper;
	/*
	 * What is done before a download: before_rules.h as text, or NULL; when
	 * it is night; the language of notes ("en").
	 */
	const char	*before;
	struct calendar	 night;
	const char	*language;
	/* limits of the wire; 0: the defaults in collect.c */
	uint64_t	 connect_ms, open_ms, silence_ms;
	uint64_t	 least_bytes_per_second;	/* over a minute */
	uint64_t	 again_ms;	/* before another conversation */
	uint64_t	 idle_ms;	/* before a watch says something */
	uint64_t	 mark;		/* of an outcome: FETCH_WATCH from there */
	unsigned	 messages;	/* FETCH_DOCTOR: see checkup.h */
};

struct collect_events {
	void	*arg;
	/* From time to time, and at each stage. */
	void	(*progress)(void *arg, const struct fetch_progress *);
	/* It is over, called once; collect_free() may be called here. */
	void	(*over)(void *arg, const struct fetch_outcome *);
	/* FETCH_WATCH: INBOX has something new; or NULL. */
	void	(*news)(void *arg);
};

/*
 * Begin.  `queue` is the channel to the queue role (borrowed; when it is lost,
 * call collect_queue_lost()).  0, -EINVAL or -ENOMEM: then nothing comes.
 */
int	collect_start(struct talk_hall *, struct loop *, struct ipc *queue,
	    const struct collect_options *, const struct collect_events *,
	    struct collect **collect_out);
/*
 * The line has closed: the message at hand is finished, or cut where the rest
 * of it can be had later (resume.h), no more is, and it ends with
 * FETCH_END_LINE (or with what ended it before).  What was asked for ahead is
 * cut off with the connection; it comes next time.
 */
void	collect_pause(struct collect *);
/* The channel is gone; what was submitted may or may not be stored. */
void	collect_queue_lost(struct collect *);
/* The keeper's channel is gone; only for a domain's mail. */
void	collect_keeper_lost(struct collect *);
/* End it now, without over(): nothing that is not deleted yet will be. */
void	collect_free(struct collect *);

#endif
