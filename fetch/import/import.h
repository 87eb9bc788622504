/*
 * import.h - what other collectors were set to, and what they have collected
 *
 * Reads the settings of fetchmail, getmail, mpop, hMailServer and MDaemon and
 * their lists of UIDLs.  Nothing here opens a file, and nothing of what stands
 * in one is run.  What is not taken over is a remark with its file and line:
 * never left out in silence.
 *
 * Ownership: everything found lives in the arena, or points into the bytes that
 * were read; both, and the names of the files, must outlive the import.
 */
#ifndef POSTROOM_FETCH_IMPORT_IMPORT_H
#define POSTROOM_FETCH_IMPORT_IMPORT_H

#include <sys/queue.h>

#include "lib/base/arena.h"
#include "lib/base/say.h"
#include "policy/fetch_accounts.h"

/* An office has 500 people with a few mailboxes each; one file, all of them. */
#define IMPORT_ACCOUNTS_MOST	4096
#define IMPORT_REMARKS_MOST	1000	/* nobody reads more; they are counted */
/* As many as a listing may have (LISTING_MOST): more are never asked about. */
#define IMPORT_IDS_MOST		200000
/* Room for what is found in files of that many bytes, 1 GiB at the most. */
#define IMPORT_ARENA_BYTES(bytes) ((size_t)(bytes) > ((size_t)12 << 20) ? \
	(size_t)1 << 30 : (size_t)(4 << 20) + 80 * (size_t)(bytes))

enum import_format {
	IMPORT_UNKNOWN,		/* to be guessed */
	IMPORT_FETCHMAIL,
	IMPORT_GETMAIL,
	IMPORT_MPOP,
	IMPORT_CSV,		/* our own: postroom(1) has its columns */
	IMPORT_MDAEMON,
	IMPORT_HMAILSERVER,
	IMPORT_FORMAT_COUNT
};

enum import_protocol { IMPORT_POP3, IMPORT_IMAP, IMPORT_ETRN, IMPORT_ATRN,
    IMPORT_PROTOCOL_COUNT };
extern const char *const import_protocol_words[IMPORT_PROTOCOL_COUNT];

struct import_id {
	STAILQ_ENTRY(import_id)	 next;
	struct slice		 text;	/* as a listing has it (service.h) */
};
STAILQ_HEAD(import_ids, import_id);

/* What was collected of one mailbox, or of one folder of it. */
struct import_list {
	STAILQ_ENTRY(import_list) next;
	const char		*file;
	unsigned		 line;
	struct slice		 user, host;	/* empty: not said there */
	struct slice		 key;	/* import_account.key; or empty */
	struct slice		 folder;	/* UTF-8; empty: the only one */
	struct import_ids	 ids;
	uint32_t		 count;
	struct import_account	*account;	/* whose it is: import_match() */
};
STAILQ_HEAD(import_lists, import_list);

struct import_account {
	STAILQ_ENTRY(import_account) next;
	const char		*file;
	unsigned		 line;
	struct slice		 owner;		/* as written there; or empty */
	struct slice		 label;		/* or empty */
	enum import_protocol	 protocol;
	struct slice		 host;
	struct slice		 other_host;	/* its name in lists; or empty */
	uint16_t		 port;		/* 0: the usual one */
	enum fetch_tls		 tls;
	struct slice		 user;
	struct slice		 password;	/* empty: not there */
	enum fetch_mechanism	 mechanism;
	struct slice		 pin;		/* hex digits; or empty */
	int			 delete_after_days;	/* or FETCH_KEEP */
	uint64_t		 largest_bytes;	/* 0: no limit */
	bool			 enabled;
	struct slice		 folders;	/* IMAP, commas between; or "" */
	struct slice		 key;		/* its number there; or empty */
	/* mail of many people: one mailbox for a domain */
	bool			 is_domain;
	struct slice		 domain;	/* of ETRN and ATRN, too; or
						   empty */
	struct slice		 envelope;	/* header field; or empty */
	struct slice		 prefix;	/* of the names in it; or "" */
	bool			 has_list;	/* after import_match() */
};
STAILQ_HEAD(import_accounts, import_account);

/* `words` is a sentence that takes `about`, one %s. */
struct import_remark {
	STAILQ_ENTRY(import_remark) next;
	const char		*file;
	unsigned		 line;		/* 0: of the file as a whole */
	bool			 is_loss;	/* an account or list, not a
						   setting */
	enum sentence		 words;
	struct slice		 about;
};
STAILQ_HEAD(import_remarks, import_remark);

struct import {
	struct arena		*arena;
	struct import_accounts	 accounts;
	struct import_lists	 lists;
	struct import_remarks	 remarks;
	unsigned		 account_count, remark_count;
	unsigned		 losses;	/* of the remarks */
};

/* Nothing has been found yet; what will be lives in the arena. */
void	import_begin(struct import *, struct arena *);

/*
 * What file it is, by its beginning; IMPORT_UNKNOWN: none of these.
 */
enum import_format import_guess(struct slice bytes);
/* The format of that name, or IMPORT_UNKNOWN. */
enum import_format import_format_of(const char *word);

/*
 * Add the accounts in `bytes`.  0, whatever had to be remarked; -ENOBUFS: the
 * arena's budget is spent, or there are too many.
 */
int	import_read(struct import *, const char *file, struct slice bytes,
	    enum import_format);
/*
 * Add the lists of UIDLs in `bytes`: .fetchids, a getmail oldmail file (`file`
 * says of which mailbox), mpop's, or a CSV export.  As above.
 */
int	import_read_ids(struct import *, const char *file, struct slice bytes);
/*
 * Say whose each list is; one that is nobody's is remarked.  After all files.
 * 0 or -ENOBUFS.
 */
int	import_match(struct import *);

#endif
