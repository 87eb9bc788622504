/*
 * scram_test.c - the messages of a client that logs in by SCRAM
 */
#include "lib/base/scram.h"

#include <errno.h>

#include "tests/unit/unit.h"

/* RFC 5802 7 */
static const struct {
	const char	*message;
	int		 want;
	enum scram_binding binding;
	const char	*type, *header, *authzid, *user, *nonce, *bare;
} firsts[] = {
	{ "n,,n=user,r=abc", 0, SCRAM_CANNOT_BIND, "", "n,,", "", "user",
	    "abc", "n=user,r=abc" },
	{ "y,a=b=2Cc,n=u,r=a,x=more,y=", 0, SCRAM_COULD_BIND, "",
	    "y,a=b=2Cc,", "b=2Cc", "u", "a", "n=u,r=a,x=more,y=" },
	{ "p=tls-exporter,,n=,r=a=b", 0, SCRAM_BINDS, "tls-exporter",
	    "p=tls-exporter,,", "", "", "a=b", "n=,r=a=b" },
	{ .message = "", .want = -EINVAL },
	{ .message = "n", .want = -EINVAL },
	{ .message = "n,,", .want = -EINVAL },
	{ .message = "n,,n=user", .want = -EINVAL },
	{ .message = "n,,n=user,r=", .want = -EINVAL },
	{ .message = "n,,n=user,r=a b", .want = -EINVAL },
	{ .message = "n,,r=abc,n=user", .want = -EINVAL },
	{ .message = "n,,m=ext,n=user,r=abc", .want = -EINVAL },
	{ .message = "n,a=,n=user,r=abc", .want = -EINVAL },
	{ .message = "n,b=x,n=user,r=abc", .want = -EINVAL },
	{ .message = "x,,n=user,r=abc", .want = -EINVAL },
	{ .message = "p=,,n=user,r=abc", .want = -EINVAL },
	{ .message = "N,,n=user,r=abc", .want = -EINVAL },
	{ .message = "n,,N=user,r=abc", .want = -EINVAL },
	{ .message = "n=user,r=abc", .want = -EINVAL },
};

START_TEST(a_first_message_is_taken_apart)
{
	struct scram_first first = { .user = SLICE("untouched") };

	ck_assert_int_eq(scram_first_read(slice_str(firsts[_i].message),
	    &first), firsts[_i].want);
	if (firsts[_i].want < 0) {
		ck_assert(slice_is_str(first.user, "untouched"));
		return;
	}
	ck_assert_int_eq(first.binding, firsts[_i].binding);
	ck_assert(slice_is_str(first.binding_type, firsts[_i].type));
	ck_assert(slice_is_str(first.header, firsts[_i].header));
	ck_assert(slice_is_str(first.authzid, firsts[_i].authzid));
	ck_assert(slice_is_str(first.user, firsts[_i].user));
	ck_assert(slice_is_str(first.nonce, firsts[_i].nonce));
	ck_assert(slice_is_str(first.bare, firsts[_i].bare));
}
END_TEST

START_TEST(a_nonce_has_its_limit)
{
	char message[8 + SCRAM_NONCE_BYTES + 1] = "n,,n=,r=";
	struct scram_first first;

	for (size_t i = 8; i < sizeof(message); i++)
		message[i] = '~';
	ck_assert_int_eq(scram_first_read(slice_of(message,
	    sizeof(message) - 1), &first), 0);
	ck_assert_int_eq(scram_first_read(slice_of(message, sizeof(message)),
	    &first), -EINVAL);
	message[8] = '\0';
	ck_assert_int_eq(scram_first_read(slice_of(message,
	    sizeof(message) - 1), &first), -EINVAL);
}
END_TEST

static const struct {
	const char	*message;
	int		 want;
	const char	*binding, *nonce, *proof, *unproved;
} finals[] = {
	{ "c=biws,r=abc,p=dA==", 0, "biws", "abc", "dA==", "c=biws,r=abc" },
	{ "c=biws,r=abc,x=1,p=dA==", 0, "biws", "abc", "dA==",
	    "c=biws,r=abc,x=1" },
	{ "c=,r=a,p=", 0, "", "a", "", "c=,r=a" },
	{ .message = "", .want = -EINVAL },
	{ .message = "c=biws,r=abc", .want = -EINVAL },
	{ .message = "c=biws,p=dA==", .want = -EINVAL },
	{ .message = "r=abc,c=biws,p=dA==", .want = -EINVAL },
	{ .message = "c=biws,r=,p=dA==", .want = -EINVAL },
	{ .message = "c=biws,r=abc,p=dA==,x=1", .want = -EINVAL },
};

START_TEST(a_final_message_is_taken_apart)
{
	struct scram_final final = { .proof = SLICE("untouched") };

	ck_assert_int_eq(scram_final_read(slice_str(finals[_i].message),
	    &final), finals[_i].want);
	if (finals[_i].want < 0) {
		ck_assert(slice_is_str(final.proof, "untouched"));
		return;
	}
	ck_assert(slice_is_str(final.binding, finals[_i].binding));
	ck_assert(slice_is_str(final.nonce, finals[_i].nonce));
	ck_assert(slice_is_str(final.proof, finals[_i].proof));
	ck_assert(slice_is_str(final.unproved, finals[_i].unproved));
}
END_TEST

static const struct {
	const char	*encoded;
	int		 want;
	const char	*name;
} names[] = {
	{ "", 0, "" },
	{ "ann", 0, "ann" },
	{ "a=2Cb=3D", 0, "a,b=" },
	{ "=3D2C", 0, "=2C" },
	{ "12345678", 0, "12345678" },
	{ "123456789", -E2BIG, NULL },
	{ "a=2c", -EINVAL, NULL },
	{ "a=", -EINVAL, NULL },
	{ "a=3", -EINVAL, NULL },
};

/* RFC 5802 5.1: any other "=" and the login fails */
START_TEST(a_name_is_decoded)
{
	struct slice name = SLICE("untouched");
	char buffer[8];

	ck_assert_int_eq(scram_name(slice_str(names[_i].encoded), buffer,
	    sizeof(buffer), &name), names[_i].want);
	ck_assert(slice_is_str(name, names[_i].want < 0 ? "untouched" :
	    names[_i].name));
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scram messages");
	TCase *tcase = tcase_create("messages");

	tcase_add_loop_test(tcase, a_first_message_is_taken_apart, 0,
	    COUNT(firsts));
	tcase_add_test(tcase, a_nonce_has_its_limit);
	tcase_add_loop_test(tcase, a_final_message_is_taken_apart, 0,
	    COUNT(finals));
	tcase_add_loop_test(tcase, a_name_is_decoded, 0, COUNT(names));
	suite_add_tcase(suite, tcase);
	return suite;
}
