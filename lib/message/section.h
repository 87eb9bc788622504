/*
 * section.h - BODY[...] and BINARY[...]: which bytes a section is
 *
 * RFC 9051 6.4.5.  A letter is three pieces behind each other: the trace lines
 * that the account put before the message, the message as it came, and the CRLF
 * that it may lack.  Ranges are bytes of the letter; where the section is of the
 * letter as a whole (BODY[], HEADER, TEXT, MIME of a single part) the trace is
 * its beginning.
 */
#ifndef POSTROOM_MESSAGE_SECTION_H
#define POSTROOM_MESSAGE_SECTION_H

#include "lib/message/structure.h"

/* Numbers in one: a part in each container and one behind the last message. */
#define SECTION_NUMBERS	(STRUCTURE_DEPTH + 2)

enum section_what {
	SECTION_BODY,		/* BODY[], BODY[1.2] */
	SECTION_HEADER,
	SECTION_FIELDS,		/* HEADER.FIELDS (...) */
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME
};

struct section {
	enum section_what	what;
	unsigned		count;	/* 0: of the whole letter */
	uint32_t		numbers[SECTION_NUMBERS];
};

/*
 * Read what stands in the brackets, before a list of fields: "", "2.1.MIME",
 * "HEADER.FIELDS".
 *
 *  0
 * -EINVAL   it is no section (RFC 9051 9: section-spec).
 * -ENOENT   it may be one, but no letter has parts in each other so deep.
 */
int	section_parse(struct slice, struct section *section_out);
/* Add it as it is told in the reply: "2.1.MIME". */
void	section_write(struct text *, const struct section *);

struct section_range {
	uint64_t	at;		/* in the letter */
	uint64_t	bytes;
};

/* All bytes of a letter. */
uint64_t	section_letter_bytes(const struct structure *,
		    uint64_t trace_bytes);
/*
 * Where the section stands; with SECTION_FIELDS and FIELDS_NOT the header that
 * the fields are cut from.  `part_out`, unless NULL, is set to the part that the
 * numbers name, or to the message.  0, or -ENOENT: there is no such part.
 */
int	section_find(const struct structure *, uint64_t trace_bytes,
	    const struct section *, struct section_range *range_out,
	    struct structure_part *part_out);
/* What of it is at <first.most>; nothing when it ends before. */
struct section_range	section_partial(struct section_range, uint64_t first,
			    uint64_t most);

/*
 * Add the fields of `header` that have one of the names (or, with `others`, that
 * have none of them), byte for byte.  A header in two pieces, trace and message,
 * is told by two calls; the caller adds the empty line.
 */
void	section_fields(struct text *, struct slice header,
	    const struct slice *names, size_t count, bool others);

#endif
