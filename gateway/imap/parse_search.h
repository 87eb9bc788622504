/*
 * parse_search.h - what a SEARCH asks for (RFC 9051 6.4.4)
 *
 * The keys come out as a tree: a key's neighbours in `next` must all hold with
 * it (AND), `inside` is what NOT, OR and parentheses are about.
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_SEARCH_H
#define POSTROOM_GATEWAY_IMAP_PARSE_SEARCH_H

#include "gateway/imap/parse_partial.h"

/* HARDENING 2: what one search may be. */
#define IMAPD_KEYS_MOST		500
#define IMAPD_KEYS_DEPTH	32

enum imapd_key_kind {
	IMAPD_KEY_ALL,
	IMAPD_KEY_NOT,		/* `inside` does not hold */
	IMAPD_KEY_OR,		/* one of the two in `inside` does */
	IMAPD_KEY_AND,		/* all in `inside` do */
	IMAPD_KEY_FLAG,		/* has `flag` */
	IMAPD_KEY_NO_FLAG,
	IMAPD_KEY_KEYWORD,	/* has `text` */
	IMAPD_KEY_NO_KEYWORD,
	IMAPD_KEY_SET,		/* its number is in `set` */
	IMAPD_KEY_UIDS,		/* its UID is */
	IMAPD_KEY_BEFORE,	/* INTERNALDATE is before `day` */
	IMAPD_KEY_ON,
	IMAPD_KEY_SINCE,
	IMAPD_KEY_SENT_BEFORE,	/* the same of its Date field */
	IMAPD_KEY_SENT_ON,
	IMAPD_KEY_SENT_SINCE,
	IMAPD_KEY_SAVED_BEFORE,	/* of the day it came into the mailbox */
	IMAPD_KEY_SAVED_ON,
	IMAPD_KEY_SAVED_SINCE,
	IMAPD_KEY_YOUNGER,	/* RFC 5032: by `number` seconds, or less */
	IMAPD_KEY_OLDER,
	IMAPD_KEY_LARGER,	/* than `number` bytes */
	IMAPD_KEY_SMALLER,
	IMAPD_KEY_MODSEQ,	/* RFC 7162 3.1.5: `number` or above */
	IMAPD_KEY_EMAILID,	/* is `text` */
	IMAPD_KEY_HEADER,	/* field `field` contains `text` */
	IMAPD_KEY_BODY,		/* the body does */
	IMAPD_KEY_TEXT,		/* header or body do */
	IMAPD_KEY_NEW,		/* \Recent and not \Seen */
	IMAPD_KEY_RECENT,
	IMAPD_KEY_OLD,		/* not \Recent */
	IMAPD_KEY_NONE		/* nothing is so */
};

struct imapd_key {
	enum imapd_key_kind	 kind;
	struct imapd_key	*next, *inside;
	uint8_t			 flag;
	int32_t			 day;
	uint64_t		 number;
	struct imapd_set	 set;
	struct slice		 field;
	struct slice		 text;		/* UTF-8 */
};

/* RETURN (...), RFC 9051 6.4.4. */
#define IMAPD_RETURN_MIN	0x01u
#define IMAPD_RETURN_MAX	0x02u
#define IMAPD_RETURN_ALL	0x04u
#define IMAPD_RETURN_COUNT	0x08u
#define IMAPD_RETURN_SAVE	0x10u
#define IMAPD_RETURN_PARTIAL	0x20u	/* RFC 9394 3.1 */

struct imapd_search {
	bool			 is_extended;	/* RETURN was said */
	unsigned		 returns;	/* IMAPD_RETURN_ bits */
	struct imapd_partial	 partial;	/* of that one */
	bool			 bad_charset;	/* NO [BADCHARSET] */
	struct imapd_key	*keys;
	bool			 has_modseq;	/* MODSEQ is among the keys */
};

/* "RETURN (...) ", if that is next. */
bool	imapd_search_returns(struct imapd_parse *, struct imapd_search *);
/* The keys, in `charset` (empty: UTF-8), which are all of the rest. */
bool	imapd_search_keys(struct imapd_parse *, struct slice charset,
	    struct imapd_search *);

/* What follows "SEARCH ". */
bool	imapd_search_read(struct imapd_parse *,
	    struct imapd_search *search_out);

#endif
