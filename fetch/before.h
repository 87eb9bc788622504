/*
 * before.h - what is done with each message before it is downloaded
 *
 * Between the pages of what is to be taken (listing_page.h) and their RETRs
 * (take.h) stand the rules of the fetch account (before_rules.h).  Where its
 * size does not decide, the header of a message is asked for, some ahead; what
 * is left or put off is never asked for.  What is put off is decided anew each
 * time, so that another rule, or another hour, finds it.  What is to be taken
 * and is large may be here already (share.h).
 *
 * Without rules rows pass as they are.
 */
#ifndef POSTROOM_FETCH_BEFORE_H
#define POSTROOM_FETCH_BEFORE_H

#include "fetch/digest.h"
#include "fetch/listing_page.h"
#include "fetch/note.h"
#include "fetch/share.h"
#include "policy/before_rules.h"
#include "policy/line_calendar.h"

struct collect;
struct heard;

/* Rows between a page and their RETRs: headers of a second on a slow line. */
#define BEFORE_AHEAD	64

/* Of a collection. */
struct before {
	struct arena	*arena;		/* of the rules */
	struct before_rules rules;
	struct calendar	 night;
	bool		 is_night;	/* whatever the clock says */
	enum language	 language;	/* of who reads its notes */
};

enum before_state {
	BEFORE_ASKED,		/* its header is under way */
	BEFORE_SHAPE,		/* what it is made of, for its note, is */
	BEFORE_TEXT,		/* its text is, for its note */
	/* what is to be done is known */
	BEFORE_TAKE,
	BEFORE_NOTE,		/* its note is to be submitted */
	BEFORE_SHARING		/* it may be taken from here (share.h):
				   others go past it */
};

struct before_row {
	struct listed	 row;
	enum before_state state;
	struct note	*note;		/* of SHAPE, TEXT and NOTE */
	enum share_step	 share;		/* of BEFORE_SHARING */
	bool		 is_weighed;	/* it is not taken from here */
	struct share_header *header;	/* kept for that, or NULL */
};

/* Of a conversation: in the order in which they are taken. */
struct before_queue {
	struct before_row rows[BEFORE_AHEAD];
	unsigned	 count;
	unsigned	 asked;		/* headers, shapes, texts under way */
	char		*header;	/* BIG_BYTES, once one is */
	size_t		 header_len;
	uint64_t	 header_bytes;	/* of what TOP says of this one */
};

/*
 * The rules of a collection: text, and when it is night.  `is_night`: now, for
 * somebody asks for all of it.  0, -EINVAL (they cannot be read) or -ENOMEM.
 */
int	before_open(struct collect *, struct slice rules,
	    const struct calendar *night, bool is_night, const char *language);
/* One of its rules deletes. */
bool	before_deletes(const struct collect *);
/* None is fine. */
void	before_close(struct collect *);
/* The rows of a conversation, or of one folder of it, are forgotten. */
void	before_forget(struct collect *);

/* It is done with: those behind it move up. */
void	before_drop(struct before_queue *, struct before_row *);

/* The next row that something is to be done with now, or NULL. */
const struct before_row *before_row(struct collect *);
/* Consume it. */
void	before_next(struct collect *);
/*
 * Ask for its header, for share_header_came().  False: that may not be said
 * now, or the conversation is over.
 */
bool	before_ask_header(struct collect *, const struct before_row *);
/* Ask for some of its body; the same, for whoever hears that. */
bool	before_ask_sample(struct collect *, const struct before_row *,
	    uint64_t *from, const struct heard *);
/* It has come, or not: so many bytes of the line were that. */
void	before_sample_came(struct collect *, uint64_t bytes);
/* There are no more; headers are still under way. */
bool	before_is_over(const struct collect *);
bool	before_is_asking(const struct collect *);
/*
 * before_note.c: its note has been begun: ask what else it shows, where the
 * server says that without the message, or end it.
 */
void	before_note(struct collect *, struct before_row *);

/* Room that the next rows need, of so many that it comes to `most`. */
uint64_t before_space(const struct collect *, uint64_t most);

#endif
