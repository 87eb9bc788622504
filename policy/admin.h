/*
 * admin.h - the one table of console requests
 *
 * A row names the request, its arguments, who may make it, which role answers,
 * and the columns of what comes back: an answer is rows of those columns.  The
 * command line, the control socket and the roles work from the same row, so a
 * request means the same wherever it is made; with no hub running the command
 * line calls the keeper's handlers itself.
 *
 * Packed arguments: for each argument of the row, in order, a u8 (1: given) and
 * then its slice.  Packed answer: u8 status, u8 number of the argument at fault
 * (ADMIN_NO_FIELD: none), u32 number of rows, then the columns of each row in
 * order: a slice for text, a u64 for a number, an i64 for a time.
 */
#ifndef POSTROOM_POLICY_ADMIN_H
#define POSTROOM_POLICY_ADMIN_H

#include "lib/base/pack.h"
#include "lib/base/role.h"
#include "lib/base/say.h"
#include "policy/accounts.h"
#include "policy/blocks.h"
#include "policy/greylist.h"
#include "policy/signing_key.h"

#define ADMIN_ARGS		20	/* most of any request */
#define ADMIN_COLUMNS		27
#define ADMIN_ROWS		4096	/* of one answer: an office has 500 */
#define ADMIN_PAGE		45	/* rows of 2,800 bytes fit an answer */
#define ADMIN_MAILBOX_PAGE	60	/* as the mailbox has it (LISTED_PAGE) */
#define ADMIN_FOLDER_PAGE	16
#define ADMIN_VISITORS		500	/* of those kept out, at most */
#define ADMIN_SENDER_PAGE	250	/* rows of 350 bytes */
#define ADMIN_GREYS		150	/* networks; a row has 800 bytes */
#define ADMIN_ANSWER_BYTES	(128 * 1024)
#define ADMIN_NO_FIELD		255

enum admin_status {
	ADMIN_OK,
	ADMIN_UNFIT,		/* an argument is not what it must be */
	ADMIN_NO_SUCH,		/* account or domain */
	ADMIN_EXISTS,
	ADMIN_NOT_UNIQUE,	/* two accounts have that local part */
	ADMIN_KEPT,		/* the last postmaster is not removed */
	ADMIN_REFUSED,		/* this person may not ask that */
	ADMIN_LATER,		/* a role is not there now, or busy */
	ADMIN_FAILED,		/* disk, memory; the log has it */
	ADMIN_TOO_MANY,		/* there are as many as there can be */
	ADMIN_EXPIRED,		/* its time is over */
	ADMIN_LOOP,		/* an address would come back to itself */
	ADMIN_STATUS_COUNT
};

enum admin_kind {
	ADMIN_TEXT,
	ADMIN_SECRET,		/* a password of ours: hashed */
	ADMIN_SEALED,		/* a password elsewhere: sealed */
	ADMIN_NUMBER,		/* as an argument: its decimal digits */
	ADMIN_TIME		/* ms since 1970, UTC; 0: never */
};

struct admin_field {		/* an argument or a column */
	const char	*name;	/* in JSON; NULL ends the list */
	enum admin_kind	 kind;
	bool		 required;
	enum sentence	 title;	/* of a column, for people */
};

/*
 * Who may make a request: the postmaster's machine; a person who has logged in,
 * for their own account only.  Whose that is says the role that checked the
 * password, never an argument.
 */
#define ADMIN_BY_POSTMASTER	1u
#define ADMIN_BY_PERSON		2u	/* who may collect, about that */
#define ADMIN_BY_ANYBODY	4u	/* a person, whoever that is */
/* Whoever has a signed link, which is its argument, and has not logged in. */
#define ADMIN_BY_LINK		8u

struct admin_work;
typedef enum admin_status admin_fn(struct policy *, struct admin_work *,
	    struct text *rows);

struct admin_request {
	const char		*name;	/* "account add"; NULL ends the table */
	struct admin_field	 args[ADMIN_ARGS + 1];
	unsigned		 who;
	enum role		 answers;
	struct admin_field	 columns[ADMIN_COLUMNS + 1];
	admin_fn		*handler;	/* the keeper's part, or NULL */
};

extern const struct admin_request admin_requests[];

/*
 * May `asker` (an account; 0: the postmaster's machine) make this request at
 * all?  `may_fetch`: as policy_may_fetch() has it of that account.  Whoever
 * answers asks this.
 */
bool	admin_may(const struct admin_request *, uint64_t asker,
	    bool may_fetch);

/* The row of this name, or NULL; and its number, which roles send. */
const struct admin_request *admin_find(struct slice name);
unsigned	admin_number(const struct admin_request *);
/* The row of this number, or NULL. */
const struct admin_request *admin_at(unsigned number);

/*
 * The connection that this was asked on becomes an IMAP session of the account:
 * there is no answer but that session's first line, unless it is refused.
 */
bool	admin_joins(const struct admin_request *);

/* Where the arguments of some requests stand in their rows. */
enum { ADMIN_WHICH_ADDRESS, ADMIN_WHICH_LABEL, ADMIN_WHICH_ABOVE };
enum { ADMIN_MAILBOX_ADDRESS, ADMIN_MAILBOX_FOLDER, ADMIN_MAILBOX_ABOVE };
enum { ADMIN_FOLDERS_ADDRESS, ADMIN_FOLDERS_ABOVE };
enum { ADMIN_RIGHTS_ADDRESS, ADMIN_RIGHTS_FOLDER, ADMIN_RIGHTS_WHO,
    ADMIN_RIGHTS_LETTERS };
enum { ADMIN_DOCTOR_MESSAGES = ADMIN_WHICH_LABEL + 1 };
enum { ADMIN_PROGRESS_RUN, ADMIN_PROGRESS_SEEN };
enum { ADMIN_REPORT_MONTH, ADMIN_REPORT_FROM };

#define ADMIN_LINE_OPEN_MINUTES	30	/* when it is not said for how long */

/* One request on its way through the keeper. */
struct admin_work {
	const struct admin_request *request;
	struct slice	 args[ADMIN_ARGS];	/* borrowed from what was packed */
	bool		 given[ADMIN_ARGS];
	uint64_t	 asker;		/* the account of the person; 0: of none */
	int64_t		 now_utc_ms;
	const struct seal_key *seal_key;	/* NULL: nothing can be sealed */
	unsigned	 field;		/* at fault, or ADMIN_NO_FIELD */
	uint32_t	 rows;		/* in the answer */
	bool		 fetches_changed;	/* the schedule is to be told */
	bool		 senders_changed;	/* the queue is */
	bool		 smarthosts_changed;	/* the same */
	bool		 devices_changed;	/* the doors are */
	bool		 gateways_changed;	/* queue and doors are */
	uint64_t	 forward_of;	/* whose forward has changed; 0: nobody's */
	struct blocks	*blocks;	/* NULL: no hub runs, nobody is out */
	struct greylist	*greylist;	/* NULL: the same */
	char		 forgiven[BLOCK_NET_SIZE];	/* doors are to be told */
	bool		 has_secret;
	struct password_secret secret;	/* made by admin_hash() */
	struct signing_key signing;	/* the same */
	struct signing_secret signing_secret;
};

/*
 * 0, or -EBADMSG when `packed` are no arguments of that request.  The asker is
 * nobody until the caller says who.
 */
int	admin_begin(struct admin_work *, const struct admin_request *,
	    struct slice packed, int64_t now_utc_ms);
/*
 * The slow part: hash a password that was given.  Pure; for a pool's thread.
 * Anything but ADMIN_OK is the request's answer.
 */
enum admin_status admin_hash(struct admin_work *);
/*
 * Do it.  `status` is what admin_hash() said; the packed answer is added to
 * `answer`, whatever comes of it.  Wipes the secret.
 */
void	admin_end(struct admin_work *, enum admin_status status,
	    struct policy *, struct text *answer);
/* An answer without rows, for who cannot even begin. */
void	admin_refuse(struct text *answer, enum admin_status);

/* "no-such", "exists", ...: the code in JSON. */
const char	*admin_status_code(enum admin_status);
/* The sentence for people; it takes nothing. */
enum sentence	 admin_status_sentence(enum admin_status);

#endif
