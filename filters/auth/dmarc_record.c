/*
 * dmarc_record.c - what a DMARC policy record says
 *
 * Forgiving, as RFC 9989 4.7 wants it: what is wrong in one tag does no harm to
 * the others.
 */
#include "filters/auth/dmarc_record.h"

struct word {
	const char	*word;
	unsigned	 value;
};

static const struct word policies[] = {
	{ "none", DMARC_NONE }, { "quarantine", DMARC_QUARANTINE },
	{ "reject", DMARC_REJECT }, { NULL, DMARC_UNSAID },
};
static const struct word alignments[] = {
	{ "s", true }, { "r", false }, { NULL, false },
};
static const struct word yes_or_no[] = {
	{ "y", DMARC_PSD_YES }, { "n", DMARC_PSD_NO },
	{ NULL, DMARC_PSD_UNKNOWN },
};

const char *
dmarc_policy_word(enum dmarc_policy policy)
{
	static const char *const words[DMARC_POLICIES] = {
		[DMARC_UNSAID] = "unpublished", [DMARC_NONE] = "none",
		[DMARC_QUARANTINE] = "quarantine", [DMARC_REJECT] = "reject",
	};

	return words[policy];
}

static unsigned
value_of(const struct word *words, struct slice value)
{
	while (words->word != NULL && !slice_is_word(value, words->word))
		words++;
	return words->value;
}

/* "name = value"; false: it is none, or nothing stands before the "=". */
static bool
cut_tag(struct slice *rest, struct slice *name_out, struct slice *value_out)
{
	struct slice tag, name;

	while (rest->len > 0) {
		if (!slice_cut(rest, ';', &tag)) {
			tag = *rest;
			*rest = slice_after(*rest, rest->len);
		}
		if (!slice_cut(&tag, '=', &name))
			continue;
		*name_out = slice_trim(name);
		*value_out = slice_trim(tag);
		return true;
	}
	return false;
}

/* RFC 9989 4.7: the version comes first, in this letter case */
bool
dmarc_is_record(struct slice text)
{
	struct slice name, value, tag = text;

	if (slice_find(text, ';') != SIZE_MAX)
		(void)slice_cut(&text, ';', &tag);
	return slice_cut(&tag, '=', &name) &&
	    slice_is_str(slice_trim(name), "v") &&
	    (value = slice_trim(tag), slice_is_str(value, "DMARC1"));
}

/* At least one address for reports that could be one (RFC 3986, RFC 6068). */
static bool
has_report_address(struct slice value)
{
	struct slice one;

	while (value.len > 0) {
		if (!slice_cut(&value, ',', &one)) {
			one = value;
			value = slice_after(value, value.len);
		}
		one = slice_trim(one);
		if (slice_has_prefix(one, "mailto:") &&
		    slice_find(one, '@') != SIZE_MAX)
			return true;
	}
	return false;
}

bool
dmarc_record_read(struct slice text, struct dmarc_record *record_out)
{
	struct dmarc_record record = { .policy = DMARC_UNSAID };
	bool is_bad = false, has_reports = false;
	struct slice name, value;

	while (cut_tag(&text, &name, &value)) {
		unsigned policy = value_of(policies, value);

		if (slice_is_word(name, "p"))
			record.policy = policy;
		else if (slice_is_word(name, "sp"))
			record.below = policy;
		else if (slice_is_word(name, "np"))
			record.missing = policy;
		else if (slice_is_word(name, "adkim"))
			record.strict_dkim = value_of(alignments, value);
		else if (slice_is_word(name, "aspf"))
			record.strict_spf = value_of(alignments, value);
		else if (slice_is_word(name, "psd"))
			record.psd = value_of(yes_or_no, value);
		else if (slice_is_word(name, "t"))
			record.is_test = value_of(yes_or_no, value) ==
			    DMARC_PSD_YES;
		else if (slice_is_word(name, "rua"))
			has_reports = has_report_address(value);
		is_bad = is_bad || (policy == DMARC_UNSAID &&
		    (slice_is_word(name, "sp") || slice_is_word(name, "np")));
	}
	/* RFC 9989 4.10.1 */
	if (record.policy == DMARC_UNSAID || is_bad) {
		if (!has_reports)
			return false;
		record.policy = record.below = record.missing = DMARC_NONE;
	}
	*record_out = record;
	return true;
}
