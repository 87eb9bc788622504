/*
 * author.c - of which domains may a reader take the author of a message to be?
 *
 * Each reading only adds.  What one of them costs is bounded by the header's
 * bytes and the number of places; none looks back further than a local part.
 */
#include "lib/message/author.h"

#include <errno.h>
#include <string.h>

#include "lib/message/addresses.h"
#include "lib/message/words.h"

#define FIELD_BYTES	16	/* more than the names that are asked for */

struct reader {
	struct author	*author;
	const char	*field;		/* its name */
	unsigned	 places;
	bool		 failed;	/* memory is out */
};

/* Which of the places in a text count. */
enum scanned {
	SCAN_ALL,		/* an address may stand anywhere */
	SCAN_BARE,		/* but not in quotes and comments */
	SCAN_ANGLES		/* only between "<" and ">" */
};

/* One more is looked at; false: there were too many. */
static bool
take_place(struct reader *reader)
{
	if (reader->places == AUTHOR_PLACES)
		reader->author->has_more = true;
	else
		reader->places++;
	return !reader->author->has_more;
}

/* Domains */

static void
add_name(struct author *author, const char *name)
{
	for (unsigned i = 0; i < author->domain_count; i++)
		if (strcmp(author->domains[i], name) == 0)
			return;
	if (author->domain_count == AUTHOR_DOMAINS) {
		author->has_more = true;
		return;
	}
	(void)slice_cstr(slice_str(name),
	    author->domains[author->domain_count++], HOST_NAME_MOST + 1);
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] > 0x7f)
			return false;
	return true;
}

/* Its name in ASCII; RFC 6532 has UTF-8, and programs before it Latin-1. */
static bool
name_of(struct reader *reader, struct slice domain,
    char name_out[HOST_NAME_MOST + 1])
{
	TEXT_AUTO utf8 = TEXT_INIT(4 * ADDRESS_DOMAIN_MOST + 16);
	TEXT_AUTO normal = TEXT_INIT(PATH_DOMAIN_MAX + 8);
	int r;

	if (!is_ascii(domain)) {
		words_convert(&utf8, slice_of(NULL, 0), domain);
		r = address_normal(&normal, slice_str("x"),
		    text_slice(&utf8));
		reader->failed = reader->failed || text_failed(&utf8) ||
		    r == -ENOBUFS;
		if (r < 0)
			return false;
		domain = slice_after(text_slice(&normal), 2);
	}
	if (!host_is_name(domain) ||
	    slice_cstr(domain, name_out, HOST_NAME_MOST + 1) < 0)
		return false;
	for (char *c = name_out; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	return true;
}

/* An address whose domain has that name. */
static void
add_whole(struct reader *reader, struct slice local, const char *name)
{
	TEXT_AUTO whole = TEXT_INIT(sizeof(reader->author->addresses[0]) - 1);
	struct author *author = reader->author;
	int r = address_meant(&whole, local, slice_str(name));

	if (r == -EINVAL)
		text_addf(&whole, "@%s", name);
	reader->failed = reader->failed || text_failed(&whole) ||
	    r == -ENOBUFS;
	for (unsigned i = 0; i < author->address_count; i++)
		if (slice_is_str(text_slice(&whole), author->addresses[i]))
			return;
	if (author->address_count == AUTHOR_ADDRESSES ||
	    slice_cstr(text_slice(&whole),
	    author->addresses[author->address_count],
	    sizeof(author->addresses[0])) < 0)
		author->has_more_addresses = true;
	else
		author->address_count++;
}

static bool
add_address(struct reader *reader, struct slice local, struct slice domain)
{
	char name[HOST_NAME_MOST + 1];

	while (domain.len > 0 && domain.at[domain.len - 1] == '.')
		domain.len--;
	if (domain.len == 0 || domain.len > ADDRESS_DOMAIN_MOST ||
	    !name_of(reader, domain, name))
		return false;
	add_name(reader->author, name);
	add_whole(reader, local, name);
	return true;
}

static bool
is_local_byte(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f &&
	    strchr("()<>[]:;@\\,\"", c) == NULL;
}

/* What is quoted at the end of `s`, without its quotes; or nothing. */
static struct slice
quoted_before(struct slice s, char room[ADDRESS_LOCAL_MOST])
{
	size_t begin = s.len - 1, end = begin, len = 0;

	while (begin > 0 && (s.at[begin - 1] != '"' || (begin > 1 &&
	    s.at[begin - 2] == '\\')))
		if (end - begin-- == ADDRESS_LOCAL_MOST)
			return slice_of(NULL, 0);
	for (size_t i = begin; begin > 0 && i < end; i++) {
		if (s.at[i] == '\\' && i + 1 < end)
			i++;
		room[len++] = s.at[i];
	}
	return slice_of(room, len);
}

/* The local part of the "@" behind `s`. */
static struct slice
local_before(struct slice s, char room[ADDRESS_LOCAL_MOST])
{
	size_t len = 0;

	if (s.len > 0 && s.at[s.len - 1] == '"')
		return quoted_before(s, room);
	while (len < s.len && len <= PATH_LOCAL_MAX &&
	    is_local_byte(s.at[s.len - len - 1]))
		len++;
	return slice_after(s, s.len - len);
}

/* Bytes that a program may take for a part of a domain. */
static bool
is_domain_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' ||
	    (unsigned char)c > 0x7f;
}

/* What is around an "@" in words; "@ work" and "@home" are no domains. */
static void
add_words(struct reader *reader, struct slice s, size_t at)
{
	struct slice domain = slice_after(s, at + 1);
	char room[ADDRESS_LOCAL_MOST];
	size_t len = 0;

	while (len < domain.len && is_domain_byte(domain.at[len]))
		len++;
	domain = slice_first(domain, len);
	if (slice_find(domain, '.') != SIZE_MAX)
		(void)add_address(reader, local_before(slice_first(s, at),
		    room), domain);
}

/* Readings of a value */

static void
scan(struct reader *reader, struct slice s, enum scanned scanned)
{
	struct address_list list;
	bool in_angles = false;
	size_t hidden_to = 0;

	addresses_begin(&list, s);
	for (size_t at = 0; at < s.len; at++) {
		if (at >= hidden_to)
			hidden_to = at + addresses_hidden(&list,
			    slice_after(s, at));
		if (s.at[at] == '<' || s.at[at] == '>')
			in_angles = s.at[at] == '<';
		if (s.at[at] != '@' || !(in_angles || scanned == SCAN_ALL ||
		    (scanned == SCAN_BARE && at >= hidden_to)))
			continue;
		if (!take_place(reader))
			return;
		add_words(reader, s, at);
	}
}

/* What encoded words may hide. */
static void
scan_decoded(struct reader *reader, struct slice s, enum scanned scanned)
{
	TEXT_AUTO decoded = TEXT_INIT(s.len * 4 + 16);

	if (slice_find_str(s, "=?") == SIZE_MAX)
		return;
	words_decode(&decoded, s);
	reader->failed = reader->failed || text_failed(&decoded);
	scan(reader, text_slice(&decoded), scanned);
}

/* As addresses.h, and so everybody here, reads it. */
static void
read_list(struct reader *reader, struct slice value)
{
	struct address_list list;
	struct address address;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address) && take_place(reader)) {
		bool is_broken = address.kind == ADDRESS_BROKEN;

		if (address.kind == ADDRESS_MAILBOX) {
			if (!add_address(reader, address.local,
			    address.domain))
				reader->author->is_unnamed = true;
			scan(reader, address.local, SCAN_ALL);
		} else if (is_broken) {
			scan(reader, address.whole, SCAN_ALL);
		}
		scan_decoded(reader, address.whole,
		    is_broken ? SCAN_ALL : SCAN_ANGLES);
	}
}

static bool
is_dropped(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t' && c != '\r' &&
	    c != '\n') || c == 0x7f;
}

/* Some programs do not see control bytes. */
static void
read_without_controls(struct reader *reader, struct slice value)
{
	TEXT_AUTO kept = TEXT_INIT(value.len);

	for (size_t i = 0; i < value.len; i++)
		if (!is_dropped(value.at[i]))
			text_add_byte(&kept, value.at[i]);
	reader->failed = reader->failed || text_failed(&kept);
	if (kept.len == value.len)
		return;
	read_list(reader, text_slice(&kept));
	scan(reader, text_slice(&kept), SCAN_BARE);
}

static void
read_value(struct reader *reader, struct slice value)
{
	read_list(reader, value);
	scan(reader, value, SCAN_BARE);
	read_without_controls(reader, value);
}

/* Fields */

/* Where the first line of `s` ends: behind its LF, or a CR that is alone. */
static size_t
line_bytes(struct slice s, bool cr_ends)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] == '\n' || (cr_ends && s.at[i] == '\r' &&
		    (i + 1 == s.len || s.at[i + 1] != '\n')))
			return i + 1;
	return s.len;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cut off a line with those that continue it. */
static struct slice
cut_field(struct slice *rest, bool cr_ends)
{
	size_t end = line_bytes(*rest, cr_ends);
	struct slice field;

	while (end < rest->len && is_blank(rest->at[end]))
		end += line_bytes(slice_after(*rest, end), cr_ends);
	field = slice_first(*rest, end);
	*rest = slice_after(*rest, end);
	return field;
}

/* "From", and what a program may take for it: "From\0", "F rom" */
static bool
is_named(struct slice name, const char *field)
{
	char kept[FIELD_BYTES];
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.at[i] <= 0x20 ||
		    (unsigned char)name.at[i] >= 0x7f)
			continue;
		if (len == sizeof(kept))
			return false;
		kept[len++] = name.at[i];
	}
	return slice_is_word(slice_of(kept, len), field);
}

static bool
is_end(struct slice line)
{
	return slice_is_str(line, "\n") || slice_is_str(line, "\r\n");
}

static void
read_fields(struct reader *reader, struct slice rest, bool cr_ends)
{
	unsigned count = 0;

	while (rest.len > 0 && !reader->author->has_more) {
		struct slice field = cut_field(&rest, cr_ends);
		size_t colon = slice_find(field, ':');

		if (is_end(field))
			break;
		if (colon == SIZE_MAX || !is_named(slice_first(field, colon),
		    reader->field))
			continue;
		count++;
		read_value(reader, slice_trim(slice_after(field, colon + 1)));
	}
	if (count > reader->author->field_count)
		reader->author->field_count = count;
}

/* The header with its empty line, as far as it is read. */
static struct slice
header_of(struct slice message, bool *has_cr_out)
{
	struct slice rest = message, line = { NULL, 0 };

	*has_cr_out = false;
	while (rest.len > 0 && !is_end(line) &&
	    message.len - rest.len < AUTHOR_HEADER_BYTES) {
		line = slice_first(rest, line_bytes(rest, false));
		*has_cr_out = *has_cr_out ||
		    line_bytes(line, true) < line.len;
		rest = slice_after(rest, line.len);
	}
	return slice_first(message, message.len - rest.len);
}

int
author_read(struct slice message, struct author *author)
{
	return author_read_of(message, "From", author);
}

int
author_read_of(struct slice message, const char *field, struct author *author)
{
	struct reader reader = { .author = author, .field = field };
	bool has_cr;
	struct slice header = header_of(message, &has_cr);

	memset(author, 0, sizeof(*author));
	read_fields(&reader, header, false);
	/* what is stored has a line end in the place of a lone CR */
	if (has_cr)
		read_fields(&reader, header, true);
	author->has_more = author->has_more ||
	    header.len >= AUTHOR_HEADER_BYTES;
	return reader.failed ? -ENOMEM : 0;
}
