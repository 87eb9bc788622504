/*
 * rehearsal.h - what rules would have done to the mail that is still here
 *
 * All letters of all accounts that came since a day, and what is held, go past
 * the rules one by one, each message once however many people have it.  Reads
 * only, beside a running hub.  What the hub found out when the message came
 * (queue/traced.h) is taken from its own lines; what they do not say makes a rule
 * that asks for it uncertain, and that is counted apart.
 *
 * rehearsal.c gathers what there is, rehearsal_judge.c has one message judged,
 * rehearsal_tell.c says what came of it.
 */
#ifndef POSTROOM_PROGRAMS_REHEARSAL_H
#define POSTROOM_PROGRAMS_REHEARSAL_H

#include "programs/cli_rule.h"
#include "programs/transfer_progress.h"
#include "queue/held_reader.h"
#include "queue/traced.h"
#include "store/onlooker.h"

/* Where people have it now: of several places the first of these counts. */
enum rehearsed_where {
	REHEARSED_INBOX,
	REHEARSED_FILED,	/* a folder of theirs */
	REHEARSED_TRASH,
	REHEARSED_JUNK,
	REHEARSED_HELD,		/* nobody has it: it waits */
	REHEARSED_PLACES
};

struct rehearsed_counts {
	uint64_t	messages;
	uint64_t	where[REHEARSED_PLACES];
	uint64_t	seen, answered, flagged;
	uint64_t	moved;		/* somebody put it elsewhere */
};

#define REHEARSED_WORDS	160	/* bytes of what is shown of a message */

struct rehearsed_example {
	struct message_id id;
	bool		 is_feared;	/* people have it, and have read it */
	enum rehearsed_where where;
	uint8_t		 flags;
	char		 from[REHEARSED_WORDS], subject[REHEARSED_WORDS];
	char		 to[REHEARSED_WORDS];
	char		 why[2 * REHEARSED_WORDS];	/* the test, its find */
};

/* What a rule would have done. */
struct rehearsed_rule {
	struct rehearsed_counts caught;
	uint64_t	 otherwise;	/* not what the rules in force do */
	uint64_t	 unsure;	/* whether they do is not known */
	uint64_t	 unknown;	/* whether it holds is not known */
	uint64_t	 unexamined;	/* nor can the judge tell */
	const char	*why;		/* of the last of those; or NULL */
	struct rehearsed_example *examples;
	size_t		 example_count;
};

struct rehearsal {
	struct cli	*cli;
	const struct rule_book *book, *in_force;
	int64_t		 since_utc_ms;
	size_t		 limit;		/* examples of a rule */

	struct rehearsed_rule *rules;	/* by their numbers */
	struct rehearsed_counts kept_away, marked;
	uint64_t	 messages, held;	/* looked at */
	uint64_t	 of_messages;	/* that there are */
	uint64_t	 own, saved;	/* the hub's own; nobody sent them here */
	uint64_t	 unreadable;
	uint64_t	 accounts, unread_accounts;
	bool		 is_stopped;	/* by whoever asked for it */
	struct transfer_progress progress;
	double		 seconds;
};

/* One message as it is handed to the judge. */
struct rehearsed_message {
	struct message_id id;
	struct slice	 bytes;
	struct envelope	 envelope;
	uint32_t	 may[TRACED_ROWS];
	enum rehearsed_where where;
	uint8_t		 flags;		/* of all copies together */
	bool		 is_moved;
};

/* Look at all there is; the first members are set.  Exit code. */
int	rehearsal_run(struct rehearsal *);
/* Give all back. */
void	rehearsal_end(struct rehearsal *);
/* Have it judged, and count it.  0, -ENOMEM or -ENOBUFS. */
int	rehearsal_judge(struct rehearsal *, const struct rehearsed_message *);
/* Say what came of it. */
void	rehearsal_tell(const struct rehearsal *);

#endif
