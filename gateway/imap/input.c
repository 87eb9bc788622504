/*
 * input.c - the bytes of one command, its literals among them
 */
#include "gateway/imap/input.h"

#include <errno.h>
#include <string.h>

#include "gateway/imap/reply.h"

#define TAG_LOOKS	130	/* a tag and the space behind it */

const struct imapd_limits imapd_limits_before_login = {
	.line_bytes = 8192,	/* HARDENING 2; a SASL response has its own */
	.literal_bytes = 1024,
	.command_bytes = 12 * 1024,
};

const struct imapd_limits imapd_limits_after_login = {
	.line_bytes = 64 * 1024,
	.literal_bytes = 64 * 1024,
	.command_bytes = (64 + 256) * 1024,
	.takes_messages = true,
};

const struct imapd_limits imapd_limits_visitor = {
	.line_bytes = 64 * 1024,
	.literal_bytes = 64 * 1024,
	.command_bytes = (64 + 256) * 1024,
	.takes_messages = true,
	.is_relayed = true,
};

void
imapd_input_begin(struct imapd_input *input, const struct imapd_limits *limits)
{
	*input = (struct imapd_input){
		.command = TEXT_INIT(limits->command_bytes),
		.limits = limits,
	};
}

void
imapd_input_free(struct imapd_input *input)
{
	if (input->command.at != NULL)
		explicit_bzero(input->command.at, input->command.size);
	text_free(&input->command);
}

void
imapd_input_next(struct imapd_input *input)
{
	/* it may hold a password, and an idle session keeps no memory */
	imapd_input_free(input);
	input->command = (struct text)TEXT_INIT(input->limits->command_bytes);
	input->literal_left = 0;
	input->skipped = 0;
	input->fault = NULL;
}

int
imapd_literal_read(struct slice line, struct imapd_literal *literal_out)
{
	struct imapd_literal literal = { .waits = true };
	struct slice digits;
	size_t open;

	if (line.len < 3 || line.at[line.len - 1] != '}')
		return -ENOENT;
	open = slice_find_last(line, '{');
	if (open == SIZE_MAX)
		return -ENOENT;
	digits = slice_of(line.at + open + 1, line.len - open - 2);
	if (digits.len > 0 && digits.at[digits.len - 1] == '+') {
		literal.waits = false;
		digits.len--;
	}
	literal.marked_at = open;
	if (open > 0 && line.at[open - 1] == '~') {
		literal.is_binary = true;
		literal.marked_at--;
	}
	/* RFC 9051 4.3: number64, of 63 bits */
	switch (slice_u64(digits, INT64_MAX, &literal.bytes)) {
	case 0:
		*literal_out = literal;
		return 0;
	case -ERANGE:
		return -ERANGE;
	default:
		return -ENOENT;
	}
}

/* The first fault is the one that is told. */
static void
fault(struct imapd_input *input, const char *words)
{
	if (input->fault == NULL)
		input->fault = words;
}

/* Is what was gathered an APPEND (TAKE, PUT: across.h), or a REPLACE, whose next
 * literal is its message?  Its mailbox stands before that, which may be a literal
 * too. */
static bool
is_message(const struct imapd_input *input,
    const struct imapd_literal *literal)
{
	struct slice rest = slice_first(text_slice(&input->command),
	    literal->marked_at), word;

	if (!input->limits->takes_messages || !slice_word(&rest, &word) ||
	    !slice_word(&rest, &word))
		return false;
	if (slice_is_word(word, "APPEND") ||
	    (input->limits->is_relayed && (slice_is_word(word, "TAKE") ||
	    slice_is_word(word, "PUT"))))
		return slice_word(&rest, &word);
	if (slice_is_word(word, "UID") && !slice_word(&rest, &word))
		return false;
	return slice_is_word(word, "REPLACE") && slice_word(&rest, &word) &&
	    slice_word(&rest, &word);
}

/* Is it a SETMETADATA, whose values may be any bytes (RFC 5464 5)? */
static bool
has_values(const struct imapd_input *input)
{
	struct slice rest = text_slice(&input->command), word;

	return slice_word(&rest, &word) && slice_word(&rest, &word) &&
	    slice_is_word(word, "SETMETADATA");
}

/* Take what there is of the literal; false when more of it must come. */
static bool
take_literal(struct imapd_input *input, struct stream *stream)
{
	struct slice here = stream_input(stream);

	here = slice_first(here, input->literal_left > here.len ? here.len :
	    (size_t)input->literal_left);
	if (input->fault == NULL) {
		text_add(&input->command, here);
		if (!input->is_binary && slice_find(here, '\0') != SIZE_MAX)
			fault(input, "a literal holds NUL");
		if (text_failed(&input->command))
			fault(input, "[TOOBIG] the command is too large");
	}
	input->literal_left -= here.len;
	stream_consume(stream, here.len);
	return input->literal_left == 0;
}

/* A line has ended with a literal's size; false when the command is over. */
static bool
begin_literal(struct imapd_input *input, struct stream *stream,
    const struct imapd_literal *literal)
{
	const bool waits = literal->waits && !input->limits->is_relayed;

	if (literal->bytes > input->limits->literal_bytes ||
	    literal->bytes > input->limits->command_bytes -
	    input->command.len)
		fault(input, "[TOOBIG] the literal is too large");
	else if (!literal->waits && literal->bytes > IMAPD_LITERAL_MINUS)
		fault(input, IMAPD_TOO_EAGER);
	else if (literal->is_binary && !has_values(input))
		fault(input, "a literal8 belongs to APPEND");
	if (waits) {
		/* one that is not asked for is not sent */
		if (input->fault != NULL)
			return false;
		imapd_go_on(stream);
	} else if (input->fault != NULL) {
		input->skipped += literal->bytes;
		if (input->skipped > (input->limits->takes_messages ?
		    IMAPD_SKIP_MOST : input->limits->literal_bytes)) {
			input->is_lost = true;
			return false;
		}
	}
	text_add_str(&input->command, "\r\n");
	input->literal_left = literal->bytes;
	input->is_binary = literal->is_binary;
	return true;
}

/* Of a line that is too long, so that it can be answered. */
static void
keep_tag(struct imapd_input *input, struct slice line)
{
	struct slice rest = slice_first(line, TAG_LOOKS), tag;

	if (!slice_cut(&rest, ' ', &tag))
		return;
	text_add(&input->command, tag);
	text_add_byte(&input->command, ' ');
}

/* Of a command that is refused all but the tag, so that each of its lines is
 * still read for the literal it may end with. */
static void
forget(struct imapd_input *input)
{
	struct text *command = &input->command;

	if (command->len > TAG_LOOKS)
		command->len = TAG_LOOKS;
	command->failed = false;
}

/* The next line, added to the command. */
static enum line_is
add_line(struct imapd_input *input, struct stream *stream,
    struct slice *line_out)
{
	struct slice bytes = stream_input(stream), line = { NULL, 0 };
	size_t had = bytes.len, at;
	enum line_is is = line_take(&input->reader, &bytes,
	    input->limits->line_bytes, &line);

	if (input->fault != NULL) {
		forget(input);
		input->skipped += line.len;
	}
	at = input->command.len;
	text_add(&input->command, line);
	if (is == LINE_TOO_LONG && input->command.len == 0)
		keep_tag(input, stream_input(stream));
	stream_consume(stream, had - bytes.len);
	switch (is) {
	case LINE_MORE:
	case LINE_GOOD:
		break;
	case LINE_TOO_LONG:
		fault(input, "[TOOBIG] the line is too long");
		break;
	case LINE_BARE_LF:
	case LINE_BARE_CR:
	case LINE_HAS_NUL:
		fault(input, "a line ends in CRLF and holds no NUL");
		break;
	}
	if (text_failed(&input->command))
		fault(input, "[TOOBIG] the command is too large");
	*line_out = slice_after(text_slice(&input->command), at);
	return is;
}

/* What a command is when its last line has come. */
static enum imapd_got
ended(const struct imapd_input *input)
{
	return input->fault == NULL ? IMAPD_GOT_COMMAND : IMAPD_GOT_FAULT;
}

enum imapd_got
imapd_input_take(struct imapd_input *input, struct stream *stream)
{
	struct imapd_literal literal;
	struct slice line;
	enum line_is is;
	int r;

	for (;;) {
		if (input->literal_left > 0 && !take_literal(input, stream))
			return IMAPD_GOT_NOTHING;
		is = add_line(input, stream, &line);
		if (is == LINE_MORE)
			return IMAPD_GOT_NOTHING;
		if (is == LINE_TOO_LONG)
			return IMAPD_GOT_FAULT;
		r = imapd_literal_read(line, &literal);
		if (r == -ERANGE) {
			fault(input, "no literal is so large");
			input->is_lost = true;
		}
		if (r < 0)
			return ended(input);
		literal.marked_at += input->command.len - line.len;
		if (input->fault == NULL && is_message(input, &literal))
			return IMAPD_GOT_MESSAGE;
		if (!begin_literal(input, stream, &literal))
			return ended(input);
	}
}

enum imapd_got
imapd_input_line(struct imapd_input *input, struct stream *stream)
{
	struct slice line;

	switch (add_line(input, stream, &line)) {
	case LINE_MORE:
		return IMAPD_GOT_NOTHING;
	default:
		return ended(input);
	}
}

bool
imapd_input_skip(struct imapd_input *input, const char *words)
{
	struct imapd_literal literal;

	if (imapd_literal_read(text_slice(&input->command), &literal) < 0 ||
	    literal.waits)
		return false;
	fault(input, words);
	return begin_literal(input, NULL, &literal);
}
