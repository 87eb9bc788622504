/*
 * imap_envelope.c - the header fields that IMAP tells, as IMAP tells them
 */
#include "lib/message/imap_envelope.h"

#include "lib/message/addresses.h"
#include "lib/message/header.h"
#include "lib/message/imap_string.h"

/* Bytes of a name or of what is no address; people's are a hundredth of it. */
#define WORDS_MOST	4096

static const char *const names[IMAP_FIELDS] = {
	[IMAP_DATE] = "Date",
	[IMAP_SUBJECT] = "Subject",
	[IMAP_FROM] = "From",
	[IMAP_SENDER] = "Sender",
	[IMAP_REPLY_TO] = "Reply-To",
	[IMAP_TO] = "To",
	[IMAP_CC] = "Cc",
	[IMAP_BCC] = "Bcc",
	[IMAP_IN_REPLY_TO] = "In-Reply-To",
	[IMAP_MESSAGE_ID] = "Message-ID",
	[IMAP_TYPE] = "Content-Type",
	[IMAP_ENCODING] = "Content-Transfer-Encoding",
	[IMAP_ID] = "Content-ID",
	[IMAP_DESCRIPTION] = "Content-Description",
	[IMAP_MD5] = "Content-MD5",
	[IMAP_DISPOSITION] = "Content-Disposition",
	[IMAP_LANGUAGE] = "Content-Language",
	[IMAP_LOCATION] = "Content-Location",
};

void
imap_fields_read(struct slice header, struct imap_fields *fields_out)
{
	struct imap_fields fields = { .header = header };
	struct header_field field;

	(void)header_skip_mbox(&header);
	while (header_next(&header, &field))
		for (unsigned i = 0; i < IMAP_FIELDS; i++) {
			if (!slice_is_word(field.name, names[i]))
				continue;
			fields.again[i] = fields.has[i];
			if (!fields.has[i])
				fields.value[i] = field.value;
			fields.has[i] = true;
			break;
		}
	*fields_out = fields;
}

/* Add `s` as a string, or NIL when it is empty. */
static void
add_nstring(struct text *text, struct slice s)
{
	if (s.len == 0)
		text_add_str(text, "NIL");
	else
		imap_string(text, s);
}

/*
 * What stands where no address can be read.  The host may not be NIL, that would
 * be a group; this word is known to mail programs from other servers.
 */
static void
add_broken(struct text *text, const struct address *address)
{
	TEXT_AUTO mailbox = TEXT_INIT(address->whole.len);
	struct slice s = address->whole;
	size_t angle = slice_find(s, '<');

	if (angle != SIZE_MAX && (address->name.len > 0 || angle == 0))
		s = slice_after(s, angle + 1);
	if (s.len > 0 && s.at[s.len - 1] == '>')
		s.len--;
	header_unfold(&mailbox, s);
	if (text_failed(&mailbox))
		text->failed = true;
	imap_string(text, mailbox.len == 0 ? slice_str("MISSING_MAILBOX") :
	    slice_first(text_slice(&mailbox), WORDS_MOST));
	text_add_str(text, " \"MISSING_DOMAIN\"");
}

/* "(" name SP route SP mailbox SP host ")" */
static void
add_address(struct text *text, const struct address *address)
{
	TEXT_AUTO name = TEXT_INIT(address->whole.len);

	address_phrase(&name, address);
	if (text_failed(&name))
		text->failed = true;
	text_add_byte(text, '(');
	if (address->kind == ADDRESS_GROUP) {
		text_add_str(text, "NIL NIL ");
		imap_string(text, slice_first(text_slice(&name), WORDS_MOST));
		text_add_str(text, " NIL");
	} else if (address->kind == ADDRESS_GROUP_END) {
		text_add_str(text, "NIL NIL NIL NIL");
	} else {
		add_nstring(text, slice_first(text_slice(&name), WORDS_MOST));
		text_add_byte(text, ' ');
		add_nstring(text, slice_first(slice_trim(address->route),
		    WORDS_MOST));
		text_add_byte(text, ' ');
		if (address->kind == ADDRESS_BROKEN) {
			add_broken(text, address);
		} else {
			imap_string(text, address->local);
			text_add_byte(text, ' ');
			imap_string(text, address->domain);
		}
	}
	text_add_byte(text, ')');
}

/* Add the addresses in one field until text->len is `most`; false: it was. */
static bool
add_addresses(struct text *text, struct slice value, size_t most)
{
	const struct slice end = SLICE("(NIL NIL NIL NIL)");
	struct address_list list;
	struct address address;
	bool in_group = false;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address)) {
		size_t before = text->len;

		add_address(text, &address);
		if (text->len + end.len + 1 > most) {
			text->len = before;
			if (in_group)
				text_add(text, end);
			return false;
		}
		if (address.kind == ADDRESS_GROUP)
			in_group = true;
		else if (address.kind == ADDRESS_GROUP_END)
			in_group = false;
	}
	return true;
}

/* Those of all fields of that name; NIL when there is none. */
static bool
add_list(struct text *text, const struct imap_fields *fields,
    enum imap_field wanted, size_t most)
{
	bool all = wanted == IMAP_TO || wanted == IMAP_CC || wanted == IMAP_BCC;
	struct slice rest = fields->header;
	struct header_field field;
	size_t begin = text->len;
	bool whole;

	text_add_byte(text, '(');
	whole = add_addresses(text, fields->value[wanted], begin + most);
	if (all && fields->again[wanted]) {
		(void)header_skip_mbox(&rest);
		while (whole && header_next(&rest, &field))
			if (slice_is_word(field.name, names[wanted]) &&
			    field.value.at != fields->value[wanted].at)
				whole = add_addresses(text, field.value,
				    begin + most);
	}
	if (text->len > begin + 1) {
		text_add_byte(text, ')');
	} else {
		text->len = begin;
		text_add_str(text, "NIL");
	}
	return whole;
}

bool
imap_envelope_field(struct text *text, const struct imap_fields *fields,
    enum imap_field field, size_t most)
{
	const struct slice value = fields->value[field];

	if (!fields->has[field]) {
		text_add_str(text, "NIL");
		return true;
	}
	if (field >= IMAP_FROM && field <= IMAP_BCC)
		return add_list(text, fields, field, most);
	/* a byte may need a backslash */
	imap_string_unfold(text, slice_first(value, most / 2));
	return value.len <= most / 2;
}
