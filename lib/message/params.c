/*
 * params.c - what follows the path in MAIL and RCPT
 *
 * A table has a row for each parameter: in which command it may stand, what
 * must have been offered, the function that reads its value and the sentence
 * that refuses a bad one.
 */
#include "lib/message/params.h"

#include <errno.h>
#include <string.h>

/* Where the values go: one of the two commands. */
struct reading {
	struct arena		*arena;
	unsigned		 offers;
	struct mail_params	 mail;
	struct rcpt_params	 rcpt;
};

typedef int read_fn(struct reading *, struct slice value);

static bool
is_keyword_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-';
}

/* esmtp-value = 1*(%d33-60 / %d62-126), and UTF-8 by RFC 6531 3.3 */
static bool
is_value_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 0x20 && u != '=' && u != 0x7f;
}

int
param_next(struct slice *rest, struct param *param_out)
{
	struct param param = { 0 };
	struct slice s;
	size_t n;

	for (n = 0; n < rest->len && rest->at[n] == ' '; n++)
		;
	s = slice_after(*rest, n);
	if (s.len == 0)
		return 0;
	if (n == 0)
		return -EINVAL;
	for (n = 0; n < s.len && is_keyword_char(s.at[n]); n++)
		;
	if (n == 0 || s.at[0] == '-')
		return -EINVAL;
	param.keyword = slice_first(s, n);
	s = slice_after(s, n);
	if (s.len > 0 && s.at[0] == '=') {
		param.has_value = true;
		for (n = 1; n < s.len && is_value_char(s.at[n]); n++)
			;
		param.value = slice_of(s.at + 1, n - 1);
		s = slice_after(s, n);
		if (param.value.len == 0)
			return -EINVAL;
	}
	if (s.len > 0 && s.at[0] != ' ')
		return -EINVAL;
	*param_out = param;
	*rest = s;
	return 1;
}

int
xtext_decode(struct arena *arena, struct slice xtext, struct slice *plain_out)
{
	char *plain = arena_alloc(arena, xtext.len + 1);
	size_t n = 0;

	if (plain == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < xtext.len; i++) {
		char c = xtext.at[i];

		if (c <= 0x20 || c > 0x7e || c == '=')
			return -EINVAL;
		if (c == '+') {
			/* RFC 3461 4: upper-case hexadecimal only */
			int byte = slice_hex_upper(slice_after(xtext, i + 1));

			if (byte < 0)
				return -EINVAL;
			c = (char)byte;
			i += 2;
		}
		plain[n++] = c;
	}
	if (!slice_is_printable_ascii(slice_of(plain, n)))
		return -EINVAL;
	*plain_out = slice_of(plain, n);
	return 0;
}

/* RFC 1870 3: 1*20DIGIT, which is more than 64 bits hold */
static int
read_size(struct reading *to, struct slice value)
{
	int r = slice_u64(value, UINT64_MAX, &to->mail.size);

	if (value.len > 20 || (r < 0 && r != -ERANGE))
		return -EINVAL;
	if (r == -ERANGE)
		to->mail.size = UINT64_MAX;
	to->mail.has_size = true;
	return 0;
}

static int
read_body(struct reading *to, struct slice value)
{
	if (slice_is_word(value, "7BIT"))
		to->mail.body = BODY_7BIT;
	else if (slice_is_word(value, "8BITMIME"))
		to->mail.body = BODY_8BITMIME;
	else if (slice_is_word(value, "BINARYMIME"))
		to->mail.body = BODY_BINARYMIME;
	else
		return -EINVAL;
	if (to->mail.body == BODY_BINARYMIME && !(to->offers & OFFER_BINARY))
		return -ENOTSUP;
	return 0;
}

static int
read_utf8(struct reading *to, struct slice value)
{
	(void)value;
	to->mail.utf8 = true;
	return 0;
}

/* RFC 4954 5: checked and forgotten, as we trust no client with it */
static int
read_auth(struct reading *to, struct slice value)
{
	struct slice plain;

	return slice_is_str(value, "<>") ? 0 :
	    xtext_decode(to->arena, value, &plain);
}

static int
read_ret(struct reading *to, struct slice value)
{
	if (slice_is_word(value, "FULL"))
		to->mail.ret = RET_FULL;
	else if (slice_is_word(value, "HDRS"))
		to->mail.ret = RET_HDRS;
	else
		return -EINVAL;
	return 0;
}

static int
read_envid(struct reading *to, struct slice value)
{
	if (value.len > PARAMS_ENVID_MAX)
		return -EINVAL;
	return xtext_decode(to->arena, value, &to->mail.envid);
}

/* RFC 3461 4.1: NEVER alone, or a list of the others */
static int
read_notify(struct reading *to, struct slice value)
{
	static const struct {
		const char	*word;
		uint8_t		 bit;
	} words[] = {
		{ "NEVER", NOTIFY_NEVER },
		{ "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE },
		{ "DELAY", NOTIFY_DELAY },
	};
	const size_t count = sizeof(words) / sizeof(words[0]);
	struct slice word;
	uint8_t notify = 0;
	bool more;
	size_t i;

	do {
		more = slice_cut(&value, ',', &word);
		if (!more)
			word = value;
		for (i = 0; i < count; i++)
			if (slice_is_word(word, words[i].word))
				break;
		if (i == count)
			return -EINVAL;
		notify |= words[i].bit;
	} while (more);
	if ((notify & NOTIFY_NEVER) != 0 && notify != NOTIFY_NEVER)
		return -EINVAL;
	to->rcpt.notify = notify;
	return 0;
}

static bool
is_high(char c)
{
	return ((unsigned char)c & 0x80) != 0;
}

/* RFC 6533 3: after "utf-8;" UTF-8 may stand as it is, if SMTPUTF8 may. */
static int
read_orcpt_utf8(struct reading *to, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] == 0xc2 &&
		    i + 1 < value.len && (unsigned char)value.at[i + 1] < 0xa0)
			return -EINVAL;
	if (!(to->offers & OFFER_UTF8) || !slice_is_utf8(value) ||
	    slice_find(value, '+') != SIZE_MAX)
		return -EINVAL;
	return arena_copy(to->arena, value, &to->rcpt.orcpt);
}

/* RFC 3461 4.2: original-recipient-address = addr-type ";" xtext */
static int
read_orcpt(struct reading *to, struct slice value)
{
	size_t type = slice_find(value, ';');
	bool high = false;

	if (value.len > PARAMS_ORCPT_MAX || type == SIZE_MAX || type == 0 ||
	    type + 1 == value.len)
		return -EINVAL;
	for (size_t i = 0; i < type; i++)
		if (!is_keyword_char(value.at[i]))
			return -EINVAL;
	for (size_t i = type; i < value.len; i++)
		high = high || is_high(value.at[i]);
	if (high && slice_is_word(slice_first(value, type), "utf-8"))
		return read_orcpt_utf8(to, value);
	return xtext_decode(to->arena, value, &to->rcpt.orcpt);
}

enum takes { TAKES_VALUE, TAKES_NOTHING };
enum command { IN_MAIL, IN_RCPT };

static const struct parameter {
	const char	*keyword;
	enum command	 command;
	enum takes	 takes;
	unsigned	 needs;		/* OFFER_ bits */
	read_fn		*read;
	const char	*why;		/* the reply to a value that is wrong */
} parameters[] = {
{ "SIZE",     IN_MAIL, TAKES_VALUE,   0,          read_size,   "SIZE is a number of bytes" },
{ "BODY",     IN_MAIL, TAKES_VALUE,   0,          read_body,   "BODY is 7BIT or 8BITMIME" },
{ "SMTPUTF8", IN_MAIL, TAKES_NOTHING, OFFER_UTF8, read_utf8,   "SMTPUTF8 takes no value" },
{ "AUTH",     IN_MAIL, TAKES_VALUE,   OFFER_AUTH, read_auth,   "AUTH is an address in xtext or <>" },
{ "RET",      IN_MAIL, TAKES_VALUE,   OFFER_DSN,  read_ret,    "RET is FULL or HDRS" },
{ "ENVID",    IN_MAIL, TAKES_VALUE,   OFFER_DSN,  read_envid,  "ENVID is at most 100 characters of xtext" },
{ "NOTIFY",   IN_RCPT, TAKES_VALUE,   OFFER_DSN,  read_notify, "NOTIFY is NEVER, or a list of SUCCESS, FAILURE, DELAY" },
{ "ORCPT",    IN_RCPT, TAKES_VALUE,   OFFER_DSN,  read_orcpt,  "ORCPT is a type, a semicolon and an address in xtext" },
};

#define PARAMETER_COUNT	(sizeof(parameters) / sizeof(parameters[0]))

/* The row of this keyword in this command, or PARAMETER_COUNT. */
static size_t
parameter_find(enum command command, struct slice keyword)
{
	size_t i;

	for (i = 0; i < PARAMETER_COUNT; i++)
		if (parameters[i].command == command &&
		    slice_is_word(keyword, parameters[i].keyword))
			break;
	return i;
}

/* Read one parameter; `*seen` has a bit for each row met before. */
static int
parameter_read(struct reading *to, enum command command,
    const struct param *param, unsigned *seen, const char **why)
{
	size_t row = parameter_find(command, param->keyword);
	const struct parameter *known = &parameters[row];
	int r;

	if (row == PARAMETER_COUNT ||
	    (known->needs & to->offers) != known->needs) {
		*why = "This parameter is not offered here";
		return -ENOTSUP;
	}
	if ((*seen & 1u << row) != 0) {
		*why = "A parameter was given twice";
		return -EINVAL;
	}
	*seen |= 1u << row;
	*why = known->why;
	if (param->has_value != (known->takes == TAKES_VALUE))
		return -EINVAL;
	r = known->read(to, param->value);
	if (r == -ENOBUFS)
		*why = "Not enough memory for this parameter now";
	return r;
}

static int
parameters_read(struct reading *to, enum command command, struct slice s,
    const char **why_out)
{
	struct param param;
	unsigned seen = 0;
	const char *why;
	int r;

	while ((r = param_next(&s, &param)) > 0) {
		r = parameter_read(to, command, &param, &seen, &why);
		if (r < 0) {
			*why_out = why;
			return r;
		}
	}
	if (r < 0)
		*why_out = "A parameter is KEYWORD or KEYWORD=value";
	return r;
}

int
params_mail(struct slice s, unsigned offers, struct arena *arena,
    struct mail_params *params_out, const char **why_out)
{
	struct reading to = { .arena = arena, .offers = offers };
	int r = parameters_read(&to, IN_MAIL, s, why_out);

	if (r == 0)
		*params_out = to.mail;
	return r;
}

int
params_rcpt(struct slice s, unsigned offers, struct arena *arena,
    struct rcpt_params *params_out, const char **why_out)
{
	struct reading to = { .arena = arena, .offers = offers };
	int r = parameters_read(&to, IN_RCPT, s, why_out);

	if (r == 0)
		*params_out = to.rcpt;
	return r;
}
