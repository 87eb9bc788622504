/*
 * admin_test.c - a console request does what its row says, from JSON to JSON
 */
#include <errno.h>

#include "policy/fetch_accounts.h"
#include "tests/unit/policy/admin_scene.h"

START_TEST(an_account_is_added_changed_listed_and_removed)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	static const char row[] = "[{\"account\": 1, \"address\": "
	    "\"ann@office.test\", \"name\": \"Ann\", \"language\": \"id\", "
	    "\"fetch\": \"default\", \"recall\": 0, \"forwards\": \"no\", "
	    "\"created\": 1795300000000}]}";
	struct password_secret secret;
	struct policy_account a;

	answer_to(ADD("Ann@Office.Test", "correct horse"), &answer);
	ck_assert_int_eq(strncmp(answer.at, "{\"ok\": true", 11), 0);
	answer_to("{\"request\": \"account set\", \"args\": {\"address\": "
	    "\"ann\", \"name\": \"Ann\", \"language\": \"id\", "
	    "\"password\": \"another horse\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	ck_assert_int_eq(policy_login(policy, slice_str("ann"), &a, &secret), 0);
	ck_assert(password_is(slice_str("another horse"), secret.hash));
	answer_to("{\"request\": \"account list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	answer_to("{\"request\": \"account remove\", \"args\": "
	    "{\"address\": \"ann\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	answer_to("{\"request\": \"account list\"}", &answer);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
}
END_TEST

START_TEST(how_long_a_person_may_take_back_mail_stays)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to("{\"request\": \"account set\", \"args\": "
	    "{\"address\": \"ann\", \"recall\": 1440}}", &answer);
	answer_to("{\"request\": \"account set\", \"args\": "
	    "{\"address\": \"ann\", \"name\": \"Ann\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"recall\": 1440"));
	answer_to("{\"request\": \"account set\", \"args\": "
	    "{\"address\": \"ann\", \"recall\": 0}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"recall\": 0"));
}
END_TEST

START_TEST(whether_a_person_may_collect_is_said_for_each_and_stays)
{
	static const struct {
		const char	*word;
		bool		 may, may_not;	/* by people_fetch */
	} words[] = {
		{ "no", false, false }, { "yes", true, true },
		{ "default", true, false },
	};
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	TEXT_AUTO line = TEXT_INIT(1024);
	struct policy_account a;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		text_clear(&line);
		text_addf(&line, "{\"request\": \"account set\", \"args\": "
		    "{\"address\": \"ann\", \"fetch\": \"%s\"}}",
		    words[i].word);
		text_add_byte(&line, '\0');
		answer_to(line.at, &answer);
		answer_to("{\"request\": \"account set\", \"args\": "
		    "{\"address\": \"ann\", \"name\": \"Ann\"}}", &answer);
		text_clear(&line);
		text_addf(&line, "\"fetch\": \"%s\"", words[i].word);
		text_add_byte(&line, '\0');
		ck_assert_ptr_nonnull(strstr(answer.at, line.at));
		ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
		    &a), 0);
		ck_assert_int_eq(policy_may_fetch(&a, true), words[i].may);
		ck_assert_int_eq(policy_may_fetch(&a, false),
		    words[i].may_not);
	}
}
END_TEST

static const struct {
	const char	*line;
	const char	*error;		/* and the field */
} refusals[] = {
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"fetch\": \"perhaps\"}}", "\"unfit\", \"field\": \"fetch\"" },
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"recall\": 1441}}", "\"unfit\", \"field\": \"recall\"" },
	{ ADD("ann@example.com", "correct horse"),
	  "\"no-such\", \"field\": \"address\"" },
	{ ADD("bob@office.test", "correct horse"),
	  "\"exists\", \"field\": \"address\"" },
	{ ADD("ann", "correct horse"), "\"unfit\", \"field\": \"address\"" },
	{ ADD("ann@office.test", ""),
	  "\"unfit\", \"field\": \"password\"" },
	{ ADD("ann@office.test", "line\\nbreaks"),
	  "\"unfit\", \"field\": \"password\"" },
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"language\": \"xx\"}}", "\"unfit\", \"field\": \"language\"" },
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"name\": \"a\\tb\"}}", "\"unfit\", \"field\": \"name\"" },
	{ "{\"request\": \"account remove\", \"args\": {\"address\": "
	  "\"zoe\"}}", "\"no-such\", \"field\": \"address\"" },
};

START_TEST(a_refusal_names_its_reason_and_field)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("bob@office.test", "correct horse"), &answer);
	answer_to(refusals[_i].line, &answer);
	ck_assert_msg(strstr(answer.at, refusals[_i].error) != NULL, "%s",
	    answer.at);
	ck_assert_int_eq(strncmp(answer.at, "{\"ok\": false", 12), 0);
}
END_TEST

/* Fetch accounts */

#define PIN	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"

/* What is usual for a protocol, unless something else is said. */
static const struct {
	const char	*given;
	const char	*listed;
} usuals[] = {
	{ WITH("protocol", "pop3"), "\"port\": 995, \"tls\": \"implicit\"" },
	{ WITH("protocol", "imap"), "\"port\": 993, \"tls\": \"implicit\"" },
	{ WITH("protocol", "imap") WITH("tls", "starttls"),
	  "\"port\": 143, \"tls\": \"starttls\"" },
	{ WITH("protocol", "etrn") WITH("queue", "office.test"),
	  "\"port\": 25, \"tls\": \"starttls\"" },
	{ WITH("protocol", "etrn") WITH("queue", "office.test")
	  WITH("tls", "implicit"), "\"port\": 465, \"tls\": \"implicit\"" },
	{ WITH("protocol", "etrn") WITH("queue", "office.test")
	  WITH("port", "995"), "\"port\": 995, \"tls\": \"starttls\"" },
	{ WITH("protocol", "atrn"), "\"port\": 366, \"tls\": \"starttls\"" },
	{ WITH("protocol", "atrn") WITH("tls", "none"),
	  "\"port\": 366, \"tls\": \"none\"" },
};

START_TEST(port_and_tls_follow_the_protocol)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	TEXT_AUTO line = TEXT_INIT(4096);

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	text_addf(&line, "%s%s}}", "{\"request\": \"fetch add\", \"args\": "
	    "{\"address\": \"ann\"" GOOD, usuals[_i].given);
	text_add_byte(&line, '\0');
	answer_to(line.at, &answer);
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_msg(strstr(answer.at, usuals[_i].listed) != NULL, "%s",
	    answer.at);
}
END_TEST

START_TEST(a_fetch_account_is_added_changed_listed_and_removed)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	char secret[FETCH_SECRET_SIZE];

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	ck_assert(!fetches_changed);
	answer_to(FETCH("add", GOOD), &answer);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": [{\"id\": 1, "
	    "\"address\": \"ann@office.test\", "
	    "\"label\": \"pop.example.com\"}]}");
	ck_assert(fetches_changed);
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"port\": 995, "
	    "\"tls\": \"implicit\", \"user\": \"ann\", "
	    "\"mechanism\": \"auto\", \"from\": \"unsaid\", "
	    "\"delete_after\": \"keep\", \"largest\": 0, "
	    "\"enabled\": \"yes\", \"pin\": \"no\", "
	    "\"protocol\": \"pop3\", \"folders\": \"\", "
	    "\"queue\": \"\", \"mirror\": \"no\", "
	    "\"every\": 0, \"on_read\": \"no\"}"));
	ck_assert(!fetches_changed);
	answer_to(FETCH("set", WITH("tls", "starttls") WITH("from", "30")
	    WITH("delete_after", "7") ", \"largest\": 1048576"
	    WITH("enabled", "no") WITH("mechanism", "apop")
	    WITH("mirror", "yes")
	    WITH("rename", "second") WITH("pin", PIN "1F")), &answer);
	ck_assert(fetches_changed);
	answer_to(FETCH("list", WITH("label", "second")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"second\", "
	    "\"host\": \"pop.example.com\", \"port\": 110, "
	    "\"tls\": \"starttls\", \"user\": \"ann\", "
	    "\"mechanism\": \"apop\", \"from\": \"30\", "
	    "\"delete_after\": \"7\", \"largest\": 1048576, "
	    "\"enabled\": \"no\", \"pin\": \"yes\", "
	    "\"protocol\": \"pop3\", \"folders\": \"\", "
	    "\"queue\": \"\", \"mirror\": \"yes\", "
	    "\"every\": 0, \"on_read\": \"no\"}"));
	ck_assert_int_eq(policy_fetch_secret(policy, &key, 1, secret), 0);
	ck_assert_str_eq(secret, "a remote one");
	answer_to(FETCH("set", WITH("password", "x") WITH("pin", "none")
	    WITH("port", "1100") WITH("delete_after", "keep")), &answer);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, 1, secret), 0);
	ck_assert_str_eq(secret, "x");
	answer_to(FETCH("set", WITH("tls", "implicit")), &answer);
	answer_to(FETCH("list", ""), &answer);
	/* a port that is not the usual one stays */
	ck_assert_ptr_nonnull(strstr(answer.at, "\"port\": 1100"));
	ck_assert_ptr_nonnull(strstr(answer.at, "\"pin\": \"no\""));
	answer_to(FETCH("remove", ""), &answer);
	ck_assert(fetches_changed);
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
}
END_TEST

static const struct {
	const char	*line;
	const char	*error;		/* and the field */
} fetch_refusals[] = {
	{ "{\"request\": \"fetch add\", \"args\": {\"address\": \"zoe\""
	  GOOD "}}", "\"no-such\", \"field\": \"address\"" },
	{ FETCH("add", GOOD WITH("label", "one")),
	  "\"exists\", \"field\": \"label\"" },
	{ FETCH("add", GOOD WITH("label", "")),
	  "\"unfit\", \"field\": \"label\"" },
	{ FETCH("add", GOOD WITH("port", "0")),
	  "\"unfit\", \"field\": \"port\"" },
	{ FETCH("add", GOOD WITH("port", "65536")),
	  "\"unfit\", \"field\": \"port\"" },
	{ FETCH("add", GOOD WITH("tls", "ssl")),
	  "\"unfit\", \"field\": \"tls\"" },
	{ FETCH("add", GOOD WITH("mechanism", "digest-md5")),
	  "\"unfit\", \"field\": \"mechanism\"" },
	{ FETCH("add", GOOD WITH("pin", PIN)),
	  "\"unfit\", \"field\": \"pin\"" },
	{ FETCH("add", GOOD WITH("pin", PIN "1g")),
	  "\"unfit\", \"field\": \"pin\"" },
	{ FETCH("add", GOOD WITH("pin", PIN "1f00")),
	  "\"unfit\", \"field\": \"pin\"" },
	{ FETCH("add", GOOD WITH("from", "0")),
	  "\"unfit\", \"field\": \"from\"" },
	{ FETCH("add", GOOD WITH("from", "3651")),
	  "\"unfit\", \"field\": \"from\"" },
	{ FETCH("add", GOOD WITH("from", "-1")),
	  "\"unfit\", \"field\": \"from\"" },
	{ FETCH("add", GOOD WITH("delete_after", "3651")),
	  "\"unfit\", \"field\": \"delete_after\"" },
	{ FETCH("add", GOOD WITH("largest", "3000000000")),
	  "\"unfit\", \"field\": \"largest\"" },
	{ FETCH("add", GOOD WITH("mirror", "perhaps")),
	  "\"unfit\", \"field\": \"mirror\"" },
	{ FETCH("add", GOOD WITH("enabled", "perhaps")),
	  "\"unfit\", \"field\": \"enabled\"" },
	{ FETCH("add", WITH("host", "a b") WITH("user", "u")
	  WITH("password", "p")), "\"unfit\", \"field\": \"host\"" },
	{ FETCH("add", WITH("host", "a") WITH("user", "u\\r\\nDELE 1")
	  WITH("password", "p")), "\"unfit\", \"field\": \"user\"" },
	{ FETCH("add", WITH("host", "a") WITH("user", "u")
	  WITH("password", "p\\nq")),
	  "\"unfit\", \"field\": \"password\"" },
	{ FETCH("set", WITH("enabled", "no")),
	  "\"not-unique\", \"field\": \"label\"" },
	{ FETCH("set", WITH("label", "three") WITH("enabled", "no")),
	  "\"no-such\", \"field\": \"label\"" },
	{ FETCH("set", WITH("label", "one") WITH("rename", "two")),
	  "\"exists\", \"field\": \"rename\"" },
	{ FETCH("set", WITH("label", "one") WITH("rename", "a\\tb")),
	  "\"unfit\", \"field\": \"rename\"" },
	{ FETCH("set", WITH("label", "one") WITH("password", "")),
	  "\"unfit\", \"field\": \"password\"" },
	{ FETCH("remove", ""), "\"not-unique\", \"field\": \"label\"" },
	{ FETCH("remove", WITH("label", "three")),
	  "\"no-such\", \"field\": \"label\"" },
	{ FETCH("list", WITH("above", "x")),
	  "\"unfit\", \"field\": \"above\"" },
};

START_TEST(a_fetch_refusal_names_its_reason_and_field)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to(FETCH("add", GOOD WITH("label", "one")), &answer);
	answer_to(FETCH("add", GOOD WITH("label", "two")), &answer);
	ck_assert(fetches_changed);
	answer_to(fetch_refusals[_i].line, &answer);
	ck_assert_msg(strstr(answer.at, fetch_refusals[_i].error) != NULL,
	    "%s", answer.at);
	ck_assert(!fetches_changed);
}
END_TEST

/* What a person asks is about their own account, whatever is written there. */
static const struct {
	const char	*line;
	const char	*want;		/* stands in the answer */
} by_ann[] = {
	{ "{\"request\": \"fetch list\"}", "\"label\": \"anns\"" },
	{ "{\"request\": \"fetch list\", \"args\": {\"address\": \"ANN\"}}",
	  "\"label\": \"anns\"" },
	{ "{\"request\": \"fetch list\", \"args\": {\"label\": \"bobs\"}}",
	  "\"result\": []" },
	{ "{\"request\": \"fetch list\", \"args\": {\"address\": \"bob\"}}",
	  "\"refused\", \"field\": null" },
	/* nobody learns here whose an address is */
	{ "{\"request\": \"fetch list\", \"args\": {\"address\": \"zoe\"}}",
	  "\"refused\", \"field\": null" },
	{ "{\"request\": \"fetch set\", \"args\": {\"address\": "
	  "\"bob@office.test\", \"label\": \"bobs\", \"user\": \"x\"}}",
	  "\"refused\", \"field\": null" },
	{ "{\"request\": \"fetch set\", \"args\": {\"label\": \"bobs\", "
	  "\"user\": \"x\"}}", "\"no-such\"" },
	{ "{\"request\": \"fetch set\", \"args\": {\"largest\": \"9\"}}",
	  "\"label\": \"anns\"" },
	/* the password that is kept does not go elsewhere */
	{ "{\"request\": \"fetch set\", \"args\": {\"user\": \"x\"}}",
	  "\"unfit\", \"field\": \"password\"" },
	{ "{\"request\": \"fetch set\", \"args\": {\"host\": \"x.test\"}}",
	  "\"unfit\", \"field\": \"password\"" },
	{ "{\"request\": \"fetch set\", \"args\": {\"tls\": \"none\"}}",
	  "\"unfit\", \"field\": \"password\"" },
	{ "{\"request\": \"fetch set\", \"args\": {\"host\": \"x.test\", "
	  "\"password\": \"q\"}}", "\"label\": \"anns\"" },
	{ "{\"request\": \"fetch remove\", \"args\": {\"address\": \"bob\"}}",
	  "\"refused\", \"field\": null" },
	{ "{\"request\": \"fetch remove\", \"args\": {\"label\": \"bobs\"}}",
	  "\"no-such\"" },
	{ "{\"request\": \"fetch add\", \"args\": {\"address\": \"bob\", "
	  "\"host\": \"h.test\", \"user\": \"u\", \"password\": \"p\"}}",
	  "\"refused\", \"field\": null" },
	{ "{\"request\": \"fetch add\", \"args\": {\"host\": \"h.test\", "
	  "\"user\": \"u\", \"password\": \"p\"}}",
	  "\"address\": \"ann@office.test\", \"label\": \"h.test\"" },
};

START_TEST(a_person_asks_for_their_own_account_only)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct policy_account account;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to(ADD("bob@office.test", "correct horse"), &answer);
	answer_to("{\"request\": \"fetch add\", \"args\": {\"address\": "
	    "\"ann\", \"label\": \"anns\", \"host\": \"a.test\", "
	    "\"user\": \"u\", \"password\": \"p\"}}", &answer);
	answer_to("{\"request\": \"fetch add\", \"args\": {\"address\": "
	    "\"bob\", \"label\": \"bobs\", \"host\": \"b.test\", "
	    "\"user\": \"u\", \"password\": \"p\"}}", &answer);
	ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
	    &account), 0);
	asker = account.id;
	answer_to(by_ann[_i].line, &answer);
	ck_assert_msg(strstr(answer.at, by_ann[_i].want) != NULL, "%s",
	    answer.at);
	/* whatever it was, what is bob's stands as it stood */
	asker = 0;
	answer_to("{\"request\": \"fetch list\", \"args\": {\"address\": "
	    "\"bob\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"bobs\""));
	ck_assert_ptr_nonnull(strstr(answer.at, "\"user\": \"u\""));
	ck_assert_ptr_null(strstr(answer.at, "h.test"));
}
END_TEST

/* A domain's mailbox, and a provider that is asked by ETRN. */
START_TEST(what_is_the_offices_is_not_seen_among_a_persons_own)
{
	static const char *const hidden[] = {
		"{\"request\": \"fetch set\", \"args\": {\"label\": "
		    "\"all\", \"largest\": \"9\"}}",
		"{\"request\": \"fetch remove\", \"args\": {\"label\": "
		    "\"all\"}}",
		"{\"request\": \"fetch remove\", \"args\": {\"label\": "
		    "\"line\"}}",
		"{\"request\": \"fetch before\", \"args\": {\"label\": "
		    "\"line\"}}",
		"{\"request\": \"fetch way\", \"args\": {\"label\": "
		    "\"all\"}}",
	};
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct policy_account account;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to(FETCH("add", GOOD WITH("label", "all")), &answer);
	answer_to(FETCH("rules", WITH("label", "all") WITH("rules",
	    "domain office.test\\n")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
	answer_to(FETCH("add", GOOD WITH("label", "line")
	    WITH("protocol", "etrn") WITH("queue", "office.test")), &answer);
	answer_to(FETCH("add", GOOD WITH("label", "own")), &answer);
	ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
	    &account), 0);
	asker = account.id;
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"own\""));
	ck_assert_ptr_null(strstr(answer.at, "\"label\": \"all\""));
	ck_assert_ptr_null(strstr(answer.at, "\"label\": \"line\""));
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		answer_to(hidden[i], &answer);
		ck_assert_msg(strstr(answer.at, "\"no-such\"") != NULL, "%s",
		    answer.at);
	}
	answer_to(FETCH("add", GOOD WITH("label", "more")
	    WITH("protocol", "atrn")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"refused\", \"field\": \"protocol\""));
	/* without a label it is the only one that is theirs */
	answer_to("{\"request\": \"fetch set\", \"args\": {\"protocol\": "
	    "\"etrn\", \"queue\": \"x.test\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"refused\", \"field\": \"protocol\""));
	answer_to("{\"request\": \"fetch remove\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"own\""));
	asker = 0;
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"all\""));
	ck_assert_ptr_nonnull(strstr(answer.at, "\"label\": \"line\""));
}
END_TEST

START_TEST(a_kept_password_is_not_led_through_a_persons_proxy_in_clear)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct policy_account account;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to(FETCH("add", GOOD WITH("tls", "none")), &answer);
	ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
	    &account), 0);
	asker = account.id;
	answer_to(FETCH("way", WITH("proxy", "socks5://p.test:1080")),
	    &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"unfit\", \"field\": \"proxy\""));
	answer_to(FETCH("set", WITH("tls", "implicit")), &answer);
	answer_to(FETCH("way", WITH("proxy", "socks5://p.test:1080")),
	    &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"proxy\": \"socks5://p.test:1080\""));
	/* back to clear it does not go without the password either */
	answer_to(FETCH("set", WITH("tls", "none")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"unfit\", \"field\": \"password\""));
}
END_TEST

START_TEST(an_account_that_is_gone_may_ask_nothing)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	asker = 77;
	answer_to("{\"request\": \"fetch list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"refused\""));
}
END_TEST

/* Only what is written here, and only where the postmaster allows it. */
START_TEST(people_may_ask_about_what_they_collect_and_nothing_else)
{
	static const char *const theirs[] = {
		"fetch add", "fetch list", "fetch set", "fetch remove",
		"fetch now", "fetch body", "fetch test", "fetch progress", "fetch health",
		"fetch way", "fetch consent", "fetch everything",
		"fetch before", "fetch providers",
		"smarthost set", "smarthost list", "smarthost remove"
	};
	const struct admin_request *request;

	for (unsigned n = 0; (request = admin_at(n)) != NULL; n++) {
		bool is_theirs = false;

		for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
			is_theirs = is_theirs ||
			    strcmp(request->name, theirs[i]) == 0;
		/* what is held for them is another matter */
		if (strncmp(request->name, "held ", 5) == 0)
			continue;
		/* and a list of their own everybody has, and mail of theirs */
		if (strncmp(request->name, "sender ", 7) == 0 ||
		    strncmp(request->name, "recall ", 7) == 0 ||
		    strncmp(request->name, "forward ", 8) == 0) {
			ck_assert(admin_may(request, 7, false));
			ck_assert(admin_may(request, 0, false));
			continue;
		}
		ck_assert_int_eq(admin_may(request, 7, true), is_theirs);
		ck_assert(!admin_may(request, 7, false));
		ck_assert(admin_may(request, 0, false));
	}
}
END_TEST

START_TEST(without_the_sealing_key_nothing_is_added)
{
	TEXT_AUTO packed = TEXT_INIT(4096), rows = TEXT_INIT(4096);
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	ck_assert_int_eq(admin_read(slice_str(FETCH("add", GOOD)), &request,
	    &packed, &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	admin_end(&work, admin_hash(&work), policy, &rows);
	ck_assert_uint_eq((unsigned char)rows.at[0], ADMIN_FAILED);
}
END_TEST

START_TEST(who_goes_changes_the_fetch_accounts)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to("{\"request\": \"account remove\", \"args\": "
	    "{\"address\": \"ann\"}}", &answer);
	ck_assert(fetches_changed);
}
END_TEST

/* The number in the last row's "id". */
static void
last_id(const struct text *answer, char id_out[24])
{
	const char *at = NULL, *next = answer->at;

	while ((next = strstr(next, "{\"id\": ")) != NULL)
		at = next++;
	ck_assert_ptr_nonnull(at);
	(void)snprintf(id_out, 24, "%s", at + 7);
	id_out[strcspn(id_out, ",")] = '\0';
}

START_TEST(a_long_list_comes_in_pages)
{
	TEXT_AUTO answer = TEXT_INIT(1024 * 1024);
	char line[512], id[24] = "0";
	unsigned rows = 0, pages = 0;

	for (unsigned i = 0; i < ADMIN_PAGE + 5; i++) {
		if (i % FETCH_MOST_OF_OWNER == 0) {
			(void)snprintf(line, sizeof(line), ADD("p%u@office.test",
			    "correct horse"), i);
			answer_to(line, &answer);
		}
		(void)snprintf(line, sizeof(line), "{\"request\": "
		    "\"fetch add\", \"args\": {\"address\": \"p%u\"" GOOD
		    WITH("label", "%u") "}}", i - i % FETCH_MOST_OF_OWNER, i);
		answer_to(line, &answer);
		ck_assert(fetches_changed);
	}
	for (;;) {
		unsigned here = 0;

		(void)snprintf(line, sizeof(line), "{\"request\": "
		    "\"fetch list\", \"args\": {\"above\": %s}}", id);
		answer_to(line, &answer);
		for (const char *at = answer.at;
		    (at = strstr(at, "{\"id\": ")) != NULL; at++)
			here++;
		rows += here;
		pages++;
		if (here < ADMIN_PAGE)
			break;
		last_id(&answer, id);
	}
	ck_assert_uint_eq(rows, ADMIN_PAGE + 5);
	ck_assert_uint_eq(pages, 2);
}
END_TEST

static const char *const no_requests[] = {
	"", "x", "[]", "{}", "null", "{\"request\": 1}",
	"{\"request\": \"account\"}",
	"{\"request\": \"account add\"}",		/* required */
	"{\"request\": \"account add\", \"args\": []}",
	"{\"request\": \"account list\", \"args\": {\"x\": \"y\"}}",
	"{\"request\": \"account remove\", \"args\": {\"address\": 1}}",
	"{\"request\": \"account remove\", \"args\": {\"address\": null}}",
	"{\"request\": \"account list\", \"request\": \"account list\"}",
	"{\"request\": \"account list\"} {}",
	"{\"request\": \"fetch list\", \"args\": {\"above\": 1.5}}",
	"{\"request\": \"fetch list\", \"args\": {\"label\": 1}}",
	"{\"request\": \"fetch progress\", \"args\": {\"run\": 1}}",
	"{\"request\": \"account remove\", \"args\": {\"address\": \"\xff\"}}",
};

START_TEST(what_is_no_request_is_refused)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	const struct admin_request *request;
	const char *why = NULL;

	ck_assert_int_eq(admin_read(slice_str(no_requests[_i]), &request,
	    &packed, &why), -EINVAL);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(a_written_request_reads_back)
{
	const char *values[ADMIN_ARGS] = { "a\"b\\@x", NULL, "id", "p\xc3\xa4" };
	TEXT_AUTO line = TEXT_INIT(4096), packed = TEXT_INIT(4096);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	admin_write(admin_find(slice_str("account add")), values, &line);
	ck_assert_int_eq(admin_read(text_slice(&line), &request, &packed,
	    &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	ck_assert(slice_is_str(work.args[0], values[0]));
	ck_assert(!work.given[1]);
	ck_assert(slice_is_str(work.args[2], "id"));
	ck_assert(slice_is_str(work.args[3], values[3]));
}
END_TEST

START_TEST(every_row_is_whole)
{
	const struct admin_request *r;
	unsigned n = 0;

	for (; (r = admin_at(n)) != NULL; n++) {
		ck_assert_ptr_eq(admin_find(slice_str(r->name)), r);
		ck_assert_uint_eq(admin_number(r), n);
		ck_assert_uint_ne(r->who, 0);
		/* what is done and has nothing to tell is the exception */
		ck_assert(r->columns[0].name != NULL || admin_joins(r) ||
		    r->answers == ROLE_QUEUE ||
		    strcmp(r->name, "hold digest") == 0);
		ck_assert(r->answers != ROLE_KEEPER || r->handler != NULL);
		/* of the console's it may be a part */
		ck_assert(r->handler == NULL || r->answers == ROLE_KEEPER ||
		    r->answers == ROLE_CONSOLE);
	}
	ck_assert_uint_ge(n, 20);
}
END_TEST

START_TEST(a_cut_answer_is_a_breach)
{
	TEXT_AUTO answer = TEXT_INIT(4096), line = TEXT_INIT(64 * 1024);
	const struct admin_request *list = admin_find(slice_str("status"));

	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_slice(&answer, slice_str("queue"));
	pack_slice(&answer, slice_str("waiting"));
	pack_slice(&answer, slice_str("3"));
	for (size_t len = 0; len < answer.len; len++) {
		text_clear(&line);
		ck_assert_int_eq(admin_answer_write(list, slice_first(
		    text_slice(&answer), len), LANGUAGE_EN, &line), -EBADMSG);
	}
	text_clear(&line);
	ck_assert_int_eq(admin_answer_write(list, text_slice(&answer),
	    LANGUAGE_EN, &line), 0);
	ck_assert(slice_is_str(text_slice(&line), "{\"ok\": true, \"result\": "
	    "[{\"part\": \"queue\", \"figure\": \"waiting\", "
	    "\"value\": \"3\"}]}"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/admin");
	TCase *tests = tcase_create("admin");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_account_is_added_changed_listed_and_removed);
	tcase_add_test(tests,
	    how_long_a_person_may_take_back_mail_stays);
	tcase_add_test(tests,
	    whether_a_person_may_collect_is_said_for_each_and_stays);
	tcase_add_loop_test(tests, a_refusal_names_its_reason_and_field, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(tests, port_and_tls_follow_the_protocol, 0,
	    sizeof(usuals) / sizeof(usuals[0]));
	tcase_add_test(tests,
	    a_fetch_account_is_added_changed_listed_and_removed);
	tcase_add_loop_test(tests, a_fetch_refusal_names_its_reason_and_field,
	    0, sizeof(fetch_refusals) / sizeof(fetch_refusals[0]));
	tcase_add_loop_test(tests, a_person_asks_for_their_own_account_only, 0,
	    sizeof(by_ann) / sizeof(by_ann[0]));
	tcase_add_test(tests, an_account_that_is_gone_may_ask_nothing);
	tcase_add_test(tests,
	    what_is_the_offices_is_not_seen_among_a_persons_own);
	tcase_add_test(tests,
	    a_kept_password_is_not_led_through_a_persons_proxy_in_clear);
	tcase_add_test(tests,
	    people_may_ask_about_what_they_collect_and_nothing_else);
	tcase_add_test(tests, without_the_sealing_key_nothing_is_added);
	tcase_add_test(tests, who_goes_changes_the_fetch_accounts);
	tcase_add_test(tests, a_long_list_comes_in_pages);
	tcase_add_loop_test(tests, what_is_no_request_is_refused, 0,
	    sizeof(no_requests) / sizeof(no_requests[0]));
	tcase_add_test(tests, a_written_request_reads_back);
	tcase_add_test(tests, every_row_is_whole);
	tcase_add_test(tests, a_cut_answer_is_a_breach);
	suite_add_tcase(suite, tests);
	return suite;
}
