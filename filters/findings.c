/*
 * findings.c - what the filters found out about one message
 *
 * What rules can ask for stands in one table, so that a new filter becomes a
 * test of the rule language by a row of its own.
 */
#include "filters/findings.h"

void
findings_init(struct findings *findings)
{
	*findings = (struct findings){
		.scan = { .result = SCAN_NOT_SCANNED },
	};
}

static const char *
scan_word(unsigned value)
{
	return scan_result_word((enum scan_result)value);
}

static unsigned
scan_value(const struct findings *findings)
{
	return findings->scan.result;
}

static const char *
result_word(unsigned value)
{
	return origin_word((enum origin_result)value);
}

static unsigned
spf_value(const struct findings *findings)
{
	return findings->origin.spf;
}

static unsigned
helo_value(const struct findings *findings)
{
	return findings->origin.helo;
}

static unsigned
iprev_value(const struct findings *findings)
{
	return findings->origin.iprev;
}

static unsigned
dkim_value(const struct findings *findings)
{
	return findings->origin.dkim;
}

static unsigned
dmarc_value(const struct findings *findings)
{
	return findings->origin.dmarc;
}

static const char *
policy_word(unsigned value)
{
	return dmarc_policy_word((enum dmarc_policy)value);
}

static unsigned
policy_value(const struct findings *findings)
{
	return findings->origin.policy;
}

static unsigned
arc_value(const struct findings *findings)
{
	return findings->origin.arc;
}

static const char *
macro_word(unsigned value)
{
	static const char *const words[PACKED_ANSWERS] = {
		[PACKED_UNKNOWN] = "unknown", [PACKED_NONE] = "none",
		[PACKED_MACROS] = "found",
	};

	return words[value];
}

static unsigned
macro_value(const struct findings *findings)
{
	return findings->scan.packed.macros;
}

static const char *
name_word(unsigned value)
{
	return helo_word((enum helo_result)value);
}

static unsigned
name_value(const struct findings *findings)
{
	return findings->helo;
}

static const char *
action_word(unsigned value)
{
	return rspamd_word((enum rspamd_result)value);
}

static unsigned
action_value(const struct findings *findings)
{
	return findings->rspamd.result;
}

static const struct findings_row rows[] = {
	{ "scan", SCAN_RESULTS, scan_word, scan_value },
	{ "macro", PACKED_ANSWERS, macro_word, macro_value },
	{ "spf", ORIGIN_RESULTS, result_word, spf_value },
	{ "spf-helo", ORIGIN_RESULTS, result_word, helo_value },
	{ "helo", HELO_RESULTS, name_word, name_value },
	{ "iprev", ORIGIN_RESULTS, result_word, iprev_value },
	{ "dkim", ORIGIN_RESULTS, result_word, dkim_value },
	{ "dmarc", ORIGIN_RESULTS, result_word, dmarc_value },
	{ "dmarc-policy", DMARC_POLICIES, policy_word, policy_value },
	{ "arc", ORIGIN_RESULTS, result_word, arc_value },
	{ "rspamd", RSPAMD_RESULTS, action_word, action_value },
};

const struct findings_row *
findings_row(unsigned row)
{
	return row < sizeof(rows) / sizeof(rows[0]) ? &rows[row] : NULL;
}
