/*
 * providers.c - what is known of the big mail providers
 *
 * The figures are the providers' own, and change without notice: an account
 * that is set up otherwise stays as it is.
 */
#include "policy/providers.h"

#define MEGABYTE	1000000u

const struct mail_provider mail_providers[] = {
/*
 * support.google.com/mail/answer/7126229 (servers, 15 connections),
 * support.google.com/a/answer/1071518 (bytes a day),
 * support.google.com/mail/answer/14257 (every 10 minutes),
 * support.google.com/mail/answer/7104828 (what DELE does, "recent:"),
 * developers.google.com/gmail/imap/xoauth2-protocol.  The device code is not
 * for mail: .../identity/protocols/oauth2/limited-input-device#allowedscopes.
 */
{
	.name = "google", .title = "Gmail, Google Workspace",
	.domains = { "gmail.com", "googlemail.com" },
	.pop3 = { "pop.gmail.com", 995 }, .imap = { "imap.gmail.com", 993 },
	.app_password = true,
	.mechanism = FETCH_XOAUTH2, .pop3_oauth = true,
	/* without these two there is no refresh token the second time */
	.authorize_url = "https://accounts.google.com/o/oauth2/v2/auth"
	    "?access_type=offline&prompt=consent",
	.token_url = "https://oauth2.googleapis.com/token",
	.pop3_scope = "https://mail.google.com/",
	.imap_scope = "https://mail.google.com/",
	.imap_connections = 15, .pop3_minutes = 10,
	.pop3_daily_bytes = 1250ull * MEGABYTE,
	.imap_daily_bytes = 2500ull * MEGABYTE,
	.dele = DELE_AS_SET_THERE, .recent_prefix = "recent:",
},
/*
 * learn.microsoft.com/exchange/client-developer/legacy-protocols/
 * how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth (scopes, and
 * POP3's exchange in two lines); .../entra/identity-platform/
 * v2-oauth2-device-code.
 */
{
	.name = "microsoft", .title = "Microsoft 365, Outlook.com",
	.domains = { "outlook.com", "hotmail.com", "live.com", "msn.com" },
	.pop3 = { "outlook.office365.com", 995 },
	.imap = { "outlook.office365.com", 993 },
	.mechanism = FETCH_XOAUTH2, .pop3_oauth = true,
	.authorize_url = "https://login.microsoftonline.com/common/oauth2/"
	    "v2.0/authorize",
	.token_url = "https://login.microsoftonline.com/common/oauth2/v2.0/"
	    "token",
	.device_url = "https://login.microsoftonline.com/common/oauth2/v2.0/"
	    "devicecode",
	.pop3_scope = "https://outlook.office.com/POP.AccessAsUser.All "
	    "offline_access",
	.imap_scope = "https://outlook.office.com/IMAP.AccessAsUser.All "
	    "offline_access",
},
/*
 * senders.yahooinc.com/developer/documentation (OAUTHBEARER, approval needed);
 * scope as Thunderbird's OAuth2Providers has it.
 */
{
	.name = "yahoo", .title = "Yahoo Mail",
	.domains = { "yahoo.com", "yahoo.co.id", "yahoo.co.uk", "yahoo.de",
	    "yahoo.fr", "ymail.com", "rocketmail.com" },
	.pop3 = { "pop.mail.yahoo.com", 995 },
	.imap = { "imap.mail.yahoo.com", 993 },
	.app_password = true,
	.mechanism = FETCH_OAUTHBEARER,
	.authorize_url = "https://api.login.yahoo.com/oauth2/request_auth",
	.token_url = "https://api.login.yahoo.com/oauth2/get_token",
	.imap_scope = "mail-w",
},
/* support.apple.com/102525: IMAP only, with an app-specific password */
{
	.name = "icloud", .title = "iCloud Mail",
	.domains = { "icloud.com", "me.com", "mac.com" },
	.imap = { "imap.mail.me.com", 993 },
	.app_password = true,
},
/* hilfe.gmx.net/pop-imap */
{
	.name = "gmx", .title = "GMX",
	.domains = { "gmx.de", "gmx.net", "gmx.at", "gmx.ch" },
	.pop3 = { "pop.gmx.net", 995 }, .imap = { "imap.gmx.net", 993 },
},
/* hilfe.web.de/pop-imap; its POP3 refuses a login within 720 seconds */
{
	.name = "webde", .title = "WEB.DE",
	.domains = { "web.de" },
	.pop3 = { "pop3.web.de", 995 }, .imap = { "imap.web.de", 993 },
	.pop3_minutes = 12,
},
/* fastmail.help/hc/articles/1500000279921 (app passwords), 1500000278342 */
{
	.name = "fastmail", .title = "Fastmail",
	.domains = { "fastmail.com", "fastmail.fm" },
	.pop3 = { "pop.fastmail.com", 995 },
	.imap = { "imap.fastmail.com", 993 },
	.app_password = true,
},
/* zoho.com/mail/help/pop-access.html, imap-access.html */
{
	.name = "zoho", .title = "Zoho Mail",
	.domains = { "zoho.com", "zohomail.com" },
	.pop3 = { "pop.zoho.com", 995 }, .imap = { "imap.zoho.com", 993 },
},
/* help.mail.ru/mail/mailer/popsmtp: a password for the program is needed */
{
	.name = "mailru", .title = "Mail.ru",
	.domains = { "mail.ru", "inbox.ru", "list.ru", "bk.ru" },
	.pop3 = { "pop.mail.ru", 995 }, .imap = { "imap.mail.ru", 993 },
	.app_password = true,
},
/*
 * yandex.ru/support/yandex-360/business/mail/ru/web/security/oauth: XOAUTH2 for
 * IMAP and SMTP, none for POP3; yandex.com/support/passport/authorization/
 * app-passwords.html.
 */
{
	.name = "yandex", .title = "Yandex Mail",
	.domains = { "yandex.ru", "yandex.com", "ya.ru" },
	.pop3 = { "pop.yandex.com", 995 }, .imap = { "imap.yandex.com", 993 },
	.app_password = true,
	.mechanism = FETCH_XOAUTH2,
	.authorize_url = "https://oauth.yandex.com/authorize",
	.token_url = "https://oauth.yandex.com/token",
	.imap_scope = "mail:imap_full",
},
/* telekom.de/hilfe: servers, and a password of its own for mail programs */
{
	.name = "t-online", .title = "T-Online",
	.domains = { "t-online.de", "magenta.de" },
	.pop3 = { "securepop.t-online.de", 995 },
	.imap = { "secureimap.t-online.de", 993 },
	.app_password = true,
},
{ 0 }
};

const struct mail_provider *
provider_find(struct slice name)
{
	const struct mail_provider *one = mail_providers;

	for (; one->name != NULL; one++)
		if (slice_is_word(name, one->name))
			return one;
	return NULL;
}

const struct mail_provider *
provider_of_address(struct slice address)
{
	size_t at = slice_find_last(address, '@');
	const struct mail_provider *one = mail_providers;

	if (at == SIZE_MAX)
		return NULL;
	address = slice_after(address, at + 1);
	for (; one->name != NULL; one++)
		for (size_t i = 0; one->domains[i] != NULL; i++)
			if (slice_is_word(address, one->domains[i]))
				return one;
	return NULL;
}

static bool
is_server(const struct provider_server *server, struct slice host)
{
	return server->host != NULL && slice_is_word(host, server->host);
}

const struct mail_provider *
provider_of_host(struct slice host)
{
	const struct mail_provider *one = mail_providers;

	for (; one->name != NULL; one++)
		if (is_server(&one->pop3, host) || is_server(&one->imap, host))
			return one;
	return NULL;
}

/* The one that holds where both are known. */
static uint64_t
less_of(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

struct provider_limits
provider_limits(struct slice host)
{
	const struct mail_provider *one = provider_of_host(host);
	struct provider_limits limits = { 0 };

	if (one == NULL)
		return limits;
	if (is_server(&one->pop3, host)) {
		limits.every_minutes = one->pop3_minutes;
		limits.daily_bytes = one->pop3_daily_bytes;
	}
	if (is_server(&one->imap, host)) {
		limits.connections = one->imap_connections;
		limits.daily_bytes = less_of(limits.daily_bytes,
		    one->imap_daily_bytes);
	}
	return limits;
}
