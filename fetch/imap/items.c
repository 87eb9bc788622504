/*
 * items.c - what a FETCH response says of a message (RFC 9051 7.5.2)
 */
#include "fetch/imap/items.h"

#include <errno.h>
#include <string.h>

#include "lib/message/date.h"
#include "lib/message/envelope.h"

#define DATE_BYTES	26	/* "17-Jul-1996 02:44:25 -0700" */

static const struct {
	const char	*word;
	uint8_t		 bit;
} flags[] = {
	{ "\\Seen",	FETCHED_SEEN },
	{ "\\Answered",	FETCHED_ANSWERED },
	{ "\\Flagged",	FETCHED_FLAGGED },
	{ "\\Draft",	FETCHED_DRAFT },
};

/* RFC 9051 9, date-time; a clock that is absurd says nothing. */
static int64_t
date_of(struct slice s)
{
	char date[DATE_BYTES];
	int64_t at;

	if (s.len != DATE_BYTES)
		return 0;
	memcpy(date, s.at, DATE_BYTES);
	date[2] = date[6] = ' ';
	if (date_parse(slice_of(date, DATE_BYTES), &at) < 0 || at <= 0)
		return 0;
	return at * 1000;
}

static void
read_flags(const struct imap_value *list, struct imap_items *items)
{
	items->has_flags = true;
	items->flags = 0;
	items->is_deleted = false;
	items->flag_list = list;
	for (uint32_t i = 1; i < list->span; i += list[i].span) {
		for (size_t k = 0; k < sizeof(flags) / sizeof(*flags); k++)
			if (imap_is_atom(&list[i], flags[k].word))
				items->flags |= flags[k].bit;
		if (imap_is_atom(&list[i], "\\Deleted"))
			items->is_deleted = true;
	}
}

static void
read_item(const struct imap_value *name, const struct imap_value *value,
    struct imap_items *items)
{
	uint64_t n;

	if (value->kind == IMAP_TEXT) {
		items->has_text = true;
	} else if (imap_is_atom(name, "UID")) {
		if (imap_is_number(value, UINT32_MAX, &n))
			items->uid = (uint32_t)n;
	} else if (imap_is_atom(name, "RFC822.SIZE")) {
		items->has_bytes = imap_is_number(value, INT64_MAX, &n);
		items->bytes = items->has_bytes ? n : 0;
	} else if (imap_is_atom(name, "FLAGS")) {
		if (value->kind == IMAP_LIST)
			read_flags(value, items);
	} else if (imap_is_atom(name, "BODYSTRUCTURE")) {
		items->structure = value;
	} else if (imap_is_atom(name, "INTERNALDATE")) {
		items->arrived_utc_ms = date_of(value->text);
	}
}

static bool
is_fetch(const struct imap_reply *reply)
{
	return reply->who == IMAP_UNTAGGED && reply->has_number &&
	    slice_is_word(reply->name, "FETCH") && !reply->is_cut &&
	    reply->count > 0 && reply->values[0].kind == IMAP_LIST;
}

int
imap_items_read(const struct imap_reply *reply, struct imap_items *items_out)
{
	struct imap_items items = { 0 };
	const struct imap_value *list = reply->values;
	uint32_t i = 1, value;

	if (!is_fetch(reply))
		return -EBADMSG;
	for (; i < list->span; i = value + list[value].span) {
		value = i + list[i].span;
		if (value >= list->span)
			break;	/* a name whose value is still to come */
		read_item(&list[i], &list[value], &items);
	}
	*items_out = items;
	return 0;
}

void
imap_items_keywords(const struct imap_items *items, struct text *text)
{
	const struct imap_value *list = items->flag_list;

	if (list == NULL)
		return;
	for (uint32_t i = 1; i < list->span; i += list[i].span) {
		if (list[i].kind != IMAP_ATOM || list[i].text.at[0] == '\\' ||
		    !slice_is_printable_ascii(list[i].text) ||
		    text->len + 1 + list[i].text.len > text->limit)
			continue;
		if (text->len > 0)
			text_add_byte(text, ' ');
		text_add(text, list[i].text);
	}
}

bool
imap_reply_has_text(const struct imap_reply *reply)
{
	struct imap_items items;

	return imap_items_read(reply, &items) == 0 && items.has_text;
}

uint64_t
imap_items_origin(const struct imap_reply *reply)
{
	struct slice name, rest;
	uint64_t origin;

	if (reply->count == 0)
		return 0;
	/* a value whose text is still to come is the last */
	rest = reply->values[reply->count - 1].text;
	if (!slice_cut(&rest, '<', &name) || rest.len < 2 ||
	    rest.at[rest.len - 1] != '>' || slice_u64(slice_first(rest,
	    rest.len - 1), UINT32_MAX, &origin) < 0)
		return 0;
	return origin;
}
