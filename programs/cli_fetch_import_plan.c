/*
 * cli_fetch_import_plan.c - whose account it becomes, and what is there already
 *
 * An account is here already when the same person collects from the same user
 * of the same host and port: so a second import of the same files finds all of
 * them done.
 */
#include "programs/cli_fetch_import.h"

#include <errno.h>
#include <string.h>

#include "lib/base/host.h"
#include "lib/message/path.h"

#define ASK_SIZE	(ADDRESS_SIZE + 2)

static const char *const tls_words[FETCH_TLS_COUNT] = {
	[FETCH_TLS_NONE] = "none", [FETCH_TLS_STARTTLS] = "starttls",
	[FETCH_TLS_IMPLICIT] = "implicit",
};

const char *
import_from(const struct import_account *account)
{
	/* what it has left there, nobody else has collected */
	return account->has_list || account->delete_after_days == 0 ? "all" :
	    "unsaid";
}

unsigned
import_port_of(const struct import_account *account)
{
	static const struct { unsigned implicit, clear; } usual[] = {
		[IMPORT_POP3] = { 995, 110 }, [IMPORT_IMAP] = { 993, 143 },
		[IMPORT_ETRN] = { 465, 25 }, [IMPORT_ATRN] = { 366, 366 },
	};

	if (account->port != 0)
		return account->port;
	return account->tls == FETCH_TLS_IMPLICIT ?
	    usual[account->protocol].implicit :
	    usual[account->protocol].clear;
}

static int
loss(struct importing *in, const struct import_account *account,
    enum sentence words, struct slice about)
{
	struct import *import = &in->import;
	struct import_remark *remark = arena_alloc(import->arena,
	    sizeof(*remark));

	import->losses++;
	if (remark == NULL)
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	*remark = (struct import_remark){ .file = account->file,
	    .line = account->line, .is_loss = true, .words = words,
	    .about = about };
	STAILQ_INSERT_TAIL(&import->remarks, remark, next);
	return CLI_OK;
}

/* Whose */

/*
 * The account here that `name` means: an address, or a local part if only one
 * has it.  NULL: none does.
 */
static const char *
account_here(const struct importing *in, struct slice name)
{
	const char *found = NULL;
	json_t *row;
	size_t i;

	json_array_foreach(in->accounts, i, row) {
		const char *address = row_text(row, "address");
		struct slice whole = slice_str(address);
		struct slice local = slice_first(whole,
		    slice_find_last(whole, '@'));

		if (slice_is_nocase(whole, name))
			return address;
		if (!slice_is_nocase(local, name))
			continue;
		if (found != NULL)
			return NULL;
		found = address;
	}
	return found;
}

/* What --map says of `there`; NULL: nothing. */
static const char *
mapped(struct slice there, const char *const *maps, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct slice rest = slice_str(maps[i]), left;

		if (there.len > 0 && slice_cut(&rest, '=', &left) &&
		    slice_is_nocase(left, there))
			return rest.at;
	}
	return NULL;
}

/* hMailServer names people by numbers where nothing else was exported. */
static bool
is_number(struct slice s)
{
	uint64_t n;

	return slice_u64(s, UINT64_MAX, &n) == 0;
}

/* Ask at the terminal; an empty line: whoever has that name. */
static const char *
ask_owner(struct importing *in, const struct import_account *account)
{
	TEXT_AUTO user = TEXT_INIT(1024);
	struct slice name = slice_first(account->user,
	    slice_find(account->user, '@'));
	char line[ASK_SIZE];

	cli_add_visible(&user, account->user);
	text_add_byte(&user, '\0');
	if (text_failed(&user))
		return NULL;
	printf("%s:%u: ", account->file, account->line);
	file_say(stdout, in->cli->language, ASK_IMPORT_OWNER, user.at);
	if (account_here(in, name) != NULL)
		printf("[%s] ", account_here(in, name));
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return NULL;
	if (slice_trim(slice_str(line)).len > 0)
		name = slice_trim(slice_str(line));
	return account_here(in, name);
}

/* Who gets it, as written or said; an empty slice: nobody has said. */
static struct slice
owner_name(const struct import_account *account, const char *owner,
    const char *const *maps, unsigned count)
{
	const char *here = owner;

	if (here == NULL)
		here = mapped(account->owner, maps, count);
	if (here == NULL)
		here = mapped(account->user, maps, count);
	if (here != NULL)
		return slice_str(here);
	/* it is for many: it belongs to who looks after all of them */
	if (account->is_domain)
		return slice_str("postmaster");
	return is_number(account->owner) ? slice_of(NULL, 0) : account->owner;
}

/* What is there */

/* The form in which the keeper has a host. */
static void
add_host(struct text *text, struct slice host)
{
	char address[HOST_TEXT_SIZE];

	if (host_address(host, false, address) != 0)
		text_add_str(text, address);
	else if (address_normal(text, slice_str("x"), host) == 0)
		text_consume(text, 2);
}

static bool
is_same(const struct import_account *account, const json_t *row)
{
	TEXT_AUTO host = TEXT_INIT(ADDRESS_SIZE);
	const char *protocol = row_text(row, "protocol");

	add_host(&host, account->host);
	return slice_is_str(text_slice(&host), row_text(row, "host")) &&
	    slice_is_str(account->user, row_text(row, "user")) &&
	    row_number(row, "port") == import_port_of(account) &&
	    (protocol[0] == '\0' || strcmp(protocol,
	    import_protocol_words[account->protocol]) == 0);
}

/* The one that is here already, or NULL. */
static const json_t *
fetch_here(const struct importing *in, const struct plan *plan)
{
	json_t *row;
	size_t i;

	json_array_foreach(in->fetches, i, row)
		if (strcmp(row_text(row, "address"), plan->owner) == 0 &&
		    is_same(plan->account, row))
			return row;
	return NULL;
}

static bool
is_label_taken(const struct importing *in, const char *owner,
    const char *label)
{
	const struct plan *plan;
	json_t *row;
	size_t i;

	json_array_foreach(in->fetches, i, row)
		if (strcmp(row_text(row, "address"), owner) == 0 &&
		    strcmp(row_text(row, "label"), label) == 0)
			return true;
	STAILQ_FOREACH(plan, &in->plans, next)
		if (strcmp(plan->owner, owner) == 0 &&
		    strcmp(plan->label, label) == 0)
			return true;
	return false;
}

/* As much of it as a label holds, and no half of a character. */
static struct slice
label_cut(struct slice s)
{
	s = slice_first(s, FETCH_LABEL_SIZE - 1);
	while (s.len > 0 && !slice_is_utf8(s))
		s = slice_first(s, s.len - 1);
	return s;
}

/* Its name there, or the host, or what tells it from the others. */
static int
find_label(struct importing *in, struct plan *plan)
{
	const struct import_account *account = plan->account;
	struct slice first = account->label.len > 0 ? account->label :
	    account->host, copy = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		TEXT_AUTO text = TEXT_INIT(1024);

		if (i > 0)
			text_addf(&text, "%.*s ", SLICE_FMT(account->user));
		if (i > 1)
			text_addf(&text, "%u ", i);
		text_add(&text, first);
		if (arena_copy(in->import.arena, label_cut(text_slice(&text)),
		    &copy) < 0)
			break;
		plan->label = copy.at;
		if (!is_label_taken(in, plan->owner, plan->label))
			return CLI_OK;
	}
	return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
}

/* The plan */

static json_t *
text_json(struct slice s)
{
	TEXT_AUTO visible = TEXT_INIT(4096);

	cli_add_visible(&visible, s);
	return json_stringn_nocheck(visible.at == NULL ? "" : visible.at,
	    visible.len);
}

/* Its row, for the table and for programs. */
static int
add_row(struct importing *in, struct plan *plan)
{
	static const char *const does[PLAN_DOES_COUNT] = { "add", "finish",
	    "there" };
	static const enum sentence shown[PLAN_DOES_COUNT] = {
	    SAY_IMPORT_ADDS, SAY_IMPORT_FINISHES, SAY_IMPORT_IS_THERE };
	const struct import_account *a = plan->account;
	int days = a->delete_after_days;
	json_t *delete = days == FETCH_KEEP ? json_string("keep") :
	    json_sprintf("%d", days);

	plan->row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:s, s:o,"
	    " s:s, s:o, s:I, s:I, s:b, s:b, s:s, s:i}",
	    "does", does[plan->does],
	    "shown", say(in->cli->language, shown[plan->does]),
	    "address", plan->owner, "label", plan->label,
	    "protocol", import_protocol_words[a->protocol],
	    "host", text_json(a->host), "port", (int)import_port_of(a),
	    "tls", tls_words[a->tls], "user", text_json(a->user),
	    "from", import_from(a), "delete_after", delete,
	    "largest", (json_int_t)a->largest_bytes,
	    "known", (json_int_t)plan->known,
	    "enabled", (int)a->enabled, "domain", (int)a->is_domain,
	    "file", a->file, "line", (int)a->line);
	return plan->row != NULL && json_array_append_new(in->rows,
	    plan->row) == 0 ? CLI_OK :
	    cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
}

static int
plan_one(struct importing *in, struct import_account *account,
    const char *owner)
{
	struct plan *plan = arena_alloc(in->import.arena, sizeof(*plan));
	const struct import_list *list;
	const json_t *here;
	int r = CLI_OK;

	if (plan == NULL)
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	plan->account = account;
	plan->owner = owner;
	STAILQ_FOREACH(list, &in->import.lists, next)
		if (list->account == account)
			plan->known += list->count;
	here = fetch_here(in, plan);
	if (here == NULL)
		r = find_label(in, plan);
	else {
		plan->label = row_text(here, "label");
		plan->does = strcmp(row_text(here, "from"), "unsaid") == 0 ?
		    PLAN_FINISH : PLAN_THERE;
	}
	if (r == CLI_OK)
		r = add_row(in, plan);
	if (r == CLI_OK)
		STAILQ_INSERT_TAIL(&in->plans, plan, next);
	return r;
}

int
import_plan(struct importing *in, const char *owner, const char *const *maps,
    unsigned map_count)
{
	struct import_account *account;
	int r = CLI_OK;

	STAILQ_FOREACH(account, &in->import.accounts, next) {
		struct slice name = owner_name(account, owner, maps,
		    map_count);
		const char *here = name.len > 0 ? account_here(in, name) :
		    in->asks ? ask_owner(in, account) : NULL;

		if (here != NULL)
			r = plan_one(in, account, here);
		else if (name.len > 0)
			r = loss(in, account, SAY_IMPORT_NO_ACCOUNT, name);
		else
			r = loss(in, account, SAY_IMPORT_WHOSE,
			    account->user);
		if (r != CLI_OK)
			break;
	}
	return r;
}
