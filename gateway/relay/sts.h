/*
 * sts.h - the policy of a domain for mail that is brought to it (RFC 8461)
 *
 * A record in DNS says that there is one, and which; the policy itself comes by
 * HTTPS.  Both are read here, nothing is looked up.
 */
#ifndef POSTROOM_GATEWAY_RELAY_STS_H
#define POSTROOM_GATEWAY_RELAY_STS_H

#include "lib/base/host.h"
#include "lib/base/text.h"

#define STS_ID_MOST	32
#define STS_FILE_BYTES	(64u * 1024)	/* RFC 8461 3.3 */
#define STS_AGE_MOST	31557600	/* RFC 8461 3.2: a year, in seconds */
#define STS_HOSTS_BYTES	1600		/* of all; a domain has ten */

enum sts_mode {
	STS_NONE,
	STS_TESTING,
	STS_ENFORCE,
	STS_MODES
};

struct sts_policy {
	enum sts_mode	mode;
	uint32_t	age_seconds;	/* as long it is to be kept */
	/* which hosts, each ended by LF; "*.x.test" is any one label */
	char		hosts[STS_HOSTS_BYTES];
	size_t		hosts_bytes;
};

/*
 * The id that the TXT records of _mta-sts.DOMAIN give.  0, or -ENOENT: there is
 * no policy (RFC 8461 3.1: none, more than one, or one that is torn).
 */
int	sts_record_read(const struct slice *texts, size_t count,
	    char id_out[STS_ID_MOST + 1]);
/*
 * Read a policy file.  0, -EBADMSG (it is none), or -E2BIG: it names more hosts
 * than are kept.
 */
int	sts_policy_read(struct slice file, struct sts_policy *policy_out);
/* Add its lines, each ended by LF, as its domain could have written them. */
void	sts_policy_write(struct text *, const struct sts_policy *);
/* May that host take the domain's mail? (RFC 8461 4.1) */
bool	sts_policy_allows(const struct sts_policy *, const char *host);

#endif
