/*
 * imap_envelope.h - the header fields that IMAP tells, as IMAP tells them
 *
 * What ENVELOPE and BODYSTRUCTURE say of a header (RFC 9051 7.5.2) is written
 * field by field, ready to be sent.  Values are raw: unfolded and without the
 * quotes and comments of addresses, but encoded words stay encoded and bytes
 * above ASCII stay as they are.  Of several fields with one name the first
 * counts, as everywhere here; but recipients are those of all To, all Cc and all
 * Bcc fields (RFC 5322 4.5.3).
 */
#ifndef POSTROOM_MESSAGE_IMAP_ENVELOPE_H
#define POSTROOM_MESSAGE_IMAP_ENVELOPE_H

#include "lib/base/text.h"

enum imap_field {
	IMAP_DATE,		/* in the order of ENVELOPE */
	IMAP_SUBJECT,
	IMAP_FROM,
	IMAP_SENDER,
	IMAP_REPLY_TO,
	IMAP_TO,
	IMAP_CC,
	IMAP_BCC,
	IMAP_IN_REPLY_TO,
	IMAP_MESSAGE_ID,
	IMAP_ENVELOPE_FIELDS,	/* that many make an envelope */
	IMAP_TYPE = IMAP_ENVELOPE_FIELDS,
	IMAP_ENCODING,
	IMAP_ID,
	IMAP_DESCRIPTION,
	IMAP_MD5,
	IMAP_DISPOSITION,
	IMAP_LANGUAGE,
	IMAP_LOCATION,
	IMAP_FIELDS
};

/* Where they stand in one header; borrowed bytes. */
struct imap_fields {
	struct slice	value[IMAP_FIELDS];	/* as header_next() has it */
	bool		has[IMAP_FIELDS];
	bool		again[IMAP_FIELDS];	/* there are more of them */
	struct slice	header;
};

/* Find them in a header block. */
void	imap_fields_read(struct slice header, struct imap_fields *fields_out);

/*
 * Add one field of an envelope: a string, a list of addresses, or NIL where
 * there is none.  A list ends before it takes more than `most` bytes; false: it
 * had to.  Sender and Reply-To are not defaulted here: NIL means "as From".
 */
bool	imap_envelope_field(struct text *, const struct imap_fields *,
	    enum imap_field, size_t most);

/* Add ("name" "value" ...) of what mime_type_cut() left of a value, or NIL. */
void	imap_params(struct text *, struct slice rest, bool is_text);
/* Add ("attachment" ("filename" "a.pdf")), or NIL. */
void	imap_disposition(struct text *, const struct imap_fields *);
/* Add ("en" "id"), or NIL. */
void	imap_language(struct text *, const struct imap_fields *);

#endif
