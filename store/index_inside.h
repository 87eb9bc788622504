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
	SQL_META_FLOOR,
	SQL_META_CLOSE,
	SQL_META_MAILBOX,
	SQL_META_FURNISHED,
	SQL_META_SETTLED,
	SQL_MAILBOXES,
	SQL_MAILBOX_NEW,
	SQL_MAILBOX_NAMED,
	SQL_MAILBOX_BELOW,
	SQL_MAILBOX_COUNT,
	SQL_MAILBOX_TALLY,
	SQL_MAILBOX_NAME,
	SQL_MAILBOX_USES,
	SQL_MAILBOX_USED,
	SQL_MAILBOX_USES_OF,
	SQL_MAILBOX_DELETE,
	SQL_NAMES,
	SQL_SUBSCRIBE,
	SQL_SUBSCRIBE_ALL,
	SQL_UNSUBSCRIBE,
	SQL_SUBSCRIPTIONS,
	SQL_RIGHTS,
	SQL_RIGHTS_SET,
	SQL_RIGHTS_REMOVE,
	SQL_RIGHTS_SHARED,
	SQL_RIGHTS_INHERIT,
	SQL_RIGHTS_COPY,
	SQL_RIGHTS_END,
	SQL_METADATA,
	SQL_METADATA_SET,
	SQL_METADATA_REMOVE,
	SQL_METADATA_SIZE,
	SQL_METADATA_END,
	SQL_DOOM,
	SQL_DOOMED,
	SQL_DOOMED_ENTRIES,
	SQL_DOOMED_TOMBSTONES,
	SQL_DOOMED_GONE,
	SQL_ENTRIES_MOVE,
	SQL_ENTRIES_DELETE,
	SQL_UIDVALIDITY,
	SQL_UIDVALIDITY_SET,
	SQL_MAILBOX_UIDS,
	SQL_UID_LAST,
	SQL_UID_BURIED,
	SQL_DELIVERED,
	SQL_DELIVERED_NEW,
	SQL_DELIVERED_PRUNE,
	SQL_LETTER,
	SQL_LETTER_NAMED,
	SQL_MOVED,
	SQL_MOVED_NEW,
	SQL_MOVED_DELETE,
	SQL_LETTER_NEW,
	SQL_LETTER_MOVE,
	SQL_RELEASED,
	SQL_LETTERS_RELEASE,
	SQL_LETTER_IS,
	SQL_LETTER_RETAIN,
	SQL_LETTER_DELETE,
	SQL_STRUCTURE_DELETE,
	SQL_LESSON_NEW,
	SQL_LESSON_DELETE,
	SQL_LESSON_DUE,
	SQL_LESSON_TAUGHT,
	SQL_LESSON_KEPT,
	SQL_LESSON_KEPT_NEW,
	SQL_LESSONS_ANEW,
	SQL_ENTRIES,
	SQL_ENTRY_NEW,
	SQL_ENTRIES_OF,
	SQL_ENTRIES_FLAGS,
	SQL_ENTRY_MOVE,
	SQL_UNFINISHED,
	SQL_UNFINISHED_NEW,
	SQL_FINISHED,
	SQL_SELECTED,
	SQL_RECENT,
	SQL_WORDS,
	SQL_SAVED,
	SQL_FACTS,
	SQL_FACTS_STRUCTURE,
	SQL_STRUCTURES,
	SQL_STRUCTURE_NEW,
	SQL_VANISHED_COUNT,
	SQL_VANISHED,
	SQL_VANISHED_LATELY,
	SQL_SEARCH_TAIL,
	SQL_SEARCH_STRUCTURE,
	SQL_SEARCH_COUNT,
	SQL_SEARCH_LETTERS,
	SQL_LISTED,
	SQL_FOLDERS,
	SQL_ONLOOKED,
	SQL_LEAVING,
	SQL_TOMBSTONE_NEW,
	SQL_ORPHAN_NEXT,
	SQL_ORPHANS_NEW,
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
	SQL_IMPORTED,
	SQL_IMPORTED_NEW,
	SQL_CHECK_FILE,
	SQL_CHECK_ENTRIES,
	SQL_CHECK_ORPHANS,
	SQL_CHECK_TOMBSTONES,
	SQL_CHECK_UIDS,
	SQL_CHECK_DELIVERED,
	SQL_CHECK_MAILBOXES,
	SQL_CHECK_INBOX,
	SQL_CHECK_TALLIES,
	SQL_CHECK_DOOMED,
	SQL_CHECK_SUBSCRIPTIONS,
	SQL_CHECK_RIGHTS,
	SQL_CHECK_STRUCTURES,
	SQL_CHECK_LESSONS,
	SQL_CHECK_METADATA,
	SQL_COUNT
};

extern const struct db_format index_format;

/* A sequence with a part reserved; `kept` is as of the last commit. */
struct sequence {
	uint64_t	next;
	uint64_t	reserved;	/* numbers below may have been given */
};

/* What its row says of the entries of a mailbox: STATUS without a walk. */
struct tally {
	uint32_t	messages, unseen, deleted;
	uint64_t	bytes;		/* of its letters, as IMAP has sizes */
	uint64_t	modseq;		/* of the last change in it */
};

struct mailbox {
	uint32_t	id;
	uint32_t	uidvalidity;
	struct sequence	uids, uids_kept;
	struct tally	tally, tally_kept;
	uint64_t	recent;		/* UIDs from it on are \Recent for the
					   next session that is told of them */
	uint64_t	recent_kept;	/* as its row says */
	bool		is_dirty;	/* its row has another tally */
	bool		is_behind;	/* its row has a lower modseq, until the
					   next FULL commit */
	bool		is_doubtful;	/* it is to be counted anew */
	bool		is_deleted;	/* in the open transaction */
	bool		has_news;	/* committed, and nobody was told */
};

struct marks {
	struct sequence	modseqs;
	uint64_t	modseq_floor;	/* no letter has a lower one */
	uint32_t	mailbox_last;	/* highest number ever given */
	bool		is_furnished;	/* folders_ready() was here */
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
	bool		 has_news;	/* some mailbox has */
	bool		 has_doomed;	/* there may be some */
	bool		 has_orphans;	/* there may be some */
	bool		 has_unrefs;
	bool		 has_expunged;
	bool		 has_share_news; /* rights_changed() */
	bool		 has_lessons;	/* there may be some to be learnt */
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
/* The next UID of a mailbox; as index_take_modseq(). */
int	index_take_uid(struct index *, struct mailbox *, uint64_t *uid_out);
/*
 * Is less than half a block left of those, or of the UIDs of a mailbox that has
 * had letters in this life?  The next blocks are reserved then, in a transaction
 * that ends FULL, so that nobody has to wait for them later.
 */
bool	index_is_low(const struct index *);
int	index_reserve(struct index *);
/*
 * A letter at `place` that nobody delivered: its row and its entry, in the open
 * transaction, of which an error leaves a part.  Errors as index_add().
 */
int	index_append(struct index *, struct mailbox *, const struct record *,
	    const struct place *);
/* The bytes at `place` are no letter's, nor will they be. */
int	index_waste(struct index *, const struct place *);

/* NULL: there is none of that number. */
struct mailbox *index_mailbox(struct index *, uint32_t id);
/* An entry came into it, or went, or changed its flags, with that number. */
void	tally_add(struct mailbox *, unsigned flags, uint64_t bytes,
	    uint64_t modseq);
void	tally_remove(struct mailbox *, unsigned flags, uint64_t bytes,
	    uint64_t modseq);
void	tally_change(struct mailbox *, unsigned before, unsigned after,
	    uint64_t modseq);
/* The mailbox is as of that number at least. */
void	tally_touch(struct mailbox *, uint64_t modseq);
/* The size of a letter has become another. */
int	tally_resize(struct index *, uint64_t letter, uint64_t before,
	    uint64_t after);
/* Write those that changed into their rows, as the commit needs them there. */
int	tallies_write(struct index *, bool full);
/* What the open transaction did to mailboxes is kept, or is undone. */
void	mailboxes_keep(struct index *, bool full);
void	mailboxes_undo(struct index *);
/* All mailboxes there are, as their rows say. */
int	mailboxes_load(struct index *);
/*
 * Delete entries (ascending, none twice), without tombstones; one that is gone is
 * passed over.  Letters without an entry left are orphans.
 */
int	index_remove(struct index *, const uint64_t *entries, size_t count);
/* The numbers of entries first..last are never given again. */
int	index_bury(struct index *, uint64_t first, uint64_t last,
	    uint64_t modseq);
/* The big file is to be told as not needed; it is not, or no more. */
int	index_unref_note(struct index *, const struct message_id *big);
int	index_unref_forget(struct index *, const struct message_id *big);
/* It is here again: nobody is to be told that it was deleted. */
int	index_expunged_forget(struct index *, const struct message_id *);
/* A mailbox of that name is made: it has the rights of the one above it. */
int	rights_inherit(struct index *, uint32_t mailbox, struct slice name);
/* It is deleted, and its rights are. */
int	rights_end(struct index *, uint32_t mailbox);
/* A column that was asked to be of MESSAGE_ID_BYTES; zero when it was not. */
struct message_id index_message_id(struct slice);
/* The next columns as a letter's row: 0 or -EUCLEAN. */
int	index_row(struct db_query *, struct letter_row *row_out);
/* `bytes` of `segment` are garbage from now on. */
int	index_dead(struct index *, uint32_t segment, uint64_t bytes);

#endif
