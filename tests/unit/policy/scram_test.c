/*
 * scram_test.c - SCRAM-SHA-256 as the keeper of the keys has it
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/sasl.h"
#include "policy/scram.h"
#include "policy/seal.h"
#include "tests/unit/unit.h"

/* RFC 7677 3: the password is "pencil" */
static const char said[] = "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char proof64[] = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char ours64[] = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static struct password_secret secret;
static const struct seal_key key = { "a key of thirty-two bytes, or so" };

static struct slice
bytes_of(const char *base64, char buffer[64])
{
	struct slice bytes = { NULL, 0 };

	ck_assert_int_eq(sasl_decode(slice_str(base64), buffer, 64, &bytes),
	    0);
	return bytes;
}

static void
setup(void)
{
	struct policy_account a = { .address = "ann@office.test",
	    .language = "en" };
	char buffer[64];
	unsigned needs;

	strcpy(folder, "/tmp/scram_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(password_scram(slice_str("pencil"),
	    (const unsigned char *)bytes_of("W22ZaJ0SNY7soEsUEjb6gQ==",
	    buffer).at, 4096, secret.scram), 0);
	strcpy(secret.hash, "$y$hash");
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, 1, &a), 0);
}

static void
teardown(void)
{
	static const char *const names[] = {
		"policy.db", "policy.db-wal", "policy.db-shm"
	};

	policy_close(policy);
	for (size_t i = 0; i < 3; i++)
		unlinkat(folder_fd, names[i], 0);
	(void)close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(the_exchange_of_rfc_7677_is_proved)
{
	unsigned char signature[SCRAM_KEY_BYTES] = "untouched";
	char proof_buffer[64], ours_buffer[64], wrong[SCRAM_KEY_BYTES];
	struct slice proof = bytes_of(proof64, proof_buffer);
	struct slice ours = bytes_of(ours64, ours_buffer);

	ck_assert(scram_is(secret.scram, slice_str(said), proof, signature));
	ck_assert(slice_is(slice_of(signature, sizeof(signature)), ours));
	memcpy(signature, "untouched", 10);
	/* every bit of it counts, and every byte of what was said */
	for (size_t i = 0; i < 8 * sizeof(wrong); i++) {
		memcpy(wrong, proof.at, sizeof(wrong));
		wrong[i / 8] = (char)(wrong[i / 8] ^ 1 << i % 8);
		ck_assert(!scram_is(secret.scram, slice_str(said),
		    slice_of(wrong, sizeof(wrong)), signature));
	}
	ck_assert(!scram_is(secret.scram, slice_str(said + 1), proof,
	    signature));
	ck_assert(!scram_is(secret.scram, slice_str(said),
	    slice_first(proof, 31), signature));
	ck_assert_str_eq((char *)signature, "untouched");
}
END_TEST

static const char *const verifiers[] = {
	"",
	"SCRAM",
	"SCRAM-SHA-1$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZ"
	    "kBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	"SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZ"
	    "kBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6$WG5d8oPm3OtcPnkdi4Uo7BkeZ"
	    "kBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZ"
	    "kBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2",
};

/* HARDENING A50: nor does a proof of keys that are all zeros fit it */
START_TEST(what_is_no_verifier_fits_nothing)
{
	unsigned char signature[SCRAM_KEY_BYTES];
	char buffer[64];

	ck_assert(!scram_is(verifiers[_i], slice_str(said),
	    bytes_of(proof64, buffer), signature));
}
END_TEST

static struct scram_salt
salt_of(const char *user)
{
	struct scram_salt salt;

	ck_assert_int_eq(policy_scram_salt(policy, &key, slice_str(user),
	    &salt), 0);
	return salt;
}

static bool
is_same(const struct scram_salt *a, const struct scram_salt *b)
{
	return a->rounds == b->rounds &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

START_TEST(an_account_has_its_own_salt)
{
	struct scram_salt salt = salt_of("ann"), again = salt_of(
	    " Ann@Office.Test ");
	char buffer[64];

	ck_assert_uint_eq(salt.rounds, 4096);
	ck_assert(slice_is(slice_of(salt.bytes, sizeof(salt.bytes)),
	    bytes_of("W22ZaJ0SNY7soEsUEjb6gQ==", buffer)));
	ck_assert(is_same(&salt, &again));
}
END_TEST

/* HARDENING A50: a name that nobody has looks like one that somebody has */
START_TEST(a_name_that_nobody_has_has_one_salt)
{
	static const char *const ways[] = {
		"bob", "BOB@office.test", "bob@OFFICE.TEST", " bob "
	};
	struct scram_salt salt = salt_of("bob@office.test"), other;
	struct seal_key others = { "another key of thirty-two bytes " };

	ck_assert_uint_eq(salt.rounds, PASSWORD_ROUNDS);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		other = salt_of(ways[i]);
		ck_assert(is_same(&salt, &other));
	}
	other = salt_of("carl");
	ck_assert(!is_same(&salt, &other));
	other = salt_of("bob@elsewhere.test");
	ck_assert(!is_same(&salt, &other));
	other = salt_of("@ no address at all @@");
	ck_assert_uint_eq(other.rounds, PASSWORD_ROUNDS);
	/* it cannot be made without the key */
	ck_assert_int_eq(policy_scram_salt(policy, &others, slice_str("bob"),
	    &other), 0);
	ck_assert(!is_same(&salt, &other));
}
END_TEST

START_TEST(a_removed_account_has_its_name_left_only)
{
	struct scram_salt salt;

	ck_assert_int_eq(policy_account_remove(policy, 1, 2), 0);
	salt = salt_of("ann");
	ck_assert_uint_eq(salt.rounds, PASSWORD_ROUNDS);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scram");
	TCase *tcase = tcase_create("scram");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_exchange_of_rfc_7677_is_proved);
	tcase_add_loop_test(tcase, what_is_no_verifier_fits_nothing, 0,
	    (int)(sizeof(verifiers) / sizeof(*verifiers)));
	tcase_add_test(tcase, an_account_has_its_own_salt);
	tcase_add_test(tcase, a_name_that_nobody_has_has_one_salt);
	tcase_add_test(tcase, a_removed_account_has_its_name_left_only);
	suite_add_tcase(suite, tcase);
	return suite;
}
