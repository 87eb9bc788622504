/*
 * keeper.h - what may be said to the keeper, and how it stands in the body
 *
 * Packing and reading only; the keeper's wiring is in programs/.  Slices that
 * are read point into the body.  A body that is not exactly what its kind says
 * is -EBADMSG: a breach by its sender.
 */
#ifndef POSTROOM_POLICY_KEEPER_H
#define POSTROOM_POLICY_KEEPER_H

#include "policy/accounts.h"
#include "policy/admin.h"
#include "policy/fetch_health.h"
#include "policy/greylist.h"
#include "policy/scram.h"

#define SEALERS_ASKED	8	/* domains; honest mail is sent on by one */

enum keeper_kind {
	/*
	 * Door, queue, schedule: whose is this address?
	 * slice address -> u8 whose, u64 account (0 unless ours), u64 the
	 * largest message (of a gateway domain; 0: as all)
	 */
	KEEPER_WHOSE = 0x100,
	/*
	 * Door, console: is this name and password right?  The answer to a
	 * wrong one comes late on purpose.
	 * slice user, slice password, slice peer, u8 service, slice said
	 *	-> u8 who, u64 account (0 unless welcome), slice address,
	 *	slice signature, u64 stamp
	 */
	KEEPER_LOGIN,
	/*
	 * Door: what does SCRAM begin with for this name?  Everybody has
	 * something, whether the name is known or not.
	 * KEEPER_WHOSE's body -> u32 rounds, slice salt; nothing at all: it
	 * cannot be said now
	 */
	KEEPER_SALT,
	/*
	 * Console: a request of admin.h that the keeper answers.
	 * u16 number, u64 asker (0: the postmaster's machine), slice packed
	 * arguments -> packed answer
	 */
	KEEPER_ADMIN,
	/*
	 * Door, queue, schedule: what is known of this account?
	 * u64 account -> u8 exists, slice address, slice language
	 */
	KEEPER_ACCOUNT,
	/*
	 * Schedule: which remote mailboxes are there?  Those
	 * above that number, a page; `more`: ask on above the last one.
	 * u64 above -> u8 more, u32 count, each as fetch_due_pack(); nothing
	 * at all: it cannot be said now
	 */
	KEEPER_FETCH_DUE,
	/*
	 * Fetch: what is needed to collect for the owner, who is the instance
	 * of the channel, whatever the message says.
	 * u64 fetch account -> u8 exists, and if it does: the account with its
	 * password, as fetch_account_pack(), slice owner's address, slice the
	 * session of TLS that it was told last ("": none); nothing at all: they
	 * cannot be read, or unsealed
	 */
	KEEPER_FETCH_OPEN,
	/*
	 * Queue: whose is this fetch account?
	 * u64 fetch account -> u8 exists, u64 owner (0: it does not), u8 its
	 * mail is for many (DomainPOP); nothing at
	 * all: it cannot be said now
	 */
	KEEPER_FETCH_OWNER,
	/*
	 * Console: who is this, and what may they do here?
	 * u64 account -> u8 exists, and if it does: slice address, slice
	 * language, u8 may_fetch, u8 may_forward, u64 stamp; nothing at all: it
	 * cannot be said now
	 */
	KEEPER_PERSON,
	/*
	 * Console: which account does the postmaster mean?  An address, or a
	 * local part that only one account has, as policy_account_find() has
	 * it.  KEEPER_WHOSE's body -> u8 status of admin.h, u64 account (0
	 * unless ADMIN_OK); nothing at all: it cannot be said now
	 */
	KEEPER_NAMED,
	/*
	 * Fetch: the rules of a fetch account of its owner's.  u64 fetch
	 * account -> u8 its mail is for many, slice those rules
	 * (domain_rules.h), slice those before a download (before_rules.h),
	 * each as text, slice language of the owner; nothing at all: it cannot
	 * be said now
	 */
	KEEPER_FETCH_RULES,
	/*
	 * Fetch: u8 for the mail of a domain, find_ask_pack() ->
	 * find_answer_pack(); nothing at all: it cannot be said now
	 */
	KEEPER_FIND,
	/*
	 * Schedule: write down what was carried.
	 * u32 month, u32 count, each: u64 fetch account (0: of none),
	 * line_counts_pack() -> u8 it stands there
	 */
	KEEPER_LINE_ADD,
	/*
	 * Schedule: how much stands there for a month?
	 * u32 month -> u64 bytes, both ways; nothing at all: it cannot be said
	 * now
	 */
	KEEPER_LINE_CARRIED,
	/*
	 * Schedule, news: how a fetch account does.
	 * u64 fetch account, fetch_health_pack()
	 */
	KEEPER_FETCH_HEALTH,
	/*
	 * Fetch: who carries the connection, and with which grant is the login?
	 * u64 fetch account -> u8 exists, and if it does: slice user,
	 * fetch_proxy_pack(), u8 it has a grant, and if so grant_pack();
	 * nothing at all: they cannot be read, or unsealed
	 */
	KEEPER_FETCH_WAY,
	/*
	 * Fetch: a refresh token; the answer comes when it is durable.
	 * u64 fetch account, slice token, u8 a person has consented now, i64
	 * until when it is good (ms since 1970, UTC; 0: nobody knows)
	 *	-> u8 it stands
	 */
	KEEPER_GRANT_SAVE,
	/*
	 * Schedule: which month before that one is to be reported?
	 * u32 month -> u32 month (0: none), and if there is one: its sums as
	 * line_counts_pack(), u32 count of accounts, u32 rows, each of one of
	 * the largest: slice name ("": of none that is there), u64 received,
	 * u64 sent; nothing at all: it cannot be said now
	 */
	KEEPER_LINE_REPORT,
	/* Schedule, news: the report of that month is durable.  u32 month */
	KEEPER_LINE_REPORTED,
	/*
	 * Schedule: may this person have remote mailboxes of their own?
	 * u64 account -> u8 they may; nothing at all: it cannot be said now
	 */
	KEEPER_MAY_FETCH,
	/*
	 * Fetch, news: what the next one to collect from there may resume
	 * (talk_session.h).  u64 fetch account, slice session ("": none)
	 */
	KEEPER_FETCH_SESSION,
	/*
	 * Mailbox: these are rights in mailboxes of the account, which is the
	 * instance of the channel, whatever the message says.
	 * u8 more than those told before, share_row_pack() each
	 *	-> u8 they stand there
	 */
	KEEPER_SHARES_SET,
	/*
	 * Mailbox: what do others share with the account of the channel?
	 * KEEPER_WHOSE's body: whether the account of that address does (one
	 * share then, or none); of no address: all others
	 *	-> u8 there is more than can be told, share_pack() each;
	 * nothing at all: it cannot be said now
	 */
	KEEPER_SHARES,
	/*
	 * Mailbox: who is meant, as policy_account_find() has it?
	 * KEEPER_WHOSE's body -> u64 account (0: nobody), slice address;
	 * nothing at all: it cannot be said now
	 */
	KEEPER_WHO,
	/*
	 * Door, news: who has earned to be kept out (blocks.h).
	 * slice address or network, u8 why
	 */
	KEEPER_EARNED,
	/*
	 * Door: is it to come again later (greylist.h)?
	 * slice network, slice sender, slice recipient -> u8 enum grey
	 */
	KEEPER_GREY,
	/*
	 * Door: may this account send as that address?  As the null path
	 * everybody may.  The stamp is that of the login.  Account 0: whoever
	 * comes from a trusted network, which has some words for an address.
	 * u64 account, u64 stamp, slice address (normal form, or empty)
	 *	-> u8 enum keeper_sends, slice the account's own address (empty
	 * if that login is none any more); nothing at all: it cannot be said
	 * now
	 */
	KEEPER_SENDER,
	/*
	 * Judge: a message of who has logged in; which of these addresses are
	 * theirs, and may they send one more, to so many?  Account 0: of whoever
	 * comes from a trusted network; the door has counted that.
	 * u64 account, u32 recipients, u8 count, slice address each
	 *	-> u8 for each: it is, slice why it is too much (empty: it is
	 *	not), and of each key that signs for the domain of the first
	 *	address: u8 enum dkim_algorithm, slice selector; nothing at
	 *	all: it cannot be said now
	 */
	KEEPER_OWNED,
	/*
	 * Judge: sign these hashes of headers.
	 * slice domain, and of each: slice selector, DKIM_HASH_BYTES
	 *	-> slice signature each; nothing at all: they cannot be made
	 */
	KEEPER_SIGN,
	/*
	 * Judge: which key seals what is sent on by these domains?  At most
	 * SEALERS_ASKED.
	 * slice domain each -> of the first that has a key: slice domain, u8
	 *	enum dkim_algorithm (RSA if it has one, for ARC knows no other),
	 *	slice selector; nothing at all: there is none
	 */
	KEEPER_SEALER,
	/*
	 * Queue: what do these wish of that author (senders.h)?
	 * slice author, u32 count (SENDERS_ASKED at the most), each u64 account
	 *	-> for each of them u8 enum sender_wish; nothing at all: it
	 * cannot be said now
	 */
	KEEPER_WISHES,
	/*
	 * Door: whose is this recipient of a message, and may it come to them?
	 * slice address, u64 account of who has logged in (0: nobody), slice
	 * sender -> as KEEPER_WHOSE
	 */
	KEEPER_RCPT,
	/*
	 * Queue: who gets this message (groups.h)?
	 * expand_ask_pack() -> expanded_pack() each; nothing at all: it cannot
	 * be said now
	 */
	KEEPER_EXPAND,
	/*
	 * Relay: how is the smarthost of that name (smarthosts.h) reached?
	 * slice name -> u8 there is one, and if so: slice host, u16 port, u8
	 * enum smarthost_tls, slice user (empty: nobody logs in), slice
	 * password, u8 its owner has named it (people_hosts.h); nothing at all:
	 * it cannot be read, or unsealed
	 */
	KEEPER_SMARTHOST,
	/*
	 * Schedule, news: the owner of that forward was told of it by mail.
	 * u64 account, i64 since (ms since 1970, UTC)
	 */
	KEEPER_FORWARD_TOLD
};

struct keeper_rcpt {
	struct slice	address;	/* normal form */
	uint64_t	account;
	struct slice	sender;		/* as it was given */
};

/* A remote mailbox, as the schedule knows it. */
struct fetch_due {
	uint64_t	id, owner;
	struct slice	owner_address;
	struct slice	label;
	struct slice	host;
	bool		enabled;
	uint64_t	changes;	/* another number: worth another try */
	struct fetch_when when;
	struct fetch_health health;	/* as the schedule last said */
	int64_t		grant_until_utc_ms;	/* consent; 0: nobody knows */
	bool		is_office;	/* the postmaster's to look after */
};
void	fetch_due_pack(struct text *, const struct fetch_due *);
/* 0 or -EBADMSG. */
int	fetch_due_unpack(struct unpack *, struct fetch_due *due_out);

enum keeper_who {
	KEEPER_WELCOME,		/* name and password are right */
	KEEPER_STRANGER,	/* they are not */
	KEEPER_ASK_LATER,	/* cannot be said now */
	KEEPER_WHO_COUNT
};

struct keeper_whose {
	enum whose	whose;
	uint64_t	account;
	uint64_t	bytes;		/* most, of a gateway domain; 0: as all */
};

struct keeper_login {
	struct slice	user;
	struct slice	password;
	struct slice	peer;		/* numeric address */
	uint8_t		service;	/* enum service */
	/*
	 * By SCRAM: what both have said (RFC 5802 3, AuthMessage), and the
	 * password is the proof of it.  Else empty.
	 */
	struct slice	said;
};

struct keeper_welcome {
	enum keeper_who	who;
	uint64_t	account;
	struct slice	address;	/* of the account: the login's name */
	struct slice	signature;	/* ours of what was said, or empty */
	uint64_t	stamp;		/* another one: another password */
};

struct keeper_account {
	bool		exists;
	struct slice	address;
	struct slice	language;
};

struct keeper_named {
	enum admin_status status;
	uint64_t	account;
};

struct keeper_grey {
	struct slice	net;
	struct slice	sender;
	struct slice	recipient;
};

enum keeper_sends {
	KEEPER_SENDS_NOT,
	KEEPER_SENDS,
	KEEPER_SENDS_BY_OWN,	/* the same, by a smarthost of smarthosts.h */
	KEEPER_LOGGED_OUT,	/* it is gone, or has another password */
	KEEPER_SENDS_COUNT
};

struct keeper_sender {
	enum keeper_sends sends;
	struct slice	address;	/* of the account */
};

struct keeper_person {
	bool		exists;
	struct slice	address;
	struct slice	language;
	bool		may_fetch;	/* their own remote mailboxes */
	bool		may_forward;	/* their mail, to elsewhere */
	uint64_t	stamp;		/* another one: another password */
};

struct keeper_owner {
	bool		exists;
	uint64_t	owner;
	bool		is_domain;	/* its mail is for many */
};

/* Add a body to `body`; the text fails when it does not fit. */
void	keeper_whose_ask(struct text *body, struct slice address);
void	keeper_rcpt_ask(struct text *body, const struct keeper_rcpt *);
void	keeper_whose_say(struct text *body, const struct keeper_whose *);
void	keeper_login_ask(struct text *body, const struct keeper_login *);
void	keeper_login_say(struct text *body, const struct keeper_welcome *);
void	keeper_admin_ask(struct text *body, const struct admin_request *,
	    uint64_t asker, struct slice packed);
void	keeper_account_ask(struct text *body, uint64_t account);
void	keeper_account_say(struct text *body, const struct keeper_account *);
/* KEEPER_PERSON is asked with keeper_account_ask()'s body. */
void	keeper_person_say(struct text *body, const struct keeper_person *);
/* KEEPER_MAY_FETCH is asked the same way. */
void	keeper_may_say(struct text *body, bool may);
/* KEEPER_NAMED is asked with keeper_whose_ask()'s body. */
void	keeper_named_say(struct text *body, const struct keeper_named *);
void	keeper_grey_ask(struct text *body, const struct keeper_grey *);
void	keeper_sender_ask(struct text *body, uint64_t account,
	    uint64_t stamp, struct slice address);
void	keeper_sender_say(struct text *body, const struct keeper_sender *);
void	keeper_owner_ask(struct text *body, uint64_t fetch_account);
void	keeper_wishes_ask(struct text *body, struct slice author,
	    const uint64_t *accounts, size_t count);
void	keeper_owner_say(struct text *body, const struct keeper_owner *);

/* Read a body.  0 or -EBADMSG; outputs are written only on success. */
int	keeper_whose_asked(struct slice body, struct slice *address_out);
int	keeper_rcpt_asked(struct slice body, struct keeper_rcpt *rcpt_out);
int	keeper_whose_said(struct slice body, struct keeper_whose *whose_out);
int	keeper_login_asked(struct slice body, struct keeper_login *login_out);
void	keeper_salt_say(struct text *body, const struct scram_salt *);
int	keeper_salt_said(struct slice body, struct scram_salt *salt_out);
int	keeper_login_said(struct slice body,
	    struct keeper_welcome *welcome_out);
int	keeper_admin_asked(struct slice body,
	    const struct admin_request **request_out, uint64_t *asker_out,
	    struct slice *packed_out);
int	keeper_account_asked(struct slice body, uint64_t *account_out);
int	keeper_account_said(struct slice body,
	    struct keeper_account *account_out);
int	keeper_person_said(struct slice body,
	    struct keeper_person *person_out);
int	keeper_may_said(struct slice body, bool *may_out);
int	keeper_named_said(struct slice body, struct keeper_named *named_out);
int	keeper_grey_asked(struct slice body, struct keeper_grey *grey_out);
int	keeper_grey_said(struct slice body, enum grey *grey_out);
int	keeper_sender_asked(struct slice body, uint64_t *account_out,
	    uint64_t *stamp_out, struct slice *address_out);
int	keeper_sender_said(struct slice body,
	    struct keeper_sender *sender_out);
/* `count` slices follow. */
void	keeper_owned_ask(struct text *body, uint64_t account,
	    size_t recipients, unsigned count);
int	keeper_owned_said(struct slice body, unsigned count,
	    bool *is_own_out, struct slice *over_out, uint32_t *recall_out,
	    struct unpack *keys_out);
int	keeper_owner_asked(struct slice body, uint64_t *fetch_account_out);
int	keeper_owner_said(struct slice body, struct keeper_owner *owner_out);

#endif
