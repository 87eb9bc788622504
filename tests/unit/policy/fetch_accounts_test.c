/*
 * fetch_accounts_test.c - remote mailboxes in policy.db, and their passwords
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "policy/fetch_accounts.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000
#define SECRET	"correct horse battery staple"

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };
static const struct seal_key other_key = { "another key, of 32 bytes as well" };

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static uint64_t		 ann, bob;

static uint64_t
account_add(const char *address)
{
	struct policy_account a = { .language = "en" };
	struct password_secret secret;

	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(slice_cstr(slice_str(address), a.address,
	    sizeof(a.address)), 0);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	return a.id;
}

static void
open_policy(void)
{
	unsigned needs;

	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static void
setup(void)
{
	strcpy(folder, "/tmp/fetch_accounts_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	open_policy();
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ann = account_add("ann@office.test");
	bob = account_add("bob@office.test");
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

/* One that is fit in every member. */
static struct fetch_account
fit(void)
{
	return (struct fetch_account){ .owner = ann, .label = "provider",
	    .host = "pop.example.com", .port = 995,
	    .tls = FETCH_TLS_IMPLICIT, .user = "ann",
	    .from = FETCH_FROM_DAYS, .from_days = 30,
	    .delete_after_days = 7, .largest_bytes = 1 << 20,
	    .enabled = true };
}

static int
add(const struct fetch_account *f, uint64_t *id_out)
{
	const char *field = "?";

	return policy_fetch_add(policy, &key, f, slice_str(SECRET), NOW,
	    id_out, &field);
}

START_TEST(what_is_added_is_read_again)
{
	struct fetch_account f = fit(), got;
	char secret[FETCH_SECRET_SIZE];
	uint64_t id = 0;

	f.has_pin = true;
	memset(f.pin, 0xa5, sizeof(f.pin));
	f.mechanism = FETCH_CRAM_MD5;
	f.mirror = f.by_owner = true;
	ck_assert_int_eq(add(&f, &id), 0);
	policy_close(policy);
	open_policy();
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	ck_assert_uint_eq(got.id, id);
	ck_assert_uint_eq(got.owner, ann);
	ck_assert_str_eq(got.owner_address, "ann@office.test");
	ck_assert_str_eq(got.label, "provider");
	ck_assert_str_eq(got.host, "pop.example.com");
	ck_assert_uint_eq(got.port, 995);
	ck_assert_int_eq(got.tls, FETCH_TLS_IMPLICIT);
	ck_assert_str_eq(got.user, "ann");
	ck_assert_int_eq(got.mechanism, FETCH_CRAM_MD5);
	ck_assert(got.has_pin && got.enabled && got.mirror &&
	    got.by_owner);
	ck_assert_mem_eq(got.pin, f.pin, sizeof(f.pin));
	ck_assert_int_eq(got.from, FETCH_FROM_DAYS);
	ck_assert_uint_eq(got.from_days, 30);
	ck_assert_int_eq(got.delete_after_days, 7);
	ck_assert_uint_eq(got.largest_bytes, 1 << 20);
	ck_assert_int_eq(got.created_utc_ms, NOW);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_str_eq(secret, SECRET);
	ck_assert_int_eq(policy_fetch_find(policy, ann, slice_str("provider"),
	    &got), 0);
	ck_assert_int_eq(policy_fetch_find(policy, bob, slice_str("provider"),
	    &got), -ENOENT);
}
END_TEST

/* What is put into a member of one that is fit, and whether it still is. */
#define LONG64	"0123456789012345678901234567890123456789012345678901234567890123"
static const struct {
	const char	*member;
	const char	*text;		/* or */
	int64_t		 number;
	const char	*field;		/* NULL: it is fit */
	const char	*kept;		/* another form of the text */
} bounds[] = {
	{ "label", LONG64, 0, NULL, NULL },
	{ "label", "kotak \xc3\xa9", 0, NULL, NULL },
	{ "label", "a\tb", 0, "label", NULL },
	{ "label", "a\x7f", 0, "label", NULL },
	{ "label", "a\xc2\x9b" "b", 0, "label", NULL },
	{ "label", "\xff", 0, "label", NULL },
	{ "host", "POP.Example.COM", 0, NULL, "pop.example.com" },
	{ "host", "pop.b\xc3\xbc" "cher.example", 0, NULL,
	  "pop.xn--bcher-kva.example" },
	{ "host", "192.0.2.1", 0, NULL, NULL },
	{ "host", "2001:DB8::1", 0, NULL, "2001:db8::1" },
	{ "host", "[2001:db8::1]", 0, NULL, "2001:db8::1" },
	{ "host", "localhost", 0, NULL, NULL },
	{ "host", "", 0, "host", NULL },
	{ "host", "192.0.2.256", 0, "host", NULL },
	{ "host", "[pop]", 0, "host", NULL },
	{ "host", "pop.example.com\r\nX", 0, "host", NULL },
	{ "host", "h%0d%0aX", 0, "host", NULL },
	{ "host", "a b", 0, "host", NULL },
	{ "host", "pop.example.com/x", 0, "host", NULL },
	{ "host", "user@pop.example.com", 0, "host", NULL },
	{ "host", "pop.example.com:110", 0, "host", NULL },
	{ "host", "-a.example", 0, "host", NULL },
	{ "host", LONG64 ".example", 0, "host", NULL },
	{ "user", "ann@example.com", 0, NULL, NULL },
	{ "user", "", 0, "user", NULL },
	{ "user", "a\r\nDELE 1", 0, "user", NULL },
	{ "user", "a\nb", 0, "user", NULL },
	{ "port", NULL, 1, NULL, NULL },
	{ "port", NULL, 65535, NULL, NULL },
	{ "port", NULL, 0, "port", NULL },
	{ "tls", NULL, FETCH_TLS_COUNT, "tls", NULL },
	{ "mechanism", NULL, FETCH_MECHANISM_COUNT, "mechanism", NULL },
	{ "mechanism", NULL, FETCH_APOP, NULL, NULL },
	{ "from", NULL, FETCH_FROM_COUNT, "from", NULL },
	{ "days", NULL, 1, NULL, NULL },
	{ "days", NULL, 3650, NULL, NULL },
	{ "days", NULL, 0, "from", NULL },
	{ "days", NULL, 3651, "from", NULL },
	{ "delete_after", NULL, FETCH_KEEP, NULL, NULL },
	{ "delete_after", NULL, 0, NULL, NULL },
	{ "delete_after", NULL, 3650, NULL, NULL },
	{ "delete_after", NULL, 3651, "delete_after", NULL },
	{ "delete_after", NULL, -2, "delete_after", NULL },
	{ "largest", NULL, INT64_C(2) << 30, NULL, NULL },
	{ "largest", NULL, (INT64_C(2) << 30) + 1, "largest", NULL },
};

static void
put_text(char *to, size_t size, const char *text)
{
	ck_assert_int_eq(slice_cstr(slice_str(text), to, size), 0);
}

static void
put(struct fetch_account *f, const char *member, const char *text,
    int64_t number)
{
	if (strcmp(member, "label") == 0)
		put_text(f->label, sizeof(f->label), text);
	else if (strcmp(member, "host") == 0)
		put_text(f->host, sizeof(f->host), text);
	else if (strcmp(member, "user") == 0)
		put_text(f->user, sizeof(f->user), text);
	else if (strcmp(member, "port") == 0)
		f->port = (uint16_t)number;
	else if (strcmp(member, "tls") == 0)
		f->tls = (enum fetch_tls)number;
	else if (strcmp(member, "mechanism") == 0)
		f->mechanism = (enum fetch_mechanism)number;
	else if (strcmp(member, "from") == 0)
		f->from = (enum fetch_from)number;
	else if (strcmp(member, "days") == 0)
		f->from_days = (unsigned)number;
	else if (strcmp(member, "delete_after") == 0)
		f->delete_after_days = (int)number;
	else
		f->largest_bytes = (uint64_t)number;
}

/* HARDENING A56 */
START_TEST(every_member_has_its_bounds)
{
	struct fetch_account f = fit(), got;
	const char *field = NULL, *want = bounds[_i].field, *kept;
	uint64_t id = 77;
	int r;

	put(&f, bounds[_i].member, bounds[_i].text, bounds[_i].number);
	r = policy_fetch_add(policy, &key, &f, slice_str(SECRET), NOW, &id,
	    &field);
	if (want != NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(field, want);
		ck_assert_uint_eq(id, 77);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	kept = bounds[_i].kept != NULL ? bounds[_i].kept : bounds[_i].text;
	if (kept == NULL)
		return;
	ck_assert(strcmp(got.label, kept) == 0 ||
	    strcmp(got.host, kept) == 0 || strcmp(got.user, kept) == 0);
}
END_TEST

START_TEST(a_password_cannot_end_a_line)
{
	static const struct slice bad[] = {
		SLICE(""), SLICE("a\nb"), SLICE("a\r"), SLICE("a\0b")
	};
	char most[FETCH_SECRET_SIZE];
	char secret[FETCH_SECRET_SIZE];
	struct fetch_account f = fit();
	const char *field = NULL;
	uint64_t id;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(policy_fetch_add(policy, &key, &f, bad[i],
		    NOW, &id, &field), -EINVAL);
		ck_assert_str_eq(field, "password");
	}
	memset(most, 'p', sizeof(most));
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_of(most,
	    sizeof(most)), NOW, &id, &field), -EINVAL);
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_of(most,
	    sizeof(most) - 1), NOW, &id, &field), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_mem_eq(secret, most, sizeof(most) - 1);
}
END_TEST

START_TEST(without_a_label_the_host_is_it)
{
	struct fetch_account f = fit(), got;
	uint64_t id;

	f.label[0] = '\0';
	put_text(f.host, sizeof(f.host), "POP.example.com");
	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	ck_assert_str_eq(got.label, "pop.example.com");
}
END_TEST

START_TEST(a_label_is_the_only_one_of_its_owner)
{
	struct fetch_account f = fit();
	const char *field = NULL;
	uint64_t id, second;

	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_str(SECRET),
	    NOW, &second, &field), -EEXIST);
	ck_assert_str_eq(field, "label");
	f.owner = bob;
	ck_assert_int_eq(add(&f, &second), 0);
	f.owner = ann;
	put_text(f.label, sizeof(f.label), "second");
	ck_assert_int_eq(add(&f, &second), 0);
	f.id = second;
	put_text(f.label, sizeof(f.label), "provider");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_of(NULL, 0),
	    &field), -EEXIST);
	ck_assert_str_eq(field, "label");
	f.owner = ann + bob + 1;
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_str(SECRET),
	    NOW, &id, &field), -ENOENT);
	ck_assert_str_eq(field, "address");
}
END_TEST

START_TEST(an_owner_has_fifty_at_most)
{
	struct fetch_account f = fit();
	uint64_t id;

	for (int i = 0; i < FETCH_MOST_OF_OWNER; i++) {
		(void)snprintf(f.label, sizeof(f.label), "%d", i);
		ck_assert_int_eq(add(&f, &id), 0);
	}
	put_text(f.label, sizeof(f.label), "one more");
	ck_assert_int_eq(add(&f, &id), -EDQUOT);
	f.owner = bob;
	ck_assert_int_eq(add(&f, &id), 0);
}
END_TEST

START_TEST(a_change_keeps_owner_and_password_unless_given)
{
	struct fetch_account f = fit(), got;
	char secret[FETCH_SECRET_SIZE];
	const char *field;
	uint64_t id;

	ck_assert_int_eq(add(&f, &id), 0);
	f.id = id;
	f.owner = bob;
	f.from = FETCH_FROM_NEW;
	f.enabled = false;
	put_text(f.host, sizeof(f.host), "192.0.2.9");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_of(NULL, 0),
	    &field), 0);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	ck_assert_uint_eq(got.owner, ann);
	ck_assert_int_eq(got.from, FETCH_FROM_NEW);
	ck_assert_uint_eq(got.from_days, 0);
	ck_assert(!got.enabled);
	ck_assert_str_eq(got.host, "192.0.2.9");
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_str_eq(secret, SECRET);
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_str("new"),
	    &field), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_str_eq(secret, "new");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_str("a\nb"),
	    &field), -EINVAL);
	f.id = id + 1;
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f, slice_of(NULL, 0),
	    &field), -ENOENT);
}
END_TEST

START_TEST(a_number_is_never_given_twice)
{
	struct fetch_account f = fit(), got;
	uint64_t first, second;

	ck_assert_int_eq(add(&f, &first), 0);
	ck_assert_int_eq(policy_fetch_remove(policy, first), 0);
	ck_assert_int_eq(policy_fetch_remove(policy, first), -ENOENT);
	ck_assert_int_eq(policy_fetch_get(policy, first, &got), -ENOENT);
	policy_close(policy);
	open_policy();
	ck_assert_int_eq(add(&f, &second), 0);
	ck_assert_uint_gt(second, first);
}
END_TEST

START_TEST(who_goes_takes_the_fetch_accounts_along)
{
	struct fetch_account f = fit(), got;
	char secret[FETCH_SECRET_SIZE];
	uint64_t hers, his;

	ck_assert_int_eq(add(&f, &hers), 0);
	f.owner = bob;
	ck_assert_int_eq(add(&f, &his), 0);
	ck_assert_int_eq(policy_account_remove(policy, ann, NOW), 0);
	ck_assert_int_eq(policy_fetch_get(policy, hers, &got), -ENOENT);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, hers, secret),
	    -ENOENT);
	ck_assert_int_eq(policy_fetch_get(policy, his, &got), 0);
}
END_TEST

static int
count_one(void *arg, const struct fetch_account *f)
{
	uint64_t *sum = arg;

	*sum = *sum * 10 + f->id;
	return 0;
}

START_TEST(they_come_in_order_of_number)
{
	struct fetch_account f = fit();
	uint64_t id, sum = 0;

	for (int i = 0; i < 4; i++) {
		(void)snprintf(f.label, sizeof(f.label), "%d", 9 - i);
		f.owner = i % 2 == 0 ? ann : bob;
		ck_assert_int_eq(add(&f, &id), 0);
	}
	ck_assert_int_eq(policy_fetch_each(policy, 0, 0, count_one, &sum), 0);
	ck_assert_uint_eq(sum, 1234);
	sum = 0;
	ck_assert_int_eq(policy_fetch_each(policy, 0, 2, count_one, &sum), 0);
	ck_assert_uint_eq(sum, 34);
	sum = 0;
	ck_assert_int_eq(policy_fetch_each(policy, bob, 0, count_one, &sum),
	    0);
	ck_assert_uint_eq(sum, 24);
}
END_TEST

/* At rest */

/* How often `bytes` stand in a file of the folder. */
static unsigned
count_in_file(const char *name, const char *bytes)
{
	static char file[4 * 1024 * 1024];
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	struct slice rest;
	unsigned count = 0;
	ssize_t n;
	size_t at;

	if (fd < 0)
		return 0;
	n = read(fd, file, sizeof(file));
	close(fd);
	ck_assert_int_gt(n, 0);
	rest = slice_of(file, (size_t)n);
	while ((at = slice_find_str(rest, bytes)) != SIZE_MAX) {
		count++;
		rest = slice_after(rest, at + 1);
	}
	return count;
}

START_TEST(the_password_stands_nowhere_in_the_file)
{
	struct fetch_account f = fit();
	const char *field;
	uint64_t id;

	ck_assert_int_eq(add(&f, &id), 0);
	f.id = id;
	ck_assert_int_eq(policy_fetch_set(policy, &key, &f,
	    slice_str("second " SECRET), &field), 0);
	/* what is looked for can be found: the label can */
	ck_assert_uint_gt(count_in_file(POLICY_FILE, "provider") +
	    count_in_file(POLICY_FILE "-wal", "provider"), 0);
	ck_assert_uint_eq(count_in_file(POLICY_FILE "-wal", SECRET), 0);
	ck_assert_uint_eq(count_in_file(POLICY_FILE "-wal", "staple"), 0);
	policy_close(policy);
	ck_assert_uint_gt(count_in_file(POLICY_FILE, "provider"), 0);
	ck_assert_uint_eq(count_in_file(POLICY_FILE, "staple"), 0);
	open_policy();
}
END_TEST

static void
run_sql(const char *sql)
{
	char path[128];
	sqlite3 *lite;

	policy_close(policy);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, POLICY_FILE);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lite, sql, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
	open_policy();
}

START_TEST(another_key_or_another_row_does_not_open_it)
{
	struct fetch_account f = fit();
	char secret[FETCH_SECRET_SIZE] = "as it was";
	uint64_t one, two;

	ck_assert_int_eq(add(&f, &one), 0);
	put_text(f.label, sizeof(f.label), "second");
	ck_assert_int_eq(add(&f, &two), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &other_key, one, secret),
	    -EBADMSG);
	ck_assert_str_eq(secret, "as it was");
	run_sql("UPDATE fetch SET sealed = "
	    "(SELECT sealed FROM fetch WHERE id = 1) WHERE id = 2");
	ck_assert_int_eq(policy_fetch_secret(policy, &key, one, secret), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, two, secret),
	    -EBADMSG);
}
END_TEST

static const char *const damage[] = {
	"UPDATE fetch SET host = 'a' || char(13) || char(10) || 'b'",
	"UPDATE fetch SET user = 7", "UPDATE fetch SET port = 70000",
	"UPDATE fetch SET tls = 3", "UPDATE fetch SET pin = x'00'",
	"UPDATE fetch SET since = 9", "UPDATE fetch SET days = 0",
	"UPDATE fetch SET label = x''", "UPDATE fetch SET enabled = 2",
};

START_TEST(a_damaged_row_is_told_from_a_good_one)
{
	struct fetch_account f = fit(), got;
	uint64_t id;

	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	run_sql(damage[_i]);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), -EUCLEAN);
}
END_TEST

/* Format 1, as it was released */

static const char format_1[] =
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " hub BLOB NOT NULL, seal BLOB);"
    "CREATE TABLE domain (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name BLOB NOT NULL UNIQUE, created INTEGER NOT NULL);"
    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " local BLOB NOT NULL, domain INTEGER NOT NULL REFERENCES domain,"
    " name BLOB NOT NULL, language BLOB NOT NULL, hash BLOB NOT NULL,"
    " scram BLOB NOT NULL, created INTEGER NOT NULL, removed INTEGER);"
    "CREATE UNIQUE INDEX account_address ON account (local, domain)"
    " WHERE removed IS NULL;"
    "CREATE TABLE alias (local BLOB NOT NULL,"
    " domain INTEGER NOT NULL REFERENCES domain,"
    " account INTEGER NOT NULL REFERENCES account,"
    " PRIMARY KEY (local, domain)) WITHOUT ROWID;"
    "INSERT INTO meta (one, hub) VALUES (1, zeroblob(16));"
    "INSERT INTO domain (name, created) VALUES (x'6f66666963652e74657374', 1);"
    "INSERT INTO account (local, domain, name, language, hash, scram, created)"
    " VALUES (x'7a6f65', 1, x'5a6f65', x'656e', x'78', x'79', 5);"
    "PRAGMA application_id = 1349668913; PRAGMA user_version = 1;";

START_TEST(rows_of_format_1_stay)
{
	struct policy_account zoe;
	struct fetch_account f = fit();
	uint64_t id;

	policy_close(policy);
	policy = NULL;
	ck_assert_int_eq(unlinkat(folder_fd, POLICY_FILE, 0), 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	run_sql(format_1);
	ck_assert_int_eq(policy_account_find(policy, slice_str("zoe"), &zoe),
	    0);
	ck_assert_str_eq(zoe.address, "zoe@office.test");
	ck_assert_int_eq(zoe.created_utc_ms, 5);
	f.owner = zoe.id;
	ck_assert_int_eq(add(&f, &id), 0);
}
END_TEST

/* Packed */

START_TEST(a_packed_one_reads_back_and_a_cut_one_does_not)
{
	TEXT_AUTO packed = TEXT_INIT(8192);
	struct fetch_account f = fit(), got;
	struct slice secret, whole;
	struct unpack u;

	f.id = 9;
	f.mirror = f.by_owner = true;
	f.has_pin = true;
	memset(f.pin, 3, sizeof(f.pin));
	fetch_account_pack(&packed, &f, slice_str(SECRET));
	whole = text_slice(&packed);
	u = unpack_of(whole);
	ck_assert_int_eq(fetch_account_unpack(&u, &got, &secret), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_eq(got.id, 9);
	ck_assert_uint_eq(got.owner, ann);
	ck_assert_str_eq(got.host, f.host);
	ck_assert_str_eq(got.user, f.user);
	ck_assert_int_eq(got.delete_after_days, 7);
	ck_assert(got.enabled && got.mirror && got.by_owner);
	ck_assert_mem_eq(got.pin, f.pin, sizeof(f.pin));
	ck_assert(slice_is_str(secret, SECRET));
	for (size_t len = 0; len < whole.len; len++) {
		u = unpack_of(slice_first(whole, len));
		ck_assert_int_eq(fetch_account_unpack(&u, &got, &secret),
		    -EBADMSG);
	}
}
END_TEST

START_TEST(a_packed_one_is_judged_as_a_typed_one)
{
	TEXT_AUTO packed = TEXT_INIT(8192);
	struct fetch_account f, got;
	struct slice secret = slice_str(SECRET);
	struct unpack u;

	for (size_t i = 0; i < 7; i++) {
		f = fit();
		f.id = i == 0 ? 0 : 1;
		f.owner = i == 1 ? 0 : 1;
		f.port = i == 2 ? 0 : 110;
		if (i == 3)
			put_text(f.user, sizeof(f.user), "a\nb");
		f.from_days = i == 4 ? 0 : 1;
		secret = slice_str(i == 5 ? "a\rb" : SECRET);
		text_clear(&packed);
		fetch_account_pack(&packed, &f, secret);
		u = unpack_of(text_slice(&packed));
		ck_assert_int_eq(fetch_account_unpack(&u, &got, &secret),
		    i == 6 ? 0 : -EBADMSG);
	}
}
END_TEST

/* What ETRN (RFC 1985 5) and ATRN (RFC 2645 5) may ask for. */
static const struct {
	enum fetch_protocol	 protocol;
	const char		*queue;
	bool			 is_fit;
} queues[] = {
	{ FETCH_ETRN, "office.test", true },
	{ FETCH_ETRN, "office.test,@branch.test,#spool/1", true },
	{ FETCH_ETRN, "", false },
	{ FETCH_ETRN, "office.test,", false },
	{ FETCH_ETRN, ",office.test", false },
	{ FETCH_ETRN, "@", false },
	{ FETCH_ETRN, "#", false },
	{ FETCH_ETRN, "#a b", false },
	{ FETCH_ETRN, "#a\r\nMAIL FROM:<>", false },
	{ FETCH_ETRN, "office.test\r\nQUIT", false },
	{ FETCH_ETRN, "office test", false },
	{ FETCH_ATRN, "", true },
	{ FETCH_ATRN, "office.test,branch.test", true },
	{ FETCH_ATRN, "@office.test", false },
	{ FETCH_ATRN, "#spool", false },
	{ FETCH_POP3, "", true },
	{ FETCH_POP3, "office.test", false },
	{ FETCH_IMAP, "office.test", false },
};

START_TEST(a_queue_is_names_and_commas)
{
	struct fetch_account f = fit(), got;
	const char *field = NULL;
	uint64_t id = 0;

	f.protocol = queues[_i].protocol;
	(void)snprintf(f.queue, sizeof(f.queue), "%s", queues[_i].queue);
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f,
	    slice_str(SECRET), NOW, &id, &field), queues[_i].is_fit ? 0 :
	    -EINVAL);
	if (!queues[_i].is_fit) {
		ck_assert_str_eq(field, "queue");
		return;
	}
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	ck_assert_int_eq(got.protocol, f.protocol);
	ck_assert_str_eq(got.queue, f.queue);
}
END_TEST

/* RFC 1985 does not ask for a login: where there is none, nothing is sealed. */
START_TEST(only_etrn_does_without_a_login)
{
	struct fetch_account f = fit(), got;
	TEXT_AUTO body = TEXT_INIT(8192);
	char secret[FETCH_SECRET_SIZE] = "?";
	const char *field = NULL;
	struct slice read;
	struct unpack u;
	uint64_t id = 0;

	f.user[0] = '\0';
	f.protocol = FETCH_ATRN;
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_str(""),
	    NOW, &id, &field), -EINVAL);
	ck_assert_str_eq(field, "user");
	f.protocol = FETCH_ETRN;
	strcpy(f.queue, "office.test");
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_str(""),
	    NOW, &id, &field), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_str_eq(secret, "");
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	fetch_account_pack(&body, &got, slice_str(secret));
	u = unpack_of(text_slice(&body));
	ck_assert_int_eq(fetch_account_unpack(&u, &got, &read), 0);
	ck_assert_uint_eq(read.len, 0);

	/* with a login from now on: that wants a password */
	strcpy(got.user, "ann");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &got, slice_str(""),
	    &field), -EINVAL);
	ck_assert_str_eq(field, "password");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &got,
	    slice_str(SECRET), &field), 0);
	ck_assert_int_eq(policy_fetch_secret(policy, &key, id, secret), 0);
	ck_assert_str_eq(secret, SECRET);
}
END_TEST

START_TEST(folders_and_protocol_are_kept)
{
	struct fetch_account f = fit(), got;
	uint64_t id = 0;
	const char *field;

	f.protocol = FETCH_IMAP;
	memset(f.folders, 'x', sizeof(f.folders) - 1);
	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(policy_fetch_get(policy, id, &got), 0);
	ck_assert_int_eq(got.protocol, FETCH_IMAP);
	ck_assert_str_eq(got.folders, f.folders);
	strcpy(got.folders, "INBOX\r\nX");
	ck_assert_int_eq(policy_fetch_set(policy, &key, &got, slice_str(""),
	    &field), -EINVAL);
	ck_assert_str_eq(field, "folders");
	got.folders[0] = '\0';
	got.protocol = FETCH_PROTOCOL_COUNT;
	ck_assert_int_eq(policy_fetch_set(policy, &key, &got, slice_str(""),
	    &field), -EINVAL);
	ck_assert_str_eq(field, "protocol");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/fetch_accounts");
	TCase *tests = tcase_create("fetch_accounts");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_queue_is_names_and_commas, 0,
	    sizeof(queues) / sizeof(queues[0]));
	tcase_add_test(tests, only_etrn_does_without_a_login);
	tcase_add_test(tests, folders_and_protocol_are_kept);
	tcase_add_test(tests, what_is_added_is_read_again);
	tcase_add_loop_test(tests, every_member_has_its_bounds, 0,
	    sizeof(bounds) / sizeof(bounds[0]));
	tcase_add_test(tests, a_password_cannot_end_a_line);
	tcase_add_test(tests, without_a_label_the_host_is_it);
	tcase_add_test(tests, a_label_is_the_only_one_of_its_owner);
	tcase_add_test(tests, an_owner_has_fifty_at_most);
	tcase_add_test(tests, a_change_keeps_owner_and_password_unless_given);
	tcase_add_test(tests, a_number_is_never_given_twice);
	tcase_add_test(tests, who_goes_takes_the_fetch_accounts_along);
	tcase_add_test(tests, they_come_in_order_of_number);
	tcase_add_test(tests, the_password_stands_nowhere_in_the_file);
	tcase_add_test(tests, another_key_or_another_row_does_not_open_it);
	tcase_add_loop_test(tests, a_damaged_row_is_told_from_a_good_one, 0,
	    sizeof(damage) / sizeof(damage[0]));
	tcase_add_test(tests, rows_of_format_1_stay);
	tcase_add_test(tests, a_packed_one_reads_back_and_a_cut_one_does_not);
	tcase_add_test(tests, a_packed_one_is_judged_as_a_typed_one);
	suite_add_tcase(suite, tests);
	return suite;
}
