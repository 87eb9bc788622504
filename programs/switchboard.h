/*
 * switchboard.h - between the parent and its roles
 *
 * The parent starts every role, hands it what it may hold, and makes every
 * socket pair between two of them; it never sees a peer's bytes.  Each role
 * has one channel to the parent, descriptor PARENT_FD after exec.
 */
#ifndef POSTROOM_PROGRAMS_SWITCHBOARD_H
#define POSTROOM_PROGRAMS_SWITCHBOARD_H

#include "lib/base/ipc.h"
#include "lib/base/pack.h"

#define PARENT_FD	3

/* What a role may be handed before GO. */
enum holding {
	HOLDS_CONFIG,		/* a sealed copy of postroom.conf */
	HOLDS_FOLDER,		/* its folder of the data directory */
	HOLDS_LISTENER,		/* `which` is the place in config.listeners */
	HOLDS_CONTROL,		/* the listener of the control socket */
	HOLDS_CERTIFICATE,
	HOLDS_TLS_KEY,
	HOLDS_SEAL_KEY,
	HOLDS_TRUST,		/* certificates that are trusted, PEM */
	HOLDS_RULES,		/* sealed: the rule files (rules_bundle.h) */
	HOLDS_SMARTHOST,	/* the file of the password there */
	HOLDS_SPAM,		/* the site's model, to read (spam_file.h) */
	HOLDS_POLICIES,		/* of other domains, to write (sts_cache.h) */
	HOLDS_REPORTS,		/* to them, the same (tls_counts.h) */
	HOLDS_COUNT
};

/* The bit of a holding in a role's row. */
#define HOLDS(holding)	(1u << (holding))

enum parent_kind {
	/* parent -> role, 1 descriptor: u8 holding, u32 which */
	PARENT_HOLD = 1,
	/* parent -> role: u64 uid, u64 gid (0, 0: stay), hub id (16 bytes) */
	PARENT_GO,
	/* parent -> role, 1 descriptor: u8 role, u64 instance */
	PARENT_PEER,
	/* parent -> role: end in good order */
	PARENT_STOP,
	/* parent -> mailbox: end if nobody needs you */
	PARENT_IF_IDLE,
	/* parent -> door: u64 account, u64 modseq: it has news (DESIGN.md 2),
	 * as ROLE_CHANGED tells; UINT64_MAX: its process has crashed */
	PARENT_CHANGED,
	/* role -> parent: confined and at work; u8 with Landlock */
	ROLE_READY,
	/* door, queue or console -> parent: u64 account; a PARENT_PEER
	 * follows */
	ROLE_WANTS_MAILBOX,
	/* schedule -> parent: u64 owner; a PARENT_PEER follows */
	ROLE_WANTS_FETCH,
	/* keeper -> parent: u64 the highest account number ever given */
	ROLE_ACCOUNTS,
	/* role -> parent: about to end by itself, in good order; no new peers */
	ROLE_RETIRES,
	/* role -> parent: u8 role, u64 instance, slice words: that peer broke
	 * the table; it is ended */
	ROLE_BREACH,
	/* mailbox -> parent: u64 modseq of the first change it has committed
	 * since it began, or since a session of it went to rest */
	ROLE_CHANGED,
	/* role -> parent: u32 number of a refused system call */
	ROLE_REFUSED_CALL
};

#endif
