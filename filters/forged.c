/*
 * forged.c - header lines in this hub's name that the hub has not written
 */
#include "filters/forged.h"

#include <string.h>

#define NAME_BYTES	256	/* more than any host has */
#define NEAR_BYTES	1024	/* where a broken value is searched */
#define FIELD_BYTES	64	/* more than the names that are looked for */

/* RFC 8601 2.2: whose results these are */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Some readers do not see it at all. */
static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && !is_blank(c)) || c == 0x7f;
}

/* RFC 2045 5.1: token */
static bool
is_token(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f &&
	    strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* Past a comment, with those in it; false: it does not end. */
static bool
skip_comment(struct slice *rest)
{
	size_t i = 0, depth = 0;

	do {
		if (i == rest->len)
			return false;
		if (rest->at[i] == '\\' && i + 1 < rest->len)
			i++;
		else if (rest->at[i] == '(')
			depth++;
		else if (rest->at[i] == ')')
			depth--;
		i++;
	} while (depth > 0);
	*rest = slice_after(*rest, i);
	return true;
}

/* RFC 5322 3.2.2: CFWS */
static bool
skip_between(struct slice *rest)
{
	for (;;) {
		while (rest->len > 0 && (is_blank(rest->at[0]) ||
		    is_control(rest->at[0])))
			*rest = slice_after(*rest, 1);
		if (rest->len == 0 || rest->at[0] != '(')
			return true;
		if (!skip_comment(rest))
			return false;
	}
}

/* A name as it is read, cut at its size, which no host has. */
struct name {
	char	at[NAME_BYTES];
	size_t	len;
};

static void
name_add(struct name *name, char c)
{
	if (name->len < sizeof(name->at))
		name->at[name->len++] = c;
}

static bool
name_is(const struct name *name, const char *host)
{
	struct slice s = slice_of(name->at, name->len);

	if (s.len > 0 && s.at[s.len - 1] == '.')	/* of the root */
		s.len--;
	return slice_is_word(s, host);
}

/* RFC 5322 3.2.4; false: it does not end. */
static bool
read_quoted(struct slice rest, struct name *name)
{
	for (size_t i = 1; i < rest.len && rest.at[i] != '"'; i++) {
		if (rest.at[i] == '\\' && i + 1 < rest.len)
			i++;
		if (!is_blank(rest.at[i]) && !is_control(rest.at[i]))
			name_add(name, rest.at[i]);
		if (i + 1 == rest.len)
			return false;
	}
	return rest.len > 1;
}

/* Some readers take a comment within a word out first: "hub(a).test". */
static bool
is_token_of(struct slice rest, const char *host, bool *is_read_out)
{
	struct name name = { .len = 0 };

	*is_read_out = true;
	for (;;) {
		while (rest.len > 0 && (is_token(rest.at[0]) ||
		    is_control(rest.at[0]))) {
			if (!is_control(rest.at[0]))
				name_add(&name, rest.at[0]);
			rest = slice_after(rest, 1);
		}
		if (name_is(&name, host))
			return true;
		if (name.len == 0 || rest.len == 0 || rest.at[0] != '(')
			break;
		if (!skip_comment(&rest)) {
			*is_read_out = false;
			return false;
		}
	}
	*is_read_out = name.len > 0;
	return false;
}

static bool
has_near(struct slice value, const char *host)
{
	size_t len = strlen(host);

	value = slice_first(value, NEAR_BYTES);
	for (; value.len >= len; value = slice_after(value, 1))
		if (slice_is_word(slice_first(value, len), host))
			return true;
	return false;
}

bool
forged_is_of(struct slice value, const char *host)
{
	struct slice rest = value;
	struct name name = { .len = 0 };
	bool is_read;

	if (!skip_between(&rest) || rest.len == 0)
		return has_near(value, host);
	if (rest.at[0] != '"')
		return is_token_of(rest, host, &is_read) ||
		    (!is_read && has_near(value, host));
	if (!read_quoted(rest, &name))
		return has_near(value, host);
	return name_is(&name, host);
}

/* The header, line by line */

struct line {
	size_t	at, len;	/* in the message; without its end */
	size_t	end;		/* bytes of that: 2, 1 or none */
	bool	after_cr;	/* a bare CR stands before it */
};

/* The line at `at`; false: the header is over there. */
static bool
line_at(struct slice message, size_t at, struct line *line_out)
{
	struct slice rest = slice_after(message, at);
	struct line line = { .at = at };

	if (rest.len == 0)
		return false;
	while (line.len < rest.len && rest.at[line.len] != '\n' &&
	    rest.at[line.len] != '\r')
		line.len++;
	if (line.len < rest.len)
		line.end = 1;
	if (line.len + 1 < rest.len && rest.at[line.len] == '\r' &&
	    rest.at[line.len + 1] == '\n')
		line.end = 2;
	line.after_cr = at > 0 && message.at[at - 1] == '\r';
	/* behind a bare CR nothing is empty for those who see no line there */
	if (line.len == 0 && !line.after_cr &&
	    (line.end != 1 || rest.at[0] == '\n'))
		return false;
	*line_out = line;
	return true;
}

/*
 * The name of a field, as far as it matters, without what cannot be in one: some
 * readers do not see that ("X\0-Postroom-Spam", a mark of UTF-8 before it).
 */
static struct slice
field_name(struct slice s, char room[FIELD_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < s.len && len < FIELD_BYTES; i++)
		if ((unsigned char)s.at[i] > 0x20 &&
		    (unsigned char)s.at[i] < 0x7f)
			room[len++] = s.at[i];
	return slice_of(room, len);
}

static bool
is_ours(struct slice field, const char *host)
{
	size_t colon = slice_find(field, ':');
	char room[FIELD_BYTES];
	struct slice name;

	if (colon == SIZE_MAX)
		return false;
	name = field_name(slice_first(field, colon), room);
	if (slice_has_prefix(name, "X-Postroom-"))
		return true;
	return slice_is_word(name, VERDICT_RESULTS) &&
	    forged_is_of(slice_after(field, colon + 1), host);
}

/*
 * Behind a bare CR that goes along, and the end of its own line stays: who saw
 * one line there sees one.  But where nothing is before that CR an empty line
 * would be left, and with it the end of the header; and where it went with what
 * was before it, this line begins one.
 */
static int
cut_out(struct edits *edits, struct slice message, const struct line *first,
    const struct line *last)
{
	const struct edit *before = edits->count == 0 ? NULL :
	    &edits->list[edits->count - 1];
	bool is_gone = before != NULL && before->at + before->bytes ==
	    first->at;
	size_t from = first->at - (first->after_cr && !is_gone);
	size_t to = last->at + last->len;

	if (!first->after_cr || is_gone || from == 0 ||
	    message.at[from - 1] == '\n')
		to += last->end;
	return edits_add(edits, from, to - from, slice_of(NULL, 0));
}

/* How many there are; those that can be cut are. */
static unsigned
find_all(struct slice message, const char *host, struct edits *edits,
    int *status_out)
{
	struct line first, last, next;
	unsigned count = 0;
	size_t at = 0;

	*status_out = 0;
	while (line_at(message, at, &first)) {
		last = first;
		at = last.at + last.len + last.end;
		while (at < message.len && (message.at[at] == ' ' ||
		    message.at[at] == '\t') && line_at(message, at, &next)) {
			last = next;
			at = last.at + last.len + last.end;
		}
		if (!is_ours(slice_of(message.at + first.at,
		    last.at + last.len - first.at), host))
			continue;
		count++;
		if (*status_out == 0)
			*status_out = cut_out(edits, message, &first,
			    &last);
	}
	return count;
}

void
forged_judge(struct slice message, const char *host,
    struct verdict *verdict_out)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);
	unsigned count;
	int r;

	verdict_init(verdict_out);
	count = find_all(message, host, &verdict_out->edits, &r);
	if (count == 0)
		return;
	text_addf(&value, "%u header line%s in the name of %s", count,
	    count == 1 ? "" : "s", host);
	/* a host's name always fits; what cannot be said is done all the same */
	if (!text_failed(&value))
		(void)verdict_add_line(verdict_out, slice_str(FORGED_LINE),
		    text_slice(&value));
	if (r < 0)
		verdict_set(verdict_out, VERDICT_REFUSE, 554, "5.6.0",
		    "%u header lines claim to be of this hub", count);
}
