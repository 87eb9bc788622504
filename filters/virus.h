/*
 * virus.h - what is asked of the scan role, what it answers, what follows
 *
 * A virus scanner fails open by nature: no signatures, a limit reached, a
 * parser that gave up all look like "nothing found".  So there are eight
 * results, and only one of them is CLEAN: every byte was looked at, with
 * signatures, to the end.  "Not scanned" is a result like any other; what is
 * done about each is the postmaster's choice, and never silently nothing.
 */
#ifndef POSTROOM_FILTERS_VIRUS_H
#define POSTROOM_FILTERS_VIRUS_H

#include "filters/packed.h"
#include "filters/verdict.h"
#include "lib/base/say.h"

#define SCAN_NAME_MAX	128	/* bytes of a signature's name; known: 90 */
#define SCAN_WORDS_MAX	200	/* of the sentence; fits VERDICT_REASON_MAX */
#define SCAN_PACKED_MAX	512	/* of a packed status */
#define SCAN_ANSWER_MAX	(SCAN_PACKED_MAX + PACKED_PACKED_MAX)	/* of an answer */

/*
 * So many times scan_seconds until an answer at the latest: a scanner has them
 * for a message twice, when its worker ended, and each time the message may have
 * waited as long for it.
 */
#define SCAN_TIMES	4

enum scan_kind {
	/* judge -> scan, 1 descriptor: u64 bytes; reply: scan_answer */
	SCAN_MESSAGE = 700,
	/* console -> scan: nothing; reply: scan_status */
	SCAN_STATUS = 701
};

enum scan_result {
	SCAN_CLEAN,
	SCAN_VIRUS,
	SCAN_ENCRYPTED,		/* something in it cannot be looked into */
	SCAN_BROKEN,		/* an archive or program that cannot be read */
	SCAN_TOO_MUCH,		/* a limit was reached */
	SCAN_TOO_LONG,		/* its time was over */
	SCAN_UNSCANNABLE,	/* the scanner failed on it, or cannot read it */
	SCAN_NOT_SCANNED,	/* no signatures, no scanner */
	SCAN_RESULTS
};

struct scan_answer {
	enum scan_result result;		/* the one that weighs most */
	unsigned also;		/* others that hold as well: 1 << scan_result */
	char	name[SCAN_NAME_MAX + 1];	/* of what was found; or "" */
	char	words[SCAN_WORDS_MAX + 1];	/* why it is not clean; or "" */
	struct packed packed;	/* what its archives and documents hold */
};

/*
 * Make an answer.  What is no printable ASCII in name or words becomes a
 * question mark; both are cut at their limits.
 */
struct scan_answer scan_answer_of(enum scan_result, const char *name,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
/*
 * Add another look at the same message: the heavier result stands, with its
 * words (a virus before all, then what was not scanned, then what is suspect);
 * the other is kept in `also`.  Clean only if both are.  `packed` stays that of
 * `into`.
 */
void	scan_answer_add(struct scan_answer *into, const struct scan_answer *);

/* One word for it: "clean", "virus", "encrypted", "broken", "too-much",
 * "too-long", "unscannable", "not-scanned". */
const char *scan_result_word(enum scan_result);

/*
 * Why there may be names in archives that its list does not have, in words;
 * NULL: it has all.
 */
const char *scan_answer_unlisted(const struct scan_answer *);

/* As bytes, at most SCAN_ANSWER_MAX, and back. */
void	scan_answer_pack(struct text *, const struct scan_answer *);
/* 0, or -EBADMSG: it is no answer. */
int	scan_answer_unpack(struct slice packed, struct scan_answer *answer_out);

enum scan_state {
	SCAN_OFF,		/* no signature folder is configured */
	SCAN_LOADING,		/* the first set is being read */
	SCAN_READY,
	SCAN_NO_SIGNATURES,	/* there is no set that can be used */
	SCAN_STATES
};

struct scan_status {
	enum scan_state	 state;
	uint64_t	 signatures;
	int64_t		 newest_utc_s;	/* of the signature files; 0: none */
	uint64_t	 workers;	/* at work or ready */
	uint64_t	 scanned;	/* messages since the start */
	uint64_t	 failed;	/* of them not scanned */
	char		 words[SCAN_WORDS_MAX + 1]; /* the last fault; or "" */
};

/* As bytes, at most SCAN_PACKED_MAX, and back. */
void	scan_status_pack(struct text *, const struct scan_status *);
/* 0, or -EBADMSG: it is no status. */
int	scan_status_unpack(struct slice packed, struct scan_status *status_out);
/* How old the newest signatures are, in whole days; 0: nobody knows. */
uint64_t scan_status_days(const struct scan_status *, int64_t now_utc_s);
/*
 * One line for a person; `now_utc_s` gives the signatures their age, and from
 * `old_days` on it says that they are too old.
 */
void	scan_status_say(struct text *, enum language,
	    const struct scan_status *, int64_t now_utc_s, unsigned old_days);

/* What is done about each result; see virus_judge() for what may stand. */
struct virus_policy {
	enum verdict_action	action[SCAN_RESULTS];
	enum verdict_action	macros;	/* of a document that has some */
};
/*
 * Quarantine a virus, hold what is suspect, else try again later; an office
 * lives on macros.
 */
extern const struct virus_policy virus_default_policy;

/*
 * Turn an answer into a verdict: of all its results the action that is most
 * severe.  One that may not stand where it does counts as the default there:
 *
 *	VIRUS			quarantine, refuse
 *	NOT_SCANNED		mark, hold, defer
 *	all others		mark, hold, quarantine, refuse
 *	macros			those, and accept
 *
 * so no policy makes a virus pass.  Whatever is not clean gets a header line,
 * which a held message keeps when it is released:
 *
 *	X-Postroom-Virus: virus (Win.Test.EICAR_HDB-1)
 *	X-Postroom-Virus: encrypted (Heuristics.Encrypted.Zip), too much
 *	X-Postroom-Virus: not scanned (no signatures are configured)
 *
 * and so do macros, unless they are accepted:
 *
 *	X-Postroom-Macros: found
 */
void	virus_judge(const struct scan_answer *, const struct virus_policy *,
	    struct verdict *verdict_out);

#endif
