/*
 * parse_list.h - what LIST and STATUS ask for (RFC 9051 6.3.9 and 6.3.11)
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_LIST_H
#define POSTROOM_GATEWAY_IMAP_PARSE_LIST_H

#include "gateway/imap/parse.h"

#define IMAPD_PATTERNS_MOST	32	/* in one LIST */
/* Of all of them, each with its reference: a name has 255, and matching one
 * takes a step for each byte of a pattern. */
#define IMAPD_PATTERNS_BYTES	4096

/* What a STATUS tells. */
#define IMAPD_STATUS_MESSAGES	0x001u
#define IMAPD_STATUS_RECENT	0x002u	/* RFC 3501 */
#define IMAPD_STATUS_UIDNEXT	0x004u
#define IMAPD_STATUS_UIDVALIDITY 0x008u
#define IMAPD_STATUS_UNSEEN	0x010u
#define IMAPD_STATUS_DELETED	0x020u
#define IMAPD_STATUS_SIZE	0x040u
#define IMAPD_STATUS_MODSEQ	0x080u	/* HIGHESTMODSEQ, RFC 7162 3.1.7 */
#define IMAPD_STATUS_LIMIT	0x100u	/* APPENDLIMIT, RFC 7889 3.1 */
#define IMAPD_STATUS_ID		0x200u	/* MAILBOXID, RFC 8474 4.3 */

/* Which names a LIST wants, and what it wants to know of them. */
#define IMAPD_LIST_SUBSCRIBED	0x01u
#define IMAPD_LIST_RECURSIVE	0x02u	/* RECURSIVEMATCH */
#define IMAPD_LIST_SPECIAL	0x04u	/* SPECIAL-USE, RFC 6154 */
#define IMAPD_LIST_CHILDREN	0x08u
#define IMAPD_LIST_STATUS	0x10u	/* RFC 5819 */

struct imapd_list {
	bool		 is_extended;	/* options or several patterns */
	unsigned	 select;	/* IMAPD_LIST_ bits: only those */
	unsigned	 returns;	/* IMAPD_LIST_ bits */
	unsigned	 status;	/* IMAPD_STATUS_ bits */
	struct slice	 reference;
	struct slice	*patterns;
	size_t		 pattern_count;
};

/* What follows "LIST ". */
bool	imapd_list_read(struct imapd_parse *, struct imapd_list *list_out);
/* "(MESSAGES UIDNEXT)". */
bool	imapd_status_read(struct imapd_parse *, unsigned *items_out);
/* Add "MESSAGES UIDNEXT": what is asked for, as it is read. */
void	imapd_status_add(struct text *, unsigned items);
/*
 * Does `name` match `pattern`, of IMAPD_PATTERNS_BYTES at most: "*" is anything,
 * "%" anything without a "/" (RFC 9051 6.3.9).  INBOX matches in any case of its
 * letters.  At most a step for each pair of their bytes, some 1 ms.
 */
bool	imapd_list_matches(struct slice pattern, struct slice name);

#endif
