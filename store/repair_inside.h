/*
 * repair_inside.h - what repair*.c share of one repair
 */
#ifndef POSTROOM_STORE_REPAIR_INSIDE_H
#define POSTROOM_STORE_REPAIR_INSIDE_H

#include "store/index_inside.h"
#include "store/repair.h"
#include "store/walk.h"

/* A whole record of some segment. */
struct found {
	struct message_id id;
	uint32_t	 action, mailbox;
	struct place	 place;
	uint32_t	 trace_bytes;
	uint64_t	 body_bytes, position;
	int64_t		 received_at_utc_ms;
	bool		 is_big, lacks_crlf;
	bool		 is_claimed;	/* a row has it, or another of its key */
};

/* A letter that cannot be read. */
struct damaged {
	struct message_id id;
	uint32_t	 action;
};

/* A mailbox as the damaged index has it. */
struct evident {
	uint32_t	 mailbox, uidvalidity;
	uint64_t	 uid_reserved;
	char		 name[FOLDER_MAX_BYTES + 1];
};

/* What the damaged index still tells. */
struct evidence {
	bool		 has_meta, has_segments;
	uint64_t	 modseq_reserved, settled_to, uidvalidity_last;
	struct evident	*mailboxes;
	size_t		 mailbox_count;
	uint32_t	*segments;	/* it had */
	size_t		 segment_count;
};

enum repair_base { BASE_OWN, BASE_COPY, BASE_NOTHING };

struct repair {
	int		 folder_fd, work_fd;
	const struct account_options *options;
	repair_fn	*fn;
	void		*arg;
	struct evidence	 evidence;
	/* of the walk: by segment and offset, then by key and that */
	struct found	*found;
	struct found	**by_key;
	size_t		 found_count, found_room;
	uint32_t	*segments;	/* there are */
	size_t		 segment_count;
	struct place	*hurt;		/* where one is damaged, in order */
	size_t		 hurt_count;
	/* of what is being made */
	enum repair_base base;
	struct place	 mark;		/* what stands behind it is newer */
	struct damaged	*damaged;
	size_t		 damaged_count, damaged_room;
	uint64_t	 added, recovered, moved, gone, renumbered;
	bool		 is_head_mended;
	bool		 is_lowered;	/* it is settled less far than before */
};

/* Tell of `what`, with a count. */
void	repair_tell(const struct repair *, enum repair_what, uint64_t count);

/* Read what the damaged index.db in `folder_fd` still tells; never fails. */
void	evidence_read(int folder_fd, struct evidence *evidence_out);
/* NULL is fine in it. */
void	evidence_free(struct evidence *);
/*
 * Before the index in work_fd, made of a copy or of nothing, gives its first
 * number: none that the damaged one may have given is given again.
 */
int	repair_numbers(struct repair *);
/* After all rows are there: segments, and how far it is settled. */
int	repair_seal(struct repair *);

/* Walk the segments: found, segments, hurt.  0 or -errno. */
int	repair_walk(struct repair *);
/* Make the letters and entries of `index` agree with what was found. */
int	repair_letters(struct repair *, struct index *);

#endif
