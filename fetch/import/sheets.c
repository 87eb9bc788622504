/*
 * sheets.c - exports as CSV: hMailServer's, MDaemon's, and a form of our own
 *
 * The first row names the columns, in any order.  hMailServer's are those of
 * its tables hm_fetchaccounts and hm_fetchaccounts_uids (with accountaddress of
 * hm_accounts, if it was joined) or of its COM interface; MDaemon's those of
 * MD_MultiPOPItem and MD_UserInfo of its programming interface.
 */
#include "fetch/import/inside.h"

#include <errno.h>
#include <string.h>

#include "fetch/import/csv.h"

enum field {
	OWNER, MAILBOX, OWNER_DOMAIN, OWNER_NUMBER, LABEL, PROTOCOL, HOST, PORT,
	TLS, USER, PASSWORD, ENCRYPTED, MECHANISM, APOP, OAUTH, DELETE_AFTER,
	KEEP_DAYS, REMOVES, LEAVES, MAX_AGE, LARGEST, MAX_KBYTES, ENABLED,
	FOLDERS, PIN, SERVER_TYPE, SECURITY, SSL, MIME_RECIPIENTS, ENVELOPE,
	DOMAIN, KEY, FOLDER, UIDL, FIELD_COUNT
};

#define OWN	(1u << IMPORT_CSV)
#define HMAIL	(1u << IMPORT_HMAILSERVER)
#define MDAEMON	(1u << IMPORT_MDAEMON)

static const struct {
	const char	*name;
	unsigned	 formats;
	enum field	 field;
} columns[] = {
{ "owner", OWN, OWNER },
{ "label", OWN, LABEL },
{ "protocol", OWN, PROTOCOL },
{ "host", OWN | MDAEMON, HOST },
{ "port", OWN | HMAIL | MDAEMON, PORT },
{ "tls", OWN | MDAEMON, TLS },
{ "user", OWN | MDAEMON, USER },
{ "password", OWN | HMAIL | MDAEMON, PASSWORD },
{ "mechanism", OWN, MECHANISM },
{ "delete_after", OWN, DELETE_AFTER },
{ "largest", OWN, LARGEST },
{ "enabled", OWN | HMAIL | MDAEMON, ENABLED },
{ "folders", OWN, FOLDERS },
{ "pin", OWN, PIN },
{ "domain", OWN, DOMAIN },
{ "envelope", OWN, ENVELOPE },
{ "folder", OWN, FOLDER },
{ "uidl", OWN, UIDL },
/* hMailServer's tables */
{ "faid", HMAIL, KEY },
{ "faactive", HMAIL, ENABLED },
{ "faaccountid", HMAIL, OWNER_NUMBER },
{ "accountaddress", HMAIL, OWNER },
{ "faaccountname", HMAIL, LABEL },
{ "faserveraddress", HMAIL, HOST },
{ "faserverport", HMAIL, PORT },
{ "faservertype", HMAIL, SERVER_TYPE },
{ "fausername", HMAIL, USER },
{ "fapassword", HMAIL, ENCRYPTED },
{ "fadaystokeep", HMAIL, KEEP_DAYS },
{ "faprocessmimerecipients", HMAIL, MIME_RECIPIENTS },
{ "famimerecipientheaders", HMAIL, ENVELOPE },
{ "faconnectionsecurity", HMAIL, SECURITY },
{ "fausessl", HMAIL, SSL },
{ "uidfaid", HMAIL, KEY },
{ "uidvalue", HMAIL, UIDL },
/* and its COM interface */
{ "id", HMAIL, KEY },
{ "account", HMAIL, OWNER },
{ "name", HMAIL, LABEL },
{ "serveraddress", HMAIL, HOST },
{ "servertype", HMAIL, SERVER_TYPE },
{ "username", HMAIL | MDAEMON, USER },
{ "daystokeepmessages", HMAIL, KEEP_DAYS },
{ "connectionsecurity", HMAIL, SECURITY },
{ "usessl", HMAIL | MDAEMON, SSL },
{ "processmimerecipients", HMAIL, MIME_RECIPIENTS },
/* MDaemon */
{ "email", MDAEMON, OWNER },
{ "mailbox", MDAEMON, MAILBOX },
{ "domain", MDAEMON, OWNER_DOMAIN },
{ "hostname", MDAEMON, HOST },
{ "server", MDAEMON, HOST },
{ "logon", MDAEMON, USER },
{ "logonname", MDAEMON, USER },
{ "removemail", MDAEMON, REMOVES },
{ "leaveonserver", MDAEMON, LEAVES },
{ "useapop", MDAEMON, APOP },
{ "useoauth", MDAEMON, OAUTH },
{ "multipopmaxmessageage", MDAEMON, MAX_AGE },
{ "multipopmaxmessagesize", MDAEMON, MAX_KBYTES },
};

struct sheet {
	struct import_at	at;
	struct csv		csv;
	enum field		field_of[CSV_FIELDS];	/* by column */
	unsigned		columns;
	bool			has[FIELD_COUNT];
	struct slice		row[FIELD_COUNT];
	struct import_account	*account;
};

/* Columns */

static enum field
field_named(struct slice name, enum import_format format)
{
	name = slice_trim(name);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if ((columns[i].formats & 1u << format) != 0 &&
		    slice_is_word(name, columns[i].name))
			return columns[i].field;
	return FIELD_COUNT;
}

/* Read the first row.  1; 0: there is none; -ENOBUFS. */
static int
read_head(struct sheet *sheet, enum import_format format, bool remarks)
{
	struct slice names[CSV_FIELDS];
	int r = csv_next(&sheet->csv, sheet->at.import->arena, names,
	    &sheet->columns);

	sheet->at.line = sheet->csv.line;
	if (r != 1)
		return r == -EINVAL ? 0 : r;
	for (unsigned i = 0; i < sheet->columns; i++) {
		enum field field = field_named(names[i], format);

		sheet->field_of[i] = field;
		if (field != FIELD_COUNT)
			sheet->has[field] = true;
		else if (remarks && import_remark(&sheet->at,
		    SAY_IMPORT_OPTION, names[i]) < 0)
			return -ENOBUFS;
	}
	return 1;
}

/* Read a row.  1; 0: that was all; 2: it cannot be read; -ENOBUFS. */
static int
read_row(struct sheet *sheet)
{
	struct slice fields[CSV_FIELDS];
	unsigned count = 0;
	int r = csv_next(&sheet->csv, sheet->at.import->arena, fields,
	    &count);

	sheet->at.line = sheet->csv.line;
	if (r == -EINVAL || (r == 1 && count > sheet->columns)) {
		r = import_loss(&sheet->at, SAY_IMPORT_ROW,
		    slice_of(NULL, 0));
		return r < 0 ? r : 2;
	}
	memset(sheet->row, 0, sizeof(sheet->row));
	for (unsigned i = 0; r == 1 && i < count; i++)
		if (sheet->field_of[i] != FIELD_COUNT)
			sheet->row[sheet->field_of[i]] = slice_trim(fields[i]);
	return r;
}

enum import_format
import_csv_guess(struct slice bytes)
{
	ARENA_AUTO arena = arena_new(64 * 1024);
	struct csv csv = csv_of(bytes);
	struct slice names[CSV_FIELDS];
	unsigned count = 0, known[IMPORT_FORMAT_COUNT] = { 0 };
	bool has_host[IMPORT_FORMAT_COUNT] = { false };

	if (arena == NULL || csv_next(&csv, arena, names, &count) != 1 ||
	    count < 2)
		return IMPORT_UNKNOWN;
	for (enum import_format f = IMPORT_CSV; f < IMPORT_FORMAT_COUNT; f++)
		for (unsigned i = 0; i < count; i++) {
			enum field field = field_named(names[i], f);

			known[f] += field != FIELD_COUNT;
			has_host[f] |= field == HOST || field == KEY;
		}
	/* its list of accounts has no hosts, and is to be told what it lacks */
	has_host[IMPORT_MDAEMON] |= known[IMPORT_MDAEMON] >= 6;
	for (enum import_format f = IMPORT_CSV; f < IMPORT_FORMAT_COUNT; f++)
		if (has_host[f] && known[f] > 1 &&
		    known[f] >= known[IMPORT_CSV] &&
		    known[f] >= known[IMPORT_MDAEMON] &&
		    known[f] >= known[IMPORT_HMAILSERVER])
			return f;
	return IMPORT_UNKNOWN;
}

/* An account */

static int
unreadable(struct sheet *sheet, enum field field)
{
	return import_loss(&sheet->at, SAY_IMPORT_VALUE, sheet->row[field]);
}

/* Which of `words` stands there; `count`: none. */
static unsigned
word_of(struct slice s, const char *const *words, unsigned count)
{
	unsigned i = 0;

	while (i < count && !slice_is_word(s, words[i]))
		i++;
	return i;
}

static int
set_protocol(struct sheet *sheet, struct slice value)
{
	unsigned n = word_of(value, import_protocol_words,
	    IMPORT_PROTOCOL_COUNT);

	if (n == IMPORT_PROTOCOL_COUNT)
		return unreadable(sheet, PROTOCOL);
	sheet->account->protocol = (enum import_protocol)n;
	return 0;
}

static int
set_tls(struct sheet *sheet, struct slice value)
{
	static const char *const words[FETCH_TLS_COUNT] = {
		[FETCH_TLS_NONE] = "none", [FETCH_TLS_STARTTLS] = "starttls",
		[FETCH_TLS_IMPLICIT] = "implicit",
	};
	unsigned n = word_of(value, words, FETCH_TLS_COUNT);

	if (n == FETCH_TLS_COUNT)
		return unreadable(sheet, TLS);
	sheet->account->tls = (enum fetch_tls)n;
	return 0;
}

/* hMailServer: none, TLS, STARTTLS if offered, STARTTLS. */
static int
set_security(struct sheet *sheet, struct slice value)
{
	uint64_t n;

	if (slice_u64(value, 3, &n) < 0)
		return unreadable(sheet, SECURITY);
	sheet->account->tls = n == 0 ? FETCH_TLS_NONE : n == 1 ?
	    FETCH_TLS_IMPLICIT : FETCH_TLS_STARTTLS;
	return n != 2 ? 0 : import_remark(&sheet->at, SAY_IMPORT_TLS_REQUIRED,
	    sheet->row[HOST]);
}

static int
set_mechanism(struct sheet *sheet, struct slice value)
{
	static const char *const words[FETCH_MECHANISM_COUNT] = {
		[FETCH_AUTO] = "auto", [FETCH_PLAIN] = "plain",
		[FETCH_LOGIN] = "login", [FETCH_CRAM_MD5] = "cram-md5",
		[FETCH_APOP] = "apop",
	};

	for (unsigned i = 0; i < FETCH_MECHANISM_COUNT; i++)
		if (words[i] != NULL && slice_is_word(value, words[i])) {
			sheet->account->mechanism = (enum fetch_mechanism)i;
			return 0;
		}
	return import_remark(&sheet->at, SAY_IMPORT_MECHANISM, value);
}

static int
set_delete_after(struct sheet *sheet, struct slice value)
{
	uint64_t days;

	if (slice_is_word(value, "keep"))
		sheet->account->delete_after_days = FETCH_KEEP;
	else if (slice_u64(value, FETCH_DAYS_MOST, &days) == 0)
		sheet->account->delete_after_days = (int)days;
	else
		return unreadable(sheet, DELETE_AFTER);
	return 0;
}

/* hMailServer: -1 at once, 0 never. */
static int
set_keep_days(struct sheet *sheet, struct slice value)
{
	uint64_t days;

	if (slice_is_str(value, "-1"))
		sheet->account->delete_after_days = 0;
	else if (slice_u64(value, FETCH_DAYS_MOST, &days) == 0)
		sheet->account->delete_after_days = days == 0 ? FETCH_KEEP :
		    (int)days;
	else
		return unreadable(sheet, KEEP_DAYS);
	return 0;
}

/* MDaemon: so many days, if what is there is left there at all; 0 never. */
static int
set_max_age(struct sheet *sheet, struct slice value)
{
	uint64_t days;

	if (slice_u64(value, FETCH_DAYS_MOST, &days) < 0)
		return unreadable(sheet, MAX_AGE);
	if (days > 0 && sheet->account->delete_after_days == FETCH_KEEP)
		sheet->account->delete_after_days = (int)days;
	return 0;
}

static int
set_largest(struct sheet *sheet, struct slice value)
{
	return import_amount(value, &sheet->account->largest_bytes) == 0 ? 0 :
	    unreadable(sheet, LARGEST);
}

static int
set_max_kbytes(struct sheet *sheet, struct slice value)
{
	uint64_t n;

	if (slice_u64(value, UINT64_MAX / 1024, &n) < 0)
		return unreadable(sheet, MAX_KBYTES);
	sheet->account->largest_bytes = n * 1024;
	return 0;
}

static int
set_port(struct sheet *sheet, struct slice value)
{
	return import_port(value, &sheet->account->port) == 0 ? 0 :
	    unreadable(sheet, PORT);
}

static int
set_pin(struct sheet *sheet, struct slice value)
{
	if (!import_is_sha256(value))
		return unreadable(sheet, PIN);
	sheet->account->pin = value;
	return 0;
}

static int
set_server_type(struct sheet *sheet, struct slice value)
{
	return slice_is_str(value, "0") || slice_is_word(value, "pop3") ? 0 :
	    import_loss(&sheet->at, SAY_IMPORT_PROTOCOL, value);
}

/* It is of no use to us, and must not be taken for a password. */
static int
set_encrypted(struct sheet *sheet, struct slice value)
{
	(void)value;
	return import_remark(&sheet->at, SAY_IMPORT_ENCRYPTED,
	    sheet->row[USER]);
}

static int
set_oauth(struct sheet *sheet, struct slice value)
{
	bool is = false;

	return !import_bool(value, &is) || !is ? 0 :
	    import_remark(&sheet->at, SAY_IMPORT_MECHANISM,
	    slice_str("OAuth2"));
}

/* Switches, by what they do when they are on. */
static bool
take_switch(struct import_account *account, enum field field, bool is)
{
	switch (field) {
	case ENABLED:
		account->enabled = is;
		break;
	case SSL:
		account->tls = is ? FETCH_TLS_IMPLICIT : FETCH_TLS_NONE;
		break;
	case APOP:
		if (is)
			account->mechanism = FETCH_APOP;
		break;
	case REMOVES:
		account->delete_after_days = is ? 0 : FETCH_KEEP;
		break;
	case LEAVES:
		account->delete_after_days = is ? FETCH_KEEP : 0;
		break;
	case MIME_RECIPIENTS:
		account->is_domain = is;
		break;
	default:
		return false;
	}
	return true;
}

/* In the order in which they are read: an age after what it is of. */
static const struct {
	enum field	field;
	int		(*set)(struct sheet *, struct slice); /* NULL: a
							   switch */
} setters[] = {
	{ PROTOCOL, set_protocol }, { SERVER_TYPE, set_server_type },
	{ PORT, set_port }, { TLS, set_tls }, { SSL, NULL },
	{ SECURITY, set_security }, { MECHANISM, set_mechanism },
	{ APOP, NULL }, { OAUTH, set_oauth }, { ENCRYPTED, set_encrypted },
	{ DELETE_AFTER, set_delete_after }, { KEEP_DAYS, set_keep_days },
	{ REMOVES, NULL }, { LEAVES, NULL }, { MAX_AGE, set_max_age },
	{ LARGEST, set_largest }, { MAX_KBYTES, set_max_kbytes },
	{ ENABLED, NULL }, { MIME_RECIPIENTS, NULL }, { PIN, set_pin },
};

static int
set_values(struct sheet *sheet)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		enum field field = setters[i].field;
		struct slice value = sheet->row[field];
		bool is = false;
		int r = 0;

		if (value.len == 0)
			continue;
		if (setters[i].set != NULL)
			r = setters[i].set(sheet, value);
		else if (!import_bool(value, &is) ||
		    !take_switch(sheet->account, field, is))
			r = unreadable(sheet, field);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An address in one column, or in two, or a number that stands for one. */
static int
set_owner(struct sheet *sheet)
{
	const struct slice *row = sheet->row;
	struct slice name = row[MAILBOX], domain = row[OWNER_DOMAIN];
	char *both;

	sheet->account->owner = row[OWNER].len > 0 ? row[OWNER] :
	    row[OWNER_NUMBER].len > 0 ? row[OWNER_NUMBER] : name;
	if (row[OWNER].len > 0 || name.len == 0 || domain.len == 0)
		return 0;
	both = arena_alloc(sheet->at.import->arena, name.len + domain.len + 1);
	if (both == NULL)
		return -ENOBUFS;
	memcpy(both, name.at, name.len);
	both[name.len] = '@';
	memcpy(both + name.len + 1, domain.at, domain.len);
	sheet->account->owner = slice_of(both, name.len + 1 + domain.len);
	return 0;
}

/*
 * hMailServer has a list of fields that it looks into: the first that can be an
 * envelope's.
 */
static struct slice
envelope_of(struct slice list)
{
	static const char *const visible[] = { "to", "cc", "bcc" };
	struct slice name = list;

	while (list.len > 0) {
		if (!slice_cut(&list, ',', &name)) {
			name = list;
			list = slice_after(list, list.len);
		}
		name = slice_trim(name);
		if (word_of(name, visible, 3) == 3)
			return name;
	}
	return slice_of(NULL, 0);
}

static int
add_account(struct sheet *sheet)
{
	const struct slice *row = sheet->row;
	int r;

	if (row[HOST].len == 0)
		return import_loss(&sheet->at, SAY_IMPORT_NO_HOST, row[USER]);
	if (row[USER].len == 0)
		return import_loss(&sheet->at, SAY_IMPORT_NO_USER, row[HOST]);
	r = import_account_add(&sheet->at, NULL, &sheet->account);
	if (r < 0)
		return r;
	sheet->account->label = row[LABEL];
	sheet->account->host = row[HOST];
	sheet->account->user = row[USER];
	sheet->account->password = row[PASSWORD];
	sheet->account->folders = row[FOLDERS];
	sheet->account->envelope = envelope_of(row[ENVELOPE]);
	sheet->account->domain = row[DOMAIN];
	sheet->account->is_domain = row[DOMAIN].len > 0;
	sheet->account->key = row[KEY];
	r = set_owner(sheet);
	return r < 0 ? r : set_values(sheet);
}

static int
read_sheet(struct import_at *at, struct slice bytes, enum import_format format)
{
	struct sheet sheet = { .at = *at, .csv = csv_of(bytes) };
	int r = read_head(&sheet, format, true);

	if (r < 0)
		return r;
	if (r == 0 || !sheet.has[HOST])
		return import_loss(&sheet.at, format == IMPORT_MDAEMON ?
		    SAY_IMPORT_MDAEMON : SAY_IMPORT_NO_HOSTS,
		    slice_str(at->file));
	while ((r = read_row(&sheet)) > 0) {
		r = r == 1 ? add_account(&sheet) : 0;
		if (r < 0)
			return r;
	}
	return r;
}

int
import_csv(struct import_at *at, struct slice bytes)
{
	return read_sheet(at, bytes, IMPORT_CSV);
}

int
import_mdaemon(struct import_at *at, struct slice bytes)
{
	return read_sheet(at, bytes, IMPORT_MDAEMON);
}

int
import_hmailserver(struct import_at *at, struct slice bytes)
{
	return read_sheet(at, bytes, IMPORT_HMAILSERVER);
}

/* UIDLs */

/* Our own names, or hMailServer's. */
static enum import_format
ids_format(struct slice bytes)
{
	ARENA_AUTO arena = arena_new(64 * 1024);
	struct csv csv = csv_of(bytes);
	struct slice names[CSV_FIELDS];
	unsigned count = 0;

	if (arena == NULL || csv_next(&csv, arena, names, &count) != 1)
		return IMPORT_UNKNOWN;
	for (unsigned i = 0; i < count; i++) {
		if (field_named(names[i], IMPORT_CSV) == UIDL)
			return IMPORT_CSV;
		if (field_named(names[i], IMPORT_HMAILSERVER) == UIDL)
			return IMPORT_HMAILSERVER;
	}
	return IMPORT_UNKNOWN;
}

bool
import_csv_has_ids(struct slice bytes)
{
	return ids_format(bytes) != IMPORT_UNKNOWN;
}

/* The list of this row's mailbox and folder; rows of one stand together. */
static int
list_of_row(struct sheet *sheet, struct import_list **list)
{
	const struct slice *row = sheet->row;
	struct import_list *l = *list;

	if (l == NULL || !slice_is(l->key, row[KEY]) ||
	    !slice_is(l->user, row[USER]) || !slice_is(l->host, row[HOST]) ||
	    !slice_is(l->folder, row[FOLDER]))
		STAILQ_FOREACH(l, &sheet->at.import->lists, next)
			if (l->file == sheet->at.file &&
			    slice_is(l->key, row[KEY]) &&
			    slice_is(l->user, row[USER]) &&
			    slice_is(l->host, row[HOST]) &&
			    slice_is(l->folder, row[FOLDER]))
				break;
	if (l == NULL && import_list_add(&sheet->at, &l) < 0)
		return -ENOBUFS;
	l->key = row[KEY];
	l->user = row[USER];
	l->host = row[HOST];
	l->folder = row[FOLDER];
	*list = l;
	return 0;
}

int
import_csv_ids(struct import_at *at, struct slice bytes)
{
	struct sheet sheet = { .at = *at, .csv = csv_of(bytes) };
	struct import_list *list = NULL;
	int r = read_head(&sheet, ids_format(bytes), false);

	while (r >= 0 && (r = read_row(&sheet)) > 0) {
		r = r == 1 ? list_of_row(&sheet, &list) : 0;
		if (r == 0 && list != NULL)
			r = import_id_add(&sheet.at, list, sheet.row[UIDL]);
	}
	return r < 0 ? r : 0;
}
