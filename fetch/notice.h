/*
 * notice.h - what the hub has to say to people by mail, in their language
 *
 * Words only: when something is said is decided elsewhere (telling.h), and how
 * it gets there too (notice_post.h).  Names and a server's words come from
 * outside: what could break a line or a command is written so that it does not.
 * Times are those of the office (lib/base/zone.h).
 */
#ifndef POSTROOM_FETCH_NOTICE_H
#define POSTROOM_FETCH_NOTICE_H

#include "fetch/service.h"
#include "lib/base/say.h"
#include "policy/line_counts.h"
#include "queue/service.h"

#define NOTICE_MOST		10	/* mailboxes or accounts told by name */
#define NOTICE_SUBJECT_BYTES	500	/* COMPOSE_SUBJECT_MOST */
/* Encoded, each byte as three, it is still a small message (BIG_BYTES). */
#define NOTICE_BODY_BYTES	(40 * 1024)
#define NOTICE_AGAIN_DAYS	7	/* while a mailbox goes on failing */

enum notice_kind {
	NOTICE_FAILING,		/* no mail comes from a remote mailbox */
	NOTICE_WORKING,		/* it does again */
	NOTICE_GRANT_EXPIRES,	/* OAuth: consent is wanted again */
	NOTICE_LINE_REPORT,	/* a month of the line, to the postmaster */
	NOTICE_HELD,		/* what waits for a word of theirs */
	NOTICE_REPLIED,		/* what came of their answer to that */
	NOTICE_SENDS_MUCH,	/* an account sends more than it may */
	NOTICE_FORWARDED,	/* mail of an account goes on, set as its owner */
	NOTICE_NO_WAY,		/* mail is late that has no way out */
	NOTICE_KIND_COUNT
};

/* A remote mailbox; what a kind does not name does not count there. */
struct notice_mailbox {
	struct slice	label, host;
	int64_t		since_utc_ms;	/* FAILING, WORKING: it failed */
	int64_t		success_utc_ms;	/* FAILING: 0: none is known;
					   WORKING: since when it works */
	enum fetch_end	end;		/* FAILING: of the last collection */
	bool		server_said;	/* FAILING: these words */
	struct slice	words;
	int64_t		ends_utc_ms;	/* GRANT_EXPIRES */
};

/* Bytes of one cause or account. */
struct notice_row {
	enum sentence	cause;		/* its name, where `name` is empty */
	struct slice	name;
	uint64_t	in, out;
};

struct notice_figures {
	unsigned	year, month;	/* 2026, 10 */
	uint64_t	in, out;	/* bytes carried in all */
	uint64_t	budget;		/* a month; 0: there is none */
	uint64_t	skipped, shared, compressed, deferred;	/* saved */
	const struct notice_row *causes;
	size_t		cause_count;
	const struct notice_row *accounts;	/* the largest first */
	size_t		account_count;
};

/* A held message. */
struct notice_held {
	const char	*id;
	int64_t		 since_utc_ms;
	int64_t		 ends_utc_ms;	/* then it is deleted; 0: never */
	struct slice	 from, subject, reason;
	struct slice	 score;		/* of the spam filter; or empty */
	const char	*link;		/* where to look at it; or NULL */
	uint32_t	 number;	/* for an answer; 0: none is read */
};

struct notice {
	enum notice_kind kind;
	struct slice	address;	/* whose mailboxes these are */
	const struct notice_mailbox *mailboxes;	/* of remote ones */
	size_t		mailbox_count;	/* those above NOTICE_MOST are counted
					   only */
	const struct notice_figures *figures;	/* LINE_REPORT */
	const struct notice_held *held;		/* HELD: the newest first */
	size_t		held_count;
	unsigned	held_more;		/* not told in this one */
	const struct held_replied *replied;	/* REPLIED */
	size_t		replied_count;		/* 0: it could not be read */
	bool		takes_reply;	/* an answer is read by the hub */
	/* SENDS_MUCH, from `address` */
	uint32_t	sent;			/* messages, or recipients */
	bool		sent_recipients;
	bool		sent_in_a_day;		/* else in an hour */
	/* FORWARDED, to `address` */
	bool		keeps;			/* it has a copy, too */
	int64_t		since_utc_ms;
};

/*
 * Add its subject, one line of UTF-8, and its body; whether they fitted (the
 * sizes above do), the texts know.
 */
void	notice_write(const struct notice *, enum language,
	    struct text *subject, struct text *body);

/* What an end means to the person whose mailbox it is. */
enum sentence	notice_end(enum fetch_end);
/* "sessions", ...: what bytes were for. */
enum sentence	notice_cause(enum line_cause);

#endif
