/*
 * came.c - when a message came to the mailbox it is in, by its header
 *
 * Whoever takes a message in puts a Received line on top (RFC 5321 4.4); what
 * Date says is the sender's word.
 */
#include "lib/message/came.h"

#include "lib/message/date.h"
#include "lib/message/header.h"

int64_t
header_came_at(struct slice header)
{
	struct header_field field;
	int64_t date = -1, at;

	while (header_next(&header, &field)) {
		if (slice_is_word(field.name, "Received")) {
			size_t semicolon = slice_find_last(field.value, ';');

			if (semicolon != SIZE_MAX && date_parse(slice_after(
			    field.value, semicolon + 1), &at) == 0)
				return at;
		} else if (date < 0 && slice_is_word(field.name, "Date") &&
		    date_parse(field.value, &at) == 0)
			date = at;
	}
	return date;
}
