/*
 * admin.c - the one table of console requests
 *
 * It is one thing however long it gets: a row for each request there is.
 */
#include "policy/admin.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "policy/admin_inside.h"

#define ADDRESS_ARG	{ "address",  ADMIN_TEXT,   true,  SAY_COLUMN_ADDRESS }
#define NAME_ARG	{ "name",     ADMIN_TEXT,   false, SAY_COLUMN_NAME }
#define LANGUAGE_ARG	{ "language", ADMIN_TEXT,   false, SAY_COLUMN_LANGUAGE }
#define DOMAIN_ROW { \
	{ "domain",   ADMIN_TEXT,   true, SAY_COLUMN_DOMAIN }, \
	{ "kind",     ADMIN_TEXT,   true, SAY_COLUMN_KIND }, \
	{ "accounts", ADMIN_NUMBER, true, SAY_COLUMN_ACCOUNTS }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED } }
#define DKIM_ROW { \
	{ "domain",   ADMIN_TEXT,   true, SAY_COLUMN_DOMAIN }, \
	{ "selector", ADMIN_TEXT,   true, SAY_COLUMN_SELECTOR }, \
	{ "algorithm", ADMIN_TEXT,  true, SAY_COLUMN_ALGORITHM }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED }, \
	{ "name",     ADMIN_TEXT,   true, SAY_COLUMN_NAME }, \
	{ "record",   ADMIN_TEXT,   true, SAY_COLUMN_RECORD } }
#define ACCOUNT_ROW { \
	{ "account",  ADMIN_NUMBER, true, SAY_COLUMN_ACCOUNT }, \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	{ "name",     ADMIN_TEXT,   true, SAY_COLUMN_NAME }, \
	{ "language", ADMIN_TEXT,   true, SAY_COLUMN_LANGUAGE }, \
	{ "fetch",    ADMIN_TEXT,   true, SAY_COLUMN_MAY_FETCH }, \
	{ "recall",   ADMIN_NUMBER, true, SAY_COLUMN_RECALL }, \
	{ "forwards", ADMIN_TEXT,   true, SAY_COLUMN_MAY_FORWARD }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED } }

/* `asked`: it must be given when a fetch account is added. */
#define FETCH_ARGS(asked) \
	ADDRESS_ARG, \
	{ "label",    ADMIN_TEXT,   false, SAY_COLUMN_LABEL }, \
	{ "host",     ADMIN_TEXT,   asked, SAY_COLUMN_HOST }, \
	{ "port",     ADMIN_NUMBER, false, SAY_COLUMN_PORT }, \
	{ "tls",      ADMIN_TEXT,   false, SAY_COLUMN_TLS }, \
	{ "user",     ADMIN_TEXT,   asked, SAY_COLUMN_USER }, \
	{ "mechanism", ADMIN_TEXT,  false, SAY_COLUMN_MECHANISM }, \
	{ "password", ADMIN_SEALED, asked, SAY_COLUMN_PASSWORD }, \
	{ "pin",      ADMIN_TEXT,   false, SAY_COLUMN_PIN }, \
	{ "from",     ADMIN_TEXT,   false, SAY_COLUMN_FROM }, \
	{ "delete_after", ADMIN_TEXT, false, SAY_COLUMN_DELETE_AFTER }, \
	{ "largest",  ADMIN_NUMBER, false, SAY_COLUMN_LARGEST }, \
	{ "enabled",  ADMIN_TEXT,   false, SAY_COLUMN_ENABLED }, \
	{ "protocol", ADMIN_TEXT,   false, SAY_COLUMN_PROTOCOL }, \
	{ "folders",  ADMIN_TEXT,   false, SAY_COLUMN_FOLDERS }, \
	{ "queue",    ADMIN_TEXT,   false, SAY_COLUMN_QUEUE }, \
	{ "mirror",   ADMIN_TEXT,   false, SAY_COLUMN_MIRROR }, \
	{ "every",    ADMIN_NUMBER, false, SAY_COLUMN_EVERY }, \
	{ "on_read",  ADMIN_TEXT,   false, SAY_COLUMN_ON_READ }
/* Which fetch accounts: of that owner, of that label, above that number. */
#define WHICH_ARGS \
	{ "address",  ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS }, \
	{ "label",    ADMIN_TEXT,   false, SAY_COLUMN_LABEL }
#define ABOVE_ARG	{ "above",    ADMIN_NUMBER, false, SAY_COLUMN_FETCH }

#define FETCH_NAME \
	{ "id",       ADMIN_NUMBER, true, SAY_COLUMN_FETCH }, \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	{ "label",    ADMIN_TEXT,   true, SAY_COLUMN_LABEL }
/* `accounts`: how many the run has, when not all of them fit the answer. */
#define RUN_ROW { \
	{ "run",      ADMIN_NUMBER, true, SAY_COLUMN_FIGURE }, \
	FETCH_NAME, \
	{ "accounts", ADMIN_NUMBER, true, SAY_COLUMN_FIGURE } }
#define CLIENT_ROW { \
	{ "provider", ADMIN_TEXT, true, SAY_COLUMN_PROVIDER }, \
	{ "client_id", ADMIN_TEXT, true, SAY_COLUMN_CLIENT }, \
	{ "token_url", ADMIN_TEXT, true, SAY_COLUMN_VALUE }, \
	{ "device_url", ADMIN_TEXT, true, SAY_COLUMN_VALUE }, \
	{ "authorize_url", ADMIN_TEXT, true, SAY_COLUMN_VALUE }, \
	{ "scope",    ADMIN_TEXT, true, SAY_COLUMN_SCOPE } }
/* A column for programs: it never stands over a table. */
#define FIGURE(name)	{ name, ADMIN_NUMBER, true, SAY_COLUMN_FIGURE }
#define WORD(name)	{ name, ADMIN_TEXT, true, SAY_COLUMN_VALUE }
#define PERSON_TOO	(ADMIN_BY_POSTMASTER | ADMIN_BY_PERSON)
#define LINE_ROW { \
	WORD("state"),		/* open closed */ \
	WORD("why"), \
	WORD("by_hand"),	/* yes no */ \
	WORD("window"),		/* its name */ \
	FIGURE("every"), \
	{ "changes",  ADMIN_TIME,   true, SAY_COLUMN_NEXT }, \
	FIGURE("bytes_per_second"),	/* 0: no limit */ \
	FIGURE("running"), \
	FIGURE("month"), \
	{ "month_ends", ADMIN_TIME, true, SAY_COLUMN_NEXT }, \
	FIGURE("carried"), \
	FIGURE("budget") }	/* 0: none */
#define ID_ARG		{ "id",       ADMIN_TEXT,   true, SAY_COLUMN_ID }
#define HOLD_ROW \
	ID_ARG, \
	{ "since",      ADMIN_TIME, true, SAY_COLUMN_SINCE }, \
	{ "state",      ADMIN_TEXT, true, SAY_COLUMN_WHICH }, \
	{ "from",       ADMIN_TEXT, true, SAY_COLUMN_SENDER }, \
	{ "recipients", ADMIN_TEXT, true, SAY_COLUMN_TO }, \
	{ "subject",    ADMIN_TEXT, true, SAY_COLUMN_SUBJECT }, \
	{ "reason",     ADMIN_TEXT, true, SAY_COLUMN_REASON }, \
	{ "sender",     ADMIN_TEXT, true, SAY_COLUMN_ENVELOPE }, \
	{ "source",     ADMIN_TEXT, true, SAY_COLUMN_SOURCE }, \
	{ "bytes",      ADMIN_NUMBER, true, SAY_COLUMN_BYTES }, \
	WORD("damaged"),	/* yes no */ \
	{ "score",      ADMIN_TEXT, true, SAY_COLUMN_SPAM_SCORE }, \
	{ "told",       ADMIN_TEXT, true, SAY_COLUMN_TOLD }, \
	{ "ends",       ADMIN_TIME, true, SAY_COLUMN_ENDS }	/* 0: never */
/*
 * A recipient of another host.  The last of a page may be of the state "more":
 * it is none, ask on above its id and recipient.
 */
#define LEAVING_ROW \
	{ "id",         ADMIN_TEXT, true, SAY_COLUMN_ID }, \
	{ "since",      ADMIN_TIME, true, SAY_COLUMN_SINCE }, \
	FIGURE("bytes"), \
	{ "sender",     ADMIN_TEXT, true, SAY_COLUMN_SENDER }, \
	{ "recipient",  ADMIN_TEXT, true, SAY_COLUMN_TO }, \
	{ "domain",     ADMIN_TEXT, true, SAY_COLUMN_DOMAIN }, \
	{ "state",      ADMIN_TEXT, true, SAY_COLUMN_WHICH }, \
	WORD("sending"),	/* yes no */ \
	FIGURE("tries"), \
	{ "first_try",  ADMIN_TIME, true, SAY_COLUMN_SINCE }, \
	{ "last_try",   ADMIN_TIME, true, SAY_COLUMN_SINCE }, \
	{ "next_try",   ADMIN_TIME, true, SAY_COLUMN_NEXT }, \
	FIGURE("code"), \
	WORD("status"), \
	WORD("words"), \
	WORD("host"), \
	WORD("via"), \
	WORD("waits"),		/* for: line night month unknown way, or empty */ \
	WORD("way"),		/* mx smarthost own host none */ \
	WORD("way_name")	/* of the smarthost, whose, which host */
/* Of one message, or one recipient of it; from where to go on. */
#define LEAVING_ARGS(asked) \
	{ "id",       ADMIN_TEXT,   asked, SAY_COLUMN_ID }, \
	{ "address",  ADMIN_TEXT,   false, SAY_COLUMN_TO }, \
	{ "above",    ADMIN_TEXT,   false, SAY_COLUMN_ID }, \
	{ "at",       ADMIN_TEXT,   false, SAY_COLUMN_TO }
/* Of a domain, too, or of all (yes). */
#define LEAVING_MANY_ARGS \
	LEAVING_ARGS(false), \
	{ "domain",   ADMIN_TEXT,   false, SAY_COLUMN_DOMAIN }, \
	{ "all",      ADMIN_TEXT,   false, SAY_COLUMN_VALUE }
/* `more`: yes no; ask on above that id and recipient. */
#define LEAVING_DONE { \
	FIGURE("changed"), \
	FIGURE("sending"), \
	WORD("more"), \
	WORD("id"), \
	WORD("recipient") }
/* What a person may know of it; `may_take`: yes no. */
#define THEIRS_ROW \
	ID_ARG, \
	{ "since",      ADMIN_TIME, true, SAY_COLUMN_SINCE }, \
	{ "from",       ADMIN_TEXT, true, SAY_COLUMN_SENDER }, \
	{ "recipients", ADMIN_TEXT, true, SAY_COLUMN_TO }, \
	{ "subject",    ADMIN_TEXT, true, SAY_COLUMN_SUBJECT }, \
	{ "reason",     ADMIN_TEXT, true, SAY_COLUMN_REASON }, \
	{ "bytes",      ADMIN_NUMBER, true, SAY_COLUMN_BYTES }, \
	{ "score",      ADMIN_TEXT, true, SAY_COLUMN_SPAM_SCORE }, \
	{ "ends",       ADMIN_TIME, true, SAY_COLUMN_ENDS },	/* 0: never */ \
	WORD("damaged"), \
	WORD("may_take"), \
	WORD("author")		/* an address, or empty */
/* Whose list that is: a person's own. */
#define SENDER_ARGS \
	{ "sender",   ADMIN_TEXT,   true,  SAY_COLUMN_SENDER }, \
	{ "address",  ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS }
#define SENDER_ROW \
	{ "sender",   ADMIN_TEXT,   true, SAY_COLUMN_SENDER }, \
	{ "wish",     ADMIN_TEXT,   true, SAY_COLUMN_WHICH }, \
	{ "since",    ADMIN_TIME,   true, SAY_COLUMN_SINCE }
#define TARGET_COLUMN	{ "target",   ADMIN_TEXT,   true, SAY_COLUMN_TO }
#define GROUP_ARGS \
	ADDRESS_ARG, \
	{ "targets",  ADMIN_TEXT,   false, SAY_COLUMN_TO }, \
	{ "more",     ADMIN_TEXT,   false, SAY_COLUMN_TO }, \
	{ "less",     ADMIN_TEXT,   false, SAY_COLUMN_TO }
#define LIST_ARGS \
	{ "post",     ADMIN_TEXT,   false, SAY_COLUMN_POST }, \
	{ "owner",    ADMIN_TEXT,   false, SAY_COLUMN_OWNER }
#define ABOVE_ARGS \
	{ "above",    ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS }, \
	{ "above_target", ADMIN_TEXT, false, SAY_COLUMN_TO }
#define ALIAS_ROW \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	TARGET_COLUMN, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED }
#define LIST_ROW \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	TARGET_COLUMN, \
	{ "post",     ADMIN_TEXT,   true, SAY_COLUMN_POST }, \
	{ "owner",    ADMIN_TEXT,   true, SAY_COLUMN_OWNER }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED }
#define FORWARD_ROW \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	TARGET_COLUMN, \
	{ "keep",     ADMIN_TEXT,   true, SAY_COLUMN_KEEP }, \
	{ "by",       ADMIN_TEXT,   true, SAY_COLUMN_SET_BY }, \
	{ "since",    ADMIN_TIME,   true, SAY_COLUMN_SINCE }
#define SMARTHOST_ROW { \
	{ "name",     ADMIN_TEXT,   true, SAY_COLUMN_SENDER }, \
	{ "host",     ADMIN_TEXT,   true, SAY_COLUMN_HOST }, \
	{ "tls",      ADMIN_TEXT,   true, SAY_COLUMN_TLS }, \
	{ "user",     ADMIN_TEXT,   true, SAY_COLUMN_USER }, \
	{ "by",       ADMIN_TEXT,   true, SAY_COLUMN_SET_BY }, \
	{ "changed",  ADMIN_TIME,   true, SAY_COLUMN_SINCE } }
#define DEVICE_ROW { \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	{ "sender",   ADMIN_TEXT,   true, SAY_COLUMN_SENDER }, \
	{ "to",       ADMIN_TEXT,   true, SAY_COLUMN_TO }, \
	{ "per_hour", ADMIN_NUMBER, true, SAY_COLUMN_PER_HOUR }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED } }
/* `host`, `etrn_from`, `account`, `recipients`: "none" takes it away. */
#define GATEWAY_ARGS \
	{ "domain",   ADMIN_TEXT,   true,  SAY_COLUMN_DOMAIN }, \
	{ "host",     ADMIN_TEXT,   false, SAY_COLUMN_HOST }, \
	{ "etrn_from", ADMIN_TEXT,  false, SAY_COLUMN_ETRN_FROM }, \
	{ "account",  ADMIN_TEXT,   false, SAY_COLUMN_ACCOUNT }, \
	{ "waits",    ADMIN_TEXT,   false, SAY_COLUMN_IS_ASKED }, \
	{ "max_size", ADMIN_NUMBER, false, SAY_COLUMN_BYTES }, \
	{ "max_days", ADMIN_NUMBER, false, SAY_COLUMN_DAYS }, \
	{ "recipients", ADMIN_TEXT, false, SAY_COLUMN_TO }
#define GATEWAY_ROW \
	{ "domain",   ADMIN_TEXT,   true, SAY_COLUMN_DOMAIN }, \
	{ "host",     ADMIN_TEXT,   true, SAY_COLUMN_HOST }, \
	{ "etrn_from", ADMIN_TEXT,  true, SAY_COLUMN_ETRN_FROM }, \
	{ "account",  ADMIN_TEXT,   true, SAY_COLUMN_ACCOUNT }, \
	{ "waits",    ADMIN_TEXT,   true, SAY_COLUMN_IS_ASKED }, \
	{ "max_size", ADMIN_NUMBER, true, SAY_COLUMN_BYTES }, \
	{ "max_days", ADMIN_NUMBER, true, SAY_COLUMN_DAYS }, \
	{ "lists",    ADMIN_TEXT,   true, SAY_COLUMN_LISTS }, \
	{ "recipients", ADMIN_NUMBER, true, SAY_COLUMN_LISTED }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED }
#define OWNER_ARG	{ "address",  ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS }
#define EVERYBODY	(ADMIN_BY_POSTMASTER | ADMIN_BY_ANYBODY)
#define LINK_ARG	{ "link",     ADMIN_TEXT,   true, SAY_COLUMN_ID }
#define OWNER		{ "account",  ADMIN_NUMBER, true, SAY_COLUMN_ACCOUNT }

const struct admin_request admin_requests[] = {
{ "account add",
  { ADDRESS_ARG, NAME_ARG, LANGUAGE_ARG,
    { "password", ADMIN_SECRET, true, SAY_COLUMN_PASSWORD } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, admin_account_add },
/* An account to which nobody logs in. */
{ "public add",
  { ADDRESS_ARG, NAME_ARG, LANGUAGE_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, admin_public_add },
{ "account list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, admin_account_list },
/*
 * `fetch`: yes no default (as people_fetch says).  `recall`: minutes.  `forwards`:
 * yes no, their own mail (forwards.h).
 */
{ "account set",
  { ADDRESS_ARG, NAME_ARG, LANGUAGE_ARG,
    { "password", ADMIN_SECRET, false, SAY_COLUMN_PASSWORD },
    { "fetch",    ADMIN_TEXT,   false, SAY_COLUMN_MAY_FETCH },
    { "recall",   ADMIN_NUMBER, false, SAY_COLUMN_RECALL },
    { "forwards", ADMIN_TEXT,   false, SAY_COLUMN_MAY_FORWARD } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, admin_account_set },
{ "account remove",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, admin_account_remove },
{ "status",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_CONSOLE,
  { { "part",   ADMIN_TEXT, true, SAY_COLUMN_PART },
    { "figure", ADMIN_TEXT, true, SAY_COLUMN_FIGURE },
    { "value",  ADMIN_TEXT, true, SAY_COLUMN_VALUE } }, NULL },
{ "fetch add",
  { FETCH_ARGS(true) },
  PERSON_TOO, ROLE_KEEPER, { FETCH_NAME }, admin_fetch_add },
/* At most ADMIN_PAGE rows: ask on above the last one's number. */
{ "fetch list",
  { WHICH_ARGS, ABOVE_ARG },
  PERSON_TOO, ROLE_KEEPER,
  { FETCH_NAME,
    { "host",         ADMIN_TEXT,   true, SAY_COLUMN_HOST },
    { "port",         ADMIN_NUMBER, true, SAY_COLUMN_PORT },
    { "tls",          ADMIN_TEXT,   true, SAY_COLUMN_TLS },
    { "user",         ADMIN_TEXT,   true, SAY_COLUMN_USER },
    { "mechanism",    ADMIN_TEXT,   true, SAY_COLUMN_MECHANISM },
    { "from",         ADMIN_TEXT,   true, SAY_COLUMN_FROM },
    { "delete_after", ADMIN_TEXT,   true, SAY_COLUMN_DELETE_AFTER },
    { "largest",      ADMIN_NUMBER, true, SAY_COLUMN_LARGEST },
    { "enabled",      ADMIN_TEXT,   true, SAY_COLUMN_ENABLED },
    { "pin",          ADMIN_TEXT,   true, SAY_COLUMN_PIN },
    { "protocol",     ADMIN_TEXT,   true, SAY_COLUMN_PROTOCOL },
    { "folders",      ADMIN_TEXT,   true, SAY_COLUMN_FOLDERS },
    { "queue",        ADMIN_TEXT,   true, SAY_COLUMN_QUEUE },
    { "mirror",       ADMIN_TEXT,   true, SAY_COLUMN_MIRROR },
    { "every",        ADMIN_NUMBER, true, SAY_COLUMN_EVERY },	/* minutes */
    { "on_read",      ADMIN_TEXT,   true, SAY_COLUMN_ON_READ } },
  admin_fetch_list },
/* Without a label the owner must have one fetch account only. */
{ "fetch set",
  { FETCH_ARGS(false),
    { "rename",   ADMIN_TEXT,   false, SAY_COLUMN_LABEL } },
  PERSON_TOO, ROLE_KEEPER, { FETCH_NAME }, admin_fetch_set },
{ "fetch remove",
  { WHICH_ARGS },
  PERSON_TOO, ROLE_KEEPER, { FETCH_NAME }, admin_fetch_remove },
/*
 * How the office is registered with a provider (OAuth): what is given is set.
 * URLs and scope only where the table of providers (providers.h) has none, or
 * others.
 */
{ "oauth set",
  { { "provider", ADMIN_TEXT, true, SAY_COLUMN_PROVIDER },
    { "client_id", ADMIN_TEXT, false, SAY_COLUMN_CLIENT },
    { "client_secret", ADMIN_SEALED, false, SAY_COLUMN_PASSWORD },
    { "token_url", ADMIN_TEXT, false, SAY_COLUMN_VALUE },
    { "device_url", ADMIN_TEXT, false, SAY_COLUMN_VALUE },
    { "authorize_url", ADMIN_TEXT, false, SAY_COLUMN_VALUE },
    { "scope", ADMIN_TEXT, false, SAY_COLUMN_SCOPE } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, CLIENT_ROW, admin_oauth_set },
{ "oauth list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, CLIENT_ROW, admin_oauth_list },
/* Refused while mailboxes are collected with it. */
{ "oauth remove",
  { { "provider", ADMIN_TEXT, true, SAY_COLUMN_PROVIDER } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, CLIENT_ROW, admin_oauth_remove },
/*
 * Providers to choose from: those that are known, and those the office is
 * registered with.  `consent`: it is, so that a consent can take the place of a
 * password; by a code to be typed; for POP3, too.
 */
{ "fetch providers",
  { { 0 } },
  PERSON_TOO, ROLE_KEEPER,
  { { "provider", ADMIN_TEXT,   true, SAY_COLUMN_PROVIDER },
    { "title",    ADMIN_TEXT,   true, SAY_COLUMN_NAME },
    { "pop3",     ADMIN_TEXT,   true, SAY_COLUMN_POP3 },
    { "imap",     ADMIN_TEXT,   true, SAY_COLUMN_IMAP },
    { "app_password", ADMIN_TEXT, true, SAY_COLUMN_APP_PASSWORD },
    { "consent",  ADMIN_TEXT,   true, SAY_COLUMN_CONSENT },
    WORD("by_code"), WORD("pop3_consent") },	/* yes no, all of these */
  admin_fetch_providers },
/*
 * How a mailbox is reached: with a provider's consent in place of a password,
 * through a proxy.  What is given is set; the row says how it is then.
 */
{ "fetch way",
  { WHICH_ARGS,
    { "oauth",    ADMIN_TEXT,   false, SAY_COLUMN_PROVIDER },
    { "proxy",    ADMIN_TEXT,   false, SAY_COLUMN_PROXY },
    { "proxy_user", ADMIN_TEXT, false, SAY_COLUMN_USER },
    { "proxy_password", ADMIN_SEALED, false, SAY_COLUMN_PASSWORD } },
  PERSON_TOO, ROLE_KEEPER,
  { FETCH_NAME,
    { "oauth",    ADMIN_TEXT,   true, SAY_COLUMN_PROVIDER },
    { "consent",  ADMIN_TEXT,   true, SAY_COLUMN_CONSENT },
    { "consented", ADMIN_TIME,  true, SAY_COLUMN_CONSENTED },
    { "until",    ADMIN_TIME,   true, SAY_COLUMN_UNTIL },
    { "proxy",    ADMIN_TEXT,   true, SAY_COLUMN_PROXY },
    WORD("by_code") },	/* yes no: the provider gives codes for mail */
  admin_fetch_way },
/*
 * Ask the provider for the owner's consent (consent.h).  `step`: device,
 * browser (`value`: where it comes back to, 127.0.0.1), code (`value`, and the
 * `state` it came with), look.  `stage`: none starting asking waiting done
 * failed; after "starting" the step is asked again.
 */
{ "fetch consent",
  { WHICH_ARGS,
    { "step",     ADMIN_TEXT,   true,  SAY_COLUMN_VALUE },
    { "value",    ADMIN_TEXT,   false, SAY_COLUMN_VALUE },
    { "state",    ADMIN_TEXT,   false, SAY_COLUMN_VALUE } },
  PERSON_TOO, ROLE_SCHEDULE,
  { FETCH_NAME, WORD("stage"), WORD("url"), WORD("code"), FIGURE("expires"),
    WORD("result"), WORD("words") }, NULL },
/* How the mail of a domain's mailbox is told apart: domain_rules.h; "" of one
   person's, which rules make a domain's. */
{ "fetch rules",
  { WHICH_ARGS,
    { "rules",    ADMIN_TEXT,   false, SAY_COLUMN_VALUE } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { FETCH_NAME, WORD("rules") },
  admin_fetch_rules },
/* What is done before a download, one rule a line: before_rules.h. */
{ "fetch before",
  { WHICH_ARGS,
    { "rules",    ADMIN_TEXT,   false, SAY_COLUMN_VALUE } },
  PERSON_TOO, ROLE_KEEPER, { FETCH_NAME, WORD("rules") },
  admin_fetch_before },
/* Whose each address or whole name is; row for row. */
{ "account find",
  { { "asks",     ADMIN_TEXT,   true, SAY_COLUMN_VALUE } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER,
  { WORD("finding"), FIGURE("account"), WORD("address") },
  admin_account_find },
/*
 * Collect now from those that match what is given: the owner's whole address,
 * the label; neither: from all.  Those that are not enabled are passed over; one
 * that is named by both is ADMIN_UNFIT then.  With none matching: ADMIN_NO_SUCH.
 */
{ "fetch now",
  { WHICH_ARGS },
  PERSON_TOO, ROLE_SCHEDULE, RUN_ROW, NULL },
/* The same, and what rules put off until the night, too. */
{ "fetch everything",
  { WHICH_ARGS },
  PERSON_TOO, ROLE_SCHEDULE, RUN_ROW, NULL },
/*
 * A message of which a note is here that shows this id is to be taken by the next
 * collection, whatever its rules say.  The fetch accounts that have it: collect
 * from those.
 */
{ "fetch body",
  { ID_ARG },
  PERSON_TOO, ROLE_QUEUE,
  { { "id",       ADMIN_NUMBER, true, SAY_COLUMN_FETCH } }, NULL },
/* Log in and count, enabled or not; exactly one must match. */
{ "fetch test",
  { WHICH_ARGS },
  PERSON_TOO, ROLE_SCHEDULE, RUN_ROW, NULL },
/*
 * Look at the headers of the newest messages there (fetch/domain/doctor.h: how
 * many, and how many at most), enabled or not, and take nothing; exactly one must
 * match.  What was found is asked for when the run is
 * over: rows of fetch/diagnosis.h.
 */
{ "fetch doctor",
  { WHICH_ARGS,
    { "messages", ADMIN_NUMBER, false, SAY_COLUMN_FIGURE } },
  ADMIN_BY_POSTMASTER, ROLE_SCHEDULE, RUN_ROW, NULL },
{ "fetch diagnosis",
  { { "run",      ADMIN_NUMBER, true, SAY_COLUMN_FIGURE } },
  ADMIN_BY_POSTMASTER, ROLE_SCHEDULE,
  { WORD("topic"), WORD("name"), WORD("value"), WORD("extra"),
    FIGURE("count"), FIGURE("of"), FIGURE("ours"), FIGURE("different") },
  NULL },
/*
 * The accounts of the run whose state_number is above `seen` (0 at first), in
 * its order, ADMIN_PAGE at most; at once when there are any, else, after 250 ms
 * at most, none.  Each change of an account gives it the next state_number of
 * its run.  Answered for a minute after the run is over; then ADMIN_NO_SUCH.
 */
{ "fetch progress",
  { { "run",      ADMIN_NUMBER, true, SAY_COLUMN_FIGURE },
    { "seen",     ADMIN_NUMBER, true, SAY_COLUMN_FIGURE } },
  PERSON_TOO, ROLE_SCHEDULE,
  { FETCH_NAME,
    WORD("state"),	/* waiting connecting listing taking deleting over */
    FIGURE("done"), FIGURE("of"), FIGURE("done_bytes"), FIGURE("of_bytes"),
    WORD("result"),	/* fetch_end_code(), or empty before it is over */
    FIGURE("taken"), FIGURE("taken_bytes"),
    FIGURE("waiting"), FIGURE("waiting_bytes"),
    FIGURE("held"), FIGURE("deleted"), FIGURE("too_large"), FIGURE("left"),
    FIGURE("skipped"), FIGURE("skipped_bytes"),	/* by rules: left there */
    FIGURE("deferred"), FIGURE("deferred_bytes"),	/* until the night */
    FIGURE("asked"),	/* names whose mail it is to send, or could be */
    WORD("deletions_stopped"),	/* yes no */
    WORD("by_server"),		/* yes no: who said the words */
    WORD("words"),
    WORD("print"),	/* of the certificate, 64 hex digits; or empty */
    FIGURE("state_number") }, NULL },
/* What came of the last collection; at most ADMIN_PAGE rows, as fetch list. */
{ "fetch health",
  { WHICH_ARGS, ABOVE_ARG },
  PERSON_TOO, ROLE_SCHEDULE,
  { FETCH_NAME,
    { "last",     ADMIN_TIME,   true, SAY_COLUMN_LAST },
    { "next",     ADMIN_TIME,   true, SAY_COLUMN_NEXT },
    { "result",   ADMIN_TEXT,   true, SAY_COLUMN_RESULT },
    WORD("by_server"),		/* as above */
    { "words",    ADMIN_TEXT,   true, SAY_COLUMN_VALUE },
    { "failures", ADMIN_NUMBER, true, SAY_COLUMN_FIGURE },
    { "success",  ADMIN_TIME,   true, SAY_COLUMN_SUCCESS },
    { "failing_since", ADMIN_TIME, true, SAY_COLUMN_SINCE },
    FIGURE("waiting"), FIGURE("waiting_bytes") }, NULL },
/* One row.  `why` it is closed: window reserve spent unknown. */
{ "line status",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_SCHEDULE, LINE_ROW, NULL },
/* For so many minutes, ADMIN_LINE_OPEN_MINUTES if not said; 0: no more. */
{ "line open",
  { { "minutes",  ADMIN_NUMBER, false, SAY_COLUMN_FIGURE } },
  ADMIN_BY_POSTMASTER, ROLE_SCHEDULE, LINE_ROW, NULL },
/*
 * What that month has carried (`what` is carried: received and sent are bytes)
 * and was spared (saved: `received` bytes of `sent` messages), by account, 0:
 * of none, and cause.  Accounts from number `from` on; when `more`, ask on with
 * the last one's number plus one.
 */
{ "line report",
  { { "month",    ADMIN_NUMBER, true,  SAY_COLUMN_MONTH },
    { "from",     ADMIN_NUMBER, false, SAY_COLUMN_FETCH } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER,
  { FETCH_NAME,
    WORD("what"),	/* carried saved */
    { "cause",    ADMIN_TEXT,   true, SAY_COLUMN_CAUSE },
    { "received", ADMIN_NUMBER, true, SAY_COLUMN_RECEIVED },
    { "sent",     ADMIN_NUMBER, true, SAY_COLUMN_SENT },
    WORD("more") },	/* yes no */
  admin_line_report },
/* Who is kept out of SMTP now; at most ADMIN_VISITORS. */
{ "visitor list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER,
  { { "net",      ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS },
    { "until",    ADMIN_TIME,   true, SAY_COLUMN_OUT_UNTIL },
    { "times",    ADMIN_NUMBER, true, SAY_COLUMN_TIMES },
    { "reason",   ADMIN_TEXT,   true, SAY_COLUMN_REASON } },
  admin_visitor_list },
/* Our domains.  `kind`: ours shared (with our provider: domains.h). */
{ "domain add",
  { { "domain",   ADMIN_TEXT,   true,  SAY_COLUMN_DOMAIN },
    { "kind",     ADMIN_TEXT,   true,  SAY_COLUMN_KIND } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DOMAIN_ROW, admin_domain_add },
{ "domain set",
  { { "domain",   ADMIN_TEXT,   true,  SAY_COLUMN_DOMAIN },
    { "kind",     ADMIN_TEXT,   true,  SAY_COLUMN_KIND } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DOMAIN_ROW, admin_domain_set },
{ "domain list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DOMAIN_ROW, admin_domain_list },
/*
 * The keys with which domains sign what they send.  `algorithm`: rsa ed25519.
 * `record` is to be published as TXT under `name`.
 */
{ "dkim add",
  { { "domain",   ADMIN_TEXT,   true,  SAY_COLUMN_DOMAIN },
    { "selector", ADMIN_TEXT,   true,  SAY_COLUMN_SELECTOR },
    { "algorithm", ADMIN_TEXT,  true,  SAY_COLUMN_ALGORITHM } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DKIM_ROW, admin_dkim_add },
{ "dkim list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DKIM_ROW, admin_dkim_list },
{ "dkim remove",
  { { "domain",   ADMIN_TEXT,   true,  SAY_COLUMN_DOMAIN },
    { "selector", ADMIN_TEXT,   true,  SAY_COLUMN_SELECTOR } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DKIM_ROW, admin_dkim_remove },
{ "visitor forgive",
  { { "net",      ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER,
  { { "net",      ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS } },
  admin_visitor_forgive },
/*
 * What the greylist knows, by network, those first of which somebody waits; at
 * most ADMIN_GREYS.  Sender and recipient are those of the oldest.
 */
{ "visitor grey",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER,
  { { "net",      ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS },
    { "state",    ADMIN_TEXT,   true, SAY_COLUMN_WHICH },
    { "waiting",  ADMIN_NUMBER, true, SAY_COLUMN_GREY_WAITING },
    { "known",    ADMIN_NUMBER, true, SAY_COLUMN_KNOWN },
    { "since",    ADMIN_TIME,   true, SAY_COLUMN_SINCE },
    { "sender",   ADMIN_TEXT,   true, SAY_COLUMN_ENVELOPE },
    { "recipient", ADMIN_TEXT,  true, SAY_COLUMN_TO } },
  admin_visitor_grey },
/*
 * The letters of an account, in the order of their places, at most
 * ADMIN_MAILBOX_PAGE: ask on above the last one's.
 */
{ "mailbox list",
  { ADDRESS_ARG,
    { "folder",   ADMIN_TEXT,   false, SAY_COLUMN_FOLDER },
    { "above",    ADMIN_NUMBER, false, SAY_COLUMN_FIGURE } },
  ADMIN_BY_POSTMASTER, ROLE_MAILBOX,
  { FIGURE("place"),
    { "folder",   ADMIN_TEXT,   true, SAY_COLUMN_FOLDER },
    FIGURE("uidvalidity"),
    { "uid",      ADMIN_NUMBER, true, SAY_COLUMN_UID },
    { "received", ADMIN_TIME,   true, SAY_COLUMN_RECEIVED },
    { "bytes",    ADMIN_NUMBER, true, SAY_COLUMN_BYTES },
    { "flags",    ADMIN_TEXT,   true, SAY_COLUMN_FLAGS },	/* \Seen ... */
    WORD("keywords"),
    { "id",       ADMIN_TEXT,   true, SAY_COLUMN_ID } }, NULL },
/* Who may do what in a folder; with `who` and `rights` it is changed before. */
{ "mailbox rights",
  { ADDRESS_ARG,
    { "folder",   ADMIN_TEXT,   true,  SAY_COLUMN_FOLDER },
    { "who",      ADMIN_TEXT,   false, SAY_COLUMN_RIGHTS_WHO },
    { "rights",   ADMIN_TEXT,   false, SAY_COLUMN_RIGHTS } },
  ADMIN_BY_POSTMASTER, ROLE_MAILBOX,
  { { "who",      ADMIN_TEXT,   true, SAY_COLUMN_RIGHTS_WHO },
    { "rights",   ADMIN_TEXT,   true, SAY_COLUMN_RIGHTS } }, NULL },
/* Its folders, ADMIN_FOLDER_PAGE at most: ask on above the last number. */
{ "mailbox folders",
  { ADDRESS_ARG,
    { "above",    ADMIN_NUMBER, false, SAY_COLUMN_FIGURE } },
  ADMIN_BY_POSTMASTER, ROLE_MAILBOX,
  { FIGURE("number"),
    { "folder",   ADMIN_TEXT,   true, SAY_COLUMN_FOLDER },
    { "letters",  ADMIN_NUMBER, true, SAY_COLUMN_LETTERS },
    { "bytes",    ADMIN_NUMBER, true, SAY_COLUMN_BYTES },
    { "uidvalidity", ADMIN_NUMBER, true, SAY_COLUMN_UIDVALIDITY } }, NULL },
/*
 * Become an IMAP session of that account, in which APPEND may say what is an
 * import (gateway/imap/append.c); on the control socket alone.
 */
{ "mailbox session",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_MAILBOX, { { 0 } }, NULL },
/*
 * Another program has collected these before us: UIDLs as a listing has them,
 * each byte that is not printable ASCII, and each %, as %XX, line feeds between
 * them; LISTING_PAGE (queue/service.h) at the most.  `known`: how many that were.
 */
{ "fetch known",
  { ADDRESS_ARG,
    { "label",    ADMIN_TEXT,   true,  SAY_COLUMN_LABEL },
    { "folder",   ADMIN_TEXT,   false, SAY_COLUMN_FOLDER },
    { "uidls",    ADMIN_TEXT,   true,  SAY_COLUMN_KNOWN } },
  ADMIN_BY_POSTMASTER, ROLE_CONSOLE, { FETCH_NAME, FIGURE("known") },
  admin_fetch_known },
/* Remote mail is deleted again, though this hub was restored from a copy. */
{ "fetch resume",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { WORD("was_stopped") }, NULL },
/*
 * What waits for a person, HOLD_PAGE rows at most: ask on above the last one's
 * id.  `which`: held, quarantined; not given: both.
 */
{ "hold list",
  { { "which",    ADMIN_TEXT,   false, SAY_COLUMN_WHICH },
    { "above",    ADMIN_TEXT,   false, SAY_COLUMN_ID } },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { HOLD_ROW }, NULL },
/* `text`: the first 48 KiB of it, as it came. */
{ "hold show",
  { ID_ARG },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { HOLD_ROW, WORD("text") }, NULL },
/* `to`: this account gets it, instead of those it is for. */
{ "hold release",
  { ID_ARG,
    { "to",       ADMIN_TEXT,   false, SAY_COLUMN_TO } },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { { 0 } }, NULL },
{ "hold delete",
  { ID_ARG },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { { 0 } }, NULL },
/* Begin to tell everybody what is held for them that they were not told of. */
{ "hold digest",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_SCHEDULE, { { 0 } }, NULL },
/*
 * Mail that waits to leave, a row for each recipient, DESK_PAGE (desk_wire.h) at
 * most.  `state`: waiting held failed; in a row no-way, too, of what waits.
 */
{ "queue list",
  { { "id",       ADMIN_TEXT,   false, SAY_COLUMN_ID },
    { "domain",   ADMIN_TEXT,   false, SAY_COLUMN_DOMAIN },
    { "sender",   ADMIN_TEXT,   false, SAY_COLUMN_SENDER },
    { "state",    ADMIN_TEXT,   false, SAY_COLUMN_WHICH },
    { "above",    ADMIN_TEXT,   false, SAY_COLUMN_ID },
    { "at",       ADMIN_TEXT,   false, SAY_COLUMN_TO } },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, { LEAVING_ROW }, NULL },
/* What its file says of it. */
{ "queue file",
  { ID_ARG },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE,
  { WORD("source"), WORD("peer"), WORD("from"), WORD("subject"),
    WORD("envid") }, NULL },
{ "queue hold",
  { LEAVING_MANY_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
{ "queue release",
  { LEAVING_MANY_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
{ "queue retry",
  { LEAVING_MANY_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
/* `via`: HOST:PORT; empty: as ever. */
{ "queue reroute",
  { LEAVING_MANY_ARGS,
    { "via",      ADMIN_TEXT,   true,  SAY_COLUMN_HOST } },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
{ "queue bounce",
  { LEAVING_ARGS(true) },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
{ "queue remove",
  { LEAVING_ARGS(true) },
  ADMIN_BY_POSTMASTER, ROLE_QUEUE, LEAVING_DONE, NULL },
/*
 * What the one who asks (the postmaster: anybody here) has sent and can take back,
 * DESK_PAGE rows (desk_wire.h) at the most.
 */
{ "recall list",
  { { "above",    ADMIN_TEXT,   false, SAY_COLUMN_ID } },
  EVERYBODY, ROLE_QUEUE,
  { ID_ARG,
    { "since",    ADMIN_TIME, true, SAY_COLUMN_SINCE },
    { "until",    ADMIN_TIME, true, SAY_COLUMN_RECALL_UNTIL },
    FIGURE("bytes"),
    { "sender",   ADMIN_TEXT, true, SAY_COLUMN_SENDER },
    { "recipients", ADMIN_TEXT, true, SAY_COLUMN_TO },
    { "subject",  ADMIN_TEXT, true, SAY_COLUMN_SUBJECT } }, NULL },
{ "recall take",
  { ID_ARG },
  EVERYBODY, ROLE_QUEUE, { { 0 } }, NULL },
/*
 * What is held for a person, the newest first, HOLD_PAGE rows at most: ask on
 * below the last one's id.
 */
{ "held list",
  { { "below",    ADMIN_TEXT,   false, SAY_COLUMN_ID } },
  ADMIN_BY_ANYBODY, ROLE_QUEUE, { THEIRS_ROW }, NULL },
/* `text` as of hold show; empty where they may not take it. */
{ "held show",
  { ID_ARG },
  ADMIN_BY_ANYBODY, ROLE_QUEUE, { OWNER, THEIRS_ROW, WORD("text") }, NULL },
/* Deliver it to them, and to nobody else. */
{ "held release",
  { ID_ARG },
  ADMIN_BY_ANYBODY, ROLE_QUEUE, { OWNER }, NULL },
/* It is spam: it goes into their Junk, and their filter learns that. */
{ "held spam",
  { ID_ARG },
  ADMIN_BY_ANYBODY, ROLE_QUEUE, { OWNER }, NULL },
/* Whom people want to hear from, and whom not: senders.h.  `wish`: allowed blocked. */
{ "sender allow",
  { SENDER_ARGS },
  EVERYBODY, ROLE_KEEPER, { SENDER_ROW }, admin_sender_allow },
{ "sender block",
  { SENDER_ARGS },
  EVERYBODY, ROLE_KEEPER, { SENDER_ROW }, admin_sender_block },
/* `wish`: unsaid. */
{ "sender remove",
  { SENDER_ARGS },
  EVERYBODY, ROLE_KEEPER, { SENDER_ROW }, admin_sender_remove },
/* By name, ADMIN_SENDER_PAGE rows at most: ask on above the last one's. */
{ "sender list",
  { { "address",  ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS },
    { "above",    ADMIN_TEXT,   false, SAY_COLUMN_SENDER } },
  EVERYBODY, ROLE_KEEPER, { SENDER_ROW }, admin_sender_list },
/*
 * By which host mail of a domain, or of a person, leaves (smarthosts.h).  `host`:
 * NAME:PORT; `tls`: none starttls implicit; `by`: postmaster owner.
 */
{ "smarthost set",
  { { "name",     ADMIN_TEXT,   false, SAY_COLUMN_SENDER },
    { "host",     ADMIN_TEXT,   true,  SAY_COLUMN_HOST },
    { "tls",      ADMIN_TEXT,   false, SAY_COLUMN_TLS },
    { "user",     ADMIN_TEXT,   false, SAY_COLUMN_USER },
    { "password", ADMIN_SEALED, false, SAY_COLUMN_PASSWORD } },
  PERSON_TOO, ROLE_KEEPER, SMARTHOST_ROW, admin_smarthost_set },
{ "smarthost remove",
  { { "name",     ADMIN_TEXT,   false, SAY_COLUMN_SENDER } },
  PERSON_TOO, ROLE_KEEPER, SMARTHOST_ROW, admin_smarthost_remove },
/* By name, ADMIN_PAGE rows at most: ask on above the last one's. */
{ "smarthost list",
  { { "name",     ADMIN_TEXT,   false, SAY_COLUMN_SENDER },
    { "above",    ADMIN_TEXT,   false, SAY_COLUMN_SENDER } },
  PERSON_TOO, ROLE_KEEPER, SMARTHOST_ROW, admin_smarthost_list },
/*
 * Who sends without a login (devices.h).  `to`: addresses elsewhere, and "@domain",
 * commas or blanks between them.
 */
{ "device add",
  { ADDRESS_ARG,
    { "sender",   ADMIN_TEXT,   true,  SAY_COLUMN_SENDER },
    { "to",       ADMIN_TEXT,   false, SAY_COLUMN_TO },
    { "per_hour", ADMIN_NUMBER, false, SAY_COLUMN_PER_HOUR } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DEVICE_ROW, admin_device_add },
{ "device remove",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DEVICE_ROW, admin_device_remove },
/* By address, ADMIN_PAGE rows at most: ask on above the last one's. */
{ "device list",
  { { "above",    ADMIN_TEXT,   false, SAY_COLUMN_ADDRESS } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, DEVICE_ROW, admin_device_list },
/*
 * Who is behind an address (groups.h), a row for each of them.  `targets`: instead
 * of those there are, blanks between them; `more`, `less`: besides, and not.
 */
{ "alias add",
  { ADDRESS_ARG, { "targets", ADMIN_TEXT, true, SAY_COLUMN_TO } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { ALIAS_ROW }, admin_alias_add },
{ "alias set",
  { GROUP_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { ALIAS_ROW }, admin_alias_set },
/* The rows are those that were there. */
{ "alias remove",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { ALIAS_ROW }, admin_alias_remove },
/* At most ADMIN_SENDER_PAGE rows: ask on above the last one's. */
{ "alias list",
  { ABOVE_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { ALIAS_ROW }, admin_alias_list },
/* `post`: members office anyone; `owner`: an account. */
{ "list add",
  { GROUP_ARGS, LIST_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { LIST_ROW }, admin_list_add },
{ "list set",
  { GROUP_ARGS, LIST_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { LIST_ROW }, admin_list_set },
{ "list remove",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { LIST_ROW }, admin_list_remove },
{ "list list",
  { ABOVE_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { LIST_ROW }, admin_list_list },
/*
 * Mail that goes on (forwards.h): a person's own, where they may.  `keep`: yes no,
 * the account has a copy too; `by`: postmaster owner.
 */
{ "forward set",
  { OWNER_ARG, { "target", ADMIN_TEXT, true, SAY_COLUMN_TO },
    { "keep", ADMIN_TEXT, false, SAY_COLUMN_KEEP } },
  EVERYBODY, ROLE_KEEPER, { FORWARD_ROW }, admin_forward_set },
{ "forward remove",
  { OWNER_ARG },
  EVERYBODY, ROLE_KEEPER, { FORWARD_ROW }, admin_forward_remove },
{ "forward list",
  { { 0 } },
  EVERYBODY, ROLE_KEEPER, { FORWARD_ROW }, admin_forward_list },
/* Domains whose mail is taken for a host of their own: gateways.h. */
{ "gateway add",
  { GATEWAY_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { GATEWAY_ROW }, admin_gateway_add },
{ "gateway list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { GATEWAY_ROW }, admin_gateway_list },
/* What is given is set. */
{ "gateway set",
  { GATEWAY_ARGS },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { GATEWAY_ROW }, admin_gateway_set },
{ "gateway remove",
  { { "domain",   ADMIN_TEXT,   true, SAY_COLUMN_DOMAIN } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, { GATEWAY_ROW }, admin_gateway_remove },
/* The same of the message, and the person, that a link names. */
{ "held open",
  { LINK_ARG },
  ADMIN_BY_LINK, ROLE_QUEUE, { OWNER, THEIRS_ROW, WORD("text") }, NULL },
{ "held accept",
  { LINK_ARG },
  ADMIN_BY_LINK, ROLE_QUEUE, { OWNER }, NULL },
{ "held disown",
  { LINK_ARG },
  ADMIN_BY_LINK, ROLE_QUEUE, { OWNER }, NULL },
{ 0 }
};

#define REQUESTS	(sizeof(admin_requests) / sizeof(admin_requests[0]) - 1)

static const struct {
	const char	*code;
	enum sentence	 sentence;
} statuses[ADMIN_STATUS_COUNT] = {
	[ADMIN_OK]		= { "ok",	  SAY_DONE },
	[ADMIN_UNFIT]		= { "unfit",	  SAY_UNFIT },
	[ADMIN_NO_SUCH]		= { "no-such",	  SAY_NO_SUCH },
	[ADMIN_EXISTS]		= { "exists",	  SAY_EXISTS },
	[ADMIN_NOT_UNIQUE]	= { "not-unique", SAY_NOT_UNIQUE },
	[ADMIN_KEPT]		= { "kept",	  SAY_POSTMASTER_STAYS },
	[ADMIN_REFUSED]		= { "refused",	  SAY_MAY_NOT },
	[ADMIN_LATER]		= { "later",	  SAY_LATER },
	[ADMIN_FAILED]		= { "failed",	  SAY_FAILED },
	[ADMIN_TOO_MANY]	= { "too-many",	  SAY_TOO_MANY_OF_THEM },
	[ADMIN_EXPIRED]		= { "expired",	  SAY_HELD_LINK_OVER },
	[ADMIN_LOOP]		= { "loop",	  SAY_GROUP_LOOPS },
};

const char *
admin_status_code(enum admin_status status)
{
	return statuses[status].code;
}

enum sentence
admin_status_sentence(enum admin_status status)
{
	return statuses[status].sentence;
}

const struct admin_request *
admin_find(struct slice name)
{
	for (size_t i = 0; i < REQUESTS; i++)
		if (slice_is_str(name, admin_requests[i].name))
			return &admin_requests[i];
	return NULL;
}

bool
admin_joins(const struct admin_request *request)
{
	return strcmp(request->name, "mailbox session") == 0;
}

bool
admin_may(const struct admin_request *request, uint64_t asker,
    bool may_fetch)
{
	if (asker == 0)
		return (request->who & ADMIN_BY_POSTMASTER) != 0;
	return (request->who & ADMIN_BY_ANYBODY) != 0 ||
	    (may_fetch && (request->who & ADMIN_BY_PERSON) != 0);
}

unsigned
admin_number(const struct admin_request *request)
{
	return (unsigned)(request - admin_requests);
}

const struct admin_request *
admin_at(unsigned number)
{
	return number < REQUESTS ? &admin_requests[number] : NULL;
}

int
admin_begin(struct admin_work *work, const struct admin_request *request,
    struct slice packed, int64_t now_utc_ms)
{
	struct unpack u = unpack_of(packed);

	*work = (struct admin_work){ .request = request,
	    .now_utc_ms = now_utc_ms, .field = ADMIN_NO_FIELD };
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		work->given[i] = unpack_bool(&u);
		if (work->given[i])
			work->args[i] = unpack_slice(&u);
		if (!work->given[i] && request->args[i].required)
			return -EBADMSG;
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

enum admin_status
admin_hash(struct admin_work *work)
{
	if (work->request->handler == admin_dkim_add)
		return admin_dkim_make(work);
	for (size_t i = 0; work->request->args[i].name != NULL; i++) {
		int r;

		if (work->request->args[i].kind != ADMIN_SECRET ||
		    !work->given[i])
			continue;
		r = password_make(work->args[i], &work->secret);
		if (r == -EINVAL || r == -ERANGE) {
			work->field = (unsigned)i;
			return ADMIN_UNFIT;
		}
		if (r < 0)
			return ADMIN_FAILED;
		work->has_secret = true;
	}
	return ADMIN_OK;
}

static void
answer_head(struct text *answer, enum admin_status status, unsigned field,
    uint32_t rows)
{
	pack_u8(answer, (uint8_t)status);
	pack_u8(answer, (uint8_t)field);
	pack_u32(answer, rows);
}

void
admin_refuse(struct text *answer, enum admin_status status)
{
	answer_head(answer, status, ADMIN_NO_FIELD, 0);
}

void
admin_end(struct admin_work *work, enum admin_status status,
    struct policy *policy, struct text *answer)
{
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);

	if (status == ADMIN_OK)
		status = work->request->handler == NULL ? ADMIN_FAILED :
		    work->request->handler(policy, work, &rows);
	OPENSSL_cleanse(&work->secret, sizeof(work->secret));
	if (text_failed(&rows))
		status = ADMIN_FAILED;
	if (status != ADMIN_OK) {
		answer_head(answer, status, work->field, 0);
		return;
	}
	answer_head(answer, status, work->field, work->rows);
	text_add(answer, text_slice(&rows));
}

/* What an errno of accounts.h and fetch_accounts.h means to who asked. */
enum admin_status
admin_status_of(int r)
{
	switch (r) {
	case 0:
		return ADMIN_OK;
	case -EINVAL:
		return ADMIN_UNFIT;
	case -ENOENT:
		return ADMIN_NO_SUCH;
	case -EEXIST:
		return ADMIN_EXISTS;
	case -ENOTUNIQ:
		return ADMIN_NOT_UNIQUE;
	case -EPERM:
		return ADMIN_KEPT;
	case -EACCES:
		return ADMIN_REFUSED;
	case -EDQUOT:
		return ADMIN_TOO_MANY;
	case -EBUSY:
		return ADMIN_LATER;
	case -ELOOP:
		return ADMIN_LOOP;
	default:
		return ADMIN_FAILED;
	}
}

bool
admin_copy(struct admin_work *work, unsigned arg, char *buffer, size_t size)
{
	if (!work->given[arg] ||
	    slice_cstr(work->args[arg], buffer, size) == 0)
		return true;
	work->field = arg;
	return false;
}
