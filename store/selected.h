/*
 * selected.h - what one IMAP session sees of its mailbox
 *
 * A view has its letters in order of UID, numbered by place from 0; numbers
 * change in selected_update() alone, where the session tells its client of it.
 * Flags are those of the last commit, whoever changed them.  A letter that was
 * deleted stays readable as long as a view lists it.
 *
 * A call that takes letters takes SELECTED_STEP at the most (-E2BIG), or what it
 * says, and some 5 ms; a session comes back to the loop between two of them.  Single-threaded,
 * as account.h; account_close() ends the views it finds.
 */
#ifndef POSTROOM_STORE_SELECTED_H
#define POSTROOM_STORE_SELECTED_H

#include "store/account.h"

#define SELECTED_STEP	1000
#define EXPUNGE_STEP	2500	/* selected_expunge() takes so many: 2 us each,
				   and the disk is waited for each time */

struct selected;		/* opaque; see selected.c */

struct selected_letter {
	uint64_t	letter;		/* row of the letter */
	uint64_t	modseq;
	uint32_t	uid;
	uint32_t	keywords;	/* selected_words() */
	uint8_t		flags;		/* LETTER_SEEN, ... */
	uint8_t		marks;		/* private */
	bool		is_recent;	/* RFC 3501 2.3.2, for this view alone */
};

/*
 * A view of `mailbox`.  Commits what is open first: nobody sees what could
 * still be undone.  Where another view of it is open, or was closed last (one
 * is kept, 32 bytes a letter, until account_rest()), only what came since is
 * read.
 * 0, -ENOENT (no such mailbox) or -errno.
 */
int	selected_open(struct account *, uint32_t mailbox,
	    struct selected **selected_out);
/* NULL is fine. */
void	selected_close(struct selected *);

/*
 * The session of the view may write: what is \Recent in it is so for nobody who
 * selects the mailbox later, and of what comes those letters are that this
 * session is the first to be told of (RFC 3501 2.3.2).  A view without it, of
 * EXAMINE, shows them and leaves them to the next.  Not durable at once, but
 * with the next commit of any kind: after a crash a letter may be \Recent
 * twice, which RFC 3501 prefers to never.
 */
void	selected_claim(struct selected *);
/* How many letters of the view are \Recent. */
size_t	selected_recent(const struct selected *);
/*
 * How many letters of a mailbox would be \Recent to who selected it now, and
 * to the session of `selected` (or NULL), if that is of it: STATUS.  A walk
 * through the entries of those that nobody was told of.  0, -ENOENT or -errno.
 */
int	selected_count_recent(struct account *, uint32_t mailbox,
	    const struct selected *, size_t *count_out);

/*
 * What the client of a view knows: enough to begin the view anew, in another
 * process and long after, and to tell exactly what changed since.
 */
#define SELECTED_RUNS	40		/* SESSION_STATE_BYTES holds as many */
struct selected_run {
	uint32_t	first, last;	/* UIDs */
};
struct selected_known {
	uint32_t	mailbox;
	uint32_t	uidvalidity;
	uint32_t	count;		/* of letters */
	uint64_t	uidnext;	/* above each of them; 2^32 at the most */
	uint64_t	modseq;		/* every change up to it was told */
	bool		claims;		/* selected_claim() */
	/* its letters that are \Recent, ascending and apart */
	uint8_t		run_count;
	struct selected_run runs[SELECTED_RUNS];
};
/*
 * 0, -EAGAIN (there is news: selected_update() comes first), -ENOENT (the
 * mailbox was deleted) or -E2BIG (the letters that are \Recent are too
 * scattered: where two sessions are told in turn, that takes 40 turns).
 */
int	selected_known(const struct selected *,
	    struct selected_known *known_out);
/*
 * A view as its client knows it; what has happened since is its news.  A letter
 * that has gone meanwhile cannot be read any more, so tell the news first.
 * 0, -ENOENT (the mailbox was deleted, or is another one), -ESTALE (what the
 * client knows does not follow from what is remembered: it has to begin anew)
 * or -errno.
 */
int	selected_resume(struct account *, const struct selected_known *,
	    struct selected **selected_out);

/* Its mailbox; how many letters are in the view. */
uint32_t selected_mailbox(const struct selected *);
size_t	selected_count(const struct selected *);
/* The mailbox was deleted; the letters are still there to be read. */
bool	selected_is_gone(const struct selected *);
/* Letter `n`, or NULL beyond the end; valid until a call that may change it. */
const struct selected_letter *selected_at(const struct selected *, size_t n);
/* The place of the first letter with that UID or one above; or the count. */
size_t	selected_find(const struct selected *, uint32_t uid);
/* Above every UID that was ever in the view. */
uint32_t selected_uidnext(const struct selected *);
/* What the view was brought up to: RFC 7162 HIGHESTMODSEQ. */
uint64_t selected_modseq(const struct selected *);
/* Somebody deleted it, and this session's client was not told yet. */
bool	selected_is_expunged(const struct selected *, size_t n);

/* The words of a set, a space between.  Valid as long as the account is. */
struct slice selected_words(const struct selected *, uint32_t keywords);
/*
 * Every word some letter of the view has, once, case apart.  Ends early when
 * `fn` returns non-zero, with that.  0 or -ENOMEM.
 */
typedef int selected_word_fn(void *arg, struct slice word);
int	selected_each_word(const struct selected *, selected_word_fn *,
	    void *arg);

/*
 * Bring the view up to date, and tell of it in the order a client can follow
 * (RFC 9051 7.5.1): letters expunged, if `may_expunge`, each with the place it
 * has at that moment; then, if letters came, the new count; then each letter
 * with other flags.  A function that is NULL is not told.  One that returns
 * non-zero was told and wants no more now: call again, to go on there.
 * The view must not be asked for anything within `expunged`.
 * 1: there is more to tell, 0: that was all, or -errno.
 */
struct selected_teller {
	int	(*expunged)(void *arg, size_t n, uint32_t uid);
	int	(*exists)(void *arg, size_t count);
	int	(*changed)(void *arg, size_t n);
};
int	selected_update(struct selected *, bool may_expunge,
	    const struct selected_teller *, void *arg);
/* The client has just heard what flags letter `n` has. */
void	selected_was_told(struct selected *, size_t n);
/* Is there anything that selected_update() would tell? */
bool	selected_has_news(const struct selected *, bool may_expunge);

/* What the rows say of a letter. */
struct letter_facts {
	uint64_t	 bytes;		/* RFC822.SIZE: with the CRLF it lacks */
	uint32_t	 trace_bytes;
	uint64_t	 body_bytes;
	bool		 lacks_crlf;
	bool		 is_big;
	struct message_id id;		/* id and action are one letter's, and
					   do not change: EMAILID */
	uint32_t	 action;
	int64_t		 received_at_utc_ms;	/* INTERNALDATE */
	int64_t		 saved_at_utc_ms;	/* RFC 8514; 0: not known */
	struct slice	 structure;	/* empty: none was made yet */
	struct letter_bytes text;
	int		 unreadable;	/* why it is empty: as account_read() */
};
enum facts_wanted {
	FACTS_SAVED	= 1 << 0,	/* else 0 */
	FACTS_STRUCTURE	= 1 << 1,	/* else empty */
	FACTS_TEXT	= 1 << 2,	/* else empty, and 0 */
	FACTS_NO_ROW	= 1 << 3	/* with FACTS_STRUCTURE: nothing else;
					   NULL for those that have none */
};
/*
 * Tell the facts of `count` letters from place `from`; NULL for one whose row
 * makes no sense.  Slices live within `fn`, which must not call account_ or
 * selected_facts(); it ends early when that returns non-zero, with that.
 * 0, -EINVAL (beyond the view), -E2BIG or -errno.
 */
typedef int selected_facts_fn(void *arg, size_t n,
	    const struct letter_facts *);
int	selected_facts(struct selected *, size_t from, size_t count,
	    unsigned wanted, selected_facts_fn *, void *arg);
/* The bytes of letter `n`; as account_read(), but for -ENOENT. */
int	selected_read(struct selected *, size_t n,
	    struct letter_bytes *bytes_out);
/*
 * Keep the structure of letter `n` (lib/message/structure.h), which had none or
 * one of another version.  Not durable at once: it can be made again.
 */
int	selected_put_structure(struct selected *, size_t n,
	    struct slice packed);
/*
 * The UIDs that have gone from the mailbox with a number above `since`, in
 * ranges that ascend; some may never have been a letter's (RFC 7162 3.2.10).
 * For QRESYNC.  A step looks at ranges from UID *from on (1: all), and says
 * there where the next one is to go on.  1: there may be more, 0: that was all;
 * `fn` ends it early when it returns a negative errno, with that.
 */
typedef int selected_vanished_fn(void *arg, uint32_t first, uint32_t last);
int	selected_vanished(struct selected *, uint64_t since, uint64_t *from,
	    selected_vanished_fn *, void *arg);

/* Changing letters */

enum flag_how { FLAG_SET, FLAG_ADD, FLAG_REMOVE };
struct flag_change {
	enum flag_how	 how;
	uint8_t		 flags;		/* of LETTER_ALL_FLAGS */
	struct slice	 keywords;	/* words, a space between; in any case
					   of their letters they are the same */
	uint64_t	 unchanged_since;	/* RFC 7162 3.1.3; UINT64_MAX:
						   whenever */
	uint8_t		 keeps;		/* flags that stay as they are */
	bool		 keeps_keywords;	/* as words do */
	bool		 tell_me;	/* have this view tell of it as well */
};
/*
 * Change the flags of letters, NORMAL: account_sync() makes it durable.  Those
 * with a number above `unchanged_since` are left alone and told to `refused`
 * (may be NULL); those that were deleted, or have these flags, too.  The others
 * get one new number: *modseq_out, 0 when there are none.
 * 0, -EINVAL (a keyword that is no atom, a place beyond the view, no such
 * flag), -E2BIG (more than SELECTED_STEP letters, KEYWORDS_MOST bytes of words,
 * KEYWORD_SETS_MOST sets of them or KEYWORDS_OF_MAILBOX) or -errno: then
 * nothing was changed.
 */
typedef void selected_refused_fn(void *arg, size_t n);
int	selected_flag(struct selected *, const size_t *numbers, size_t count,
	    const struct flag_change *, selected_refused_fn *, void *arg,
	    uint64_t *modseq_out);
/*
 * Delete letters for good, because a person says so: FULL.  `numbers` ascend.
 * This view tells of them as any other.  `ids_out`, which has room for `count`,
 * and *known_out: the messages of those that were not deleted before and whose
 * rows make sense; both may be NULL.  Errors as account_expunge(), and -E2BIG
 * (more than EXPUNGE_STEP).
 */
int	selected_expunge(struct selected *, const size_t *numbers,
	    size_t count, struct message_id *ids_out, size_t *known_out);

#endif
