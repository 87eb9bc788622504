/*
 * parse_sort.h - what a SORT and a THREAD ask for (RFC 5256 5, RFC 5267 5)
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_SORT_H
#define POSTROOM_GATEWAY_IMAP_PARSE_SORT_H

#include "gateway/imap/parse_search.h"
#include "lib/message/threads.h"

enum imapd_sort_kind {
	IMAPD_SORT_ARRIVAL,	/* INTERNALDATE */
	IMAPD_SORT_DATE,	/* when it was sent; else INTERNALDATE */
	IMAPD_SORT_SIZE,
	IMAPD_SORT_CC,		/* this and those below are strings */
	IMAPD_SORT_FROM,
	IMAPD_SORT_SUBJECT,
	IMAPD_SORT_TO,
	IMAPD_SORT_DISPLAYFROM,	/* RFC 5957 */
	IMAPD_SORT_DISPLAYTO,
	IMAPD_SORT_KINDS
};

struct imapd_sort {
	struct imapd_search	 search;
	size_t			 count;
	struct {
		enum imapd_sort_kind	 kind;
		bool			 reverse;
	} keys[IMAPD_SORT_KINDS];	/* each kind once: said again it
					   decides nothing */
};

/* What follows "SORT ". */
bool	imapd_sort_read(struct imapd_parse *, struct imapd_sort *sort_out);

/* What follows "THREAD ". */
bool	imapd_thread_read(struct imapd_parse *, enum threads_how *how_out,
	    struct imapd_search *search_out);

#endif
