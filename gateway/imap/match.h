/*
 * match.h - does a letter match a search? (RFC 9051 6.4.4)
 *
 * What can be said without the letter's bytes is said without them: a key that
 * needs more than is at hand is neither true nor false yet.
 */
#ifndef POSTROOM_GATEWAY_IMAP_MATCH_H
#define POSTROOM_GATEWAY_IMAP_MATCH_H

#include "gateway/imap/letter.h"
#include "gateway/imap/parse_search.h"
#include "lib/message/find.h"
#include "lib/message/letter_text.h"
#include "store/search.h"

/* What is at hand of the letter that is looked at. */
#define IMAPD_HAS_FACTS		0x1u
#define IMAPD_HAS_STRUCTURE	0x2u
#define IMAPD_HAS_TEXT		0x4u	/* all of it was read */

enum imapd_verdict { IMAPD_NO, IMAPD_YES, IMAPD_NOT_YET };

/* What looks at the words of a letter in one search: the finder of each has
 * some 100 KiB. */
#define IMAPD_SOUGHT_MOST	32

/* One TEXT, BODY or HEADER key, and the letter's words as they go by. */
struct imapd_sought {
	const struct imapd_key	*key;
	struct finder		 finder;	/* made once for the search */
	struct slice		 word;		/* finder_word(), or empty */
	bool			 is_field;	/* HEADER: the one that is read */
	bool			 found;
	int			 indexed;	/* its number in the query, or -1 */
};

struct imapd_match {
	struct imapd_session	*session;
	struct imapd_key	*keys;
	struct imapd_sought	 sought[IMAPD_SOUGHT_MOST];
	size_t			 sought_count;
	struct slice		 words[IMAPD_SOUGHT_MOST];	/* what is read
						   now is looked at for */
	unsigned		 needs;		/* IMAPD_HAS_ bits, of any key */
	bool			 wants_saved;	/* SAVEDATE, of any key */
	int64_t			 now_ms;
	unsigned		 has;		/* IMAPD_HAS_ bits */
	struct imapd_letter	 letter;
	struct text		 copy;		/* all of a small letter */
	struct letter_text	 reader;
	unsigned		 reads;		/* LETTER_TEXT_ bit, or 0 */
	size_t			 opened;	/* letters, so far */
	struct search_query	*query;		/* what the index says, or NULL */
	bool			 is_narrowed;	/* it said all that it can */
	struct slice		 piece;		/* what is left of one */
	size_t			 name_bytes;	/* left of a field's name */
	struct text		 folded;	/* a step of it */
};

/*
 * For these keys, which are to last as long.  0, -ENOMEM, or -E2BIG: what they
 * look for is too long or too much (FIND_MOST, IMAPD_SOUGHT_MOST); then
 * *words_out says so.
 */
int	imapd_match_begin(struct imapd_match *, struct imapd_session *,
	    struct imapd_key *keys, const char **words_out);
/* Give back what is not in the arena; fine when it never began. */
void	imapd_match_end(struct imapd_match *);

/* Letter `n` of the view, by what is at hand. */
enum imapd_verdict imapd_match_judge(const struct imapd_match *, size_t n);
/*
 * When it comes to many letters that have to be read: ask the account's index
 * which of them need not be (store/search.h), a step at a time.  True: call
 * again before the next letter is judged.
 */
bool	imapd_match_narrow(struct imapd_match *);
/* Look at the index's row of letter `n`.  0 or -errno. */
int	imapd_match_look(struct imapd_match *, size_t n);
/*
 * How many letters from `n` on, of `count` in the view, are to be looked at in
 * one go; 0: letter `n` by itself.  *wanted_out: what selected_facts() is to tell
 * of each.
 */
size_t	imapd_match_run(const struct imapd_match *, size_t n, size_t count,
	    unsigned *wanted_out);
/*
 * Here are the facts of one of them: look at them, and get ready to read if that
 * is wanted.  False: it is to be looked at by itself.
 */
bool	imapd_match_take(struct imapd_match *, size_t n,
	    const struct letter_facts *);
/*
 * Its bytes can be had now (match->letter has its file): get ready to read.
 * 0 or -errno.
 */
int	imapd_match_open(struct imapd_match *);
/* Read on a little.  1: there is more, 0: all was read, or -errno. */
int	imapd_match_read(struct imapd_match *);
/* The letter is judged: forget it. */
void	imapd_match_next(struct imapd_match *);

#endif
