/*
 * dsn.c - a notice of what became of a message (RFC 3464 in RFC 6522)
 */
#include "lib/message/dsn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/message/date.h"
#include "lib/message/header.h"

#define BOUNDARY_SIZE	(MESSAGE_ID_CHARS + 16)
#define LINE_MOST	998	/* RFC 5322 2.1.1, without CRLF */

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	return true;
}

/* It can stand in a part as it is: lines, none too long, and no NUL. */
static bool
is_lines(struct slice s)
{
	size_t column = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\0')
			return false;
		column = s.at[i] == '\n' ? 0 : column + 1;
		if (column > LINE_MOST + 1)
			return false;
	}
	return true;
}

bool
dsn_is_whole(const struct dsn *dsn)
{
	return dsn->wants_whole && dsn->original.len <= DSN_WHOLE_MOST &&
	    is_lines(dsn->original);
}

/* The lines of its header that fit, without the empty one behind them. */
static struct slice
header_of(struct slice message)
{
	struct slice header = slice_first(message, header_bytes(message));
	size_t end;

	if (slice_has_suffix(header, "\r\n\r\n"))
		header = slice_first(header, header.len - 2);
	if (header.len > DSN_HEADER_MOST) {
		end = slice_find_last(slice_first(header, DSN_HEADER_MOST),
		    '\n');
		header = slice_first(header, end == SIZE_MAX ? 0 : end + 1);
	}
	return is_lines(header) ? header : slice_of(NULL, 0);
}

static struct slice
returned(const struct dsn *dsn)
{
	return dsn_is_whole(dsn) ? dsn->original : header_of(dsn->original);
}

/* RFC 6533: an address of it needs the forms for UTF-8. */
static bool
is_global(const struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->count; i++)
		if (!is_ascii(dsn->recipients[i].address) ||
		    !is_ascii(dsn->recipients[i].orcpt))
			return true;
	return false;
}

bool
dsn_is_8bit(const struct dsn *dsn)
{
	return is_global(dsn) || !is_ascii(returned(dsn)) ||
	    !is_ascii(dsn->letter.from) || !is_ascii(dsn->letter.to);
}

/* Values */

/* UTF-8, and nothing in it moves what is around it. */
static bool
is_quiet(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		/* U+0080 to U+009F are controls as well */
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f ||
		    ((unsigned char)s.at[i] == 0xc2 && i + 1 < s.len &&
		    (unsigned char)s.at[i + 1] < 0xa0))
			return false;
	return slice_is_utf8(s);
}

static void
add_value(struct text *text, struct slice s)
{
	if (s.len <= DSN_VALUE_MOST && is_quiet(s))
		text_add(text, s);
	else
		text_add_escaped(text, s, DSN_VALUE_MOST / 4);
}

static void
add_field(struct text *text, const char *name, const char *type,
    struct slice value)
{
	text_addf(text, "%s: %s", name, type);
	add_value(text, value);
	text_add_str(text, "\r\n");
}

static int
add_date(struct text *text, const char *name, const struct dsn *dsn,
    int64_t utc_ms)
{
	TEXT_AUTO date = TEXT_INIT(64);
	int r = date_write(&date, utc_ms, dsn->letter.zone_minutes);

	if (r == 0)
		add_field(text, name, "", text_slice(&date));
	return r;
}

/* RFC 3463 2: class.subject.detail */
static bool
is_status(struct slice s)
{
	struct slice class;
	size_t dots = 0, digits = 0;

	if (!slice_cut(&s, '.', &class) || class.len != 1)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '.') {
			if (digits == 0 || ++dots > 1)
				return false;
			digits = 0;
		} else if (s.at[i] < '0' || s.at[i] > '9' || ++digits > 3) {
			return false;
		}
	}
	return dots == 1 && digits > 0;
}

/*
 * What the host said, where that is of the class of what has come of it; what was
 * put off until its time was over has expired (RFC 3463 3.5).
 */
static struct slice
status_of(const struct dsn_recipient *rcpt, enum dsn_action action)
{
	static const struct {
		char		 class;
		const char	*unsaid;
	} classes[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = { '5', "5.0.0" },
		[DSN_DELAYED] = { '4', "4.0.0" },
		[DSN_RELAYED] = { '2', "2.0.0" },
		[DSN_DELIVERED] = { '2', "2.0.0" },
	};

	if (is_status(rcpt->status) &&
	    rcpt->status.at[0] == classes[action].class)
		return rcpt->status;
	if (action == DSN_FAILED && (rcpt->code / 100 == 4 ||
	    (rcpt->code == 0 && rcpt->status.len > 0)))
		return slice_str("5.4.7");
	return slice_str(classes[action].unsaid);
}

/* Parts */

static void
add_diagnostic(struct text *text, const struct dsn_recipient *rcpt)
{
	if (rcpt->code != 0) {
		text_addf(text, "Diagnostic-Code: smtp; %u ", rcpt->code);
		if (is_status(rcpt->status)) {
			text_add(text, rcpt->status);
			text_add_byte(text, ' ');
		}
		add_value(text, rcpt->words);
		text_add_str(text, "\r\n");
	} else if (rcpt->words.len > 0) {
		add_field(text, "Diagnostic-Code", "X-Postroom; ",
		    rcpt->words);
	}
}

/* RFC 3464 2.3 */
static int
add_recipient(struct text *text, const struct dsn *dsn,
    const struct dsn_recipient *rcpt)
{
	static const char *const actions[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = "failed", [DSN_DELAYED] = "delayed",
		[DSN_RELAYED] = "relayed", [DSN_DELIVERED] = "delivered",
	};
	int r = 0;

	text_add_str(text, "\r\n");
	if (rcpt->orcpt.len > 0)
		add_field(text, "Original-Recipient", "", rcpt->orcpt);
	add_field(text, "Final-Recipient", is_ascii(rcpt->address) ?
	    "rfc822; " : "utf-8; ", rcpt->address);
	add_field(text, "Action", "", slice_str(actions[dsn->action]));
	add_field(text, "Status", "", status_of(rcpt, dsn->action));
	if (rcpt->host.len > 0)
		add_field(text, "Remote-MTA", "dns; ", rcpt->host);
	add_diagnostic(text, rcpt);
	if (rcpt->tried_utc_ms != 0)
		r = add_date(text, "Last-Attempt-Date", dsn,
		    rcpt->tried_utc_ms);
	if (r == 0 && dsn->action == DSN_DELAYED && dsn->until_utc_ms != 0)
		r = add_date(text, "Will-Retry-Until", dsn,
		    dsn->until_utc_ms);
	return r;
}

/* RFC 3464 2.1, 2.2 */
static int
add_status_part(struct text *text, const struct dsn *dsn)
{
	bool global = is_global(dsn);
	char id[MESSAGE_ID_CHARS + 1];
	int r;

	text_addf(text, "Content-Type: message/%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    global ? "global-delivery-status" : "delivery-status",
	    global ? "8bit" : "7bit");
	if (dsn->envid.len > 0)
		add_field(text, "Original-Envelope-Id", "", dsn->envid);
	add_field(text, "Reporting-MTA", "dns; ", dsn->letter.hostname);
	message_id_write(&dsn->id, id);
	add_field(text, "X-Postroom-Id", "", slice_str(id));
	r = add_date(text, "Arrival-Date", dsn, dsn->arrived_utc_ms);
	for (size_t i = 0; r == 0 && i < dsn->count; i++)
		r = add_recipient(text, dsn, &dsn->recipients[i]);
	return r;
}

/* RFC 6522 4, RFC 6533 5 */
static void
add_returned(struct text *text, const struct dsn *dsn)
{
	struct slice original = returned(dsn);
	bool ascii = is_ascii(original);
	const char *type = ascii ? "text/rfc822-headers" :
	    "message/global-headers";

	if (dsn_is_whole(dsn))
		type = is_ascii(header_of(original)) ? "message/rfc822" :
		    "message/global";
	text_addf(text, "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n", type,
	    ascii ? "7bit" : "8bit");
	text_add(text, original);
	if (!slice_has_suffix(original, "\n"))
		text_add_str(text, "\r\n");
}

/* A line that stands nowhere in what is returned. */
static int
choose_boundary(const struct dsn *dsn, char boundary_out[BOUNDARY_SIZE])
{
	struct slice original = returned(dsn);
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&dsn->letter.id, id);
	for (unsigned i = 0; i < 100; i++) {
		/* RFC 2045 6.7: "=_" stands in no quoted-printable text */
		(void)snprintf(boundary_out, BOUNDARY_SIZE, "=_%s.%u", id, i);
		if (slice_find_str(original, boundary_out) == SIZE_MAX)
			return 0;
	}
	return -EINVAL;
}

static int
write_parts(struct text *text, const struct dsn *dsn)
{
	char boundary[BOUNDARY_SIZE];
	int r = choose_boundary(dsn, boundary);

	if (r < 0)
		return r;
	text_addf(text, "Content-Type: multipart/report;"
	    " report-type=%s;\r\n boundary=\"%s\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n", is_global(dsn) ?
	    "global-delivery-status" : "delivery-status", boundary,
	    dsn_is_8bit(dsn) ? "8bit" : "7bit");
	text_addf(text, "--%s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n", boundary);
	compose_body(text, dsn->letter.body);
	text_addf(text, "\r\n--%s\r\n", boundary);
	r = add_status_part(text, dsn);
	if (r == 0 && dsn->original.len > 0) {
		text_addf(text, "\r\n--%s\r\n", boundary);
		add_returned(text, dsn);
	}
	text_addf(text, "\r\n--%s--\r\n", boundary);
	return r;
}

int
dsn_write(struct text *text, const struct dsn *dsn)
{
	TEXT_AUTO notice = TEXT_INIT(text->limit);
	int r;

	if (dsn->count == 0 || dsn->count > DSN_RECIPIENTS)
		return -EINVAL;
	r = compose_head(&notice, &dsn->letter, "auto-replied");
	if (r == 0)
		r = write_parts(&notice, dsn);
	if (r < 0)
		return r;
	text_add(text, text_slice(&notice));
	text->failed |= text_failed(&notice);
	return 0;
}
