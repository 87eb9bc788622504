/*
 * mpop.c - reads the configuration of mpop (mpop(1), CONFIGURATION FILES)
 *
 * One command a line.  An account begins as `defaults` stands then; one that
 * names others behind a colon takes what they say over that.  Neither
 * passwordeval nor eval is run.
 */
#include "fetch/import/inside.h"

#include <errno.h>
#include <string.h>

/* Which commands an account, or `defaults`, has said; and what. */
enum { SAID_HOST, SAID_PORT, SAID_AUTH, SAID_USER, SAID_PASSWORD, SAID_TLS,
    SAID_STARTTLS, SAID_PIN, SAID_KEEP, SAID_SIZE, SAID_COUNT };

struct section {
	STAILQ_ENTRY(section)	 next;
	struct slice		 name;		/* empty: defaults */
	unsigned		 line;
	struct slice		 said[SAID_COUNT];
	bool			 has[SAID_COUNT];
};

struct mpoprc {
	struct import_at	 at;
	struct section		 defaults;
	STAILQ_HEAD(, section)	 sections;
	struct section		*section;	/* being read, or NULL */
};

/* Commands */

static const struct {
	const char	*name;
	int		 said;		/* or -1 */
	enum sentence	 words;		/* a remark; SAY_COUNT: none */
} commands[] = {
{ "host", SAID_HOST, SAY_COUNT },
{ "port", SAID_PORT, SAY_COUNT },
{ "auth", SAID_AUTH, SAY_COUNT },
{ "user", SAID_USER, SAY_COUNT },
{ "password", SAID_PASSWORD, SAY_COUNT },
{ "tls", SAID_TLS, SAY_COUNT },
{ "tls_starttls", SAID_STARTTLS, SAY_COUNT },
{ "tls_fingerprint", SAID_PIN, SAY_COUNT },
{ "keep", SAID_KEEP, SAY_COUNT },
{ "skipsize", SAID_SIZE, SAY_COUNT },
{ "killsize", SAID_SIZE, SAY_IMPORT_KILLSIZE },
{ "passwordeval", -1, SAY_IMPORT_COMMAND },
{ "eval", -1, SAY_IMPORT_COMMAND },
{ "filter", -1, SAY_IMPORT_COMMAND },
{ "tls_trust_file", -1, SAY_IMPORT_CERTIFICATE },
{ "tls_crl_file", -1, SAY_IMPORT_CERTIFICATE },
{ "tls_key_file", -1, SAY_IMPORT_CERTIFICATE },
{ "tls_cert_file", -1, SAY_IMPORT_CERTIFICATE },
{ "tls_certcheck", -1, SAY_IMPORT_CERTIFICATE },
{ "tls_host_override", -1, SAY_IMPORT_CERTIFICATE },
{ "timeout", -1, SAY_COUNT },
{ "pipelining", -1, SAY_COUNT },
{ "delivery", -1, SAY_COUNT },
{ "uidls_file", -1, SAY_COUNT },
{ "only_new", -1, SAY_COUNT },
{ "received_header", -1, SAY_COUNT },
};

/* What does no harm: the value that is mpop's own, or ours. */
static bool
is_usual(struct slice name, struct slice value)
{
	return (slice_is_word(name, "tls_trust_file") &&
	    slice_is_word(value, "system")) ||
	    (slice_is_word(name, "tls_certcheck") &&
	    (value.len == 0 || slice_is_word(value, "on")));
}

static int
take_command(struct mpoprc *rc, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int said = commands[i].said;

		if (!slice_is_word(name, commands[i].name))
			continue;
		if (said >= 0) {
			rc->section->said[said] = value;
			rc->section->has[said] = true;
		}
		return commands[i].words == SAY_COUNT ||
		    is_usual(name, value) ? 0 :
		    import_remark(&rc->at, commands[i].words, name);
	}
	return import_remark(&rc->at, SAY_IMPORT_OPTION, name);
}

static struct section *
section_find(struct mpoprc *rc, struct slice name)
{
	struct section *s;

	STAILQ_FOREACH(s, &rc->sections, next)
		if (slice_is(s->name, name))
			return s;
	return NULL;
}

/* Take over what the accounts named in `list` say. */
static int
inherit(struct mpoprc *rc, struct slice list)
{
	struct slice name;

	while (list.len > 0) {
		const struct section *from;

		if (!slice_cut(&list, ',', &name)) {
			name = list;
			list = slice_after(list, list.len);
		}
		from = section_find(rc, slice_trim(name));
		if (from == NULL || from == rc->section)
			return import_loss(&rc->at, SAY_IMPORT_WORD,
			    slice_trim(name));
		for (unsigned i = 0; i < SAID_COUNT; i++) {
			if (!from->has[i])
				continue;
			rc->section->said[i] = from->said[i];
			rc->section->has[i] = true;
		}
	}
	return 0;
}

/* "account" NAME [ : NAME, ... ] */
static int
begin_account(struct mpoprc *rc, struct slice value)
{
	struct slice name = value, parents = value;
	struct section *s;

	if (!slice_cut(&parents, ':', &name))
		parents = slice_of(NULL, 0);
	name = slice_trim(name);
	if (name.len == 0 || section_find(rc, name) != NULL) {
		rc->section = NULL;
		return import_loss(&rc->at, SAY_IMPORT_VALUE, value);
	}
	s = arena_alloc(rc->at.import->arena, sizeof(*s));
	if (s == NULL)
		return -ENOBUFS;
	*s = rc->defaults;
	s->name = name;
	s->line = rc->at.line;
	STAILQ_INSERT_TAIL(&rc->sections, s, next);
	rc->section = s;
	return inherit(rc, slice_trim(parents));
}

/* A command and its argument, which may stand in double quotes. */
static int
read_line(struct mpoprc *rc, struct slice line)
{
	struct slice rest = slice_trim(line), name;

	if (rest.len == 0 || rest.at[0] == '#' || !slice_word(&rest, &name))
		return 0;
	rest = slice_trim(rest);
	if (rest.len > 1 && rest.at[0] == '"' && rest.at[rest.len - 1] == '"')
		rest = slice_first(slice_after(rest, 1), rest.len - 2);
	if (slice_is_word(name, "defaults")) {
		rc->section = &rc->defaults;
		return 0;
	}
	if (slice_is_word(name, "account"))
		return begin_account(rc, rest);
	if (rc->section == NULL)
		return import_loss(&rc->at, SAY_IMPORT_WORD, name);
	return take_command(rc, name, rest);
}

/* An account is whole */

/* A switch; an empty argument is "on". */
static bool
switch_of(const struct section *s, unsigned said, bool unsaid)
{
	bool is = unsaid;

	if (s->has[said] && s->said[said].len == 0)
		return true;
	if (s->has[said])
		(void)import_bool(s->said[said], &is);
	return is;
}

static int
settle_mechanism(const struct import_at *at, struct slice auth,
    struct import_account *account)
{
	static const struct {
		const char		*name;
		enum fetch_mechanism	 mechanism;
	} known[] = {
		{ "on", FETCH_AUTO }, { "", FETCH_AUTO },
		{ "user", FETCH_AUTO }, { "plain", FETCH_PLAIN },
		{ "login", FETCH_LOGIN }, { "cram-md5", FETCH_CRAM_MD5 },
		{ "apop", FETCH_APOP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is_word(auth, known[i].name)) {
			account->mechanism = known[i].mechanism;
			return 0;
		}
	return import_remark(at, SAY_IMPORT_MECHANISM, auth);
}

/* Values that must be read; what cannot be is lost. */
static int
settle_values(const struct import_at *at, const struct section *s,
    struct import_account *account)
{
	struct slice pin = s->said[SAID_PIN], size = s->said[SAID_SIZE];
	int r = settle_mechanism(at, s->said[SAID_AUTH], account);

	if (r == 0 && s->said[SAID_PORT].len > 0 &&
	    import_port(s->said[SAID_PORT], &account->port) < 0)
		r = import_loss(at, SAY_IMPORT_VALUE, s->said[SAID_PORT]);
	if (r == 0 && size.len > 0 && !slice_is_word(size, "off") &&
	    import_amount(size, &account->largest_bytes) < 0)
		r = import_loss(at, SAY_IMPORT_VALUE, size);
	if (import_is_sha256(pin))
		account->pin = pin;
	else if (r == 0 && pin.len > 0)
		r = import_remark(at, SAY_IMPORT_CERTIFICATE, pin);
	return r;
}

static int
settle(struct mpoprc *rc, const struct section *s)
{
	struct import_at at = { rc->at.import, rc->at.file, s->line };
	struct import_account *account;
	int r;

	if (s->said[SAID_HOST].len == 0)
		return import_loss(&at, SAY_IMPORT_NO_HOST, s->name);
	if (s->said[SAID_USER].len == 0)
		return import_loss(&at, SAY_IMPORT_NO_USER,
		    s->said[SAID_HOST]);
	r = import_account_add(&at, NULL, &account);
	if (r < 0)
		return r;
	account->label = s->name;
	account->host = s->said[SAID_HOST];
	account->user = s->said[SAID_USER];
	account->password = s->said[SAID_PASSWORD];
	if (switch_of(s, SAID_TLS, false))
		account->tls = switch_of(s, SAID_STARTTLS, true) ?
		    FETCH_TLS_STARTTLS : FETCH_TLS_IMPLICIT;
	account->delete_after_days = switch_of(s, SAID_KEEP, false) ?
	    FETCH_KEEP : 0;
	return settle_values(&at, s, account);
}

int
import_mpop(struct import_at *at, struct slice bytes)
{
	struct mpoprc rc = { .at = *at };
	struct section *s;
	struct slice line;
	int r = 0;

	STAILQ_INIT(&rc.sections);
	while (r == 0 && import_line(&rc.at, &bytes, &line))
		r = read_line(&rc, line);
	STAILQ_FOREACH(s, &rc.sections, next)
		if (r == 0)
			r = settle(&rc, s);
	return r;
}
