/*
 * origin_test.c - who says that a message is from whom, and is it true?
 */
#include "filters/auth/origin.h"

#include <string.h>

#include "filters/auth/results.h"
#include "tests/unit/filters/auth/sealer.h"
#include "tests/unit/unit.h"

#define TAGS(domain, selector)	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=" \
		domain "; s=" selector "; h=From:Subject"
#define FIELDS	"From: ann@a.example\r\nSubject: hello\r\n"
#define BODY	"text\r\n"

static struct signer signer;
static struct text key;

static void
set_up(void)
{
	signer_open(&signer);
	key = (struct text)TEXT_INIT(4096);
	signer_record(signer.rsa, "v=DKIM1; p=KEY", &key);
}

static void
tear_down(void)
{
	text_free(&key);
	signer_close(&signer);
}

/* What DNS says; of names that begin with "late" it says nothing in time. */
static void
answer(struct origin *origin, unsigned part)
{
	static const struct {
		enum dns_kind	kind;
		const char	*name, *data;
	} zone[] = {
		{ DNS_TXT, "a.example", "v=spf1 a:out.a.example -all" },
		{ DNS_TXT, "out.a.example", "v=spf1 a -all" },
		{ DNS_A, "out.a.example", "\xc6\x33\x64\x07" },
		{ DNS_A, "other.a.example", "\xc6\x33\x64\x08" },
		{ DNS_PTR, "7.100.51.198.in-addr.arpa", "other.a.example" },
		{ DNS_PTR, "7.100.51.198.in-addr.arpa", "out.a.example" },
		{ DNS_PTR, "8.100.51.198.in-addr.arpa", "out.a.example" },
		{ DNS_TXT, "_dmarc.a.example", "v=DMARC1; p=reject" },
		{ DNS_TXT, "_dmarc.mild.example", "v=DMARC1; p=quarantine" },
		{ DNS_TXT, "_dmarc.open.example", "v=DMARC1; p=none" },
		{ DNS_TXT, "_dmarc.late.example", "v=DMARC1; p=reject" },
	};
	const struct dns_question *question = origin_wants(origin, part);
	struct slice records[4], name = slice_str(question->name);
	struct dns_answer said = { .found = DNS_NOTHING,
	    .records = records };

	for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++)
		if (zone[i].kind == question->kind &&
		    slice_is_nocase(name, slice_str(zone[i].name)))
			records[said.count++] = slice_str(zone[i].data);
	if (slice_is_str(name, "k._domainkey.a.example") ||
	    slice_is_str(name, "k._domainkey.l.example"))
		records[said.count++] = text_slice(&key);
	if (said.count > 0)
		said.found = DNS_FOUND;
	if (slice_has_prefix(name, "late"))
		said.found = DNS_LATER;
	origin_answer(origin, part, &said);
}

static struct origin_found
find(const struct envelope *env, struct slice message)
{
	struct origin *origin = origin_new(signer.tools, "hub.test", env,
	    message);
	struct origin_found found;

	ck_assert_ptr_nonnull(origin);
	while (!origin_is_decided(origin))
		for (unsigned part = 0; part < ORIGIN_PARTS; part++)
			if (origin_wants(origin, part) != NULL)
				answer(origin, part);
	origin_end(origin, &found);
	origin_free(origin);
	return found;
}

static const struct envelope from_network = {
	.source = SOURCE_SMTP, .sender = { "ann@a.example", 13 },
	.helo = { "out.a.example", 13 }, .peer = { "198.51.100.7", 12 },
	.received_at_utc_ms = 1700000000000,
};

static struct origin_found
find_signed(const struct envelope *env, const char *domain_tags,
    const char *body)
{
	TEXT_AUTO message = TEXT_INIT(65536), other = TEXT_INIT(65536);

	signer_write(&signer, signer.rsa, domain_tags, FIELDS, BODY,
	    &message);
	if (strcmp(body, BODY) == 0)
		return find(env, text_slice(&message));
	signer_replace(text_slice(&message), BODY, body, &other);
	return find(env, text_slice(&other));
}

START_TEST(a_signature_is_checked_with_the_key_of_its_domain)
{
	struct origin_found found = find_signed(&from_network,
	    TAGS("a.example", "k"), BODY);

	ck_assert(found.is_wanted);
	ck_assert_int_eq(found.dkim, ORIGIN_PASS);
	ck_assert_uint_eq(found.signature_count, 1);
	ck_assert_str_eq(found.signatures[0].domain, "a.example");
	ck_assert_str_eq(found.signatures[0].selector, "k");
	ck_assert_uint_eq(strlen(found.signatures[0].data), 8);
	found = find_signed(&from_network, TAGS("a.example", "k"),
	    "other\r\n");
	ck_assert_int_eq(found.dkim, ORIGIN_FAIL);
	found = find_signed(&from_network, TAGS("b.example", "k"), BODY);
	ck_assert_int_eq(found.dkim, ORIGIN_PERMERROR);
	found = find_signed(&from_network, TAGS("a.example", "late"), BODY);
	ck_assert_int_eq(found.dkim, ORIGIN_TEMPERROR);
}
END_TEST

/* RFC 6376 6.1: one that passes is enough, wherever it stands */
START_TEST(of_several_signatures_the_one_that_passes_counts)
{
	TEXT_AUTO inner = TEXT_INIT(65536), outer = TEXT_INIT(65536);
	TEXT_AUTO both = TEXT_INIT(131072);
	struct origin_found found;
	struct slice field;

	signer_write(&signer, signer.rsa, TAGS("a.example", "k"), FIELDS,
	    BODY, &inner);
	signer_write(&signer, signer.rsa, TAGS("b.example", "late"), FIELDS,
	    BODY, &outer);
	field = slice_first(text_slice(&outer), slice_find_str(
	    text_slice(&outer), FIELDS));
	for (unsigned i = 0; i < 6; i++)
		text_add(&both, field);
	text_add(&both, text_slice(&inner));
	found = find(&from_network, text_slice(&both));
	ck_assert_int_eq(found.dkim, ORIGIN_PASS);
	ck_assert_uint_eq(found.signature_count, ORIGIN_SIGNATURES);
	ck_assert_int_eq(found.signatures[0].result, ORIGIN_PASS);
	ck_assert_str_eq(found.signatures[0].domain, "a.example");
	ck_assert_int_eq(found.signatures[1].result, ORIGIN_TEMPERROR);
}
END_TEST

/* HARDENING A65: who signs a hundred times asks us for no hundred keys */
START_TEST(no_more_keys_are_asked_for_than_signatures_are_looked_at)
{
	TEXT_AUTO one = TEXT_INIT(65536), all = TEXT_INIT(262144);
	struct origin *origin;
	unsigned keys = 0;

	signer_write(&signer, signer.rsa, TAGS("a.example", "k"), FIELDS,
	    BODY, &one);
	for (unsigned i = 0; i < 40; i++)
		text_add(&all, slice_first(text_slice(&one), slice_find_str(
		    text_slice(&one), FIELDS)));
	text_add(&all, text_slice(&one));
	origin = origin_new(signer.tools, "hub.test", &from_network,
	    text_slice(&all));
	for (unsigned part = ORIGIN_KEYS; part < ORIGIN_PARTS; part++)
		keys += origin_wants(origin, part) != NULL;
	ck_assert_uint_eq(keys, DKIM_SIGNATURES);
	origin_give_up(origin);
	ck_assert(origin_is_decided(origin));
	origin_free(origin);
}
END_TEST

START_TEST(sender_helo_and_name_of_the_host_are_looked_up)
{
	struct origin_found found = find(&from_network,
	    slice_str(FIELDS "\r\n" BODY));
	struct envelope env = from_network;

	ck_assert_int_eq(found.spf, ORIGIN_PASS);
	ck_assert_str_eq(found.spf_domain, "a.example");
	ck_assert_int_eq(found.helo, ORIGIN_PASS);
	ck_assert_str_eq(found.helo_domain, "out.a.example");
	ck_assert_int_eq(found.iprev, ORIGIN_PASS);
	ck_assert_int_eq(found.dkim, ORIGIN_NONE);
	env.peer = slice_str("198.51.100.8");
	found = find(&env, slice_str(FIELDS "\r\n" BODY));
	ck_assert_int_eq(found.spf, ORIGIN_FAIL);
	ck_assert_int_eq(found.iprev, ORIGIN_FAIL);
	env.peer = slice_str("2001:db8::7");
	found = find(&env, slice_str(FIELDS "\r\n" BODY));
	ck_assert_int_eq(found.spf, ORIGIN_FAIL);
	ck_assert_int_eq(found.iprev, ORIGIN_PERMERROR);
}
END_TEST

/* RFC 9989 5.3: From, and what passed for the sender from 198.51.100.7 */
static const struct {
	const char	*peer, *sender, *from;
	enum origin_result result;
	enum dmarc_policy policy;
	const char	*author;
} authors[] = {
	{ "198.51.100.7", "ann@a.example", "ann@a.example", ORIGIN_PASS,
	    DMARC_REJECT, "a.example" },
	{ "198.51.100.7", "ann@a.example", "Ben <b@x.A.example>", ORIGIN_PASS,
	    DMARC_REJECT, "x.a.example" },
	{ "198.51.100.8", "ann@a.example", "ann@a.example", ORIGIN_FAIL,
	    DMARC_REJECT, "a.example" },
	{ "198.51.100.7", "ann@a.example", "x@mild.example", ORIGIN_FAIL,
	    DMARC_QUARANTINE, "mild.example" },
	{ "198.51.100.7", "ann@a.example", "x@open.example", ORIGIN_FAIL,
	    DMARC_NONE, "open.example" },
	{ "198.51.100.7", "ann@a.example", "x@nowhere.example", ORIGIN_NONE,
	    DMARC_UNSAID, "nowhere.example" },
	/* RFC 7208 2.4: a notice is its HELO name's */
	{ "198.51.100.7", "", "x@a.example", ORIGIN_PASS, DMARC_REJECT,
	    "a.example" },
	/* A66: the worst of several counts, wherever it stands */
	{ "198.51.100.7", "ann@a.example", "ann@a.example, x@mild.example",
	    ORIGIN_FAIL, DMARC_QUARANTINE, "mild.example" },
	{ "198.51.100.8", "ann@a.example", "x@mild.example\r\n"
	    "From: ann@a.example", ORIGIN_FAIL, DMARC_REJECT, "a.example" },
	{ "198.51.100.7", "ann@a.example", "ann@a.example <x@open.example>",
	    ORIGIN_FAIL, DMARC_NONE, "open.example" },
	{ "198.51.100.7", "ann@a.example", "a@a.example, a@b, a@c, a@d, a@e",
	    ORIGIN_PERMERROR, DMARC_UNSAID, "" },
	{ "198.51.100.7", "ann@a.example", "", ORIGIN_NONE, DMARC_UNSAID,
	    "" },
	/* nobody could say whether it passes, and it would vouch */
	{ "198.51.100.7", "x@late.example", "x@late.example",
	    ORIGIN_TEMPERROR, DMARC_REJECT, "late.example" },
	{ "198.51.100.7", "x@late.example", "x@mild.example", ORIGIN_FAIL,
	    DMARC_QUARANTINE, "mild.example" },
};

START_TEST(what_passes_vouches_for_the_author)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	struct envelope env = from_network;
	struct origin_found found;

	env.peer = slice_str(authors[_i].peer);
	env.sender = slice_str(authors[_i].sender);
	text_addf(&message, "From: %s\r\n\r\n" BODY, authors[_i].from);
	found = find(&env, text_slice(&message));
	ck_assert(found.is_from_outside);
	ck_assert_str_eq(origin_word(found.dmarc),
	    origin_word(authors[_i].result));
	ck_assert_int_eq(found.policy, authors[_i].policy);
	ck_assert_str_eq(found.author, authors[_i].author);
}
END_TEST

START_TEST(a_signature_vouches_where_the_host_does_not)
{
	struct envelope env = from_network;
	struct origin_found found;

	env.peer = slice_str("198.51.100.8");
	found = find_signed(&env, TAGS("a.example", "k"), BODY);
	ck_assert_int_eq(found.spf, ORIGIN_FAIL);
	ck_assert_int_eq(found.dmarc, ORIGIN_PASS);
	found = find_signed(&env, TAGS("a.example", "k"), "other\r\n");
	ck_assert_int_eq(found.dmarc, ORIGIN_FAIL);
	found = find_signed(&env, TAGS("a.example", "late"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_TEMPERROR);
	/* somebody else's slow key does not help */
	found = find_signed(&env, TAGS("b.example", "late"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_FAIL);
}
END_TEST

/* A message of these From that l.example has passed on. */
static void
pass_on(const char *from, const char *results, const char *selector,
    struct text *message)
{
	TEXT_AUTO tags = TEXT_INIT(1024), seal = TEXT_INIT(1024);

	text_addf(&tags, "a=rsa-sha256; d=l.example; s=k; c=relaxed/relaxed; "
	    "h=From; ");
	text_addf(&seal, "a=rsa-sha256; d=l.example; s=%s; cv=none; ",
	    selector);
	text_add_byte(&tags, '\0');
	text_add_byte(&seal, '\0');
	text_addf(message, "From: %s\r\n\r\n" BODY, from);
	sealer_pass_on(&signer, message, 1, &(struct sealer_hand){ results,
	    tags.at, seal.at });
	ck_assert(!text_failed(message));
}

#define SEEN	"l.example; dmarc=pass header.from=a.example"
static const struct {
	const char	*from, *results, *selector;
	enum origin_result result;
	bool		 vouches;
} chains[] = {
	{ "ann@a.example", SEEN, "k", ORIGIN_PASS, true },
	{ "ann@a.example", "l.example; dmarc=fail header.from=a.example", "k",
	    ORIGIN_PASS, false },
	{ "x@mild.example", SEEN, "k", ORIGIN_PASS, false },
	/* A66: nobody knows which one the sealer has looked at */
	{ "ann@a.example, x@open.example", SEEN, "k", ORIGIN_PASS, false },
	{ "ann@a.example, x@[192.0.2.1]", SEEN, "k", ORIGIN_PASS, false },
	{ "ann@a.example\r\nFrom: x@mild.example", SEEN, "k", ORIGIN_FAIL,
	    false },
	{ "ann@a.example", SEEN, "x", ORIGIN_FAIL, false },
	{ "ann@a.example", SEEN, "late", ORIGIN_TEMPERROR, false },
};

/* RFC 8617 5.2: and of a chain that is not right no sealer is known */
START_TEST(who_has_passed_it_on_may_have_seen_it_pass)
{
	TEXT_AUTO message = TEXT_INIT(65536);
	struct envelope env = from_network;
	struct origin_found found;

	env.peer = slice_str("198.51.100.8");
	pass_on(chains[_i].from, chains[_i].results, chains[_i].selector,
	    &message);
	found = find(&env, text_slice(&message));
	ck_assert_int_eq(found.dmarc, ORIGIN_FAIL);
	ck_assert_str_eq(origin_word(found.arc),
	    origin_word(chains[_i].result));
	ck_assert_str_eq(found.sealer, chains[_i].result == ORIGIN_PASS ?
	    "l.example" : "");
	ck_assert_int_eq(found.sealer_vouches, chains[_i].vouches);
	ck_assert(!found.is_excused);
}
END_TEST

START_TEST(a_seal_whose_key_nobody_brings_says_nothing)
{
	TEXT_AUTO message = TEXT_INIT(65536);
	struct envelope env = from_network;
	struct origin_found found;
	struct origin *origin;

	pass_on("ann@a.example", SEEN, "k", &message);
	origin = origin_new(signer.tools, "hub.test", &env,
	    text_slice(&message));
	ck_assert_ptr_nonnull(origin_wants(origin, ORIGIN_ARC));
	origin_give_up(origin);
	ck_assert(origin_is_decided(origin));
	origin_end(origin, &found);
	ck_assert_int_eq(found.arc, ORIGIN_TEMPERROR);
	ck_assert(!found.sealer_vouches);
	origin_free(origin);
	/* of what one of us sends it is not asked */
	env.login = slice_str("ann");
	found = find(&env, text_slice(&message));
	ck_assert_int_eq(found.arc, ORIGIN_NONE);
}
END_TEST

/* FIELD 33: who came to the provider may not be known */
START_TEST(without_a_host_it_is_open_whether_the_sender_was_allowed)
{
	struct envelope env = from_network;
	struct origin_found found;

	env.source = SOURCE_FETCH;
	env.peer = slice_str("127.0.0.1");
	found = find_signed(&env, TAGS("a.example", "k"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_PASS);
	found = find_signed(&env, TAGS("b.example", "k"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_TEMPERROR);
	env.sender = slice_str("x@elsewhere.example");
	found = find_signed(&env, TAGS("b.example", "k"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_FAIL);
	env.sender = slice_of(NULL, 0);
	found = find_signed(&env, TAGS("b.example", "k"), BODY);
	ck_assert_int_eq(found.dmarc, ORIGIN_TEMPERROR);
}
END_TEST

START_TEST(what_nobody_answers_about_the_author_is_open)
{
	struct origin *origin = origin_new(NULL, "hub.test", &from_network,
	    slice_str(FIELDS "\r\n" BODY));
	struct origin_found found;

	answer(origin, ORIGIN_SENDER);
	origin_give_up(origin);
	ck_assert(origin_is_decided(origin));
	origin_end(origin, &found);
	ck_assert_int_eq(found.dmarc, ORIGIN_TEMPERROR);
	origin_free(origin);
}
END_TEST

/* FIELD 33: mail that was collected comes from no host that could be judged */
START_TEST(what_a_provider_brought_is_judged_by_who_came_to_him)
{
	struct envelope env = from_network;
	struct origin_found found;

	env.source = SOURCE_FETCH;
	env.peer = slice_str("127.0.0.1");
	env.hop.peer = slice_str("198.51.100.7");
	env.hop.helo = slice_str("out.a.example");
	found = find(&env, slice_str(FIELDS "\r\n" BODY));
	ck_assert_int_eq(found.spf, ORIGIN_PASS);
	ck_assert_str_eq(found.client, "198.51.100.7");
	env.hop.peer = slice_of(NULL, 0);
	found = find(&env, slice_str(FIELDS "\r\n" BODY));
	ck_assert_int_eq(found.spf, ORIGIN_NONE);
	ck_assert_str_eq(found.client, "");
}
END_TEST

static const struct envelope insiders[] = {
	{ .source = SOURCE_SMTP, .peer = { "198.51.100.7", 12 },
	    .login = { "ann", 3 } },
	{ .source = SOURCE_SMTP, .peer = { "127.0.0.1", 9 } },
	{ .source = SOURCE_SMTP, .peer = { "10.1.2.3", 8 } },
	{ .source = SOURCE_SMTP, .peer = { "fe80::1", 7 } },
	{ .source = SOURCE_LMTP, .peer = { "198.51.100.7", 12 } },
};

START_TEST(who_is_one_of_us_is_no_host_that_a_domain_speaks_of)
{
	struct envelope env = insiders[_i];
	struct origin_found found;

	env.sender = from_network.sender;
	env.helo = from_network.helo;
	found = find(&env, slice_str(FIELDS "\r\n" BODY));
	ck_assert_int_eq(found.spf, ORIGIN_NONE);
	ck_assert_int_eq(found.iprev, ORIGIN_NONE);
	ck_assert_str_eq(found.client, "");
	ck_assert(!found.is_from_outside);
	ck_assert_int_eq(found.dmarc, ORIGIN_NONE);
}
END_TEST

/* RFC 8601 2.2: what is no token stands in quotes */
START_TEST(the_line_says_it_all_and_stays_a_line)
{
	struct origin_found found = { .is_wanted = true, .spf = ORIGIN_PASS,
	    .iprev = ORIGIN_FAIL, .dkim = ORIGIN_PASS,
	    .spf_domain = "a;b.example", .client = "2001:db8::1",
	    .signature_count = 2, .signatures = {
	    { ORIGIN_PASS, "a.example", "k", "ab/+=x" },
	    { ORIGIN_FAIL, "b.example", "", "" } },
	    .is_from_outside = true, .dmarc = ORIGIN_FAIL,
	    .policy = DMARC_REJECT, .author = "c.example",
	    .arc = ORIGIN_PASS, .sealer = "l.example", .is_excused = true };
	struct verdict verdict;

	results_judge(&found, "hub.test", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_str_eq(verdict.lines[0].value, "hub.test; dmarc=fail "
	    "header.from=c.example policy.dmarc=reject "
	    "policy.override=arc; spf=pass "
	    "smtp.mailfrom=\"a;b.example\"; spf=none; iprev=fail "
	    "policy.iprev=\"2001:db8::1\"; arc=pass "
	    "header.d=l.example; dkim=pass header.d=a.example "
	    "header.s=k header.b=\"ab/+=x\"; dkim=fail header.d=b.example");
}
END_TEST

START_TEST(what_there_is_no_room_for_is_left_out)
{
	char host[DNS_NAME_SIZE] = "";
	struct origin_found found = { .is_wanted = true,
	    .client = "198.51.100.7", .signature_count = 4 };
	struct verdict verdict;

	memset(found.spf_domain, 'a', DNS_NAME_MOST);
	memset(found.helo_domain, 'b', DNS_NAME_MOST);
	memset(found.author, 'd', DNS_NAME_MOST);
	found.is_from_outside = true;
	for (unsigned i = 0; i < 4; i++)
		memset(found.signatures[i].domain, 'c', 100);
	results_judge(&found, "hub.test", &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_uint_le(strlen(verdict.lines[0].value), VERDICT_VALUE_MAX);
	ck_assert_ptr_nonnull(strstr(verdict.lines[0].value, "=dddd"));
	ck_assert_ptr_nonnull(strstr(verdict.lines[0].value, "=bbbb"));
	found.signature_count = 0;
	memset(host, 'e', DNS_NAME_MOST);
	results_judge(&found, host, &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_uint_le(strlen(verdict.lines[0].value), VERDICT_VALUE_MAX);
	ck_assert_ptr_nonnull(strstr(verdict.lines[0].value,
	    "; spf=none; iprev=none policy.iprev=198.51.100.7; arc=none; "
	    "dkim=none"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/origin");
	TCase *tests = tcase_create("origin");

	tcase_set_timeout(tests, 60);
	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
	    a_signature_is_checked_with_the_key_of_its_domain);
	tcase_add_test(tests,
	    of_several_signatures_the_one_that_passes_counts);
	tcase_add_test(tests,
	    no_more_keys_are_asked_for_than_signatures_are_looked_at);
	tcase_add_test(tests, sender_helo_and_name_of_the_host_are_looked_up);
	tcase_add_loop_test(tests, what_passes_vouches_for_the_author, 0,
	    (int)(sizeof(authors) / sizeof(authors[0])));
	tcase_add_test(tests, a_signature_vouches_where_the_host_does_not);
	tcase_add_loop_test(tests,
	    who_has_passed_it_on_may_have_seen_it_pass, 0,
	    (int)(sizeof(chains) / sizeof(chains[0])));
	tcase_add_test(tests, a_seal_whose_key_nobody_brings_says_nothing);
	tcase_add_test(tests,
	    without_a_host_it_is_open_whether_the_sender_was_allowed);
	tcase_add_test(tests, what_nobody_answers_about_the_author_is_open);
	tcase_add_test(tests,
	    what_a_provider_brought_is_judged_by_who_came_to_him);
	tcase_add_loop_test(tests,
	    who_is_one_of_us_is_no_host_that_a_domain_speaks_of, 0, 5);
	tcase_add_test(tests, the_line_says_it_all_and_stays_a_line);
	tcase_add_test(tests,
	    what_there_is_no_room_for_is_left_out);
	suite_add_tcase(suite, tests);
	return suite;
}
