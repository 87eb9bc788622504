/*
 * ids.c - lists of what was collected: .fetchids, oldmail-*, mpop's UIDLs
 */
#include "fetch/import/inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Fetchmail */

/*
 * The list of that user and host in this file; a new one if there is none yet.
 * Lines of one stand together, so the last is nearly always it.
 */
static int
list_find(const struct import_at *at, struct slice user, struct slice host,
    struct import_list **list)
{
	struct import_list *l = *list;

	if (l == NULL || !slice_is(l->user, user) || !slice_is(l->host, host))
		STAILQ_FOREACH(l, &at->import->lists, next)
			if (l->file == at->file && slice_is(l->user, user) &&
			    slice_is(l->host, host))
				break;
	if (l == NULL && import_list_add(at, &l) < 0)
		return -ENOBUFS;
	l->user = user;
	l->host = host;
	*list = l;
	return 0;
}

/*
 * "user@host UIDL", where the user may well be "user@domain", or have blanks in
 * it; neither a UIDL (RFC 1939 7) nor a host has any.
 */
int
import_fetchids(struct import_at *at, struct slice bytes)
{
	struct import_list *list = NULL;
	struct slice line;
	int r = 0;

	while (r == 0 && import_line(at, &bytes, &line)) {
		size_t blank, sign;

		line = slice_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		blank = slice_find_last(line, ' ');
		sign = slice_find_last(slice_first(line, blank), '@');
		if (blank == SIZE_MAX || sign == SIZE_MAX || sign == 0) {
			r = import_loss(at, SAY_IMPORT_ID_LINE, line);
			continue;
		}
		r = list_find(at, slice_trim(slice_first(line, sign)),
		    slice_trim(slice_after(slice_first(line, blank),
		    sign + 1)), &list);
		if (r == 0)
			r = import_id_add(at, list,
			    slice_after(line, blank + 1));
	}
	return r;
}

/* Mpop */

/* " COUNT HOST USER" */
static int
uidls_head(struct import_at *at, struct slice line,
    struct import_list **list_out, uint64_t *due_out)
{
	struct slice rest = slice_after(line, 1), count, host;

	*list_out = NULL;
	if (!slice_cut(&rest, ' ', &count) || !slice_cut(&rest, ' ', &host) ||
	    slice_u64(count, IMPORT_IDS_MOST, due_out) < 0 ||
	    host.len == 0 || rest.len == 0) {
		*due_out = 0;
		return import_loss(at, SAY_IMPORT_ID_LINE, line);
	}
	if (import_list_add(at, list_out) < 0)
		return -ENOBUFS;
	(*list_out)->host = host;
	(*list_out)->user = rest;
	return 0;
}

/* A list that has less than it says was cut; what is there still counts. */
static int
uidls_end(struct import_at *at, const struct import_list *list, uint64_t due)
{
	return list == NULL || due == 0 ? 0 :
	    import_loss(at, SAY_IMPORT_CUT, list->user);
}

/* Comments stand at the beginning only: a UIDL may begin with # (uidls.c). */
int
import_uidls(struct import_at *at, struct slice bytes)
{
	struct import_list *list = NULL;
	bool comments = true;
	uint64_t due = 0;
	struct slice line;
	int r = 0;

	while (r == 0 && import_line(at, &bytes, &line)) {
		comments = comments && line.len > 0 && line.at[0] == '#';
		if (comments)
			continue;
		if (line.len > 0 && line.at[0] == ' ') {
			r = uidls_end(at, list, due);
			if (r == 0)
				r = uidls_head(at, line, &list, &due);
		} else if (list == NULL || due == 0)
			r = import_loss(at, SAY_IMPORT_ID_LINE, line);
		else {
			r = import_id_add(at, list, line);
			due--;
		}
	}
	return r < 0 ? r : uidls_end(at, list, due);
}

/* Getmail */

/* What getmail makes of bytes that it leaves out of names of files. */
static void
add_stripped(struct text *text, struct slice s, char instead)
{
	for (size_t i = 0; i < s.len; i++) {
		bool strip = strchr("/\\:;<>|", s.at[i]) != NULL;

		if (!strip)
			text_add_byte(text, s.at[i]);
		else if (i == 0 || strchr("/\\:;<>|", s.at[i - 1]) == NULL)
			text_add_byte(text, instead);
	}
}

static uint16_t
port_of(const struct import_account *account)
{
	bool tls = account->tls == FETCH_TLS_IMPLICIT;

	if (account->port != 0)
		return account->port;
	return account->protocol == IMPORT_IMAP ? tls ? 993 : 143 :
	    tls ? 995 : 110;
}

/* Does the file's name begin as that account's do?  How long that is, or 0. */
static size_t
oldmail_name(const struct import_account *account, struct slice name)
{
	TEXT_AUTO whole = TEXT_INIT(4096);
	TEXT_AUTO stripped = TEXT_INIT(4096);

	text_addf(&whole, "oldmail-%.*s-%u-%.*s", SLICE_FMT(account->host),
	    (unsigned)port_of(account), SLICE_FMT(account->user));
	add_stripped(&stripped, text_slice(&whole), '-');
	text_add_byte(&stripped, '\0');
	if (text_failed(&whole) || text_failed(&stripped) ||
	    !slice_has_prefix(name, stripped.at) ||
	    (name.len >= stripped.len && name.at[stripped.len - 1] != '-'))
		return 0;
	return stripped.len - 1;
}

/* The folder whose name ends the file's; that itself, if none is known. */
static struct slice
folder_of(const struct import_account *account, struct slice end)
{
	struct slice rest = account->folders, name = rest;

	while (rest.len > 0) {
		TEXT_AUTO stripped = TEXT_INIT(4096);

		if (!slice_cut(&rest, ',', &name)) {
			name = rest;
			rest = slice_after(rest, rest.len);
		}
		add_stripped(&stripped, name, '.');
		if (slice_is(text_slice(&stripped), end))
			return name;
	}
	return end;
}

/* The account that the file's name is of; the only one there is, else. */
static struct import_account *
oldmail_account(const struct import_at *at, struct slice *folder_out)
{
	struct slice name = slice_str(at->file);
	struct import_account *account, *found = NULL;
	size_t slash = slice_find_last(name, '/'), longest = 0;

	if (slash != SIZE_MAX)
		name = slice_after(name, slash + 1);
	STAILQ_FOREACH(account, &at->import->accounts, next) {
		size_t len = oldmail_name(account, name);

		if (len <= longest)
			continue;
		longest = len;
		found = account;
	}
	if (found != NULL && found->protocol == IMPORT_IMAP)
		*folder_out = folder_of(found, slice_after(name, longest + 1));
	if (found == NULL && at->import->account_count == 1 &&
	    !slice_has_prefix(name, "oldmail-"))
		found = STAILQ_FIRST(&at->import->accounts);
	return found;
}

/*
 * "uidvalidity/uid" of a folder is "UIDVALIDITY.UID" here; getmail before 4.22
 * had the folder's name between them.
 */
static int
imap_id(const struct import_at *at, struct slice id, struct slice *id_out)
{
	size_t first = slice_find(id, '/'), last = slice_find_last(id, '/');
	TEXT_AUTO text = TEXT_INIT(64);
	uint64_t validity, uid;

	if (first == SIZE_MAX || slice_u64(slice_first(id, first), UINT32_MAX,
	    &validity) < 0 || slice_u64(slice_after(id, last + 1), UINT32_MAX,
	    &uid) < 0) {
		*id_out = slice_of(NULL, 0);
		return import_loss(at, SAY_IMPORT_ID_LINE, id);
	}
	text_addf(&text, "%" PRIu64 ".%" PRIu64, validity, uid);
	return arena_copy(at->import->arena, text_slice(&text), id_out);
}

/* "ID", NUL, the time it was seen first. */
static int
oldmail_line(const struct import_at *at, struct import_list *list,
    struct slice line)
{
	struct slice id, rest = line;
	int r = 0;

	if (!slice_cut(&rest, '\0', &id))
		return line.len == 0 ? 0 :
		    import_loss(at, SAY_IMPORT_ID_LINE, line);
	if (list->account != NULL && list->account->protocol == IMPORT_IMAP) {
		r = imap_id(at, id, &id);
		if (r < 0 || id.len == 0)
			return r;
	}
	return import_id_add(at, list, id);
}

int
import_oldmail(struct import_at *at, struct slice bytes)
{
	struct slice line, folder = slice_of(NULL, 0);
	struct import_account *account = oldmail_account(at, &folder);
	struct import_list *list;
	uint32_t dashes = 0;
	int r = import_list_add(at, &list);

	if (r < 0)
		return r;
	list->account = account;
	list->folder = folder;
	list->user = slice_str(at->file);	/* for who looks for it */
	while (r == 0 && import_line(at, &bytes, &line)) {
		r = oldmail_line(at, list, line);
		dashes += slice_find(slice_first(line,
		    slice_find(line, '\0')), '-') != SIZE_MAX;
	}
	/* of POP3, getmail keeps a - for each / there was */
	at->line = 0;
	if (r == 0 && dashes > 0 && account != NULL &&
	    account->protocol == IMPORT_POP3)
		r = import_remark(at, SAY_IMPORT_DASHES,
		    slice_str(at->file));
	return r;
}
