/*
 * ledger.h - the queue as a collection sees it, played in the same loop
 */
#ifndef TESTS_UNIT_FETCH_LEDGER_H
#define TESTS_UNIT_FETCH_LEDGER_H

#include "lib/base/ipc.h"
#include "lib/message/envelope.h"
#include "queue/service.h"

#define LEDGER_ROWS	4096
#define LEDGER_BIGS	8

/* A message that was submitted. */
struct ledger_mail {
	struct text	bytes;
	char		sender[64];
	bool		utf8, is_big;
	uint32_t	number;
	uint8_t		mended, flags;
	int64_t		arrived_utc_ms;
	char		into[256], keywords[128];
	char		to[256];	/* addresses, a space between */
	char		hold[128];	/* why, as far as it fits; or "" */
	unsigned char	header_digest[FETCHED_DIGEST_BYTES];
	unsigned char	digest[FETCHED_DIGEST_BYTES];
};

/* A header that was shown, of a message that may be here. */
struct ledger_shown {
	uint32_t	number;
	uint64_t	bytes;		/* listed */
	struct shared_sample sample;
	struct text	header;
	char		sender[64];
	uint8_t		flags;
	int64_t		arrived_utc_ms;
	unsigned char	header_digest[FETCHED_DIGEST_BYTES];
};

struct ledger {
	/* told before */
	bool		 has_bodies;	/* another copy of all may be here */
	unsigned	 shared;	/* to a header; 0: fetch it */
	bool		 may_delete, is_first, wants_look, has_due;
	enum listing_status begins;
	uint64_t	 space;		/* that it grants; what is over: 452 */
	unsigned	 code;		/* to a submission; 0: 250 */
	bool		 holds;		/* says so of what it stores */
	bool		 knows;		/* all that is submitted */
	unsigned	 fails_page;	/* of what to take, from 1; 0: none */
	/*
	 * That page of what to take comes with the next page that is asked
	 * for; by then nothing more is stored.
	 */
	unsigned	 late_page;
	bool		 by_size;	/* what is to be taken */
	bool		 only_counts;	/* rows: it keeps none */
	bool		 is_slow;	/* answers submissions a while later */
	uint32_t	 half_of;	/* message of which this is kept */
	struct slice	 half;
	bool		 half_is_damaged;
	int		 pipe_bytes;	/* of big files; 0: the usual */
	unsigned	 mended_least;	/* are told before it answers any */
	/* heard */
	struct row {
		uint32_t	number;
		uint64_t	bytes;
		char		uidl[600];
		bool		left, late, taken, deleting, spared;
		uint8_t		known;	/* digest */
		unsigned char	digest[FETCHED_DIGEST_BYTES];
	} rows[LEDGER_ROWS];
	unsigned	 count;
	unsigned	 first;		/* of them, of the folder at hand */
	unsigned	 folders;	/* that were listed */
	char		 folder[256];
	uint64_t	 listing;	/* its name */
	uint32_t	 last;		/* number of this listing */
	unsigned	 pages, rows_told;
	bool		 has_uidl, settled, ended;
	int		 days;
	bool		 is_mirror;	/* as it was told */
	unsigned	 decides, take_pages;
	struct ledger_mail mail[LEDGER_ROWS];
	unsigned	 mail_count;
	unsigned	 held_asked;	/* numbers it was asked about */
	struct ledger_shown shown[64];
	unsigned	 shown_count;
	uint64_t	 granted;	/* not given back */
	unsigned	 abandoned, mended, halves_dropped;
	size_t		 before_mended;	/* of the newest big file */
	/* its own */
	struct loop	*loop;
	struct ipc	*near, *far;	/* the collection's end; ours */
	struct timer	*later;
	unsigned	 spared_large;	/* times */
	struct listing_spared left;	/* by the LEAVE under way */
	bool		 is_noting;	/* a LEAVE */
	uint64_t	 noting;	/* its serial */
	struct text	 late;		/* page */
	uint64_t	 late_serial;
	uint64_t	 mended_serials[LEDGER_BIGS];
	unsigned	 mended_answered;
	unsigned	 mended_turns;	/* until the last one is; 0: it is */
	uint64_t	 serials[LEDGER_ROWS];
	unsigned	 waiting;
	struct ledger_big {
		int		fd;
		struct text	bytes;
	} bigs[LEDGER_BIGS];
	unsigned	 big_count;
};

/* It grants, and stores, until it is told otherwise. */
struct ledger	*ledger_new(struct loop *);
void		 ledger_free(struct ledger *);

#endif
