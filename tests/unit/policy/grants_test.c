/*
 * grants_test.c - OAuth clients, what people have consented to, and proxies
 */
#include "policy/grants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fetch_accounts.h"
#include "policy/providers.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };
static const struct seal_key other_key = { "another key, of 32 bytes as well" };

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static uint64_t		 mailbox;

static void
open_policy(void)
{
	unsigned needs;

	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static struct fetch_account
account_of(uint64_t owner, const char *label)
{
	struct fetch_account f = { .owner = owner, .port = 995,
	    .host = "pop.gmail.com", .tls = FETCH_TLS_IMPLICIT,
	    .user = "ann@gmail.com", .mechanism = FETCH_XOAUTH2,
	    .from = FETCH_FROM_ALL, .delete_after_days = FETCH_KEEP,
	    .enabled = true };

	(void)snprintf(f.label, sizeof(f.label), "%s", label);
	return f;
}

static uint64_t
add(uint64_t owner, const char *label)
{
	struct fetch_account f = account_of(owner, label);
	const char *field;
	uint64_t id;

	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_of(NULL, 0),
	    NOW, &id, &field), 0);
	return id;
}

static void
setup(void)
{
	struct policy_account a = { .language = "en",
	    .address = "ann@office.test" };
	struct password_secret secret;

	strcpy(folder, "/tmp/grants_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	open_policy();
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	mailbox = add(a.id, "google");
}

static void
teardown(void)
{
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

/* Close it and open it again: what stays is on the disk. */
static void
open_again(void)
{
	policy_close(policy);
	open_policy();
}

static void
client_add(const char *name, const char *token_url)
{
	struct oauth_client c = { .client_id = "the-office" };
	const char *field;

	(void)snprintf(c.name, sizeof(c.name), "%s", name);
	(void)snprintf(c.token_url, sizeof(c.token_url), "%s", token_url);
	ck_assert_int_eq(policy_client_set(policy, &key, &c,
	    slice_str("canary-client-secret"), NOW, &field), 0);
}

START_TEST(a_client_of_a_known_provider_needs_no_endpoints)
{
	struct grant g;

	client_add("google", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	open_again();
	ck_assert_int_eq(policy_grant_open(policy, &key, mailbox, &g), 0);
	ck_assert_str_eq(g.name, "google");
	ck_assert_str_eq(g.client_id, "the-office");
	ck_assert_str_eq(g.client_secret, "canary-client-secret");
	ck_assert_str_eq(g.token_url, "https://oauth2.googleapis.com/token");
	ck_assert_str_eq(g.device_url, "");
	ck_assert_str_eq(g.scope, "https://mail.google.com/");
	ck_assert_str_eq(g.refresh, "");
	ck_assert_int_eq(policy_grant_open(policy, &other_key, mailbox, &g),
	    -EBADMSG);
}
END_TEST

START_TEST(endpoints_of_its_own_are_all_its_own)
{
	struct grant g;

	client_add("google", "https://login.office.test/token");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	ck_assert_int_eq(policy_grant_open(policy, &key, mailbox, &g), 0);
	ck_assert_str_eq(g.token_url, "https://login.office.test/token");
	ck_assert_str_eq(g.authorize_url, "");
}
END_TEST

static const struct {
	struct oauth_client client;
	const char	*secret, *field;
} unfit_clients[] = {
	{ { .name = "", .client_id = "x" }, "", "name" },
	{ { .name = "Google", .client_id = "x" }, "", "name" },
	{ { .name = "a b", .client_id = "x" }, "", "name" },
	{ { .name = "google", .client_id = "" }, "", "client_id" },
	{ { .name = "google", .client_id = "a\nb" }, "", "client_id" },
	{ { .name = "other", .client_id = "x" }, "", "token_url" },
	{ { .name = "gmx", .client_id = "x" }, "", "token_url" },
	{ { .name = "google", .client_id = "x",
	    .token_url = "http://a.test/" }, "", "token_url" },
	{ { .name = "google", .client_id = "x",
	    .device_url = "https://a.test/\r\n" }, "", "device_url" },
	{ { .name = "google", .client_id = "x",
	    .authorize_url = "file:///" }, "", "authorize_url" },
	{ { .name = "google", .client_id = "x", .scope = "a\nb" }, "",
	    "scope" },
	{ { .name = "google", .client_id = "x" }, "a\nb", "client_secret" },
};

/* HARDENING A56 */
START_TEST(what_could_end_a_line_is_no_client)
{
	struct oauth_client got;
	const char *field = NULL;

	ck_assert_int_eq(policy_client_set(policy, &key,
	    &unfit_clients[_i].client, slice_str(unfit_clients[_i].secret),
	    NOW, &field), -EINVAL);
	ck_assert_str_eq(field, unfit_clients[_i].field);
	ck_assert_int_eq(policy_client_get(policy,
	    slice_str(unfit_clients[_i].client.name), &got), -ENOENT);
}
END_TEST

START_TEST(a_client_in_use_stays)
{
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), -ENOENT);
	client_add("google", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	ck_assert_int_eq(policy_client_remove(policy, slice_str("google")),
	    -EBUSY);
	ck_assert_int_eq(policy_fetch_remove(policy, mailbox), 0);
	ck_assert_int_eq(policy_client_remove(policy, slice_str("google")),
	    0);
	ck_assert_int_eq(policy_client_remove(policy, slice_str("google")),
	    -ENOENT);
}
END_TEST

static void
save(const char *refresh, bool consented, int64_t until)
{
	ck_assert_int_eq(policy_grant_save(policy, &key, mailbox,
	    slice_str(refresh), consented, NOW + 7, until), 0);
}

static void
expect(const char *refresh, const char *before)
{
	struct grant g;

	open_again();
	ck_assert_int_eq(policy_grant_open(policy, &key, mailbox, &g), 0);
	ck_assert_str_eq(g.refresh, refresh);
	ck_assert_str_eq(g.before, before);
}

/* Who lost power before the new one was used is still known by the old one. */
START_TEST(the_token_before_the_last_is_kept)
{
	struct grant_state state;

	client_add("google", "");
	ck_assert_int_eq(policy_grant_save(policy, &key, mailbox,
	    slice_str("x"), true, NOW, 0), -ENOENT);
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	ck_assert_int_eq(policy_grant_state(policy, mailbox, &state), 0);
	ck_assert(!state.has_consent);
	save("first", true, 0);
	expect("first", "");
	save("second", false, NOW + 100);
	expect("second", "first");
	/* said again: nothing is pushed out, but how long it is good */
	save("second", false, NOW + 200);
	expect("second", "first");
	save("third", false, 0);
	expect("third", "second");
	ck_assert_int_eq(policy_grant_state(policy, mailbox, &state), 0);
	ck_assert(state.has_consent);
	ck_assert_int_eq(state.granted_utc_ms, NOW + 7);
	ck_assert_int_eq(state.until_utc_ms, 0);
	/* a person has consented again: what was before is worth nothing */
	save("fourth", true, NOW + 300);
	expect("fourth", "");
	ck_assert_int_eq(policy_grant_state(policy, mailbox, &state), 0);
	ck_assert_int_eq(state.until_utc_ms, NOW + 300);
	ck_assert_str_eq(state.name, "google");
}
END_TEST

START_TEST(consent_is_one_providers)
{
	client_add("google", "");
	client_add("microsoft", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	save("token", true, 0);
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	expect("token", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("microsoft")), 0);
	expect("", "");
}
END_TEST

START_TEST(only_consent_is_news_for_the_schedule)
{
	struct fetch_account f;
	uint64_t changes;

	client_add("google", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	ck_assert_int_eq(policy_fetch_get(policy, mailbox, &f), 0);
	changes = f.changes;
	save("a", true, 0);
	ck_assert_int_eq(policy_fetch_get(policy, mailbox, &f), 0);
	ck_assert_uint_eq(f.changes, changes + 1);
	save("b", false, 0);
	ck_assert_int_eq(policy_fetch_get(policy, mailbox, &f), 0);
	ck_assert_uint_eq(f.changes, changes + 1);
}
END_TEST

/* HARDENING A55: what is sealed is on the disk sealed only */
START_TEST(no_canary_is_on_the_disk)
{
	static const char *const canaries[] = { "canary-client-secret",
	    "canary-refresh-token", "canary-proxy-password" };
	static const char *const files[] = { POLICY_FILE, POLICY_FILE "-wal" };
	struct fetch_proxy proxy = { .kind = PROXY_SOCKS5, .host = "p.test",
	    .port = 1080, .user = "u", .password = "canary-proxy-password" };
	char *bytes = malloc(4 << 20);

	client_add("google", "");
	ck_assert_int_eq(policy_grant_for(policy, mailbox,
	    slice_str("google")), 0);
	save("canary-refresh-token", true, 0);
	save("canary-refresh-token-2", false, 0);
	ck_assert_int_eq(policy_proxy_set(policy, &key, mailbox, &proxy), 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(folder_fd, files[i], O_RDONLY);
		ssize_t n = fd < 0 ? 0 : read(fd, bytes, 4 << 20);

		for (size_t c = 0; c < 3; c++)
			ck_assert_ptr_null(memmem(bytes, (size_t)n,
			    canaries[c], strlen(canaries[c])));
		close(fd);
	}
	free(bytes);
}
END_TEST

/* RFC 6750 5.3, and what becomes of the password */
START_TEST(a_mailbox_with_a_grant_has_tls_and_no_password)
{
	struct fetch_account f, got;
	char secret[FETCH_SECRET_SIZE];
	const char *field = NULL;

	ck_assert_int_eq(policy_fetch_get(policy, mailbox, &f), 0);
	ck_assert(fetch_is_oauth(&f));
	ck_assert_int_eq(policy_fetch_secret(policy, &key, mailbox, secret),
	    0);
	ck_assert_str_eq(secret, "");
	f.tls = FETCH_TLS_NONE;
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_of(NULL, 0),
	    &field), -EINVAL);
	ck_assert_str_eq(field, "tls");
	f.tls = FETCH_TLS_STARTTLS;
	f.mechanism = FETCH_PLAIN;
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_of(NULL, 0),
	    &field), -EINVAL);
	ck_assert_str_eq(field, "password");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_str("new"),
	    &field), 0);
	ck_assert_int_eq(policy_fetch_get(policy, mailbox, &got), 0);
	ck_assert_int_eq(got.mechanism, FETCH_PLAIN);
}
END_TEST

static const struct {
	const char	*text;
	enum proxy_kind	 kind;		/* NONE: it is none */
	const char	*host, *written;
	uint16_t	 port;
} proxies[] = {
	{ "socks5://p.test:1080", PROXY_SOCKS5, "p.test",
	    "socks5://p.test:1080", 1080 },
	{ "SOCKS5H://127.0.0.1:9050/", PROXY_SOCKS5H, "127.0.0.1",
	    "socks5h://127.0.0.1:9050", 9050 },
	{ "http://[::1]:3128", PROXY_HTTP, "::1", "http://[::1]:3128", 3128 },
	{ "https://p.test:1", PROXY_NONE, NULL, NULL, 0 },
	{ "socks4://p.test:1", PROXY_NONE, NULL, NULL, 0 },
	{ "http://p.test", PROXY_NONE, NULL, NULL, 0 },
	{ "http://p.test:0", PROXY_NONE, NULL, NULL, 0 },
	{ "http://p.test:70000", PROXY_NONE, NULL, NULL, 0 },
	{ "http://ann:secret@p.test:1", PROXY_NONE, NULL, NULL, 0 },
	{ "http://p.test:1/path", PROXY_NONE, NULL, NULL, 0 },
	{ "http://p.test\r\nX:1", PROXY_NONE, NULL, NULL, 0 },
	{ "", PROXY_NONE, NULL, NULL, 0 },
};

START_TEST(a_proxy_is_a_scheme_a_host_and_a_port)
{
	TEXT_AUTO text = TEXT_INIT(512);
	struct fetch_proxy proxy;

	if (proxies[_i].kind == PROXY_NONE) {
		ck_assert(!fetch_proxy_read(slice_str(proxies[_i].text),
		    &proxy));
		return;
	}
	ck_assert(fetch_proxy_read(slice_str(proxies[_i].text), &proxy));
	ck_assert_int_eq(proxy.kind, proxies[_i].kind);
	ck_assert_str_eq(proxy.host, proxies[_i].host);
	ck_assert_uint_eq(proxy.port, proxies[_i].port);
	fetch_proxy_write(&proxy, &text);
	ck_assert(slice_is_str(text_slice(&text), proxies[_i].written));
}
END_TEST

START_TEST(a_proxy_stays_until_it_is_taken_away)
{
	struct fetch_proxy proxy = { .kind = PROXY_HTTP, .host = "p.test",
	    .port = 3128, .user = "bob", .password = "a:b c" }, got;
	static const struct fetch_proxy none;

	ck_assert_int_eq(policy_proxy_get(policy, &key, mailbox, &got), 0);
	ck_assert_int_eq(got.kind, PROXY_NONE);
	ck_assert_int_eq(policy_proxy_set(policy, &key, mailbox, &proxy), 0);
	open_again();
	ck_assert_int_eq(policy_proxy_get(policy, &key, mailbox, &got), 0);
	ck_assert_int_eq(got.kind, PROXY_HTTP);
	ck_assert_str_eq(got.host, "p.test");
	ck_assert_str_eq(got.user, "bob");
	ck_assert_str_eq(got.password, "a:b c");
	ck_assert_int_eq(policy_proxy_get(policy, &other_key, mailbox, &got),
	    -EBADMSG);
	ck_assert_int_eq(policy_proxy_get(policy, NULL, mailbox, &got), 0);
	ck_assert_str_eq(got.user, "");
	(void)snprintf(proxy.user, sizeof(proxy.user), "a:b");
	ck_assert_int_eq(policy_proxy_set(policy, &key, mailbox, &proxy),
	    -EINVAL);
	ck_assert_int_eq(policy_proxy_set(policy, &key, mailbox, &none), 0);
	ck_assert_int_eq(policy_proxy_get(policy, &key, mailbox, &got), 0);
	ck_assert_int_eq(got.kind, PROXY_NONE);
}
END_TEST

START_TEST(what_is_packed_comes_out_as_it_was)
{
	static struct grant g = { .name = "google", .client_id = "id",
	    .client_secret = "secret", .token_url = "https://t.test/",
	    .refresh = "refresh", .before = "before" }, got;
	struct fetch_proxy proxy = { .kind = PROXY_SOCKS5, .host = "p.test",
	    .port = 1, .user = "u", .password = "p" }, got_proxy;
	TEXT_AUTO text = TEXT_INIT(16384);
	struct unpack u;

	grant_pack(&text, &g);
	fetch_proxy_pack(&text, &proxy);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(grant_unpack(&u, &got), 0);
	ck_assert_int_eq(fetch_proxy_unpack(&u, &got_proxy), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_mem_eq(&got, &g, sizeof(g));
	ck_assert_str_eq(got_proxy.password, "p");
	for (size_t n = 0; n < text.len; n++) {
		u = unpack_of(slice_first(text_slice(&text), n));
		ck_assert(grant_unpack(&u, &got) < 0 ||
		    fetch_proxy_unpack(&u, &got_proxy) < 0);
	}
}
END_TEST

#define DAY	INT64_C(86400000)

START_TEST(a_grant_is_urgent_before_it_ends)
{
	ck_assert_uint_eq(grant_urgency(0, NOW), 0);
	ck_assert_uint_eq(grant_urgency(NOW + 14 * DAY + 1, NOW), 0);
	ck_assert_uint_eq(grant_urgency(NOW + 14 * DAY, NOW), 1);
	ck_assert_uint_eq(grant_urgency(NOW + 3 * DAY + 1, NOW), 1);
	ck_assert_uint_eq(grant_urgency(NOW + 3 * DAY, NOW), 2);
	ck_assert_uint_eq(grant_urgency(NOW + DAY, NOW), 3);
	ck_assert_uint_eq(grant_urgency(NOW + 1, NOW), 3);
	ck_assert_uint_eq(grant_urgency(NOW, NOW), 4);
	ck_assert_uint_eq(grant_urgency(1, NOW), 4);
}
END_TEST

START_TEST(the_table_of_providers_is_whole)
{
	const struct mail_provider *one = mail_providers;

	for (; one->name != NULL; one++) {
		ck_assert_ptr_nonnull(one->title);
		ck_assert_ptr_nonnull(one->domains[0]);
		ck_assert(one->imap.host != NULL || one->pop3.host != NULL);
		/* a token without an endpoint, or the other way round */
		ck_assert_int_eq(one->mechanism != FETCH_AUTO,
		    one->token_url != NULL);
		ck_assert_int_eq(one->pop3_oauth, one->pop3_scope != NULL);
		ck_assert_ptr_eq(provider_find(slice_str(one->name)), one);
	}
	ck_assert_str_eq(provider_of_address(slice_str("Ann@GMail.com"))->name,
	    "google");
	ck_assert_ptr_null(provider_of_address(slice_str("gmail.com")));
	ck_assert_ptr_null(provider_of_address(slice_str("a@notgmail.com")));
	ck_assert_str_eq(provider_of_host(slice_str("IMAP.web.de"))->name,
	    "webde");
	ck_assert_ptr_null(provider_of_host(slice_str("")));
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof(array[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("grants");
	TCase *test = tcase_create("grants");

	tcase_add_checked_fixture(test, setup, teardown);
	tcase_set_timeout(test, 20);
	tcase_add_test(test, a_client_of_a_known_provider_needs_no_endpoints);
	tcase_add_test(test, endpoints_of_its_own_are_all_its_own);
	tcase_add_loop_test(test, what_could_end_a_line_is_no_client, 0,
	    COUNT(unfit_clients));
	tcase_add_test(test, a_client_in_use_stays);
	tcase_add_test(test, the_token_before_the_last_is_kept);
	tcase_add_test(test, consent_is_one_providers);
	tcase_add_test(test, only_consent_is_news_for_the_schedule);
	tcase_add_test(test, no_canary_is_on_the_disk);
	tcase_add_test(test, a_mailbox_with_a_grant_has_tls_and_no_password);
	tcase_add_loop_test(test, a_proxy_is_a_scheme_a_host_and_a_port, 0,
	    COUNT(proxies));
	tcase_add_test(test, a_proxy_stays_until_it_is_taken_away);
	tcase_add_test(test, what_is_packed_comes_out_as_it_was);
	tcase_add_test(test, a_grant_is_urgent_before_it_ends);
	tcase_add_test(test, the_table_of_providers_is_whole);
	suite_add_tcase(suite, test);
	return suite;
}
