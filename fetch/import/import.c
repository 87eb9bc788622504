/*
 * import.c - what other collectors were set to, and what they have collected
 *
 * What all readers share: what is found, the remarks, and whose each list is.
 */
#include "fetch/import/inside.h"

#include <errno.h>
#include <string.h>

/* NULL for the first. */
static const char *const format_words[IMPORT_FORMAT_COUNT] = {
	[IMPORT_FETCHMAIL] = "fetchmail",
	[IMPORT_GETMAIL] = "getmail",
	[IMPORT_MPOP] = "mpop",
	[IMPORT_CSV] = "csv",
	[IMPORT_MDAEMON] = "mdaemon",
	[IMPORT_HMAILSERVER] = "hmailserver",
};

const char *const import_protocol_words[IMPORT_PROTOCOL_COUNT] = {
	[IMPORT_POP3] = "pop3",
	[IMPORT_IMAP] = "imap",
	[IMPORT_ETRN] = "etrn",
	[IMPORT_ATRN] = "atrn",
};

void
import_begin(struct import *import, struct arena *arena)
{
	*import = (struct import){ .arena = arena };
	STAILQ_INIT(&import->accounts);
	STAILQ_INIT(&import->lists);
	STAILQ_INIT(&import->remarks);
}

/* What is found */

static int
remark_add(const struct import_at *at, bool is_loss, enum sentence words,
    struct slice about)
{
	struct import *import = at->import;
	struct import_remark *remark;

	import->losses += is_loss;
	if (++import->remark_count > IMPORT_REMARKS_MOST)
		return 0;
	remark = arena_alloc(import->arena, sizeof(*remark));
	if (remark == NULL)
		return -ENOBUFS;
	*remark = (struct import_remark){ .file = at->file, .line = at->line,
	    .is_loss = is_loss, .words = words, .about = about };
	STAILQ_INSERT_TAIL(&import->remarks, remark, next);
	return 0;
}

int
import_remark(const struct import_at *at, enum sentence words,
    struct slice about)
{
	return remark_add(at, false, words, about);
}

int
import_loss(const struct import_at *at, enum sentence words,
    struct slice about)
{
	return remark_add(at, true, words, about);
}

void
import_account_init(struct import_account *account)
{
	*account = (struct import_account){ .protocol = IMPORT_POP3,
	    .tls = FETCH_TLS_NONE, .mechanism = FETCH_AUTO,
	    .delete_after_days = FETCH_KEEP, .enabled = true };
}

int
import_account_add(const struct import_at *at,
    const struct import_account *like, struct import_account **account_out)
{
	struct import *import = at->import;
	struct import_account *account;

	if (import->account_count == IMPORT_ACCOUNTS_MOST)
		return -ENOBUFS;
	account = arena_alloc(import->arena, sizeof(*account));
	if (account == NULL)
		return -ENOBUFS;
	if (like == NULL)
		import_account_init(account);
	else
		*account = *like;
	account->file = at->file;
	account->line = at->line;
	STAILQ_INSERT_TAIL(&import->accounts, account, next);
	import->account_count++;
	*account_out = account;
	return 0;
}

int
import_list_add(const struct import_at *at, struct import_list **list_out)
{
	struct import_list *list = arena_alloc(at->import->arena,
	    sizeof(*list));

	if (list == NULL)
		return -ENOBUFS;
	list->file = at->file;
	list->line = at->line;
	STAILQ_INIT(&list->ids);
	STAILQ_INSERT_TAIL(&at->import->lists, list, next);
	*list_out = list;
	return 0;
}

int
import_id_add(const struct import_at *at, struct import_list *list,
    struct slice text)
{
	struct import_id *id;

	if (text.len == 0)
		return import_loss(at, SAY_IMPORT_NO_ID, text);
	if (list->count == IMPORT_IDS_MOST)
		return import_loss(at, SAY_IMPORT_TOO_MANY_IDS, text);
	id = arena_alloc(at->import->arena, sizeof(*id));
	if (id == NULL)
		return -ENOBUFS;
	id->text = text;
	STAILQ_INSERT_TAIL(&list->ids, id, next);
	list->count++;
	return 0;
}

/* Reading */

bool
import_line(struct import_at *at, struct slice *rest, struct slice *line_out)
{
	if (rest->len == 0)
		return false;
	at->line++;
	if (!slice_cut(rest, '\n', line_out)) {
		*line_out = *rest;
		*rest = slice_after(*rest, rest->len);
	}
	if (line_out->len > 0 && line_out->at[line_out->len - 1] == '\r')
		line_out->len--;
	return true;
}

bool
import_bool(struct slice word, bool *is_out)
{
	static const char *const yes[] = { "on", "yes", "y", "true", "1" };
	static const char *const no[] = { "off", "no", "n", "false", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		bool is = slice_is_word(word, yes[i]);

		if (!is && !slice_is_word(word, no[i]))
			continue;
		*is_out = is;
		return true;
	}
	return false;
}

int
import_amount(struct slice s, uint64_t *bytes_out)
{
	uint64_t n, unit = 1;
	int r;

	if (slice_has_suffix(s, "k") || slice_has_suffix(s, "m")) {
		unit = slice_has_suffix(s, "k") ? 1024 : 1024 * 1024;
		s = slice_first(s, s.len - 1);
	}
	r = slice_u64(s, UINT64_MAX / unit, &n);
	if (r == 0)
		*bytes_out = n * unit;
	return r;
}

int
import_port(struct slice s, uint16_t *port_out)
{
	static const struct {
		const char	*name;
		uint16_t	 port;
	} services[] = {
		{ "pop3", 110 }, { "pop-3", 110 }, { "pop3s", 995 },
		{ "imap", 143 }, { "imap2", 143 }, { "imaps", 993 },
		{ "smtp", 25 }, { "odmr", 366 },
	};
	uint64_t n;

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (slice_is_word(s, services[i].name)) {
			*port_out = services[i].port;
			return 0;
		}
	if (slice_u64(s, UINT16_MAX, &n) < 0 || n == 0)
		return -EINVAL;
	*port_out = (uint16_t)n;
	return 0;
}

bool
import_is_sha256(struct slice s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == ':' && digits % 2 == 0)
			continue;
		if ((c < '0' || c > '9') && ((c | 0x20) < 'a' ||
		    (c | 0x20) > 'f'))
			return false;
		digits++;
	}
	return digits == 2 * (size_t)FETCH_PIN_BYTES;
}

/* What file it is */

enum import_format
import_format_of(const char *word)
{
	for (enum import_format f = IMPORT_FETCHMAIL; f < IMPORT_FORMAT_COUNT;
	    f++)
		if (slice_is_word(slice_str(word), format_words[f]))
			return f;
	return IMPORT_UNKNOWN;
}

/* The settings file that a line with these first words is of. */
static enum import_format
guess_line(struct slice line)
{
	static const struct {
		const char		*word;
		enum import_format	 format;
	} words[] = {
		{ "poll", IMPORT_FETCHMAIL }, { "skip", IMPORT_FETCHMAIL },
		{ "server", IMPORT_FETCHMAIL }, { "set", IMPORT_FETCHMAIL },
		{ "account", IMPORT_MPOP }, { "host", IMPORT_MPOP },
		{ "tls", IMPORT_MPOP },
	};
	struct slice rest = line, word;

	if (!slice_word(&rest, &word))
		return IMPORT_UNKNOWN;
	/* fetchmail goes on behind it, mpop does not */
	if (slice_is_word(word, "defaults"))
		return slice_trim(rest).len > 0 ? IMPORT_FETCHMAIL :
		    IMPORT_UNKNOWN;
	if (word.at[0] == '[')
		return IMPORT_GETMAIL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is_word(word, words[i].word))
			return words[i].format;
	return IMPORT_UNKNOWN;
}

enum import_format
import_guess(struct slice bytes)
{
	struct import_at at = { 0 };
	enum import_format format = import_csv_guess(bytes);
	struct slice line;

	while (format == IMPORT_UNKNOWN && import_line(&at, &bytes, &line)) {
		line = slice_trim(line);
		if (line.len > 0 && line.at[0] != '#' && line.at[0] != ';')
			format = guess_line(line);
	}
	return format;
}

/* What cannot be text in any of these files. */
static int
refuse_binary(const struct import_at *at, struct slice bytes, bool *is_out)
{
	*is_out = slice_find(bytes, '\0') != SIZE_MAX;
	return *is_out ? import_loss(at, SAY_IMPORT_NOT_TEXT,
	    slice_str(at->file)) : 0;
}

int
import_read(struct import *import, const char *file, struct slice bytes,
    enum import_format format)
{
	static import_reader *const readers[IMPORT_FORMAT_COUNT] = {
		[IMPORT_FETCHMAIL] = import_fetchmail,
		[IMPORT_GETMAIL] = import_getmail,
		[IMPORT_MPOP] = import_mpop,
		[IMPORT_CSV] = import_csv,
		[IMPORT_MDAEMON] = import_mdaemon,
		[IMPORT_HMAILSERVER] = import_hmailserver,
	};
	struct import_at at = { .import = import, .file = file };
	bool is_binary;
	int r = refuse_binary(&at, bytes, &is_binary);

	if (r < 0 || is_binary)
		return r;
	if (format == IMPORT_UNKNOWN)
		format = import_guess(bytes);
	if (format == IMPORT_UNKNOWN)
		return import_loss(&at, SAY_IMPORT_WHAT_FILE,
		    slice_str(file));
	return readers[format](&at, bytes);
}

/* By what a list of UIDLs begins with. */
static import_reader *
ids_reader(struct slice bytes)
{
	struct import_at at = { 0 };
	struct slice line, rest = bytes;

	/* getmail's have a NUL between id and time */
	if (slice_find(bytes, '\0') != SIZE_MAX)
		return import_oldmail;
	if (import_csv_has_ids(bytes))
		return import_csv_ids;
	while (import_line(&at, &rest, &line))
		if (line.len > 0 && line.at[0] != '#')
			return line.at[0] == ' ' ? import_uidls :
			    import_fetchids;
	return import_uidls;
}

int
import_read_ids(struct import *import, const char *file, struct slice bytes)
{
	struct import_at at = { .import = import, .file = file };

	return ids_reader(bytes)(&at, bytes);
}

/* Whose a list is */

static bool
is_of(const struct import_account *account, struct slice user,
    struct slice host)
{
	return slice_is(account->user, user) &&
	    (slice_is_nocase(account->host, host) ||
	    (account->other_host.len > 0 &&
	    slice_is_nocase(account->other_host, host)));
}

static struct import_account *
find_owner(const struct import *import, struct slice user, struct slice host)
{
	struct import_account *account;

	STAILQ_FOREACH(account, &import->accounts, next)
		if (is_of(account, user, host))
			return account;
	return NULL;
}

/* The one with that number; NULL: none, or nobody says a number. */
static struct import_account *
find_key(const struct import *import, struct slice key)
{
	struct import_account *account;

	STAILQ_FOREACH(account, &import->accounts, next)
		if (key.len > 0 && slice_is(account->key, key))
			return account;
	return NULL;
}

int
import_match(struct import *import)
{
	struct import_list *list;

	STAILQ_FOREACH(list, &import->lists, next) {
		struct import_at at = { import, list->file, list->line };
		int r;

		if (list->account == NULL)
			list->account = find_key(import, list->key);
		if (list->account == NULL && list->key.len == 0)
			list->account = find_owner(import, list->user,
			    list->host);
		if (list->account != NULL) {
			list->account->has_list = true;
			continue;
		}
		r = import_loss(&at, SAY_IMPORT_LIST_OF_NOBODY,
		    list->key.len > 0 ? list->key : list->user);
		if (r < 0)
			return r;
	}
	return 0;
}
