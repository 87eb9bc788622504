/*
 * ledger_sql.h - the format and the statements of ledger.db; for ledger*.c only
 */
#ifndef POSTROOM_QUEUE_LEDGER_SQL_H
#define POSTROOM_QUEUE_LEDGER_SQL_H

#include "lib/base/db.h"

/* Numbers on disk. */
enum ledger_state {
	SEEN_STORED,
	SEEN_DELETING,
	SEEN_GONE,
	SEEN_LEFT,
	SEEN_LOST
};

/* What stands in column `short`. */
enum ledger_mark {
	MARK_NONE,
	MARK_SHORT,		/* it may be cut, or, LEFT, came too large */
	MARK_NOTE,		/* a note of what is not wanted: that goes */
	MARK_PLACE,		/* a note of what is taken later */
	MARK_WANTED,		/* the same, and its owner wants it now */
	MARK_COUNT
};

/* What a row of a listing is to be; the first three are enum listing_part. */
enum row_part {
	ROW_KNOWN = 3,
	ROW_TOO_LARGE,
	ROW_TAKING,		/* submitted */
	ROW_NEW,		/* not decided yet */
	ROW_LATER		/* put off: ledger_follow.c */
};

/* Why a row is to be looked at. */
enum row_why {
	WHY_NOTHING,
	WHY_UIDL,		/* its UIDL is known, of another size or gone */
	WHY_MOVED,		/* it may be one whose UIDL was another */
	WHY_SAME,		/* it has none, and its size is known */
	WHY_LEFT,		/* left by its size alone */
	WHY_ELSEWHERE		/* it may have been in another folder */
};

/* What came of looking at it. */
enum row_looked {
	LOOKED_NOT,
	LOOKED_AT,		/* its digest is known */
	LOOKED_IN_VAIN		/* it could not be had */
};

/* `bytes` of what another program has collected: not known. */
#define SEED_BYTES	INT64_MAX

enum ledger_statement {
	LEDGER_META,
	LEDGER_META_NEW,
	LEDGER_META_SET,
	LEDGER_LOSE,
	LEDGER_LOSE_CLAIMED,
	LEDGER_UNCLAIM,
	LEDGER_WANT,
	LEDGER_UNWANTED,
	LEDGER_ACCOUNT,
	LEDGER_ACCOUNT_OWNER,
	LEDGER_ACCOUNT_MIRROR,
	LEDGER_ACCOUNT_SETTLE,
	LEDGER_ACCOUNT_MOVED,
	LEDGER_LEFT_DROP,
	LEDGER_PUT,
	LEDGER_UNPLACE,
	LEDGER_HAS,
	LEDGER_FOLDER,
	LEDGER_FOLDERS,
	LEDGER_FOLDER_NEW,
	LEDGER_FOLDER_NAME,
	LEDGER_CLAIM,
	LEDGER_CLAIMED,
	LEDGER_COPY,
	LEDGER_COPIES,

	LEDGER_LOAD,
	LEDGER_HEADERS,
	LEDGER_UIDL_HEADER,
	LEDGER_ANY_UIDL,
	LEDGER_GONE_UIDL,
	LEDGER_GONE_BYTES,
	LEDGER_BACK,
	LEDGER_RENAME,
	LEDGER_LEFT_HEADER,
	LEDGER_GONE,
	LEDGER_LAST_SEQ,
	LEDGER_LEAVE,
	LEDGER_SEED,
	LEDGER_SPARED,
	LEDGER_SPARE,
	LEDGER_SPARED_DROP,
	LEDGER_DELETING,
	LEDGER_TWIN,
	LEDGER_ENTRY,
	LEDGER_ENTRY_IS,
	LEDGER_ENTRY_OF,
	LEDGER_PLACED,
	LEDGER_PLACED_ID,
	LEDGER_WANT_BODY,
	LEDGER_ELSEWHERE,
	LEDGER_ELSEWHERE_HEADER,
	LEDGER_FOLLOW,
	LEDGER_HALVES,
	LEDGER_HALF_PUT,
	LEDGER_HALF_DROP,
	LEDGER_STATEMENTS
};

extern const struct db_format ledger_format;

#endif
