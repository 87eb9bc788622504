/*
 * addresses.c - the addresses in a To, Cc, From, ... field
 *
 * An element is cut first, up to the comma (or "<", ":", ";") that ends it, and
 * its inside is read then.  To find where a quote or comment ends, one may have
 * to look at all that follows; when it does not end, none of them after it is
 * looked for again, so the walk stays linear.
 */
#include "lib/message/addresses.h"

#include <string.h>

#include "lib/message/words.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5322 3.2.3 with 4.1's dot left out; RFC 6532 3.2: bytes above ASCII */
static bool
is_atext(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f &&
	    strchr("()<>[]:;@\\,.\"", c) == NULL;
}

/* Bytes of the quoted string that begins `s`, or 0 if none ends. */
static size_t
quoted_bytes(struct address_list *list, struct slice s)
{
	if (s.len == 0 || s.at[0] != '"' || list->no_quote)
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			return i + 1;
	}
	list->no_quote = true;
	return 0;
}

/* Bytes of the comment that begins `s`, with all in it, or 0 if none ends. */
static size_t
comment_bytes(struct address_list *list, struct slice s)
{
	size_t depth = 0;

	if (s.len == 0 || s.at[0] != '(' || list->no_comment)
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '(')
			depth++;
		else if (s.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	list->no_comment = true;
	return 0;
}

size_t
addresses_hidden(struct address_list *list, struct slice s)
{
	size_t n = quoted_bytes(list, s);

	return n > 0 ? n : comment_bytes(list, s);
}

/* Skip blanks, folding and comments; the last of those is kept. */
static struct slice
skip_cfws(struct address_list *list, struct slice s, struct slice *comment)
{
	size_t n;

	while (s.len > 0) {
		if (is_space(s.at[0])) {
			s = slice_after(s, 1);
			continue;
		}
		n = comment_bytes(list, s);
		if (n == 0)
			break;
		*comment = slice_of(s.at + 1, n - 2);
		s = slice_after(s, n);
	}
	return s;
}

/*
 * Where the first of `ends` stands in `s`, outside of quotes and comments, or
 * its length.
 */
static size_t
find_outside(struct address_list *list, struct slice s, const char *ends)
{
	size_t at = 0, n;

	while (at < s.len) {
		struct slice here = slice_after(s, at);

		n = addresses_hidden(list, here);
		if (n == 0) {
			if (s.at[at] != '\0' && strchr(ends, s.at[at]) != NULL)
				return at;
			n = 1;
		}
		at += n;
	}
	return s.len;
}

/* A part of an address, put together in a buffer of fixed size. */
struct part {
	char	*at;
	size_t	 len, size;
	bool	 failed;	/* it does not fit */
};

static void
part_add(struct part *part, char c)
{
	if (part->len == part->size)
		part->failed = true;
	else
		part->at[part->len++] = c;
}

/* What a quoted string of `n` bytes means, but for its folding. */
static void
part_add_quoted(struct part *part, struct slice s, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++) {
		if (s.at[i] == '\\' && i + 2 < n)
			i++;
		if (s.at[i] != '\r' && s.at[i] != '\n')
			part_add(part, s.at[i]);
	}
}

/* [ 192.0.2.1 ], without the blanks */
static bool
read_literal(struct slice *rest, struct part *part)
{
	size_t end = slice_find(*rest, ']');

	if (end == SIZE_MAX)
		return false;
	for (size_t i = 0; i <= end; i++)
		if (!is_space(rest->at[i]))
			part_add(part, rest->at[i]);
	*rest = slice_after(*rest, end + 1);
	return true;
}

/*
 * Words and dots with blanks and comments between them (RFC 5322 4.4), as far
 * as they go.  Two words need a dot between them; that two dots, or one at an
 * end, are let pass is for mobile networks that gave out such names.
 */
static bool
read_words(struct address_list *list, struct slice *rest, bool quotes,
    struct part *part, struct slice *comment)
{
	bool joined = true;	/* a word may follow */
	size_t n;

	for (;;) {
		*rest = skip_cfws(list, *rest, comment);
		if (rest->len == 0)
			break;
		n = quotes ? quoted_bytes(list, *rest) : 0;
		if (rest->at[0] == '.') {
			part_add(part, '.');
			joined = true;
			*rest = slice_after(*rest, 1);
			continue;
		}
		if (n == 0 && !is_atext(rest->at[0]))
			break;
		if (!joined)
			return false;
		joined = false;
		if (n > 0)
			part_add_quoted(part, *rest, n);
		else
			while (n < rest->len && is_atext(rest->at[n]))
				part_add(part, rest->at[n++]);
		*rest = slice_after(*rest, n);
	}
	return true;
}

/* addr-spec: local "@" domain that is all of `s` but for what stands around. */
static bool
read_spec(struct address_list *list, struct slice s, struct address *address)
{
	struct part local = { list->local, 0, sizeof(list->local), false };
	struct part domain = { list->domain, 0, sizeof(list->domain), false };

	if (!read_words(list, &s, true, &local, &address->comment) ||
	    s.len == 0 || s.at[0] != '@')
		return false;
	s = skip_cfws(list, slice_after(s, 1), &address->comment);
	if (s.len > 0 && s.at[0] == '[' && !read_literal(&s, &domain))
		return false;
	if (domain.len == 0 &&
	    !read_words(list, &s, false, &domain, &address->comment))
		return false;
	s = skip_cfws(list, s, &address->comment);
	if (s.len > 0 || local.len == 0 || domain.len == 0 || local.failed ||
	    domain.failed)
		return false;
	address->local = slice_of(local.at, local.len);
	address->domain = slice_of(domain.at, domain.len);
	return true;
}

/* What stands between angle brackets: a route (RFC 5322 4.4), then the rest. */
static bool
read_angle(struct address_list *list, struct slice s, struct address *address)
{
	size_t colon;

	s = skip_cfws(list, s, &address->comment);
	if (slice_has_prefix(s, "mailto:")) {
		s = slice_after(s, strlen("mailto:"));
		address->odd = true;
	}
	if (s.len > 0 && s.at[0] == '@') {
		colon = find_outside(list, s, ":");
		if (colon == s.len)
			return false;
		address->route = slice_first(s, colon);
		s = slice_after(s, colon + 1);
	}
	return read_spec(list, s, address);
}

/* Cut `n` bytes off the rest. */
static struct slice
take(struct address_list *list, size_t n)
{
	struct slice head = slice_first(list->rest, n);

	list->rest = slice_after(list->rest, n);
	return head;
}

/* Cut the angle brackets and what they hold; the rest begins with "<". */
static struct slice
take_angle(struct address_list *list, struct address *address)
{
	struct slice inside, begins;
	size_t n;

	(void)take(list, 1);
	while (list->rest.len > 0 && (list->rest.at[0] == '<' ||
	    is_space(list->rest.at[0]))) {
		address->odd = address->odd || list->rest.at[0] == '<';
		(void)take(list, 1);
	}
	begins = list->rest;
	/* only a route has a comma in it */
	n = find_outside(list, begins, begins.len > 0 && begins.at[0] == '@' ?
	    "<>" : "<>,;");
	inside = take(list, n);
	if (list->rest.len == 0 || list->rest.at[0] != '>')
		address->odd = true;
	while (list->rest.len > 0 && list->rest.at[0] == '>')
		(void)take(list, 1);
	return inside;
}

/* The element that begins here; the rest begins with its first byte. */
static void
take_element(struct address_list *list, struct address *address)
{
	struct slice begins = list->rest, head, after;
	char end;

	head = take(list, find_outside(list, list->rest, "<,;:"));
	end = list->rest.len == 0 ? '\0' : list->rest.at[0];
	address->kind = ADDRESS_BROKEN;
	if (end == '<') {
		struct slice inside = take_angle(list, address);

		address->name = slice_trim(head);
		if (read_angle(list, inside, address))
			address->kind = ADDRESS_MAILBOX;
		/* a comment behind it may be all the name there is */
		after = skip_cfws(list, list->rest, &address->comment);
		(void)take(list, list->rest.len - after.len);
	} else if (end == ':') {
		(void)take(list, 1);
		if (!list->in_group && slice_find(head, '@') == SIZE_MAX) {
			address->kind = ADDRESS_GROUP;
			address->name = slice_trim(head);
			list->in_group = true;
		}
	} else if (read_spec(list, head, address)) {
		address->kind = ADDRESS_MAILBOX;
	}
	address->whole = slice_trim(slice_first(begins,
	    begins.len - list->rest.len));
	address->odd = address->odd || list->was_broken ||
	    address->kind == ADDRESS_BROKEN;
	list->was_broken = address->kind == ADDRESS_BROKEN;
}

void
addresses_begin(struct address_list *list, struct slice value)
{
	memset(list, 0, sizeof(*list));
	list->rest = value;
}

bool
addresses_next(struct address_list *list, struct address *address_out)
{
	struct address address = { 0 };

	for (;;) {
		struct slice s = skip_cfws(list, list->rest, &address.comment);

		(void)take(list, list->rest.len - s.len);
		if (s.len == 0)
			break;
		if (s.at[0] == ';' && list->in_group) {
			address.whole = take(list, 1);
			break;
		}
		if (s.at[0] != ',' && s.at[0] != ';' && s.at[0] != '>') {
			take_element(list, &address);
			*address_out = address;
			return true;
		}
		address.odd = address.odd || s.at[0] != ',';
		list->was_broken = list->was_broken && s.at[0] == ',';
		(void)take(list, 1);
	}
	if (!list->in_group)
		return false;
	list->in_group = false;
	list->was_broken = false;
	address.kind = ADDRESS_GROUP_END;
	address.comment = slice_first(address.comment, 0);
	*address_out = address;
	return true;
}

/* RFC 5322 3.2.3: dot-atom-text */
static bool
is_dot_atom(struct slice s)
{
	bool atom = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '.' ? !atom : !is_atext(s.at[i]))
			return false;
		atom = s.at[i] != '.';
	}
	return atom;
}

void
address_write(struct text *text, const struct address *address)
{
	struct slice local = address->local;
	bool quoted = !is_dot_atom(local);

	if (quoted)
		text_add_byte(text, '"');
	for (size_t i = 0; i < local.len; i++) {
		if (quoted && (local.at[i] == '"' || local.at[i] == '\\'))
			text_add_byte(text, '\\');
		text_add_byte(text, local.at[i]);
	}
	if (quoted)
		text_add_byte(text, '"');
	text_add_byte(text, '@');
	text_add(text, address->domain);
}

/* Add `s` without quotes and comments. */
static void
add_unquoted(struct text *text, struct slice s, bool comments)
{
	struct address_list list;
	size_t n;

	addresses_begin(&list, s);
	while (s.len > 0) {
		n = comments ? comment_bytes(&list, s) : 0;
		if (n > 0) {
			text_add_byte(text, ' ');
		} else if ((n = quoted_bytes(&list, s)) > 0) {
			for (size_t i = 1; i + 1 < n; i++) {
				if (s.at[i] == '\\' && i + 2 < n)
					i++;
				text_add_byte(text, s.at[i]);
			}
		} else {
			n = s.at[0] == '\\' && s.len > 1 ? 2 : 1;
			text_add_byte(text, s.at[n - 1]);
		}
		s = slice_after(s, n);
	}
}

/* Add `s`, trimmed, with one blank where there were some. */
static void
add_single_blanks(struct text *text, struct slice s)
{
	s = slice_trim(s);
	for (size_t i = 0; i < s.len; i++)
		if (!is_space(s.at[i]))
			text_add_byte(text, s.at[i]);
		else if (!is_space(s.at[i - 1]))
			text_add_byte(text, ' ');
}

void
address_phrase(struct text *text, const struct address *address)
{
	bool phrase = address->name.len > 0;
	struct slice from = phrase ? address->name : address->comment;
	TEXT_AUTO plain = TEXT_INIT(from.len);

	add_unquoted(&plain, from, phrase);
	if (text_failed(&plain))
		text->failed = true;
	else
		add_single_blanks(text, text_slice(&plain));
}

void
address_name(struct text *text, const struct address *address)
{
	bool phrase = address->name.len > 0;
	struct slice from = phrase ? address->name : address->comment;
	TEXT_AUTO plain = TEXT_INIT(from.len);
	TEXT_AUTO read = TEXT_INIT(from.len * 4 + 16);

	add_unquoted(&plain, from, phrase);
	words_decode(&read, text_slice(&plain));
	if (text_failed(&plain) || text_failed(&read))
		text->failed = true;
	else
		add_single_blanks(text, text_slice(&read));
}
