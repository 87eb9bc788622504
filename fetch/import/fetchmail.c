/*
 * fetchmail.c - reads a .fetchmailrc (fetchmail(1), RUN CONTROL FILE)
 *
 * An entry is a server, poll or skip, with what is said of it; each user in it
 * is an account of its own that begins as the entry stands then, and the entry
 * as `defaults` stands then.  A mailbox that is for more than one name here is
 * one of a domain.  A word that is none of fetchmail's is a loss, and the next
 * one is read.
 */
#include "fetch/import/fetchmail_words.h"

#include <errno.h>
#include <string.h>

/* What is said of a server and a user, so far. */
struct entry {
	struct import_account	 account;
	struct slice		 poll;		/* its name behind "poll" */
	unsigned		 line;
	bool			 ssl;
	bool			 has_sslproto;
	struct slice		 sslproto;
	bool			 has_protocol;
	struct slice		 unknown_protocol;	/* or empty */
	unsigned		 names;		/* here */
};

struct rc {
	struct import_at	 at;
	struct slice		 rest;
	struct rc_word		 word;		/* read, and not used yet */
	bool			 has_word;
	struct slice		 last_name;	/* of a list */
	struct entry		 defaults, server, user;
	enum { OUTSIDE, IN_DEFAULTS, IN_SERVER, IN_USER } where;
};

enum keyword_value { TAKES_NONE, TAKES_VALUE, TAKES_LIST };

struct keyword;
typedef int keyword_fn(struct rc *, const struct keyword *, bool no);

struct keyword {
	const char		*name;
	size_t			 least;		/* letters of it; 0: all */
	enum keyword_value	 takes;
	keyword_fn		*run;
	enum sentence		 words;		/* of a remark */
};

static keyword_fn rc_poll, rc_defaults, rc_set, rc_user, rc_is, rc_via,
		rc_protocol, rc_port, rc_auth, rc_envelope, rc_qvirtual,
		rc_localdomains, rc_password, rc_keep, rc_ssl, rc_sslproto,
		rc_sslcertck, rc_limit, rc_folder, rc_leave, rc_nothing;

#define LEAVES		rc_leave, SAY_IMPORT_OPTION
#define COMMAND		rc_leave, SAY_IMPORT_COMMAND
#define CERTIFICATE	rc_leave, SAY_IMPORT_CERTIFICATE
#define DOES(fn)	fn, SAY_IMPORT_OPTION
#define NOTHING		rc_nothing, SAY_IMPORT_OPTION

/* In the order of fetchmail(1), KEYWORD/OPTION SUMMARY. */
static const struct keyword keywords[] = {
{ "poll", 0, TAKES_NONE, DOES(rc_poll) },
{ "server", 0, TAKES_NONE, DOES(rc_poll) },
{ "skip", 0, TAKES_NONE, DOES(rc_poll) },
{ "defaults", 0, TAKES_NONE, DOES(rc_defaults) },
{ "set", 0, TAKES_NONE, DOES(rc_set) },
/* servers */
{ "via", 0, TAKES_VALUE, DOES(rc_via) },
{ "protocol", 5, TAKES_VALUE, DOES(rc_protocol) },
{ "localdomains", 5, TAKES_LIST, DOES(rc_localdomains) },
{ "port", 0, TAKES_VALUE, DOES(rc_port) },
{ "service", 0, TAKES_VALUE, DOES(rc_port) },
{ "authenticate", 4, TAKES_VALUE, DOES(rc_auth) },
{ "timeout", 0, TAKES_VALUE, LEAVES },
{ "envelope", 0, TAKES_NONE, DOES(rc_envelope) },
{ "qvirtual", 0, TAKES_VALUE, DOES(rc_qvirtual) },
{ "aka", 0, TAKES_LIST, LEAVES },
{ "interface", 0, TAKES_VALUE, LEAVES },
{ "monitor", 0, TAKES_VALUE, LEAVES },
{ "plugin", 0, TAKES_VALUE, COMMAND },
{ "plugout", 0, TAKES_VALUE, COMMAND },
{ "dns", 0, TAKES_NONE, NOTHING },
{ "checkalias", 0, TAKES_NONE, LEAVES },
{ "uidl", 0, TAKES_NONE, NOTHING },
{ "interval", 0, TAKES_VALUE, LEAVES },
{ "tracepolls", 0, TAKES_NONE, NOTHING },
{ "principal", 0, TAKES_VALUE, LEAVES },
{ "esmtpname", 0, TAKES_VALUE, LEAVES },
{ "esmtppassword", 0, TAKES_VALUE, LEAVES },
{ "bad-header", 0, TAKES_VALUE, LEAVES },
/* users */
{ "username", 4, TAKES_NONE, DOES(rc_user) },
{ "is", 0, TAKES_NONE, DOES(rc_is) },
{ "to", 0, TAKES_NONE, DOES(rc_is) },
{ "password", 4, TAKES_VALUE, DOES(rc_password) },
{ "ssl", 0, TAKES_NONE, DOES(rc_ssl) },
{ "sslcert", 0, TAKES_VALUE, CERTIFICATE },
{ "sslkey", 0, TAKES_VALUE, CERTIFICATE },
{ "sslcertck", 0, TAKES_NONE, DOES(rc_sslcertck) },
{ "sslcertfile", 0, TAKES_VALUE, CERTIFICATE },
{ "sslcertpath", 0, TAKES_VALUE, CERTIFICATE },
{ "sslcommonname", 0, TAKES_VALUE, CERTIFICATE },
{ "sslfingerprint", 0, TAKES_VALUE, CERTIFICATE },
{ "sslproto", 0, TAKES_VALUE, DOES(rc_sslproto) },
{ "folder", 0, TAKES_LIST, DOES(rc_folder) },
{ "smtphost", 4, TAKES_LIST, LEAVES },
{ "fetchdomains", 0, TAKES_LIST, DOES(rc_localdomains) },
{ "smtpaddress", 0, TAKES_VALUE, LEAVES },
{ "smtpname", 0, TAKES_VALUE, LEAVES },
{ "antispam", 0, TAKES_LIST, LEAVES },
{ "mda", 0, TAKES_VALUE, COMMAND },
{ "bsmtp", 0, TAKES_VALUE, LEAVES },
{ "lmtp", 0, TAKES_NONE, LEAVES },
{ "preconnect", 0, TAKES_VALUE, COMMAND },
{ "postconnect", 0, TAKES_VALUE, COMMAND },
{ "keep", 0, TAKES_NONE, DOES(rc_keep) },
{ "flush", 0, TAKES_NONE, LEAVES },
{ "limitflush", 0, TAKES_NONE, LEAVES },
{ "fetchall", 0, TAKES_NONE, LEAVES },
{ "rewrite", 0, TAKES_NONE, LEAVES },
{ "stripcr", 0, TAKES_NONE, NOTHING },
{ "forcecr", 0, TAKES_NONE, NOTHING },
{ "pass8bits", 0, TAKES_NONE, NOTHING },
{ "dropstatus", 0, TAKES_NONE, LEAVES },
{ "dropdelivered", 0, TAKES_NONE, LEAVES },
{ "mimedecode", 0, TAKES_NONE, LEAVES },
{ "idle", 0, TAKES_NONE, NOTHING },
{ "limit", 0, TAKES_VALUE, DOES(rc_limit) },
{ "warnings", 0, TAKES_VALUE, LEAVES },
{ "batchlimit", 0, TAKES_VALUE, LEAVES },
{ "fetchlimit", 0, TAKES_VALUE, LEAVES },
{ "fetchsizelimit", 0, TAKES_VALUE, LEAVES },
{ "fastuidl", 0, TAKES_VALUE, NOTHING },
{ "expunge", 0, TAKES_VALUE, LEAVES },
{ "properties", 0, TAKES_VALUE, NOTHING },
};

/* Words that are no keywords of their own, but end a list. */
static const char *const others[] = { "no", "here", "there" };

/* Words and keywords */

static const struct keyword *
keyword_of(const struct rc_word *word)
{
	if (word->quoted)
		return NULL;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		const struct keyword *k = &keywords[i];

		if (slice_is_word(word->text, k->name) ||
		    (k->least > 0 && slice_is_nocase(word->text,
		    slice_first(slice_str(k->name), k->least))))
			return k;
	}
	return NULL;
}

/* Look at the next word.  1, 0 or -ENOBUFS. */
static int
peek(struct rc *rc)
{
	int r = 1;

	if (!rc->has_word)
		r = rc_word_take(&rc->at, &rc->rest, &rc->word);
	rc->has_word = r == 1;
	return r;
}

/* Does it end a list of names? */
static bool
ends_list(const struct rc_word *word)
{
	struct rc_word not = { .text = slice_after(word->text, 2) };

	if (word->quoted)
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (slice_is_word(word->text, others[i]))
			return true;
	return keyword_of(word) != NULL ||
	    (slice_has_prefix(word->text, "no") && keyword_of(&not) != NULL);
}

/* Take the word if it is this one. */
static bool
take_if(struct rc *rc, const char *name)
{
	if (peek(rc) != 1 || rc->word.quoted ||
	    !slice_is_word(rc->word.text, name))
		return false;
	rc->has_word = false;
	return true;
}

/* A value, whatever it is called.  1, 0 (none is left) or -ENOBUFS. */
static int
take_value(struct rc *rc, struct slice *value_out)
{
	int r = 1;

	if (!rc->has_word)
		r = rc_value_take(&rc->at, &rc->rest, &rc->word);
	rc->has_word = false;
	if (r == 1)
		*value_out = rc->word.text;
	return r;
}

/* At the line of the word that is being read. */
static int
remark(struct rc *rc, enum sentence words, struct slice about)
{
	return import_remark(&rc->at, words, about);
}

static struct entry *
entry_of(struct rc *rc)
{
	return rc->where == IN_USER ? &rc->user :
	    rc->where == IN_SERVER ? &rc->server : &rc->defaults;
}

static struct import_account *
account_of(struct rc *rc)
{
	return &entry_of(rc)->account;
}

/* Every value that stands behind keyword `k`; one at least. */
static int
each_value(struct rc *rc, const struct keyword *k,
    int (*each)(struct rc *, struct slice value))
{
	struct slice value;
	int r = take_value(rc, &value);

	if (r == 0)
		return import_loss(&rc->at, SAY_IMPORT_WANTS_VALUE,
		    slice_str(k->name));
	while (r == 1) {
		r = each == NULL ? 0 : each(rc, value);
		if (r < 0 || k->takes == TAKES_VALUE)
			return r;
		r = peek(rc);
		if (r != 1 || ends_list(&rc->word))
			return r < 0 ? r : 0;
		value = rc->word.text;
		rc->has_word = false;
	}
	return r;
}

/* An account is whole */

static int
settle_tls(struct import_at *at, const struct entry *e,
    struct import_account *account)
{
	if (e->ssl)
		account->tls = FETCH_TLS_IMPLICIT;
	else if (e->has_sslproto && e->sslproto.len == 0)
		account->tls = FETCH_TLS_NONE;
	else if (account->protocol == IMPORT_POP3 ||
	    account->protocol == IMPORT_IMAP) {
		/* fetchmail did so where it was offered, and went on else */
		account->tls = FETCH_TLS_STARTTLS;
		if (!e->has_sslproto)
			return import_remark(at, SAY_IMPORT_TLS_REQUIRED,
			    account->host);
	}
	return 0;
}

static int
add_account(struct rc *rc, struct entry *e)
{
	struct import_at at = { rc->at.import, rc->at.file, e->line };
	struct import_account *account = &e->account;
	bool wants_user = account->protocol == IMPORT_POP3 ||
	    account->protocol == IMPORT_IMAP;
	int r = 0;

	if (account->host.len == 0)
		account->host = e->poll;
	else
		account->other_host = e->poll;
	if (e->unknown_protocol.len > 0)
		return import_loss(&at, SAY_IMPORT_PROTOCOL,
		    e->unknown_protocol);
	if (wants_user && account->user.len == 0)
		return import_loss(&at, SAY_IMPORT_NO_USER, e->poll);
	if (!e->has_protocol)
		r = import_remark(&at, SAY_IMPORT_POP3_TAKEN, e->poll);
	if (r == 0)
		r = settle_tls(&at, e, account);
	account->is_domain |= e->names > 1;
	return r < 0 ? r : import_account_add(&at, account, &account);
}

/* The user or server that was being read is over. */
static int
close_entry(struct rc *rc)
{
	int r = 0;

	if (rc->where == IN_USER)
		r = add_account(rc, &rc->user);
	else if (rc->where == IN_SERVER)
		r = add_account(rc, &rc->server);
	rc->where = OUTSIDE;
	return r;
}

/* Servers */

/* rc_poll() is told apart by its keyword: "skip" is not polled. */
static int
rc_poll(struct rc *rc, const struct keyword *k, bool no)
{
	struct slice name;
	int r = close_entry(rc);

	(void)no;
	if (r == 0)
		r = take_value(rc, &name);
	if (r < 0)
		return r;
	if (r == 0)
		return import_loss(&rc->at, SAY_IMPORT_WANTS_VALUE,
		    slice_str(k->name));
	rc->server = rc->defaults;
	rc->server.poll = name;
	rc->server.line = rc->at.line;
	rc->server.account.enabled = strcmp(k->name, "skip") != 0;
	rc->where = IN_SERVER;
	return 0;
}

static int
rc_defaults(struct rc *rc, const struct keyword *k, bool no)
{
	int r = close_entry(rc);

	(void)k;
	(void)no;
	rc->where = IN_DEFAULTS;
	return r;
}

/* "set" NAME VALUE, for fetchmail as a whole. */
static int
rc_set(struct rc *rc, const struct keyword *k, bool no)
{
	static const char *const flags[] = { "bouncemail", "spambounce",
	    "softbounce", "syslog", "invisible", "showdots" };
	struct slice name;
	bool is_flag = false;
	int r = close_entry(rc);

	if (r == 0)
		r = take_value(rc, &name);
	if (r == 1 && slice_is_word(name, "no")) {
		no = true;
		r = take_value(rc, &name);
	}
	if (r == 0)
		return import_loss(&rc->at, SAY_IMPORT_WANTS_VALUE,
		    slice_str(k->name));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		is_flag |= slice_is_word(name, flags[i]);
	if (r == 1 && !is_flag) {
		(void)take_if(rc, "=");
		r = peek(rc);
		rc->has_word = false;
	}
	if (r < 0 || no)
		return r < 0 ? r : 0;
	return remark(rc, SAY_IMPORT_OPTION, name);
}

static int
set_via(struct rc *rc, struct slice value)
{
	account_of(rc)->host = value;
	return 0;
}

static int
rc_via(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_via);
}

static int
set_protocol(struct rc *rc, struct slice value)
{
	static const struct {
		const char		*name;
		enum import_protocol	 protocol;
	} known[] = {
		{ "pop3", IMPORT_POP3 }, { "apop", IMPORT_POP3 },
		{ "imap", IMPORT_IMAP }, { "etrn", IMPORT_ETRN },
		{ "odmr", IMPORT_ATRN },
	};
	struct entry *e = entry_of(rc);

	e->has_protocol = !slice_is_word(value, "auto");
	e->unknown_protocol = e->has_protocol ? value : slice_of(NULL, 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is_word(value, known[i].name)) {
			e->account.protocol = known[i].protocol;
			e->unknown_protocol = slice_of(NULL, 0);
		}
	if (slice_is_word(value, "apop"))
		e->account.mechanism = FETCH_APOP;
	return 0;
}

static int
rc_protocol(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_protocol);
}

static int
set_port(struct rc *rc, struct slice value)
{
	return import_port(value, &account_of(rc)->port) == 0 ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

static int
rc_port(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_port);
}

static int
set_auth(struct rc *rc, struct slice value)
{
	if (slice_is_word(value, "cram-md5")) {
		account_of(rc)->mechanism = FETCH_CRAM_MD5;
		return 0;
	}
	if (slice_is_word(value, "any") || slice_is_word(value, "password"))
		return 0;
	return remark(rc, SAY_IMPORT_MECHANISM, value);
}

static int
rc_auth(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_auth);
}

/* "envelope" [NUMBER] FIELD; "Received" is what fetchmail does anyway. */
static int
rc_envelope(struct rc *rc, const struct keyword *k, bool no)
{
	struct import_account *account = account_of(rc);
	struct slice value;
	uint64_t n;
	int r;

	if (no) {
		account->envelope = slice_of(NULL, 0);
		return 0;
	}
	r = take_value(rc, &value);
	if (r == 1 && slice_u64(value, UINT64_MAX, &n) == 0) {
		if (n > 0)
			r = remark(rc, SAY_IMPORT_OPTION, slice_str(k->name));
		if (r >= 0)
			r = take_value(rc, &value);
	}
	if (r == 0)
		return import_loss(&rc->at, SAY_IMPORT_WANTS_VALUE,
		    slice_str(k->name));
	if (r == 1)
		account->envelope = slice_is_word(value, "Received") ?
		    slice_of(NULL, 0) : value;
	return r < 0 ? r : 0;
}

static int
set_qvirtual(struct rc *rc, struct slice value)
{
	account_of(rc)->prefix = value;
	return 0;
}

static int
rc_qvirtual(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_qvirtual);
}

static int
add_domain(struct rc *rc, struct slice value)
{
	struct import_account *account = account_of(rc);

	if (account->domain.len > 0)
		return remark(rc, SAY_IMPORT_ONE_DOMAIN, value);
	account->domain = value;
	return 0;
}

static int
rc_localdomains(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	account_of(rc)->domain = slice_of(NULL, 0);
	return each_value(rc, k, add_domain);
}

/* Users */

/* One name here, "*" for everybody's, or "THERE = HERE". */
static int
add_name(struct rc *rc, struct slice name)
{
	struct entry *e = entry_of(rc);
	bool is_mapped = take_if(rc, "=");
	int r = is_mapped ? take_value(rc, &name) : 1;

	if (r < 0)
		return r;
	e->names++;
	rc->last_name = name;
	if (is_mapped || slice_is_str(name, "*"))
		e->account.is_domain = true;
	if (is_mapped)
		r = remark(rc, SAY_IMPORT_MAPPED, name);
	else if (e->account.owner.len == 0)
		e->account.owner = name;
	return r < 0 ? r : 0;
}

static const struct keyword names = { "user", 0, TAKES_LIST, NULL,
    SAY_IMPORT_OPTION };

/*
 * Names, of this side or of the other: there can be only one of the other, and
 * what was known of this side stays then.  `here` is taken for granted or not.
 */
static int
take_names(struct rc *rc, bool is_here)
{
	struct entry *e = entry_of(rc), before = *e;
	int r;

	e->account.owner = slice_of(NULL, 0);
	r = each_value(rc, &names, add_name);
	if (r == 0 && is_here)
		is_here = !take_if(rc, "there");
	else if (r == 0 && take_if(rc, "here"))
		is_here = true;
	if (r == 0 && !is_here) {
		unsigned count = e->names - before.names;
		struct slice name = e->account.owner;

		*e = before;
		e->account.user = name;
		return count < 2 ? 0 :
		    import_loss(&rc->at, SAY_IMPORT_WORD, rc->last_name);
	}
	if (r == 0 && before.account.owner.len > 0)
		e->account.owner = before.account.owner;
	(void)take_if(rc, "here");
	return r;
}

/* "user" NAME [there], or "user" NAME ... here. */
static int
rc_user(struct rc *rc, const struct keyword *k, bool no)
{
	int r = 0;

	(void)k;
	(void)no;
	if (rc->where == IN_USER) {
		r = close_entry(rc);
		rc->where = IN_SERVER;
	}
	if (r < 0)
		return r;
	if (rc->where == IN_SERVER) {
		rc->user = rc->server;
		rc->user.line = rc->at.line;
		rc->where = IN_USER;
	}
	r = take_names(rc, false);
	if (r == 0)
		(void)take_if(rc, "there");
	return r;
}

/* "is" NAME ... [here], or "is" NAME there. */
static int
rc_is(struct rc *rc, const struct keyword *k, bool no)
{
	(void)k;
	(void)no;
	return take_names(rc, true);
}

static int
set_password(struct rc *rc, struct slice value)
{
	account_of(rc)->password = value;
	return 0;
}

static int
rc_password(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_password);
}

static int
rc_keep(struct rc *rc, const struct keyword *k, bool no)
{
	(void)k;
	account_of(rc)->delete_after_days = no ? 0 : FETCH_KEEP;
	return 0;
}

static int
rc_ssl(struct rc *rc, const struct keyword *k, bool no)
{
	(void)k;
	entry_of(rc)->ssl = !no;
	return 0;
}

static int
set_sslproto(struct rc *rc, struct slice value)
{
	entry_of(rc)->has_sslproto = true;
	entry_of(rc)->sslproto = value;
	return 0;
}

static int
rc_sslproto(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_sslproto);
}

static int
rc_sslcertck(struct rc *rc, const struct keyword *k, bool no)
{
	return no ? remark(rc, SAY_IMPORT_CERTIFICATE, slice_str(k->name)) :
	    0;
}

static int
set_limit(struct rc *rc, struct slice value)
{
	return slice_u64(value, UINT64_MAX,
	    &account_of(rc)->largest_bytes) == 0 ? 0 :
	    import_loss(&rc->at, SAY_IMPORT_VALUE, value);
}

static int
rc_limit(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	return each_value(rc, k, set_limit);
}

/* One more name behind those that are there, with a comma between. */
static int
add_folder(struct rc *rc, struct slice value)
{
	struct import_account *account = account_of(rc);
	struct slice before = account->folders;
	char *both;

	if (before.len == 0) {
		account->folders = value;
		return 0;
	}
	both = arena_alloc(rc->at.import->arena, before.len + 1 + value.len);
	if (both == NULL)
		return -ENOBUFS;
	memcpy(both, before.at, before.len);
	both[before.len] = ',';
	memcpy(both + before.len + 1, value.at, value.len);
	account->folders = slice_of(both, before.len + 1 + value.len);
	return 0;
}

static int
rc_folder(struct rc *rc, const struct keyword *k, bool no)
{
	(void)no;
	account_of(rc)->folders = slice_of(NULL, 0);
	return each_value(rc, k, add_folder);
}

/* It is left out, with a word about it; "no" wants it left out anyway. */
static int
rc_leave(struct rc *rc, const struct keyword *k, bool no)
{
	int r = no ? 0 : remark(rc, k->words, slice_str(k->name));

	if (r == 0 && !no && k->takes != TAKES_NONE)
		r = each_value(rc, k, NULL);
	return r;
}

/* It makes no difference here. */
static int
rc_nothing(struct rc *rc, const struct keyword *k, bool no)
{
	return no || k->takes == TAKES_NONE ? 0 : each_value(rc, k, NULL);
}

/* The file */

/* "no keep" and "nokeep" alike. */
static const struct keyword *
keyword_take(struct rc *rc, bool *no_out)
{
	struct rc_word word = rc->word;
	const struct keyword *k = keyword_of(&word);

	rc->has_word = false;
	*no_out = false;
	if (k != NULL || word.quoted || !slice_has_prefix(word.text, "no"))
		return k;
	*no_out = true;
	if (word.text.len > 2) {
		word.text = slice_after(word.text, 2);
		return keyword_of(&word);
	}
	if (peek(rc) != 1)
		return NULL;
	k = keyword_of(&rc->word);
	rc->has_word = k == NULL;
	return k;
}

static bool
begins_entry(const struct keyword *k)
{
	return k->run == rc_poll || k->run == rc_defaults || k->run == rc_set;
}

int
import_fetchmail(struct import_at *at, struct slice bytes)
{
	struct rc rc = { .at = *at, .rest = bytes };
	int r;

	rc.at.line = 1;
	import_account_init(&rc.defaults.account);
	rc.defaults.account.delete_after_days = 0;
	while ((r = peek(&rc)) == 1) {
		struct slice text = rc.word.text;
		const struct keyword *k;
		bool no;

		k = keyword_take(&rc, &no);
		if (k == NULL || (rc.where == OUTSIDE && !begins_entry(k)))
			r = import_loss(&rc.at, SAY_IMPORT_WORD, text);
		else
			r = k->run(&rc, k, no);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : close_entry(&rc);
}
