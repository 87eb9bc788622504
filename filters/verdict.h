/*
 * verdict.h - what a judge says of a message
 *
 * A filter fills a verdict, the judge combines them, and the one that comes out
 * travels to the queue as bytes.  Everything in it is owned, bounded and safe
 * to write: no control characters anywhere, so a line made of it is one line.
 */
#ifndef POSTROOM_FILTERS_VERDICT_H
#define POSTROOM_FILTERS_VERDICT_H

#include "filters/edits.h"

#define VERDICT_REASON_MAX	256	/* bytes of the sentence */
#define VERDICT_WORDS_MAX	256	/* of subject, from and message-id */
#define VERDICT_NAME_MAX	64	/* of the name of a header line */
#define VERDICT_VALUE_MAX	900	/* its value: a line stays below 998 */
#define VERDICT_LINES		20
/* of them, kept for the hub's own: four for any, four for all but -Rules */
#define VERDICT_LINES_OURS	8
#define VERDICT_FOLDER_MAX	255	/* of a mailbox's name, UTF-8 */
#define VERDICT_ADDRESS_MAX	320	/* RFC 5321 4.5.3.1 */
#define VERDICT_PEER_MAX	47	/* of an address as text */
#define VERDICT_RECALL_MOST	86400
#define VERDICT_HITS		12	/* rules that are named */
#define VERDICT_RULE_MAX	64	/* RULE_NAME_MOST */
#define VERDICT_FILE_MAX	100	/* of its file's name, cut */
#define VERDICT_PACKED_MAX	(24 * 1024 + EDITS_PACKED_MAX)

/* The one line beside the X- ones: what we found of who sent it (RFC 8601). */
#define VERDICT_RESULTS		"Authentication-Results"
/* And what vouches for what people here send (RFC 6376). */
#define VERDICT_SIGNATURE	"DKIM-Signature"
/* How the lines begin that seal what is sent on (RFC 8617). */
#define VERDICT_SEAL		"ARC-"

/* From mild to severe; of several verdicts the severest wins. */
enum verdict_action {
	VERDICT_ACCEPT,
	VERDICT_MARK,		/* deliver, with header lines that say why */
	VERDICT_HOLD,		/* accept, but wait for the postmaster */
	VERDICT_QUARANTINE,	/* the same, and nobody is to open it */
	VERDICT_DEFER,		/* 4xx: we could not judge; try again */
	VERDICT_REFUSE,		/* 5xx */
	VERDICT_ACTIONS
};

struct verdict_line {
	char	name[VERDICT_NAME_MAX + 1];
	char	value[VERDICT_VALUE_MAX + 1];
};

/* A rule of the postmaster's that held. */
struct verdict_hit {
	char			 rule[VERDICT_RULE_MAX + 1];
	char			 file[VERDICT_FILE_MAX + 1];
	unsigned		 line;
	enum verdict_action	 action;	/* that it wants */
	bool			 is_shadow;	/* and does not take */
	bool			 files;		/* the folder is its word */
	bool			 redirects;	/* so is the address */
	bool			 removes;	/* an attachment went by it */
};

struct verdict {
	enum verdict_action	 action;
	unsigned		 code;		/* 250, 451, 554 */
	char			 status[12];	/* RFC 3463: "5.4.6" */
	char			 reason[VERDICT_REASON_MAX + 1];
	struct verdict_line	 lines[VERDICT_LINES];	/* to be added */
	size_t			 line_count;
	char			 folder[VERDICT_FOLDER_MAX + 1]; /* "": INBOX */
	/* to this address instead of the recipients; "": to them */
	char			 redirect[VERDICT_ADDRESS_MAX + 1];
	/* for the trail and the console: printable UTF-8, as people read it */
	char			 subject[VERDICT_WORDS_MAX + 1];
	char			 from[VERDICT_WORDS_MAX + 1];
	/* normal form; "": it has none that all programs show (written.h) */
	char			 author[VERDICT_ADDRESS_MAX + 1];
	bool			 author_is_shown;	/* to have written it */
	/* what those want who look for spam: without them it would be so */
	enum verdict_action	 unless_spam;
	bool			 is_junk;	/* the folder is their word */
	/* so long its sender may take it back; VERDICT_RECALL_MOST at the most */
	unsigned		 recall_seconds;
	struct verdict_hit	 hits[VERDICT_HITS];	/* the first ones */
	size_t			 hit_count;
	/* what was taken on already: who handed it to our provider */
	char			 hop_peer[VERDICT_PEER_MAX + 1]; /* "": unknown */
	char			 hop_helo[VERDICT_WORDS_MAX + 1];
	/* of a message that is taken on; in the journal there are none left */
	struct edits		 edits;
};

/* Nothing is wrong: 250 2.0.0, no lines, no words. */
void	verdict_init(struct verdict *);

/*
 * Say what is to be done and why.  `code` must fit the action: 250 up to
 * QUARANTINE, 4xx for DEFER, 5xx for REFUSE; `status` is an RFC 3463 code of
 * that class.  The sentence is cut at its limit, and what is no printable ASCII
 * in it becomes a question mark.
 */
void	verdict_set(struct verdict *, enum verdict_action, unsigned code,
	    const char *status, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));

/*
 * Have a header line added to the message.  0, -EINVAL (a name that does not
 * begin with X- and is neither VERDICT_RESULTS nor one that vouches, a value that is
 * not printable UTF-8) or -E2BIG (too long, or one too many of its sort).
 */
int	verdict_add_line(struct verdict *, struct slice name,
	    struct slice value);

/*
 * Does a line of that name vouch for a message that leaves?  It leaves with it.
 */
bool	verdict_vouches(struct slice name);

/*
 * Have it delivered to that folder, or to that address (normal form).  0, or
 * -EINVAL: not printable UTF-8, or too long.  The first one stays.
 */
int	verdict_set_folder(struct verdict *, struct slice name);
int	verdict_set_redirect(struct verdict *, struct slice address);
/* Who has written it.  0, or -EINVAL: not printable, or too long. */
int	verdict_set_author(struct verdict *, struct slice address);
/* An address as text, and a name cut at its limit; printable ASCII, or -EINVAL. */
int	verdict_set_hop(struct verdict *, struct slice peer, struct slice helo);

/*
 * Name a rule that held.  Its file's name is cut, and what is not printable in
 * it becomes a question mark.  0; -EINVAL: no such name; -E2BIG: one too many.
 */
int	verdict_add_hit(struct verdict *, struct slice rule, struct slice file,
	    unsigned line, enum verdict_action, bool is_shadow);

/*
 * Combine: `into` takes action, code, status and reason of `one` if that is
 * more severe (of two equally severe the first stays), all its lines, edits and
 * hits, and those words, folder and address that it has not itself.  -E2BIG if
 * lines were left out, -EINVAL if an edit was, else 0.
 */
int	verdict_combine(struct verdict *into, const struct verdict *one);

/* The action called "accept", "mark", ...; VERDICT_ACTIONS: there is none. */
enum verdict_action verdict_action_of(struct slice word);
/* The other way round. */
const char *verdict_action_word(enum verdict_action);

/* Add the packed verdict to `text`; at most VERDICT_PACKED_MAX bytes. */
void	verdict_pack(struct text *, const struct verdict *);
/* Read one that is all of `packed`.  0, or -EBADMSG: it is no verdict. */
int	verdict_unpack(struct slice packed, struct verdict *verdict_out);

#endif
