/*
 * doctor_inside.h - what doctor.c gathers and doctor_advice.c makes of it
 */
#ifndef POSTROOM_FETCH_DOMAIN_DOCTOR_INSIDE_H
#define POSTROOM_FETCH_DOMAIN_DOCTOR_INSIDE_H

#include "fetch/domain/doctor.h"
#include "fetch/domain/identity.h"
#include "lib/message/path.h"

#define TALLY_MOST	128	/* different ones that are told apart */
#define AFFIXES_MOST	48
#define AFFIX_SIZE	64	/* bytes with their NUL */
#define NORMAL_SIZE	(PATH_LOCAL_MAX + PATH_DOMAIN_MAX + 2)
#define CASES_MOST	12	/* held messages that are shown */
#define OPTIONS_MOST	4
#define SHOWN_MOST	60	/* bytes of a text that are shown */
#define SHOWN_SIZE	(4 * SHOWN_MOST + 4)	/* escaped, "...", NUL */

/* How often each of them occurs. */
struct ballot {
	uint64_t	key[TALLY_MOST];
	unsigned	count[TALLY_MOST];
	unsigned	used;		/* different ones */
	unsigned	total;
};

/* One more of that. */
void		 ballot_add(struct ballot *, uint64_t key);
/* The place of the most frequent one; 0 where there is none. */
unsigned	 ballot_top(const struct ballot *);

/* What may stand around the names in a header. */
struct affix {
	char		text[AFFIX_SIZE];
	bool		is_tail;
	unsigned	count;		/* addresses that have it */
	unsigned	ours;		/* of them, somebody's here without it */
};

/* A header that may say for whom a copy is. */
struct doctor_header {
	char		 name[DOMAIN_WORD_MOST + 1];
	bool		 is_set;	/* the rules name it */
	unsigned	 seen;		/* messages that have it */
	unsigned	 own;		/* of them, it names the mailbox only */
	unsigned	 local;		/* in a domain of ours */
	unsigned	 direct;	/* somebody's here as it stands */
	unsigned	 deepest, shallowest;	/* Received lines above it,
						   and one; 0: none yet */
	struct ballot	 whom;		/* the recipients */
	/* the most frequent one, as it is written and in normal form */
	char		 example[SHOWN_SIZE], address[NORMAL_SIZE];
	struct affix	 affixes[AFFIXES_MOST];
	unsigned	 affix_count;
};

/* What is kept of a message. */
struct doctor_message {
	bool		 has_identity;
	unsigned char	 identity[DIGEST_BYTES];
	uint64_t	 whom[DOCTOR_HEADERS];	/* hash of the address; or 0 */
};

struct doctor_case {
	uint32_t	 number;
	enum domain_hold hold;
	char		 from[SHOWN_SIZE], subject[SHOWN_SIZE];
};

struct doctor_option {
	const char	*name;		/* "envelope-header" */
	char		 value[NORMAL_SIZE];
};

struct doctor {
	const struct domain_rules *rules;
	bool			 is_domain;
	struct slice		 host;
	struct identity		 identity;
	struct doctor_header	 headers[DOCTOR_HEADERS];
	unsigned		 header_count;
	struct doctor_message	 messages[DOCTOR_MESSAGES_MOST];
	unsigned		 looked;
	unsigned		 named_many;	/* name several of ours */
	struct ballot		 received, visible;	/* recipients of ours */
	unsigned		 hops;		/* messages with a trusted hop */
	char			 by[SHOWN_SIZE], peer[SHOWN_SIZE];
	unsigned		 now[DOMAIN_HOLD_COUNT];
	struct doctor_case	 cases[CASES_MOST];
	unsigned		 case_count;
	/* doctor_advice.c */
	struct arena		*arena;		/* of what follows */
	struct doctor_option	 options[OPTIONS_MOST];
	unsigned		 option_count;
	bool			 is_second;	/* looked at by these: */
	struct domain_rules	 advised;
	unsigned		 then[DOMAIN_HOLD_COUNT];
	unsigned		 looked_then;
};

/* The prefix or tail that its names have, or NULL. */
const struct affix *doctor_affix(const struct doctor_header *, bool is_tail);
/* The header that says for whom each copy is, or NULL. */
const struct doctor_header *doctor_best(const struct doctor *);

#endif
