/*
 * index_inside.h - what index*.c, segments.c and check.c share of index.db
 *
 * Not for anybody outside store/: the statements are numbered here, their text
 * and the format of the file are in index_sql.c.
 */
#ifndef POSTROOM_STORE_INDEX_INSIDE_H
#define POSTROOM_STORE_INDEX_INSIDE_H

#include "lib/base/db.h"
#include "store/index.h"

#define INDEX_FILE	"index.db"
#define SEGMENT_MOST	INT32_MAX	/* a higher number is damage */
#define MAILBOX_MOST	INT32_MAX

enum index_sql {
	SQL_META,
	SQL_META_NEW,
	SQL_META_MODSEQ,
	SQL_META_SETTLED,
	SQL_MAILBOXES,
	SQL_MAILBOX_NEW,
	SQL_MAILBOX_NAMED,
	SQL_UIDVALIDITY,
	SQL_UIDVALIDITY_SET,
	SQL_MAILBOX_UIDS,
	SQL_UID_LAST,
	SQL_UID_BURIED,
	SQL_DELIVERED,
	SQL_DELIVERED_NEW,
	SQL_DELIVERED_PRUNE,
	SQL_LETTER,
	SQL_LETTER_NEW,
	SQL_LETTER_MOVE,
	SQL_LETTER_RELEASE,
	SQL_LETTER_DELETE,
	SQL_ENTRIES,
	SQL_ENTRY_NEW,
	SQL_LISTED,
	SQL_FOLDERS,
	SQL_ENTRY_DELETE,
	SQL_TOMBSTONE_NEW,
	SQL_ORPHAN_NEXT,
	SQL_ORPHAN_NEW,
	SQL_ORPHAN_DELETE,
	SQL_BIG_USED,
	SQL_UNREF_NEXT,
	SQL_UNREF_NEW,
	SQL_UNREF_DELETE,
	SQL_EXPUNGED_NEW,
	SQL_EXPUNGED,
	SQL_EXPUNGED_DELETE,
	SQL_SEGMENT_NEW,
	SQL_SEGMENT_LAST,
	SQL_SEGMENT_UNSEALED,
	SQL_SEGMENT_VOUCHED,
	SQL_SEGMENT_VOUCH,
	SQL_SEGMENT_SEAL,
	SQL_SEGMENT_DEAD,
	SQL_SEGMENT_WORST,
	SQL_SEGMENT_STATE,
	SQL_SEGMENT_DELETE,
	SQL_LETTERS_AFTER,
	SQL_FIGURES_LETTERS,
	SQL_FIGURES_ENTRIES,
	SQL_FIGURES_SEGMENTS,
	SQL_CHECK_FILE,
	SQL_CHECK_ENTRIES,
	SQL_CHECK_ORPHANS,
	SQL_CHECK_TOMBSTONES,
	SQL_CHECK_UIDS,
	SQL_CHECK_DELIVERED,
	SQL_CHECK_MAILBOXES,
	SQL_CHECK_INBOX,
	SQL_COUNT
};

extern const struct db_format index_format;

/* A sequence with a part reserved; `kept` is as of the last commit. */
struct sequence {
	uint64_t	next;
	uint64_t	reserved;	/* numbers below may have been given */
};

struct mailbox {
	uint32_t	id;
	struct sequence	uids, uids_kept;
};

struct marks {
	struct sequence	modseqs;
	uint64_t	settled_to;	/* journal positions */
	uint64_t	pruned_below;
	uint64_t	segment;	/* newest with a row */
	bool		must_be_full;
};

struct index {
	struct db	*db;
	uint32_t	 uid_block;
	struct marks	 marks, marks_kept;
	struct mailbox	*mailboxes;
	size_t		 mailbox_count, mailbox_count_kept;
	bool		 has_orphans;	/* there may be some */
	bool		 has_unrefs;
	bool		 has_expunged;
};

/* The first and last entry a mailbox can have. */
#define ENTRY_FIRST(mailbox)	((uint64_t)(mailbox) << 32)
#define ENTRY_LAST(mailbox)	(ENTRY_FIRST(mailbox) | UINT32_MAX)

/* Run a statement without rows in the open transaction. */
int	index_run_1(struct index *, enum index_sql, uint64_t n);
int	index_run_2(struct index *, enum index_sql, uint64_t first,
	    uint64_t second);
/* The next modification number; may make the transaction one to end FULL. */
int	index_take_modseq(struct index *, uint64_t *modseq_out);
/* The numbers of entries first..last are never given again. */
int	index_bury(struct index *, uint64_t first, uint64_t last,
	    uint64_t modseq);
/* The big file is not, or no more, to be told as not needed. */
int	index_unref_forget(struct index *, const struct message_id *big);
/* It is here again: nobody is to be told that it was deleted. */
int	index_expunged_forget(struct index *, const struct message_id *);
/* A column that was asked to be of MESSAGE_ID_BYTES; zero when it was not. */
struct message_id index_message_id(struct slice);
/* The next columns as a letter's row: 0 or -EUCLEAN. */
int	index_row(struct db_query *, struct letter_row *row_out);
/* `bytes` of `segment` are garbage from now on. */
int	index_dead(struct index *, uint32_t segment, uint64_t bytes);

#endif
