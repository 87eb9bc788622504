/*
 * me_form.c - the form of one remote mailbox, to be added or changed
 *
 * Where a provider is known its servers are filled in, among what few people
 * need.  The usual port is not shown, so that it follows the way of TLS; a
 * password is never shown, nor sent back with what was wrong.
 */
#include "gateway/http/me_inside.h"

#include <string.h>

#define USUAL_DAYS	"30"	/* of old mail */
#define USUAL_AFTER	"7"	/* days, before deleting */

#define PLAIN	" autocapitalize=\"none\" spellcheck=\"false\" " \
		"autocomplete=\"off\""
#define DIGITS	" inputmode=\"numeric\" autocomplete=\"off\""

static bool
is_digits(struct slice s)
{
	uint64_t n;

	return slice_u64(s, UINT64_MAX, &n) == 0;
}

static bool
is_imap(const struct me_mailbox *mailbox)
{
	return slice_is_str(mailbox->protocol, "imap");
}

/* The parts of the form */

static void
add_host(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	static const struct me_field host = { "host", "text", PLAIN,
	    SAY_ME_HOST, SAY_ME_HOST_HINT, true };
	bool none = slice_is_str(mailbox->tls, "none");
	bool starttls = slice_is_str(mailbox->tls, "starttls");

	me_field(page, &host, mailbox->host, fault);
	me_group_begin(page, SAY_ME_SECURITY);
	me_radio(page, "tls", "implicit", !none && !starttls, SAY_ME_TLS);
	me_radio(page, "tls", "starttls", starttls, SAY_ME_STARTTLS);
	me_radio(page, "tls", "none", none, SAY_ME_CLEAR);
	me_group_end(page);
}

/* How it is reached and by whom: "Gmail at imap.gmail.com (IMAP)". */
static void
add_where(struct me_page *page, const struct me_mailbox *mailbox)
{
	struct text *html = &page->html;

	html_markup(html, "<p class=\"where\">");
	if (mailbox->title.len > 0) {
		html_add(html, HTML_TEXT, mailbox->title);
		html_markup(html, " <span class=\"quiet\">");
		me_text(page, SAY_ME_AT);
		html_markup(html, "</span> ");
	}
	if (mailbox->title.len > 0 || !mailbox->is_new) {
		html_add(html, HTML_TEXT, mailbox->host);
		html_markup(html, ", ");
	}
	html_add_str(html, HTML_TEXT, is_imap(mailbox) ? "IMAP" : "POP3");
	if (mailbox->is_new) {
		html_markup(html, " &ndash; <a href=\"/me/add\">");
		me_text(page, SAY_ME_CHOOSE_OTHER);
		html_markup(html, "</a>");
	}
	html_markup(html, "</p>\n");
}

/* With the owner's consent, or with a password. */
static void
add_login(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct me_field password = { "password", "password",
	    " autocomplete=\"new-password\"", SAY_ME_PASSWORD,
	    SAY_ME_PASSWORD_HINT, true };

	if (mailbox->by_consent && !mailbox->is_new) {
		/* it has no password */
		me_hidden(page, "login", slice_str("consent"));
		return;
	}
	if (mailbox->may_consent) {
		me_group_begin(page, SAY_ME_HOW_IN);
		me_radio(page, "login", "consent", mailbox->by_consent,
		    SAY_ME_BY_CONSENT);
		me_radio(page, "login", "password", !mailbox->by_consent,
		    SAY_ME_BY_PASSWORD);
		me_group_end(page);
		password.required = false;
	}
	if (mailbox->wants_app_password)
		password.hint = SAY_ME_APP_PASSWORD_HINT;
	if (!mailbox->is_new) {
		password.required = false;
		password.hint = SAY_ME_PASSWORD_KEPT;
	}
	me_field(page, &password, slice_of(NULL, 0), fault);
}

static void
add_folders(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct slice folders = mailbox->folders;
	bool all = slice_is_word(folders, "all");
	bool some = mailbox->some_folders || (folders.len > 0 && !all &&
	    !slice_is_word(folders, "inbox"));

	if (!is_imap(mailbox))
		return;
	me_group_begin(page, SAY_ME_FOLDERS);
	me_radio(page, "which", "inbox", !all && !some,
	    SAY_ME_FOLDERS_INBOX);
	me_radio(page, "which", "all", all && !some, SAY_ME_FOLDERS_ALL);
	me_radio(page, "which", "some", some, SAY_ME_FOLDERS_SOME);
	me_beside(page, "folders", SAY_ME_FOLDER_NAMES, some ? folders :
	    slice_of(NULL, 0), ME_LINE, me_is_fault(fault, "folders"));
	me_group_end(page);
}

static void
add_old_mail(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct slice from = mailbox->from;
	bool all = slice_is_str(from, "all");
	bool new = from.len == 0 || slice_is_str(from, "new") ||
	    slice_is_str(from, "unsaid");

	me_group_begin(page, SAY_ME_OLD);
	me_radio(page, "old", "new", new, SAY_ME_OLD_NEW);
	me_radio(page, "old", "days", !all && !new, SAY_ME_OLD_DAYS);
	me_beside(page, "old_days", SAY_ME_DAYS, !all && !new ? from :
	    slice_str(USUAL_DAYS), ME_NUMBER, me_is_fault(fault, "from"));
	me_radio(page, "old", "all", all, SAY_ME_OLD_ALL);
	me_group_end(page);
}

static void
add_after(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	struct slice after = mailbox->delete_after;
	bool keep = after.len == 0 || slice_is_str(after, "keep");
	bool now = slice_is_str(after, "0");

	me_group_begin(page, SAY_ME_AFTER);
	me_radio(page, "after", "keep", keep, SAY_ME_AFTER_KEEP);
	me_radio(page, "after", "days", !keep && !now, SAY_ME_AFTER_DAYS);
	me_beside(page, "after_days", SAY_ME_DAYS, !keep && !now ? after :
	    slice_str(USUAL_AFTER), ME_NUMBER,
	    me_is_fault(fault, "delete_after"));
	me_radio(page, "after", "0", now, SAY_ME_AFTER_NOW);
	me_group_end(page);
}

/* What few people need; open when something in it is wrong, or unusual. */
static void
add_more(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	static const struct me_field port = { "port", "text", DIGITS,
	    SAY_ME_PORT, SAY_ME_PORT_HINT, false };
	static const struct me_field every = { "every", "text", DIGITS,
	    SAY_ME_EVERY, SAY_ME_EVERY_HINT, false };
	struct me_field pin = { "pin", "text", PLAIN, SAY_ME_PIN,
	    mailbox->has_pin ? SAY_ME_PIN_SET_HINT : SAY_ME_PIN_HINT, false };
	bool is_known = mailbox->title.len > 0;

	html_markup(&page->html, "<details");
	if (me_is_fault(fault, "port") || me_is_fault(fault, "pin") ||
	    me_is_fault(fault, "every") || (is_known &&
	    me_is_fault(fault, "host")) || mailbox->port.len > 0 ||
	    mailbox->pin.len > 0)
		html_markup(&page->html, " open");
	html_markup(&page->html, "><summary>");
	me_text(page, SAY_ME_MORE);
	html_markup(&page->html, "</summary>\n");
	if (is_known)
		add_host(page, mailbox, fault);
	me_field(page, &port, mailbox->port, fault);
	me_field(page, &pin, mailbox->pin, fault);
	me_field(page, &every, mailbox->every, fault);
	me_check(page, "mirror", mailbox->mirror, SAY_ME_MIRROR);
	html_markup(&page->html, "</details>\n");
}

static void
add_buttons(struct me_page *page, const struct me_mailbox *mailbox)
{
	html_markup(&page->html, "<p class=\"acts\">");
	me_button(page, mailbox->is_new ? SAY_ME_ADD_DO : SAY_ME_CHANGE_DO,
	    false);
	html_markup(&page->html, "\n");
	me_link(page, "/me", slice_of(NULL, 0), SAY_ME_BACK, true);
	html_markup(&page->html, "</p></form>\n");
}

void
me_form(struct me_page *page, const struct me_mailbox *mailbox,
    const char *fault)
{
	static const struct me_field user = { "user", "text", PLAIN,
	    SAY_ME_USER, SAY_ME_USER_HINT, true };
	static const struct me_field label = { "label", "text",
	    " autocomplete=\"off\"", SAY_ME_LABEL, SAY_ME_LABEL_HINT, false };

	add_where(page, mailbox);
	me_form_begin(page, mailbox->is_new ? "add" : "change");
	me_hidden(page, "protocol", mailbox->protocol);
	me_hidden(page, "provider", mailbox->provider);
	if (!mailbox->is_new)
		me_hidden(page, "was", mailbox->was);
	if (mailbox->title.len == 0)
		add_host(page, mailbox, fault);
	me_field(page, &user, mailbox->user, fault);
	add_login(page, mailbox, fault);
	add_folders(page, mailbox, fault);
	add_old_mail(page, mailbox, fault);
	add_after(page, mailbox, fault);
	me_field(page, &label, mailbox->label, me_is_fault(fault, "rename") ?
	    "label" : fault);
	me_check(page, "on_read", mailbox->on_read, SAY_ME_ON_READ);
	if (!mailbox->is_new)
		me_check(page, "enabled", mailbox->enabled, SAY_ME_ENABLED);
	add_more(page, mailbox, fault);
	add_buttons(page, mailbox);
}

/* What stands in it */

const char *
me_usual_port(const struct me_mailbox *mailbox)
{
	bool implicit = mailbox->tls.len == 0 ||
	    slice_is_str(mailbox->tls, "implicit");

	if (is_imap(mailbox))
		return implicit ? "993" : "143";
	return implicit ? "995" : "110";
}

static bool
is_yes(const struct answer *row, const char *column)
{
	return slice_is_str(answer_text(row, column), "yes");
}

void
me_mailbox_of_row(const struct answer *row, struct me_mailbox *mailbox,
    struct me_numbers *numbers)
{
	struct slice mechanism = answer_text(row, "mechanism");

	*mailbox = (struct me_mailbox){
		.was = answer_text(row, "label"),
		.label = answer_text(row, "label"),
		.host = answer_text(row, "host"),
		.tls = answer_text(row, "tls"),
		.user = answer_text(row, "user"),
		.from = answer_text(row, "from"),
		.delete_after = answer_text(row, "delete_after"),
		.enabled = is_yes(row, "enabled"),
		.has_pin = is_yes(row, "pin"),
		.protocol = answer_text(row, "protocol"),
		.folders = answer_text(row, "folders"),
		.on_read = is_yes(row, "on_read"),
		.mirror = is_yes(row, "mirror"),
		.by_consent = slice_is_str(mechanism, "xoauth2") ||
		    slice_is_str(mechanism, "oauthbearer"),
	};
	(void)snprintf(numbers->port, sizeof(numbers->port), "%u",
	    (unsigned)answer_number(row, "port"));
	(void)snprintf(numbers->every, sizeof(numbers->every), "%u",
	    (unsigned)answer_number(row, "every"));
	/* one that is usual for its way of TLS is not shown */
	if (strcmp(numbers->port, me_usual_port(mailbox)) != 0)
		mailbox->port = slice_str(numbers->port);
	if (answer_number(row, "every") > 0)
		mailbox->every = slice_str(numbers->every);
}

/* Words where a number of days may not stand, lest it be taken for a word. */
static struct slice
days_of(const struct form *form, const char *choice, const char *count)
{
	struct slice chosen = form_value(form, choice);
	struct slice n = form_value(form, count);

	if (!slice_is_str(chosen, "days"))
		return chosen;
	return is_digits(n) ? n : slice_str("?");
}

void
me_mailbox_of_form(const struct form *form, struct me_mailbox *mailbox)
{
	struct slice which = form_value(form, "which");

	*mailbox = (struct me_mailbox){
		.was = form_value(form, "was"),
		.label = form_value(form, "label"),
		.host = slice_trim(form_value(form, "host")),
		.port = slice_trim(form_value(form, "port")),
		.tls = form_value(form, "tls"),
		.user = form_value(form, "user"),
		.from = days_of(form, "old", "old_days"),
		.delete_after = days_of(form, "after", "after_days"),
		.pin = slice_trim(form_value(form, "pin")),
		.enabled = form_has(form, "enabled"),
		.protocol = form_value(form, "protocol"),
		.every = slice_trim(form_value(form, "every")),
		.on_read = form_has(form, "on_read"),
		.mirror = form_has(form, "mirror"),
		.some_folders = slice_is_str(which, "some"),
		.by_consent = slice_is_str(form_value(form, "login"),
		    "consent"),
		.provider = form_value(form, "provider"),
	};
	mailbox->folders = mailbox->some_folders ?
	    slice_trim(form_value(form, "folders")) : which;
}
