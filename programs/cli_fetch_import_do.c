/*
 * cli_fetch_import_do.c - makes the accounts, and says what was collected
 *
 * An account is made switched off, with nothing said of the mail that waits
 * there; only when the ledger knows all its UIDLs is it switched on.  Whatever
 * ends this half-way, the next import goes on from there, and nothing has been
 * collected twice.
 */
#include "programs/cli_fetch_import.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fetch/digest.h"
#include "policy/fetch_accounts.h"
#include "programs/console_known.h"
#include "queue/service.h"

#define VALUE_SIZE	1026		/* of one argument */

static const char *const tls_words[FETCH_TLS_COUNT] = {
	[FETCH_TLS_NONE] = "none", [FETCH_TLS_STARTTLS] = "starttls",
	[FETCH_TLS_IMPLICIT] = "implicit",
};

static const char *const mechanism_words[] = {
	[FETCH_AUTO] = "auto", [FETCH_PLAIN] = "plain",
	[FETCH_LOGIN] = "login", [FETCH_CRAM_MD5] = "cram-md5",
	[FETCH_APOP] = "apop",
};

/* Arguments of a request, by their names, and the room for them. */
struct asking {
	const struct admin_request *request;
	const char	*values[ADMIN_ARGS];
	char		 room[ADMIN_ARGS][VALUE_SIZE];
};

static void
asking_begin(struct asking *asking, const char *name)
{
	memset(asking, 0, sizeof(*asking));
	asking->request = admin_find(slice_str(name));
}

/* False: the request has no such argument, or the value does not fit. */
static bool
asking_put(struct asking *asking, const char *name, struct slice value)
{
	const struct admin_field *args = asking->request->args;

	for (size_t i = 0; args[i].name != NULL; i++)
		if (strcmp(args[i].name, name) == 0) {
			asking->values[i] = asking->room[i];
			return slice_cstr(value, asking->room[i],
			    VALUE_SIZE) == 0;
		}
	return false;
}

static bool
asking_put_number(struct asking *asking, const char *name, uint64_t n)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	return asking_put(asking, name, slice_str(digits));
}

/* Why it is not done, as a remark of the account. */
static int
not_done(struct importing *in, const struct plan *plan, enum sentence words,
    struct slice about)
{
	struct import *import = &in->import;
	struct import_remark *remark = arena_alloc(import->arena,
	    sizeof(*remark));
	struct slice copy;

	import->losses++;
	if (remark == NULL || arena_copy(import->arena, about, &copy) < 0)
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	*remark = (struct import_remark){ .file = plan->account->file,
	    .line = plan->account->line, .is_loss = true, .words = words,
	    .about = copy };
	STAILQ_INSERT_TAIL(&import->remarks, remark, next);
	return CLI_OK;
}

/*
 * Ask; *done_out says whether it was done, and if not it is remarked.  CLI_OK,
 * or told.
 */
static int
ask(struct importing *in, const struct plan *plan, struct asking *asking,
    bool *done_out)
{
	TEXT_AUTO words = TEXT_INIT(4096);
	json_t *object = NULL;
	int code = CLI_OK;

	*done_out = false;
	switch (import_ask(in, asking->request->name, asking->values, &words,
	    &object, &code)) {
	case IMPORT_SAID_OK:
		*done_out = true;
		break;
	case IMPORT_SAID_NO:
		code = not_done(in, plan, SAY_IMPORT_REFUSED,
		    text_slice(&words));
		break;
	case IMPORT_SAID_NOTHING:
		break;
	}
	json_decref(object);
	return code;
}

/* Making */

/* The password: as it stands there, or as it is typed. */
static int
find_password(struct importing *in, const struct plan *plan,
    struct asking *asking, bool *done_out)
{
	struct slice password = plan->account->password;
	TEXT_AUTO who = TEXT_INIT(4096), visible = TEXT_INIT(1024);
	char typed[CLI_SECRET_SIZE] = "";
	int r;

	*done_out = true;
	if (password.len > 0 && slice_is_utf8(password) &&
	    asking_put(asking, "password", password))
		return CLI_OK;
	/* asking to be sent mail needs none */
	if (password.len == 0 && plan->account->user.len == 0) {
		(void)asking_put(asking, "password", password);
		return CLI_OK;
	}
	if (!in->asks) {
		*done_out = false;
		return not_done(in, plan, SAY_IMPORT_NO_PASSWORD,
		    plan->account->user);
	}
	text_addf(&visible, "%.*s, %.*s", SLICE_FMT(plan->account->user),
	    SLICE_FMT(plan->account->host));
	cli_add_visible(&who, text_slice(&visible));
	text_add_byte(&who, '\0');
	r = cli_password_once(in->cli, NULL, text_failed(&who) ? "" : who.at,
	    typed, sizeof(typed));
	if (r == CLI_OK)
		*done_out = asking_put(asking, "password", slice_str(typed));
	OPENSSL_cleanse(typed, sizeof(typed));
	return r;
}

/* All but the password; NULL, or what there is no way to say. */
static const char *
put_account(struct asking *asking, const struct plan *plan)
{
	const struct import_account *a = plan->account;
	char days[16] = "keep";

	if (a->delete_after_days != FETCH_KEEP)
		(void)snprintf(days, sizeof(days), "%d",
		    a->delete_after_days);
	if (a->protocol != IMPORT_POP3 && !asking_put(asking, "protocol",
	    slice_str(import_protocol_words[a->protocol])))
		return import_protocol_words[a->protocol];
	if (a->folders.len > 0 && a->protocol == IMPORT_IMAP &&
	    !asking_put(asking, "folders", a->folders))
		return "folders";
	if ((a->protocol == IMPORT_ETRN || a->protocol == IMPORT_ATRN) &&
	    a->domain.len > 0 && !asking_put(asking, "queue", a->domain))
		return "queue";
	if (a->pin.len > 0 && !asking_put(asking, "pin", a->pin))
		return "pin";
	if (!asking_put(asking, "address", slice_str(plan->owner)) ||
	    !asking_put(asking, "label", slice_str(plan->label)) ||
	    !asking_put(asking, "host", a->host) ||
	    !asking_put(asking, "user", a->user) ||
	    !asking_put(asking, "tls", slice_str(tls_words[a->tls])) ||
	    !asking_put_number(asking, "port", import_port_of(a)) ||
	    !asking_put(asking, "mechanism",
	    slice_str(mechanism_words[a->mechanism])) ||
	    !asking_put(asking, "delete_after", slice_str(days)) ||
	    !asking_put_number(asking, "largest", a->largest_bytes) ||
	    !asking_put(asking, "from", slice_str("unsaid")) ||
	    !asking_put(asking, "enabled", slice_str("no")))
		return plan->label;
	return NULL;
}

static int
make(struct importing *in, const struct plan *plan, bool *done_out)
{
	struct asking asking;
	const char *fault;
	int r = CLI_OK;

	asking_begin(&asking, "fetch add");
	*done_out = false;
	fault = put_account(&asking, plan);
	if (fault != NULL)
		return not_done(in, plan, SAY_IMPORT_OPTION,
		    slice_str(fault));
	r = find_password(in, plan, &asking, done_out);
	if (r == CLI_OK && *done_out)
		r = ask(in, plan, &asking, done_out);
	OPENSSL_cleanse(&asking, sizeof(asking));
	return r;
}

/* A mailbox of many gets its rules: the least that was said of it there. */
static int
make_rules(struct importing *in, const struct plan *plan, bool *done_out)
{
	const struct import_account *a = plan->account;
	TEXT_AUTO rules = TEXT_INIT(VALUE_SIZE - 1);
	struct asking asking;

	if (a->domain.len > 0)
		text_addf(&rules, "domain %.*s\n", SLICE_FMT(a->domain));
	if (a->envelope.len > 0) {
		text_addf(&rules, "envelope-header %.*s",
		    SLICE_FMT(slice_first(a->envelope,
		    slice_find(a->envelope, ','))));
		if (a->prefix.len > 0)
			text_addf(&rules, ":%.*s", SLICE_FMT(a->prefix));
		text_add_byte(&rules, '\n');
	}
	asking_begin(&asking, "fetch rules");
	if (text_failed(&rules) ||
	    !asking_put(&asking, "address", slice_str(plan->owner)) ||
	    !asking_put(&asking, "label", slice_str(plan->label)) ||
	    !asking_put(&asking, "rules", text_slice(&rules))) {
		*done_out = false;
		return not_done(in, plan, SAY_IMPORT_OPTION, a->envelope);
	}
	return ask(in, plan, &asking, done_out);
}

/* What was collected */

/* As a listing says it (fetch/listing.c): one that is long as its digest. */
static bool
add_id(struct text *page, struct slice id)
{
	unsigned char digest[DIGEST_BYTES];
	TEXT_AUTO hex = TEXT_INIT(128);
	struct digest sha256;
	bool ok;

	if (id.len <= UIDL_MOST_BYTES) {
		known_write(page, id);
		return true;
	}
	if (digest_open(&sha256) < 0)
		return false;
	ok = digest_of(&sha256, id, digest) == 0;
	digest_close(&sha256);
	text_add_str(&hex, "sha256:");
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		text_addf(&hex, "%02x", digest[i]);
	known_write(page, text_slice(&hex));
	return ok;
}

/* Tell one page.  CLI_OK, or told. */
static int
tell_page(struct importing *in, const struct plan *plan,
    const struct import_list *list, struct text *page, bool *done_out)
{
	const char *values[ADMIN_ARGS] = { NULL };
	TEXT_AUTO folder = TEXT_INIT(4096), words = TEXT_INIT(4096);
	json_t *object = NULL;
	enum import_said said;
	int code = CLI_OK;

	text_add(&folder, list->folder);
	if (list->folder.len == 0 && plan->account->protocol == IMPORT_IMAP)
		text_add_str(&folder, "INBOX");
	text_add_byte(&folder, '\0');
	text_add_byte(page, '\0');
	if (text_failed(page) || text_failed(&folder))
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	values[KNOWN_ADDRESS] = plan->owner;
	values[KNOWN_LABEL] = plan->label;
	if (folder.len > 1)
		values[KNOWN_FOLDER] = folder.at;
	values[KNOWN_UIDLS] = page->at;
	said = import_ask(in, "fetch known", values, &words, &object, &code);
	json_decref(object);
	*done_out = said == IMPORT_SAID_OK;
	if (said == IMPORT_SAID_NO)
		code = not_done(in, plan, SAY_IMPORT_REFUSED,
		    text_slice(&words));
	text_clear(page);
	return code;
}

static int
tell_list(struct importing *in, const struct plan *plan,
    const struct import_list *list, bool *done_out)
{
	TEXT_AUTO page = TEXT_INIT(2 * KNOWN_BYTES);
	const struct import_id *id;
	unsigned count = 0;
	int r = CLI_OK;

	*done_out = true;
	STAILQ_FOREACH(id, &list->ids, next) {
		if (!add_id(&page, id->text))
			return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
		if (++count < LISTING_PAGE && page.len < KNOWN_BYTES &&
		    STAILQ_NEXT(id, next) != NULL)
			continue;
		count = 0;
		r = tell_page(in, plan, list, &page, done_out);
		if (r != CLI_OK || !*done_out)
			return r;
	}
	return r;
}

static int
tell_lists(struct importing *in, const struct plan *plan, bool *done_out)
{
	const struct import_list *list;
	int r = CLI_OK;

	*done_out = true;
	STAILQ_FOREACH(list, &in->import.lists, next) {
		if (list->account != plan->account)
			continue;
		r = tell_list(in, plan, list, done_out);
		if (r != CLI_OK || !*done_out)
			break;
	}
	return r;
}

/* All of it */

/* Its UIDLs are known: from now on it is collected. */
static int
switch_on(struct importing *in, const struct plan *plan, bool *done_out)
{
	struct asking asking;

	asking_begin(&asking, "fetch set");
	*done_out = false;
	if (!asking_put(&asking, "address", slice_str(plan->owner)) ||
	    !asking_put(&asking, "label", slice_str(plan->label)) ||
	    !asking_put(&asking, "from",
	    slice_str(import_from(plan->account))) ||
	    !asking_put(&asking, "enabled",
	    slice_str(plan->account->enabled ? "yes" : "no")))
		return cli_fail(in->cli, CLI_FAILED, NO_MEMORY);
	return ask(in, plan, &asking, done_out);
}

static int
do_one(struct importing *in, struct plan *plan)
{
	bool goes_on = true;
	int r = CLI_OK;

	if (plan->does == PLAN_ADD)
		r = make(in, plan, &goes_on);
	if (r == CLI_OK && goes_on && plan->account->is_domain &&
	    plan->does != PLAN_THERE)
		r = make_rules(in, plan, &goes_on);
	if (r == CLI_OK && goes_on)
		r = tell_lists(in, plan, &goes_on);
	if (r == CLI_OK && goes_on && plan->does != PLAN_THERE)
		r = switch_on(in, plan, &goes_on);
	plan->done = r == CLI_OK && goes_on;
	return r;
}

int
import_do(struct importing *in)
{
	struct plan *plan;
	int r = CLI_OK;

	STAILQ_FOREACH(plan, &in->plans, next) {
		r = do_one(in, plan);
		if (r != CLI_OK)
			break;
	}
	return r;
}
