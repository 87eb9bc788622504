/*
 * dns_lists.h - lists of hosts and domains that are published in DNS (RFC 5782)
 *
 * What the postmaster has configured, one list between semicolons:
 *
 *	zen zen.spamhaus.org 127.0.0.2-127.0.0.11 refuse; wl wl.example allow
 *
 * A name for rules, the zone, and then in any order: "domains" (it lists these,
 * and not addresses), "allow" or "block" (which
 * is what most lists mean), the answers that count (an address, or two with a
 * "-" between; none: any), "bits" and a number (one of these bits is set in the
 * last byte of the answer), and what is done by itself about what it lists:
 * "mark", "hold" or "refuse" (none: only rules ask for it).
 *
 * Answers by which a list says that it does not serve us are never listings,
 * whatever is configured.  No I/O here.
 */
#ifndef POSTROOM_FILTERS_DNS_LISTS_H
#define POSTROOM_FILTERS_DNS_LISTS_H

#include "filters/auth/dns.h"
#include "filters/verdict.h"

/* Each costs a question for every message; offices have one to three. */
#define DNS_LISTS_MOST		12
#define DNS_LIST_NAME_MOST	32
#define DNS_LIST_RANGES		8
/* What is asked for stands in front of it: of IPv6 that takes 64 bytes. */
#define DNS_LIST_ZONE_MOST	180

enum listed_result {
	LISTED_UNASKED,		/* it has no say in this */
	LISTED_NO,
	LISTED_YES,
	LISTED_SILENT,		/* nobody answered in time */
	LISTED_REFUSED,		/* it says that it does not serve us */
	LISTED_BROKEN,		/* it lists what no list may (5), or all */
	LISTED_RESULTS
};

struct dns_list {
	char		name[DNS_LIST_NAME_MOST + 1];	/* lower case */
	char		zone[DNS_LIST_ZONE_MOST + 1];
	bool		is_domains;	/* else of addresses */
	bool		allows;		/* else it blocks; never of domains: who
					   writes a message chooses these */
	enum verdict_action action;	/* ACCEPT: none by itself */
	uint32_t	bits;		/* of an answer's last byte; 0: any */
	unsigned	range_count;	/* 0: any */
	struct { uint32_t from, to; } ranges[DNS_LIST_RANGES];
};

struct dns_lists {
	unsigned	count;
	struct dns_list	list[DNS_LISTS_MOST];
};

/*
 * NULL, or what is wrong in static words, and *where_out is the piece of `text`
 * that is.  The empty text is no list.
 */
const char *dns_lists_read(struct slice text, struct dns_lists *lists_out,
	    struct slice *where_out);
/* Can a list have that name? */
bool	dns_list_is_name(struct slice);

/*
 * What to ask about an address: its bytes the other way round (2.1), of IPv6
 * its digits (2.4).  False: it is no address.
 */
bool	dns_list_asks(const struct dns_list *, struct slice address,
	    struct dns_question *question_out);
/* What to ask about a domain (3).  False: it is too long for that. */
bool	dns_list_asks_domain(const struct dns_list *, const char *domain,
	    struct dns_question *question_out);
/* What an answer means, and the address that does, if there is one. */
enum listed_result dns_list_says(const struct dns_list *,
	    const struct dns_answer *, uint32_t *address_out);

#endif
