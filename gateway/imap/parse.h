/*
 * parse.h - the words of a command (RFC 9051 9, RFC 3501 9)
 *
 * A cursor over a gathered command (input.h).  Each function takes one thing
 * off its front and returns true; false leaves a sentence in `fault` and the
 * rest of the command is not looked at.  What comes out points into the command
 * or lives in the arena; both live until the command is answered.
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_H
#define POSTROOM_GATEWAY_IMAP_PARSE_H

#include "lib/base/arena.h"
#include "lib/base/text.h"

/* What a command may make us allocate while it is parsed. */
#define IMAPD_PARSE_BYTES	(1024 * 1024)

struct imapd_parse {
	struct slice	 rest;
	struct arena	*arena;
	const char	*fault;		/* NULL so far */
	bool		 utf8;		/* names are UTF-8, not modified UTF-7 */
	bool		 has_no_charset; /* RFC 9755 3: strings are UTF-8, and no
					   search may say otherwise */
};

/* Say why, if nobody has; always false. */
bool	imapd_parse_fault(struct imapd_parse *, const char *words);
/* The byte that is next, or NUL at the end. */
char	imapd_peek(const struct imapd_parse *);
/* Take `byte` if it is next. */
bool	imapd_maybe(struct imapd_parse *, char byte);
/* Take it, or it is a fault. */
bool	imapd_byte(struct imapd_parse *, char byte);
bool	imapd_space(struct imapd_parse *);
/* Nothing may be left. */
bool	imapd_end(struct imapd_parse *);
/* Take `word`, in any case of its letters, if an atom that is it is next. */
bool	imapd_word(struct imapd_parse *, const char *word);

/* The tag of a command; empty `*tag_out` and false: it has none. */
bool	imapd_tag(struct imapd_parse *, struct slice *tag_out);
bool	imapd_atom(struct imapd_parse *, struct slice *atom_out);
/* A quoted string or a literal; unescaped. */
bool	imapd_string(struct imapd_parse *, struct slice *string_out);
bool	imapd_astring(struct imapd_parse *, struct slice *string_out);
/* The same or NIL; *is_nil_out says which. */
bool	imapd_nstring(struct imapd_parse *, struct slice *string_out,
	    bool *is_nil_out);
/* The same, or a literal8, which may hold NUL (RFC 5464 5, value). */
bool	imapd_nstring8(struct imapd_parse *, struct slice *string_out,
	    bool *is_nil_out);
bool	imapd_number(struct imapd_parse *, uint64_t max, uint64_t *n_out);
/* A mailbox's name as UTF-8; INBOX in any case becomes "INBOX".  One that can
 * be no name comes out empty: the command then says NO. */
bool	imapd_mailbox(struct imapd_parse *, struct slice *name_out);
/* The same with wildcards, which need no quotes (list-mailbox). */
bool	imapd_pattern(struct imapd_parse *, struct slice *pattern_out);

/* What ID says of the client (RFC 2971 3.1); nothing is kept of it. */
bool	imapd_id_read(struct imapd_parse *);

/* A run of numbers or UIDs; 0 stands for "*" until imapd_set_ranges(). */
struct imapd_range {
	uint32_t	low, high;
};

struct imapd_set {
	bool			 is_saved;	/* "$" (RFC 5182) */
	size_t			 count;
	struct imapd_range	*ranges;
};

/* sequence-set. */
bool	imapd_set(struct imapd_parse *, struct imapd_set *set_out);
/*
 * Put the ranges in order, "*" being `star` (the highest number or UID there
 * is; 0: the mailbox is empty), and join what overlaps.
 */
void	imapd_set_ranges(struct imapd_set *, uint32_t star);
/* Is `n` in the ranges, which are in order? */
bool	imapd_set_has(const struct imapd_set *, uint32_t n);

/* Flags and keywords. */
struct imapd_flags {
	uint8_t		 bits;		/* LETTER_SEEN, ... */
	size_t		 count;		/* of keywords */
	struct slice	*keywords;
};

/* A list in parentheses, or, unless `must_have`, words without them. */
bool	imapd_flags(struct imapd_parse *, bool must_have,
	    struct imapd_flags *flags_out);

/* "1-Feb-1994" with or without quotes, as days since 1970. */
bool	imapd_date(struct imapd_parse *, int32_t *day_out);
/* " 1-Feb-1994 21:52:25 -0800" in quotes. */
bool	imapd_date_time(struct imapd_parse *, int64_t *utc_ms_out);
/* Add "17-Jul-1996 02:44:25 +0000", in quotes; in the office's zone (zone.h). */
void	imapd_add_date_time(struct text *, int64_t utc_ms);

#endif
