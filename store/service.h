/*
 * service.h - what is asked of a mailbox role, and what it answers
 *
 * The queue delivers and settles, the door hands over sessions.  Bodies are
 * packed by the functions here and nowhere else.
 */
#ifndef POSTROOM_STORE_SERVICE_H
#define POSTROOM_STORE_SERVICE_H

#include "lib/base/pack.h"
#include "store/account.h"

enum mailbox_kind {
	/* queue -> mailbox, 1 descriptor (the message): packed delivery;
	 * reply, once committed: i64 status, bool was_there, bool: it is in
	 * INBOX, though a folder was named */
	MAILBOX_DELIVER = 300,
	/* queue -> mailbox: u64 upto, u64 prune_below; reply: i64 status */
	MAILBOX_SETTLE,
	/* console -> mailbox: u64 place above which, slice name of a mailbox
	 * (empty: all) -> i64 status (-ENOENT: there is none of that name), u32
	 * count, each as listed_pack(); less than LISTED_PAGE of them: that was
	 * all */
	MAILBOX_LIST,
	/* console -> mailbox: u32 number of a mailbox above which -> i64
	 * status, u32 count, each as folder_pack(); less than FOLDERS_PAGE of
	 * them: that was all */
	MAILBOX_FOLDERS,
	/* door, or console for the postmaster -> mailbox, 1 descriptor (plain
	 * bytes): packed session -> bool: it is served; before that is said no
	 * byte of it is read or written */
	MAILBOX_SESSION,
	/*
	 * mailbox -> mailbox, 1 descriptor (plain bytes): a session of somebody
	 * else's, whose account is the instance of the channel: slice login, u8
	 * enabled, slice prefix (gateway/imap/imap.h) -> u8 enum visit_answer
	 */
	MAILBOX_VISIT,
	/*
	 * console -> mailbox: slice name of a mailbox, slice whose right is
	 * changed (empty: nobody's; RFC 4314 2), slice "[+-]letters" -> i64
	 * status (-ENOENT: there is no such mailbox, -ESRCH: nobody is called
	 * so, -EINVAL: no right is), u32 count, each: slice who, slice letters
	 */
	MAILBOX_RIGHTS
};

enum visit_answer {
	VISIT_LATER,		/* the process is on its way out */
	VISIT_SERVED,
	VISIT_REFUSED,		/* too many are here */
	VISIT_ANSWERS
};

/* All slices are packed along but `body`, which is not: it comes as a descriptor. */
void	delivery_pack(struct text *, const struct delivery *);
/* 0 or -EBADMSG; slices point into `packed`, `body` is empty. */
int	delivery_unpack(struct slice packed, struct delivery *delivery_out);

/* Rows of 1.5 KiB at the most: they fit an answer. */
#define LISTED_PAGE	60
void	listed_pack(struct text *, const struct listed_letter *);
/* 0 or -EBADMSG; slices point into what is read. */
int	listed_unpack(struct unpack *, struct listed_letter *listed_out);

/* Their letters are counted in one turn of the loop: 1 us each. */
#define FOLDERS_PAGE	16
void	folder_pack(struct text *, const struct listed_folder *);
/* 0 or -EBADMSG; slices point into what is read. */
int	folder_unpack(struct unpack *, struct listed_folder *folder_out);

enum mailbox_says {
	/* mailbox -> door, 1 descriptor (that of MAILBOX_SESSION): packed
	 * parting; news */
	DOOR_SESSION_PARTS = 390
};

enum session_service { SESSION_POP3, SESSION_IMAP, SESSION_COUNT };

#define SESSION_TAG_BYTES 128
/* DESIGN.md 2: as much may be kept of a session that nobody serves. */
#define SESSION_STATE_BYTES 512

/* What a session was before it went to rest. */
struct session_carried {
	struct slice		state;	/* gateway/imap/state.h; empty: it is a
					   new one */
	uint64_t		quiet_ms;	/* since its client said a word */
};

struct session_request {
	enum session_service	service;
	uint64_t		number;	/* the door's, of this session */
	struct slice		login;	/* who, as the keeper names the account */
	struct slice		tag;	/* IMAP: of the command that logged in */
	struct session_carried	carried;
};

/*
 * A session leaves its process, and rests until its client says something or
 * the account has news.  Its descriptor goes along, so what its client says
 * meanwhile waits in there.
 */
struct session_parting {
	uint64_t		number;
	uint64_t		modseq;	/* of the last change that this process
					   has told of (ROLE_CHANGED) */
	struct session_carried	carried;
};

/* The request of a door: which service, for whom. */
void	session_pack(struct text *, const struct session_request *);
/* 0 or -EBADMSG; slices point into `packed`. */
int	session_unpack(struct slice packed, struct session_request *request_out);
/* The same of one that leaves. */
void	parting_pack(struct text *, const struct session_parting *);
int	parting_unpack(struct slice packed,
	    struct session_parting *parting_out);

#endif
