/*
 * signing_key_test.c - keys that sign what a domain sends
 */
#include "policy/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters/auth/dkim_tools.h"
#include "tests/unit/unit.h"

static const struct seal_key seal_with = { "32 bytes of a key that seals it" };
static char folder[] = "/tmp/signing_test.XXXXXX";
static struct policy *policy;

static void
open_policy(void)
{
	unsigned needs;
	int fd;

	memcpy(folder, "/tmp/signing_test.XXXXXX", sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(fd, false, &policy, &needs), 0);
	(void)close(fd);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
}

static void
close_policy(void)
{
	static const char *const files[] = { "policy.db", "policy.db-wal",
	    "policy.db-shm" };
	char path[128];

	policy_close(policy);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct signing_key
new_key(const char *selector, enum dkim_algorithm algorithm, int64_t at,
    struct signing_secret *secret)
{
	struct signing_key key = { .domain = "office.test",
	    .algorithm = algorithm, .created_utc_ms = at };

	ck_assert_int_eq(slice_cstr(slice_str(selector), key.selector,
	    sizeof(key.selector)), 0);
	ck_assert_int_eq(signing_key_make(&key, secret), 0);
	return key;
}

/* What one makes, the checker of signatures takes, by the published record. */
START_TEST(a_key_signs_as_its_record_says)
{
	const enum dkim_algorithm algorithm = _i == 0 ? DKIM_RSA_SHA256 :
	    DKIM_ED25519_SHA256;
	unsigned char hash[DKIM_HASH_BYTES] = "the hash of a header, 32 bytes.";
	unsigned char signature[SIGNATURE_BYTES];
	struct signing_secret secret, opened;
	struct dkim_tools *tools;
	struct dkim_key public = { 0 };
	struct slice record;
	struct signing_key key;
	size_t len;

	open_policy();
	key = new_key("s1", algorithm, 5, &secret);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    0);
	ck_assert_int_eq(policy_signing_open(policy, &seal_with, &key,
	    &opened), 0);
	ck_assert_uint_eq(opened.len, secret.len);
	ck_assert_mem_eq(opened.der, secret.der, secret.len);
	ck_assert_int_eq(signing_key_sign(&opened, algorithm, hash, signature,
	    &len), 0);
	ck_assert_int_eq(dkim_tools_open(&tools), 0);
	record = slice_str(key.record);
	ck_assert_int_eq(dkim_key_read(record, &public), DKIM_VERIFIED);
	ck_assert_int_eq(dkim_is_signed(tools, &public, hash,
	    slice_of(signature, len)), 1);
	hash[0]++;
	ck_assert_int_eq(dkim_is_signed(tools, &public, hash,
	    slice_of(signature, len)), 0);
	/* it is of its kind only */
	ck_assert_int_eq(signing_key_sign(&opened, _i == 0 ?
	    DKIM_ED25519_SHA256 : DKIM_RSA_SHA256, hash, signature, &len),
	    -EIO);
	dkim_key_free(&public);
	dkim_tools_close(tools);
	close_policy();
}
END_TEST

START_TEST(the_newest_of_each_kind_signs)
{
	struct signing_secret secret;
	struct signing_key keys[SIGNING_MOST], key;
	unsigned count;

	open_policy();
	ck_assert_int_eq(policy_signing_for(policy, slice_str("office.test"),
	    keys, &count), 0);
	ck_assert_uint_eq(count, 0);
	key = new_key("old", DKIM_ED25519_SHA256, 5, &secret);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    0);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    -EEXIST);
	key = new_key("new", DKIM_ED25519_SHA256, 9, &secret);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    0);
	key = new_key("rsa", DKIM_RSA_SHA256, 7, &secret);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    0);
	ck_assert_int_eq(policy_signing_for(policy, slice_str("office.test"),
	    keys, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(keys[0].selector, "rsa");
	ck_assert_str_eq(keys[1].selector, "new");
	ck_assert_int_eq(policy_signing_for(policy,
	    slice_str("elsewhere.test"), keys, &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(policy_signing_remove(policy,
	    slice_str("office.test"), slice_str("new")), 0);
	ck_assert_int_eq(policy_signing_remove(policy,
	    slice_str("office.test"), slice_str("new")), -ENOENT);
	ck_assert_int_eq(policy_signing_for(policy, slice_str("office.test"),
	    keys, &count), 0);
	ck_assert_str_eq(keys[1].selector, "old");
	close_policy();
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
	struct seal_key other = seal_with;
	struct signing_secret secret, opened;
	struct signing_key key;

	open_policy();
	key = new_key("s", DKIM_ED25519_SHA256, 5, &secret);
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    0);
	other.bytes[0]++;
	ck_assert_int_eq(policy_signing_open(policy, &other, &key, &opened),
	    -EBADMSG);
	(void)snprintf(key.selector, sizeof(key.selector), "a.b");
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    -EINVAL);
	(void)snprintf(key.selector, sizeof(key.selector), "t");
	(void)snprintf(key.domain, sizeof(key.domain), "elsewhere.test");
	ck_assert_int_eq(policy_signing_add(policy, &seal_with, &key, &secret),
	    -ENOENT);
	ck_assert_int_eq(signing_algorithm_of(slice_str("RSA")),
	    DKIM_RSA_SHA256);
	ck_assert_int_eq(signing_algorithm_of(slice_str("dsa")),
	    DKIM_ALGORITHM_NONE);
	close_policy();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/signing_key");
	TCase *tests = tcase_create("signing_key");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_key_signs_as_its_record_says, 0, 2);
	tcase_add_test(tests, the_newest_of_each_kind_signs);
	tcase_add_test(tests, what_is_no_key_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
