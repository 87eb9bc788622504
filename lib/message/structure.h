/*
 * structure.h - what IMAP tells of one message, made once and kept beside it
 *
 * One MIME scan (mime.h) gives the parts, their places, the envelope and the
 * body structure (RFC 9051 7.5.2), packed into one blob (typical mail: 300 to
 * 600 bytes).  From the blob ENVELOPE, BODY, BODYSTRUCTURE and the place of
 * every section are told without the message.
 *
 * The blob describes the message as it came, without the trace lines that an
 * account puts before it, and with the CRLF that it may lack at its end (what
 * IMAP gives out ends its last line): offsets are bytes from the start of the
 * message and may point into or behind that CRLF.
 *
 * Every message has a structure.  One beyond the limits is told with fewer
 * parts, a multipart without a part gets one text/plain with its bytes, and an
 * encoded message/rfc822, which nobody can look into, is told as
 * application/octet-stream.
 */
#ifndef POSTROOM_MESSAGE_STRUCTURE_H
#define POSTROOM_MESSAGE_STRUCTURE_H

#include "lib/message/imap_envelope.h"
#include "lib/message/mime.h"

/* Bytes of a blob, whatever the message is. */
#define STRUCTURE_MOST	(512 * 1024)
/* Containers in each other: those of mime.h and one for an empty multipart. */
#define STRUCTURE_DEPTH	52

/*
 * Add the blob of `message`: all of it, with CRLF line ends.  0, or -ENOMEM
 * (memory is out, or the text has no room for STRUCTURE_MOST more).
 */
int	structure_make(struct slice message, struct text *packed);

/* A blob that is read; it must outlive this. */
struct structure {
	uint64_t	bytes;		/* of the message with its last CRLF */
	bool		lacks_crlf;
	bool		is_cut;		/* there is more than it tells */
	bool		has_sent;	/* its Date can be read: */
	int64_t		sent_utc;	/* ...seconds since 1970 (SORT DATE) */
	int64_t		sent_day;	/* ...days since 1970, by its own zone
					   (SENTON, RFC 9051 6.4.4) */
	uint32_t	part_count;
	struct slice	references;	/* on one line, for thread_id_next();
					   of very many the last */
	struct slice	envelope;	/* private */
	struct slice	parts;		/* private */
};

/*
 * Look at a blob and check all of it, so that nothing below can fail.
 * 0, -EBADMSG (it is none) or -ENOTSUP (of another version of this): make it
 * anew from the message.
 */
int	structure_open(struct slice packed, struct structure *structure_out);

/*
 * The same, but only what comes before the parts, and the first of them, is
 * looked at and may be asked for: structure_root(), and section_find() for a
 * section of the whole letter.
 */
int	structure_open_root(struct slice packed,
	    struct structure *structure_out);

/* Add the value of ENVELOPE. */
void	structure_envelope(struct text *, const struct structure *);
/*
 * One field of it as it is told there (the sender's fields defaulted); strings
 * for imap_string_read().
 */
struct slice	structure_field(const struct structure *, enum imap_field);
/* Add the value of BODYSTRUCTURE, or of BODY. */
void	structure_body(struct text *, const struct structure *, bool extended);

enum structure_kind {
	STRUCTURE_TEXT,		/* text/anything */
	STRUCTURE_LEAF,		/* anything else */
	STRUCTURE_MULTIPART,	/* at least one child */
	STRUCTURE_MESSAGE	/* message/rfc822, message/global: one child */
};

struct structure_part {
	enum structure_kind	kind;
	enum mime_encoding	encoding;	/* MIME_UNKNOWN: nobody's */
	unsigned		children;
	uint64_t		header;		/* where its header begins */
	uint64_t		body;		/* behind the empty line */
	uint64_t		end;		/* end - body: encoded size */
	uint64_t		lines;		/* of the body of TEXT, MESSAGE */
	struct slice		type;		/* "\"text\" \"plain\"" */
	struct slice		params;		/* "(\"charset\" ...)" or "NIL" */
	struct slice		disposition;	/* "(\"inline\" NIL)" or "NIL" */
	struct slice		rest;		/* private */
};

/* The message itself. */
void	structure_root(const struct structure *,
	    struct structure_part *part_out);
/* Step to the part behind it when all are read in order; false at the end. */
bool	structure_next(struct structure_part *part);
/* Its child `number`, from 1; false when it has fewer. */
bool	structure_child(const struct structure_part *, uint32_t number,
	    struct structure_part *child_out);
/* It is "type/subtype", in any letter case; the subtype may be NULL. */
bool	structure_is(const struct structure_part *, const char *type,
	    const char *subtype);

#endif
