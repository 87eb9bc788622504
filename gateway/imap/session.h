/*
 * session.h - the inside of an IMAP session after login
 *
 * Shared by session.c (its life and its commands) and the files of its
 * commands; nobody else looks in here.
 *
 * A command is answered by its handler, or by a chain of `more` functions, each
 * of which does a piece of the work and returns to the loop; either way it ends
 * with imapd_finish(), once.  What it needs meanwhile is in `work`, in the
 * command's arena; `drop` gives back what is not in the arena.
 */
#ifndef POSTROOM_GATEWAY_IMAP_SESSION_H
#define POSTROOM_GATEWAY_IMAP_SESSION_H

#include "gateway/imap/commands.h"
#include "gateway/imap/imap.h"
#include "gateway/imap/input.h"
#include "store/selected.h"

struct folder_status;
struct imapd_visit;
struct imapd_way;

#define IMAPD_PAUSE	(256 * 1024)	/* output that waits: make no more */
/* Of the words that end a command: a code may name 250,000 messages. */
#define IMAPD_CLOSING_BYTES (2 * 1024 * 1024)

struct imapd_saving;		/* saving.h */

/* "Users/" or "Public/", an address, and a NUL. */
#define IMAPD_PREFIX_SIZE	340
/* Accounts whose mailboxes one session uses at a time: the one it has selected,
 * and those it files into. */
#define IMAPD_VISITS	4

struct imapd_session {
	struct loop	*loop;
	struct stream	*stream;
	struct imapd_input input;
	struct account	*account;
	struct imapd_session_ports ports;
	struct timer	*turn;		/* go on in a turn of its own */
	struct timer	*rest;		/* it idles, and may go to rest */
	uint64_t	 rest_ms;	/* 0: never */
	uint64_t	 message_bytes;	/* of the largest that is taken */
	bool		 imports;	/* see imap.h */
	char		 hostname[256];
	char		 login[256];

	/* what was enabled (RFC 9051 6.3.1), for good */
	bool		 rev2;		/* IMAP4rev2 */
	bool		 utf8;		/* UTF8=ACCEPT */
	bool		 condstore;	/* it knows MODSEQ; imapd_condstore() */
	bool		 qresync;	/* and VANISHED, in place of EXPUNGE */
	bool		 is_packed;	/* COMPRESS; the bridge does it */

	/* whose it is: the account's own people may do everything */
	uint64_t	 owner;		/* the number of the account */
	bool		 is_visit;	/* somebody else's (visitor) */
	uint64_t	 visitor;	/* their account */
	char		 prefix[IMAPD_PREFIX_SIZE];
	unsigned	 rights;	/* RIGHT_ bits where it has selected */

	/* mailboxes of other accounts: relay.h */
	struct imapd_visit *visits[IMAPD_VISITS];
	struct imapd_visit *away;	/* the one where it has selected */
	struct imapd_way *way;		/* to one of them, for the command */
	bool		 visiting;	/* it waits for what comes of them */
	bool		 wakes;		/* input may end what it waits for */

	struct selected	*selected;	/* or NULL */
	bool		 is_read_only;
	size_t		 recent;	/* "* 2 RECENT", as it was told last */
	uint32_t	*saved;		/* UIDs, ascending: "$" (RFC 5182) */
	size_t		 saved_count;

	/* the command under way; NULL: none is */
	const struct imapd_command *command;
	struct arena	*arena;
	char		 tag[IMAPD_TAG_BYTES + 1];
	struct text	 closing;
	uint64_t	 progress_at_ms;	/* then the client hears of it */
	/* goes on with it; NULL: nothing more is to be done */
	void		(*more)(struct imapd_session *);
	/* takes the input in place of the commands; false: more must come */
	bool		(*take)(struct imapd_session *);
	bool		 marks;		/* the last byte of the answer */
	void		*work;
	void		(*drop)(struct imapd_session *);

	unsigned	 bad_commands;	/* since the last OK */
	size_t		 idle_waiting;	/* output at the last STREAM_IDLE */
	struct imapd_saving *saving;	/* the big message that comes */
	bool		 asked;		/* of a big letter; it waits */
	bool		 peer_ended;
	bool		 is_over;
};

/* In front of UID? */
bool	imapd_is_uid(const struct imapd_session *);
/* Does the client know UTF-8 in quotes and in names (RFC 9051 4.3 and 5.1, RFC
 * 9755 3)? */
bool	imapd_knows_utf8(const struct imapd_session *);
/*
 * The work of the command, `bytes` of the arena, zeroed; NULL after the command
 * was ended for lack of memory.
 */
void	*imapd_work(struct imapd_session *, size_t bytes);
/*
 * The command is done: tell what changed meanwhile, as far as it may be told,
 * then "tag " and these words.
 */
void	imapd_finish(struct imapd_session *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * So much of `all` is done of the command: the client hears it (RFC 9585) where
 * it has waited for long.  Not while a response is half told.
 */
void	imapd_progress(struct imapd_session *, size_t done, size_t all);
/* "OK [code] words", however long the code is. */
void	imapd_finish_coded(struct imapd_session *, struct slice code,
	    const char *words);
/* The same after an error of the store: its NO, with a code. */
void	imapd_refuse(struct imapd_session *, int error);
/* The same of a mailbox that something was to be put into: RFC 9051 7.1, a
 * client may create it and try again. */
void	imapd_refuse_into(struct imapd_session *, int error);
/* "BAD" and what the parser found. */
void	imapd_bad(struct imapd_session *, const char *fault);
/* The same after the handler has returned, of a command whose message is still
 * to come: that is taken off the input first. */
void	imapd_wrong(struct imapd_session *, const char *fault);
/* The words of imapd_finish() are to be said now, after something came in
 * between. */
void	imapd_say_closing(struct imapd_session *);
/* Go on: what was waited for is there. */
void	imapd_go(struct imapd_session *);
/* The command is over, and its answer was given. */
void	imapd_answered(struct imapd_session *);
/* The mailbox is open, and all is told of it: the end of SELECT or EXAMINE. */
void	imapd_opened(struct imapd_session *);
/* Let go of the mailbox, if one is open. */
void	imapd_leave(struct imapd_session *);
/* The command under way is IDLE, and the client was told to go on. */
void	imapd_idle_on(struct imapd_session *);
/*
 * A step for the trail of each of these letters of the view (SELECTED_STEP at
 * most), which may have left the mailbox already.
 */
void	imapd_tell_steps(struct imapd_session *, const char *what,
	    const size_t *places, size_t count);

/* Write what was put together; one that failed is half a response, and ends the
 * connection. */
void	imapd_write(struct imapd_session *, const struct text *);

/*
 * The places of the messages that `set` names, ascending, in memory that is the
 * caller's to free.  False, after the command was ended: there is no message of
 * such a number (RFC 9051 9, seq-number).
 */
bool	imapd_places(struct imapd_session *, struct imapd_set *, bool is_uid,
	    size_t **places_out, size_t *count_out);

/*
 * Tell the client what changed in the mailbox since it was told last; true:
 * all of it, false: as much as there is room for now.
 */
bool	imapd_tell(struct imapd_session *, bool may_expunge);
/*
 * From now on the client is told modification numbers, until it leaves (RFC 7162
 * 3.1); that of the mailbox at once, if one is open.
 */
void	imapd_condstore(struct imapd_session *);
/*
 * "* 2 FETCH (...)" of the letter at place `n`: its flags, if `with_flags`, with
 * its UID and its number where they belong.
 */
void	imapd_tell_letter(struct imapd_session *, size_t n, bool with_flags);
/* "* 2 RECENT", unless the client knows that or has no such flag (RFC 9051). */
void	imapd_tell_recent(struct imapd_session *);
/* Add "(\Seen \Recent Urgent)"; no \Recent to who knows IMAP4rev2. */
void	imapd_add_flags(struct imapd_session *, struct text *,
	    const struct selected_letter *);
/* Add what a mailbox is called under any name (RFC 8474 4). */
void	imapd_add_mailbox_id(struct text *, const struct folder_status *);
/* Add the special uses of a mailbox (FOLDER_ bits), a space before each. */
void	imapd_add_uses(struct text *, uint8_t uses);
/* Add "3:7" to a set, behind a comma if there are others in it. */
void	imapd_add_range(struct text *, const struct imapd_range *);
/* Add what can be done from now on, a space before each word. */
void	imapd_add_abilities(const struct imapd_session *, struct text *);
/* Add a set of UIDs, as "1:3,7", from an ascending array without doubles. */
void	imapd_add_uids(struct text *, const uint32_t *uids, size_t count);
/* The same of so many ranges at most; returns how many UIDs that were. */
size_t	imapd_add_uid_runs(struct text *, const uint32_t *uids, size_t count,
	    size_t most_runs);

/* The handlers of the table; see commands.c. */
imapd_session_fn imapd_capability, imapd_noop, imapd_logout, imapd_id,
		imapd_enable, imapd_select, imapd_examine, imapd_create,
		imapd_delete, imapd_rename, imapd_subscribe,
		imapd_unsubscribe, imapd_list, imapd_lsub, imapd_namespace,
		imapd_status, imapd_append, imapd_idle, imapd_compress,
		imapd_close,
		imapd_unselect, imapd_expunge, imapd_search, imapd_fetch,
		imapd_store, imapd_copy, imapd_move, imapd_uid_expunge,
		imapd_sort, imapd_thread, imapd_replace,
		imapd_getmetadata, imapd_setmetadata,
		imapd_setacl, imapd_deleteacl, imapd_getacl,
		imapd_listrights, imapd_myrights;

#endif
