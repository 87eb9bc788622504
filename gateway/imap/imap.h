/*
 * imap.h - the IMAP server (RFC 9051 and RFC 3501), before and after login
 *
 * What comes before the login runs in the door (gateway/login/); the rest runs
 * in the process that holds the account (struct imapd_session), on a socket
 * that carries plain bytes.
 */
#ifndef POSTROOM_GATEWAY_IMAP_IMAP_H
#define POSTROOM_GATEWAY_IMAP_IMAP_H

#include "gateway/login/login.h"
#include "lib/base/loop.h"
#include "lib/base/text.h"
#include "store/service.h"

/* RFC 9051 9: a tag; honest ones have a few characters. */
#define IMAPD_TAG_BYTES		128

struct imapd_session;		/* opaque; see session.c */

/* What comes before the login, for login_new(). */
extern const struct login_protocol imapd_protocol;

typedef void imapd_big_fn(void *arg, int fd);	/* -1: cannot be had now */

/* A message that somebody put into a mailbox; slices are lent for the call. */
struct imapd_saved {
	const struct message_id	*id;
	struct slice		 mailbox;	/* its name, UTF-8 */
	struct slice		 subject;	/* UTF-8, its beginning */
	unsigned		 mended;	/* DOT_ bits: see lib/base/dot.h */
};

/* A big file that a message is to be written into. */
struct imapd_file {
	int		 pipe;		/* that leads into it; owned by the
					   receiver, who does not wait for it */
	uint64_t	 ticket;	/* what it is asked for by */
	struct message_id id;		/* of the letter it may become */
};
/* `status` 0 and the file; -ENOSPC, -EDQUOT (this account has all the room that
 * one may have) or another negative errno, and NULL. */
typedef void imapd_file_fn(void *arg, int status, const struct imapd_file *);
/* `status` 0 and the size of the file; -EFBIG, -ENOSPC, ... */
typedef void imapd_kept_fn(void *arg, int status, uint64_t bytes);

/* Who an identifier of RFC 4314 is: `account` 0 is nobody.  `status` -errno: it
 * cannot be said now. */
typedef void imapd_who_fn(void *arg, int status, uint64_t account,
	    struct slice address);
/* What others share with this account: share_pack() each (policy/shares.h). */
typedef void imapd_shares_fn(void *arg, int status, struct slice shares);
/* A connection to a session of ours in another account's process (owned by the
 * receiver), or -errno. */
typedef void imapd_visit_fn(void *arg, int fd_or_error);
typedef void imapd_told_fn(void *arg);

/*
 * A session of somebody else, in the process of the account whose mailboxes it
 * is for: it judges by its own rows what they may do.
 */
struct imapd_visitor {
	uint64_t	account;	/* who; the channel says it */
	struct slice	prefix;		/* what their names of our mailboxes begin
					   with, without its last '/' */
	unsigned	enabled;	/* IMAPD_ENABLED_ */
};
#define IMAPD_ENABLED_REV2	0x1u
#define IMAPD_ENABLED_CONDSTORE	0x2u
#define IMAPD_ENABLED_QRESYNC	0x4u
#define IMAPD_ENABLED_UTF8	0x8u
#define IMAPD_ENABLED_ALL	0xfu

/* What `forget` drops as well as the others; each may be NULL, and then there
 * are no other accounts. */
struct imapd_office_ports {
	int	(*who)(void *arg, struct slice identifier,
		    imapd_who_fn *reply, void *reply_arg);
	/* All of it that can be listed; of the owner with that address, if one
	 * is given, one share or none. */
	int	(*shares)(void *arg, struct slice owner,
		    imapd_shares_fn *reply, void *reply_arg);
	/* Rights were changed: whoever lists mailboxes is to know. */
	int	(*shared)(void *arg, imapd_told_fn *reply, void *reply_arg);
	int	(*visit)(void *arg, uint64_t owner,
		    const struct imapd_visitor *, imapd_visit_fn *reply,
		    void *reply_arg);
};

struct imapd_session_ports {
	void	*arg;
	struct imapd_office_ports office;
	/*
	 * A read-only descriptor of a big file, which holds the message from
	 * its first byte to its last; owned by the receiver.  0, or -errno
	 * and no reply.
	 */
	int	(*big)(void *arg, const struct message_id *,
		    imapd_big_fn *reply, void *reply_arg);
	/* Begin a big file for a message of some `bytes`.  As `big`. */
	int	(*file)(void *arg, uint64_t bytes, imapd_file_fn *reply,
		    void *reply_arg);
	/*
	 * Its pipe has been closed: make it durable, and count it as the
	 * account's.  It exists no more if the answer is an error.  As `big`.
	 */
	int	(*keep)(void *arg, uint64_t ticket, imapd_kept_fn *reply,
		    void *reply_arg);
	/* It is not wanted any more, unless that was answered with 0. */
	void	(*abandon)(void *arg, uint64_t ticket);
	void	(*forget)(void *arg, void *reply_arg);
	/*
	 * A step for the trail: these were "read" or "deleted" by this session,
	 * or are "spam" or "wanted".
	 */
	void	(*step)(void *arg, const struct message_id *ids, size_t count,
		    const char *what);
	/* The step of a message that this session put into a mailbox. */
	void	(*saved)(void *arg, const struct imapd_saved *);
	/* The store has said so: -EIO is the end of the process. */
	void	(*failed)(void *arg, int error);
	/* Something was written that is to be durable within a second. */
	void	(*wrote)(void *arg);
	/*
	 * Take the session away, to rest.  All is lent for the call, `fd` too.
	 * 0: it ends here, without a word; or -errno, and it stays.
	 */
	int	(*part)(void *arg, int fd, const struct session_carried *);
	void	(*ended)(void *arg, struct imapd_session *);
};

struct imapd_session_options {
	const char	*hostname;
	struct slice	 login;		/* who; copied */
	struct slice	 tag;		/* of the login's command; copied */
	uint64_t	 message_bytes;	/* of the largest that is taken */
	uint64_t	 rest_ms;	/* without news, then IDLE goes to rest;
					   0: never */
	/* what another process has packed, lent for the call; NULL: it is new */
	const struct session_carried *carried;
	uint64_t	 account;	/* the number of the account */
	const struct imapd_visitor *visitor;	/* NULL: its own people */
	bool		 imports;	/* APPEND may say what is brought from
					   elsewhere (append.c), and nothing
					   of other accounts is there */
};

/*
 * Begin on `fd` (owned) for the open `account`; says "OK" to the login itself.
 * One that was carried here goes on where it was, and has only news to tell;
 * where it cannot it says BYE.
 * NULL when memory is out; `fd` is closed then.
 */
struct imapd_session *imapd_session_new(struct loop *, int fd,
	    struct account *, const struct imapd_session_options *,
	    const struct imapd_session_ports *);
/* End with "* BYE words"; `ended` is called from inside, as at other ends. */
void	imapd_session_close(struct imapd_session *, const char *words);
/* Mailbox `mailbox` of the account has changed: tell it, if it idles there. */
void	imapd_session_changed(struct imapd_session *, uint32_t mailbox);

/* As smtp_commands_show(). */
void	imapd_commands_show(struct text *);

#endif
