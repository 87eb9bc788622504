/*
 * reply.c - what an IMAP server says, read as it comes
 *
 * A state for each place in a response that matters; a step takes a byte, or as
 * many as mean the same.  What is kept stands in one buffer, to which the
 * values point; once that or their row is full nothing more is kept, and only
 * the end of the response is looked for.
 */
#include "fetch/imap/reply.h"

#include <string.h>

static const char *const statuses[IMAP_SAYS_COUNT] = {
	[IMAP_OK] = "OK", [IMAP_NO] = "NO", [IMAP_BAD] = "BAD",
	[IMAP_BYE] = "BYE", [IMAP_PREAUTH] = "PREAUTH",
};

static enum imap_is
broken(struct imap_reader *reader, const char *fault)
{
	reader->at = IMAP_AT_BROKEN;
	reader->fault = fault;
	return IMAP_BROKEN;
}

/* Keeping */

static struct slice
kept_since(const struct imap_reader *reader, size_t from)
{
	return slice_of(reader->kept + from, reader->kept_len - from);
}

/* The response is more than is kept: only its end matters now. */
static void
cut(struct imap_reader *reader)
{
	reader->reply.is_cut = true;
	reader->count = 0;
}

static void
keep(struct imap_reader *reader, struct slice s)
{
	if (reader->reply.is_cut)
		return;
	if (s.len > sizeof(reader->kept) - reader->kept_len) {
		cut(reader);
		return;
	}
	if (s.len > 0)
		memcpy(reader->kept + reader->kept_len, s.at, s.len);
	reader->kept_len += s.len;
}

/* One more value, made of what was kept since its first byte. */
static void
value_add(struct imap_reader *reader, enum imap_kind kind)
{
	struct slice text = kept_since(reader, reader->word);

	if (reader->reply.is_cut)
		return;
	if (reader->count == IMAP_VALUES_MOST) {
		cut(reader);
		return;
	}
	if (kind == IMAP_ATOM && slice_is_word(text, "NIL")) {
		kind = IMAP_NIL;
		text = slice_of(NULL, 0);
	}
	reader->values[reader->count++] = (struct imap_value){
	    kind, 1, text
	};
}

static void
list_begin(struct imap_reader *reader)
{
	reader->word = reader->kept_len;
	if (reader->depth >= IMAP_DEPTH_MOST)
		cut(reader);
	else
		reader->open[reader->depth] = reader->count;
	reader->depth++;	/* IMAP_REPLY_MOST bounds it */
	value_add(reader, IMAP_LIST);
}

/* False: there is none. */
static bool
list_end(struct imap_reader *reader)
{
	uint32_t first;

	if (reader->depth == 0)
		return false;
	reader->depth--;
	if (reader->reply.is_cut)
		return true;
	first = reader->open[reader->depth];
	reader->values[first].span = reader->count - first;
	return true;
}

/* Lists that go on hold what has come so far. */
static void
show_values(struct imap_reader *reader)
{
	for (uint32_t i = 0; i < reader->depth && !reader->reply.is_cut; i++)
		reader->values[reader->open[i]].span =
		    reader->count - reader->open[i];
	reader->reply.values = reader->values;
	reader->reply.count = reader->count;
}

/* The string that begins is the text of a message. */
static bool
is_body(const struct imap_reader *reader)
{
	const struct imap_value *item;

	if (!reader->is_fetch || reader->depth != 1 || reader->count < 2)
		return false;
	item = &reader->values[reader->count - 1];
	return item->kind == IMAP_ATOM &&
	    (slice_has_prefix(item->text, "BODY[") ||
	    slice_has_prefix(item->text, "BINARY[") ||
	    slice_is_word(item->text, "RFC822") ||
	    slice_is_word(item->text, "RFC822.HEADER") ||
	    slice_is_word(item->text, "RFC822.TEXT"));
}

/* The words of a status */

/* Where the code ends that begins `s`; a quoted string may hold anything. */
static size_t
code_end(struct slice s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.len; i++) {
		if (quoted && s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			quoted = !quoted;
		else if (s.at[i] == ']' && !quoted)
			return i;
	}
	return SIZE_MAX;
}

static void
read_words(struct imap_reader *reader)
{
	struct imap_reply *reply = &reader->reply;
	struct slice s = slice_trim(kept_since(reader, reader->word)), code;
	size_t end = s.len > 0 && s.at[0] == '[' ? code_end(s) : SIZE_MAX;

	reply->words = s;
	if (end == SIZE_MAX)
		return;
	code = slice_after(slice_first(s, end), 1);
	reply->words = slice_trim(slice_after(s, end + 1));
	if (slice_word(&code, &reply->code))
		reply->arguments = slice_trim(code);
}

/* The head: a tag, a star or a plus, a number, a name. */

static enum imap_says
status_of(struct slice word)
{
	for (unsigned i = IMAP_OK; i < IMAP_SAYS_COUNT; i++)
		if (slice_is_word(word, statuses[i]))
			return i;
	return IMAP_DATA;
}

static bool
read_tag(struct imap_reader *reader, struct slice word)
{
	struct imap_reply *reply = &reader->reply;

	reply->who = slice_is_str(word, "+") ? IMAP_CONTINUE :
	    slice_is_str(word, "*") ? IMAP_UNTAGGED : IMAP_TAGGED;
	if (reply->who == IMAP_TAGGED)
		reply->tag = word;
	reader->at = reply->who == IMAP_CONTINUE ? IMAP_AT_WORDS :
	    IMAP_AT_HEAD;
	return word.len > 0;
}

/* The word after the tag, or after a number; false: it may not stand there. */
static bool
read_name(struct imap_reader *reader, struct slice word)
{
	struct imap_reply *reply = &reader->reply;
	uint64_t number;

	reader->at = IMAP_AT_HEAD;
	if (!reply->has_number && reply->who == IMAP_UNTAGGED &&
	    slice_u64(word, UINT32_MAX, &number) == 0) {
		reply->has_number = true;
		reply->number = (uint32_t)number;
		return true;
	}
	reply->says = reply->has_number ? IMAP_DATA : status_of(word);
	if (reply->says != IMAP_DATA) {
		reader->at = IMAP_AT_WORDS;
		/* RFC 9051 7.1: BYE and PREAUTH are never tagged */
		return reply->who == IMAP_UNTAGGED || reply->says < IMAP_BYE;
	}
	reply->name = word;
	reader->is_fetch = reply->has_number && slice_is_word(word, "FETCH");
	reader->at = IMAP_AT_VALUE;
	return reply->who == IMAP_UNTAGGED && word.len > 0;
}

/* A word of the head is whole: a space or the end of the line follows. */
static bool
head_word(struct imap_reader *reader)
{
	struct slice word = kept_since(reader, reader->word);
	bool ok = reader->heads == 0 ? read_tag(reader, word) :
	    read_name(reader, word);

	reader->heads++;
	reader->word = reader->kept_len;
	return ok;
}

static enum imap_is
step_head(struct imap_reader *reader, char c)
{
	if (c == ' ' || c == '\r') {
		if (!head_word(reader))
			return broken(reader, "no response begins so");
		if (c == ' ')
			return IMAP_MORE;
		/* "* 5", "A1": nothing is said */
		if (reader->at == IMAP_AT_HEAD)
			return broken(reader, "a response without words");
		reader->at = IMAP_AT_LF;
		return IMAP_MORE;
	}
	if ((unsigned char)c < ' ' || (unsigned char)c > '~' ||
	    reader->kept_len - reader->word >= IMAP_WORD_MOST)
		return broken(reader, "no response begins so");
	reader->at = IMAP_AT_HEAD;
	keep(reader, slice_of(&c, 1));
	return IMAP_MORE;
}

/* The response is whole. */
static enum imap_is
reply_end(struct imap_reader *reader)
{
	if (reader->depth > 0)
		return broken(reader, "a list that does not end");
	if (reader->reply.who == IMAP_CONTINUE ||
	    reader->reply.says != IMAP_DATA)
		read_words(reader);
	show_values(reader);
	reader->at = IMAP_AT_START;
	reader->bytes = 0;
	return IMAP_REPLY;
}

/* Forget the response before. */
static void
reply_begin(struct imap_reader *reader)
{
	reader->reply = (struct imap_reply){ 0 };
	reader->at = IMAP_AT_HEAD;
	reader->heads = 0;
	reader->word = reader->kept_len = 0;
	reader->literal = 0;
	reader->is_fetch = false;
	reader->count = reader->depth = 0;
}

/* Values */

/* What may follow a value: a space, the end of a list, of the response. */
static enum imap_is
step_value(struct imap_reader *reader, char c)
{
	reader->at = IMAP_AT_VALUE;
	reader->word = reader->kept_len;
	reader->literal = 0;
	reader->has_count = false;
	switch (c) {
	case ' ':
		return IMAP_MORE;
	case '(':
		list_begin(reader);
		return IMAP_MORE;
	case ')':
		return list_end(reader) ? IMAP_MORE :
		    broken(reader, "a list ends that did not begin");
	case '\r':
		reader->at = IMAP_AT_LF;
		return IMAP_MORE;
	case '"':
		reader->at = IMAP_AT_QUOTED;
		reader->quotes_body = is_body(reader);
		return IMAP_MORE;
	case '{':
		reader->at = IMAP_AT_COUNT;
		return IMAP_MORE;
	default:
		break;
	}
	if ((unsigned char)c < ' ' || c == 0x7f)
		return broken(reader, "a control character");
	reader->at = c == '~' ? IMAP_AT_TILDE : IMAP_AT_ATOM;
	keep(reader, slice_of(&c, 1));
	return IMAP_MORE;
}

static enum imap_is
step_atom(struct imap_reader *reader, char c)
{
	if (c == ' ' || c == '(' || c == ')' || c == '\r') {
		value_add(reader, IMAP_ATOM);
		return step_value(reader, c);
	}
	if ((unsigned char)c < ' ' || c == 0x7f)
		return broken(reader, "a control character");
	/* BODY[HEADER.FIELDS (From To)] is one word */
	if (c == '[' && reader->is_fetch && reader->depth == 1)
		reader->at = IMAP_AT_BRACKET;
	keep(reader, slice_of(&c, 1));
	return IMAP_MORE;
}

static enum imap_is
step_bracket(struct imap_reader *reader, char c)
{
	if ((unsigned char)c < ' ' || c == 0x7f)
		return broken(reader, "a control character");
	if (c == ']')
		reader->at = IMAP_AT_ATOM;
	keep(reader, slice_of(&c, 1));
	return IMAP_MORE;
}

/* RFC 9051 9: "~{" begins a literal that may hold NUL. */
static enum imap_is
step_tilde(struct imap_reader *reader, char c)
{
	reader->at = IMAP_AT_ATOM;
	if (c != '{')
		return step_atom(reader, c);
	reader->kept_len = reader->reply.is_cut ? reader->kept_len :
	    reader->word;
	reader->at = IMAP_AT_COUNT;
	return IMAP_MORE;
}

/* RFC 9051 9: the text of a message is a nstring; few send it quoted. */
static enum imap_is
quoted_body(struct imap_reader *reader)
{
	if (reader->reply.is_cut)
		return broken(reader, "a message as a quoted string");
	reader->body_bytes = kept_since(reader, reader->word).len;
	reader->at = IMAP_AT_BODY_QUOTED;
	show_values(reader);
	return IMAP_BODY;
}

static enum imap_is
step_quoted(struct imap_reader *reader, char c)
{
	bool escaped = reader->at == IMAP_AT_ESCAPE;

	if (c == '\0' || c == '\r' || c == '\n')
		return broken(reader, "a string that does not end");
	reader->at = IMAP_AT_QUOTED;
	if (!escaped && c == '\\') {
		reader->at = IMAP_AT_ESCAPE;
	} else if (!escaped && c == '"' && reader->quotes_body) {
		return quoted_body(reader);
	} else if (!escaped && c == '"') {
		value_add(reader, IMAP_STRING);
		reader->at = IMAP_AT_VALUE;
	} else {
		keep(reader, slice_of(&c, 1));
	}
	return IMAP_MORE;
}

/* Literals */

static enum imap_is
step_count(struct imap_reader *reader, char c)
{
	if (c == '}' && reader->has_count) {
		reader->at = IMAP_AT_COUNT_CR;
		return IMAP_MORE;
	}
	if (c < '0' || c > '9')
		return broken(reader, "a literal without a length");
	reader->has_count = true;
	reader->literal = reader->literal * 10 + (uint64_t)(c - '0');
	if (reader->literal > IMAP_BODY_MOST)
		return broken(reader, "a literal longer than there are any");
	return IMAP_MORE;
}

/* Its line has ended: the bytes follow. */
static enum imap_is
literal_begin(struct imap_reader *reader)
{
	if (is_body(reader)) {
		reader->body_bytes = reader->literal;
		reader->at = IMAP_AT_BODY;
		show_values(reader);
		return IMAP_BODY;
	}
	if (reader->literal > IMAP_REPLY_MOST - reader->bytes)
		return broken(reader, "a response without end");
	reader->at = IMAP_AT_LITERAL;
	return IMAP_MORE;
}

static enum imap_is
step_count_end(struct imap_reader *reader, char c)
{
	bool is_cr = reader->at == IMAP_AT_COUNT_CR;

	if (c != (is_cr ? '\r' : '\n'))
		return broken(reader, "a literal without a line end");
	reader->at = IMAP_AT_COUNT_LF;
	return is_cr ? IMAP_MORE : literal_begin(reader);
}

/* A literal that is kept: as much of it as there is. */
static void
take_literal(struct imap_reader *reader, struct slice *input)
{
	struct slice s = slice_first(*input, (size_t)reader->literal);

	keep(reader, s);
	*input = slice_after(*input, s.len);
	reader->literal -= s.len;
	reader->bytes += s.len;
}

/* The next of a message, or its end. */
static enum imap_is
take_body(struct imap_reader *reader, struct slice *input,
    struct slice *run_out)
{
	struct slice quoted = kept_since(reader, reader->word);

	if (reader->at == IMAP_AT_BODY_QUOTED && quoted.len > 0) {
		reader->word = reader->kept_len;
		*run_out = quoted;
		return IMAP_RUN;
	}
	if (reader->literal > 0 && input->len == 0)
		return IMAP_MORE;
	if (reader->literal > 0) {
		*run_out = slice_first(*input, (size_t)reader->literal);
		*input = slice_after(*input, run_out->len);
		reader->literal -= run_out->len;
		return IMAP_RUN;
	}
	reader->word = reader->kept_len;
	value_add(reader, IMAP_TEXT);
	reader->at = IMAP_AT_VALUE;
	return IMAP_BODY_END;
}

/* Words of a status: what is more than is kept of them is dropped. */
static enum imap_is
take_words(struct imap_reader *reader, struct slice *input)
{
	size_t end = slice_find(*input, '\r');
	struct slice s = slice_first(*input, end);
	size_t room = IMAP_WORDS_MOST - (reader->kept_len - reader->word);

	if (slice_find(s, '\n') != SIZE_MAX)
		return broken(reader, "a line that ends in no way known");
	keep(reader, slice_first(s, room));
	reader->bytes += s.len;
	if (end != SIZE_MAX)
		reader->at = IMAP_AT_LF;
	*input = slice_after(*input, end == SIZE_MAX ? end : end + 1);
	return IMAP_MORE;
}

static enum imap_is
step(struct imap_reader *reader, char c)
{
	switch (reader->at) {
	case IMAP_AT_START:
		reply_begin(reader);
		return step_head(reader, c);
	case IMAP_AT_HEAD:
		return step_head(reader, c);
	case IMAP_AT_VALUE:
		return step_value(reader, c);
	case IMAP_AT_ATOM:
		return step_atom(reader, c);
	case IMAP_AT_BRACKET:
		return step_bracket(reader, c);
	case IMAP_AT_QUOTED:
	case IMAP_AT_ESCAPE:
		return step_quoted(reader, c);
	case IMAP_AT_TILDE:
		return step_tilde(reader, c);
	case IMAP_AT_COUNT:
		return step_count(reader, c);
	case IMAP_AT_COUNT_CR:
	case IMAP_AT_COUNT_LF:
		return step_count_end(reader, c);
	case IMAP_AT_LF:
		return c == '\n' ? reply_end(reader) :
		    broken(reader, "a line that ends in no way known");
	default:
		return IMAP_BROKEN;
	}
}

enum imap_is
imap_take(struct imap_reader *reader, struct slice *input,
    struct slice *run_out)
{
	enum imap_is is = IMAP_MORE;
	char c;

	if (reader->at == IMAP_AT_BODY || reader->at == IMAP_AT_BODY_QUOTED)
		return take_body(reader, input, run_out);
	while (is == IMAP_MORE && input->len > 0) {
		if (reader->bytes > IMAP_REPLY_MOST)
			return broken(reader, "a response without end");
		if (reader->at == IMAP_AT_LITERAL && reader->literal == 0) {
			value_add(reader, IMAP_STRING);
			reader->at = IMAP_AT_VALUE;
		}
		if (reader->at == IMAP_AT_WORDS) {
			is = take_words(reader, input);
		} else if (reader->at == IMAP_AT_LITERAL) {
			take_literal(reader, input);
		} else {
			c = input->at[0];
			*input = slice_after(*input, 1);
			is = step(reader, c);
			reader->bytes++;
		}
	}
	return is;
}

#define CODE_TOLD	64	/* bytes of a code that people are told */

void
imap_reply_quote(const struct imap_reply *reply, struct text *text)
{
	if (reply->code.len > 0)
		text_addf(text, "[%.*s] ",
		    SLICE_FMT(slice_first(reply->code, CODE_TOLD)));
	text_add(text, slice_first(reply->words, text->limit - text->len));
}

bool
imap_is_atom(const struct imap_value *value, const char *word)
{
	return value->kind == IMAP_ATOM && slice_is_word(value->text, word);
}

bool
imap_is_text(const struct imap_value *value)
{
	return value->kind == IMAP_ATOM || value->kind == IMAP_STRING;
}

bool
imap_is_number(const struct imap_value *value, uint64_t max, uint64_t *n_out)
{
	return value->kind == IMAP_ATOM &&
	    slice_u64(value->text, max, n_out) == 0;
}
