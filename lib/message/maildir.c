/*
 * maildir.c - what the names and lists of a Maildir say
 */
#include "lib/message/maildir.h"

static const struct {
	char		letter;
	unsigned	mark;
} letters[] = {
	{ 'S', MARK_SEEN },	{ 'R', MARK_ANSWERED },
	{ 'F', MARK_FLAGGED },	{ 'D', MARK_DRAFT },
	{ 'T', MARK_DELETED },
};

/* Where ":2," stands, or ";2," and "!2," where a colon cannot be in a name. */
static size_t
flags_at(struct slice file)
{
	for (size_t i = file.len; i-- > 0; )
		if ((file.at[i] == ':' || file.at[i] == ';' ||
		    file.at[i] == '!') &&
		    slice_has_prefix(slice_after(file, i + 1), "2,"))
			return i;
	return file.len;
}

struct maildir_name
maildir_name(struct slice file)
{
	struct maildir_name name = { 0 };
	size_t at = flags_at(file);
	struct slice flags = slice_after(file, at + 3);

	name.unique = slice_first(file, at);
	for (size_t i = 0; i < flags.len; i++) {
		char c = flags.at[i];

		if (c >= 'a' && c <= 'z')
			name.keywords |= UINT32_C(1) << (c - 'a');
		for (size_t k = 0; k < sizeof(letters) / sizeof(letters[0]);
		    k++)
			if (letters[k].letter == c)
				name.marks |= letters[k].mark;
	}
	return name;
}

/* The next line without its end; false: there is none. */
static bool
next_line(struct slice *rest, struct slice *line_out)
{
	if (rest->len == 0)
		return false;
	if (!slice_cut(rest, '\n', line_out)) {
		*line_out = *rest;
		*rest = slice_of(NULL, 0);
	}
	return true;
}

void
maildir_keywords(struct slice list, struct slice names_out[MAILDIR_KEYWORDS])
{
	struct slice line, number;
	uint64_t n;

	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++)
		names_out[i] = slice_of(NULL, 0);
	while (next_line(&list, &line))
		if (slice_cut(&line, ' ', &number) &&
		    slice_u64(number, MAILDIR_KEYWORDS - 1, &n) == 0)
			names_out[n] = slice_trim(line);
}

void
maildir_add_keywords(struct text *words, uint32_t keywords,
    const struct slice names[MAILDIR_KEYWORDS])
{
	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++) {
		if ((keywords >> i & 1) == 0 || names[i].len == 0)
			continue;
		if (words->len > 0)
			text_add_byte(words, ' ');
		text_add(words, names[i]);
	}
}

bool
maildir_uid(struct slice *rest, uint32_t *uid_out, struct slice *file_out)
{
	struct slice line, number;
	uint64_t uid;
	size_t at;

	/* "17 W1234 :1700000000.M1P2.host,S=1200"; older: "17 1700..." */
	while (next_line(rest, &line)) {
		if (!slice_cut(&line, ' ', &number) ||
		    slice_u64(number, UINT32_MAX, &uid) < 0)
			continue;
		at = slice_find_str(line, " :");
		if (slice_has_prefix(line, ":"))
			line = slice_after(line, 1);
		else if (at != SIZE_MAX)
			line = slice_after(line, at + 2);
		/* the head of the first version: "1 UIDVALIDITY NEXT" */
		if (slice_trim(line).len == 0 ||
		    slice_find(line, '.') == SIZE_MAX)
			continue;
		*uid_out = (uint32_t)uid;
		*file_out = line;
		return true;
	}
	return false;
}

bool
maildir_subscription(struct slice *rest, bool *tabs, struct slice *name_out)
{
	struct slice line;

	while (next_line(rest, &line)) {
		if (slice_has_suffix(line, "\r"))
			line.len--;
		if (slice_is_str(line, "V\t2"))
			*tabs = true;
		else if (line.len > 0) {
			*name_out = line;
			return true;
		}
	}
	return false;
}

void
maildir_add_folder(struct text *text, struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (c == '.' || c == '\\')
			text_addf(text, "\\%02x", (unsigned)c);
		else
			text_add_byte(text, c == '/' ? '.' : c);
	}
}

void
maildir_unescape(struct text *name)
{
	struct slice rest = text_slice(name);
	size_t len = 0;

	while (rest.len > 0) {
		int c = rest.at[0] == '\\' ? slice_hex(slice_after(rest, 1)) :
		    -1;
		bool is_escape = c == '.' || c == '\\';

		name->at[len++] = is_escape ? (char)c : rest.at[0];
		rest = slice_after(rest, is_escape ? 3 : 1);
	}
	name->len = len;
}
