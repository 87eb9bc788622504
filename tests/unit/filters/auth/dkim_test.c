/*
 * dkim_test.c - whole messages: which signatures are right, and why not
 */
#include "filters/auth/dkim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/unit.h"

#define NOW	1700000000
#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

static struct signer signer;

static void
set_up(void)
{
	signer_open(&signer);
}

static void
tear_down(void)
{
	signer_close(&signer);
}

/* A message read in pieces of `piece` bytes, with nothing answered. */
static struct dkim *
read_message(struct slice message, size_t piece, bool whole_only)
{
	struct dkim_options options = { NOW, whole_only };
	struct dkim *dkim = dkim_new(signer.tools, &options);

	ck_assert_ptr_nonnull(dkim);
	while (message.len > 0) {
		ck_assert_int_eq(dkim_add(dkim, slice_first(message, piece)),
		    0);
		message = slice_after(message, piece);
	}
	ck_assert_int_eq(dkim_end(dkim), 0);
	return dkim;
}

static void
answer(struct dkim *dkim, unsigned which, struct slice record)
{
	dkim_key(dkim, which, DKIM_LOOKUP_FOUND, false, &record, 1);
}

/* RFC 6376 A.2 */
static const char rfc6376[] =
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "      4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
/* RFC 6376 C */
static const struct slice rfc6376_key = SLICE(
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ"
    "DwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7"
    "od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfV"
    "jH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB");

START_TEST(the_example_of_rfc_6376_is_right)
{
	struct dkim *dkim = read_message(slice_str(rfc6376), SIZE_MAX, false);
	struct dkim_finding finding;
	unsigned which = 77;

	ck_assert_uint_eq(dkim_count(dkim), 1);
	ck_assert_str_eq(dkim_wants_key(dkim, &which),
	    "brisbane._domainkey.example.com");
	ck_assert_uint_eq(which, 0);
	ck_assert_ptr_null(dkim_wants_key(dkim, &which));
	ck_assert_int_eq(dkim_finding(dkim, 0).result, DKIM_UNDECIDED);
	dkim_key(dkim, 0, DKIM_LOOKUP_FOUND, true, &rfc6376_key, 1);
	finding = dkim_finding(dkim, 0);
	ck_assert_int_eq(finding.result, DKIM_PASS);
	ck_assert_int_eq(finding.reason, DKIM_VERIFIED);
	ck_assert_int_eq(finding.body, DKIM_MATCH_YES);
	ck_assert_int_eq(finding.header, DKIM_MATCH_YES);
	ck_assert_int_eq(finding.algorithm, DKIM_RSA_SHA256);
	ck_assert_uint_eq(finding.key_bits, 1024);
	ck_assert(finding.key_is_secure && !finding.key_is_test);
	ck_assert(!finding.has_length && finding.covers_body);
	ck_assert(slice_is_str(finding.domain, "example.com"));
	ck_assert(slice_is_str(finding.selector, "brisbane"));
	ck_assert(slice_is_str(finding.identity, "joe@football.example.com"));
	ck_assert(slice_has_prefix(finding.data, "AuUoFEfD"));
	ck_assert(slice_has_suffix(finding.data, "4bmp/YzhwvcubU4="));
	dkim_free(dkim);
}
END_TEST

/* A65: what senders, forwarders and forgers do; c=relaxed unless said */
#define RELAXED	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel; "
#define SIMPLE	"v=1; a=rsa-sha256; c=simple/simple; d=example.com; s=sel; "
#define ED	"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; " \
		"s=sel; "
#define NAMES	"h=From:To:Subject:Date"
#define OVER	"h=From:From:To:To:Subject:Subject:Date:Date"
#define HEADER	"From: Ann <ann@example.com>\r\nTo: ben@office.test\r\n" \
		"Subject: The  meeting\r\n of today\r\n" \
		"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
#define BODY	"Dear Ben,\r\n\r\nwe meet at ten.  \r\n\r\n"
#define RECORD	"v=DKIM1; p=KEY"
#define ED_RECORD "v=DKIM1; k=ed25519; p=KEY"
#define GOLD	RELAXED NAMES, HEADER, BODY

#define A100	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A1000	A100 A100 A100 A100 A100 A100 A100 A100 A100 A100

enum { K2048, K1024, K512, KED };

static const struct {
	const char	*tags, *header, *body;
	const char	*was, *is;	/* changed on the way */
	int		 key;
	const char	*record;	/* NULL: none is there */
	enum dkim_reason want;
} matrix[] = {
/* what is right */
{ GOLD, NULL, NULL, K2048, RECORD, DKIM_VERIFIED },
{ SIMPLE NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD, DKIM_VERIFIED },
{ ED NAMES, HEADER, BODY, NULL, NULL, KED, ED_RECORD, DKIM_VERIFIED },
{ GOLD, NULL, NULL, K1024, RECORD, DKIM_VERIFIED },
{ RELAXED OVER, HEADER, BODY, NULL, NULL, K2048, RECORD, DKIM_VERIFIED },
{ RELAXED NAMES, HEADER, "", NULL, NULL, K2048, RECORD, DKIM_VERIFIED },
{ SIMPLE NAMES, HEADER, "", NULL, NULL, K2048, RECORD, DKIM_VERIFIED },
/* the l= that was meant to help mailing lists (zone.ee, 2024-05-17) */
{ RELAXED "l=30; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_VERIFIED },
{ RELAXED "l=30; " NAMES, HEADER, BODY, "ten.", "ten.\r\nAnd pay.", K2048,
    RECORD, DKIM_BODY_PARTLY },
{ RELAXED "l=30; " NAMES, HEADER, BODY, "ten.", "six.", K2048, RECORD,
    DKIM_BODY_CHANGED },
{ RELAXED "l=13; " NAMES, HEADER, BODY, "ten.", "ten.\r\nAnd pay.", K2048,
    RECORD, DKIM_BODY_PARTLY },
{ RELAXED "l=0; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_BODY_PARTLY },
{ RELAXED "l=31; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_BODY_CUT },
{ RELAXED "l=99999999999999999999999; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    RECORD, DKIM_BODY_CUT },
{ RELAXED "l=-1; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_LENGTH_BAD },
/* a replay with more fields than were signed */
{ GOLD, "From: Ann", "From: Eve <eve@evil.example>\r\nFrom: Ann", K2048, RECORD,
    DKIM_FROM_COUNT },
{ RELAXED OVER, HEADER, BODY, "From: Ann",
    "From: Eve <eve@evil.example>\r\nFrom: Ann", K2048, RECORD,
    DKIM_SIGNATURE_WRONG },
{ RELAXED OVER, HEADER, BODY, "Subject: ", "Subject: Pay\r\nSubject: ", K2048,
    RECORD, DKIM_SIGNATURE_WRONG },
{ GOLD, "Subject: ", "Subject: Pay\r\nSubject: ", K2048, RECORD,
    DKIM_VERIFIED },
{ GOLD, "To: ben", "X-Trace: a\r\nTo: ben", K2048, RECORD, DKIM_VERIFIED },
/* h= without From, or without anything; a name that is empty names no field */
{ RELAXED "h=To:Subject:Date", HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_FROM_UNSIGNED },
{ RELAXED "h=", HEADER, BODY, NULL, NULL, K2048, RECORD, DKIM_FROM_UNSIGNED },
{ RELAXED "h=From::To", HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_VERIFIED },
{ RELAXED "q=dns/txt", HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_TAG_MISSING },
/* x=, t= and the clock: NOW is 1700000000 */
{ RELAXED "t=1699990000; x=1700009999; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    RECORD, DKIM_VERIFIED },
{ RELAXED "t=1699000000; x=1699990000; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    RECORD, DKIM_EXPIRED },
{ RELAXED "x=1699996400; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_VERIFIED },
{ RELAXED "x=1699996399; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_EXPIRED },
{ RELAXED "t=1700003601; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_FROM_FUTURE },
{ RELAXED "t=1700000000; x=1700000000; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    RECORD, DKIM_TIMES_BAD },
{ RELAXED "t=now; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_TIMES_BAD },
/* keys */
{ GOLD, NULL, NULL, K512, RECORD, DKIM_KEY_WEAK },
{ GOLD, "ten.", "nine.", K512, RECORD, DKIM_BODY_CHANGED },
{ GOLD, NULL, NULL, K2048, NULL, DKIM_NO_KEY },
{ GOLD, NULL, NULL, K2048, "v=DKIM1; p=", DKIM_KEY_REVOKED },
{ GOLD, NULL, NULL, K2048, "v=DKIM1; k=ed25519; p=KEY", DKIM_KEY_BAD },
{ ED NAMES, HEADER, BODY, NULL, NULL, KED, RECORD, DKIM_KEY_BAD },
{ GOLD, NULL, NULL, K2048, "v=DKIM1; h=sha1; p=KEY", DKIM_KEY_OTHER_HASH },
{ GOLD, NULL, NULL, K2048, "v=DKIM1; s=tlsrpt; p=KEY", DKIM_KEY_NOT_FOR_MAIL },
{ GOLD, NULL, NULL, K2048, "v=DKIM1; t=y:s; p=KEY", DKIM_VERIFIED },
{ RELAXED "i=@news.example.com; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    "v=DKIM1; t=s; p=KEY", DKIM_KEY_STRICT },
{ RELAXED "i=@news.example.com; " NAMES, HEADER, BODY, NULL, NULL, K2048,
    RECORD, DKIM_VERIFIED },
{ RELAXED "i=@badexample.com; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_IDENTITY_BAD },
{ GOLD, NULL, NULL, K2048, "v=spf1 -all", DKIM_KEY_VERSION },
/* folding, blanks and their changes on the way */
{ GOLD, "meeting\r\n of", "meeting of", K2048, RECORD, DKIM_VERIFIED },
{ GOLD, "From: Ann", "FROM:  Ann", K2048, RECORD, DKIM_VERIFIED },
{ SIMPLE NAMES, HEADER, BODY, "meeting\r\n of", "meeting of", K2048, RECORD,
    DKIM_SIGNATURE_WRONG },
{ GOLD, "ten.  \r\n", "ten.\r\n", K2048, RECORD, DKIM_VERIFIED },
{ SIMPLE NAMES, HEADER, BODY, "ten.  \r\n", "ten.\r\n", K2048, RECORD,
    DKIM_BODY_CHANGED },
{ GOLD, "ten.", "nine.", K2048, RECORD, DKIM_BODY_CHANGED },
{ GOLD, "Subject: The", "Subject: A", K2048, RECORD, DKIM_SIGNATURE_WRONG },
{ GOLD, "\r\n bh=", " \r\n\t bh=", K2048, RECORD, DKIM_VERIFIED },
{ GOLD, "; b=", "; b=\r\n\t", K2048, RECORD, DKIM_VERIFIED },
/* a b= that no key makes */
{ GOLD, "; b=", "; b=" A1000 A1000, K2048, RECORD, DKIM_DATA_BAD },
{ GOLD, "; b=", "; b=AAAA", K2048, RECORD, DKIM_SIGNATURE_WRONG },
/* text between header and body that only some readers show */
{ GOLD, "\r\n\r\nDear", "\r\nPay me\r\n\r\nDear", K2048, RECORD,
    DKIM_HEADER_BROKEN },
/* what nobody may rely on, and what is not known */
{ "v=1; a=rsa-sha1; d=example.com; s=sel; " NAMES, HEADER, BODY, NULL, NULL,
    K2048, RECORD, DKIM_SHA1 },
{ "v=1; a=rsa-md5; d=example.com; s=sel; " NAMES, HEADER, BODY, NULL, NULL,
    K2048, RECORD, DKIM_ALGORITHM_UNKNOWN },
{ "v=2; a=rsa-sha256; d=example.com; s=sel; " NAMES, HEADER, BODY, NULL, NULL,
    K2048, RECORD, DKIM_VERSION },
{ "v=1; a=rsa-sha256; c=nowsp; d=example.com; s=sel; " NAMES, HEADER, BODY,
    NULL, NULL, K2048, RECORD, DKIM_CANON_UNKNOWN },
{ RELAXED "q=http; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_QUERY_UNKNOWN },
{ RELAXED "d=example.org; " NAMES, HEADER, BODY, NULL, NULL, K2048, RECORD,
    DKIM_NO_LIST },
};

static EVP_PKEY *
key_of(int which)
{
	EVP_PKEY *const keys[] = { signer.rsa, signer.rsa1024, signer.rsa512,
	    signer.ed25519 };

	return keys[which];
}

static void
write_row(int i, struct text *message, struct text *record)
{
	TEXT_AUTO signed_text = TEXT_INIT(1 << 20);

	signer_write(&signer, key_of(matrix[i].key), matrix[i].tags,
	    matrix[i].header, matrix[i].body, &signed_text);
	if (matrix[i].was != NULL)
		signer_replace(text_slice(&signed_text), matrix[i].was,
		    matrix[i].is, message);
	else
		text_add(message, text_slice(&signed_text));
	if (matrix[i].record != NULL)
		signer_record(key_of(matrix[i].key), matrix[i].record,
		    record);
}

static void
answer_row(struct dkim *dkim, int i, struct slice record)
{
	if (matrix[i].record != NULL)
		answer(dkim, 0, record);
	else
		dkim_key(dkim, 0, DKIM_LOOKUP_NONE, false, NULL, 0);
}

START_TEST(a_signature_is_right_or_it_is_said_why_not)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim_finding finding;
	struct dkim *dkim;

	write_row(_i, &message, &record);
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	ck_assert_uint_eq(dkim_count(dkim), 1);
	answer_row(dkim, _i, text_slice(&record));
	finding = dkim_finding(dkim, 0);
	ck_assert_str_eq(dkim_reason_code(finding.reason),
	    dkim_reason_code(matrix[_i].want));
	ck_assert_int_eq(finding.result, dkim_reason_result(matrix[_i].want));
	dkim_free(dkim);
}
END_TEST

static bool
same(const struct dkim_finding *a, const struct dkim_finding *b)
{
	return a->reason == b->reason && a->body == b->body &&
	    a->header == b->header && a->covers_body == b->covers_body &&
	    slice_is(a->identity, b->identity) &&
	    slice_is(a->names, b->names) && slice_is(a->data, b->data);
}

START_TEST(pieces_of_any_size_and_an_early_answer_change_nothing)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 64, 1021 };
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim_options options = { NOW, false };
	struct dkim_finding first, finding;
	struct dkim *whole, *dkim;
	struct slice rest;
	size_t body;

	write_row(_i, &message, &record);
	body = slice_find_str(text_slice(&message), "\r\n\r\n") + 4;
	whole = read_message(text_slice(&message), SIZE_MAX, false);
	answer_row(whole, _i, text_slice(&record));
	first = dkim_finding(whole, 0);
	for (int i = 0; i < ROWS(pieces); i++) {
		dkim = read_message(text_slice(&message), pieces[i], false);
		answer_row(dkim, _i, text_slice(&record));
		finding = dkim_finding(dkim, 0);
		ck_assert(same(&first, &finding));
		dkim_free(dkim);
	}
	/* the key comes before the body */
	dkim = dkim_new(signer.tools, &options);
	rest = text_slice(&message);
	ck_assert_int_eq(dkim_add(dkim, slice_first(rest, body)), 0);
	answer_row(dkim, _i, text_slice(&record));
	ck_assert_int_eq(dkim_add(dkim, slice_after(rest, body)), 0);
	ck_assert_int_eq(dkim_end(dkim), 0);
	finding = dkim_finding(dkim, 0);
	ck_assert(same(&first, &finding));
	dkim_free(dkim);
	dkim_free(whole);
}
END_TEST

START_TEST(a_key_is_wanted_only_for_what_may_still_be_right)
{
	TEXT_AUTO good = TEXT_INIT(4096);
	TEXT_AUTO bad = TEXT_INIT(4096);
	struct dkim_options options = { NOW, false };
	struct dkim *dkim = dkim_new(signer.tools, &options);
	unsigned which;

	signer_write(&signer, signer.rsa, GOLD, &good);
	signer_replace(text_slice(&good), "ten", "nine", &bad);
	ck_assert_ptr_null(dkim_wants_key(dkim, &which));
	/* before the body: wanted; after it: not */
	ck_assert_int_eq(dkim_add(dkim, slice_first(text_slice(&bad),
	    slice_find_str(text_slice(&bad), "\r\n\r\n") + 4)), 0);
	ck_assert_str_eq(dkim_wants_key(dkim, &which),
	    "sel._domainkey.example.com");
	dkim_free(dkim);
	dkim = read_message(text_slice(&bad), SIZE_MAX, false);
	ck_assert_ptr_null(dkim_wants_key(dkim, &which));
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_BODY_CHANGED);
	ck_assert_int_eq(dkim_finding(dkim, 0).header, DKIM_MATCH_UNKNOWN);
	dkim_free(dkim);
}
END_TEST

START_TEST(a_lookup_that_fails_is_for_later)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	struct dkim *dkim;

	signer_write(&signer, signer.rsa, GOLD, &message);
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	dkim_key(dkim, 0, DKIM_LOOKUP_LATER, true, NULL, 0);
	ck_assert_int_eq(dkim_finding(dkim, 0).result, DKIM_TEMPERROR);
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_KEY_LATER);
	ck_assert(!dkim_finding(dkim, 0).key_is_secure);
	/* only the first answer counts; nobody is asked who is not there */
	dkim_key(dkim, 0, DKIM_LOOKUP_NONE, false, NULL, 0);
	dkim_key(dkim, 9, DKIM_LOOKUP_NONE, false, NULL, 0);
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_KEY_LATER);
	dkim_free(dkim);
}
END_TEST

/* RFC 6376 3.6.2.2 and 6.1.2 */
START_TEST(among_several_texts_the_key_is_found)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct slice texts[] = { SLICE("v=spf1 -all"), SLICE(""),
	    { NULL, 0 }, SLICE("v=DKIM1; p="), { NULL, 0 } };
	struct dkim *dkim;

	signer_write(&signer, signer.rsa, GOLD, &message);
	signer_record(signer.rsa, RECORD, &record);
	texts[2] = texts[4] = text_slice(&record);
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	dkim_key(dkim, 0, DKIM_LOOKUP_FOUND, false, texts, 4);
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_VERIFIED);
	dkim_free(dkim);
	/* it is not looked for among more than DKIM_RECORDS */
	texts[2] = texts[3];
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	dkim_key(dkim, 0, DKIM_LOOKUP_FOUND, false, texts, 5);
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_KEY_VERSION);
	dkim_free(dkim);
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	dkim_key(dkim, 0, DKIM_LOOKUP_FOUND, false, texts, 0);
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_NO_KEY);
	dkim_free(dkim);
}
END_TEST

/* A65: at most ten are looked at */
START_TEST(the_eleventh_signature_is_not_looked_at)
{
	TEXT_AUTO one = TEXT_INIT(4096);
	TEXT_AUTO message = TEXT_INIT(1 << 16);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim *dkim;
	struct slice field;

	signer_write(&signer, signer.rsa, RELAXED "l=13; " NAMES, HEADER, BODY,
	    &one);
	field = slice_first(text_slice(&one),
	    slice_find_str(text_slice(&one), "From: Ann"));
	for (int i = 0; i < DKIM_SIGNATURES + 2; i++)
		text_add(&message, field);
	text_add(&message, text_slice(&one));
	signer_record(signer.rsa, RECORD, &record);
	dkim = read_message(text_slice(&message), SIZE_MAX, false);
	ck_assert_uint_eq(dkim_count(dkim), DKIM_SIGNATURES);
	ck_assert_uint_eq(dkim_skipped(dkim), 3);
	for (unsigned i = 0; i < DKIM_SIGNATURES; i++) {
		answer(dkim, i, text_slice(&record));
		ck_assert_int_eq(dkim_finding(dkim, i).reason,
		    DKIM_BODY_PARTLY);
	}
	dkim_free(dkim);
}
END_TEST

/* RFC 6376 5.4: another signature may be signed, its own field never */
START_TEST(a_signature_can_sign_the_one_below_it)
{
	TEXT_AUTO inner = TEXT_INIT(4096);
	TEXT_AUTO message = TEXT_INIT(8192);
	TEXT_AUTO record = TEXT_INIT(4096);
	TEXT_AUTO header = TEXT_INIT(4096);
	struct dkim *dkim;

	signer_write(&signer, signer.rsa, GOLD, &inner);
	text_add(&header, slice_first(text_slice(&inner),
	    slice_find_str(text_slice(&inner), "\r\n\r\n") + 2));
	text_add_byte(&header, '\0');
	signer_write(&signer, signer.rsa, SIMPLE
	    "h=From:DKIM-Signature:DKIM-Signature", header.at, BODY, &message);
	signer_record(signer.rsa, RECORD, &record);
	dkim = read_message(text_slice(&message), 5, false);
	ck_assert_uint_eq(dkim_count(dkim), 2);
	for (unsigned i = 0; i < 2; i++) {
		answer(dkim, i, text_slice(&record));
		ck_assert_int_eq(dkim_finding(dkim, i).reason, DKIM_VERIFIED);
	}
	dkim_free(dkim);
}
END_TEST

/* What is read once is not read again: HARDENING F53 */
START_TEST(a_header_from_elsewhere_is_checked_over_a_body_held_here)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim_options options = { NOW, true };
	static const char twin[] = "Dear Ben,\r\n\r\nwe meet at six.  \r\n\r\n";
	struct dkim *dkim;
	struct slice header;
	unsigned which;

	ck_assert_uint_eq(strlen(twin), strlen(BODY));
	signer_write(&signer, signer.rsa, GOLD, &message);
	signer_record(signer.rsa, RECORD, &record);
	header = slice_first(text_slice(&message),
	    slice_find_str(text_slice(&message), "\r\n\r\n") + 2 +
	    (_i % 2 == 0 ? 0 : 2));
	dkim = dkim_new(signer.tools, &options);
	ck_assert_int_eq(dkim_add(dkim, header), 0);
	ck_assert_int_eq(dkim_end_header(dkim), 0);
	ck_assert_int_eq(dkim_add(dkim, slice_str(_i < 2 ? BODY : twin)), 0);
	ck_assert_int_eq(dkim_end(dkim), 0);
	ck_assert_int_eq(dkim_wants_key(dkim, &which) != NULL, _i < 2);
	answer(dkim, 0, text_slice(&record));
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, _i < 2 ?
	    DKIM_VERIFIED : DKIM_BODY_CHANGED);
	dkim_free(dkim);
}
END_TEST

START_TEST(a_length_is_not_taken_where_all_of_the_body_counts)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO record = TEXT_INIT(4096);
	struct dkim *dkim;
	unsigned which;

	/* though it covers all of it */
	signer_write(&signer, signer.rsa, RELAXED "l=30; " NAMES, HEADER, BODY,
	    &message);
	signer_record(signer.rsa, RECORD, &record);
	dkim = read_message(text_slice(&message), SIZE_MAX, true);
	ck_assert_ptr_null(dkim_wants_key(dkim, &which));
	answer(dkim, 0, text_slice(&record));
	ck_assert_int_eq(dkim_finding(dkim, 0).reason, DKIM_LENGTH_UNWANTED);
	ck_assert_int_eq(dkim_finding(dkim, 0).result, DKIM_POLICY);
	ck_assert(dkim_finding(dkim, 0).has_length);
	dkim_free(dkim);
}
END_TEST

START_TEST(a_header_beyond_its_limits_has_no_results)
{
	struct dkim_options options = { NOW, false };
	struct dkim *dkim = dkim_new(signer.tools, &options);
	static char line[1000];
	int r = 0;

	memset(line, 'a', sizeof(line));
	for (int i = 0; i < DKIM_HEADER_BYTES / 1000; i++)
		ck_assert_int_eq(dkim_add(dkim, slice_of(line,
		    sizeof(line))), 0);
	ck_assert_int_eq(dkim_add(dkim, slice_of(line, sizeof(line))),
	    -E2BIG);
	ck_assert_int_eq(dkim_end(dkim), -E2BIG);
	ck_assert_uint_eq(dkim_count(dkim), 0);
	dkim_free(dkim);
	dkim = dkim_new(signer.tools, &options);
	for (int i = 0; i < DKIM_FIELDS + 1; i++)
		r = dkim_add(dkim, slice_str("A: b\r\n"));
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(dkim_add(dkim, slice_str("\r\n")), -E2BIG);
	ck_assert_int_eq(dkim_end_header(dkim), -E2BIG);
	dkim_free(dkim);
}
END_TEST

static const char *const odd_messages[] = {
	"", "\r\n", "\n", "\r", "DKIM-Signature:", "DKIM-Signature: \r\n\r\n",
	"DKIM-Signature: b=", " DKIM-Signature: v=1\r\n\r\n", "a\r\nb\r\n\r\n",
	"DKIM-Signature: v=1; v=1\r\n\r\nbody",
};

START_TEST(whatever_is_no_signature_is_said_to_be_none)
{
	struct dkim *dkim = read_message(slice_str(odd_messages[_i]), 1,
	    false);

	for (unsigned i = 0; i < dkim_count(dkim); i++)
		ck_assert_int_eq(dkim_finding(dkim, i).result,
		    DKIM_PERMERROR);
	dkim_free(dkim);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim");
	TCase *tests = tcase_create("dkim");

	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_example_of_rfc_6376_is_right);
	tcase_add_loop_test(tests, a_signature_is_right_or_it_is_said_why_not,
	    0, ROWS(matrix));
	tcase_add_loop_test(tests,
	    pieces_of_any_size_and_an_early_answer_change_nothing, 0,
	    ROWS(matrix));
	tcase_add_test(tests, a_key_is_wanted_only_for_what_may_still_be_right);
	tcase_add_test(tests, a_lookup_that_fails_is_for_later);
	tcase_add_test(tests, among_several_texts_the_key_is_found);
	tcase_add_test(tests, the_eleventh_signature_is_not_looked_at);
	tcase_add_test(tests, a_signature_can_sign_the_one_below_it);
	tcase_add_loop_test(tests,
	    a_header_from_elsewhere_is_checked_over_a_body_held_here, 0, 4);
	tcase_add_test(tests,
	    a_length_is_not_taken_where_all_of_the_body_counts);
	tcase_add_test(tests, a_header_beyond_its_limits_has_no_results);
	tcase_add_loop_test(tests,
	    whatever_is_no_signature_is_said_to_be_none, 0,
	    ROWS(odd_messages));
	suite_add_tcase(suite, tests);
	return suite;
}
