/*
 * dmarc_record.h - what a DMARC policy record says (RFC 9989 4.7)
 */
#ifndef POSTROOM_FILTERS_AUTH_DMARC_RECORD_H
#define POSTROOM_FILTERS_AUTH_DMARC_RECORD_H

#include "lib/base/slice.h"

enum dmarc_policy {
	DMARC_UNSAID,
	DMARC_NONE,
	DMARC_QUARANTINE,
	DMARC_REJECT,
	DMARC_POLICIES
};

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	enum dmarc_policy policy;	/* p=; never UNSAID */
	enum dmarc_policy below;	/* sp=: of the domains below it */
	enum dmarc_policy missing;	/* np=: of those that do not exist */
	bool		strict_dkim, strict_spf;	/* adkim=s, aspf=s */
	enum dmarc_psd	psd;
	bool		is_test;	/* t=y */
};

/* "none", "quarantine", "reject"; "unpublished" where there is none. */
const char	*dmarc_policy_word(enum dmarc_policy);

/* Does it begin with the version, so that it is one (4.10)? */
bool	dmarc_is_record(struct slice text);
/*
 * Read one.  Tags that are not known or not understood count as not there; but
 * without a policy that can be understood it is one of "none", if reports are
 * asked for, and else (false) as no record at all.
 */
bool	dmarc_record_read(struct slice text, struct dmarc_record *record_out);

#endif
