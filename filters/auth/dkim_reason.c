/*
 * dkim_reason.c - why a signature counts, or does not, and in which words
 */
#include "filters/auth/dkim_reason.h"

static const struct {
	enum dkim_result result;
	const char	*code;
	enum sentence	 sentence;
} reasons[DKIM_REASON_COUNT] = {
[DKIM_AWAITED]	= { DKIM_UNDECIDED, "undecided", SAY_DKIM_AWAITED },
[DKIM_VERIFIED]	= { DKIM_PASS, "verified", SAY_DKIM_VERIFIED },
[DKIM_BODY_CHANGED] = { DKIM_FAIL, "body changed", SAY_DKIM_BODY_CHANGED },
[DKIM_BODY_CUT]	= { DKIM_FAIL, "body cut", SAY_DKIM_BODY_CUT },
[DKIM_SIGNATURE_WRONG] = { DKIM_FAIL, "signature wrong",
    SAY_DKIM_SIGNATURE_WRONG },
[DKIM_BODY_PARTLY] = { DKIM_NEUTRAL, "body signed partly",
    SAY_DKIM_BODY_PARTLY },
[DKIM_HEADER_BROKEN] = { DKIM_POLICY, "header broken",
    SAY_DKIM_HEADER_BROKEN },
[DKIM_FROM_COUNT] = { DKIM_POLICY, "not one From", SAY_DKIM_FROM_COUNT },
[DKIM_KEY_WEAK]	= { DKIM_POLICY, "key weak", SAY_DKIM_KEY_WEAK },
[DKIM_EXPIRED]	= { DKIM_POLICY, "expired", SAY_DKIM_EXPIRED },
[DKIM_FROM_FUTURE] = { DKIM_POLICY, "from the future",
    SAY_DKIM_FROM_FUTURE },
[DKIM_LENGTH_UNWANTED] = { DKIM_POLICY, "length given",
    SAY_DKIM_LENGTH_UNWANTED },
[DKIM_NO_LIST]	= { DKIM_PERMERROR, "not a signature", SAY_DKIM_NO_LIST },
[DKIM_VERSION]	= { DKIM_PERMERROR, "version unknown", SAY_DKIM_VERSION },
[DKIM_TAG_MISSING] = { DKIM_PERMERROR, "tag missing", SAY_DKIM_TAG_MISSING },
[DKIM_ALGORITHM_UNKNOWN] = { DKIM_PERMERROR, "algorithm unknown",
    SAY_DKIM_ALGORITHM_UNKNOWN },
[DKIM_SHA1]	= { DKIM_PERMERROR, "rsa-sha1", SAY_DKIM_SHA1 },
[DKIM_CANON_UNKNOWN] = { DKIM_PERMERROR, "canonicalization unknown",
    SAY_DKIM_CANON_UNKNOWN },
[DKIM_DATA_BAD]	= { DKIM_PERMERROR, "signature data bad",
    SAY_DKIM_DATA_BAD },
[DKIM_DOMAIN_BAD] = { DKIM_PERMERROR, "domain or selector bad",
    SAY_DKIM_DOMAIN_BAD },
[DKIM_IDENTITY_BAD] = { DKIM_PERMERROR, "identity not of the domain",
    SAY_DKIM_IDENTITY_BAD },
[DKIM_NAMES_BAD] = { DKIM_PERMERROR, "field names bad", SAY_DKIM_NAMES_BAD },
[DKIM_FROM_UNSIGNED] = { DKIM_PERMERROR, "From not signed",
    SAY_DKIM_FROM_UNSIGNED },
[DKIM_LENGTH_BAD] = { DKIM_PERMERROR, "length bad", SAY_DKIM_LENGTH_BAD },
[DKIM_QUERY_UNKNOWN] = { DKIM_PERMERROR, "query unknown",
    SAY_DKIM_QUERY_UNKNOWN },
[DKIM_TIMES_BAD] = { DKIM_PERMERROR, "times bad", SAY_DKIM_TIMES_BAD },
[DKIM_NO_KEY]	= { DKIM_PERMERROR, "no key", SAY_DKIM_NO_KEY },
[DKIM_KEY_NO_LIST] = { DKIM_PERMERROR, "not a key record",
    SAY_DKIM_KEY_NO_LIST },
[DKIM_KEY_VERSION] = { DKIM_PERMERROR, "key version unknown",
    SAY_DKIM_KEY_VERSION },
[DKIM_KEY_REVOKED] = { DKIM_PERMERROR, "key revoked", SAY_DKIM_KEY_REVOKED },
[DKIM_KEY_BAD]	= { DKIM_PERMERROR, "key unreadable", SAY_DKIM_KEY_BAD },
[DKIM_KEY_TOO_LARGE] = { DKIM_PERMERROR, "key too large",
    SAY_DKIM_KEY_TOO_LARGE },
[DKIM_KEY_OTHER_KIND] = { DKIM_PERMERROR, "key of another kind",
    SAY_DKIM_KEY_OTHER_KIND },
[DKIM_KEY_OTHER_HASH] = { DKIM_PERMERROR, "key not for this hash",
    SAY_DKIM_KEY_OTHER_HASH },
[DKIM_KEY_NOT_FOR_MAIL] = { DKIM_PERMERROR, "key not for mail",
    SAY_DKIM_KEY_NOT_FOR_MAIL },
[DKIM_KEY_STRICT] = { DKIM_PERMERROR, "identity not of the key",
    SAY_DKIM_KEY_STRICT },
[DKIM_KEY_LATER] = { DKIM_TEMPERROR, "key not found out",
    SAY_DKIM_KEY_LATER },
[DKIM_OUR_FAULT] = { DKIM_TEMPERROR, "fault of ours", SAY_DKIM_OUR_FAULT },
};

static const char *const results[DKIM_RESULT_COUNT] = {
	[DKIM_UNDECIDED] = "none",
	[DKIM_PASS] = "pass",
	[DKIM_FAIL] = "fail",
	[DKIM_NEUTRAL] = "neutral",
	[DKIM_POLICY] = "policy",
	[DKIM_PERMERROR] = "permerror",
	[DKIM_TEMPERROR] = "temperror",
};

enum dkim_result
dkim_reason_result(enum dkim_reason reason)
{
	return reasons[reason].result;
}

const char *
dkim_reason_code(enum dkim_reason reason)
{
	return reasons[reason].code;
}

enum sentence
dkim_reason_sentence(enum dkim_reason reason)
{
	return reasons[reason].sentence;
}

const char *
dkim_result_code(enum dkim_result result)
{
	return results[result];
}
