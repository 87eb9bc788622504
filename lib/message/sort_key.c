/*
 * sort_key.c - what letters are put in order by
 */
#include "lib/message/sort_key.h"

#include <errno.h>

#include "lib/message/find.h"
#include "lib/message/imap_string.h"
#include "lib/message/thread.h"
#include "lib/message/words.h"

/* Of a raw string that much is looked at; encoded words shrink. */
#define RAW_MOST	4096
/* One character may become that many bytes when it is decoded or folded. */
#define GROWTH		12

/* RFC 9051 7.5.2: the four strings of an address. */
enum part { PART_NAME, PART_ROUTE, PART_MAILBOX, PART_HOST, PARTS };

struct parts {
	struct text	text[PARTS];
	bool		has[PARTS];	/* else NIL */
};

static const enum imap_field fields[] = {
	[SORT_CC] = IMAP_CC,
	[SORT_FROM] = IMAP_FROM,
	[SORT_SUBJECT] = IMAP_SUBJECT,
	[SORT_TO] = IMAP_TO,
	[SORT_DISPLAYFROM] = IMAP_FROM,
	[SORT_DISPLAYTO] = IMAP_TO,
};

/* The first address of a list "((...)(...))"; of NIL there is none. */
static bool
first_address(struct slice list, struct parts *parts)
{
	if (!slice_has_prefix(list, "(("))
		return false;
	list = slice_after(list, 2);
	for (unsigned i = 0; i < PARTS; i++) {
		int r = imap_string_read(&list, &parts->text[i]);

		if (r < 0)
			return false;
		parts->has[i] = r > 0;
		list = slice_after(list, 1);	/* the blank */
	}
	return true;
}

/* RFC 5957 3: the name as it is read, or the address */
static void
add_display(struct text *to, const struct parts *parts)
{
	if (parts->has[PART_NAME])
		words_decode(to, slice_first(text_slice(
		    &parts->text[PART_NAME]), RAW_MOST));
	if (to->len > 0)
		return;
	text_add(to, text_slice(&parts->text[PART_MAILBOX]));
	if (parts->has[PART_HOST]) {
		text_add_byte(to, '@');
		text_add(to, text_slice(&parts->text[PART_HOST]));
	}
}

static int
add_address(struct text *to, struct slice list, bool is_display)
{
	struct parts parts = {
		.text = {
			TEXT_INIT(STRUCTURE_MOST), TEXT_INIT(STRUCTURE_MOST),
			TEXT_INIT(STRUCTURE_MOST), TEXT_INIT(STRUCTURE_MOST),
		},
	};
	bool failed = false;

	if (first_address(list, &parts)) {
		if (is_display)
			add_display(to, &parts);
		else
			/* RFC 2047 5: no encoded words in there */
			words_convert(to, slice_of(NULL, 0), slice_first(
			    text_slice(&parts.text[PART_MAILBOX]), RAW_MOST));
	}
	for (unsigned i = 0; i < PARTS; i++) {
		failed = failed || text_failed(&parts.text[i]);
		text_free(&parts.text[i]);
	}
	return failed ? -ENOMEM : 0;
}

static int
add_subject(struct text *to, struct slice subject, bool *is_reply_out)
{
	TEXT_AUTO raw = TEXT_INIT(STRUCTURE_MOST);

	/* what is no string is none */
	if (imap_string_read(&subject, &raw) < 0)
		text_clear(&raw);
	if (text_failed(&raw))
		return -ENOMEM;
	return thread_base_subject(to, text_slice(&raw), is_reply_out);
}

int
sort_key_add(struct text *text, const struct structure *structure,
    enum sort_key key, bool *is_reply_out)
{
	TEXT_AUTO plain = TEXT_INIT(STRUCTURE_MOST * GROWTH);
	TEXT_AUTO folded = TEXT_INIT(RAW_MOST * GROWTH);
	struct slice field = structure_field(structure, fields[key]);
	bool is_reply = false;
	int r;

	r = key == SORT_SUBJECT ? add_subject(&plain, field, &is_reply) :
	    add_address(&plain, field, key == SORT_DISPLAYFROM ||
	    key == SORT_DISPLAYTO);
	if (r < 0)
		return r;
	find_fold(&folded, slice_first(text_slice(&plain), RAW_MOST));
	text_add(text, slice_first(text_slice(&folded), SORT_KEY_MOST));
	if (text_failed(&plain) || text_failed(&folded) || text_failed(text))
		return -ENOMEM;
	*is_reply_out = is_reply;
	return 0;
}
