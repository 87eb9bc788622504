/*
 * thread.c - what joins letters to a conversation
 */
#include "lib/message/thread.h"

#include <errno.h>
#include <string.h>

#include "lib/message/words.h"

/* Bytes of a subject; a base is sought in it as often as it has brackets. */
#define SUBJECT_MOST	4096
/* It decodes to no more for each byte of it. */
#define GROWTH		4

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Step (1): blanks become single. */
static void
pack_blanks(struct text *text, struct slice s)
{
	s = slice_trim(s);
	for (size_t i = 0; i < s.len; i++)
		if (!is_blank(s.at[i]))
			text_add_byte(text, s.at[i]);
		else if (!is_blank(s.at[i - 1]))
			text_add_byte(text, ' ');
}

/* subj-trailer: "(fwd)" / WSP */
static bool
cut_trailer(struct slice *s, bool *is_reply)
{
	if (s->len > 0 && is_blank(s->at[s->len - 1])) {
		s->len--;
		return true;
	}
	if (!slice_has_suffix(*s, "(fwd)"))
		return false;
	s->len -= strlen("(fwd)");
	*is_reply = true;
	return true;
}

/* subj-blob: "[" *BLOBCHAR "]" *WSP */
static bool
cut_blob(struct slice *s)
{
	size_t end = 1;

	if (s->len == 0 || s->at[0] != '[')
		return false;
	while (end < s->len && s->at[end] != '[' && s->at[end] != ']')
		end++;
	if (end == s->len || s->at[end] != ']')
		return false;
	for (end++; end < s->len && is_blank(s->at[end]); end++)
		;
	*s = slice_after(*s, end);
	return true;
}

/* subj-refwd: ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
cut_refwd(struct slice *s)
{
	static const char *const words[] = { "re", "fwd", "fw" };
	struct slice rest = *s;
	size_t i;

	for (i = 0; i < 3 && !slice_has_prefix(rest, words[i]); i++)
		;
	if (i == 3)
		return false;
	rest = slice_after(rest, strlen(words[i]));
	while (rest.len > 0 && is_blank(rest.at[0]))
		rest = slice_after(rest, 1);
	(void)cut_blob(&rest);
	if (rest.len == 0 || rest.at[0] != ':')
		return false;
	*s = slice_after(rest, 1);
	return true;
}

/* subj-leader: (*subj-blob subj-refwd) / WSP */
static bool
cut_leader(struct slice *s, bool *is_reply)
{
	struct slice rest = *s;

	if (s->len > 0 && is_blank(s->at[0])) {
		*s = slice_after(*s, 1);
		return true;
	}
	while (cut_blob(&rest))
		;
	if (!cut_refwd(&rest))
		return false;
	*s = rest;
	*is_reply = true;
	return true;
}

/* Step (4): a blob, unless nothing would be left. */
static bool
cut_lone_blob(struct slice *s)
{
	struct slice rest = *s;

	if (!cut_blob(&rest) || rest.len == 0)
		return false;
	*s = rest;
	return true;
}

/* Step (6): "[fwd:" ... "]" */
static bool
cut_forward(struct slice *s, bool *is_reply)
{
	if (!slice_has_prefix(*s, "[fwd:") || !slice_has_suffix(*s, "]"))
		return false;
	*s = slice_after(slice_first(*s, s->len - 1), strlen("[fwd:"));
	*is_reply = true;
	return true;
}

/* Steps (2) to (6).  Each turn makes `s` shorter. */
static struct slice
base_of(struct slice s, bool *is_reply)
{
	do {
		while (cut_trailer(&s, is_reply))
			;
		while (cut_leader(&s, is_reply) || cut_lone_blob(&s))
			;
	} while (cut_forward(&s, is_reply));
	return s;
}

int
thread_base_subject(struct text *text, struct slice value, bool *is_reply_out)
{
	TEXT_AUTO decoded = TEXT_INIT(SUBJECT_MOST * GROWTH);
	TEXT_AUTO packed = TEXT_INIT(SUBJECT_MOST * GROWTH);
	bool is_reply = false;

	words_decode(&decoded, slice_first(value, SUBJECT_MOST));
	pack_blanks(&packed, text_slice(&decoded));
	text_add(text, base_of(text_slice(&packed), &is_reply));
	if (text_failed(&decoded) || text_failed(&packed) ||
	    text_failed(text))
		return -ENOMEM;
	*is_reply_out = is_reply;
	return 0;
}

/* Bytes up to the ">" of an id that begins `s`, or 0 if it is none. */
static size_t
id_bytes(struct slice s)
{
	bool quoted = false, has_at = false;

	for (size_t i = 0; i < s.len; i++) {
		if (quoted && s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.at[i] == '>')
			return has_at ? i : 0;
		else if (!quoted && s.at[i] == '<')
			return 0;	/* what began before is none */
		else if (!quoted && s.at[i] == '@' && i > 0)
			has_at = true;
	}
	return 0;
}

static void
add_id(struct text *text, struct slice id)
{
	bool quoted = false;

	for (size_t i = 0; i < id.len; i++) {
		if (id.at[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && id.at[i] == '\\' && i + 1 < id.len)
			i++;
		else if (is_blank(id.at[i]) && !quoted)
			continue;
		text_add_byte(text, id.at[i]);
	}
}

bool
thread_id_next(struct slice *rest, struct text *text)
{
	size_t open, len;

	while ((open = slice_find(*rest, '<')) != SIZE_MAX) {
		*rest = slice_after(*rest, open + 1);
		len = id_bytes(*rest);
		if (len == 0)
			continue;
		add_id(text, slice_first(*rest, len));
		*rest = slice_after(*rest, len + 1);
		return true;
	}
	return false;
}
