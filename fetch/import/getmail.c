/*
 * getmail.c - reads a getmailrc of getmail 4 to 6 (one account a file)
 *
 * The form is that of Python's RawConfigParser: sections, "name = value" or
 * "name: value", lines that begin with a blank go on with the value before.
 * What getmail is to deliver to is the hub itself here.
 */
#include "fetch/import/inside.h"

#include <errno.h>
#include <string.h>

enum section { IN_NONE, IN_RETRIEVER, IN_DESTINATION, IN_OPTIONS, IN_OTHER };

struct getmailrc {
	struct import_at	 at;		/* of the line being read */
	enum section		 section;
	unsigned		 line;		/* of [retriever] */
	struct import_account	 account;
	struct slice		 type;		/* of the retriever */
	bool			 has_retriever, deletes;
	uint64_t		 delete_after;	/* days; 0: not said */
	struct slice		 mailboxes;
	unsigned		 mailboxes_line;
};

typedef int setting_fn(struct getmailrc *, struct slice value);

/* Retriever */

static int
set_type(struct getmailrc *rc, struct slice value)
{
	rc->type = value;
	return 0;
}

static int
set_server(struct getmailrc *rc, struct slice value)
{
	rc->account.host = value;
	return 0;
}

static int
set_port(struct getmailrc *rc, struct slice value)
{
	return import_port(value, &rc->account.port) == 0 ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

static int
set_user(struct getmailrc *rc, struct slice value)
{
	rc->account.user = value;
	return 0;
}

static int
set_password(struct getmailrc *rc, struct slice value)
{
	rc->account.password = value;
	return 0;
}

static int
set_mailboxes(struct getmailrc *rc, struct slice value)
{
	rc->mailboxes = value;
	rc->mailboxes_line = rc->at.line;
	return 0;
}

/* Of a way of logging in: `value` says whether it is used. */
static int
set_mechanism(struct getmailrc *rc, struct slice value,
    enum fetch_mechanism mechanism)
{
	bool is = false;

	if (!import_bool(value, &is))
		return import_loss(&rc->at, SAY_IMPORT_VALUE, value);
	if (is)
		rc->account.mechanism = mechanism;
	return 0;
}

static int
set_apop(struct getmailrc *rc, struct slice value)
{
	return set_mechanism(rc, value, FETCH_APOP);
}

static int
set_cram(struct getmailrc *rc, struct slice value)
{
	return set_mechanism(rc, value, FETCH_CRAM_MD5);
}

static int
set_unknown_mechanism(struct getmailrc *rc, struct slice value)
{
	bool is = false;

	if (!import_bool(value, &is) || !is)
		return 0;
	return import_remark(&rc->at, SAY_IMPORT_MECHANISM,
	    slice_str("OAuth2, Kerberos"));
}

/* "delivered-to:1": the field, and which one of that name. */
static int
set_envelope(struct getmailrc *rc, struct slice value)
{
	struct slice name = value, rest = value;

	if (slice_cut(&rest, ':', &name) &&
	    !slice_is_str(slice_trim(rest), "1"))
		(void)import_remark(&rc->at, SAY_IMPORT_OPTION, value);
	rc->account.envelope = slice_trim(name);
	return 0;
}

/* ('AB:CD:...', ): one of them, if it is a SHA-256, is a pin. */
static int
set_fingerprints(struct getmailrc *rc, struct slice value)
{
	struct slice rest = value, one;

	while (rest.len > 0) {
		size_t n = 0;

		while (n < rest.len && strchr("('\", )", rest.at[n]) == NULL)
			n++;
		one = slice_first(rest, n);
		rest = slice_after(rest, n + 1);
		if (import_is_sha256(one) && rc->account.pin.len == 0)
			rc->account.pin = one;
	}
	return rc->account.pin.len > 0 ? 0 :
	    import_remark(&rc->at, SAY_IMPORT_CERTIFICATE, value);
}

/* Options */

static int
set_delete(struct getmailrc *rc, struct slice value)
{
	return import_bool(value, &rc->deletes) ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

static int
set_delete_after(struct getmailrc *rc, struct slice value)
{
	return slice_u64(value, FETCH_DAYS_MOST, &rc->delete_after) == 0 ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

static int
set_largest(struct getmailrc *rc, struct slice value)
{
	return slice_u64(value, UINT64_MAX,
	    &rc->account.largest_bytes) == 0 ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

/* What stands where */

static const struct {
	enum section	 section;
	const char	*name;
	setting_fn	*set;		/* NULL: a remark */
	enum sentence	 words;		/* SAY_COUNT: not even that */
} settings[] = {
{ IN_RETRIEVER, "type", set_type, SAY_COUNT },
{ IN_RETRIEVER, "server", set_server, SAY_COUNT },
{ IN_RETRIEVER, "port", set_port, SAY_COUNT },
{ IN_RETRIEVER, "username", set_user, SAY_COUNT },
{ IN_RETRIEVER, "password", set_password, SAY_COUNT },
{ IN_RETRIEVER, "password_command", NULL, SAY_IMPORT_COMMAND },
{ IN_RETRIEVER, "mailboxes", set_mailboxes, SAY_COUNT },
{ IN_RETRIEVER, "use_apop", set_apop, SAY_COUNT },
{ IN_RETRIEVER, "use_cram_md5", set_cram, SAY_COUNT },
{ IN_RETRIEVER, "use_kerberos", set_unknown_mechanism, SAY_COUNT },
{ IN_RETRIEVER, "use_xoauth2", set_unknown_mechanism, SAY_COUNT },
{ IN_RETRIEVER, "envelope_recipient", set_envelope, SAY_COUNT },
{ IN_RETRIEVER, "ssl_fingerprints", set_fingerprints, SAY_COUNT },
{ IN_RETRIEVER, "ca_certs", NULL, SAY_IMPORT_CERTIFICATE },
{ IN_RETRIEVER, "certfile", NULL, SAY_IMPORT_CERTIFICATE },
{ IN_RETRIEVER, "keyfile", NULL, SAY_IMPORT_CERTIFICATE },
{ IN_RETRIEVER, "timeout", NULL, SAY_COUNT },
{ IN_RETRIEVER, "use_peek", NULL, SAY_COUNT },
{ IN_RETRIEVER, "record_mailbox", NULL, SAY_COUNT },
{ IN_DESTINATION, "type", NULL, SAY_COUNT },
{ IN_DESTINATION, "path", NULL, SAY_COUNT },
{ IN_DESTINATION, "arguments", NULL, SAY_COUNT },
{ IN_OPTIONS, "delete", set_delete, SAY_COUNT },
{ IN_OPTIONS, "delete_after", set_delete_after, SAY_COUNT },
{ IN_OPTIONS, "max_message_size", set_largest, SAY_COUNT },
{ IN_OPTIONS, "read_all", NULL, SAY_COUNT },
{ IN_OPTIONS, "verbose", NULL, SAY_COUNT },
{ IN_OPTIONS, "message_log", NULL, SAY_COUNT },
{ IN_OPTIONS, "message_log_syslog", NULL, SAY_COUNT },
{ IN_OPTIONS, "message_log_verbose", NULL, SAY_COUNT },
{ IN_OPTIONS, "logfile", NULL, SAY_COUNT },
{ IN_OPTIONS, "received", NULL, SAY_COUNT },
{ IN_OPTIONS, "delivered_to", NULL, SAY_COUNT },
};

static int
take_setting(struct getmailrc *rc, struct slice name, struct slice value)
{
	if (rc->section == IN_OTHER)
		return 0;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (settings[i].section != rc->section ||
		    !slice_is_word(name, settings[i].name))
			continue;
		if (settings[i].set != NULL)
			return settings[i].set(rc, value);
		return settings[i].words == SAY_COUNT ? 0 :
		    import_remark(&rc->at, settings[i].words, name);
	}
	return import_remark(&rc->at, SAY_IMPORT_OPTION, name);
}

static int
take_section(struct getmailrc *rc, struct slice line)
{
	static const struct {
		const char	*name;
		enum section	 section;
	} sections[] = {
		{ "[retriever]", IN_RETRIEVER },
		{ "[destination]", IN_DESTINATION },
		{ "[options]", IN_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (slice_is_word(line, sections[i].name)) {
			rc->section = sections[i].section;
			if (rc->section == IN_RETRIEVER)
				rc->line = rc->at.line;
			rc->has_retriever |= rc->section == IN_RETRIEVER;
			return 0;
		}
	rc->section = IN_OTHER;
	return import_remark(&rc->at, SAY_IMPORT_OPTION, line);
}

/* "name = value" or "name: value", whichever mark comes first. */
static bool
split(struct slice line, struct slice *name_out, struct slice *value_out)
{
	size_t at = 0;

	while (at < line.len && line.at[at] != '=' && line.at[at] != ':')
		at++;
	if (at == line.len)
		return false;
	*name_out = slice_trim(slice_first(line, at));
	*value_out = slice_trim(slice_after(line, at + 1));
	return name_out->len > 0;
}

/*
 * Lines that begin with a blank belong to the one before; so they do in
 * `*line`, the marks of their ends with them.
 */
static void
join(struct import_at *at, struct slice *rest, struct slice *line)
{
	while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
		struct slice more;

		(void)import_line(at, rest, &more);
		line->len = (size_t)(more.at + more.len - line->at);
	}
}

static int
read_line(struct getmailrc *rc, struct slice line)
{
	struct slice trimmed = slice_trim(line), name, value;

	if (trimmed.len == 0 || trimmed.at[0] == '#' || trimmed.at[0] == ';')
		return 0;
	if (trimmed.at[0] == '[')
		return take_section(rc, trimmed);
	if (rc->section == IN_NONE || !split(trimmed, &name, &value))
		return rc->section == IN_OTHER ? 0 :
		    import_loss(&rc->at, SAY_IMPORT_WORD, trimmed);
	return take_setting(rc, name, value);
}

/* The account */

/* ("INBOX", "Lists/one"): without the marks, commas between. */
static int
settle_folders(struct getmailrc *rc)
{
	struct slice s = rc->mailboxes;
	char *names = arena_alloc(rc->at.import->arena, s.len + 1);
	size_t len = 0;

	if (names == NULL)
		return -ENOBUFS;
	if (slice_is_word(s, "ALL")) {
		rc->account.folders = slice_str("*");
		return 0;
	}
	while (s.len > 0) {
		char quote = s.at[0];
		size_t end = slice_find(slice_after(s, 1), quote);

		s = slice_after(s, 1);
		if ((quote != '"' && quote != '\'') || end == SIZE_MAX)
			continue;
		if (len > 0)
			names[len++] = ',';
		memcpy(names + len, s.at, end);
		len += end;
		s = slice_after(s, end + 1);
	}
	rc->account.folders = slice_of(names, len);
	return 0;
}

/* What [retriever] type says: (Simple|Multidrop|BrokenUIDL)(POP3|IMAP)(SSL). */
static bool
settle_type(struct getmailrc *rc)
{
	struct import_account *account = &rc->account;
	struct slice type = rc->type;

	account->is_domain = slice_has_prefix(type, "Multidrop");
	if (!slice_has_suffix(type, "Retriever") ||
	    (!account->is_domain && !slice_has_prefix(type, "Simple") &&
	    !slice_has_prefix(type, "BrokenUIDL")))
		return false;
	type = slice_first(type, type.len - strlen("Retriever"));
	if (slice_has_suffix(type, "SSL")) {
		account->tls = FETCH_TLS_IMPLICIT;
		type = slice_first(type, type.len - strlen("SSL"));
	}
	account->protocol = slice_has_suffix(type, "IMAP") ? IMPORT_IMAP :
	    IMPORT_POP3;
	return slice_has_suffix(type, "POP3") || slice_has_suffix(type, "IMAP");
}

static int
settle(struct getmailrc *rc)
{
	struct import_account *account = &rc->account;
	struct import_at at = { rc->at.import, rc->at.file, rc->line };
	int r = 0;

	if (!rc->has_retriever || !settle_type(rc))
		return import_loss(&at, SAY_IMPORT_PROTOCOL,
		    rc->type.len > 0 ? rc->type : slice_str("?"));
	if (account->host.len == 0)
		return import_loss(&at, SAY_IMPORT_NO_HOST, rc->type);
	if (account->user.len == 0)
		return import_loss(&at, SAY_IMPORT_NO_USER, account->host);
	if (rc->deletes)
		account->delete_after_days = 0;
	else if (rc->delete_after > 0)
		account->delete_after_days = (int)rc->delete_after;
	if (rc->mailboxes.len > 0)
		r = settle_folders(rc);
	return r < 0 ? r : import_account_add(&at, account, &account);
}

int
import_getmail(struct import_at *at, struct slice bytes)
{
	struct getmailrc rc = { .at = *at };
	struct slice line;
	int r = 0;

	import_account_init(&rc.account);
	while (r == 0 && import_line(&rc.at, &bytes, &line)) {
		struct import_at ahead = rc.at;

		if (line.len > 0 && line.at[0] != '[' && line.at[0] != '#' &&
		    line.at[0] != ';')
			join(&ahead, &bytes, &line);
		r = read_line(&rc, line);
		rc.at.line = ahead.line;
	}
	return r < 0 ? r : settle(&rc);
}
