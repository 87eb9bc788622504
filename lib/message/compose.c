/*
 * compose.c - a small message of our own making (RFC 5322)
 */
#include "lib/message/compose.h"

#include <errno.h>
#include <string.h>

#include "lib/message/date.h"
#include "lib/message/path.h"

#define LINE_MOST	76	/* RFC 2045 6.7, RFC 2047 2; without CRLF */
#define WORD_MOST	60	/* a longer word is encoded, in pieces */
#define CODED_MOST	64	/* of an encoded word: fits behind "Subject: " */
#define CODED_BEGIN	"=?utf-8?Q?"
#define CODED_END	"?="

/* What may stand where */

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* Characters, and none of them a control. */
static bool
is_line(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return slice_is_utf8(s);
}

static bool
is_body(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\n' &&
		    s.at[i] != '\t') || s.at[i] == 0x7f)
			return false;
	return slice_is_utf8(s);
}

/* In a quoted local part there may be more than in a line. */
static bool
is_address(struct slice s)
{
	struct path path;

	return is_line(s) && address_parse(s, true, &path) == 0 &&
	    path.address.len == s.len;
}

static bool
is_hostname(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter_or_digit(s.at[i]) && s.at[i] != '-' &&
		    s.at[i] != '.')
			return false;
	return s.len > 0 && s.len <= PATH_DOMAIN_MAX;
}

static bool
is_fit(const struct compose *letter)
{
	return is_hostname(letter->hostname) && is_line(letter->from_name) &&
	    letter->from_name.len <= COMPOSE_NAME_MOST &&
	    is_address(letter->from) && is_address(letter->to) &&
	    (letter->reply_to.len == 0 || is_address(letter->reply_to)) &&
	    is_line(letter->subject) &&
	    slice_trim(letter->subject).len > 0 &&
	    letter->subject.len <= COMPOSE_SUBJECT_MOST &&
	    is_body(letter->body);
}

/* Header fields */

/* A field under way: where its line stands. */
struct field {
	struct text	*text;
	size_t		 column;
};

static struct field
field_begin(struct text *text, const char *name)
{
	text_add_str(text, name);
	text_add_byte(text, ':');
	return (struct field){ text, strlen(name) + 1 };
}

/* One more word, behind a blank: the next line's, where this one is full. */
static void
field_add(struct field *field, struct slice word)
{
	/* RFC 5322 2.2.3; never a line with nothing but the name */
	if (field->column + 1 + word.len > LINE_MOST &&
	    field->text->at != NULL &&
	    field->text->at[field->text->len - 1] != ':') {
		text_add_str(field->text, "\r\n");
		field->column = 0;
	}
	text_add_byte(field->text, ' ');
	text_add(field->text, word);
	field->column += 1 + word.len;
}

/*
 * Could it be put as it stands, word by word?  What looks like an encoded word
 * would be read as one.
 */
static bool
is_plain(struct slice s)
{
	struct slice rest = s, word;

	if (!slice_is_printable_ascii(s) || slice_find_str(s, "=?") != SIZE_MAX)
		return false;
	while (slice_cut(&rest, ' ', &word))
		if (word.len == 0 || word.len > WORD_MOST)
			return false;	/* folding would lose a blank */
	return rest.len > 0 && rest.len <= WORD_MOST;
}

static void
add_plain(struct field *field, struct slice s)
{
	struct slice word;

	while (slice_word(&s, &word))
		field_add(field, word);
}

static void
add_hex(struct text *text, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	text_add_byte(text, '=');
	text_add_byte(text, digits[(unsigned char)c >> 4]);
	text_add_byte(text, digits[(unsigned char)c & 15]);
}

/* RFC 2047 5 (3): what may stand for itself even in a name. */
static void
add_coded_byte(struct text *text, char c)
{
	if (is_letter_or_digit(c) || c == '-' || c == '*' || c == '+' ||
	    c == '/' || c == '!')
		text_add_byte(text, c);
	else if (c == ' ')
		text_add_byte(text, '_');
	else
		add_hex(text, c);
}

/* Bytes of the character that begins `s`, which is UTF-8. */
static size_t
character(struct slice s)
{
	size_t len = 1;

	while (len < s.len && ((unsigned char)s.at[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* As encoded words, none of which breaks a character (RFC 2047 5). */
static void
add_coded(struct field *field, struct slice s)
{
	while (s.len > 0) {
		TEXT_AUTO word = TEXT_INIT(LINE_MOST + 16);

		text_add_str(&word, CODED_BEGIN);
		while (s.len > 0 && word.len + 3 * character(s) +
		    strlen(CODED_END) <= CODED_MOST) {
			size_t len = character(s);

			for (size_t i = 0; i < len; i++)
				add_coded_byte(&word, s.at[i]);
			s = slice_after(s, len);
		}
		text_add_str(&word, CODED_END);
		if (text_failed(&word))
			field->text->failed = true;
		field_add(field, text_slice(&word));
	}
}

static void
add_unstructured(struct field *field, struct slice s)
{
	if (is_plain(s))
		add_plain(field, s);
	else
		add_coded(field, s);
}

/* RFC 5322 3.2.5: words of atoms; all else is encoded, quotes are not needed. */
static bool
is_phrase(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter_or_digit(s.at[i]) && (s.at[i] == '\0' ||
		    strchr("!#$%&'*+-/=?^_`{|}~ ", s.at[i]) == NULL))
			return false;
	return is_plain(s);
}

static void
add_mailbox(struct text *text, const char *name, struct slice display,
    struct slice address)
{
	struct field field = field_begin(text, name);
	TEXT_AUTO angle = TEXT_INIT(PATH_MAX_BYTES + 2);

	if (display.len == 0) {
		field_add(&field, address);
	} else {
		if (is_phrase(display))
			add_plain(&field, display);
		else
			add_coded(&field, display);
		text_add_byte(&angle, '<');
		text_add(&angle, address);
		text_add_byte(&angle, '>');
		if (text_failed(&angle))
			text->failed = true;
		field_add(&field, text_slice(&angle));
	}
	text_add_str(text, "\r\n");
}

static void
add_subject(struct text *text, struct slice subject)
{
	struct field field = field_begin(text, "Subject");

	add_unstructured(&field, subject);
	text_add_str(text, "\r\n");
}

/* The body */

/* Must this one be encoded?  `rest` begins with it, `column` is its place. */
static bool
must_code(struct slice rest, size_t column)
{
	unsigned char c = (unsigned char)rest.at[0];

	if (c == ' ' || c == '\t')
		return rest.len == 1;	/* RFC 2045 6.7 (3) */
	if (c < 0x20 || c > 0x7e || c == '=')
		return true;
	/* RFC 2049 3: what those on the way may change */
	return column == 0 && (c == '.' || (c == 'F' && rest.len >= 5 &&
	    memcmp(rest.at, "From ", 5) == 0));
}

static void
add_line(struct text *text, struct slice line)
{
	size_t column = 0;

	for (; line.len > 0; line = slice_after(line, 1)) {
		bool coded = must_code(line, column);

		/* one is left for the "=" of a soft line break */
		if (column + (coded ? 3 : 1) > LINE_MOST - 1) {
			text_add_str(text, "=\r\n");
			column = 0;
			coded = must_code(line, column);
		}
		if (coded)
			add_hex(text, line.at[0]);
		else
			text_add_byte(text, line.at[0]);
		column += coded ? 3 : 1;
	}
	text_add_str(text, "\r\n");
}

void
compose_body(struct text *text, struct slice body)
{
	struct slice line;

	while (slice_cut(&body, '\n', &line))
		add_line(text, line);
	if (body.len > 0)
		add_line(text, body);
}

int
compose_head(struct text *text, const struct compose *letter,
    const char *submitted)
{
	TEXT_AUTO date = TEXT_INIT(64);
	char id[MESSAGE_ID_CHARS + 1];

	if (!is_fit(letter) ||
	    date_write(&date, letter->at_utc_ms, letter->zone_minutes) < 0)
		return -EINVAL;
	message_id_write(&letter->id, id);
	text_add_str(text, "Date: ");
	text_add(text, text_slice(&date));
	text_add_str(text, "\r\n");
	add_mailbox(text, "From", letter->from_name, letter->from);
	add_mailbox(text, "To", slice_of(NULL, 0), letter->to);
	if (letter->reply_to.len > 0)
		add_mailbox(text, "Reply-To", slice_of(NULL, 0),
		    letter->reply_to);
	add_subject(text, letter->subject);
	text_addf(text, "Message-ID: <%s@%.*s>\r\n", id,
	    SLICE_FMT(letter->hostname));
	text_addf(text, "Auto-Submitted: %s\r\nMIME-Version: 1.0\r\n",
	    submitted);
	return 0;
}

int
compose_write(struct text *text, const struct compose *letter)
{
	int r = compose_head(text, letter, "auto-generated");

	if (r < 0)
		return r;
	text_add_str(text, "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	compose_body(text, letter->body);
	return 0;
}
