/*
 * addresses.h - the addresses in a To, Cc, From, ... field
 *
 * RFC 5322 3.4 with groups, comments, quoted strings and the obsolete forms of
 * 4.4 (routes, blanks and comments between the tokens), and UTF-8 (RFC 6532
 * 3.2).  The value is read as it stands in the header, folding and all, one
 * element at a time; each byte is looked at a fixed number of times, comments
 * nest without recursion and nothing is allocated.
 *
 * What breaks the standard and is read all the same, because honest mailers
 * write it: semicolons between addresses, a missing ">" or comma, doubled
 * angle brackets, "mailto:" in them, dots where a local part may have none, a
 * quote or parenthesis that does not end (it stands for itself).  All else is
 * told as ADDRESS_BROKEN: an element with no address, never a guessed one.
 */
#ifndef POSTROOM_MESSAGE_ADDRESSES_H
#define POSTROOM_MESSAGE_ADDRESSES_H

#include "lib/base/text.h"

/* Octets of what can be an address here.  RFC 5321 4.5.3.1 wants 64 and 255;
   bounce addresses with a key in them are longer on the left. */
#define ADDRESS_LOCAL_MOST	320
#define ADDRESS_DOMAIN_MOST	255

enum address_kind {
	ADDRESS_MAILBOX,
	ADDRESS_GROUP,		/* a group begins; `name` is its name */
	ADDRESS_GROUP_END,	/* told also when its ";" is missing */
	ADDRESS_BROKEN,		/* words, but no address in them */
};

struct address {
	enum address_kind	kind;
	struct slice		whole;	/* the element as it stands */
	struct slice		name;	/* the phrase as it stands; or empty */
	struct slice		comment;	/* the last one, without its
						   parentheses; or empty */
	struct slice		route;	/* RFC 5322 4.4: "@a,@b"; or empty */
	/* of ADDRESS_MAILBOX, in the list, until the next step: */
	struct slice		local;	/* what it means: no quotes, comments */
	struct slice		domain;	/* no blanks, comments; or [literal] */
	bool			odd;	/* it, or what stands before it, is not
					   what RFC 5322 3.4 allows */
};

/* A walk over one value.  Private but for its size. */
struct address_list {
	struct slice	rest;
	bool		in_group;
	bool		was_broken;	/* the element before */
	bool		no_quote;	/* no quote ends in the rest */
	bool		no_comment;	/* no comment does */
	char		local[ADDRESS_LOCAL_MOST];
	char		domain[ADDRESS_DOMAIN_MOST];
};

/* A walk that begins with the first element of `value`. */
void	addresses_begin(struct address_list *, struct slice value);
/* Step to the next element; false at the end. */
bool	addresses_next(struct address_list *, struct address *address_out);

/*
 * Bytes of the quoted string or comment that begins `s`; 0: none does, or it
 * does not end and stands for itself.  Within one walk `s` only moves on.
 */
size_t	addresses_hidden(struct address_list *, struct slice s);

/*
 * Add the address as it is written today (RFC 5322 3.4.1): the local part in
 * quotes if it needs them, "@", the domain.  address_parse() reads it unless a
 * part is too long for it, or not as a host is called.
 */
void	address_write(struct text *, const struct address *);
/*
 * Add its name as people read it: without quotes and comments, encoded words
 * decoded (words.h), blanks single.  Where no phrase stands, the comment is it,
 * as it was before RFC 822's successors: "ann@office.example (Ann)".
 */
void	address_name(struct text *, const struct address *);

/*
 * The same with encoded words as they stand, for a program that decodes them
 * itself (RFC 9051 7.5.2).
 */
void	address_phrase(struct text *, const struct address *);

#endif
